/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dTg/dP, three ways that measure three things: in equilibrium under pressure, of the recovered glass,
 * others'. */
#include <math.h>

#include "daemon/calorimetry/series_parts.h"

#define SAME_RATE 0.03 /* of the rate: onsets are compared at one heating rate */

/* A slope through the origin, from values at several pressures; sd NAN: not known. */
struct slope {
	double gpa[SERIES_PRESSURES_MAX], value[SERIES_PRESSURES_MAX], sd[SERIES_PRESSURES_MAX];
	size_t count;
};
struct slope_sums {
	double weighted, weight, lever; /* of w P v, w P^2, w P */
	double squares;                 /* of w v^2 */
};

static void slope_add(struct slope *slope, double gpa, double value, double sd)
{
	slope->gpa[slope->count] = gpa;
	slope->value[slope->count] = value;
	slope->sd[slope->count++] = sd;
}

/* With a scatter that all values share beside their own errors; all alike where an error is not known. */
static struct slope_sums slope_sums(const struct slope *slope, double scatter2)
{
	struct slope_sums sums = {0, 0, 0, 0};

	for (size_t i = 0; i < slope->count; i++) {
		double sd = slope->sd[i], w = sd > 0 ? 1 / (sd * sd + scatter2) : 1;

		sums.weighted += w * slope->gpa[i] * slope->value[i];
		sums.weight += w * slope->gpa[i] * slope->gpa[i];
		sums.lever += w * slope->gpa[i];
		sums.squares += w * slope->value[i] * slope->value[i];
	}
	return sums;
}

/* More than the errors of the values explain? */
static bool slope_scatters(const struct slope *slope, double scatter2)
{
	struct slope_sums sums = slope_sums(slope, scatter2);

	return sums.squares - sums.weighted * sums.weighted / sums.weight > (double)(slope->count - 1);
}

/*
 * Values off the line by more than their errors are no measure of each other's weight: what brings them to
 * one a value is a scatter they share (Mandel and Paule 1970). 0 where the errors explain all, or one is not
 * known.
 */
