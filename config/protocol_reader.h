/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A protocol's YAML text to plans: design.md section 6, hazards.md section 5. */
#ifndef DENSD_CONFIG_PROTOCOL_READER_H
#define DENSD_CONFIG_PROTOCOL_READER_H

#include "config/diagnostic.h"
#include "config/site.h"
#include "protocol/plan.h"

#define PROTOCOL_PLANS_MAX (2 * PLAN_SERIES_MAX)
#define PROTOCOL_TEXT_MAX 65536

/*
 * Reads @text (@length bytes, need not be NUL-terminated) into at most PROTOCOL_PLANS_MAX plans at
 * @ret_plans, with the limits of @site resolved into each and plan_check applied (its faults become
 * diagnostics with the place of the value). 0 done; 1 errors in @diagnostics (nothing written to ret_*).
 */
int protocol_read(const char *text, size_t length, const struct site *site, struct diagnostics *diagnostics,
		  struct plan *ret_plans, size_t *ret_count);

#endif
