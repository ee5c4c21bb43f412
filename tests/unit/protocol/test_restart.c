/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a restart makes of a state: which pressure setpoint it adopts, what may be resumed after it, which
 * first cause a latched trip keeps, and what a new boot takes away. Which row decides: test_recovery.c.
 */
#include "plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

static void recover(struct plant *plant, enum recovery_action action, double pressure_gpa)
{
	struct recovery_decision decision = {.row = 21,
					     .action = (uint8_t)action,
					     .text = "restart",
					     .pressure_gpa = pressure_gpa,
					     .temperature_k = 643};

	plant_event(plant, &(struct event){.kind = EVENT_RECOVER, .recovery = &decision});
}

/* The device's own setpoint, never below what is measured; what is not known does not count. */
static void test_the_setpoint_a_restart_adopts(void **unused)
{
	static const struct {
		double device_gpa, device_age_s, measured_gpa, expected_gpa;
	} cases[] = {{7.5, 0, 7, 7.5},   {6, 0, 7, 7},         {7.5, 5, 7, 7},    {7.5, 0, NAN, 7.5},
		     {7.5, 5, NAN, 7.2}, {7.5, 0, -0.01, 7.5}, {7.5, 5, -0.01, 0}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;

		plant_put(&plant, PHASE_COMPRESS);
		plant.machine.setpoint_gpa = 7.2;
		plant.in.pressure_setpoint_gpa.value = cases[i].device_gpa;
		plant.in.pressure_setpoint_gpa.t_lab_s -= cases[i].device_age_s;
		/* An empty press: nothing that a lower setpoint could release. */
		if (cases[i].measured_gpa < 0)
			plant.in.pressure_gpa.value = 0;
		recover(&plant, RECOVER_HOLD, cases[i].measured_gpa);
		assert_float_equal(plant.machine.setpoint_gpa, cases[i].expected_gpa, 1e-12);
	}
}

/* Row 1 in the last place: the device holds less than before, P is not known. densd keeps what it held. */
static void test_an_unproven_lower_setpoint_goes_back_up(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_COMPRESS);
	plant.in.pressure_setpoint_gpa.value = 3;
	plant.in.pressure_gpa.t_lab_s -= 5;
	recover(&plant, RECOVER_HOLD, NAN);
	assert_int_equal(plant.actions.press, PRESS_REGULATE);
	assert_float_equal(plant.actions.setpoint_gpa, 7, 1e-12);
	assert_int_equal(plant.alarms_raised[ALARM_RELEASE_REFUSED], 1);
	assert_false(plant.actions.permit.granted);
}

/* What the row was decided on is not what is read now: the pressure that is read counts. */
static void test_a_lower_setpoint_than_is_read_goes_back_up(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_COMPRESS);
	plant.in.pressure_setpoint_gpa.value = 5;
	recover(&plant, RECOVER_HOLD, 5);
	assert_float_equal(plant.actions.setpoint_gpa, 7, 1e-12);
	assert_int_equal(plant.alarms_raised[ALARM_RELEASE_REFUSED], 1);
	/* An empty press has nothing to release. */
	plant_put(&plant, PHASE_COMPRESS);
	plant.in.pressure_setpoint_gpa.value = 5;
	plant.in.pressure_gpa.value = 0;
	recover(&plant, RECOVER_HOLD, 0);
	assert_float_equal(plant.actions.setpoint_gpa, 5, 1e-12);
	assert_int_equal(plant.alarms_raised[ALARM_RELEASE_REFUSED], 0);
}

/* Without a pressure and without the device's setpoint there is nothing to adopt: LOCK. With either:
 * REGULATE. */
static void test_nothing_read_is_locked(void **unused)
{
	(void)unused;
	for (int known = 0; known < 4; known++) {
		struct plant plant;

		plant_put(&plant, PHASE_HEAT);
		plant.in.pressure_gpa.t_lab_s -= known & 1 ? 0 : 5;
		plant.in.pressure_setpoint_gpa.t_lab_s -= known & 2 ? 0 : 5;
		recover(&plant, RECOVER_ADOPT_WAIT, known & 1 ? 7 : NAN);
		assert_int_equal(plant.machine.phase, PHASE_RECOVERY_WAIT);
		assert_int_equal(plant.actions.press, known ? PRESS_REGULATE : PRESS_LOCK);
		assert_int_equal(plant.actions.heat, HEAT_OFF);
	}
}

