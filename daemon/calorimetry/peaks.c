/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/peaks.h"

#include <math.h>
#include <stdbool.h>

#define PROMINENCE_MIN 0.03
#define SUB_DISTANCE_K 5.0
#define PARABOLA_HALF_K 4.0

struct found {
	size_t at;
	double prominence;
};

/* Height above the higher of the two valleys that part this maximum from a higher one, or from the ends. */
static double prominence(const double *z, size_t low, size_t high, size_t at)
{
	double left = z[at], right = z[at];

	for (size_t i = at; i > low && z[i - 1] <= z[at]; i--)
		left = fmin(left, z[i - 1]);
	for (size_t i = at + 1; i < high && z[i] <= z[at]; i++)
		right = fmin(right, z[i]);
	return z[at] - fmax(left, right);
}

/* Vertex of the least-squares parabola around the maximum. */
static double vertex(const struct grid *grid, const double *z, size_t low, size_t high, size_t at)
{
	size_t m = (size_t)fmax(2, PARABOLA_HALF_K / grid->cell_k);
	double s2 = 0, s4 = 0, sz = 0, s1z = 0, s2z = 0, n, curvature, slope;

	if (at < low + m || at + m >= high)
		return grid_temperature_k(grid, (double)at);
	n = (double)(2 * m + 1);
	for (size_t k = 0; k <= 2 * m; k++) {
		double u = (double)k - (double)m, v = z[at - m + k];

		s2 += u * u;
		s4 += u * u * u * u;
		sz += v;
		s1z += u * v;
		s2z += u * u * v;
	}
	slope = s1z / s2;
	curvature = (n * s2z - s2 * sz) / (n * s4 - s2 * s2);
	if (!(curvature < 0) || fabs(slope / (2 * curvature)) > (double)m)
		return grid_temperature_k(grid, (double)at);
	return grid_temperature_k(grid, (double)at - slope / (2 * curvature));
}

static struct found most_prominent(const double *z, size_t low, size_t high, double least)
{
	struct found best = {.prominence = 0};

	for (size_t i = low + 1; i + 1 < high; i++) {
		double p;

		if (!(z[i] > z[i - 1] && z[i] >= z[i + 1]))
			continue;
		p = prominence(z, low, high, i);
		if (p >= least && p > best.prominence)
			best = (struct found){i, p};
	}
	return best;
}

/* The last rise through @level below cell @before. */
static double last_rise(const struct grid *grid, const double *z, size_t low, size_t before, double level)
{
	for (size_t i = before; i > low; i--)
		if (z[i - 1] < level && z[i] >= level)
			return grid_temperature_k(grid, (double)i - (z[i] - level) / (z[i] - z[i - 1]));
	return NAN;
}

static double onset(const struct grid *grid, const double *z, const double *slope, size_t low, size_t before)
{
	size_t steepest = low;

	for (size_t i = low; i <= before; i++)
		if (slope[i] > slope[steepest])
			steepest = i;
	if (!(slope[steepest] > 0))
		return NAN;
	return grid_temperature_k(grid, (double)steepest - z[steepest] / slope[steepest]);
}

void peaks_find(const struct grid *grid, const double *z, double *slope, size_t low, size_t high,
		double noise, size_t half, struct peaks *ret_peaks)
{
	double least = fmax(PROMINENCE_MIN, 5 * noise);
	struct found main_peak = most_prominent(z, low, high, least), sub = {0};
	size_t before = high - 1;

	*ret_peaks = (struct peaks){NAN, NAN, NAN, NAN};
	if (main_peak.prominence > 0) {
		double main_k = grid_temperature_k(grid, (double)main_peak.at);
		struct window below =
			grid_window(grid, grid_temperature_k(grid, (double)low), main_k - SUB_DISTANCE_K);

		before = main_peak.at;
		ret_peaks->tp_k = vertex(grid, z, low, high, main_peak.at);
		if (below.end > low + 2)
			sub = most_prominent(z, low, below.end, least);
		if (sub.prominence > 0)
			ret_peaks->tp_sub_k = vertex(grid, z, low, high, sub.at);
		else if (z[main_peak.at] < 0.5)
			ret_peaks->tp_sub_k =
				ret_peaks->tp_k; /* the dominant maximum lies below the half step */
	}
	curve_slope(z, grid->count, half, slope);
	ret_peaks->onset_k = onset(grid, z, slope, low, before);
	ret_peaks->mid_k = last_rise(grid, z, low,
				     main_peak.prominence > 0 && z[before] >= 0.5 ? before : high - 1, 0.5);
}
