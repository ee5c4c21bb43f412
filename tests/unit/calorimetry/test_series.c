/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A campaign made of curves that can be written down: Tf a function of T_dens, peaks on a Kissinger line. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/calorimetry/series.h"

#define TG_K 596.0
#define TG_7GPA_K 634.0 /* the midpoint of 625 and 643 K */
#define ATM_GPA 0.000101325
#define SLOPE_RTG 15.0 /* of the master curve */
#define SHIFT_K 6.0
#define HALF_SPREAD_K 0.3 /* the two sections of a rate lie so far from their mean */

enum { RATES = 4, PER_STATE = 2 * RATES, MOST = 40 * PER_STATE };

static const double rates[RATES] = {100, 200, 500, 1000};

struct bench {
	struct series_scan scans[MOST];
	size_t count;
	struct series_options options;
	struct series_result result;
};

/* Solves ln(q/Tp^2) = -Ea/(R Tp) + a by bisection; a puts the peak of 200 K/s at 650 K. */
static double peak_of(double rate_k_per_s, double ea_rtg)
{
	double intercept = log(200.0 / (650.0 * 650.0)) + ea_rtg * TG_K / 650;
	double low = 200, high = 2000;

	for (int i = 0; i < 200; i++) {
		double tp = (low + high) / 2;

		if (log(rate_k_per_s / (tp * tp)) + ea_rtg * TG_K / tp > intercept)
			low = tp;
		else
			high = tp;
	}
	return low;
}

static double tg_at(double gpa)
{
	return gpa > 1 ? TG_7GPA_K : TG_K;
}

/* Straight in T/Tg(P), so that the curves of all pressures coincide and interpolation is exact. */
static double energy_at(double gpa, double temperature_k)
{
	return 35 + SLOPE_RTG * (temperature_k / tg_at(gpa) - 0.92);
}

/* 720 K cold, a ramp, then a plateau from Tg(P) on: 598 K at 1 atm, 594 K at pressure. */
static double tf_at(double gpa, double temperature_k)
{
	double level = gpa > 1 ? 594 : 598;

	if (temperature_k <= 400)
		return gpa > 1 ? 723 : 719;
	return temperature_k > tg_at(gpa) ? level : level + 0.4 * (tg_at(gpa) - temperature_k + 10);
}

static void add_state(struct bench *bench, double gpa, double temperature_k)
{
	for (int i = 0; i < PER_STATE; i++)
		bench->scans[bench->count++] = (struct series_scan){
			.pressure_gpa = gpa,
			.temperature_k = temperature_k,
			.rate_k_per_s = rates[i / 2],
			.tf_k = tf_at(gpa, temperature_k) + (i % 2 ? HALF_SPREAD_K : -HALF_SPREAD_K),
			.tf_sd_k = 0.5,
			.tf_common_sd_k = 0.5,
			.tp_k = peak_of(rates[i / 2], energy_at(gpa, temperature_k)),
			.tp_own_sd_k = NAN,
			.onset_k = 620 + 8 * log(rates[i / 2]) + (gpa > 1 ? SHIFT_K * gpa / 7 : 0)};
}

static void add_row(struct bench *bench, double gpa)
{
	static const double temperatures_k[] = {298, 400, 513, 583, 600, 625, 643, 693};

	for (size_t i = 0; i < sizeof(temperatures_k) / sizeof(temperatures_k[0]); i++)
		add_state(bench, gpa, temperatures_k[i]);
}

static void begin(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	series_options_default(&bench->options);
	bench->options.tg_k = TG_K;
}

static void analyse(struct bench *bench)
{
	assert_int_equal(series_analyse(bench->scans, bench->count, &bench->options, &bench->result), 0);
}

static struct bench *paper(void)
{
	static struct bench bench;

	begin(&bench);
	add_row(&bench, 7); /* the order of the scans is no order of the result */
	add_row(&bench, ATM_GPA);
	analyse(&bench);
	return &bench;
}

static void near(double value, double wanted, double within)
{
	if (!(fabs(value - wanted) <= within))
		fail_msg("%.10g is not within %g of %.10g", value, within, wanted);
}

