/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every number and every condition of the interlocks from both sides: on the limit and a step beyond it, with
 * the condition and without. Lab time begins at 0 and moves in binary fractions, so that a limit is met
 * exactly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "plant.h"
#include "protocol/interlock.h"
#include "protocol/interlock_rows.h"

#define RUN_K 600.0
#define FAR 1e9

static void read_all(struct plant *rig)
{
	struct inputs *in = &rig->in;
	struct measurement *all[] = {&in->temperature_k,
				     &in->temperature2_k,
				     &in->ambient_k,
				     &in->furnace_setpoint_k,
				     &in->furnace_output_pct,
				     &in->pressure_gpa,
				     &in->pressure_setpoint_gpa,
				     &in->oil_bar,
				     &in->oil_setpoint_bar,
				     &in->stroke_pct,
				     &in->flow_ml_per_min};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i]->quality != QUALITY_NONE)
			all[i]->t_lab_s = rig->now;
}

/* A tick of @dt with everything read anew; the machine's own setpoints stand. */
static void tick(struct plant *rig, double dt)
{
	rig->now += dt;
	read_all(rig);
	if (rig->spoil)
		rig->spoil(rig);
	plant_event(rig, &(struct event){.kind = EVENT_TICK});
}

static void ticks(struct plant *rig, int count, double dt)
{
	for (int i = 0; i < count; i++)
		tick(rig, dt);
}

/* @phase at 600 K and 7 GPa, output 0, nothing moves; the first tick is at lab time 0. */
static void put(struct plant *rig, enum phase phase)
{
	bool cold = phase == PHASE_COMPRESS || phase == PHASE_DECOMPRESS || phase <= PHASE_PREFLIGHT ||
		    phase == PHASE_DONE;

	plant_put(rig, phase);
	rig->now = 0;
	machine_init(&rig->machine, 0);
	rig->machine.phase = (uint8_t)phase;
	rig->machine.resume_phase = PHASE_ISOTHERM;
	rig->machine.latched = phase == PHASE_TRIPPED;
	rig->machine.setpoint_k = cold ? PLANT_AMBIENT_K : RUN_K;
	rig->machine.setpoint_gpa = 7;
	rig->machine.private_state.resume_offered = true;
	rig->plan.temperature_k = RUN_K;
	rig->in.temperature_k.value = rig->machine.setpoint_k;
	rig->in.pressure_gpa.value = 7;
	rig->in.furnace_output_pct.value = 0;
	rig->in.press_depressurised = false;
	tick(rig, 0);
}

static void put_soak(struct plant *rig)
{
	put(rig, PHASE_ISOTHERM);
}

static void put_reference(struct plant *rig)
{
	put(rig, PHASE_ISOTHERM);
	rig->plan.reference = true;
	rig->plan.pressure_gpa = PLAN_ATM_GPA;
}

/* True when the row of that name demanded its reaction in the last tick. */
static bool fired(const struct plant *rig, const char *name)
{
	for (size_t i = 0; i < interlock_count; i++)
		if (strcmp(interlock_table[i].name, name) == 0)
			return rig->machine.private_state.fired & (UINT64_C(1) << i);
	fail_msg("no row %s", name);
	return false;
}

static bool raised(const struct plant *rig, enum alarm alarm)
{
	return rig->machine.alarms.active & (UINT64_C(1) << alarm);
}

static void assert_says(const struct plant *rig, const char *words)
{
	if (!strstr(rig->last_text, words))
		fail_msg("'%s' is not in '%s'", words, rig->last_text);
}

/* Row 2. */
static void test_hottest_allowed(void **unused)
{
	static const struct {
		double plan_k, machine_k, most_k;
		bool cold;
	} cases[] = {
		{600, 723, 610, false}, {600, 605, 605, false}, {300, 723, 310, false},
		{300, 723, 318, true},  {312, 723, 322, true},  {312, 320, 320, true},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		put(&rig, cases[i].cold ? PHASE_COMPRESS : PHASE_ISOTHERM);
		rig.machine.cold_run = cases[i].cold;
		rig.plan.temperature_k = cases[i].plan_k;
		rig.plan.limits.machine_temperature_k = cases[i].machine_k;
		rig.plan.limits.jump_k_per_s = FAR;
		rig.plan.limits.runaway_band_k = FAR;
		rig.in.temperature_k.value = cases[i].most_k;
		tick(&rig, 1);
		assert_false(fired(&rig, "runaway"));
		rig.in.temperature_k.value = cases[i].most_k + 0.5;
		rig.in.temperature_k.quality = QUALITY_SUSPECT;
		tick(&rig, 1);
		assert_false(fired(&rig, "runaway"));
		rig.in.temperature_k.quality = QUALITY_GOOD;
		tick(&rig, 1);
		assert_true(fired(&rig, "runaway"));
		assert_int_equal(rig.machine.phase, PHASE_TRIPPED);
		assert_says(&rig, "above its limit");
	}
}

static void put_over_setpoint(struct plant *rig, double over_k, double output_pct)
{
	put_soak(rig);
	rig->plan.limits.runaway_over_protocol_k = FAR;
	rig->plan.limits.machine_temperature_k = FAR;
	rig->plan.holdback_limit_s = FAR;
	rig->in.temperature_k.value = RUN_K + over_k;
	rig->in.furnace_output_pct.value = output_pct;
	rig->plan.limits.jump_k_per_s = FAR;
}

static void test_runaway_over_setpoint(void **unused)
{
	static const struct {
		double over_k, output_pct;
		bool fires;
	} cases[] = {
		{15.5, 0.5, true}, {15, 0.5, false}, {15.5, 0.25, false}, {16, 90, true}, {-16, 90, false}};
	struct plant rig;

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_over_setpoint(&rig, cases[i].over_k, cases[i].output_pct);
		ticks(&rig, 9, 1);
		assert_false(fired(&rig, "runaway"));
		tick(&rig, 1);
		assert_int_equal(fired(&rig, "runaway"), cases[i].fires);
		if (cases[i].fires)
			assert_says(&rig, "above its setpoint for 10 s");
	}
	/* Neither an output nor a temperature that is not fresh counts. */
	put_over_setpoint(&rig, 16, 5);
	rig.in.furnace_output_pct.quality = QUALITY_BAD;
	ticks(&rig, 20, 1);
	assert_false(fired(&rig, "runaway"));
	put_over_setpoint(&rig, 16, 5);
	rig.in.temperature_k.quality = QUALITY_SUSPECT;
	ticks(&rig, 20, 1);
	assert_false(fired(&rig, "runaway"));
}

