/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was measured: heating curves of chosen states, and the Kissinger plot of all. */
#include <math.h>

#include "tools/densctl/series/picture_series.h"

#define SHOWN_FROM_K 400.0 /* below that a curve is a glass line */

static bool is_wanted(const struct campaign *campaign, const struct series_state *state, bool liquid)
{
	return picture_shows(campaign->result, state->pressure_gpa) &&
	       (state->region == SERIES_REGION_III) == liquid && !isnan(state->temperature_k);
}

/* The curve that stands for a state: the one nearest to 200 K/s. NULL: none was kept. */
static const struct campaign_row *row_of(const struct campaign *campaign, const struct series_state *state)
{
	const struct campaign_row *best = NULL;

	for (size_t i = 0; i < campaign->count; i++) {
		const struct campaign_row *row = &campaign->rows[i];

		if (row->curve.count && fabs(row->scan.temperature_k - state->temperature_k) < 1 &&
		    fabs(row->scan.pressure_gpa - state->pressure_gpa) < 0.05 &&
		    (!best || fabs(row->scan.rate_k_per_s - CAMPAIGN_CURVE_RATE) <
				      fabs(best->scan.rate_k_per_s - CAMPAIGN_CURVE_RATE)))
			best = row;
	}
	return best;
}

typedef bool chooser(const struct campaign *campaign, const struct series_state *state);

static bool is_liquid(const struct campaign *campaign, const struct series_state *state)
{
	return is_wanted(campaign, state, true);
}

static bool is_glass(const struct campaign *campaign, const struct series_state *state)
{
	return is_wanted(campaign, state, false);
}

static bool has_energy(const struct campaign *campaign, const struct series_state *state)
{
	return picture_shows(campaign->result, state->pressure_gpa) && !isnan(state->energy.ea_kj_per_mol);
}

/* Place of a temperature among the chosen ones, 0 to 1: by rank, for they are not evenly spread. */
static double share_of(const struct campaign *campaign, double temperature_k, chooser *chosen)
{
	const struct series_result *result = campaign->result;
	size_t below = 0, others = 0;

	for (size_t i = 0; i < result->state_count; i++) {
		bool first = chosen(campaign, &result->states[i]);

		for (size_t k = 0; k < i && first; k++)
			first = !chosen(campaign, &result->states[k]) ||
				fabs(result->states[k].temperature_k - result->states[i].temperature_k) >= 1;
		if (!first || fabs(result->states[i].temperature_k - temperature_k) < 1)
			continue;
		below += result->states[i].temperature_k < temperature_k;
		others++;
	}
	return others ? (double)below / (double)others : 0;
}

static size_t count_curves(const struct campaign *campaign, bool liquid)
{
	size_t count = 0;

	for (size_t i = 0; i < campaign->result->state_count; i++)
		count += is_wanted(campaign, &campaign->result->states[i], liquid) &&
			 row_of(campaign, &campaign->result->states[i]);
	return count;
}

bool picture_has_curves_liquid(const struct campaign *campaign)
{
	return count_curves(campaign, true) > 0;
}

bool picture_has_curves_glass(const struct campaign *campaign)
{
	return count_curves(campaign, false) > 0;
}

static void write_curve(FILE *script, const char *name, size_t index, const struct campaign_curve *curve,
			const float *values)
{
	fprintf(script, "$%s%zu << E\n", name, index);
	for (size_t i = 0; i < curve->count; i++)
		if ((double)curve->temperature_k[i] >= SHOWN_FROM_K)
			fprintf(script, "%.2f %.5g\n", (double)curve->temperature_k[i], (double)values[i]);
	fputs("E\n", script);
}

/* Hue tells the temperature, the dash the pressure: solid is under pressure. */
static void plot_curve(FILE *script, const struct campaign *campaign, size_t index, bool liquid)
{
	const struct series_state *state = &campaign->result->states[index];
	bool atm = state->pressure_gpa <= SERIES_ATM_GPA;
	char colour[8], pressure[32];

	fprintf(script, "$c%zu using 1:2 with lines lw %s %s lc rgb '%s' title '%.0f K, %s', ", index,
		atm ? "1.6" : "2", atm ? "dt (9,4)" : "",
		picture_scale_colour(share_of(campaign, state->temperature_k, liquid ? is_liquid : is_glass),
				     colour),
		state->temperature_k, campaign_pressure_text(state->pressure_gpa, pressure));
}

