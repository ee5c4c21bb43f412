/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A proposal of a calibration out of a CSV of measured fixed points.
 *   press:         branch (loading, unloading), oil_bar, point [, GPa, sd_GPa]
 *   thermocouple:  reading_K, point [, true_K, sd_K]
 * What a point's name stands for is known here; any other needs its value and uncertainty in the table.
 */
#include "tools/densctl/calibration/calibration.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/file.h"
#include "tools/densctl/analyse/csv.h"
#include "tools/densctl/analyse/csv_number.h"
#include "tools/densctl/json.h"
#include "tools/densctl/output.h"

#define BYTES_MAX 65536
#define ZERO_SD_GPA 0.01

/* Values with source; sd: standard uncertainty. */
static const struct known {
	enum calibration_kind kind;
	const char *name;
	double value, sd;
	const char *source;
} known_points[] = {
	{CALIBRATION_OF_PRESS, "Bi I-II", 2.55, 0.01, "2.55 GPa at 298 K"},
	{CALIBRATION_OF_PRESS, "Bi III-V", 7.7, 0.2,
	 "7.7 GPa at 298 K; the literature has 7.4 (J. Appl. Phys. 37, 3172) to 7.7"},
	{CALIBRATION_OF_THERMOCOUPLE, "H2O", 273.16, 0.01, "triple point, ITS-90"},
	{CALIBRATION_OF_THERMOCOUPLE, "In", 429.7485, 0.01, "freezing point, ITS-90"},
	{CALIBRATION_OF_THERMOCOUPLE, "Sn", 505.078, 0.01, "freezing point, ITS-90"},
	{CALIBRATION_OF_THERMOCOUPLE, "Zn", 692.677, 0.01, "freezing point, ITS-90"},
	{CALIBRATION_OF_THERMOCOUPLE, "Al", 933.473, 0.01, "freezing point, ITS-90"},
};
#define KNOWN (sizeof(known_points) / sizeof(known_points[0]))

struct form {
	const char *reading, *truth, *sd;
	const char *unit, *truth_unit;
};
static const struct form forms[] = {
	[CALIBRATION_OF_PRESS] = {"oil_bar", "GPa", "sd_GPa", "bar", "GPa"},
	[CALIBRATION_OF_THERMOCOUPLE] = {"reading_K", "true_K", "sd_K", "K", "K"}};

struct making {
	const struct options *options;
	const char *path;
	enum calibration_kind kind;
	const struct form *form;
	struct csv csv;
	struct measured measured[MEASURED_MAX];
	struct fixed fixed[MEASURED_MAX + 4]; /* room for the zeros and the common top */
	size_t count, points;
};

static int fault(const struct making *making, size_t line, const char *why)
{
	if (line > 0)
		fprintf(stderr, "%s:%zu: error: %s\n", making->path, line, why);
	else
		fprintf(stderr, "%s: error: %s\n", making->path, why);
	return DENSCTL_INVALID;
}

static int find_column(const struct making *making, const char *name)
{
	for (size_t i = 0; i < making->csv.columns; i++)
		if (strcmp(making->csv.names[i], name) == 0)
			return (int)i;
	return -1;
}

/* Empty where there is no such column. */
static void take_text(const struct making *making, size_t line, const char *name, char *ret_text, size_t size)
{
	int column = find_column(making, name);
	const char *text = "";
	size_t length = 0;

	if (column >= 0)
		csv_find_cell(&making->csv, line, (size_t)column, &text, &length);
	snprintf(ret_text, size, "%.*s", (int)(length < size ? length : size - 1), text);
}

static double take_number(const struct making *making, size_t line, const char *name)
{
	char text[40];
	double value = NAN;

	take_text(making, line, name, text, sizeof(text));
	if (csv_number(text, strlen(text), making->csv.separator != ',', &value) != 0)
		return NAN;
	return value;
}

static const struct known *find_known(enum calibration_kind kind, const char *name)
{
	for (size_t i = 0; i < KNOWN; i++)
		if (known_points[i].kind == kind && strcmp(known_points[i].name, name) == 0)
			return &known_points[i];
	return NULL;
}

