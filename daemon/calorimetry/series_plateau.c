/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where Tf and Ea no longer depend on T_dens: Tg(P) and the three regions. */
#include <math.h>
#include <string.h>

#include "daemon/calorimetry/series_parts.h"

#define SDS_ALLOWED 2.0 /* a difference of so many standard deviations is none */

/* States of one pressure that have a Tf, by ascending temperature. */
struct row {
	struct series_state *states[SERIES_STATES_MAX];
	size_t count;
};

static struct row row_of(struct series_result *result, const struct series_pressure *pressure)
{
	struct row row = {.count = 0};

	for (size_t i = 0; i < pressure->count; i++)
		if (!isnan(result->states[pressure->first + i].tf_k))
			row.states[row.count++] = &result->states[pressure->first + i];
	return row;
}

static double square_or_0(double value)
{
	return isnan(value) ? 0 : value * value;
}

static double two_sds_k(const struct series_state *a, const struct series_state *b)
{
	return SDS_ALLOWED * sqrt(square_or_0(a->tf_own_sd_k) + square_or_0(b->tf_own_sd_k));
}

/* On the level of the others, and no slope towards the one it follows. */
static bool is_same_tf(const struct series_state *state, const struct series_state *before, double mean_k,
		       const struct series_state *end, const struct series_options *options)
{
	double slope_k = options->tf_slope * fabs(state->temperature_k - before->temperature_k);

	return fabs(state->tf_k - mean_k) <= fmax(options->tf_tolerance_k, two_sds_k(state, end)) &&
	       fabs(state->tf_k - before->tf_k) <= fmax(slope_k, two_sds_k(state, before));
}

/* What has no Ea, or no Tg to measure it in, does not speak against a plateau. */
static bool is_same_energy(const struct series_state *state, const struct series_state *end,
			   double tolerance_rtg)
{
	const struct kissinger_result *a = &state->energy, *b = &end->energy;
	double unit, sd;

	if (isnan(a->ea_over_rtg) || isnan(b->ea_over_rtg))
		return true;
	unit = a->ea_kj_per_mol / a->ea_over_rtg;
	sd = sqrt(square_or_0(a->ea_se_kj_per_mol) + square_or_0(b->ea_se_kj_per_mol)) / unit;
	return fabs(a->ea_over_rtg - b->ea_over_rtg) <= fmax(tolerance_rtg, SDS_ALLOWED * sd);
}

/* How many states from one end on lie on one level; @step is 1 from the coldest, -1 from the hottest. */
static size_t count_plateau(const struct row *row, int step, const struct series_options *options)
{
	size_t end = step > 0 ? 0 : row->count - 1, count = 1;
	double mean_k = row->states[end]->tf_k;

	for (; count < row->count; count++) {
		const struct series_state *state = row->states[step > 0 ? end + count : end - count];

		if (!is_same_tf(state, row->states[step > 0 ? end + count - 1 : end - count + 1], mean_k,
				row->states[end], options))
			break;
		/* only the liquid has one Ea; cold glasses mostly have no endotherm at all */
		if (step < 0 && !is_same_energy(state, row->states[end], options->ea_tolerance_rtg))
			break;
		mean_k += (state->tf_k - mean_k) / (double)(count + 1);
	}
	return count;
}

static void find_tg(const struct row *row, struct series_pressure *pressure,
		    const struct series_options *options)
{
	size_t liquid;
	double low, high;

	if (row->count < 2) {
		pressure->tg_k = series_no_value(
			"%zu temperature with a Tf at this pressure: a plateau needs two", row->count);
		return;
	}
	liquid = count_plateau(row, -1, options);
	if (liquid < 2) {
		pressure->tg_k =
			series_no_value("Tf still changes between the two highest temperatures, %g and "
					"%g K: no equilibrium seen",
					row->states[row->count - 2]->temperature_k,
					row->states[row->count - 1]->temperature_k);
		return;
	}
	if (liquid == row->count) {
		pressure->tg_k =
			series_no_value("Tf is the same at all temperatures from %g K on: Tg lies below",
					row->states[0]->temperature_k);
		pressure->tg_bracket_k[1] = row->states[0]->temperature_k;
		return;
	}
	low = row->states[row->count - liquid - 1]->temperature_k;
	high = row->states[row->count - liquid]->temperature_k;
	pressure->tg_bracket_k[0] = low;
	pressure->tg_bracket_k[1] = high;
	pressure->tg_k = (struct series_value){.value = (low + high) / 2, .sd = (high - low) / 2 / sqrt(3)};
}

static void find_cold(const struct row *row, struct series_pressure *pressure,
		      const struct series_options *options)
{
	size_t cold = row->count < 2 ? 0 : count_plateau(row, 1, options);
	double level_k = pressure->tg_bracket_k[1];

	if (cold < 2 || cold == row->count || row->states[cold - 1]->temperature_k >= level_k) {
		refusal_say(pressure->cold_why, REFUSAL_NONE, "%s",
			    row->count < 2 ? "one temperature tells nothing about its neighbours"
			    : cold < 2     ? "Tf changes between the two lowest temperatures"
					   : "Tf is the same at all temperatures");
		return;
	}
	pressure->cold_k[0] = row->states[cold - 1]->temperature_k;
	pressure->cold_k[1] = row->states[cold]->temperature_k;
}

bool series_is_equilibrated(const struct series_result *result, const struct series_state *state)
{
	for (size_t i = 0; i < result->pressure_count; i++) {
		const struct series_pressure *pressure = &result->pressures[i];

		/* Tg rises with pressure: what equilibrates at a higher one does so at this one */
		if (pressure->pressure_gpa >= state->pressure_gpa - SERIES_ATM_GPA &&
		    state->temperature_k >= pressure->tg_bracket_k[1])
			return true;
	}
	return false;
}

static void find_regions(struct series_result *result, const struct series_pressure *pressure)
{
	for (size_t i = 0; i < pressure->count; i++) {
		struct series_state *state = &result->states[pressure->first + i];

		if (series_is_equilibrated(result, state))
			state->region = SERIES_REGION_III;
		else if (state->temperature_k <= pressure->cold_k[0])
			state->region = SERIES_REGION_I;
		else if (!isnan(pressure->tg_k.value))
			state->region = SERIES_REGION_II;
	}
}

static void use_tg_1atm(struct series_result *result, const struct series_options *options)
{
	const struct series_pressure *atm = series_find_atm(result);

	result->tg_1atm_given = !isnan(options->tg_k);
	result->tg_1atm_sd_k = result->tg_1atm_given ? 0 : NAN;
	if (!result->tg_1atm_given && atm) {
		result->tg_1atm_k = atm->tg_k.value;
		result->tg_1atm_sd_k = atm->tg_k.sd;
	}
}

void series_find_plateaus(struct series_result *result, const struct series_options *options)
{
	for (size_t i = 0; i < result->pressure_count; i++) {
		struct series_pressure *pressure = &result->pressures[i];
		struct row row = row_of(result, pressure);

		for (int k = 0; k < 2; k++)
			pressure->tg_bracket_k[k] = pressure->cold_k[k] = NAN;
		find_tg(&row, pressure, options);
		find_cold(&row, pressure, options);
	}
	for (size_t i = 0; i < result->pressure_count; i++)
		find_regions(result, &result->pressures[i]);
	use_tg_1atm(result, options);
}