/* With output 0 it is the rise that counts: over 10 s from lab time 0. */
static void test_runaway_that_rises(void **unused)
{
	(void)unused;
	for (int faster = 0; faster <= 1; faster++) {
		struct plant rig;

		put_over_setpoint(&rig, 20, 0);
		tick(&rig, 0);
		rig.plan.limits.runaway_rise_k_per_s = 1.0 / 64;
		interlock_reset(&rig.machine);
		tick(&rig, 0);
		for (int i = 1; i <= 19; i++) {
			assert_false(fired(&rig, "runaway"));
			rig.in.temperature_k.value = RUN_K + 20 + (1.0 / 64 + faster / 1024.0) * i;
			tick(&rig, 1);
		}
		assert_int_equal(fired(&rig, "runaway"), faster);
	}
}

/* A slope is measured between good reads: a doubtful one at a window's end is none. */
static void test_slopes_rest_on_good_reads(void **unused)
{
	struct plant rig;

	(void)unused;
	put_over_setpoint(&rig, 20, 0);
	rig.plan.limits.runaway_time_s = 5;
	rig.plan.limits.jump_k_per_s = FAR;
	interlock_reset(&rig.machine);
	ticks(&rig, 10, 1);
	rig.in.temperature_k.value += 100;
	rig.in.temperature_k.quality = QUALITY_SUSPECT;
	tick(&rig, 1);
	rig.in.temperature_k.value -= 100;
	rig.in.temperature_k.quality = QUALITY_GOOD;
	for (int i = 0; i < 9; i++) {
		tick(&rig, 1);
		assert_false(fired(&rig, "runaway"));
	}
	put_soak(&rig);
	tick(&rig, 1);
	rig.in.pressure_gpa.value = 6.95;
	rig.in.pressure_gpa.quality = QUALITY_SUSPECT;
	tick(&rig, 1);
	rig.in.pressure_gpa.value = 7;
	rig.in.pressure_gpa.quality = QUALITY_GOOD;
	tick(&rig, 1);
	assert_false(fired(&rig, "pressure loss"));
}

/* Row 3: the last 10 s must have shown the rise, then 60 s. */
static void rising(struct plant *rig, double k_per_s, double output_pct, int count)
{
	for (int i = 0; i < count; i++) {
		rig->in.furnace_output_pct.value = output_pct;
		rig->in.temperature_k.value = 400 + k_per_s * (rig->now + 2);
		tick(rig, 2);
	}
}

static void put_welded(struct plant *rig)
{
	put(rig, PHASE_RECOVERY_WAIT);
	rig->machine.private_state.wait_mode = WAIT_SAFE_HOLD;
	rig->plan.limits.welded_rise_k_per_s = 1.0 / 32;
	rig->plan.limits.runaway_rise_k_per_s = FAR;
	rig->plan.limits.jump_k_per_s = FAR;
	rig->in.temperature_k.value = 400;
	interlock_reset(&rig->machine);
	tick(rig, 0);
}

static void test_welded(void **unused)
{
	struct plant rig;

	(void)unused;
	put_welded(&rig);
	rising(&rig, 1.0 / 16, 0, 33);
	assert_false(fired(&rig, "welded relay"));
	rising(&rig, 1.0 / 16, 0.25, 1);
	assert_true(fired(&rig, "welded relay"));
	put_welded(&rig);
	rising(&rig, 1.0 / 32, 0, 60);
	assert_false(fired(&rig, "welded relay"));
	put_welded(&rig);
	rising(&rig, 1.0 / 16, 0.5, 60);
	assert_false(fired(&rig, "welded relay"));
	/* An output or a temperature that is not fresh proves nothing. */
	put_welded(&rig);
	rising(&rig, 1.0 / 16, 0, 10);
	rig.in.furnace_output_pct.quality = QUALITY_BAD;
	rising(&rig, 1.0 / 16, 0, 60);
	assert_false(fired(&rig, "welded relay"));
	put_welded(&rig);
	rising(&rig, 1.0 / 16, 0, 10);
	rig.in.temperature_k.quality = QUALITY_SUSPECT;
	rising(&rig, 1.0 / 16, 0, 60);
	assert_false(fired(&rig, "welded relay"));
}

/* A rise counts from the second in which the last 10 s show it, not from the end of a window that began
 * anywhere. */
static void test_welded_slides(void **unused)
{
	(void)unused;
	for (int begins_s = 20; begins_s < 30; begins_s++) {
		struct plant rig;
		int since_s = 0;

		put_welded(&rig);
		rig.in.furnace_output_pct.value = 0;
		while (!fired(&rig, "welded relay") && since_s < 120) {
			since_s += rig.now >= begins_s;
			rig.in.temperature_k.value = 400 + since_s / 16.0;
			tick(&rig, 1);
		}
		/* 6 s at 1/16 K/s are more than 10 s at 1/32; 60 s from there, that second included. */
		assert_int_equal(since_s, 6 + 59);
	}
}

/* Row 4, first half: 0.25 K/s programmed, at least a quarter of it within 128 s. */
static void put_powered(struct plant *rig, double output_pct, double lag_k)
{
	put_soak(rig);
	rig->plan.heating_k_per_s = 0.25;
	rig->plan.holdback_temperature_k = 1; /* frozen: the integral does not count */
	rig->plan.holdback_limit_s = FAR;
	rig->plan.limits.not_heating_share = 0.25;
	rig->plan.limits.not_heating_time_s = 128;
	rig->plan.limits.stale_hold_s = FAR;
	rig->plan.limits.jump_k_per_s = FAR;
	rig->plan.limits.frozen_time_s = FAR;
	rig->in.temperature_k.value = RUN_K - lag_k;
	rig->in.furnace_output_pct.value = output_pct;
}

