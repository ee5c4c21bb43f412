/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The record of commissioning: which instrument was proven against which profile, step by step, when and by
 * whom. A YAML file that `densctl commission` writes and a site file may require.
 */
#ifndef DENSD_CONFIG_COMMISSIONING_H
#define DENSD_CONFIG_COMMISSIONING_H

#include "config/site.h"

#define COMMISSIONING_STEPS_MAX 32 /* of the table, and a mark of the profile each */
#define COMMISSIONING_DEVICES_MAX (SITE_BUSES_MAX * BUS_DEVICES_MAX)
#define COMMISSIONING_TEXT 120
#define COMMISSIONING_CONTACTOR "contactor" /* step of a furnace whose contactor hangs on a coupler */

enum commissioning_result { COMMISSIONING_PASSED, COMMISSIONING_FAILED, COMMISSIONING_SKIPPED };
struct commissioning_step {
	char name[24];
	uint8_t result;                 /* enum commissioning_result */
	char found[COMMISSIONING_TEXT]; /* what was measured, or why it was skipped */
};
struct commissioning_entry {
	char device[32], profile[PROFILE_TEXT], profile_sha256[65];
	char date[24]; /* UTC, 2026-11-27T02:33:49Z */
	char by[64];
	uint32_t step_count;
	struct commissioning_step steps[COMMISSIONING_STEPS_MAX];
};
struct commissioning {
	char site[PLAN_TEXT];
	uint32_t count;
	struct commissioning_entry entries[COMMISSIONING_DEVICES_MAX];
};

/* 0; -errno when the file cannot be read; 1 with errors in @diagnostics. */
int commissioning_read(const char *path, struct diagnostics *diagnostics, struct commissioning *ret_record);
/* Replaces the file as a whole. 0 or -errno. */
int commissioning_write(const char *path, const struct commissioning *record);
/* Puts @entry in the place of the one of the same device. False: no room. */
bool commissioning_put(struct commissioning *record, const struct commissioning_entry *entry);
/* NULL when there is none of @device. */
const struct commissioning_entry *commissioning_find(const struct commissioning *record, const char *device);
/* True when no step failed. */
bool commissioning_passed(const struct commissioning_entry *entry);
/* Seconds since 1970 of an entry's date; -1 when it is none. */
int64_t commissioning_date_s(const struct commissioning_entry *entry);
/* What words may go into the record: printable, no quotes or backslashes; others become '?'. */
void commissioning_clean(char *text);
/*
 * Fills site->commissioning from its record: what stands whatever the date, the first of it in words, and
 * until when the oldest entry is good.
 */
void commissioning_judge(const struct commissioning *record, struct site *site);

#endif
