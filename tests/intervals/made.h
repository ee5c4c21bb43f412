/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pairs in closed form: glass line g, liquid line g + D, a scan is g + D z, z = (1 + tanh x)/2 + h bell(x
 * - 1.5), x = (T - T0)/w, and a bell of negative area far below the rise of the first scan. So Tf_ref = T0 -
 * h w and Tf = Tf_ref + (area of the exotherm)/D exactly, and Tp and onset lie at fixed x. T0 is where the
 * peaks of all rates lie on one Kissinger line exactly.
 */
#ifndef DENSD_TESTS_INTERVALS_MADE_H
#define DENSD_TESTS_INTERVALS_MADE_H

#include "tests/intervals/laboratory.h"

struct made {
	double width_k, overshoot, exotherm; /* the bells in units of D w */
	double noise;                        /* of a point, of D */
	double curvature;                    /* of the base line of both scans, D per K^2 */
	double row_k;                        /* between rows */
};

struct made_truth {
	double tf_k, tf_ref_k, tp_k, onset_k;
};

#define MADE_EA_KJ_PER_MOL 208.0

/* Fills both scans as recorded with @errors; the base line alone into @ret_empty unless that is NULL. */
struct made_truth made_scan(const struct made *made, double rate_k_per_s, uint64_t seed,
			    const struct laboratory_errors *errors, struct laboratory_columns *ret_first,
			    struct laboratory_columns *ret_reference, struct laboratory_columns *ret_empty);
struct pair_options made_options(double rate_k_per_s, const struct laboratory_errors *errors);
/* Peak temperature on the Kissinger line of MADE_EA_KJ_PER_MOL. */
double made_peak_k(double rate_k_per_s);

#endif
