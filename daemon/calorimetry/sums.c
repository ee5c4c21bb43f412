/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/sums.h"

#include <math.h>

/* All sums in one loop: each waits for itself alone. */
static void fill(const struct sums *sums)
{
	const struct grid *grid = sums->grid;
	const double *x = grid->temperature_k, *first = grid->first, *reference = grid->reference;
	double u = 0, u2 = 0, f = 0, fu = 0, fa = 0, r = 0, ru = 0, ra = 0;

	for (size_t i = 0; i < grid->count; i++) {
		double at = x[i] - sums->middle_k;

		sums->u[i] = u;
		sums->u2[i] = u2;
		sums->first.y[i] = f;
		sums->first.yu[i] = fu;
		sums->reference.y[i] = r;
		sums->reference.yu[i] = ru;
		if (i > 0) {
			double half_k = 0.5 * (x[i] - x[i - 1]);

			fa += half_k * (first[i] + first[i - 1]);
			ra += half_k * (reference[i] + reference[i - 1]);
		}
		sums->first.area[i] = fa;
		sums->reference.area[i] = ra;
		u += at;
		u2 += at * at;
		f += first[i];
		fu += first[i] * at;
		r += reference[i];
		ru += reference[i] * at;
	}
	sums->u[grid->count] = u;
	sums->u2[grid->count] = u2;
	sums->first.y[grid->count] = f;
	sums->first.yu[grid->count] = fu;
	sums->reference.y[grid->count] = r;
	sums->reference.yu[grid->count] = ru;
}

struct sums sums_make(const struct grid *grid, double *const scratch[SUMS_COLUMNS])
{
	struct sums sums = {.grid = grid,
			    .middle_k = 0.5 * (grid->temperature_k[0] + grid->temperature_k[grid->count - 1]),
			    .u = scratch[0],
			    .u2 = scratch[1],
			    .first = {scratch[2], scratch[3], scratch[4]},
			    .reference = {scratch[5], scratch[6], scratch[7]}};

	fill(&sums);
	return sums;
}

static double between(const double *sums, const struct stretch *stretch)
{
	return sums[stretch->to] - sums[stretch->from];
}

bool sums_stretch(const struct sums *sums, const double window_k[2], struct stretch *ret_stretch)
{
	const double *x = sums->grid->temperature_k;
	struct stretch s = {.from = line_index(x, sums->grid->count, window_k[0]),
			    .to = line_index(x, sums->grid->count, nextafter(window_k[1], INFINITY))};

	if (s.to < s.from + 3)
		return false;
	s.n = (double)(s.to - s.from);
	s.centre_u = between(sums->u, &s) / s.n;
	s.suu = between(sums->u2, &s) - s.n * s.centre_u * s.centre_u;
	s.spacing_k = (x[s.to - 1] - x[s.from]) / (s.n - 1);
	*ret_stretch = s;
	return s.suu > 0;
}

struct line sums_line(const struct sums *sums, const struct sums_course *course,
		      const struct stretch *stretch)
{
	double y = between(course->y, stretch) / stretch->n;

	return (struct line){sums->middle_k + stretch->centre_u, y,
			     (between(course->yu, stretch) - stretch->centre_u * stretch->n * y) /
				     stretch->suu};
}

bool sums_fits(const struct sums *sums, const double glass_k[2], const double liquid_k[2],
	       struct match_fits *ret_fits)
{
	const double *x = sums->grid->temperature_k;
	struct stretch glass, liquid;

	if (!sums_stretch(sums, glass_k, &glass) || !sums_stretch(sums, liquid_k, &liquid) ||
	    liquid.from < glass.to)
		return false;
	*ret_fits = (struct match_fits){
		.glass = sums_line(sums, &sums->reference, &glass),
		.liquid = tail_off(&sums->grid->tail, sums_line(sums, &sums->reference, &liquid),
				   x[liquid.from], x[liquid.to - 1]),
		.glass_first = sums_line(sums, &sums->first, &glass),
		.liquid_first = tail_off(&sums->grid->tail, sums_line(sums, &sums->first, &liquid),
					 x[liquid.from], x[liquid.to - 1]),
		.from_k = x[glass.from],
		.to_k = x[liquid.to - 1],
		.area_first = sums->first.area[liquid.to - 1] - sums->first.area[glass.from],
		.area_ref = sums->reference.area[liquid.to - 1] - sums->reference.area[glass.from],
	};
	return true;
}
