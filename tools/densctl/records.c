/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store knows of a run: events, results, export, replay. */
#include <math.h>
#include <string.h>

#include "daemon/base/ulid.h"
#include "tools/densctl/client.h"
#include "tools/densctl/energy.h"
#include "tools/densctl/json.h"
#include "tools/densctl/list.h"
#include "tools/densctl/output.h"
#include "tools/densctl/samples.h"
#include "tools/densctl/tune.h"

/* An alarm, the transition and the intent that follow from it carry the same sentence: it is read once. */
static void events_row(json_object *entry)
{
	static char before[32 + 512]; /* second and sentence of the last row */
	const char *what = json_text(entry, "what", "-");
	char now[sizeof(before)];

	snprintf(now, sizeof(now), "%.19s%s", json_text(entry, "t_wall", "-"), json_text(entry, "text", ""));
	if (strcmp(now, before) == 0 && (strcmp(what, "note") == 0 || strcmp(what, "intent") == 0))
		return;
	snprintf(before, sizeof(before), "%s", now);
	printf("%s  %-13s  %s\n", json_text(entry, "t_wall", "-"), what, json_text(entry, "text", ""));
}

int events_run(const struct options *options)
{
	json_object *request;

	if (options->count && !ulid_is_valid(options->arguments[0]))
		return usage_error(options->command, "'%s' is not a run id (densctl runs)",
				   options->arguments[0]);
	request = json_request("events");
	json_add_text(request, "run", options->count ? options->arguments[0] : NULL);
	return list_show(options, request, "events", "time                      what           text",
			 events_row);
}

/* One column of the table of sections: heading, field, decimals. */
static const struct {
	const char *heading, *field;
	int width, decimals;
} result_columns[] = {
	{"rate/K/s", "rate_k_per_s", 9, 1}, {"Tf/K", "tf_k", 8, 2},         {"+-", "tf_sd_k", 6, 2},
	{"Tf_ref/K", "tf_ref_k", 9, 2},     {"+-", "tf_ref_sd_k", 6, 2},    {"dTf/K", "delta_tf_k", 7, 2},
	{"+-", "delta_tf_sd_k", 6, 2},      {"Tp/K", "tp_k", 8, 2},         {"+-", "tp_sd_k", 6, 2},
	{"onset/K", "tg_onset_k", 8, 2},    {"+-", "tg_onset_sd_k", 6, 2},  {"mid/K", "t_mid_k", 8, 2},
	{"+-", "t_mid_sd_k", 6, 2},         {"Tp_sub/K", "tp_sub_k", 8, 2}, {"+-", "tp_sub_sd_k", 6, 2},
};
#define RESULT_COLUMNS (sizeof(result_columns) / sizeof(result_columns[0]))

static bool is_kind(json_object *result, const char *kind)
{
	return strcmp(json_text(result, "kind", ""), kind) == 0;
}

/* A run's sections all begin with its id: the table says it once. */
static const char *section_of(json_object *result, bool whole)
{
	const char *section = json_text(result, "section", "-"), *slash = whole ? NULL : strchr(section, '/');

	return slash ? slash + 1 : section;
}

static void results_heading(json_object *first, FILE *stream, bool csv)
{
	const char *run = json_text(first, "run", "");

	if (!csv && run[0])
		fprintf(stream, "run %s\n", run);
	fprintf(stream, csv ? "section" : "%-10s", "section");
	for (size_t i = 0; i < RESULT_COLUMNS; i++)
		if (csv)
			fprintf(stream, ",%s", result_columns[i].field);
		else
			fprintf(stream, " %*s", result_columns[i].width, result_columns[i].heading);
	fputs(csv ? ",refused\n" : "\n", stream);
}

static void pair_row(json_object *result, FILE *stream, bool csv)
{
	const char *section = section_of(result, csv), *why = json_text(result, "why", "");
	bool refused = json_flag(result, "refused");
	char text[NUMBER_TEXT];

	fprintf(stream, csv ? "%s" : "%-10s", section);
	for (size_t i = 0; i < RESULT_COLUMNS; i++) {
		double value = json_number(result, result_columns[i].field);

		if (!csv)
			fprintf(stream, " %*s", result_columns[i].width,
				number_text(value, result_columns[i].decimals, text));
		else if (isfinite(value))
			fprintf(stream, ",%.6g", value);
		else
			fputc(',', stream);
	}
	if (csv)
		fprintf(stream, ",%s\n", refused ? json_text(result, "code", "refused") : "");
	else
		fprintf(stream, "%s%s\n", refused ? "  refused: " : "", refused ? why : "");
}

