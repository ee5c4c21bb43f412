/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ea of several pressures on one curve, where it crosses from beta to alpha, and the ratio of Tf. */
#include <math.h>

#include "daemon/calorimetry/series_parts.h"

#define SAME_K 1.0

/* Ea/(R Tg) of one pressure against an abscissa, ascending. */
struct curve {
	double x[SERIES_STATES_MAX], y[SERIES_STATES_MAX], se[SERIES_STATES_MAX];
	size_t count;
};

/* Sums over the differences between two curves. */
struct misfit {
	double squares, expected;
	size_t count;
};

static struct curve curve_of(const struct series_result *result, const struct series_pressure *pressure,
			     bool scaled)
{
	double tg_k = scaled ? series_tg_k(result, pressure->pressure_gpa) : 1;
	struct curve curve = {.count = 0};

	for (size_t i = 0; i < pressure->count && !isnan(tg_k); i++) {
		const struct series_state *state = &result->states[pressure->first + i];
		const struct kissinger_result *energy = &state->energy;

		if (isnan(energy->ea_over_rtg))
			continue;
		curve.x[curve.count] = state->temperature_k / tg_k;
		curve.y[curve.count] = energy->ea_over_rtg;
		curve.se[curve.count++] =
			energy->ea_se_kj_per_mol * energy->ea_over_rtg / energy->ea_kj_per_mol;
	}
	return curve;
}

/* Index of the interval that holds @x; curve->count: outside. */
static size_t find_interval(const struct curve *curve, double x)
{
	for (size_t i = 1; i < curve->count; i++)
		if (x >= curve->x[i - 1] && x <= curve->x[i])
			return i;
	return curve->count;
}

static void misfit_add(struct misfit *misfit, const struct curve *points, const struct curve *line)
{
	for (size_t k = 0; k < points->count; k++) {
		size_t i = find_interval(line, points->x[k]);
		double share, off, low, high;

		if (i == line->count)
			continue;
		share = (points->x[k] - line->x[i - 1]) / (line->x[i] - line->x[i - 1]);
		off = points->y[k] - line->y[i - 1] - share * (line->y[i] - line->y[i - 1]);
		low = (1 - share) * line->se[i - 1];
		high = share * line->se[i];
		misfit->squares += off * off;
		misfit->expected += points->se[k] * points->se[k] + low * low + high * high;
		misfit->count++;
	}
}

/* Every pressure's points against every other one's line. */
static struct misfit find_misfit(const struct series_result *result, bool scaled)
{
	struct misfit misfit = {.count = 0};

	for (size_t a = 0; a < result->pressure_count; a++)
		for (size_t b = 0; b < result->pressure_count; b++) {
			struct curve points, line;

			if (a == b)
				continue;
			points = curve_of(result, &result->pressures[a], scaled);
			line = curve_of(result, &result->pressures[b], scaled);
			misfit_add(&misfit, &points, &line);
		}
	return misfit;
}

/* The scatter of an rms of n differences is about rms / sqrt(2n). */
static struct series_value rms_of(const struct misfit *misfit, const char *abscissa)
{
	double n = (double)misfit->count, rms = sqrt(misfit->squares / n);

	if (misfit->count == 0)
		return series_no_value("no two pressures have Ea at a common %s", abscissa);
	return (struct series_value){.value = rms, .sd = rms / sqrt(2 * n)};
}

/* The last rise through the border: linear between two states, its error that of Ea there over the slope. */
static struct series_value find_crossover(const struct series_result *result,
					  const struct series_pressure *pressure)
{
	struct curve curve = curve_of(result, pressure, false);

	for (size_t i = curve.count; i-- > 1;) {
		double rise = curve.y[i] - curve.y[i - 1], share;

		if (!(curve.y[i - 1] < KISSINGER_ALPHA_RTG && curve.y[i] >= KISSINGER_ALPHA_RTG))
			continue;
		share = (KISSINGER_ALPHA_RTG - curve.y[i - 1]) / rise;
		return (struct series_value){.value = curve.x[i - 1] + share * (curve.x[i] - curve.x[i - 1]),
					     .sd = hypot((1 - share) * curve.se[i - 1], share * curve.se[i]) *
						   (curve.x[i] - curve.x[i - 1]) / rise};
	}
	return series_no_value("no two states have Ea below and above %g R Tg", KISSINGER_ALPHA_RTG);
}

static void find_crossovers(struct series_result *result)
{
	const struct series_pressure *atm = series_find_atm(result);

	for (size_t i = 0; i < result->pressure_count; i++)
		result->pressures[i].crossover_k = find_crossover(result, &result->pressures[i]);
	for (size_t i = 0; i < result->pressure_count; i++) {
		struct series_pressure *pressure = &result->pressures[i];

		if (pressure == atm)
			pressure->crossover_shift_k = series_no_value("this is 1 atm");
		else if (!atm || isnan(atm->crossover_k.value) || isnan(pressure->crossover_k.value))
			pressure->crossover_shift_k =
				series_no_value("no crossover here, or none at 1 atm to compare with");
		else
			pressure->crossover_shift_k = (struct series_value){
				.value = pressure->crossover_k.value - atm->crossover_k.value,
				.sd = hypot(pressure->crossover_k.sd, atm->crossover_k.sd)};
	}
}

void series_find_master(struct series_result *result)
{
	struct misfit scaled = find_misfit(result, true), unscaled = find_misfit(result, false);

	result->collapse_rtg = rms_of(&scaled, "T_dens/Tg(P)");
	result->unscaled_rtg = rms_of(&unscaled, "T_dens");
	result->expected_rtg = scaled.count ? sqrt(scaled.expected / (double)scaled.count) : NAN;
	find_crossovers(result);
}

/* What both share (lag, calibration) leaves their ratio alone. */
static void add_ratio(struct series_result *result, const struct series_state *state,
		      const struct series_state *reference)
{
	double ratio = state->tf_k / reference->tf_k;
	double delta_sd_k = hypot(state->tf_own_sd_k, reference->tf_own_sd_k);

	if (isnan(ratio))
		return;
	result->ratios[result->ratio_count++] =
		(struct series_ratio){.pressure_gpa = state->pressure_gpa,
				      .temperature_k = state->temperature_k,
				      .ratio = ratio,
				      .ratio_sd = ratio * hypot(state->tf_own_sd_k / state->tf_k,
								reference->tf_own_sd_k / reference->tf_k),
				      .delta_k = state->tf_k - reference->tf_k,
				      .delta_sd_k = delta_sd_k};
}

void series_find_ratios(struct series_result *result)
{
	const struct series_pressure *atm = series_find_atm(result);

	for (size_t i = atm ? atm->count : 0; atm && i < result->state_count; i++)
		for (size_t k = 0; k < atm->count; k++)
			if (fabs(result->states[i].temperature_k -
				 result->states[atm->first + k].temperature_k) < SAME_K)
				add_ratio(result, &result->states[i], &result->states[atm->first + k]);
}
