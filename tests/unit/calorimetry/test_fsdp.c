/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Peaks made here from the closed form, with a noise of this file's own. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/calorimetry/fsdp.h"

enum { ROWS = 1001 };

static double q[ROWS], y[ROWS];

/* Roughly normal, sd 1: the sum of twelve uniform numbers of a linear congruential generator. */
static double noise(uint64_t *state)
{
	double sum = -6;

	for (int i = 0; i < 12; i++) {
		*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		sum += (double)(*state >> 11) / 9007199254740992.0;
	}
	return sum;
}

/* 1.5 to 4.5 1/A; the flanks below half height get a shoulder that is no Gaussian. */
static void make_peak(double q1, double fwhm, double area, double y0, double shoulder, double noise_sd,
		      uint64_t seed)
{
	for (int i = 0; i < ROWS; i++) {
		double u;

		q[i] = 1.5 + 0.003 * i;
		u = (q[i] - q1) / fwhm;
		y[i] = y0 + area / (fwhm * sqrt(M_PI / (4 * log(2)))) * exp(-4 * log(2) * u * u);
		if (fabs(u) > 0.52)
			y[i] += shoulder * (fabs(u) - 0.52);
		y[i] += noise_sd * noise(&seed);
	}
}

static struct fsdp_result fit(void)
{
	struct fsdp_options options;
	struct fsdp_result result;
	int r;

	fsdp_options_default(&options);
	r = fsdp_fit(q, y, ROWS, &options, &result);
	assert_int_equal(r, result.refusal);
	return result;
}

static void exact_peak_comes_back(void **state)
{
	struct fsdp_result result;

	(void)state;
	make_peak(2.624, 0.42, 13, 2, 0, 0, 1);
	result = fit();
	assert_int_equal(result.refusal, REFUSAL_NONE);
	assert_true(fabs(result.q1_per_angstrom - 2.624) < 1e-6);
	assert_true(fabs(result.fwhm_per_angstrom - 0.42) < 1e-6);
	assert_true(fabs(result.area - 13) < 1e-4);
	assert_true(fabs(result.y0 - 2) < 1e-4);
	/* half height lies half a width away */
	assert_true(fabs(result.fitted_range[0] - (2.624 - 0.21)) < 0.007);
	assert_true(fabs(result.fitted_range[1] - (2.624 + 0.21)) < 0.007);
}

static void flanks_do_not_count(void **state)
{
	struct fsdp_result result;

	(void)state;
	make_peak(2.7, 0.4, 10, 0, 0.5, 0, 1);
	result = fit();
	assert_int_equal(result.refusal, REFUSAL_NONE);
	assert_true(fabs(result.q1_per_angstrom - 2.7) < 1e-3);
	assert_true(fabs(result.fwhm_per_angstrom - 0.4) < 0.01);
}

/* 200 noisy peaks: the errors that are stated are the errors that are made. */
static void stated_errors_are_true(void **state)
{
	int covered = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct fsdp_result result;

		make_peak(2.6, 0.45, 12, 1, 0, 0.2, seed);
		result = fit();
		assert_int_equal(result.refusal, REFUSAL_NONE);
		covered += fabs(result.q1_per_angstrom - 2.6) < 1.96 * result.q1_sd_per_angstrom;
	}
	assert_in_range(covered, 180, 199);
}

static void refusals(void **state)
{
	struct fsdp_options options;
	struct fsdp_result result;

	(void)state;
	fsdp_options_default(&options);
	for (int i = 0; i < ROWS; i++) {
		q[i] = 0.003 * i;
		y[i] = 5;
	}
	assert_int_equal(fit().refusal, REFUSAL_CONSTANT_SIGNAL);
	for (int i = 0; i < ROWS; i++)
		y[i] = i;
	assert_int_equal(fit().refusal, REFUSAL_NO_PEAK);
	make_peak(2.6, 0.4, 10, 0, 0, 0, 1);
	assert_int_equal(fsdp_fit(q, y, 5, &options, &result), REFUSAL_TOO_FEW_POINTS);
	assert_true(isnan(result.q1_per_angstrom));
	for (int i = 0; i < ROWS; i += 5)
		y[i] = NAN;
	assert_int_equal(fit().refusal, REFUSAL_NAN_FRACTION);
	make_peak(2.6, 0.4, 10, 0, 0, 0, 1);
	q[500] = q[499];
	assert_int_equal(fit().refusal, REFUSAL_NOT_MONOTONIC);
	make_peak(2.6, 0.4, 10, 0, 0, 0, 1);
	options.upper_part = 2;
	assert_int_equal(fsdp_fit(q, y, ROWS, &options, &result), REFUSAL_BAD_VALUE);
	fsdp_options_default(&options);
	options.range[0] = 3.5;
	assert_int_equal(fsdp_fit(q, y, ROWS, &options, &result), REFUSAL_NO_PEAK);
}

static void few_bad_rows_are_left_out(void **state)
{
	(void)state;
	make_peak(2.6, 0.4, 10, 0, 0, 0, 1);
	for (int i = 0; i < ROWS; i += 20)
		y[i] = NAN;
	assert_true(fabs(fit().q1_per_angstrom - 2.6) < 1e-6);
}

/* 0.17 % less in q is 0.509 % less in the cube. */
static void cube_relative_to_reference(void **state)
{
	double ratio, sd;

	(void)state;
	fsdp_relative_cube(2.624, 0.001, 2.6284684, 0.001, &ratio, &sd);
	assert_true(fabs(ratio - 0.99490866) < 1e-6);
	assert_true(fabs(sd - 3 * 0.9949 * 0.001 * sqrt(2) / 2.626) < 1e-5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_peak_comes_back),     cmocka_unit_test(flanks_do_not_count),
		cmocka_unit_test(stated_errors_are_true),    cmocka_unit_test(refusals),
		cmocka_unit_test(few_bad_rows_are_left_out), cmocka_unit_test(cube_relative_to_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
