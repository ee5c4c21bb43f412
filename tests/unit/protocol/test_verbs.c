/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a verb does in a state that the table of verb.c lets it act in: the other answers. */
#include "plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void ask(struct plant *plant, enum verb verb, enum answer_code code, const char *words)
{
	assert_int_equal(plant_verb(plant, verb), code);
	if (!strstr(plant->actions.answer.why, words))
		fail_msg("'%s' is not in '%s'", words, plant->actions.answer.why);
}

/* Cooling under pressure is safer than a hold, and is not begun twice. */
static void test_cooling_already(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_ISOTHERM);
	plant_tick(&plant);
	ask(&plant, VERB_COOL, ANSWER_DONE, "heater off, stays pressurised");
	ask(&plant, VERB_HOLD, ANSWER_DONE, "cooling under pressure already, which is safer");
	assert_int_equal(plant.machine.phase, PHASE_COOL);
	ask(&plant, VERB_COOL, ANSWER_DONE, "cooling under pressure already");
	assert_int_equal(plant.machine.phase, PHASE_COOL);
	/* The programme's own cooling can be held. */
	plant_put(&plant, PHASE_COOL);
	plant_tick(&plant);
	ask(&plant, VERB_HOLD, ANSWER_DONE, "held");
	assert_int_equal(plant.machine.phase, PHASE_HOLD);
}

/* A latched trip refuses RESUME whatever the phase says. */
static void test_a_latched_trip_resumes_nothing(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_HOLD);
	plant.machine.private_state.heater_off = plant.machine.private_state.safe_hold = true;
	plant.machine.latched = true;
	ask(&plant, VERB_RESUME, ANSWER_REFUSED, "a trip is latched");
	plant.machine.latched = false;
	ask(&plant, VERB_RESUME, ANSWER_PENDING, "as soon as the journal has it");
}

/* One adoption step: P from the last setpoint, but no further above what is measured than the band, and never
 * below. */
static void test_what_a_resume_adopts(void **unused)
{
	static const struct {
		double setpoint_gpa, pressure_gpa, adopted_gpa;
	} cases[] = {{7, 6.96, 7}, {7, 6.94, 6.94}, {7, 7.03, 7.03}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;

		plant_put(&plant, PHASE_HOLD);
		plant.machine.resume_phase = PHASE_COOL;
		plant.machine.setpoint_gpa = cases[i].setpoint_gpa;
		plant.in.pressure_gpa.value = plant.pressure_gpa = cases[i].pressure_gpa;
		plant.in.temperature_k.value = 500;
		ask(&plant, VERB_RESUME, ANSWER_PENDING, "");
		plant_event(&plant, &(struct event){.kind = EVENT_DURABLE, .intent = plant.pending_intent});
		assert_int_equal(plant.machine.phase, PHASE_COOL);
		assert_float_equal(plant.machine.setpoint_gpa, cases[i].adopted_gpa, 1e-12);
		assert_float_equal(plant.machine.setpoint_k, 500, 1e-12);
	}
}

/* At 1 atm nothing is adopted from a press that is not read, and the programme goes on where it was. */
static void test_a_resume_at_1_atm(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_HOLD);
	plant.plan.reference = true;
	plant.plan.pressure_gpa = PLAN_ATM_GPA;
	plant.machine.resume_phase = PHASE_HEAT;
	plant.machine.setpoint_gpa = 0;
	plant.in.pressure_gpa.t_lab_s -= 5;
	ask(&plant, VERB_RESUME, ANSWER_PENDING, "");
	plant_event(&plant, &(struct event){.kind = EVENT_DURABLE, .intent = plant.pending_intent});
	assert_int_equal(plant.machine.phase, PHASE_HEAT);
	assert_float_equal(plant.machine.setpoint_gpa, 0, 1e-12);
}

/* The record says INTERRUPTED for a run that was resumed out of a restart, and goes on saying so. */
static void test_a_resume_out_of_a_restart_is_an_interruption(void **unused)
{
	(void)unused;
	for (int i = 0; i < 4; i++) {
		bool restarted = i & 1, before = i & 2;
		struct plant plant;

		plant_put(&plant, restarted ? PHASE_RECOVERY_WAIT : PHASE_HOLD);
		plant.machine.interrupted = before;
		ask(&plant, VERB_RESUME, ANSWER_PENDING, "");
		plant_event(&plant, &(struct event){.kind = EVENT_DURABLE, .intent = plant.pending_intent});
		assert_int_equal(plant.machine.phase, PHASE_ISOTHERM);
		assert_true(plant.machine.interrupted == (restarted || before));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cooling_already),
		cmocka_unit_test(test_a_latched_trip_resumes_nothing),
		cmocka_unit_test(test_what_a_resume_adopts),
		cmocka_unit_test(test_a_resume_at_1_atm),
		cmocka_unit_test(test_a_resume_out_of_a_restart_is_an_interruption),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
