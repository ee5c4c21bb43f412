/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows 5, 6 and 7 from both sides of each limit: rig.h. */
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

static double stands_at_lab_s;

static void stands(struct plant *rig)
{
	rig->in.temperature_k.t_lab_s = stands_at_lab_s;
}

static void test_one_read_counts_once(void **unused)
{
	struct plant rig;

	(void)unused;
	rig_put_soak(&rig);
	read_as(&rig, QUALITY_BAD, CAUSE_RANGE);
	stands_at_lab_s = rig.now;
	rig.spoil = stands;
	rig_ticks(&rig, 4, 0.25);
	assert_false(rig_fired(&rig, "sensor break"));
	/* Two bad reads stay two while nothing new is read. */
	rig_put_soak(&rig);
	read_as(&rig, QUALITY_BAD, CAUSE_RANGE);
	read_as(&rig, QUALITY_BAD, CAUSE_RANGE);
	stands_at_lab_s = rig.now;
	rig.spoil = stands;
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
		stands_at_lab_s = 0;
		rig.spoil = stands;
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

/* Row 7: 60 s the same at an output of 5 %, then 30 s of grace. The read at lab time 0 is the first. */
static void put_frozen(struct plant *rig, double output_pct)
{
	rig_put_soak(rig);
	rig->in.furnace_output_pct.value = output_pct;
}

static void test_frozen(void **unused)
{
	struct plant rig;

	(void)unused;
	put_frozen(&rig, 5);
	rig_ticks(&rig, 29, 2);
	assert_false(rig_raised(&rig, ALARM_FROZEN));
	rig_tick(&rig, 2);
	assert_true(rig_raised(&rig, ALARM_FROZEN));
	rig_ticks(&rig, 14, 2);
	assert_false(rig_fired(&rig, "frozen value"));
	assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
	rig_tick(&rig, 2);
	assert_true(rig_fired(&rig, "frozen value"));
	/* The heater is off and the value stands: it proves nothing, least of all that the cell is cold. */
	rig.in.furnace_output_pct.value = 0;
	rig_ticks(&rig, 100, 2);
	assert_true(rig_fired(&rig, "frozen value"));
	rig.in.temperature_k.quality = QUALITY_BAD;
	rig.in.temperature_k.cause = CAUSE_TIMEOUT;
	rig_tick(&rig, 2);
	rig.in.temperature_k.quality = QUALITY_GOOD;
	rig_tick(&rig, 2);
	assert_true(rig_fired(&rig, "frozen value"));
	rig.in.temperature_k.value += 0.125;
	rig_tick(&rig, 2);
	assert_false(rig_fired(&rig, "frozen value"));
	put_frozen(&rig, 4.5);
	rig_ticks(&rig, 100, 2);
	assert_false(rig_raised(&rig, ALARM_FROZEN));
	/* A change, an output that is not fresh, or a silent line begins it again. */
	for (int what = 0; what < 4; what++) {
		put_frozen(&rig, 10);
		rig_ticks(&rig, 28, 2);
		rig.in.temperature_k.value += what == 0 ? 0.125 : what == 1 ? -0.125 : 0;
		rig.in.furnace_output_pct.quality = what == 2 ? QUALITY_BAD : QUALITY_GOOD;
		rig.in.temperature_k.quality = what == 3 ? QUALITY_BAD : QUALITY_GOOD;
		rig.in.temperature_k.cause = CAUSE_TIMEOUT;
		rig_tick(&rig, 2);
		rig.in.furnace_output_pct.quality = rig.in.temperature_k.quality = QUALITY_GOOD;
		rig_ticks(&rig, 29, 2);
		assert_false(rig_raised(&rig, ALARM_FROZEN));
		rig_tick(&rig, 2);
		assert_true(rig_raised(&rig, ALARM_FROZEN));
	}
	/* A value that is not read any more is stale, not frozen: after 2 s it no longer counts. */
	put_frozen(&rig, 10);
	rig_ticks(&rig, 29, 2);
	stands_at_lab_s = rig.now;
	rig.spoil = stands;
	rig_tick(&rig, 2);
	assert_true(rig_raised(&rig, ALARM_FROZEN));
	rig_tick(&rig, 0.5);
	assert_false(rig_raised(&rig, ALARM_FROZEN));
}

/* A thermocouple frozen at cold, its setpoint 3 K ahead: by 100 % it is found five times as soon as by 20 %,
 * so that the furnace has taken the same energy. Where no heat is asked for, by nothing but time. */
static void test_frozen_is_found_by_the_energy(void **unused)
{
	static const struct {
		double ahead_k, output_pct, found_s;
	} cases[] = {{3, 100, 12}, {3, 40, 30}, {3, 20, 60}, {3, 10, 60}, {2.75, 100, 60}, {-3, 100, 60}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;
		int ticks = (int)(cases[i].found_s * 4 + 0.5);

		put_frozen(&rig, cases[i].output_pct);
		rig.plan.holdback_temperature_k = 1; /* the setpoint stands */
		rig.machine.setpoint_k = rig.in.temperature_k.value + cases[i].ahead_k;
		rig_ticks(&rig, ticks - 1, 0.25);
		assert_false(rig_raised(&rig, ALARM_FROZEN));
		rig_tick(&rig, 0.25);
		assert_true(rig_raised(&rig, ALARM_FROZEN));
		rig_ticks(&rig, ticks / 2 - 1, 0.25);
		assert_false(rig_fired(&rig, "frozen value"));
		rig_tick(&rig, 0.25);
		assert_true(rig_fired(&rig, "frozen value"));
		assert_int_not_equal(rig.actions.heat, HEAT_CONTROL);
	}
}

/* A slow furnace whose site says so: nothing can answer in its dead time, in which a second counts as one.
 * What is frozen is found later by no more than that. */
static void test_frozen_on_a_slow_furnace(void **unused)
{
	static const struct {
		double dead_s, output_pct, found_s, fires_s;
	} cases[] = {{0, 100, 12, 18}, {30, 100, 36, 42}, {29.75, 100, 36, 42},
		     {30, 40, 45, 60}, {30, 10, 60, 90},  {60, 100, 60, 66}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		put_frozen(&rig, cases[i].output_pct);
		rig.plan.limits.furnace_dead_time_s = cases[i].dead_s;
		rig.plan.holdback_temperature_k = 1; /* the setpoint stands */
		rig.machine.setpoint_k = rig.in.temperature_k.value + 3;
		rig_ticks(&rig, (int)(cases[i].found_s * 4) - 1, 0.25);
		assert_false(rig_raised(&rig, ALARM_FROZEN));
		rig_tick(&rig, 0.25);
		assert_true(rig_raised(&rig, ALARM_FROZEN));
		rig_ticks(&rig, (int)((cases[i].fires_s - cases[i].found_s) * 4) - 1, 0.25);
		assert_false(rig_fired(&rig, "frozen value"));
		rig_tick(&rig, 0.25);
		assert_true(rig_fired(&rig, "frozen value"));
	}
}

/* Its ordinary run: 3 K of proportional band, 30 s in which the reading stands at full output, then it moves.
 * Not declared it is held; declared nobody is told anything, however often it stands. */
static void test_an_ordinary_slow_furnace_is_not_held(void **unused)
{
	(void)unused;
	for (int declared = 0; declared < 2; declared++) {
		struct plant rig;

		put_frozen(&rig, 100);
		rig.plan.limits.furnace_dead_time_s = declared ? 30 : 0;
		rig.plan.holdback_temperature_k = 1;
		for (int stand = 0; stand < 3 && rig.machine.phase == PHASE_ISOTHERM; stand++) {
			rig.machine.setpoint_k = rig.in.temperature_k.value + 3;
			rig_ticks(&rig, 120, 0.25);
			rig.in.temperature_k.value += 0.125;
			rig_tick(&rig, 0.25);
		}
		assert_int_equal(rig.machine.phase, declared ? PHASE_ISOTHERM : PHASE_HOLD);
		assert_int_equal(rig.alarms_raised[ALARM_FROZEN], !declared);
	}
}

/* Found at exactly 60 s it is found: only another value that is read now ends it, and until then no output
 * counts. */
static void test_frozen_is_ended_by_another_value_alone(void **unused)
{
	struct plant rig;

	(void)unused;
	put_frozen(&rig, 5);
	rig_ticks(&rig, 30, 2);
	rig.in.furnace_output_pct.value = 0;
	rig_ticks(&rig, 15, 2);
	assert_true(rig_fired(&rig, "frozen value"));
	/* Silence, and a last value that has grown old, end nothing. */
	stands_at_lab_s = rig.now;
	rig.spoil = stands;
	rig_ticks(&rig, 5, 2);
	rig.spoil = NULL;
	rig_tick(&rig, 2);
	assert_true(rig_fired(&rig, "frozen value"));
	/* Before it is found, silence begins the time again. */
	put_frozen(&rig, 5);
	rig_ticks(&rig, 28, 2);
	stands_at_lab_s = rig.now;
	rig.spoil = stands;
	rig_ticks(&rig, 2, 2);
	rig.spoil = NULL;
	rig_ticks(&rig, 29, 2);
	assert_false(rig_raised(&rig, ALARM_FROZEN));
}

static void restart(struct plant *rig, enum recovery_action action)
{
	struct recovery_decision decision = {.row = 21,
					     .action = (uint8_t)action,
					     .text = "restart",
					     .pressure_gpa = rig->in.pressure_gpa.value,
					     .temperature_k = rig->in.temperature_k.value};

	plant_event(rig, &(struct event){.kind = EVENT_RECOVER, .recovery = &decision});
}

/* A restart forgets timers, but not that a value proved nothing: an abort would release on it. */
static void test_frozen_outlives_a_restart(void **unused)
{
	struct plant rig;

	(void)unused;
	put_frozen(&rig, 5);
	rig_ticks(&rig, 50, 2);
	assert_true(rig_fired(&rig, "frozen value"));
	rig.in.furnace_output_pct.value = 0;
	restart(&rig, RECOVER_HOLD);
	rig_tick(&rig, 2);
	assert_true(rig_fired(&rig, "frozen value"));
	rig.in.temperature_k.value -= 0.125;
	rig_tick(&rig, 2);
	assert_false(rig_fired(&rig, "frozen value"));
	/* What was found in the very last tick was found. */
	put_frozen(&rig, 5);
	rig_ticks(&rig, 30, 2);
	restart(&rig, RECOVER_HOLD);
	rig_tick(&rig, 2);
	assert_true(rig_raised(&rig, ALARM_FROZEN));
	/* What had not been found yet begins again. */
	put_frozen(&rig, 5);
	rig_ticks(&rig, 29, 2);
	restart(&rig, RECOVER_HOLD);
	rig_ticks(&rig, 29, 2);
	assert_false(rig_raised(&rig, ALARM_FROZEN));
}

static void test_second_stays_broken_over_a_restart(void **unused)
{
	struct plant rig;

	(void)unused;
	put_second(&rig);
	rig.in.temperature2_k.value = 1645;
	rig_tick(&rig, 1);
	restart(&rig, RECOVER_HOLD);
	rig_ticks(&rig, 10, 1);
	assert_true(rig_fired(&rig, "sensor break"));
	assert_int_equal(rig.machine.phase, PHASE_HOLD);
	/* The next run knows nothing of it. */
	interlock_reset(&rig.machine);
	rig_tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_TRIPPED);
}

