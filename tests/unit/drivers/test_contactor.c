/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The heater's contactor on a coupler: what it is armed with, and what is refused. The furnace beside it is
 * the driver's own business (test_furnace.c). */
#include <errno.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "drivers/furnace_contactor.h"
#include "tests/unit/drivers/contactor_fixture.h"

static void arming_sets_and_reads_back(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	bench->fake.deaf_coils = true; /* it fell back long ago */
	run(bench, MODE_OFF, 5);
	assert_int_equal(bench->report.contactor, CONTACTOR_ARMED);
	assert_int_equal(bench->fake.words[WATCHDOG], WATCHDOG_MS);
	assert_int_equal(bench->fake.words[TYPE], 0);
	assert_int_equal(bench->fake.words[FALLBACK], 0);
	assert_int_equal(bench->fake.words[LOCK], 1);
	assert_false(bench->report.contactor_closed);
	run(bench, MODE_CONTROL, 2);
	assert_true(bench->fake.coils[COIL] && bench->report.contactor_closed);
	run(bench, MODE_OFF, 1);
	assert_false(bench->fake.coils[COIL] || bench->report.contactor_closed);
	free(bench);
}

/* What another output may need is refused, never changed. */
static void freeze_is_refused(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	for (uint16_t fallback = 1; fallback <= 2; fallback++) {
		bench->fake.words[FALLBACK] = fallback;
		run(bench, MODE_OFF, 60);
		assert_int_equal(bench->report.contactor, CONTACTOR_FREEZES);
		assert_int_equal(bench->fake.writes + bench->fake.coil_writes, 0);
		assert_int_equal(bench->fake.words[FALLBACK], fallback);
	}
	assert_non_null(strstr(contactor_rules_text(CONTACTOR_FREEZES), "fall-back"));
	bench->fake.words[FALLBACK] = 0;
	run(bench, MODE_OFF, 30);
	assert_int_equal(bench->report.contactor, CONTACTOR_ARMED);
	free(bench);
}

static void a_stranger_is_refused(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	bench->fake.words[TYPE] = 17; /* no watchdog type */
	run(bench, MODE_OFF, 40);
	assert_int_equal(bench->report.contactor, CONTACTOR_STRANGER);
	assert_int_equal(bench->fake.writes + bench->fake.coil_writes, 0);
	run(bench, MODE_OBSERVE, 5);
	assert_int_equal(bench->report.contactor, CONTACTOR_STRANGER);
	free(bench);
}

static void another_masters_lock_is_refused(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	bench->fake.fail_write = CAUSE_EXCEPTION;
	run(bench, MODE_OFF, 40);
	assert_int_equal(bench->report.contactor, CONTACTOR_LOCKED);
	assert_false(bench->fake.coils[COIL]);
	bench->fake.fail_write = 0;
	run(bench, MODE_OFF, 40);
	assert_int_equal(bench->report.contactor, CONTACTOR_ARMED);
	run(bench, MODE_CONTROL, 2);
	/* In the middle: another master keeps it closed, and densd could not open it. */
	assert_true(bench->fake.coils[COIL]);
	bench->fake.fail_write = CAUSE_EXCEPTION;
	run(bench, MODE_CONTROL, 1);
	assert_int_equal(bench->report.contactor, CONTACTOR_OPENED);
	free(bench);
}

static void settings_that_do_not_stay_are_refused(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	bench->fake.deaf = true;
	run(bench, MODE_OFF, 40);
	assert_int_equal(bench->report.contactor, CONTACTOR_DIFFERS);
	assert_false(bench->report.contactor_closed);
	free(bench);
}

/* A fast clock is for densim alone. */
static void a_real_coupler_is_not_written_at_a_fast_clock(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	bench->config.scale = 10;
	furnace_contactor_init(&bench->contactor, &(struct driver_setup){.config = &bench->config,
									 .contactor = &bench->fake.line});
	run(bench, MODE_CONTROL, 60);
	assert_int_equal(bench->fake.writes + bench->fake.coil_writes, 0);
	free(bench);
}