/* Spread of n pairs at +-h about one mean: h sqrt(n/(n-1)). */
static void sections_become_states(void **state)
{
	const struct series_result *result = &paper()->result;
	double spread = HALF_SPREAD_K * sqrt((double)PER_STATE / (PER_STATE - 1));

	(void)state;
	assert_int_equal(result->state_count, 16);
	assert_int_equal(result->pressure_count, 2);
	assert_true(result->pressures[0].pressure_gpa < SERIES_ATM_GPA);
	for (size_t i = 0; i < result->state_count; i++) {
		const struct series_state *found = &result->states[i];

		assert_int_equal(found->n, PER_STATE);
		near(found->tf_k, tf_at(found->pressure_gpa, found->temperature_k), 1e-9);
		near(found->tf_spread_k, spread, 1e-9);
		near(found->tf_own_sd_k, spread / sqrt(PER_STATE), 1e-9);
		near(found->tf_sd_k, hypot(spread / sqrt(PER_STATE), 0.5), 1e-9);
		near(found->energy.ea_over_rtg, energy_at(found->pressure_gpa, found->temperature_k), 1e-6);
	}
}

static void tg_is_the_midpoint_of_its_bracket(void **state)
{
	const struct series_result *result = &paper()->result;
	const struct series_pressure *atm = &result->pressures[0], *high = &result->pressures[1];

	(void)state;
	near(high->tg_bracket_k[0], 625, 0);
	near(high->tg_bracket_k[1], 643, 0);
	near(high->tg_k.value, 634, 0);
	near(high->tg_k.sd, 9 / sqrt(3), 1e-12);
	near(atm->tg_bracket_k[0], 583, 0);
	near(atm->tg_bracket_k[1], 600, 0);
	near(series_tg_k(result, 7), 634, 0);
	near(series_tg_k(result, ATM_GPA), TG_K, 0);
	near(high->cold_k[0], 400, 0);
	near(high->cold_k[1], 513, 0);
}

static void three_slopes_are_kept_apart(void **state)
{
	struct bench *bench = paper();
	const struct series_result *result = &bench->result;

	(void)state;
	near(result->in_situ_k_per_gpa.value, 38.0 / 7, 1e-12);
	near(result->in_situ_k_per_gpa.sd, 9 / sqrt(3) / 7, 1e-12); /* Tg(1 atm) as given has no error */
	near(result->ex_situ_k_per_gpa.value, SHIFT_K / 7, 1e-9);
	near(result->pressures[1].onset_shift_k.value, SHIFT_K, 1e-9);
	assert_true(isnan(result->older_k_per_gpa.value));
	assert_non_null(strstr(result->older_k_per_gpa.why, "not measurable"));
	bench->options.older_k_per_gpa = 3.6;
	bench->options.tg_k = NAN;
	analyse(bench);
	near(result->older_k_per_gpa.value, 3.6, 0);
	assert_false(result->tg_1atm_given);
	near(result->tg_1atm_k, 591.5, 0);
	near(result->in_situ_k_per_gpa.value, (634 - 591.5) / 7, 1e-12);
	near(result->in_situ_k_per_gpa.sd, hypot(9 / sqrt(3), 8.5 / sqrt(3)) / 7, 1e-12);
	near(result->states[3].energy.ea_over_rtg, energy_at(ATM_GPA, 583) * TG_K / 591.5, 1e-6);
}

/* Onset shifts in proportion to pressure: the slope is that of any of them. */
static void slope_rests_on_all_pressures(void **state)
{
	struct bench *bench = paper();

	(void)state;
	for (int gpa = 2; gpa <= 5; gpa++)
		add_state(bench, gpa, 643); /* in equilibrium, because 7 GPa is */
	analyse(bench);
	near(bench->result.ex_situ_k_per_gpa.value, SHIFT_K / 7, 1e-9);
	near(bench->result.pressures[3].onset_shift_k.value, SHIFT_K * 4 / 7, 1e-9);
	assert_int_equal(bench->result.states[bench->result.pressures[2].first].region, SERIES_REGION_III);
	assert_true(isnan(bench->result.pressures[2].tg_k.value));
	assert_non_null(strstr(bench->result.pressures[2].tg_k.why, "needs two"));
}

/* A state at @gpa and 643 K whose onset lies @shift_k above that of 1 atm, not on the line. */
static void add_shifted(struct bench *bench, double gpa, double shift_k)
{
	size_t from = bench->count;

	add_state(bench, gpa, 643);
	for (size_t k = from; k < bench->count; k++)
		bench->scans[k].onset_k += shift_k - SHIFT_K * gpa / 7.0;
}