/* The last result of a kind counts: Ea is published again with each section. */
static void results_print(json_object *results, FILE *stream, bool csv)
{
	json_object *kissinger = NULL, *running = NULL;
	char text[ENERGY_TEXT];

	results_heading(json_length(results) ? json_object_array_get_idx(results, 0) : NULL, stream, csv);
	for (size_t i = 0; i < json_length(results); i++) {
		json_object *result = json_object_array_get_idx(results, i);

		if (is_kind(result, "pair"))
			pair_row(result, stream, csv);
		else if (is_kind(result, "running"))
			running = result;
		else
			kissinger = result;
	}
	if (kissinger && !csv)
		fprintf(stream, "%s\n", energy_text(kissinger, text));
	if (running && !csv)
		fprintf(stream, "%s\n", energy_state_text(running, text));
}

/* What the numbers stand on. */
static void print_standing(json_object *calibrations, FILE *stream)
{
	for (size_t i = 0; i < json_length(calibrations); i++) {
		json_object *pin = json_object_array_get_idx(calibrations, i);

		fprintf(stream, "%s%s %s %s%s", i ? ", " : "calibrations: ", json_text(pin, "place", "-"),
			json_text(pin, "id", "-"), json_text(pin, "version", ""),
			json_flag(pin, "expired") ? " (expired when used)" : "");
	}
	if (json_length(calibrations))
		fputc('\n', stream);
}

int results_run(const struct options *options)
{
	json_object *request, *reply = NULL, *results;
	FILE *file;
	int r;

	if (options->count && !ulid_is_valid(options->arguments[0]))
		return usage_error(options->command, "'%s' is not a run id (densctl runs)",
				   options->arguments[0]);
	if (option_given(options, OPTION_CSV) && option_given(options, OPTION_JSON))
		return usage_error(options->command, "--csv and --json exclude each other");
	request = json_request("results");
	json_add_text(request, "run", options->count ? options->arguments[0] : NULL);
	r = client_ask(options, request, &reply);
	results = json_field(reply, "results");
	file = r == DENSCTL_OK ? output_open(options) : NULL;
	if (file) {
		bool csv = option_given(options, OPTION_CSV);

		if (option_given(options, OPTION_JSON))
			json_print(results, file);
		else
			results_print(results, file, csv);
		if (!csv && !option_given(options, OPTION_JSON))
			print_standing(json_field(reply, "calibrations"), file);
		r = output_close(options, file);
	} else if (r == DENSCTL_OK) {
		r = DENSCTL_INVALID;
	}
	if (r == DENSCTL_OK && options->count && !json_length(results) &&
	    !option_given(options, OPTION_JSON) && !option_given(options, OPTION_CSV))
		r = tune_show(options);
	json_object_put(reply);
	return r;
}

static bool is_local_section(const char *text)
{
	double rate;
	int section;
	char end;

	return sscanf(text, "r%lf/s%d%c", &rate, &section, &end) == 2;
}

static const char *export_format(const struct options *options)
{
	return option_given(options, OPTION_JSON) ? "json" : "csv";
}

static json_object *trace_request(const struct options *options)
{
	json_object *request = json_request("trace");
	char name[128];

	json_add_text(request, "run", options->arguments[0]);
	json_add_text(request, "format", export_format(options));
	snprintf(name, sizeof(name), "%s/%s", options->arguments[0], options->value[OPTION_SECTION]);
	json_add_text(request, "section", name);
	json_object_object_add(request, "reference",
			       json_object_new_boolean(option_given(options, OPTION_REFERENCE)));
	return request;
}

/* The file is opened with the first answer: a question that is refused leaves the old one as it is. */
struct export
{
	const struct options *options;
	FILE *file;
	bool failed;
	json_object *whole; /* --json: one document, whatever the number of pages */
};

