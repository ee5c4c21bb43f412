/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/analyse/input.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "tools/densctl/analyse/stare.h"

#define CELSIUS_ZERO_K 273.15
#define COLDEST_K 150.0
#define FAR_BELOW 0.7 /* of the median Tp: no heating rate moves a peak so far */

enum { MEANINGS_MAX = 4 };

/* One name that a column may have: value in the unit wanted = factor x value in the file + offset. */
struct meaning {
	const char *name;
	double factor, offset;
	const char *quantity;
};

/* A quantity the analysis needs, under one of several names. */
struct wanted {
	const char *what;
	const struct meaning *meanings;
	size_t count;
	bool optional;
};

static const struct meaning temperatures[] = {{"T_K", 1, 0, NULL}, {"T_C", 1, CELSIUS_ZERO_K, NULL}};
static const struct meaning signals[] = {
	{"cp_J_molK", 1, 0, "heat capacity / J/(mol K)"},
	{"cp_J_gK", 1, 0, "heat capacity / J/(g K)"},
	{"cp", 1, 0, "heat capacity"},
	{"heat_flow_mW", 1, 0, "heat flow / mW"},
	{"hf", 1, 0, "heat flow"},
	{"heat_flow_mW_exo_up", -1, 0, "heat flow / mW"},
};
static const struct meaning times[] = {{"t_s", 1, 0, NULL}};
static const struct meaning rates[] = {{"rate_K_s", 1, 0, NULL}, {"rate_K_min", 1.0 / 60, 0, NULL}};
static const struct meaning peaks[] = {{"Tp_K", 1, 0, NULL}, {"Tp_C", 1, CELSIUS_ZERO_K, NULL}};
static const struct meaning peak_sds[] = {{"sTp_K", 1, 0, NULL}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum scan_column { SCAN_TEMPERATURE, SCAN_SIGNAL, SCAN_TIME, SCAN_COLUMNS };
static const struct wanted scan_wanted[SCAN_COLUMNS] = {
	[SCAN_TEMPERATURE] = {"the temperature", temperatures, COUNT(temperatures), false},
	[SCAN_SIGNAL] = {"the signal", signals, COUNT(signals), false},
	[SCAN_TIME] = {"the time", times, COUNT(times), true},
};

enum table_column { TABLE_RATE, TABLE_PEAK, TABLE_PEAK_SD, TABLE_COLUMNS };
static const struct wanted table_wanted[TABLE_COLUMNS] = {
	[TABLE_RATE] = {"the heating rate", rates, COUNT(rates), false},
	[TABLE_PEAK] = {"the peak temperature", peaks, COUNT(peaks), false},
	[TABLE_PEAK_SD] = {"the standard deviation of Tp", peak_sds, COUNT(peak_sds), true},
};

/* Which columns of the file are read, in the order of the wanted table, and what each means. */
struct choice {
	size_t columns[MEANINGS_MAX];
	const struct meaning *meanings[MEANINGS_MAX];
	int slot[MEANINGS_MAX]; /* of the wanted quantity in columns; -1: not there */
	size_t count;
};

struct bytes {
	char *data;
	size_t size;
};

static int fail(struct input_failure *failure, enum refusal refusal, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct input_failure *failure, enum refusal refusal, const char *format, ...)
{
	va_list arguments;

	failure->refusal = refusal;
	va_start(arguments, format);
	vsnprintf(failure->why, sizeof(failure->why), format, arguments);
	va_end(arguments);
	return -1;
}

/* @r of a reader, as "file:line:column: why". */
static int fail_reading(struct input_failure *failure, const char *path, int r, const struct csv_error *error)
{
	if (r < 0)
		return fail(failure, REFUSAL_NONE, "%s: %s", path, strerror(-r));
	if (error->line == 0)
		return fail(failure, (enum refusal)r, "%s: %s", path, error->why);
	return fail(failure, (enum refusal)r, "%s:%zu:%zu: %s", path, error->line,
		    error->column ? error->column : 1, error->why);
}

static int bytes_append(struct bytes *bytes, size_t *capacity, int fd)
{
	ssize_t n;

	if (bytes->size == *capacity) {
		size_t larger = *capacity ? 2 * *capacity : 65536;
		char *data = realloc(bytes->data, larger);

		if (!data)
			return -ENOMEM;
		bytes->data = data;
		*capacity = larger;
	}
	n = read(fd, bytes->data + bytes->size, *capacity - bytes->size);
	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	bytes->size += (size_t)n;
	return n > 0;
}

/* Reads until the end, at most one byte beyond what a reader takes, so that it sees what is too long. */
static int read_file(const char *path, struct bytes *ret_bytes, struct input_failure *failure)
{
	struct bytes bytes = {NULL, 0};
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = 1;
	size_t capacity = 0;

	if (fd < 0)
		return fail(failure, REFUSAL_NONE, "%s: %s", path, strerror(errno));
	while (r > 0 && bytes.size <= CSV_BYTES_MAX)
		r = bytes_append(&bytes, &capacity, fd);
	close(fd);
	if (r < 0) {
		free(bytes.data);
		return fail(failure, REFUSAL_NONE, "%s: %s", path, strerror(-r));
	}
	*ret_bytes = bytes;
	return 0;
}

static const struct meaning *meaning_of(const struct wanted *wanted, const char *name)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (strcmp(wanted->meanings[i].name, name) == 0)
			return &wanted->meanings[i];
	return NULL;
}