/* Shifts that lie on no line: least squares through the origin, its error by the textbook. */
static void scatter_widens_the_slope(void **state)
{
	static const double shifts_k[] = {3, 1, 5, 2};
	struct bench *bench = paper();
	double pv = 0, pp = 7 * 7, w = 1 / (0.1 * 0.1), chi2 = 0, slope;

	(void)state;
	pv = 7 * SHIFT_K;
	for (int i = 0; i < 4; i++) {
		add_shifted(bench, 2 + i, shifts_k[i]);
		pv += (2 + i) * shifts_k[i];
		pp += (2 + i) * (2 + i);
	}
	/* every shift gets a standard error of 0.1 K: offsets of +-d at the four rates, d sqrt(1/3) = 0.1 */
	for (size_t i = 0; i < bench->count; i++)
		if (bench->scans[i].pressure_gpa > 1)
			bench->scans[i].onset_k += (i / 2 % 2 ? 0.1 : -0.1) * sqrt(3);
	analyse(bench);
	slope = pv / pp;
	for (int i = 0; i < 5; i++) {
		double gpa = i < 4 ? 2 + i : 7, shift = i < 4 ? shifts_k[i] : SHIFT_K;

		chi2 += w * (shift - slope * gpa) * (shift - slope * gpa) / 4;
	}
	near(bench->result.ex_situ_k_per_gpa.value, slope, 1e-9);
	near(bench->result.pressures[1].onset_shift_k.sd, 0.1, 1e-9);
	near(bench->result.ex_situ_k_per_gpa.sd, 0.1 / sqrt(pp) * sqrt(chi2), 1e-9);
}

/* Shifts off the line by far more than their errors: the one with a hundredth of the error does not decide
 * alone. */
static void scatter_levels_the_weights(void **state)
{
	static const double shifts_k[] = {3, 1, 5, 2};
	struct bench *bench = paper();
	double pv = 7 * SHIFT_K, pp = 7 * 7;

	(void)state;
	for (int i = 0; i < 4; i++) {
		add_shifted(bench, 2 + i, shifts_k[i]);
		pv += (2 + i) * shifts_k[i];
		pp += (2 + i) * (2 + i);
	}
	for (size_t i = 0; i < bench->count; i++) {
		double off_k = fabs(bench->scans[i].pressure_gpa - 2) < 0.1 ? 1e-3 : 0.1;

		if (bench->scans[i].pressure_gpa > 1)
			bench->scans[i].onset_k += (i / 2 % 2 ? off_k : -off_k) * sqrt(3);
	}
	analyse(bench);
	near(bench->result.ex_situ_k_per_gpa.value, pv / pp, 0.01);
	assert_true(bench->result.ex_situ_k_per_gpa.sd > 0.15 && bench->result.ex_situ_k_per_gpa.sd < 0.25);
}

/* Neighbours that differ by little may still lie on a slope. */
static void slope_is_no_plateau(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench);
	for (int i = 0; i < 4; i++)
		add_state(&bench, 7, 640 + 5 * i);
	for (size_t i = 0; i < bench.count; i++)
		bench.scans[i].tf_k = 594 + (i < PER_STATE ? 1.5 : 0) + (i % 2 ? 0.1 : -0.1); /* 0.3 K/K */
	analyse(&bench);
	near(bench.result.pressures[0].tg_bracket_k[0], 640, 0);
	bench.options.tf_slope = 0.31;
	analyse(&bench);
	assert_true(isnan(bench.result.pressures[0].tg_k.value));
}

static void regions_follow_from_both_plateaus(void **state)
{
	static const enum series_region wanted[] = {1, 1, 2, 2, 3, 3, 3, 3, 1, 1, 2, 2, 2, 2, 3, 3};
	const struct series_result *result = &paper()->result;

	(void)state;
	for (size_t i = 0; i < result->state_count; i++)
		assert_int_equal(result->states[i].region, wanted[i]);
	assert_string_equal(series_region_name(SERIES_REGION_II), "II");
	assert_string_equal(series_region_name(SERIES_REGION_NONE), "");
}

