/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pair: both scans, the two lines, the windows they were fitted in, and the two areas that are equal at Tf.
 */
#include <math.h>
#include <string.h>

#include "tools/densctl/analyse/picture.h"

enum { POINTS_SHOWN = 3000 };
#define SEEN 0.02 /* of all that is shaded: less is not seen */

/* What the eye needs of the ordinate. */
struct frame {
	double low, high;
};

static double line_value(const double line[2], double temperature_k)
{
	return line[0] + line[1] * temperature_k;
}

static void frame_add(struct frame *frame, double value)
{
	if (!isfinite(value))
		return;
	frame->low = fmin(frame->low, value);
	frame->high = fmax(frame->high, value);
}

static struct frame find_frame(const struct picture_pair *pair)
{
	const struct pair_curves *curves = &pair->curves;
	struct frame frame = {INFINITY, -INFINITY};
	double room;

	for (size_t i = 0; i < curves->count; i++) {
		frame_add(&frame, curves->first[i]);
		frame_add(&frame, curves->reference[i]);
	}
	room = frame.high - frame.low;
	frame.low -= 0.06 * room;
	frame.high += 0.26 * room; /* the labels of Tf stand here */
	return frame;
}

/* Columns: T, first, reference, g, l. */
static void write_curves(FILE *script, const struct picture_pair *pair)
{
	const struct pair_curves *curves = &pair->curves;
	size_t stride = curves->count / POINTS_SHOWN + 1;

	fputs("$curves << E\n", script);
	for (size_t i = 0; i < curves->count; i += stride)
		fprintf(script, "%.4f %.8g %.8g %.8g %.8g\n", curves->temperature_k[i], curves->first[i],
			curves->reference[i], line_value(pair->result->glass_line, curves->temperature_k[i]),
			line_value(pair->result->liquid_line, curves->temperature_k[i]));
	fputs("E\n", script);
}

static double first_at(const struct pair_curves *curves, double temperature_k)
{
	size_t i = 1;

	while (i + 1 < curves->count && curves->temperature_k[i] < temperature_k)
		i++;
	return curves->first[i - 1] + (curves->first[i] - curves->first[i - 1]) *
					      (temperature_k - curves->temperature_k[i - 1]) /
					      (curves->temperature_k[i] - curves->temperature_k[i - 1]);
}

/* One side of Tf: T, first, line; both ends interpolated so that the areas meet at Tf. */
static void write_area(FILE *script, const char *name, const struct picture_pair *pair, double from_k,
		       double to_k, const double line[2])
{
	const struct pair_curves *curves = &pair->curves;
	size_t stride = curves->count / POINTS_SHOWN + 1;

	fprintf(script, "$%s << E\n%.4f %.8g %.8g\n", name, from_k, first_at(curves, from_k),
		line_value(line, from_k));
	for (size_t i = 0; i < curves->count; i += stride)
		if (curves->temperature_k[i] > from_k && curves->temperature_k[i] < to_k)
			fprintf(script, "%.4f %.8g %.8g\n", curves->temperature_k[i], curves->first[i],
				line_value(line, curves->temperature_k[i]));
	fprintf(script, "%.4f %.8g %.8g\nE\n", to_k, first_at(curves, to_k), line_value(line, to_k));
}

static void write_window(FILE *script, int object, const double window_k[2], const char *name)
{
	fprintf(script,
		"set object %d rectangle from %.4f, graph 0 to %.4f, graph 1 behind fc rgb '#eef1f4' fs "
		"solid noborder\n",
		object, window_k[0], window_k[1]);
	fprintf(script, "set label '%s' at %.4f, graph 0.965 center tc rgb '#6b7680'\n", name,
		(window_k[0] + window_k[1]) / 2);
}

/* Beside its line, on the side away from Tf unless the frame ends there. */
static void write_reference(FILE *script, const struct picture_pair *pair)
{
	const struct pair_curves *curves = &pair->curves;
	const struct pair_result *result = pair->result;
	double low = curves->temperature_k[0], high = curves->temperature_k[curves->count - 1];
	double share = (result->tf_ref_k - low) / (high - low);
	bool left = share > 0.15 && (share > 0.85 || result->tf_k >= result->tf_ref_k);

	fprintf(script,
		"set arrow from %.4f, graph 0 to %.4f, graph 0.86 nohead lc rgb '#3c4650' lw 1.2 dt (6,4)\n",
		result->tf_ref_k, result->tf_ref_k);
	fprintf(script,
		"set label \"{/:Italic T}_{f,ref}: %.1f K\" at %.4f, graph 0.84 %s offset %s,0 "
		"tc rgb '#3c4650'\n",
		result->tf_ref_k, result->tf_ref_k, left ? "right" : "left", left ? "-0.6" : "0.6");
}

static void write_tf(FILE *script, const struct pair_result *result)
{
	double sd = isfinite(result->tf_sd_k) ? result->tf_sd_k : 0;

	fprintf(script,
		"set object 3 rectangle from %.4f, graph 0 to %.4f, graph 0.91 behind fc rgb '#c0392b' fs "
		"transparent solid 0.18 noborder\n",
		result->tf_k - sd, result->tf_k + sd);
	fprintf(script, "set arrow from %.4f, graph 0 to %.4f, graph 0.91 nohead lc rgb '#c0392b' lw 1.6\n",
		result->tf_k, result->tf_k);
	fprintf(script,
		"set label \"{/:Italic T}_f: %.1f ± %.1f K%s\" at %.4f, graph 0.945 center tc rgb "
		"'#c0392b'\n",
		result->tf_k, sd, result->extrapolated ? " (extrapolated)" : "", result->tf_k);
}

