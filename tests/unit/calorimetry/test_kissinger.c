/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ea of tables whose numbers are known otherwise: exact lines, a regression written out here, and the
 * definitions of the methods beside it.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/calorimetry/kissinger.h"
#include "daemon/calorimetry/lag.h"

#define GAS_J_PER_MOL_K 8.314462618
#define TG_K 596.0
#define T_975_4 2.7764451 /* Student t, 4 degrees of freedom, from a printed table */

enum { RATES = 6 };
static const double rates[RATES] = {100, 150, 200, 300, 500, 1000};
static const double scatter_k[RATES] = {0.8, -1.1, 0.3, 0.9, -0.6, -0.2};

static void assert_near(double value, double wanted, double within)
{
	if (!(fabs(value - wanted) <= within))
		print_message("%.9g, wanted %.9g +- %g\n", value, wanted, within);
	assert_true(fabs(value - wanted) <= within);
}

/* Where ln(rate) - power ln(T) + factor Ea/(R T) has the value it has at 200 K/s and 717 K, by halving. */
static double peak_k(double rate, double ea_kj, double power, double factor)
{
	double b = factor * ea_kj * 1e3 / GAS_J_PER_MOL_K, low = 400, high = 1200;
	double wanted = log(200) - power * log(717) + b / 717;

	for (int i = 0; i < 80; i++) {
		double t = 0.5 * (low + high);

		if (log(rate) - power * log(t) + b / t > wanted)
			low = t;
		else
			high = t;
	}
	return low;
}

static void fill(struct kissinger_point *points, double ea_kj, double power, double factor, double scatter)
{
	for (int i = 0; i < RATES; i++)
		points[i] = (struct kissinger_point){
			rates[i], peak_k(rates[i], ea_kj, power, factor) + scatter * scatter_k[i], NAN};
}

static struct kissinger_result fit(const struct kissinger_point *points, size_t count,
				   struct kissinger_options options)
{
	struct kissinger_result result;

	assert_int_equal(kissinger_fit(points, count, &options, &result), 0);
	return result;
}

/* Each method gives back the Ea of the line it is defined by. */
static void methods_give_back_their_own_line(void **state)
{
	const double energies[] = {90, 139, 208, 400};

	for (int i = 0; i < 4; i++) {
		struct kissinger_point points[RATES];
		double ea = energies[i];

		fill(points, ea, 2, 1, 0);
		assert_near(fit(points, RATES, (struct kissinger_options){TG_K, 0, 0}).ea_kj_per_mol, ea,
			    1e-6 * ea);
		fill(points, ea, 0, 1, 0);
		assert_near(fit(points, RATES, (struct kissinger_options){TG_K, 0, 0}).moynihan_kj_per_mol,
			    ea, 1e-6 * ea);
		fill(points, ea, 1.92, 1.0008, 0);
		assert_near(fit(points, RATES, (struct kissinger_options){TG_K, 0, 0}).starink_kj_per_mol, ea,
			    1e-6 * ea);
		fill(points, ea, 0, 1.052, 0);
		assert_near(fit(points, RATES, (struct kissinger_options){TG_K, 0, 0}).ozawa_kj_per_mol, ea,
			    1e-6 * ea);
	}
	(void)state;
}

/* The difference of the two slopes is 2 d ln(Tp)/d(1/Tp) = -2 Tp. */
static void moynihan_is_kissinger_and_two_r_tp(void **state)
{
	struct kissinger_point points[RATES];
	struct kissinger_result result;
	double mean_k = 0;

	fill(points, 208, 2, 1, 0);
	for (int i = 0; i < RATES; i++)
		mean_k += points[i].tp_k / RATES;
	result = fit(points, RATES, (struct kissinger_options){TG_K, 0, 0});
	assert_near(result.moynihan_kj_per_mol - result.ea_kj_per_mol, 2 * GAS_J_PER_MOL_K * mean_k / 1e3,
		    0.05);
	(void)state;
}

