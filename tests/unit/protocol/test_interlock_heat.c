/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows 2, 3 and 4 from both sides of each limit: rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "rig.h"

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

		rig_put(&rig, cases[i].cold ? PHASE_COMPRESS : PHASE_ISOTHERM);
		rig.machine.cold_run = cases[i].cold;
		rig.plan.temperature_k = cases[i].plan_k;
		rig.plan.limits.machine_temperature_k = cases[i].machine_k;
		rig.plan.limits.jump_k_per_s = FAR;
		rig.plan.limits.runaway_band_k = FAR;
		rig.in.temperature_k.value = cases[i].most_k;
		rig_tick(&rig, 1);
		assert_false(rig_fired(&rig, "runaway"));
		rig.in.temperature_k.value = cases[i].most_k + 0.5;
		rig.in.temperature_k.quality = QUALITY_SUSPECT;
		rig_tick(&rig, 1);
		assert_false(rig_fired(&rig, "runaway"));
		rig.in.temperature_k.quality = QUALITY_GOOD;
		rig_tick(&rig, 1);
		assert_true(rig_fired(&rig, "runaway"));
		assert_int_equal(rig.machine.phase, PHASE_TRIPPED);
		rig_assert_says(&rig, "above its limit");
	}
}

/* Row 2 by what a correction took off: the machine's limit counts the hottest the junction may be, the
 * protocol's the corrected value. */
static void test_hottest_before_correction(void **unused)
{
	struct plant rig;

	(void)unused;
	rig_put(&rig, PHASE_ISOTHERM);
	rig.plan.temperature_k = 600;
	rig.plan.limits.machine_temperature_k = 615;
	rig.plan.limits.jump_k_per_s = FAR;
	rig.plan.limits.runaway_band_k = FAR;
	rig.in.temperature_k.value = 605;
	rig.in.temperature_margin_k = 10;
	rig_tick(&rig, 1);
	assert_false(rig_fired(&rig, "runaway"));
	rig.in.temperature_margin_k = -10;
	rig_tick(&rig, 1);
	assert_false(rig_fired(&rig, "runaway"));
	rig.in.temperature_margin_k = 10.5;
	rig_tick(&rig, 1);
	assert_true(rig_fired(&rig, "runaway"));
	rig_assert_says(&rig, "perhaps 615.5 K");
}

/* Row 2 at the second thermocouple: the same limits at one read, whatever the first one says, and also when
 * it says nothing. */
static void test_hottest_at_the_second(void **unused)
{
	static const struct {
		double second_k, margin_k;
		enum quality first, second;
		const char *says; /* NULL: nothing */
	} cases[] = {
		{610, 0, QUALITY_GOOD, QUALITY_GOOD, NULL},
		{610.5, 0, QUALITY_GOOD, QUALITY_GOOD, "Second thermocouple at 610.5 K, above its limit"},
		{610.5, 0, QUALITY_BAD, QUALITY_GOOD, "Second thermocouple at 610.5 K, above its limit"},
		{610.5, 0, QUALITY_GOOD, QUALITY_SUSPECT, NULL},
		{610.5, 0, QUALITY_GOOD, QUALITY_NONE, NULL},
		{605, 15, QUALITY_GOOD, QUALITY_GOOD, NULL},
		{605, 15.5, QUALITY_GOOD, QUALITY_GOOD, "Second thermocouple at 605.0 K, perhaps 620.5 K"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		rig_put(&rig, PHASE_ISOTHERM);
		rig.plan.limits.machine_temperature_k = 620;
		rig.plan.limits.stale_hold_s = FAR;
		rig.in.temperature_k.quality = (uint8_t)cases[i].first;
		rig.in.temperature2_k = rig.in.temperature_k;
		rig.in.temperature2_k.value = cases[i].second_k;
		rig.in.temperature2_k.quality = (uint8_t)cases[i].second;
		rig.in.temperature2_margin_k = cases[i].margin_k;
		rig_tick(&rig, 1);
		assert_int_equal(rig_fired(&rig, "runaway"), cases[i].says != NULL);
		assert_int_equal(rig.machine.phase, cases[i].says ? PHASE_TRIPPED : PHASE_ISOTHERM);
		if (cases[i].says)
			rig_assert_says(&rig, cases[i].says);
	}
}

static void put_over_setpoint(struct plant *rig, double over_k, double output_pct)
{
	rig_put_soak(rig);
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
		rig_ticks(&rig, 10, 1); /* the first of them may be a read that lies apart */
		assert_false(rig_fired(&rig, "runaway"));
		rig_tick(&rig, 1);
		assert_int_equal(rig_fired(&rig, "runaway"), cases[i].fires);
		if (cases[i].fires)
			rig_assert_says(&rig, "above its setpoint for 10 s");
	}
	/* Neither an output nor a temperature that is not fresh counts. */
	put_over_setpoint(&rig, 16, 5);
	rig.in.furnace_output_pct.quality = QUALITY_BAD;
	rig_ticks(&rig, 20, 1);
	assert_false(rig_fired(&rig, "runaway"));
	put_over_setpoint(&rig, 16, 5);
	rig.in.temperature_k.quality = QUALITY_SUSPECT;
	rig_ticks(&rig, 20, 1);
	assert_false(rig_fired(&rig, "runaway"));
}

