/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a pair is a glass and where it is a liquid. The windows that minimise the expected error of the
 * extrapolated line: noise (wide is good) against the part of the curvature that is beyond noise (narrow is
 * good).
 */
#ifndef DENSD_CALORIMETRY_WINDOW_H
#define DENSD_CALORIMETRY_WINDOW_H

#include "daemon/calorimetry/match.h"

/*
 * Relaxation fades exponentially on both sides of the transition. What is just hidden by the noise at the
 * edge found would still bend the line: the edge that faces the transition retreats by this share of the
 * window.
 */
#define WINDOW_RETREAT_SHARE 0.35
/* Of the step: no real line is straighter, whatever the noise says. */
#define WINDOW_FLOOR_SHARE 5e-4

enum { WINDOWS_OTHERS_MAX = 8 };

/* Windows that would have done nearly as well. */
struct windows_other {
	double glass_k[2], liquid_k[2];
};

struct windows {
	double glass_k[2], liquid_k[2];
	struct windows_other others[WINDOWS_OTHERS_MAX];
	size_t other_count;
	double rise_k; /* steepest rise of the reference */
	double step;   /* first estimate of l - g there */
};

/*
 * @ret_windows->glass_k and liquid_k come in with NAN to be found, or with numbers to be kept. 0 or enum
 * refusal with its sentence.
 */
int window_find(const struct grid *grid, enum pair_align align, double noise_first, double noise_ref,
		struct windows *ret_windows, char ret_why[REFUSAL_WHY]);
/* The windows hold a glass and a liquid: step, slopes, curvature, and the scans merge. 0 or enum refusal. */
int window_check(const struct grid *grid, const struct match *match, const double glass_k[2],
		 const double liquid_k[2], double noise_first, double noise_ref, char ret_why[REFUSAL_WHY]);
/*
 * Curvature q (signal/K^2) of the reference that both windows share, less what noise may make of it; 0 when
 * it is not beyond noise. A small q moves Tf by many kelvin: it must not jump from none to all at a limit.
 * @ret_hidden: what noise may make of it; one below is not seen. NAN when the windows tell none.
 */
double window_curvature(const struct grid *grid, const double glass_k[2], const double liquid_k[2],
			double noise, double *ret_hidden);

#endif
