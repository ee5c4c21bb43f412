/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/base/ulid.h"

static const uint8_t zeros[10];
static const uint8_t ones[10] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

static void format_is_crockford_base_32(void **state)
{
	static const struct {
		int64_t wall_us;
		const uint8_t *random;
		const char *text;
	} table[] = {
		{0, zeros, "00000000000000000000000000"},
		{0, ones, "0000000000ZZZZZZZZZZZZZZZZ"},
		{1000, zeros, "00000000010000000000000000"},
		/* the example of the ULID specification: 1469918176385 ms is 01ARYZ6S41 */
		{INT64_C(1469918176385000), zeros, "01ARYZ6S410000000000000000"},
	};
	char text[ULID_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		ulid_format(table[i].wall_us, table[i].random, text);
		assert_string_equal(text, table[i].text);
		assert_true(ulid_is_valid(text));
	}
}

static void later_sorts_after(void **state)
{
	char early[ULID_TEXT], late[ULID_TEXT];

	(void)state;
	ulid_format(INT64_C(1700000000000000), ones, early);
	ulid_format(INT64_C(1700000000001000), zeros, late);
	assert_true(strcmp(early, late) < 0);
}

static void made_ones_differ(void **state)
{
	char first[ULID_TEXT], second[ULID_TEXT];

	(void)state;
	assert_int_equal(ulid_make(first), 0);
	assert_int_equal(ulid_make(second), 0);
	assert_true(ulid_is_valid(first));
	assert_string_not_equal(first, second);
}

static void malformed_ones_are_refused(void **state)
{
	static const char *const table[] = {
		"",
		"0",
		"0000000000000000000000000",
		"000000000000000000000000000", /* 25, 27 */
		"80000000000000000000000000",  /* more than 48 bits of time */
		"0000000000000000000000000I",
		"0000000000000000000000000L",
		"0000000000000000000000000O",
		"0000000000000000000000000U",
		"0000000000000000000000000a",
		"0000000000000 000000000000",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_false(ulid_is_valid(table[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(format_is_crockford_base_32),
		cmocka_unit_test(later_sorts_after),
		cmocka_unit_test(made_ones_differ),
		cmocka_unit_test(malformed_ones_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