/* Seventeen questions of 80 ms: arming goes on from cycle to cycle, and each leaves the furnace its turn. */
static void a_slow_coupler_is_armed_over_cycles(void **state)
{
	struct bench *bench = make_bench();
	int cycles = 0;

	(void)state;
	run(bench, MODE_OFF, 3);
	assert_int_equal(bench->fake.writes, 0);
	bench->fake.answer_us = 80000;
	while (bench->report.contactor != CONTACTOR_ARMED && cycles < 12) {
		uint32_t before = questions(bench);

		run(bench, MODE_OFF, 1);
		assert_true(questions(bench) <= before + 5);
		cycles++;
	}
	assert_int_equal(bench->report.contactor, CONTACTOR_ARMED);
	assert_true(cycles > 2);
	run(bench, MODE_CONTROL, 2);
	assert_true(bench->report.contactor_closed);
	bench->fake.line.connects++;
	run(bench, MODE_CONTROL, 6);
	assert_int_equal(bench->report.contactor, CONTACTOR_ARMED);
	assert_true(bench->report.contactor_closed);
	free(bench);
}

/* The reset's two words are one sequence, whatever cycle they fall into; a new connection begins anew. */
static void arming_begins_anew_with_the_connection(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	run(bench, MODE_OFF, 3);
	bench->fake.answer_us = 80000;
	run(bench, MODE_OFF, 1);
	assert_int_not_equal(bench->report.contactor, CONTACTOR_ARMED);
	bench->fake.line.connects++;
	bench->fake.words[FALLBACK] = 1;
	bench->fake.answer_us = 0;
	run(bench, MODE_OFF, 30);
	assert_int_equal(bench->report.contactor, CONTACTOR_FREEZES);
	free(bench);
}

/* What holds already is not written: a coupler may refuse its watchdog's time while that runs. */
static void what_is_set_already_is_not_written(void **state)
{
	struct bench *bench = make_bench();

	(void)state;
	bench->fake.words[WATCHDOG] = WATCHDOG_MS;
	bench->fake.words[LOCK] = 1;
	run(bench, MODE_OFF, 5);
	assert_int_equal(bench->report.contactor, CONTACTOR_ARMED);
	assert_int_equal(bench->fake.writes, 2);
	assert_true(bench->fake.written[0] == RESET && bench->fake.written[1] == RESET);
	free(bench);
}

static void a_profile_that_is_no_coupler_is_refused(void **state)
{
	struct profile *profile = calloc(1, sizeof(*profile));
	struct bus_contactor contactor = {.unit = 9};
	const char *lacks;

	(void)state;
	assert_non_null(profile);
	read_profile(profile);
	strcpy(profile->registers[0].name, "other");
	assert_int_equal(contactor_rules_pack(profile, &contactor, &lacks), -EINVAL);
	assert_string_equal(lacks, "fallback_count");
	read_profile(profile);
	profile->auto_count = 0;
	assert_int_equal(contactor_rules_pack(profile, &contactor, &lacks), -EINVAL);
	profile->kind = DEVICE_FURNACE;
	assert_int_equal(contactor_rules_pack(profile, &contactor, &lacks), -EINVAL);
	assert_false(contactor.fitted);
	assert_int_equal(contactor.unit, 9);
	free(profile);
}

/* What is not begun for want of time would never be begun: the coupler would be waited for, run after run. */
static void a_profile_slower_than_a_cycle_is_refused(void **state)
{
	static const double latencies_ms[] = {200, 250};
	const char *lacks;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bench *bench = make_bench();
		struct profile *profile = calloc(1, sizeof(*profile));
		struct bus_contactor contactor = {.unit = 9};
		bool arms;

		assert_non_null(profile);
		read_profile(profile);
		profile->worst_latency_ms = latencies_ms[i];
		bench->contactor.link.session.port.peer.worst_latency_ms = latencies_ms[i];
		run(bench, MODE_OFF, 100);
		arms = bench->report.contactor == CONTACTOR_ARMED;
		assert_int_equal(contactor_rules_pack(profile, &contactor, &lacks), arms ? 0 : -EINVAL);
		assert_int_equal(arms, i == 0);
		free(profile);
		free(bench);
	}
	assert_non_null(strstr(lacks, "worst_latency is more than 0.2 s"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arming_sets_and_reads_back),
		cmocka_unit_test(freeze_is_refused),
		cmocka_unit_test(a_stranger_is_refused),
		cmocka_unit_test(another_masters_lock_is_refused),
		cmocka_unit_test(settings_that_do_not_stay_are_refused),
		cmocka_unit_test(a_real_coupler_is_not_written_at_a_fast_clock),
		cmocka_unit_test(a_slow_coupler_is_armed_over_cycles),
		cmocka_unit_test(arming_begins_anew_with_the_connection),
		cmocka_unit_test(what_is_set_already_is_not_written),
		cmocka_unit_test(a_profile_that_is_no_coupler_is_refused),
		cmocka_unit_test(a_profile_slower_than_a_cycle_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
