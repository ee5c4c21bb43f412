/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scans to states: who belongs together, mean Tf and its error, Ea. */
#include "daemon/calorimetry/series.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "daemon/calorimetry/pair.h"
#include "daemon/calorimetry/series_parts.h"

#define SAME_K 1.0 /* T_dens this close are one state: furnaces do not repeat better */
#define SAME_GPA 0.05
#define COLDEST_K 150.0
#define HOTTEST_K 2500.0

void series_options_default(struct series_options *ret_options)
{
	struct pair_options pair;

	pair_options_default(&pair);
	*ret_options = (struct series_options){.lag_sd_s = pair.lag_sd_s,
					       .calibration_sd_k = pair.calibration_sd_k,
					       .tg_k = NAN,
					       .tf_tolerance_k = 2,
					       .tf_slope = 0.08,
					       .ea_tolerance_rtg = 3,
					       .older_k_per_gpa = NAN,
					       .older_sd_k_per_gpa = NAN};
}

struct series_value series_no_value(const char *format, ...)
{
	struct series_value value = {.value = NAN, .sd = NAN};
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(value.why, sizeof(value.why), format, arguments);
	va_end(arguments);
	return value;
}

const char *series_region_name(enum series_region region)
{
	static const char *const names[] = {"", "I", "II", "III"};

	return (unsigned)region < sizeof(names) / sizeof(names[0]) ? names[region] : "";
}

bool series_is_atm(double pressure_gpa)
{
	return pressure_gpa <= SERIES_ATM_GPA;
}

static bool is_same_pressure(double a_gpa, double b_gpa)
{
	return (isnan(a_gpa) && isnan(b_gpa)) ||
	       (series_is_atm(a_gpa) == series_is_atm(b_gpa) && fabs(a_gpa - b_gpa) < SAME_GPA);
}

static bool is_same_temperature(double a_k, double b_k)
{
	return (isnan(a_k) && isnan(b_k)) || fabs(a_k - b_k) < SAME_K;
}

bool series_is_of_state(double pressure_gpa, double temperature_k, const struct series_state *state)
{
	return is_same_pressure(pressure_gpa, state->pressure_gpa) &&
	       is_same_temperature(temperature_k, state->temperature_k);
}

static bool is_of_state(const struct series_scan *scan, const struct series_state *state)
{
	return series_is_of_state(scan->pressure_gpa, scan->temperature_k, state);
}

const struct series_pressure *series_find_atm(const struct series_result *result)
{
	return result->pressure_count && series_is_atm(result->pressures[0].pressure_gpa)
		       ? &result->pressures[0]
		       : NULL;
}

double series_tg_k(const struct series_result *result, double pressure_gpa)
{
	if (series_is_atm(pressure_gpa))
		return result->tg_1atm_k;
	for (size_t i = 0; i < result->pressure_count; i++)
		if (is_same_pressure(result->pressures[i].pressure_gpa, pressure_gpa))
			return result->pressures[i].tg_k.value;
	return NAN;
}

static int check_scan(const struct series_scan *scan, size_t row, char *why)
{
	if (!isnan(scan->pressure_gpa) && !(scan->pressure_gpa >= 0 && scan->pressure_gpa < 1000))
		return refusal_say(why, REFUSAL_BAD_VALUE, "scan %zu: %g GPa is no pressure of densification",
				   row, scan->pressure_gpa);
	if (!isnan(scan->temperature_k) &&
	    !(scan->temperature_k >= COLDEST_K && scan->temperature_k <= HOTTEST_K))
		return refusal_say(why, REFUSAL_BAD_VALUE,
				   "scan %zu: T_dens = %g K; allowed is 150 to 2500 K", row,
				   scan->temperature_k);
	return 0;
}

/* By pressure, then temperature. */
static bool comes_before(const struct series_scan *scan, const struct series_state *state)
{
	if (!is_same_pressure(scan->pressure_gpa, state->pressure_gpa))
		return scan->pressure_gpa < state->pressure_gpa;
	return scan->temperature_k < state->temperature_k;
}

static int add_state(struct series_result *result, const struct series_scan *scan)
{
	size_t at = 0;

	while (at < result->state_count && !is_of_state(scan, &result->states[at]))
		at++;
	if (at < result->state_count)
		return 0;
	if (result->state_count == SERIES_STATES_MAX)
		return refusal_say(result->why, REFUSAL_BAD_VALUE, "more than %d states", SERIES_STATES_MAX);
	for (at = result->state_count++; at > 0 && comes_before(scan, &result->states[at - 1]); at--)
		result->states[at] = result->states[at - 1];
	result->states[at] = (struct series_state){.pressure_gpa = scan->pressure_gpa,
						   .temperature_k = scan->temperature_k};
	return 0;
}

