/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/window.h"

#include <math.h>
#include <string.h>

#include "daemon/calorimetry/crystal.h"
#include "daemon/calorimetry/outline.h"

#define BEYOND_SIGMAS 2.0    /* curvature and slope below this many sd are noise */
#define CURVATURE_SIGMAS 3.0 /* of what noise makes of the curvature both windows share */
#define WIDTH_MIN_SHARE 0.10 /* of the glass, of the liquid side */
#define OTHER_COST_MAX 4.0   /* of the best window's cost: twice its expected error */
#define COMMON_MAX 0.15      /* of the step, by which the scans part between window and rise */
#define APART_MAX 0.5        /* of the step: beyond, the scans have no glass in common */
#define STEP_SIGMAS 5.0
#define SAGITTA_MAX 0.05  /* of the step */
#define SLOPE_MAX 0.7     /* of the step, lost or won over the liquid window; heat loss alone makes 0.45 */
#define MERGE_MAX 0.05    /* of the step, by which the scans part over the liquid window */
#define SCALE_OFF_MAX 0.3 /* match.c refuses beyond */

enum { BLOCKS_OUTLINE_MIN = 20, STRATA = 4 }; /* two sides of them: WINDOWS_OTHERS_MAX */

/* What a candidate window is judged by. */
struct judge {
	const struct blocks *blocks;
	enum pair_align align;
	double target_u;                  /* the line is extrapolated to here */
	double noise_r, noise_d;          /* of one point; d = first - reference */
	struct line liquid, liquid_first; /* in u, once found; not used for the liquid itself */
	bool glass;
	bool near;         /* the coldest part is not common to both scans */
	size_t foot, high; /* blocks where the rise begins and the scan ends */
};

/* A window, [from, to) in blocks, and what it is worth. */
struct candidate {
	size_t from, to;
	double cost;  /* expected error squared of the line at the target, and of the alignment */
	double apart; /* by which the aligned scans part between window and target, beyond noise */
};

static double beyond_noise(const struct moments *m, double noise)
{
	double variance, q = moments_curvature(m, &variance);

	if (isinf(variance))
		return INFINITY;
	return fmax(0, fabs(q) - BEYOND_SIGMAS * noise * sqrt(variance));
}

/* k of PAIR_ALIGN_SCALE for this glass, as match.c takes it; else 1. NAN beyond what match.c allows. */
static double scale_of(const struct judge *judge, size_t from, size_t to)
{
	struct line glass = blocks_line(judge->blocks->reference, from, to);
	struct line glass_first = blocks_line(judge->blocks->first, from, to);
	double middle_u = 0.5 * (glass.centre + judge->liquid.centre), k;

	if (judge->align != PAIR_ALIGN_SCALE)
		return 1;
	k = (line_at(judge->liquid, middle_u) - line_at(glass, middle_u)) /
	    (line_at(judge->liquid_first, middle_u) - line_at(glass_first, middle_u));
	return fabs(k - 1) <= SCALE_OFF_MAX ? k : NAN;
}

static bool tilts(const struct judge *judge)
{
	return judge->align == PAIR_ALIGN_TILT || judge->align == PAIR_ALIGN_SCALE;
}

/*
 * The slope the aligned scans keep against each other in a glass window, beyond noise. The alignment gives
 * them one mean in both windows; only a pair with the same glass line is parallel then.
 */
static double slope_apart(const struct judge *judge, size_t from, size_t to)
{
	struct line glass = blocks_line(judge->blocks->reference, from, to);
	struct line first = blocks_line(judge->blocks->first, from, to);
	struct moments r = blocks_between(judge->blocks->reference, from, to);
	double k = scale_of(judge, from, to), slope = k * first.slope - glass.slope, tilt = 0;
	double suu = r.u2 - r.u * r.u / r.n;

	if (tilts(judge))
		tilt = (k * judge->liquid_first.value - judge->liquid.value -
			(k * first.value - glass.value)) /
		       (judge->liquid.centre - glass.centre);
	if (isnan(k))
		return INFINITY;
	return fmax(0, fabs(slope - tilt) - BEYOND_SIGMAS * judge->noise_d / sqrt(suu));
}

/* By how much the aligned scans part at the foot of the rise, beyond noise. */
static double apart_at_foot(const struct judge *judge, size_t from, size_t to)
{
	struct line glass = blocks_line(judge->blocks->reference, from, to);
	struct line first = blocks_line(judge->blocks->first, from, to);
	struct moments foot = blocks_difference(judge->blocks, judge->foot - 1, judge->foot + 1);
	double k = scale_of(judge, from, to), glass_off = k * first.value - glass.value;
	double liquid_off = k * judge->liquid_first.value - judge->liquid.value;
	double there = (foot.y +
			(k - 1) * blocks_between(judge->blocks->first, judge->foot - 1, judge->foot + 1).y) /
		       foot.n;
	double share = (foot.u / foot.n - glass.centre) / (judge->liquid.centre - glass.centre);
	double off = there - glass_off - (tilts(judge) ? share * (liquid_off - glass_off) : 0);

	return fmax(0, fabs(off) - BEYOND_SIGMAS * judge->noise_d / sqrt(foot.n));
}

