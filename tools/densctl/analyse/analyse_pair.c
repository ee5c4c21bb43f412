/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densctl analyse pair: reads the scans, has them analysed, and says what came out. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tools/densctl/analyse/analyse.h"
#include "tools/densctl/analyse/picture.h"
#include "tools/densctl/command.h"
#include "tools/densctl/json.h"

#define GAIN_NOTABLE 0.1
#define GAIN_SIGMAS 3.0
#define BOOTSTRAP_SHARE 0.8 /* of the replicates must give a number */

enum { WARNINGS_MAX = 8, WARNING_TEXT = INPUT_TEXT + 128 };

enum { SCAN_FIRST, SCAN_REFERENCE, SCAN_EMPTY, SCANS };

/* What is worth saying beside the numbers. */
struct warnings {
	char text[WARNINGS_MAX][WARNING_TEXT];
	size_t count;
};

static void warn(struct warnings *warnings, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void warn(struct warnings *warnings, const char *format, ...)
{
	va_list arguments;

	if (warnings->count == WARNINGS_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(warnings->text[warnings->count++], WARNING_TEXT, format, arguments);
	va_end(arguments);
}

static void warn_about_numbers(const struct analyse_arguments *arguments, const struct pair_result *result,
			       struct warnings *warnings)
{
	const struct pair_options *options = &arguments->pair;

	if (result->extrapolated)
		warn(warnings, "Tf lies outside the scan (%.1f to %.1f K): extrapolated along the lines",
		     result->area_from_k, result->area_to_k);
	if (fabs(result->align_k - 1) > GAIN_NOTABLE)
		warn(warnings, "the first scan was scaled by %.3f: contact or mass changed between the scans",
		     result->align_k);
	if (result->align_k == 1 && fabs(result->gain - 1) > GAIN_NOTABLE + GAIN_SIGMAS * result->gain_sd)
		warn(warnings,
		     "the steps of the scans differ by a factor of %.3f +- %.3f: did contact or mass change? "
		     "--align "
		     "scale takes it off",
		     result->gain, result->gain_sd);
	if (isnan(result->first.tp_k))
		warn(warnings, "no clear endotherm in the first scan: it gives no point for Kissinger");
	if (isnan(result->rate_k_per_s))
		warn(warnings,
		     "the heating rate is unknown (no t_s, no --rate): the sd holds no thermal lag");
	else if (options->lag_s == 0)
		warn(warnings,
		     "the thermal lag is taken as 0 (no --lag-s, no --indium): each ms of it lowers T by "
		     "%.2g K",
		     1e-3 * result->rate_k_per_s);
	if (result->bootstrap_used < BOOTSTRAP_SHARE * options->bootstrap_count)
		warn(warnings,
		     "only %u of %u bootstrap replicates gave a Tf: the sd is too small; set the windows",
		     result->bootstrap_used, options->bootstrap_count);
	if (options->bootstrap_count == 0)
		warn(warnings, "no bootstrap: the sd holds lag and calibration at most");
	if (result->ambiguity_k > 0)
		warn(warnings,
		     "other windows would do as well and move Tf or Tf - Tf_ref by up to %.1f K: the sd was "
		     "widened; look at the picture and give --glass and --liquid",
		     result->ambiguity_k);
	if (result->curvature_sd_k > 0)
		warn(warnings, "the base line is curved (%.1f K of the sd); an empty-chip scan removes it",
		     result->curvature_sd_k);
}

static void warn_about_columns(const struct analyse_arguments *arguments, const struct input_scan *scans,
			       struct warnings *warnings)
{
	for (int i = 0; i < SCANS; i++)
		if (scans[i].ignored[0])
			warn(warnings, "%s: columns not looked at: %s",
			     i == SCAN_EMPTY ? arguments->empty : arguments->files[i], scans[i].ignored);
}

/* One file given twice: every difference is 0, and nothing looks wrong. */
static void warn_about_twins(const struct scan_view *first, const struct scan_view *reference,
			     struct warnings *warnings)
{
	if (first->count == reference->count &&
	    memcmp(first->signal, reference->signal, first->count * sizeof(*first->signal)) == 0)
		warn(warnings, "first and reference are the same scan: Tf is that of this scan alone");
}

static void add_feature_sds(json_object *object, const struct pair_features *features)
{
	json_object_object_add(object, "Tp_sd_K", json_real(features->tp_sd_k));
	json_object_object_add(object, "Tp_sub_sd_K", json_real(features->tp_sub_sd_k));
	json_object_object_add(object, "Tg_onset_sd_K", json_real(features->onset_sd_k));
	json_object_object_add(object, "T_mid_sd_K", json_real(features->midpoint_sd_k));
}

static json_object *features_json(const struct pair_features *features)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "Tp_K", json_real(features->tp_k));
	json_object_object_add(object, "Tp_sub_K", json_real(features->tp_sub_k));
	json_object_object_add(object, "Tg_onset_K", json_real(features->onset_k));
	json_object_object_add(object, "T_mid_K", json_real(features->midpoint_k));
	add_feature_sds(object, features);
	return object;
}

