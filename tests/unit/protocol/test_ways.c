/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ways around a rule that the exhaustive search (tests/search) found: each is closed, and stays so. */
#include "plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "protocol/scan_steps.h"

static void recover(struct plant *plant, enum recovery_action action)
{
	struct recovery_decision decision = {.row = 21,
					     .action = (uint8_t)action,
					     .text = "restart",
					     .pressure_gpa = 7,
					     .temperature_k = 643};

	plant_event(plant, &(struct event){.kind = EVENT_RECOVER, .recovery = &decision});
}

/* The press stands at 7 GPa, hot, and holds a lower setpoint: a release that was stopped. */
static void test_no_restart_begins_with_a_release(void **state)
{
	static const struct {
		enum phase phase;
		enum recovery_action action;
	} cases[] = {
		{PHASE_RECOVERY_WAIT, RECOVER_ADOPT_WAIT},
		{PHASE_ISOTHERM, RECOVER_COOL_OFFER},
		{PHASE_COMPRESS, RECOVER_HOLD},
		{PHASE_HOLD, RECOVER_HOLD},
		{PHASE_ABORTING, RECOVER_COOL},
		{PHASE_COOL, RECOVER_COOL},
		{PHASE_COOL, RECOVER_DWELL_RELEASE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;

		plant_put(&plant, cases[i].phase);
		plant.machine.setpoint_gpa = 3;
		plant.in.pressure_setpoint_gpa.value = 3;
		recover(&plant, cases[i].action);
		assert_int_equal(plant.actions.press, PRESS_REGULATE);
		assert_float_equal(plant.actions.setpoint_gpa, 7, 1e-9);
	}
}

/* R1 writes nothing. COOL after it does not begin to regulate at a setpoint of before. */
static void test_cool_after_no_writes_stays_locked(void **state)
{
	struct plant plant;

	(void)state;
	plant_put(&plant, PHASE_ISOTHERM);
	recover(&plant, RECOVER_NO_WRITES);
	assert_int_equal(plant.actions.press, PRESS_OBSERVE);
	assert_int_equal(plant_verb(&plant, VERB_COOL), ANSWER_DONE);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
	plant_run(&plant, 1);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
}

/* A hazard froze an abort and the press was locked, above its setpoint: it does not go on with a release. */
static void test_a_thawed_abort_does_not_release(void **state)
{
	struct plant plant;

	(void)state;
	plant_put(&plant, PHASE_ABORTING);
	plant.machine.private_state.frozen = true;
	plant.machine.setpoint_gpa = 6.95;
	plant_run(&plant, 59);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
	plant_run(&plant, 2);
	assert_int_equal(plant.actions.press, PRESS_REGULATE);
	assert_float_equal(plant.actions.setpoint_gpa, 7, 1e-6);
}

/* The host slept for two minutes. It was cold before and is cold after: that is no dwell. */
static void test_a_late_tick_serves_no_dwell(void **state)
{
	struct plant plant;

	(void)state;
	plant_put(&plant, PHASE_DECOMPRESS);
	plant.temperature_k = PLANT_AMBIENT_K;
	plant_run(&plant, 1);
	plant.now += 120;
	plant_run(&plant, 59);
	assert_false(plant.actions.permit.granted);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
	plant_run(&plant, 2);
	assert_true(plant.actions.permit.granted);
}

/* COMPRESS waits for its intent and the press is locked. A hold or an abort does not unlock it. */
static void test_no_way_around_the_intent(void **state)
{
	static const enum verb verbs[] = {VERB_HOLD, VERB_ABORT};

	(void)state;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		struct plant plant;

		plant_init(&plant, 0, PLANT_AMBIENT_K);
		plant.auto_durable = false;
		plant_start(&plant);
		assert_true(plant_run_to(&plant, PHASE_COMPRESS, 10));
		assert_int_equal(plant.actions.press, PRESS_LOCK);
		assert_int_equal(plant_verb(&plant, verbs[i]), ANSWER_DONE);
		assert_int_equal(plant.actions.press, PRESS_LOCK);
		plant_run(&plant, 1);
		assert_int_equal(plant.actions.press, PRESS_LOCK);
	}
}

