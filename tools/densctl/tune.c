/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an autotune found and what it proposes, from a run's record; and a picture of its relay. It writes
 * nothing. */
#include "tools/densctl/tune.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/ulid.h"
#include "protocol/tune.h"
#include "tools/densctl/client.h"
#include "tools/densctl/json.h"
#include "tools/densctl/plot.h"
#include "tools/densctl/samples.h"

#define COLUMN_PHASE 3
#define COLUMN_TEMPERATURE 4
#define COLUMN_OUTPUT 7
#define WALL_TEXT 40

struct found {
	bool any;
	struct tune_result result;
	char begun[WALL_TEXT], ended[WALL_TEXT]; /* of the relay, wall time as text */
};

static void take_event(json_object *event, struct found *found)
{
	const char *text = json_text(event, "text", ""), *wall = json_text(event, "t_wall", "");
	struct tune_result result;

	if (strcmp(json_text(event, "what", ""), "note") != 0)
		return;
	if (strncmp(text, "relay autotune at", 17) == 0)
		snprintf(found->begun, sizeof(found->begun), "%.39s", wall);
	if (!tune_read(text, &result))
		return;
	found->any = true;
	found->result = result;
	snprintf(found->ended, sizeof(found->ended), "%.39s", wall);
}

static int find(const struct options *options, struct found *ret_found)
{
	json_object *request = json_request("events"), *reply = NULL, *events;
	struct found found = {0};
	int r;

	json_add_text(request, "run", options->arguments[0]);
	r = client_ask(options, request, &reply);
	events = json_field(reply, "events");
	for (size_t i = 0; r == DENSCTL_OK && i < json_length(events); i++)
		take_event(json_object_array_get_idx(events, i), &found);
	json_object_put(reply);
	*ret_found = found;
	return r;
}

static void print_rules(const struct tune_result *result)
{
	printf("autotune       ultimate gain %.3g +- %.2g %%/K, period %.4g +- %.2g s, %u cycles\n\n"
	       "  %-16s %9s %9s %11s %13s\n",
	       result->gain_pct_per_k, result->gain_sd, result->period_s, result->period_sd, result->cycles,
	       "rule", "band/K", "gain/%/K", "integral/s", "derivative/s");
	for (int i = 0; i < TUNE_RULE_MAX; i++) {
		struct tune_pid pid = tune_propose(result, (enum tune_rule)i);

		printf("  %-16s %9.4g %9.3g %11.4g %13.3g\n", pid.rule, pid.band_k, pid.gain_pct_per_k,
		       pid.integral_s, pid.derivative_s);
	}
	puts("\nNothing was written. Type one set in at the controller, band in its own unit (K or % of its "
	     "span),\n"
	     "then run a ramp and compare. Tyreus-Luyben hardly overshoots; Ziegler-Nichols is quick and "
	     "does.");
}

static json_object *rules_json(const struct tune_result *result)
{
	json_object *object = json_object_new_object(), *list = json_object_new_array();

	json_object_object_add(object, "gain_pct_per_k", json_real(result->gain_pct_per_k));
	json_object_object_add(object, "gain_sd", json_real(result->gain_sd));
	json_object_object_add(object, "period_s", json_real(result->period_s));
	json_object_object_add(object, "period_sd", json_real(result->period_sd));
	json_object_object_add(object, "cycles", json_object_new_int64(result->cycles));
	for (int i = 0; i < TUNE_RULE_MAX; i++) {
		struct tune_pid pid = tune_propose(result, (enum tune_rule)i);
		json_object *rule = json_object_new_object();

		json_object_object_add(rule, "rule", json_object_new_string(pid.rule));
		json_object_object_add(rule, "band_k", json_real(pid.band_k));
		json_object_object_add(rule, "gain_pct_per_k", json_real(pid.gain_pct_per_k));
		json_object_object_add(rule, "integral_s", json_real(pid.integral_s));
		json_object_object_add(rule, "derivative_s", json_real(pid.derivative_s));
		json_object_array_add(list, rule);
	}
	json_object_object_add(object, "proposals", list);
	return object;
}

/* The column @index of a line of CSV, or "". */
static const char *column(const char *line, int index)
{
	for (; index > 0 && line; index--) {
		line = strchr(line, ',');
		line = line ? line + 1 : NULL;
	}
	return line ? line : "";
}

static bool is_between(const char *line, const struct found *found)
{
	return strncmp(line, found->begun, 23) >= 0 && strncmp(line, found->ended, 23) <= 0;
}