/* With output 0 it is the rise that counts: over 10 s from lab time 0, seen a read later. */
static void test_runaway_that_rises(void **unused)
{
	(void)unused;
	for (int faster = 0; faster <= 1; faster++) {
		struct plant rig;

		put_over_setpoint(&rig, 20, 0);
		rig_tick(&rig, 0);
		rig.plan.limits.runaway_rise_k_per_s = 1.0 / 64;
		interlock_reset(&rig.machine);
		rig_tick(&rig, 0);
		for (int i = 1; i <= 20; i++) {
			assert_false(rig_fired(&rig, "runaway"));
			rig.in.temperature_k.value = RUN_K + 20 + (1.0 / 64 + faster / 1024.0) * i;
			rig_tick(&rig, 1);
		}
		assert_int_equal(rig_fired(&rig, "runaway"), faster);
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
	rig_ticks(&rig, 10, 1);
	rig.in.temperature_k.value += 100;
	rig.in.temperature_k.quality = QUALITY_SUSPECT;
	rig_tick(&rig, 1);
	rig.in.temperature_k.value -= 100;
	rig.in.temperature_k.quality = QUALITY_GOOD;
	for (int i = 0; i < 9; i++) {
		rig_tick(&rig, 1);
		assert_false(rig_fired(&rig, "runaway"));
	}
	rig_put_soak(&rig);
	rig_tick(&rig, 1);
	rig.in.pressure_gpa.value = 6.95;
	rig.in.pressure_gpa.quality = QUALITY_SUSPECT;
	rig_tick(&rig, 1);
	rig.in.pressure_gpa.value = 7;
	rig.in.pressure_gpa.quality = QUALITY_GOOD;
	rig_tick(&rig, 1);
	assert_false(rig_fired(&rig, "pressure loss"));
}

/* Row 3: the last 10 s must have shown the rise, seen a read later, then 60 s. */
static void rising(struct plant *rig, double k_per_s, double output_pct, int count)
{
	for (int i = 0; i < count; i++) {
		rig->in.furnace_output_pct.value = output_pct;
		rig->in.temperature_k.value = 400 + k_per_s * (rig->now + 2);
		rig_tick(rig, 2);
	}
}

static void put_welded(struct plant *rig)
{
	rig_put(rig, PHASE_RECOVERY_WAIT);
	rig->machine.private_state.wait_mode = WAIT_SAFE_HOLD;
	rig->plan.limits.welded_rise_k_per_s = 1.0 / 32;
	rig->plan.limits.runaway_rise_k_per_s = FAR;
	rig->plan.limits.jump_k_per_s = FAR;
	rig->in.temperature_k.value = 400;
	interlock_reset(&rig->machine);
	rig_tick(rig, 0);
}

static void test_welded(void **unused)
{
	struct plant rig;

	(void)unused;
	put_welded(&rig);
	rising(&rig, 1.0 / 16, 0, 34);
	assert_false(rig_fired(&rig, "welded relay"));
	rising(&rig, 1.0 / 16, 0.25, 1);
	assert_true(rig_fired(&rig, "welded relay"));
	put_welded(&rig);
	rising(&rig, 1.0 / 32, 0, 60);
	assert_false(rig_fired(&rig, "welded relay"));
	put_welded(&rig);
	rising(&rig, 1.0 / 16, 0.5, 60);
	assert_false(rig_fired(&rig, "welded relay"));
	/* An output or a temperature that is not fresh proves nothing. */
	put_welded(&rig);
	rising(&rig, 1.0 / 16, 0, 10);
	rig.in.furnace_output_pct.quality = QUALITY_BAD;
	rising(&rig, 1.0 / 16, 0, 60);
	assert_false(rig_fired(&rig, "welded relay"));
	put_welded(&rig);
	rising(&rig, 1.0 / 16, 0, 10);
	rig.in.temperature_k.quality = QUALITY_SUSPECT;
	rising(&rig, 1.0 / 16, 0, 60);
	assert_false(rig_fired(&rig, "welded relay"));
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
		while (!rig_fired(&rig, "welded relay") && since_s < 120) {
			since_s += rig.now >= begins_s;
			rig.in.temperature_k.value = 400 + since_s / 16.0;
			rig_tick(&rig, 1);
		}
		/* 6 s at 1/16 K/s are more than 10 s at 1/32; a read later 60 s begin, that second included.
		 */
		assert_int_equal(since_s, 6 + 1 + 59);
	}
}

