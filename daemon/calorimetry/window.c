/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/window.h"

#include <math.h>

#define STEP_SIGMAS 5.0
#define STEP_SHARE_MIN 0.005 /* of what the signal spans: below, it is drift */
#define FLOOR_SHARE 5e-4     /* of the step: no real line is straighter, whatever the noise says */
#define BEYOND_SIGMAS 2.0    /* curvature below this many sd is noise */
#define MARGIN_LOW 0.06      /* of the range: start-up transient */
#define MARGIN_HIGH 0.01
#define WIDTH_MIN_SHARE 0.10 /* of the glass, of the liquid side */
#define OVERSHOOT_MIN 0.04   /* of the step */
#define OVERSHOOT_SIGMAS 4.0
#define SAGITTA_MAX 0.05 /* of the step */
#define SLOPE_MAX 0.7    /* of the step, lost or won over the liquid window; heat loss alone makes 0.45 */
#define MERGE_MAX 0.05   /* of the step, by which the scans part over the liquid window */

enum { BLOCKS_MAX = 96, BLOCK_POINTS = 4 };

/* The pair in up to 96 stretches of equal width; moments up to each edge, u = T less the range's middle. */
struct blocks {
	size_t count;
	double low_k, width_k, middle_k;
	struct moments first[BLOCKS_MAX + 1], reference[BLOCKS_MAX + 1];
};

static double edge_k(const struct blocks *blocks, size_t edge)
{
	return blocks->low_k + (double)edge * blocks->width_k;
}

static void blocks_fill(const struct grid *grid, struct blocks *ret_blocks)
{
	double low_k = grid->temperature_k[0], high_k = grid->temperature_k[grid->count - 1];
	size_t count = grid->count / BLOCK_POINTS, i = 0;

	count = count < BLOCKS_MAX ? count : BLOCKS_MAX;
	ret_blocks->count = count;
	ret_blocks->low_k = low_k;
	ret_blocks->width_k = (high_k - low_k) / (double)count;
	ret_blocks->middle_k = 0.5 * (low_k + high_k);
	ret_blocks->first[0] = ret_blocks->reference[0] = (struct moments){0};
	for (size_t b = 1; b <= count; b++) {
		double end_k = edge_k(ret_blocks, b);
		struct moments f = ret_blocks->first[b - 1], r = ret_blocks->reference[b - 1];

		for (; i < grid->count && (grid->temperature_k[i] < end_k || b == count); i++) {
			double u = grid->temperature_k[i] - ret_blocks->middle_k;

			moments_add(&f, u, grid->first[i]);
			moments_add(&r, u, grid->reference[i]);
		}
		ret_blocks->first[b] = f;
		ret_blocks->reference[b] = r;
	}
}

static struct moments stretch(const struct moments *edges, size_t from, size_t to)
{
	return moments_minus(&edges[to], &edges[from]);
}

/* Line through blocks [from, to), in u. */
static struct line stretch_line(const struct moments *edges, size_t from, size_t to)
{
	struct moments m = stretch(edges, from, to);
	double c = m.u / m.n, y = m.y / m.n, suu = m.u2 - m.n * c * c;

	return (struct line){c, y, suu > 0 ? (m.yu - m.n * c * y) / suu : 0};
}

static double block_mean(const struct moments *edges, size_t block)
{
	struct moments m = stretch(edges, block, block + 1);

	return m.n > 0 ? m.y / m.n : NAN;
}

/* The steepest of the lines through three neighbouring blocks, the typical drift taken off by @drift. */
static size_t steepest(const struct blocks *blocks, double drift)
{
	size_t from = (size_t)(0.08 * (double)blocks->count), best = from + 1;
	double best_slope = -INFINITY;

	for (size_t b = from + 1; b + 1 < blocks->count; b++) {
		struct line line = stretch_line(blocks->reference, b - 1, b + 2);

		if (line.slope - drift > best_slope) {
			best_slope = line.slope - drift;
			best = b;
		}
	}
	return best;
}

/* Highest block more than @least above @line in [from, to); @from when there is none. */
static size_t highest(const struct moments *edges, struct line line, const struct blocks *blocks, size_t from,
		      size_t to, double least)
{
	size_t best = from;
	double best_y = least;

	for (size_t b = from; b < to; b++) {
		double u = edge_k(blocks, b) + 0.5 * blocks->width_k - blocks->middle_k;
		double y = block_mean(edges, b) - line_at(line, u);

		if (y > best_y) {
			best_y = y;
			best = b;
		}
	}
	return best;
}

