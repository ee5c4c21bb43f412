/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hazard 35: what makes a plan impossible, each fault at its place and on its limit; what is only warned of;
 * times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "plant.h"

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
	{offsetof(struct plan, heating_k_per_s), 1e-4, "densification"}, /* 40 days */
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

/* A plan with a calorimetry that fits. */
static void put_scans(struct plan *plan)
{
	plant_default_plan(plan);
	plan->calorimetry = (struct plan_calorimetry){.present = true,
						      .rate_count = 3,
						      .rate_k_per_s = {100, 200, 300},
						      .sections_per_rate = 2,
						      .start_k = 300,
						      .end_k = 850,
						      .reference_cooling_k_per_s = 200,
						      .purge_ml_per_min = 80};
}

static void expect_fault(const struct plan *plan, const char *field)
{
	struct plan_fault faults[8];
	size_t count = plan_check(plan, 298, faults, 8);

	assert_int_equal(count, field != NULL);
	if (field)
		assert_string_equal(faults[0].field, field);
}

static void test_each_number_of_a_calorimetry(void **unused)
{
	static const struct {
		size_t offset;
		double on, beyond;
		const char *field;
	} cases[] = {
		{offsetof(struct plan, material_tg_k), 200, 199, "material.Tg"},
		{offsetof(struct plan, material_tg_k), 2000, 2001, "material.Tg"},
		{offsetof(struct plan, material_tg_k), 596, NAN, "material.Tg"},
		{offsetof(struct plan, calorimetry.rate_k_per_s[1]), 1, 0.5, "calorimetry.heating_rates[1]"},
		{offsetof(struct plan, calorimetry.rate_k_per_s[2]), 300, 100,
		 "calorimetry.heating_rates[2]"},
		{offsetof(struct plan, calorimetry.start_k), 750, 751, "calorimetry.range"},
		{offsetof(struct plan, calorimetry.end_k), 1400, 1401, "calorimetry.range[1]"},
		{offsetof(struct plan, calorimetry.reference_cooling_k_per_s), 0.1, 0,
		 "calorimetry.reference_cooling_rate"},
		{offsetof(struct plan, calorimetry.purge_ml_per_min), 1, 0, "calorimetry.purge"},
	};
	struct plan plan;

	(void)unused;
	put_scans(&plan);
	expect_fault(&plan, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_scans(&plan);
		*field(&plan, cases[i].offset) = cases[i].on;
		expect_fault(&plan, NULL);
		*field(&plan, cases[i].offset) = cases[i].beyond;
		expect_fault(&plan, cases[i].field);
	}
}

static void test_how_many_scans(void **unused)
{
	static const struct {
		uint32_t rates, sections;
		const char *field;
	} cases[] = {{3, 8, NULL},
		     {3, 9, "calorimetry.sections_per_rate"},
		     {3, 0, "calorimetry.sections_per_rate"},
		     {0, 2, "calorimetry.heating_rates"},
		     {16, 2, NULL},
		     {17, 2, "calorimetry.heating_rates"}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan plan;

		put_scans(&plan);
		for (int k = 0; k < PLAN_RATES_MAX; k++)
			plan.calorimetry.rate_k_per_s[k] = 100 + k;
		plan.calorimetry.rate_count = cases[i].rates;
		plan.calorimetry.sections_per_rate = cases[i].sections;
		expect_fault(&plan, cases[i].field);
	}
}

/* A text without its end, a name that is empty, a policy that is none, a reference at a pressure. */
static void test_texts_and_policies(void **unused)
{
	struct plan plan;

	(void)unused;
	plant_default_plan(&plan);
	memset(plan.composition, 'x', sizeof(plan.composition));
	expect_fault(&plan, "material.composition");
	plant_default_plan(&plan);
	plan.material[0] = '\0';
	expect_fault(&plan, "material.name");
	plant_default_plan(&plan);
	plan.recovery = 2;
	expect_fault(&plan, "recovery");
	plant_default_plan(&plan);
	plan.loading = 2;
	expect_fault(&plan, "loading");
	plant_default_plan(&plan);
	plan.reference = true;
	expect_fault(&plan, "densification.pressure");
	plan.pressure_gpa = PLAN_ATM_GPA;
	expect_fault(&plan, NULL);
}

static bool is_warned(const struct plan *plan, const char *field, size_t count)
{
	struct plan_fault warnings[8];
	bool found = false;

	assert_int_equal(plan_warnings(plan, 298, warnings, 8), count);
	for (size_t i = 0; i < count; i++)
		found = found || strcmp(warnings[i].field, field) == 0;
	return found;
}

/* None of these is refused: the operator may know better. */
static void test_warnings(void **unused)
{
	struct plan plan;

	(void)unused;
	put_scans(&plan);
	assert_false(is_warned(&plan, "", 0));
	plan.calorimetry.end_k = 1.4 * plan.material_tg_k - 1;
	assert_true(is_warned(&plan, "calorimetry.range[1]", 1));
	put_scans(&plan);
	plan.calorimetry.rate_count = 2;
	assert_true(is_warned(&plan, "calorimetry.heating_rates", 1));
	put_scans(&plan);
	plan.calorimetry.sections_per_rate = 1;
	assert_true(is_warned(&plan, "calorimetry.sections_per_rate", 1));
	put_scans(&plan);
	plan.holdback_temperature_k = plan.soak_band_k - 0.5;
	assert_true(is_warned(&plan, "densification.holdback.temperature", 1));
	put_scans(&plan);
	plan.temperature_k = 300;
	assert_true(is_warned(&plan, "densification.temperature", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan_check),
		cmocka_unit_test(test_plan_times),
		cmocka_unit_test(test_each_number_of_a_calorimetry),
		cmocka_unit_test(test_how_many_scans),
		cmocka_unit_test(test_texts_and_policies),
		cmocka_unit_test(test_warnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
