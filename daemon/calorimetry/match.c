/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/match.h"

#include <math.h>

/* Points of a window, as indices [from, to). */
struct span {
	size_t from, to;
};

static struct span span_of(const struct grid *grid, const double window_k[2])
{
	struct span span = {line_index(grid->temperature_k, grid->count, window_k[0]),
			    line_index(grid->temperature_k, grid->count, window_k[1])};

	while (span.to < grid->count && grid->temperature_k[span.to] <= window_k[1])
		span.to++;
	return span;
}

static struct line span_line(const struct grid *grid, const double *y, struct span span)
{
	return line_fit(grid->temperature_k + span.from, y + span.from, span.to - span.from);
}

double match_aligned(const struct match *match, double temperature_k, double signal)
{
	return match->k * signal + match->b + match->c * temperature_k;
}

double match_root(struct line glass, struct line liquid, double to_k, double area)
{
	/* l - g = s at T1, falling by s1 a kelvin below it: area = s x - s1 x^2/2 with x = T1 - Tf */
	double s = line_at(liquid, to_k) - line_at(glass, to_k), s1 = liquid.slope - glass.slope;
	double inside = s * s - 2 * s1 * area;

	if (!(s > 0) || !(inside > 0))
		return NAN;
	return to_k - 2 * area / (s + sqrt(inside));
}

/* Trapezoids of @y from @from to @last, both included. */
static double area(const double *x, const double *y, size_t from, size_t last)
{
	double sum = 0;

	for (size_t i = from + 1; i <= last; i++)
		sum += (y[i] + y[i - 1]) * (x[i] - x[i - 1]);
	return 0.5 * sum;
}

/* From the two steps, each extrapolated to the middle between the windows. */
static double gain_of(const struct match_fits *fits)
{
	double middle_k = 0.5 * (fits->from_k + fits->to_k);
	double step_first = line_at(fits->liquid_first, middle_k) - line_at(fits->glass_first, middle_k);
	double step_ref = line_at(fits->liquid, middle_k) - line_at(fits->glass, middle_k);

	return step_ref / step_first;
}

static int check_scale(double k, char *why)
{
	if (fabs(k - 1) <= MATCH_SCALE_OFF_MAX)
		return 0;
	return refusal_say(
		why, REFUSAL_BAD_VALUE,
		"the scans' steps differ by a factor k = %.3g; more than 30 %% is not the same contact or "
		"piece",
		k);
}

/* b and c so that the mean distance vanishes in both windows. */
static void tilt_of(const struct match_fits *fits, enum pair_align align, struct match *match)
{
	double off_glass = fits->glass.value - match->k * fits->glass_first.value;
	double off_liquid = fits->liquid.value - match->k * fits->liquid_first.value;

	if (align == PAIR_ALIGN_OFFSET) {
		match->b = 0.5 * (off_glass + off_liquid);
		return;
	}
	match->c = (off_liquid - off_glass) / (fits->liquid.centre - fits->glass.centre);
	match->b = off_glass - match->c * fits->glass.centre;
}

/* Of g, and of b + c T, from T2 to T1: straight lines, so the middle times the width. */
static void areas_of(const struct match_fits *fits, struct match *match)
{
	double width = fits->to_k - fits->from_k, middle_k = 0.5 * (fits->from_k + fits->to_k);
	double glass = width * line_at(fits->glass, middle_k);

	match->area_first = match->k * fits->area_first + width * (match->b + match->c * middle_k) - glass;
	match->area_ref = fits->area_ref - glass;
}

int match_solve(const struct match_fits *fits, enum pair_align align, struct match *ret_match,
		char ret_why[REFUSAL_WHY])
{
	struct match match = {.k = 1,
			      .glass = fits->glass,
			      .liquid = fits->liquid,
			      .from_k = fits->from_k,
			      .to_k = fits->to_k};
	int r = 0;

	match.gain = gain_of(fits);
	if (align == PAIR_ALIGN_SCALE) {
		match.k = match.gain;
		r = check_scale(match.k, ret_why);
	}
	if (r)
		return r;
	if (align != PAIR_ALIGN_NONE)
		tilt_of(fits, align, &match);
	areas_of(fits, &match);
	match.tf_k = match_root(match.glass, match.liquid, match.to_k, match.area_first);
	match.tf_ref_k = match_root(match.glass, match.liquid, match.to_k, match.area_ref);
	if (isnan(match.tf_k) || isnan(match.tf_ref_k))
		return refusal_say(
			ret_why, REFUSAL_NO_LIQUID,
			"glass and liquid lines cross before the area from %.0f to %.0f K is matched: the "
			"windows do not hold a glass and a liquid",
			match.from_k, match.to_k);
	*ret_match = match;
	return 0;
}

static int check_spans(struct span glass, struct span liquid, const double glass_k[2],
		       const double liquid_k[2], char *why)
{
	if (glass.to < glass.from + 3)
		return refusal_say(why, REFUSAL_NO_GLASS,
				   "the glass window %.1f to %.1f K holds less than 3 points", glass_k[0],
				   glass_k[1]);
	if (liquid.to < liquid.from + 3)
		return refusal_say(why, REFUSAL_NO_LIQUID,
				   "the liquid window %.1f to %.1f K holds less than 3 points", liquid_k[0],
				   liquid_k[1]);
	if (liquid.from < glass.to)
		return refusal_say(why, REFUSAL_NO_LIQUID,
				   "the liquid window must lie above the glass window, which ends at %.1f K",
				   glass_k[1]);
	return 0;
}

/* The liquid begins at @liquid_k. */
static int solve_without_tail(const struct grid *grid, const struct match_fits *fits, double liquid_k,
			      enum pair_align align, struct match *ret_match, char *why)
{
	struct match_fits without = *fits;
	char unused[REFUSAL_WHY];
	struct match with;
	int r;

	without.liquid = tail_off(&grid->tail, fits->liquid, liquid_k, fits->to_k);
	without.liquid_first = tail_off(&grid->tail, fits->liquid_first, liquid_k, fits->to_k);
	r = match_solve(&without, align, ret_match, why);
	if (r == 0)
		ret_match->tail_k =
			match_solve(fits, align, &with, unused) == 0 ? with.tf_k - ret_match->tf_k : NAN;
	return r;
}

int match_windows(const struct grid *grid, const double glass_k[2], const double liquid_k[2],
		  enum pair_align align, struct match *ret_match, char ret_why[REFUSAL_WHY])
{
	struct span glass = span_of(grid, glass_k), liquid = span_of(grid, liquid_k);
	const double *x = grid->temperature_k;
	struct match_fits fits;
	int r = check_spans(glass, liquid, glass_k, liquid_k, ret_why);

	if (r)
		return r;
	fits = (struct match_fits){
		.glass = span_line(grid, grid->reference, glass),
		.liquid = span_line(grid, grid->reference, liquid),
		.glass_first = span_line(grid, grid->first, glass),
		.liquid_first = span_line(grid, grid->first, liquid),
		.from_k = x[glass.from],
		.to_k = x[liquid.to - 1],
		.area_first = area(x, grid->first, glass.from, liquid.to - 1),
		.area_ref = area(x, grid->reference, glass.from, liquid.to - 1),
	};
	return solve_without_tail(grid, &fits, x[liquid.from], align, ret_match, ret_why);
}
