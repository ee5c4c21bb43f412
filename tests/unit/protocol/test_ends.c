/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ways to stop, and what each of them waits for: hold, abort, trip, handover. */
#include "plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

static void p_stale(struct plant *plant)
{
	plant->in.pressure_gpa.t_lab_s -= 5;
}

static void no_store(struct plant *plant)
{
	plant->in.store_ok = false;
}

/* An aborted 7 GPa run that is cold for its dwell and at 7 GPa. */
static void put_cold_abort(struct plant *plant)
{
	plant_put(plant, PHASE_ABORTING);
	plant->temperature_k = PLANT_AMBIENT_K;
	plant->machine.private_state.heater_off = true;
	plant->machine.private_state.ending = OUTCOME_ABORTED;
	plant_run(plant, 50);
	assert_int_equal(plant->machine.phase, PHASE_ABORTING);
	assert_float_equal(plant->machine.setpoint_gpa, 7, 1e-9);
}

/* An abort releases when it is cold, P is known, and the journal takes the intent for it. */
static void test_what_an_abort_waits_for(void **unused)
{
	static void (*const spoils[])(struct plant * plant) = {NULL, p_stale, no_store};

	(void)unused;
	for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
		struct plant plant;

		put_cold_abort(&plant);
		plant.plan.limits.stale_hold_s = 60;
		plant.spoil = spoils[i];
		plant_run(&plant, 30);
		assert_int_equal(plant.machine.setpoint_gpa < 7, i == 0);
		plant.spoil = NULL;
		plant.in.store_ok = true;
		assert_true(plant_run_to(&plant, PHASE_DONE, 3600));
		assert_int_equal(plant.machine.outcome, OUTCOME_ABORTED);
		assert_true(plant.machine.release_temperature_k < 308);
	}
}

/* The setpoint of a release stands while its intent waits, P is stale, it is warm, or P trails. */
static void test_a_release_that_stands(void **unused)
{
	(void)unused;
	for (int what = 0; what < 5; what++) {
		struct plant plant;
		double setpoint_gpa;

		put_cold_abort(&plant);
		plant.plan.limits.stale_hold_s = 60;
		plant.auto_durable = what != 0;
		plant_run(&plant, 30);
		setpoint_gpa = plant.machine.setpoint_gpa;
		assert_true(what == 0 || setpoint_gpa < 7);
		plant.spoil = what == 1 ? p_stale : NULL;
		if (what == 2)
			plant.temperature_k = 309;
		if (what == 3)
			plant.pressure_gpa = setpoint_gpa + 0.06;
		plant.freeze_process = what == 2 || what == 3;
		plant_run(&plant, 1);
		if (what < 4)
			assert_float_equal(plant.machine.setpoint_gpa, setpoint_gpa, 1e-12);
		else
			assert_true(plant.machine.setpoint_gpa < setpoint_gpa);
		assert_true(plant.machine.holdback == (what == 3));
	}
}

/* Ambient pressure for its dwell ends no abort that is hot. */
static void test_an_abort_ends_cold(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_ABORTING);
	plant.machine.private_state.ending = OUTCOME_ABORTED;
	plant.machine.private_state.heater_off = true;
	plant.machine.setpoint_gpa = plant.pressure_gpa = 0;
	plant.plan.limits.jump_k_per_s = 1e6;
	plant.temperature_k = 400;
	plant.freeze_process = true;
	plant_run(&plant, 200);
	assert_int_equal(plant.machine.phase, PHASE_ABORTING);
	plant.temperature_k = PLANT_AMBIENT_K;
	plant_run(&plant, 59);
	assert_int_equal(plant.machine.phase, PHASE_ABORTING);
	plant_run(&plant, 3);
	assert_int_equal(plant.machine.phase, PHASE_DONE);
}

static double stands_at_k;

/* A controller that takes no setpoint: 30 % of output keep the furnace where it is. */
static void takes_no_setpoint(struct plant *plant)
{
	plant->in.temperature_k.value = stands_at_k + 0.01 * fmod(plant->now * 10, 7);
	plant->in.furnace_output_pct.value = 30;
	plant->in.furnace_setpoint_k.value = stands_at_k;
}

static void put_standing(struct plant *plant, enum phase phase, double kelvin)
{
	plant_put(plant, phase);
	stands_at_k = kelvin;
	plant->temperature_k = plant->machine.setpoint_k = kelvin;
	plant->freeze_process = true;
	plant->spoil = takes_no_setpoint;
	if (phase == PHASE_ABORTING)
		plant->machine.private_state.ending = OUTCOME_ABORTED;
}

