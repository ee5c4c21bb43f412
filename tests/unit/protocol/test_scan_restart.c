/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A restart in the middle of a scan: what the chip's counter says of it, around the commit, and after a
 * stranger's scan. */
#include <string.h>

#include "chip_fixture.h"
#include "protocol/scan.h"

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

/* A restart while the trace is on its way: what is stored stays, what is kept is read again, the rest is
 * lost. */
static void test_a_restart_around_the_commit(void **unused)
{
	static const struct {
		bool answered, committed, kept, counted;
		enum scan_job job;
		enum section_outcome outcome;
	} cases[] = {
		{false, false, true, true, SCAN_JOB_READ, SECTION_NONE},
		{true, false, true, true, SCAN_JOB_READ, SECTION_NONE},
		{true, false, false, true, SCAN_JOB_NONE, SECTION_LOST},
		{false, false, true, false, SCAN_JOB_NONE, SECTION_LOST},
		{false, true, true, true, SCAN_JOB_DELETE, SECTION_NONE},
		{false, true, false, true, SCAN_JOB_NONE, SECTION_NONE},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chip chip;

		fire_and_read(&chip);
		if (cases[i].answered)
			finish(&chip, true);
		if (cases[i].committed)
			commit(&chip);
		give(&chip, (struct scan_event){.kind = SCAN_EVENT_RESTART});
		chip.in.trace_available = cases[i].kept;
		chip.in.scan_counter = cases[i].counted ? 42 : 44;
		chip.now += 0.5;
		chip.in.temperature_k.t_lab_s = chip.in.flow_ml_per_min.t_lab_s = chip.now;
		give(&chip, (struct scan_event){.kind = SCAN_EVENT_TICK});
		assert_int_equal(chip.act.job, cases[i].job);
		assert_int_equal(chip.scan.outcome, cases[i].outcome);
	}
}

/* A restart in mid-scan with a counter that does not fit is F4, however busy the chip is. */
static void test_a_restart_with_a_stranger_scan(void **unused)
{
	struct chip chip;

	(void)unused;
	fire(&chip);
	give(&chip, (struct scan_event){.kind = SCAN_EVENT_RESTART});
	chip.in.scan_counter = 45;
	wait_s(&chip, 1);
	assert_int_equal(chip.scan.outcome, SECTION_LOST);
	assert_non_null(strstr(chip.scan.cause, "(F4)"));
	assert_true(chip.scan.spent);
}

/* Nobody confirms a chip whose state nobody has read. */
static void test_a_chip_is_confirmed_by_what_it_says(void **unused)
{
	struct scan_event confirm = {.kind = SCAN_EVENT_CONFIRM};
	struct scan_machine next;
	struct scan_actions act;
	struct chip chip;

	(void)unused;
	chip_put(&chip, CHIP_IDLE);
	wait_s(&chip, 40);
	for (int i = 0; i < 3; i++)
		finish(&chip, false);
	assert_int_equal(chip.scan.phase, SCAN_CHIP_FAULT);
	confirm.t_lab_s = chip.now;
	assert_int_equal(scan_step(&chip.plan, &chip.scan, &confirm, &next, &act), 0);
	assert_int_equal(act.answer.code, ANSWER_REFUSED);
	assert_int_equal(next.phase, SCAN_CHIP_FAULT);
	chip.in.out_of_band = true;
	give(&chip, confirm);
	assert_int_equal(chip.act.answer.code, ANSWER_REFUSED);
	chip.in.out_of_band = false;
	give(&chip, confirm);
	assert_int_equal(chip.act.answer.code, ANSWER_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_counter_that_fits_nothing),
		cmocka_unit_test(test_a_restart_in_mid_scan),
		cmocka_unit_test(test_a_restart_around_the_commit),
		cmocka_unit_test(test_a_restart_with_a_stranger_scan),
		cmocka_unit_test(test_a_chip_is_confirmed_by_what_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