/* R3: the journal is lost, and the plan with it. COOL, then ABORT: no dead end. */
static void test_cool_without_a_plan_can_be_aborted(void **state)
{
	static const enum verb verbs[] = {VERB_COOL, VERB_ABORT};
	struct machine next;
	struct actions actions;
	struct plant plant;

	(void)state;
	plant_put(&plant, PHASE_IDLE);
	recover(&plant, RECOVER_ADOPT_WAIT);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		struct event event = {.kind = EVENT_VERB,
				      .verb = verbs[i],
				      .role = ROLE_OPERATOR,
				      .t_lab_s = plant.now,
				      .inputs = &plant.in};

		assert_int_equal(machine_step(NULL, &plant.machine, &event, &next, &actions), 0);
		plant.machine = next;
	}
	assert_int_equal(plant.machine.phase, PHASE_ABORTING);
}

/* R3 with a press that was not read: there is no setpoint to adopt, so it is locked. */
static void test_an_unread_setpoint_is_not_adopted(void **state)
{
	struct plant plant;

	(void)state;
	plant_put(&plant, PHASE_IDLE);
	plant.in.pressure_gpa.quality = plant.in.pressure_setpoint_gpa.quality = QUALITY_NONE;
	recover(&plant, RECOVER_ADOPT_WAIT);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
	plant_tick(&plant);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
}

/* At rest, but not cold: "complete: cold, and at ambient pressure" is not the word for it yet. */
static void test_completed_is_cold(void **state)
{
	struct plant plant;

	(void)state;
	plant_put(&plant, PHASE_DECOMPRESS);
	plant.pressure_gpa = plant.machine.setpoint_gpa = 0;
	plant.temperature_k = 309;
	plant.freeze_process = true;
	plant_run(&plant, 100);
	assert_int_equal(plant.machine.phase, PHASE_DECOMPRESS);
	plant.temperature_k = 307;
	assert_true(plant_run_to(&plant, PHASE_DONE, 70));
	assert_int_equal(plant.machine.outcome, OUTCOME_COMPLETED);
}

static void overheat(struct plant *plant)
{
	plant->in.temperature_k.value = 700;
}

static void trip_and_reset(struct plant *plant)
{
	plant->spoil = overheat;
	plant_tick(plant);
	assert_int_equal(plant->machine.phase, PHASE_TRIPPED);
	plant->spoil = NULL;
	plant_run(plant, 5);
	assert_int_equal(plant_verb(plant, VERB_ACK), ANSWER_DONE);
	assert_int_equal(plant_verb(plant, VERB_RESET), ANSWER_DONE);
	assert_int_equal(plant->machine.phase, PHASE_HOLD);
}

/* ABORT is undone by nothing: no trip after it, no reset, no restart brings the programme back. */
static void test_nothing_undoes_an_abort(void **state)
{
	struct plant plant;

	(void)state;
	plant_put(&plant, PHASE_ISOTHERM);
	plant.plan.resume_after_trip = true;
	assert_int_equal(plant_verb(&plant, VERB_ABORT), ANSWER_DONE);
	trip_and_reset(&plant);
	assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_REFUSED);
	recover(&plant, RECOVER_HOLD);
	assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_REFUSED);
	recover(&plant, RECOVER_COOL_OFFER);
	assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_REFUSED);
}

/* A trip without an abort before it may be resumed where the protocol says so. */
static void test_a_trip_alone_may_be_resumed(void **state)
{
	struct plant plant;

	(void)state;
	plant_put(&plant, PHASE_ISOTHERM);
	plant.plan.resume_after_trip = true;
	trip_and_reset(&plant);
	assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_PENDING);
}

static void test_a_failed_run_stays_failed(void **state)
{
	struct plant plant;

	(void)state;
	plant_put(&plant, PHASE_ISOTHERM);
	plant.plan.resume_after_trip = true;
	recover(&plant, RECOVER_FAILED_LATCHED);
	plant_run(&plant, 1);
	plant_verb(&plant, VERB_ACK);
	plant_verb(&plant, VERB_RESET);
	trip_and_reset(&plant);
	assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_REFUSED);
	assert_int_equal(plant.machine.private_state.ending, OUTCOME_FAILED);
}

