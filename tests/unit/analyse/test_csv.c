/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables good, odd and bad: what is read, and where and why the rest is not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tools/densctl/analyse/csv.h"
#include "tools/densctl/analyse/stare.h"

/* All columns of @text. The first error of either step. */
static int read_all(const char *text, size_t size, struct csv *csv, struct csv_numbers *ret_numbers,
		    struct csv_error *error)
{
	size_t wanted[CSV_COLUMNS_MAX];
	int r = csv_read_header(text, size, csv, error);

	for (size_t i = 0; i < CSV_COLUMNS_MAX; i++)
		wanted[i] = i;
	return r ? r : csv_read_numbers(csv, wanted, csv->columns, ret_numbers, error);
}

struct good {
	const char *text;
	const char *names; /* separated by '|' */
	size_t rows;
	double first, last; /* of the first row's first cell and the last row's last */
};

static const struct good good_tables[] = {
	{"a,b\n1,2\n3,4\n", "a|b", 2, 1, 4},
	{"a,b\n1,2\n3,4", "a|b", 2, 1, 4},
	{"a,b\r\n1,2\r\n3,4\r\n", "a|b", 2, 1, 4},
	{"a,b\r1,2\r3,4\r", "a|b", 2, 1, 4},
	{"a;b\n1;2\n", "a|b", 1, 1, 2},
	{"a;b\n1,5;2,25\n", "a|b", 1, 1.5, 2.25},
	{"a;b\n1.5;2.25\n", "a|b", 1, 1.5, 2.25},
	{"a\tb\n1,5\t2\n", "a|b", 1, 1.5, 2},
	{"a;b,c\n1;2\n", "a|b,c", 1, 1, 2},
	{"\xef\xbb\xbf"
	 "a,b\n1,2\n",
	 "a|b", 1, 1, 2},
	{"# made by hand\n\na,b\n# between\n1,2\n\n", "a|b", 1, 1, 2},
	{"  # indented\na,b\n1,2\n", "a|b", 1, 1, 2},
	{"\"a\",\"b\"\n\"1\",\"2\"\n", "a|b", 1, 1, 2},
	{"\"a,1\";b\n1;2\n", "a,1|b", 1, 1, 2},
	{" a , b \n 1 , 2 \n", "a|b", 1, 1, 2},
	{"a,b\n1e3,-2.5E-1\n", "a|b", 1, 1000, -0.25},
	{"a,b\n+1,.5\n", "a|b", 1, 1, 0.5},
	{"a,b\n1.,007\n", "a|b", 1, 1, 7},
	{"a,b\n0.1,123456789.125\n", "a|b", 1, 0.1, 123456789.125},
	{"a,b\n1,2,\n", "a|b", 1, 1, 2},
	{"a,b,\n1,2,\n", "a|b|", 1, 1, NAN},
	{"a,b\n1\n", "a|b", 1, 1, NAN},
	{"a,b\n1,\n", "a|b", 1, 1, NAN},
	{"a,b\nnan,NaN\n", "a|b", 1, NAN, NAN},
	{"a,b\nn/a,NULL\n", "a|b", 1, NAN, NAN},
	{"a,b\n#N/A,-\n", "a|b", 1, NAN, NAN},
	{"a,b\n,\n", "a|b", 1, NAN, NAN},
	{"a,b\ninf,-Inf\n", "a|b", 1, INFINITY, -INFINITY},
	{"a\n1\n2\n", "a", 2, 1, 2},
	{"a,b\n", "a|b", 0, 0, 0},
	{"a,b", "a|b", 0, 0, 0},
	{"T\xb0,b\n1,2\n", "T\xb0|b", 1, 1, 2},
	{"a,b\n1e400,1e-400\n", "a|b", 1, INFINITY, 0},
};

static void join_names(const struct csv *csv, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < csv->columns; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? "|" : "", csv->names[i]);
}

