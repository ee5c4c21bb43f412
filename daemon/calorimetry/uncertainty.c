/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/uncertainty.h"

#include <math.h>
#include <string.h>

/*
 * What a fading tail still does to a line over what the retreat removed, squared: 1/(e^x - 1) with x the
 * retreat in decay lengths (about 0.9 where tails matter: 0.7), and 2 for the lever of the narrower window.
 */
#define TAIL_LEFT2 2.0
/*
 * What noise alone makes of the furthest of some other windows, squared, in noise of the windows used: theirs
 * is up to twice that (window.c: OTHER_COST_MAX), the difference three times, the furthest of a few 2.5
 * times.
 */
#define OTHERS_NOISE2 7.5

/* Tf, Tf_ref and their difference. */
struct triple {
	double tf_k, ref_k, delta_k;
};

static struct triple triple_off(const struct match *a, const struct match *b)
{
	double tf_k = a->tf_k - b->tf_k, ref_k = a->tf_ref_k - b->tf_ref_k;

	return (struct triple){tf_k, ref_k, tf_k - ref_k};
}

/* What a heat-loss parabola would move: the pair matched again with the parabola taken off both scans. */
static struct triple curvature_off(const struct uncertainty *uncertainty, const struct pair_result *result)
{
	const struct grid *grid = uncertainty->grid;
	double *f = uncertainty->scratch[0], *r = uncertainty->scratch[1];
	double q = window_curvature(grid, result->glass_k, result->liquid_k, uncertainty->noise_ref);
	struct grid flat = {grid->temperature_k, f, r, grid->count};
	char why[REFUSAL_WHY];
	struct match match;

	if (q == 0 || uncertainty->empty)
		return (struct triple){0};
	for (size_t i = 0; i < grid->count; i++) {
		double off_k = grid->temperature_k[i] - uncertainty->match->tf_ref_k;

		f[i] = grid->first[i] - q * off_k * off_k;
		r[i] = grid->reference[i] - q * off_k * off_k;
	}
	if (match_windows(&flat, result->glass_k, result->liquid_k, result->align, &match, why) != 0)
		return (struct triple){0};
	return triple_off(&match, uncertainty->match);
}

/*
 * Relaxation that fades into a window bends its line. Where the windows were found, they are taken as wide as
 * they were before the retreat (window.h): relaxation fades exponentially, so what that moves tells what is
 * still there.
 */
static struct triple tail_off(const struct uncertainty *uncertainty, const struct pair_result *result)
{
	const double advance = WINDOW_RETREAT_SHARE / (1 - WINDOW_RETREAT_SHARE);
	double glass_k[2], liquid_k[2];
	char why[REFUSAL_WHY];
	struct match match;

	memcpy(glass_k, result->glass_k, sizeof(glass_k));
	memcpy(liquid_k, result->liquid_k, sizeof(liquid_k));
	if (result->glass_found)
		glass_k[1] += advance * (glass_k[1] - glass_k[0]);
	if (result->liquid_found)
		liquid_k[0] -= advance * (liquid_k[1] - liquid_k[0]);
	if (match_windows(uncertainty->grid, glass_k, liquid_k, result->align, &match, why) != 0)
		return (struct triple){0};
	return triple_off(&match, uncertainty->match);
}

static void triple_widen(struct triple *widest, struct triple off)
{
	widest->tf_k = fmax(widest->tf_k, fabs(off.tf_k));
	widest->ref_k = fmax(widest->ref_k, fabs(off.ref_k));
	widest->delta_k = fmax(widest->delta_k, fabs(off.delta_k));
}

/* The furthest that windows which would have done nearly as well, and hold a glass and a liquid, put them. */
static struct triple others_off(const struct uncertainty *uncertainty, const struct pair_result *result)
{
	const struct windows *windows = uncertainty->windows;
	struct triple widest = {0};
	char why[REFUSAL_WHY];
	struct match match;

