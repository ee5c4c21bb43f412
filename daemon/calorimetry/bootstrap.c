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

static void draw_noise(const struct bootstrap *bootstrap, uint64_t *state)
{
	const struct grid *grid = bootstrap->grid;
	double pair[2];

	for (size_t i = 0; i < grid->count; i++) {
		random_normals(state, pair);
		bootstrap->scratch_first[i] = grid->first[i] + bootstrap->noise_first * pair[0];
		bootstrap->scratch_ref[i] = grid->reference[i] + bootstrap->noise_ref * pair[1];
	}
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

void bootstrap_run(const struct bootstrap *bootstrap, struct bootstrap_spread *ret_spread)
{
	struct grid drawn = *bootstrap->grid;
	struct spread tf = {0}, tf_ref = {0}, delta = {0};
	uint64_t state = bootstrap->seed;
	uint32_t used = 0;

	drawn.first = bootstrap->scratch_first;
	drawn.reference = bootstrap->scratch_ref;
	for (uint32_t i = 0; i < bootstrap->count; i++) {
		double glass_k[2], liquid_k[2];
		char why[REFUSAL_WHY];
		struct match match;

		draw_noise(bootstrap, &state);
		draw_window(bootstrap->glass_k, &state, glass_k);
		draw_window(bootstrap->liquid_k, &state, liquid_k);
		if (match_windows(&drawn, glass_k, liquid_k, bootstrap->align, &match, why) != 0)
			continue;
		used++;
		spread_add(&tf, match.tf_k, used);
		spread_add(&tf_ref, match.tf_ref_k, used);
		spread_add(&delta, match.tf_k - match.tf_ref_k, used);
	}
	*ret_spread = (struct bootstrap_spread){spread_sd(&tf, used), spread_sd(&tf_ref, used),
						spread_sd(&delta, used), used};
}