/* Row 4, first half: 0.25 K/s programmed, at least a quarter of it within 128 s. */
static void put_powered(struct plant *rig, double output_pct, double lag_k)
{
	rig_put_soak(rig);
	rig->plan.heating_k_per_s = 0.25;
	rig->plan.holdback_temperature_k = 1; /* frozen: the integral does not count */
	rig->plan.holdback_limit_s = FAR;
	rig->plan.limits.not_heating_share = 0.25;
	rig->plan.limits.not_heating_time_s = 128;
	rig->plan.limits.stale_hold_s = FAR;
	rig->plan.limits.jump_k_per_s = FAR;
	rig->plan.limits.frozen_time_s = FAR;
	rig->in.temperature_k.value = RUN_K - lag_k;
	rig_tick(rig, 0.25); /* a value is believed with its second read */
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
		rig_ticks(&rig, 30, 4);
		rig.in.temperature_k.value += cases[i].gain_k;
		rig_tick(&rig, 4);
		assert_false(rig_fired(&rig, "not heating"));
		rig_tick(&rig, 4);
		assert_int_equal(rig_fired(&rig, "not heating"), cases[i].fires);
	}
	/* The next window begins where the last one ended. */
	put_powered(&rig, 60, 64);
	rig_ticks(&rig, 30, 4);
	rig.in.temperature_k.value += 20;
	rig_ticks(&rig, 2 + 31, 4);
	assert_false(rig_fired(&rig, "not heating"));
	rig_tick(&rig, 4);
	assert_true(rig_fired(&rig, "not heating"));
}

static void test_not_heating_needs_all(void **unused)
{
	struct plant rig;

	(void)unused;
	put_powered(&rig, 60, 64);
	rig.machine.private_state.heater_off = true;
	rig_ticks(&rig, 64, 4);
	assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
	assert_false(rig_fired(&rig, "not heating"));
	put_powered(&rig, 60, 64);
	rig.in.temperature_k.quality = QUALITY_SUSPECT;
	rig_ticks(&rig, 64, 4);
	assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
	assert_false(rig_fired(&rig, "not heating"));
	put_powered(&rig, 60, 64);
	rig.in.furnace_output_pct.quality = QUALITY_BAD;
	rig_ticks(&rig, 64, 4);
	assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
	assert_false(rig_fired(&rig, "not heating"));
	/* Power taken away in between: the 128 s begin again, and so does the gain. */
	put_powered(&rig, 60, 64);
	rig_ticks(&rig, 31, 4);
	rig.in.furnace_output_pct.value = 10;
	rig.in.temperature_k.value -= 20;
	rig_tick(&rig, 4);
	rig.in.furnace_output_pct.value = 60;
	rig_ticks(&rig, 30, 4);
	rig.in.temperature_k.value += 20;
	rig_ticks(&rig, 2, 4);
	assert_false(rig_fired(&rig, "not heating"));
}

/* Row 4, second half: 600 K s below a band of 5 K that holdback has not frozen. */
static void put_lagging(struct plant *rig, double lag_k)
{
	rig_put_soak(rig);
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
	rig_ticks(&rig, 10, 1);
	assert_false(rig_fired(&rig, "lag"));
	rig_tick(&rig, 1);
	assert_true(rig_fired(&rig, "lag"));
	put_lagging(&rig, 5);
	rig_ticks(&rig, 100, 4);
	assert_false(rig_fired(&rig, "lag"));
	put_lagging(&rig, -50);
	rig.plan.limits.runaway_over_protocol_k = rig.plan.limits.runaway_band_k = FAR;
	rig_ticks(&rig, 20, 1);
	rig.in.temperature_k.value = RUN_K - 65;
	rig_ticks(&rig, 11, 1);
	assert_true(rig_fired(&rig, "lag"));
	/* Frozen by holdback, heater off, held, or not fresh: it does not count. */
	put_lagging(&rig, 65);
	rig.plan.holdback_temperature_k = 5;
	rig_ticks(&rig, 100, 4);
	assert_true(rig.machine.holdback);
	assert_false(rig_fired(&rig, "lag"));
	put_lagging(&rig, 65);
	rig_ticks(&rig, 9, 1);
	rig.machine.private_state.heater_off = true;
	rig_tick(&rig, 1);
	rig.machine.private_state.heater_off = false;
	rig_ticks(&rig, 9, 1);
	assert_false(rig_fired(&rig, "lag"));
	put_lagging(&rig, 65);
	rig.machine.phase = PHASE_HOLD;
	rig_ticks(&rig, 20, 1);
	assert_false(rig_fired(&rig, "lag"));
	put_lagging(&rig, 65);
	rig.in.temperature_k.quality = QUALITY_SUSPECT;
	rig_ticks(&rig, 20, 1);
	assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
	assert_false(rig_fired(&rig, "lag"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hottest_allowed),
		cmocka_unit_test(test_hottest_before_correction),
		cmocka_unit_test(test_hottest_at_the_second),
		cmocka_unit_test(test_runaway_over_setpoint),
		cmocka_unit_test(test_runaway_that_rises),
		cmocka_unit_test(test_slopes_rest_on_good_reads),
		cmocka_unit_test(test_welded),
		cmocka_unit_test(test_welded_slides),
		cmocka_unit_test(test_not_heating),
		cmocka_unit_test(test_not_heating_needs_all),
		cmocka_unit_test(test_lag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
