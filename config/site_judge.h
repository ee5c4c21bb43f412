/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a site takes a new run: one judge for densd and for `densctl validate`. Pure; control links it. */
#ifndef DENSD_CONFIG_SITE_JUDGE_H
#define DENSD_CONFIG_SITE_JUDGE_H

#include <stddef.h>
#include <stdint.h>

#include "config/site.h"

/* "has never been commissioned" */
const char *site_judge_complaint_text(enum site_complaint complaint);

#define SITE_REASONS_MAX 16
#define SITE_REASON_WHY 256
struct site_reason {
	char what[16];             /* "commissioning", "calibration", "purge", "autotune" */
	char where[SITE_PATH];     /* device, entry of the site file, record or run */
	char why[SITE_REASON_WHY]; /* one sentence, as densd says it */
	char allowed[128];
};
struct site_reasons {
	uint32_t count, dropped; /* dropped: beyond SITE_REASONS_MAX */
	struct site_reason list[SITE_REASONS_MAX], beyond;
};
/*
 * All that keeps densd from taking @plans at @wall_s, in the order in which it is judged: the first is the
 * one that site_judge_now, or else site_judge_plan, says.
 */
void site_judge_all(const struct site *site, int64_t wall_s, const struct plan *plans, size_t count,
		    struct site_reasons *ret_reasons);
/* 0, or -EINVAL with one sentence: at @wall_s no run at all, for want of a commissioning or a calibration. */
int site_judge_now(const struct site *site, int64_t wall_s, char *ret_why, size_t size);
/* Likewise of what @plan needs of this site's instruments beyond its limits: a calibrated purge, a furnace
 * that may be tuned. */
int site_judge_plan(const struct site *site, const struct plan *plan, char *ret_why, size_t size);

#endif
