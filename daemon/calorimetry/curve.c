/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/curve.h"

#include <math.h>

void curve_sum(struct curve *curve, size_t count)
{
	curve->sum_y[0] = curve->sum_iy[0] = 0;
	for (size_t i = 0; i < count; i++) {
		curve->sum_y[i + 1] = curve->sum_y[i] + curve->y[i];
		curve->sum_iy[i + 1] = curve->sum_iy[i] + (double)i * curve->y[i];
	}
}

/* Integral of the piecewise-linear raw curve from the start of segment *at up to @t, walking *at forward. */
static double integral_to(const struct clean_scan *scan, double t, size_t *at, double *sum)
{
	const double *x = scan->temperature_k, *y = scan->signal;
	double slope;

	while (*at + 2 < scan->count && x[*at + 1] <= t) {
		*sum += 0.5 * (y[*at] + y[*at + 1]) * (x[*at + 1] - x[*at]);
		(*at)++;
	}
	slope = (y[*at + 1] - y[*at]) / (x[*at + 1] - x[*at]);
	return *sum + (t - x[*at]) * (y[*at] + 0.5 * slope * (t - x[*at]));
}

void curve_fill(const struct grid *grid, const struct clean_scan *scan, double shift_k,
		struct curve *ret_curve)
{
	double raw_k =
		(scan->temperature_k[scan->count - 1] - scan->temperature_k[0]) / (double)(scan->count - 1);
	double edge = grid->start_k - 0.5 * grid->cell_k - shift_k, sum = 0, before;
	size_t at = 0;

	before = integral_to(scan, edge, &at, &sum);
	for (size_t i = 0; i < grid->count; i++) {
		double next = integral_to(scan, edge + (double)(i + 1) * grid->cell_k, &at, &sum);

		ret_curve->y[i] = (next - before) / grid->cell_k;
		before = next;
	}
	ret_curve->noise = scan->noise * fmin(1, sqrt(raw_k / grid->cell_k));
	curve_sum(ret_curve, grid->count);
}

struct cell_line curve_line(const struct curve *curve, struct window window)
{
	double n = (double)(window.end - window.first),
	       at = ((double)window.first + (double)window.end - 1) / 2;
	double sum = curve->sum_y[window.end] - curve->sum_y[window.first];
	double moment = curve->sum_iy[window.end] - curve->sum_iy[window.first] - at * sum;

	return (struct cell_line){
		.at = at, .middle = sum / n, .slope = n > 1 ? moment * 12 / (n * (n * n - 1)) : 0};
}

double line_at(const struct cell_line *line, double i)
{
	return line->middle + line->slope * (i - line->at);
}

static size_t half_at(size_t i, size_t count, size_t half)
{
	size_t room = i < count - 1 - i ? i : count - 1 - i;

	return room < half ? room : half;
}

void curve_smooth(const double *y, size_t count, size_t half, double *ret_smooth)
{
	for (size_t i = 0; i < count; i++) {
		size_t m = half_at(i, count, half);
		double md = (double)m, top = 3 * (3 * md * md + 3 * md - 1),
		       norm = (2 * md + 1) * (4 * md * md + 4 * md - 3);
		double sum = top * y[i];

		if (m < 2) {
			ret_smooth[i] = y[i];
			continue;
		}
		for (size_t j = 1; j <= m; j++)
			sum += (top - 15 * (double)(j * j)) * (y[i - j] + y[i + j]);
		ret_smooth[i] = sum / norm;
	}
}

void curve_slope(const double *y, size_t count, size_t half, double *ret_slope)
{
	for (size_t i = 0; i < count; i++) {
		size_t m = half_at(i, count, half);
		double sum = 0, norm = (double)(m * (m + 1) * (2 * m + 1)) / 3;

		for (size_t j = 1; j <= m; j++)
			sum += (double)j * (y[i + j] - y[i - j]);
		ret_slope[i] = m > 0 ? sum / norm : 0;
	}
}

struct window grid_window(const struct grid *grid, double low_k, double high_k)
{
	double first = ceil((low_k - grid->start_k) / grid->cell_k),
	       last = floor((high_k - grid->start_k) / grid->cell_k);
	double end = (double)grid->count - 1;

	first = fmin(fmax(first, 0), end);
	last = fmin(fmax(last, first), end);
	return (struct window){(size_t)first, (size_t)last + 1};
}
