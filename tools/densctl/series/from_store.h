/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What densd knows of a campaign, as one JSON document: {"densd_series": 1, "version", "runs", "results",
 * "traces"}. Runs and results are as in daemon/WIRE.md; a trace is a pair of the answers to `trace`.
 */
#ifndef DENSCTL_FROM_STORE_H
#define DENSCTL_FROM_STORE_H

#include <json-c/json.h>

#include "tools/densctl/command.h"
#include "tools/densctl/series/campaign.h"

/*
 * Asks densd for the runs named in @options (none: all, or those of --name), their results and, with
 * @traces, one pair of scans a state. enum exit_code.
 */
int store_collect(const struct options *options, bool traces, json_object **ret_document);
/* A document that --save wrote. DENSCTL_OK; DENSCTL_INVALID with the reason on standard error. */
int store_read_file(const struct options *options, const char *path, json_object **ret_document);
/* Adds what @document holds. 0; -ENOMEM. */
int store_fill(json_object *document, struct campaign *campaign);

#endif
