/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The codecs at their edges: types that are none, frames that are short, long or garbled though their
 * checksum is right, words and numbers that end too early; and when a flow controller is asked again. */
#include "tests/unit/drivers/cmocka_all.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "drivers/alicat.h"
#include "drivers/codec.h"
#include "drivers/dasnet.h"
#include "drivers/flow_schedule.h"
#include "drivers/pace.h"
#include "drivers/text_number.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void a_type_that_is_none(void **state)
{
	const uint8_t types[] = {REG_TYPE_MAX, 99};
	uint16_t words[2] = {1, 2};

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct profile_register reg = {.type = types[i], .bit = -1};

		assert_true(isnan(codec_decode_raw(&reg, words)));
		assert_true(isnan(codec_decode(&reg, words)));
		assert_int_equal(codec_encode_own_unit(&reg, 1, words), -ERANGE);
		assert_int_equal(words[0], 1);
		assert_int_equal(words[1], 2);
	}
}

/* A bit beyond the word is none: the whole register is read. */
static void a_bit_of_a_register(void **state)
{
	const struct {
		int bit;
		double value;
	} cases[] = {{-1, 0x8001}, {0, 1}, {1, 0}, {15, 1}, {16, 0x8001}};
	const uint16_t words[2] = {0x8001, 0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct profile_register reg = {.type = REG_U16, .bit = cases[i].bit};

		assert_float_equal(codec_decode_raw(&reg, words), cases[i].value, 1e-12);
	}
}

/* @text between "R1" and a checksum that is right, with the length it claims. */
static size_t answer_of(char *ret_frame, const char *head, const char *text)
{
	int used = sprintf(ret_frame, "%s%s", head, text);

	used += sprintf(ret_frame + used, "%02X\r", dasnet_checksum(ret_frame, (size_t)used));
	return (size_t)used;
}

static void dasnet_frames_that_are_whole_and_wrong(void **state)
{
	static const struct {
		const char *head, *text;
		enum dasnet_result result;
	} cases[] = {
		{"R104", "STOP", DASNET_COMPLETE},
		{"B104", "STOP", DASNET_COMPLETE},
		{"R", "1", DASNET_MALFORMED}, /* an acknowledgement has no source */
		{"R ", "", DASNET_COMPLETE},
		{"R 1", "", DASNET_MALFORMED}, /* longer than empty, shorter than a head */
		{"R10", "", DASNET_MALFORMED},
		{"R105", "STOP", DASNET_MALFORMED}, /* claims five */
		{"R1G4", "STOP", DASNET_MALFORMED},
		{"R10g", "STOP", DASNET_MALFORMED},
		{"R 04", "STOP", DASNET_MALFORMED}, /* from nobody */
		{"X104", "STOP", DASNET_MALFORMED},
		{"R104", "ST\x7FP", DASNET_MALFORMED},
		{"R104", "ST\x1FP", DASNET_MALFORMED},
		{"R100", "", DASNET_COMPLETE},
	};
	struct dasnet_answer answer;
	char frame[64];
	size_t used;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t length = answer_of(frame, cases[i].head, cases[i].text);

		if (dasnet_parse(frame, length, &used, &answer) != cases[i].result)
			fail_msg("case %zu: %s", i, frame);
		assert_int_equal(used, length);
	}
	/* LF before a frame is passed over like CR. */
	memcpy(frame, "\n\r\nR 8E\r", 9);
	assert_int_equal(dasnet_parse(frame, 8, &used, &answer), DASNET_COMPLETE);
	assert_int_equal(used, 8);
	/* Three bytes are no frame, whatever they say. */
	assert_int_equal(dasnet_parse("R8E\r", 4, &used, &answer), DASNET_MALFORMED);
}

/* A text of 255 bytes is the longest that two digits can say; what is longer is never copied. */
static void dasnet_the_longest_text(void **state)
{
	static struct dasnet_answer answer;
	char text[DASNET_TEXT + 8], frame[2 * DASNET_TEXT];
	size_t used, length;

	(void)state;
	memset(text, 'A', sizeof(text));
	text[255] = '\0';
	length = answer_of(frame, "R1FF", text);
	assert_int_equal(dasnet_parse(frame, length, &used, &answer), DASNET_COMPLETE);
	assert_string_equal(answer.text, text);
	text[255] = 'A';
	text[256] = '\0';
	length = answer_of(frame, "R100", text);
	assert_int_equal(dasnet_parse(frame, length, &used, &answer), DASNET_MALFORMED);
	assert_int_equal(used, length);
	/* Nor is a line without an end waited for for ever. */
	memset(frame, 'A', sizeof(frame));
	assert_int_equal(dasnet_parse(frame, DASNET_FRAME - 1, &used, &answer), DASNET_INCOMPLETE);
	assert_int_equal(dasnet_parse(frame, DASNET_FRAME, &used, &answer), DASNET_MALFORMED);
}

