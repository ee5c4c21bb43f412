/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/uncertainty.h"

#include <math.h>
#include <string.h>

/*
 * What a fading tail still does to a line over what the retreat removed: 1/(e^x - 1) with x the retreat in
 * decay lengths, as far as noise lets it be told.
 */
#define TAIL_DECAY_LEAST 0.5
#define TAIL_DECAY_MOST 1.0
/* A share of the noise, squared: beyond, what an edge moves is no chance of the noise. */
#define TAIL_CHANCE2 4.0
/*
 * A window ends where noise hides that it bends, so what is hidden is of the size of the noise, squared:
 * mostly a base line that is no line, as far as both scans share it, and then most of it is not in a
 * difference. Sizes as tests/intervals finds them.
 */
#define BEND_HIDDEN2 0.5
#define BEND_HIDDEN2_DELTA 0.25
/*
 * Edges that move by up to 20 % of the window, in noise squared: narrower windows have more noise than wide
 * ones have less, and a line through other points of the same noise is another line. On straight lines that
 * makes as much as the noise again, and it is no error of its own.
 */
#define EDGES_NOISE2 1.0
/*
 * What noise alone makes of the furthest of some other windows, squared, in noise of the windows used: theirs
 * is up to twice that (window.c: OTHER_COST_MAX), the difference three times, the furthest of a few 2.5
 * times.
 */
#define OTHERS_NOISE2 7.5

/* What one window does to the quantities when it is taken half as far into the transition as before the
 * retreat, and as far. */
struct fade {
	struct quantities half, whole;
};

/* What the pair is matched on, and what it came to. */
struct base {
	const struct uncertainty *uncertainty;
	struct sums sums;
	struct match_fits fits;     /* of the windows used */
	struct match_fits parabola; /* the same of (T - Tf_ref)^2 */
	struct quantities now;
	enum pair_align align;
};

/* What other fits do to the quantities; none when they cannot be matched. */
static struct quantities moved(const struct base *base, const struct match_fits *fits)
{
	struct quantities then;
	char why[REFUSAL_WHY];
	struct match match;

	if (match_solve(fits, base->align, &match, why) != 0)
		return (struct quantities){{0}};
	then = quantities_of(&match, base->uncertainty->probes);
	return quantities_minus(&then, &base->now);
}

static struct quantities moved_to(const struct base *base, const double glass_k[2], const double liquid_k[2])
{
	struct match_fits fits;

	return sums_fits(&base->sums, glass_k, liquid_k, &fits) ? moved(base, &fits)
								: (struct quantities){{0}};
}

/* Through (T - @about_k)^2 at the points of a window. */
static struct line parabola_line(const struct grid *grid, const double window_k[2], double about_k)
{
	size_t from = line_index(grid->temperature_k, grid->count, window_k[0]), n = 0;
	double u = 0, u2 = 0, u3 = 0, centre, suu;

	for (size_t i = from; i < grid->count && grid->temperature_k[i] <= window_k[1]; i++, n++) {
		double at = grid->temperature_k[i] - about_k;

		u += at;
		u2 += at * at;
		u3 += at * at * at;
	}
	centre = u / (double)n;
	suu = u2 - u * centre;
	return (struct line){about_k + centre, u2 / (double)n, suu > 0 ? (u3 - centre * u2) / suu : 0};
}

static struct match_fits parabola_fits(const struct base *base, const struct pair_result *result)
{
	const struct grid *grid = base->sums.grid;
	double about_k = base->uncertainty->match->tf_ref_k;
	struct match_fits fits = base->fits;
	double below_k = fits.from_k - about_k, above_k = fits.to_k - about_k;

	fits.glass = fits.glass_first = parabola_line(grid, result->glass_k, about_k);
	fits.liquid = fits.liquid_first = parabola_line(grid, result->liquid_k, about_k);
	fits.area_first = fits.area_ref = (above_k * above_k * above_k - below_k * below_k * below_k) / 3;
	return fits;
}

