/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue and runs: what waits, what runs, how it ended. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/ulid.h"
#include "tools/densctl/client.h"
#include "tools/densctl/json.h"
#include "tools/densctl/list.h"

#define ORDER_TEXT 48
#define PRESSED_GPA 0.01 /* less is a reference anneal at 1 atm */

/* "7 GPa, 643 K", as ordered. */
static const char *order_text(json_object *run, char text[ORDER_TEXT])
{
	double gpa = json_number(run, "pressure_gpa");

	if (gpa < PRESSED_GPA)
		snprintf(text, ORDER_TEXT, "1 atm, %.4g K", json_number(run, "temperature_k"));
	else
		snprintf(text, ORDER_TEXT, "%.3g GPa, %.4g K", gpa, json_number(run, "temperature_k"));
	return text;
}

/* Phases in which a run does not go on, as its cause begins with them, and what people call that. */
static const struct {
	const char *phase, *word;
} standing[] = {{"hold", "held"},
		{"tripped", "tripped"},
		{"aborting", "aborting"},
		{"recovery-wait", "recovery-wait"},
		{"handed-over", "handed over"}};

/* "held in heat" of "hold in heat: the furnace is in manual"; a pause is a hold that says so. */
static const char *running_text(const char *cause, char text[ORDER_TEXT])
{
	size_t word = strcspn(cause, " :"), phrase = strcspn(cause, ":");
	bool paused = strncmp(cause + phrase, ": paused ", 9) == 0;

	for (size_t i = 0; i < sizeof(standing) / sizeof(standing[0]); i++) {
		if (strlen(standing[i].phase) != word || strncmp(cause, standing[i].phase, word) != 0)
			continue;
		snprintf(text, ORDER_TEXT, "%s%.*s", paused ? "paused" : standing[i].word,
			 (int)(phrase - word), cause + word);
		return text;
	}
	return "running";
}

/* An outcome, or how far it is without one. */
static const char *press_text(json_object *run, char text[ORDER_TEXT])
{
	const char *outcome = json_text(run, "densification", "none");

	if (strcmp(outcome, "none") != 0)
		return outcome;
	return json_flag(run, "started") ? running_text(json_text(run, "cause", ""), text) : "waiting";
}

static const char *scans_text(json_object *run, char text[ORDER_TEXT])
{
	const char *outcome = json_text(run, "calorimetry", "none");
	double total = json_number(run, "sections_total");

	if (!(total > 0))
		return "-";
	if (strcmp(outcome, "none") != 0)
		return outcome;
	snprintf(text, ORDER_TEXT, "%.0f of %.0f", json_number(run, "sections_done"), total);
	return text;
}

static void queue_row(json_object *entry)
{
	char order[ORDER_TEXT], press[ORDER_TEXT], scans[ORDER_TEXT];

	printf("%-26s  %-14s  %-19s  %-11s  %s\n", json_text(entry, "run", "-"), order_text(entry, order),
	       press_text(entry, press), scans_text(entry, scans), json_text(entry, "name", "-"));
}

int queue_run(const struct options *options)
{
	return list_show(options, json_request("queue"), "queue",
			 "run                         ordered         press                calorimeter  name",
			 queue_row);
}

static void runs_row(json_object *entry)
{
	char gpa[NUMBER_TEXT], k[NUMBER_TEXT], order[ORDER_TEXT], press[ORDER_TEXT], scans[ORDER_TEXT];

	printf("%-26s  %-14s  %-19s  %-11s  %6s  %6s  %s\n", json_text(entry, "run", "-"),
	       order_text(entry, order), press_text(entry, press), scans_text(entry, scans),
	       number_text(json_number(entry, "last_good_gpa"), 3, gpa),
	       number_text(json_number(entry, "last_good_k"), 1, k), json_text(entry, "cause", ""));
}

/* What `runs RUN` shows of numbers, and where it stands in the record. */
static const struct {
	const char *label, *field, *unit;
	int decimals;
} run_figures[] = {
	{"peak pressure", "peak_gpa", "GPa", 3},
	{"peak temperature", "peak_k", "K", 1},
	{"released at", "release_temperature_k", "K", 1},
	{"last good pressure", "last_good_gpa", "GPa", 3},
	{"last good temperature", "last_good_k", "K", 1},
	{"soak that counted", "soak_s", "s", 0},
	{"held", "hold_s", "s", 0},
	{"paused", "pause_s", "s", 0},
	{"holdback", "holdback_s", "s", 0},
	{"outage", "outage_s", "s", 0},
	{"clock scale", "clock_scale", "x", 0},
};

static void print_calibrations(json_object *list)
{
	for (size_t i = 0; i < json_length(list); i++) {
		json_object *pin = json_object_array_get_idx(list, i);
		printf("  calibration, %-9s %s %s of %s, good until %.10s%s; since %.19s; SHA-256 %.12s\n",
		       json_text(pin, "place", "-"), json_text(pin, "id", "-"), json_text(pin, "version", ""),
		       json_text(pin, "date", "-"), json_text(pin, "valid_until", "-"),
		       json_flag(pin, "expired") ? ", EXPIRED when it was used" : "",
		       json_text(pin, "since", "-"), json_text(pin, "sha256", "-"));
	}
}

static void run_record(json_object *run)
{
	char text[NUMBER_TEXT], order[ORDER_TEXT], press[ORDER_TEXT], scans[ORDER_TEXT];

	printf("%s  %s\n", json_text(run, "run", "-"), json_text(run, "name", ""));
	printf("  %-22s %s\n", "ordered", order_text(run, order));
	printf("  %-22s %s\n", "press", press_text(run, press));
	printf("  %-22s %s\n", "calorimeter", scans_text(run, scans));
	printf("  %-22s %s\n", "cause", json_text(run, "cause", ""));
	printf("  %-22s %s\n", "interrupted",
	       json_flag(run, "interrupted") ? "yes: densd was away while it ran, see outage" : "no");
	for (size_t i = 0; i < sizeof(run_figures) / sizeof(run_figures[0]); i++) {
		double value = json_number(run, run_figures[i].field);

		printf("  %-22s %s %s\n", run_figures[i].label,
		       number_text(value, run_figures[i].decimals, text),
		       isfinite(value) ? run_figures[i].unit : "");
	}
	printf("  %-22s %s\n", "queued", json_text(run, "queued", "-"));
	printf("  %-22s %s\n", "protocol, SHA-256", json_text(run, "protocol_sha256", "-"));
	printf("  %-22s %s\n", "site file, SHA-256", json_text(run, "site_sha256", "-"));
	print_calibrations(json_field(run, "calibrations"));
}

int runs_run(const struct options *options)
{
	json_object *request;
	int64_t limit;
	int r = option_integer(options, OPTION_LIMIT, 1, 1000, 20, &limit);

	if (r)
		return r;
	if (options->count == 1 && !ulid_is_valid(options->arguments[0]))
		return usage_error(options->command, "'%s' is not a run id (densctl runs)",
				   options->arguments[0]);
	request = json_request("runs");
	json_add_text(request, "run", options->count == 1 ? options->arguments[0] : NULL);
	json_object_object_add(request, "limit", json_object_new_int64(limit));
	if (options->count == 1)
		return list_show(options, request, "runs", NULL, run_record);
	return list_show(
		options, request, "runs",
		"run                         ordered         press                calorimeter  last/GPa  T/K"
		"  cause",
		runs_row);
}
