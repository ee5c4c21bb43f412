/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first sharp diffraction peak: the curve, the part that was fitted, the Gaussian, q1 and the width. */
#include <math.h>

#include "tools/densctl/analyse/picture.h"

#define SHOWN_WIDTHS 2.2 /* each side of q1 */
#define ROOM_ABOVE 0.22  /* of the height: the labels stand here */

enum { POINTS_SHOWN = 3000, GAUSS_POINTS = 200 };

static double gauss(const struct fsdp_result *result, double q)
{
	double u = (q - result->q1_per_angstrom) / result->fwhm_per_angstrom;
	double top = result->area / (result->fwhm_per_angstrom * sqrt(M_PI / (4 * M_LN2)));

	return result->y0 + top * exp(-4 * M_LN2 * u * u);
}

/* Heights over y0 of the reference are drawn as measured: the scale of the ordinate is the detector's. */
static void write_curve(FILE *script, const char *name, const struct picture_curve *curve, double low,
			double high)
{
	size_t inside = 0, seen = 0, stride;

	for (size_t i = 0; i < curve->count; i++)
		inside += curve->q_per_angstrom[i] >= low && curve->q_per_angstrom[i] <= high;
	stride = inside / POINTS_SHOWN + 1;
	fprintf(script, "$%s << E\n", name);
	for (size_t i = 0; i < curve->count; i++) {
		double q = curve->q_per_angstrom[i];
		bool fitted = q >= curve->result->fitted_range[0] && q <= curve->result->fitted_range[1];

		if (isnan(q) || isnan(curve->intensity[i]) || q < low || q > high || seen++ % stride)
			continue;
		fprintf(script, "%.8g %.8g %d\n", q, curve->intensity[i], fitted);
	}
	fputs("E\n", script);
}

/* Columns: q, Gaussian, 1 where it was fitted. */
static void write_gauss(FILE *script, const char *name, const struct fsdp_result *result, double low,
			double high)
{
	fprintf(script, "$%s << E\n", name);
	for (int i = 0; i <= GAUSS_POINTS; i++) {
		double q = low + (high - low) * i / GAUSS_POINTS;

		fprintf(script, "%.8g %.8g\n", q, gauss(result, q));
	}
	fprintf(script, "E\n$%s_fitted << E\n", name);
	for (int i = 0; i <= GAUSS_POINTS; i++) {
		double q = result->fitted_range[0] +
			   (result->fitted_range[1] - result->fitted_range[0]) * i / GAUSS_POINTS;

		fprintf(script, "%.8g %.8g\n", q, gauss(result, q));
	}
	fputs("E\n", script);
}

static void write_labels(FILE *script, const struct picture_fsdp *fsdp)
{
	const struct fsdp_result *result = fsdp->curve.result;
	double half = result->y0 + (gauss(result, result->q1_per_angstrom) - result->y0) / 2;

	fprintf(script,
		"set label \"{/:Italic q}_1: %.4f ± %.4f Å^{-1}\\nwidth: %.4f ± %.4f Å^{-1}\" at graph "
		"0.03, graph 0.95 left tc rgb '#c0392b'\n",
		result->q1_per_angstrom, result->q1_sd_per_angstrom, result->fwhm_per_angstrom,
		result->fwhm_sd_per_angstrom);
	fprintf(script,
		"set arrow from %.8g, graph 0 to %.8g, %.8g nohead lc rgb '#c0392b' lw 1.2 dt (6,4)\n",
		result->q1_per_angstrom, result->q1_per_angstrom, gauss(result, result->q1_per_angstrom));
	fprintf(script,
		"set arrow from %.8g, %.8g to %.8g, %.8g heads size screen 0.008,25 dt solid lc rgb "
		"'#c0392b' lw 1.2\n",
		result->q1_per_angstrom - result->fwhm_per_angstrom / 2, half,
		result->q1_per_angstrom + result->fwhm_per_angstrom / 2, half);
	if (!fsdp->reference.result)
		return;
	fprintf(script,
		"set label \"{/:Italic q}_{1,ref}: %.4f ± %.4f Å^{-1}\\n({/:Italic q}_1/{/:Italic "
		"q}_{1,ref})^3: %.4f ± %.4f\" at graph 0.03, graph 0.83 left tc rgb '#3c4650'\n",
		fsdp->reference.result->q1_per_angstrom, fsdp->reference.result->q1_sd_per_angstrom,
		fsdp->cube_ratio, fsdp->cube_ratio_sd);
}

static void write_plot(FILE *script, bool reference)
{
	fputs("plot ", script);
	if (reference)
		fputs("$other using 1:2 with points pt 6 ps 0.45 lc rgb '#9aa3ab' title 'reference', "
		      "$other_gauss_fitted using 1:2 with lines lw 2 lc rgb '#3c4650' title 'its fit', "
		      "$other_gauss using 1:2 with lines lw 1 dt (3,3) lc rgb '#3c4650' notitle, ",
		      script);
	fputs("$curve using 1:2 with points pt 7 ps 0.4 lc rgb '#4d9bd6' title 'measured', "
	      "$gauss using 1:2 with lines lw 1.2 dt (3,3) lc rgb '#c0392b' title 'Gaussian, continued', "
	      "$gauss_fitted using 1:2 with lines lw 2.6 lc rgb '#c0392b' title 'fitted to the upper half'\n",
	      script);
}

void picture_write_fsdp(FILE *script, const void *subject)
{
	const struct picture_fsdp *fsdp = subject;
	const struct fsdp_result *result = fsdp->curve.result;
	double low = result->q1_per_angstrom - SHOWN_WIDTHS * result->fwhm_per_angstrom;
	double high = result->q1_per_angstrom + SHOWN_WIDTHS * result->fwhm_per_angstrom;

	write_curve(script, "curve", &fsdp->curve, low, high);
	write_gauss(script, "gauss", result, low, high);
	if (fsdp->reference.result) {
		write_curve(script, "other", &fsdp->reference, low, high);
		write_gauss(script, "other_gauss", fsdp->reference.result, low, high);
	}
	fprintf(script,
		"set xrange [%.8g:%.8g]\nset offsets 0, 0, graph %g, graph 0.03\nset autoscale yfix\n", low,
		high, ROOM_ABOVE);
	fputs("set xlabel \"{/:Italic q} / Å^{-1}\"\nset ylabel 'intensity / unit of the file'\n"
	      "set key outside below center horizontal Left reverse maxrows 2 samplen 2\nset bmargin 7.5\n",
	      script);
	write_labels(script, fsdp);
	write_plot(script, fsdp->reference.result != NULL);
}
