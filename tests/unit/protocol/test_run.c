/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole runs on the small plant, from the order to the end, and what holds, stops or hands them over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "plant.h"

static void assert_trail(const struct plant *plant, const enum phase *phases, int count)
{
	assert_int_equal(plant->trail_count, count);
	for (int i = 0; i < count; i++)
		assert_int_equal(plant->trail[i], phases[i]);
}

static void test_paper_run(void **unused)
{
	static const enum phase phases[] = {PHASE_PREFLIGHT, PHASE_COMPRESS,   PHASE_HEAT, PHASE_ISOTHERM,
					    PHASE_COOL,      PHASE_DECOMPRESS, PHASE_DONE};
	struct plant plant;
	double minutes;

	(void)unused;
	plant_init(&plant, 0, PLANT_AMBIENT_K);
	plant.store_delay_s = 0.3;
	plant_start(&plant);
	assert_true(plant_run_to(&plant, PHASE_DONE, 7200));
	assert_trail(&plant, phases, 7);
	assert_int_equal(plant.machine.outcome, OUTCOME_COMPLETED);
	assert_in_range(plant.ramp_ticks, 2 * 340 / (20.0 / 60) * 9, 2 * 350 / (20.0 / 60) * 11);
	minutes = (plant.now - 1000) / 60;
	assert_true(minutes > 92 && minutes < 98);
	assert_true(fabs(plant.machine.soak_s - 600) < 0.2);
	assert_true(plant.most_setpoint_rate_k <= 20.0 / 60 * 1.001);
	assert_true(plant.most_setpoint_rate_gpa <= 0.3 / 60 * 1.001);
	assert_true(plant.machine.peak_k < 645);
	assert_true(plant.machine.release_temperature_k > 290 && plant.machine.release_temperature_k <= 308);
	assert_true(plant.machine.alarms.active == 0);
}

static void test_reference_run(void **unused)
{
	static const enum phase phases[] = {PHASE_PREFLIGHT, PHASE_HEAT, PHASE_ISOTHERM, PHASE_COOL,
					    PHASE_DONE};
	struct plant plant;

	(void)unused;
	plant_init(&plant, 0, PLANT_AMBIENT_K);
	plant.plan.reference = true;
	plant.plan.pressure_gpa = PLAN_ATM_GPA;
	plant_start(&plant);
	assert_true(plant_run_to(&plant, PHASE_HEAT, 60));
	plant_run(&plant, 5);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
	assert_true(plant.actions.contactor);
	assert_true(plant_run_to(&plant, PHASE_DONE, 7200));
	assert_trail(&plant, phases, 5);
	assert_int_equal(plant.machine.outcome, OUTCOME_COMPLETED);
}

static void test_cold_run(void **unused)
{
	static const enum phase phases[] = {PHASE_PREFLIGHT, PHASE_COMPRESS, PHASE_ISOTHERM, PHASE_DECOMPRESS,
					    PHASE_DONE};
	struct plant plant;

	(void)unused;
	plant_init(&plant, 0, PLANT_AMBIENT_K);
	plant.plan.temperature_k = 298;
	plant_start(&plant);
	while (plant.machine.phase != PHASE_DONE && plant.now < 8000) {
		plant_tick(&plant);
		assert_int_not_equal(plant.actions.heat, HEAT_CONTROL);
	}
	assert_trail(&plant, phases, 5);
	assert_int_equal(plant.machine.outcome, OUTCOME_COMPLETED);
}

static void test_no_heat_before_durable(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_init(&plant, 0, PLANT_AMBIENT_K);
	plant.auto_durable = false;
	plant_start(&plant);
	assert_true(plant_run_to(&plant, PHASE_COMPRESS, 60));
	plant_run(&plant, 20);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
	assert_true(plant.machine.setpoint_gpa < 1e-9);
	plant.in.store_ok = false;
	plant_tick(&plant);
	assert_int_equal(plant.machine.phase, PHASE_HOLD);
	assert_int_equal(plant.machine.hold_alarm, ALARM_STORE);
}

/* Hazard 28: a reserve still makes each intent durable at once, and yet no segment begins on it that adds or
 * moves. */
static void test_no_segment_on_a_failing_store(void **unused)
{
	static const struct {
		enum phase during, before;
	} cases[] = {{PHASE_COMPRESS, PHASE_HEAT}, {PHASE_COOL, PHASE_DECOMPRESS}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;

		plant_init(&plant, 0, PLANT_AMBIENT_K);
		plant_start(&plant);
		assert_true(plant_run_to(&plant, cases[i].during, 20000));
		plant.in.store_ok = false;
		assert_true(plant_run_to(&plant, PHASE_HOLD, 20000));
		assert_int_equal(plant.machine.hold_alarm, ALARM_STORE);
		assert_int_equal(plant.machine.resume_phase, cases[i].before);
		assert_int_equal(plant.actions.intent.number, 0);
		plant.in.store_ok = true;
		plant_verb(&plant, VERB_RESUME);
		assert_true(plant_run_to(&plant, cases[i].before, 60));
	}
}

