/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densctl analyse mass: the mass of the sample from the step of one scan's heat flow. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/calorimetry/mass.h"
#include "tools/densctl/analyse/analyse.h"
#include "tools/densctl/command.h"
#include "tools/densctl/json.h"

enum { SCAN_HEATING, SCAN_EMPTY, SCANS };

/* What there is to say. */
struct weighed {
	struct pair_result lines;
	struct mass_result mass;
	double at_k;
};

static int check_heat_flow(const char *path, const struct input_scan *scan, struct input_failure *failure)
{
	if (strcmp(scan->quantity, "heat flow / mW") == 0)
		return 0;
	return input_fail(failure, REFUSAL_BAD_HEADER,
			  "%s holds '%s'; a mass follows from the heat flow in mW alone: heat_flow_mW or "
			  "heat_flow_mW_exo_up is wanted (a heat capacity is already divided by a mass)",
			  path, scan->quantity);
}

static int read_scans(const struct analyse_arguments *arguments, struct input_scan scans[SCANS],
		      struct input_failure *failure)
{
	int r = input_read_scan(arguments->files[0], arguments->segments[0], &scans[SCAN_HEATING], failure);

	if (r == 0)
		r = check_heat_flow(arguments->files[0], &scans[SCAN_HEATING], failure);
	if (r == 0 && arguments->empty)
		r = input_read_scan(arguments->empty, 0, &scans[SCAN_EMPTY], failure);
	if (r == 0 && arguments->empty)
		r = check_heat_flow(arguments->empty, &scans[SCAN_EMPTY], failure);
	return r;
}

/* The scan as a pair with itself: windows, lines, rate and noise as for Tf. */
static int find_lines(const struct analyse_arguments *arguments, const struct input_scan *scans,
		      struct pair_workspace *workspace, struct pair_result *ret_lines)
{
	struct pair_options options = arguments->pair;

	options.bootstrap_count = 0;
	return pair_analyse(&scans[SCAN_HEATING].view, &scans[SCAN_HEATING].view,
			    arguments->empty ? &scans[SCAN_EMPTY].view : NULL, &options, workspace,
			    ret_lines);
}

static int weigh(const struct analyse_arguments *arguments, const struct pair_workspace *workspace,
		 struct weighed *weighed)
{
	struct pair_curves curves = pair_workspace_curves(workspace);
	const struct pair_result *lines = &weighed->lines;
	struct mass_scan scan = {
		.temperature_k = curves.temperature_k,
		.heat_flow_mw = curves.reference,
		.count = curves.count,
		.glass_k = {lines->glass_k[0], lines->glass_k[1]},
		.liquid_k = {lines->liquid_k[0], lines->liquid_k[1]},
		.noise_mw = lines->noise_ref,
	};
	struct mass_options options = {.rate_k_per_s = lines->rate_k_per_s,
				       .delta_cp_j_per_gk = arguments->delta_cp_j_per_gk,
				       .delta_cp_sd_j_per_gk = arguments->delta_cp_sd_j_per_gk};

	if (isnan(lines->rate_k_per_s))
		return refusal_say(weighed->mass.why, REFUSAL_BAD_VALUE,
				   "the heating rate is unknown: give --rate, or a column t_s");
	weighed->at_k = isnan(arguments->at_k) ? lines->reference.midpoint_k : arguments->at_k;
	options.at_k = weighed->at_k;
	return mass_from_step(&scan, &options, &weighed->mass);
}