static bool same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static void good_tables_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good_tables) / sizeof(good_tables[0]); i++) {
		const struct good *wanted = &good_tables[i];
		struct csv_numbers numbers;
		struct csv_error error;
		char names[256];
		struct csv csv;

		if (read_all(wanted->text, strlen(wanted->text), &csv, &numbers, &error) != 0)
			fail_msg("table %zu: %s", i, error.why);
		join_names(&csv, names, sizeof(names));
		assert_string_equal(names, wanted->names);
		assert_int_equal(numbers.rows, wanted->rows);
		if (wanted->rows > 0 &&
		    !(same(numbers.values[0][0], wanted->first) &&
		      same(numbers.values[csv.columns - 1][wanted->rows - 1], wanted->last)))
			fail_msg("table %zu: %g and %g", i, numbers.values[0][0],
				 numbers.values[csv.columns - 1][wanted->rows - 1]);
		csv_numbers_free(&numbers);
	}
}

struct bad {
	const char *text;
	int refusal;
	size_t line, column;
	const char *why; /* part of the sentence */
};

static const struct bad bad_tables[] = {
	{"", REFUSAL_BAD_HEADER, 0, 0, "no header line"},
	{"\n\n\n", REFUSAL_BAD_HEADER, 0, 0, "no header line"},
	{"# only words\n", REFUSAL_BAD_HEADER, 0, 0, "no header line"},
	{"\xef\xbb\xbf", REFUSAL_BAD_HEADER, 0, 0, "no header line"},
	{"\xff\xfe"
	 "a",
	 REFUSAL_BAD_HEADER, 1, 1, "UTF-16"},
	{"\xfe\xff"
	 "a",
	 REFUSAL_BAD_HEADER, 1, 1, "UTF-16"},
	{"300,1\n301,2\n", REFUSAL_BAD_HEADER, 1, 1, "header line is missing"},
	{"a,2\n1,2\n", REFUSAL_BAD_HEADER, 1, 3, "'2' stands where"},
	{"a,-\n1,2\n", REFUSAL_BAD_HEADER, 1, 3, "'-' stands where"},
	{"\"a,b\n1,2\n", REFUSAL_BAD_HEADER, 1, 1, "quote"},
	{"a,\"b\n1,2\n", REFUSAL_BAD_HEADER, 1, 3, "quote"},
	{"\nabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz,b\n", REFUSAL_BAD_HEADER, 2, 1,
	 "longer than"},
	{"a,b\n1,two\n", REFUSAL_BAD_VALUE, 2, 3, "'two' in column b"},
	{"a,b\n1,2\n\n# c\nx,4\n", REFUSAL_BAD_VALUE, 5, 1, "'x' in column a"},
	{"a,b\n1,2,3\n", REFUSAL_BAD_VALUE, 2, 5, "more cells"},
	{"a,b\n1,5,2,5\n", REFUSAL_BAD_VALUE, 2, 5, "more cells"},
	{"a;b\n1,234.5;2\n", REFUSAL_BAD_VALUE, 2, 1, "'1,234.5'"},
	{"a,b\n1;2\n", REFUSAL_BAD_VALUE, 2, 1, "'1;2'"},
	{"a,b\n1 2\n", REFUSAL_BAD_VALUE, 2, 1, "'1 2'"},
	{"a,b\n1,0x10\n", REFUSAL_BAD_VALUE, 2, 3, "'0x10'"},
	{"a,b\n1,1e\n", REFUSAL_BAD_VALUE, 2, 3, "'1e'"},
	{"a,b\n1,1e+\n", REFUSAL_BAD_VALUE, 2, 3, "'1e+'"},
	{"a,b\n1,1e5x\n", REFUSAL_BAD_VALUE, 2, 3, "'1e5x'"},
	{"a,b\n1,1.2.3\n", REFUSAL_BAD_VALUE, 2, 3, "'1.2.3'"},
	{"a,b\n1,--2\n", REFUSAL_BAD_VALUE, 2, 3, "'--2'"},
	{"a,b\n1,.\n", REFUSAL_BAD_VALUE, 2, 3, "'.'"},
	{"a,b\n1,+\n", REFUSAL_BAD_VALUE, 2, 3, "'+'"},
	{"a,b\n1,e5\n", REFUSAL_BAD_VALUE, 2, 3, "'e5'"},
	{"a,b\n1,1e99999\n", REFUSAL_BAD_VALUE, 2, 3, "'1e99999'"},
	{"a,b\n1,300K\n", REFUSAL_BAD_VALUE, 2, 3, "'300K'"},
	{"a,b\n1,50%\n", REFUSAL_BAD_VALUE, 2, 3, "'50%'"},
	{"a,b\n1,\xc2\xb5\n", REFUSAL_BAD_VALUE, 2, 3, "column b"},
	{"a,b\n\xc2\xb5,x\n", REFUSAL_BAD_VALUE, 2, 1, "column a"},
	{"a,b\n1,\"2\n", REFUSAL_BAD_VALUE, 2, 3, "quote"},
	{"a,b\n[K],[mW]\n1,2\n", REFUSAL_BAD_VALUE, 2, 1, "'[K]'"},
	{"a,b\n1,=A1+2\n", REFUSAL_BAD_VALUE, 2, 3, "'=A1+2'"},
	{"a,b\n1,1000000000000000000000000000000000000000000000000000000000000000000000\n", REFUSAL_BAD_VALUE,
	 2, 3, "not a number"},
	{"T hf\n1 2\n", REFUSAL_BAD_VALUE, 2, 1, "'1 2' in column T hf"},
	{"a,b\r\n1,x\r\n", REFUSAL_BAD_VALUE, 2, 3, "'x'"},
	{"a,b\r1,2\r1,x\r", REFUSAL_BAD_VALUE, 3, 3, "'x'"},
	{"a\tb\n1\t2,5,5\n", REFUSAL_BAD_VALUE, 2, 3, "'2,5,5'"},
};

