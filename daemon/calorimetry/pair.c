/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps of README.md in their order: validate, rate, empty chip, lag, windows, align, match, report. */
#include "daemon/calorimetry/pair.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/calorimetry/feature.h"
#include "daemon/calorimetry/match.h"
#include "daemon/calorimetry/scan.h"
#include "daemon/calorimetry/smooth.h"
#include "daemon/calorimetry/uncertainty.h"
#include "daemon/calorimetry/window.h"
#include "daemon/calorimetry/workspace.h"

#define RATE_OFF_MAX 0.02
#define OVERLAP_MIN 0.70
#define GAIN_SIGMAS 3.0

static const char *const align_names[PAIR_ALIGN_MAX] = {
	[PAIR_ALIGN_TILT] = "tilt",
	[PAIR_ALIGN_SCALE] = "scale",
	[PAIR_ALIGN_OFFSET] = "offset",
	[PAIR_ALIGN_NONE] = "none",
};

const char *pair_align_name(enum pair_align align)
{
	return (unsigned)align < PAIR_ALIGN_MAX ? align_names[align] : NULL;
}

int pair_align_from_name(const char *name, enum pair_align *ret_align)
{
	for (unsigned i = 0; i < PAIR_ALIGN_MAX; i++)
		if (strcmp(name, align_names[i]) == 0) {
			*ret_align = (enum pair_align)i;
			return 0;
		}
	return -EINVAL;
}

void pair_options_default(struct pair_options *ret_options)
{
	*ret_options = (struct pair_options){.align = PAIR_ALIGN_TILT,
					     .glass_k = {NAN, NAN},
					     .liquid_k = {NAN, NAN},
					     .rate_k_per_s = NAN,
					     .lag_sd_s = 5e-4,
					     .calibration_sd_k = 0.3,
					     .bootstrap_count = 200,
					     .seed = 1};
}

/* Everything one analysis knows, on the stack of pair_analyse. */
struct analysis {
	const struct pair_options *options;
	struct pair_workspace *workspace;
	struct scan first, reference, empty;
	struct grid grid;
	struct windows windows;
	struct match match;
	struct feature_slopes first_slopes, reference_slopes;
	struct pair_result result;
};

static void result_blank(struct pair_result *result, const struct pair_options *options)
{
	const struct pair_shares unknown = {NAN, NAN, NAN, NAN, NAN};

	*result = (struct pair_result){
		.align = options->align, .first = feature_none(), .reference = feature_none()};
	result->tf_shares = result->tf_ref_shares = result->delta_tf_shares = unknown;
	result->rate_k_per_s = result->tf_k = result->tf_sd_k = result->tf_ref_k = result->tf_ref_sd_k = NAN;
	result->delta_tf_k = result->delta_tf_sd_k = result->enthalpy = result->enthalpy_sd =
		result->area_from_k = result->area_to_k = NAN;
	result->gain = result->gain_sd = NAN;
	result->align_k = result->align_b = result->align_c = result->step = result->tail_k = NAN;
	result->noise_first = result->noise_ref = result->curvature_sd_k = NAN;
	result->curvature_hidden_k = NAN;
	for (int i = 0; i < 2; i++)
		result->glass_k[i] = result->liquid_k[i] = result->glass_line[i] = result->liquid_line[i] =
			NAN;
}

static bool view_valid(const struct scan_view *view)
{
	return view->count == 0 || (view->temperature_k && view->signal);
}

static struct scan scan_on(struct pair_workspace *workspace, const char *name, enum column temperature,
			   enum column signal)
{
	return (struct scan){.name = name,
			     .temperature_k = workspace->columns[temperature],
			     .signal = workspace->columns[signal],
			     .rate_k_per_s = NAN};
}

static int check_rate(const struct scan *scan, double expected, const char *of, char *why)
{
	if (isnan(scan->rate_k_per_s) || isnan(expected) ||
	    fabs(scan->rate_k_per_s - expected) <= RATE_OFF_MAX * fabs(expected))
		return 0;
	return refusal_say(
		why, REFUSAL_BAD_VALUE,
		"%s was measured at %.6g K/s by its time column, %s is %.6g K/s: more than 2 %% apart",
		scan->name, scan->rate_k_per_s, of, expected);
}

