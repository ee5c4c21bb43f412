/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calorimeter's sequence step by step: jobs that fail, traces that are late or lost, words to the chip,
 * and what each step waits for. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "chip_fixture.h"
#include "protocol/scan.h"

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
		{.kind = (enum scan_event_kind)99},
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

/* A flow that was read long ago purges nothing, nor does a chip that is silent or still runs. */
static void test_what_does_not_purge(void **unused)
{
	(void)unused;
	for (int what = 0; what < 5; what++) {
		struct chip chip;

		chip_put(&chip, what == 1 ? CHIP_RUNNING : CHIP_IDLE);
		for (int i = 0; i < 200; i++) {
			chip.now += 0.5;
			chip.in.temperature_k = (struct measurement){300, chip.now, QUALITY_GOOD, CAUSE_NONE};
			chip.in.flow_ml_per_min =
				(struct measurement){80, chip.now, QUALITY_GOOD, CAUSE_NONE};
			if (what == 0)
				chip.in.flow_ml_per_min.t_lab_s -= 3;
			if (what == 3)
				chip.in.flow_ml_per_min.quality = QUALITY_SUSPECT;
			if (what == 2)
				chip.in.temperature_k.t_lab_s -= 3;
			give(&chip, (struct scan_event){.kind = SCAN_EVENT_TICK});
		}
		assert_int_equal(chip.scan.job, what < 4 ? SCAN_JOB_NONE : SCAN_JOB_PROGRAM);
		assert_int_equal(chip.scan.phase, what < 4 ? SCAN_PURGE : SCAN_ARM);
	}
}

/* DATA without the flag is a trace all the same, and the flag without DATA. */
static void test_data_is_a_trace(void **unused)
{
	(void)unused;
	for (int i = 0; i < 4; i++) {
		struct chip chip;

		chip_put(&chip, i & 1 ? CHIP_DATA : CHIP_IDLE);
		chip.in.trace_available = i & 2;
		wait_s(&chip, 40);
		assert_int_equal(chip.scan.job, i ? SCAN_JOB_DELETE : SCAN_JOB_PROGRAM);
	}
}

/* Read only what the counter, the state and the flag all say is there; none for 30 s after the scan is F3. */
static void test_when_a_scan_is_over(void **unused)
{
	static const struct {
		uint32_t counter;
		enum chip_state state;
		bool trace;
		enum scan_phase after_s20, after_s40;
	} cases[] = {
		{42, CHIP_DATA, true, SCAN_READ, SCAN_READ},
		{42, CHIP_DATA, false, SCAN_FIRE, SCAN_SECTION_DONE},
		{42, CHIP_IDLE, false, SCAN_FIRE, SCAN_SECTION_DONE},
		{42, CHIP_IDLE, true, SCAN_FIRE, SCAN_FIRE},
		{42, CHIP_RUNNING, false, SCAN_FIRE, SCAN_FIRE},
		{41, CHIP_DATA, true, SCAN_FIRE, SCAN_FIRE},
		{43, CHIP_IDLE, false, SCAN_FIRE, SCAN_FIRE},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chip chip;

		fire(&chip);
		chip.in.scan_counter = cases[i].counter;
		chip.in.state = (uint8_t)cases[i].state;
		chip.in.trace_available = cases[i].trace;
		wait_s(&chip, 20);
		assert_int_equal(chip.scan.phase, cases[i].after_s20);
		wait_s(&chip, 20);
		assert_int_equal(chip.scan.phase, cases[i].after_s40);
		if (chip.scan.phase == SCAN_SECTION_DONE)
			assert_int_equal(chip.scan.outcome, SECTION_LOST);
	}
}

/* The recorder may be quicker than READ's answer, slower, or late for a section that was cancelled or
 * restarted. */
static void test_when_a_trace_is_deleted(void **unused)
{
	struct chip chip;

	(void)unused;
	fire_and_read(&chip);
	commit(&chip);
	assert_int_equal(chip.scan.job, SCAN_JOB_READ);
	finish(&chip, true);
	assert_int_equal(chip.scan.job, SCAN_JOB_READ);
	wait_s(&chip, 1);
	assert_int_equal(chip.scan.job, SCAN_JOB_DELETE);
	fire_and_read(&chip);
	finish(&chip, true);
	wait_s(&chip, 5);
	assert_int_equal(chip.scan.job, SCAN_JOB_READ);
	commit(&chip);
	assert_int_equal(chip.scan.job, SCAN_JOB_DELETE);
	/* A cancelled section's trace is not deleted for it; the next one cleans the chip. */
	fire_and_read(&chip);
	finish(&chip, true);
	give(&chip, (struct scan_event){.kind = SCAN_EVENT_CANCEL});
	commit(&chip);
	assert_int_equal(chip.act.job, SCAN_JOB_NONE);
	assert_int_equal(chip.scan.phase, SCAN_SECTION_DONE);
	/* After a restart the chip is asked first. */
	fire_and_read(&chip);
	finish(&chip, true);
	give(&chip, (struct scan_event){.kind = SCAN_EVENT_RESTART});
	commit(&chip);
	assert_int_equal(chip.act.job, SCAN_JOB_NONE);
	wait_s(&chip, 0.5);
	assert_int_equal(chip.scan.job, SCAN_JOB_DELETE);
}