static void bad_tables_say_where_and_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_tables) / sizeof(bad_tables[0]); i++) {
		const struct bad *wanted = &bad_tables[i];
		struct csv_error error = {0};
		struct csv_numbers numbers;
		struct csv csv;

		if (read_all(wanted->text, strlen(wanted->text), &csv, &numbers, &error) != wanted->refusal ||
		    error.line != wanted->line || error.column != wanted->column ||
		    !strstr(error.why, wanted->why))
			fail_msg("table %zu: %zu:%zu: %s", i, error.line, error.column, error.why);
	}
}

static void nul_bytes_are_no_text(void **state)
{
	static const char text[] = "a,b\n1,\0002\n";
	struct csv_error error;
	struct csv csv;

	(void)state;
	assert_int_equal(csv_read_header(text, sizeof(text), &csv, &error), REFUSAL_BAD_HEADER);
	assert_non_null(strstr(error.why, "NUL"));
}

static void too_many_columns_are_refused(void **state)
{
	char text[4 * CSV_COLUMNS_MAX] = "";
	struct csv_error error;
	struct csv csv;

	(void)state;
	for (int i = 0; i < CSV_COLUMNS_MAX + 1; i++)
		strcat(text, "ab,");
	assert_int_equal(csv_read_header(text, strlen(text), &csv, &error), REFUSAL_BAD_HEADER);
	assert_non_null(strstr(error.why, "64"));
}

static void unwanted_columns_may_hold_text(void **state)
{
	static const char text[] = "a,note,b\n1,good,2\n3,\"bad, really\",4\n";
	const size_t wanted[2] = {2, 0};
	struct csv_numbers numbers;
	struct csv_error error;
	struct csv csv;

	(void)state;
	assert_int_equal(csv_read_header(text, sizeof(text) - 1, &csv, &error), 0);
	assert_int_equal(csv_read_numbers(&csv, wanted, 2, &numbers, &error), 0);
	assert_int_equal(numbers.rows, 2);
	assert_true(numbers.values[0][1] == 4 && numbers.values[1][1] == 3);
	assert_int_equal(numbers.lines[1], 3);
	csv_numbers_free(&numbers);
}

#define STARE_HEAD "Curve Values:\n  Index  t  Ts  Tr  Value\n"
#define STARE_UNITS "  [s]  [degC]  [degC]  [mW]\n"