/* Who cools a furnace that does not follow ends with the heater off, and says so: an abort and the programme,
 * from 643 K and from just above what a release allows. The outcome and the way to it stay. */
static void test_cooling_that_is_not_followed_ends_with_the_heater_off(void **unused)
{
	static const enum phase phases[] = {PHASE_ABORTING, PHASE_COOL};

	(void)unused;
	for (int i = 0; i < 4; i++) {
		enum phase phase = phases[i % 2];
		struct plant plant;

		put_standing(&plant, phase, i < 2 ? 643 : 312);
		plant_run(&plant, 1700);
		assert_int_equal(plant.actions.heat, HEAT_CONTROL);
		assert_int_equal(plant.alarms_raised[ALARM_HOLDBACK], 0);
		plant_run(&plant, 200);
		assert_int_equal(plant.actions.heat, HEAT_OFF);
		assert_false(plant.actions.contactor);
		assert_int_equal(plant.machine.phase, phase);
		assert_int_equal(plant.alarms_raised[ALARM_HOLDBACK], 1);
		assert_non_null(strstr(plant.last_text, "Heater off"));
		assert_non_null(strstr(plant.last_text, "cut its mains"));
		/* Off it cools; the run ends as it would have, and the alarm with it. */
		plant.spoil = NULL;
		plant.freeze_process = false;
		assert_true(plant_run_to(&plant, PHASE_DONE, 7200));
		assert_int_equal(plant.machine.outcome, i % 2 ? OUTCOME_COMPLETED : OUTCOME_ABORTED);
		assert_false(plant.machine.alarms.active >> ALARM_HOLDBACK & 1);
	}
}

/* Noise that lets the setpoint move now and then, and a temperature that is lost now and then, gain no time.
 */
static void noisy(struct plant *plant)
{
	takes_no_setpoint(plant);
	plant->in.temperature_k.value -= fmod(plant->now, 100) < 0.1 ? 2 + plant->now / 2000 : 0;
	if (fmod(plant->now, 9) > 4)
		plant->in.temperature_k.t_lab_s -= 5;
}

static void test_noise_keeps_no_heater_on_in_an_abort(void **unused)
{
	struct plant plant;

	(void)unused;
	put_standing(&plant, PHASE_ABORTING, 643);
	plant.plan.limits.jump_k_per_s = 1e9;
	plant.spoil = noisy;
	plant_run(&plant, 1900);
	assert_int_equal(plant.machine.phase, PHASE_ABORTING);
	assert_int_equal(plant.actions.heat, HEAT_OFF);
}

/* A furnace that is slow and follows is no alarm; nor is the stretch that the programme waited before the
 * abort counted, nor its sum, which was just short of what aborts: the record's sum goes on from it. */
static void test_an_abort_counts_its_own_time(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_ISOTHERM);
	plant.machine.holdback_s = 1700;
	plant.machine.holdback_sum_s = 3500;
	assert_int_equal(plant_verb(&plant, VERB_ABORT), ANSWER_DONE);
	assert_float_equal(plant.machine.holdback_s, 0, 1e-9);
	stands_at_k = plant.temperature_k;
	plant.freeze_process = true;
	plant.spoil = takes_no_setpoint;
	plant_run(&plant, 1000);
	/* It has waited, so that the sum is over the 3600 s which a programme would be aborted by. */
	assert_true(plant.machine.holdback_s > 900);
	assert_float_equal(plant.machine.holdback_sum_s, 3500 + plant.machine.holdback_s, 1e-6);
	assert_int_equal(plant.actions.heat, HEAT_CONTROL);
	assert_int_equal(plant.alarms_raised[ALARM_HOLDBACK], 0);
	plant.spoil = NULL;
	plant.freeze_process = false;
	assert_true(plant_run_to(&plant, PHASE_DONE, 7200));
	assert_int_equal(plant.alarms_raised[ALARM_HOLDBACK], 0);
}

/* Out of its freeze an abort holds what is measured; what is not known keeps its setpoint. */
static void test_a_thaw_without_a_pressure(void **unused)
{
	(void)unused;
	for (int fresh = 0; fresh <= 1; fresh++) {
		struct plant plant;

		plant_put(&plant, PHASE_ABORTING);
		plant.plan.limits.stale_hold_s = 60;
		plant.machine.private_state.frozen = true;
		plant.machine.setpoint_gpa = 7.02;
		plant.pressure_gpa = 7.05;
		plant.spoil = fresh ? NULL : p_stale;
		plant_run(&plant, 61);
		assert_false(plant.machine.private_state.frozen);
		assert_float_equal(plant.machine.setpoint_gpa, fresh ? 7.05 : 7.02, 0.01);
	}
}

