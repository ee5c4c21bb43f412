/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two straight lines with a step between them: the mass is a quotient that can be written down. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/calorimetry/mass.h"

#define AT_K 650.0
#define STEP_MW 0.4 /* at 650 K; the lines diverge by 1 uW a kelvin */
#define RATE 200.0
#define DELTA_CP 0.25

enum { POINTS = 501 };

struct bench {
	double temperature_k[POINTS], heat_flow_mw[POINTS];
	struct mass_scan scan;
	struct mass_options options;
	struct mass_result result;
};

static double glass_mw(double temperature_k)
{
	return 2 + 3e-4 * (temperature_k - AT_K);
}

static double liquid_mw(double temperature_k)
{
	return glass_mw(temperature_k) + STEP_MW + 1e-3 * (temperature_k - AT_K);
}

static void make(struct bench *bench)
{
	for (int i = 0; i < POINTS; i++) {
		double temperature_k = 300 + i;

		bench->temperature_k[i] = temperature_k;
		bench->heat_flow_mw[i] =
			temperature_k < AT_K ? glass_mw(temperature_k) : liquid_mw(temperature_k);
	}
	bench->scan = (struct mass_scan){.temperature_k = bench->temperature_k,
					 .heat_flow_mw = bench->heat_flow_mw,
					 .count = POINTS,
					 .glass_k = {320, 420},
					 .liquid_k = {720, 790},
					 .noise_mw = 0.01};
	bench->options = (struct mass_options){.rate_k_per_s = RATE,
					       .delta_cp_j_per_gk = DELTA_CP,
					       .delta_cp_sd_j_per_gk = NAN,
					       .at_k = AT_K};
}

/* 0.4 mW / (0.25 J/(g K) x 200 K/s) = 8 ug. */
static void mass_is_the_quotient(void **state)
{
	struct bench bench;

	(void)state;
	make(&bench);
	assert_int_equal(mass_from_step(&bench.scan, &bench.options, &bench.result), 0);
	assert_true(fabs(bench.result.step_mw - STEP_MW) < 1e-12);
	assert_true(fabs(bench.result.mass_ug - 8) < 1e-9);
	assert_true(bench.result.windows_ug < 1e-9); /* lines are straight: edges do not matter */
	bench.options.at_k = 700;
	assert_int_equal(mass_from_step(&bench.scan, &bench.options, &bench.result), 0);
	assert_true(fabs(bench.result.mass_ug - (0.4 + 0.05) / 0.05) < 1e-9);
}

/* Noise of a fitted line, sd sqrt(1/n + d^2/Sxx) with Sxx = n (n^2 - 1) / 12 at unit spacing. */
static void shares_add_up(void **state)
{
	double glass = sqrt(1.0 / 101 + 280.0 * 280 / (101.0 * (101 * 101 - 1) / 12));
	double liquid = sqrt(1.0 / 71 + 105.0 * 105 / (71.0 * (71 * 71 - 1) / 12));
	struct bench bench;

	(void)state;
	make(&bench);
	bench.options.delta_cp_sd_j_per_gk = 0.05 * DELTA_CP;
	assert_int_equal(mass_from_step(&bench.scan, &bench.options, &bench.result), 0);
	assert_true(fabs(bench.result.noise_ug - 0.01 * hypot(glass, liquid) / 0.05) < 1e-9);
	assert_true(fabs(bench.result.delta_cp_ug - 0.4) < 1e-9);
	assert_true(fabs(bench.result.mass_sd_ug - hypot(bench.result.noise_ug, 0.4)) < 1e-6);
}

/* A liquid line that bends: the height depends on where the window lies. */
static void bent_line_shows_in_the_windows(void **state)
{
	struct bench bench;

	(void)state;
	make(&bench);
	for (int i = 0; i < POINTS; i++)
		if (bench.temperature_k[i] > AT_K)
			bench.heat_flow_mw[i] += 1e-6 * pow(bench.temperature_k[i] - AT_K, 2);
	assert_int_equal(mass_from_step(&bench.scan, &bench.options, &bench.result), 0);
	/* the line through u^2 over [a, b] has at 0 the height -(a^2 + 4ab + b^2)/6; an edge moves by 8.1 K
	 * rms */
	assert_true(fabs(bench.result.windows_ug - 1e-6 * 8.1 * hypot(116.7, 93.3) / 0.05) < 3e-3);
}

static void what_cannot_be_is_refused(void **state)
{
	static const struct {
		double rate, delta_cp, delta_cp_sd, at_k, glass_high_k, liquid_low_k;
		enum refusal wanted;
	} cases[] = {
		{0, 0.25, NAN, 650, 420, 720, REFUSAL_BAD_VALUE},
		{-200, 0.25, NAN, 650, 420, 720, REFUSAL_BAD_VALUE},
		{NAN, 0.25, NAN, 650, 420, 720, REFUSAL_BAD_VALUE},
		{200, 0, NAN, 650, 420, 720, REFUSAL_BAD_VALUE},
		{200, INFINITY, NAN, 650, 420, 720, REFUSAL_BAD_VALUE},
		{200, 0.25, -0.1, 650, 420, 720, REFUSAL_BAD_VALUE},
		{200, 0.25, NAN, 900, 420, 720, REFUSAL_BAD_VALUE},
		{200, 0.25, NAN, NAN, 420, 720, REFUSAL_BAD_VALUE},
		{200, 0.25, NAN, 650, 321, 720, REFUSAL_NO_GLASS},
		{200, 0.25, NAN, 650, 420, 789, REFUSAL_NO_LIQUID},
		{200, 0.25, NAN, 301, 420, 720, REFUSAL_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench bench;

		make(&bench);
		bench.options = (struct mass_options){cases[i].rate, cases[i].delta_cp, cases[i].delta_cp_sd,
						      cases[i].at_k};
		bench.scan.glass_k[1] = cases[i].glass_high_k;
		bench.scan.liquid_k[0] = cases[i].liquid_low_k;
		assert_int_equal(mass_from_step(&bench.scan, &bench.options, &bench.result), cases[i].wanted);
		assert_int_equal(bench.result.refusal, cases[i].wanted);
		assert_int_equal(bench.result.why[0] != '\0', cases[i].wanted != REFUSAL_NONE);
		assert_int_equal(isnan(bench.result.mass_ug), cases[i].wanted != REFUSAL_NONE);
	}
}

static void step_down_is_no_step(void **state)
{
	struct bench bench;

	(void)state;
	make(&bench);
	for (int i = 0; i < POINTS; i++)
		bench.heat_flow_mw[i] = -bench.heat_flow_mw[i];
	assert_int_equal(mass_from_step(&bench.scan, &bench.options, &bench.result), REFUSAL_NO_STEP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mass_is_the_quotient),           cmocka_unit_test(shares_add_up),
		cmocka_unit_test(bent_line_shows_in_the_windows), cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(step_down_is_no_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