/* What the standard deviation is made of; the squares add up. */
static json_object *shares_json(const struct pair_shares *shares)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "windows", json_real(shares->windows_k));
	json_object_object_add(object, "noise", json_real(shares->noise_k));
	json_object_object_add(object, "curvature", json_real(shares->curvature_k));
	json_object_object_add(object, "lag", json_real(shares->lag_k));
	json_object_object_add(object, "calibration", json_real(shares->calibration_k));
	return object;
}

static void add_windows(json_object *object, const struct pair_result *result)
{
	json_object *windows = json_object_new_object(), *align = json_object_new_object();

	json_object_object_add(windows, "glass", analyse_json_span(result->glass_k));
	json_object_object_add(windows, "liquid", analyse_json_span(result->liquid_k));
	json_object_object_add(windows, "glass_found", json_object_new_boolean(result->glass_found));
	json_object_object_add(windows, "liquid_found", json_object_new_boolean(result->liquid_found));
	json_object_object_add(object, "windows", windows);
	json_add_text(align, "mode", pair_align_name(result->align));
	json_object_object_add(align, "k", json_real(result->align_k));
	json_object_object_add(align, "gain", json_real(result->gain));
	json_object_object_add(align, "gain_sd", json_real(result->gain_sd));
	json_object_object_add(align, "b", json_real(result->align_b));
	json_object_object_add(align, "c", json_real(result->align_c));
	json_object_object_add(object, "align", align);
}

/* Beside what scripts rely on: how the numbers came about. */
static void add_details(json_object *object, const struct pair_result *result,
			const struct pair_options *options, const char *quantity)
{
	const double area_k[2] = {result->area_from_k, result->area_to_k};

	json_object_object_add(object, "Tf_ref_sd_K", json_real(result->tf_ref_sd_k));
	json_object_object_add(object, "Tf_sd_parts_K", shares_json(&result->tf_shares));
	json_object_object_add(object, "delta_Tf_sd_parts_K", shares_json(&result->delta_tf_shares));
	json_object_object_add(object, "enthalpy_difference", json_real(result->enthalpy));
	json_object_object_add(object, "enthalpy_difference_sd", json_real(result->enthalpy_sd));
	json_add_text(object, "quantity", quantity);
	json_object_object_add(object, "reference", features_json(&result->reference));
	json_object_object_add(object, "peak_z", json_real(result->first.peak_z));
	json_object_object_add(object, "area_K", analyse_json_span(area_k));
	json_object_object_add(object, "glass_line", analyse_json_span(result->glass_line));
	json_object_object_add(object, "liquid_line", analyse_json_span(result->liquid_line));
	json_object_object_add(object, "step", json_real(result->step));
	json_object_object_add(object, "noise_first", json_real(result->noise_first));
	json_object_object_add(object, "noise_reference", json_real(result->noise_ref));
	json_object_object_add(object, "tail_K", json_real(result->tail_k));
	json_object_object_add(object, "curvature_sd_K", json_real(result->curvature_sd_k));
	json_object_object_add(object, "curvature_hidden_K", json_real(result->curvature_hidden_k));
	json_object_object_add(object, "window_ambiguity_K", json_real(result->ambiguity_k));
	json_object_object_add(object, "lag_s", json_real(options->lag_s));
	json_object_object_add(object, "lag_sd_s", json_real(options->lag_sd_s));
	json_object_object_add(object, "calibration_K", json_real(options->calibration_k));
	json_object_object_add(object, "calibration_sd_K", json_real(options->calibration_sd_k));
	json_object_object_add(object, "cell_s", json_real(options->cell_s));
	json_object_object_add(object, "bootstrap", json_object_new_int64(options->bootstrap_count));
	json_object_object_add(object, "bootstrap_used", json_object_new_int64(result->bootstrap_used));
	json_object_object_add(object, "seed", json_object_new_uint64(options->seed));
}

