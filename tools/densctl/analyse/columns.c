/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/analyse/columns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { NAMES_TEXT = INPUT_TEXT / 2, ALLOWED_TEXT = 160 };

int input_fail(struct input_failure *failure, enum refusal refusal, const char *format, ...)
{
	va_list arguments;

	failure->refusal = refusal;
	va_start(arguments, format);
	vsnprintf(failure->why, sizeof(failure->why), format, arguments);
	va_end(arguments);
	return -1;
}

int input_fail_reading(struct input_failure *failure, const char *path, int r, const struct csv_error *error)
{
	if (r < 0)
		return input_fail(failure, REFUSAL_NONE, "%s: %s", path, strerror(-r));
	if (error->line == 0)
		return input_fail(failure, (enum refusal)r, "%s: %s", path, error->why);
	return input_fail(failure, (enum refusal)r, "%s:%zu:%zu: %s", path, error->line,
			  error->column ? error->column : 1, error->why);
}

static int bytes_append(struct input_bytes *bytes, size_t *capacity, int fd)
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
int input_read_file(const char *path, struct input_bytes *ret_bytes, struct input_failure *ret_failure)
{
	struct input_bytes bytes = {NULL, 0};
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = 1;
	size_t capacity = 0;

	if (fd < 0)
		return input_fail(ret_failure, REFUSAL_NONE, "%s: %s", path, strerror(errno));
	while (r > 0 && bytes.size <= CSV_BYTES_MAX)
		r = bytes_append(&bytes, &capacity, fd);
	close(fd);
	if (r < 0) {
		free(bytes.data);
		return input_fail(ret_failure, REFUSAL_NONE, "%s: %s", path, strerror(-r));
	}
	*ret_bytes = bytes;
	return 0;
}

static const struct column_meaning *meaning_of(const struct column_wanted *wanted, const char *name)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (strcmp(wanted->meanings[i].name, name) == 0)
			return &wanted->meanings[i];
	return NULL;
}

/* "T_K or T_C" */
static const char *allowed_names(const struct column_wanted *wanted, char text[ALLOWED_TEXT])
{
	size_t used = 0;

	for (size_t i = 0; i < wanted->count && used < ALLOWED_TEXT; i++)
		used += (size_t)snprintf(text + used, ALLOWED_TEXT - used, "%s%s",
					 i == 0                  ? ""
					 : i + 1 < wanted->count ? ", "
								 : " or ",
					 wanted->meanings[i].name);
	return text;
}

static void list_names(const struct csv *csv, char text[NAMES_TEXT])
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < csv->columns && used < NAMES_TEXT; i++)
		used += (size_t)snprintf(text + used, NAMES_TEXT - used, "%s'%s'", i ? " " : "",
					 csv->names[i]);
}

/* The column of one quantity; it must not be there twice, under one name or two. */
static int choose_one(const char *path, const struct column_wanted *wanted, struct columns *columns,
		      size_t quantity, struct input_failure *failure)
{
	const struct csv *csv = &columns->csv;
	char allowed[ALLOWED_TEXT], names[NAMES_TEXT];

	for (size_t i = 0; i < csv->columns; i++) {
		const struct column_meaning *meaning = meaning_of(wanted, csv->names[i]);

		if (!meaning)
			continue;
		if (columns->meanings[quantity])
			return input_fail(failure, REFUSAL_BAD_HEADER,
					  "%s:%zu: columns '%s' and '%s' both give %s; leave one", path,
					  csv->data_line - 1, columns->meanings[quantity]->name,
					  csv->names[i], wanted->what);
		columns->meanings[quantity] = meaning;
		columns->index[quantity] = i;
	}
	if (columns->meanings[quantity] || wanted->optional)
		return 0;
	list_names(csv, names);
	return input_fail(failure, REFUSAL_BAD_HEADER,
			  "%s:%zu: no column for %s: %s is wanted (spelled so); the header has %s", path,
			  csv->data_line - 1, wanted->what, allowed_names(wanted, allowed), names);
}