static struct base base_make(const struct uncertainty *uncertainty, const struct pair_result *result)
{
	struct base base = {
		.uncertainty = uncertainty,
		.sums = sums_make(uncertainty->grid, uncertainty->scratch),
		.now = quantities_of(uncertainty->match, uncertainty->probes),
		.align = result->align,
	};

	sums_fits(&base.sums, result->glass_k, result->liquid_k, &base.fits);
	base.parabola = parabola_fits(&base, result);
	return base;
}

static struct line line_minus(struct line line, double q, struct line other)
{
	return (struct line){line.centre, line.value - q * other.value, line.slope - q * other.slope};
}

/* What a heat-loss parabola @q moves: the pair matched again with the parabola taken off both scans. */
static struct quantities parabola_off(const struct base *base, double q)
{
	const struct match_fits *parabola = &base->parabola;
	struct match_fits fits = base->fits;

	if (q == 0 || isnan(q) || base->uncertainty->empty)
		return (struct quantities){{0}};
	fits.glass = line_minus(fits.glass, q, parabola->glass);
	fits.liquid = line_minus(fits.liquid, q, parabola->liquid);
	fits.glass_first = line_minus(fits.glass_first, q, parabola->glass);
	fits.liquid_first = line_minus(fits.liquid_first, q, parabola->liquid);
	fits.area_first -= q * parabola->area_first;
	fits.area_ref -= q * parabola->area_ref;
	return moved(base, &fits);
}

/* By the larger of both signs: the matching is not linear in so much. */
static double hidden_off(const struct base *base, double hidden)
{
	struct quantities up = parabola_off(base, hidden), down = parabola_off(base, -hidden);

	return fmax(fabs(up.k[QUANTITY_TF]), fabs(down.k[QUANTITY_TF]));
}

/*
 * Relaxation that fades into a window bends its line. A window that was found is taken as wide as it was
 * before the retreat (window.h), and half way there: relaxation fades exponentially, so what these move tells
 * what is still there.
 */
static struct fade tail_of(const struct base *base, const struct pair_result *result, bool glass)
{
	const double advance = WINDOW_RETREAT_SHARE / (1 - WINDOW_RETREAT_SHARE);
	double step_k =
		0.5 * advance *
		(glass ? result->glass_k[1] - result->glass_k[0] : result->liquid_k[0] - result->liquid_k[1]);
	double glass_k[2], liquid_k[2], *edge_k = glass ? &glass_k[1] : &liquid_k[0];
	struct fade tail = {.half = {{0}}};

	memcpy(glass_k, result->glass_k, sizeof(glass_k));
	memcpy(liquid_k, result->liquid_k, sizeof(liquid_k));
	if (!(glass ? result->glass_found : result->liquid_found))
		return tail;
	*edge_k += step_k;
	tail.half = moved_to(base, glass_k, liquid_k);
	*edge_k += step_k;
	tail.whole = moved_to(base, glass_k, liquid_k);
	return tail;
}

static void widest_of(struct quantities *widest, const struct quantities *off)
{
	for (int i = 0; i < QUANTITY_MAX; i++)
		widest->k[i] = fmax(widest->k[i], fabs(off->k[i]));
}

/* The furthest that windows which would have done nearly as well, and hold a glass and a liquid, put them. */
static struct quantities others_off(const struct base *base)
{
	const struct uncertainty *uncertainty = base->uncertainty;
	const struct windows *windows = uncertainty->windows;
	struct quantities widest = {{0}}, off;
	struct match_fits fits;
	char why[REFUSAL_WHY];
	struct match match;

	for (size_t i = 0; i < windows->other_count; i++) {
		const struct windows_other *other = &windows->others[i];

		if (!sums_fits(&base->sums, other->glass_k, other->liquid_k, &fits) ||
		    match_solve(&fits, base->align, &match, why) != 0 ||
		    window_check(uncertainty->grid, &match, other->glass_k, other->liquid_k,
				 uncertainty->noise_first, uncertainty->noise_ref, why) != 0)
			continue;
		off = moved(base, &fits);
		widest_of(&widest, &off);
	}
	return widest;
}

