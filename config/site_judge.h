/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a site takes a new run: one judge for densd and for `densctl validate`. Pure; control links it. */
#ifndef DENSD_CONFIG_SITE_JUDGE_H
#define DENSD_CONFIG_SITE_JUDGE_H

#include <stddef.h>
#include <stdint.h>

#include "config/site.h"

/* 0, or -EINVAL with one sentence: at @wall_s no run at all, for want of a commissioning or a calibration. */
int site_judge_now(const struct site *site, int64_t wall_s, char *ret_why, size_t size);
/* Likewise of what @plan needs of this site's instruments beyond its limits: a calibrated purge, a furnace
 * that may be tuned. */
int site_judge_plan(const struct site *site, const struct plan *plan, char *ret_why, size_t size);

#endif