/* The reference is programmed on a chip that is read, idle and cool. */
static void test_the_reference_waits_for_a_cool_chip(void **unused)
{
	(void)unused;
	for (int what = 0; what < 5; what++) {
		struct chip chip;

		fire_and_read(&chip);
		finish(&chip, true);
		commit(&chip);
		finish(&chip, true);
		chip.in.state = what == 1 ? CHIP_RUNNING : what == 2 ? CHIP_DATA : CHIP_IDLE;
		chip.in.trace_available = false;
		for (int i = 0; i < 10; i++) {
			chip.now += 0.5;
			chip.in.temperature_k =
				(struct measurement){what == 3 ? 321 : 320, chip.now - (what == 0 ? 3 : 0),
						     QUALITY_GOOD, CAUSE_NONE};
			chip.in.flow_ml_per_min =
				(struct measurement){80, chip.now, QUALITY_GOOD, CAUSE_NONE};
			give(&chip, (struct scan_event){.kind = SCAN_EVENT_TICK});
		}
		assert_int_equal(chip.scan.phase, what < 4 ? SCAN_COOL : SCAN_REFERENCE);
		assert_int_equal(chip.scan.job, what < 4 ? SCAN_JOB_DELETE : SCAN_JOB_PROGRAM);
	}
}

/* The numbering of intents begins at 1 where the caller has none. */
static void test_intents_are_numbered_from_one(void **unused)
{
	struct chip chip;

	(void)unused;
	chip_put(&chip, CHIP_IDLE);
	wait_s(&chip, 40);
	finish(&chip, true);
	finish(&chip, true);
	chip.in.state = CHIP_ARMED;
	chip.scan.next_intent = 0;
	wait_s(&chip, 0.5);
	assert_int_equal(chip.scan.waiting_intent, 1);
	assert_int_equal(chip.scan.next_intent, 2);
}

/* Idle needs no plan, but for a section; a step holds as many notes as it has room for. */
static void test_scan_without_a_plan(void **unused)
{
	struct scan_event tick = {.kind = SCAN_EVENT_TICK, .t_lab_s = 1};
	struct scan_event section = {.kind = SCAN_EVENT_SECTION, .t_lab_s = 1, .rate_k_per_s = 200};
	struct scan_machine idle, next;
	struct scan_actions act = {0};
	struct scan_work work = {.m = &idle, .act = &act};
	struct chip chip;

	(void)unused;
	chip_put(&chip, CHIP_IDLE);
	tick.inputs = section.inputs = &chip.in;
	scan_init(&idle, 0);
	assert_int_equal(scan_step(NULL, &idle, &tick, &next, &act), 0);
	assert_int_equal(scan_step(NULL, &idle, &section, &next, &act), -EINVAL);
	assert_int_equal(scan_step(&chip.plan, &idle, &section, &next, &act), 0);
	section.rate_k_per_s = 0;
	assert_int_equal(scan_step(&chip.plan, &idle, &section, &next, &act), -EINVAL);
	idle.phase = SCAN_PHASE_MAX;
	assert_int_equal(scan_step(&chip.plan, &idle, &tick, &next, &act), -EINVAL);
	memset(&act, 0, sizeof(act));
	for (int i = 0; i < 20; i++)
		scan_note(&work, NOTE_INFO, ALARM_NONE, "note %d", i);
	assert_int_equal(act.note_count, sizeof(act.notes) / sizeof(act.notes[0]));
	assert_string_equal(act.notes[7].text, "note 7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_job_that_fails_is_a_fault),
		cmocka_unit_test(test_a_scan_that_never_ends),
		cmocka_unit_test(test_a_trace_that_cannot_be_read_is_lost),
		cmocka_unit_test(test_an_old_trace_is_cleaned),
		cmocka_unit_test(test_words_to_the_chip),
		cmocka_unit_test(test_scan_events_that_are_none),
		cmocka_unit_test(test_what_does_not_purge),
		cmocka_unit_test(test_data_is_a_trace),
		cmocka_unit_test(test_when_a_scan_is_over),
		cmocka_unit_test(test_when_a_trace_is_deleted),
		cmocka_unit_test(test_the_reference_waits_for_a_cool_chip),
		cmocka_unit_test(test_intents_are_numbered_from_one),
		cmocka_unit_test(test_scan_without_a_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
