/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of scans and of peaks: which column means what, in which unit, and what is said when none does. */
#ifndef DENSCTL_ANALYSE_INPUT_H
#define DENSCTL_ANALYSE_INPUT_H

#include "daemon/calorimetry/kissinger.h"
#include "daemon/calorimetry/lag.h"
#include "daemon/calorimetry/pair.h"
#include "tools/densctl/analyse/columns.h"

struct input_scan {
	struct csv_numbers numbers; /* owned; the views of .view point into it */
	struct scan_view view;
	const char *quantity;     /* what the signal is, with its unit; scans of one pair must agree */
	char ignored[INPUT_TEXT]; /* names of columns that were not looked at; empty: none */
};

struct input_table {
	struct kissinger_point *points; /* owned */
	size_t count;
	char ignored[INPUT_TEXT];
};

struct input_lag {
	struct lag_point *points; /* owned */
	size_t count;
	char ignored[INPUT_TEXT];
};

/* @segment: of a STARe export, from 1; 0: its only one. 0, or -1 with @ret_failure filled. */
int input_read_scan(const char *path, unsigned segment, struct input_scan *ret_scan,
		    struct input_failure *ret_failure);
void input_free_scan(struct input_scan *scan);
int input_read_table(const char *path, struct input_table *ret_table, struct input_failure *ret_failure);
void input_free_table(struct input_table *table);
int input_read_lag(const char *path, struct input_lag *ret_table, struct input_failure *ret_failure);
void input_free_lag(struct input_lag *table);

#endif
