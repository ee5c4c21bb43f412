/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session with the chip controller, line by line. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tools/densim/scpi.h"

static struct laboratory lab;
static struct scpi scpi;
static char answer[SCPI_ANSWER];

static int set_up(void **state)
{
	(void)state;
	laboratory_init(&lab, 1, 7, false);
	scpi = (struct scpi){.lab = &lab};
	return 0;
}

static size_t say(const char *line)
{
	size_t length = scpi_line(&scpi, line, answer);
	answer[length] = '\0';
	return length;
}

static void expect_error(int error)
{
	say("SYST:ERR?");
	int got;
	assert_int_equal(sscanf(answer, "%d,", &got), 1);
	assert_int_equal(got, error);
}

static void expect_state(const char *name)
{
	say("CHIP:STAT?");
	assert_memory_equal(answer, name, strlen(name));
	assert_int_equal(answer[strlen(name)], ',');
}

static void wait_s(double duration_s)
{
	for (double t = 0; t < duration_s; t += LABORATORY_STEP_S)
		laboratory_step(&lab);
}

static void test_session(void **state)
{
	(void)state;
	say("*IDN?");
	assert_non_null(strstr(answer, "densd,densim-fdsc,1,"));
	expect_state("IDLE");
	assert_int_equal(say("PROG:RAMP 300,850,200"), 0);
	say("PROG:COOL 850,300,200");
	say("PROG?");
	assert_string_equal(answer, "RAMP 300,850,200;COOL 850,300,200\n");
	expect_state("PROGRAMMED");
	say("ARM");
	expect_state("ARMED");
	say("FIRE");
	expect_state("RUNNING");
	assert_int_equal(lab.chip.counter, 1);
	wait_s(6);
	expect_state("DATA");
	size_t length = say("SCAN:DATA? 1");
	assert_int_equal(length, 7 + 1100 * 12 + 1);
	assert_memory_equal(answer, "#513200", 7);
	say("PROG:RAMP 300,850,200");
	say("ARM");
	expect_error(-221);
	say("SCAN:DEL 1");
	expect_state("PROGRAMMED");
	say("ARM");
	say("FIRE");
	wait_s(4);
	expect_state("DATA");
	say("SCAN:DATA? 1");
	assert_string_equal(answer, "#10\n");
	expect_error(-230);
	say("SCAN:DEL 2");
	expect_state("IDLE");
	expect_error(0);
}

/* First scans are of a fresh section each, the scan in between is of the one that is there. */
static void test_sections(void **state)
{
	(void)state;
	double cold_k = glass_tf_k(&lab.chip.section);
	for (uint32_t scan = 0; scan < 2; scan++) {
		say("PROG:RAMP 300,850,1000");
		say("PROG:COOL 850,300,200");
		say("ARM");
		say("FIRE");
		assert_true(fabs(glass_tf_k(&lab.chip.section) - cold_k) < 1e-9);
		assert_int_equal(lab.chip.section_number, 1 + scan);
		wait_s(5);
		assert_true(fabs(glass_tf_k(&lab.chip.section) - 656.238) < 0.02);
		lab.chip.trace = 0;
		say("PROG:RAMP 300,850,1000");
		say("ARM");
		say("FIRE");
		assert_int_equal(lab.chip.section_number, 1 + scan);
		wait_s(3);
		assert_int_equal(lab.chip.first_scans, 1 + scan);
		assert_int_equal(lab.chip.counter, 2 * (1 + scan));
		lab.chip.trace = 0;
	}
}

static void test_errors(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		int error;
	} cases[] = {{"NONSENSE", -113},
		     {"PROG:RAMP 300,850", -109},
		     {"PROG:RAMP", -109},
		     {"PROG:RAMP a,b,c", -104},
		     {"PROG:RAMP 850,300,200", -222},
		     {"PROG:COOL 300,850,200", -222},
		     {"PROG:RAMP 300,850,nan", -104},
		     {"PROG:RAMP 300,5000,10", -222},
		     {"FIRE", -221},
		     {"ARM", -221},
		     {"SCAN:DEL 1", -230},
		     {"WDOG -1", -222},
		     {"*IDN? 1", -104}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(say(cases[i].line), 0);
		expect_error(cases[i].error);
	}
	for (int i = 0; i < 40; i++)
		say("NONSENSE");
	assert_int_equal(scpi.error_count, SCPI_ERRORS);
	say("*CLS");
	expect_error(0);
}

static void test_watchdog_stops_a_scan(void **state)
{
	(void)state;
	say("PROG:RAMP 300,850,20");
	say("WDOG 2");
	say("ARM");
	say("FIRE");
	wait_s(1.5);
	assert_true(lab.chip.running);
	wait_s(1);
	assert_false(lab.chip.running);
	assert_int_equal(lab.chip.trace, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_session, set_up),
		cmocka_unit_test_setup(test_sections, set_up),
		cmocka_unit_test_setup(test_errors, set_up),
		cmocka_unit_test_setup(test_watchdog_stops_a_scan, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
