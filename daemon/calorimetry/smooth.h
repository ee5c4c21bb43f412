/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves on a grid: interpolation, noise, Savitzky-Golay by running sums. All linear in time. */
#ifndef DENSD_CALORIMETRY_SMOOTH_H
#define DENSD_CALORIMETRY_SMOOTH_H

#include <stddef.h>

/* Linear interpolation of (@x, @y)[count] at @at[n], both ascending; constant outside. */
void smooth_interpolate(const double *x, const double *y, size_t count, const double *at, size_t n,
			double *ret_y);
/*
 * Standard deviation of one point's white noise: second differences over sqrt(6), root mean square in blocks,
 * median of the blocks, so that a sharp peak does not count. 0 below 8 points.
 */
double smooth_noise(const double *y, size_t count);
/*
 * Cubic Savitzky-Golay of 2 @half + 1 points on a uniform grid; near the ends the window shrinks with its
 * centre kept. @ret_smooth and @ret_slope (per grid step; of the local parabola) may not alias @y; either may
 * be NULL.
 */
void smooth_savitzky_golay(const double *y, size_t count, size_t half, double *ret_smooth, double *ret_slope);
/* The same where the whole window fits, [@half, @count - @half); what lies outside is untouched. @half >= 2,
 * @count >= 2 @half + 1. */
void smooth_inside(const double *y, size_t count, size_t half, double *ret_smooth, double *ret_slope);

#endif