static double shares_sum(const struct pair_shares *shares)
{
	return hypot(hypot(shares->windows_k, shares->noise_k),
		     hypot(shares->curvature_k, hypot(shares->lag_k, shares->calibration_k)));
}

/*
 * Windows as good disagree by more than is stated: Tf lies anywhere between, a rectangular distribution of
 * that half width. True when it widened the share.
 */
static bool widen(struct pair_shares *shares, double others_k)
{
	double beyond2 = (others_k * others_k - OTHERS_NOISE2 * shares->noise_k * shares->noise_k) / 3;

	if (!(beyond2 > 0 && sqrt(beyond2) > shares_sum(shares)))
		return false;
	shares->windows_k = sqrt(beyond2);
	return true;
}

/*
 * A tail that does b at the edge does b e^(x/2) half way and b e^x at the edge before the retreat: what these
 * moved gives x. Noise alone makes narrow and wide windows differ by the difference of their variances, a
 * line's variance going as width^-3: only what exceeds that of both scans is relaxation. Squared.
 */
static double tail_left2(const struct fade *tail, enum quantity quantity, double noise2)
{
	double half_k = tail->half.k[quantity], whole_k = tail->whole.k[quantity];
	double narrow = 1 - WINDOW_RETREAT_SHARE, narrower2 = 1 - narrow * narrow * narrow;
	double x = half_k != 0 ? 2 * log(fmax(whole_k / half_k - 1, 1)) : TAIL_DECAY_MOST;
	double left = 1 / expm1(fmin(fmax(x, TAIL_DECAY_LEAST), TAIL_DECAY_MOST));

	if (!(whole_k * whole_k > 4 * narrower2 * noise2))
		left = fmin(left, 1);
	return left * left * (whole_k * whole_k - TAIL_CHANCE2 * narrower2 * noise2);
}

/* How the causes add up for each quantity. */
struct causes {
	struct quantities both, noise, curvature, others;
	struct fade glass, liquid;
	double floor2; /* no line is taken for straighter than a share of the step: of the noise, squared */
	double lag_k, calibration_k; /* shift all temperatures alike: no share in a difference */
};

/* @hidden2: of the noise, squared. */
static double windows_share(const struct causes *causes, enum quantity quantity, double hidden2)
{
	double both_k = causes->both.k[quantity],
	       noise2 = causes->noise.k[quantity] * causes->noise.k[quantity];
	double edges2 = fmax(0, both_k * both_k - (1 + EDGES_NOISE2) * noise2);
	double tail2 =
		tail_left2(&causes->glass, quantity, noise2) + tail_left2(&causes->liquid, quantity, noise2);

	return isnan(both_k) ? NAN : sqrt(edges2 + fmax(tail2, hidden2 * noise2));
}

/* @ret_ambiguity_k: what other windows say, when that widened the sd; else untouched. */
static struct pair_shares shares_make(const struct causes *causes, enum quantity quantity,
				      double *ret_ambiguity_k)
{
	bool difference = quantity == QUANTITY_DELTA || quantity == QUANTITY_ENTHALPY;
	double hidden2 = causes->floor2 * (difference ? BEND_HIDDEN2_DELTA : BEND_HIDDEN2);
	struct pair_shares shares = {.windows_k = windows_share(causes, quantity, hidden2),
				     .noise_k = causes->noise.k[quantity],
				     .curvature_k = fabs(causes->curvature.k[quantity])};

	if (!difference) {
		shares.lag_k = causes->lag_k;
		shares.calibration_k = causes->calibration_k;
	}
	if (widen(&shares, causes->others.k[quantity]))
		*ret_ambiguity_k = fmax(*ret_ambiguity_k, causes->others.k[quantity]);
	return shares;
}

