/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows 5 and 6 from both sides of each limit: rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "rig.h"

/* Row 5: 50 K/s, between reads closer than 0.1 s as if 0.1 s lay between them. */
static void test_jump(void **unused)
{
	static const struct {
		double dt, jump_k;
		bool fires;
	} cases[] = {{1, -50, false},   {1, -50.5, true},    {1, 50.5, true},      {2, -100, false},
		     {2, -100.5, true}, {0.0625, -5, false}, {0.0625, -5.25, true}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		/* The read at lab time 0 counts as one. */
		rig_put_soak(&rig);
		rig.plan.limits.runaway_over_protocol_k = FAR;
		rig.in.temperature_k.value += cases[i].jump_k;
		rig_tick(&rig, cases[i].dt);
		assert_int_equal(rig_fired(&rig, "sensor break"), cases[i].fires);
		if (cases[i].fires)
			rig_assert_says(&rig, "reads badly");
	}
}

/* Two bad reads of three; a silent line is no bad read, and a read seen twice is one. */
static void read_as(struct plant *rig, enum quality quality, enum cause cause)
{
	rig->in.temperature_k.quality = (uint8_t)quality;
	rig->in.temperature_k.cause = (uint8_t)cause;
	rig_tick(rig, 0.25);
}

static void test_bad_reads(void **unused)
{
	struct plant rig;

	(void)unused;
	for (int cause = 0; cause < CAUSE_MAX; cause++) {
		bool sensor = cause == CAUSE_NONE || cause == CAUSE_SENSOR_BREAK || cause == CAUSE_JUMP ||
			      cause == CAUSE_RANGE;

		rig_put_soak(&rig);
		read_as(&rig, QUALITY_BAD, (enum cause)cause);
		assert_false(rig_fired(&rig, "sensor break"));
		read_as(&rig, QUALITY_GOOD, CAUSE_NONE);
		read_as(&rig, QUALITY_GOOD, CAUSE_NONE);
		read_as(&rig, QUALITY_BAD, (enum cause)cause);
		assert_false(rig_fired(&rig, "sensor break"));
		read_as(&rig, QUALITY_GOOD, CAUSE_NONE);
		read_as(&rig, QUALITY_BAD, (enum cause)cause);
		assert_int_equal(rig_fired(&rig, "sensor break"), sensor);
	}
	rig_put_soak(&rig);
	read_as(&rig, QUALITY_SUSPECT, CAUSE_NONE);
	read_as(&rig, QUALITY_SUSPECT, CAUSE_NONE);
	assert_false(rig_fired(&rig, "sensor break"));
	/* What comes with a failed read is no value to jump to or from. */
	rig_put_soak(&rig);
	rig.in.temperature_k.value = 100;
	read_as(&rig, QUALITY_BAD, CAUSE_TIMEOUT);
	assert_false(rig_fired(&rig, "sensor break"));
	rig.in.temperature_k.value = RUN_K;
	read_as(&rig, QUALITY_GOOD, CAUSE_NONE);
	assert_false(rig_fired(&rig, "sensor break"));
}

/* A bad read before any good one leaves nothing to jump from. */
static void test_bad_before_good(void **unused)
{
	struct plant rig;

	(void)unused;
	rig_put_soak(&rig);
	interlock_reset(&rig.machine);
	read_as(&rig, QUALITY_BAD, CAUSE_RANGE);
	read_as(&rig, QUALITY_GOOD, CAUSE_NONE);
	assert_false(rig_fired(&rig, "sensor break"));
	rig.in.temperature2_k = rig.in.temperature_k;
	rig.in.temperature2_k.quality = QUALITY_BAD;
	read_as(&rig, QUALITY_GOOD, CAUSE_NONE);
	rig.in.temperature2_k.quality = QUALITY_GOOD;
	read_as(&rig, QUALITY_GOOD, CAUSE_NONE);
	assert_false(rig_fired(&rig, "sensor break"));
}

