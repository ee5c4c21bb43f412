/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Codec golden bytes, block parser tables, properties of the calibration. */
#include "tests/unit/drivers/cmocka_all.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "drivers/block.h"
#include "drivers/calibration.h"
#include "drivers/codec.h"

static void codec_golden_bytes(void **state)
{
	uint16_t words[2];

	(void)state;
	codec_encode_f32(1.001f, true, words);
	assert_int_equal(words[0], 0x3F80);
	assert_int_equal(words[1], 0x20C5);
	codec_encode_f32(1.001f, false, words);
	assert_int_equal(words[0], 0x20C5);
	assert_int_equal(words[1], 0x3F80);
	assert_true(codec_decode_f32(words, false) == 1.001f);
	codec_encode_f32(400.25f, true, words);
	assert_true(codec_decode_f32(words, true) == 400.25f);
}

/* Hazard 11: 25 and 370.25 in their own order alone, 0 and noise near it in both. */
static void codec_proves_the_declared_order(void **state)
{
	static const struct {
		uint16_t words[2];
		bool high_first, low_first;
	} cases[] = {
		{{0x41C8, 0x0000}, true, false},  /* 25 */
		{{0x0000, 0x41C8}, false, true},  /* 25, low word first */
		{{0x43B9, 0x2000}, true, false},  /* 370.25 */
		{{0x3F80, 0x20C5}, true, false},  /* 1.001 */
		{{0x0000, 0x0000}, false, false}, /* 0 */
		{{0x4200, 0x4200}, false, false}, /* the same in both */
		{{0x7F80, 0x0000}, false, false}, /* infinite in one, nothing in the other */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(codec_proves_order(REG_F32_HIGH_FIRST, cases[i].words, -73, 3000),
				 cases[i].high_first);
		assert_int_equal(codec_proves_order(REG_F32_LOW_FIRST, cases[i].words, -73, 3000),
				 cases[i].low_first);
	}
	assert_true(codec_proves_order(REG_U16, cases[4].words, -73, 3000));
	assert_false(codec_proves_order(REG_F32_HIGH_FIRST, cases[0].words, 30, 3000));
}

static void codec_units_and_ranges(void **state)
{
	struct profile_register reg = {.type = REG_S16, .unit = UNIT_CELSIUS, .scale = 0.1, .bit = -1};
	uint16_t words[2] = {0};

	(void)state;
	assert_int_equal(codec_encode(&reg, 643.15, words), 0);
	assert_int_equal(words[0], 3700);
	assert_true(fabs(codec_decode(&reg, words) - 643.15) < 1e-9);
	assert_int_equal(codec_encode(&reg, 5000, words), -ERANGE);
	assert_int_equal(codec_encode(&reg, NAN, words), -ERANGE);
	reg = (struct profile_register){.type = REG_U16, .bit = 5};
	words[0] = 0x20;
	assert_true(codec_decode_raw(&reg, words) == 1);
	words[0] = 0xDF;
	assert_true(codec_decode_raw(&reg, words) == 0);
	reg = (struct profile_register){.type = REG_F32_HIGH_FIRST, .bit = -1};
	words[0] = 0x7F80;
	words[1] = 0;
	assert_true(isnan(codec_decode(&reg, words)));
}

static void block_table(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		enum block_result result;
		size_t length;
	} cases[] = {
		{"", 0, BLOCK_INCOMPLETE, 0},
		{"#", 1, BLOCK_INCOMPLETE, 0},
		{"#1", 2, BLOCK_INCOMPLETE, 0},
		{"#10", 3, BLOCK_COMPLETE, 0},
		{"#15abc", 6, BLOCK_INCOMPLETE, 0},
		{"#15abcde\n", 9, BLOCK_COMPLETE, 5},
		{"#212abcdefghijkl", 16, BLOCK_COMPLETE, 12},
		{"#0", 2, BLOCK_MALFORMED, 0},
		{"#a5", 3, BLOCK_MALFORMED, 0},
		{"#2x5", 4, BLOCK_MALFORMED, 0},
		{"5abcde", 6, BLOCK_MALFORMED, 0},
		{"#9999999999", 11, BLOCK_TOO_LARGE, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint8_t *payload = NULL;
		size_t length = 0;

		assert_int_equal(
			block_parse((const uint8_t *)cases[i].bytes, cases[i].size, &payload, &length),
			cases[i].result);
		assert_int_equal(length, cases[i].length);
	}
}

