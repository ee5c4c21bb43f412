/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Mass of a sample on the chip from the step of its heat flow at the glass transition,
 *   Delta Q = Delta Cp * Phi * m,
 * Delta Q the liquid line minus the glass line at one temperature, Phi the heating rate, Delta Cp the step of
 * the specific heat capacity as known from elsewhere. Source: the paper's Methods (where Cp is printed for
 * its step). No I/O, no state, no memory.
 */
#ifndef DENSD_CALORIMETRY_MASS_H
#define DENSD_CALORIMETRY_MASS_H

#include <stddef.h>

#include "daemon/calorimetry/refusal.h"

/* double[count] each, temperature rising, borrowed; the windows of its two lines. */
struct mass_scan {
	const double *temperature_k, *heat_flow_mw; /* endothermic up */
	size_t count;
	double glass_k[2], liquid_k[2];
	double noise_mw; /* standard deviation of one point; NAN: unknown */
};

struct mass_options {
	double rate_k_per_s;         /* > 0 */
	double delta_cp_j_per_gk;    /* > 0 */
	double delta_cp_sd_j_per_gk; /* NAN: unknown, not part of the sd */
	double at_k;                 /* where the step is taken */
};

/* Every double is NAN when it does not exist. The squares of the shares add up to that of mass_sd_ug. */
struct mass_result {
	enum refusal refusal;
	char why[REFUSAL_WHY];
	double mass_ug, mass_sd_ug;
	double step_mw, step_sd_mw;
	double windows_ug;  /* share: every window edge up to 20 % of its window elsewhere */
	double noise_ug;    /* share: white noise of the points */
	double delta_cp_ug; /* share: as given; 0 without */
};

/* 0; an enum refusal (bad_value, no_glass, no_liquid, no_step) with @ret_result filled. */
int mass_from_step(const struct mass_scan *scan, const struct mass_options *options,
		   struct mass_result *ret_result);

#endif
