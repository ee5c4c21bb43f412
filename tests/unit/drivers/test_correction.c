/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an instrument reads and what is true: between its points, beyond them, back again, and which table is
 * none. */
#include "tests/unit/drivers/cmocka_all.h"

#include <errno.h>
#include <math.h>

#include "drivers/correction.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct correction three = {
	.count = 3, .reading = {300, 500, 700}, .truth = {301, 503, 701}, .sd = {0.5, 1.5, 0.7}};

static void between_and_beyond_its_points(void **state)
{
	static const struct {
		double reading, truth, sd;
		bool covered;
	} cases[] = {{300, 301, 0.5, true}, {400, 402, 1, true},   {500, 503, 1.5, true},
		     {600, 602, 1.1, true}, {700, 701, 0.7, true}, {290, 291, 0.5, false},
		     {800, 801, 0.7, false}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_float_equal(correction_apply(&three, cases[i].reading), cases[i].truth, 1e-9);
		assert_float_equal(correction_undo(&three, cases[i].truth), cases[i].reading, 1e-9);
		assert_float_equal(correction_sd(&three, cases[i].reading), cases[i].sd, 1e-9);
		assert_true(correction_covers(&three, cases[i].reading) == cases[i].covered);
	}
	/* What is not known is not corrected into something that is. */
	assert_true(isnan(correction_apply(&three, NAN)));
	assert_true(isnan(correction_undo(&three, NAN)));
	assert_float_equal(correction_sd(&three, NAN), 0.5, 1e-12);
}

static void without_points_a_reading_is_the_truth(void **state)
{
	const struct correction none = {0};

	(void)state;
	assert_int_equal(correction_check(&none), 0);
	assert_float_equal(correction_apply(&none, 412), 412, 0);
	assert_float_equal(correction_undo(&none, 412), 412, 0);
	assert_float_equal(correction_sd(&none, 412), 0, 0);
	assert_true(correction_covers(&none, 412));
}

/* Both columns rise and are numbers, and what is known badly is known how badly. */
static void which_table_is_none(void **state)
{
	struct correction table;

	(void)state;
	assert_int_equal(correction_check(&three), 0);
	for (int what = 0; what < 10; what++) {
		table = three;
		if (what == 0)
			table.count = 1;
		if (what == 1)
			table.count = CALIBRATION_POINTS_MAX + 1;
		if (what == 2)
			table.reading[1] = NAN;
		if (what == 3)
			table.truth[1] = INFINITY;
		if (what == 4)
			table.sd[2] = -0.1;
		if (what == 5)
			table.sd[0] = NAN;
		if (what == 6)
			table.reading[2] = 500;
		if (what == 7)
			table.truth[2] = 503;
		if (what == 8)
			table.reading[0] = -INFINITY;
		if (what == 9)
			table.truth[1] = 300;
		assert_int_equal(correction_check(&table), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(between_and_beyond_its_points),
		cmocka_unit_test(without_points_a_reading_is_the_truth),
		cmocka_unit_test(which_table_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