/* RESUME is offered for what stood in a programme, had not ended and could have been resumed before. */
static void test_what_a_restart_leaves_to_resume(void **unused)
{
	static const struct {
		enum phase phase, resume_phase;
		enum outcome ending;
		bool offered, expected;
	} cases[] = {
		{PHASE_HEAT, PHASE_IDLE, OUTCOME_NONE, true, true},
		{PHASE_HEAT, PHASE_IDLE, OUTCOME_NONE, false, false},
		{PHASE_HEAT, PHASE_IDLE, OUTCOME_FAILED, true, false},
		{PHASE_DECOMPRESS, PHASE_IDLE, OUTCOME_NONE, true, false},
		{PHASE_PREFLIGHT, PHASE_IDLE, OUTCOME_NONE, true, false},
		{PHASE_IDLE, PHASE_HEAT, OUTCOME_NONE, true, false},
		{PHASE_DONE, PHASE_HEAT, OUTCOME_NONE, true, false},
		{PHASE_HOLD, PHASE_ISOTHERM, OUTCOME_NONE, true, true},
		{PHASE_RECOVERY_WAIT, PHASE_COOL, OUTCOME_NONE, true, true},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;

		plant_put(&plant, cases[i].phase);
		plant.machine.resume_phase = (uint8_t)cases[i].resume_phase;
		plant.machine.private_state.ending = (uint8_t)cases[i].ending;
		plant.machine.private_state.resume_offered = cases[i].offered;
		recover(&plant, RECOVER_S_HOLD_WAIT, 7);
		plant_tick(&plant);
		assert_int_equal(plant_verb(&plant, VERB_RESUME),
				 cases[i].expected ? ANSWER_PENDING : ANSWER_REFUSED);
	}
}

/* A cell that cooled and stayed comes back to the phase it was cooled from, whatever waits in between. */
static void test_a_stay_remembers_where_it_came_from(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_ISOTHERM);
	plant_tick(&plant);
	assert_int_equal(plant_verb(&plant, VERB_COOL), ANSWER_DONE);
	assert_int_equal(plant.machine.phase, PHASE_COOL);
	recover(&plant, RECOVER_S_HOLD_WAIT, 7);
	assert_int_equal(plant.machine.phase, PHASE_RECOVERY_WAIT);
	assert_int_equal(plant.machine.resume_phase, PHASE_ISOTHERM);
}

/* A hold without a way back has none after a restart; a segment has, for what R15 and R20 offer. */
static void test_a_hold_offers_what_it_offered(void **unused)
{
	static const enum recovery_action actions[] = {RECOVER_HOLD, RECOVER_COOL_OFFER};

	(void)unused;
	for (int i = 0; i < 8; i++) {
		bool held = i & 1, offered = i & 2;
		struct plant plant;

		plant_put(&plant, held ? PHASE_HOLD : PHASE_HEAT);
		plant.machine.private_state.resume_offered = offered;
		recover(&plant, actions[i / 4], 7);
		plant_tick(&plant);
		assert_int_equal(plant_verb(&plant, VERB_RESUME),
				 held && !offered ? ANSWER_REFUSED : ANSWER_PENDING);
	}
}

/* The first cause stays, a failed run stays failed. */
static void test_a_latch_keeps_its_cause(void **unused)
{
	(void)unused;
	for (int i = 0; i < 4; i++) {
		bool caused = i & 1, failed = i & 2;
		struct plant plant;

		plant_put(&plant, PHASE_TRIPPED);
		plant.machine.first_cause = caused ? ALARM_WELDED_RELAY : ALARM_NONE;
		plant.machine.private_state.ending = failed ? OUTCOME_FAILED : OUTCOME_NONE;
		recover(&plant, RECOVER_S_HOLD_LATCHED, 7);
		assert_true(plant.machine.latched);
		assert_int_equal(plant.machine.first_cause, caused ? ALARM_WELDED_RELAY : ALARM_RESTARTED);
		assert_int_equal(plant.machine.private_state.ending,
				 failed ? OUTCOME_FAILED : OUTCOME_TRIPPED);
	}
}

