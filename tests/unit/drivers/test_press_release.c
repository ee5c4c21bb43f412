/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hazard 1 in the press driver: nothing is let go without a fresh and cold permit, nor out of LOCK. */
#include <math.h>

#include "daemon/base/clock.h"
#include "drivers/codec.h"
#include "tests/unit/drivers/press_fixture.h"

static void permit(struct bench *bench, double temperature_k, double age_s)
{
	bench->demand.press.permit =
		(struct press_permit){.granted = true,
				      .temperature_k = temperature_k,
				      .release_temperature_k = 308,
				      .t_reply_ns = clock_mono_ns() - (int64_t)(age_s * 1e9)};
}

static void a_release_needs_a_fresh_cold_permit(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	control_at(bench, 3.5);
	run(bench, 10);
	control_at(bench, 1.0);
	run(bench, 50);
	assert_true(bench->report.press.release_refused);
	assert_true(oil_bar(&bench->fake) == 1000);
	permit(bench, 500, 0); /* hot */
	run(bench, 20);
	assert_true(bench->report.press.release_refused && oil_bar(&bench->fake) == 1000);
	permit(bench, 300, 5); /* old */
	run(bench, 20);
	assert_true(bench->report.press.release_refused && oil_bar(&bench->fake) == 1000);
	permit(bench, 300, -5); /* from the future */
	run(bench, 20);
	assert_true(bench->report.press.release_refused);
	bench->demand.press.permit.granted = false;
	bench->demand.press.permit.t_reply_ns = clock_mono_ns();
	run(bench, 20);
	assert_true(bench->report.press.release_refused);
	permit(bench, 300, 0.5);
	run(bench, 20);
	assert_false(bench->report.press.release_refused);
	assert_true(oil_bar(&bench->fake) < 1000);
	free_bench(bench);
}

static void from_lock_it_starts_at_the_pressure_that_is_there(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	/* A PLC that lost its setpoint: 0 bar in force, 1000 bar in the cylinder. */
	codec_encode_f32(0, true, bench->fake.words + 2);
	plc(&bench->fake);
	control_at(bench, 3.5);
	run(bench, 50);
	assert_int_equal(bench->fake.words[1], PRESS_MODE_REGULATE);
	assert_true(oil_bar(&bench->fake) == 1000);
	free_bench(bench);
}

/* A slip in control: a permit that calls 500 K cold. The worker has its own bound. */
static void a_permit_that_calls_hot_cold_is_refused(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	control_at(bench, 3.5);
	run(bench, 10);
	control_at(bench, 1.0);
	for (int i = 0; i < 2; i++) {
		permit(bench, i == 0 ? 500 : 324, 0);
		bench->demand.press.permit.release_temperature_k = i == 0 ? 900 : INFINITY;
		run(bench, 20);
		assert_true(bench->report.press.release_refused && oil_bar(&bench->fake) == 1000);
	}
	permit(bench, 300, 0);
	bench->demand.press.permit.release_temperature_k = NAN;
	run(bench, 20);
	assert_true(bench->report.press.release_refused && oil_bar(&bench->fake) == 1000);
	free_bench(bench);
}

/* The PLC locked itself in mid-run and the oil expanded: out of LOCK nothing is let go without a permit. */
static void a_lock_of_its_own_is_left_at_the_pressure_that_is_there(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	control_at(bench, 3.5);
	run(bench, 20);
	assert_true(oil_bar(&bench->fake) == 1000);
	bench->fake.words[1] = PRESS_MODE_LOCK;
	codec_encode_f32(1100, true, bench->fake.words + PRESS_READ_ADDRESS);
	plc(&bench->fake);
	bench->fake.after_write = NULL; /* it stays locked for some cycles, whatever is written */
	run(bench, 20);
	bench->fake.after_write = plc;
	run(bench, 20);
	assert_int_equal(bench->fake.words[1], PRESS_MODE_REGULATE);
	assert_true(oil_bar(&bench->fake) >= 1100);
	free_bench(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_release_needs_a_fresh_cold_permit),
		cmocka_unit_test(a_permit_that_calls_hot_cold_is_refused),
		cmocka_unit_test(a_lock_of_its_own_is_left_at_the_pressure_that_is_there),
		cmocka_unit_test(from_lock_it_starts_at_the_pressure_that_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
