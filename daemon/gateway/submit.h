/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A protocol's text to the memfd of a SUBMIT: header, plans, text, sealed. */
#ifndef DENSD_GATEWAY_SUBMIT_H
#define DENSD_GATEWAY_SUBMIT_H

#include "config/site.h"
#include "daemon/gateway/command.h"

/*
 * Reads the YAML in @request against @site. 0: *ret_fd and the counts in request->command; 1: refused, all
 * faults in @diagnostics; -errno.
 */
int submit_prepare(const struct site *site, struct command_request *request, struct diagnostics *diagnostics,
		   int *ret_fd);

#endif
