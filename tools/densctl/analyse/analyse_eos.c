/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densctl analyse eos: reads compression against pressure, has the equation of state fitted, says what came
 * out. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/calorimetry/eos.h"
#include "tools/densctl/analyse/analyse.h"
#include "tools/densctl/analyse/picture.h"
#include "tools/densctl/command.h"
#include "tools/densctl/json.h"

/* How a column becomes a number proportional to V0/V: value to the power. The errors follow the same order.
 */
static const double powers[] = {3, -1, -1, 1};
static const struct column_meaning pressures[] = {{"P_GPa", 1, 0, NULL}};
static const struct column_meaning compressions[] = {
	{"q1_per_A", 1, 0, NULL}, {"V_ratio", 1, 0, NULL}, {"V", 1, 0, NULL}, {"density", 1, 0, NULL}};
static const struct column_meaning errors[] = {
	{"sq1_per_A", 1, 0, NULL}, {"sV_ratio", 1, 0, NULL}, {"sV", 1, 0, NULL}, {"sdensity", 1, 0, NULL}};

enum { FORMS = sizeof(powers) / sizeof(powers[0]) };
enum state_column { STATE_PRESSURE, STATE_COMPRESSION, STATE_ERROR, STATE_COLUMNS };
static const struct column_wanted state_wanted[STATE_COLUMNS] = {
	[STATE_PRESSURE] = {"the pressure", pressures, 1, false, false},
	[STATE_COMPRESSION] = {"the compression", compressions, FORMS, false, false},
	[STATE_ERROR] = {"its standard error", errors, FORMS, true, false},
};

struct rows {
	struct eos_point *points; /* owned */
	size_t count;
	char ignored[INPUT_TEXT];
};

static int check_error_column(const char *path, const struct columns *columns, struct input_failure *failure)
{
	const struct column_meaning *error = columns->meanings[STATE_ERROR];
	const struct column_meaning *value = columns->meanings[STATE_COMPRESSION];

	if (!error || error - errors == value - compressions)
		return 0;
	return input_fail(failure, REFUSAL_BAD_HEADER, "%s: column '%s' is no error of '%s'; %s is wanted",
			  path, error->name, value->name, errors[value - compressions].name);
}

static int make_rows(const char *path, const struct columns *columns, struct rows *rows,
		     struct input_failure *failure)
{
	double power = powers[columns->meanings[STATE_COMPRESSION] - compressions];
	const double *values = columns->values[STATE_COMPRESSION], *sds = columns->values[STATE_ERROR];

	rows->points = calloc(columns->rows + 1, sizeof(*rows->points));
	if (!rows->points)
		return input_fail(failure, REFUSAL_NONE, "%s: %s", path, strerror(ENOMEM));
	rows->count = columns->rows;
	for (size_t i = 0; i < columns->rows; i++) {
		if (!(values[i] > 0))
			return input_fail(failure, REFUSAL_BAD_VALUE,
					  "%s:%zu: %s is %g; a number above 0 is wanted", path,
					  columns_line(columns, i),
					  columns->meanings[STATE_COMPRESSION]->name, values[i]);
		rows->points[i] = (struct eos_point){
			.pressure_gpa = columns->values[STATE_PRESSURE][i],
			.cube = pow(values[i], power),
			.cube_sd = sds ? fabs(power) * pow(values[i], power - 1) * sds[i] : NAN,
		};
	}
	return 0;
}

/* 0 with @ret_rows to be freed; -1. */
static int read_rows(const char *path, struct rows *ret_rows, struct input_failure *failure)
{
	struct columns columns;
	int r = columns_read_file(path, state_wanted, STATE_COLUMNS, &columns, failure);

	if (r < 0)
		return r;
	*ret_rows = (struct rows){.points = NULL};
	memcpy(ret_rows->ignored, columns.ignored, sizeof(ret_rows->ignored));
	r = check_error_column(path, &columns, failure);
	if (r == 0)
		r = make_rows(path, &columns, ret_rows, failure);
	columns_free(&columns);
	if (r < 0)
		free(ret_rows->points);
	return r;
}

static void find_pressures(const struct rows *rows, double ret_span_gpa[2])
{
	ret_span_gpa[0] = INFINITY;
	ret_span_gpa[1] = 0;
	for (size_t i = 0; i < rows->count; i++) {
		ret_span_gpa[0] = fmin(ret_span_gpa[0], rows->points[i].pressure_gpa);
		ret_span_gpa[1] = fmax(ret_span_gpa[1], rows->points[i].pressure_gpa);
	}
}