static void print_json(const struct pair_result *result, const struct pair_options *options,
		       const char *quantity, const struct warnings *warnings)
{
	json_object *object = json_object_new_object(), *list = json_object_new_array();

	json_object_object_add(object, "Tf_K", json_real(result->tf_k));
	json_object_object_add(object, "Tf_sd_K", json_real(result->tf_sd_k));
	json_object_object_add(object, "Tf_ref_K", json_real(result->tf_ref_k));
	json_object_object_add(object, "delta_Tf_K", json_real(result->delta_tf_k));
	json_object_object_add(object, "delta_Tf_sd_K", json_real(result->delta_tf_sd_k));
	json_object_object_add(object, "Tp_K", json_real(result->first.tp_k));
	json_object_object_add(object, "Tp_sub_K", json_real(result->first.tp_sub_k));
	json_object_object_add(object, "Tg_onset_K", json_real(result->first.onset_k));
	json_object_object_add(object, "T_mid_K", json_real(result->first.midpoint_k));
	add_feature_sds(object, &result->first);
	json_object_object_add(object, "extrapolated", json_object_new_boolean(result->extrapolated));
	json_object_object_add(object, "rate_K_per_s", json_real(result->rate_k_per_s));
	add_windows(object, result);
	add_details(object, result, options, quantity);
	for (size_t i = 0; i < warnings->count; i++)
		json_object_array_add(list, json_object_new_string(warnings->text[i]));
	json_object_object_add(object, "warnings", list);
	json_print(object, stdout);
	json_object_put(object);
}

static void print_with_sd(const char *name, double value, double sd, const char *what)
{
	char text[2][NUMBER_TEXT];

	printf("%-12s %8s +- %-6s K   %s\n", name, number_text(value, 2, text[0]),
	       number_text(sd, 2, text[1]), what);
}

static void print_share(const char *name, double share_k)
{
	char text[NUMBER_TEXT];

	printf(" %s %s", name, number_text(share_k, 2, text));
}

static void print_shares(const struct pair_shares *shares)
{
	printf("%-12s", "sd of Tf, K:");
	print_share("windows", shares->windows_k);
	print_share("noise", shares->noise_k);
	print_share("curvature", shares->curvature_k);
	print_share("lag", shares->lag_k);
	print_share("calibration", shares->calibration_k);
	printf("\n");
}

static void print_feature_value(double value, double sd)
{
	char text[2][NUMBER_TEXT];

	if (isnan(value))
		printf(" %18s", "-");
	else
		printf(" %8s +- %-6s", number_text(value, 2, text[0]), number_text(sd, 2, text[1]));
}

static void print_feature(const char *name, const double first[2], const double reference[2],
			  const char *what)
{
	printf("%-12s", name);
	print_feature_value(first[0], first[1]);
	print_feature_value(reference[0], reference[1]);
	printf(" K   %s\n", what);
}

static void print_features(const struct pair_features *first, const struct pair_features *reference)
{
#define VALUES(features, name) ((const double[2]){(features)->name##_k, (features)->name##_sd_k})
	printf("\n%-12s %18s %18s\n", "", "first", "reference");
	print_feature("Tp", VALUES(first, tp), VALUES(reference, tp), "main endothermic peak");
	print_feature("Tp_sub", VALUES(first, tp_sub), VALUES(reference, tp_sub), "peak below it");
	print_feature("onset", VALUES(first, onset), VALUES(reference, onset), "tangent of the last rise");
	print_feature("midpoint", VALUES(first, midpoint), VALUES(reference, midpoint),
		      "half of the step, on the last rise");
#undef VALUES
}

static void print_windows(const struct pair_result *result, const char *quantity)
{
	printf("\nglass line    %.1f to %.1f K, %s\nliquid line   %.1f to %.1f K, %s\n", result->glass_k[0],
	       result->glass_k[1], result->glass_found ? "found" : "as given", result->liquid_k[0],
	       result->liquid_k[1], result->liquid_found ? "found" : "as given");
	printf("area          %.1f to %.1f K, the whole first scan between the windows\n",
	       result->area_from_k, result->area_to_k);
	printf("alignment     %s: y' = %.5g y %+.5g %+.5g T\n", pair_align_name(result->align),
	       result->align_k, result->align_b, result->align_c);
	printf("gain          %.3f +- %.3f: step of the reference over that of the first scan\n",
	       result->gain, result->gain_sd);
	printf("step          %.5g at Tf_ref, noise of a point %.2g (first) %.2g (reference); %s\n",
	       result->step, result->noise_first, result->noise_ref, quantity);
}