static void stare_segments_are_read(void **state)
{
	static const char text[] =
		"Curve Name: a\n" STARE_HEAD STARE_UNITS " 0 0 25 26 -1.5\n 1 0,5 35,25 36 2\nResults:\n"
		"\n" STARE_HEAD "[s] [\xb0"
		"C] [\xb0"
		"C] [mW]\r\n0;0;100;101;7\r\n";
	struct csv_numbers numbers;
	struct csv_error error;

	(void)state;
	assert_true(stare_detect(text, sizeof(text) - 1));
	assert_int_equal(stare_read(text, sizeof(text) - 1, 1, &numbers, &error), 0);
	assert_int_equal(numbers.rows, 2);
	assert_true(numbers.values[STARE_TEMPERATURE][0] == 298.15 && numbers.values[STARE_SIGNAL][0] == 1.5);
	assert_true(numbers.values[STARE_TIME][1] == 0.5 && numbers.values[STARE_TEMPERATURE][1] == 308.4);
	assert_int_equal(numbers.lines[1], 6);
	csv_numbers_free(&numbers);
	assert_int_equal(stare_read(text, sizeof(text) - 1, 2, &numbers, &error), 0);
	assert_int_equal(numbers.rows, 1);
	assert_true(numbers.values[STARE_SIGNAL][0] == -7);
	csv_numbers_free(&numbers);
	assert_int_equal(stare_read(text, sizeof(text) - 1, 0, &numbers, &error), REFUSAL_BAD_HEADER);
	assert_non_null(strstr(error.why, "--segment"));
}

static void bad_stare_exports_say_why(void **state)
{
	static const struct bad table[] = {
		{STARE_HEAD, REFUSAL_BAD_HEADER, 2, 1, "ends after the header"},
		{STARE_HEAD "0 0 25 25 1\n", REFUSAL_BAD_HEADER, 3, 3, "unit '0'"},
		{STARE_HEAD "[min] [degC] [degC] [mW]\n", REFUSAL_BAD_HEADER, 3, 1, "[min]"},
		{STARE_HEAD "[s] [K] [K] [mW]\n", REFUSAL_BAD_HEADER, 3, 5, "[K]"},
		{STARE_HEAD "[s] [degC] [degC] [uV]\n", REFUSAL_BAD_HEADER, 3, 19, "[uV]"},
		{STARE_HEAD "words\n", REFUSAL_BAD_HEADER, 3, 1, "units"},
		{STARE_HEAD STARE_UNITS "0 0 25 25\n", REFUSAL_BAD_VALUE, 4, 1, "a row of 5"},
		{STARE_HEAD STARE_UNITS "0 0 25 25 1 9\n", REFUSAL_BAD_VALUE, 4, 1, "a row of 5"},
		{STARE_HEAD STARE_UNITS "0 0 25 25 x\n", REFUSAL_BAD_VALUE, 4, 11, "'x' in column Value"},
	};
	struct csv_numbers none;
	struct csv_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct csv_numbers numbers;

		error = (struct csv_error){0};
		assert_true(stare_detect(table[i].text, strlen(table[i].text)));
		if (stare_read(table[i].text, strlen(table[i].text), 0, &numbers, &error) !=
			    table[i].refusal ||
		    error.line != table[i].line || error.column != table[i].column ||
		    !strstr(error.why, table[i].why))
			fail_msg("export %zu: %zu:%zu: %s", i, error.line, error.column, error.why);
	}
	assert_false(stare_detect("T_K,hf\n1,2\n", 11));
	assert_int_equal(stare_read("[s] [C] [C] [mW]\n1 2 3 4 5\n", 27, 0, &none, &error),
			 REFUSAL_BAD_HEADER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_tables_are_read),
		cmocka_unit_test(bad_tables_say_where_and_why),
		cmocka_unit_test(nul_bytes_are_no_text),
		cmocka_unit_test(too_many_columns_are_refused),
		cmocka_unit_test(unwanted_columns_may_hold_text),
		cmocka_unit_test(stare_segments_are_read),
		cmocka_unit_test(bad_stare_exports_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