static int find_rate(struct analysis *analysis)
{
	struct pair_result *result = &analysis->result;
	double ordered = analysis->options->rate_k_per_s, measured = analysis->first.rate_k_per_s;
	int r;

	if (!isnan(ordered) && !(ordered > 0 && isfinite(ordered)))
		return refusal_say(result->why, REFUSAL_BAD_VALUE, "the rate %g K/s is not a positive number",
				   ordered);
	measured = isnan(measured) ? analysis->reference.rate_k_per_s : measured;
	result->rate_k_per_s = isnan(measured) ? ordered : measured;
	r = check_rate(&analysis->first, ordered, "the rate ordered", result->why);
	if (r == 0)
		r = check_rate(&analysis->reference, ordered, "the rate ordered", result->why);
	if (r == 0)
		r = check_rate(&analysis->reference, measured, "the first scan", result->why);
	if (r == 0 && isnan(result->rate_k_per_s) &&
	    (analysis->options->lag_s != 0 || analysis->options->cell_s > 0))
		return refusal_say(result->why, REFUSAL_BAD_VALUE,
				   "a thermal lag needs the rate: give it, or a time column t_s");
	return r;
}

static int prepare(struct analysis *analysis, const struct scan_view *first,
		   const struct scan_view *reference, const struct scan_view *empty)
{
	double *scratch = analysis->workspace->columns[COLUMN_A],
	       *scratch2 = analysis->workspace->columns[COLUMN_B];
	const struct pair_options *options = analysis->options;
	char *why = analysis->result.why;
	double rate, lag_k;
	int r = scan_prepare(first, &analysis->first, why);

	if (r == 0)
		r = scan_prepare(reference, &analysis->reference, why);
	if (r == 0 && empty)
		r = scan_prepare(empty, &analysis->empty, why);
	if (r == 0)
		r = find_rate(analysis);
	rate = analysis->result.rate_k_per_s;
	if (r == 0 && empty)
		r = scan_subtract(&analysis->first, &analysis->empty, scratch, why);
	if (r == 0 && empty)
		r = scan_subtract(&analysis->reference, &analysis->empty, scratch, why);
	if (r)
		return r;
	if (options->cell_s > 0) {
		scan_sharpen(&analysis->first, rate, options->cell_s, scratch, scratch2);
		scan_sharpen(&analysis->reference, rate, options->cell_s, scratch, scratch2);
	}
	lag_k = options->lag_s != 0 ? options->lag_s * rate : 0;
	scan_shift(&analysis->first, -lag_k - options->calibration_k);
	scan_shift(&analysis->reference, -lag_k - options->calibration_k);
	return r;
}

/* Both on the reference's temperatures, where both were measured. */
static int make_grid(struct analysis *analysis)
{
	struct pair_workspace *workspace = analysis->workspace;
	const struct scan *first = &analysis->first, *reference = &analysis->reference;
	double low = first->temperature_k[0], high = first->temperature_k[first->count - 1];
	double overlap = scan_overlap(first, reference), *grid = workspace->columns[COLUMN_GRID];
	size_t from = line_index(reference->temperature_k, reference->count, low), n = 0;

	if (overlap < OVERLAP_MIN)
		return refusal_say(analysis->result.why, REFUSAL_RANGE_MISMATCH,
				   "the scans share %.0f %% of their range (%.0f to %.0f K and %.0f to %.0f "
				   "K); 70 %% are "
				   "needed",
				   100 * overlap, low, high, reference->temperature_k[0],
				   reference->temperature_k[reference->count - 1]);
	for (size_t i = from; i < reference->count && reference->temperature_k[i] <= high; i++, n++) {
		grid[n] = reference->temperature_k[i];
		workspace->columns[COLUMN_R][n] = reference->signal[i];
	}
	if (n < PAIR_POINTS_MIN / 2)
		return refusal_say(analysis->result.why, REFUSAL_TOO_FEW_POINTS,
				   "only %zu points lie in both scans", n);
	smooth_interpolate(first->temperature_k, first->signal, first->count, grid, n,
			   workspace->columns[COLUMN_F]);
	workspace->grid_count = n;
	analysis->grid = (struct grid){.temperature_k = grid,
				       .first = workspace->columns[COLUMN_F],
				       .reference = workspace->columns[COLUMN_R],
				       .count = n};
	return 0;
}

static int check_window_option(const double window_k[2], const char *name, char *why)
{
	if (isnan(window_k[0]) && isnan(window_k[1]))
		return 0;
	if (isfinite(window_k[0]) && isfinite(window_k[1]) && window_k[0] < window_k[1])
		return 0;
	return refusal_say(why, REFUSAL_BAD_VALUE, "the %s window %g to %g K does not go from low to high",
			   name, window_k[0], window_k[1]);
}

