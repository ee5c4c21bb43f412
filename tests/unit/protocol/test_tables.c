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
		assert_true(info->safer == SAFER_NEITHER ||
			    limits_is_safer(&limits, info,
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
};

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

static double *field(struct plan *plan, size_t offset)
{
	return (double *)(void *)((char *)plan + offset);
}

static const struct {
	size_t offset;
	double value;
	const char *field;
} bad_plans[] = {
	{offsetof(struct plan, pressure_gpa), 7.1, "densification.pressure"},
	{offsetof(struct plan, pressure_gpa), 0.4, "densification.pressure"},
	{offsetof(struct plan, pressure_gpa), NAN, "densification.pressure"},
	{offsetof(struct plan, temperature_k), 694, "densification.temperature"},
	{offsetof(struct plan, temperature_k), 280, "densification.temperature"},
	{offsetof(struct plan, isotherm_s), 0, "densification.isotherm"},
	{offsetof(struct plan, compression_gpa_per_s), 0.02, "densification.compression_rate"},
	{offsetof(struct plan, decompression_gpa_per_s), 0, "densification.decompression_rate"},
	{offsetof(struct plan, heating_k_per_s), 0.6, "densification.heating_rate"},
	{offsetof(struct plan, cooling_k_per_s), -1, "densification.cooling_rate"},
	{offsetof(struct plan, soak_band_k), 0.5, "densification.soak_band"},
	{offsetof(struct plan, holdback_temperature_k), 16, "densification.holdback.temperature"},
	{offsetof(struct plan, holdback_pressure_gpa), 0.2, "densification.holdback.pressure"},
	{offsetof(struct plan, holdback_limit_s), 1, "densification.holdback.limit"},
	{offsetof(struct plan, limits.release_temperature_k), 301, "limits.release_temperature_k"},
	{offsetof(struct plan, limits.runaway_time_s), 61, "limits.runaway_time_s"},
};

static void test_plan_check(void **unused)
{
	struct plan plan;
	struct plan_fault faults[8];

	(void)unused;
	plant_default_plan(&plan);
	assert_int_equal(plan_check(&plan, 298, faults, 8), 0);
	for (size_t i = 0; i < sizeof(bad_plans) / sizeof(bad_plans[0]); i++) {
		plant_default_plan(&plan);
		*field(&plan, bad_plans[i].offset) = bad_plans[i].value;
		assert_true(plan_check(&plan, 298, faults, 8) >= 1);
		assert_string_equal(faults[0].field, bad_plans[i].field);
		assert_true(strlen(faults[0].text) > 20);
	}
	plant_default_plan(&plan);
	plan.calorimetry =
		(struct plan_calorimetry){.present = true, .rate_count = 2, .rate_k_per_s = {100, 100}};
	assert_true(plan_check(&plan, 298, faults, 2) > 2);
}

static void test_plan_times(void **unused)
{
	struct segment segments[SEGMENT_MAX];
	struct plan plan;

	(void)unused;
	plant_default_plan(&plan);
	/* 91.2 min of the paper, and the release dwell. */
	assert_true(fabs(plan_total_s(&plan, 298) / 60 - 92.17) < 0.01);
	assert_int_equal(plan_segments(&plan, 298, segments), 6);
	plan.temperature_k = 693;
	assert_true(fabs(plan_total_s(&plan, 298) / 60 - 97.17) < 0.01);
	plan.temperature_k = 298;
	assert_int_equal(plan_segments(&plan, 298, segments), 3);
	plan.reference = true;
	plan.temperature_k = 643;
	assert_int_equal(plan_segments(&plan, 298, segments), 4);
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
		cmocka_unit_test(test_plan_check),
		cmocka_unit_test(test_plan_times),
		cmocka_unit_test(test_every_alarm_has_three_parts),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
