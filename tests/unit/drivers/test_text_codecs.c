/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DASNET, PACE and Alicat texts, against frames written out by hand. */
#include "tests/unit/drivers/cmocka_all.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "drivers/alicat.h"
#include "drivers/dasnet.h"
#include "drivers/pace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void dasnet_golden_frames(void **state)
{
	char frame[DASNET_FRAME];

	(void)state;
	/* '1' 'R' '3' "04" "STOP" is 0x260; 0x60 + 0xA0 = 0x100 */
	assert_int_equal(dasnet_encode(1, '3', "STOP", frame), 13);
	assert_string_equal(frame, "\r1R304STOPA0\r");
	/* '6' 'R' '0' "08" is 0x120, IDENTIFY 0x25C; 0x7C + 0x84 = 0x100 */
	assert_int_equal(dasnet_encode(6, '0', "IDENTIFY", frame), 17);
	assert_string_equal(frame, "\r6R008IDENTIFY84\r");
}

/* The manual's own worked example, R304STOPD1: an answer of unit 3. */
static void dasnet_the_example_of_the_manual(void **state)
{
	struct dasnet_answer answer;
	size_t used;

	(void)state;
	assert_int_equal(dasnet_checksum("R304STOP", 8), 0xD1);
	assert_int_equal(dasnet_parse("R304STOPD1\r", 11, &used, &answer), DASNET_COMPLETE);
	assert_string_equal(answer.text, "STOP");
	assert_int_equal(answer.source, '3');
	/* E is what the network controller says; a pump that did not understand is silent. */
	assert_int_equal(dasnet_parse("E 9B\r", 5, &used, &answer), DASNET_MALFORMED);
	assert_int_equal(dasnet_parse("B 9E\r", 5, &used, &answer), DASNET_COMPLETE);
}

static void dasnet_refuses_what_is_no_command(void **state)
{
	char frame[DASNET_FRAME], command[80];

	(void)state;
	memset(command, 'A', sizeof(command));
	command[65] = '\0';
	assert_int_equal(dasnet_encode(1, '0', "", frame), -EINVAL);
	assert_int_equal(dasnet_encode(1, '0', command, frame), -EINVAL);
	assert_int_equal(dasnet_encode(10, '0', "RUN", frame), -EINVAL);
	assert_int_equal(dasnet_encode(1, '0', "RUN\r1R003RUN", frame), -EINVAL);
}

static void dasnet_answers(void **state)
{
	/* "R1" "0B" is 0xF5, PRESSA=12.5 0x2D1; 0xC6 + 0x3A = 0x100 */
	static const char with_text[] = "\rR10BPRESSA=12.53A\r", empty[] = "R 8E\r";
	struct dasnet_answer answer;
	size_t used;

	(void)state;
	assert_int_equal(dasnet_parse(empty, 5, &used, &answer), DASNET_COMPLETE);
	assert_int_equal(answer.acknowledgement, 'R');
	assert_int_equal(answer.source, ' ');
	assert_string_equal(answer.text, "");
	assert_int_equal(used, 5);
	assert_int_equal(dasnet_parse(with_text, sizeof(with_text) - 1, &used, &answer), DASNET_COMPLETE);
	assert_int_equal(answer.source, '1');
	assert_string_equal(answer.text, "PRESSA=12.5");
	assert_int_equal(used, sizeof(with_text) - 1);
	for (size_t length = 0; length < sizeof(with_text) - 2; length++)
		assert_int_equal(dasnet_parse(with_text, length, &used, &answer), DASNET_INCOMPLETE);
}

/* One bit of the line, anywhere, is always seen. */
static void dasnet_sees_every_flipped_bit(void **state)
{
	static const char good[] = "R10BPRESSA=12.53A\r";
	struct dasnet_answer answer;
	size_t used;

	(void)state;
	for (size_t at = 0; at + 2 < sizeof(good); at++)
		for (int bit = 0; bit < 8; bit++) {
			char bad[sizeof(good)];

			memcpy(bad, good, sizeof(good));
			bad[at] = (char)(bad[at] ^ 1 << bit);
			if (good[at] == 'A' && at == sizeof(good) - 3 && bit == 5)
				continue; /* the checksum in lower case is the same number */
			assert_int_not_equal(dasnet_parse(bad, sizeof(good) - 1, &used, &answer),
					     DASNET_COMPLETE);
		}
}