static void test_not_heating(void **unused)
{
	static const struct {
		double output_pct, lag_k, gain_k;
		bool fires;
	} cases[] = {{50, 64, 7.875, true}, {50, 64, 8, false},   {49.5, 64, 0, false},
		     {50, 3, 0, true},      {50, 2.75, 0, false}, {90, 64, -1, true}};
	struct plant rig;

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_powered(&rig, cases[i].output_pct, cases[i].lag_k);
		ticks(&rig, 31, 4);
		assert_false(fired(&rig, "not heating"));
		rig.in.temperature_k.value += cases[i].gain_k;
		tick(&rig, 4);
		assert_int_equal(fired(&rig, "not heating"), cases[i].fires);
	}
	/* The next window begins where the last one ended. */
	put_powered(&rig, 60, 64);
	ticks(&rig, 31, 4);
	rig.in.temperature_k.value += 20;
	ticks(&rig, 32, 4);
	assert_false(fired(&rig, "not heating"));
	tick(&rig, 4);
	assert_true(fired(&rig, "not heating"));
}

static void test_not_heating_needs_all(void **unused)
{
	struct plant rig;

	(void)unused;
	put_powered(&rig, 60, 64);
	rig.machine.private_state.heater_off = true;
	ticks(&rig, 64, 4);
	assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
	assert_false(fired(&rig, "not heating"));
	put_powered(&rig, 60, 64);
	rig.in.temperature_k.quality = QUALITY_SUSPECT;
	ticks(&rig, 64, 4);
	assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
	assert_false(fired(&rig, "not heating"));
	put_powered(&rig, 60, 64);
	rig.in.furnace_output_pct.quality = QUALITY_BAD;
	ticks(&rig, 64, 4);
	assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
	assert_false(fired(&rig, "not heating"));
	/* Power taken away in between: the 128 s begin again, and so does the gain. */
	put_powered(&rig, 60, 64);
	ticks(&rig, 31, 4);
	rig.in.furnace_output_pct.value = 10;
	rig.in.temperature_k.value -= 20;
	tick(&rig, 4);
	rig.in.furnace_output_pct.value = 60;
	ticks(&rig, 31, 4);
	rig.in.temperature_k.value += 20;
	tick(&rig, 4);
	assert_false(fired(&rig, "not heating"));
}

/* Row 4, second half: 600 K s below a band of 5 K that holdback has not frozen. */
static void put_lagging(struct plant *rig, double lag_k)
{
	put_soak(rig);
	rig->plan.holdback_temperature_k = FAR;
	rig->plan.limits.jump_k_per_s = FAR;
	rig->plan.limits.stale_hold_s = FAR;
	rig->in.temperature_k.value = RUN_K - lag_k;
}

static void test_lag(void **unused)
{
	struct plant rig;

	(void)unused;
	put_lagging(&rig, 65);
	ticks(&rig, 10, 1);
	assert_false(fired(&rig, "lag"));
	tick(&rig, 1);
	assert_true(fired(&rig, "lag"));
	put_lagging(&rig, 5);
	ticks(&rig, 100, 4);
	assert_false(fired(&rig, "lag"));
	put_lagging(&rig, -50);
	rig.plan.limits.runaway_over_protocol_k = rig.plan.limits.runaway_band_k = FAR;
	ticks(&rig, 20, 1);
	rig.in.temperature_k.value = RUN_K - 65;
	ticks(&rig, 11, 1);
	assert_true(fired(&rig, "lag"));
	/* Frozen by holdback, heater off, held, or not fresh: it does not count. */
	put_lagging(&rig, 65);
	rig.plan.holdback_temperature_k = 5;
	ticks(&rig, 100, 4);
	assert_true(rig.machine.holdback);
	assert_false(fired(&rig, "lag"));
	put_lagging(&rig, 65);
	ticks(&rig, 9, 1);
	rig.machine.private_state.heater_off = true;
	tick(&rig, 1);
	rig.machine.private_state.heater_off = false;
	ticks(&rig, 9, 1);
	assert_false(fired(&rig, "lag"));
	put_lagging(&rig, 65);
	rig.machine.phase = PHASE_HOLD;
	ticks(&rig, 20, 1);
	assert_false(fired(&rig, "lag"));
	put_lagging(&rig, 65);
	rig.in.temperature_k.quality = QUALITY_SUSPECT;
	ticks(&rig, 20, 1);
	assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
	assert_false(fired(&rig, "lag"));
}

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
		put_soak(&rig);
		rig.plan.limits.runaway_over_protocol_k = FAR;
		rig.in.temperature_k.value += cases[i].jump_k;
		tick(&rig, cases[i].dt);
		assert_int_equal(fired(&rig, "sensor break"), cases[i].fires);
		if (cases[i].fires)
			assert_says(&rig, "reads badly");
	}
}

/* Two bad reads of three; a silent line is no bad read, and a read seen twice is one. */
static void read_as(struct plant *rig, enum quality quality, enum cause cause)
{
	rig->in.temperature_k.quality = (uint8_t)quality;
	rig->in.temperature_k.cause = (uint8_t)cause;
	tick(rig, 0.25);
}

