/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/bootstrap.h"

#include <math.h>

#define EDGE_SHARE 0.2

enum { USED_MIN = 20 };

/* splitmix64: one word of state, any seed will do */
static uint64_t random_word(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* in (0, 1) */
static double random_uniform(uint64_t *state)
{
	return ((double)(random_word(state) >> 11) + 0.5) * 0x1p-53;
}

/* Marsaglia's polar method, two at a time. */
static void random_normals(uint64_t *state, double ret_pair[2])
{
	double x, y, s;

	do {
		x = 2 * random_uniform(state) - 1;
		y = 2 * random_uniform(state) - 1;
		s = x * x + y * y;
	} while (s >= 1 || s == 0);
	s = sqrt(-2 * log(s) / s);
	ret_pair[0] = x * s;
	ret_pair[1] = y * s;
}

/* Sums over the points up to and including each; u = T less the grid's middle. */
struct sums {
	const struct grid *grid;
	double middle_k;
	double *u, *u2;
	struct course {
		double *y, *yu, *area;
		double noise;
	} first, reference;
};

static void sums_fill_course(const struct sums *sums, const double *y, struct course *course)
{
	const double *x = sums->grid->temperature_k;
	double sum_y = 0, sum_yu = 0, sum_area = 0;

	for (size_t i = 0; i < sums->grid->count; i++) {
		sum_y += y[i];
		sum_yu += y[i] * (x[i] - sums->middle_k);
		sum_area += i > 0 ? 0.5 * (y[i] + y[i - 1]) * (x[i] - x[i - 1]) : 0;
		course->y[i] = sum_y;
		course->yu[i] = sum_yu;
		course->area[i] = sum_area;
	}
}

static struct sums sums_make(const struct bootstrap *bootstrap)
{
	const struct grid *grid = bootstrap->grid;
	double *const *s = bootstrap->scratch;
	struct sums sums = {.grid = grid,
			    .middle_k = 0.5 * (grid->temperature_k[0] + grid->temperature_k[grid->count - 1]),
			    .u = s[0],
			    .u2 = s[1],
			    .first = {s[2], s[3], s[4], bootstrap->noise_first},
			    .reference = {s[5], s[6], s[7], bootstrap->noise_ref}};
	double sum_u = 0, sum_u2 = 0;

	for (size_t i = 0; i < grid->count; i++) {
		double u = grid->temperature_k[i] - sums.middle_k;

		sums.u[i] = sum_u += u;
		sums.u2[i] = sum_u2 += u * u;
	}
	sums_fill_course(&sums, grid->first, &sums.first);
	sums_fill_course(&sums, grid->reference, &sums.reference);
	return sums;
}

/* Points [from, to), from >= 1. */
struct stretch {
	size_t from, to;
	double n, centre_u, suu, spacing_k;
};

static double between(const double *sums, const struct stretch *stretch)
{
	return sums[stretch->to - 1] - sums[stretch->from - 1];
}

/* False when the window holds less than three points. */
static bool stretch_make(const struct sums *sums, const double window_k[2], struct stretch *ret_stretch)
{
	const double *x = sums->grid->temperature_k;
	struct stretch s = {.from = line_index(x, sums->grid->count, window_k[0]),
			    .to = line_index(x, sums->grid->count, nextafter(window_k[1], INFINITY))};

	s.from = s.from > 0 ? s.from : 1;
	if (s.to < s.from + 3)
		return false;
	s.n = (double)(s.to - s.from);
	s.centre_u = between(sums->u, &s) / s.n;
	s.suu = between(sums->u2, &s) - s.n * s.centre_u * s.centre_u;
	s.spacing_k = (x[s.to - 1] - x[s.from]) / (s.n - 1);
	*ret_stretch = s;
	return s.suu > 0;
}

/* Mean and slope of white noise are independent normals about the stretch's centre. */
static struct line draw_line(const struct sums *sums, const struct course *course,
			     const struct stretch *stretch, uint64_t *state, double *area)
{
	double y = between(course->y, stretch) / stretch->n, normals[2];
	double slope = (between(course->yu, stretch) - stretch->centre_u * stretch->n * y) / stretch->suu;
	double mean_off;

	random_normals(state, normals);
	mean_off = course->noise * normals[0] / sqrt(stretch->n);
	*area += mean_off * stretch->n * stretch->spacing_k;
	return (struct line){sums->middle_k + stretch->centre_u, y + mean_off,
			     slope + course->noise * normals[1] / sqrt(stretch->suu)};
}

static double draw_course(const struct sums *sums, const struct course *course, const struct stretch *glass,
			  const struct stretch *liquid, uint64_t *state, struct line *ret_glass,
			  struct line *ret_liquid)
{
	const double *x = sums->grid->temperature_k;
	double area = course->area[liquid->to - 1] - course->area[glass->from], normals[2];
	double middle_k = x[liquid->from] - x[glass->to - 1], n = (double)(liquid->from - glass->to);

	*ret_glass = draw_line(sums, course, glass, state, &area);
	*ret_liquid = draw_line(sums, course, liquid, state, &area);
	random_normals(state, normals);
	return area + course->noise * middle_k * normals[0] / sqrt(fmax(n, 1));
}

static void draw_window(const double window_k[2], uint64_t *state, double ret_window_k[2])
{
	double width = window_k[1] - window_k[0];

	for (int i = 0; i < 2; i++)
		ret_window_k[i] = window_k[i] + EDGE_SHARE * width * (2 * random_uniform(state) - 1);
}

/* Running mean and sum of squares (Welford). */
struct spread {
	double mean, squares;
};
struct spreads {
	struct spread of[QUANTITY_MAX];
	uint32_t used;
};

static void spread_add(struct spread *spread, double value, uint32_t n)
{
	double off = value - spread->mean;

	spread->mean += off / n;
	spread->squares += off * (value - spread->mean);
}

static double spread_sd(const struct spread *spread, uint32_t n)
{
	return n >= USED_MIN ? sqrt(spread->squares / (n - 1)) : NAN;
}

static void spreads_add(struct spreads *spreads, const struct quantities *quantities)
{
	spreads->used++;
	for (int i = 0; i < QUANTITY_MAX; i++)
		spread_add(&spreads->of[i], quantities->k[i], spreads->used);
}

static struct bootstrap_spread spreads_report(const struct spreads *spreads)
{
	struct bootstrap_spread spread = {.used = spreads->used};

	for (int i = 0; i < QUANTITY_MAX; i++)
		spread.sd.k[i] = spread_sd(&spreads->of[i], spreads->used);
	return spread;
}

/* Counts when it gives a number. */
static void replicate(const struct sums *sums, const double glass_k[2], const double liquid_k[2],
		      const struct bootstrap *bootstrap, uint64_t *state, struct spreads *spreads)
{
	const double *x = sums->grid->temperature_k;
	struct stretch glass, liquid;
	char why[REFUSAL_WHY];
	struct quantities quantities;
	struct match_fits fits;
	struct match match;

	if (!stretch_make(sums, glass_k, &glass) || !stretch_make(sums, liquid_k, &liquid) ||
	    liquid.from < glass.to)
		return;
	fits.area_first = draw_course(sums, &sums->first, &glass, &liquid, state, &fits.glass_first,
				      &fits.liquid_first);
	fits.area_ref =
		draw_course(sums, &sums->reference, &glass, &liquid, state, &fits.glass, &fits.liquid);
	fits.from_k = x[glass.from];
	fits.to_k = x[liquid.to - 1];
	if (match_solve(&fits, bootstrap->align, &match, why) != 0)
		return;
	quantities = quantities_of(&match, bootstrap->probes);
	spreads_add(spreads, &quantities);
}

void bootstrap_run(const struct bootstrap *bootstrap, struct bootstrap_spread *ret_both,
		   struct bootstrap_spread *ret_noise)
{
	struct spreads both = {0}, noise = {0};
	uint64_t state = bootstrap->seed;
	struct sums sums = {0};

	if (bootstrap->count > 0)
		sums = sums_make(bootstrap);
	for (uint32_t i = 0; i < bootstrap->count; i++) {
		double glass_k[2], liquid_k[2];

		draw_window(bootstrap->glass_k, &state, glass_k);
		draw_window(bootstrap->liquid_k, &state, liquid_k);
		replicate(&sums, glass_k, liquid_k, bootstrap, &state, &both);
		replicate(&sums, bootstrap->glass_k, bootstrap->liquid_k, bootstrap, &state, &noise);
	}
	*ret_both = spreads_report(&both);
	*ret_noise = spreads_report(&noise);
}
