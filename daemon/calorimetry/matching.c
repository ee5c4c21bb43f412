/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/matching.h"

#include <math.h>

/* Sums of y and of (i - centre) y over both windows. */
static void both_windows(const struct curve *curve, struct window a, struct window b, double centre,
			 double *ret_s, double *ret_m)
{
	double s = curve->sum_y[a.end] - curve->sum_y[a.first] + curve->sum_y[b.end] - curve->sum_y[b.first];
	double m =
		curve->sum_iy[a.end] - curve->sum_iy[a.first] + curve->sum_iy[b.end] - curve->sum_iy[b.first];

	*ret_s = s;
	*ret_m = m - centre * s;
}

static double square_sum(struct window w, double centre)
{
	double n = (double)(w.end - w.first), mean = ((double)w.first + (double)w.end - 1) / 2 - centre;

	return n * mean * mean + n * (n * n - 1) / 12;
}

static double linear_sum(struct window w, double centre)
{
	return (double)(w.end - w.first) * (((double)w.first + (double)w.end - 1) / 2 - centre);
}

/* Least squares of @s and @m (sums of d and u d) on 1 and u. */
static void solve_tilt(struct window a, struct window b, double centre, double s, double m,
		       double *ret_offset, double *ret_tilt)
{
	double n = (double)(a.end - a.first + b.end - b.first);
	double u = linear_sum(a, centre) + linear_sum(b, centre),
	       uu = square_sum(a, centre) + square_sum(b, centre);
	double determinant = n * uu - u * u;

	*ret_offset = (uu * s - u * m) / determinant;
	*ret_tilt = (n * m - u * s) / determinant;
}

/*
 * k by partial regression: the part of y and of the reference that 1 and u do not explain. What is left over
 * two windows is the step, so k is the ratio of the steps.
 */
static bool solve_scale(const struct curve *first, const struct curve *reference, struct window a,
			struct window b, struct alignment *alignment)
{
	double s, m, of, tf, or, tr, ff = 0, fr = 0;

	both_windows(first, a, b, alignment->centre, &s, &m);
	solve_tilt(a, b, alignment->centre, s, m, &of, &tf);
	both_windows(reference, a, b, alignment->centre, &s, &m);
	solve_tilt(a, b, alignment->centre, s, m, & or, &tr);
	for (size_t i = a.first; i < b.end; i == a.end - 1 ? i = b.first : i++) {
		double u = (double)i - alignment->centre, f = first->y[i] - of - tf * u,
		       r = reference->y[i] - or -tr * u;

		ff += f * f;
		fr += f * r;
	}
	if (!(ff > 0))
		return false;
	alignment->k = fr / ff;
	alignment->offset = or -alignment->k * of;
	alignment->tilt = tr - alignment->k * tf;
	return true;
}

bool matching_align(const struct curve *first, const struct curve *reference, struct window glass,
		    struct window liquid, enum align_mode mode, struct alignment *ret_alignment)
{
	double n = (double)(glass.end - glass.first + liquid.end - liquid.first), sf, mf, sr, mr;

	*ret_alignment = (struct alignment){.k = 1, .centre = ((double)glass.first + (double)liquid.end) / 2};
	both_windows(first, glass, liquid, ret_alignment->centre, &sf, &mf);
	both_windows(reference, glass, liquid, ret_alignment->centre, &sr, &mr);
	switch (mode) {
	case ALIGN_TILT:
		solve_tilt(glass, liquid, ret_alignment->centre, sr - sf, mr - mf, &ret_alignment->offset,
			   &ret_alignment->tilt);
		return true;
	case ALIGN_SCALE:
		return solve_scale(first, reference, glass, liquid, ret_alignment);
	case ALIGN_OFFSET:
		ret_alignment->offset = (sr - sf) / n;
		return true;
	case ALIGN_NONE:
	case ALIGN_MAX:
		break;
	}
	return true;
}

double matching_aligned(const struct alignment *alignment, double y, double i)
{
	return alignment->k * y + alignment->offset + alignment->tilt * (i - alignment->centre);
}

/* The edges of the integral are the middles of the windows, where the scans lie on the lines best. */
static void edges(struct window glass, struct window liquid, size_t *ret_low, size_t *ret_high)
{
	*ret_low = (glass.first + glass.end) / 2;
	*ret_high = (liquid.first + liquid.end) / 2;
}

/* int (y - g) di over cells [low, high), with the trapezoid's half cells at the ends left to the cell
 * averages. */
static double area(const struct curve *curve, const struct cell_line *g, size_t low, size_t high)
{
	double n = (double)(high - low), middle = ((double)low + (double)high - 1) / 2;

	return curve->sum_y[high] - curve->sum_y[low] - n * line_at(g, middle);
}

/* int_x^{t1} (l - g) = area for x: b/2 x^2 + a x + (area - a t1 - b t1^2/2) = 0, in cells from the upper
 * edge. */
static bool solve_root(const struct cell_line *g, const struct cell_line *l, double t1, double area_cells,
		       double *ret_x)
{
	double step = line_at(l, t1) - line_at(g, t1), b = l->slope - g->slope,
	       discriminant = step * step - 2 * b * area_cells;

	if (!(discriminant >= 0) || step + sqrt(discriminant) == 0)
		return false;
	/* t1 - x = 2 A / (step + sqrt(step^2 - 2 b A)): the root that tends to A / step when b tends to 0. */
	*ret_x = t1 - 2 * area_cells / (step + sqrt(discriminant));
	return true;
}

static double aligned_area(const struct curve *first, const struct alignment *al, const struct cell_line *g,
			   size_t low, size_t high)
{
	double n = (double)(high - low), middle = ((double)low + (double)high - 1) / 2;

	return al->k * (first->sum_y[high] - first->sum_y[low]) +
	       n * (al->offset + al->tilt * (middle - al->centre)) - n * line_at(g, middle);
}

bool matching_solve(const struct grid *grid, const struct curve *first, const struct curve *reference,
		    struct window glass, struct window liquid, enum align_mode mode,
		    struct matching *ret_matching)
{
	double upper, x, first_area, reference_area;
	size_t low, high;

	if (!matching_align(first, reference, glass, liquid, mode, &ret_matching->alignment))
		return false;
	ret_matching->glass = curve_line(reference, glass);
	ret_matching->liquid = curve_line(reference, liquid);
	edges(glass, liquid, &low, &high);
	upper = (double)high - 0.5; /* the upper edge of the last cell summed */
	first_area = aligned_area(first, &ret_matching->alignment, &ret_matching->glass, low, high);
	reference_area = area(reference, &ret_matching->glass, low, high);
	ret_matching->area_difference = (first_area - reference_area) * grid->cell_k;
	if (!solve_root(&ret_matching->glass, &ret_matching->liquid, upper, first_area, &x))
		return false;
	ret_matching->tf_k = grid_temperature_k(grid, x);
	if (!solve_root(&ret_matching->glass, &ret_matching->liquid, upper, reference_area, &x))
		return false;
	ret_matching->tf_ref_k = grid_temperature_k(grid, x);
	return true;
}
