/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A campaign as tables: for people, and as CSV with one row a state. */
#include <math.h>
#include <stdio.h>

#include "tools/densctl/json.h"
#include "tools/densctl/series/campaign.h"

static void write_cell(FILE *stream, double value)
{
	if (isfinite(value))
		fprintf(stream, ",%.7g", value);
	else
		fputc(',', stream);
}

static double tg_of(const struct campaign *campaign, const struct series_state *state)
{
	return state->temperature_k / series_tg_k(campaign->result, state->pressure_gpa);
}

static void write_csv_state(const struct campaign *campaign, const struct series_state *state, FILE *stream)
{
	const struct kissinger_result *energy = &state->energy;

	fprintf(stream, "%.6g", state->pressure_gpa);
	write_cell(stream, state->temperature_k);
	write_cell(stream, tg_of(campaign, state));
	fprintf(stream, ",%s,%u,%u", series_region_name(state->region), state->n, state->n_refused);
	write_cell(stream, state->tf_k);
	write_cell(stream, state->tf_spread_k);
	write_cell(stream, state->tf_sd_k);
	write_cell(stream, energy->ea_kj_per_mol);
	write_cell(stream, energy->ea_se_kj_per_mol);
	write_cell(stream, energy->ea_ci95_kj_per_mol[0]);
	write_cell(stream, energy->ea_ci95_kj_per_mol[1]);
	write_cell(stream, energy->ea_over_rtg);
	fprintf(stream, ",%s,%u,%u,%s", kissinger_class_name(energy->class), energy->n, energy->n_rates,
		energy->refusal ? refusal_name(energy->refusal) : "");
	write_cell(stream, energy->ols_kj_per_mol);
	write_cell(stream, energy->ols_se_kj_per_mol);
	fprintf(stream, ",%u\n", campaign_sections_to_come(campaign, state));
}

void campaign_write_csv(const struct campaign *campaign, FILE *stream)
{
	fputs("P_GPa,T_dens_K,T_dens_over_Tg,region,n_sections,n_refused,Tf_K,Tf_spread_K,Tf_sd_K,"
	      "Ea_kJ_per_mol,Ea_se_kJ_per_mol,Ea_low95_kJ_per_mol,Ea_high95_kJ_per_mol,Ea_over_RTg,class,n,"
	      "n_rates,Ea_refused,Ea_ols_kJ_per_mol,Ea_ols_se_kJ_per_mol,n_to_come\n",
	      stream);
	for (size_t i = 0; i < campaign->result->state_count; i++)
		write_csv_state(campaign, &campaign->result->states[i], stream);
}

static void write_energy(const struct kissinger_result *energy, FILE *stream)
{
	if (energy->refusal) {
		fprintf(stream, "  %s\n", energy->why);
		return;
	}
	fprintf(stream, " %6.1f +- %-5.1f %6.1f to %-6.1f %5.1f  %-9s %6.1f +- %.1f\n", energy->ea_kj_per_mol,
		energy->ea_se_kj_per_mol, energy->ea_ci95_kj_per_mol[0], energy->ea_ci95_kj_per_mol[1],
		energy->ea_over_rtg, kissinger_class_name(energy->class), energy->ols_kj_per_mol,
		energy->ols_se_kj_per_mol);
}

static void write_to_come(const struct campaign *campaign, FILE *stream)
{
	char temperature[NUMBER_TEXT], pressure[32];

	for (size_t i = 0; i < campaign->result->state_count; i++) {
		const struct series_state *state = &campaign->result->states[i];
		unsigned to_come = campaign_sections_to_come(campaign, state);

		if (to_come > 0)
			fprintf(stream, "provisional: %s, %s K: %u section%s still to be scanned\n",
				campaign_pressure_text(state->pressure_gpa, pressure),
				number_text(state->temperature_k, 0, temperature), to_come,
				to_come == 1 ? " is" : "s are");
	}
}

static void write_states(const struct campaign *campaign, FILE *stream)
{
	char text[5][NUMBER_TEXT], pressure[32];

	fputs("P          T_dens/K  T/Tg(P)  region  sections      Tf/K     +-  spread"
	      "  Ea, kJ/mol     95 % interval     R Tg  class      unweighted\n",
	      stream);
	for (size_t i = 0; i < campaign->result->state_count; i++) {
		const struct series_state *state = &campaign->result->states[i];

		fprintf(stream, "%-10.10s %8s %8s  %-6s %3u (+%u)  %8s %6s %7s",
			campaign_pressure_text(state->pressure_gpa, pressure),
			number_text(state->temperature_k, 0, text[0]),
			number_text(tg_of(campaign, state), 3, text[1]), series_region_name(state->region),
			state->n, state->n_refused, number_text(state->tf_k, 2, text[2]),
			number_text(state->tf_sd_k, 2, text[3]), number_text(state->tf_spread_k, 2, text[4]));
		write_energy(&state->energy, stream);
	}
	fputs("sections: with a Tf (+ refused); +-: standard error of the mean, common errors included; Ea: "
	      "by the\n"
	      "errors of its peaks where all are known, the interval with errors of lag and scale; "
	      "unweighted: beside it\n",
	      stream);
}

