/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/analyse/input.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/densctl/analyse/stare.h"

#define CELSIUS_ZERO_K 273.15
#define COLDEST_K 150.0
#define FAR_BELOW 0.7 /* of the median Tp: no heating rate moves a peak so far */

static const struct column_meaning temperatures[] = {{"T_K", 1, 0, NULL}, {"T_C", 1, CELSIUS_ZERO_K, NULL}};
static const struct column_meaning signals[] = {
	{"cp_J_molK", 1, 0, "heat capacity / J/(mol K)"},
	{"cp_J_gK", 1, 0, "heat capacity / J/(g K)"},
	{"cp", 1, 0, "heat capacity"},
	{"heat_flow_mW", 1, 0, "heat flow / mW"},
	{"hf", 1, 0, "heat flow"},
	{"heat_flow_mW_exo_up", -1, 0, "heat flow / mW"},
};
static const struct column_meaning times[] = {{"t_s", 1, 0, NULL}};
static const struct column_meaning rates[] = {{"rate_K_s", 1, 0, NULL}, {"rate_K_min", 1.0 / 60, 0, NULL}};
static const struct column_meaning peaks[] = {{"Tp_K", 1, 0, NULL}, {"Tp_C", 1, CELSIUS_ZERO_K, NULL}};
static const struct column_meaning onsets[] = {{"onset_K", 1, 0, NULL}, {"onset_C", 1, CELSIUS_ZERO_K, NULL}};
static const struct column_meaning peak_sds[] = {{"sTp_K", 1, 0, NULL}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum scan_column { SCAN_TEMPERATURE, SCAN_SIGNAL, SCAN_TIME, SCAN_COLUMNS };
static const struct column_wanted scan_wanted[SCAN_COLUMNS] = {
	[SCAN_TEMPERATURE] = {"the temperature", temperatures, COUNT(temperatures), false},
	[SCAN_SIGNAL] = {"the signal", signals, COUNT(signals), false},
	[SCAN_TIME] = {"the time", times, COUNT(times), true},
};

enum table_column { TABLE_RATE, TABLE_PEAK, TABLE_PEAK_SD, TABLE_COLUMNS };
static const struct column_wanted table_wanted[TABLE_COLUMNS] = {
	[TABLE_RATE] = {"the heating rate", rates, COUNT(rates), false},
	[TABLE_PEAK] = {"the peak temperature", peaks, COUNT(peaks), false},
	[TABLE_PEAK_SD] = {"the standard deviation of Tp", peak_sds, COUNT(peak_sds), true},
};

enum lag_column { LAG_RATE, LAG_ONSET, LAG_COLUMNS };
static const struct column_wanted lag_wanted[LAG_COLUMNS] = {
	[LAG_RATE] = {"the heating rate", rates, COUNT(rates), false},
	[LAG_ONSET] = {"the melting onset", onsets, COUNT(onsets), false},
};

static int read_scan_csv(const char *path, const struct input_bytes *bytes, struct input_scan *scan,
			 struct input_failure *failure)
{
	struct columns columns;

	if (columns_read(path, bytes, scan_wanted, SCAN_COLUMNS, &columns, failure) < 0)
		return -1;
	scan->numbers = columns.numbers;
	memcpy(scan->ignored, columns.ignored, sizeof(scan->ignored));
	scan->quantity = columns.meanings[SCAN_SIGNAL]->quantity;
	scan->view = (struct scan_view){
		.t_s = columns.values[SCAN_TIME],
		.temperature_k = columns.values[SCAN_TEMPERATURE],
		.signal = columns.values[SCAN_SIGNAL],
		.count = columns.rows,
	};
	return 0;
}

static int read_scan_stare(const char *path, const struct input_bytes *bytes, unsigned segment,
			   struct input_scan *scan, struct input_failure *failure)
{
	struct csv_error error;
	int r = stare_read(bytes->data, bytes->size, segment, &scan->numbers, &error);

	if (r)
		return input_fail_reading(failure, path, r, &error);
	scan->quantity = "heat flow / mW";
	scan->view =
		(struct scan_view){scan->numbers.values[STARE_TIME], scan->numbers.values[STARE_TEMPERATURE],
				   scan->numbers.values[STARE_SIGNAL], scan->numbers.rows};
	return 0;
}

int input_read_scan(const char *path, unsigned segment, struct input_scan *ret_scan,
		    struct input_failure *ret_failure)
{
	struct input_scan scan = {.ignored = ""};
	struct input_bytes bytes;
	int r = input_read_file(path, &bytes, ret_failure);

	if (r < 0)
		return r;
	if (stare_detect(bytes.data, bytes.size))
		r = read_scan_stare(path, &bytes, segment, &scan, ret_failure);
	else
		r = read_scan_csv(path, &bytes, &scan, ret_failure);
	free(bytes.data);
	if (r == 0)
		*ret_scan = scan;
	return r;
}

void input_free_scan(struct input_scan *scan)
{
	csv_numbers_free(&scan->numbers);
}

static int compare_numbers(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* NAN when no row has a peak or memory is short. */
static double median_peak(const struct input_table *table)
{
	double *sorted = calloc(table->count + 1, sizeof(*sorted)), median = NAN;
	size_t n = 0;

	for (size_t i = 0; sorted && i < table->count; i++)
		if (isfinite(table->points[i].tp_k))
			sorted[n++] = table->points[i].tp_k;
	if (n > 0) {
		qsort(sorted, n, sizeof(*sorted), compare_numbers);
		median = sorted[n / 2];
	}
	free(sorted);
	return median;
}

/* One row in Celsius among others in kelvin. Columns all in Celsius, or swapped, are for kissinger_fit to
 * find. */
static int check_mixed_units(const char *path, const struct columns *columns, const struct input_table *table,
			     struct input_failure *failure)
{
	double median = median_peak(table);

	for (size_t i = 0; i < table->count; i++)
		if (median > COLDEST_K && table->points[i].tp_k > 0 &&
		    table->points[i].tp_k < FAR_BELOW * median)
			return input_fail(
				failure, REFUSAL_BAD_VALUE,
				"%s:%zu: Tp = %g K among peaks around %g K; is it Celsius? That goes in Tp_C",
				path, columns_line(columns, i), table->points[i].tp_k, median);
	return 0;
}

static int make_points(const char *path, const struct columns *columns, struct input_table *table,
		       struct input_failure *failure)
{
	const double *sd = columns->values[TABLE_PEAK_SD];

	if (columns->rows > KISSINGER_POINTS_MAX)
		return input_fail(failure, REFUSAL_BAD_VALUE, "%s: %zu rows; at most %d are read", path,
				  columns->rows, KISSINGER_POINTS_MAX);
	table->points = calloc(columns->rows + 1, sizeof(*table->points));
	if (!table->points)
		return input_fail(failure, REFUSAL_NONE, "%s: %s", path, strerror(ENOMEM));
	table->count = columns->rows;
	for (size_t i = 0; i < columns->rows; i++)
		table->points[i] = (struct kissinger_point){.rate_k_per_s = columns->values[TABLE_RATE][i],
							    .tp_k = columns->values[TABLE_PEAK][i],
							    .tp_sd_k = sd ? sd[i] : NAN};
	return check_mixed_units(path, columns, table, failure);
}

int input_read_table(const char *path, struct input_table *ret_table, struct input_failure *ret_failure)
{
	struct input_table table = {.points = NULL};
	struct columns columns;
	int r = columns_read_file(path, table_wanted, TABLE_COLUMNS, &columns, ret_failure);

	if (r < 0)
		return r;
	memcpy(table.ignored, columns.ignored, sizeof(table.ignored));
	r = make_points(path, &columns, &table, ret_failure);
	columns_free(&columns);
	if (r < 0)
		input_free_table(&table);
	else
		*ret_table = table;
	return r;
}

void input_free_table(struct input_table *table)
{
	free(table->points);
	table->points = NULL;
}

int input_read_lag(const char *path, struct input_lag *ret_table, struct input_failure *ret_failure)
{
	struct input_lag table = {.points = NULL};
	struct columns columns;
	int r = columns_read_file(path, lag_wanted, LAG_COLUMNS, &columns, ret_failure);

	if (r < 0)
		return r;
	memcpy(table.ignored, columns.ignored, sizeof(table.ignored));
	table.count = columns.rows;
	table.points = calloc(columns.rows + 1, sizeof(*table.points));
	if (!table.points)
		r = input_fail(ret_failure, REFUSAL_NONE, "%s: %s", path, strerror(ENOMEM));
	else if (columns.rows > LAG_POINTS_MAX)
		r = input_fail(ret_failure, REFUSAL_BAD_VALUE, "%s: %zu rows; at most %d are read", path,
			       columns.rows, LAG_POINTS_MAX);
	for (size_t i = 0; r == 0 && i < columns.rows; i++)
		table.points[i] =
			(struct lag_point){columns.values[LAG_RATE][i], columns.values[LAG_ONSET][i]};
	columns_free(&columns);
	if (r < 0)
		input_free_lag(&table);
	else
		*ret_table = table;
	return r;
}

void input_free_lag(struct input_lag *table)
{
	free(table->points);
	table->points = NULL;
}
