/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The furnace's setpoint: streamed within its budget, what wears, what the read-back tells of it. */
#include "tests/unit/drivers/furnace_bench.h"

#include <math.h>

static void a_ramp_is_streamed_within_its_budget(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);

	(void)state;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 300};
	furnace_bench_run(bench, 10);
	bench->fake.writes = 0;
	for (int i = 0; i < 600; i++) { /* 20 K/min for a minute */
		bench->demand.furnace.setpoint_k += 20.0 / 600;
		furnace_bench_run(bench, 1);
	}
	assert_in_range(bench->fake.writes, 50, 65);
	assert_false(bench->report.furnace.second_master || bench->report.furnace.readback_differs);
	assert_true(fabs(furnace_bench_get_k(&bench->fake, SP) - 320) < 0.4);
	furnace_bench_free(bench);
}

/* Hazard 40: what wears is counted before it is sent, also when nobody answers, and ends with the allowance;
 * heater off does not. */
static void what_wears_ends_with_its_allowance(void **state)
{
	struct bench *bench = furnace_bench_make_wearing(3);

	(void)state;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 300};
	furnace_bench_run(bench, 10);
	assert_int_equal(bench->report.wear, 1);
	for (int i = 0; i < 20; i++) {
		bench->demand.furnace.setpoint_k += 5;
		bench->fake.fail = i == 0 ? CAUSE_TIMEOUT : 0;
		furnace_bench_run(bench, 1);
		bench->fake.fail = 0;
		furnace_bench_run(bench, 12);
	}
	assert_int_equal(bench->report.wear, 3);
	assert_int_equal(bench->report.fault, CAUSE_RANGE);
	assert_false(bench->report.furnace.second_master);
	bench->demand.furnace.mode = MODE_OFF;
	furnace_bench_run(bench, 1);
	assert_int_equal(bench->report.wear, 4);
	assert_true(bench->report.furnace.verified_off);
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 400};
	bench->demand.wear_allowance = 5;
	furnace_bench_run(bench, 10);
	assert_int_equal(bench->report.wear, 5);
	assert_true(fabs(furnace_bench_get_k(&bench->fake, SP) - 400) < 0.01);
	furnace_bench_free(bench);
}

/* An abort that begins when the allowance is used up cools all the same. */
static void a_lower_setpoint_needs_no_allowance(void **state)
{
	struct bench *bench = furnace_bench_make_wearing(1);
	struct furnace_demand *demand = &bench->demand.furnace;

	(void)state;
	*demand = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 643};
	furnace_bench_run(bench, 20);
	assert_int_equal(bench->report.wear, 1);
	for (int i = 0; i < 600; i++) {
		demand->setpoint_k = fmax(demand->setpoint_k - 1.0 / 30, 638);
		furnace_bench_run(bench, 1);
		assert_false(bench->report.furnace.readback_differs || bench->report.furnace.second_master);
	}
	assert_true(fabs(furnace_bench_get_k(&bench->fake, SP) - 638) < 0.01);
	assert_in_range(bench->report.wear, 10, 20);
	furnace_bench_free(bench);
}

/* Nothing was sent, so no read-back tells: out of the allowance, or of what the profile allows. */
static void a_setpoint_that_stays_refused_differs(void **state)
{
	(void)state;
	for (int range = 0; range < 2; range++) {
		struct bench *bench = furnace_bench_make_wearing(range ? 100 : 1);
		struct furnace_demand *demand = &bench->demand.furnace;

		bench->config.devices[0].profile.setpoint_high = range ? 400 - 273.15 : 0;
		*demand = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 390};
		furnace_bench_run(bench, 20);
		demand->setpoint_k = 410;
		furnace_bench_run(bench, 10);
		assert_false(bench->report.furnace.readback_differs); /* once, and the allowance may come */
		furnace_bench_run(bench, 25);
		assert_true(bench->report.furnace.readback_differs);
		assert_true(fabs(furnace_bench_get_k(&bench->fake, SP) - 390) < 0.01);
		demand->setpoint_k = 389;
		furnace_bench_run(bench, 3);
		assert_false(bench->report.furnace.readback_differs);
		assert_true(fabs(furnace_bench_get_k(&bench->fake, SP) - 389) < 0.01);
		furnace_bench_free(bench);
	}
}

static void acknowledged_and_not_done_differs_twice(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);

	(void)state;
	furnace_bench_run(bench, 5);
	bench->fake.deaf = true;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 400};
	furnace_bench_run(bench, 1);
	assert_false(bench->report.furnace.readback_differs);
	furnace_bench_run(bench, 1);
	assert_true(bench->report.furnace.readback_differs);
	assert_false(bench->report.furnace.second_master);
	furnace_bench_free(bench);
}

/* A telegram that was lost is no setpoint that was not done: it is written again, and nobody is alarmed. */
static void a_lost_write_is_written_again(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);
	uint32_t writes;

	(void)state;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 400};
	furnace_bench_run(bench, 30);
	writes = bench->report.furnace.writes;
	bench->demand.furnace.setpoint_k = 410;
	bench->fake.fail = CAUSE_TIMEOUT;
	furnace_bench_run(bench, 1);
	bench->fake.fail = 0;
	for (int i = 0; i < 20; i++) {
		furnace_bench_run(bench, 1);
		assert_false(bench->report.furnace.readback_differs || bench->report.furnace.second_master);
	}
	assert_true(fabs(bench->report.furnace.setpoint_k.value - 410) < 0.01);
	assert_int_equal(bench->report.furnace.writes, writes + 2);
	furnace_bench_free(bench);
}

static void second_master_and_panel_are_seen(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);

	(void)state;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 400};
	furnace_bench_run(bench, 30);
	assert_false(bench->report.furnace.second_master || bench->report.furnace.manual);
	furnace_bench_put_k(&bench->fake, SP, 650);
	furnace_bench_run(bench, 2);
	assert_true(bench->report.furnace.second_master);
	furnace_bench_put_k(&bench->fake, SP, 400);
	bench->fake.words[MODE] = 1;
	furnace_bench_run(bench, 25);
	assert_true(bench->report.furnace.manual);
	assert_false(bench->report.furnace.second_master);
	assert_int_equal(bench->fake.words[MODE], 1); /* it is not fought */
	furnace_bench_free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ramp_is_streamed_within_its_budget),
		cmocka_unit_test(what_wears_ends_with_its_allowance),
		cmocka_unit_test(a_lower_setpoint_needs_no_allowance),
		cmocka_unit_test(a_setpoint_that_stays_refused_differs),
		cmocka_unit_test(acknowledged_and_not_done_differs_twice),
		cmocka_unit_test(a_lost_write_is_written_again),
		cmocka_unit_test(second_master_and_panel_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
