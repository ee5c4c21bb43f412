/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Activation energy from the shift of the peak temperature with the heating rate (Kissinger):
 * ln(rate / Tp^2) = -Ea / (R Tp) + a. Definitions and formulas: README.md. Pure, no memory, no state.
 */
#ifndef DENSD_CALORIMETRY_KISSINGER_H
#define DENSD_CALORIMETRY_KISSINGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/calorimetry/refusal.h"

#define KISSINGER_R_J_PER_MOL_K 8.314462618
#define KISSINGER_ALPHA_RTG 35.0 /* between the beta and the alpha process, in R Tg */
enum { KISSINGER_POINTS_MAX = 1024 };

struct kissinger_point {
	double rate_k_per_s;
	double tp_k;    /* NAN: no clear endotherm; the row is left out */
	double tp_sd_k; /* of its own, without what all peaks share; NAN: unknown. The fit is weighted only
			   when every used row has one. */
};

struct kissinger_options {
	double tg_k; /* for Ea/(R Tg) and the class; NAN: unknown */
	/*
	 * Errors that all peaks share, which no scatter shows: of the lag, which moves a peak by itself times
	 * the rate, and of the temperature scale. 0: none counted, the interval is that of the fit alone.
	 */
	double lag_sd_s, calibration_sd_k;
};

/* NONE: no Tg was given. The class is a fingerprint at this thermal history, not a proof. */
enum kissinger_class {
	KISSINGER_CLASS_NONE,
	KISSINGER_CLASS_ALPHA,
	KISSINGER_CLASS_BETA,
	KISSINGER_CLASS_UNDECIDED
};

/* Every double is NAN when it does not exist. */
struct kissinger_result {
	enum refusal refusal;
	char why[REFUSAL_WHY];
	double ea_kj_per_mol, ea_se_kj_per_mol;
	/* Student t of the standard error, n - 2 degrees of freedom (normal where stated errors explain the
	 * scatter); 1.96 sd of the common errors beside it, as a sum of squares */
	double ea_ci95_kj_per_mol[2];
	double ea_lag_sd_kj_per_mol, ea_calibration_sd_kj_per_mol; /* what the common errors move Ea by */
	double ea_over_rtg, ea_ci95_over_rtg[2];
	enum kissinger_class class;
	double intercept; /* a */
	double r2;
	double leave_one_out_kj_per_mol[2]; /* lowest and highest Ea with one row left out; NAN below four
					       rows */
	bool weighted;
	uint32_t n, n_rates, n_without_peak;      /* rows used, distinct rates, rows left out */
	double ols_kj_per_mol, ols_se_kj_per_mol; /* ordinary least squares; Ea itself when not weighted */
	/* beside it, by ordinary least squares */
	double moynihan_kj_per_mol; /* ln q on 1/Tp, = Kissinger + 2 R Tp */
	double starink_kj_per_mol;  /* ln(q/Tp^1.92) on 1/Tp, over 1.0008 */
	double ozawa_kj_per_mol;    /* ln q on 1/Tp, over 1.052 */
	/* which further rate, within twice the span used, would narrow the interval most, and to what half
	 * width */
	double next_rate_k_per_s, next_half_width_kj_per_mol;
};

/* 0, or enum refusal with @ret_result filled (code, sentence, rest NAN); -EINVAL above KISSINGER_POINTS_MAX.
 */
int kissinger_fit(const struct kissinger_point *points, size_t count, const struct kissinger_options *options,
		  struct kissinger_result *ret_result);
/* "alpha", "beta", "undecided"; "" for NONE. */
const char *kissinger_class_name(enum kissinger_class class);

#endif