static void write_value(const char *name, const struct series_value *value, int decimals, const char *unit,
			FILE *stream)
{
	char text[2][NUMBER_TEXT];

	if (isnan(value->value))
		fprintf(stream, "  %-34s -   %s\n", name, value->why);
	else
		fprintf(stream, "  %-34s %s +- %s %s\n", name, number_text(value->value, decimals, text[0]),
			number_text(value->sd, decimals, text[1]), unit);
}

static void write_pressure(const struct series_pressure *pressure, FILE *stream)
{
	char text[32], low[NUMBER_TEXT], high[NUMBER_TEXT];

	fprintf(stream, "\n%s\n", campaign_pressure_text(pressure->pressure_gpa, text));
	write_value("Tg(P), midpoint", &pressure->tg_k, 1, "K", stream);
	fprintf(stream, "  %-34s %s to %s K\n", "its bracket", number_text(pressure->tg_bracket_k[0], 0, low),
		number_text(pressure->tg_bracket_k[1], 0, high));
	if (isnan(pressure->cold_k[0]))
		fprintf(stream, "  %-34s -   %s\n", "region I ends", pressure->cold_why);
	else
		fprintf(stream, "  %-34s between %.0f and %.0f K\n", "region I ends", pressure->cold_k[0],
			pressure->cold_k[1]);
	write_value("Ea passes 35 R Tg at T_dens", &pressure->crossover_k, 1, "K", stream);
	if (pressure->pressure_gpa <= SERIES_ATM_GPA)
		return;
	write_value("  shifted against 1 atm by", &pressure->crossover_shift_k, 1, "K", stream);
	write_value("onset of region III against 1 atm", &pressure->onset_shift_k, 2, "K", stream);
}

static void write_conclusions(const struct series_result *result, FILE *stream)
{
	char text[NUMBER_TEXT];

	fprintf(stream, "\ndTg/dP, three definitions\n");
	write_value("in situ: Tg(P) against Tg(1 atm)", &result->in_situ_k_per_gpa, 2, "K/GPa", stream);
	write_value("ex situ: onset, recovered glass", &result->ex_situ_k_per_gpa, 2, "K/GPa", stream);
	write_value("older work", &result->older_k_per_gpa, 2, "K/GPa, not measured here", stream);
	fprintf(stream, "\nmaster curve: rms between the Ea of two pressures\n");
	write_value("against T_dens/Tg(P)", &result->collapse_rtg, 2, "R Tg", stream);
	write_value("against T_dens", &result->unscaled_rtg, 2, "R Tg", stream);
	fprintf(stream, "  %-34s %s R Tg\n", "expected from the errors of Ea",
		number_text(result->expected_rtg, 2, text));
	if (result->ratio_count)
		fprintf(stream, "\nP          T_dens/K   Tf/Tf(1 atm)             Tf - Tf(1 atm), K\n");
	for (size_t i = 0; i < result->ratio_count; i++) {
		const struct series_ratio *ratio = &result->ratios[i];
		char pressure[32];

		fprintf(stream, "%-10s %8.0f   %.4f +- %.4f   %8.2f +- %.2f\n",
			campaign_pressure_text(ratio->pressure_gpa, pressure), ratio->temperature_k,
			ratio->ratio, ratio->ratio_sd, ratio->delta_k, ratio->delta_sd_k);
	}
}

static void write_refused(const struct campaign *campaign, FILE *stream)
{
	size_t refused = 0;

	for (size_t i = 0; i < campaign->count; i++) {
		const struct campaign_row *row = &campaign->rows[i];

		if (!row->scan.refused)
			continue;
		if (refused++ == 0)
			fputs("\nrefused\n", stream);
		fprintf(stream, "  %s%s%s  %s: %s\n", row->name, row->second[0] ? ", " : "", row->second,
			row->code, row->why);
	}
}

void campaign_write_text(const struct campaign *campaign, FILE *stream)
{
	const struct series_result *result = campaign->result;

	write_states(campaign, stream);
	write_to_come(campaign, stream);
	for (size_t i = 0; i < result->pressure_count && result->state_count > 1; i++)
		write_pressure(&result->pressures[i], stream);
	if (result->state_count > 1)
		write_conclusions(result, stream);
	write_refused(campaign, stream);
}
