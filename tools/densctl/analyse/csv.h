/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A table of numbers with one header line, as bytes. Pure: no I/O, no locale, no global state.
 *
 * Separator: semicolon, tab or comma, whichever the header has first in this order. With semicolon or tab a
 * number may have a decimal comma. A byte order mark, Windows and old Mac line ends, blank lines, lines that
 * begin with '#', quoted cells and spaces around a cell are accepted. An empty cell, "nan", "na", "n/a",
 * "null" and "-" are a missing number (NAN), and so is a cell that a short line does not have.
 */
#ifndef DENSCTL_ANALYSE_CSV_H
#define DENSCTL_ANALYSE_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/calorimetry/refusal.h"

enum {
	CSV_COLUMNS_MAX = 64,
	CSV_NAME = 48,
	CSV_ROWS_MAX = 4 * 1000 * 1000,
	CSV_BYTES_MAX = 256 * 1024 * 1024,
};

/* Where and why a table cannot be read. */
struct csv_error {
	size_t line, column; /* from 1; column counts characters; 0: the file as a whole */
	char why[REFUSAL_WHY];
};

/* What the header says; borrows @bytes. */
struct csv {
	const char *bytes;
	size_t size;
	size_t data_offset, data_line; /* of the line after the header */
	char separator;
	char names[CSV_COLUMNS_MAX][CSV_NAME];
	size_t columns;
};

/* Columns of numbers: double[rows] each. */
struct csv_numbers {
	double *values[CSV_COLUMNS_MAX];
	uint32_t *lines; /* line of each row, for messages */
	size_t columns, rows, capacity;
};

/* 0, or REFUSAL_BAD_HEADER with @ret_error filled and @ret_csv undefined. */
int csv_read_header(const char *bytes, size_t size, struct csv *ret_csv, struct csv_error *ret_error);
/*
 * The columns @wanted[count] (indices into names) of all rows. Other columns are not looked at.
 * 0; REFUSAL_BAD_VALUE with @ret_error filled (text where a number is wanted, too many cells or rows);
 * -ENOMEM. Only after 0 there is something to free with csv_numbers_free().
 */
int csv_read_numbers(const struct csv *csv, const size_t *wanted, size_t count,
		     struct csv_numbers *ret_numbers, struct csv_error *ret_error);
void csv_numbers_free(struct csv_numbers *numbers);
/*
 * The text of one cell, borrowed and without its quotes: @line from 1 as in csv_numbers.lines, @index of the
 * column. Where there is none *@ret_text is untouched and *@ret_length 0. Walks the file from its start.
 */
void csv_find_cell(const struct csv *csv, size_t line, size_t index, const char **ret_text,
		   size_t *ret_length);
/* Appends one row, double[numbers->columns]. 0, -ENOMEM, -E2BIG above CSV_ROWS_MAX. */
int csv_numbers_append(struct csv_numbers *numbers, const double *row, size_t line);
/* The line that starts at @offset: its length without line end; @ret_next is the offset of the one after. */
size_t csv_line(const char *bytes, size_t size, size_t offset, size_t *ret_next);
void csv_error_set(struct csv_error *error, size_t line, size_t column, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
