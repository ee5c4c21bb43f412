/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits, quantities, plans and names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <locale.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "plant.h"
#include "protocol/quantity.h"
#include "protocol/scan.h"

static void test_limits(void **unused)
{
	struct limits limits;

	(void)unused;
	limits_default(&limits);
	for (size_t i = 0; i < LIMITS_COUNT; i++) {
		const struct limit_info *info = &limits_table[i];

		assert_true(info->minimum <= info->default_value && info->default_value <= info->maximum);
		assert_ptr_equal(limits_find(info->name), info);
		assert_true(limits_get(&limits, info) >= info->default_value);
		assert_true(limits_is_safer(&limits, info,
					    info->safer == SAFER_LOWER ? info->minimum : info->maximum));
	}
	assert_null(limits_find("no_such_limit"));
	assert_false(limits_is_safer(&limits, limits_find("release_temperature_k"), 309));
	assert_true(limits_is_safer(&limits, limits_find("release_dwell_s"), 61));
}

static const struct {
	const char *text;
	enum dimension dimension;
	enum quantity_error error;
	double value;
} quantities[] = {
	{"643 K", DIM_TEMPERATURE, QUANTITY_OK, 643},
	{"369.85 degC", DIM_TEMPERATURE, QUANTITY_OK, 643},
	{"-10 degC", DIM_TEMPERATURE, QUANTITY_OK, 263.15},
	{"-1 K", DIM_TEMPERATURE, QUANTITY_OUT_OF_RANGE, 0},
	{"-300 degC", DIM_TEMPERATURE, QUANTITY_OUT_OF_RANGE, 0},
	{"7 GPa", DIM_PRESSURE, QUANTITY_OK, 7},
	{"7000 MPa", DIM_PRESSURE, QUANTITY_OK, 7},
	{"70000 bar", DIM_PRESSURE, QUANTITY_OK, 7},
	{"1 atm", DIM_PRESSURE, QUANTITY_OK, PLAN_ATM_GPA},
	{"0.3 GPa/min", DIM_PRESSURE_RATE, QUANTITY_OK, 0.005},
	{"300 MPa/min", DIM_PRESSURE_RATE, QUANTITY_OK, 0.005},
	{"20 K/min", DIM_TEMPERATURE_RATE, QUANTITY_OK, 20.0 / 60},
	{"1e2 K/s", DIM_TEMPERATURE_RATE, QUANTITY_OK, 100},
	{"10 min", DIM_TIME, QUANTITY_OK, 600},
	{"2 h", DIM_TIME, QUANTITY_OK, 7200},
	{"80 ml/min", DIM_FLOW, QUANTITY_OK, 80},
	{"5 K", DIM_TEMPERATURE_STEP, QUANTITY_OK, 5},
	{"5 degC", DIM_TEMPERATURE_STEP, QUANTITY_UNKNOWN_UNIT, 0},
	{"2.5", DIM_NUMBER, QUANTITY_OK, 2.5},
	{"", DIM_TIME, QUANTITY_EMPTY, 0},
	{"643", DIM_TEMPERATURE, QUANTITY_NO_UNIT, 0},
	{"643 F", DIM_TEMPERATURE, QUANTITY_UNKNOWN_UNIT, 0},
	{"643 k", DIM_TEMPERATURE, QUANTITY_UNKNOWN_UNIT, 0},
	{"643 K ", DIM_TEMPERATURE, QUANTITY_UNKNOWN_UNIT, 0},
	{" 643 K", DIM_TEMPERATURE, QUANTITY_NOT_A_NUMBER, 0},
	{"+5 K", DIM_TEMPERATURE, QUANTITY_NOT_A_NUMBER, 0},
	{"nan K", DIM_TEMPERATURE, QUANTITY_NOT_A_NUMBER, 0},
	{"inf K", DIM_TEMPERATURE, QUANTITY_NOT_A_NUMBER, 0},
	{"0x10 K", DIM_TEMPERATURE, QUANTITY_UNKNOWN_UNIT, 0},
	{"1,5 K", DIM_TEMPERATURE, QUANTITY_UNKNOWN_UNIT, 0},
	{"1. K", DIM_TEMPERATURE, QUANTITY_NOT_A_NUMBER, 0},
	{".5 K", DIM_TEMPERATURE, QUANTITY_NOT_A_NUMBER, 0},
	{"1e K", DIM_TEMPERATURE, QUANTITY_NOT_A_NUMBER, 0},
	{"1e999 K", DIM_TEMPERATURE, QUANTITY_OUT_OF_RANGE, 0},
	{"1e-999 K", DIM_TEMPERATURE, QUANTITY_OUT_OF_RANGE, 0},
	{"123456789012345678901234567890 s", DIM_TIME, QUANTITY_OK, 123456789012345678901234567890.0},
	{"-5 s", DIM_TIME, QUANTITY_OUT_OF_RANGE, 0},
	{"-2.5", DIM_NUMBER, QUANTITY_OK, -2.5},
	{"0.12345678901234567890123456789 K", DIM_TEMPERATURE, QUANTITY_OK, 0.123456789012345678},
	{"1e+2 K", DIM_TEMPERATURE, QUANTITY_OK, 100},
	{"1E-2 K", DIM_TEMPERATURE, QUANTITY_OK, 0.01},
	{"1E K", DIM_TEMPERATURE, QUANTITY_NOT_A_NUMBER, 0},
	{"1e- K", DIM_TEMPERATURE, QUANTITY_NOT_A_NUMBER, 0},
	{"1e99999999999999999999 K", DIM_TEMPERATURE, QUANTITY_OUT_OF_RANGE, 0},
	{"1e306 h", DIM_TIME, QUANTITY_OUT_OF_RANGE, 0},
	{"5 K", DIM_MAX, QUANTITY_EMPTY, 0},
};

