/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Windows found on pairs made here: glass line g, liquid line g + D, a scan is g + D S((T - T0)/w) with a
 * symmetric S from 0 to 1, plus bells. The area over the glass up to T1 is then D (T1 - T0) + (area of the
 * bells), so that Tf = T0 - (area of the bells)/D exactly.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "daemon/calorimetry/pair.h"
#include "tests/unit/calorimetry/workspace_fixture.h"

enum { ROWS_MAX = 10000 };

static const double step = 15, slope = 0.006;

static double kelvin[ROWS_MAX], first_signal[ROWS_MAX], reference_signal[ROWS_MAX];

/* A pair and what is known of it. Bells in units of D x w; their width is @width_k. */
struct made {
	double from_k, to_k, centre_k, width_k;
	double overshoot, exotherm; /* of both scans; of the first, 6 w below T0 */
	double noise;               /* of one point, of D */
	double scale, tilt;         /* the first scan as recorded: scale y + tilt (T - T0) */
	int rows;
};

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

static double bell(double x)
{
	return exp(-0.5 * x * x) / sqrt(2 * M_PI);
}

static void make(const struct made *made, uint64_t seed)
{
	for (int i = 0; i < made->rows; i++) {
		double t = made->from_k + (made->to_k - made->from_k) * i / (made->rows - 1);
		double x = (t - made->centre_k) / made->width_k, y;

		y = 24 + slope * (t - 600) + step * (0.5 * (1 + tanh(x)) + made->overshoot * bell(x - 1.5));
		kelvin[i] = t;
		reference_signal[i] = y + made->noise * step * noise(&seed);
		y -= step * made->exotherm * bell(x + 6);
		first_signal[i] = made->scale * (y + made->noise * step * noise(&seed)) +
				  made->tilt * (t - made->centre_k);
	}
}

static double tf_ref_of(const struct made *made)
{
	return made->centre_k - made->overshoot * made->width_k;
}

static double tf_of(const struct made *made)
{
	return tf_ref_of(made) + made->exotherm * made->width_k;
}

static struct pair_result analyse(const struct made *made, enum pair_align align)
{
	const struct scan_view first = {NULL, kelvin, first_signal, (size_t)made->rows};
	const struct scan_view reference = {NULL, kelvin, reference_signal, (size_t)made->rows};
	struct pair_options options;
	struct pair_result result;

	pair_options_default(&options);
	options.align = align;
	options.bootstrap_count = 50;
	assert_true(pair_analyse(&first, &reference, NULL, &options, workspace, &result) >= 0);
	return result;
}

/* What a pair is made from in turn. */
static const double noises[] = {0, 0.001, 0.01, 0.03}, centres[] = {300, 600, 900}, widths[] = {5, 15, 40};
static const int rows[] = {60, 200, 1000, 10000};
enum { SHAPES = 4, GRID = 4 * 3 * 3 * 4 * SHAPES };

static struct made made_of(int number)
{
	struct made made = {.scale = 1};
	int shape = number % SHAPES;

	number /= SHAPES;
	made.noise = noises[number % 4];
	made.centre_k = centres[number / 4 % 3];
	made.width_k = widths[number / 12 % 3];
	made.rows = rows[number / 36];
	made.overshoot = shape & 1 ? 0.8 : 0;
	/* a step of 40 K at 300 K leaves no room below for an exotherm and a glass */
	made.exotherm = shape & 2 && made.centre_k > 8 * made.width_k ? 1.5 : 0;
	made.from_k = fmax(made.centre_k - 9 * made.width_k - 200, 60);
	made.to_k = made.centre_k + 5 * made.width_k + 90;
	return made;
}

static void say(const struct made *made, const struct pair_result *result)
{
	printf("noise %g, step at %g K, width %g K, %d rows, overshoot %g, exotherm %g, %g to %g K: %s %s, "
	       "Tf %.2f +- %.2f K, made %.2f K\n",
	       made->noise, made->centre_k, made->width_k, made->rows, made->overshoot, made->exotherm,
	       made->from_k, made->to_k, refusal_name(result->refusal), result->why, result->tf_k,
	       result->tf_sd_k, tf_of(made));
}

/*
 * What noise makes of Tf through the glass line alone: its slope, taken where there is a glass, times the
 * lever squared over 2, which is the area that the slope moves.
 */
static double line_sd_k(const struct made *made)
{
	double room_k = made->centre_k - (made->exotherm > 0 ? 9 : 3) * made->width_k - made->from_k;
	double points = made->rows * room_k / (made->to_k - made->from_k);
	double lever_k = made->centre_k - made->from_k - 0.5 * room_k;

	return made->noise * sqrt(12 / points) / room_k * lever_k * lever_k / 2;
}