static void test_bad_reads(void **unused)
{
	struct plant rig;

	(void)unused;
	for (int cause = 0; cause < CAUSE_MAX; cause++) {
		bool sensor = cause == CAUSE_NONE || cause == CAUSE_SENSOR_BREAK || cause == CAUSE_JUMP ||
			      cause == CAUSE_RANGE;

		put_soak(&rig);
		read_as(&rig, QUALITY_BAD, (enum cause)cause);
		assert_false(fired(&rig, "sensor break"));
		read_as(&rig, QUALITY_GOOD, CAUSE_NONE);
		read_as(&rig, QUALITY_GOOD, CAUSE_NONE);
		read_as(&rig, QUALITY_BAD, (enum cause)cause);
		assert_false(fired(&rig, "sensor break"));
		read_as(&rig, QUALITY_GOOD, CAUSE_NONE);
		read_as(&rig, QUALITY_BAD, (enum cause)cause);
		assert_int_equal(fired(&rig, "sensor break"), sensor);
	}
	put_soak(&rig);
	read_as(&rig, QUALITY_SUSPECT, CAUSE_NONE);
	read_as(&rig, QUALITY_SUSPECT, CAUSE_NONE);
	assert_false(fired(&rig, "sensor break"));
	/* What comes with a failed read is no value to jump to or from. */
	put_soak(&rig);
	rig.in.temperature_k.value = 0;
	read_as(&rig, QUALITY_BAD, CAUSE_TIMEOUT);
	assert_false(fired(&rig, "sensor break"));
	rig.in.temperature_k.value = RUN_K;
	read_as(&rig, QUALITY_GOOD, CAUSE_NONE);
	assert_false(fired(&rig, "sensor break"));
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
	put_soak(&rig);
	read_as(&rig, QUALITY_BAD, CAUSE_RANGE);
	stands_at_lab_s = rig.now;
	rig.spoil = stands;
	ticks(&rig, 4, 0.25);
	assert_false(fired(&rig, "sensor break"));
	/* Two bad reads stay two while nothing new is read. */
	put_soak(&rig);
	read_as(&rig, QUALITY_BAD, CAUSE_RANGE);
	read_as(&rig, QUALITY_BAD, CAUSE_RANGE);
	stands_at_lab_s = rig.now;
	rig.spoil = stands;
	ticks(&rig, 4, 0.25);
	assert_true(fired(&rig, "sensor break"));
}

static void test_reported_break(void **unused)
{
	struct plant rig;

	(void)unused;
	put_soak(&rig);
	rig.in.furnace_sensor_break = true;
	tick(&rig, 1);
	assert_true(fired(&rig, "sensor break"));
	assert_says(&rig, "reported broken");
	/* The bit is valid while the device answers: 2 s. */
	for (int late = 0; late <= 1; late++) {
		put_soak(&rig);
		stands_at_lab_s = 0;
		rig.spoil = stands;
		ticks(&rig, 4 + late, 0.5);
		assert_false(fired(&rig, "sensor break"));
		rig.in.furnace_sensor_break = true;
		tick(&rig, 0);
		assert_int_equal(fired(&rig, "sensor break"), !late);
	}
}

/* Row 6: 20 K within 30 s at an output of 20 %, the setpoint not falling. */
static void put_slipping(struct plant *rig, double output_pct)
{
	put_soak(rig);
	rig->plan.limits.jump_k_per_s = FAR;
	rig->plan.limits.not_heating_time_s = FAR;
	rig->plan.limits.lag_integral_k_s = FAR;
	rig->plan.limits.frozen_time_s = FAR;
	rig->plan.holdback_limit_s = FAR;
	rig->in.furnace_output_pct.value = output_pct;
	tick(rig, 1);
}

static void test_slip(void **unused)
{
	struct plant rig;

	(void)unused;
	put_slipping(&rig, 20);
	rig.in.temperature_k.value -= 20;
	tick(&rig, 1);
	assert_false(fired(&rig, "slip"));
	rig.in.temperature_k.value -= 0.5;
	tick(&rig, 1);
	assert_true(fired(&rig, "slip"));
	assert_says(&rig, "fell 20.5 K within 30 s");
	put_slipping(&rig, 19.5);
	rig.in.temperature_k.value -= 21;
	tick(&rig, 1);
	assert_false(fired(&rig, "slip"));
	put_slipping(&rig, 30);
	rig.in.temperature_k.quality = QUALITY_SUSPECT;
	rig.in.temperature_k.value -= 21;
	tick(&rig, 1);
	assert_false(fired(&rig, "slip"));
	put_slipping(&rig, 30);
	rig.in.furnace_output_pct.quality = QUALITY_BAD;
	rig.in.temperature_k.value -= 21;
	tick(&rig, 1);
	assert_false(fired(&rig, "slip"));
	/* A setpoint that falls explains it; what was remembered is forgotten with it. */
	put_slipping(&rig, 30);
	rig.machine.setpoint_k -= 0.5;
	rig.in.temperature_k.value -= 21;
	tick(&rig, 1);
	assert_false(fired(&rig, "slip"));
	tick(&rig, 1);
	assert_false(fired(&rig, "slip"));
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
		ticks(&rig, cases[i].ticks, 5);
		rig.in.temperature_k.value -= 10.5;
		tick(&rig, 0.5);
		assert_int_equal(fired(&rig, "slip"), cases[i].fires);
	}
}

static void test_slip_looks_anew(void **unused)
{
	struct plant rig;

	(void)unused;
	/* Not watched for a moment: what was read before is forgotten, what comes after is seen. */
	put_slipping(&rig, 30);
	tick(&rig, 5);
	rig.in.furnace_output_pct.value = 10;
	tick(&rig, 4);
	rig.in.furnace_output_pct.value = 30;
	tick(&rig, 1);
	rig.in.temperature_k.value -= 15;
	ticks(&rig, 7, 5);
	rig.in.temperature_k.value -= 20.5;
	tick(&rig, 0.5);
	assert_true(fired(&rig, "slip"));
}

/* Row 6 with two thermocouples: 15 K apart for 30 s. */
static void put_pair(struct plant *rig, double apart_k)
{
	put_soak(rig);
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
		ticks(&rig, 14, 2);
		assert_false(fired(&rig, "pair apart"));
		tick(&rig, 2);
		assert_int_equal(fired(&rig, "pair apart"), i < 2);
	}
	put_pair(&rig, 20);
	rig.in.temperature2_k.quality = QUALITY_BAD;
	ticks(&rig, 30, 2);
	assert_false(fired(&rig, "pair apart"));
	put_pair(&rig, 20);
	rig.in.temperature_k.quality = QUALITY_SUSPECT;
	ticks(&rig, 30, 2);
	assert_false(fired(&rig, "pair apart"));
}

