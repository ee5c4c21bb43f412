/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A cubic through a few points of an evenly spaced curve: its top, its steepest place, and how sure they are.
 */
#ifndef DENSD_CALORIMETRY_CUBIC_H
#define DENSD_CALORIMETRY_CUBIC_H

#include <stdbool.h>
#include <stddef.h>

/* y = a[0] + a[1] v + a[2] v^2 + a[3] v^3, v in points from @at. */
struct cubic {
	size_t at, half;
	double a[4];
	double a0_sd, a1_sd; /* for points of standard deviation 1 */
};

/* Least squares through y[@at - @half .. @at + @half]; @half >= 2, inside the curve. */
struct cubic cubic_fit(const double *y, size_t at, size_t half);
/* The maximum, in points of the curve; false when there is none within the fit. */
bool cubic_top(const struct cubic *cubic, double *ret_at, double *ret_sd);

#endif
