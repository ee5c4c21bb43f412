/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A contactor that is only observed: nothing is written, but what the driver itself had closed is opened. */
#include <stdlib.h>

#include "tests/unit/drivers/contactor_fixture.h"

static void observe_writes_nothing(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	bench->fake.coils[COIL] = true;
	run(bench, MODE_OBSERVE, 20);
	assert_int_equal(bench->fake.writes + bench->fake.coil_writes, 0);
	assert_int_equal(bench->report.contactor, CONTACTOR_UNARMED);
	assert_true(bench->report.contactor_closed);
	free(bench);
}

/* A furnace that is not known for a cycle closes no contactor that had opened, and hides no change. */
static void observe_keeps_what_is_known(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	run(bench, MODE_OFF, 20);
	run(bench, MODE_CONTROL, 2);
	run(bench, MODE_OBSERVE, 1);
	run(bench, MODE_CONTROL, 2);
	assert_int_equal(bench->report.contactor, CONTACTOR_ARMED);
	run(bench, MODE_OBSERVE, 1);
	bench->fake.words[WATCHDOG] = 1000;
	run(bench, MODE_CONTROL, 1);
	assert_int_equal(bench->report.contactor, CONTACTOR_OPENED);
	run(bench, MODE_OBSERVE, 1);
	run(bench, MODE_CONTROL, 30);
	assert_int_equal(bench->report.contactor, CONTACTOR_OPENED);
	assert_false(bench->fake.coils[COIL]);
	free(bench);
}

/* What the driver had closed it opens at once, and until it is seen open; the watchdog may wait ten seconds.
 */
static void observe_opens_what_it_had_closed(void **state)
{
	struct bench *bench = make_bench();
	uint32_t before;

	(void)state;
	run(bench, MODE_OFF, 20);
	run(bench, MODE_CONTROL, 20);
	assert_true(bench->fake.coils[COIL]);
	before = bench->fake.coil_writes;
	bench->fake.deaf_coils = true;
	run(bench, MODE_OBSERVE, 3);
	assert_int_equal(bench->fake.coil_writes, before + 3);
	bench->fake.deaf_coils = false;
	run(bench, MODE_OBSERVE, 1);
	assert_false(bench->fake.coils[COIL]);
	before = bench->fake.coil_writes + bench->fake.writes;
	run(bench, MODE_OBSERVE, 20);
	assert_int_equal(bench->fake.coil_writes + bench->fake.writes, before);
	free(bench);
}

/* Lost on the way it is said again, once the coupler is known again. */
static void observe_opens_it_after_a_lost_answer(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	run(bench, MODE_OFF, 20);
	run(bench, MODE_CONTROL, 20);
	bench->fake.fail = CAUSE_TIMEOUT;
	run(bench, MODE_OBSERVE, 3);
	assert_true(bench->fake.coils[COIL]);
	bench->fake.fail = 0;
	run(bench, MODE_OBSERVE, 1);
	assert_false(bench->fake.coils[COIL]);
	free(bench);
}

/* By control's word a worker begun anew opens what the one before it had closed, once; the watchdog may wait
 * ten seconds, and what somebody else closes later is not this driver's. */
static void observe_opens_what_the_worker_before_had_closed(void **state)
{
	struct bench *bench = make_bench();
	uint32_t before;

	(void)state;
	bench->fake.coils[COIL] = true;
	bench->contactor.inherited = true;
	run(bench, MODE_OBSERVE, 3);
	assert_int_equal(bench->fake.coil_writes, 0); /* not before the coupler is known */
	run(bench, MODE_OBSERVE, 2);
	assert_false(bench->fake.coils[COIL]);
	assert_int_equal(bench->fake.writes, 0);
	run(bench, MODE_OBSERVE, 1);
	assert_false(bench->report.contactor_closed);
	before = bench->fake.coil_writes;
	bench->contactor.inherited = false; /* control has read it open */
	bench->fake.coils[COIL] = true;
	run(bench, MODE_OBSERVE, 20);
	assert_int_equal(bench->fake.coil_writes, before);
	assert_true(bench->report.contactor_closed);
	free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(observe_writes_nothing),
		cmocka_unit_test(observe_keeps_what_is_known),
		cmocka_unit_test(observe_opens_what_it_had_closed),
		cmocka_unit_test(observe_opens_it_after_a_lost_answer),
		cmocka_unit_test(observe_opens_what_the_worker_before_had_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
