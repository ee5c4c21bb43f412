/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The coupler's output: written each cycle, closed only for fresh heat, and kept open where it fell back,
 * was silent or disobeyed. */
#include <stdlib.h>

#include "drivers/furnace_contactor.h"
#include "tests/unit/drivers/contactor_fixture.h"

static void fall_back(struct bench *bench)
{
	bench->fake.words[COUNT_AT]++;
	bench->fake.coils[COIL] = false;
	bench->fake.deaf_coils = true;
}

/* The heartbeat is the output itself, each cycle, open or closed. */
static void each_cycle_writes_the_output(void **state)
{
	struct bench *bench = make_bench();
	uint32_t before;

	(void)state;
	run(bench, MODE_OFF, 5);
	before = bench->fake.coil_writes;
	run(bench, MODE_OFF, 7);
	run(bench, MODE_CONTROL, 7);
	assert_int_equal(bench->fake.coil_writes, before + 14);
	free(bench);
}

/* It is open, stays so while heat is asked for, and comes back after the heater was off for ten cycles. */
static void a_fall_back_is_seen_and_kept(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	run(bench, MODE_OFF, 20);
	run(bench, MODE_CONTROL, 20);
	assert_true(bench->report.contactor_closed);
	fall_back(bench);
	run(bench, MODE_CONTROL, 1);
	assert_int_equal(bench->report.contactor, CONTACTOR_OPENED);
	assert_true(bench->report.contactor_heard);
	assert_false(bench->report.contactor_closed);
	bench->fake.deaf_coils = false; /* somebody resets it at the coupler */
	run(bench, MODE_CONTROL, 50);
	assert_int_equal(bench->report.contactor, CONTACTOR_OPENED);
	assert_false(bench->fake.coils[COIL]);
	run(bench, MODE_OFF, 9);
	assert_int_equal(bench->report.contactor, CONTACTOR_OPENED);
	run(bench, MODE_OFF, 25);
	assert_int_equal(bench->report.contactor, CONTACTOR_ARMED);
	run(bench, MODE_CONTROL, 2);
	assert_true(bench->report.contactor_closed);
	free(bench);
}

static void an_output_that_disobeys_is_open(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	run(bench, MODE_OFF, 20);
	run(bench, MODE_CONTROL, 20);
	bench->fake.deaf_coils = true;
	bench->fake.coils[COIL] = false;
	run(bench, MODE_CONTROL, 1);
	assert_int_equal(bench->report.contactor, CONTACTOR_ARMED);
	run(bench, MODE_CONTROL, 1);
	assert_int_equal(bench->report.contactor, CONTACTOR_OPENED);
	free(bench);
}

/* One second of silence is none; beyond the watchdog's time the coupler has opened it, whoever answers then.
 */
static void silence_is_an_open_contactor(void **state)
{
	struct bench *bench = make_bench();
	int64_t read_ns;

	(void)state;
	run(bench, MODE_OFF, 20);
	run(bench, MODE_CONTROL, 20);
	read_ns = bench->report.contactor_ns;
	assert_true(read_ns > 0);
	bench->fake.fail = CAUSE_TIMEOUT;
	run(bench, MODE_CONTROL, 10);
	assert_int_equal(bench->report.contactor, CONTACTOR_ARMED);
	run(bench, MODE_CONTROL, 50);
	assert_int_equal(bench->report.contactor, CONTACTOR_OPENED);
	assert_false(bench->report.contactor_closed || bench->report.contactor_heard);
	/* That it is open by now was not read. */
	assert_true(bench->report.contactor_ns == read_ns);
	free(bench);
}

/* A coupler that was exchanged or reset in between has lost what it was armed with. */
static void a_new_connection_is_verified(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	run(bench, MODE_OFF, 20);
	run(bench, MODE_CONTROL, 20);
	bench->fake.line.connects++;
	run(bench, MODE_CONTROL, 5);
	assert_int_equal(bench->report.contactor, CONTACTOR_ARMED);
	bench->fake.line.connects++;
	bench->fake.words[WATCHDOG] = 1000;
	run(bench, MODE_CONTROL, 1);
	assert_int_equal(bench->report.contactor, CONTACTOR_OPENED);
	free(bench);
}

