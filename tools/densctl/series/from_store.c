/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/series/from_store.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/ulid.h"
#include "tools/densctl/client.h"
#include "tools/densctl/json.h"

enum { RUNS_MOST = 1000 };

static size_t list_length(json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

/* ---- asking ---- */

static bool is_named(const struct options *options, json_object *run)
{
	const char *id = json_text(run, "run", ""), *part = options->value[OPTION_NAME];
	bool any = false;

	for (int i = 0; i < options->count; i++) {
		any |= ulid_is_valid(options->arguments[i]);
		if (strcmp(options->arguments[i], id) == 0)
			return true;
	}
	return !any && (!part || strstr(json_text(run, "name", ""), part));
}

static int ask_results(const struct options *options, const char *run, json_object *results)
{
	json_object *request = json_request("results"), *reply = NULL, *list;
	int r;

	json_add_text(request, "run", run);
	r = client_ask(options, request, &reply);
	list = json_field(reply, "results");
	for (size_t i = 0; r == DENSCTL_OK && i < list_length(list); i++) {
		json_object *result = json_object_array_get_idx(list, i);

		if (strcmp(json_text(result, "kind", ""), "pair") == 0)
			json_object_array_add(results, json_object_get(result));
	}
	json_object_put(reply);
	return r;
}

static int ask_runs(const struct options *options, json_object *document)
{
	json_object *request = json_request("runs"), *reply = NULL, *list;
	json_object *runs = json_object_new_array(), *results = json_object_new_array();
	int r;

	json_object_object_add(document, "runs", runs);
	json_object_object_add(document, "results", results);
	json_object_object_add(request, "limit", json_object_new_int(RUNS_MOST));
	r = client_ask(options, request, &reply);
	list = json_field(reply, "runs");
	json_add_text(document, "version", json_text(reply, "version", ""));
	for (size_t i = 0; r == DENSCTL_OK && i < list_length(list); i++) {
		json_object *run = json_object_array_get_idx(list, i);

		if (!is_named(options, run))
			continue;
		json_object_array_add(runs, json_object_get(run));
		r = ask_results(options, json_text(run, "run", ""), results);
	}
	json_object_put(reply);
	return r;
}

/* The section of @run nearest to the rate at which curves are shown; NULL: none gave a Tf. */
static json_object *find_section(json_object *document, const char *run)
{
	json_object *results = json_field(document, "results"), *best = NULL;

	for (size_t i = 0; i < list_length(results); i++) {
		json_object *result = json_object_array_get_idx(results, i);

		if (strcmp(json_text(result, "run", ""), run) != 0 || json_flag(result, "refused"))
			continue;
		if (!best || fabs(json_number(result, "rate_k_per_s") - CAMPAIGN_CURVE_RATE) <
				     fabs(json_number(best, "rate_k_per_s") - CAMPAIGN_CURVE_RATE))
			best = result;
	}
	return best;
}

static int ask_scan(const struct options *options, json_object *section, bool reference, json_object *trace)
{
	json_object *request = json_request("trace"), *reply = NULL;
	int r;

	json_add_text(request, "section", json_text(section, "section", ""));
	json_add_text(request, "run", json_text(section, "run", ""));
	json_object_object_add(request, "reference", json_object_new_boolean(reference));
	r = client_ask(options, request, &reply);
	if (r == DENSCTL_OK)
		json_object_object_add(trace, reference ? "reference" : "first", json_object_get(reply));
	json_object_put(reply);
	return r;
}

static int ask_traces(const struct options *options, json_object *document)
{
	json_object *runs = json_field(document, "runs"), *traces = json_object_new_array();
	int r = DENSCTL_OK;

	json_object_object_add(document, "traces", traces);
	for (size_t i = 0; r == DENSCTL_OK && i < list_length(runs); i++) {
		json_object *run = json_object_array_get_idx(runs, i);
		json_object *section = find_section(document, json_text(run, "run", "")), *trace;

		if (!section)
			continue;
		trace = json_object_new_object();
		json_object_array_add(traces, trace);
		json_add_text(trace, "section", json_text(section, "section", ""));
		r = ask_scan(options, section, false, trace);
		if (r == DENSCTL_OK)
			r = ask_scan(options, section, true, trace);
	}
	return r;
}

int store_collect(const struct options *options, bool traces, json_object **ret_document)
{
	json_object *document = json_object_new_object();
	int r;

	json_object_object_add(document, "densd_series", json_object_new_int(1));
	r = ask_runs(options, document);
	if (r == DENSCTL_OK && traces)
		r = ask_traces(options, document);
	if (r == DENSCTL_OK)
		*ret_document = document;
	else
		json_object_put(document);
	return r;
}

int store_read_file(const struct options *options, const char *path, json_object **ret_document)
{
	json_object *document;

	if (access(path, R_OK) < 0) {
		fprintf(stderr, "densctl %s: %s: %s\n", options->command, path, strerror(errno));
		return DENSCTL_INVALID;
	}
	document = json_object_from_file(path);
	if (document && json_number(document, "densd_series") == 1) {
		*ret_document = document;
		return DENSCTL_OK;
	}
	fprintf(stderr, "densctl %s: %s: %s\n", options->command, path,
		document ? "this is no document of `densctl series --save`" : "this is no JSON document");
	json_object_put(document);
	return DENSCTL_INVALID;
}

/* ---- understanding ---- */

static json_object *find_run(json_object *document, const char *id)
{
	json_object *runs = json_field(document, "runs");

	for (size_t i = 0; i < list_length(runs); i++)
		if (strcmp(json_text(json_object_array_get_idx(runs, i), "run", ""), id) == 0)
			return json_object_array_get_idx(runs, i);
	return NULL;
}

static void read_span(json_object *result, const char *key, double span[2])
{
	json_object *list = json_field(result, key);

	for (size_t i = 0; i < 2 && list_length(list) == 2; i++)
		if (json_object_array_get_idx(list, i))
			span[i] = json_object_get_double(json_object_array_get_idx(list, i));
}

static void refuse(struct campaign_row *row, const char *code, const char *why)
{
	row->scan.refused = true;
	snprintf(row->code, sizeof(row->code), "%s", code);
	snprintf(row->why, sizeof(row->why), "%s", why);
}

static void fill_row(struct campaign_row *row, json_object *result, json_object *run)
{
	struct series_scan *scan = &row->scan;
	char why[REFUSAL_WHY];

	snprintf(row->name, sizeof(row->name), "%s", json_text(result, "section", ""));
	scan->refused = false;
	row->code[0] = row->why[0] = '\0';
	scan->pressure_gpa = json_number(run, "pressure_gpa");
	scan->temperature_k = json_number(run, "temperature_k");
	scan->rate_k_per_s = json_number(result, "rate_k_per_s");
	scan->tf_k = json_number(result, "tf_k");
	scan->tf_sd_k = json_number(result, "tf_sd_k");
	scan->tf_common_sd_k = json_number(result, "tf_common_sd_k");
	scan->tp_k = json_number(result, "tp_k");
	scan->tp_own_sd_k = json_number(result, "tp_own_sd_k");
	scan->onset_k = json_number(result, "tg_onset_k");
	row->tf_ref_k = json_number(result, "tf_ref_k");
	row->tf_ref_sd_k = json_number(result, "tf_ref_sd_k");
	row->delta_tf_k = json_number(result, "delta_tf_k");
	row->delta_tf_sd_k = json_number(result, "delta_tf_sd_k");
	row->tp_sd_k = json_number(result, "tp_sd_k");
	row->onset_sd_k = json_number(result, "tg_onset_sd_k");
	row->tp_sub_k = json_number(result, "tp_sub_k");
	row->tp_sub_sd_k = json_number(result, "tp_sub_sd_k");
	row->midpoint_k = json_number(result, "t_mid_k");
	row->midpoint_sd_k = json_number(result, "t_mid_sd_k");
	row->extrapolated = json_flag(result, "extrapolated");
	read_span(result, "glass_k", row->glass_k);
	read_span(result, "liquid_k", row->liquid_k);
	if (json_flag(result, "refused")) {
		refuse(row, json_text(result, "code", ""), json_text(result, "why", ""));
	} else if (strcmp(json_text(run, "densification", ""), "completed") != 0) {
		snprintf(why, sizeof(why), "the run ended '%s': the glass did not go through its programme",
			 json_text(run, "densification", "none"));
		refuse(row, "run_not_completed", why);
	}
}

/* A section that was analysed again has two results: the last one counts. */
static struct campaign_row *row_of_section(struct campaign *campaign, const char *section)
{
	for (size_t i = 0; i < campaign->count; i++)
		if (strcmp(campaign->rows[i].name, section) == 0)
			return &campaign->rows[i];
	return campaign_add(campaign);
}

static int fill_results(json_object *document, struct campaign *campaign)
{
	json_object *results = json_field(document, "results");

	for (size_t i = 0; i < list_length(results); i++) {
		json_object *result = json_object_array_get_idx(results, i);
		json_object *run = find_run(document, json_text(result, "run", ""));
		struct campaign_row *row;

		if (!run)
			continue;
		row = row_of_section(campaign, json_text(result, "section", ""));
		if (!row)
			return -ENOMEM;
		fill_row(row, result, run);
	}
	return 0;
}

/* Columns T_K, hf, t_s of a trace: double[3 * rows], owned by the caller; NULL: none, or no memory. */
static double *read_trace(json_object *trace, struct scan_view *ret_view)
{
	json_object *rows = json_field(trace, "rows");
	size_t count = list_length(rows);
	double *columns = count ? calloc(3 * count, sizeof(double)) : NULL;

	for (size_t i = 0; columns && i < count; i++)
		for (size_t k = 0; k < 3; k++)
			columns[k * count + i] = json_object_get_double(
				json_object_array_get_idx(json_object_array_get_idx(rows, i), k));
	*ret_view = (struct scan_view){.temperature_k = columns,
				       .signal = columns ? columns + count : NULL,
				       .t_s = columns ? columns + 2 * count : NULL,
				       .count = count};
	return columns;
}

/* The stored pair once more, with the windows and corrections of its result, for its curves alone. */
static int fill_curve(json_object *trace, struct campaign_row *row, struct pair_workspace *workspace)
{
	struct scan_view views[2];
	double *first = read_trace(json_field(trace, "first"), &views[0]);
	double *reference = read_trace(json_field(trace, "reference"), &views[1]);
	double lag_s = json_number(trace, "first.lag_s"), cell_s = json_number(trace, "first.cell_s");
	double offset_k = json_number(trace, "first.offset_k");
	struct pair_options options;
	struct pair_result result;
	int r = 0;

	pair_options_default(&options);
	options.bootstrap_count = 0;
	options.lag_s = isnan(lag_s) ? 0 : lag_s;
	options.cell_s = isnan(cell_s) ? 0 : cell_s;
	options.calibration_k = isnan(offset_k) ? 0 : offset_k;
	memcpy(options.glass_k, row->glass_k, sizeof(options.glass_k));
	memcpy(options.liquid_k, row->liquid_k, sizeof(options.liquid_k));
	if (first && reference &&
	    pair_analyse(&views[0], &views[1], NULL, &options, workspace, &result) == 0) {
		struct pair_curves curves = pair_workspace_curves(workspace);

		r = campaign_fill_curve(row, &curves, &result);
	}
	free(first);
	free(reference);
	return r;
}

static int fill_curves(json_object *document, struct campaign *campaign)
{
	json_object *traces = json_field(document, "traces");
	struct pair_workspace *workspace = list_length(traces) ? pair_workspace_new() : NULL;
	int r = list_length(traces) && !workspace ? -ENOMEM : 0;

	for (size_t i = 0; r == 0 && i < list_length(traces); i++) {
		json_object *trace = json_object_array_get_idx(traces, i);

		for (size_t k = 0; r == 0 && k < campaign->count; k++)
			if (strcmp(campaign->rows[k].name, json_text(trace, "section", "")) == 0)
				r = fill_curve(trace, &campaign->rows[k], workspace);
	}
	pair_workspace_free(workspace);
	return r;
}

static void fill_runs(json_object *document, struct campaign *campaign)
{
	json_object *runs = json_field(document, "runs");

	if (!campaign->runs)
		campaign->runs = json_object_new_array();
	for (size_t i = 0; i < list_length(runs); i++) {
		json_object *run = json_object_array_get_idx(runs, i);
		double tg_k = json_number(run, "material_tg_k");

		json_object_array_add(campaign->runs, json_object_get(run));
		if (isnan(campaign->options.tg_k) && tg_k > 0)
			campaign->options.tg_k = tg_k;
	}
}

int store_fill(json_object *document, struct campaign *campaign)
{
	int r;

	fill_runs(document, campaign);
	snprintf(campaign->version, sizeof(campaign->version), "%s", json_text(document, "version", ""));
	r = fill_results(document, campaign);
	return r == 0 ? fill_curves(document, campaign) : r;
}