static void print_json(const struct weighed *weighed, const char *path, const struct input_scan *scan)
{
	json_object *object = json_object_new_object(), *windows = json_object_new_object();
	json_object *parts = json_object_new_object(), *list = json_object_new_array();

	json_object_object_add(object, "mass_ug", json_real(weighed->mass.mass_ug));
	json_object_object_add(object, "mass_sd_ug", json_real(weighed->mass.mass_sd_ug));
	json_object_object_add(object, "step_mW", json_real(weighed->mass.step_mw));
	json_object_object_add(object, "step_sd_mW", json_real(weighed->mass.step_sd_mw));
	json_object_object_add(object, "at_K", json_real(weighed->at_k));
	json_object_object_add(object, "rate_K_per_s", json_real(weighed->lines.rate_k_per_s));
	json_object_object_add(windows, "glass", analyse_json_span(weighed->lines.glass_k));
	json_object_object_add(windows, "liquid", analyse_json_span(weighed->lines.liquid_k));
	json_object_object_add(windows, "glass_found", json_object_new_boolean(weighed->lines.glass_found));
	json_object_object_add(windows, "liquid_found", json_object_new_boolean(weighed->lines.liquid_found));
	json_object_object_add(object, "windows", windows);
	json_object_object_add(parts, "windows", json_real(weighed->mass.windows_ug));
	json_object_object_add(parts, "noise", json_real(weighed->mass.noise_ug));
	json_object_object_add(parts, "delta_cp", json_real(weighed->mass.delta_cp_ug));
	json_object_object_add(object, "mass_sd_parts_ug", parts);
	analyse_json_ignored(list, path, scan->ignored);
	json_object_object_add(object, "warnings", list);
	json_print(object, stdout);
	json_object_put(object);
}

static void print_text(const struct weighed *weighed, const char *path, const struct input_scan *scan)
{
	const struct pair_result *lines = &weighed->lines;
	const struct mass_result *mass = &weighed->mass;

	printf("mass          %.4g +- %.2g ug\n", mass->mass_ug, mass->mass_sd_ug);
	printf("sd, ug:       windows %.2g noise %.2g delta cp %.2g\n", mass->windows_ug, mass->noise_ug,
	       mass->delta_cp_ug);
	printf("step          %.5g +- %.2g mW at %.1f K, %.4g K/s\n", mass->step_mw, mass->step_sd_mw,
	       weighed->at_k, lines->rate_k_per_s);
	printf("glass line    %.1f to %.1f K, %s\nliquid line   %.1f to %.1f K, %s\n", lines->glass_k[0],
	       lines->glass_k[1], lines->glass_found ? "found" : "as given", lines->liquid_k[0],
	       lines->liquid_k[1], lines->liquid_found ? "found" : "as given");
	if (scan->ignored[0])
		printf("warning: %s: columns not looked at: %s\n", path, scan->ignored);
}

static int analyse_scans(const struct analyse_arguments *arguments, const struct input_scan *scans)
{
	struct pair_workspace *workspace = pair_workspace_new();
	struct weighed weighed;
	int r = -ENOMEM;

	if (workspace)
		r = find_lines(arguments, scans, workspace, &weighed.lines);
	if (r != 0) {
		r = analyse_refuse_result("mass", arguments, r, weighed.lines.why);
	} else if ((r = weigh(arguments, workspace, &weighed)) != 0) {
		r = analyse_refuse_result("mass", arguments, r, weighed.mass.why);
	} else {
		if (arguments->json)
			print_json(&weighed, arguments->files[0], &scans[SCAN_HEATING]);
		else
			print_text(&weighed, arguments->files[0], &scans[SCAN_HEATING]);
	}
	pair_workspace_free(workspace);
	return r;
}

int analyse_mass_run(const struct analyse_arguments *arguments)
{
	struct input_scan scans[SCANS] = {{.quantity = NULL}};
	struct input_failure failure;
	int r;

	if (isnan(arguments->delta_cp_j_per_gk))
		return usage_error("analyse mass", "--delta-cp-J-per-gK is needed: the step of the specific "
						   "heat capacity at the glass transition, J/(g K)");
	r = read_scans(arguments, scans, &failure);
	if (r < 0)
		r = analyse_refuse("mass", arguments->json, &failure);
	else
		r = analyse_scans(arguments, scans);
	for (int i = 0; i < SCANS; i++)
		input_free_scan(&scans[i]);
	return r;
}