/* What a candidate window is judged by. */
struct judge {
	double target_u;         /* the line is extrapolated to here */
	double noise_r, noise_d; /* of one point; d = first - reference */
	bool glass;
};

static double beyond_noise(const struct moments *m, double noise)
{
	double variance, q = moments_curvature(m, &variance);

	if (isinf(variance))
		return INFINITY;
	return fmax(0, fabs(q) - BEYOND_SIGMAS * noise * sqrt(variance));
}

/* Expected error squared of the line at the target, and of the alignment. */
static double window_cost(const struct blocks *blocks, const struct judge *judge, size_t from, size_t to)
{
	struct moments r = stretch(blocks->reference, from, to), f = stretch(blocks->first, from, to), d = r;
	double width = (double)(to - from) * blocks->width_k, centre = r.u / r.n;
	double distance = fabs(centre - judge->target_u), bias, split;

	if (r.n < 6)
		return INFINITY;
	d.y -= f.y;
	d.yu -= f.yu;
	d.yu2 -= f.yu2;
	bias = beyond_noise(&r, judge->noise_r) * width * distance;
	split = beyond_noise(&d, judge->noise_d) * width * width;
	return bias * bias + split * split +
	       judge->noise_r * judge->noise_r / r.n * (1 + 12 * distance * distance / (width * width)) +
	       judge->noise_d * judge->noise_d / r.n;
}

static double search(const struct blocks *blocks, const struct judge *judge, size_t from, size_t from_last,
		     size_t to, size_t least, double ret_window_k[2])
{
	double best = INFINITY;

	for (size_t a = from; a <= from_last && a + least <= to; a++)
		for (size_t b = a + least; b <= to; b += 1 + (b - a) / 16) {
			double cost = window_cost(blocks, judge, a, b);

			if (cost < best) {
				best = cost;
				ret_window_k[0] = edge_k(blocks, a);
				ret_window_k[1] = edge_k(blocks, b);
			}
		}
	return best;
}

static size_t width_least(size_t side)
{
	size_t least = (size_t)ceil(WIDTH_MIN_SHARE * (double)side);

	return least > 2 ? least : 2;
}

/* The scan's first look: where it rises and by how much. */
struct outline {
	size_t rise, peak, low, high; /* blocks; low and high: what the margins leave */
	struct line glass, liquid;    /* rough, in u */
	double step;
};

static void outline_step(const struct blocks *blocks, struct outline *outline)
{
	size_t below = outline->rise > outline->low ? outline->rise - outline->low : 1;
	size_t above = outline->high > outline->rise ? outline->high - outline->rise : 1;
	size_t glass_to = outline->low + (below * 3 + 3) / 4, liquid_from = outline->high - (above + 4) / 5;

	outline->glass = stretch_line(blocks->reference, outline->low,
				      glass_to > outline->low + 1 ? glass_to : outline->low + 2);
	outline->liquid =
		stretch_line(blocks->reference, liquid_from < outline->high ? liquid_from : outline->high - 1,
			     outline->high);
	/* the short liquid line's slope is not to be trusted far: the step where it is known */
	outline->step = outline->liquid.value - line_at(outline->glass, outline->liquid.centre);
}

/* @noise: of one point. A block that stands out by less than 4 % of the step or 4 sd is no overshoot. */
static struct outline outline_of(const struct blocks *blocks, double noise)
{
	struct outline outline = {.low = (size_t)(MARGIN_LOW * (double)blocks->count),
				  .high = blocks->count - (size_t)(MARGIN_HIGH * (double)blocks->count)};
	struct line whole = stretch_line(blocks->reference, 0, blocks->count);
	double points = blocks->reference[blocks->count].n / (double)blocks->count, least;
	size_t peak_first;

	outline.rise = steepest(blocks, whole.slope);
	outline_step(blocks, &outline);
	least = fmax(OVERSHOOT_MIN * outline.step, OVERSHOOT_SIGMAS * noise / sqrt(points));
	outline.peak = highest(blocks->reference, outline.liquid, blocks, outline.rise, outline.high, least);
	peak_first = highest(blocks->first, outline.liquid, blocks, outline.rise, outline.high, least);
	outline.peak = peak_first > outline.peak ? peak_first : outline.peak;
	return outline;
}