static void write_curves(FILE *script, const struct campaign *campaign, bool liquid)
{
	const struct series_result *result = campaign->result;
	const struct campaign_row *black = NULL;

	for (size_t i = 0; i < result->state_count; i++) {
		const struct campaign_row *row = row_of(campaign, &result->states[i]);

		if (!row || !is_wanted(campaign, &result->states[i], liquid))
			continue;
		write_curve(script, "c", i, &row->curve, row->curve.first);
		black = black ? black : row;
	}
	if (!black)
		return;
	write_curve(script, "black", 0, &black->curve, black->curve.reference);
	fprintf(script,
		"set xlabel 'temperature / K'\n"
		"set ylabel '(heat flow - glass line) / step   (endothermic up)'\n"
		"set xrange [%g:850]\n"
		"set offsets 0, 0, graph 0.04, graph 0.04\n"
		"set key top left Left reverse samplen 3 spacing 1.05\n"
		"set label '%.0f K/s' at graph 0.98, graph 0.04 right\n"
		"plot ",
		SHOWN_FROM_K, black->scan.rate_k_per_s);
	for (size_t i = 0; i < result->state_count; i++)
		if (is_wanted(campaign, &result->states[i], liquid) && row_of(campaign, &result->states[i]))
			plot_curve(script, campaign, i, liquid);
	fputs("$black0 using 1:2 with lines lw 2 lc rgb '#000000' title 'reference scan'\n", script);
}

void picture_write_curves_liquid(FILE *script, const void *subject)
{
	write_curves(script, subject, true);
}

void picture_write_curves_glass(FILE *script, const void *subject)
{
	write_curves(script, subject, false);
}

/* ---- Kissinger ---- */

static void write_peaks(FILE *script, const struct campaign *campaign, size_t index)
{
	const struct series_state *state = &campaign->result->states[index];

	fprintf(script, "$k%zu << E\n", index);
	for (size_t i = 0; i < campaign->count; i++) {
		const struct series_scan *scan = &campaign->rows[i].scan;

		if (!scan->refused && !isnan(scan->tp_k) &&
		    fabs(scan->temperature_k - state->temperature_k) < 1 &&
		    fabs(scan->pressure_gpa - state->pressure_gpa) < 0.05)
			fprintf(script, "%.8g %.8g\n", 1000 / scan->tp_k,
				log(scan->rate_k_per_s / (scan->tp_k * scan->tp_k)));
	}
	fputs("E\n", script);
}

static void plot_peaks(FILE *script, const struct campaign *campaign, size_t index, const char *separator)
{
	const struct series_state *state = &campaign->result->states[index];
	bool atm = state->pressure_gpa <= SERIES_ATM_GPA;
	double slope = -state->energy.ea_kj_per_mol / KISSINGER_R_J_PER_MOL_K; /* per 1000 K/Tp */
	char colour[8], pressure[32];

	picture_scale_colour(share_of(campaign, state->temperature_k, has_energy), colour);
	fprintf(script,
		"%s$k%zu using 1:(%.8g + %.8g*$1) with lines lw 1 %s lc rgb '%s' notitle, '' using 1:2 with "
		"points pt %d ps 0.9 lw 1.4 lc rgb '%s' title '%.0f K, %s'",
		separator, index, state->energy.intercept, slope, atm ? "dt (9,4)" : "", colour, atm ? 6 : 7,
		colour, state->temperature_k, campaign_pressure_text(state->pressure_gpa, pressure));
}

void picture_write_kissinger_all(FILE *script, const void *subject)
{
	const struct campaign *campaign = subject;
	const struct series_result *result = campaign->result;
	const char *separator = "";

	for (size_t i = 0; i < result->state_count; i++)
		if (has_energy(campaign, &result->states[i]))
			write_peaks(script, campaign, i);
	fputs("set xlabel \"1000 K/{/:Italic T}_p\"\n"
	      "set ylabel \"ln(Φ/{/:Italic T}@_p^2)   with Φ in K/s\"\n"
	      "set format x '%.3f'\n"
	      "set format y '%.1f'\n"
	      "set offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05\n"
	      "set key outside right center Left reverse samplen 1 spacing 1.15\n"
	      "plot ",
	      script);
	for (size_t i = 0; i < result->state_count; i++) {
		if (!has_energy(campaign, &result->states[i]))
			continue;
		plot_peaks(script, campaign, i, separator);
		separator = ", ";
	}
	fputs("\n", script);
}
