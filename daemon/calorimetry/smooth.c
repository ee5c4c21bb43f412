/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/smooth.h"

#include <math.h>
#include <stdlib.h>

enum { NOISE_BLOCKS = 31, LANES = 4 };

void smooth_interpolate(const double *x, const double *y, size_t count, const double *at, size_t n,
			double *ret_y)
{
	size_t j = 0;

	for (size_t i = 0; i < n; i++) {
		while (j + 2 < count && x[j + 1] < at[i])
			j++;
		if (x[j + 1] == at[i]) /* scans of one programme share their rows */
			ret_y[i] = y[j + 1];
		else if (at[i] <= x[0])
			ret_y[i] = y[0];
		else if (at[i] >= x[count - 1])
			ret_y[i] = y[count - 1];
		else
			ret_y[i] = y[j] + (y[j + 1] - y[j]) * (at[i] - x[j]) / (x[j + 1] - x[j]);
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double smooth_noise(const double *y, size_t count)
{
	double blocks[NOISE_BLOCKS];
	size_t differences = count - 2, n;

	if (count < 8)
		return 0;
	n = differences / 4 < NOISE_BLOCKS ? differences / 4 : NOISE_BLOCKS;
	n = n > 0 ? n : 1;
	for (size_t b = 0; b < n; b++) {
		size_t from = b * differences / n, to = (b + 1) * differences / n;
		double sum = 0;

		for (size_t i = from; i < to; i++) {
			double d = y[i] - 2 * y[i + 1] + y[i + 2];
			sum += d * d;
		}
		blocks[b] = sum / (double)(to - from);
	}
	qsort(blocks, n, sizeof(blocks[0]), compare);
	return sqrt(blocks[n / 2] / 6);
}

/* Weights of the cubic smoother of half width h: (a - b j^2). */
static void cubic_weights(size_t half, double *ret_a, double *ret_b)
{
	double h = (double)half, n = 2 * h + 1;
	double s2 = h * (h + 1) * n / 3, s4 = s2 * (3 * h * h + 3 * h - 1) / 5;
	double determinant = n * s4 - s2 * s2;

	*ret_a = s4 / determinant;
	*ret_b = s2 / determinant;
}

static void smooth_direct(const double *y, size_t centre, size_t half, double *ret_smooth, double *ret_slope)
{
	double a = 1, b = 0, sum0 = 0, sum1 = 0, sum2 = 0, h = (double)half;

	if (half > 1)
		cubic_weights(half, &a, &b);
	for (size_t k = 0; k <= 2 * half; k++) {
		double j = (double)k - h, v = y[centre - half + k];

		sum0 += v;
		sum1 += j * v;
		sum2 += j * j * v;
	}
	if (ret_smooth)
		ret_smooth[centre] = half > 1 ? a * sum0 - b * sum2 : y[centre];
	if (ret_slope)
		ret_slope[centre] = half > 0 ? sum1 / (h * (h + 1) * (2 * h + 1) / 3) : 0;
}

/* Sums over a window, of y, j y and j^2 y with j = -h..h. */
struct window_sums {
	double s0, s1, s2;
};

static struct window_sums window_sums_at(const double *y, size_t centre, size_t half)
{
	struct window_sums sums = {0};

	for (size_t k = 0; k <= 2 * half; k++) {
		double j = (double)k - (double)half, v = y[centre - half + k];

		sums.s0 += v;
		sums.s1 += j * v;
		sums.s2 += j * j * v;
	}
	return sums;
}

/* One point on from @centre: the window's own index shifts by one. */
static inline struct window_sums slide(const double *y, size_t centre, size_t half, struct window_sums sums)
{
	double h = (double)half, out = y[centre - half], in = y[centre + half + 1];
	double rest0 = sums.s0 - out, rest1 = sums.s1 + h * out, rest2 = sums.s2 - h * h * out;

	return (struct window_sums){rest0 + in, rest1 - rest0 + h * in,
				    rest2 - 2 * rest1 + rest0 + h * h * in};
}

/* Lanes of equal length side by side: in each one a sum waits for the sum before, between them it does not.
 */
void smooth_inside(const double *y, size_t count, size_t half, double *ret_smooth, double *ret_slope)
{
	size_t inside = count - 2 * half, length = (inside + LANES - 1) / LANES;
	double a, b, h = (double)half, norm = h * (h + 1) * (2 * h + 1) / 3;
	struct window_sums sums[LANES] = {0};

	cubic_weights(half, &a, &b);
	for (size_t i = 0; i < length; i++)
		for (size_t lane = 0; lane < LANES; lane++) {
			size_t at = half + lane * length + i;

			if (at + half >= count)
				continue;
			sums[lane] =
				i == 0 ? window_sums_at(y, at, half) : slide(y, at - 1, half, sums[lane]);
			if (ret_smooth)
				ret_smooth[at] = a * sums[lane].s0 - b * sums[lane].s2;
			if (ret_slope)
				ret_slope[at] = sums[lane].s1 / norm;
		}
}

void smooth_savitzky_golay(const double *y, size_t count, size_t half, double *ret_smooth, double *ret_slope)
{
	if (count == 0)
		return;
	if (half > (count - 1) / 2)
		half = (count - 1) / 2;
	if (half >= 2)
		smooth_inside(y, count, half, ret_smooth, ret_slope);
	for (size_t i = 0; i < count; i++) {
		size_t room = i < count - 1 - i ? i : count - 1 - i;

		if (half >= 2 && room >= half)
			continue;
		smooth_direct(y, i, room < half ? room : half, ret_smooth, ret_slope);
	}
	if (ret_slope && count > 1) {
		ret_slope[0] = y[1] - y[0];
		ret_slope[count - 1] = y[count - 1] - y[count - 2];
	}
}