/* More digits than any number needs are read as what they mean, never as another number. */
static void test_long_numbers(void **unused)
{
	char text[520];
	double value = -1;

	(void)unused;
	memset(text, '1', 505);
	memcpy(text + 505, " s", 3);
	assert_int_equal(quantity_parse(text, DIM_TIME, &value), QUANTITY_OUT_OF_RANGE);
	memset(text, '0', 505);
	text[1] = '.';
	memcpy(text + 504, "1 s", 4);
	assert_int_equal(quantity_parse(text, DIM_TIME, &value), QUANTITY_OUT_OF_RANGE);
	memset(text, '0', 505);
	text[504] = '7';
	memcpy(text + 505, " s", 3);
	assert_int_equal(quantity_parse(text, DIM_TIME, &value), QUANTITY_OK);
	assert_float_equal(value, 7, 1e-12);
}

static void test_plain_numbers(void **unused)
{
	static const struct {
		const char *text;
		enum quantity_error error;
		double value;
	} cases[] = {{"", QUANTITY_EMPTY, -9},          {"x", QUANTITY_NOT_A_NUMBER, -9},
		     {"1 ", QUANTITY_NOT_A_NUMBER, -9}, {"1e999", QUANTITY_OUT_OF_RANGE, -9},
		     {"-1.5e3", QUANTITY_OK, -1500},    {"0", QUANTITY_OK, 0}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double value = -9;

		assert_int_equal(quantity_parse_number(cases[i].text, &value), cases[i].error);
		assert_float_equal(value, cases[i].value, 1e-12);
	}
	assert_string_equal(quantity_units(DIM_TEMPERATURE), "K, degC");
	assert_string_equal(quantity_units(DIM_MAX), "invalid");
	assert_string_equal(quantity_error_text(QUANTITY_NO_UNIT), "the number has no unit");
	assert_string_equal(quantity_error_text((enum quantity_error)99), "invalid");
}

static void test_quantities(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(quantities) / sizeof(quantities[0]); i++) {
		double value = -12345;
		enum quantity_error error =
			quantity_parse(quantities[i].text, quantities[i].dimension, &value);

		if (error != quantities[i].error)
			fail_msg("'%s': %s", quantities[i].text, quantity_error_text(error));
		if (error != QUANTITY_OK)
			assert_true(value < -12344 && value > -12346);
		else if (fabs(value - quantities[i].value) > 1e-12 * fmax(1, fabs(quantities[i].value)))
			fail_msg("'%s' gives %.17g", quantities[i].text, value);
	}
}

/* Each alarm that exists tells what happened, what densd did and what to do, in three different sentences. */
static void test_every_alarm_has_three_parts(void **unused)
{
	int named = 0;

	(void)unused;
	for (int i = 1; i < ALARM_MAX; i++) {
		const struct alarm_info *info = alarm_info((enum alarm)i);

		if (info == alarm_info(ALARM_NONE))
			continue; /* a hazard's row without an alarm of its own */
		named++;
		assert_true(strlen(info->what) > 15 && strlen(info->did) > 15 && strlen(info->remedy) > 15);
		assert_string_not_equal(info->what, info->did);
		assert_string_not_equal(info->did, info->remedy);
		assert_true(info->severity != SEVERITY_TRIP || strstr(info->did, "trip latched"));
		for (int j = 1; j < i; j++)
			assert_true(alarm_info((enum alarm)j) == alarm_info(ALARM_NONE) ||
				    strcmp(alarm_info((enum alarm)j)->name, info->name) != 0);
	}
	assert_int_equal(named, 40);
	assert_string_equal(alarm_info(ALARM_MAX)->name, "none");
	assert_string_equal(alarm_info(ALARM_NONE)->name, "none");
}

static void test_names(void **unused)
{
	(void)unused;
	for (int i = 0; i < PHASE_MAX; i++)
		assert_int_equal(phase_from_name(phase_name((enum phase)i)), i);
	for (int i = 0; i < VERB_MAX; i++)
		assert_int_equal(verb_from_name(verb_name((enum verb)i)), i);
	for (int i = 0; i < ROLE_MAX; i++)
		assert_int_equal(role_from_name(role_name((enum role)i)), i);
	for (int i = 0; i < SCAN_PHASE_MAX; i++)
		assert_non_null(scan_phase_name((enum scan_phase)i));
	assert_int_equal(phase_from_name("nowhere"), -1);
	assert_int_equal(verb_from_name(""), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_quantities),
		cmocka_unit_test(test_long_numbers),
		cmocka_unit_test(test_plain_numbers),
		cmocka_unit_test(test_every_alarm_has_three_parts),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