static const char *find_warning(const struct eos_result *result, const double span_gpa[2])
{
	if (result->k_ci95_gpa[0] <= 0)
		return "the 95 % interval of K reaches zero: the scatter hides the compression";
	if (span_gpa[0] > 0.1 * span_gpa[1])
		return "no row near P = 0: V0 is extrapolated, and K with it";
	return "";
}

static void print_json(const struct eos_result *result, const struct rows *rows, const char *path)
{
	json_object *object = json_object_new_object(), *list = json_object_new_array();
	double span_gpa[2];
	const char *warning;

	find_pressures(rows, span_gpa);
	warning = find_warning(result, span_gpa);
	json_object_object_add(object, "K_GPa", json_real(result->k_gpa));
	json_object_object_add(object, "K_sd_GPa", json_real(result->k_sd_gpa));
	json_object_object_add(object, "K_ci95_GPa", analyse_json_span(result->k_ci95_gpa));
	json_object_object_add(object, "K_prime", json_real(result->k_prime));
	json_object_object_add(object, "K_prime_sd", json_real(result->k_prime_sd));
	json_object_object_add(object, "n", json_object_new_int64((int64_t)result->n));
	json_object_object_add(object, "compression_at_max",
			       json_real(eos_compression(span_gpa[1], result->k_gpa, result->k_prime) - 1));
	json_object_object_add(object, "P_range_GPa", analyse_json_span(span_gpa));
	json_object_object_add(object, "residual_sd", json_real(result->residual_sd));
	analyse_json_ignored(list, path, rows->ignored);
	if (warning[0])
		json_object_array_add(list, json_object_new_string(warning));
	json_object_object_add(object, "warnings", list);
	json_print(object, stdout);
	json_object_put(object);
}

static void print_text(const struct eos_result *result, const struct rows *rows, const char *path)
{
	double span_gpa[2], most;

	find_pressures(rows, span_gpa);
	most = eos_compression(span_gpa[1], result->k_gpa, result->k_prime) - 1;
	printf("K            %.2f +- %.2f GPa (standard error), 95 %% interval %.2f to %.2f\n", result->k_gpa,
	       result->k_sd_gpa, result->k_ci95_gpa[0], result->k_ci95_gpa[1]);
	if (isnan(result->k_prime_sd))
		printf("K'           %.3g, held\n", result->k_prime);
	else
		printf("K'           %.2f +- %.2f, fitted\n", result->k_prime, result->k_prime_sd);
	printf("V0/V - 1     %+.3f %% at %g GPa, from the fit\n", 100 * most, span_gpa[1]);
	printf("fit          %zu rows, %g to %g GPa, %s", result->n, span_gpa[0], span_gpa[1],
	       isnan(result->residual_sd) ? "weighted by their errors\n" : "unweighted");
	if (!isnan(result->residual_sd))
		printf(", scatter of V0/V %.2g\n", result->residual_sd);
	if (find_warning(result, span_gpa)[0])
		printf("warning: %s\n", find_warning(result, span_gpa));
	if (rows->ignored[0])
		printf("warning: %s: columns not looked at: %s\n", path, rows->ignored);
}

static int fit_rows(const struct analyse_arguments *arguments, const struct rows *rows)
{
	struct eos_options options = {.k_prime = arguments->k_prime};
	struct picture_eos picture = {.points = rows->points, .count = rows->count};
	struct eos_result result;
	int r = eos_fit(rows->points, rows->count, &options, &result);

	if (r)
		return analyse_refuse_result("eos", arguments, r, result.why);
	if (arguments->json)
		print_json(&result, rows, arguments->files[0]);
	else
		print_text(&result, rows, arguments->files[0]);
	fflush(stdout);
	picture.result = &result;
	return picture_draw(arguments, "eos", picture_write_eos, &picture);
}

int analyse_eos_run(const struct analyse_arguments *arguments)
{
	struct input_failure failure;
	struct rows rows;
	int r = read_rows(arguments->files[0], &rows, &failure);

	if (r < 0)
		return analyse_refuse("eos", arguments->json, &failure);
	r = fit_rows(arguments, &rows);
	free(rows.points);
	return r;
}
