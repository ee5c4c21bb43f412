/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A campaign as one JSON object: the same fields whether it came from files or from a store. */
#include <math.h>
#include <string.h>

#include "tools/densctl/analyse/analyse.h"
#include "tools/densctl/json.h"
#include "tools/densctl/series/campaign.h"

static void add_real(json_object *object, const char *key, double value)
{
	json_object_object_add(object, key, json_real(value));
}

static void add_count(json_object *object, const char *key, size_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_or_null(json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, text[0] ? json_object_new_string(text) : NULL);
}

static void add_value(json_object *object, const char *key, const struct series_value *value)
{
	json_object *inner = json_object_new_object();

	add_real(inner, "value", value->value);
	add_real(inner, "sd", value->sd);
	add_or_null(inner, "why", isnan(value->value) ? value->why : "");
	json_object_object_add(object, key, inner);
}

static void add_energy(json_object *object, const struct kissinger_result *energy)
{
	add_real(object, "Ea_kJ_per_mol", energy->ea_kj_per_mol);
	add_real(object, "Ea_se_kJ_per_mol", energy->ea_se_kj_per_mol);
	json_object_object_add(object, "Ea_ci95_kJ_per_mol", analyse_json_span(energy->ea_ci95_kj_per_mol));
	add_real(object, "Ea_over_RTg", energy->ea_over_rtg);
	json_object_object_add(object, "weighted", json_object_new_boolean(energy->weighted));
	add_real(object, "Ea_ols_kJ_per_mol", energy->ols_kj_per_mol);
	add_real(object, "Ea_ols_se_kJ_per_mol", energy->ols_se_kj_per_mol);
	add_or_null(object, "class", kissinger_class_name(energy->class));
	add_count(object, "n", energy->n);
	add_count(object, "n_rates", energy->n_rates);
	add_count(object, "n_without_peak", energy->n_without_peak);
	add_real(object, "r2", energy->r2);
	add_or_null(object, "Ea_code", energy->refusal ? refusal_name(energy->refusal) : "");
	add_or_null(object, "Ea_why", energy->refusal ? energy->why : "");
}

static json_object *row_json(const struct campaign_row *row)
{
	json_object *object = json_object_new_object();
	const struct series_scan *scan = &row->scan;

	json_add_text(object, row->second[0] ? "first" : "section", row->name);
	if (row->second[0])
		json_add_text(object, "reference", row->second);
	add_real(object, "T_dens_K", scan->temperature_k);
	add_real(object, "P_GPa", scan->pressure_gpa);
	add_real(object, "rate_K_per_s", scan->rate_k_per_s);
	json_object_object_add(object, "refused", json_object_new_boolean(scan->refused));
	add_or_null(object, "code", row->code);
	add_or_null(object, "why", row->why);
	add_real(object, "Tf_K", scan->tf_k);
	add_real(object, "Tf_sd_K", scan->tf_sd_k);
	add_real(object, "Tf_ref_K", row->tf_ref_k);
	add_real(object, "Tf_ref_sd_K", row->tf_ref_sd_k);
	add_real(object, "delta_Tf_K", row->delta_tf_k);
	add_real(object, "delta_Tf_sd_K", row->delta_tf_sd_k);
	add_real(object, "Tp_K", scan->tp_k);
	add_real(object, "Tp_sd_K", row->tp_sd_k);
	add_real(object, "Tp_own_sd_K", scan->tp_own_sd_k);
	add_real(object, "Tp_sub_K", row->tp_sub_k);
	add_real(object, "Tp_sub_sd_K", row->tp_sub_sd_k);
	add_real(object, "Tg_onset_K", scan->onset_k);
	add_real(object, "Tg_onset_sd_K", row->onset_sd_k);
	add_real(object, "T_mid_K", row->midpoint_k);
	add_real(object, "T_mid_sd_K", row->midpoint_sd_k);
	json_object_object_add(object, "extrapolated", json_object_new_boolean(row->extrapolated));
	json_object_object_add(object, "glass_K", analyse_json_span(row->glass_k));
	json_object_object_add(object, "liquid_K", analyse_json_span(row->liquid_k));
	return object;
}

