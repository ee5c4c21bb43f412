/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/outline.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define MARGIN_LOW 0.06 /* of the range: start-up transient */
#define MARGIN_HIGH 0.01
#define RISE_SHARE 0.15    /* of the steepest slope: where the rise begins and ends */
#define RISE_SIGMAS 3.0    /* of a slope: below, there is no telling it from the drift */
#define FLAT_SIGMAS 8.0    /* of a block's mean, from the lowest to the highest: noise alone */
#define FLAT_SHARE 0.005   /* of what the signal spans: drift */
#define STEP_SIGMAS 5.0    /* of one point */
#define STEP_SHARE_MIN 0.2 /* of the largest departure from a straight line */
#define HEIGHT_MIN 0.3     /* of the step: what the signal rises by from foot to top */
#define OVERSHOOT_MIN 0.04 /* of the step */
#define OVERSHOOT_SIGMAS 4.0
#define SIDE_MIN 0.5   /* of the rise's width: what must be left of the scan below and above it */
#define FILLS_MIN 0.2  /* of the scan, from foot to top */
#define GROWTH_MAX 0.1 /* of the steepest slope, over the first quarter: no glass */

enum { SPAN_MIN = 2 }; /* blocks a side needs at least */

/* Slopes of the lines through neighbouring blocks, and how sure they are. */
struct slopes {
	double at[BLOCKS_MAX];
	double drift; /* the median: most of a scan is no transition */
	double steepest;
	double sd; /* of one slope */
};

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void slopes_fill(const struct blocks *blocks, const struct outline *outline, double noise, size_t half,
			struct slopes *ret_slopes)
{
	size_t first = outline->low + half, last = outline->high - half - 1, n = 0;
	struct moments m = blocks_between(blocks->reference, outline->low, outline->low + 2 * half + 1);
	double sorted[BLOCKS_MAX];

	for (size_t b = outline->low; b < outline->high; b++) {
		size_t at = b < first ? first : b > last ? last : b;

		ret_slopes->at[b] = blocks_line(blocks->reference, at - half, at + half + 1).slope;
		if (b == at)
			sorted[n++] = ret_slopes->at[b];
	}
	qsort(sorted, n, sizeof(sorted[0]), ascending);
	ret_slopes->steepest = sorted[n - 1];
	ret_slopes->drift = n % 2 ? sorted[n / 2] : 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]);
	ret_slopes->sd = noise / sqrt(m.u2 - m.u * m.u / m.n);
}

/* As narrow as noise lets the ends of the rise be told from the drift; else where the rise stands out most.
 */
static void slopes_find(const struct blocks *blocks, const struct outline *outline, double noise,
			struct slopes *ret_slopes)
{
	size_t most = (outline->high - outline->low) / 8;
	double best = -1;

	for (size_t half = 1; half == 1 || half <= most; half++) {
		struct slopes slopes;
		double excess, sigmas;

		slopes_fill(blocks, outline, noise, half, &slopes);
		excess = slopes.steepest - slopes.drift;
		sigmas = excess / fmax(slopes.sd, DBL_MIN);
		if (half == 1 || sigmas > best) {
			best = sigmas;
			*ret_slopes = slopes;
		}
		if (RISE_SIGMAS < RISE_SHARE * sigmas)
			break;
	}
}

/* Lowest to highest block mean over the parabola @q u^2 and its own best line, in [low, high). */
static double span_over_parabola(const struct blocks *blocks, const struct outline *outline, double q)
{
	struct moments m = blocks_between(blocks->reference, outline->low, outline->high);
	double c = m.u / m.n, suu = m.u2 - m.n * c * c, low = INFINITY, high = -INFINITY;
	double y = m.y - q * m.u2, yu = m.yu - q * m.u3, slope = (yu - c * y) / suu;

	for (size_t b = outline->low; b < outline->high; b++) {
		struct moments block = blocks_between(blocks->reference, b, b + 1);
		double off = (block.y - q * block.u2 - slope * block.u) / block.n;

		low = fmin(low, off);
		high = fmax(high, off);
	}
	return high - low;
}

