/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What must not change Tf and the features: the unit of the signal, a line under both scans, other rows of
 * the same curve, their order, and which scan is called the first. Pairs in closed form,
 * tests/intervals/made.h.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/intervals/made.h"
#include "tests/unit/calorimetry/workspace_fixture.h"

#define RATE_K_PER_S 200.0

static const struct laboratory_errors none = {0, 0};
static struct laboratory_columns first, reference;

static struct made made_with(double noise)
{
	return (struct made){.width_k = 12, .overshoot = 1.5, .exotherm = 2.5, .noise = noise, .row_k = 0.5};
}

static struct pair_result analyse(enum pair_align align)
{
	struct pair_options options = made_options(RATE_K_PER_S, &none);
	struct scan_view a = laboratory_view(&first), b = laboratory_view(&reference);
	struct pair_result result;

	options.align = align;
	assert_int_equal(pair_analyse(&a, &b, NULL, &options, workspace, &result), 0);
	return result;
}

static void assert_near(double value, double wanted, double within)
{
	if (!(fabs(value - wanted) <= within))
		print_message("%.9g, wanted %.9g +- %g\n", value, wanted, within);
	assert_true(fabs(value - wanted) <= within);
}

static void assert_same(const struct pair_result *a, const struct pair_result *b, double within_k)
{
	assert_near(a->tf_k, b->tf_k, within_k);
	assert_near(a->tf_ref_k, b->tf_ref_k, within_k);
	assert_near(a->tf_sd_k, b->tf_sd_k, within_k);
	assert_near(a->delta_tf_sd_k, b->delta_tf_sd_k, within_k);
	assert_near(a->first.tp_k, b->first.tp_k, within_k);
	assert_near(a->first.tp_sd_k, b->first.tp_sd_k, within_k);
	assert_near(a->first.onset_k, b->first.onset_k, within_k);
	assert_near(a->first.onset_sd_k, b->first.onset_sd_k, within_k);
	assert_near(a->first.midpoint_k, b->first.midpoint_k, within_k);
	for (int i = 0; i < 2; i++) {
		assert_near(a->glass_k[i], b->glass_k[i], within_k);
		assert_near(a->liquid_k[i], b->liquid_k[i], within_k);
	}
}

static void change(struct laboratory_columns *columns, double factor, double constant, double slope)
{
	for (size_t i = 0; i < columns->count; i++)
		columns->signal[i] =
			factor * columns->signal[i] + constant + slope * columns->temperature_k[i];
}

static void truth_is_found(void **state)
{
	const double noises[] = {0, 0.001, 0.01};

	for (int i = 0; i < 3; i++) {
		struct made made = made_with(noises[i]);
		struct made_truth truth = made_scan(&made, RATE_K_PER_S, 5, &none, &first, &reference, NULL);
		struct pair_result found = analyse(PAIR_ALIGN_TILT);

		assert_near(found.tf_k, truth.tf_k, 0.02 + 100 * noises[i]);
		assert_near(found.tf_ref_k, truth.tf_ref_k, 0.02 + 100 * noises[i]);
		assert_near(found.first.tp_k, truth.tp_k, 3 * found.first.tp_sd_k);
		assert_near(found.first.onset_k, truth.onset_k, 3 * found.first.onset_sd_k);
		assert_near(found.enthalpy / (16 * (truth.tf_k - truth.tf_ref_k)), 1, 0.005 + 3 * noises[i]);
		assert_true(found.enthalpy_sd > 0 && found.enthalpy_sd < 0.2 * fabs(found.enthalpy));
	}
	(void)state;
}

static void unit_does_not_matter(void **state)
{
	const double factors[] = {1e-6, 1e-3, 7, 1e4};

	for (int i = 0; i < 4; i++)
		for (int noisy = 0; noisy < 2; noisy++) {
			struct made made = made_with(noisy ? 0.005 : 0);
			struct pair_result before, after;

			made_scan(&made, RATE_K_PER_S, 6, &none, &first, &reference, NULL);
			before = analyse(PAIR_ALIGN_TILT);
			change(&first, factors[i], 0, 0);
			change(&reference, factors[i], 0, 0);
			after = analyse(PAIR_ALIGN_TILT);
			assert_same(&after, &before, 1e-6);
			assert_near(after.enthalpy / before.enthalpy, factors[i], 1e-9 * factors[i]);
			assert_near(after.step / before.step, factors[i], 1e-9 * factors[i]);
		}
	(void)state;
}