static void dasnet_words_at_their_edges(void **state)
{
	struct dasnet_status status;
	char word[16];

	(void)state;
	assert_int_equal(dasnet_parse_word("ID=ABCDEFGHIJKLMNO", "ID", word), 0);
	assert_string_equal(word, "ABCDEFGHIJKLMNO");
	assert_int_equal(dasnet_parse_word("ID=ABCDEFGHIJKLMNOP", "ID", word), -EBADMSG);
	assert_int_equal(dasnet_parse_word("ID=", "ID", word), -EBADMSG);
	assert_int_equal(dasnet_parse_word("UNITS=BAR", "ID", word), -EBADMSG);
	assert_int_equal(dasnet_parse_word("ID", "ID", word), -EBADMSG);
	/* Both said: the pump obeys the line, so it is remote. */
	assert_int_equal(dasnet_parse_status("STATUSA=RUN,LOCAL,REMOTE", &status), 0);
	assert_false(status.local);
	assert_int_equal(dasnet_parse_status("STATUSA=RUN,LOCAL", &status), 0);
	assert_true(status.local);
	assert_int_equal(dasnet_parse_status("STATUSA = RUN  , ,REMOTE ,", &status), 0);
	assert_true(status.running && !status.local);
}

static void alicat_words_at_their_edges(void **state)
{
	static const struct {
		const char *line;
		int result;
		bool hold;
	} cases[] = {
		{"A\t+014.70 +025.00 +000.00 +000.00 000.00     N2", -EBADMSG, false},
		{"A +014.70 +025.00 +000.00 +000.00 000.00 N2 HLD", 0, true},
		{"A +014.70 +025.00 +000.00 +000.00 000.00 N2 HLDS", 0, false},
		{"A +014.70 +025.00 +000.00 +000.00 000.00 N2 MOV", 0, false},
		{"A +014.70 +025.00 +000.00 +000.00 -+0 N2", -EBADMSG, false},
		{"A +014.70 +025.00 +000.00 +000.00 1e999 N2", -EBADMSG, false},
		{"A +014.70 +025.00 +000.00 +000.00 + N2", -EBADMSG, false},
		{"A +014.70 +025.00 +000.00 +000.00 0", -EBADMSG, false},
	};
	struct alicat_status status;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(&status, 0, sizeof(status));
		assert_int_equal(alicat_parse(cases[i].line, 'A', &status), cases[i].result);
		assert_true(status.hold == cases[i].hold);
	}
}

static void numbers_and_headers_at_their_edges(void **state)
{
	static const char *const bad[] = {"", "+", "-.", "1e999", "nan", "12 3", "12x"};
	double value = -1;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(text_number_parse(bad[i], &value), -EBADMSG);
	assert_float_equal(value, -1, 0);
	assert_int_equal(text_number_parse("12.5  ", &value), 0);
	/* A digit where the header has one is not passed over; one more than it has is. */
	assert_int_equal(pace_parse_number(":SENS2:PRES 3", ":SENS2:PRES", &value), 0);
	assert_float_equal(value, 3, 1e-12);
	assert_int_equal(pace_parse_number(":SENS1:PRES1 4", ":SENS:PRES", &value), 0);
	assert_float_equal(value, 4, 1e-12);
	assert_int_equal(pace_parse_number(":SENS1:PRES 5", ":SENS2:PRES", &value), -EBADMSG);
	assert_float_equal(value, 4, 1e-12);
}

/* A line that is quiet or gone is not this device's silence; that backs off to 30 s and is no more than a
 * tenth of a line's time. */
static void when_a_flow_controller_is_asked_again(void **state)
{
	struct driver_cycle cycle = {.t_lab_s = 100};
	struct flow_schedule schedule;

	(void)state;
	flow_schedule_init(&schedule, 1);
	assert_true(flow_schedule_is_due(&schedule, &cycle));
	cycle.now_ns = clock_mono_ns();
	flow_schedule_next(&schedule, &cycle, 0);
	assert_float_equal(schedule.next_lab_s, 101, 1e-9);
	flow_schedule_next(&schedule, &cycle, CAUSE_LINK);
	assert_float_equal(schedule.next_lab_s, 101, 1e-9);
	assert_float_equal(schedule.backoff_s, 0, 0);
	for (double expected_s = 1; expected_s < 64; expected_s *= 2) {
		cycle.now_ns = clock_mono_ns();
		flow_schedule_next(&schedule, &cycle, CAUSE_TIMEOUT);
		assert_float_equal(schedule.backoff_s, fmin(expected_s, 30), 1e-9);
	}
	assert_float_equal(schedule.next_lab_s, 130, 1e-9);
	/* A quarantine is neither the end of a silence nor more of it. */
	flow_schedule_next(&schedule, &cycle, CAUSE_QUARANTINE);
	assert_float_equal(schedule.next_lab_s, 130, 1e-9);
	assert_float_equal(schedule.backoff_s, 30, 1e-9);
	/* Seven seconds of a line for one silence: not again for seventy. */
	cycle.now_ns = clock_mono_ns() - 7 * CLOCK_NS_PER_S;
	flow_schedule_next(&schedule, &cycle, CAUSE_TIMEOUT);
	assert_true(schedule.next_lab_s >= 170 && schedule.next_lab_s < 180);
	flow_schedule_next(&schedule, &cycle, 0);
	assert_float_equal(schedule.backoff_s, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_type_that_is_none),
		cmocka_unit_test(a_bit_of_a_register),
		cmocka_unit_test(dasnet_frames_that_are_whole_and_wrong),
		cmocka_unit_test(dasnet_the_longest_text),
		cmocka_unit_test(dasnet_words_at_their_edges),
		cmocka_unit_test(alicat_words_at_their_edges),
		cmocka_unit_test(numbers_and_headers_at_their_edges),
		cmocka_unit_test(when_a_flow_controller_is_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
