/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each segment waits for before it moves on, and what it does with a reading that is not there. */
#include "plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "protocol/machine_step.h"

static void p_stale(struct plant *plant)
{
	plant->in.pressure_gpa.t_lab_s -= 5;
}

/* COMPRESS ends in the band, not above it and not below. */
static void test_compress_ends_in_the_band(void **unused)
{
	static const struct {
		double off_gpa;
		bool heats;
	} cases[] = {{0, true}, {0.049, true}, {0.051, false}, {-0.049, true}, {-0.051, false}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;

		plant_put(&plant, PHASE_COMPRESS);
		plant.pressure_gpa = 7 + cases[i].off_gpa;
		plant.freeze_process = true;
		plant_run(&plant, 1);
		assert_int_equal(plant.machine.phase, cases[i].heats ? PHASE_HEAT : PHASE_COMPRESS);
	}
}

/* HEAT waits for a furnace that trails and for a pressure that left its band; the protocol's clock with it.
 */
static void test_heat_waits(void **unused)
{
	static const struct {
		double behind_k, off_gpa;
		bool waits;
	} cases[] = {{4.9, 0, false}, {5.1, 0, true}, {0, 0.051, true}, {0, -0.051, true}, {4, 0.04, false}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;
		double run_s;

		plant_put(&plant, PHASE_HEAT);
		plant.machine.setpoint_k = plant.temperature_k + cases[i].behind_k;
		plant.pressure_gpa += cases[i].off_gpa;
		plant.freeze_process = true;
		plant_tick(&plant);
		run_s = plant.machine.run_s;
		plant_tick(&plant);
		assert_true(plant.machine.holdback == cases[i].waits);
		if (cases[i].waits)
			assert_float_equal(plant.machine.run_s, run_s, 1e-12);
		else
			assert_float_equal(plant.machine.run_s, run_s + PLANT_TICK_S, 1e-9);
	}
}

/* A release that begins while P is not known keeps its setpoint, which stands until P is. */
static void test_a_release_begins_at_the_measured(void **unused)
{
	(void)unused;
	for (int fresh = 0; fresh <= 1; fresh++) {
		struct plant plant;

		plant_put(&plant, PHASE_COOL);
		plant.machine.setpoint_k = plant.temperature_k = PLANT_AMBIENT_K;
		plant.plan.limits.stale_hold_s = 60;
		plant_run(&plant, 50);
		assert_int_equal(plant.machine.phase, PHASE_COOL);
		plant.freeze_process = true;
		plant.pressure_gpa = 7.03;
		plant.spoil = fresh ? NULL : p_stale;
		assert_true(plant_run_to(&plant, PHASE_DECOMPRESS, 30));
		assert_float_equal(plant.machine.setpoint_gpa, fresh ? 7.03 : 7, 1e-9);
		plant_run(&plant, 5);
		assert_int_equal(plant.machine.phase, PHASE_DECOMPRESS);
		assert_true(fresh ==
			    (plant.machine.setpoint_gpa < 7.03 - 1e-6 && plant.machine.setpoint_gpa > 7));
		if (!fresh)
			assert_float_equal(plant.machine.setpoint_gpa, 7, 1e-9);
	}
}

/* A run that lost its pressure while cold compresses again, and the soak that it has served keeps its credit.
 */
static void test_a_soak_keeps_its_credit(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_ISOTHERM);
	plant_run(&plant, 20);
	plant.machine.soak_s = 500;
	assert_int_equal(plant_verb(&plant, VERB_HOLD), ANSWER_DONE);
	plant.machine.private_state.heater_off = plant.machine.private_state.safe_hold = true;
	plant_tick(&plant);
	plant.plan.limits.jump_k_per_s = 1e9;
	plant.pressure_gpa = 6;
	plant.temperature_k = PLANT_AMBIENT_K;
	plant.plan.limits.loss_rate_gpa_per_s = 1e9;
	plant_run(&plant, 2);
	assert_int_equal(plant.machine.phase, PHASE_HOLD);
	assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_PENDING);
	assert_true(plant_run_to(&plant, PHASE_COMPRESS, 5));
	assert_true(plant.machine.setpoint_gpa < 6.1);
	assert_true(plant_run_to(&plant, PHASE_ISOTHERM, 3000));
	assert_float_equal(plant.machine.soak_s, 500, 1e-9);
	assert_true(plant.machine.soak_started_lab_s >= 0);
	assert_true(plant_run_to(&plant, PHASE_COOL, 130));
}

