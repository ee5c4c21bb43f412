/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A curve on an even temperature grid, made of cell averages, so that integrals are those of the raw curve.
 * Prefix sums make every straight-line fit and every integral a matter of a few additions.
 */
#ifndef DENSD_CALORIMETRY_CURVE_H
#define DENSD_CALORIMETRY_CURVE_H

#include <stddef.h>

#include "daemon/calorimetry/clean.h"

#define CURVE_CELLS_MAX 4096

struct grid {
	size_t count;
	double start_k, cell_k; /* centre of cell i: start_k + i cell_k */
};
struct curve {
	double y[CURVE_CELLS_MAX];
	double sum_y[CURVE_CELLS_MAX + 1], sum_iy[CURVE_CELLS_MAX + 1]; /* over cells below the index */
	double noise;                                                   /* white noise of one cell */
};
/* A straight line: value(i) = middle + slope (i - at), i in cells. */
struct cell_line {
	double at, middle, slope;
};
/* Cells [first, end). */
struct window {
	size_t first, end;
};

void curve_fill(const struct grid *grid, const struct clean_scan *scan, double shift_k,
		struct curve *ret_curve);
void curve_sum(struct curve *curve, size_t count);
struct cell_line curve_line(const struct curve *curve, struct window window);
double line_at(const struct cell_line *line, double i);
/* Savitzky-Golay, cubic, half width @half cells; near the ends the half width shrinks. */
void curve_smooth(const double *y, size_t count, size_t half, double *ret_smooth);
/* Slope a cell of a least-squares parabola over 2 half + 1 cells; 0 at the two ends. */
void curve_slope(const double *y, size_t count, size_t half, double *ret_slope);

static inline double grid_temperature_k(const struct grid *grid, double i)
{
	return grid->start_k + i * grid->cell_k;
}
/* The cells whose centres lie in [low_k, high_k], kept inside the grid. */
struct window grid_window(const struct grid *grid, double low_k, double high_k);

#endif
