/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compressions from the Birch-Murnaghan closed form, inverted here by Newton's method in the Eulerian strain.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/calorimetry/eos.h"

enum { ROWS = 12 };

/* P = 3 K f (1 + 2f)^(5/2) (1 + 3/2 (K' - 4) f), c = (1 + 2f)^(3/2). */
static double compression(double pressure, double k, double k_prime)
{
	double f = 0;

	for (int i = 0; i < 60; i++) {
		double h = 1e-7, a = 1.5 * (k_prime - 4);
		double p = 3 * k * f * pow(1 + 2 * f, 2.5) * (1 + a * f);
		double dp = (3 * k * (f + h) * pow(1 + 2 * (f + h), 2.5) * (1 + a * (f + h)) - p) / h;

		f -= (p - pressure) / dp;
	}
	return pow(1 + 2 * f, 1.5);
}

static void make(struct eos_point *points, double k, double k_prime, double cube0, double scatter)
{
	uint64_t seed = 7;

	for (int i = 0; i < ROWS; i++) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		points[i].pressure_gpa = 7.0 * i / (ROWS - 1);
		points[i].cube = cube0 * compression(points[i].pressure_gpa, k, k_prime);
		points[i].cube *= 1 + scatter * ((double)(seed >> 11) / 9007199254740992.0 - 0.5) * sqrt(12);
		points[i].cube_sd = NAN;
	}
}

/* 102 GPa and K' = 4 give 6.27 % at 7 GPa; Voigt's linear law would give 6.9 %. */
static void curve_has_the_known_value(void **state)
{
	(void)state;
	assert_true(fabs(eos_compression(7, 102, 4) - 1.0626537836) < 1e-9);
	assert_true(fabs(eos_compression(7, 102, 5.5) - compression(7, 102, 5.5)) < 1e-9);
	assert_true(fabs(eos_pressure_gpa(1.0626537835780594, 102, 4) - 7) < 1e-9);
	assert_true(eos_compression(0, 102, 4) - 1 < 1e-9);
	assert_true(isnan(eos_compression(-1, 102, 4)));
}

static void exact_modulus_comes_back(void **state)
{
	struct eos_point points[ROWS];
	struct eos_options options;
	struct eos_result result;

	(void)state;
	eos_options_default(&options);
	make(points, 102, 4, pow(2.628, 3), 0);
	assert_int_equal(eos_fit(points, ROWS, &options, &result), 0);
	assert_true(fabs(result.k_gpa - 102) < 1e-3);
	assert_true(fabs(result.cube0 - pow(2.628, 3)) < 1e-6);
	assert_true(isnan(result.k_prime_sd) && result.k_prime == 4);
	make(points, 85, 6, 1, 0);
	options.k_prime = NAN;
	assert_int_equal(eos_fit(points, ROWS, &options, &result), 0);
	assert_true(fabs(result.k_gpa - 85) < 0.05);
	assert_true(fabs(result.k_prime - 6) < 0.05);
}

static void scatter_gives_the_interval(void **state)
{
	struct eos_point points[ROWS];
	struct eos_options options;
	struct eos_result result, weighted;

	(void)state;
	eos_options_default(&options);
	make(points, 102, 4, 18.1, 0.001);
	assert_int_equal(eos_fit(points, ROWS, &options, &result), 0);
	assert_true(result.k_ci95_gpa[0] < 102 && result.k_ci95_gpa[1] > 102);
	assert_true(result.k_sd_gpa > 0.2 && result.k_sd_gpa < 4);
	/* equal weights change nothing */
	for (int i = 0; i < ROWS; i++)
		points[i].cube_sd = 0.001 * points[i].cube;
	assert_int_equal(eos_fit(points, ROWS, &options, &weighted), 0);
	assert_true(fabs(weighted.k_gpa - result.k_gpa) < 1e-3);
	assert_true(fabs(weighted.k_sd_gpa - result.k_sd_gpa) < 1e-3);
}

static void refusals(void **state)
{
	struct eos_point points[ROWS];
	struct eos_options options;
	struct eos_result result;

	(void)state;
	eos_options_default(&options);
	make(points, 102, 4, 1, 0);
	assert_int_equal(eos_fit(points, 3, &options, &result), REFUSAL_TOO_FEW_POINTS);
	assert_true(isnan(result.k_gpa));
	points[4].pressure_gpa = -1;
	assert_int_equal(eos_fit(points, ROWS, &options, &result), REFUSAL_BAD_VALUE);
	make(points, 102, 4, 1, 0);
	points[4].cube = 0;
	assert_int_equal(eos_fit(points, ROWS, &options, &result), REFUSAL_BAD_VALUE);
	make(points, 1e6, 4, 1, 0);
	assert_int_equal(eos_fit(points, ROWS, &options, &result), REFUSAL_CONSTANT_SIGNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(curve_has_the_known_value),
		cmocka_unit_test(exact_modulus_comes_back),
		cmocka_unit_test(scatter_gives_the_interval),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