static void rows_must_be_whole_finite_and_in_order(void **state)
{
	/* t = 0 and 1, T = 300, hf = -1 */
	uint8_t two[24] = {0,    0,    0, 0, 0x43, 0x96, 0, 0, 0xBF, 0x80, 0, 0,
			   0x3F, 0x80, 0, 0, 0x43, 0x96, 0, 0, 0xBF, 0x80, 0, 0};
	struct trace_row rows[2];

	(void)state;
	assert_int_equal(block_decode_rows(two, 24, rows), 0);
	assert_true(rows[1].t_s == 1 && rows[1].temperature_k == 300 && rows[1].heat_flow_mw == -1);
	assert_int_equal(block_decode_rows(two, 23, rows), -EBADMSG);
	assert_int_equal(block_decode_rows(two, 0, rows), -EBADMSG);
	two[12] = 0;
	two[13] = 0;
	assert_int_equal(block_decode_rows(two, 24, rows), -EBADMSG);
	two[12] = 0x7F;
	two[13] = 0xC0;
	assert_int_equal(block_decode_rows(two, 24, rows), -EBADMSG);
}

static void status_lines(void **state)
{
	static const char *const bad[] = {
		"",
		"IDLE",
		"IDLE,1,0,300,100,0",
		"IDLE,1,0,300,100,0,0,9",
		"ASLEEP,1,0,300,100,0,0",
		"IDLE,-1,0,300,100,0,0",
		"IDLE,1.5,0,300,100,0,0",
		"IDLE,1,0,nan,100,0,0",
		"IDLE,1,0,inf,100,0,0",
		"IDLE,1,0, 300,100,0,0",
		"IDLE,1,0,,100,0,0",
		"idle,1,0,300,100,0,0",
	};
	struct block_status status;

	(void)state;
	assert_int_equal(block_parse_status("DATA,7,7,300.5,1000,0.25,2", &status), 0);
	assert_int_equal(status.state, BLOCK_CHIP_DATA);
	assert_int_equal(status.scan_counter, 7);
	assert_int_equal(status.flags, 2);
	assert_true(status.temperature_k == 300.5);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(block_parse_status(bad[i], &status), -EBADMSG);
}

static void programs_and_errors(void **state)
{
	struct block_segment segments[BLOCK_SEGMENTS_MAX];
	int code;

	(void)state;
	assert_int_equal(block_parse_program("RAMP 300,850,500;COOL 850,300,200", segments), 2);
	assert_true(segments[1].cool && segments[1].rate_k_per_s == 200);
	assert_int_equal(block_parse_program("PROG:RAMP 300,850,500", segments), 1);
	assert_int_equal(block_parse_program("", segments), 0);
	assert_int_equal(block_parse_program("RAMP 300,850", segments), -EBADMSG);
	assert_int_equal(block_parse_program("SOAK 1,2,3", segments), -EBADMSG);
	assert_int_equal(block_parse_error("0,\"No error\"", &code), 0);
	assert_int_equal(code, 0);
	assert_int_equal(block_parse_error("-221,\"Settings conflict\"", &code), 0);
	assert_int_equal(code, -221);
	assert_int_equal(block_parse_error("what", &code), -EBADMSG);
}

static const struct press_calibration calibration = {
	.loading_count = 3,
	.unloading_count = 4,
	.loading_bar = {0, 1000, 2000},
	.loading_gpa = {0, 3, 7},
	.unloading_bar = {0, 500, 1500, 2000},
	.unloading_gpa = {0, 2.5, 6, 7},
};