static int take_truth(struct making *making, size_t line, struct measured *point)
{
	const struct known *known = find_known(making->kind, point->name);
	char why[240], names[120] = "";

	point->truth = take_number(making, line, making->form->truth);
	point->truth_sd = take_number(making, line, making->form->sd);
	if (known && isnan(point->truth)) {
		point->truth = known->value;
		point->truth_sd = isnan(point->truth_sd) ? known->sd : point->truth_sd;
	}
	if (isfinite(point->truth) && point->truth_sd > 0)
		return DENSCTL_OK;
	for (size_t i = 0; i < KNOWN; i++)
		if (known_points[i].kind == making->kind)
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
				 names[0] ? ", " : "", known_points[i].name);
	snprintf(why, sizeof(why), "point '%s' needs its %s and %s in the table; known by name are %s",
		 point->name, making->form->truth, making->form->sd, names);
	return fault(making, line, why);
}

static int take_row(struct making *making, size_t line)
{
	struct measured point = {.reading = take_number(making, line, making->form->reading)};
	char branch[16];

	take_text(making, line, "point", point.name, sizeof(point.name));
	take_text(making, line, "branch", branch, sizeof(branch));
	point.unloading = strcmp(branch, "unloading") == 0;
	if (making->kind == CALIBRATION_OF_PRESS && !point.unloading && strcmp(branch, "loading") != 0)
		return fault(making, line, "'branch' is loading or unloading");
	if (isnan(point.reading))
		return fault(making, line, "what was read is no number");
	if (making->count == MEASURED_MAX)
		return fault(making, line, "more than 200 points");
	if (take_truth(making, line, &point) != DENSCTL_OK)
		return DENSCTL_INVALID;
	making->measured[making->count++] = point;
	return DENSCTL_OK;
}

static int read_rows(struct making *making)
{
	size_t offset = making->csv.data_offset, line = making->csv.data_line;
	int r = DENSCTL_OK;

	while (r == DENSCTL_OK && offset < making->csv.size) {
		size_t next, length = csv_line(making->csv.bytes, making->csv.size, offset, &next);

		if (length > 0 && making->csv.bytes[offset] != '#')
			r = take_row(making, line);
		offset = next;
		line++;
	}
	return r;
}

static int read_points(struct making *making, const char *text, size_t length)
{
	struct csv_error error;
	char why[200];

	if (csv_read_header(text, length, &making->csv, &error) != 0)
		return fault(making, error.line, error.why);
	if (find_column(making, making->form->reading) < 0 || find_column(making, "point") < 0 ||
	    (making->kind == CALIBRATION_OF_PRESS && find_column(making, "branch") < 0)) {
		snprintf(why, sizeof(why),
			 "the header must have %s%s and point; %s and %s where the name says nothing",
			 making->kind == CALIBRATION_OF_PRESS ? "branch, " : "", making->form->reading,
			 making->form->truth, making->form->sd);
		return fault(making, 1, why);
	}
	return read_rows(making);
}

static bool has_unloading(const struct making *making)
{
	for (size_t i = 0; i < making->count; i++)
		if (making->measured[i].unloading)
			return true;
	return false;
}

/* A press that stands still has no pressure, and both branches end where it turned around. */
static void close_branches(struct making *making)
{
	struct measured *list = making->measured;
	const struct fixed *top = NULL;
	bool zero[2] = {false, false};

	for (size_t i = 0; i < making->count; i++)
		zero[list[i].unloading] |= list[i].truth == 0;
	for (int unloading = 0; unloading < 2; unloading++)
		if (!zero[unloading] && making->count < MEASURED_MAX)
			list[making->count++] = (struct measured){.unloading = unloading != 0,
								  .name = "no oil pressure",
								  .truth_sd = ZERO_SD_GPA};
	making->points = calibration_fit(list, making->count, making->fixed);
	for (size_t i = 0; i < making->points; i++)
		if (!making->fixed[i].unloading)
			top = &making->fixed[i];
	if (!top || making->fixed[making->points - 1].truth >= top->truth)
		return;
	making->fixed[making->points] = *top;
	making->fixed[making->points].unloading = true;
	snprintf(making->fixed[making->points++].name, sizeof(top->name), "turned around");
}

static void print_points(const struct making *making, FILE *stream, const char *key, bool unloading)
{
	const struct form *form = making->form;

	fprintf(stream, "%s: # read, true, standard uncertainty\n", key);
	for (size_t i = 0; i < making->points; i++) {
		const struct fixed *point = &making->fixed[i];

		if (point->unloading != unloading)
			continue;
		fprintf(stream, "  - [%.6g %s, %.7g %s, %.2g %s]", point->reading, form->unit, point->truth,
			form->truth_unit, point->sd, form->truth_unit);
		fprintf(stream, " # %s", point->name[0] ? point->name : "given");
		if (point->count > 1)
			fprintf(stream, ", mean of %u, scatter %.2g %s", point->count, point->scatter,
				form->unit);
		fputc('\n', stream);
	}
}