static void export_take(void *userdata, json_object *page)
{
	struct export *export = userdata;
	json_object *rows = json_field(page, "samples");

	if (!export->file && !export->failed) {
		export->file = output_open(export->options);
		export->failed = !export->file;
	}
	if (export->failed)
		return;
	if (!option_given(export->options, OPTION_JSON))
		fputs(json_text(page, "csv", ""), export->file);
	else if (!export->whole)
		export->whole = json_object_get(page);
	else
		for (size_t i = 0; i < json_length(rows); i++)
			json_object_array_add(json_field(export->whole, "samples"),
					      json_object_get(json_object_array_get_idx(rows, i)));
}

static int export_end(struct export *export, int r)
{
	int closed = DENSCTL_INVALID;

	if (export->whole) {
		json_object_object_del(export->whole, "next");
		json_print(export->whole, export->file);
	}
	json_object_put(export->whole);
	if (export->file)
		closed = output_close(export->options, export->file);
	return r == DENSCTL_OK ? closed : r;
}

static int export_check(const struct options *options)
{
	const char *section = options->value[OPTION_SECTION];

	if (!ulid_is_valid(options->arguments[0]))
		return usage_error(options->command, "'%s' is not a run id (densctl runs)",
				   options->arguments[0]);
	if (section && !is_local_section(section))
		return usage_error(options->command,
				   "--section is '%s'; r<rate>/s<n> is wanted, for example r500/s1", section);
	if (option_given(options, OPTION_REFERENCE) && !section)
		return usage_error(options->command, "--reference needs --section");
	if (option_given(options, OPTION_CSV) && option_given(options, OPTION_JSON))
		return usage_error(options->command, "--csv and --json exclude each other");
	return DENSCTL_OK;
}

int export_run(const struct options *options)
{
	struct export export = {.options = options};
	json_object *reply = NULL;
	int r = export_check(options);

	if (r)
		return r;
	if (options->value[OPTION_SECTION]) {
		r = client_ask(options, trace_request(options), &reply);
		if (r == DENSCTL_OK)
			export_take(&export, reply);
		json_object_put(reply);
	} else {
		r = samples_each(options, options->arguments[0], export_format(options), export_take,
				 &export);
	}
	return export_end(&export, r);
}

static bool is_stored(const char *topic)
{
	static const char *const topics[] = {"state", "alarm", "scan", "result", "sample"};

	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
		if (strcmp(topic, topics[i]) == 0)
			return true;
	return false;
}

/* One page from @from on; *ret_next is the number behind its last message, unchanged when there was none. */
static int replay_page(const struct options *options, int64_t from, int64_t to, int64_t *ret_next)
{
	json_object *request = json_request("replay"), *reply = NULL, *messages;
	int r;

	json_add_text(request, "topic", options->arguments[0]);
	json_object_object_add(request, "from", json_object_new_int64(from));
	json_object_object_add(request, "to", json_object_new_int64(to));
	json_add_text(request, "run", options->value[OPTION_RUN]);
	r = client_ask(options, request, &reply);
	messages = json_field(reply, "messages");
	for (size_t i = 0; r == DENSCTL_OK && i < json_length(messages); i++) {
		json_object *message = json_object_array_get_idx(messages, i);

		puts(json_object_to_json_string_ext(message,
						    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
		*ret_next = (int64_t)json_number(message, "seq") + 1;
	}
	json_object_put(reply);
	return r;
}

/* densd answers in pages; a page that brings nothing new is the end. */
int replay_run(const struct options *options)
{
	int64_t from, to, next;
	int r;

	if (!is_stored(options->arguments[0]))
		return usage_error(options->command,
				   "'%s' is not stored; allowed: state, alarm, scan, result, sample",
				   options->arguments[0]);
	r = option_integer(options, OPTION_FROM, 1, INT64_MAX, 1, &from);
	if (r == DENSCTL_OK)
		r = option_integer(options, OPTION_TO, from, INT64_MAX, INT64_MAX, &to);
	for (next = from; r == DENSCTL_OK && next <= to; from = next) {
		r = replay_page(options, from, to, &next);
		if (next <= from)
			break;
	}
	return r;
}
