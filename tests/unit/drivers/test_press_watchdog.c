/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PLC's watchdog and the heater's contactor: armed before anything else, a trip is told before it is
 * reset, and no doubtful answer closes or resets. */
#include "tests/unit/drivers/press_fixture.h"

static void watchdog_is_armed_before_setpoint_and_heater(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	control_at(bench, 5);
	bench->demand.press.heater_enable = true;
	run(bench, 3);
	assert_int_equal(bench->fake.write_reads, 0);
	for (int i = 0; i < 3 && bench->fake.write_reads == 0; i++)
		run(bench, 1);
	assert_int_equal(bench->fake.write_reads, 1);
	assert_int_equal(bench->fake.words[1], PRESS_MODE_LOCK); /* as adopted */
	assert_int_equal(bench->fake.words[6], 10);
	assert_true(oil_bar(&bench->fake) == 1000);
	run(bench, 3);
	assert_int_equal(bench->fake.words[1], PRESS_MODE_REGULATE);
	assert_true(bench->report.press.watchdog_armed && bench->report.press.contactor_closed);
	assert_true(bench->report.press.switches_ns > 0 &&
		    bench->report.press.switches_ns == bench->report.press.oil_bar.t_reply_ns);
	assert_int_equal(bench->fake.coil_writes, 1);
	free_bench(bench);
}

static void off_is_lock(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	control_at(bench, 5);
	bench->demand.press.heater_enable = true;
	run(bench, 20);
	bench->demand.press.mode = MODE_OFF;
	bench->demand.press.heater_enable = false;
	run(bench, 2);
	assert_int_equal(bench->fake.words[1], PRESS_MODE_LOCK);
	assert_true(bench->report.press.locked);
	assert_false(bench->report.press.contactor_closed || bench->report.press.readback_differs);
	free_bench(bench);
}

static void a_latched_trip_is_reset_only_after_it_was_told(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	bench->fake.words[0x700] = 1;
	plc(&bench->fake);
	bench->demand.press.mode = MODE_OFF;
	bench->demand.press.heartbeat = true;
	run(bench, 8);
	assert_int_equal(bench->fake.words[PRESS_RESET_ADDRESS], 0);
	assert_true(bench->report.press.watchdog_tripped);
	run(bench, 10);
	assert_int_equal(bench->fake.words[PRESS_RESET_ADDRESS], 1);
	assert_false(bench->report.press.watchdog_tripped);
	free_bench(bench);
}

/* A 1 atm run: LOCK with the heater on. After an answer to another question the coil waits for a line that is
 * good again, LOCK does not. */
static void a_doubtful_answer_closes_no_contactor(void **state)
{
	struct bench *bench = make_bench(0);

	(void)state;
	bench->demand.press = (struct press_demand){
		.mode = MODE_OFF, .heartbeat = true, .watchdog_s = 10, .setpoint_gpa = 0};
	run(bench, 10);
	assert_true(bench->report.press.watchdog_armed);
	bench->fake.coil_writes = bench->fake.write_reads = 0;
	bench->fake.line.desyncs++;
	bench->demand.press.heater_enable = true;
	run(bench, 2);
	assert_true(bench->fake.write_reads > 0); /* LOCK and heartbeat go on */
	assert_int_equal(bench->fake.coil_writes, 0);
	run(bench, 4);
	assert_int_equal(bench->fake.coil_writes, 1);
	assert_true(bench->report.press.contactor_closed);
	/* Opening waits for nothing. */
	bench->fake.line.desyncs++;
	bench->demand.press.heater_enable = false;
	run(bench, 2);
	assert_int_equal(bench->fake.coil_writes, 2);
	free_bench(bench);
}

/* Nor does it take a latched trip away. */
static void a_doubtful_answer_resets_no_latch(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	bench->demand.press.mode = MODE_OFF;
	bench->demand.press.heartbeat = true;
	run(bench, 8);
	bench->fake.words[0x700] = 1;
	plc(&bench->fake);
	for (int i = 0; i < 20; i++) {
		bench->fake.line.desyncs += i % 2;
		run(bench, 1);
	}
	assert_int_equal(bench->fake.words[PRESS_RESET_ADDRESS], 0);
	run(bench, 4);
	assert_int_equal(bench->fake.words[PRESS_RESET_ADDRESS], 1);
	free_bench(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(watchdog_is_armed_before_setpoint_and_heater),
		cmocka_unit_test(off_is_lock),
		cmocka_unit_test(a_latched_trip_is_reset_only_after_it_was_told),
		cmocka_unit_test(a_doubtful_answer_closes_no_contactor),
		cmocka_unit_test(a_doubtful_answer_resets_no_latch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