/* Slope and its standard error by the textbook's sums. */
static void regress(const struct kissinger_point *points, size_t left_out, double *ret_ea, double *ret_se)
{
	double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, rest = 0, slope, intercept;

	for (size_t i = 0; i < RATES; i++) {
		double x = 1 / points[i].tp_k,
		       y = log(points[i].rate_k_per_s / (points[i].tp_k * points[i].tp_k));

		if (i == left_out)
			continue;
		n += 1, sx += x, sy += y, sxx += x * x, sxy += x * y;
	}
	slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
	intercept = (sy - slope * sx) / n;
	for (size_t i = 0; i < RATES; i++) {
		double x = 1 / points[i].tp_k,
		       y = log(points[i].rate_k_per_s / (points[i].tp_k * points[i].tp_k));

		if (i != left_out)
			rest += (y - intercept - slope * x) * (y - intercept - slope * x);
	}
	*ret_ea = -slope * GAS_J_PER_MOL_K / 1e3;
	*ret_se = sqrt(rest / (n - 2) / (sxx - sx * sx / n)) * GAS_J_PER_MOL_K / 1e3;
}

static void interval_and_leave_one_out(void **state)
{
	struct kissinger_point points[RATES];
	struct kissinger_result result;
	double ea, se, low = INFINITY, high = -INFINITY;

	fill(points, 208, 2, 1, 1);
	result = fit(points, RATES, (struct kissinger_options){TG_K, 0, 0});
	regress(points, RATES, &ea, &se);
	assert_near(result.ea_kj_per_mol, ea, 1e-5);
	assert_near(result.ea_se_kj_per_mol, se, 1e-5);
	assert_near(result.ea_ci95_kj_per_mol[0], ea - T_975_4 * se, 1e-4);
	assert_near(result.ea_ci95_kj_per_mol[1], ea + T_975_4 * se, 1e-4);
	assert_near(result.ea_over_rtg, ea * 1e3 / (GAS_J_PER_MOL_K * TG_K), 1e-6);
	for (size_t i = 0; i < RATES; i++) {
		double without, unused;

		regress(points, i, &without, &unused);
		low = fmin(low, without);
		high = fmax(high, without);
	}
	assert_near(result.leave_one_out_kj_per_mol[0], low, 1e-5);
	assert_near(result.leave_one_out_kj_per_mol[1], high, 1e-5);
	(void)state;
}

static void order_of_rows_does_not_matter(void **state)
{
	struct kissinger_point points[RATES], turned[RATES];
	struct kissinger_result a, b;

	fill(points, 208, 2, 1, 1);
	a = fit(points, RATES, (struct kissinger_options){TG_K, 5e-4, 0.3});
	for (int shift = 1; shift < RATES; shift++) {
		for (int i = 0; i < RATES; i++)
			turned[i] = points[(5 * i + shift) % RATES];
		b = fit(turned, RATES, (struct kissinger_options){TG_K, 5e-4, 0.3});
		assert_near(b.ea_kj_per_mol, a.ea_kj_per_mol, 1e-7);
		assert_near(b.ea_ci95_kj_per_mol[0], a.ea_ci95_kj_per_mol[0], 1e-7);
		assert_near(b.next_rate_k_per_s, a.next_rate_k_per_s, 1e-9);
	}
	(void)state;
}

/* A row that is worth nothing leaves the others' Ea; equal errors leave the unweighted one. */
static void weights(void **state)
{
	struct kissinger_point points[RATES];
	struct kissinger_result result;
	double ea, se, unused;

	fill(points, 208, 2, 1, 1);
	regress(points, 2, &ea, &se);
	for (int i = 0; i < RATES; i++)
		points[i].tp_sd_k = i == 2 ? 1e4
					   : 0.01 * points[i].tp_k * points[i].tp_k /
						     (208e3 / GAS_J_PER_MOL_K + 2 * points[i].tp_k);
	result = fit(points, RATES, (struct kissinger_options){TG_K, 0, 0});
	assert_true(result.weighted);
	assert_near(result.ea_kj_per_mol, ea, 0.02);
	points[2].tp_sd_k =
		0.01 * points[2].tp_k * points[2].tp_k / (208e3 / GAS_J_PER_MOL_K + 2 * points[2].tp_k);
	result = fit(points, RATES, (struct kissinger_options){TG_K, 0, 0});
	regress(points, RATES, &ea, &unused);
	assert_near(result.ea_kj_per_mol, ea, 0.02);
	points[0].tp_sd_k = NAN;
	assert_false(fit(points, RATES, (struct kissinger_options){TG_K, 0, 0}).weighted);
	(void)state;
}