/* "T_K or T_C" */
static const char *allowed_names(const struct wanted *wanted, char text[160])
{
	size_t used = 0;

	for (size_t i = 0; i < wanted->count; i++)
		used += (size_t)snprintf(text + used, 160 - used, "%s%s",
					 i == 0                  ? ""
					 : i + 1 < wanted->count ? ", "
								 : " or ",
					 wanted->meanings[i].name);
	return text;
}

static void list_names(const struct csv *csv, char text[INPUT_TEXT / 2])
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < csv->columns && used < INPUT_TEXT / 2; i++)
		used += (size_t)snprintf(text + used, INPUT_TEXT / 2 - used, "%s'%s'", i ? " " : "",
					 csv->names[i]);
}

/* The column of one quantity; it must not be there twice, under one name or two. */
static int choose_one(const char *path, const struct csv *csv, const struct wanted *wanted,
		      struct choice *choice, size_t quantity, struct input_failure *failure)
{
	char allowed[160], names[INPUT_TEXT / 2];

	choice->slot[quantity] = -1;
	for (size_t i = 0; i < csv->columns; i++) {
		const struct meaning *meaning = meaning_of(wanted, csv->names[i]);
		int slot = choice->slot[quantity];

		if (!meaning)
			continue;
		if (slot >= 0)
			return fail(failure, REFUSAL_BAD_HEADER,
				    "%s:%zu: columns '%s' and '%s' both give %s; leave one", path,
				    csv->data_line - 1, csv->names[choice->columns[slot]], csv->names[i],
				    wanted->what);
		choice->slot[quantity] = (int)choice->count;
		choice->columns[choice->count] = i;
		choice->meanings[choice->count++] = meaning;
	}
	if (choice->slot[quantity] >= 0 || wanted->optional)
		return 0;
	list_names(csv, names);
	return fail(failure, REFUSAL_BAD_HEADER,
		    "%s:%zu: no column for %s: %s is wanted (spelled so); the header has %s", path,
		    csv->data_line - 1, wanted->what, allowed_names(wanted, allowed), names);
}

/* A near miss of an optional name ("T_s", "t_ms") would silently be ignored: it is not. */
static int check_near_miss(const char *path, const struct csv *csv, const struct wanted *wanted,
			   const struct choice *choice, size_t quantity, struct input_failure *failure)
{
	const char *name = wanted->meanings[0].name;

	if (!wanted->optional || choice->slot[quantity] >= 0)
		return 0;
	for (size_t i = 0; i < csv->columns; i++)
		if (strncmp(csv->names[i], name, strcspn(name, "_") + 1) == 0 ||
		    strcasecmp(csv->names[i], name) == 0)
			return fail(failure, REFUSAL_BAD_HEADER,
				    "%s:%zu: column '%s' looks like %s, which is read as %s only", path,
				    csv->data_line - 1, csv->names[i], wanted->what, name);
	return 0;
}

static int choose(const char *path, const struct csv *csv, const struct wanted *wanted, size_t count,
		  struct choice *ret_choice, struct input_failure *failure)
{
	*ret_choice = (struct choice){.count = 0};
	for (size_t i = 0; i < count; i++)
		if (choose_one(path, csv, &wanted[i], ret_choice, i, failure) < 0 ||
		    check_near_miss(path, csv, &wanted[i], ret_choice, i, failure) < 0)
			return -1;
	return 0;
}

static void list_ignored(const struct csv *csv, const struct choice *choice, char text[INPUT_TEXT])
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < csv->columns && used < INPUT_TEXT; i++) {
		size_t k = 0;

		while (k < choice->count && choice->columns[k] != i)
			k++;
		if (k == choice->count && csv->names[i][0])
			used += (size_t)snprintf(text + used, INPUT_TEXT - used, "%s%s", used ? " " : "",
						 csv->names[i]);
	}
}