/* The sd must cover the error, and not just anything. What it says of curvature is left aside. */
static bool good(const struct made *made, const struct pair_result *result)
{
	bool coarse = made->rows < 100; /* the edges lie where the few rows happen to be */
	double curvature_k = result->curvature_sd_k,
	       useful_k = 1.5 + 0.5 * made->width_k + 5 * line_sd_k(made);

	/* a dozen rows with 3 % of noise may hold no line */
	if (coarse && made->noise > 0.02 && result->refusal == REFUSAL_NO_GLASS)
		return true;
	return result->refusal == REFUSAL_NONE && fabs(result->tf_k - tf_of(made)) <= 3 * result->tf_sd_k &&
	       fabs(result->tf_ref_k - tf_ref_of(made)) <= 3 * result->tf_ref_sd_k &&
	       sqrt(result->tf_sd_k * result->tf_sd_k - curvature_k * curvature_k) <
		       useful_k * (coarse ? 2 : 1) &&
	       result->glass_k[1] < made->centre_k - made->width_k &&
	       result->liquid_k[0] > made->centre_k + made->width_k;
}

static void whole_pairs_give_tf(void **state)
{
	int bad = 0;

	for (int number = 0; number < GRID; number++) {
		struct made made = made_of(number);
		struct pair_result result;

		make(&made, (uint64_t)number);
		result = analyse(&made, PAIR_ALIGN_TILT);
		if (!good(&made, &result)) {
			say(&made, &result);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
	(void)state;
}

/* How many of the grid, cut to T0 + @from_widths w.. T0 + @to_widths w, are not refused with @wanted. */
static int refused_otherwise(double from_widths, double to_widths, enum refusal wanted)
{
	int bad = 0;

	for (int number = 0; number < GRID; number++) {
		struct made made = made_of(number);
		struct pair_result result;

		made.from_k = fmax(made.from_k, made.centre_k + from_widths * made.width_k);
		made.to_k = fmin(made.to_k, made.centre_k + to_widths * made.width_k);
		make(&made, (uint64_t)number + 7);
		result = analyse(&made, PAIR_ALIGN_TILT);
		/* half a step may drown in noise */
		if (result.refusal != wanted && !(made.noise > 0.005 && result.refusal == REFUSAL_NO_STEP)) {
			say(&made, &result);
			bad++;
		}
	}
	return bad;
}

static void start_in_transition_is_no_glass(void **state)
{
	assert_int_equal(refused_otherwise(-1, INFINITY, REFUSAL_NO_GLASS), 0);
	assert_int_equal(refused_otherwise(0, INFINITY, REFUSAL_NO_GLASS), 0);
	(void)state;
}

static void stop_in_transition_is_no_liquid(void **state)
{
	assert_int_equal(refused_otherwise(-INFINITY, 1, REFUSAL_NO_LIQUID), 0);
	assert_int_equal(refused_otherwise(-INFINITY, 0, REFUSAL_NO_LIQUID), 0);
	(void)state;
}

static void flat_pair_is_no_step(void **state)
{
	for (int number = 0; number < GRID; number += SHAPES) {
		struct made made = made_of(number);
		struct pair_result result;

		made.from_k = 320;
		made.to_k = 820;
		made.centre_k = 3000;
		make(&made, (uint64_t)number + 9);
		result = analyse(&made, PAIR_ALIGN_TILT);
		if (result.refusal != REFUSAL_NO_STEP)
			say(&made, &result);
		assert_int_equal(result.refusal, REFUSAL_NO_STEP);
	}
	(void)state;
}

static struct made plain(void)
{
	return (struct made){.from_k = 310,
			     .to_k = 850,
			     .centre_k = 640,
			     .width_k = 12,
			     .exotherm = 1.5,
			     .noise = 0.002,
			     .scale = 1,
			     .rows = 1100};
}

/* y' = k y + ..: a scan recorded at 0.9 of its height has k = 1/0.9. */
static void scale_is_found_with_the_windows(void **state)
{
	const double scales[] = {0.8, 0.9, 1, 1.1, 1.25}, tilts[] = {0, 0.002};

	for (int i = 0; i < 10; i++) {
		struct made made = plain();
		struct pair_result result;

		made.scale = scales[i / 2];
		made.tilt = tilts[i % 2];
		make(&made, 3);
		result = analyse(&made, PAIR_ALIGN_SCALE);
		assert_int_equal(result.refusal, REFUSAL_NONE);
		assert_true(fabs(result.align_k * made.scale - 1) < 0.02);
		assert_true(fabs(result.tf_k - tf_of(&made)) < 3 * result.tf_sd_k);
		assert_true(result.tf_sd_k < 3);
	}
	(void)state;
}

static void other_piece_is_bad_value(void **state)
{
	const double scales[] = {0.5, 0.7, 1.6, 3};

	for (int i = 0; i < 4; i++) {
		struct made made = plain();

		made.scale = scales[i];
		make(&made, 4);
		assert_int_equal(analyse(&made, PAIR_ALIGN_SCALE).refusal, REFUSAL_BAD_VALUE);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_pairs_give_tf),
		cmocka_unit_test(start_in_transition_is_no_glass),
		cmocka_unit_test(stop_in_transition_is_no_liquid),
		cmocka_unit_test(flat_pair_is_no_step),
		cmocka_unit_test(scale_is_found_with_the_windows),
		cmocka_unit_test(other_piece_is_bad_value),
	};

	return cmocka_run_group_tests_name("window", tests, workspace_new, workspace_free);
}