static json_object *state_json(const struct campaign *campaign, const struct series_state *state)
{
	json_object *object = json_object_new_object();

	add_real(object, "T_dens_K", state->temperature_k);
	add_real(object, "P_GPa", state->pressure_gpa);
	add_or_null(object, "region", series_region_name(state->region));
	add_count(object, "n_sections", state->n);
	add_count(object, "n_refused", state->n_refused);
	add_count(object, "n_to_come", campaign_sections_to_come(campaign, state));
	add_real(object, "Tf_K", state->tf_k);
	add_real(object, "Tf_spread_K", state->tf_spread_k);
	add_real(object, "Tf_own_sd_K", state->tf_own_sd_k);
	add_real(object, "Tf_sd_K", state->tf_sd_k);
	add_energy(object, &state->energy);
	return object;
}

static json_object *pressure_json(const struct series_pressure *pressure)
{
	json_object *object = json_object_new_object();

	add_real(object, "P_GPa", pressure->pressure_gpa);
	add_value(object, "Tg_K", &pressure->tg_k);
	json_object_object_add(object, "Tg_bracket_K", analyse_json_span(pressure->tg_bracket_k));
	json_object_object_add(object, "region_I_ends_K", analyse_json_span(pressure->cold_k));
	add_or_null(object, "region_I_why", pressure->cold_why);
	add_value(object, "onset_shift_K", &pressure->onset_shift_k);
	add_value(object, "crossover_K", &pressure->crossover_k);
	add_value(object, "crossover_shift_K", &pressure->crossover_shift_k);
	return object;
}

static json_object *ratio_json(const struct series_ratio *ratio)
{
	json_object *object = json_object_new_object();

	add_real(object, "P_GPa", ratio->pressure_gpa);
	add_real(object, "T_dens_K", ratio->temperature_k);
	add_real(object, "Tf_ratio", ratio->ratio);
	add_real(object, "Tf_ratio_sd", ratio->ratio_sd);
	add_real(object, "Tf_difference_K", ratio->delta_k);
	add_real(object, "Tf_difference_sd_K", ratio->delta_sd_k);
	return object;
}

static void add_slopes(json_object *object, const struct series_result *result)
{
	json_object *slopes = json_object_new_object();

	add_value(slopes, "in_situ", &result->in_situ_k_per_gpa);
	add_value(slopes, "ex_situ_onset", &result->ex_situ_k_per_gpa);
	add_value(slopes, "older_work", &result->older_k_per_gpa);
	json_object_object_add(object, "dTg_dP_K_per_GPa", slopes);
}

static void add_master(json_object *object, const struct series_result *result)
{
	json_object *master = json_object_new_object();

	add_value(master, "rms_against_T_over_Tg_RTg", &result->collapse_rtg);
	add_value(master, "rms_against_T_RTg", &result->unscaled_rtg);
	add_real(master, "rms_expected_from_Ea_se_RTg", result->expected_rtg);
	json_object_object_add(object, "master_curve", master);
}

static void add_lists(json_object *object, const struct campaign *campaign)
{
	const struct series_result *result = campaign->result;
	json_object *peaks = json_object_new_array(), *states = json_object_new_array();
	json_object *pressures = json_object_new_array(), *ratios = json_object_new_array();

	for (size_t i = 0; i < campaign->count; i++)
		json_object_array_add(peaks, row_json(&campaign->rows[i]));
	for (size_t i = 0; i < result->state_count; i++)
		json_object_array_add(states, state_json(campaign, &result->states[i]));
	for (size_t i = 0; i < result->pressure_count; i++)
		json_object_array_add(pressures, pressure_json(&result->pressures[i]));
	for (size_t i = 0; i < result->ratio_count; i++)
		json_object_array_add(ratios, ratio_json(&result->ratios[i]));
	json_object_object_add(object, "peaks", peaks);
	json_object_object_add(object, "states", states);
	json_object_object_add(object, "pressures", pressures);
	json_object_object_add(object, "ratios", ratios);
}

json_object *campaign_json(const struct campaign *campaign)
{
	json_object *object = json_object_new_object();
	const struct series_result *result = campaign->result;

	/* scans of one glass, the common case: its numbers stand where densctl analyse kissinger has them */
	if (result->state_count == 1)
		add_energy(object, &result->states[0].energy);
	add_lists(object, campaign);
	add_real(object, "Tg_1atm_K", result->tg_1atm_k);
	json_object_object_add(object, "Tg_1atm_given", json_object_new_boolean(result->tg_1atm_given));
	add_slopes(object, result);
	add_master(object, result);
	json_add_text(object, "origin", campaign->origin);
	json_add_text(object, "densctl", DENSD_VERSION);
	add_or_null(object, "densd", campaign->version);
	json_object_object_add(object, "runs", json_object_get(campaign->runs));
	return object;
}
