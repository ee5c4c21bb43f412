/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Straight lines and parabolas through parts of a curve. */
#ifndef DENSD_CALORIMETRY_LINE_H
#define DENSD_CALORIMETRY_LINE_H

#include <stddef.h>

/* y = value + slope (x - centre), centre being the mean x of the fit: value and slope are then uncorrelated.
 */
struct line {
	double centre, value, slope;
};

/* Sums of powers of u and of y u^k; add two to join two stretches. */
struct moments {
	double n, u, u2, u3, u4, y, yu, yu2;
};

static inline double line_at(struct line line, double x)
{
	return line.value + line.slope * (x - line.centre);
}
/* Least squares through @x, @y [count], count >= 2 with distinct x. */
struct line line_fit(const double *x, const double *y, size_t count);
/* First index with x >= @value; @count when there is none. */
size_t line_index(const double *x, size_t count, double value);

static inline void moments_add(struct moments *moments, double u, double y)
{
	double u2 = u * u;

	moments->n += 1;
	moments->u += u;
	moments->u2 += u2;
	moments->u3 += u2 * u;
	moments->u4 += u2 * u2;
	moments->y += y;
	moments->yu += y * u;
	moments->yu2 += y * u2;
}
struct moments moments_minus(const struct moments *a, const struct moments *b);
/* The quadratic coefficient q of y = a + b u + q u^2. @ret_variance: of q, in units of the points' variance.
 */
double moments_curvature(const struct moments *moments, double *ret_variance);

#endif