static void write_axes(FILE *script, const struct picture_pair *pair)
{
	const struct pair_curves *curves = &pair->curves;
	struct frame frame = find_frame(pair);

	fprintf(script, "set xrange [%.4f:%.4f]\nset yrange [%.8g:%.8g]\n", curves->temperature_k[0],
		curves->temperature_k[curves->count - 1], frame.low, frame.high);
	fprintf(script, "set xlabel 'temperature / K'\nset ylabel '%s%s, endothermic up' noenhanced\n",
		pair->quantity, strchr(pair->quantity, '/') ? "" : " / unit of the file");
	fputs("set key outside below center horizontal Left reverse maxrows 4 samplen 2 width -8\nset "
	      "bmargin 8.5\n",
	      script);
}

/* How much of an area lies above its line and below it, in the unit of the ordinate times K. */
static void measure_area(const struct picture_pair *pair, double from_k, double to_k, const double line[2],
			 double *ret_above, double *ret_below)
{
	const struct pair_curves *curves = &pair->curves;

	*ret_above = *ret_below = 0;
	for (size_t i = 1; i < curves->count; i++) {
		double middle_k = (curves->temperature_k[i - 1] + curves->temperature_k[i]) / 2;
		double off = (curves->first[i - 1] + curves->first[i]) / 2 - line_value(line, middle_k);

		if (middle_k >= from_k && middle_k <= to_k)
			*(off > 0 ? ret_above : ret_below) +=
				fabs(off) * (curves->temperature_k[i] - curves->temperature_k[i - 1]);
	}
}

/* One area, paler where it counts negative: there the first scan is not on @side of the line. */
static void shade(FILE *script, const char *block, const char *side, const char *colour)
{
	const char *other = strcmp(side, "above") == 0 ? "below" : "above";

	fprintf(script,
		"$%s using 1:2:3 with filledcurves %s fc rgb '%s' fs transparent solid 0.5 noborder "
		"notitle, ",
		block, side, colour);
	fprintf(script,
		"$%s using 1:2:3 with filledcurves %s fc rgb '%s' fs transparent solid 0.2 noborder "
		"notitle, ",
		block, other, colour);
}

/* In the legend: what the area is, and its pale part where there is one to see. */
static void name_area(FILE *script, const char *colour, const char *title, double shown, double negative,
		      double all)
{
	fprintf(script, ", keyentry with boxes fc rgb '%s' fs transparent solid 0.5 noborder title \"%s%s\"",
		colour, title, shown < SEEN * all ? ": ≈ 0" : "");
	if (negative >= SEEN * all)
		fprintf(script,
			", keyentry with boxes fc rgb '%s' fs transparent solid 0.2 noborder title 'counted "
			"negative'",
			colour);
}

/* Lines first, then the areas, whatever lies above what in the picture. */
static void write_legend(FILE *script, const struct picture_pair *pair, double tf_k)
{
	const struct pair_result *result = pair->result;
	double glass_above, glass_below, liquid_above, liquid_below, all;

	measure_area(pair, result->area_from_k, tf_k, result->glass_line, &glass_above, &glass_below);
	measure_area(pair, tf_k, result->area_to_k, result->liquid_line, &liquid_above, &liquid_below);
	all = glass_above + glass_below + liquid_above + liquid_below;
	fputs(", keyentry with lines lw 2.2 lc rgb '#c0392b' title 'first scan, aligned'"
	      ", keyentry with lines lw 1.6 lc rgb '#3c4650' title 'reference scan'"
	      ", keyentry with lines lw 1.4 dt (8,5) lc rgb '#6b7680' title 'glass line'"
	      ", keyentry with lines lw 1.4 dt (2,4) lc rgb '#6b7680' title 'liquid line'",
	      script);
	name_area(script, "#e8a33d", "equal: first − glass ({/:Italic T}<{/:Italic T}_f)", glass_above,
		  glass_below, all);
	name_area(script, "#4d9bd6", "and: liquid − first ({/:Italic T}>{/:Italic T}_f)", liquid_below,
		  liquid_above, all);
	fputc('\n', script);
}

void picture_write_pair(FILE *script, const void *subject)
{
	const struct picture_pair *pair = subject;
	const struct pair_result *result = pair->result;
	double tf_k = fmin(fmax(result->tf_k, result->area_from_k), result->area_to_k);

	write_curves(script, pair);
	write_area(script, "below", pair, result->area_from_k, tf_k, result->glass_line);
	write_area(script, "above", pair, tf_k, result->area_to_k, result->liquid_line);
	write_axes(script, pair);
	write_window(script, 1, result->glass_k, "glass");
	write_window(script, 2, result->liquid_k, "liquid");
	write_tf(script, result);
	write_reference(script, pair);
	fputs("plot ", script);
	shade(script, "below", "above", "#e8a33d");
	shade(script, "above", "below", "#4d9bd6");
	fputs("$curves using 1:4 with lines lw 1.4 dt (8,5) lc rgb '#6b7680' notitle, "
	      "'' using 1:5 with lines lw 1.4 dt (2,4) lc rgb '#6b7680' notitle, "
	      "'' using 1:3 with lines lw 1.6 lc rgb '#3c4650' notitle, "
	      "'' using 1:2 with lines lw 2.2 lc rgb '#c0392b' notitle",
	      script);
	write_legend(script, pair, tf_k);
}
