/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scans that end before their overshoot has faded. z = (1 + tanh x)/2 (1 + tail), x = (T - T0)/w, tail = A
 * exp(E/T - E/Tt): the same above the transition for any T0, as relaxation near equilibrium is. Tf from z by
 * quadrature: T1 less its integral up to T1, where the tail is what a scan never shows.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/calorimetry/pair.h"
#include "daemon/calorimetry/tail.h"

#define STEP 15.0
#define SLOPE 0.006
#define FROM_K 300.0
#define TO_K 850.0
#define ROW_K 0.5
#define ENERGY_K 43000.0
#define TAIL_K 820.0

enum { ROWS = 1101 };

static double kelvin[ROWS], first[ROWS], reference[ROWS];

static double z_at(double centre_k, double tail, double t)
{
	return 0.5 * (1 + tanh((t - centre_k) / 10)) * (1 + tail * exp(ENERGY_K / t - ENERGY_K / TAIL_K));
}

/* Simpson. */
static double tf_by_quadrature(double centre_k, double tail)
{
	const int n = 20000;
	double h = (TO_K - FROM_K) / n, sum = z_at(centre_k, tail, FROM_K) + z_at(centre_k, tail, TO_K);

	for (int i = 1; i < n; i++)
		sum += (i % 2 ? 4 : 2) * z_at(centre_k, tail, FROM_K + i * h);
	return TO_K - sum * h / 3;
}

/* Triangular noise of a fixed sequence, sd 1. */
static double chance(void)
{
	static uint64_t state = 1;
	double sum = 0;

	for (int i = 0; i < 2; i++) {
		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		sum += (double)(state >> 11) * 0x1p-53 - 0.5;
	}
	return sum * sqrt(6);
}

static void record(double *y, double centre_k, double tail, double noise)
{
	for (int i = 0; i < ROWS; i++) {
		kelvin[i] = FROM_K + i * ROW_K;
		y[i] = 24 + SLOPE * (kelvin[i] - 600) + STEP * z_at(centre_k, tail, kelvin[i]) +
		       STEP * noise * chance();
	}
}

static struct pair_result analyse(void)
{
	struct pair_workspace *workspace = pair_workspace_new();
	struct scan_view views[2] = {{NULL, kelvin, first, ROWS}, {NULL, kelvin, reference, ROWS}};
	struct pair_options options;
	struct pair_result result;

	assert_non_null(workspace);
	pair_options_default(&options);
	options.lag_sd_s = options.calibration_sd_k = 0;
	options.rate_k_per_s = 1000;
	assert_int_equal(pair_analyse(&views[0], &views[1], NULL, &options, workspace, &result), 0);
	pair_workspace_free(workspace);
	return result;
}

static void test_tf_does_not_feel_the_tail(void **state)
{
	(void)state;
	for (double tail = 0; tail < 8e-4; tail += 3e-4) {
		struct pair_result result;

		record(first, 715, tail, 0);
		record(reference, 708, tail, 0);
		result = analyse();
		assert_true(fabs(result.tf_k - tf_by_quadrature(715, tail)) < 0.04);
		assert_true(fabs(result.tf_ref_k - tf_by_quadrature(708, tail)) < 0.04);
		assert_true(fabs(result.delta_tf_k - tf_by_quadrature(715, tail) +
				 tf_by_quadrature(708, tail)) < 0.02);
	}
}

static void test_intervals_hold_the_truth_with_a_tail(void **state)
{
	int inside = 0, inside_delta = 0;
	const int draws = 200;

	(void)state;
	for (int i = 0; i < draws; i++) {
		struct pair_result result;
		double tf_k = tf_by_quadrature(715, 6e-4), tf_ref_k = tf_by_quadrature(708, 6e-4);

		record(first, 715, 6e-4, 3e-4);
		record(reference, 708, 6e-4, 3e-4);
		result = analyse();
		inside += fabs(result.tf_k - tf_k) < 1.96 * result.tf_sd_k;
		inside_delta += fabs(result.delta_tf_k - tf_k + tf_ref_k) < 1.96 * result.delta_tf_sd_k;
	}
	/* 95 % less three standard deviations of so many draws */
	assert_true(inside > 0.90 * draws);
	assert_true(inside_delta > 0.90 * draws);
}

static struct tail find(double liquid_from_k)
{
	const double liquid_k[2] = {liquid_from_k, 847};
	const struct tail_scans scans = {kelvin, first, reference, ROWS, STEP, STEP * 3e-4};

	return tail_find(&scans, liquid_k);
}

static void test_tail_is_found_as_put_in(void **state)
{
	struct tail tail;
	double there = STEP * 6e-4 * exp(ENERGY_K / 822 - ENERGY_K / TAIL_K);

	(void)state;
	record(first, 715, 6e-4, 0);
	record(reference, 708, 6e-4, 0);
	tail = find(822);
	assert_true(fabs(tail.at_from / there - 1) < 0.1);
	assert_true(fabs(tail.decay_k / (822 * 822 / ENERGY_K) - 1) < 0.1);
}

/* 2 sd of noise, to the side of an overshoot only: 2.5 % of chance finds, and a choice of decays. */
static void test_no_tail_is_found_in_noise(void **state)
{
	int found = 0;
	const int draws = 300;

	(void)state;
	for (int i = 0; i < draws; i++) {
		record(first, 680, 0, 3e-4);
		record(reference, 675, 0, 3e-4);
		found += find(810).at_from != 0;
	}
	assert_true(found < 0.10 * draws);
}

static void test_line_of_a_tail_is_that_of_least_squares(void **state)
{
	const struct tail tail = {800, 2.5, 15};
	static double x[4001], y[4001];
	struct line fitted, line;

	(void)state;
	for (int i = 0; i <= 4000; i++) {
		x[i] = 790 + 60 * i / 4000.0;
		y[i] = 2.5 * exp(800.0 * 800 / 15 * (1 / x[i] - 1 / 800.0));
	}
	fitted = line_fit(x, y, 4001);
	line = tail_line(&tail, 790, 850);
	assert_true(fabs(line_at(line, 820) - line_at(fitted, 820)) < 1e-3);
	assert_true(fabs(line.slope - fitted.slope) < 1e-4);
	line = tail_off(&tail, fitted, 790, 850);
	assert_true(fabs(line_at(line, 650)) < 0.02);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tf_does_not_feel_the_tail),
		cmocka_unit_test(test_intervals_hold_the_truth_with_a_tail),
		cmocka_unit_test(test_tail_is_found_as_put_in),
		cmocka_unit_test(test_no_tail_is_found_in_noise),
		cmocka_unit_test(test_line_of_a_tail_is_that_of_least_squares),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