static void dasnet_texts(void **state)
{
	struct dasnet_status status;
	double value;
	char word[16];

	(void)state;
	assert_int_equal(dasnet_parse_value("PRESSA = 12.50 ", "PRESSA", &value), 0);
	assert_true(value == 12.5);
	assert_int_equal(dasnet_parse_value("VOLA=12.5", "PRESSA", &value), -EBADMSG);
	assert_int_equal(dasnet_parse_value("PRESSA=", "PRESSA", &value), -EBADMSG);
	assert_int_equal(dasnet_parse_value("PRESSA=nan", "PRESSA", &value), -EBADMSG);
	assert_int_equal(dasnet_parse_value("PRESSA=1e999", "PRESSA", &value), -EBADMSG);
	assert_int_equal(dasnet_parse_value("PRESSA=12.5PSI", "PRESSA", &value), -EBADMSG);
	assert_int_equal(dasnet_parse_word("UNITSA=bar, ml/min", "UNITSA", word), 0);
	assert_string_equal(word, "BAR");
	assert_int_equal(dasnet_parse_status("STATUSA=RUN,REMOTE,NONE", &status), 0);
	assert_true(status.running && !status.local && !status.over_pressure && !status.motor_fault);
	assert_int_equal(dasnet_parse_status("STATUSA= STOP , LOCAL,MOTOR FAILURE", &status), 0);
	assert_true(!status.running && status.local && status.motor_fault);
	assert_int_equal(dasnet_parse_status("STATUSA=REMOTE", &status), -EBADMSG);
	assert_int_equal(dasnet_parse_status("STATUSA=RUN,STOP", &status), -EBADMSG);
	assert_int_equal(dasnet_parse_status("", &status), -EBADMSG);
}

static void pace_answers(void **state)
{
	static const struct {
		const char *line, *header;
		bool good;
		double value;
	} cases[] = {
		{":SENS:PRES 12.3456", ":SENS:PRES", true, 12.3456},
		{":SENS:PRES1 -0.5", ":SENS:PRES", true, -0.5},
		{":sens1:pres 7", ":SENS:PRES", true, 7},
		{"12.3", ":SENS:PRES", false, 0},
		{":SOUR:PRES 12.3", ":SENS:PRES", false, 0},
		{":SENS:PRES:SLEW 12.3", ":SENS:PRES", false, 0},
		{":SENS:PRES", ":SENS:PRES", false, 0},
		{":SENS:PRES 12.3bar", ":SENS:PRES", false, 0},
		{":SENS:PRES inf", ":SENS:PRES", false, 0},
		{"", ":SENS:PRES", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		double value = -1;
		int r = pace_parse_number(cases[i].line, cases[i].header, &value);

		assert_int_equal(r, cases[i].good ? 0 : -EBADMSG);
		assert_true(value == (cases[i].good ? cases[i].value : -1));
	}
}

static void pace_flags_units_errors(void **state)
{
	char word[PACE_WORD];
	bool on = false;
	int code;

	(void)state;
	assert_int_equal(pace_parse_flag(":OUTP:STAT 1", ":OUTP:STAT", &on), 0);
	assert_true(on);
	assert_int_equal(pace_parse_flag(":OUTP:STAT 2", ":OUTP:STAT", &on), -EBADMSG);
	assert_int_equal(pace_parse_word(":UNIT:PRES bar", ":UNIT:PRES", word), 0);
	assert_string_equal(word, "BAR");
	assert_int_equal(pace_parse_error(":SYST:ERR -222,\"Data out of range\"", &code), 0);
	assert_int_equal(code, -222);
	assert_int_equal(pace_parse_error("-222,\"Data out of range\"", &code), -EBADMSG);
}

static void alicat_lines(void **state)
{
	static const char *const bad[] = {
		"",
		"?",
		"A",
		"B +014.70 +025.00 +000.00 +000.00 000.00     N2",
		"A +014.70 +025.00 +000.00 +000.00     N2",
		"A +014.70 +025.00 +000.00 +000.00 000.00",
		"A +014.70 +025.00 +000.00 +000.0x 000.00     N2",
		"A+014.70 +025.00 +000.00 +000.00 000.00     N2",
		"A +014.70 +025.00 +000.00 +000.00 000.00 Nitrogenoxide",
	};
	struct alicat_status status;

	(void)state;
	assert_int_equal(alicat_parse("A +014.70 +025.00 +080.80 +080.00 079.50     N2", 'A', &status), 0);
	assert_true(status.mass_flow == 80 && status.setpoint == 79.5 && status.volume_flow == 80.8 &&
		    status.temperature == 25 && fabs(status.pressure - 14.7) < 1e-9 && !status.hold);
	assert_string_equal(status.gas, "N2");
	assert_int_equal(
		alicat_parse("B +014.70 +025.00 +080.80 +080.00 079.50 +0001.2    Ar MOV HLD", 'B', &status),
		0);
	assert_string_equal(status.gas, "Ar");
	assert_true(status.hold);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(alicat_parse(bad[i], 'A', &status), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dasnet_golden_frames),
		cmocka_unit_test(dasnet_the_example_of_the_manual),
		cmocka_unit_test(dasnet_refuses_what_is_no_command),
		cmocka_unit_test(dasnet_answers),
		cmocka_unit_test(dasnet_sees_every_flipped_bit),
		cmocka_unit_test(dasnet_texts),
		cmocka_unit_test(pace_answers),
		cmocka_unit_test(pace_flags_units_errors),
		cmocka_unit_test(alicat_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