static void print_text(const struct pair_result *result, const struct pair_options *options,
		       const char *quantity, const struct warnings *warnings)
{
	char text[NUMBER_TEXT], enthalpy_sd[NUMBER_TEXT];

	snprintf(enthalpy_sd, sizeof(enthalpy_sd), "%.2g", result->enthalpy_sd);
	print_with_sd("Tf", result->tf_k, result->tf_sd_k,
		      result->extrapolated ? "fictive temperature, EXTRAPOLATED" : "fictive temperature");
	print_with_sd("Tf_ref", result->tf_ref_k, result->tf_ref_sd_k, "of the reference");
	print_with_sd("Tf - Tf_ref", result->delta_tf_k, result->delta_tf_sd_k,
		      "the errors of the lines mostly cancel");
	printf("%-12s %8.4g +- %-6s     enthalpy of the glass minus that of the reference (%s x K)\n",
	       "H - H_ref", result->enthalpy, isnan(result->enthalpy_sd) ? "-" : enthalpy_sd, quantity);
	print_shares(&result->tf_shares);
	if (result->curvature_hidden_k > 0)
		printf("not in it     a base line curved by less than the noise shows may move Tf by %.2g K; "
		       "an "
		       "empty-chip scan rules it out\n",
		       result->curvature_hidden_k);
	if (result->tail_k != 0 && !isnan(result->tail_k))
		printf("taken off     the overshoot that still fades in the liquid window, %+.2g K of Tf\n",
		       result->tail_k);
	print_features(&result->first, &result->reference);
	print_windows(result, quantity);
	printf("rate          %s K/s\n", number_text(result->rate_k_per_s, 4, text));
	printf("lag           %.3f +- %.3f ms, scale off by %+.2f +- %.2f K\n", 1e3 * options->lag_s,
	       1e3 * options->lag_sd_s, options->calibration_k, options->calibration_sd_k);
	for (size_t i = 0; i < warnings->count; i++)
		printf("warning: %s\n", warnings->text[i]);
}

static int check_quantities(const struct analyse_arguments *arguments, const struct input_scan *scans,
			    struct input_failure *failure)
{
	for (int i = SCAN_REFERENCE; i < SCANS; i++) {
		if (!scans[i].quantity || strcmp(scans[i].quantity, scans[SCAN_FIRST].quantity) == 0)
			continue;
		failure->refusal = REFUSAL_BAD_HEADER;
		snprintf(failure->why, sizeof(failure->why),
			 "%s holds '%s', %s holds '%s': the scans must be of one quantity",
			 arguments->files[0], scans[SCAN_FIRST].quantity,
			 i == SCAN_EMPTY ? arguments->empty : arguments->files[i], scans[i].quantity);
		return -1;
	}
	return 0;
}

static int read_scans(const struct analyse_arguments *arguments, struct input_scan scans[SCANS],
		      struct input_failure *failure)
{
	const char *const *files = arguments->files;
	const unsigned *segments = arguments->segments;
	int r = input_read_scan(files[0], segments[0], &scans[SCAN_FIRST], failure);

	if (r == 0)
		r = input_read_scan(files[1], segments[1], &scans[SCAN_REFERENCE], failure);
	if (r == 0 && arguments->empty)
		r = input_read_scan(arguments->empty, 0, &scans[SCAN_EMPTY], failure);
	return r == 0 ? check_quantities(arguments, scans, failure) : r;
}

static int present(const struct analyse_arguments *arguments, const struct input_scan *scans,
		   const struct pair_result *result, const struct pair_workspace *workspace)
{
	struct picture_pair picture = {result, pair_workspace_curves(workspace), scans[SCAN_FIRST].quantity};
	struct warnings warnings = {.count = 0};

	warn_about_numbers(arguments, result, &warnings);
	warn_about_columns(arguments, scans, &warnings);
	warn_about_twins(&scans[SCAN_FIRST].view, &scans[SCAN_REFERENCE].view, &warnings);
	if (arguments->json)
		print_json(result, &arguments->pair, picture.quantity, &warnings);
	else
		print_text(result, &arguments->pair, picture.quantity, &warnings);
	fflush(stdout);
	return picture_draw(arguments, "pair", picture_write_pair, &picture);
}

static int analyse_scans(const struct analyse_arguments *arguments, const struct input_scan *scans)
{
	struct pair_workspace *workspace = pair_workspace_new();
	struct input_failure failure = {REFUSAL_NONE, "out of memory"};
	struct pair_result result;
	int r = -ENOMEM;

	if (workspace)
		r = pair_analyse(&scans[SCAN_FIRST].view, &scans[SCAN_REFERENCE].view,
				 arguments->empty ? &scans[SCAN_EMPTY].view : NULL, &arguments->pair,
				 workspace, &result);
	if (r > 0) {
		failure.refusal = result.refusal;
		snprintf(failure.why, sizeof(failure.why), "%s", result.why);
	}
	if (r == 0)
		r = present(arguments, scans, &result, workspace);
	else
		r = analyse_refuse("pair", arguments->json, &failure);
	pair_workspace_free(workspace);
	return r;
}

int analyse_pair_run(const struct analyse_arguments *arguments)
{
	struct input_scan scans[SCANS] = {{.quantity = NULL}};
	struct analyse_arguments taken = *arguments;
	struct input_failure failure;
	int r = analyse_take_lag(&taken, &failure);

	if (r == 0)
		r = read_scans(&taken, scans, &failure);
	if (r < 0)
		r = analyse_refuse("pair", arguments->json, &failure);
	else
		r = analyse_scans(&taken, scans);
	for (int i = 0; i < SCANS; i++)
		input_free_scan(&scans[i]);
	return r;
}
