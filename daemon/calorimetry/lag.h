/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Thermal lag of a chip from the melting onset of a standard (indium) against the heating rate:
 * T_onset(programme) = T_melting + offset + tau_lag rate. Pure, no memory, no state.
 */
#ifndef DENSD_CALORIMETRY_LAG_H
#define DENSD_CALORIMETRY_LAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/calorimetry/refusal.h"

#define LAG_INDIUM_K 429.75
enum { LAG_POINTS_MAX = 1024 };

struct lag_point {
	double rate_k_per_s;
	double onset_k; /* programme temperature; NAN: the row is left out */
};

/* Every double is NAN when it does not exist. Standard errors from the scatter about the line. */
struct lag_result {
	enum refusal refusal;
	char why[REFUSAL_WHY];
	double lag_s, lag_se_s, lag_ci95_s[2]; /* Student t, n - 2 degrees of freedom */
	double offset_k, offset_se_k;          /* of the temperature scale, at no rate */
	double residual_sd_k;                  /* scatter of an onset */
	uint32_t n, n_rates;
};

/* @melting_k: of the standard. 0, or enum refusal with @ret_result filled; -EINVAL above LAG_POINTS_MAX. */
int lag_fit(const struct lag_point *points, size_t count, double melting_k, struct lag_result *ret_result);

#endif
