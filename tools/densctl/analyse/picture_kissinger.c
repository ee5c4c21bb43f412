/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kissinger's plot: ln(rate/Tp^2) against 1000/Tp, the line, and the 95 % band of the line. */
#include <math.h>

#include "tools/densctl/analyse/picture.h"

#define SAME_RATE 0.02

enum { LINE_POINTS = 80, TICS = 6 };

/* The abscissae 1/Tp. */
struct abscissae {
	double low, high, mean, spread; /* spread: sum of squares about the mean */
	size_t count;
};

static double ordinate(const struct kissinger_point *point)
{
	return log(point->rate_k_per_s / (point->tp_k * point->tp_k));
}

static struct abscissae find_abscissae(const struct input_table *table)
{
	struct abscissae found = {.low = INFINITY, .high = -INFINITY};

	for (size_t i = 0; i < table->count; i++) {
		double u = 1 / table->points[i].tp_k;

		if (isnan(u))
			continue;
		found.low = fmin(found.low, u);
		found.high = fmax(found.high, u);
		found.mean += u;
		found.count++;
	}
	found.mean /= (double)found.count;
	for (size_t i = 0; i < table->count; i++)
		if (!isnan(table->points[i].tp_k))
			found.spread += pow(1 / table->points[i].tp_k - found.mean, 2);
	return found;
}

/* Columns: 1000/Tp, line, lower and upper end of the band. */
static void write_line(FILE *script, const struct kissinger_result *result, const struct abscissae *found)
{
	double slope = -result->ea_kj_per_mol * 1000 / KISSINGER_R_J_PER_MOL_K;
	double se = result->ea_se_kj_per_mol * 1000 / KISSINGER_R_J_PER_MOL_K;
	double half_ea = (result->ea_ci95_kj_per_mol[1] - result->ea_ci95_kj_per_mol[0]) / 2;
	double t = result->ea_se_kj_per_mol > 0 ? half_ea / result->ea_se_kj_per_mol : 0;
	double room = 0.12 * (found->high - found->low);

	fputs("$line << E\n", script);
	for (int i = 0; i <= LINE_POINTS; i++) {
		double u = found->low - room + (found->high - found->low + 2 * room) * i / LINE_POINTS;
		double off = u - found->mean, v = result->intercept + slope * u;
		double half = t * se * sqrt(found->spread / (double)found->count + off * off);

		fprintf(script, "%.8g %.8g %.8g %.8g\n", 1000 * u, v, v - half, v + half);
	}
	fprintf(script, "E\nset xrange [%.8g:%.8g]\n", 1000 * (found->low - room),
		1000 * (found->high + room));
}

/* Sections of one rate lie on one another: one label is enough. */
static bool is_first_of_its_rate(const struct input_table *table, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (!isnan(table->points[i].tp_k) &&
		    fabs(table->points[i].rate_k_per_s / table->points[at].rate_k_per_s - 1) < SAME_RATE)
			return false;
	return true;
}

/* Columns: 1000/Tp, ordinate, error bar of 1000/Tp (NaN: not known), rate. */
static void write_points(FILE *script, const struct input_table *table)
{
	fputs("$points << E\n", script);
	for (size_t i = 0; i < table->count; i++) {
		const struct kissinger_point *point = &table->points[i];
		char label[32] = "";

		if (isnan(point->tp_k))
			continue;
		if (is_first_of_its_rate(table, i))
			snprintf(label, sizeof(label), "%.4g K/s", point->rate_k_per_s);
		fprintf(script, "%.8g %.8g %.8g \"%s\"\n", 1000 / point->tp_k, ordinate(point),
			1000 * point->tp_sd_k / (point->tp_k * point->tp_k), label);
	}
	fputs("E\n", script);
}

/* Round temperatures on the upper axis, which has the scale of the lower one. */
static void write_upper_axis(FILE *script, const struct abscissae *found)
{
	static const double steps_k[] = {0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500};
	double low_k = 1 / found->high, high_k = 1 / found->low, step_k = steps_k[0];

	for (size_t i = 1; i < sizeof(steps_k) / sizeof(steps_k[0]) && (high_k - low_k) / step_k > TICS; i++)
		step_k = steps_k[i];
	fputs("set link x2\nset x2tics nomirror out (", script);
	for (double k = ceil(low_k / step_k) * step_k; k <= high_k; k += step_k)
		fprintf(script, "'%.4g' %.8g, ", k, 1000 / k);
	fprintf(script, "'' %.8g)\nset x2label \"{/:Italic T}_p/K\"\n", 2000 * found->high);
}

static void write_labels(FILE *script, const struct kissinger_result *result)
{
	fprintf(script,
		"set label \"{/:Italic E}_a: %.1f ± %.1f kJ/mol\\n95 %% interval %.1f to %.1f kJ/mol\" at "
		"graph 0.05, graph 0.20 left\n",
		result->ea_kj_per_mol, result->ea_se_kj_per_mol, result->ea_ci95_kj_per_mol[0],
		result->ea_ci95_kj_per_mol[1]);
	if (result->class != KISSINGER_CLASS_NONE)
		fprintf(script,
			"set label \"{/:Italic E}_a/({/:Italic RT}_g): %.1f, %s\" at graph 0.05, graph "
			"0.07 left\n",
			result->ea_over_rtg, kissinger_class_name(result->class));
}

void picture_write_kissinger(FILE *script, const void *subject)
{
	const struct picture_kissinger *kissinger = subject;
	struct abscissae found = find_abscissae(kissinger->table);

	write_line(script, kissinger->result, &found);
	write_points(script, kissinger->table);
	write_labels(script, kissinger->result);
	write_upper_axis(script, &found);
	fputs("set border 7 lw 1\nset xlabel \"1000 K/{/:Italic T}_p\"\n"
	      "set ylabel \"ln(Φ/{/:Italic T}@_p^2)   with Φ in K/s\"\n"
	      "set offsets 0, 0, graph 0.05, graph 0.05\nset key top right Left reverse samplen 2.5 spacing "
	      "1.15\n"
	      "plot $line using 1:3:4 with filledcurves fc rgb '#4d9bd6' fs transparent solid 0.25 noborder "
	      "title '95 % band of the line', "
	      "'' using 1:2 with lines lw 2 lc rgb '#2c5f8a' title 'fit', "
	      "$points using 1:2:3 with xerrorbars pt 0 lw 1.4 lc rgb '#c0392b' notitle, "
	      "'' using 1:2 with points pt 7 ps 0.9 lc rgb '#c0392b' title 'scans', "
	      "'' using 1:2:4 with labels left offset 0.9,0.6 tc rgb '#3c4650' notitle\n",
	      script);
}
