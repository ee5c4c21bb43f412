/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The columns an analysis needs, each under one of several names, out of a file; and what is said without. */
#ifndef DENSCTL_ANALYSE_COLUMNS_H
#define DENSCTL_ANALYSE_COLUMNS_H

#include <stdbool.h>

#include "tools/densctl/analyse/csv.h"

enum { INPUT_TEXT = 1024, COLUMNS_WANTED_MAX = 8 };

/* Why there is nothing to analyse. */
struct input_failure {
	enum refusal refusal; /* the file was read and its content refused; NONE: it could not be read */
	char why[INPUT_TEXT]; /* begins with the file, and line and column where there are some */
};

/* The bytes of a file; owned. */
struct input_bytes {
	char *data;
	size_t size;
};

/* One name that a column may have: value in the unit wanted = factor x value in the file + offset. */
struct column_meaning {
	const char *name;
	double factor, offset;
	const char *quantity;
};

/* A quantity the analysis needs, under one of several names. */
struct column_wanted {
	const char *what;
	const struct column_meaning *meanings;
	size_t count;
	bool optional;
	bool text; /* words, read with columns_text(); factor and offset do not matter */
};

/* What the file had; the arrays follow the table of wanted quantities. Borrows the bytes. */
struct columns {
	struct csv csv;
	const struct column_meaning *meanings[COLUMNS_WANTED_MAX]; /* NULL: not there */
	double *values[COLUMNS_WANTED_MAX]; /* double[rows]; NULL: not there, or text */
	size_t index[COLUMNS_WANTED_MAX];   /* of the column in the file */
	struct csv_numbers numbers;         /* owned; .values points into it */
	size_t rows;
	char ignored[INPUT_TEXT]; /* names of columns that were not looked at; empty: none */
};

/* Reads the whole file; free() the data. 0, or -1 with @ret_failure filled. */
int input_read_file(const char *path, struct input_bytes *ret_bytes, struct input_failure *ret_failure);
/*
 * The @wanted[@count] columns, at most COLUMNS_WANTED_MAX and at least one of numbers, in the units wanted.
 * 0; -1 with @ret_failure filled. Only after 0 there is something for columns_free().
 */
int columns_read(const char *path, const struct input_bytes *bytes, const struct column_wanted *wanted,
		 size_t count, struct columns *ret_columns, struct input_failure *ret_failure);
/* The same from a file, without text columns. */
int columns_read_file(const char *path, const struct column_wanted *wanted, size_t count,
		      struct columns *ret_columns, struct input_failure *ret_failure);
void columns_free(struct columns *columns);
/* The words of one cell of a text column, with NUL; "" when the line has no such cell. 0; -E2BIG. */
int columns_text(const struct columns *columns, size_t quantity, size_t row, char *ret_text, size_t size);
/* Line of @row in the file, from 1. */
size_t columns_line(const struct columns *columns, size_t row);

/* Fills @failure and returns -1, so that a check ends with `return input_fail(...)`. */
int input_fail(struct input_failure *failure, enum refusal refusal, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* @r of a reader (negative errno or enum refusal), as "file:line:column: why". Returns -1. */
int input_fail_reading(struct input_failure *failure, const char *path, int r, const struct csv_error *error);

#endif
