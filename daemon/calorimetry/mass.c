/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/mass.h"

#include <math.h>

#include "daemon/calorimetry/line.h"

#define EDGE_SHARE 0.2   /* as for Tf: how far an edge may as well lie elsewhere */
#define UG_PER_MG 1000.0 /* mW / (J/(g K) K/s) is mg */

enum { EDGE_PLACES = 7, POINTS_MIN = 3 };

/* One line at the temperature of the step, and what it may be off by. */
struct height {
	double value_mw, windows_mw, noise_mw;
};

static size_t window_points(const struct mass_scan *scan, const double window_k[2], size_t *ret_first)
{
	size_t first = line_index(scan->temperature_k, scan->count, window_k[0]);
	size_t end = line_index(scan->temperature_k, scan->count, nextafter(window_k[1], INFINITY));

	*ret_first = first;
	return end > first ? end - first : 0;
}

/* NAN with too few points. */
static double height_at(const struct mass_scan *scan, const double window_k[2], double at_k)
{
	size_t first, points = window_points(scan, window_k, &first);

	if (points < POINTS_MIN)
		return NAN;
	return line_at(line_fit(scan->temperature_k + first, scan->heat_flow_mw + first, points), at_k);
}

/* Root mean square shift of the height over a grid of edges, each evenly within +-20 % of the window. */
static double shift_of_edges(const struct mass_scan *scan, const double window_k[2], double at_k,
			     double height)
{
	double width = window_k[1] - window_k[0], sum = 0;
	int used = 0;

	for (int i = 0; i < EDGE_PLACES * EDGE_PLACES; i++) {
		double low = (2 * (i % EDGE_PLACES) + 1.0) / EDGE_PLACES - 1;
		double high = (2 * (i / EDGE_PLACES) + 1.0) / EDGE_PLACES - 1;
		double moved_k[2] = {window_k[0] + EDGE_SHARE * low * width,
				     window_k[1] + EDGE_SHARE * high * width};
		double moved = height_at(scan, moved_k, at_k);

		if (isnan(moved))
			continue;
		sum += (moved - height) * (moved - height);
		used++;
	}
	return used > 0 ? sqrt(sum / used) : NAN;
}

/* Of a straight line through white noise, at a distance from its points. */
static double error_of_noise(const struct mass_scan *scan, const double window_k[2], double at_k)
{
	size_t first, points = window_points(scan, window_k, &first);
	double mean = 0, spread = 0;

	for (size_t i = first; i < first + points; i++)
		mean += scan->temperature_k[i] / (double)points;
	for (size_t i = first; i < first + points; i++)
		spread += (scan->temperature_k[i] - mean) * (scan->temperature_k[i] - mean);
	return scan->noise_mw * sqrt(1 / (double)points + (at_k - mean) * (at_k - mean) / spread);
}

static struct height height_make(const struct mass_scan *scan, const double window_k[2], double at_k)
{
	struct height height = {.value_mw = height_at(scan, window_k, at_k)};

	height.windows_mw = shift_of_edges(scan, window_k, at_k, height.value_mw);
	height.noise_mw = isnan(scan->noise_mw) ? 0 : error_of_noise(scan, window_k, at_k);
	return height;
}

static int check_options(const struct mass_scan *scan, const struct mass_options *options, char *why)
{
	if (!(options->rate_k_per_s > 0 && isfinite(options->rate_k_per_s)))
		return refusal_say(why, REFUSAL_BAD_VALUE, "the heating rate %g K/s is not above 0",
				   options->rate_k_per_s);
	if (!(options->delta_cp_j_per_gk > 0 && isfinite(options->delta_cp_j_per_gk)))
		return refusal_say(why, REFUSAL_BAD_VALUE,
				   "the step of the heat capacity %g J/(g K) is not above 0",
				   options->delta_cp_j_per_gk);
	if (options->delta_cp_sd_j_per_gk < 0)
		return refusal_say(why, REFUSAL_BAD_VALUE, "the sd of the step %g J/(g K) is negative",
				   options->delta_cp_sd_j_per_gk);
	if (!(scan->count > 0 && options->at_k >= scan->temperature_k[0] &&
	      options->at_k <= scan->temperature_k[scan->count - 1]))
		return refusal_say(why, REFUSAL_BAD_VALUE, "%g K does not lie within the scan",
				   options->at_k);
	return 0;
}

static void fill(struct mass_result *result, const struct height *glass, const struct height *liquid,
		 const struct mass_options *options)
{
	double ug_per_mw = UG_PER_MG / (options->delta_cp_j_per_gk * options->rate_k_per_s);
	double cp_sd = isnan(options->delta_cp_sd_j_per_gk) ? 0 : options->delta_cp_sd_j_per_gk;
	double windows_mw = hypot(glass->windows_mw, liquid->windows_mw);
	double noise_mw = hypot(glass->noise_mw, liquid->noise_mw);

	result->mass_ug = ug_per_mw * result->step_mw;
	result->step_sd_mw = hypot(windows_mw, noise_mw);
	result->windows_ug = ug_per_mw * windows_mw;
	result->noise_ug = ug_per_mw * noise_mw;
	result->delta_cp_ug = result->mass_ug * cp_sd / options->delta_cp_j_per_gk;
	result->mass_sd_ug = hypot(ug_per_mw * result->step_sd_mw, result->delta_cp_ug);
}

int mass_from_step(const struct mass_scan *scan, const struct mass_options *options,
		   struct mass_result *ret_result)
{
	struct mass_result result = {.mass_ug = NAN,
				     .mass_sd_ug = NAN,
				     .step_mw = NAN,
				     .step_sd_mw = NAN,
				     .windows_ug = NAN,
				     .noise_ug = NAN,
				     .delta_cp_ug = NAN};
	struct height glass, liquid;
	int r = check_options(scan, options, result.why);

	if (r == 0) {
		glass = height_make(scan, scan->glass_k, options->at_k);
		liquid = height_make(scan, scan->liquid_k, options->at_k);
		result.step_mw = liquid.value_mw - glass.value_mw;
		if (isnan(glass.value_mw))
			r = refusal_say(result.why, REFUSAL_NO_GLASS,
					"fewer than %d points between %g and %g K", POINTS_MIN,
					scan->glass_k[0], scan->glass_k[1]);
		else if (isnan(liquid.value_mw))
			r = refusal_say(result.why, REFUSAL_NO_LIQUID,
					"fewer than %d points between %g and %g K", POINTS_MIN,
					scan->liquid_k[0], scan->liquid_k[1]);
		else if (!(result.step_mw > 0))
			r = refusal_say(result.why, REFUSAL_NO_STEP,
					"the liquid line lies %g mW below the glass line at %g K",
					-result.step_mw, options->at_k);
		else
			fill(&result, &glass, &liquid, options);
	}
	result.refusal = (enum refusal)r;
	*ret_result = result;
	return r;
}
