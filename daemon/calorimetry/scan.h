/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One scan made fit for analysis: checked, sorted, its rate measured, its noise known. */
#ifndef DENSD_CALORIMETRY_SCAN_H
#define DENSD_CALORIMETRY_SCAN_H

#include "daemon/calorimetry/pair.h"

/* Ascending, distinct temperatures; the arrays are columns of the workspace. */
struct scan {
	const char *name; /* in sentences: "the first scan" */
	double *temperature_k, *signal;
	size_t count;
	double rate_k_per_s; /* NAN without a usable time column */
	double noise;
};

/*
 * Copies @view into @scan's columns (room for view->count rows each): rows with NAN dropped, sorted, equal
 * temperatures merged. 0 or enum refusal with its sentence.
 */
int scan_prepare(const struct scan_view *view, struct scan *scan, char ret_why[REFUSAL_WHY]);
/* Subtracts @empty, on programme temperature; rows beyond its range are dropped. @scratch:
 * double[scan->count]. */
int scan_subtract(struct scan *scan, const struct scan *empty, double *scratch, char ret_why[REFUSAL_WHY]);
/* Undoes the cell's first-order lag. @rate_k_per_s: known; @cell_s > 0. */
void scan_sharpen(struct scan *scan, double rate_k_per_s, double cell_s, double *scratch, double *scratch2);
/* Programme to sample temperature. */
void scan_shift(struct scan *scan, double off_k);
/* Share of the longer range that both cover, 0..1. */
double scan_overlap(const struct scan *a, const struct scan *b);

#endif