static void common_line_does_not_matter(void **state)
{
	const double lines[][2] = {{100, 0}, {-40, 0}, {0, 0.02}, {30, -0.01}};

	for (int i = 0; i < 4; i++)
		for (int align = 0; align < PAIR_ALIGN_MAX; align++) {
			struct made made = made_with(0.005);
			struct pair_result before, after;

			if (align == PAIR_ALIGN_SCALE)
				continue; /* k multiplies the line, too */
			made_scan(&made, RATE_K_PER_S, 7, &none, &first, &reference, NULL);
			before = analyse((enum pair_align)align);
			change(&first, 1, lines[i][0], lines[i][1]);
			change(&reference, 1, lines[i][0], lines[i][1]);
			after = analyse((enum pair_align)align);
			assert_same(&after, &before, 1e-6);
		}
	(void)state;
}

/* A tilt of the first scan alone is what alignment takes off. */
static void tilt_of_one_scan_is_taken_off(void **state)
{
	struct made made = made_with(0.005);
	struct pair_result before, after;

	made_scan(&made, RATE_K_PER_S, 8, &none, &first, &reference, NULL);
	before = analyse(PAIR_ALIGN_TILT);
	change(&first, 1, -3, 0.004);
	after = analyse(PAIR_ALIGN_TILT);
	assert_near(after.tf_k, before.tf_k, 1e-6);
	assert_near(after.align_c, before.align_c - 0.004, 1e-9);
	(void)state;
}

static void rows_do_not_matter(void **state)
{
	const double rows_k[] = {0.15, 0.2, 0.3, 0.7, 1.0};
	struct made made = made_with(0);
	struct made_truth truth;

	for (int i = 0; i < 5; i++) {
		struct pair_result found;

		made.row_k = rows_k[i];
		truth = made_scan(&made, RATE_K_PER_S, 9, &none, &first, &reference, NULL);
		found = analyse(PAIR_ALIGN_TILT);
		assert_near(found.tf_k, truth.tf_k, 0.03);
		assert_near(found.tf_ref_k, truth.tf_ref_k, 0.03);
		assert_near(found.first.tp_k, truth.tp_k, 0.1);
		assert_near(found.first.onset_k, truth.onset_k, 0.15);
	}
	(void)state;
}

static void swap_rows(struct laboratory_columns *columns, size_t i, size_t j)
{
	double *const of[] = {columns->t_s, columns->temperature_k, columns->signal};

	for (int c = 0; c < 3; c++) {
		double kept = of[c][i];

		of[c][i] = of[c][j];
		of[c][j] = kept;
	}
}

static void order_of_rows_does_not_matter(void **state)
{
	struct made made = made_with(0.005);
	struct pair_result before, after;

	made_scan(&made, RATE_K_PER_S, 10, &none, &first, &reference, NULL);
	before = analyse(PAIR_ALIGN_TILT);
	for (size_t i = 0; i + 4 < first.count; i += 8)
		swap_rows(&first, i, i + 3);
	for (size_t i = 2; i + 1 < reference.count; i += 4)
		swap_rows(&reference, i, i + 1);
	after = analyse(PAIR_ALIGN_TILT);
	assert_same(&after, &before, 1e-6);
	(void)state;
}

/* On straight lines it does not matter whose they are. */
static void scans_may_change_places(void **state)
{
	struct made made = made_with(0);
	struct pair_result before, after;
	struct laboratory_columns kept;

	made.overshoot = 1.2;
	made_scan(&made, RATE_K_PER_S, 11, &none, &first, &reference, NULL);
	before = analyse(PAIR_ALIGN_TILT);
	kept = first;
	first = reference;
	reference = kept;
	after = analyse(PAIR_ALIGN_TILT);
	assert_near(after.tf_k, before.tf_ref_k, 0.05);
	assert_near(after.tf_ref_k, before.tf_k, 0.05);
	assert_near(after.enthalpy, -before.enthalpy, 0.01 * fabs(before.enthalpy));
	(void)state;
}

static void same_seed_same_bits(void **state)
{
	struct made made = made_with(0.01);
	struct pair_result a, b;

	made_scan(&made, RATE_K_PER_S, 12, &none, &first, &reference, NULL);
	a = analyse(PAIR_ALIGN_TILT);
	b = analyse(PAIR_ALIGN_TILT);
	assert_memory_equal(&a.tf_sd_k, &b.tf_sd_k, sizeof(double));
	assert_memory_equal(&a.first.onset_sd_k, &b.first.onset_sd_k, sizeof(double));
	(void)state;
}