static void calibration_refuses_nonsense(void **state)
{
	struct press_calibration bad = calibration;

	(void)state;
	assert_int_equal(calibration_check(&calibration), 0);
	bad.loading_gpa[1] = 5; /* above the unloading branch */
	assert_int_equal(calibration_check(&bad), -EINVAL);
	bad = calibration;
	bad.unloading_bar[2] = 400;
	assert_int_equal(calibration_check(&bad), -EINVAL);
	bad = calibration;
	bad.loading_count = 1;
	assert_int_equal(calibration_check(&bad), -EINVAL);
	bad = calibration;
	bad.loading_gpa[2] = NAN;
	assert_int_equal(calibration_check(&bad), -EINVAL);
}

static void inverses_meet_their_branches(void **state)
{
	(void)state;
	for (double gpa = 0.1; gpa < 7; gpa += 0.1) {
		assert_true(fabs(calibration_loading_gpa(&calibration,
							 calibration_loading_bar(&calibration, gpa)) -
				 gpa) < 1e-9);
		assert_true(fabs(calibration_unloading_gpa(&calibration,
							   calibration_unloading_bar(&calibration, gpa)) -
				 gpa) < 1e-9);
		assert_true(calibration_unloading_bar(&calibration, gpa) <=
			    calibration_loading_bar(&calibration, gpa) + 1e-9);
	}
}

/* Between the branches the sample keeps its pressure; the operator never leaves them. */
static void play_stays_between_branches(void **state)
{
	double oil = 0, sample = NAN, before;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		double next = 1000 + 1000 * sin(i * 0.01) * sin(i * 0.0037);

		before = sample;
		sample = calibration_sample_gpa(&calibration, before, next);
		assert_true(sample >= calibration_loading_gpa(&calibration, next) - 1e-12);
		assert_true(sample <= calibration_unloading_gpa(&calibration, next) + 1e-12);
		if (i > 0 && next > oil)
			assert_true(sample >= before);
		if (i > 0 && next < oil)
			assert_true(sample <= before);
		oil = next;
	}
}

static void follower_crosses_the_dead_band_at_its_limit(void **state)
{
	struct calibration_follower follower;
	double sample = 3.0, last;

	(void)state;
	calibration_adopt(&follower, 1000, sample);
	calibration_follow(&calibration, &follower, 3.003, 0.1, 5);
	assert_true(follower.oil_bar == 1000); /* adopted: small differences move nothing */
	for (int i = 0; i < 10000; i++) {
		last = follower.oil_bar;
		calibration_follow(&calibration, &follower, 4.0, 0.1, 5);
		assert_true(follower.oil_bar - last <= 0.5 + 1e-9 && follower.oil_bar >= last);
	}
	assert_true(fabs(follower.oil_bar - calibration_loading_bar(&calibration, 4.0)) < 1e-6);
	for (int i = 0; i < 10000; i++) {
		last = follower.oil_bar;
		calibration_follow(&calibration, &follower, 3.5, 0.1, 5);
		assert_true(last - follower.oil_bar <= 0.5 + 1e-9 && follower.oil_bar <= last);
	}
	assert_true(fabs(follower.oil_bar - calibration_unloading_bar(&calibration, 3.5)) < 1e-6);
	for (int i = 0; i < 10000; i++)
		calibration_follow(&calibration, &follower, 0.0001, 0.1, 5);
	assert_true(follower.oil_bar == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codec_golden_bytes),
		cmocka_unit_test(codec_proves_the_declared_order),
		cmocka_unit_test(codec_units_and_ranges),
		cmocka_unit_test(block_table),
		cmocka_unit_test(rows_must_be_whole_finite_and_in_order),
		cmocka_unit_test(status_lines),
		cmocka_unit_test(programs_and_errors),
		cmocka_unit_test(calibration_refuses_nonsense),
		cmocka_unit_test(inverses_meet_their_branches),
		cmocka_unit_test(play_stays_between_branches),
		cmocka_unit_test(follower_crosses_the_dead_band_at_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
