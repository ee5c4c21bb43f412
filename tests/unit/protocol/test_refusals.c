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
		{unarmed, "watchdog is not armed"},
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
		{unarmed, "watchdog is not armed"},
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
	plant.machine.phase = PHASE_IDLE;
	refuse_event(&plant, NULL, (struct event){.kind = EVENT_START});
	plant.machine.phase = PHASE_MAX;
	refuse_event(&plant, &plant.plan, (struct event){.kind = EVENT_DURABLE});
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

/* ---- the chip's jobs ---- */

struct chip {
	struct plan plan;
	struct scan_machine scan;
	struct scan_actions act;
	struct chip_inputs in;
	double now;
};

static int give(struct chip *chip, struct scan_event event)
{
	struct scan_machine next;
	int r;

	event.t_lab_s = chip->now;
	event.inputs = &chip->in;
	r = scan_step(&chip->plan, &chip->scan, &event, &next, &chip->act);
	chip->scan = next;
	return r;
}

static void chip_put(struct chip *chip, enum chip_state state)
{
	memset(chip, 0, sizeof(*chip));
	plant_default_plan(&chip->plan);
	chip->plan.calorimetry = (struct plan_calorimetry){.present = true,
							   .rate_count = 1,
							   .rate_k_per_s = {200},
							   .sections_per_rate = 1,
							   .start_k = 300,
							   .end_k = 850,
							   .reference_cooling_k_per_s = 200,
							   .purge_ml_per_min = 80};
	chip->in = (struct chip_inputs){.state = (uint8_t)state, .identity_ok = true, .scan_counter = 41};
	scan_init(&chip->scan, 0);
	give(chip, (struct scan_event){.kind = SCAN_EVENT_SECTION, .rate_k_per_s = 200, .automatic = true});
}

static void wait_s(struct chip *chip, double seconds)
{
	for (double end = chip->now + seconds; chip->now < end;) {
		chip->now += 0.5;
		chip->in.temperature_k = (struct measurement){300, chip->now, QUALITY_GOOD, CAUSE_NONE};
		chip->in.flow_ml_per_min = (struct measurement){80, chip->now, QUALITY_GOOD, CAUSE_NONE};
		give(chip, (struct scan_event){.kind = SCAN_EVENT_TICK});
	}
}

static void finish(struct chip *chip, bool ok)
{
	give(chip, (struct scan_event){.kind = SCAN_EVENT_JOB_DONE,
				       .job = chip->scan.job,
				       .job_id = chip->scan.job_id,
				       .ok = ok,
				       .text = ok ? NULL : "no answer"});
}

/* Three times, then the chip is at fault; an answer to another job is none. */
static void test_a_job_that_fails_is_a_fault(void **unused)
{
	struct chip chip;

	(void)unused;
	chip_put(&chip, CHIP_IDLE);
	wait_s(&chip, 40);
	assert_int_equal(chip.scan.job, SCAN_JOB_PROGRAM);
	give(&chip,
	     (struct scan_event){.kind = SCAN_EVENT_JOB_DONE, .job_id = chip.scan.job_id + 1, .ok = true});
	assert_int_equal(chip.scan.job, SCAN_JOB_PROGRAM);
	finish(&chip, false);
	finish(&chip, false);
	assert_int_equal(chip.scan.phase, SCAN_ARM);
	finish(&chip, false);
	assert_int_equal(chip.scan.phase, SCAN_CHIP_FAULT);
	assert_string_equal(chip.scan.cause, "chip job program failed 3 times: no answer");
	assert_int_equal(chip.act.job, SCAN_JOB_OFF);
	/* Not fired yet: once the chip is sound the section goes on. */
	give(&chip, (struct scan_event){.kind = SCAN_EVENT_CONFIRM});
	assert_int_equal(chip.scan.phase, SCAN_PURGE);
}

static void arm(struct chip *chip)
{
	chip_put(chip, CHIP_IDLE);
	wait_s(chip, 40);
	finish(chip, true);
	finish(chip, true);
	chip->in.state = CHIP_ARMED;
	wait_s(chip, 1);
}

static void fire(struct chip *chip)
{
	arm(chip);
	assert_true(chip->scan.waiting_intent != 0);
	give(chip, (struct scan_event){.kind = SCAN_EVENT_DURABLE, .intent = chip->scan.waiting_intent - 1});
	assert_int_equal(chip->act.job, SCAN_JOB_NONE);
	give(chip, (struct scan_event){.kind = SCAN_EVENT_DURABLE, .intent = chip->scan.waiting_intent});
	assert_int_equal(chip->act.job, SCAN_JOB_FIRE);
	finish(chip, true);
	chip->in.scan_counter = 42;
	chip->in.state = CHIP_RUNNING;
}

/* A scan that never ends is a fault after its own time and ten minutes; the section is spent, not scanned
 * again. */
static void test_a_scan_that_never_ends(void **unused)
{
	struct chip chip;

	(void)unused;
	fire(&chip);
	wait_s(&chip, 600);
	assert_int_equal(chip.scan.phase, SCAN_FIRE);
	wait_s(&chip, 10);
	assert_int_equal(chip.scan.phase, SCAN_CHIP_FAULT);
	chip.in.state = CHIP_FAULT;
	give(&chip, (struct scan_event){.kind = SCAN_EVENT_CONFIRM});
	assert_int_equal(chip.act.answer.code, ANSWER_REFUSED);
	chip.in.state = CHIP_IDLE;
	give(&chip, (struct scan_event){.kind = SCAN_EVENT_CONFIRM});
	assert_int_equal(chip.scan.phase, SCAN_SECTION_DONE);
	assert_int_equal(chip.scan.outcome, SECTION_FAULT);
}