/* A near miss of an optional name ("T_s", "t_ms") would silently be ignored: it is not. */
static int check_near_miss(const char *path, const struct column_wanted *wanted,
			   const struct columns *columns, size_t quantity, struct input_failure *failure)
{
	const char *name = wanted->meanings[0].name;
	const struct csv *csv = &columns->csv;

	if (!wanted->optional || columns->meanings[quantity])
		return 0;
	for (size_t i = 0; i < csv->columns; i++)
		if (strncmp(csv->names[i], name, strcspn(name, "_") + 1) == 0 ||
		    strcasecmp(csv->names[i], name) == 0)
			return input_fail(failure, REFUSAL_BAD_HEADER,
					  "%s:%zu: column '%s' looks like %s, which is read as %s only", path,
					  csv->data_line - 1, csv->names[i], wanted->what, name);
	return 0;
}

static void list_ignored(struct columns *columns, size_t count)
{
	const struct csv *csv = &columns->csv;
	size_t used = 0;

	columns->ignored[0] = '\0';
	for (size_t i = 0; i < csv->columns && used < INPUT_TEXT; i++) {
		size_t k = 0;

		while (k < count && !(columns->meanings[k] && columns->index[k] == i))
			k++;
		if (k == count && csv->names[i][0])
			used += (size_t)snprintf(columns->ignored + used, INPUT_TEXT - used, "%s%s",
						 used ? " " : "", csv->names[i]);
	}
}

static int choose(const char *path, const struct column_wanted *wanted, size_t count, struct columns *columns,
		  struct input_failure *failure)
{
	for (size_t i = 0; i < count; i++)
		if (choose_one(path, &wanted[i], columns, i, failure) < 0 ||
		    check_near_miss(path, &wanted[i], columns, i, failure) < 0)
			return -1;
	list_ignored(columns, count);
	return 0;
}

static int read_numbers(const char *path, const struct column_wanted *wanted, size_t count,
			struct columns *columns, struct input_failure *failure)
{
	size_t places[COLUMNS_WANTED_MAX], quantities[COLUMNS_WANTED_MAX], used = 0;
	struct csv_error error;
	int r;

	for (size_t i = 0; i < count; i++)
		if (columns->meanings[i] && !wanted[i].text) {
			places[used] = columns->index[i];
			quantities[used++] = i;
		}
	r = csv_read_numbers(&columns->csv, places, used, &columns->numbers, &error);
	if (r)
		return input_fail_reading(failure, path, r, &error);
	columns->rows = columns->numbers.rows;
	for (size_t i = 0; i < used; i++) {
		const struct column_meaning *meaning = columns->meanings[quantities[i]];
		double *values = columns->numbers.values[i];

		columns->values[quantities[i]] = values;
		for (size_t row = 0; row < columns->rows; row++)
			values[row] = meaning->factor * values[row] + meaning->offset;
	}
	return 0;
}

int columns_read(const char *path, const struct input_bytes *bytes, const struct column_wanted *wanted,
		 size_t count, struct columns *ret_columns, struct input_failure *ret_failure)
{
	struct columns columns = {.rows = 0};
	struct csv_error error;
	int r = csv_read_header(bytes->data, bytes->size, &columns.csv, &error);

	if (r)
		return input_fail_reading(ret_failure, path, r, &error);
	if (choose(path, wanted, count, &columns, ret_failure) < 0 ||
	    read_numbers(path, wanted, count, &columns, ret_failure) < 0)
		return -1;
	*ret_columns = columns;
	return 0;
}

int columns_read_file(const char *path, const struct column_wanted *wanted, size_t count,
		      struct columns *ret_columns, struct input_failure *ret_failure)
{
	struct input_bytes bytes;
	int r = input_read_file(path, &bytes, ret_failure);

	if (r < 0)
		return r;
	r = columns_read(path, &bytes, wanted, count, ret_columns, ret_failure);
	free(bytes.data);
	if (r == 0)
		ret_columns->csv.bytes = NULL;
	return r;
}

void columns_free(struct columns *columns)
{
	csv_numbers_free(&columns->numbers);
}

int columns_text(const struct columns *columns, size_t quantity, size_t row, char *ret_text, size_t size)
{
	const char *text = "";
	size_t length;

	csv_find_cell(&columns->csv, columns_line(columns, row), columns->index[quantity], &text, &length);
	if (length >= size)
		return -E2BIG;
	memcpy(ret_text, text, length);
	ret_text[length] = '\0';
	return 0;
}

size_t columns_line(const struct columns *columns, size_t row)
{
	return columns->numbers.lines[row];
}