/* The scale's offset is taken off all temperatures alike. */
static void calibration_shifts_everything(void **state)
{
	struct pair_options options = made_options(RATE_K_PER_S, &none);
	struct made made = made_with(0.002);
	struct pair_result before, after;
	struct scan_view a, b;

	made_scan(&made, RATE_K_PER_S, 13, &none, &first, &reference, NULL);
	before = analyse(PAIR_ALIGN_TILT);
	a = laboratory_view(&first);
	b = laboratory_view(&reference);
	options.calibration_k = 2.5;
	assert_int_equal(pair_analyse(&a, &b, NULL, &options, workspace, &after), 0);
	assert_near(after.tf_k, before.tf_k - 2.5, 1e-6);
	assert_near(after.first.tp_k, before.first.tp_k - 2.5, 1e-6);
	(void)state;
}

/* 6e-8 mW/K^2 beside a step of 0.06 mW: 8 K. Seen, or owned up to; and gone with the empty chip. */
static void heat_loss_is_seen_or_owned_up_to(void **state)
{
	const double noises[] = {0.0005, 0.005, 0.01, 0.02};
	static struct laboratory_columns empty;

	for (int i = 0; i < 4; i++) {
		struct pair_options options = made_options(RATE_K_PER_S, &none);
		struct made made = made_with(noises[i]);
		struct made_truth truth;
		struct pair_result found;
		struct scan_view a, b, e;

		made.curvature = 1e-6;
		truth = made_scan(&made, RATE_K_PER_S, 14 + (uint64_t)i, &none, &first, &reference, &empty);
		found = analyse(PAIR_ALIGN_TILT);
		assert_true(fabs(found.tf_k - truth.tf_k) > 3);
		assert_true(fabs(found.tf_k - truth.tf_k) < 1.96 * found.tf_sd_k + found.curvature_hidden_k);
		a = laboratory_view(&first);
		b = laboratory_view(&reference);
		e = laboratory_view(&empty);
		assert_int_equal(pair_analyse(&a, &b, &e, &options, workspace, &found), 0);
		assert_true(fabs(found.tf_k - truth.tf_k) < 3 * found.tf_sd_k);
		assert_true(found.curvature_hidden_k == 0 && found.curvature_sd_k == 0);
	}
	(void)state;
}

/*
 * The sd of an onset is of the size of its error, also where the flank is hardly wider than the tangent:
 * glasses of densim at 1000 K/s, which rise within 20 K; the truth is the glass's own scan.
 */
static void sd_of_the_onset_is_the_size_of_its_error(void **state)
{
	static const struct laboratory_state states[] = {{7, 643}, {0, 643}, {7, 583}, {0, 540}};
	const double rate_k_per_s = 1000;
	double off2 = 0, sd2 = 0;

	(void)state;
	for (uint64_t i = 0; i < 12; i++) {
		struct glass glass = laboratory_glass(&states[i % 4]);
		struct scan_view a, b;
		struct pair_options options = laboratory_options(rate_k_per_s, &none);
		struct pair_result result;
		struct truth truth;
		double off_k;

		options.lag_sd_s = options.calibration_sd_k = 0;
		assert_int_equal(truth_compute(&glass, &rate_k_per_s, 1, &truth), 0);
		laboratory_scan(&glass, rate_k_per_s, i + 1, &none, &first, &reference);
		a = laboratory_view(&first);
		b = laboratory_view(&reference);
		assert_int_equal(pair_analyse(&a, &b, NULL, &options, workspace, &result), 0);
		off_k = result.first.onset_k - truth.rates[0].onset_k;
		off2 += off_k * off_k;
		sd2 += result.first.onset_sd_k * result.first.onset_sd_k;
	}
	assert_true(sqrt(off2 / sd2) > 0.5 && sqrt(off2 / sd2) < 1.8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truth_is_found),
		cmocka_unit_test(unit_does_not_matter),
		cmocka_unit_test(common_line_does_not_matter),
		cmocka_unit_test(tilt_of_one_scan_is_taken_off),
		cmocka_unit_test(rows_do_not_matter),
		cmocka_unit_test(order_of_rows_does_not_matter),
		cmocka_unit_test(scans_may_change_places),
		cmocka_unit_test(same_seed_same_bits),
		cmocka_unit_test(calibration_shifts_everything),
		cmocka_unit_test(heat_loss_is_seen_or_owned_up_to),
		cmocka_unit_test(sd_of_the_onset_is_the_size_of_its_error),
	};

	return cmocka_run_group_tests_name("invariance", tests, workspace_new, workspace_free);
}
