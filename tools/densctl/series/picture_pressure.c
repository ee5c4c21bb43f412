/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tf and Ea against pressure, one curve a temperature that was measured at three pressures or more. */
#include <math.h>

#include "tools/densctl/series/picture_series.h"

enum { LEAST_PRESSURES = 3, CURVES_MAX = 7 };

/* Temperatures that make a curve. */
struct temperatures {
	double k[CURVES_MAX];
	size_t count;
};

static size_t count_at(const struct series_result *result, double temperature_k)
{
	size_t count = 0;

	for (size_t i = 0; i < result->state_count; i++)
		count += fabs(result->states[i].temperature_k - temperature_k) < 1 &&
			 !isnan(result->states[i].tf_k);
	return count;
}

static struct temperatures find_temperatures(const struct series_result *result)
{
	struct temperatures found = {.count = 0};

	for (size_t i = 0; i < result->state_count && found.count < CURVES_MAX; i++) {
		double k = result->states[i].temperature_k;
		bool seen = false;

		for (size_t n = 0; n < found.count; n++)
			seen |= fabs(found.k[n] - k) < 1;
		if (!seen && count_at(result, k) >= LEAST_PRESSURES)
			found.k[found.count++] = k;
	}
	return found;
}

bool picture_has_pressures(const struct campaign *campaign)
{
	return find_temperatures(campaign->result).count > 0;
}

/* Columns: P, Tf, sd, Ea/(R Tg), lower, upper. */
static void write_blocks(FILE *script, const struct series_result *result, const struct temperatures *found)
{
	for (size_t n = 0; n < found->count; n++) {
		fprintf(script, "$t%zu << E\n", n);
		for (size_t i = 0; i < result->state_count; i++) {
			const struct series_state *state = &result->states[i];

			if (fabs(state->temperature_k - found->k[n]) < 1)
				fprintf(script, "%.6g %.8g %.6g %.6g %.6g %.6g\n", state->pressure_gpa,
					state->tf_k, isnan(state->tf_own_sd_k) ? 0 : state->tf_own_sd_k,
					state->energy.ea_over_rtg, state->energy.ea_ci95_over_rtg[0],
					state->energy.ea_ci95_over_rtg[1]);
		}
		fputs("E\n", script);
	}
}

static void write_plot(FILE *script, const struct temperatures *found, const char *columns)
{
	fputs("set xlabel \"{/:Italic P}_{dens} / GPa\"\nset xrange [-0.3:*]\n"
	      "set offsets 0, 0.3, graph 0.08, graph 0.12\nset key outside above center horizontal Left "
	      "reverse samplen 1 spacing "
	      "1.2\n"
	      "plot ",
	      script);
	for (size_t n = 0; n < found->count; n++) {
		const char *colour = picture_pressure_colour(n + 1);

		fprintf(script,
			"%s$t%zu using %s with yerrorbars pt 0 lw 1.2 lc rgb '%s' notitle, '' using %.3s "
			"with linespoints pt %d ps 1.1 lw 1.2 lc rgb '%s' title \"{/:Italic T}_{dens} %.0f "
			"K\"",
			n ? ", " : "", n, columns, colour, columns, picture_pressure_point(n + 1), colour,
			found->k[n]);
	}
	fputs("\n", script);
}

void picture_write_pressure_tf(FILE *script, const void *subject)
{
	const struct campaign *campaign = subject;
	struct temperatures found = find_temperatures(campaign->result);

	write_blocks(script, campaign->result, &found);
	fputs("set ylabel \"{/:Italic T}_f / K\"\n"
	      "set format y '%.1f'\n"
	      "set label 'bars: standard error, without what all scans share' at graph 0.98, graph 0.95 "
	      "right tc rgb '#6b7680'\n",
	      script);
	write_plot(script, &found, "1:2:3");
}

void picture_write_pressure_ea(FILE *script, const void *subject)
{
	const struct campaign *campaign = subject;
	struct temperatures found = find_temperatures(campaign->result);

	write_blocks(script, campaign->result, &found);
	fputs("set ylabel \"{/:Italic E}_a / {/:Italic RT}_g(1 atm), 95 % interval\"\nset format y '%.1f'\n",
	      script);
	write_plot(script, &found, "1:4:5:6");
}