/*
 * By how much the scan lies above the line of a liquid window in the blocks [to, end) beyond it, more than
 * noise, carried to the target.
 */
static double above_beyond(const struct judge *judge, size_t from, size_t to, size_t end)
{
	struct line line = blocks_line(judge->blocks->reference, from, to);
	struct moments r = blocks_between(judge->blocks->reference, from, to);
	struct moments next = blocks_between(judge->blocks->reference, to, end);
	double suu = r.u2 - r.u * r.u / r.n, centre = next.u / next.n, away = centre - line.centre;
	double sd = judge->noise_r * sqrt(1 / next.n + 1 / r.n + away * away / suu);
	double above = next.y / next.n - line_at(line, centre);

	return fmax(0, above - BEYOND_SIGMAS * sd) * fabs(line.centre - judge->target_u) / away;
}

/*
 * Is the overshoot not over? Looked for as far beyond a liquid window as it is wide, and in all that is left.
 * What lies below the line crystallises: no reason against the window.
 */
static double still_falling(const struct judge *judge, size_t from, size_t to)
{
	size_t end = to + (to - from) < judge->high ? to + (to - from) : judge->high;

	if (to >= judge->high)
		return 0;
	return fmax(above_beyond(judge, from, to, end), above_beyond(judge, from, to, judge->high));
}

static struct candidate candidate_of(const struct judge *judge, size_t from, size_t to)
{
	struct moments r = blocks_between(judge->blocks->reference, from, to);
	struct moments d = blocks_difference(judge->blocks, from, to);
	double width = (double)(to - from) * judge->blocks->width_k, centre = r.u / r.n;
	double distance = fabs(centre - judge->target_u), bias, split;
	struct candidate candidate = {from, to, INFINITY, 0};

	if (r.n < 6)
		return candidate;
	bias = beyond_noise(&r, judge->noise_r) * width * distance;
	split = beyond_noise(&d, judge->noise_d) * width * width;
	if (!judge->glass)
		bias = hypot(bias, still_falling(judge, from, to));
	if (judge->glass)
		candidate.apart = slope_apart(judge, from, to) * distance;
	if (judge->near)
		candidate.apart = fmax(candidate.apart, apart_at_foot(judge, from, to));
	candidate.cost =
		bias * bias + split * split + candidate.apart * candidate.apart +
		judge->noise_r * judge->noise_r / r.n * (1 + 12 * distance * distance / (width * width)) +
		judge->noise_d * judge->noise_d / r.n;
	return candidate;
}

/* Where a search goes: windows of at least @least blocks that start in [@from, @from_last] and end by @to. */
struct field {
	size_t from, from_last, to, least;
};

static struct candidate search(const struct judge *judge, const struct field *field)
{
	struct candidate best = {field->from, field->to, INFINITY, 0};

	for (size_t a = field->from; a <= field->from_last && a + field->least <= field->to; a++)
		for (size_t b = a + field->least; b <= field->to; b += 1 + (b - a) / 16) {
			struct candidate candidate = candidate_of(judge, a, b);

			if (candidate.cost < best.cost)
				best = candidate;
		}
	return best;
}

static size_t width_least(size_t side)
{
	size_t least = (size_t)ceil(WIDTH_MIN_SHARE * (double)side);

	return least > 2 ? least : 2;
}

static void glass_window(const struct blocks *blocks, const struct candidate *candidate,
			 double ret_window_k[2])
{
	ret_window_k[0] = blocks_edge_k(blocks, candidate->from);
	ret_window_k[1] = blocks_edge_k(blocks, candidate->to);
	ret_window_k[1] -= WINDOW_RETREAT_SHARE * (ret_window_k[1] - ret_window_k[0]);
}

static void liquid_window(const struct blocks *blocks, const struct candidate *candidate,
			  double ret_window_k[2])
{
	ret_window_k[0] = blocks_edge_k(blocks, candidate->from);
	ret_window_k[1] = blocks_edge_k(blocks, candidate->to);
	ret_window_k[0] += WINDOW_RETREAT_SHARE * (ret_window_k[1] - ret_window_k[0]);
}

/* The cheapest windows that start elsewhere in the field, when they are nearly as cheap as the @best. */
static void find_others(const struct judge *judge, const struct field *field, const struct candidate *best,
			struct windows *windows)
{
	size_t starts = field->from_last - field->from + 1;