static void test_abort_from_hot(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_init(&plant, 0, PLANT_AMBIENT_K);
	plant_start(&plant);
	assert_true(plant_run_to(&plant, PHASE_ISOTHERM, 4000));
	plant_run(&plant, 100);
	assert_int_equal(plant_verb(&plant, VERB_ABORT), ANSWER_DONE);
	assert_int_equal(plant.machine.phase, PHASE_ABORTING);
	assert_true(plant_run_to(&plant, PHASE_DONE, 7200));
	assert_int_equal(plant.machine.outcome, OUTCOME_ABORTED);
	assert_true(plant.pressure_gpa < 0.01);
}

static void test_hold_and_resume(void **unused)
{
	struct plant plant;
	double soak_s;

	(void)unused;
	plant_init(&plant, 0, PLANT_AMBIENT_K);
	plant_start(&plant);
	assert_true(plant_run_to(&plant, PHASE_ISOTHERM, 4000));
	plant_run(&plant, 100);
	assert_int_equal(plant_verb(&plant, VERB_HOLD), ANSWER_DONE);
	soak_s = plant.machine.soak_s;
	plant_run(&plant, 60);
	assert_int_equal(plant.actions.heat, HEAT_CONTROL);
	assert_true(fabs(plant.machine.soak_s - soak_s) < 1e-9);
	assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_PENDING);
	assert_int_equal(plant.machine.phase, PHASE_HOLD);
	plant_run(&plant, 1);
	assert_int_equal(plant.machine.phase, PHASE_ISOTHERM);
	assert_true(plant_run_to(&plant, PHASE_DONE, 7200));
	assert_int_equal(plant.machine.outcome, OUTCOME_COMPLETED);
	assert_true(fabs(plant.machine.soak_s - 600) < 0.2);
}

static void test_pause(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_init(&plant, 0, PLANT_AMBIENT_K);
	plant_start(&plant);
	assert_true(plant_run_to(&plant, PHASE_COMPRESS, 60));
	plant_run(&plant, 10);
	assert_int_equal(plant_verb(&plant, VERB_PAUSE), ANSWER_DONE);
	assert_true(plant_run_to(&plant, PHASE_HOLD, 2000));
	assert_int_equal(plant.machine.resume_phase, PHASE_HEAT);
	assert_int_equal(plant.actions.heat, HEAT_OFF);
	assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_PENDING);
	plant_run(&plant, 1);
	assert_int_equal(plant.machine.phase, PHASE_HEAT);
}

static void test_cool_stays_pressurised(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_init(&plant, 0, PLANT_AMBIENT_K);
	plant_start(&plant);
	assert_true(plant_run_to(&plant, PHASE_ISOTHERM, 4000));
	assert_int_equal(plant_verb(&plant, VERB_COOL), ANSWER_DONE);
	plant_run(&plant, 5000);
	assert_int_equal(plant.machine.phase, PHASE_COOL);
	assert_true(plant.pressure_gpa > 6.9);
	assert_int_equal(plant_verb(&plant, VERB_ABORT), ANSWER_DONE);
	assert_true(plant_run_to(&plant, PHASE_DONE, 7200));
	assert_int_equal(plant.machine.outcome, OUTCOME_ABORTED);
}

/* The watchdogs are armed by the first writes of a run: a few cycles without them are no alarm. */
static void unarmed(struct plant *plant)
{
	plant->in.devices_armed = false;
	strcpy(plant->in.unarmed, "the watchdog of the press 'press' is not armed");
}

static void test_a_healthy_start_raises_no_alarm(void **state)
{
	struct plant plant;

	(void)state;
	plant_init(&plant, 0, PLANT_AMBIENT_K);
	plant.spoil = unarmed;
	plant_start(&plant);
	plant_run(&plant, 5);
	assert_int_equal(plant.machine.phase, PHASE_PREFLIGHT);
	assert_non_null(strstr(plant.machine.cause, "not armed"));
	plant.spoil = NULL;
	plant.in.devices_armed = true;
	assert_true(plant_run_to(&plant, PHASE_COMPRESS, 5));
	for (int i = 0; i < ALARM_MAX; i++)
		assert_int_equal(plant.alarms_raised[i], 0);
}

static void test_a_watchdog_that_never_arms_is_an_alarm(void **state)
{
	struct plant plant;

	(void)state;
	plant_init(&plant, 0, PLANT_AMBIENT_K);
	plant.spoil = unarmed;
	plant_start(&plant);
	plant_run(&plant, 9.5);
	assert_int_equal(plant.alarms_raised[ALARM_PREFLIGHT], 0);
	plant_run(&plant, 60);
	assert_int_equal(plant.machine.phase, PHASE_PREFLIGHT);
	assert_int_equal(plant.alarms_raised[ALARM_PREFLIGHT], 1);
	assert_non_null(strstr(plant.last_text, "not armed"));
}

