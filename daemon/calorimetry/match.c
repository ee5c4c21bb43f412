/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/match.h"

#include <math.h>

#define SCALE_OFF_MAX 0.3

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

/* Trapezoids of the aligned @y less the glass line from @from_k to @to_k, the ends interpolated. */
static double area(const struct grid *grid, const double *y, const struct match *match, bool aligned,
		   double from_k, double to_k)
{
	const double *x = grid->temperature_k;
	double k = aligned ? match->k : 1, c = (aligned ? match->c : 0) - match->glass.slope;
	double b = (aligned ? match->b : 0) - match->glass.value + match->glass.slope * match->glass.centre;
	size_t i = line_index(x, grid->count, from_k), end = line_index(x, grid->count, to_k);
	double sum = 0, last_x = from_k, last_y, end_y;

	i = i > 0 ? i : 1;
	end = end < grid->count ? end : grid->count - 1;
	last_y = y[i - 1] + (y[i] - y[i - 1]) * (from_k - x[i - 1]) / (x[i] - x[i - 1]);
	last_y = k * last_y + b + c * from_k;
	for (; i < end; i++) {
		double v = k * y[i] + b + c * x[i];

		sum += (v + last_y) * (x[i] - last_x);
		last_x = x[i];
		last_y = v;
	}
	end_y = y[end - 1] + (y[end] - y[end - 1]) * (to_k - x[end - 1]) / (x[end] - x[end - 1]);
	end_y = k * end_y + b + c * to_k;
	return 0.5 * (sum + (end_y + last_y) * (to_k - last_x));
}

/* k from the two steps, each extrapolated to the middle between the windows. */
static int scale_of(const struct grid *grid, struct span glass, struct span liquid, struct match *match,
		    char *why)
{
	struct line g = span_line(grid, grid->first, glass), l = span_line(grid, grid->first, liquid);
	double middle_k = 0.5 * (match->from_k + match->to_k);
	double step_first = line_at(l, middle_k) - line_at(g, middle_k);
	double step_ref = line_at(match->liquid, middle_k) - line_at(match->glass, middle_k);

	match->k = step_ref / step_first;
	if (!(fabs(match->k - 1) <= SCALE_OFF_MAX))
		return refusal_say(
			why, REFUSAL_BAD_VALUE,
			"the scans' steps differ by a factor k = %.3g; more than 30 %% is not the same "
			"contact or piece",
			match->k);
	return 0;
}

/* b and c so that the mean distance vanishes in both windows. */
static void tilt_of(const struct grid *grid, struct span glass, struct span liquid, enum pair_align align,
		    struct match *match)
{
	struct line g = span_line(grid, grid->first, glass), l = span_line(grid, grid->first, liquid);
	double off_glass = match->glass.value - match->k * g.value;
	double off_liquid = match->liquid.value - match->k * l.value;

	if (align == PAIR_ALIGN_OFFSET) {
		match->b = 0.5 * (off_glass + off_liquid);
		return;
	}
	match->c = (off_liquid - off_glass) / (l.centre - g.centre);
	match->b = off_glass - match->c * g.centre;
}

static int align_first(const struct grid *grid, struct span glass, struct span liquid, enum pair_align align,
		       struct match *match, char *why)
{
	int r = 0;

	match->k = 1;
	match->b = match->c = 0;
	if (align == PAIR_ALIGN_NONE)
		return 0;
	if (align == PAIR_ALIGN_SCALE)
		r = scale_of(grid, glass, liquid, match, why);
	if (r == 0)
		tilt_of(grid, glass, liquid, align, match);
	return r;
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

int match_windows(const struct grid *grid, const double glass_k[2], const double liquid_k[2],
		  enum pair_align align, struct match *ret_match, char ret_why[REFUSAL_WHY])
{
	struct span glass = span_of(grid, glass_k), liquid = span_of(grid, liquid_k);
	struct match match = {0};
	int r = check_spans(glass, liquid, glass_k, liquid_k, ret_why);

	if (r)
		return r;
	match.glass = span_line(grid, grid->reference, glass);
	match.liquid = span_line(grid, grid->reference, liquid);
	match.from_k = grid->temperature_k[glass.from];
	match.to_k = grid->temperature_k[liquid.to - 1];
	r = align_first(grid, glass, liquid, align, &match, ret_why);
	if (r)
		return r;
	match.area_first = area(grid, grid->first, &match, true, match.from_k, match.to_k);
	match.area_ref = area(grid, grid->reference, &match, false, match.from_k, match.to_k);
	match.tf_k = match_root(match.glass, match.liquid, match.to_k, match.area_first);
	match.tf_ref_k = match_root(match.glass, match.liquid, match.to_k, match.area_ref);
	if (isnan(match.tf_k) || isnan(match.tf_ref_k))
		return refusal_say(
			ret_why, REFUSAL_NO_LIQUID,
			"glass and liquid lines cross before the area is matched: the windows %.0f to %.0f "
			"and %.0f to %.0f K do not hold a glass and a liquid",
			glass_k[0], glass_k[1], liquid_k[0], liquid_k[1]);
	*ret_match = match;
	return 0;
}
