/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "daemon/base/clock.h"

static void lab_is_mono_times_scale(void **state)
{
	(void)state;
	assert_true(clock_lab_s(0, 120) == 0);
	assert_true(clock_lab_s(CLOCK_NS_PER_S, 1) == 1);
	assert_true(clock_lab_s(CLOCK_NS_PER_S / 2, 120) == 60);
}

static void mono_is_boottime_and_never_goes_back(void **state)
{
	struct timespec ts;
	int64_t before = clock_mono_ns(), after;

	(void)state;
	clock_gettime(CLOCK_BOOTTIME, &ts);
	after = clock_mono_ns();
	assert_true(before <= ts.tv_sec * CLOCK_NS_PER_S + ts.tv_nsec);
	assert_true(ts.tv_sec * CLOCK_NS_PER_S + ts.tv_nsec <= after);
}

static void wall_text_is_iso_8601_utc(void **state)
{
	static const struct {
		int64_t wall_us;
		const char *text;
	} table[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{999999, "1970-01-01T00:00:00.999Z"},
		{INT64_C(1709251199123456), "2024-02-29T23:59:59.123Z"},
		{INT64_C(1732368000000000), "2024-11-23T13:20:00.000Z"},
	};
	char text[CLOCK_WALL_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_string_equal(clock_wall_text(table[i].wall_us, text), table[i].text);
}

static void wall_is_now(void **state)
{
	int64_t now = (int64_t)time(NULL) * 1000000;

	(void)state;
	assert_in_range(clock_wall_us() - now + 2000000, 0, 4000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lab_is_mono_times_scale),
		cmocka_unit_test(mono_is_boottime_and_never_goes_back),
		cmocka_unit_test(wall_text_is_iso_8601_utc),
		cmocka_unit_test(wall_is_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