/* A cold run soaks where it is; its end waits for the dwell, and at 1 atm for the press at ambient. */
static void put_cold(struct plant *plant, bool reference)
{
	plant_init(plant, 0, PLANT_AMBIENT_K);
	plant->plan.loading = LOADING_AUTOMATIC;
	plant->plan.temperature_k = 300;
	plant->plan.isotherm_s = 30;
	plant->plan.limits.release_dwell_s = 600;
	plant->plan.limits.done_dwell_s = 300;
	plant->plan.reference = reference;
	plant->plan.pressure_gpa = reference ? PLAN_ATM_GPA : 0.5;
	plant_start(plant);
}

static void test_a_cold_reference(void **unused)
{
	struct plant plant;

	(void)unused;
	put_cold(&plant, true);
	assert_true(plant_run_to(&plant, PHASE_ISOTHERM, 10));
	assert_true(plant.machine.cold_run);
	assert_non_null(strstr(plant.machine.cause, "cold reference"));
	plant_run(&plant, 500);
	assert_int_equal(plant.machine.phase, PHASE_ISOTHERM); /* served, and the dwell is not */
	assert_true(plant.machine.soak_s >= 30);
	assert_int_equal(plant.actions.heat, HEAT_OFF);
	assert_true(plant_run_to(&plant, PHASE_DONE, 200));
	assert_int_equal(plant.machine.outcome, OUTCOME_COMPLETED);
	/* A press that is not at ambient is not completed with. */
	put_cold(&plant, true);
	assert_true(plant_run_to(&plant, PHASE_ISOTHERM, 10));
	plant.pressure_gpa = 0.3;
	plant.freeze_process = true;
	plant_run(&plant, 1000);
	assert_int_equal(plant.machine.phase, PHASE_ISOTHERM);
	plant.pressure_gpa = 0;
	plant_run(&plant, 290);
	assert_int_equal(plant.machine.phase, PHASE_ISOTHERM);
	plant_run(&plant, 20);
	assert_int_equal(plant.machine.outcome, OUTCOME_COMPLETED);
}

static void test_a_cold_run_releases_after_its_dwell(void **unused)
{
	struct plant plant;

	(void)unused;
	put_cold(&plant, false);
	assert_true(plant_run_to(&plant, PHASE_ISOTHERM, 200));
	assert_true(plant.machine.cold_run);
	plant_run(&plant, 100);
	assert_int_equal(plant.machine.phase, PHASE_ISOTHERM);
	assert_true(plant_run_to(&plant, PHASE_DECOMPRESS, 600));
	assert_true(plant.now >= 1000 + 600);
	assert_true(plant_run_to(&plant, PHASE_DONE, 900));
	assert_int_equal(plant.machine.outcome, OUTCOME_COMPLETED);
}

/* COOL of a reference ends with the press at ambient; of any run with every trusted sensor cold. */
static void second_is_hot(struct plant *plant)
{
	plant->in.temperature2_k = plant->in.temperature_k;
	plant->in.temperature2_k.value = 309;
}

static void second_is_old(struct plant *plant)
{
	plant->in.temperature2_k = plant->in.temperature_k;
	plant->in.temperature2_k.t_lab_s -= 5;
}

static void second_agrees(struct plant *plant)
{
	plant->in.temperature2_k = plant->in.temperature_k;
}

/* 300 K, were the correction right that takes 9 K off. */
static void second_may_be_hot(struct plant *plant)
{
	second_agrees(plant);
	plant->in.temperature2_k.value = 300;
	plant->in.temperature2_margin_k = 9;
}