static int find_windows(struct analysis *analysis)
{
	const struct pair_options *options = analysis->options;
	struct pair_result *result = &analysis->result;
	struct windows *windows = &analysis->windows;
	int r = check_window_option(options->glass_k, "glass", result->why);

	if (r == 0)
		r = check_window_option(options->liquid_k, "liquid", result->why);
	if (r)
		return r;
	result->noise_first = analysis->first.noise;
	result->noise_ref = analysis->reference.noise;
	result->glass_found = isnan(options->glass_k[0]);
	result->liquid_found = isnan(options->liquid_k[0]);
	memcpy(windows->glass_k, options->glass_k, sizeof(windows->glass_k));
	memcpy(windows->liquid_k, options->liquid_k, sizeof(windows->liquid_k));
	r = window_find(&analysis->grid, options->align, analysis->first.noise, analysis->reference.noise,
			windows, result->why);
	memcpy(result->glass_k, windows->glass_k, sizeof(result->glass_k));
	memcpy(result->liquid_k, windows->liquid_k, sizeof(result->liquid_k));
	return r;
}

/* Of a window that was found: nothing is taken off one that was given. */
static void find_tail(struct analysis *analysis)
{
	struct grid *grid = &analysis->grid;
	const struct tail_scans scans = {
		.temperature_k = grid->temperature_k,
		.first = grid->first,
		.reference = grid->reference,
		.count = grid->count,
		.step = analysis->windows.step,
		.noise = fmax(analysis->first.noise, analysis->reference.noise),
	};

	if (analysis->result.liquid_found)
		grid->tail = tail_find(&scans, analysis->windows.liquid_k);
}

static void report_match(struct analysis *analysis)
{
	struct pair_result *result = &analysis->result;
	const struct match *match = &analysis->match;

	result->tf_k = match->tf_k;
	result->tf_ref_k = match->tf_ref_k;
	result->delta_tf_k = match->tf_k - match->tf_ref_k;
	result->extrapolated = !(match->tf_k > match->from_k && match->tf_k < match->to_k);
	/* both glasses end in one liquid: what the first lacks on the way up it had before */
	result->enthalpy = match->area_ref - match->area_first;
	result->area_from_k = match->from_k;
	result->area_to_k = match->to_k;
	result->tail_k = match->tail_k;
	result->align_k = match->k;
	result->align_b = match->b;
	result->align_c = match->c;
	result->glass_line[0] = line_at(match->glass, 0);
	result->glass_line[1] = match->glass.slope;
	result->liquid_line[0] = line_at(match->liquid, 0);
	result->liquid_line[1] = match->liquid.slope;
	result->step = line_at(match->liquid, match->tf_ref_k) - line_at(match->glass, match->tf_ref_k);
}

static void report_features(struct analysis *analysis)
{
	struct pair_workspace *workspace = analysis->workspace;
	double *const scratch[FEATURE_COLUMNS] = {workspace->columns[COLUMN_A], workspace->columns[COLUMN_B],
						  workspace->columns[COLUMN_C], workspace->columns[COLUMN_D]};
	const struct grid *grid = &analysis->grid;
	double *shown = workspace->columns[COLUMN_SHOWN];
	struct curve curve = {grid->temperature_k, shown, grid->count};

	for (size_t i = 0; i < grid->count; i++)
		shown[i] = match_aligned(&analysis->match, grid->temperature_k[i], grid->first[i]);
	workspace->shown_count = grid->count;
	feature_find(&curve, &analysis->match, analysis->first.noise, scratch, &analysis->result.first,
		     &analysis->first_slopes);
	curve.signal = grid->reference;
	feature_find(&curve, &analysis->match, analysis->reference.noise, scratch,
		     &analysis->result.reference, &analysis->reference_slopes);
}

static void report_uncertainty(struct analysis *analysis)
{
	/* the scans themselves are on the grid by now: their columns are free */
	static const enum column scratch[SUMS_COLUMNS] = {
		COLUMN_A, COLUMN_B,       COLUMN_C,       COLUMN_D,
		COLUMN_E, COLUMN_FIRST_T, COLUMN_FIRST_Y, COLUMN_REF_T,
	};
	const struct pair_result *result = &analysis->result;
	struct probes probes = probes_make(&analysis->match, &result->first, &analysis->first_slopes,
					   &result->reference, &analysis->reference_slopes);
	struct uncertainty uncertainty = {
		.options = analysis->options,
		.grid = &analysis->grid,
		.match = &analysis->match,
		.probes = &probes,
		.windows = &analysis->windows,
		.noise_first = analysis->first.noise,
		.noise_ref = analysis->reference.noise,
		.empty = analysis->empty.count > 0,
	};

	for (int i = 0; i < SUMS_COLUMNS; i++)
		uncertainty.scratch[i] = analysis->workspace->columns[scratch[i]];
	uncertainty_report(&uncertainty, &analysis->result);
}