/* A press that has pressure before its run: ABORT does not leave it behind, locked, and call that an end. */
static void test_an_abort_before_the_run_releases_too(void **state)
{
	static const enum phase phases[] = {PHASE_WAIT_CAPSULE, PHASE_PREFLIGHT};

	(void)state;
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		struct plant plant;

		plant_put(&plant, phases[i]);
		plant.pressure_gpa = 1.5;
		plant_run(&plant, 2);
		assert_int_equal(plant.machine.phase, phases[i]);
		assert_int_equal(plant_verb(&plant, VERB_ABORT), ANSWER_DONE);
		assert_int_equal(plant.machine.phase, PHASE_ABORTING);
		assert_int_equal(plant.actions.press, PRESS_LOCK);
		assert_true(plant_run_to(&plant, PHASE_DONE, 3600));
		assert_float_equal(plant.pressure_gpa, 0, 0.02);
	}
}

static void test_an_abort_before_the_run_of_an_empty_press_ends_at_once(void **state)
{
	struct plant plant;

	(void)state;
	plant_put(&plant, PHASE_PREFLIGHT);
	plant.pressure_gpa = 0;
	plant_run(&plant, 0.2);
	assert_int_equal(plant_verb(&plant, VERB_ABORT), ANSWER_DONE);
	assert_int_equal(plant.machine.phase, PHASE_DONE);
}

/* A 1 atm run never moves the press: what is in it is told, until the panel has released it. */
static void test_foreign_pressure_in_a_reference_is_told(void **state)
{
	struct plant plant;

	(void)state;
	plant_put(&plant, PHASE_ISOTHERM);
	plant.plan.reference = true;
	plant.plan.pressure_gpa = 0;
	plant.temperature_k = PLANT_AMBIENT_K;
	plant.pressure_gpa = 0.5;
	assert_int_equal(plant_verb(&plant, VERB_ABORT), ANSWER_DONE);
	plant_run(&plant, 300);
	assert_int_equal(plant.machine.phase, PHASE_ABORTING);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
	assert_int_equal(plant.alarms_raised[ALARM_FOREIGN_PRESSURE], 1);
	assert_true(plant.machine.alarms.active & UINT64_C(1) << ALARM_FOREIGN_PRESSURE);
	plant.pressure_gpa = 0;
	plant_run(&plant, 2);
	plant.pressure_gpa = 0.5;
	plant_run(&plant, 2);
	assert_int_equal(plant.alarms_raised[ALARM_FOREIGN_PRESSURE], 2);
	assert_non_null(strstr(plant.last_text, "Release it at its panel"));
	plant.pressure_gpa = 0;
	assert_true(plant_run_to(&plant, PHASE_DONE, 300));
	assert_false(plant.machine.alarms.active & UINT64_C(1) << ALARM_FOREIGN_PRESSURE);
}

/* One tick of the calorimeter in @step, with the chip in @state and the nitrogen away for @away_s. */
static void tick_scan(struct scan_machine *m, enum scan_step_kind step, enum chip_state chip, double away_s,
		      struct scan_actions *ret_actions)
{
	struct measurement good = {.value = 300, .t_lab_s = 1000, .quality = QUALITY_GOOD};
	struct chip_inputs in = {.temperature_k = good,
				 .flow_ml_per_min = good,
				 .state = (uint8_t)chip,
				 .identity_ok = true,
				 .scan_counter = 5};
	struct scan_event event = {.kind = SCAN_EVENT_TICK, .t_lab_s = 1000, .inputs = &in};
	struct scan_machine next;
	struct plan plan;

	plant_default_plan(&plan);
	plan.calorimetry = (struct plan_calorimetry){
		.start_k = 300, .end_k = 850, .reference_cooling_k_per_s = 200, .purge_ml_per_min = 80};
	m->step = (uint8_t)step;
	m->fire_counter = 5;
	m->rate_k_per_s = 100;
	m->purge_bad_since_lab_s = away_s > 0 ? 1000 - away_s : -1;
	in.flow_ml_per_min.value = away_s > 0 ? 0 : 80;
	assert_int_equal(scan_step(&plan, m, &event, &next, ret_actions), 0);
	*m = next;
}

