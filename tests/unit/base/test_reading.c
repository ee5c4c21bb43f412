/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/base/reading.h"

static void every_quality_and_cause_has_its_own_name(void **state)
{
	(void)state;
	for (int i = 0; i < QUALITY_MAX; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(quality_name((enum quality)i), quality_name((enum quality)j));
	for (int i = 0; i < CAUSE_MAX; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(cause_name((enum cause)i), cause_name((enum cause)j));
}

static void numbers_from_outside_are_named_invalid(void **state)
{
	(void)state;
	assert_string_equal(quality_name((enum quality)QUALITY_MAX), "invalid");
	assert_string_equal(cause_name((enum cause)255), "invalid");
}

static void zeroed_reading_was_never_read(void **state)
{
	struct reading reading;

	(void)state;
	memset(&reading, 0, sizeof(reading));
	assert_int_equal(reading.quality, QUALITY_NONE);
	assert_int_equal(reading.cause, CAUSE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_quality_and_cause_has_its_own_name),
		cmocka_unit_test(numbers_from_outside_are_named_invalid),
		cmocka_unit_test(zeroed_reading_was_never_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
