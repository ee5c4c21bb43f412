/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every register type there and back, its range on both sides, the setpoint
 * range of a profile, and the edges of the chip's block and lines. */
#include "tests/unit/drivers/cmocka_all.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "drivers/block.h"
#include "drivers/calibration.h"
#include "drivers/codec.h"

static const struct {
	enum register_type type;
	double value;
	uint16_t words[2];
} golden[] = {
	{REG_U16, 65535, {0xFFFF}},
	{REG_U16, 0, {0}},
	{REG_S16, -32768, {0x8000}},
	{REG_S16, 32767, {0x7FFF}},
	{REG_U32_HIGH_FIRST, 4294967295.0, {0xFFFF, 0xFFFF}},
	{REG_U32_HIGH_FIRST, 65536, {1, 0}},
	{REG_U32_LOW_FIRST, 65536, {0, 1}},
	{REG_S32_HIGH_FIRST, -2, {0xFFFF, 0xFFFE}},
	{REG_S32_LOW_FIRST, -2, {0xFFFE, 0xFFFF}},
	{REG_S32_HIGH_FIRST, -2147483648.0, {0x8000, 0}},
	{REG_F32_HIGH_FIRST, 400.25, {0x43C8, 0x2000}},
	{REG_F32_LOW_FIRST, 400.25, {0x2000, 0x43C8}},
};

static bool is_wide(enum register_type type)
{
	return codec_words(type) == 2;
}

static void every_type_there_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		struct profile_register reg = {.type = (uint8_t)golden[i].type, .bit = -1};
		uint16_t words[2] = {0};

		assert_int_equal(codec_encode(&reg, golden[i].value, words), 0);
		assert_int_equal(words[0], golden[i].words[0]);
		if (is_wide(golden[i].type))
			assert_int_equal(words[1], golden[i].words[1]);
		assert_true(fabs(codec_decode(&reg, words) - golden[i].value) < 1e-9);
		assert_true(codec_is_float(golden[i].type) ==
			    (golden[i].type == REG_F32_HIGH_FIRST || golden[i].type == REG_F32_LOW_FIRST));
	}
	assert_int_equal(codec_words(REG_U16), 1);
	assert_int_equal(codec_words(REG_S16), 1);
	assert_int_equal(codec_words(REG_F32_LOW_FIRST), 2);
}

/* A value that does not fit changes no word. */
static void what_does_not_fit_is_refused(void **state)
{
	static const struct {
		enum register_type type;
		double value;
	} cases[] = {
		{REG_U16, 65535.6},
		{REG_U16, -0.6},
		{REG_S16, 32767.6},
		{REG_S16, -32768.6},
		{REG_U32_LOW_FIRST, 4294967296.0},
		{REG_U32_HIGH_FIRST, -1},
		{REG_S32_HIGH_FIRST, 2147483648.0},
		{REG_S32_LOW_FIRST, -2147483649.0},
		{REG_F32_HIGH_FIRST, 1e39},
		{REG_F32_LOW_FIRST, -1e39},
		{REG_F32_LOW_FIRST, NAN},
		{REG_S32_LOW_FIRST, INFINITY},
		{REG_TYPE_MAX, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct profile_register reg = {.type = (uint8_t)cases[i].type, .bit = -1};
		uint16_t words[2] = {0x1234, 0x5678};

		assert_int_equal(codec_encode(&reg, cases[i].value, words), -ERANGE);
		assert_int_equal(words[0], 0x1234);
		assert_int_equal(words[1], 0x5678);
	}
}

static void bits_scales_and_units(void **state)
{
	struct profile_register reg = {.type = REG_U16, .bit = 15};
	uint16_t words[2] = {0x8001, 0};

	(void)state;
	assert_true(codec_decode_raw(&reg, words) > 0.5 && codec_decode_raw(&reg, words) < 1.5);
	reg.bit = 0;
	assert_true(codec_decode_raw(&reg, words) > 0.5);
	reg.bit = 1;
	assert_true(codec_decode_raw(&reg, words) < 0.5);
	/* No bit of 16: the whole word. */
	reg.bit = 16;
	assert_true(codec_decode_raw(&reg, words) > 32768.5);
	reg = (struct profile_register){.type = REG_TYPE_MAX, .bit = -1};
	assert_true(isnan(codec_decode_raw(&reg, words)));
	reg = (struct profile_register){.type = REG_S16, .bit = -1, .scale = 0.5, .unit = UNIT_CELSIUS};
	words[0] = 100;
	assert_true(fabs(codec_decode(&reg, words) - 323.15) < 1e-9);
	assert_int_equal(codec_encode_own_unit(&reg, 25, words), 0);
	assert_int_equal(words[0], 50);
	assert_int_equal(codec_encode(&reg, 298.15, words), 0);
	assert_int_equal(words[0], 50);
}

static void setpoints_inside_the_profile(void **state)
{
	static const struct {
		uint8_t unit;
		double low, high, value;
		bool allowed;
	} cases[] = {
		{UNIT_CELSIUS, 0, 500, 273.15, true}, {UNIT_CELSIUS, 0, 500, 273.0, false},
		{UNIT_CELSIUS, 0, 500, 773.15, true}, {UNIT_CELSIUS, 0, 500, 773.3, false},
		{UNIT_NONE, 10, 20, 10, true},        {UNIT_NONE, 10, 20, 9.9, false},
		{UNIT_NONE, 10, 20, 20.1, false},     {UNIT_NONE, 0, 0, 1e6, true}, /* none declared */
	};
	struct profile profile = {0};

	(void)state;
	assert_true(codec_allows_setpoint(&profile, 5)); /* no setpoint at all */
	snprintf(profile.registers[0].name, sizeof(profile.registers[0].name), "setpoint");
	profile.register_count = 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		profile.registers[0].unit = cases[i].unit;
		profile.setpoint_low = cases[i].low;
		profile.setpoint_high = cases[i].high;
		assert_int_equal(codec_allows_setpoint(&profile, cases[i].value), cases[i].allowed);
	}
}

