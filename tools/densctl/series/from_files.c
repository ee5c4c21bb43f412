/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densctl analyse series: a table of scan files, each pair analysed, states and what follows from them. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/densctl/analyse/analyse.h"
#include "tools/densctl/command.h"
#include "tools/densctl/json.h"
#include "tools/densctl/series/campaign.h"
#include "tools/densctl/series/pictures.h"

enum { PATH_MOST = 1024, SCANS = 3 };
enum table_column {
	TABLE_FIRST,
	TABLE_REFERENCE,
	TABLE_RATE,
	TABLE_TEMPERATURE,
	TABLE_PRESSURE,
	TABLE_EMPTY,
	TABLE_COLUMNS
};

static const struct column_meaning firsts[] = {{"first", 1, 0, NULL}};
static const struct column_meaning references[] = {{"reference", 1, 0, NULL}};
static const struct column_meaning rates[] = {{"rate_K_s", 1, 0, NULL}, {"rate_K_min", 1.0 / 60, 0, NULL}};
static const struct column_meaning temperatures[] = {{"T_dens_K", 1, 0, NULL}, {"T_dens_C", 1, 273.15, NULL}};
static const struct column_meaning pressures[] = {{"P_GPa", 1, 0, NULL}};
static const struct column_meaning empties[] = {{"empty", 1, 0, NULL}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
static const struct column_wanted wanted[TABLE_COLUMNS] = {
	[TABLE_FIRST] = {"the first scan", firsts, COUNT(firsts), false, true},
	[TABLE_REFERENCE] = {"the reference scan", references, COUNT(references), false, true},
	[TABLE_RATE] = {"the heating rate", rates, COUNT(rates), false, false},
	[TABLE_TEMPERATURE] = {"the temperature of densification", temperatures, COUNT(temperatures), true,
			       false},
	[TABLE_PRESSURE] = {"the pressure of densification", pressures, COUNT(pressures), true, false},
	[TABLE_EMPTY] = {"the scan of the empty chip", empties, COUNT(empties), true, true},
};

struct reader {
	const struct analyse_arguments *arguments; /* lag and scale taken (analyse_take_lag) */
	const char *path;                          /* of the table */
	const struct columns *columns;
	struct pair_workspace *workspace;
	struct campaign *campaign;
	struct input_failure failure;
};

/* @name as it stands in the table: absolute, or relative to the table's folder. */
static int resolve(const struct reader *reader, const char *name, char ret_path[PATH_MOST])
{
	const char *slash = strrchr(reader->path, '/');
	int length = name[0] == '/' || !slash ? 0 : (int)(slash - reader->path) + 1;

	return snprintf(ret_path, PATH_MOST, "%.*s%s", length, reader->path, name) < PATH_MOST ? 0 : -E2BIG;
}

static int read_name(struct reader *reader, size_t row, enum table_column column,
		     char ret_name[CAMPAIGN_NAME])
{
	if (columns_text(reader->columns, column, row, ret_name, CAMPAIGN_NAME) < 0 || !ret_name[0])
		return input_fail(&reader->failure, REFUSAL_BAD_VALUE,
				  "%s:%zu: the file of %s is missing, or its name longer than %d bytes",
				  reader->path, columns_line(reader->columns, row), wanted[column].what,
				  CAMPAIGN_NAME - 1);
	return 0;
}

static int read_scan(struct reader *reader, const char *name, struct input_scan *ret_scan)
{
	char path[PATH_MOST];

	if (resolve(reader, name, path) < 0)
		return input_fail(&reader->failure, REFUSAL_NONE, "%s: the path is too long", name);
	return input_read_scan(path, 0, ret_scan, &reader->failure);
}

/* What a file holds may be refused; that is one scan less, not the end of the series. */
static void note_refusal(const struct reader *reader, struct campaign_row *row)
{
	row->scan.refused = true;
	snprintf(row->code, sizeof(row->code), "%s", refusal_name(reader->failure.refusal));
	snprintf(row->why, sizeof(row->why), "%.*s", REFUSAL_WHY - 1, reader->failure.why);
}

static int analyse_pair(struct reader *reader, const struct input_scan scans[SCANS], struct campaign_row *row)
{
	struct pair_options options = reader->arguments->pair;
	struct pair_result result;
	int r;

	options.rate_k_per_s = row->scan.rate_k_per_s;
	r = pair_analyse(&scans[0].view, &scans[1].view, scans[2].quantity ? &scans[2].view : NULL, &options,
			 reader->workspace, &result);
	if (r < 0)
		return input_fail(&reader->failure, REFUSAL_NONE, "%s: %s", row->name, strerror(-r));
	campaign_fill_pair(row, &result);
	if (r == 0) {
		struct pair_curves curves = pair_workspace_curves(reader->workspace);

		r = campaign_fill_curve(row, &curves, &result);
	}
	return r < 0 ? input_fail(&reader->failure, REFUSAL_NONE, "out of memory") : 0;
}

/* What the scans of a row hold must be one quantity. */
static int read_scans(struct reader *reader, const char *const names[SCANS], struct input_scan scans[SCANS])
{
	for (int i = 0; i < SCANS && names[i]; i++) {
		int r = read_scan(reader, names[i], &scans[i]);

		if (r == 0 && strcmp(scans[0].quantity, scans[i].quantity) != 0)
			r = input_fail(&reader->failure, REFUSAL_BAD_HEADER, "%s holds '%s', %s holds '%s'",
				       names[0], scans[0].quantity, names[i], scans[i].quantity);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_pair(struct reader *reader, size_t at, struct campaign_row *row)
{
	struct input_scan scans[SCANS] = {{.quantity = NULL}};
	char empty[CAMPAIGN_NAME] = "";
	const char *names[SCANS] = {row->name, row->second, NULL};
	int r = 0;

	if (reader->columns->meanings[TABLE_EMPTY])
		r = columns_text(reader->columns, TABLE_EMPTY, at, empty, sizeof(empty));
	if (r < 0)
		return input_fail(&reader->failure, REFUSAL_BAD_VALUE,
				  "%s:%zu: the name in column empty is longer than %d bytes", reader->path,
				  columns_line(reader->columns, at), CAMPAIGN_NAME - 1);
	if (empty[0])
		names[2] = empty;
	r = read_scans(reader, names, scans);
	if (r == 0)
		r = analyse_pair(reader, scans, row);
	else if (reader->failure.refusal != REFUSAL_NONE) {
		note_refusal(reader, row);
		r = 0;
	}
	for (int i = 0; i < SCANS; i++)
		input_free_scan(&scans[i]);
	return r;
}

static double cell(const struct reader *reader, enum table_column column, size_t row)
{
	return reader->columns->values[column] ? reader->columns->values[column][row] : NAN;
}

static int check_cells(struct reader *reader, const struct campaign_row *row, size_t at)
{
	const struct columns *columns = reader->columns;

	if (!(row->scan.rate_k_per_s > 0))
		return input_fail(&reader->failure, REFUSAL_BAD_VALUE,
				  "%s:%zu: the heating rate must be above 0", reader->path,
				  columns_line(columns, at));
	if ((columns->values[TABLE_TEMPERATURE] && isnan(row->scan.temperature_k)) ||
	    (columns->values[TABLE_PRESSURE] && isnan(row->scan.pressure_gpa)))
		return input_fail(
			&reader->failure, REFUSAL_BAD_VALUE,
			"%s:%zu: T_dens_K or P_GPa is missing in this row: give it in all or in none",
			reader->path, columns_line(columns, at));
	return 0;
}

static int read_row(struct reader *reader, size_t at)
{
	struct campaign_row *row = campaign_add(reader->campaign);
	int r;

	if (!row)
		return input_fail(&reader->failure, REFUSAL_NONE, "out of memory");
	r = read_name(reader, at, TABLE_FIRST, row->name);
	if (r == 0)
		r = read_name(reader, at, TABLE_REFERENCE, row->second);
	row->scan.rate_k_per_s = cell(reader, TABLE_RATE, at);
	row->scan.temperature_k = cell(reader, TABLE_TEMPERATURE, at);
	row->scan.pressure_gpa = cell(reader, TABLE_PRESSURE, at);
	if (r == 0)
		r = check_cells(reader, row, at);
	return r == 0 ? read_pair(reader, at, row) : r;
}

static int read_table(struct reader *reader)
{
	struct input_bytes bytes;
	struct columns columns;
	bool free_columns;
	int r = input_read_file(reader->path, &bytes, &reader->failure);

	if (r < 0)
		return r;
	r = columns_read(reader->path, &bytes, wanted, TABLE_COLUMNS, &columns, &reader->failure);
	free_columns = r == 0;
	reader->columns = &columns;
	for (size_t i = 0; r == 0 && i < columns.rows; i++)
		r = i < SERIES_SCANS_MAX
			    ? read_row(reader, i)
			    : input_fail(&reader->failure, REFUSAL_BAD_VALUE, "%s: more than %d rows",
					 reader->path, SERIES_SCANS_MAX);
	if (free_columns)
		columns_free(&columns);
	free(bytes.data);
	return r;
}

static bool any_tf(const struct campaign *campaign)
{
	for (size_t i = 0; i < campaign->count; i++)
		if (!campaign->rows[i].scan.refused)
			return true;
	return false;
}

static int present(struct reader *reader)
{
	const struct analyse_arguments *arguments = reader->arguments;
	struct campaign *campaign = reader->campaign;

	if (arguments->json) {
		json_object *object = campaign_json(campaign);

		json_print(object, stdout);
		json_object_put(object);
	} else {
		campaign_write_text(campaign, stdout);
	}
	fflush(stdout);
	return pictures_draw(campaign, "analyse series", arguments->picture, arguments);
}

/* All rows refused: the first reason stands for the series. */
static int conclude(struct reader *reader)
{
	struct campaign *campaign = reader->campaign;
	int r;

	if (!any_tf(campaign)) {
		reader->failure.refusal = REFUSAL_TOO_FEW_POINTS;
		if (campaign->count == 1)
			snprintf(reader->failure.why, sizeof(reader->failure.why),
				 "%s: its only scan gave no Tf: %s: %s", reader->path, campaign->rows[0].code,
				 campaign->rows[0].why);
		else if (campaign->count)
			snprintf(reader->failure.why, sizeof(reader->failure.why),
				 "%s: none of the %zu scans gave a Tf; the first one: %s: %s", reader->path,
				 campaign->count, campaign->rows[0].code, campaign->rows[0].why);
		else
			snprintf(reader->failure.why, sizeof(reader->failure.why), "%s: no rows",
				 reader->path);
		return analyse_refuse("series", reader->arguments->json, &reader->failure);
	}
	r = campaign_analyse(campaign);
	if (r != 0)
		return analyse_refuse_result("series", reader->arguments, r,
					     r > 0 ? campaign->result->why : "");
	return present(reader);
}

static int run(struct reader *reader)
{
	const struct analyse_arguments *arguments = reader->arguments;
	struct campaign *campaign = reader->campaign;

	if (!reader->workspace || !campaign) {
		reader->failure = (struct input_failure){REFUSAL_NONE, "out of memory"};
		return analyse_refuse("series", arguments->json, &reader->failure);
	}
	snprintf(campaign->title, sizeof(campaign->title), "%s", reader->path);
	campaign->origin = "files";
	campaign->options.tg_k = arguments->tg_k;
	campaign->options.older_k_per_gpa = arguments->older_k_per_gpa;
	campaign->options.lag_sd_s = arguments->pair.lag_sd_s;
	campaign->options.calibration_sd_k = arguments->pair.calibration_sd_k;
	if (read_table(reader) < 0)
		return analyse_refuse("series", arguments->json, &reader->failure);
	return conclude(reader);
}

int analyse_series_run(const struct analyse_arguments *arguments)
{
	struct analyse_arguments taken = *arguments;
	struct reader reader = {.arguments = &taken,
				.path = arguments->files[0],
				.workspace = pair_workspace_new(),
				.campaign = campaign_new()};
	int r = pictures_check("analyse series", arguments->picture);

	if (r == DENSCTL_OK && analyse_take_lag(&taken, &reader.failure) < 0)
		r = analyse_refuse("series", arguments->json, &reader.failure);
	if (r == DENSCTL_OK)
		r = run(&reader);
	campaign_free(reader.campaign);
	pair_workspace_free(reader.workspace);
	return r;
}
