/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines, alignment and area matching of a pair on one grid, with the windows given. */
#ifndef DENSD_CALORIMETRY_MATCH_H
#define DENSD_CALORIMETRY_MATCH_H

#include "daemon/calorimetry/line.h"
#include "daemon/calorimetry/pair.h"
#include "daemon/calorimetry/tail.h"

#define MATCH_SCALE_OFF_MAX 0.3 /* of k from 1 */

/* Both scans at the same ascending temperatures, and what is left of their overshoots in the liquid. */
struct grid {
	const double *temperature_k, *first, *reference;
	size_t count;
	struct tail tail;
};

struct match {
	double k, b, c; /* y' = k y + b + c T */
	struct line glass, liquid;
	double from_k, to_k; /* T2, T1 */
	double gain;         /* step of the reference over that of the first scan, whatever k is */
	double area_first, area_ref;
	double tf_k, tf_ref_k;
	double tail_k; /* match_windows: what the grid's tail would have made tf_k too high */
};

/* All that Tf depends on: the lines of both scans in both windows, and the plain areas between. */
struct match_fits {
	struct line glass, liquid, glass_first, liquid_first;
	double from_k, to_k;
	double area_first, area_ref; /* int y dT from @from_k to @to_k */
};

/* 0 or enum refusal with its sentence. */
int match_solve(const struct match_fits *fits, enum pair_align align, struct match *ret_match,
		char ret_why[REFUSAL_WHY]);
/* @glass_k, @liquid_k: {low, high}, at least three grid points in each. 0 or enum refusal with its sentence.
 */
int match_windows(const struct grid *grid, const double glass_k[2], const double liquid_k[2],
		  enum pair_align align, struct match *ret_match, char ret_why[REFUSAL_WHY]);
/* The first scan's aligned value. */
double match_aligned(const struct match *match, double temperature_k, double signal);
/*
 * Tf of int_{Tf}^{T1} (l - g) dT = @area, T1 = @to_k: the root of the quadratic that goes over into the one
 * of parallel lines. NAN when l - g falls to zero before the area is matched.
 */
double match_root(struct line glass, struct line liquid, double to_k, double area);

#endif