static void test_one_read_counts_once(void **unused)
{
	struct plant rig;

	(void)unused;
	rig_put_soak(&rig);
	read_as(&rig, QUALITY_BAD, CAUSE_RANGE);
	rig_stop_reading(&rig, rig.now);
	rig_ticks(&rig, 4, 0.25);
	assert_false(rig_fired(&rig, "sensor break"));
	/* Two bad reads stay two while nothing new is read. */
	rig_put_soak(&rig);
	read_as(&rig, QUALITY_BAD, CAUSE_RANGE);
	read_as(&rig, QUALITY_BAD, CAUSE_RANGE);
	rig_stop_reading(&rig, rig.now);
	rig_ticks(&rig, 4, 0.25);
	assert_true(rig_fired(&rig, "sensor break"));
}

static void test_reported_break(void **unused)
{
	struct plant rig;

	(void)unused;
	rig_put_soak(&rig);
	rig.in.furnace_sensor_break = true;
	rig_tick(&rig, 1);
	assert_true(rig_fired(&rig, "sensor break"));
	rig_assert_says(&rig, "reported broken");
	/* The bit is valid while the device answers: 2 s. */
	for (int late = 0; late <= 1; late++) {
		rig_put_soak(&rig);
		rig_stop_reading(&rig, 0);
		rig_ticks(&rig, 4 + late, 0.5);
		assert_false(rig_fired(&rig, "sensor break"));
		rig.in.furnace_sensor_break = true;
		rig_tick(&rig, 0);
		assert_int_equal(rig_fired(&rig, "sensor break"), !late);
	}
}

/* The second thermocouple's break is row 5 like the first one's, and no overtemperature: 1645 K is what the
 * controller shows without a junction. */
static void put_second(struct plant *rig)
{
	rig_put_soak(rig);
	rig->in.temperature2_k = rig->in.temperature_k;
	rig_tick(rig, 1);
	assert_false(rig_fired(rig, "sensor break"));
}

static void test_second_breaks_upscale(void **unused)
{
	struct plant rig;

	(void)unused;
	put_second(&rig);
	rig.in.temperature2_k.value = 1645;
	for (int i = 0; i < 100; i++) {
		rig_tick(&rig, 1);
		assert_true(rig_fired(&rig, "sensor break"));
		assert_int_equal(rig.machine.phase, PHASE_HOLD);
		assert_int_equal(rig.actions.heat, HEAT_OFF);
		assert_false(rig.machine.latched);
	}
	assert_int_equal(rig.alarms_raised[ALARM_RUNAWAY], 0);
	assert_int_equal(plant_verb(&rig, VERB_RESUME), ANSWER_REFUSED);
	/* Noise of an open input is no new temperature; what a cell may have is. */
	rig.in.temperature2_k.value = 1500;
	rig_tick(&rig, 1);
	rig.in.temperature2_k.value = 1600;
	rig_tick(&rig, 1);
	assert_false(rig.machine.latched);
	rig.in.temperature2_k.value = RUN_K + 10;
	rig_tick(&rig, 1);
	rig_tick(&rig, 1);
	assert_false(rig_fired(&rig, "sensor break"));
	/* And from there it is trusted as before. */
	rig.in.temperature2_k.value = RUN_K + 11;
	rig_tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_TRIPPED);
}

/* 100 K in the 2 s that a value stays fresh, or 50 K/s after a longer silence: beyond it is a break. What got
 * hot at a rate that a junction can have, or was never seen to be colder, is hot. */
static void test_second_is_hot_or_broken(void **unused)
{
	static const struct {
		double dt, jump_k;
		bool seen, breaks;
	} cases[] = {{1, 100, true, false},     {1, 100.5, true, true}, {0.25, 100, true, false},
		     {0.25, 100.5, true, true}, {2, 100.5, true, true}, {4, 200, true, false},
		     {4, 200.5, true, true},    {1, 1000, false, false}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		rig_put_soak(&rig);
		if (cases[i].seen)
			rig.in.temperature2_k = rig.in.temperature_k;
		rig_tick(&rig, 1);
		rig.in.temperature2_k = rig.in.temperature_k;
		rig.in.temperature2_k.value += cases[i].jump_k;
		rig_tick(&rig, cases[i].dt);
		assert_int_equal(rig.machine.phase, cases[i].breaks ? PHASE_HOLD : PHASE_TRIPPED);
		assert_int_equal(rig.alarms_raised[ALARM_RUNAWAY], !cases[i].breaks);
	}
}

