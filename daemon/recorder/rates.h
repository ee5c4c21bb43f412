/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which of a state's planned heating rates have a peak by now, and which are still to be scanned: until none
 * is, its Ea is the apparent one of a narrower range, and ln(rate/Tp^2) over 1/Tp is no straight line over a
 * wide one.
 */
#ifndef DENSD_RECORDER_RATES_H
#define DENSD_RECORDER_RATES_H

#include "daemon/recorder/analysis.h"
#include "protocol/plan.h"

#define RATES_MAX 64    /* of all runs of a state; more are not looked at */
#define RATES_SAME 0.05 /* of the rate: measured rates this close are one rate */

struct rates {
	uint32_t count;
	double rate_k_per_s[RATES_MAX]; /* as planned */
	bool to_come[RATES_MAX];        /* a section of it is not over, or not analysed */
};

/* Adds what @plan of @run wants, as it stood when the pair @last_seq was analysed. */
void rates_add_run(struct store *store, const char *run, const struct plan *plan, int64_t last_seq,
		   struct rates *rates);
/* Into the result's n_rates_planned and n_rates_to_come: of the latter those without a peak in @peaks. */
void rates_fill(const struct rates *rates, const struct analysis_peaks *peaks, struct result_body *result);

#endif