/* Row 7: 60 s the same at an output of 5 %, then 30 s of grace. The read at lab time 0 is the first. */
static void put_frozen(struct plant *rig, double output_pct)
{
	put_soak(rig);
	rig->in.furnace_output_pct.value = output_pct;
}

static void test_frozen(void **unused)
{
	struct plant rig;

	(void)unused;
	put_frozen(&rig, 5);
	ticks(&rig, 29, 2);
	assert_false(raised(&rig, ALARM_FROZEN));
	tick(&rig, 2);
	assert_true(raised(&rig, ALARM_FROZEN));
	ticks(&rig, 14, 2);
	assert_false(fired(&rig, "frozen value"));
	assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
	tick(&rig, 2);
	assert_true(fired(&rig, "frozen value"));
	put_frozen(&rig, 4.5);
	ticks(&rig, 100, 2);
	assert_false(raised(&rig, ALARM_FROZEN));
	/* A change, an output that is not fresh, or a silent line begins it again. */
	for (int what = 0; what < 4; what++) {
		put_frozen(&rig, 10);
		ticks(&rig, 28, 2);
		rig.in.temperature_k.value += what == 0 ? 0.125 : what == 1 ? -0.125 : 0;
		rig.in.furnace_output_pct.quality = what == 2 ? QUALITY_BAD : QUALITY_GOOD;
		rig.in.temperature_k.quality = what == 3 ? QUALITY_BAD : QUALITY_GOOD;
		rig.in.temperature_k.cause = CAUSE_TIMEOUT;
		tick(&rig, 2);
		rig.in.furnace_output_pct.quality = rig.in.temperature_k.quality = QUALITY_GOOD;
		ticks(&rig, 29, 2);
		assert_false(raised(&rig, ALARM_FROZEN));
		tick(&rig, 2);
		assert_true(raised(&rig, ALARM_FROZEN));
	}
	/* A value that is not read any more is stale, not frozen: after 2 s it no longer counts. */
	put_frozen(&rig, 10);
	ticks(&rig, 29, 2);
	stands_at_lab_s = rig.now;
	rig.spoil = stands;
	tick(&rig, 2);
	assert_true(raised(&rig, ALARM_FROZEN));
	tick(&rig, 0.5);
	assert_false(raised(&rig, ALARM_FROZEN));
}

/* Row 8: 2 s flagged, 10 s S-HOLD, both beyond and not at the limit. A bad read is no read. */
static bool silent_p;
static bool answers_badly;

static void goes_stale(struct plant *rig)
{
	struct measurement *m = silent_p ? &rig->in.pressure_gpa : &rig->in.temperature_k;

	if (answers_badly) {
		m->quality = QUALITY_BAD;
		m->cause = CAUSE_TIMEOUT;
	} else {
		m->t_lab_s = 0;
	}
}

static void test_stale(void **unused)
{
	(void)unused;
	for (int i = 0; i < 4; i++) {
		const char *name = i & 1 ? "stale pressure" : "stale temperature";
		struct plant rig;

		silent_p = i & 1;
		answers_badly = i & 2;
		put_soak(&rig);
		rig.spoil = goes_stale;
		ticks(&rig, 4, 0.5);
		assert_false(raised(&rig, ALARM_STALE));
		tick(&rig, 0.5);
		assert_true(raised(&rig, ALARM_STALE));
		assert_says(&rig, silent_p ? "No good pressure" : "No good temperature");
		ticks(&rig, 15, 0.5);
		assert_false(fired(&rig, name));
		assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
		tick(&rig, 0.5);
		assert_true(fired(&rig, name));
		assert_int_equal(rig.machine.phase, PHASE_HOLD);
	}
}

/* Flags count while their device answers: 2 s after its last block they say nothing, nor when its line is
 * gone. */
enum device { FURNACE, PRESS };

static void silence(struct plant *rig)
{
	rig->in.temperature_k.t_lab_s = rig->in.oil_bar.t_lab_s = 0;
}

static void check_flag(const char *row, enum device device, bool *flag, struct plant *rig)
{
	static const struct {
		int ticks; /* of 0.5 s without a block */
		bool lost, counts;
	} cases[] = {{0, false, true}, {4, false, true}, {5, false, false}, {0, true, false}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_soak(rig);
		rig->spoil = cases[i].ticks > 0 ? silence : NULL;
		ticks(rig, cases[i].ticks, 0.5);
		*(device == FURNACE ? &rig->in.furnace_lost : &rig->in.press_lost) = cases[i].lost;
		*flag = true;
		tick(rig, 0);
		if (fired(rig, row) != cases[i].counts)
			fail_msg("%s: case %zu: %s", row, i, rig->last_text);
	}
}

static void test_flags_of_a_silent_device(void **unused)
{
	struct plant rig;

	(void)unused;
	check_flag("furnace read-back", FURNACE, &rig.in.furnace_readback_differs, &rig);
	check_flag("press read-back", PRESS, &rig.in.press_readback_differs, &rig);
	check_flag("second master", FURNACE, &rig.in.furnace_second_master, &rig);
	check_flag("second master", PRESS, &rig.in.press_second_master, &rig);
}

/* Rows 12 and 22 want the state to last; a device that is silent at the end does not count. */
static void lasting(struct plant *rig, const char *row, bool *flag, bool value, int count, double dt,
		    const char *words)
{
	put_soak(rig);
	*flag = value;
	ticks(rig, count - 1, dt);
	assert_false(fired(rig, row));
	tick(rig, dt);
	assert_true(fired(rig, row));
	assert_says(rig, words);
	put_soak(rig);
	*flag = value;
	ticks(rig, count - 1, dt);
	*flag = !value;
	tick(rig, dt);
	*flag = value;
	ticks(rig, count - 1, dt);
	assert_false(fired(rig, row));
}