static void test_a_trace_that_cannot_be_read_is_lost(void **unused)
{
	struct chip chip;

	(void)unused;
	fire(&chip);
	chip.in.state = CHIP_DATA;
	chip.in.trace_available = true;
	wait_s(&chip, 1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(chip.scan.job, SCAN_JOB_READ);
		finish(&chip, false);
	}
	assert_int_equal(chip.scan.outcome, SECTION_LOST);
}

/* F4: a counter that fits neither is an alarm, and the section is spent. */
static void test_a_counter_that_fits_nothing(void **unused)
{
	struct chip chip;

	(void)unused;
	fire(&chip);
	give(&chip, (struct scan_event){.kind = SCAN_EVENT_RESTART});
	chip.in.scan_counter = 44;
	chip.in.state = CHIP_IDLE;
	wait_s(&chip, 1);
	assert_int_equal(chip.scan.outcome, SECTION_LOST);
	assert_non_null(strstr(chip.scan.cause, "(F4)"));
}

/* A restart while the chip still runs waits for its end. */
static void test_a_restart_in_mid_scan(void **unused)
{
	struct chip chip;

	(void)unused;
	fire(&chip);
	give(&chip, (struct scan_event){.kind = SCAN_EVENT_RESTART});
	wait_s(&chip, 1);
	assert_int_equal(chip.scan.phase, SCAN_FIRE);
	assert_false(chip.scan.restarting);
	chip.in.state = CHIP_DATA;
	chip.in.trace_available = true;
	wait_s(&chip, 1);
	assert_int_equal(chip.scan.job, SCAN_JOB_READ);
}

/* An earlier section's trace is deleted before the chip is programmed. */
static void test_an_old_trace_is_cleaned(void **unused)
{
	struct chip chip;

	(void)unused;
	chip_put(&chip, CHIP_DATA);
	chip.in.trace_available = true;
	wait_s(&chip, 40);
	assert_int_equal(chip.scan.job, SCAN_JOB_DELETE);
	finish(&chip, true);
	assert_int_equal(chip.scan.job, SCAN_JOB_PROGRAM);
	assert_int_equal(chip.scan.fire_counter, 41);
}

static void test_words_to_the_chip(void **unused)
{
	struct chip chip;

	(void)unused;
	arm(&chip);
	give(&chip, (struct scan_event){.kind = SCAN_EVENT_CONFIRM});
	assert_string_equal(chip.act.answer.why, "the section is confirmed already");
	give(&chip, (struct scan_event){.kind = SCAN_EVENT_CANCEL, .text = "wrong glass"});
	assert_int_equal(chip.act.job, SCAN_JOB_OFF);
	assert_string_equal(chip.scan.cause, "wrong glass");
	assert_int_equal(chip.scan.outcome, SECTION_CANCELLED);
	give(&chip, (struct scan_event){.kind = SCAN_EVENT_CANCEL});
	assert_string_equal(chip.act.answer.why, "no section is under way");
	give(&chip, (struct scan_event){.kind = SCAN_EVENT_CONFIRM});
	assert_int_equal(chip.act.answer.code, ANSWER_REFUSED);
	arm(&chip);
	give(&chip, (struct scan_event){.kind = SCAN_EVENT_CANCEL, .text = ""});
	assert_string_equal(chip.scan.cause, "cancelled by the operator");
}

static void test_scan_events_that_are_none(void **unused)
{
	static const struct scan_event events[] = {
		{.kind = SCAN_EVENT_SECTION, .rate_k_per_s = 200}, /* one is under way */
		{.kind = SCAN_EVENT_JOB_DONE, .job = SCAN_JOB_MAX},
		{.kind = SCAN_EVENT_KIND_MAX},
	};
	struct scan_machine next, before;
	struct scan_actions act;
	struct scan_event tick = {.kind = SCAN_EVENT_TICK, .t_lab_s = 1};
	struct chip chip;

	(void)unused;
	arm(&chip);
	before = chip.scan;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		assert_int_equal(give(&chip, events[i]), -EINVAL);
	assert_memory_equal(&before, &chip.scan, sizeof(before));
	assert_int_equal(scan_step(&chip.plan, &before, &tick, &next, &act), -EINVAL);
	tick.inputs = &chip.in;
	assert_int_equal(scan_step(NULL, &before, &tick, &next, &act), -EINVAL);
	tick.t_lab_s = NAN;
	assert_int_equal(scan_step(&chip.plan, &before, &tick, &next, &act), -EINVAL);
	before.step = 200;
	tick.t_lab_s = 1;
	assert_int_equal(scan_step(&chip.plan, &before, &tick, &next, &act), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_preflight_names_what_is_missing),
		cmocka_unit_test(test_resume_names_what_is_missing),
		cmocka_unit_test(test_resume_at_1_atm_needs_no_pressure),
		cmocka_unit_test(test_events_that_are_none),
		cmocka_unit_test(test_names_that_are_none),
		cmocka_unit_test(test_limits_move_to_the_safer_side_only),
		cmocka_unit_test(test_a_job_that_fails_is_a_fault),
		cmocka_unit_test(test_a_scan_that_never_ends),
		cmocka_unit_test(test_a_trace_that_cannot_be_read_is_lost),
		cmocka_unit_test(test_a_counter_that_fits_nothing),
		cmocka_unit_test(test_a_restart_in_mid_scan),
		cmocka_unit_test(test_an_old_trace_is_cleaned),
		cmocka_unit_test(test_words_to_the_chip),
		cmocka_unit_test(test_scan_events_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