/* An expected number, a range (both ends in), or the bits under a mask. */
static void expected_values(void **state)
{
	static const struct {
		struct profile_value expected;
		uint16_t word;
		bool matches;
	} cases[] = {
		{{.value = 42}, 42, true},
		{{.value = 42}, 43, false},
		{{.value = 0}, 0, true},
		{{.value = 10, .to = 20}, 10, true},
		{{.value = 10, .to = 20}, 20, true},
		{{.value = 10, .to = 20}, 9, false},
		{{.value = 10, .to = 20}, 21, false},
		{{.value = 0x20, .mask = 0xF0}, 0x2F, true},
		{{.value = 0x20, .mask = 0xF0}, 0x3F, false},
	};
	struct profile_register reg = {.type = REG_U16, .bit = -1};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(codec_matches(&cases[i].expected, &reg, &cases[i].word), cases[i].matches);
	reg.type = REG_U32_LOW_FIRST; /* seven digits are compared to the last */
	assert_true(
		codec_matches(&(struct profile_value){.value = 0x545837}, &reg, (uint16_t[]){0x5837, 0x54}));
	assert_false(
		codec_matches(&(struct profile_value){.value = 0x545838}, &reg, (uint16_t[]){0x5837, 0x54}));
	reg.type = REG_F32_HIGH_FIRST; /* 0.1 of a float is not quite 0.1 */
	assert_true(codec_matches(&(struct profile_value){.value = 0.1}, &reg, (uint16_t[]){0x3DCC, 0xCCCD}));
	assert_false(
		codec_matches(&(struct profile_value){.value = 0.1001}, &reg, (uint16_t[]){0x3DCC, 0xCCCD}));
}

/* A length of the block is digits and nothing else; the first on both sides of them is refused. */
static void block_lengths_are_digits(void **state)
{
	static const char *const bad[] = {"#2/5", "#2:5", "#25/", "#25:", "#:5", "#/5"};
	const uint8_t *payload = NULL;
	size_t length = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(block_parse((const uint8_t *)bad[i], strlen(bad[i]), &payload, &length),
				 BLOCK_MALFORMED);
	assert_null(payload);
	assert_int_equal(length, 7);
}

/* A setpoint lowered while the oil stands below its branch already, or raised above it, moves no oil. */
static void follower_meets_a_branch_from_its_side(void **state)
{
	static const struct press_calibration friction = {
		.loading_count = 2,
		.unloading_count = 2,
		.loading_bar = {0, 2000},
		.loading_gpa = {0, 6},
		.unloading_bar = {0, 2000},
		.unloading_gpa = {1, 7},
	};
	struct calibration_follower follower;

	(void)state;
	calibration_adopt(&follower, 500, 2.0);
	calibration_follow(&friction, &follower, 1.9, 1,
			   10); /* its loading branch is at 633 bar, unloading 300 */
	assert_true(follower.oil_bar > 489.9 && follower.oil_bar < 490.1);
	calibration_adopt(&follower, 200, 2.0);
	calibration_follow(&friction, &follower, 1.9, 1, 10);
	assert_true(follower.oil_bar > 199.9 && follower.oil_bar < 200.1);
	calibration_adopt(&follower, 900, 2.0);
	calibration_follow(&friction, &follower, 2.1, 1, 10);
	assert_true(follower.oil_bar > 899.9 && follower.oil_bar < 900.1);
	/* No time, no movement. */
	calibration_adopt(&follower, 500, 2.0);
	calibration_follow(&friction, &follower, 2.5, -1, 10);
	assert_true(follower.oil_bar > 499.9 && follower.oil_bar < 500.1);
}