static void test_identity_and_modes_last(void **unused)
{
	struct plant rig;

	(void)unused;
	lasting(&rig, "identity", &rig.in.furnace_identity_ok, false, 5, 1, "Furnace answers with another");
	lasting(&rig, "identity", &rig.in.press_identity_ok, false, 5, 1, "Press answers with another");
	lasting(&rig, "manual", &rig.in.furnace_manual, true, 4, 0.5, "furnace is in manual");
	lasting(&rig, "manual", &rig.in.press_local, true, 4, 0.5, "press is in local");
	lasting(&rig, "furnace line gone", &rig.in.furnace_lost, true, 15, 4,
		"furnace line has been gone for 60 s");
	lasting(&rig, "press line gone", &rig.in.press_lost, true, 15, 4,
		"press line has been gone for 60 s");
}

static void only_one_device(struct plant *rig, bool *flag, bool value, bool *lost, const char *row)
{
	put_soak(rig);
	*flag = value;
	*lost = true;
	ticks(rig, 20, 0.5);
	assert_false(fired(rig, row));
}

static void test_a_lost_device_has_no_identity_or_mode(void **unused)
{
	struct plant rig;

	(void)unused;
	only_one_device(&rig, &rig.in.furnace_identity_ok, false, &rig.in.furnace_lost, "identity");
	only_one_device(&rig, &rig.in.press_identity_ok, false, &rig.in.press_lost, "identity");
	only_one_device(&rig, &rig.in.furnace_manual, true, &rig.in.furnace_lost, "manual");
	only_one_device(&rig, &rig.in.press_local, true, &rig.in.press_lost, "manual");
	/* A heater that densd does not command may be in manual. */
	put_soak(&rig);
	rig.in.furnace_manual = true;
	rig.machine.private_state.heater_off = true;
	ticks(&rig, 20, 0.5);
	assert_false(fired(&rig, "manual"));
	/* The press of a 1 atm run is not asked who it is. */
	put_reference(&rig);
	rig.in.press_identity_ok = false;
	ticks(&rig, 20, 0.5);
	assert_false(fired(&rig, "identity"));
}

static void test_second_master_names_the_device(void **unused)
{
	struct plant rig;

	(void)unused;
	put_soak(&rig);
	rig.in.furnace_second_master = true;
	rig.in.furnace_setpoint_k.value = 555;
	tick(&rig, 1);
	assert_says(&rig, "wrote to the furnace: it holds 555.000 K");
	put_soak(&rig);
	rig.in.press_second_master = true;
	rig.in.pressure_setpoint_gpa.value = 3;
	tick(&rig, 1);
	assert_says(&rig, "wrote to the press: it holds 3.000 GPa");
}

/* Row 14: 5 s without a good poll of either; a 1 atm run without a press asks the furnace alone. */
static void furnace_silent(struct plant *rig)
{
	rig->in.temperature_k.t_lab_s = 0;
}

static void oil_silent(struct plant *rig)
{
	rig->in.oil_bar.t_lab_s = 0;
}

static void nothing(struct plant *rig)
{
	(void)rig;
}

static void check_bus_lost(struct plant *rig, void (*spoil)(struct plant *rig), bool raises)
{
	rig->spoil = spoil;
	ticks(rig, 10, 0.5);
	assert_false(raised(rig, ALARM_BUS_LOST));
	tick(rig, 0.5);
	assert_int_equal(raised(rig, ALARM_BUS_LOST), raises);
}

static void test_bus(void **unused)
{
	struct plant rig;

	(void)unused;
	put_soak(&rig);
	check_bus_lost(&rig, furnace_silent, true);
	assert_says(&rig, "Device silent");
	put_soak(&rig);
	check_bus_lost(&rig, oil_silent, true);
	put_reference(&rig);
	check_bus_lost(&rig, oil_silent, true);
	put_reference(&rig);
	rig.in.oil_bar = (struct measurement){0};
	check_bus_lost(&rig, oil_silent, false);
	put_reference(&rig);
	rig.in.oil_bar = (struct measurement){0};
	check_bus_lost(&rig, furnace_silent, true);
	put_soak(&rig);
	rig.in.oil_bar = (struct measurement){0};
	check_bus_lost(&rig, nothing, true);
	put_soak(&rig);
	rig.in.furnace_lost = true;
	tick(&rig, 0.5);
	assert_true(raised(&rig, ALARM_BUS_LOST));
	assert_says(&rig, "Furnace line lost");
	put_soak(&rig);
	rig.in.press_lost = true;
	tick(&rig, 0.5);
	assert_true(raised(&rig, ALARM_BUS_LOST));
	assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
}

/* Row 17: SP 1/32 GPa ahead for 60 s while P moved less than 1/128. */
static void put_stuck(struct plant *rig, double pressure_gpa)
{
	put_soak(rig);
	rig->plan.limits.stuck_error_gpa = 1.0 / 32;
	rig->plan.limits.stuck_move_gpa = 1.0 / 128;
	rig->plan.limits.stale_hold_s = FAR;
	rig->plan.limits.loss_error_gpa = FAR;
	rig->plan.limits.loss_rate_gpa_per_s = FAR;
	rig->plan.limits.over_pressure_gpa = FAR;
	rig->plan.limits.machine_pressure_gpa = FAR;
	rig->in.pressure_gpa.value = pressure_gpa;
}