static void print_sources(const struct making *making, FILE *stream)
{
	for (size_t k = 0; k < KNOWN; k++)
		for (size_t i = 0; i < making->points; i++)
			if (known_points[k].kind == making->kind &&
			    strcmp(known_points[k].name, making->fixed[i].name) == 0) {
				fprintf(stream, "# %s: %s\n", known_points[k].name, known_points[k].source);
				break;
			}
}

static void print_proposal(const struct making *making, FILE *stream)
{
	const char *id = making->options->value[OPTION_NAME];
	char date[12] = "?";
	time_t now = time(NULL);
	struct tm parts;

	if (gmtime_r(&now, &parts))
		strftime(date, sizeof(date), "%Y-%m-%d", &parts);
	fprintf(stream,
		"# Proposed by densctl calibration make from %s. Look at it, complete it, check it.\n",
		making->path);
	print_sources(making, stream);
	fprintf(stream, "densd: calibration/1\nkind: %s\nid: %s\nversion: 1\ndate: %s\n",
		calibration_kind_name(making->kind), id ? id : "unnamed", date);
	fprintf(stream, "by: nobody yet\nmethod: fixed points\nvalid_days: 365\n");
	if (making->kind == CALIBRATION_OF_PRESS) {
		print_points(making, stream, "loading", false);
		print_points(making, stream, "unloading", true);
	} else {
		print_points(making, stream, "points", false);
	}
}

/* What is proposed must be what densd would take. */
static int check_proposal(const struct making *making, struct calibration *ret_calibration)
{
	static struct diagnostics diagnostics;
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);
	int r;

	if (!stream)
		return DENSCTL_INVALID;
	print_proposal(making, stream);
	fclose(stream);
	diagnostics_init(&diagnostics, "the proposal");
	r = calibration_read_text(text, length, &diagnostics, ret_calibration);
	if (r != 0) {
		fputs(text, stderr);
		diagnostics_print(&diagnostics, stderr);
	}
	free(text);
	return r == 0 ? DENSCTL_OK : DENSCTL_INVALID;
}

static int write_proposal(const struct making *making)
{
	FILE *file = output_open(making->options);

	if (!file)
		return DENSCTL_INVALID;
	print_proposal(making, file);
	return output_close(making->options, file);
}

/* With --json the YAML goes into --out alone. */
static int tell_proposal(const struct making *making, const struct calibration *calibration)
{
	const char *path = making->options->value[OPTION_OUT];
	bool as_json = option_given(making->options, OPTION_JSON);
	int r = path || !as_json ? write_proposal(making) : DENSCTL_OK;

	if (r == DENSCTL_OK && as_json) {
		json_object *object = calibration_json(calibration, path);

		json_print(object, stdout);
		json_object_put(object);
	} else if (r == DENSCTL_OK && path) {
		fprintf(stderr,
			"densctl calibration: proposed in %s: look at it, put who measured it behind 'by:', "
			"then densctl calibration check %s\n",
			path, path);
	}
	return r;
}

static int propose(struct making *making)
{
	struct calibration calibration;
	int r;

	/* A line drawn from nothing to the top would be densd's guess, not the press's. */
	if (making->kind == CALIBRATION_OF_PRESS && !has_unloading(making))
		return fault(making, making->csv.data_line,
			     "no row with branch 'unloading': measure at least one point on the way down");
	if (making->kind == CALIBRATION_OF_PRESS)
		close_branches(making);
	else
		making->points = calibration_fit(making->measured, making->count, making->fixed);
	r = check_proposal(making, &calibration);
	return r == DENSCTL_OK ? tell_proposal(making, &calibration) : r;
}

int calibration_make(const struct options *options, enum calibration_kind kind, const char *path)
{
	struct making *making = calloc(1, sizeof(*making));
	char *text = NULL;
	size_t length;
	int r = making ? file_read(path, BYTES_MAX, &text, &length) : -ENOMEM;

	if (r < 0) {
		fprintf(stderr, "densctl %s: %s: %s\n", options->command, path, strerror(-r));
		r = DENSCTL_INVALID;
	} else {
		*making =
			(struct making){.options = options, .path = path, .kind = kind, .form = &forms[kind]};
		r = read_points(making, text, length);
		if (r == DENSCTL_OK)
			r = propose(making);
	}
	free(text);
	free(making);
	return r;
}