/* On T/Tg(P) the curves are one; on T they lie 15 T (1/596 - 1/634) apart. */
static void master_curve_collapses(void **state)
{
	static const double temperatures_k[] = {298, 400, 513, 583, 600, 625, 643, 693};
	const struct series_result *result = &paper()->result;
	double squares = 0;

	(void)state;
	near(result->collapse_rtg.value, 0, 1e-5);
	for (size_t i = 0; i < 8; i++)
		squares += pow(SLOPE_RTG * temperatures_k[i] * (1 / TG_K - 1 / TG_7GPA_K), 2);
	near(result->unscaled_rtg.value, sqrt(squares / 8), 1e-5);
	near(result->unscaled_rtg.sd, sqrt(squares / 8) / sqrt(32), 1e-5);
	near(result->pressures[0].crossover_k.value, 0.92 * TG_K, 1e-3);
	near(result->pressures[1].crossover_k.value, 0.92 * TG_7GPA_K, 1e-3);
	near(result->pressures[1].crossover_shift_k.value, 0.92 * (TG_7GPA_K - TG_K), 2e-3);
}

static void ratios_leave_out_what_is_common(void **state)
{
	const struct series_result *result = &paper()->result;
	double own = HALF_SPREAD_K / sqrt(PER_STATE - 1);

	(void)state;
	assert_int_equal(result->ratio_count, 8);
	for (size_t i = 0; i < result->ratio_count; i++) {
		const struct series_ratio *ratio = &result->ratios[i];
		double high = tf_at(7, ratio->temperature_k), low = tf_at(ATM_GPA, ratio->temperature_k);

		near(ratio->ratio, high / low, 1e-12);
		near(ratio->delta_k, high - low, 1e-9);
		near(ratio->delta_sd_k, own * sqrt(2), 1e-9);
		near(ratio->ratio_sd, high / low * hypot(own / high, own / low), 1e-9);
	}
}

static void refused_scans_are_counted_only(void **state)
{
	struct bench *bench = paper();

	(void)state;
	bench->scans[0].refused = true; /* 7 GPa, 298 K */
	bench->scans[0].tf_k = bench->scans[0].tp_k = 1e6;
	bench->scans[1].tf_k = NAN;
	for (int i = 2; i < PER_STATE; i++)
		bench->scans[i].tp_k = NAN;
	analyse(bench);
	assert_int_equal(bench->result.states[8].n, PER_STATE - 2);
	assert_int_equal(bench->result.states[8].n_refused, 2);
	near(bench->result.states[8].tf_k, 723, 1e-9);
	assert_int_equal(bench->result.states[8].energy.refusal, REFUSAL_TOO_FEW_RATES);
	assert_true(isnan(bench->result.states[8].energy.ea_kj_per_mol));
}

static void order_of_the_scans_does_not_matter(void **state)
{
	struct bench *bench = paper();
	struct series_result before = bench->result;

	(void)state;
	for (size_t i = 0; i < bench->count; i++) {
		size_t k = (i * 7919) % bench->count;
		struct series_scan scan = bench->scans[i];

		bench->scans[i] = bench->scans[k];
		bench->scans[k] = scan;
	}
	analyse(bench);
	assert_int_equal(bench->result.state_count, before.state_count);
	for (size_t i = 0; i < before.state_count; i++) {
		near(bench->result.states[i].tf_k, before.states[i].tf_k, 1e-9);
		near(bench->result.states[i].energy.ea_kj_per_mol, before.states[i].energy.ea_kj_per_mol,
		     1e-6);
	}
	near(bench->result.ex_situ_k_per_gpa.value, before.ex_situ_k_per_gpa.value, 1e-9);
}

/* Noise beyond the tolerance is no transition: two standard deviations of a difference are allowed. */
static void noise_widens_the_plateau(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench);
	for (int i = 0; i < 3; i++)
		add_state(&bench, 7, 643 + 20 * i);
	add_state(&bench, 7, 583);
	for (size_t i = 0; i < PER_STATE; i++)
		bench.scans[i].tf_k += 3; /* 643 K: 3 K too high */
	analyse(&bench);
	near(bench.result.pressures[0].tg_bracket_k[1], 663, 0);
	for (size_t i = 0; i < bench.count; i++)
		bench.scans[i].tf_k +=
			i % 2 ? 4 : -4; /* spread 4.6 K, of the mean 1.6 K, of a difference 2.3 K */
	analyse(&bench);
	near(bench.result.pressures[0].tg_bracket_k[1], 643, 0);
}