static void test_stuck(void **unused)
{
	static const struct {
		double error_gpa, move_gpa;
		bool fires;
	} cases[] = {{1.0 / 32, 0, true},          {-1.0 / 32, 0, true},         {1.0 / 64, 0, false},
		     {1.0 / 16, 1.0 / 256, true},  {1.0 / 16, -1.0 / 256, true}, {1.0 / 16, 1.0 / 128, false},
		     {1.0 / 16, -1.0 / 128, false}};
	struct plant rig;

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_stuck(&rig, 7 - cases[i].error_gpa);
		ticks(&rig, 14, 4);
		rig.in.pressure_gpa.value += cases[i].move_gpa;
		assert_false(fired(&rig, "stuck"));
		tick(&rig, 4);
		assert_int_equal(fired(&rig, "stuck"), cases[i].fires);
	}
	put_stuck(&rig, 6.9);
	rig.in.pressure_gpa.quality = QUALITY_SUSPECT;
	ticks(&rig, 30, 4);
	assert_false(fired(&rig, "stuck"));
	put_stuck(&rig, 6.9);
	rig.machine.private_state.safe_hold = true;
	ticks(&rig, 30, 4);
	assert_false(fired(&rig, "stuck"));
	/* It moves on time, each time: the look begins anew from there. */
	put_stuck(&rig, 6);
	for (int i = 0; i < 20; i++) {
		ticks(&rig, 14, 4);
		rig.in.pressure_gpa.value += 1.0 / 128;
		tick(&rig, 4);
		assert_false(fired(&rig, "stuck"));
	}
	ticks(&rig, 15, 4);
	assert_true(fired(&rig, "stuck"));
}

/* Row 18: faster than 1/64 GPa/s over 2 s, more than is commanded; or 1/8 below SP for 10 s. */
static void put_losing(struct plant *rig, enum phase phase)
{
	put(rig, phase);
	rig->plan.limits.loss_rate_gpa_per_s = 1.0 / 64;
	rig->plan.limits.loss_error_gpa = 1.0 / 8;
	rig->plan.limits.stale_hold_s = FAR;
	rig->plan.decompression_gpa_per_s = 1.0 / 128;
	interlock_reset(&rig->machine);
	tick(rig, 0);
}

static void test_falling(void **unused)
{
	static const struct {
		enum phase phase;
		double fall_gpa;
		bool fires;
	} cases[] = {{PHASE_ISOTHERM, 1.0 / 32, false},  {PHASE_ISOTHERM, 1.0 / 16, true},
		     {PHASE_ISOTHERM, -1.0 / 16, false}, {PHASE_DECOMPRESS, 3.0 / 64, false},
		     {PHASE_DECOMPRESS, 4.0 / 64, true}, {PHASE_ABORTING, 3.0 / 64, true}};
	struct plant rig;

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_losing(&rig, cases[i].phase);
		rig.in.pressure_gpa.value -= cases[i].fall_gpa;
		tick(&rig, 1);
		assert_false(fired(&rig, "pressure loss"));
		tick(&rig, 1);
		assert_int_equal(fired(&rig, "pressure loss"), cases[i].fires);
	}
	/* An abort that releases falls as it was told. */
	put_losing(&rig, PHASE_ABORTING);
	rig.machine.private_state.decompressing = true;
	rig.in.pressure_gpa.value -= 3.0 / 64;
	ticks(&rig, 2, 1);
	assert_false(fired(&rig, "pressure loss"));
	put_losing(&rig, PHASE_ISOTHERM);
	rig.in.pressure_gpa.value -= 1.0 / 16;
	ticks(&rig, 2, 1);
	assert_true(fired(&rig, "pressure loss"));
	rig.in.pressure_gpa.quality = QUALITY_SUSPECT;
	tick(&rig, 1);
	assert_false(fired(&rig, "pressure loss"));
}

/* What falls in one read counts at that read, wherever it stands; a rate is one over 2 s, not from read to
 * read. */
static void test_falling_slides(void **unused)
{
	(void)unused;
	for (int steady = 5; steady < 13; steady++) {
		for (int deeper = 0; deeper <= 1; deeper++) {
			struct plant rig;

			put_losing(&rig, PHASE_ISOTHERM);
			ticks(&rig, steady, 0.5);
			assert_false(fired(&rig, "pressure loss"));
			rig.in.pressure_gpa.value -= (4 + deeper) / 128.0;
			tick(&rig, 0.5);
			assert_int_equal(fired(&rig, "pressure loss"), deeper);
		}
	}
}

static void test_low(void **unused)
{
	struct plant rig;

	(void)unused;
	for (int lower = 0; lower <= 1; lower++) {
		put_losing(&rig, PHASE_ISOTHERM);
		rig.plan.limits.loss_rate_gpa_per_s = FAR;
		rig.in.pressure_gpa.value = 7 - 1.0 / 8 - lower / 16.0;
		ticks(&rig, 9, 1);
		assert_false(fired(&rig, "pressure loss"));
		tick(&rig, 1);
		assert_int_equal(fired(&rig, "pressure loss"), lower);
	}
	for (int what = 0; what < 2; what++) {
		put_losing(&rig, PHASE_ISOTHERM);
		rig.plan.limits.loss_rate_gpa_per_s = FAR;
		rig.in.pressure_gpa.value = 6;
		rig.in.pressure_gpa.quality = what == 0 ? QUALITY_SUSPECT : QUALITY_GOOD;
		rig.machine.private_state.safe_hold = what == 1;
		ticks(&rig, 30, 1);
		assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
		assert_false(fired(&rig, "pressure loss"));
	}
}

/* Rows 19 and 20. */
static void test_over_pressure_and_stroke(void **unused)
{
	struct plant rig;

	(void)unused;
	for (int machine = 0; machine <= 1; machine++) {
		double most_gpa = machine ? 7.0625 : 7.125;

		put_soak(&rig);
		rig.plan.limits.over_pressure_gpa = 0.125;
		rig.plan.limits.machine_pressure_gpa = machine ? 7.0625 : 7.5;
		rig.in.pressure_gpa.value = most_gpa;
		tick(&rig, 1);
		assert_false(fired(&rig, "over-pressure"));
		rig.in.pressure_gpa.value = most_gpa + 1.0 / 64;
		rig.in.pressure_gpa.quality = QUALITY_SUSPECT;
		tick(&rig, 1);
		assert_false(fired(&rig, "over-pressure"));
		rig.in.pressure_gpa.quality = QUALITY_GOOD;
		tick(&rig, 1);
		assert_true(fired(&rig, "over-pressure"));
	}
	put_soak(&rig);
	rig.in.stroke_pct.value = 5;
	tick(&rig, 1);
	assert_false(fired(&rig, "stroke"));
	rig.in.stroke_pct.value = 4.5;
	rig.in.stroke_pct.quality = QUALITY_BAD;
	tick(&rig, 1);
	assert_false(fired(&rig, "stroke"));
	rig.in.stroke_pct.quality = QUALITY_GOOD;
	tick(&rig, 1);
	assert_true(fired(&rig, "stroke"));
}