/* R14 goes on from what is fresh; what is not keeps its setpoint, and nothing is lower than before. */
static void test_going_on_without_a_reading(void **unused)
{
	(void)unused;
	for (int i = 0; i < 4; i++) {
		bool t = i & 1, p = i & 2;
		struct plant plant;

		plant_put(&plant, PHASE_HEAT);
		plant.in.temperature_k.value = 500;
		plant.in.temperature_k.t_lab_s -= t ? 0 : 5;
		plant.in.pressure_gpa.value = 7.02;
		plant.in.pressure_gpa.t_lab_s -= p ? 0 : 5;
		recover(&plant, RECOVER_CONTINUE, 7.02);
		assert_int_equal(plant.machine.phase, PHASE_HEAT);
		assert_float_equal(plant.machine.setpoint_k, t ? 500 : PLANT_AMBIENT_K, 1e-12);
		assert_float_equal(plant.machine.setpoint_gpa, p ? 7.02 : 7, 1e-12);
		assert_int_equal(plant.actions.heat, HEAT_OFF); /* until its intent is durable */
	}
}

static void test_cooling_on_without_a_reading(void **unused)
{
	(void)unused;
	for (int fresh = 0; fresh <= 1; fresh++) {
		struct plant plant;

		plant_put(&plant, PHASE_COOL);
		plant.in.temperature_k.value = 500;
		plant.in.temperature_k.t_lab_s -= fresh ? 0 : 5;
		recover(&plant, RECOVER_COOL, 7);
		assert_int_equal(plant.machine.phase, PHASE_COOL);
		assert_float_equal(plant.machine.setpoint_k, fresh ? 500 : 643, 1e-12);
	}
}

/* A release needs no heater, and a heater that was off stays off. */
static void test_cooling_on_keeps_the_heater_off(void **unused)
{
	(void)unused;
	for (int i = 0; i < 4; i++) {
		bool was_off = i & 1, release = i & 2;
		struct plant plant;

		plant_put(&plant, PHASE_COOL);
		plant.machine.private_state.heater_off = was_off;
		recover(&plant, release ? RECOVER_DWELL_RELEASE : RECOVER_COOL, 7);
		assert_int_equal(plant.actions.heat, was_off || release ? HEAT_OFF : HEAT_CONTROL);
	}
}

/* After a new boot the lab clock is another one: an end of the offer that lies too far ahead is none. */
static void test_an_offer_does_not_outlive_its_clock(void **unused)
{
	static const struct {
		double until_s; /* from now */
		bool ends, offered;
	} cases[] = {{300, true, true}, {600, true, true}, {601, true, false}, {100000, false, true}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;

		plant_put(&plant, PHASE_ISOTHERM);
		plant_tick(&plant);
		recover(&plant, RECOVER_COOL_OFFER, 7);
		plant.machine.private_state.offer_ends = cases[i].ends;
		plant.machine.private_state.resume_offer_until_lab_s = plant.now + cases[i].until_s;
		recover(&plant, RECOVER_COOL, 7);
		plant_tick(&plant);
		assert_int_equal(plant_verb(&plant, VERB_RESUME),
				 cases[i].offered ? ANSWER_PENDING : ANSWER_REFUSED);
	}
}

/* R4: idle, and the operator is told that the journal was lost; a run that is done stays so. */
static void test_idle_after_a_lost_journal(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_IDLE);
	recover(&plant, RECOVER_IDLE_ALARM, 0);
	assert_int_equal(plant.machine.phase, PHASE_IDLE);
	assert_int_equal(plant.alarms_raised[ALARM_STORE_CORRUPT], 1);
	plant_put(&plant, PHASE_DONE);
	plant.machine.outcome = OUTCOME_COMPLETED;
	recover(&plant, RECOVER_IDLE, 0);
	assert_int_equal(plant.machine.phase, PHASE_DONE);
	assert_int_equal(plant.machine.outcome, OUTCOME_COMPLETED);
	assert_int_equal(plant.alarms_raised[ALARM_STORE_CORRUPT], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_setpoint_a_restart_adopts),
		cmocka_unit_test(test_an_unproven_lower_setpoint_goes_back_up),
		cmocka_unit_test(test_a_lower_setpoint_than_is_read_goes_back_up),
		cmocka_unit_test(test_nothing_read_is_locked),
		cmocka_unit_test(test_what_a_restart_leaves_to_resume),
		cmocka_unit_test(test_a_stay_remembers_where_it_came_from),
		cmocka_unit_test(test_a_hold_offers_what_it_offered),
		cmocka_unit_test(test_a_latch_keeps_its_cause),
		cmocka_unit_test(test_going_on_without_a_reading),
		cmocka_unit_test(test_cooling_on_without_a_reading),
		cmocka_unit_test(test_cooling_on_keeps_the_heater_off),
		cmocka_unit_test(test_an_offer_does_not_outlive_its_clock),
		cmocka_unit_test(test_idle_after_a_lost_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
