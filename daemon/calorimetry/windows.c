/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/windows.h"

#include <math.h>
#include <stdio.h>

/* Shares of the common range. */
#define END_SKIP 0.02 /* the start transient and the last points */
#define GLASS_MAX 0.26
#define GLASS_MIN 0.05
#define LIQUID_MAX 0.16
#define LIQUID_MIN 0.04
#define TOP_STEP 0.03 /* how far the liquid's upper end moves down a try, to avoid crystallisation */
#define TOP_TRIES 6
#define STRAIGHT_SHARE 0.006 /* of the step: rms of what a line leaves over */
#define TRIES 24

struct search {
	const struct grid *grid;
	const struct curve *first, *reference;
	double step, noise;
};

static struct window share(const struct grid *grid, double low, double high)
{
	double n = (double)(grid->count - 1);

	return (struct window){(size_t)lround(low * n), (size_t)lround(high * n) + 1};
}

static double residual_rms(const struct curve *curve, struct window window)
{
	struct cell_line line = curve_line(curve, window);
	double sum = 0;

	for (size_t i = window.first; i < window.end; i++) {
		double d = curve->y[i] - line_at(&line, (double)i);

		sum += d * d;
	}
	return sqrt(sum / (double)(window.end - window.first));
}

/* Largest departure of the mean of either half's ends from one line through all: sees a bend that the rms
 * hides. */
static bool is_straight(const struct search *search, const struct curve *curve, struct window window)
{
	double allowed = fmax(STRAIGHT_SHARE * fabs(search->step), 1.2 * search->noise);

	return residual_rms(curve, window) <= allowed;
}

static double step_between(const struct curve *reference, struct window glass, struct window liquid)
{
	struct cell_line g = curve_line(reference, glass), l = curve_line(reference, liquid);
	double middle = 0.5 * ((double)glass.end + (double)liquid.first);

	return line_at(&l, middle) - line_at(&g, middle);
}

static bool find_glass(const struct search *search, struct window *ret_window)
{
	for (int i = 0; i <= TRIES; i++) {
		double width = GLASS_MAX + (GLASS_MIN - GLASS_MAX) * i / TRIES;
		struct window window = share(search->grid, END_SKIP, END_SKIP + width);

		if (is_straight(search, search->reference, window) &&
		    is_straight(search, search->first, window)) {
			*ret_window = window;
			return true;
		}
	}
	/* A rejuvenated first scan may have no clean glass line: the reference decides, on the least width.
	 */
	*ret_window = share(search->grid, END_SKIP, END_SKIP + GLASS_MIN);
	return is_straight(search, search->reference, *ret_window);
}

static bool find_liquid(const struct search *search, struct window *ret_window)
{
	for (int down = 0; down < TOP_TRIES; down++) {
		double top = 1 - END_SKIP / 2 - TOP_STEP * down;

		for (int i = 0; i <= TRIES; i++) {
			double width = LIQUID_MAX + (LIQUID_MIN - LIQUID_MAX) * i / TRIES;
			struct window window = share(search->grid, top - width, top);

			if (is_straight(search, search->reference, window) &&
			    is_straight(search, search->first, window)) {
				*ret_window = window;
				return true;
			}
		}
	}
	return false;
}

/* Past its lower edge the liquid's line must not lose or gain what a transition would. */
static bool is_liquid(const struct search *search, struct window glass, struct window liquid)
{
	struct cell_line g = curve_line(search->reference, glass), l = curve_line(search->reference, liquid);
	double change = (l.slope - g.slope) * (double)(liquid.end - liquid.first);

	return line_at(&l, (double)liquid.first) > line_at(&g, (double)liquid.first) &&
	       fabs(change) < 0.6 * fabs(search->step);
}

static int refuse(enum refusal refusal, const char *why, enum refusal *ret_refusal, char ret_why[REFUSAL_WHY])
{
	*ret_refusal = refusal;
	snprintf(ret_why, REFUSAL_WHY, "%s", why);
	return 1;
}

static int check_given(const struct grid *grid, const double k[2], enum refusal code, const char *name,
		       struct window *ret_window, enum refusal *ret_refusal, char ret_why[REFUSAL_WHY])
{
	double low = grid->start_k, high = grid_temperature_k(grid, (double)grid->count - 1);

	*ret_window = grid_window(grid, k[0], k[1]);
	if (k[0] < k[1] && k[0] >= low - grid->cell_k && k[1] <= high + grid->cell_k &&
	    ret_window->end - ret_window->first >= 4)
		return 0;
	*ret_refusal = code;
	snprintf(ret_why, REFUSAL_WHY,
		 "the %s window %.1f:%.1f K does not lie inside the common range %.1f to %.1f K", name, k[0],
		 k[1], low, high);
	return 1;
}

int windows_find(const struct grid *grid, const struct curve *smooth_first,
		 const struct curve *smooth_reference, const double glass_k[2], const double liquid_k[2],
		 struct window *ret_glass, struct window *ret_liquid, enum refusal *ret_refusal,
		 char ret_why[REFUSAL_WHY])
{
	struct window glass = share(grid, END_SKIP, END_SKIP + 0.12),
		      liquid = share(grid, 0.9, 1 - END_SKIP / 2);
	struct search search = {.grid = grid, .first = smooth_first, .reference = smooth_reference};
	bool own_glass = !isnan(glass_k[0]), own_liquid = !isnan(liquid_k[0]);

	if (own_glass && check_given(grid, glass_k, REFUSAL_NO_GLASS, "glass", &glass, ret_refusal, ret_why))
		return 1;
	if (own_liquid &&
	    check_given(grid, liquid_k, REFUSAL_NO_LIQUID, "liquid", &liquid, ret_refusal, ret_why))
		return 1;
	search.step = step_between(smooth_reference, glass, liquid);
	search.noise = fmax(smooth_first->noise, smooth_reference->noise);
	if (fabs(search.step) < 5 * search.noise)
		return refuse(REFUSAL_NO_STEP,
			      "no glass transition: the step is smaller than five times the noise",
			      ret_refusal, ret_why);
	if (!own_glass && !find_glass(&search, &glass))
		return refuse(REFUSAL_NO_GLASS,
			      "no straight glass line at the start of the range: start the scan lower, or "
			      "give --glass A:B",
			      ret_refusal, ret_why);
	if (!own_liquid && !find_liquid(&search, &liquid))
		return refuse(
			REFUSAL_NO_LIQUID,
			"no straight liquid line at the end of the range: scan further, or give --liquid A:B",
			ret_refusal, ret_why);
	search.step = step_between(smooth_reference, glass, liquid);
	if (search.step < 5 * search.noise)
		return refuse(REFUSAL_NO_STEP,
			      "no step upward: is the signal exothermic up, or the range without a glass "
			      "transition?",
			      ret_refusal, ret_why);
	if (!own_liquid && !is_liquid(&search, glass, liquid))
		return refuse(REFUSAL_NO_LIQUID,
			      "what lies at the end of the range is no liquid: its line runs away from the "
			      "glass line",
			      ret_refusal, ret_why);
	*ret_glass = glass;
	*ret_liquid = liquid;
	return 0;
}