/* Row 39: 30 min in one stretch or 60 in sum abort while the programme climbs; on the way down it is an
 * alarm. */
static void test_holdback(void **unused)
{
	static const struct {
		enum phase phase;
		bool aborts, warns_of_sum;
	} cases[] = {{PHASE_COMPRESS, true, true},
		     {PHASE_HEAT, true, true},
		     {PHASE_ISOTHERM, true, true},
		     {PHASE_COOL, false, false},
		     {PHASE_DECOMPRESS, false, false}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int sum = 0; sum <= 1; sum++)
			for (int beyond = 0; beyond <= 1; beyond++) {
				bool raises = beyond && (!sum || cases[i].warns_of_sum);
				struct plant rig;

				put(&rig, cases[i].phase);
				rig.machine.phase = (uint8_t)cases[i].phase;
				*(sum ? &rig.machine.holdback_sum_s : &rig.machine.holdback_s) =
					(sum ? 3600 : 1800) + beyond * 0.5;
				tick(&rig, 1);
				assert_int_equal(raised(&rig, ALARM_HOLDBACK), raises);
				assert_int_equal(fired(&rig, "setpoint not reached"),
						 raises && cases[i].aborts);
				assert_int_equal(rig.machine.phase == PHASE_ABORTING,
						 raises && cases[i].aborts);
				if (raises)
					assert_says(&rig,
						    cases[i].aborts ? "densd aborts" : "densd keeps waiting");
			}
}

static void test_held_hot(void **unused)
{
	struct plant rig;

	(void)unused;
	put(&rig, PHASE_HOLD);
	ticks(&rig, 449, 4);
	assert_false(fired(&rig, "held hot"));
	tick(&rig, 4);
	assert_true(fired(&rig, "held hot"));
	put(&rig, PHASE_HOLD);
	rig.in.temperature_k.value = PLANT_AMBIENT_K;
	rig.plan.limits.jump_k_per_s = FAR;
	ticks(&rig, 500, 4);
	assert_int_equal(rig.machine.phase, PHASE_HOLD);
	/* What was held hot and resumed is not aborted later for it. */
	put(&rig, PHASE_HOLD);
	ticks(&rig, 440, 4);
	rig.machine.phase = PHASE_ISOTHERM;
	ticks(&rig, 40, 4);
	assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
}

/* Row 1: told while a release has its intent and lacks its permit. */
static void put_releasing(struct plant *rig, enum phase phase)
{
	put(rig, phase);
	rig->machine.private_state.decompressing = true;
	rig->plan.limits.jump_k_per_s = FAR;
	rig->in.temperature_k.value = PLANT_AMBIENT_K;
	ticks(rig, 32, 2);
	assert_true(rig->actions.permit.granted);
	rig->in.temperature_k.value = 310;
}

static void test_release(void **unused)
{
	struct plant rig;

	(void)unused;
	put_releasing(&rig, PHASE_DECOMPRESS);
	tick(&rig, 1);
	assert_true(raised(&rig, ALARM_RELEASE_REFUSED));
	assert_says(&rig, "310.0 K measured");
	assert_null(interlock_first_fired(&rig.machine));
	assert_int_equal(rig.machine.phase, PHASE_DECOMPRESS);
	put_releasing(&rig, PHASE_DECOMPRESS);
	rig.in.temperature_k.quality = QUALITY_SUSPECT;
	tick(&rig, 1);
	assert_says(&rig, "is not fresh");
	put_releasing(&rig, PHASE_DECOMPRESS);
	rig.machine.private_state.waiting_intent = 1;
	tick(&rig, 1);
	assert_false(raised(&rig, ALARM_RELEASE_REFUSED));
	put_releasing(&rig, PHASE_ABORTING);
	tick(&rig, 1);
	assert_true(raised(&rig, ALARM_RELEASE_REFUSED));
	put_releasing(&rig, PHASE_ABORTING);
	rig.machine.private_state.decompressing = false;
	tick(&rig, 1);
	assert_false(raised(&rig, ALARM_RELEASE_REFUSED));
	put_soak(&rig);
	tick(&rig, 1);
	assert_false(raised(&rig, ALARM_RELEASE_REFUSED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hottest_allowed),
		cmocka_unit_test(test_runaway_over_setpoint),
		cmocka_unit_test(test_runaway_that_rises),
		cmocka_unit_test(test_slopes_rest_on_good_reads),
		cmocka_unit_test(test_welded),
		cmocka_unit_test(test_welded_slides),
		cmocka_unit_test(test_not_heating),
		cmocka_unit_test(test_not_heating_needs_all),
		cmocka_unit_test(test_lag),
		cmocka_unit_test(test_jump),
		cmocka_unit_test(test_bad_reads),
		cmocka_unit_test(test_one_read_counts_once),
		cmocka_unit_test(test_reported_break),
		cmocka_unit_test(test_slip),
		cmocka_unit_test(test_slow_slip),
		cmocka_unit_test(test_slip_looks_anew),
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_frozen),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_flags_of_a_silent_device),
		cmocka_unit_test(test_identity_and_modes_last),
		cmocka_unit_test(test_a_lost_device_has_no_identity_or_mode),
		cmocka_unit_test(test_second_master_names_the_device),
		cmocka_unit_test(test_bus),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_falling),
		cmocka_unit_test(test_falling_slides),
		cmocka_unit_test(test_low),
		cmocka_unit_test(test_over_pressure_and_stroke),
		cmocka_unit_test(test_holdback),
		cmocka_unit_test(test_held_hot),
		cmocka_unit_test(test_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