/* Variance of a window's line at @temperature_k, for points of standard deviation 1. */
static double line_variance(const struct grid *grid, const double window_k[2], double temperature_k)
{
	double width_k = window_k[1] - window_k[0], off_k = temperature_k - 0.5 * (window_k[0] + window_k[1]);
	double points = (double)(grid->count - 1) * width_k /
			(grid->temperature_k[grid->count - 1] - grid->temperature_k[0]);

	return (1 + 12 * off_k * off_k / (width_k * width_k)) / points;
}

/* No contact changes by so much: another piece, or other units. */
static int check_gain(struct analysis *analysis)
{
	const struct match *match = &analysis->match;
	const struct windows *windows = &analysis->windows;
	struct pair_result *result = &analysis->result;
	double middle_k = 0.5 * (match->from_k + match->to_k), noise, variance;
	double step = fabs(line_at(match->liquid, middle_k) - line_at(match->glass, middle_k));

	variance = line_variance(&analysis->grid, windows->glass_k, middle_k) +
		   line_variance(&analysis->grid, windows->liquid_k, middle_k);
	noise = hypot(analysis->reference.noise, match->gain * analysis->first.noise);
	result->gain = match->gain;
	result->gain_sd = fabs(match->gain) * noise * sqrt(variance) / step;
	if (!(fabs(result->gain - 1) > MATCH_SCALE_OFF_MAX + GAIN_SIGMAS * result->gain_sd) ||
	    result->align == PAIR_ALIGN_NONE)
		return 0;
	return refusal_say(result->why, REFUSAL_BAD_VALUE,
			   "the scans' steps differ by a factor k = %.3g +- %.2g; more than 30 %% is not the "
			   "same contact "
			   "or piece",
			   result->gain, result->gain_sd);
}

static int analyse(struct analysis *analysis, const struct scan_view *first,
		   const struct scan_view *reference, const struct scan_view *empty)
{
	struct windows *windows = &analysis->windows;
	char *why = analysis->result.why;
	int r = prepare(analysis, first, reference, empty);

	if (r == 0)
		r = make_grid(analysis);
	if (r == 0)
		r = find_windows(analysis);
	if (r == 0)
		find_tail(analysis);
	if (r == 0)
		r = match_windows(&analysis->grid, windows->glass_k, windows->liquid_k,
				  analysis->options->align, &analysis->match, why);
	if (r == 0)
		r = check_gain(analysis);
	if (r == 0)
		r = window_check(&analysis->grid, &analysis->match, windows->glass_k, windows->liquid_k,
				 analysis->first.noise, analysis->reference.noise, why);
	if (r)
		return r;
	report_match(analysis);
	report_features(analysis);
	report_uncertainty(analysis);
	return 0;
}

int pair_analyse(const struct scan_view *first, const struct scan_view *reference,
		 const struct scan_view *empty, const struct pair_options *options,
		 struct pair_workspace *workspace, struct pair_result *ret_result)
{
	struct analysis analysis = {.options = options, .workspace = workspace};
	size_t room = first->count > reference->count ? first->count : reference->count;
	int r;

	if (!view_valid(first) || !view_valid(reference) || (empty && !view_valid(empty)))
		return -EINVAL;
	if (empty && empty->count > room)
		room = empty->count;
	r = workspace_reserve(workspace, (room < PAIR_POINTS_MAX ? room : PAIR_POINTS_MAX) + 1);
	if (r < 0)
		return r;
	workspace->shown_count = 0;
	result_blank(&analysis.result, options);
	analysis.first = scan_on(workspace, "the first scan", COLUMN_FIRST_T, COLUMN_FIRST_Y);
	analysis.reference = scan_on(workspace, "the reference scan", COLUMN_REF_T, COLUMN_REF_Y);
	analysis.empty = scan_on(workspace, "the empty scan", COLUMN_EMPTY_T, COLUMN_EMPTY_Y);
	r = analyse(&analysis, first, reference, empty);
	analysis.result.refusal = (enum refusal)r;
	if (r == 0)
		analysis.result.why[0] = '\0';
	*ret_result = analysis.result;
	return r;
}