/* Rows of the relay: seconds, temperature, output. */
static size_t print_rows(const char *csv, const struct found *found, FILE *stream)
{
	size_t count = 0;
	double first_s = NAN;

	for (const char *line = strchr(csv, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
		double t_s = strtod(column(line + 1, 1), NULL);

		if (!is_between(line + 1, found) ||
		    strncmp(column(line + 1, COLUMN_PHASE), "isotherm", 8) != 0)
			continue;
		first_s = isnan(first_s) ? t_s : first_s;
		fprintf(stream, "%.3f %.4f %.3f\n", t_s - first_s,
			strtod(column(line + 1, COLUMN_TEMPERATURE), NULL),
			strtod(column(line + 1, COLUMN_OUTPUT), NULL));
		count++;
	}
	return count;
}

static int draw(const char *csv, const struct found *found, const char *terminal, const char *path)
{
	FILE *gnuplot;
	int r = plot_open(path, terminal, &gnuplot);
	size_t rows;

	if (r < 0)
		return r;
	fprintf(gnuplot,
		"\nset title 'relay autotune: Ku %.3g +- %.2g %%/K, Pu %.4g +- %.2g s' noenhanced\n"
		"set xlabel 'time / s'\nset ylabel 'temperature / K'\nset y2label 'output / %%'\n"
		"set ytics nomirror\nset y2tics\nset grid\nset key outside bottom center horizontal\n"
		"set autoscale xfix\nset offsets 0, 0, graph 0.06, graph 0.06\n$relay << E\n",
		found->result.gain_pct_per_k, found->result.gain_sd, found->result.period_s,
		found->result.period_sd);
	rows = print_rows(csv, found, gnuplot);
	fputs("E\nplot $relay using 1:3 axes x1y2 with steps lw 1.5 lc '#7f8c8d' title 'output', "
	      "'' using 1:2 with lines lw 2 lc '#c0392b' title 'T'\n",
	      gnuplot);
	if (pclose(gnuplot) != 0)
		return -ENOSYS;
	return rows > 0 ? 0 : -ENODATA;
}

static void collect(void *userdata, json_object *page)
{
	fputs(json_text(page, "csv", ""), userdata);
}

static int show_picture(const struct options *options, const struct found *found, const char *terminal,
			const char *path)
{
	char *csv = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&csv, &length);
	int r = DENSCTL_INVALID;

	if (stream) {
		r = samples_each(options, options->arguments[0], "csv", collect, stream);
		if (fclose(stream) != 0)
			r = DENSCTL_INVALID;
	}
	if (r == DENSCTL_OK) {
		int drawn = draw(csv, found, terminal, path);

		if (drawn < 0) {
			fprintf(stderr, "densctl tune: cannot draw %s: %s\n", path,
				drawn == -ENODATA  ? "the store has no samples of the relay"
				: drawn == -ENOSYS ? "gnuplot is not installed, or refused"
						   : strerror(-drawn));
			r = DENSCTL_INVALID;
		}
	}
	free(csv);
	return r;
}

int tune_show(const struct options *options)
{
	struct found found;
	int r = find(options, &found);

	if (r == DENSCTL_OK && found.any)
		print_rules(&found.result);
	return r;
}

static void refuse(const struct options *options)
{
	json_object *object = json_object_new_object(), *refused = json_object_new_object();
	char why[160];

	snprintf(why, sizeof(why), "run %s has no finished autotune in its record (densctl events %s)",
		 options->arguments[0], options->arguments[0]);
	fprintf(stderr, "densctl tune: %s\n", why);
	json_add_text(refused, "code", "no_autotune");
	json_add_text(refused, "why", why);
	json_object_object_add(object, "refused", refused);
	if (option_given(options, OPTION_JSON))
		json_print(object, stdout);
	json_object_put(object);
}

int tune_run(const struct options *options)
{
	const char *svg = options->value[OPTION_SVG], *png = options->value[OPTION_PNG];
	struct found found;
	int r;

	if (!ulid_is_valid(options->arguments[0]))
		return usage_error(options->command, "'%s' is not a run id (densctl runs)",
				   options->arguments[0]);
	r = find(options, &found);
	if (r == DENSCTL_OK && !found.any) {
		refuse(options);
		return DENSCTL_ANALYSIS;
	}
	if (r == DENSCTL_OK && option_given(options, OPTION_JSON)) {
		json_object *object = rules_json(&found.result);

		json_print(object, stdout);
		json_object_put(object);
	} else if (r == DENSCTL_OK) {
		print_rules(&found.result);
	}
	if (r == DENSCTL_OK && svg)
		r = show_picture(options, &found, "svg", svg);
	if (r == DENSCTL_OK && png)
		r = show_picture(options, &found, "pngcairo", png);
	return r;
}