/* The errors of single scans where they are larger than what the sections scatter. */
static void fill_tf_errors(struct series_state *state, double own_k2, double common_k)
{
	double n = state->n, own = isnan(own_k2) ? NAN : own_k2 / n;

	if (state->n > 1)
		own = fmax(isnan(own) ? 0 : own, state->tf_spread_k * state->tf_spread_k);
	state->tf_own_sd_k = sqrt(own / n);
	state->tf_sd_k = sqrt(own / n + common_k * common_k / (n * n));
}

/* A scan whose common share is not known counts as common altogether: its mean is not better than itself. */
static void fill_tf(struct series_state *state, const struct series_scan *scans, size_t count)
{
	double sum = 0, squares = 0, own_k2 = 0, common_k = 0;
	bool known = true;

	for (size_t i = 0; i < count; i++) {
		const struct series_scan *scan = &scans[i];
		double common = isnan(scan->tf_common_sd_k) ? scan->tf_sd_k : scan->tf_common_sd_k;

		if (!is_of_state(scan, state))
			continue;
		if (scan->refused || isnan(scan->tf_k)) {
			state->n_refused++;
			continue;
		}
		state->n++;
		sum += scan->tf_k;
		common_k += common;
		known = known && !isnan(scan->tf_common_sd_k);
		own_k2 += fmax(0, scan->tf_sd_k * scan->tf_sd_k - common * common);
	}
	state->tf_k = state->n ? sum / state->n : NAN;
	for (size_t i = 0; i < count; i++)
		if (is_of_state(&scans[i], state) && !scans[i].refused && !isnan(scans[i].tf_k))
			squares += pow(scans[i].tf_k - state->tf_k, 2);
	state->tf_spread_k = state->n > 1 ? sqrt(squares / (state->n - 1)) : NAN;
	fill_tf_errors(state, known ? own_k2 : NAN, common_k);
}

static void fill_energy(struct series_state *state, const struct series_scan *scans, size_t count,
			const struct kissinger_options *options)
{
	struct kissinger_point points[KISSINGER_POINTS_MAX];
	size_t used = 0;

	for (size_t i = 0; i < count && used < KISSINGER_POINTS_MAX; i++)
		if (is_of_state(&scans[i], state) && !scans[i].refused)
			points[used++] = (struct kissinger_point){.rate_k_per_s = scans[i].rate_k_per_s,
								  .tp_k = scans[i].tp_k,
								  .tp_sd_k = scans[i].tp_own_sd_k};
	kissinger_fit(points, used, options, &state->energy);
}

static void fill_energies(struct series_result *result, const struct series_scan *scans, size_t count,
			  const struct series_options *options)
{
	const struct kissinger_options fit = {.tg_k = result->tg_1atm_k,
					      .lag_sd_s = options->lag_sd_s,
					      .calibration_sd_k = options->calibration_sd_k};

	for (size_t i = 0; i < result->state_count; i++)
		fill_energy(&result->states[i], scans, count, &fit);
}

static int find_states(const struct series_scan *scans, size_t count, struct series_result *result)
{
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		r = check_scan(&scans[i], i + 1, result->why);
		if (r == 0)
			r = add_state(result, &scans[i]);
	}
	if (r == 0 && result->state_count == 0)
		r = refusal_say(result->why, REFUSAL_TOO_FEW_POINTS, "there are no scans");
	for (size_t i = 0; i < result->state_count && r == 0; i++)
		fill_tf(&result->states[i], scans, count);
	return r;
}

static int find_pressures(struct series_result *result)
{
	for (size_t i = 0; i < result->state_count; i++) {
		double gpa = result->states[i].pressure_gpa;
		size_t n = result->pressure_count;

		if (n > 0 && is_same_pressure(result->pressures[n - 1].pressure_gpa, gpa)) {
			result->pressures[n - 1].count++;
			continue;
		}
		if (n == SERIES_PRESSURES_MAX)
			return refusal_say(result->why, REFUSAL_BAD_VALUE, "more than %d pressures",
					   SERIES_PRESSURES_MAX);
		result->pressures[result->pressure_count++] =
			(struct series_pressure){.pressure_gpa = gpa, .first = i, .count = 1};
	}
	return 0;
}

int series_analyse(const struct series_scan *scans, size_t count, const struct series_options *options,
		   struct series_result *ret_result)
{
	int r;

	if (count > SERIES_SCANS_MAX)
		return -EINVAL;
	*ret_result = (struct series_result){.tg_1atm_k = options->tg_k, .tg_1atm_sd_k = NAN};
	r = find_states(scans, count, ret_result);
	if (r == 0)
		r = find_pressures(ret_result);
	ret_result->refusal = (enum refusal)r;
	if (r)
		return r;
	fill_energies(ret_result, scans, count, options);
	series_find_plateaus(ret_result, options);
	if (!ret_result->tg_1atm_given && !isnan(ret_result->tg_1atm_k))
		fill_energies(ret_result, scans, count,
			      options); /* now that there is a Tg to measure Ea in */
	series_find_slopes(ret_result, scans, count, options);
	series_find_master(ret_result);
	series_find_ratios(ret_result);
	return 0;
}