/* Shorted while hot and held with the heater off, it reads the room. The doubt: 600 K less a third of a
 * kelvin a second is above 308 K for 876 s, and after that it must have moved. */
static void put_shorted(struct plant *rig, double to_k)
{
	rig_put_soak(rig);
	rig->plan.cooling_k_per_s = 1.0 / 3;
	rig->plan.holdback_limit_s = FAR;
	rig_tick(rig, 1);
	rig->in.temperature_k.value = to_k;
	rig_tick(rig, 1);
	assert_int_equal(plant_verb(rig, VERB_ABORT), ANSWER_DONE);
}

static int ticks_to_release(struct plant *rig, int most)
{
	for (int tick = 1; tick <= most; tick++) {
		rig_tick(rig, 1);
		if (rig->actions.permit.granted || rig->pending_intent != 0)
			return tick;
	}
	return 0;
}

static void test_a_shorted_thermocouple_proves_no_cold(void **unused)
{
	struct plant rig;
	int ticks;

	(void)unused;
	/* It stands: never. */
	put_shorted(&rig, 296);
	assert_int_equal(ticks_to_release(&rig, 20000), 0);
	assert_int_equal(rig.machine.phase, PHASE_ABORTING);
	/* A restart proves nothing either. */
	restart(&rig, RECOVER_DWELL_RELEASE);
	assert_int_equal(ticks_to_release(&rig, 5000), 0);
	/* Once it moves it is served, dwell and all: the time of the programme is over long since. */
	rig.in.temperature_k.value += 0.125;
	ticks = ticks_to_release(&rig, 5000);
	assert_true(ticks >= 60 && ticks < 70);
	/* It moves at once: the programme's cooling all the same. */
	put_shorted(&rig, 296);
	rig_tick(&rig, 1);
	rig.in.temperature_k.value -= 0.125;
	ticks = ticks_to_release(&rig, 5000);
	assert_in_range(ticks, 934, 938);
}