	for (size_t i = 0; i < STRATA; i++) {
		size_t from = field->from + i * starts / STRATA,
		       next = field->from + (i + 1) * starts / STRATA;
		struct windows_other *other = &windows->others[windows->other_count];
		struct candidate candidate;

		if (next == from || (best->from >= from && best->from < next))
			continue;
		candidate = search(judge, &(struct field){from, next - 1, field->to, field->least});
		if (!(candidate.cost <= OTHER_COST_MAX * best->cost))
			continue;
		memcpy(other->glass_k, windows->glass_k, sizeof(other->glass_k));
		memcpy(other->liquid_k, windows->liquid_k, sizeof(other->liquid_k));
		if (judge->glass)
			glass_window(judge->blocks, &candidate, other->glass_k);
		else
			liquid_window(judge->blocks, &candidate, other->liquid_k);
		windows->other_count++;
	}
}

/*
 * A glass is the straighter the colder: its window starts in the coldest quarter of what there is, unless the
 * scans do not run parallel there (start-up, moisture, a stressed piece). Then it is looked for everywhere.
 */
static int find_glass(const struct outline *outline, struct judge *judge, struct windows *windows, char *why)
{
	size_t side = outline->foot - outline->low;
	size_t least = width_least(side);
	struct field field = {outline->low, outline->low + side / 4, outline->foot, least};
	struct candidate best = {0, 0, INFINITY, 0};

	if (side >= 4)
		best = search(judge, &field);
	if (isinf(best.cost) && judge->align == PAIR_ALIGN_SCALE) {
		judge->glass = false; /* no window has a k that can be: match.c says which */
		best = search(judge, &field);
	}
	judge->near = judge->glass && !(fmax(best.apart, sqrt(best.cost)) <= COMMON_MAX * outline->step);
	if (side >= 4 && judge->near) {
		field.from_last = outline->foot;
		field.least = 2 * least;
		best = search(judge, &field);
	}
	if (!(sqrt(best.cost) < 0.5 * outline->step) || best.apart > APART_MAX * outline->step)
		return refusal_say(
			why, REFUSAL_NO_GLASS,
			"no straight glass line that both scans share between %.0f K and the rise at %.0f K; "
			"start the scan colder or give --glass",
			blocks_edge_k(judge->blocks, 0), blocks_edge_k(judge->blocks, outline->rise));
	glass_window(judge->blocks, &best, windows->glass_k);
	find_others(judge, &field, &best, windows);
	return 0;
}

static int find_liquid(const struct outline *outline, const struct judge *judge, struct windows *windows,
		       char *why)
{
	size_t side = outline->high > outline->peak + 1 ? outline->high - outline->peak - 1 : 0;
	const struct field field = {outline->peak + 1, outline->high, outline->high, width_least(side)};
	struct candidate best = {0, 0, INFINITY, 0};

	if (side >= 3)
		best = search(judge, &field);
	if (!(sqrt(best.cost) < 0.5 * outline->step))
		return refusal_say(
			why, REFUSAL_NO_LIQUID,
			"no straight liquid line between the rise at %.0f K and the end at %.0f K; scan "
			"hotter or give --liquid",
			blocks_edge_k(judge->blocks, outline->rise),
			blocks_edge_k(judge->blocks, judge->blocks->count));
	liquid_window(judge->blocks, &best, windows->liquid_k);
	find_others(judge, &field, &best, windows);
	return 0;
}

/* Line of @y in a window, in u = T - @middle_k; needs no points to be safe. */
static struct line window_line(const struct grid *grid, const double *y, const double window_k[2],
			       double middle_k)
{
	size_t from = line_index(grid->temperature_k, grid->count, window_k[0]);
	size_t to = line_index(grid->temperature_k, grid->count, nextafter(window_k[1], INFINITY));
	struct line line = {NAN, NAN, NAN};

	if (to >= from + 2)
		line = line_fit(grid->temperature_k + from, y + from, to - from);
	line.centre -= middle_k;
	return line;
}

/* A verdict on a side whose window is given is not asked for. */
static bool asked(int refusal, const struct windows *windows)
{
	bool glass = isnan(windows->glass_k[0]), liquid = isnan(windows->liquid_k[0]);

	if (refusal == REFUSAL_NO_GLASS)
		return glass;
	if (refusal == REFUSAL_NO_LIQUID)
		return liquid;
	return glass && liquid;
}

static void turn(struct moments *edges, size_t count)
{
	for (size_t b = 0; b <= count; b++) {
		edges[b].y = -edges[b].y;
		edges[b].yu = -edges[b].yu;
		edges[b].yu2 = -edges[b].yu2;
	}
}

/* Would it be a transition with the signal turned over? */
static bool upside_down(const struct blocks *blocks, double noise)
{
	struct blocks turned = *blocks;
	struct outline outline;
	char why[REFUSAL_WHY];

	turn(turned.first, turned.count);
	turn(turned.reference, turned.count);
	return outline_of(&turned, noise, &outline, why) == 0;
}

