/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tf, Ea, master curve and ratio of a campaign: one data block a pressure, one plot element a block. */
#include <math.h>

#include "tools/densctl/series/picture_series.h"

#define BETA_RTG 28.0 /* where the literature has the two processes in this glass */
#define ALPHA_RTG 42.0
#define BELOW_INSET 0.40 /* of the height of the frame */

static bool has(const struct campaign *campaign, bool (*test)(const struct series_state *state), size_t least)
{
	size_t count = 0;

	for (size_t i = 0; i < campaign->result->state_count; i++)
		count += test(&campaign->result->states[i]);
	return count >= least;
}

static bool state_has_tf(const struct series_state *state)
{
	return !isnan(state->tf_k) && !isnan(state->temperature_k);
}

static bool state_has_energy(const struct series_state *state)
{
	return !isnan(state->energy.ea_over_rtg) && !isnan(state->temperature_k);
}

bool picture_has_tf(const struct campaign *campaign)
{
	return has(campaign, state_has_tf, 2);
}

bool picture_has_energy(const struct campaign *campaign)
{
	return has(campaign, state_has_energy, 2);
}

bool picture_has_master(const struct campaign *campaign)
{
	return picture_has_energy(campaign) && !isnan(campaign->result->collapse_rtg.value);
}

bool picture_has_ratio(const struct campaign *campaign)
{
	return campaign->result->ratio_count > 1;
}

/* 1 atm is index 0 whether it is there or not; the others count among those that are shown. */
static size_t colour_of(const struct series_result *result, size_t pressure)
{
	size_t index = 1;

	if (result->pressures[pressure].pressure_gpa <= SERIES_ATM_GPA)
		return 0;
	for (size_t i = 0; i < pressure; i++)
		index += result->pressures[i].pressure_gpa > SERIES_ATM_GPA &&
			 picture_shows(result, result->pressures[i].pressure_gpa);
	return index;
}

/* Columns: T_dens, T_dens/Tg(P), Tf, its sd. */
static void write_tf_blocks(FILE *script, const struct series_result *result)
{
	for (size_t p = 0; p < result->pressure_count; p++) {
		const struct series_pressure *pressure = &result->pressures[p];

		fprintf(script, "$p%zu << E\n", p);
		for (size_t i = pressure->first; i < pressure->first + pressure->count; i++) {
			const struct series_state *state = &result->states[i];

			if (state_has_tf(state))
				fprintf(script, "%.6g %.6g %.8g %.6g\n", state->temperature_k,
					state->temperature_k / series_tg_k(result, state->pressure_gpa),
					state->tf_k, isnan(state->tf_own_sd_k) ? 0 : state->tf_own_sd_k);
		}
		fputs("E\n", script);
	}
}

/* Columns: T_dens, T_dens/Tg(P), Ea/(R Tg), lower and upper end. */
static void write_energy_blocks(FILE *script, const struct series_result *result)
{
	for (size_t p = 0; p < result->pressure_count; p++) {
		const struct series_pressure *pressure = &result->pressures[p];

		fprintf(script, "$p%zu << E\n", p);
		for (size_t i = pressure->first; i < pressure->first + pressure->count; i++) {
			const struct series_state *state = &result->states[i];
			const struct kissinger_result *energy = &state->energy;

			if (state_has_energy(state))
				fprintf(script, "%.6g %.6g %.6g %.6g %.6g\n", state->temperature_k,
					state->temperature_k / series_tg_k(result, state->pressure_gpa),
					energy->ea_over_rtg, energy->ea_ci95_over_rtg[0],
					energy->ea_ci95_over_rtg[1]);
		}
		fputs("E\n", script);
	}
}

static bool pressure_has(const struct series_result *result, size_t p,
			 bool (*test)(const struct series_state *state))
{
	const struct series_pressure *pressure = &result->pressures[p];

	for (size_t i = pressure->first;
	     picture_shows(result, pressure->pressure_gpa) && i < pressure->first + pressure->count; i++)
		if (test(&result->states[i]))
			return true;
	return false;
}

/* How the states of a picture are drawn: gnuplot's columns, and which states have them. */
struct look {
	const char *columns; /* abscissa, ordinate, error: "1:3:4" */
	bool (*test)(const struct series_state *state);
	bool line, title;
};

/* One element a pressure: error bars, thin line, points. */
static void plot_pressures(FILE *script, const struct campaign *campaign, const struct look *look)
{
	const struct series_result *result = campaign->result;
	const char *separator = "";
	char name[32];

	for (size_t p = 0; p < result->pressure_count; p++) {
		size_t colour = colour_of(result, p);
		const char *rgb = picture_pressure_colour(colour);

		if (!pressure_has(result, p, look->test))
			continue;
		fprintf(script, "%s$p%zu using %s with yerrorbars pt 0 lw 1.2 lc rgb '%s' notitle, ",
			separator, p, look->columns, rgb);
		if (look->line)
			fprintf(script, "'' using %.3s with lines lw 1 lc rgb '%s' notitle, ", look->columns,
				rgb);
		fprintf(script, "'' using %.3s with points pt %d ps 1.1 lw 1.6 lc rgb '%s' %s", look->columns,
			picture_pressure_point(colour), rgb, look->title ? "title '" : "notitle");
		if (look->title)
			fprintf(script, "%s'",
				campaign_pressure_text(result->pressures[p].pressure_gpa, name));
		separator = ", ";
	}
	fputs("\n", script);
}