/* A handover ends the run, not the trip: the next run waits for ack and reset. */
static void test_a_handover_does_not_unlatch_a_trip(void **state)
{
	struct event start = {.kind = EVENT_START};
	struct plant plant;

	(void)state;
	plant_init(&plant, 0, PLANT_AMBIENT_K);
	plant_put(&plant, PHASE_ISOTHERM);
	plant.machine.phase = PHASE_HANDED_OVER;
	plant.machine.latched = true;
	plant.machine.first_cause = ALARM_RUNAWAY;
	plant.temperature_k = PLANT_AMBIENT_K;
	plant.pressure_gpa = 0;
	plant.freeze_process = true;
	assert_true(plant_run_to(&plant, PHASE_DONE, 200));
	assert_true(plant.machine.latched);
	assert_int_equal(plant_event(&plant, &start), ANSWER_REFUSED);
	assert_int_equal(plant.machine.phase, PHASE_DONE);
	assert_int_equal(plant_verb(&plant, VERB_RESET), ANSWER_REFUSED);
	assert_int_equal(plant_verb(&plant, VERB_ACK), ANSWER_DONE);
	assert_int_equal(plant_verb(&plant, VERB_RESET), ANSWER_DONE);
	assert_false(plant.machine.latched);
	assert_int_equal(plant.machine.phase, PHASE_DONE);
	assert_int_equal(plant_event(&plant, &start), ANSWER_DONE);
}

/* R17: hot without pressure, failed. No chain of allowed verbs may heat that cell again. */
static void test_cool_gives_back_no_resume(void **state)
{
	struct recovery_decision decision = {.row = 17, .action = RECOVER_FAILED_LATCHED, .text = "R17"};
	struct event recover = {.kind = EVENT_RECOVER, .recovery = &decision};
	struct plant plant;

	(void)state;
	plant_init(&plant, 7, 643);
	plant_put(&plant, PHASE_ISOTHERM);
	plant.plan.resume_after_trip = true;
	plant_event(&plant, &recover);
	assert_int_equal(plant.machine.phase, PHASE_TRIPPED);
	plant_run(&plant, 1);
	assert_int_equal(plant_verb(&plant, VERB_ACK), ANSWER_DONE);
	assert_int_equal(plant_verb(&plant, VERB_RESET), ANSWER_DONE);
	assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_REFUSED);
	assert_int_equal(plant_verb(&plant, VERB_COOL), ANSWER_DONE);
	assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_REFUSED);
	plant_run(&plant, 5);
	assert_int_equal(plant.machine.phase, PHASE_COOL);
	assert_int_not_equal(plant.actions.heat, HEAT_CONTROL);
}

/* A value from the future does not serve the release dwell. */
static void from_the_future(struct plant *plant)
{
	plant->in.temperature_k.t_lab_s = plant->now + 1000;
}

static void test_a_value_from_the_future_is_not_fresh(void **state)
{
	struct plant plant;

	(void)state;
	plant_init(&plant, 7, PLANT_AMBIENT_K);
	plant_put(&plant, PHASE_DECOMPRESS);
	plant.temperature_k = PLANT_AMBIENT_K;
	plant.spoil = from_the_future;
	plant_run(&plant, 100);
	assert_false(plant.actions.permit.granted);
	assert_int_not_equal(plant.actions.press, PRESS_REGULATE);
}

/* Somebody pumped above the order while densd was down: COMPRESS lowers nothing, says so once, and ends cold.
 */
static void test_above_the_order(void **state)
{
	struct plant plant;

	(void)state;
	plant_put(&plant, PHASE_COMPRESS);
	plant.plan.pressure_gpa = 6.92;
	plant_run(&plant, 1790);
	assert_int_equal(plant.machine.phase, PHASE_COMPRESS);
	assert_true(plant.machine.setpoint_gpa >= 7 - 1e-9);
	assert_int_equal(plant.alarms_raised[ALARM_HOLDBACK], 0);
	plant_run(&plant, 20);
	assert_int_equal(plant.machine.phase, PHASE_ABORTING);
	assert_int_equal(plant.alarms_raised[ALARM_HOLDBACK], 1);
	assert_int_equal(plant.alarms_raised[ALARM_RELEASE_REFUSED], 0);
	/* What it waited for is the order, not where somebody's pumping has put the setpoint. */
	assert_non_null(strstr(plant.machine.cause, "7.000 GPa for 6.920 GPa"));
	assert_true(plant_run_to(&plant, PHASE_DONE, 7200));
	assert_int_equal(plant.machine.outcome, OUTCOME_ABORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_above_the_order),
		cmocka_unit_test(test_cool_gives_back_no_resume),
		cmocka_unit_test(test_a_handover_does_not_unlatch_a_trip),
		cmocka_unit_test(test_a_value_from_the_future_is_not_fresh),
		cmocka_unit_test(test_a_healthy_start_raises_no_alarm),
		cmocka_unit_test(test_a_watchdog_that_never_arms_is_an_alarm),
		cmocka_unit_test(test_paper_run),
		cmocka_unit_test(test_reference_run),
		cmocka_unit_test(test_cold_run),
		cmocka_unit_test(test_no_heat_before_durable),
		cmocka_unit_test(test_no_segment_on_a_failing_store),
		cmocka_unit_test(test_abort_from_hot),
		cmocka_unit_test(test_hold_and_resume),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_cool_stays_pressurised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