/* A lag left in moves a peak up by lag x rate: Ea of the shifted table, by the regression above. */
static void common_errors_widen_the_interval(void **state)
{
	struct kissinger_point points[RATES], moved[RATES];
	struct kissinger_result result;
	double ea, lagged, se, unused, half;

	fill(points, 208, 2, 1, 1);
	regress(points, RATES, &ea, &se);
	for (int i = 0; i < RATES; i++)
		moved[i] = (struct kissinger_point){rates[i], points[i].tp_k + 1e-3 * rates[i], NAN};
	regress(moved, RATES, &lagged, &unused);
	assert_near(1 - lagged / ea, 0.017, 0.003); /* 1.7 % a millisecond */
	result = fit(points, RATES, (struct kissinger_options){TG_K, 1e-3, 0});
	assert_near(result.ea_lag_sd_kj_per_mol, ea - lagged, 0.05 * (ea - lagged));
	half = hypot(T_975_4 * se, 1.959964 * result.ea_lag_sd_kj_per_mol);
	assert_near(result.ea_ci95_kj_per_mol[1] - ea, half, 1e-3);
	assert_near(result.ea_se_kj_per_mol, se, 1e-5);
	(void)state;
}

static void class_of(double ea_kj, double scatter, enum kissinger_class wanted)
{
	struct kissinger_point points[RATES];

	fill(points, ea_kj, 2, 1, scatter);
	assert_int_equal(fit(points, RATES, (struct kissinger_options){TG_K, 0, 0}).class, wanted);
	assert_int_equal(fit(points, RATES, (struct kissinger_options){NAN, 0, 0}).class,
			 KISSINGER_CLASS_NONE);
}

static void classes(void **state)
{
	class_of(208, 0.1, KISSINGER_CLASS_ALPHA);
	class_of(139, 0.1, KISSINGER_CLASS_BETA);
	class_of(174, 1, KISSINGER_CLASS_UNDECIDED);
	class_of(190, 6, KISSINGER_CLASS_UNDECIDED);
	(void)state;
}

/* The advice, tried: of many further rates the one advised narrows the interval most. */
static void next_rate_is_the_best(void **state)
{
	struct kissinger_point points[RATES + 1];
	struct kissinger_result now, wide;
	double best = 0, least = INFINITY;

	fill(points, 208, 2, 1, 1);
	now = fit(points, RATES, (struct kissinger_options){TG_K, 0, 0});
	for (double rate = 50; rate <= 2001; rate *= 1.0765) {
		double u = 0, suu = 0;

		points[RATES] = (struct kissinger_point){rate, peak_k(rate, 208, 2, 1), NAN};
		for (int i = 0; i <= RATES; i++)
			u += 1 / points[i].tp_k / (RATES + 1);
		for (int i = 0; i <= RATES; i++)
			suu += (1 / points[i].tp_k - u) * (1 / points[i].tp_k - u);
		if (1 / suu < least) {
			least = 1 / suu;
			best = rate;
		}
	}
	assert_near(log(now.next_rate_k_per_s), log(best), 0.1);
	assert_true(now.next_half_width_kj_per_mol <
		    0.5 * (now.ea_ci95_kj_per_mol[1] - now.ea_ci95_kj_per_mol[0]));
	wide = fit(points, RATES, (struct kissinger_options){TG_K, 1e-3, 0});
	assert_near(wide.next_half_width_kj_per_mol,
		    hypot(now.next_half_width_kj_per_mol, 1.959964 * wide.ea_lag_sd_kj_per_mol), 1e-6);
	(void)state;
}

static enum refusal refused(const struct kissinger_point *points, size_t count)
{
	const struct kissinger_options options = {.tg_k = TG_K};
	struct kissinger_result result;
	int r = kissinger_fit(points, count, &options, &result);

	assert_true(isnan(result.ea_kj_per_mol) && isnan(result.ea_ci95_kj_per_mol[0]));
	assert_true(result.why[0] != '\0' && (int)result.refusal == r);
	return result.refusal;
}