/* Where the regions of the highest pressure begin and end. */
static void write_regions(FILE *script, const struct series_result *result, double top)
{
	const struct series_pressure *pressure = &result->pressures[result->pressure_count - 1];
	double cold_k = (pressure->cold_k[0] + pressure->cold_k[1]) / 2, tg_k = pressure->tg_k.value;
	char name[32];

	if (isnan(cold_k) || isnan(tg_k))
		return;
	fprintf(script,
		"set object 1 rectangle from graph 0, graph 0 to %.6g, graph 1 behind fc rgb '#eef1f4' fs "
		"solid noborder\n"
		"set object 2 rectangle from %.6g, graph 0 to graph 1, graph %g behind fc rgb '#eef1f4' fs "
		"solid noborder\n",
		cold_k, tg_k, top);
	fprintf(script,
		"set label 'I' at graph 0.02, graph 0.04 tc rgb '#6b7680'\n"
		"set label 'II  (%s)' at %.6g, graph 0.04 offset 0.8,0 tc rgb '#6b7680'\n"
		"set label 'III' at graph 0.985, graph 0.04 right tc rgb '#6b7680'\n",
		campaign_pressure_text(pressure->pressure_gpa, name), cold_k);
}

static void write_inset(FILE *script, const struct campaign *campaign)
{
	fputs("unset object\nunset label\nunset key\nset origin 0.55,0.49\nset size 0.43,0.49\n"
	      "set border 3 lw 0.8\nset xtics 0.2\nset ytics 50\nset format x '%.1f'\n"
	      "set xlabel \"{/:Italic T}_{dens}/{/:Italic T}_g({/:Italic P})\" offset 0,0.4\n"
	      "set ylabel \"{/:Italic T}_f / K\" offset 1,0\nset tics scale 0.6\nplot ",
	      script);
	plot_pressures(script, campaign, &(struct look){"2:3:4", state_has_tf, true, false});
	fputs("unset multiplot\n", script);
}

/* The inset needs a Tg for every pressure. */
static bool has_inset(const struct series_result *result)
{
	bool all = result->pressure_count > 0;

	for (size_t p = 0; p < result->pressure_count; p++)
		all = all && (!picture_shows(result, result->pressures[p].pressure_gpa) ||
			      !isnan(series_tg_k(result, result->pressures[p].pressure_gpa)));
	return all;
}

void picture_write_tf(FILE *script, const void *subject)
{
	const struct campaign *campaign = subject;
	bool inset = has_inset(campaign->result);

	write_tf_blocks(script, campaign->result);
	if (inset)
		fputs("set multiplot\n", script);
	write_regions(script, campaign->result, inset ? BELOW_INSET : 1);
	fputs("set xlabel \"{/:Italic T}_{dens} or {/:Italic T}_a / K\"\nset ylabel \"{/:Italic T}_f / K\"\n"
	      "set offsets graph 0.03, graph 0.03, graph 0.06, graph 0.10\n"
	      "set errorbars 0\n"
	      "set key bottom left at graph 0.03, graph 0.14 Left reverse samplen 1 spacing 1.2\nplot ",
	      script);
	plot_pressures(script, campaign, &(struct look){"1:3:4", state_has_tf, true, true});
	if (inset)
		write_inset(script, campaign);
}

static void write_process_lines(FILE *script)
{
	static const struct {
		double rtg;
		const char *name;
	} lines[] = {{BETA_RTG, "β, 28 {/:Italic RT}_g"}, {ALPHA_RTG, "α, 42 {/:Italic RT}_g"}};

	for (int i = 0; i < 2; i++)
		fprintf(script,
			"set arrow from graph 0, first %g to graph 1, first %g nohead lw 1 dt (6,4) lc rgb "
			"'#6b7680'\nset label \"%s\" at graph 0.015, first %g offset 0,0.6 tc rgb "
			"'#6b7680'\n",
			lines[i].rtg, lines[i].rtg, lines[i].name, lines[i].rtg);
}

/* Room for both literature values and every interval. */
static void find_range(const struct series_result *result, double ret_range[2])
{
	ret_range[0] = BETA_RTG - 3;
	ret_range[1] = ALPHA_RTG + 3;
	for (size_t i = 0; i < result->state_count; i++) {
		const struct kissinger_result *energy = &result->states[i].energy;

		ret_range[0] = fmin(ret_range[0], energy->ea_ci95_over_rtg[0] - 1);
		ret_range[1] = fmax(ret_range[1], energy->ea_ci95_over_rtg[1] + 1);
	}
}