/* What cools, however it does, is believed: a coarse reading that stands at the end, and one that came back.
 */
static void test_what_cools_is_believed(void **unused)
{
	struct plant rig;

	(void)unused;
	put_shorted(&rig, RUN_K);
	rig.machine.private_state.heater_off = true;
	while (rig.in.temperature_k.value > 300) {
		rig.in.temperature_k.value -= 50;
		rig_tick(&rig, 1);
	}
	rig.in.temperature_k.value = 296;
	assert_in_range(ticks_to_release(&rig, 70), 58, 70);
	/* A read that lies apart, and the next that does not. */
	put_shorted(&rig, 296);
	rig.in.temperature_k.value = RUN_K;
	rig_tick(&rig, 1);
	assert_false(rig.machine.private_state.memory[MEMORY_DOUBT_K] > 0);
	/* Below T_release a jump changes nothing: it was cold. */
	put_shorted(&rig, RUN_K);
	rig.in.temperature_k.value = 308;
	rig_tick(&rig, 7);
	rig_ticks(&rig, 900, 1);
	rig.in.temperature_k.value = 250;
	rig_tick(&rig, 1);
	assert_false(rig.machine.private_state.memory[MEMORY_FELL_K] > 0);
}

/* 600 K less half a kelvin a second is no more than 308 K after 584 s, to the second; 308 K is not hot. */
static void test_a_doubt_lasts_as_long_as_the_programme(void **unused)
{
	struct plant rig;

	(void)unused;
	put_shorted(&rig, 309);
	rig.plan.cooling_k_per_s = 0.5;
	rig_tick(&rig, 1);
	rig.in.temperature_k.value = 308;
	assert_int_equal(ticks_to_release(&rig, 5000), 583 + 61);
}