/* Each of the three values of a row must be finite; time moves on in every row.
 */
static void rows_with_one_bad_value(void **state)
{
	static const uint8_t good[24] = {0,    0,    0, 0, 0x43, 0x96, 0, 0, 0xBF, 0x80, 0, 0,
					 0x3F, 0x80, 0, 0, 0x43, 0x96, 0, 0, 0xBF, 0x80, 0, 0};

	(void)state;
	for (int at = 0; at < 24; at += 4) {
		uint8_t bytes[24];
		struct trace_row rows[2];

		memcpy(bytes, good, sizeof(bytes));
		bytes[at] = 0x7F;
		bytes[at + 1] = 0x80;
		assert_int_equal(block_decode_rows(bytes, 24, rows), -EBADMSG);
	}
}

static void lines_with_one_fault(void **state)
{
	static const char *const programs[] = {
		"RAMP x,850,500",
		"RAMP 300;850,500",
		"RAMP 300,850,500,1",
		"RAMP 300,850,500;;RAMP 1,2,3",
		"RAMP 300,850,500 COOL 850,300,200",
		"RAMP 1,2,3;RAMP 1,2,3;RAMP 1,2,3;RAMP 1,2,3;RAMP 1,2,3",
		"RAMP 300,850,-",
		"COOL",
		"RAMP 300,1e999,1",
	};
	static const char *const errors[] = {"", "-", "12x", "100001", "-100001", "+,", "x,1"};
	static const char *const statuses[] = {
		"IDLE,4294967296,0,300,100,0,0", "IDLE,1,-1,300,100,0,0", "IDLE,1,0.5,300,100,0,0",
		"IDLE,1,0,300,100,0,0.5",        "IDLE,1,0,300,100,0,-1", "IDLE;1,0,300,100,0,0",
		"IDLEX,1,0,300,100,0,0",         "IDL,1,0,300,100,0,0",   "IDLE,-,0,300,100,0,0",
	};
	struct block_segment segments[BLOCK_SEGMENTS_MAX];
	struct block_status status;
	int code = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		assert_int_equal(block_parse_program(programs[i], segments), -EBADMSG);
	assert_int_equal(block_parse_program("RAMP 1,2,3; COOL 2,1,3;", segments), 2);
	assert_false(segments[0].cool);
	assert_true(segments[1].cool);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		assert_int_equal(block_parse_error(errors[i], &code), -EBADMSG);
	assert_int_equal(code, 7);
	assert_int_equal(block_parse_error("100000", &code), 0);
	assert_int_equal(code, 100000);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		assert_int_equal(block_parse_status(statuses[i], &status), -EBADMSG);
	assert_int_equal(block_parse_status("RUNNING,4294967295,0,300,100,0,0", &status), 0);
	assert_int_equal(status.scan_counter, UINT32_MAX);
}

/* Each thing that makes a calibration none: one change to a good one. */
static void calibrations_with_one_fault(void **state)
{
	static const struct press_calibration good = {
		.loading_count = 2,
		.unloading_count = 2,
		.loading_bar = {100, 2000},
		.loading_gpa = {0.5, 7},
		.unloading_bar = {50, 2000},
		.unloading_gpa = {0.6, 7},
	};
	struct press_calibration bad = good;

	(void)state;
	assert_int_equal(calibration_check(&good), 0);
	/* Below the table the first value stays, beyond it the last slope goes on. */
	assert_true(fabs(calibration_loading_gpa(&good, 0) - 0.5) < 1e-12);
	assert_true(fabs(calibration_loading_gpa(&good, 3900) - 13.5) < 1e-9);
	assert_true(fabs(calibration_slope_gpa_per_bar(&good, 5000) - 6.5 / 1900) < 1e-12);
	bad.loading_count = CALIBRATION_POINTS_MAX + 1;
	assert_int_equal(calibration_check(&bad), -EINVAL);
	bad = good;
	bad.loading_bar[0] = NAN;
	assert_int_equal(calibration_check(&bad), -EINVAL);
	bad = good;
	bad.loading_gpa[1] = 0.5;
	assert_int_equal(calibration_check(&bad), -EINVAL);
	bad = good;
	bad.unloading_count = 1;
	assert_int_equal(calibration_check(&bad), -EINVAL);
	bad = good;
	bad.unloading_gpa[0] = 0.4; /* below the loading branch at its own first point */
	assert_int_equal(calibration_check(&bad), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_there_and_back),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(bits_scales_and_units),
		cmocka_unit_test(setpoints_inside_the_profile),
		cmocka_unit_test(rows_with_one_bad_value),
		cmocka_unit_test(expected_values),
		cmocka_unit_test(block_lengths_are_digits),
		cmocka_unit_test(follower_meets_a_branch_from_its_side),
		cmocka_unit_test(lines_with_one_fault),
		cmocka_unit_test(calibrations_with_one_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
