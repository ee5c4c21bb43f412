/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is refused, and in which words: each thing that keeps preflight or a resume from going on, events that
 * are not well formed, names that do not exist, chip jobs that fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "plant.h"
#include "protocol/scan.h"

static void no_temperature(struct plant *plant)
{
	plant->in.temperature_k.quality = QUALITY_BAD;
	plant->in.temperature_k.cause = CAUSE_TIMEOUT;
}

static void no_pressure(struct plant *plant)
{
	plant->in.pressure_gpa.quality = QUALITY_BAD;
}

static void furnace_unknown(struct plant *plant)
{
	plant->in.furnace_identity_ok = false;
}

static void press_unknown(struct plant *plant)
{
	plant->in.press_identity_ok = false;
}

static void furnace_lost(struct plant *plant)
{
	plant->in.furnace_lost = true;
}

static void press_lost(struct plant *plant)
{
	plant->in.press_lost = true;
}

static void press_local(struct plant *plant)
{
	plant->in.press_local = true;
}

static void units_differ(struct plant *plant)
{
	plant->in.units_differ = true;
}

static void unarmed(struct plant *plant)
{
	plant->in.devices_armed = false;
	strcpy(plant->in.unarmed, "the watchdog of the press 'press' is not armed");
}

static void no_store(struct plant *plant)
{
	plant->in.store_ok = false;
}

static void warm_cell(struct plant *plant)
{
	plant->in.temperature_k.value = 320;
}

static void warm_second(struct plant *plant)
{
	plant->in.temperature2_k = plant->in.temperature_k;
	plant->in.temperature2_k.value = 320;
}

static void warm_room(struct plant *plant)
{
	plant->in.ambient_k.value = 306;
}

static void loaded_press(struct plant *plant)
{
	plant->in.oil_bar.value = 20;
}

static void not_depressurised(struct plant *plant)
{
	plant->in.press_depressurised = false;
}

static void low_pressure(struct plant *plant)
{
	plant->in.pressure_gpa.value = 6;
	plant->machine.private_state.fired = 0;
}

struct refusal {
	void (*spoil)(struct plant *plant);
	const char *words;
};

static void test_preflight_names_what_is_missing(void **unused)
{
	static const struct refusal cases[] = {
		{no_temperature, "no fresh furnace temperature"},
		{furnace_unknown, "furnace controller has not been identified"},
		{press_unknown, "press controller has not been identified"},
		{press_local, "press is in local"},
		{no_pressure, "no fresh pressure"},
		{warm_cell, "the cell is at 320.0 K"},
		{warm_second, "above 308.0 K: let it cool"},
		{warm_room, "raise it in the site file"},
		{loaded_press, "not at ambient pressure (20.0 bar oil)"},
		{not_depressurised, "release it at the panel"},
		{units_differ, "other units"},
		{unarmed, "watchdog of the press 'press' is not armed"},
		{no_store, "journal cannot be written"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;

		plant_init(&plant, 0, PLANT_AMBIENT_K);
		plant.spoil = cases[i].spoil;
		plant_start(&plant);
		plant_run(&plant, 30);
		assert_int_equal(plant.machine.phase, PHASE_PREFLIGHT);
		assert_int_equal(plant.alarms_raised[ALARM_PREFLIGHT], 1);
		if (!strstr(plant.machine.cause, cases[i].words))
			fail_msg("'%s' is not in '%s'", cases[i].words, plant.machine.cause);
		assert_int_equal(plant.actions.heat == HEAT_CONTROL, false);
	}
}

static void refuse_resume(struct plant *plant, const char *words)
{
	assert_int_equal(plant_verb(plant, VERB_RESUME), ANSWER_REFUSED);
	if (!strstr(plant->actions.answer.why, words))
		fail_msg("'%s' is not in '%s'", words, plant->actions.answer.why);
	assert_int_equal(plant->machine.phase, PHASE_HOLD);
}

static void test_resume_names_what_is_missing(void **unused)
{
	static const struct refusal cases[] = {
		{furnace_unknown, "has not been identified"},
		{press_unknown, "has not been identified"},
		{furnace_lost, "no fresh temperature"},
		{no_temperature, "no fresh temperature"},
		{press_lost, "no fresh pressure"},
		{no_pressure, "no fresh pressure"},
		{press_local, "press is in local"},
		{units_differ, "other units"},
		{unarmed, "watchdog of the press 'press' is not armed"},
		{no_store, "journal cannot be written"},
		{low_pressure, "below the protocol's band and the cell is hot"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;

		plant_put(&plant, PHASE_ISOTHERM);
		plant_tick(&plant);
		assert_int_equal(plant_verb(&plant, VERB_HOLD), ANSWER_DONE);
		cases[i].spoil(&plant);
		refuse_resume(&plant, cases[i].words);
	}
}

/* With the rule on old values fired, too: which value it is. */
static void test_resume_names_the_value_that_is_old(void **unused)
{
	static const struct refusal cases[] = {{no_temperature, "no fresh temperature"},
					       {no_pressure, "no fresh pressure"}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;

		plant_put(&plant, PHASE_ISOTHERM);
		plant.spoil = cases[i].spoil;
		plant_run(&plant, 30);
		assert_int_equal(plant.alarms_raised[ALARM_STALE], 1);
		refuse_resume(&plant, cases[i].words);
	}
}

/* At 1 atm the press is not asked for its pressure; a hot cell may be heated on. */
static void test_resume_at_1_atm_needs_no_pressure(void **unused)
{
	static void (*const spoils[])(struct plant * plant) = {no_pressure, press_lost, low_pressure};

	(void)unused;
	for (int i = 0; i < 3; i++) {
		struct plant plant;

		plant_put(&plant, PHASE_ISOTHERM);
		plant.plan.reference = true;
		plant_tick(&plant);
		plant_verb(&plant, VERB_HOLD);
		spoils[i](&plant);
		assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_PENDING);
		assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_PENDING);
		assert_non_null(strstr(plant.actions.answer.why, "waits for its journal"));
	}
}