static double span_of_signal(const struct blocks *blocks, const struct outline *outline)
{
	double low = INFINITY, high = -INFINITY;

	for (size_t b = outline->low; b < outline->high; b++) {
		low = fmin(low, blocks_mean(blocks->reference, b));
		high = fmax(high, blocks_mean(blocks->reference, b));
	}
	return high - low;
}

/* Where a course with slopes above @drift begins and ends about the steepest. */
static void find_ends(struct outline *outline, const struct slopes *slopes, double drift)
{
	double least = fmax(RISE_SHARE * (slopes->at[outline->rise] - drift), RISE_SIGMAS * slopes->sd);

	outline->foot = outline->top = outline->rise;
	while (outline->foot > outline->low && slopes->at[outline->foot] - drift > least)
		outline->foot--;
	while (outline->top + 1 < outline->high && slopes->at[outline->top] - drift > least)
		outline->top++;
}

/* The slope a quarter of the blocks below the rise stay under. */
static double drift_below(const struct outline *outline, const struct slopes *slopes)
{
	double sorted[BLOCKS_MAX];
	size_t n = outline->rise - outline->low;

	for (size_t i = 0; i < n; i++)
		sorted[i] = slopes->at[outline->low + 1 + i];
	qsort(sorted, n, sizeof(sorted[0]), ascending);
	return sorted[n / 4];
}

/* Where the rise fills much of the scan, the median slope is not the drift. */
static void find_rise(struct outline *outline, const struct slopes *slopes)
{
	struct outline wide;

	outline->rise = outline->low + 1;
	for (size_t b = outline->rise; b + 1 < outline->high; b++)
		if (slopes->at[b] > slopes->at[outline->rise])
			outline->rise = b;
	find_ends(outline, slopes, slopes->drift);
	if ((double)(outline->top - outline->foot) < FILLS_MIN * (double)(outline->high - outline->low))
		return;
	wide = *outline;
	find_ends(&wide, slopes, fmin(slopes->drift, drift_below(outline, slopes)));
	outline->foot = wide.foot;
}

/*
 * The glass line from the half nearest the foot, the liquid line from the fifth nearest the end. Its slope is
 * not to be trusted far: the step where it is known.
 */
static void find_step(const struct blocks *blocks, struct outline *outline)
{
	size_t above = outline->high - outline->top, from = outline->high - (above + 4) / 5;
	size_t below = outline->foot - outline->low, to = outline->foot - below / 4, begin;
	struct line glass, liquid;

	from = from + 2 < outline->high ? from : outline->high - 2;
	to = to > outline->low + 2 ? to : outline->low + 2;
	begin = outline->low + below / 4;
	glass = blocks_line(blocks->reference, begin + 2 < to ? begin : to - 2, to);
	liquid = blocks_line(blocks->reference, from, outline->high);
	outline->liquid_from = from;
	outline->step = liquid.value - line_at(glass, liquid.centre);
}

/* Highest block more than @least above the scan's own liquid line, from the rise on; the rise when there is
 * none. */
static size_t highest(const struct moments *edges, const struct blocks *blocks, const struct outline *outline,
		      double least)
{
	struct line liquid = blocks_line(edges, outline->liquid_from, outline->high);
	size_t best = outline->rise;

	for (size_t b = outline->rise; b < outline->high; b++) {
		double y = blocks_mean(edges, b) - line_at(liquid, blocks_centre_u(blocks, b));

		if (y > least) {
			best = b;
			least = y;
		}
	}
	return best;
}

/* A block that stands out by less than 4 % of the step or 4 sd is no overshoot. */
static void find_peak(const struct blocks *blocks, double noise_block, struct outline *outline)
{
	double least = fmax(OVERSHOOT_MIN * outline->step, OVERSHOOT_SIGMAS * noise_block);
	size_t first = highest(blocks->first, blocks, outline, least);

	outline->peak = highest(blocks->reference, blocks, outline, least);
	outline->peak = first > outline->peak ? first : outline->peak;
}

static int say_no_step(double span, double noise, char *why)
{
	return refusal_say(
		why, REFUSAL_NO_STEP,
		"the reference scan has no step above its noise (departs from its line by %.3g, noise "
		"%.3g); endothermic must be up and the scan must cross Tg",
		span, noise);
}

static int say_no_glass(const struct blocks *blocks, char *why)
{
	return refusal_say(
		why, REFUSAL_NO_GLASS,
		"the scan starts at %.0f K, inside or above the transition: no glass line; start it "
		"colder",
		blocks_edge_k(blocks, 0));
}