/* Row 38 before ARM as well: what is programmed without nitrogen would be armed with the next answer. */
static void test_nothing_is_armed_without_nitrogen(void **state)
{
	struct scan_actions actions;
	struct scan_machine m;

	(void)state;
	scan_init(&m, 900);
	m.phase = SCAN_ARM;
	tick_scan(&m, STEP_PROGRAM, CHIP_IDLE, 31, &actions);
	assert_int_equal(m.step, STEP_PURGE);
	assert_int_equal(actions.job, SCAN_JOB_OFF);
	scan_init(&m, 900);
	m.phase = SCAN_COOL;
	tick_scan(&m, STEP_COOL, CHIP_IDLE, 5, &actions);
	assert_int_equal(m.step, STEP_PURGE);
	assert_true(m.reference);
	assert_int_equal(actions.job, SCAN_JOB_NONE);
}

/* Armed, and then not any more before the intent was made: purged and armed anew, not waited for. */
static void test_a_disarmed_chip_is_no_dead_end(void **state)
{
	struct scan_actions actions;
	struct scan_machine m;

	(void)state;
	scan_init(&m, 995);
	m.phase = SCAN_FIRE;
	tick_scan(&m, STEP_INTENT, CHIP_IDLE, 0, &actions);
	assert_int_equal(m.step, STEP_INTENT);
	m.phase_since_lab_s = 980;
	tick_scan(&m, STEP_INTENT, CHIP_IDLE, 0, &actions);
	assert_int_equal(m.step, STEP_PURGE);
}

/* The worker died with the OFF in its hands: in CHIP_FAULT it is said until the chip looks off. */
static void test_off_is_said_again_in_chip_fault(void **state)
{
	struct scan_event restart = {.kind = SCAN_EVENT_RESTART, .t_lab_s = 999};
	struct scan_actions actions;
	struct scan_machine m, next;
	struct plan plan;

	(void)state;
	plant_default_plan(&plan);
	scan_init(&m, 900);
	m.phase = SCAN_CHIP_FAULT;
	m.job = SCAN_JOB_OFF;
	m.job_pending = true;
	tick_scan(&m, STEP_RUN, CHIP_RUNNING, 0, &actions);
	assert_int_equal(actions.job, SCAN_JOB_NONE);
	assert_int_equal(scan_step(&plan, &m, &restart, &next, &actions), 0);
	m = next;
	tick_scan(&m, STEP_RUN, CHIP_RUNNING, 0, &actions);
	assert_int_equal(actions.job, SCAN_JOB_OFF);
	m.job_pending = false;
	tick_scan(&m, STEP_RUN, CHIP_IDLE, 0, &actions);
	assert_int_equal(actions.job, SCAN_JOB_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_restart_begins_with_a_release),
		cmocka_unit_test(test_cool_after_no_writes_stays_locked),
		cmocka_unit_test(test_a_thawed_abort_does_not_release),
		cmocka_unit_test(test_a_late_tick_serves_no_dwell),
		cmocka_unit_test(test_no_way_around_the_intent),
		cmocka_unit_test(test_completed_is_cold),
		cmocka_unit_test(test_cool_without_a_plan_can_be_aborted),
		cmocka_unit_test(test_an_unread_setpoint_is_not_adopted),
		cmocka_unit_test(test_nothing_undoes_an_abort),
		cmocka_unit_test(test_a_trip_alone_may_be_resumed),
		cmocka_unit_test(test_a_failed_run_stays_failed),
		cmocka_unit_test(test_nothing_is_armed_without_nitrogen),
		cmocka_unit_test(test_a_disarmed_chip_is_no_dead_end),
		cmocka_unit_test(test_off_is_said_again_in_chip_fault),
		cmocka_unit_test(test_an_abort_before_the_run_releases_too),
		cmocka_unit_test(test_an_abort_before_the_run_of_an_empty_press_ends_at_once),
		cmocka_unit_test(test_foreign_pressure_in_a_reference_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