/* A hazard's text tells of a hold, which an abort is not: that it stands is told once, and that it goes on.
 */
static bool told(const struct plant *plant, const char *words)
{
	for (uint32_t i = 0; i < plant->actions.note_count; i++)
		if (plant->actions.notes[i].kind == NOTE_INFO && strstr(plant->actions.notes[i].text, words))
			return true;
	return false;
}

static void low_stroke(struct plant *plant)
{
	plant->in.stroke_pct.value = 1;
}

static void test_a_frozen_abort_is_told(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_ABORTING);
	plant_tick(&plant);
	assert_false(told(&plant, "The abort stands"));
	plant.spoil = low_stroke;
	plant_tick(&plant);
	assert_true(told(&plant, "The abort stands"));
	assert_int_equal(plant.alarms_raised[ALARM_STROKE], 1);
	plant_tick(&plant);
	assert_false(told(&plant, "The abort stands"));
	plant.spoil = NULL;
	plant_run(&plant, 59);
	for (int i = 0; i < 20 && !told(&plant, "the abort goes on"); i++)
		plant_tick(&plant);
	assert_true(told(&plant, "the abort goes on"));
	/* What holds is no abort. */
	plant_put(&plant, PHASE_HOLD);
	plant.spoil = low_stroke;
	plant_tick(&plant);
	assert_false(told(&plant, "The abort stands"));
}

/* Before anything was done an abort ends at once, unless there is pressure that somebody has to release. */
static void test_an_abort_before_the_run(void **unused)
{
	static const struct {
		double pressure_gpa;
		bool known, ends;
	} cases[] = {{0, true, true}, {1, true, false}, {1, false, true}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;

		plant_init(&plant, cases[i].pressure_gpa, PLANT_AMBIENT_K);
		plant.plan.loading = LOADING_CONFIRM;
		plant_start(&plant);
		assert_int_equal(plant.machine.phase, PHASE_WAIT_CAPSULE);
		plant.spoil = cases[i].known ? NULL : p_stale;
		plant_tick(&plant);
		assert_int_equal(plant_verb(&plant, VERB_ABORT), ANSWER_DONE);
		assert_int_equal(plant.machine.phase, cases[i].ends ? PHASE_DONE : PHASE_ABORTING);
	}
}

/* The press of a 1 atm run whose pressure nobody knows is not told to hold some. */
static void test_no_foreign_pressure_from_a_stale_reading(void **unused)
{
	(void)unused;
	for (int fresh = 0; fresh <= 1; fresh++) {
		struct plant plant;

		plant_put(&plant, PHASE_ABORTING);
		plant.plan.reference = true;
		plant.plan.limits.stale_hold_s = 60;
		plant.temperature_k = PLANT_AMBIENT_K;
		plant.pressure_gpa = 1;
		plant.spoil = fresh ? NULL : p_stale;
		plant_run(&plant, 200);
		assert_int_equal(plant.alarms_raised[ALARM_FOREIGN_PRESSURE], fresh);
		assert_int_equal(plant.machine.phase, PHASE_ABORTING);
		assert_int_equal(plant.actions.press, PRESS_LOCK);
	}
}

/* A trip out of a hold goes back, if it may, to where the hold came from. */
static void too_hot(struct plant *plant)
{
	plant->in.temperature_k.value = 700;
}

static void test_a_trip_of_a_hold_keeps_its_way_back(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_HOLD);
	plant.machine.resume_phase = PHASE_HEAT;
	plant.plan.limits.jump_k_per_s = 1e9;
	plant.spoil = too_hot;
	plant_tick(&plant);
	assert_int_equal(plant.machine.phase, PHASE_TRIPPED);
	assert_int_equal(plant.machine.resume_phase, PHASE_HEAT);
	assert_int_equal(plant.machine.first_cause, ALARM_RUNAWAY);
}