/* The -EINVAL of an event that is not well formed changes nothing. */
static void refuse_event(const struct plant *plant, const struct plan *plan, struct event event)
{
	struct machine next;
	struct actions actions;

	assert_int_equal(machine_step(plan, &plant->machine, &event, &next, &actions), -EINVAL);
	assert_memory_equal(&next, &plant->machine, sizeof(next));
	assert_false(actions.permit.granted);
}

/* Hazard 35, in the last place it can be: what nobody checked before is not begun. */
static void test_an_impossible_plan_is_not_begun(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_IDLE);
	plant.plan.temperature_k = 5000;
	assert_int_equal(plant_event(&plant, &(struct event){.kind = EVENT_START}), ANSWER_REFUSED);
	assert_non_null(strstr(plant.actions.answer.why, "temperature"));
	assert_int_equal(plant.machine.phase, PHASE_IDLE);
}

static void test_events_that_are_none(void **unused)
{
	struct recovery_decision beyond = {.action = RECOVER_ACTION_MAX};
	struct plant plant;
	struct event tick;

	(void)unused;
	plant_put(&plant, PHASE_ISOTHERM);
	plant_tick(&plant);
	tick = (struct event){.kind = EVENT_TICK, .t_lab_s = plant.now, .inputs = &plant.in};
	refuse_event(&plant, NULL, tick);
	tick.t_lab_s = NAN;
	refuse_event(&plant, &plant.plan, tick);
	tick = (struct event){.kind = EVENT_TICK, .t_lab_s = plant.now};
	refuse_event(&plant, &plant.plan, tick);
	refuse_event(&plant, &plant.plan, (struct event){.kind = EVENT_VERB, .verb = VERB_MAX});
	refuse_event(&plant, &plant.plan, (struct event){.kind = EVENT_VERB, .role = ROLE_MAX});
	refuse_event(&plant, &plant.plan, (struct event){.kind = EVENT_RECOVER});
	refuse_event(&plant, &plant.plan, (struct event){.kind = EVENT_RECOVER, .recovery = &beyond});
	refuse_event(&plant, &plant.plan, (struct event){.kind = EVENT_KIND_MAX});
	refuse_event(&plant, &plant.plan, (struct event){.kind = (enum event_kind)99});
	plant.machine.phase = PHASE_IDLE;
	refuse_event(&plant, NULL, (struct event){.kind = EVENT_START});
	plant.machine.phase = PHASE_MAX;
	refuse_event(&plant, &plant.plan, (struct event){.kind = EVENT_DURABLE});
	plant.machine.phase = 99;
	refuse_event(&plant, &plant.plan, (struct event){.kind = EVENT_DURABLE, .inputs = &plant.in});
}