static double span_of_signal(const struct grid *grid)
{
	double low = INFINITY, high = -INFINITY;

	for (size_t i = 0; i < grid->count; i++) {
		low = fmin(low, grid->reference[i]);
		high = fmax(high, grid->reference[i]);
	}
	return high - low;
}

/* A glass is the straighter the colder: its window starts in the coldest quarter of what there is. */
static int find_glass(const struct blocks *blocks, const struct outline *outline, const struct judge *judge,
		      double ret_window_k[2], char *why)
{
	size_t side = outline->rise > outline->low ? outline->rise - outline->low : 0;
	double cost = INFINITY;

	if (side >= 4)
		cost = search(blocks, judge, outline->low, outline->low + side / 4, outline->rise,
			      width_least(side), ret_window_k);
	if (!(sqrt(cost) < 0.5 * outline->step))
		return refusal_say(
			why, REFUSAL_NO_GLASS,
			"no straight glass line between %.0f K and the rise at %.0f K; start the scan colder "
			"or give --glass",
			edge_k(blocks, 0), edge_k(blocks, outline->rise));
	ret_window_k[1] -= WINDOW_RETREAT_SHARE * (ret_window_k[1] - ret_window_k[0]);
	return 0;
}

static int find_liquid(const struct blocks *blocks, const struct outline *outline, const struct judge *judge,
		       double ret_window_k[2], char *why)
{
	size_t side = outline->high > outline->peak + 1 ? outline->high - outline->peak - 1 : 0;
	double cost = INFINITY;

	if (side >= 3)
		cost = search(blocks, judge, outline->peak + 1, outline->high, outline->high,
			      width_least(side), ret_window_k);
	if (!(sqrt(cost) < 0.5 * outline->step))
		return refusal_say(
			why, REFUSAL_NO_LIQUID,
			"no straight liquid line between the rise at %.0f K and the end at %.0f K; scan "
			"hotter or give --liquid",
			edge_k(blocks, outline->rise), edge_k(blocks, blocks->count));
	ret_window_k[0] += WINDOW_RETREAT_SHARE * (ret_window_k[1] - ret_window_k[0]);
	return 0;
}

int window_find(const struct grid *grid, double noise_first, double noise_ref, struct windows *ret_windows,
		char ret_why[REFUSAL_WHY])
{
	struct blocks blocks;
	struct outline outline;
	struct judge judge = {.glass = true};
	double least;
	int r = 0;

	blocks_fill(grid, &blocks);
	outline = outline_of(&blocks, fmax(noise_first, noise_ref));
	ret_windows->rise_k = edge_k(&blocks, outline.rise) + 0.5 * blocks.width_k;
	ret_windows->step = outline.step;
	least = fmax(STEP_SIGMAS * noise_ref, STEP_SHARE_MIN * span_of_signal(grid));
	if (!(outline.step > least) && isnan(ret_windows->glass_k[0]) && isnan(ret_windows->liquid_k[0]))
		return refusal_say(
			ret_why, REFUSAL_NO_STEP,
			"the reference scan has no step above its noise (step %.3g, noise %.3g); endothermic "
			"must be up and the scan must cross Tg",
			outline.step, noise_ref);
	judge.target_u = ret_windows->rise_k - blocks.middle_k;
	judge.noise_r = fmax(noise_ref, FLOOR_SHARE * outline.step);
	judge.noise_d = hypot(fmax(noise_first, FLOOR_SHARE * outline.step), judge.noise_r);
	if (isnan(ret_windows->glass_k[0]))
		r = find_glass(&blocks, &outline, &judge, ret_windows->glass_k, ret_why);
	judge.glass = false;
	if (r == 0 && isnan(ret_windows->liquid_k[0]))
		r = find_liquid(&blocks, &outline, &judge, ret_windows->liquid_k, ret_why);
	return r;
}

static struct moments window_moments(const struct grid *grid, const double *y, const double window_k[2],
				     double sign)
{
	size_t from = line_index(grid->temperature_k, grid->count, window_k[0]);
	struct moments moments = {0};

	for (size_t i = from; i < grid->count && grid->temperature_k[i] <= window_k[1]; i++)
		moments_add(&moments, grid->temperature_k[i] - window_k[0],
			    y[i] + (sign == 0 ? 0 : sign * grid->reference[i]));
	return moments;
}