/* A jump below the limit, or downwards, is told like the first one's: one tick. */
static void test_second_jumps(void **unused)
{
	static const struct {
		double jump_k;
		bool fires;
	} cases[] = {{-50, false}, {-50.5, true}, {5, false}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		put_second(&rig);
		rig.in.temperature2_k.value += cases[i].jump_k;
		rig_tick(&rig, 1);
		assert_int_equal(rig_fired(&rig, "sensor break"), cases[i].fires);
		assert_false(rig.machine.latched);
		if (cases[i].fires)
			rig_assert_says(&rig, "Second thermocouple reads badly");
		rig_tick(&rig, 1);
		assert_false(rig_fired(&rig, "sensor break"));
	}
}

static void test_second_reads_badly(void **unused)
{
	static const enum cause causes[] = {CAUSE_SENSOR_BREAK, CAUSE_RANGE};
	struct plant rig;

	(void)unused;
	for (int i = 0; i < 2; i++) {
		put_second(&rig);
		rig.in.temperature2_k.quality = QUALITY_BAD;
		rig.in.temperature2_k.cause = (uint8_t)causes[i];
		rig.in.temperature2_k.value = 1645;
		rig_tick(&rig, 1);
		assert_false(rig_fired(&rig, "sensor break"));
		rig_tick(&rig, 1);
		assert_true(rig_fired(&rig, "sensor break"));
		assert_int_equal(rig.machine.phase, PHASE_HOLD);
		rig_assert_says(&rig, i == 0 ? "Second thermocouple reported broken"
					     : "Second thermocouple reads badly");
	}
	/* Silence is row 14's, and no second sensor is none that broke. */
	put_second(&rig);
	rig.in.temperature2_k.quality = QUALITY_BAD;
	rig.in.temperature2_k.cause = CAUSE_TIMEOUT;
	rig_ticks(&rig, 10, 1);
	assert_false(rig_fired(&rig, "sensor break"));
}

/* Row 6: 20 K within 30 s at an output of 20 %, the setpoint not falling. */
static void put_slipping(struct plant *rig, double output_pct)
{
	rig_put_soak(rig);
	rig->plan.limits.jump_k_per_s = FAR;
	rig->plan.limits.not_heating_time_s = FAR;
	rig->plan.limits.lag_integral_k_s = FAR;
	rig->plan.limits.frozen_time_s = FAR;
	rig->plan.holdback_limit_s = FAR;
	rig->in.furnace_output_pct.value = output_pct;
	rig_tick(rig, 1);
}

static void test_slip(void **unused)
{
	struct plant rig;

	(void)unused;
	put_slipping(&rig, 20);
	rig.in.temperature_k.value -= 20;
	rig_ticks(&rig, 2, 1);
	assert_false(rig_fired(&rig, "slip"));
	rig.in.temperature_k.value -= 0.5;
	rig_ticks(&rig, 2, 1);
	assert_true(rig_fired(&rig, "slip"));
	rig_assert_says(&rig, "fell 20.5 K within 30 s");
	put_slipping(&rig, 19.5);
	rig.in.temperature_k.value -= 21;
	rig_ticks(&rig, 2, 1);
	assert_false(rig_fired(&rig, "slip"));
	put_slipping(&rig, 30);
	rig.in.temperature_k.quality = QUALITY_SUSPECT;
	rig.in.temperature_k.value -= 21;
	rig_ticks(&rig, 2, 1);
	assert_false(rig_fired(&rig, "slip"));
	put_slipping(&rig, 30);
	rig.in.furnace_output_pct.quality = QUALITY_BAD;
	rig.in.temperature_k.value -= 21;
	rig_ticks(&rig, 2, 1);
	assert_false(rig_fired(&rig, "slip"));
	/* A setpoint that falls explains it; what was remembered is forgotten with it. */
	put_slipping(&rig, 30);
	rig.in.temperature_k.value -= 21;
	rig_tick(&rig, 1);
	rig.machine.setpoint_k -= 0.5;
	rig_tick(&rig, 1);
	assert_false(rig_fired(&rig, "slip"));
	rig_tick(&rig, 1);
	assert_false(rig_fired(&rig, "slip"));
}

