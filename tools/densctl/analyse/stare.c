/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/analyse/stare.h"
#include "tools/densctl/analyse/csv_number.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define CELSIUS_ZERO_K 273.15

enum { TOKENS = 5 };

static const char *const header_names[TOKENS] = {"Index", "t", "Ts", "Tr", "Value"};

/* A word of a line. A quote is no part of it. */
struct token {
	const char *text;
	size_t length, column;
};

static bool is_gap(char c)
{
	return c == ' ' || c == '\t' || c == ';' || c == '"';
}

/* Up to TOKENS + 1 words: one more than wanted shows that there are too many. */
static size_t split(const char *line, size_t length, struct token tokens[TOKENS + 1])
{
	size_t count = 0, i = 0;

	while (count <= TOKENS) {
		while (i < length && is_gap(line[i]))
			i++;
		if (i == length)
			break;
		tokens[count] = (struct token){line + i, 0, i + 1};
		while (i < length && !is_gap(line[i]))
			i++;
		tokens[count].length = (size_t)(line + i - tokens[count].text);
		count++;
	}
	return count;
}

static bool token_is(const struct token *token, const char *word)
{
	return token->length == strlen(word) && strncasecmp(token->text, word, token->length) == 0;
}

static bool is_header(const char *line, size_t length)
{
	struct token tokens[TOKENS + 1];

	if (split(line, length, tokens) != TOKENS)
		return false;
	for (size_t i = 0; i < TOKENS; i++)
		if (!token_is(&tokens[i], header_names[i]))
			return false;
	return true;
}

/* "[degC]", "[°C]" in UTF-8 or Latin-1, "[C]" */
static bool is_celsius(const struct token *token)
{
	static const char *const units[] = {"[degC]",
					    "[\xc2\xb0"
					    "C]",
					    "[\xb0"
					    "C]",
					    "[C]",
					    "[\xba"
					    "C]"};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (token_is(token, units[i]))
			return true;
	return false;
}

static int check_units(const char *line, size_t length, size_t number, struct csv_error *error)
{
	struct token tokens[TOKENS + 1];
	size_t count = split(line, length, tokens), first = count == TOKENS;
	const struct token *bad = NULL;

	if (count != TOKENS - 1 && count != TOKENS) {
		csv_error_set(error, number, 1, "units [s] [degC] [degC] [mW] are wanted below the header");
		return REFUSAL_BAD_HEADER;
	}
	if (!token_is(&tokens[first], "[s]"))
		bad = &tokens[first];
	else if (!is_celsius(&tokens[first + 1]))
		bad = &tokens[first + 1];
	else if (!token_is(&tokens[first + 3], "[mW]") && !token_is(&tokens[first + 3], "[W/g]") &&
		 !token_is(&tokens[first + 3], "[Wg^-1]"))
		bad = &tokens[first + 3];
	if (!bad)
		return 0;
	csv_error_set(error, number, bad->column,
		      "unit '%.*s'; t is wanted in [s], Ts and Tr in [degC], Value in [mW] or [W/g]",
		      (int)(bad->length < 24 ? bad->length : 24), bad->text);
	return REFUSAL_BAD_HEADER;
}

/* Segments of the file; *@ret_offset and *@ret_line of the line after the header of @segment. */
static unsigned find_segment(const char *bytes, size_t size, unsigned segment, size_t *ret_offset,
			     size_t *ret_line)
{
	size_t next, number = 1;
	unsigned count = 0;

	for (size_t offset = 0; offset < size; offset = next, number++) {
		size_t length = csv_line(bytes, size, offset, &next);

		if (!is_header(bytes + offset, length))
			continue;
		count++;
		if (count != segment)
			continue;
		*ret_offset = next;
		*ret_line = number + 1;
	}
	return count;
}

bool stare_detect(const char *bytes, size_t size)
{
	size_t offset, line;

	return find_segment(bytes, size, 0, &offset, &line) > 0;
}

static int find_rows(const char *bytes, size_t size, unsigned segment, size_t *ret_offset, size_t *ret_line,
		     struct csv_error *error)
{
	unsigned wanted = segment ? segment : 1,
		 count = find_segment(bytes, size, wanted, ret_offset, ret_line);
	size_t length, next;
	int r;

	if (segment == 0 && count > 1)
		csv_error_set(error, 0, 0, "the STARe export has %u segments; choose with --segment 1 to %u",
			      count, count);
	else if (wanted > count)
		csv_error_set(error, 0, 0, "segment %u is wanted, the STARe export has %u", wanted, count);
	else if (*ret_offset >= size)
		csv_error_set(error, *ret_line - 1, 1, "the file ends after the header");
	else {
		length = csv_line(bytes, size, *ret_offset, &next);
		r = check_units(bytes + *ret_offset, length, *ret_line, error);
		*ret_offset = next;
		*ret_line += 1;
		return r;
	}
	return REFUSAL_BAD_HEADER;
}

enum row { ROW_END, ROW_READ, ROW_BAD };

static enum row read_row(const char *line, size_t length, size_t number, double ret_row[STARE_COLUMNS],
			 struct csv_error *error)
{
	struct token tokens[TOKENS + 1];
	size_t count = split(line, length, tokens);
	double values[TOKENS];

	if (count == 0 || csv_number(tokens[0].text, tokens[0].length, 1, &values[0]) < 0)
		return ROW_END;
	if (count != TOKENS) {
		csv_error_set(error, number, 1, "a row of %d numbers is wanted: Index t Ts Tr Value", TOKENS);
		return ROW_BAD;
	}
	for (size_t i = 1; i < TOKENS; i++)
		if (csv_number(tokens[i].text, tokens[i].length, 1, &values[i]) < 0) {
			csv_error_set(error, number, tokens[i].column, "'%.*s' in column %s is not a number",
				      (int)(tokens[i].length < 32 ? tokens[i].length : 32), tokens[i].text,
				      header_names[i]);
			return ROW_BAD;
		}
	ret_row[STARE_TIME] = values[1];
	ret_row[STARE_TEMPERATURE] = values[2] + CELSIUS_ZERO_K;
	ret_row[STARE_SIGNAL] = -values[4];
	return ROW_READ;
}

static int read_rows(const char *bytes, size_t size, size_t offset, size_t number,
		     struct csv_numbers *numbers, struct csv_error *error)
{
	size_t next;
	int r = 0;

	for (; offset < size && r == 0; offset = next, number++) {
		size_t length = csv_line(bytes, size, offset, &next);
		double values[STARE_COLUMNS];
		enum row row = read_row(bytes + offset, length, number, values, error);

		if (row == ROW_BAD)
			return REFUSAL_BAD_VALUE;
		if (row == ROW_END)
			break;
		r = csv_numbers_append(numbers, values, number);
	}
	if (r != -E2BIG)
		return r;
	csv_error_set(error, number, 0, "more than %d rows", CSV_ROWS_MAX);
	return REFUSAL_BAD_VALUE;
}

int stare_read(const char *bytes, size_t size, unsigned segment, struct csv_numbers *ret_numbers,
	       struct csv_error *ret_error)
{
	struct csv_numbers numbers = {.columns = STARE_COLUMNS};
	size_t offset = 0, line = 0;
	int r = find_rows(bytes, size, segment, &offset, &line, ret_error);

	if (r == 0)
		r = read_rows(bytes, size, offset, line, &numbers, ret_error);
	if (r)
		csv_numbers_free(&numbers);
	else
		*ret_numbers = numbers;
	return r;
}