static double slope_of(const struct moments *m, double *ret_variance)
{
	double c = m->u / m->n, suu = m->u2 - m->n * c * c;

	*ret_variance = 1 / suu;
	return (m->yu - c * m->y) / suu;
}

static int check_merge(const struct grid *grid, const struct match *match, const double liquid_k[2],
		       double step, double noise, char *why)
{
	struct moments d = window_moments(grid, grid->first, liquid_k, -1);
	double width = liquid_k[1] - liquid_k[0], variance, slope = slope_of(&d, &variance);
	double parts = fabs(slope + match->c) * width, allowed;

	/* y' - r = (f - r) + (k - 1) f + c T + b */
	if (match->k != 1) {
		struct moments f = window_moments(grid, grid->first, liquid_k, 0);
		double unused;

		parts = fabs(slope + match->c + (match->k - 1) * slope_of(&f, &unused)) * width;
	}
	allowed = MERGE_MAX * step + 4 * noise * sqrt(variance) * width;
	if (parts > allowed)
		return refusal_say(why, REFUSAL_NO_LIQUID,
				   "the two scans do not merge in the liquid window %.0f to %.0f K: they "
				   "part by %.0f %% "
				   "of the step",
				   liquid_k[0], liquid_k[1], 100 * parts / step);
	return 0;
}

static int check_sagitta(const struct grid *grid, const double window_k[2], double step, double noise,
			 enum refusal refusal, const char *name, char *why)
{
	struct moments m = window_moments(grid, grid->reference, window_k, 0);
	double width = window_k[1] - window_k[0], variance, q = moments_curvature(&m, &variance);
	double sagitta = fmax(0, fabs(q) - 4 * noise * sqrt(variance)) * width * width / 8;

	if (isfinite(variance) && sagitta > SAGITTA_MAX * step)
		return refusal_say(why, refusal,
				   "the %s window %.0f to %.0f K is bent by %.0f %% of the step: no %s line",
				   name, window_k[0], window_k[1], 100 * sagitta / step, name);
	return 0;
}

int window_check(const struct grid *grid, const struct match *match, const double glass_k[2],
		 const double liquid_k[2], double noise_first, double noise_ref, char ret_why[REFUSAL_WHY])
{
	double step = line_at(match->liquid, match->tf_ref_k) - line_at(match->glass, match->tf_ref_k);
	double lost = fabs(match->liquid.slope - match->glass.slope) * (liquid_k[1] - liquid_k[0]);
	int r;

	if (!(step > STEP_SIGMAS * noise_ref))
		return refusal_say(ret_why, REFUSAL_NO_STEP, "the step %.3g is below 5 times the noise %.3g",
				   step, noise_ref);
	if (lost > SLOPE_MAX * step)
		return refusal_say(ret_why, REFUSAL_NO_LIQUID,
				   "the liquid line falls or rises by %.0f %% of the step over its window "
				   "%.0f to %.0f K: "
				   "no liquid",
				   100 * lost / step, liquid_k[0], liquid_k[1]);
	r = check_sagitta(grid, liquid_k, step, noise_ref, REFUSAL_NO_LIQUID, "liquid", ret_why);
	if (r == 0)
		r = check_sagitta(grid, glass_k, step, noise_ref, REFUSAL_NO_GLASS, "glass", ret_why);
	if (r == 0)
		r = check_merge(grid, match, liquid_k, step, hypot(noise_first, noise_ref), ret_why);
	return r;
}

double window_curvature(const struct grid *grid, const double glass_k[2], const double liquid_k[2],
			double noise)
{
	struct moments g = window_moments(grid, grid->reference, glass_k, 0);
	struct moments l = window_moments(grid, grid->reference, liquid_k, 0);
	double variance_g, variance_l, q_g = moments_curvature(&g, &variance_g),
				       q_l = moments_curvature(&l, &variance_l);
	double weight = 1 / variance_g + 1 / variance_l;
	double q = (q_g / variance_g + q_l / variance_l) / weight;

	return weight > 0 && fabs(q) > 2.5 * noise / sqrt(weight) ? q : 0;
}
