/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What densim put in: the recovered glass scanned without noise, lag or baseline. Pure. */
#ifndef DENSD_DENSIM_TRUTH_H
#define DENSD_DENSIM_TRUTH_H

#include <stdbool.h>

#include "tools/densim/glass.h"

enum { TRUTH_RATES = 16 };
struct truth_rate {
	double rate_k_per_s;
	double tp_k;    /* NAN: no endotherm stands out */
	double onset_k; /* of the rise, whether it ends in a peak or not */
};
struct truth {
	double tf_k, tf_reference_k; /* recovered; after cooling at the reference rate */
	int rate_count;
	struct truth_rate rates[TRUTH_RATES];
	bool ea_known; /* three different rates with a peak, or more */
	double ea_j_per_mol;
};
#define TRUTH_COOLING_K_PER_S 200.0
#define TRUTH_TG_K 596.0
/* Scans copies of @recovered from 300 to 850 K at each of @rates[@count], count 1 to TRUTH_RATES. 0 or
 * -ERANGE. */
int truth_compute(const struct glass *recovered, const double *rates, int count, struct truth *ret_truth);

#endif