static void second_is_sure(struct plant *plant)
{
	second_may_be_hot(plant);
	plant->in.temperature2_margin_k = 7;
}

static void room_unread(struct plant *plant)
{
	plant->in.ambient_k.value = NAN;
}

static void test_what_cool_waits_for(void **unused)
{
	static const struct {
		void (*spoil)(struct plant *plant);
		bool releases;
	} cases[] = {{NULL, true},           {second_agrees, true},      {second_is_hot, false},
		     {second_is_old, false}, {second_may_be_hot, false}, {second_is_sure, true},
		     {room_unread, true}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;

		plant_put(&plant, PHASE_COOL);
		plant.machine.setpoint_k = plant.temperature_k = PLANT_AMBIENT_K;
		plant.spoil = cases[i].spoil;
		plant_run(&plant, 90);
		assert_int_equal(plant.machine.phase, cases[i].releases ? PHASE_DECOMPRESS : PHASE_COOL);
	}
}

static void test_a_reference_ends_at_ambient(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_COOL);
	plant.plan.reference = true;
	plant.machine.setpoint_k = plant.temperature_k = PLANT_AMBIENT_K;
	plant.pressure_gpa = 0.3;
	plant_run(&plant, 200);
	assert_int_equal(plant.machine.phase, PHASE_COOL);
	plant.pressure_gpa = 0;
	plant_run(&plant, 59);
	assert_int_equal(plant.machine.phase, PHASE_COOL);
	plant_run(&plant, 3);
	assert_int_equal(plant.machine.outcome, OUTCOME_COMPLETED);
}

/* A permit rests on a reading that is young, even where an older one is still fresh. */
static double age_s;

static void aged(struct plant *plant)
{
	plant->in.temperature_k.t_lab_s -= age_s;
}

static void test_a_permit_rests_on_a_young_reading(void **unused)
{
	static const double ages_s[] = {0, 0.5, 0.75};

	(void)unused;
	for (int i = 0; i < 3; i++) {
		struct plant plant;

		plant_put(&plant, PHASE_DECOMPRESS);
		plant.plan.limits.permit_age_s = 0.5 + 1e-9;
		age_s = ages_s[i];
		plant.spoil = aged;
		plant_run(&plant, 90);
		assert_int_equal(plant.machine.phase, PHASE_DECOMPRESS);
		assert_int_equal(plant.actions.permit.granted, i < 2);
		assert_true((plant.machine.setpoint_gpa < 7) == (i < 2));
	}
}

/* A number that is none is not read, whatever its quality says. */
static void not_a_number(struct plant *plant)
{
	plant->in.temperature_k.value = NAN;
}

static void test_nan_is_no_reading(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_DECOMPRESS);
	plant_run(&plant, 70);
	assert_true(plant.actions.permit.granted);
	plant.spoil = not_a_number;
	plant_tick(&plant);
	assert_false(plant.actions.permit.granted);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
}

/* The room warmed up after the start: what cannot be released is not begun. */
static void test_preflight_checks_the_plan_again(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_init(&plant, 0, PLANT_AMBIENT_K);
	plant.plan.loading = LOADING_AUTOMATIC;
	plant_start(&plant);
	plant.plan.limits.protocol_pressure_gpa = 5;
	plant_run(&plant, 30);
	assert_int_equal(plant.machine.phase, PHASE_PREFLIGHT);
	assert_non_null(strstr(plant.machine.cause, "densification.pressure"));
	plant.plan.limits.protocol_pressure_gpa = 7;
	assert_true(plant_run_to(&plant, PHASE_COMPRESS, 5));
}