static void it_closes_only_for_a_controller_with_a_setpoint(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	bench->may_close = false;
	run(bench, MODE_OFF, 20);
	run(bench, MODE_CONTROL, 20);
	assert_int_equal(bench->report.contactor, CONTACTOR_ARMED);
	assert_false(bench->fake.coils[COIL]);
	bench->may_close = true;
	run(bench, MODE_CONTROL, 1);
	assert_true(bench->fake.coils[COIL]);
	free(bench);
}

static void an_old_demand_is_no_heartbeat(void **state)
{
	struct bench *bench = make_bench();
	uint32_t before;

	(void)state;
	run(bench, MODE_OFF, 20);
	run(bench, MODE_CONTROL, 20);
	before = bench->fake.coil_writes;
	bench->tick_age_ns = 2 * CLOCK_NS_PER_S;
	run(bench, MODE_CONTROL, 20);
	assert_int_equal(bench->fake.coil_writes, before);
	free(bench);
}

static void without_one_nothing_is_said(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	bench->config.contactor.fitted = false;
	furnace_contactor_init(&bench->contactor, &(struct driver_setup){.config = &bench->config,
									 .contactor = &bench->fake.line});
	run(bench, MODE_CONTROL, 20);
	assert_int_equal(bench->report.contactor, CONTACTOR_NONE);
	assert_int_equal(bench->fake.reads + bench->fake.writes + bench->fake.coil_writes, 0);
	free(bench);
}

/* A worker begun anew in mid-heat, or one whose coupler never answered: told at once, armed with the heater
 * off. */
static void unarmed_is_open_where_heat_is_asked_for(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	run(bench, MODE_CONTROL, 30);
	assert_int_equal(bench->report.contactor, CONTACTOR_OPENED);
	assert_false(bench->fake.coils[COIL]);
	run(bench, MODE_OFF, 40);
	assert_int_equal(bench->report.contactor, CONTACTOR_ARMED);
	free(bench);
}

static void silent_for_long(struct bench *bench)
{
	bench->fake.answer_us = 300000;
	bench->fake.fail = CAUSE_TIMEOUT;
}

/* One that takes all its time is left alone for a while, so that the furnace is not. */
static void a_coupler_that_takes_its_time_is_left_alone(void **state)
{
	struct bench *bench = make_bench();
	uint32_t before;

	(void)state;
	run(bench, MODE_OFF, 20);
	silent_for_long(bench);
	before = questions(bench);
	run(bench, MODE_OFF, 30);
	assert_int_equal(questions(bench), before + 2);
	free(bench);
}

static void every_state_and_look(void **state)
{
	(void)state;
	for (uint8_t from = 0; from < CONTACTOR_STATE_MAX; from++)
		for (unsigned bits = 0; bits < 16; bits++)
			for (uint8_t mode = MODE_OBSERVE; mode <= MODE_CONTROL; mode++)
				for (uint32_t off = 0; off <= CONTACTOR_OFF_CYCLES;
				     off += CONTACTOR_OFF_CYCLES) {
					struct contactor_look look = {.mode = mode,
								      .fell_back = bits & 1,
								      .disobeys = bits & 2,
								      .unset = bits & 4,
								      .silent = bits & 8,
								      .off_cycles = off};
					uint8_t to = contactor_rules_next(from, &look);

					/* Nothing but arming arms. */
					assert_true(to != CONTACTOR_ARMED ||
						    (from == CONTACTOR_ARMED &&
						     (bits == 0 || mode == MODE_OBSERVE)));
					assert_true((from == CONTACTOR_NONE) == (to == CONTACTOR_NONE));
					assert_true(
						to != CONTACTOR_UNARMED || from == CONTACTOR_UNARMED ||
						(from == CONTACTOR_OPENED && off >= CONTACTOR_OFF_CYCLES));
				}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cycle_writes_the_output),
		cmocka_unit_test(a_fall_back_is_seen_and_kept),
		cmocka_unit_test(an_output_that_disobeys_is_open),
		cmocka_unit_test(silence_is_an_open_contactor),
		cmocka_unit_test(a_new_connection_is_verified),
		cmocka_unit_test(it_closes_only_for_a_controller_with_a_setpoint),
		cmocka_unit_test(an_old_demand_is_no_heartbeat),
		cmocka_unit_test(without_one_nothing_is_said),
		cmocka_unit_test(unarmed_is_open_where_heat_is_asked_for),
		cmocka_unit_test(a_coupler_that_takes_its_time_is_left_alone),
		cmocka_unit_test(every_state_and_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