static void convert(struct csv_numbers *numbers, const struct choice *choice)
{
	for (size_t i = 0; i < choice->count; i++)
		for (size_t row = 0; row < numbers->rows; row++)
			numbers->values[i][row] = choice->meanings[i]->factor * numbers->values[i][row] +
						  choice->meanings[i]->offset;
}

/* The chosen columns of a CSV table in the units wanted. */
static int read_table(const char *path, const struct bytes *bytes, const struct wanted *wanted, size_t count,
		      struct choice *ret_choice, char ret_ignored[INPUT_TEXT],
		      struct csv_numbers *ret_numbers, struct input_failure *failure)
{
	struct csv_error error;
	struct csv csv;
	int r = csv_read_header(bytes->data, bytes->size, &csv, &error);

	if (r)
		return fail_reading(failure, path, r, &error);
	if (choose(path, &csv, wanted, count, ret_choice, failure) < 0)
		return -1;
	r = csv_read_numbers(&csv, ret_choice->columns, ret_choice->count, ret_numbers, &error);
	if (r)
		return fail_reading(failure, path, r, &error);
	convert(ret_numbers, ret_choice);
	list_ignored(&csv, ret_choice, ret_ignored);
	return 0;
}

static int read_scan_csv(const char *path, const struct bytes *bytes, struct input_scan *scan,
			 struct input_failure *failure)
{
	struct choice choice;
	int time;

	if (read_table(path, bytes, scan_wanted, SCAN_COLUMNS, &choice, scan->ignored, &scan->numbers,
		       failure) < 0)
		return -1;
	time = choice.slot[SCAN_TIME];
	scan->quantity = choice.meanings[choice.slot[SCAN_SIGNAL]]->quantity;
	scan->view = (struct scan_view){
		.t_s = time >= 0 ? scan->numbers.values[time] : NULL,
		.temperature_k = scan->numbers.values[choice.slot[SCAN_TEMPERATURE]],
		.signal = scan->numbers.values[choice.slot[SCAN_SIGNAL]],
		.count = scan->numbers.rows,
	};
	return 0;
}

static int read_scan_stare(const char *path, const struct bytes *bytes, unsigned segment,
			   struct input_scan *scan, struct input_failure *failure)
{
	struct csv_error error;
	int r = stare_read(bytes->data, bytes->size, segment, &scan->numbers, &error);

	if (r)
		return fail_reading(failure, path, r, &error);
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
	struct bytes bytes;
	int r = read_file(path, &bytes, ret_failure);

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
static int check_mixed_units(const char *path, const struct csv_numbers *numbers,
			     const struct input_table *table, struct input_failure *failure)
{
	double median = median_peak(table);

	for (size_t i = 0; i < table->count; i++)
		if (median > COLDEST_K && table->points[i].tp_k > 0 &&
		    table->points[i].tp_k < FAR_BELOW * median)
			return fail(
				failure, REFUSAL_BAD_VALUE,
				"%s:%u: Tp = %g K among peaks around %g K; is it Celsius? That goes in Tp_C",
				path, numbers->lines[i], table->points[i].tp_k, median);
	return 0;
}

static int make_points(const char *path, const struct csv_numbers *numbers, const struct choice *choice,
		       struct input_table *table, struct input_failure *failure)
{
	int sd = choice->slot[TABLE_PEAK_SD];

	if (numbers->rows > KISSINGER_POINTS_MAX)
		return fail(failure, REFUSAL_BAD_VALUE, "%s: %zu rows; at most %d are read", path,
			    numbers->rows, KISSINGER_POINTS_MAX);
	table->points = calloc(numbers->rows + 1, sizeof(*table->points));
	if (!table->points)
		return fail(failure, REFUSAL_NONE, "%s: %s", path, strerror(ENOMEM));
	table->count = numbers->rows;
	for (size_t i = 0; i < numbers->rows; i++)
		table->points[i] =
			(struct kissinger_point){.rate_k_per_s = numbers->values[choice->slot[TABLE_RATE]][i],
						 .tp_k = numbers->values[choice->slot[TABLE_PEAK]][i],
						 .tp_sd_k = sd >= 0 ? numbers->values[sd][i] : NAN};
	return check_mixed_units(path, numbers, table, failure);
}

int input_read_table(const char *path, struct input_table *ret_table, struct input_failure *ret_failure)
{
	struct input_table table = {.points = NULL};
	struct csv_numbers numbers;
	struct choice choice;
	struct bytes bytes;
	int r = read_file(path, &bytes, ret_failure);

	if (r < 0)
		return r;
	r = read_table(path, &bytes, table_wanted, TABLE_COLUMNS, &choice, table.ignored, &numbers,
		       ret_failure);
	free(bytes.data);
	if (r < 0)
		return r;
	r = make_points(path, &numbers, &choice, &table, ret_failure);
	csv_numbers_free(&numbers);
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