static double slope_scatter2(const struct slope *slope)
{
	double low = 0, high = 0;

	for (size_t i = 0; i < slope->count; i++) {
		if (!(slope->sd[i] > 0))
			return 0;
		high += slope->value[i] * slope->value[i];
	}
	if (slope->count < 2 || !slope_scatters(slope, 0))
		return 0;
	for (int i = 0; i < 60; i++) {
		double middle = 0.5 * (low + high);

		if (slope_scatters(slope, middle))
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* @ret_lever: what a common error of all values does to the slope. */
static struct series_value slope_value(const struct slope *slope, double *ret_lever)
{
	struct slope_sums sums = slope_sums(slope, slope_scatter2(slope));
	bool known = true;

	for (size_t i = 0; i < slope->count; i++)
		known = known && slope->sd[i] > 0;
	*ret_lever = sums.lever / sums.weight;
	return (struct series_value){.value = sums.weighted / sums.weight,
				     .sd = known ? 1 / sqrt(sums.weight) : NAN};
}

/* A common zero of all values, its own error included. */
static struct series_value slope_in_situ(const struct series_result *result)
{
	struct series_value value;
	struct slope slope = {.count = 0};
	double lever;

	if (isnan(result->tg_1atm_k))
		return series_no_value(
			"Tg at 1 atm is not known: give it, or a 1 atm series that brackets it");
	for (size_t i = 0; i < result->pressure_count; i++) {
		const struct series_pressure *pressure = &result->pressures[i];

		if (!series_is_atm(pressure->pressure_gpa) && !isnan(pressure->tg_k.value))
			slope_add(&slope, pressure->pressure_gpa, pressure->tg_k.value - result->tg_1atm_k,
				  pressure->tg_k.sd);
	}
	if (slope.count == 0)
		return series_no_value("no pressure above 1 atm has a Tg: %s",
				       result->pressures[result->pressure_count - 1].tg_k.why);
	value = slope_value(&slope, &lever);
	value.sd = hypot(value.sd, result->tg_1atm_sd_k * lever);
	return value;
}

/* Mean onset at @rate of the recovered glasses of region III; NAN: there is none. */
static double onset_at(const struct series_result *result, const struct series_pressure *pressure,
		       const struct series_scan *scans, size_t count, double rate_k_per_s)
{
	double sum = 0, n = 0;

	for (size_t i = 0; i < count; i++) {
		struct series_state state = {.pressure_gpa = scans[i].pressure_gpa,
					     .temperature_k = scans[i].temperature_k};

		if (scans[i].refused || isnan(scans[i].onset_k) ||
		    series_is_atm(state.pressure_gpa) != series_is_atm(pressure->pressure_gpa) ||
		    fabs(state.pressure_gpa - pressure->pressure_gpa) > 0.05 ||
		    fabs(scans[i].rate_k_per_s - rate_k_per_s) > SAME_RATE * rate_k_per_s ||
		    !series_is_equilibrated(result, &state))
			continue;
		sum += scans[i].onset_k;
		n++;
	}
	return sum / n;
}

static bool is_new_rate(const struct series_scan *scans, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (fabs(scans[i].rate_k_per_s - scans[at].rate_k_per_s) <=
		    SAME_RATE * scans[at].rate_k_per_s)
			return false;
	return true;
}

/* Differences at equal rates; their scatter is the error. */
static struct series_value onset_shift(const struct series_result *result,
				       const struct series_pressure *pressure,
				       const struct series_pressure *atm, const struct series_scan *scans,
				       size_t count)
{
	double sum = 0, squares = 0, n = 0, mean;

	for (size_t i = 0; i < count; i++) {
		double rate = scans[i].rate_k_per_s, shift;

		if (!is_new_rate(scans, i))
			continue;
		shift = onset_at(result, pressure, scans, count, rate) -
			onset_at(result, atm, scans, count, rate);
		if (isnan(shift))
			continue;
		sum += shift;
		squares += shift * shift;
		n++;
	}
	mean = sum / n;
	if (n == 0)
		return series_no_value("no onsets at one rate of region III, here and at 1 atm");
	return (struct series_value){
		.value = mean, .sd = n > 1 ? sqrt(fmax(0, squares - n * mean * mean) / (n - 1) / n) : NAN};
}

static void find_shifts(struct series_result *result, const struct series_scan *scans, size_t count)
{
	const struct series_pressure *atm = series_find_atm(result);

	for (size_t i = 0; i < result->pressure_count; i++) {
		struct series_pressure *pressure = &result->pressures[i];

		if (pressure == atm)
			pressure->onset_shift_k = series_no_value("this is 1 atm");
		else if (!atm)
			pressure->onset_shift_k = series_no_value("there is no 1 atm reference");
		else
			pressure->onset_shift_k = onset_shift(result, pressure, atm, scans, count);
	}
}

static struct series_value slope_ex_situ(const struct series_result *result)
{
	struct slope slope = {.count = 0};
	bool errors_known = true;
	double unused;

	for (size_t i = 0; i < result->pressure_count; i++)
		if (!isnan(result->pressures[i].onset_shift_k.value))
			errors_known = errors_known && result->pressures[i].onset_shift_k.sd > 0;
	for (size_t i = 0; i < result->pressure_count; i++) {
		const struct series_pressure *pressure = &result->pressures[i];

		if (!isnan(pressure->onset_shift_k.value))
			slope_add(&slope, pressure->pressure_gpa, pressure->onset_shift_k.value,
				  errors_known ? pressure->onset_shift_k.sd : NAN);
	}
	if (slope.count == 0)
		return series_no_value("no pressure has an onset shift: %s",
				       result->pressures[result->pressure_count - 1].onset_shift_k.why);
	return slope_value(&slope, &unused);
}

void series_find_slopes(struct series_result *result, const struct series_scan *scans, size_t count,
			const struct series_options *options)
{
	find_shifts(result, scans, count);
	result->in_situ_k_per_gpa = slope_in_situ(result);
	result->ex_situ_k_per_gpa = slope_ex_situ(result);
	result->older_k_per_gpa =
		isnan(options->older_k_per_gpa)
			? series_no_value("not measurable with these scans; other work's value was not given")
			: (struct series_value){.value = options->older_k_per_gpa,
						.sd = options->older_sd_k_per_gpa};
}