/* 50 K/s, a silence counts as 2 s at most, two close reads as a tenth of a second; to the limit, and beyond.
 */
static void test_a_fall_that_is_none(void **unused)
{
	static const struct {
		double dt, fall_k;
		bool doubted;
	} cases[] = {{1, 50, false},     {1, 50.5, true},      {2, 100, false},
		     {2, 100.5, true},   {4, 100, false},      {4, 100.5, true},
		     {0.0625, 5, false}, {0.0625, 5.25, true}, {1, -100, false}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		rig_put_soak(&rig);
		rig.plan.limits.runaway_over_protocol_k = FAR;
		rig_tick(&rig, 1);
		rig.in.temperature_k.value -= cases[i].fall_k;
		rig_tick(&rig, cases[i].dt);
		assert_int_equal(rig.machine.private_state.memory[MEMORY_DOUBT_K] > 0, cases[i].doubted);
	}
}

/* It ends within 15 K of where the cell may be, and not below. */
static void test_a_doubt_ends_where_the_cell_may_be(void **unused)
{
	struct plant rig;

	(void)unused;
	for (int back = 0; back < 2; back++) {
		put_shorted(&rig, 400);
		rig.plan.cooling_k_per_s = 0.5;
		rig.in.temperature_k.value = back ? RUN_K - 15.25 : RUN_K - 15.5;
		rig_tick(&rig, 1);
		assert_int_equal(rig.machine.private_state.memory[MEMORY_DOUBT_K] > 0, !back);
	}
}

static void test_no_release_on_what_was_frozen_before_a_restart(void **unused)
{
	struct plant rig;

	(void)unused;
	put_frozen(&rig, 5);
	rig.in.temperature_k.value = 296;
	rig_ticks(&rig, 60, 2);
	rig.in.furnace_output_pct.value = 0;
	restart(&rig, RECOVER_HOLD);
	assert_int_equal(plant_verb(&rig, VERB_ABORT), ANSWER_DONE);
	for (int i = 0; i < 3600; i++) {
		rig_tick(&rig, 2);
		assert_int_equal(rig.pending_intent, 0);
		assert_false(rig.actions.permit.granted);
	}
	assert_int_equal(rig.machine.phase, PHASE_ABORTING);
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
		cmocka_unit_test(test_second_stays_broken_over_a_restart),
		cmocka_unit_test(test_slip),
		cmocka_unit_test(test_slow_slip),
		cmocka_unit_test(test_slip_looks_anew),
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_frozen),
		cmocka_unit_test(test_frozen_is_found_by_the_energy),
		cmocka_unit_test(test_frozen_on_a_slow_furnace),
		cmocka_unit_test(test_an_ordinary_slow_furnace_is_not_held),
		cmocka_unit_test(test_frozen_is_ended_by_another_value_alone),
		cmocka_unit_test(test_frozen_outlives_a_restart),
		cmocka_unit_test(test_a_shorted_thermocouple_proves_no_cold),
		cmocka_unit_test(test_what_cools_is_believed),
		cmocka_unit_test(test_a_doubt_lasts_as_long_as_the_programme),
		cmocka_unit_test(test_a_fall_that_is_none),
		cmocka_unit_test(test_a_doubt_ends_where_the_cell_may_be),
		cmocka_unit_test(test_no_release_on_what_was_frozen_before_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