static void report_feature(const struct causes *causes, enum quantity quantity, double *sd_k)
{
	double unused = 0;
	struct pair_shares shares = shares_make(causes, quantity, &unused);

	*sd_k = hypot(*sd_k, shares_sum(&shares));
}

/* A peak hardly feels the lines. */
static void report_features(const struct causes *causes, enum quantity onset, enum quantity midpoint,
			    struct pair_features *features)
{
	double common_k = hypot(causes->lag_k, causes->calibration_k);

	features->tp_own_sd_k = features->tp_sd_k;
	features->tp_sd_k = hypot(features->tp_sd_k, common_k);
	features->tp_sub_sd_k = hypot(features->tp_sub_sd_k, common_k);
	report_feature(causes, onset, &features->onset_sd_k);
	report_feature(causes, midpoint, &features->midpoint_sd_k);
}

/* Nothing is hidden at the edge of a window that was given: that is then the user's to know. */
static double hidden_floor2(const struct uncertainty *uncertainty, const struct pair_result *result)
{
	double floor =
		WINDOW_FLOOR_SHARE * result->step / fmax(uncertainty->noise_ref, uncertainty->noise_first);

	if (!result->glass_found && !result->liquid_found)
		return 0;
	return isfinite(floor) ? fmax(1, floor * floor) : 1;
}

static struct causes causes_find(const struct base *base, struct pair_result *result)
{
	const struct uncertainty *uncertainty = base->uncertainty;
	const struct pair_options *options = uncertainty->options;
	struct causes causes = {
		.glass = tail_of(base, result, true),
		.liquid = tail_of(base, result, false),
		.others = others_off(base),
		.floor2 = hidden_floor2(uncertainty, result),
		.lag_k = isnan(result->rate_k_per_s) ? 0 : options->lag_sd_s * result->rate_k_per_s,
		.calibration_k = options->calibration_sd_k,
	};
	struct bootstrap bootstrap = {
		.sums = &base->sums,
		.glass_k = result->glass_k,
		.liquid_k = result->liquid_k,
		.align = result->align,
		.probes = uncertainty->probes,
		.noise_first = uncertainty->noise_first,
		.noise_ref = uncertainty->noise_ref,
		.count = options->bootstrap_count,
		.seed = options->seed,
	};
	struct bootstrap_spread both, noise;

	bootstrap_run(&bootstrap, &both, &noise);
	result->bootstrap_used = both.used;
	causes.both = both.sd;
	causes.noise = noise.sd;
	return causes;
}

void uncertainty_report(const struct uncertainty *uncertainty, struct pair_result *result)
{
	struct base base = base_make(uncertainty, result);
	struct causes causes = causes_find(&base, result);
	double q, hidden, unused = 0;
	struct pair_shares enthalpy;

	q = window_curvature(uncertainty->grid, result->glass_k, result->liquid_k, uncertainty->noise_ref,
			     &hidden);
	causes.curvature = parabola_off(&base, q);
	result->curvature_hidden_k = hidden_off(&base, hidden);
	result->curvature_sd_k = fabs(causes.curvature.k[QUANTITY_TF]);
	result->tf_shares = shares_make(&causes, QUANTITY_TF, &result->ambiguity_k);
	result->tf_ref_shares = shares_make(&causes, QUANTITY_TF_REF, &unused);
	result->delta_tf_shares = shares_make(&causes, QUANTITY_DELTA, &result->ambiguity_k);
	enthalpy = shares_make(&causes, QUANTITY_ENTHALPY, &unused);
	result->enthalpy_sd = shares_sum(&enthalpy) * result->step;
	result->tf_sd_k = shares_sum(&result->tf_shares);
	result->tf_ref_sd_k = shares_sum(&result->tf_ref_shares);
	result->delta_tf_sd_k = shares_sum(&result->delta_tf_shares);
	report_features(&causes, QUANTITY_ONSET, QUANTITY_MIDPOINT, &result->first);
	report_features(&causes, QUANTITY_ONSET_REF, QUANTITY_MIDPOINT_REF, &result->reference);
}