/* The liquid has one Ea as well as one Tf. */
static void energy_must_be_constant_too(void **state)
{
	struct bench *bench = paper();

	(void)state;
	for (size_t i = 0; i < bench->count; i++)
		if (bench->scans[i].pressure_gpa > 1 && bench->scans[i].temperature_k == 643)
			bench->scans[i].tp_k = peak_of(bench->scans[i].rate_k_per_s, 28);
	analyse(bench);
	assert_true(isnan(bench->result.pressures[1].tg_k.value));
	assert_non_null(strstr(bench->result.pressures[1].tg_k.why, "no equilibrium seen"));
}

static void what_is_missing_says_why(void **state)
{
	static struct bench bench;
	const struct series_result *result = &bench.result;

	(void)state;
	begin(&bench);
	bench.options.tg_k = NAN;
	add_state(&bench, 7, 643);
	analyse(&bench);
	assert_non_null(strstr(result->in_situ_k_per_gpa.why, "Tg at 1 atm is not known"));
	assert_non_null(strstr(result->ex_situ_k_per_gpa.why, "no 1 atm reference"));
	assert_non_null(strstr(result->collapse_rtg.why, "no two pressures"));
	assert_non_null(strstr(result->pressures[0].cold_why, "one temperature"));
	assert_non_null(strstr(result->pressures[0].crossover_k.why, "below and above"));
	assert_int_equal(result->ratio_count, 0);
	add_state(&bench, 7, 693);
	analyse(&bench);
	assert_non_null(strstr(result->pressures[0].tg_k.why, "Tg lies below"));
}

/* Scans of which nothing is known but that they belong together. */
static void unnamed_scans_are_one_state(void **state)
{
	static struct bench bench;

	(void)state;
	begin(&bench);
	add_state(&bench, 7, 643);
	for (size_t i = 0; i < bench.count; i++)
		bench.scans[i].pressure_gpa = bench.scans[i].temperature_k = NAN;
	analyse(&bench);
	assert_int_equal(bench.result.state_count, 1);
	assert_int_equal(bench.result.states[0].n, PER_STATE);
	near(bench.result.states[0].energy.ea_over_rtg, energy_at(7, 643), 1e-6);
	assert_int_equal(bench.result.states[0].region, SERIES_REGION_NONE);
}

static void nonsense_is_refused(void **state)
{
	static struct bench bench;

	(void)state;
	begin(&bench);
	assert_int_equal(series_analyse(bench.scans, 0, &bench.options, &bench.result),
			 REFUSAL_TOO_FEW_POINTS);
	assert_int_equal(series_analyse(bench.scans, SERIES_SCANS_MAX + 1, &bench.options, &bench.result),
			 -EINVAL);
	add_state(&bench, -1, 643);
	assert_int_equal(series_analyse(bench.scans, 1, &bench.options, &bench.result), REFUSAL_BAD_VALUE);
	bench.scans[0].pressure_gpa = 7;
	bench.scans[0].temperature_k = 70; /* Celsius */
	assert_int_equal(series_analyse(bench.scans, 1, &bench.options, &bench.result), REFUSAL_BAD_VALUE);
	assert_int_equal(bench.result.refusal, REFUSAL_BAD_VALUE);
	assert_non_null(strstr(bench.result.why, "150 to 2500 K"));
	for (size_t i = 0; i < MOST; i++)
		bench.scans[i] = (struct series_scan){.pressure_gpa = 1 + (double)i, .temperature_k = 300};
	assert_int_equal(series_analyse(bench.scans, MOST, &bench.options, &bench.result), REFUSAL_BAD_VALUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_become_states),
		cmocka_unit_test(tg_is_the_midpoint_of_its_bracket),
		cmocka_unit_test(three_slopes_are_kept_apart),
		cmocka_unit_test(slope_rests_on_all_pressures),
		cmocka_unit_test(scatter_widens_the_slope),
		cmocka_unit_test(scatter_levels_the_weights),
		cmocka_unit_test(slope_is_no_plateau),
		cmocka_unit_test(regions_follow_from_both_plateaus),
		cmocka_unit_test(master_curve_collapses),
		cmocka_unit_test(ratios_leave_out_what_is_common),
		cmocka_unit_test(refused_scans_are_counted_only),
		cmocka_unit_test(order_of_the_scans_does_not_matter),
		cmocka_unit_test(noise_widens_the_plateau),
		cmocka_unit_test(energy_must_be_constant_too),
		cmocka_unit_test(what_is_missing_says_why),
		cmocka_unit_test(unnamed_scans_are_one_state),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
