/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fmax and fmin as the C library has them, NaN and zeros of either sign included, but inline: for fear of NaN
 * gcc calls the library for each, and a simulated step has ninety of them. The build includes this before
 * every source of the simulation (-include).
 */
#ifndef DENSD_TESTS_SIMULATION_INLINE_MATH_H
#define DENSD_TESTS_SIMULATION_INLINE_MATH_H

#include <math.h>

static inline double inline_math_max(double a, double b)
{
	return isnan(b) || a > b ? a : b;
}

static inline double inline_math_min(double a, double b)
{
	return isnan(b) || a < b ? a : b;
}

#define fmax(a, b) inline_math_max(a, b)
#define fmin(a, b) inline_math_min(a, b)

#endif