static int say_no_liquid(const struct blocks *blocks, char *why)
{
	return refusal_say(
		why, REFUSAL_NO_LIQUID,
		"the scan stops at %.0f K, before the transition is over: no liquid line; scan hotter",
		blocks_edge_k(blocks, blocks->count));
}

/* Lies the steepest course, up or down, in the lower half? */
static bool bent_below(const struct outline *outline, const struct slopes *slopes)
{
	size_t best = outline->low + 1;

	for (size_t b = best; b + 1 < outline->high; b++)
		if (fabs(slopes->at[b] - slopes->drift) > fabs(slopes->at[best] - slopes->drift))
			best = b;
	return best < (outline->low + outline->high) / 2;
}

/* Does the reference depart from a parabola by more than its noise? */
static bool bent(const struct blocks *blocks, const struct outline *outline, double noise_block)
{
	struct moments whole = blocks_between(blocks->reference, outline->low, outline->high);
	double variance, q = moments_curvature(&whole, &variance);

	return span_over_parabola(blocks, outline, isfinite(q) ? q : 0) >
	       fmax(FLAT_SIGMAS * noise_block, FLAT_SHARE * span_of_signal(blocks, outline));
}

static bool side_enough(const struct outline *outline, size_t from, size_t to)
{
	double rise = (double)(outline->top - outline->foot);

	return to >= from + SPAN_MIN && (double)(to - from) >= SIDE_MIN * rise;
}

static bool glass_side(const struct outline *outline)
{
	return side_enough(outline, outline->low, outline->foot);
}

static bool liquid_side(const struct outline *outline)
{
	return side_enough(outline, outline->peak > outline->top ? outline->peak : outline->top,
			   outline->high);
}

/* Of the rise, over the drift. */
static double height(const struct blocks *blocks, const struct outline *outline, const struct slopes *slopes)
{
	double run_k = (double)(outline->top - outline->foot) * blocks->width_k;

	return blocks_mean(blocks->reference, outline->top) - blocks_mean(blocks->reference, outline->foot) -
	       slopes->drift * run_k;
}

/* Over the first quarter, does the slope grow towards the steepest one already? */
static bool risen_already(const struct outline *outline, const struct slopes *slopes)
{
	double start = slopes->at[outline->low + 1], steepest = slopes->at[outline->rise];
	double quarter = slopes->at[outline->low + 1 + (outline->high - outline->low) / 4];

	return quarter - start > fmax(GROWTH_MAX * (steepest - start), RISE_SIGMAS * M_SQRT2 * slopes->sd);
}

int outline_of(const struct blocks *blocks, double noise, struct outline *ret_outline,
	       char ret_why[REFUSAL_WHY])
{
	struct outline outline = {.low = (size_t)(MARGIN_LOW * (double)blocks->count),
				  .high = blocks->count - (size_t)(MARGIN_HIGH * (double)blocks->count)};
	double points = blocks->reference[blocks->count].n / (double)blocks->count;
	double noise_block = noise / sqrt(points), span = span_over_parabola(blocks, &outline, 0);
	struct slopes slopes;
	int r = 0;

	slopes_find(blocks, &outline, noise, &slopes);
	find_rise(&outline, &slopes);
	find_step(blocks, &outline);
	find_peak(blocks, noise_block, &outline);
	*ret_outline = outline;
	if (!bent(blocks, &outline, noise_block))
		r = say_no_step(span, noise, ret_why);
	else if (!glass_side(&outline) || (!liquid_side(&outline) && risen_already(&outline, &slopes)))
		r = say_no_glass(blocks, ret_why);
	else if (!liquid_side(&outline))
		r = say_no_liquid(blocks, ret_why);
	else if (outline.step < STEP_SHARE_MIN * span ||
		 height(blocks, &outline, &slopes) < HEIGHT_MIN * outline.step)
		r = bent_below(&outline, &slopes) ? say_no_glass(blocks, ret_why)
						  : say_no_liquid(blocks, ret_why);
	else if (outline.step < STEP_SIGMAS * noise)
		r = say_no_step(outline.step, noise, ret_why);
	return r;
}