/*
 * An outline of the whole scan, or else of what comes before it crystallises. 0, or the refusal that was
 * asked for.
 */
static int find_outline(struct blocks *blocks, double noise, const struct windows *windows,
			struct outline *ret_outline, char *why)
{
	int r = outline_of(blocks, noise, ret_outline, why);
	struct blocks before;
	struct outline outline;
	char unused[REFUSAL_WHY];

	if (!r || !asked(r, windows))
		return 0;
	before = *blocks;
	before.count = crystal_find(blocks, noise);
	if (before.count < blocks->count && before.count >= BLOCKS_OUTLINE_MIN &&
	    outline_of(&before, noise, &outline, unused) == 0) {
		*ret_outline = outline;
		*blocks = before;
		return 0;
	}
	if (upside_down(blocks, noise))
		return refusal_say(
			why, REFUSAL_NO_STEP,
			"the reference scan falls through its transition: is it exothermic up? That goes "
			"in heat_flow_mW_exo_up; endothermic must be up");
	return r;
}

int window_find(const struct grid *grid, enum pair_align align, double noise_first, double noise_ref,
		struct windows *ret_windows, char ret_why[REFUSAL_WHY])
{
	struct blocks blocks;
	struct outline outline;
	struct judge judge = {.blocks = &blocks, .align = align};
	int r;

	ret_windows->other_count = 0;
	blocks_fill(grid, &blocks);
	r = find_outline(&blocks, fmax(noise_first, noise_ref), ret_windows, &outline, ret_why);
	if (r)
		return r;
	ret_windows->rise_k = blocks_edge_k(&blocks, outline.rise) + 0.5 * blocks.width_k;
	ret_windows->step = outline.step;
	judge.high = outline.high;
	judge.target_u = ret_windows->rise_k - blocks.middle_k;
	judge.noise_r = fmax(noise_ref, WINDOW_FLOOR_SHARE * outline.step);
	judge.noise_d = hypot(fmax(noise_first, WINDOW_FLOOR_SHARE * outline.step), judge.noise_r);
	r = 0;
	if (isnan(ret_windows->liquid_k[0]))
		r = find_liquid(&outline, &judge, ret_windows, ret_why);
	if (r || !isnan(ret_windows->glass_k[0]))
		return r;
	judge.glass = true;
	judge.foot = outline.foot > 0 ? outline.foot : 1;
	judge.liquid = window_line(grid, grid->reference, ret_windows->liquid_k, blocks.middle_k);
	judge.liquid_first = window_line(grid, grid->first, ret_windows->liquid_k, blocks.middle_k);
	r = find_glass(&outline, &judge, ret_windows, ret_why);
	for (size_t i = 0; i < ret_windows->other_count; i++)
		if (isnan(ret_windows->others[i].glass_k[0]))
			memcpy(ret_windows->others[i].glass_k, ret_windows->glass_k,
			       sizeof(ret_windows->glass_k));
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
				   "part by %.0f %% of the step",
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
				   "%.0f to %.0f K: no liquid",
				   100 * lost / step, liquid_k[0], liquid_k[1]);
	r = check_sagitta(grid, liquid_k, step, noise_ref, REFUSAL_NO_LIQUID, "liquid", ret_why);
	if (r == 0)
		r = check_sagitta(grid, glass_k, step, noise_ref, REFUSAL_NO_GLASS, "glass", ret_why);
	if (r == 0)
		r = check_merge(grid, match, liquid_k, step, hypot(noise_first, noise_ref), ret_why);
	return r;
}

/* Of both windows together; its standard deviation for points of standard deviation 1, NAN: none. */
static double shared_curvature(const struct grid *grid, const double glass_k[2], const double liquid_k[2],
			       double *ret_sd)
{
	struct moments g = window_moments(grid, grid->reference, glass_k, 0);
	struct moments l = window_moments(grid, grid->reference, liquid_k, 0);
	double variance_g, variance_l, q_g = moments_curvature(&g, &variance_g),
				       q_l = moments_curvature(&l, &variance_l);
	double weight = 1 / variance_g + 1 / variance_l;

	*ret_sd = weight > 0 ? 1 / sqrt(weight) : NAN;
	return (q_g / variance_g + q_l / variance_l) / weight;
}

double window_curvature(const struct grid *grid, const double glass_k[2], const double liquid_k[2],
			double noise, double *ret_hidden)
{
	double sd, q = shared_curvature(grid, glass_k, liquid_k, &sd), chance = CURVATURE_SIGMAS * noise * sd;

	*ret_hidden = chance;
	return fabs(q) > chance ? copysign(sqrt(q * q - chance * chance), q) : 0;
}
