/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Row 39 at the end of the way: who waits for cold or for an empty press is told what is missing, once, after
 * holdback_limit_s; it waits on, and ends as it would have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "plant.h"

static double kelvin, second_k, oil_bar;
static bool second, pressed, says_pressed;

static void wrong(struct plant *plant)
{
	if (kelvin > 0)
		plant->in.temperature_k.value = kelvin + 1e-3 * sin(plant->now);
	if (second) {
		plant->in.temperature2_k = plant->in.temperature_k;
		plant->in.temperature2_k.value = second_k;
	}
	if (pressed)
		plant->in.oil_bar.value = oil_bar;
	if (says_pressed)
		plant->in.press_depressurised = false;
}

static void nothing_wrong(void)
{
	kelvin = 0;
	second = pressed = says_pressed = false;
}

static void put_end(struct plant *plant, enum phase phase)
{
	nothing_wrong();
	plant_put(plant, phase);
	plant->machine.setpoint_k = plant->temperature_k = PLANT_AMBIENT_K;
	plant->machine.private_state.ending = phase == PHASE_ABORTING ? OUTCOME_ABORTED : OUTCOME_NONE;
	plant->plan.limits.jump_k_per_s = 1e9;
	plant->spoil = wrong;
}

/* Told after 30 min with @words and not before, in the phase that waits; then the trouble goes. */
static void assert_told(struct plant *plant, enum phase phase, const char *words, const char *remedy)
{
	plant_run(plant, 1780);
	if (plant->machine.phase != phase)
		fail_msg("%s: %s", phase_name((enum phase)plant->machine.phase), plant->machine.cause);
	assert_int_equal(plant->alarms_raised[ALARM_HOLDBACK], 0);
	plant_run(plant, 120);
	assert_int_equal(plant->machine.phase, phase);
	assert_int_equal(plant->alarms_raised[ALARM_HOLDBACK], 1);
	if (!strstr(plant->last_text, words) || !strstr(plant->last_text, remedy))
		fail_msg("'%s', '%s' are not in '%s'", words, remedy, plant->last_text);
	assert_true(strlen(plant->last_text) < MACHINE_WHY - 1);
	assert_int_not_equal(plant->actions.heat, HEAT_CONTROL);
	plant_run(plant, 4000);
	assert_int_equal(plant->machine.phase, phase);
	assert_int_equal(plant->machine.outcome, OUTCOME_NONE);
	nothing_wrong();
}

static void assert_ends(struct plant *plant, enum outcome outcome)
{
	if (!plant_run_to(plant, PHASE_DONE, 7200))
		fail_msg("%s: %s", phase_name((enum phase)plant->machine.phase), plant->machine.cause);
	assert_int_equal(plant->machine.outcome, outcome);
	plant_tick(plant);
	assert_false(plant->machine.alarms.active >> ALARM_HOLDBACK & 1);
	assert_int_equal(plant->alarms_raised[ALARM_HOLDBACK], 1);
}

/* The room is at 302 K and nobody told densd: 4 K above the target, less than the holdback band. */
static void test_a_room_warmer_than_the_target(void **unused)
{
	struct plant plant;

	(void)unused;
	put_end(&plant, PHASE_COOL);
	kelvin = 302;
	assert_told(&plant, PHASE_COOL, "302.0 K, more than 300.0 K", "abort, which releases at T_release");
	assert_int_equal(plant.actions.press, PRESS_REGULATE);
	assert_ends(&plant, OUTCOME_COMPLETED);
	/* The abort that the text offers does what it says. */
	put_end(&plant, PHASE_COOL);
	kelvin = 302;
	plant_run(&plant, 10);
	assert_int_equal(plant_verb(&plant, VERB_ABORT), ANSWER_DONE);
	assert_true(plant_run_to(&plant, PHASE_DONE, 3600));
	assert_int_equal(plant.machine.outcome, OUTCOME_ABORTED);
}

/* A temperature around the limit, in and out of it, waits as long in sum. */
static void around(struct plant *plant)
{
	plant->in.temperature_k.value = 300 + (fmod(plant->now, 40) < 20 ? 0.2 : -0.2);
}

static void test_around_the_limit(void **unused)
{
	struct plant plant;

	(void)unused;
	put_end(&plant, PHASE_COOL);
	plant.spoil = around;
	plant_run(&plant, 3500);
	assert_int_equal(plant.machine.phase, PHASE_COOL);
	assert_int_equal(plant.alarms_raised[ALARM_HOLDBACK], 0);
	plant_run(&plant, 200);
	assert_int_equal(plant.alarms_raised[ALARM_HOLDBACK], 1);
}

/* What cools slowly with the heater off is not late: 643 K to 300 K in four hours, without an alarm. */
static void slowly(struct plant *plant)
{
	plant->in.temperature_k.value = 298 + 345 * exp(-(plant->now - 1000) / 2000);
}

static void test_slow_cooling_is_not_late(void **unused)
{
	static const enum phase phases[] = {PHASE_COOL, PHASE_ABORTING};

	(void)unused;
	for (int i = 0; i < 2; i++) {
		struct plant plant;

		put_end(&plant, phases[i]);
		plant.machine.private_state.heater_off = true;
		plant.plan.limits.jump_k_per_s = 1e9;
		plant.spoil = slowly;
		assert_true(plant_run_to(&plant, PHASE_DONE, 15000));
		assert_int_equal(plant.alarms_raised[ALARM_HOLDBACK], 0);
	}
}