/* A resume whose journal entry cannot be written is dropped, told, and the run stays held. */
static void test_a_resume_without_a_journal(void **unused)
{
	static const enum phase phases[] = {PHASE_HOLD, PHASE_RECOVERY_WAIT};

	(void)unused;
	for (int i = 0; i < 2; i++) {
		struct plant plant;

		plant_put(&plant, phases[i]);
		plant.auto_durable = false;
		plant_tick(&plant);
		assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_PENDING);
		plant_run(&plant, 1);
		assert_true(plant.machine.private_state.waiting_intent != 0);
		plant.in.store_ok = false;
		plant_tick(&plant);
		assert_true(plant.machine.private_state.waiting_intent == 0);
		assert_int_equal(plant.machine.phase, phases[i]);
		assert_int_equal(plant.actions.note_count, 1);
		assert_non_null(strstr(plant.actions.notes[0].text, "could not record the resume"));
		/* What becomes durable after that resumes nothing. */
		plant.in.store_ok = true;
		plant_event(&plant, &(struct event){.kind = EVENT_DURABLE, .intent = plant.pending_intent});
		assert_int_equal(plant.machine.phase, phases[i]);
	}
}

/* Only what is waited for counts as durable. */
static void test_an_older_intent_starts_nothing(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_init(&plant, 0, PLANT_AMBIENT_K);
	plant.plan.loading = LOADING_AUTOMATIC;
	plant.auto_durable = false;
	plant_start(&plant);
	assert_true(plant_run_to(&plant, PHASE_COMPRESS, 10));
	plant_event(&plant, &(struct event){.kind = EVENT_DURABLE, .intent = plant.pending_intent - 1});
	plant_tick(&plant);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
	plant_event(&plant, &(struct event){.kind = EVENT_DURABLE, .intent = plant.pending_intent});
	plant_tick(&plant);
	assert_int_equal(plant.actions.press, PRESS_REGULATE);
}

/* Where the caller has no numbering the intents begin at 1. */
static void test_intents_are_numbered_from_one(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_HEAT);
	plant.machine.next_intent = 0;
	assert_int_equal(plant_verb(&plant, VERB_HOLD), ANSWER_DONE);
	assert_int_equal(plant.actions.intent.number, 1);
	assert_int_equal(plant.machine.next_intent, 2);
}

/* A step holds as many notes as it has room for; a phase that changes then spoils none of them. */
static void test_notes_that_find_no_room(void **unused)
{
	static struct plant plant;
	static struct machine next;
	static struct actions actions;
	static struct step step;

	(void)unused;
	plant_put(&plant, PHASE_HEAT);
	step_begin(&step, &plant.plan, &plant.machine,
		   &(struct event){.kind = EVENT_TICK, .t_lab_s = plant.now, .inputs = &plant.in}, &next,
		   &actions);
	for (int i = 0; i < MACHINE_NOTES + 3; i++)
		step_note(&step, NOTE_INFO, ALARM_NONE, "note %d", i);
	step_enter(&step, PHASE_HOLD, "held");
	assert_int_equal(actions.note_count, MACHINE_NOTES);
	assert_string_equal(actions.notes[MACHINE_NOTES - 1].text, "note 15");
	assert_int_equal(actions.notes[MACHINE_NOTES - 1].to, PHASE_HEAT);
	assert_int_equal(next.phase, PHASE_HOLD);
	assert_string_equal(next.cause, "held");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compress_ends_in_the_band),
		cmocka_unit_test(test_heat_waits),
		cmocka_unit_test(test_a_release_begins_at_the_measured),
		cmocka_unit_test(test_a_soak_keeps_its_credit),
		cmocka_unit_test(test_a_cold_reference),
		cmocka_unit_test(test_a_cold_run_releases_after_its_dwell),
		cmocka_unit_test(test_what_cool_waits_for),
		cmocka_unit_test(test_a_reference_ends_at_ambient),
		cmocka_unit_test(test_a_permit_rests_on_a_young_reading),
		cmocka_unit_test(test_nan_is_no_reading),
		cmocka_unit_test(test_preflight_checks_the_plan_again),
		cmocka_unit_test(test_a_resume_without_a_journal),
		cmocka_unit_test(test_an_older_intent_starts_nothing),
		cmocka_unit_test(test_intents_are_numbered_from_one),
		cmocka_unit_test(test_notes_that_find_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