/* The same ordinate in kJ/mol on the right. */
static void write_energy_axes(FILE *script, const struct series_result *result)
{
	double unit = KISSINGER_R_J_PER_MOL_K * result->tg_1atm_k / 1000, range[2];

	find_range(result, range);
	fprintf(script,
		"set border 11 lw 1\nset yrange [%.6g:%.6g]\nset y2range [%.6g:%.6g]\nset y2tics nomirror "
		"out\n"
		"set ylabel \"{/:Italic E}_a / {/:Italic RT}_g(1 atm)\"\nset y2label \"{/:Italic E}_a / "
		"(kJ/mol)\"\n"
		"set offsets graph 0.04, graph 0.04, 0, 0\n",
		range[0], range[1], range[0] * unit, range[1] * unit);
	write_process_lines(script);
}

void picture_write_ea(FILE *script, const void *subject)
{
	const struct campaign *campaign = subject;

	write_energy_blocks(script, campaign->result);
	write_energy_axes(script, campaign->result);
	fputs("set xlabel \"{/:Italic T}_{dens} or {/:Italic T}_a / K\"\n"
	      "set key at graph 0.97, graph 0.55 top right Left reverse samplen 1 spacing 1.2 title '95 % "
	      "intervals'\nplot ",
	      script);
	plot_pressures(script, campaign, &(struct look){"1:3:4:5", state_has_energy, true, true});
}

void picture_write_master(FILE *script, const void *subject)
{
	const struct campaign *campaign = subject;
	const struct series_result *result = campaign->result;

	write_energy_blocks(script, result);
	write_energy_axes(script, result);
	fprintf(script,
		"set label \"rms between the pressures: %.1f {/:Italic RT}_g\\nagainst {/:Italic T}_{dens} "
		"itself: %.1f {/:Italic RT}_g\\nexpected from the errors: %.1f {/:Italic RT}_g\" at graph "
		"0.97, graph 0.33 right\n",
		result->collapse_rtg.value, result->unscaled_rtg.value, result->expected_rtg);
	fputs("set xlabel \"{/:Italic T}_{dens}/{/:Italic T}_g({/:Italic P})\"\nset format x '%.2f'\n"
	      "set key at graph 0.97, graph 0.64 top right Left reverse samplen 1 spacing 1.2 title '95 % "
	      "intervals'\nplot ",
	      script);
	plot_pressures(script, campaign, &(struct look){"2:3:4:5", state_has_energy, false, true});
}

void picture_write_ratio(FILE *script, const void *subject)
{
	const struct campaign *campaign = subject;
	const struct series_result *result = campaign->result;
	const char *separator = "";
	char name[32];

	for (size_t p = 0; p < result->pressure_count; p++) {
		fprintf(script, "$r%zu << E\n", p);
		for (size_t i = 0; i < result->ratio_count; i++)
			if (fabs(result->ratios[i].pressure_gpa - result->pressures[p].pressure_gpa) < 0.05)
				fprintf(script, "%.6g %.8g %.6g\n", result->ratios[i].temperature_k,
					result->ratios[i].ratio,
					isnan(result->ratios[i].ratio_sd) ? 0 : result->ratios[i].ratio_sd);
		fputs("E\n", script);
	}
	fputs("set xlabel \"{/:Italic T}_{dens} / K\"\n"
	      "set ylabel \"{/:Italic T}_f({/:Italic P}) / {/:Italic T}_f(1 atm)\"\n"
	      "set offsets graph 0.04, graph 0.04, graph 0.06, graph 0.06\n"
	      "set key top left Left reverse samplen 1 spacing 1.2\n"
	      "set errorbars 0\n"
	      "set format y '%.3f'\n"
	      "set arrow from graph 0, first 1 to graph 1, first 1 nohead lw 1 dt (6,4) lc rgb '#6b7680'\n"
	      "plot ",
	      script);
	for (size_t p = 0; p < result->pressure_count; p++) {
		size_t colour = colour_of(result, p);

		if (result->pressures[p].pressure_gpa <= SERIES_ATM_GPA ||
		    !picture_shows(result, result->pressures[p].pressure_gpa))
			continue;
		fprintf(script,
			"%s$r%zu using 1:2:3 with yerrorbars pt 0 lw 1.2 lc rgb '%s' notitle, '' using 1:2 "
			"with linespoints pt %d ps 1.1 lw 1.2 lc rgb '%s' title '%s'",
			separator, p, picture_pressure_colour(colour), picture_pressure_point(colour),
			picture_pressure_colour(colour),
			campaign_pressure_text(result->pressures[p].pressure_gpa, name));
		separator = ", ";
	}
	fputs("\n", script);
}
