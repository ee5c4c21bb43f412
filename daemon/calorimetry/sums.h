/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sums over the points of a grid up to each one. Tf depends on the points only through the lines in two
 * windows and the areas, all of them sums: with these, any other two windows are matched in a fixed number of
 * steps.
 */
#ifndef DENSD_CALORIMETRY_SUMS_H
#define DENSD_CALORIMETRY_SUMS_H

#include "daemon/calorimetry/match.h"

enum { SUMS_COLUMNS = 8 };

/* double[grid->count + 1] each: sums over the points before the index; u = T less the grid's middle. */
struct sums_course {
	double *y, *yu, *area; /* area: trapezoids from the first point up to the one at the index */
};
struct sums {
	const struct grid *grid;
	double middle_k;
	double *u, *u2;
	struct sums_course first, reference;
};

/* The points of a window, [from, to). */
struct stretch {
	size_t from, to;
	double n, centre_u, suu, spacing_k;
};

/* @scratch: columns of their own, not the grid's, kept as long as the sums are used. */
struct sums sums_make(const struct grid *grid, double *const scratch[SUMS_COLUMNS]);
/* False when the window holds less than three points. */
bool sums_stretch(const struct sums *sums, const double window_k[2], struct stretch *ret_stretch);
struct line sums_line(const struct sums *sums, const struct sums_course *course,
		      const struct stretch *stretch);
/* False when the windows overlap or hold less than three points. */
bool sums_fits(const struct sums *sums, const double glass_k[2], const double liquid_k[2],
	       struct match_fits *ret_fits);

#endif
