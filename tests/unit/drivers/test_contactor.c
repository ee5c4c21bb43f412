/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The heater's contactor on a coupler, over an in-memory line: what it is armed with, what is refused, and
 * what becomes of a fall-back. The furnace beside it is the driver's own business (test_furnace.c). */
#include "tests/unit/drivers/cmocka_all.h"

#include <errno.h>
#include <stdlib.h>

#include "config/profile_reader.h"
#include "daemon/base/clock.h"
#include "drivers/furnace_contactor.h"
#include "tests/unit/drivers/fake_modbus.h"

enum {
	COUNT_AT = 0x1021,
	WATCHDOG = 0x1120,
	RESET = 0x1121,
	TYPE = 0x1122,
	FALLBACK = 0x1123,
	LOCK = 0x1124,
	COIL = 7,
	WATCHDOG_MS = 5000
};

struct bench {
	struct fake_modbus fake;
	struct bus_config config;
	struct furnace_contactor contactor;
	struct furnace_report report;
	double t_lab_s;
	uint32_t seq;
	int64_t tick_age_ns;
	bool may_close;
};

/* As the coupler does it: an output that fell back comes back with both words alone. */
static void obey_reset(struct fake_modbus *fake)
{
	static bool begun;

	if (fake->written[(fake->writes - 1) % 64] != RESET)
		return;
	if (fake->words[RESET] == 0xAFFE && begun)
		fake->deaf_coils = false;
	begun = fake->words[RESET] == 0xBECF;
}

static void read_profile(struct profile *ret_profile)
{
	struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));

	assert_non_null(diagnostics);
	assert_int_equal(
		profile_read(CONFIG_SOURCE "/devices/beckhoff-ek9000.yaml", diagnostics, ret_profile), 0);
	free(diagnostics);
}

static struct bench *make_bench(void)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct profile *profile = calloc(1, sizeof(*profile));
	struct driver_setup setup = {.contactor = &bench->fake.line};
	const char *lacks;

	assert_non_null(bench);
	assert_non_null(profile);
	read_profile(profile);
	setup.config = &bench->config;
	bench->config.scale = 1;
	assert_int_equal(contactor_rules_pack(profile, &bench->config.contactor, &lacks), 0);
	bench->config.contactor.unit = 1;
	bench->config.contactor.coil = COIL;
	bench->config.contactor.watchdog_s = WATCHDOG_MS / 1000.0;
	bench->fake.line.ops = &fake_ops;
	bench->fake.words[WATCHDOG] = 1000;
	bench->fake.after_write = obey_reset;
	bench->t_lab_s = 1000;
	bench->may_close = true;
	furnace_contactor_init(&bench->contactor, &setup);
	free(profile);
	return bench;
}

static void run(struct bench *bench, uint8_t mode, int cycles)
{
	for (int i = 0; i < cycles; i++) {
		int64_t now_ns = clock_mono_ns();
		struct driver_cycle cycle = {.seq = ++bench->seq,
					     .now_ns = now_ns,
					     .t_lab_s = bench->t_lab_s,
					     .tick_mono_ns = now_ns - bench->tick_age_ns,
					     .wear_allowance = 100};

		bench->t_lab_s += 0.1;
		furnace_contactor_cycle(&bench->contactor, &cycle, mode, bench->may_close, &bench->report);
	}
}

static void fall_back(struct bench *bench)
{
	bench->fake.words[COUNT_AT]++;
	bench->fake.coils[COIL] = false;
	bench->fake.deaf_coils = true;
}

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

static uint32_t questions(const struct bench *bench)
{
	return bench->fake.reads + bench->fake.writes + bench->fake.coil_writes;
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
		cmocka_unit_test(each_cycle_writes_the_output),
		cmocka_unit_test(observe_writes_nothing),
		cmocka_unit_test(freeze_is_refused),
		cmocka_unit_test(a_stranger_is_refused),
		cmocka_unit_test(another_masters_lock_is_refused),
		cmocka_unit_test(settings_that_do_not_stay_are_refused),
		cmocka_unit_test(a_fall_back_is_seen_and_kept),
		cmocka_unit_test(an_output_that_disobeys_is_open),
		cmocka_unit_test(silence_is_an_open_contactor),
		cmocka_unit_test(a_new_connection_is_verified),
		cmocka_unit_test(it_closes_only_for_a_controller_with_a_setpoint),
		cmocka_unit_test(an_old_demand_is_no_heartbeat),
		cmocka_unit_test(a_real_coupler_is_not_written_at_a_fast_clock),
		cmocka_unit_test(without_one_nothing_is_said),
		cmocka_unit_test(unarmed_is_open_where_heat_is_asked_for),
		cmocka_unit_test(observe_keeps_what_is_known),
		cmocka_unit_test(observe_opens_what_it_had_closed),
		cmocka_unit_test(observe_opens_it_after_a_lost_answer),
		cmocka_unit_test(a_slow_coupler_is_armed_over_cycles),
		cmocka_unit_test(arming_begins_anew_with_the_connection),
		cmocka_unit_test(a_coupler_that_takes_its_time_is_left_alone),
		cmocka_unit_test(what_is_set_already_is_not_written),
		cmocka_unit_test(every_state_and_look),
		cmocka_unit_test(a_profile_that_is_no_coupler_is_refused),
		cmocka_unit_test(a_profile_slower_than_a_cycle_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
