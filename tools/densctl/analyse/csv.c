/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/analyse/csv.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/densctl/analyse/csv_number.h"

/* One cell: its text without quotes and the spaces around, borrowed from the line. */
struct cell {
	const char *text;
	size_t length, column;
};

/* Walks the cells of one line. */
struct cursor {
	const char *line;
	size_t length, offset, column;
	char separator;
	bool done;
};

void csv_error_set(struct csv_error *error, size_t line, size_t column, const char *format, ...)
{
	va_list arguments;

	*error = (struct csv_error){.line = line, .column = column};
	va_start(arguments, format);
	vsnprintf(error->why, sizeof(error->why), format, arguments);
	va_end(arguments);
}

size_t csv_line(const char *bytes, size_t size, size_t offset, size_t *ret_next)
{
	size_t end = offset;

	while (end < size && bytes[end] != '\n' && bytes[end] != '\r')
		end++;
	*ret_next = end + (end < size);
	if (end + 1 < size && bytes[end] == '\r' && bytes[end + 1] == '\n')
		*ret_next = end + 2;
	return end - offset;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

static struct cell cell_trim(struct cell cell)
{
	while (cell.length > 0 && is_space(cell.text[0])) {
		cell.text++;
		cell.length--;
		cell.column++;
	}
	while (cell.length > 0 && is_space(cell.text[cell.length - 1]))
		cell.length--;
	return cell;
}

/* Characters of UTF-8 text: continuation bytes do not count. */
static size_t characters(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

/* From the opening quote on: offset of its closing one, or @length when there is none. */
static size_t closing_quote(const struct cursor *cursor, size_t offset)
{
	for (size_t i = offset + 1; i < cursor->length; i++) {
		if (cursor->line[i] != '"')
			continue;
		if (i + 1 < cursor->length && cursor->line[i + 1] == '"')
			i++;
		else
			return i;
	}
	return cursor->length;
}

static size_t opening_quote(const struct cursor *cursor)
{
	size_t i = cursor->offset;

	while (i < cursor->length && cursor->line[i] == ' ')
		i++;
	return i < cursor->length && cursor->line[i] == '"' ? i : cursor->length;
}

/* 1: @ret_cell is the next one; 0: the line is over; -EINVAL: a quote is not closed. */
static int next_cell(struct cursor *cursor, struct cell *ret_cell)
{
	size_t begin = cursor->offset, end = begin, quote = opening_quote(cursor), close = 0;
	struct cell cell = {.column = cursor->column};

	if (cursor->done)
		return 0;
	if (quote < cursor->length) {
		close = end = closing_quote(cursor, quote);
		if (close >= cursor->length)
			return -EINVAL;
	}
	while (end < cursor->length && cursor->line[end] != cursor->separator)
		end++;
	cell.text = cursor->line + begin;
	cell.length = end - begin;
	cursor->column += characters(cell.text, cell.length) + 1;
	cursor->offset = end + 1;
	cursor->done = end >= cursor->length;
	cell = cell_trim(cell);
	if (close > 0 && cell.length >= 2 && cell.text[cell.length - 1] == '"')
		cell = cell_trim((struct cell){cell.text + 1, cell.length - 2, cell.column + 1});
	*ret_cell = cell;
	return 1;
}

static bool line_is_blank(const char *line, size_t length)
{
	struct cell all = cell_trim((struct cell){line, length, 1});

	return all.length == 0 ||
	       (all.text[0] == '#' && (all.length < 4 || memcmp(all.text, "#N/A", 4) != 0));
}

/* A table in UTF-8 or any 8-bit code; the rest is named so that the user can save it again. */
static int check_bytes(const char *bytes, size_t size, struct csv_error *error)
{
	if (size > CSV_BYTES_MAX)
		csv_error_set(error, 0, 0, "the file has %zu bytes; at most %d are read", size,
			      CSV_BYTES_MAX);
	else if (size >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0))
		csv_error_set(error, 1, 1, "the file is UTF-16; save it as UTF-8 text");
	else if (size > 0 && memchr(bytes, '\0', size))
		csv_error_set(error, 0, 0, "the file holds NUL bytes: no text table; export it as CSV");
	else
		return 0;
	return REFUSAL_BAD_HEADER;
}

static char find_separator(const char *line, size_t length)
{
	static const char candidates[] = {';', '\t', ','};

	for (size_t i = 0; i < sizeof(candidates); i++)
		if (length > 0 && memchr(line, candidates[i], length))
			return candidates[i];
	return ',';
}

static int check_name(const struct csv *csv, const struct cell *cell, size_t line, struct csv_error *error)
{
	int shown = (int)(cell->length < CSV_NAME ? cell->length : CSV_NAME);
	double number;

	if (cell->length == 0)
		return 0;
	if (csv_number(cell->text, cell->length, csv->separator != ',', &number) == 0)
		csv_error_set(error, line, cell->column,
			      "'%.*s' stands where a column name is wanted: the header line is missing",
			      shown, cell->text);
	else if (cell->length >= CSV_NAME)
		csv_error_set(error, line, cell->column, "the column name '%.*s...' is longer than %d bytes",
			      24, cell->text, CSV_NAME - 1);
	else
		return 0;
	return REFUSAL_BAD_HEADER;
}

static int read_names(struct csv *csv, const char *line, size_t length, size_t number,
		      struct csv_error *error)
{
	struct cursor cursor = {.line = line, .length = length, .column = 1, .separator = csv->separator};
	struct cell cell = {0};
	int r;

	while ((r = next_cell(&cursor, &cell)) > 0) {
		if (csv->columns == CSV_COLUMNS_MAX) {
			csv_error_set(error, number, cell.column, "more than %d columns", CSV_COLUMNS_MAX);
			return REFUSAL_BAD_HEADER;
		}
		r = check_name(csv, &cell, number, error);
		if (r)
			return r;
		memcpy(csv->names[csv->columns++], cell.text, cell.length);
	}
	if (r == 0)
		return 0;
	csv_error_set(error, number, cursor.column, "a quote in the header is not closed");
	return REFUSAL_BAD_HEADER;
}

int csv_read_header(const char *bytes, size_t size, struct csv *ret_csv, struct csv_error *ret_error)
{
	size_t offset = 0, next, number = 1;
	int r = check_bytes(bytes, size, ret_error);

	if (r)
		return r;
	*ret_csv = (struct csv){.bytes = bytes, .size = size};
	if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		offset = 3;
	for (; offset < size; offset = next, number++) {
		size_t length = csv_line(bytes, size, offset, &next);

		if (line_is_blank(bytes + offset, length))
			continue;
		ret_csv->separator = find_separator(bytes + offset, length);
		ret_csv->data_offset = next;
		ret_csv->data_line = number + 1;
		return read_names(ret_csv, bytes + offset, length, number, ret_error);
	}
	csv_error_set(ret_error, 0, 0, "the file has no header line");
	return REFUSAL_BAD_HEADER;
}

static int numbers_grow(struct csv_numbers *numbers)
{
	size_t capacity = numbers->capacity ? 2 * numbers->capacity : 1024;
	uint32_t *lines = realloc(numbers->lines, capacity * sizeof(*lines));

	if (!lines)
		return -ENOMEM;
	numbers->lines = lines;
	for (size_t i = 0; i < numbers->columns; i++) {
		double *values = realloc(numbers->values[i], capacity * sizeof(*values));

		if (!values)
			return -ENOMEM;
		numbers->values[i] = values;
	}
	numbers->capacity = capacity;
	return 0;
}

int csv_numbers_append(struct csv_numbers *numbers, const double *row, size_t line)
{
	if (numbers->rows == CSV_ROWS_MAX)
		return -E2BIG;
	if (numbers->rows == numbers->capacity && numbers_grow(numbers) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < numbers->columns; i++)
		numbers->values[i][numbers->rows] = row[i];
	numbers->lines[numbers->rows++] = (uint32_t)line;
	return 0;
}

void csv_numbers_free(struct csv_numbers *numbers)
{
	for (size_t i = 0; i < CSV_COLUMNS_MAX; i++)
		free(numbers->values[i]);
	free(numbers->lines);
	*numbers = (struct csv_numbers){0};
}

/* The wanted column that stands at @index, or @count. */
static size_t wanted_at(const size_t *wanted, size_t count, size_t index)
{
	size_t i = 0;

	while (i < count && wanted[i] != index)
		i++;
	return i;
}

static int read_row(const struct csv *csv, const size_t *wanted, size_t count, struct cursor *cursor,
		    size_t number, double *ret_row, struct csv_error *error)
{
	struct cell cell;
	int r;

	for (size_t index = 0; (r = next_cell(cursor, &cell)) > 0; index++) {
		size_t slot = wanted_at(wanted, count, index);

		if (index >= csv->columns && cell.length > 0) {
			csv_error_set(error, number, cell.column,
				      "the line has more cells than the header has columns (%zu)",
				      csv->columns);
			return REFUSAL_BAD_VALUE;
		}
		if (slot == count ||
		    csv_number(cell.text, cell.length, csv->separator != ',', &ret_row[slot]) == 0)
			continue;
		csv_error_set(error, number, cell.column, "'%.*s' in column %s is not a number",
			      (int)(cell.length < 32 ? cell.length : 32), cell.text, csv->names[index]);
		return REFUSAL_BAD_VALUE;
	}
	if (r == 0)
		return 0;
	csv_error_set(error, number, cursor->column, "a quote is not closed");
	return REFUSAL_BAD_VALUE;
}

static int read_rows(const struct csv *csv, const size_t *wanted, size_t count, struct csv_numbers *numbers,
		     struct csv_error *error)
{
	size_t next, number = csv->data_line;

	for (size_t offset = csv->data_offset; offset < csv->size; offset = next, number++) {
		size_t length = csv_line(csv->bytes, csv->size, offset, &next);
		struct cursor cursor = {csv->bytes + offset, length, 0, 1, csv->separator, false};
		double row[CSV_COLUMNS_MAX];
		int r;

		if (line_is_blank(csv->bytes + offset, length))
			continue;
		for (size_t i = 0; i < count; i++)
			row[i] = NAN;
		r = read_row(csv, wanted, count, &cursor, number, row, error);
		if (r == 0)
			r = csv_numbers_append(numbers, row, number);
		if (r == -E2BIG) {
			csv_error_set(error, number, 0, "more than %d rows", CSV_ROWS_MAX);
			return REFUSAL_BAD_VALUE;
		}
		if (r)
			return r;
	}
	return 0;
}

int csv_read_numbers(const struct csv *csv, const size_t *wanted, size_t count,
		     struct csv_numbers *ret_numbers, struct csv_error *ret_error)
{
	struct csv_numbers numbers = {.columns = count};
	int r = read_rows(csv, wanted, count, &numbers, ret_error);

	if (r)
		csv_numbers_free(&numbers);
	else
		*ret_numbers = numbers;
	return r;
}

void csv_find_cell(const struct csv *csv, size_t line, size_t index, const char **ret_text,
		   size_t *ret_length)
{
	size_t next = csv->size, number = csv->data_line, offset = csv->data_offset, at = 0;
	struct cursor cursor = {.column = 1, .separator = csv->separator};
	struct cell cell;

	*ret_length = 0;
	for (; offset < csv->size && number < line; offset = next, number++)
		csv_line(csv->bytes, csv->size, offset, &next);
	if (offset >= csv->size || line < csv->data_line)
		return;
	cursor.line = csv->bytes + offset;
	cursor.length = csv_line(csv->bytes, csv->size, offset, &next);
	while (next_cell(&cursor, &cell) > 0)
		if (at++ == index) {
			*ret_text = cell.text;
			*ret_length = cell.length;
			return;
		}
}