/* Heater off and not cooling: somebody else heats. An abort, the programme's cooling, and a stay. */
static void test_heater_off_and_not_cooling(void **unused)
{
	(void)unused;
	for (int i = 0; i < 3; i++) {
		enum phase phase = i == 1 ? PHASE_ABORTING : PHASE_COOL;
		struct plant plant;

		put_end(&plant, phase);
		plant.machine.private_state.heater_off = true;
		plant.machine.private_state.stay = i == 2;
		plant.temperature_k = kelvin = 400;
		assert_told(&plant, phase, "400.0 K, more than", i == 0 ? "warm room" : "cut its mains");
	}
}

/* Who stays under pressure, cold, has nothing to wait for. */
static void test_a_cold_stay_is_quiet(void **unused)
{
	struct plant plant;

	(void)unused;
	put_end(&plant, PHASE_COOL);
	plant.machine.private_state.heater_off = plant.machine.private_state.stay = true;
	plant_run(&plant, 4000);
	assert_int_equal(plant.machine.phase, PHASE_COOL);
	assert_int_equal(plant.alarms_raised[ALARM_HOLDBACK], 0);
}

static void test_the_second_sensor_is_named(void **unused)
{
	struct plant plant;

	(void)unused;
	put_end(&plant, PHASE_COOL);
	second = true;
	second_k = 309;
	assert_told(&plant, PHASE_COOL, "second sensor's 309.0 K", "calibration");
	second = true;
	second_k = 300;
	assert_ends(&plant, OUTCOME_COMPLETED);
}

/* The soak of a cold run that is too warm to be released. */
static void test_a_cold_run_too_warm(void **unused)
{
	struct plant plant;

	(void)unused;
	put_end(&plant, PHASE_ISOTHERM);
	plant.plan.temperature_k = 312;
	plant.machine.cold_run = true;
	plant.machine.soak_s = plant.plan.isotherm_s;
	kelvin = 310;
	assert_told(&plant, PHASE_ISOTHERM, "310.0 K, more than 308.0 K", "Check what keeps it warm");
	assert_ends(&plant, OUTCOME_COMPLETED);
}

/* Released, and the press does not say that it is empty: a run that ends and one that is aborted. */
static void test_a_press_that_is_not_empty(void **unused)
{
	(void)unused;
	for (int i = 0; i < 4; i++) {
		enum phase phase = i % 2 ? PHASE_ABORTING : PHASE_DECOMPRESS;
		struct plant plant;

		put_end(&plant, phase);
		plant.machine.setpoint_gpa = plant.pressure_gpa = 0;
		plant.freeze_process = true;
		plant.machine.private_state.decompressing = true;
		pressed = i < 2;
		oil_bar = 6.5;
		says_pressed = i >= 2;
		assert_told(&plant, phase,
			    i < 2 ? "oil 6.5 bar (ambient: 5.0 bar)" : "says not depressurised",
			    "at its panel");
		assert_ends(&plant, i % 2 ? OUTCOME_ABORTED : OUTCOME_COMPLETED);
	}
}

/* A 1 atm anneal ends with the press at ambient. */
static void test_a_reference_with_pressure(void **unused)
{
	struct plant plant;

	(void)unused;
	put_end(&plant, PHASE_COOL);
	plant.plan.reference = true;
	plant.machine.setpoint_gpa = plant.pressure_gpa = 0;
	plant.freeze_process = true;
	pressed = true;
	oil_bar = 20;
	assert_told(&plant, PHASE_COOL, "oil 20.0 bar", "at its panel");
	assert_ends(&plant, OUTCOME_COMPLETED);
}

/* An abort that a hazard froze has that hazard's alarm. */
static void test_a_frozen_abort_is_not_late(void **unused)
{
	struct plant plant;

	(void)unused;
	for (int decompressing = 0; decompressing <= 1; decompressing++) {
		put_end(&plant, PHASE_ABORTING);
		plant.in.stroke_pct.value = 1;
		plant.skip_refresh = false;
		plant.machine.private_state.decompressing = decompressing;
		plant.machine.private_state.frozen = plant.machine.private_state.heater_off = true;
		plant.machine.setpoint_gpa = plant.pressure_gpa = 0;
		plant.freeze_process = true;
		kelvin = 305;
		says_pressed = true;
		for (int i = 0; i < 25000; i++) {
			plant.machine.private_state.clear_since_lab_s = -1;
			plant_tick(&plant);
		}
		assert_int_equal(plant.alarms_raised[ALARM_HOLDBACK], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_room_warmer_than_the_target),
		cmocka_unit_test(test_around_the_limit),
		cmocka_unit_test(test_slow_cooling_is_not_late),
		cmocka_unit_test(test_heater_off_and_not_cooling),
		cmocka_unit_test(test_a_cold_stay_is_quiet),
		cmocka_unit_test(test_the_second_sensor_is_named),
		cmocka_unit_test(test_a_cold_run_too_warm),
		cmocka_unit_test(test_a_press_that_is_not_empty),
		cmocka_unit_test(test_a_reference_with_pressure),
		cmocka_unit_test(test_a_frozen_abort_is_not_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