/* A restart finds its way without the plan that was lost. */
static void test_a_restart_needs_no_plan(void **unused)
{
	struct recovery_decision wait = {.action = RECOVER_ADOPT_WAIT, .pressure_gpa = 7, .text = "restart"};
	struct event event = {.kind = EVENT_RECOVER, .recovery = &wait};
	struct machine next;
	struct actions actions;
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_HEAT);
	event.t_lab_s = plant.now;
	event.inputs = &plant.in;
	assert_int_equal(machine_step(NULL, &plant.machine, &event, &next, &actions), 0);
	assert_int_equal(next.phase, PHASE_RECOVERY_WAIT);
	assert_int_equal(actions.heat, HEAT_OFF);
}

static void test_names_that_are_none(void **unused)
{
	(void)unused;
	assert_string_equal(phase_name(PHASE_MAX), "invalid");
	assert_string_equal(outcome_name(OUTCOME_MAX), "invalid");
	assert_string_equal(verb_name(VERB_MAX), "invalid");
	assert_string_equal(role_name(ROLE_MAX), "invalid");
	assert_string_equal(segment_name(SEGMENT_MAX), "invalid");
	assert_string_equal(scan_phase_name(SCAN_PHASE_MAX), "invalid");
	assert_string_equal(section_outcome_name(SECTION_OUTCOME_MAX), "invalid");
	assert_string_equal(scan_job_name(SCAN_JOB_MAX), "invalid");
	assert_string_equal(chip_state_name(CHIP_STATE_MAX), "invalid");
	assert_string_equal(section_outcome_name(SECTION_LOST), "lost");
	assert_string_equal(scan_job_name(SCAN_JOB_DELETE), "delete");
	assert_string_equal(chip_state_name(CHIP_ARMED), "armed");
	assert_string_equal(segment_name(SEGMENT_DWELL), "dwell");
	assert_int_equal(role_from_name("janitor"), -1);
	/* Nobody has the role that an unknown verb needs, and it stops nothing. */
	assert_int_equal(verb_role(VERB_MAX), ROLE_MAX);
	assert_false(verb_is_stopping(VERB_MAX));
	assert_true(verb_is_stopping(VERB_ABORT));
	assert_false(verb_is_stopping(VERB_RESUME));
	assert_int_equal(verb_rule(VERB_MAX, PHASE_IDLE)->effect, EFFECT_REFUSE);
	assert_int_equal(verb_rule(VERB_HOLD, PHASE_MAX)->effect, EFFECT_REFUSE);
}

static void test_limits_move_to_the_safer_side_only(void **unused)
{
	struct limits limits;

	(void)unused;
	limits_default(&limits);
	for (size_t i = 0; i < LIMITS_COUNT; i++) {
		const struct limit_info *info = &limits_table[i];
		double value = limits_get(&limits, info), step = fmax(fabs(value), 1) * 0.01;

		assert_true(limits_is_safer(&limits, info, value));
		assert_int_equal(limits_is_safer(&limits, info, value + step), info->safer == SAFER_HIGHER);
		assert_int_equal(limits_is_safer(&limits, info, value - step), info->safer == SAFER_LOWER);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_preflight_names_what_is_missing),
		cmocka_unit_test(test_resume_names_what_is_missing),
		cmocka_unit_test(test_resume_names_the_value_that_is_old),
		cmocka_unit_test(test_resume_at_1_atm_needs_no_pressure),
		cmocka_unit_test(test_an_impossible_plan_is_not_begun),
		cmocka_unit_test(test_events_that_are_none),
		cmocka_unit_test(test_a_restart_needs_no_plan),
		cmocka_unit_test(test_names_that_are_none),
		cmocka_unit_test(test_limits_move_to_the_safer_side_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