	for (size_t i = 0; i < windows->other_count; i++) {
		const struct windows_other *other = &windows->others[i];

		if (match_windows(uncertainty->grid, other->glass_k, other->liquid_k, result->align, &match,
				  why) == 0 &&
		    window_check(uncertainty->grid, &match, other->glass_k, other->liquid_k,
				 uncertainty->noise_first, uncertainty->noise_ref, why) == 0)
			triple_widen(&widest, triple_off(&match, uncertainty->match));
	}
	return widest;
}

static double shares_sum(const struct pair_shares *shares)
{
	return hypot(hypot(shares->windows_k, shares->noise_k),
		     hypot(shares->curvature_k, hypot(shares->lag_k, shares->calibration_k)));
}

/* Windows as good disagree by more than is stated: that is their share then. True when it is. */
static bool widen(struct pair_shares *shares, double others_k)
{
	double beyond2 = others_k * others_k - OTHERS_NOISE2 * shares->noise_k * shares->noise_k;

	if (!(beyond2 > 0 && sqrt(beyond2) > shares_sum(shares)))
		return false;
	shares->windows_k = sqrt(beyond2);
	return true;
}

/*
 * Noise alone makes narrow and wide windows differ by the difference of their variances, a line's variance
 * going as width^-3. Only what exceeds twice that is relaxation.
 */
static double windows_share(double both_k, double noise_k, double tail_k)
{
	double narrow = 1 - WINDOW_RETREAT_SHARE, hidden = 1 - narrow * narrow * narrow;
	double edges2 = fmax(0, both_k * both_k - noise_k * noise_k);

	return sqrt(edges2 + TAIL_LEFT2 * fmax(0, tail_k * tail_k - 2 * hidden * noise_k * noise_k));
}

static struct pair_shares shares_of(double both_k, double noise_k, double tail_k, double curvature_k)
{
	return (struct pair_shares){
		.windows_k = isnan(both_k) ? NAN : windows_share(both_k, noise_k, tail_k),
		.noise_k = noise_k,
		.curvature_k = fabs(curvature_k),
	};
}

void uncertainty_report(const struct uncertainty *uncertainty, struct pair_result *result)
{
	const struct pair_options *options = uncertainty->options;
	struct triple curvature = curvature_off(uncertainty, result), tail = tail_off(uncertainty, result);
	struct triple others = others_off(uncertainty, result);
	struct bootstrap bootstrap = {
		.grid = uncertainty->grid,
		.glass_k = result->glass_k,
		.liquid_k = result->liquid_k,
		.align = result->align,
		.noise_first = uncertainty->noise_first,
		.noise_ref = uncertainty->noise_ref,
		.count = options->bootstrap_count,
		.seed = options->seed,
	};
	struct bootstrap_spread both, noise;

	memcpy(bootstrap.scratch, uncertainty->scratch, sizeof(bootstrap.scratch));
	bootstrap_run(&bootstrap, &both, &noise);
	result->bootstrap_used = both.used;
	result->curvature_sd_k = fabs(curvature.tf_k);
	result->tf_shares = shares_of(both.tf_sd_k, noise.tf_sd_k, tail.tf_k, curvature.tf_k);
	result->tf_ref_shares = shares_of(both.tf_ref_sd_k, noise.tf_ref_sd_k, tail.ref_k, curvature.ref_k);
	/* lag and scale shift both alike: no share in the difference */
	result->delta_tf_shares =
		shares_of(both.delta_sd_k, noise.delta_sd_k, tail.delta_k, curvature.delta_k);
	result->tf_shares.lag_k = result->tf_ref_shares.lag_k =
		isnan(result->rate_k_per_s) ? 0 : options->lag_sd_s * result->rate_k_per_s;
	result->tf_shares.calibration_k = result->tf_ref_shares.calibration_k = options->calibration_sd_k;
	if (widen(&result->tf_shares, others.tf_k))
		result->ambiguity_k = others.tf_k;
	if (widen(&result->delta_tf_shares, others.delta_k))
		result->ambiguity_k = fmax(result->ambiguity_k, others.delta_k);
	widen(&result->tf_ref_shares, others.ref_k);
	result->tf_sd_k = shares_sum(&result->tf_shares);
	result->tf_ref_sd_k = shares_sum(&result->tf_ref_shares);
	result->delta_tf_sd_k = shares_sum(&result->delta_tf_shares);
}
