/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compression against pressure: the rows, the equation of state, and the band between the ends of K's
 * interval. */
#include <math.h>

#include "tools/densctl/analyse/picture.h"

enum { LINE_POINTS = 100 };

static double percent(double c)
{
	return 100 * (c - 1);
}

static double highest_pressure(const struct picture_eos *eos)
{
	double most = 0;

	for (size_t i = 0; i < eos->count; i++)
		most = fmax(most, eos->points[i].pressure_gpa);
	return most;
}

/* Columns: P, fit, and with K at either end of its interval; a stiffer body is compressed less. */
static void write_line(FILE *script, const struct eos_result *result, double most_gpa)
{
	fputs("$line << E\n", script);
	for (int i = 0; i <= LINE_POINTS; i++) {
		double pressure_gpa = most_gpa * i / LINE_POINTS;

		fprintf(script, "%.8g %.8g %.8g %.8g\n", pressure_gpa,
			percent(eos_compression(pressure_gpa, result->k_gpa, result->k_prime)),
			percent(eos_compression(pressure_gpa, result->k_ci95_gpa[1], result->k_prime)),
			percent(eos_compression(pressure_gpa, result->k_ci95_gpa[0], result->k_prime)));
	}
	fputs("E\n", script);
}

static void write_points(FILE *script, const struct picture_eos *eos)
{
	fputs("$points << E\n", script);
	for (size_t i = 0; i < eos->count; i++)
		fprintf(script, "%.8g %.8g %.8g\n", eos->points[i].pressure_gpa,
			percent(eos->points[i].cube / eos->result->cube0),
			isnan(eos->points[i].cube_sd) ? 0
						      : 100 * eos->points[i].cube_sd / eos->result->cube0);
	fputs("E\n", script);
}

static void write_labels(FILE *script, const struct eos_result *result)
{
	fprintf(script,
		"set label \"{/:Italic K}: %.1f ± %.1f GPa\\n95 %% interval %.1f to %.1f GPa\" at graph "
		"0.96, graph 0.22 right\n",
		result->k_gpa, result->k_sd_gpa, result->k_ci95_gpa[0], result->k_ci95_gpa[1]);
	if (isnan(result->k_prime_sd))
		fprintf(script, "set label \"{/:Italic K}': %.3g, held\" at graph 0.96, graph 0.11 right\n",
			result->k_prime);
	else
		fprintf(script, "set label \"{/:Italic K}': %.2f ± %.2f\" at graph 0.96, graph 0.11 right\n",
			result->k_prime, result->k_prime_sd);
}

void picture_write_eos(FILE *script, const void *subject)
{
	const struct picture_eos *eos = subject;
	const struct eos_result *result = eos->result;
	double most_gpa = 1.04 * highest_pressure(eos);
	bool band = result->k_ci95_gpa[0] > most_gpa / 2;

	write_line(script, result, most_gpa);
	write_points(script, eos);
	write_labels(script, result);
	fprintf(script, "set xrange [%.8g:%.8g]\n", -0.03 * most_gpa, most_gpa);
	fputs("set xlabel \"{/:Italic P} / GPa\"\nset ylabel \"({/:Italic V}_0/{/:Italic V} − 1) / %\"\n"
	      "set key top left Left reverse samplen 2.5 spacing 1.15\nset offsets 0, 0, graph 0.05, graph "
	      "0.02\n"
	      "plot ",
	      script);
	if (band)
		fputs("$line using 1:3:4 with filledcurves fc rgb '#4d9bd6' fs transparent solid 0.25 "
		      "noborder title \"95 % interval of {/:Italic K}\", ",
		      script);
	fputs("$line using 1:2 with lines lw 2 lc rgb '#2c5f8a' title 'Birch-Murnaghan, third order', "
	      "$points using 1:2:3 with yerrorbars pt 0 lw 1.4 lc rgb '#c0392b' notitle, "
	      "'' using 1:2 with points pt 7 ps 0.9 lc rgb '#c0392b' title 'measured'\n",
	      script);
}