/* 20.5 K in the time that the four values cover: a third of slip_time_s apart, 30 s and no more are seen. */
static void test_slow_slip(void **unused)
{
	static const struct {
		int ticks; /* of 5 s, until it falls the rest */
		bool fires;
	} cases[] = {{1, true}, {2, true}, {5, true}, {6, true}, {7, true}, {8, false}, {12, false}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		put_slipping(&rig, 30);
		rig.in.temperature_k.value -= 10;
		rig_ticks(&rig, cases[i].ticks, 5);
		rig.in.temperature_k.value -= 10.5;
		rig_ticks(&rig, 2, 0.25);
		assert_int_equal(rig_fired(&rig, "slip"), cases[i].fires);
	}
}

static void test_slip_looks_anew(void **unused)
{
	struct plant rig;

	(void)unused;
	/* Not watched for a moment: what was read before is forgotten, what comes after is seen. */
	put_slipping(&rig, 30);
	rig_tick(&rig, 5);
	rig.in.furnace_output_pct.value = 10;
	rig_tick(&rig, 4);
	rig.in.furnace_output_pct.value = 30;
	rig_tick(&rig, 1);
	rig.in.temperature_k.value -= 15;
	rig_ticks(&rig, 8, 5);
	rig.in.temperature_k.value -= 20.5;
	rig_ticks(&rig, 2, 0.25);
	assert_true(rig_fired(&rig, "slip"));
}

/* Row 6 with two thermocouples: 15 K apart for 30 s. */
static void put_pair(struct plant *rig, double apart_k)
{
	rig_put_soak(rig);
	rig->in.temperature2_k =
		(struct measurement){.value = RUN_K + apart_k, .t_lab_s = 0, .quality = QUALITY_GOOD};
}

static void test_pair(void **unused)
{
	static const double apart_k[] = {15.5, -15.5, 15, -15};
	struct plant rig;

	(void)unused;
	for (int i = 0; i < 4; i++) {
		put_pair(&rig, apart_k[i]);
		rig_ticks(&rig, 14, 2);
		assert_false(rig_fired(&rig, "pair apart"));
		rig_tick(&rig, 2);
		assert_int_equal(rig_fired(&rig, "pair apart"), i < 2);
	}
	put_pair(&rig, 20);
	rig.in.temperature2_k.quality = QUALITY_BAD;
	rig_ticks(&rig, 30, 2);
	assert_false(rig_fired(&rig, "pair apart"));
	put_pair(&rig, 20);
	rig.in.temperature_k.quality = QUALITY_SUSPECT;
	rig_ticks(&rig, 30, 2);
	assert_false(rig_fired(&rig, "pair apart"));
}

static void test_second_stays_broken_over_a_restart(void **unused)
{
	struct plant rig;

	(void)unused;
	put_second(&rig);
	rig.in.temperature2_k.value = 1645;
	rig_tick(&rig, 1);
	rig_restart(&rig, RECOVER_HOLD);
	rig_ticks(&rig, 10, 1);
	assert_true(rig_fired(&rig, "sensor break"));
	assert_int_equal(rig.machine.phase, PHASE_HOLD);
	/* The next run knows nothing of it. */
	interlock_reset(&rig.machine);
	rig_tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_TRIPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jump),
		cmocka_unit_test(test_bad_reads),
		cmocka_unit_test(test_bad_before_good),
		cmocka_unit_test(test_one_read_counts_once),
		cmocka_unit_test(test_reported_break),
		cmocka_unit_test(test_second_breaks_upscale),
		cmocka_unit_test(test_second_is_hot_or_broken),
		cmocka_unit_test(test_second_jumps),
		cmocka_unit_test(test_second_reads_badly),
		cmocka_unit_test(test_slip),
		cmocka_unit_test(test_slow_slip),
		cmocka_unit_test(test_slip_looks_anew),
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_second_stays_broken_over_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