/* A pause at the end of COOL holds with the heater off and the press locked: the release has not begun. */
static void test_a_pause_before_the_release(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_COOL);
	plant.temperature_k = plant.machine.setpoint_k = PLANT_AMBIENT_K;
	assert_int_equal(plant_verb(&plant, VERB_PAUSE), ANSWER_DONE);
	assert_true(plant_run_to(&plant, PHASE_HOLD, 300));
	assert_int_equal(plant.machine.resume_phase, PHASE_DECOMPRESS);
	assert_int_equal(plant.actions.heat, HEAT_OFF);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
}

/* What was locked for a hazard stays so in every phase that would regulate. */
static void test_locked_is_locked_in_every_phase(void **unused)
{
	static const enum phase phases[] = {PHASE_COMPRESS,   PHASE_HEAT, PHASE_ISOTHERM, PHASE_COOL,
					    PHASE_DECOMPRESS, PHASE_HOLD, PHASE_ABORTING};

	(void)unused;
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		for (int locked = 0; locked <= 1; locked++) {
			struct plant plant;

			plant_put(&plant, phases[i]);
			plant.machine.private_state.safe_hold = locked;
			plant.auto_durable = false;
			if (phases[i] == PHASE_DECOMPRESS)
				plant.machine.private_state.waiting_intent = 9;
			plant_tick(&plant);
			assert_int_equal(plant.actions.press, locked ? PRESS_LOCK : PRESS_REGULATE);
		}
}

/* HANDED_OVER: the panel has the press once LOCK (or local) and output 0 were both read back, fresh. */
static bool locked, local;
static double output_pct, output_age_s;

static void panel(struct plant *plant)
{
	plant->in.press_locked = locked;
	plant->in.press_local = local;
	plant->in.furnace_output_pct.value = output_pct;
	plant->in.furnace_output_pct.t_lab_s -= output_age_s;
}

static void test_when_the_panel_has_the_press(void **unused)
{
	static const struct {
		bool locked, local;
		double output_pct, age_s;
		bool has;
	} cases[] = {{true, false, 0, 0, true},  {false, true, 0, 0, true},  {false, false, 0, 0, false},
		     {true, false, 5, 0, false}, {true, false, 0, 5, false}, {false, true, 5, 0, false}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;

		plant_put(&plant, PHASE_ISOTHERM);
		plant_tick(&plant);
		assert_int_equal(plant_verb(&plant, VERB_HANDOVER), ANSWER_DONE);
		locked = cases[i].locked;
		local = cases[i].local;
		output_pct = cases[i].output_pct;
		output_age_s = cases[i].age_s;
		plant.spoil = panel;
		plant_run(&plant, 1);
		assert_int_equal(plant.actions.press, cases[i].has ? PRESS_OBSERVE : PRESS_LOCK);
		assert_int_equal(plant.actions.heat, cases[i].has ? HEAT_OBSERVE : HEAT_OFF);
	}
}

static void test_a_handover_needs_a_reason(void **unused)
{
	static const char *const reasons[] = {NULL, "", "the gasket leaks"};

	(void)unused;
	for (int i = 0; i < 3; i++) {
		struct event event = {.kind = EVENT_VERB,
				      .verb = VERB_HANDOVER,
				      .role = ROLE_SUPERVISOR,
				      .text = reasons[i]};
		struct plant plant;

		plant_put(&plant, PHASE_HOLD);
		assert_int_equal(plant_event(&plant, &event), i < 2 ? ANSWER_REFUSED : ANSWER_DONE);
		assert_int_equal(plant.machine.phase, i < 2 ? PHASE_HOLD : PHASE_HANDED_OVER);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_an_abort_waits_for),
		cmocka_unit_test(test_a_release_that_stands),
		cmocka_unit_test(test_an_abort_ends_cold),
		cmocka_unit_test(test_cooling_that_is_not_followed_ends_with_the_heater_off),
		cmocka_unit_test(test_noise_keeps_no_heater_on_in_an_abort),
		cmocka_unit_test(test_an_abort_counts_its_own_time),
		cmocka_unit_test(test_a_thaw_without_a_pressure),
		cmocka_unit_test(test_a_frozen_abort_is_told),
		cmocka_unit_test(test_an_abort_before_the_run),
		cmocka_unit_test(test_no_foreign_pressure_from_a_stale_reading),
		cmocka_unit_test(test_a_trip_of_a_hold_keeps_its_way_back),
		cmocka_unit_test(test_a_pause_before_the_release),
		cmocka_unit_test(test_locked_is_locked_in_every_phase),
		cmocka_unit_test(test_when_the_panel_has_the_press),
		cmocka_unit_test(test_a_handover_needs_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
