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

/* One of the scans. */
struct course {
	const struct sums *sums;
	const struct sums_course *of;
	const struct tail *tail;
	double noise; /* of one point */
};

/* Mean and slope of white noise are independent normals about the stretch's centre. */
static struct line draw_line(const struct course *course, const struct stretch *stretch, uint64_t *state,
			     double *area)
{
	struct line line = sums_line(course->sums, course->of, stretch);
	double mean_off, normals[2];

	random_normals(state, normals);
	mean_off = course->noise * normals[0] / sqrt(stretch->n);
	*area += mean_off * stretch->n * stretch->spacing_k;
	line.value += mean_off;
	line.slope += course->noise * normals[1] / sqrt(stretch->suu);
	return line;
}

static double draw_course(const struct course *course, const struct stretch *glass,
			  const struct stretch *liquid, uint64_t *state, struct line *ret_glass,
			  struct line *ret_liquid)
{
	const double *x = course->sums->grid->temperature_k;
	double area = course->of->area[liquid->to - 1] - course->of->area[glass->from], normals[2];
	double middle_k = x[liquid->from] - x[glass->to - 1], n = (double)(liquid->from - glass->to);

	*ret_glass = draw_line(course, glass, state, &area);
	*ret_liquid = tail_off(course->tail, draw_line(course, liquid, state, &area), x[liquid->from],
			       x[liquid->to - 1]);
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
static void replicate(const struct bootstrap *bootstrap, const double glass_k[2], const double liquid_k[2],
		      uint64_t *state, struct spreads *spreads)
{
	const struct sums *sums = bootstrap->sums;
	const struct course first = {sums, &sums->first, &sums->grid->tail, bootstrap->noise_first},
			    reference = {sums, &sums->reference, &sums->grid->tail, bootstrap->noise_ref};
	struct stretch glass, liquid;
	char why[REFUSAL_WHY];
	struct quantities quantities;
	struct match_fits fits;
	struct match match;

	if (!sums_stretch(sums, glass_k, &glass) || !sums_stretch(sums, liquid_k, &liquid) ||
	    liquid.from < glass.to)
		return;
	fits.area_first = draw_course(&first, &glass, &liquid, state, &fits.glass_first, &fits.liquid_first);
	fits.area_ref = draw_course(&reference, &glass, &liquid, state, &fits.glass, &fits.liquid);
	fits.from_k = sums->grid->temperature_k[glass.from];
	fits.to_k = sums->grid->temperature_k[liquid.to - 1];
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

	for (uint32_t i = 0; i < bootstrap->count; i++) {
		double glass_k[2], liquid_k[2];

		draw_window(bootstrap->glass_k, &state, glass_k);
		draw_window(bootstrap->liquid_k, &state, liquid_k);
		replicate(bootstrap, glass_k, liquid_k, &state, &both);
		replicate(bootstrap, bootstrap->glass_k, bootstrap->liquid_k, &state, &noise);
	}
	*ret_both = spreads_report(&both);
	*ret_noise = spreads_report(&noise);
}