static void refusals(void **state)
{
	struct kissinger_result result;
	struct kissinger_point points[RATES];

	fill(points, 208, 2, 1, 0);
	assert_int_equal(refused(points, 2), REFUSAL_TOO_FEW_RATES);
	points[1].rate_k_per_s = 101;
	assert_int_equal(refused(points, 3), REFUSAL_TOO_FEW_RATES);
	fill(points, 208, 2, 1, 0);
	points[3].rate_k_per_s = -300;
	assert_int_equal(refused(points, RATES), REFUSAL_BAD_VALUE);
	fill(points, 208, 2, 1, 0);
	points[3].tp_k = 405; /* far below Tg */
	assert_int_equal(refused(points, RATES), REFUSAL_BAD_VALUE);
	for (int i = 0; i < RATES; i++)
		points[i] = (struct kissinger_point){100 + 5 * i, 700 + i, NAN};
	assert_int_equal(refused(points, RATES), REFUSAL_RATE_SPAN);
	for (int i = 0; i < RATES; i++)
		points[i] = (struct kissinger_point){rates[i], NAN, NAN};
	assert_int_equal(refused(points, RATES), REFUSAL_NO_PEAK);
	assert_int_equal(kissinger_fit(points, 1, &(struct kissinger_options){.tg_k = TG_K}, &result),
			 REFUSAL_NO_PEAK);
	assert_string_equal(result.why, "the only row has no peak temperature");
	(void)state;
}

static void lag_of_an_exact_line(void **state)
{
	struct lag_point points[RATES];
	struct lag_result result;

	for (int i = 0; i < RATES; i++)
		points[i] = (struct lag_point){rates[i], 429.75 + 0.4 + 0.0023 * rates[i]};
	assert_int_equal(lag_fit(points, RATES, LAG_INDIUM_K, &result), 0);
	assert_near(result.lag_s, 0.0023, 1e-12);
	assert_near(result.offset_k, 0.4, 1e-9);
	assert_near(result.lag_se_s, 0, 1e-9);
	points[4].onset_k = NAN;
	assert_int_equal(lag_fit(points, RATES, LAG_INDIUM_K, &result), 0);
	assert_int_equal(result.n, 5);
	assert_near(result.lag_s, 0.0023, 1e-12);
	(void)state;
}

/* Two and two onsets 0.2 K apart at 100 and 300 K/s, one of 0 scatter at 200: sums by hand. */
static void lag_error_by_hand(void **state)
{
	const struct lag_point points[] = {
		{100, 430.1}, {100, 429.9}, {200, 430.2}, {300, 430.5}, {300, 430.3}};
	struct lag_result result;

	assert_int_equal(lag_fit(points, 5, 430, &result), 0);
	/* slope 0.4/200, rest 4 x 0.1^2 over 3 degrees of freedom, sxx 4 x 100^2 */
	assert_near(result.lag_s, 0.002, 1e-12);
	assert_near(result.offset_k, -0.2, 1e-9);
	assert_near(result.residual_sd_k, sqrt(0.04 / 3), 1e-9);
	assert_near(result.lag_se_s, sqrt(0.04 / 3 / 40000), 1e-12);
	assert_near(result.offset_se_k, sqrt(0.04 / 3 * (1.0 / 5 + 1.0)), 1e-9);
	assert_near(result.lag_ci95_s[1] - result.lag_s, 3.1824463 * result.lag_se_s, 1e-9);
	(void)state;
}

static void lag_refusals(void **state)
{
	struct lag_point points[3] = {{100, 430}, {200, 430.2}, {300, 430.4}};
	struct lag_result result;

	assert_int_equal(lag_fit(points, 2, LAG_INDIUM_K, &result), REFUSAL_TOO_FEW_RATES);
	assert_true(isnan(result.lag_s));
	points[1].onset_k = 157;
	assert_int_equal(lag_fit(points, 3, LAG_INDIUM_K, &result), REFUSAL_BAD_VALUE);
	points[1] = (struct lag_point){0, 430};
	assert_int_equal(lag_fit(points, 3, LAG_INDIUM_K, &result), REFUSAL_BAD_VALUE);
	for (int i = 0; i < 3; i++)
		points[i] = (struct lag_point){100 + 10 * i, 430};
	assert_int_equal(lag_fit(points, 3, LAG_INDIUM_K, &result), REFUSAL_RATE_SPAN);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(methods_give_back_their_own_line),
		cmocka_unit_test(moynihan_is_kissinger_and_two_r_tp),
		cmocka_unit_test(interval_and_leave_one_out),
		cmocka_unit_test(order_of_rows_does_not_matter),
		cmocka_unit_test(weights),
		cmocka_unit_test(common_errors_widen_the_interval),
		cmocka_unit_test(classes),
		cmocka_unit_test(next_rate_is_the_best),
		cmocka_unit_test(refusals),
		cmocka_unit_test(lag_of_an_exact_line),
		cmocka_unit_test(lag_error_by_hand),
		cmocka_unit_test(lag_refusals),
	};

	return cmocka_run_group_tests_name("kissinger", tests, NULL, NULL);
}
