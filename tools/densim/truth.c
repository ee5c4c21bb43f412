/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/truth.h"

#include <errno.h>
#include <math.h>

#define FROM_K 300.0
#define TO_K 850.0
#define GAS_CONSTANT 8.314462618
enum { ROWS = 1100, TANGENT_ROWS = 4 };

/* Top of the parabola through a point and its neighbours. */
static double top_k(const double *temperature_k, const double *z, int at)
{
	double left = z[at - 1], middle = z[at], right = z[at + 1];
	double bend = left - 2 * middle + right;
	double shift = bend < 0 ? 0.5 * (left - right) / bend : 0;
	return temperature_k[at] + shift * (temperature_k[at + 1] - temperature_k[at]);
}

/* Least-squares line through the rows within TANGENT_ROWS of @at: its value there and its slope per row. */
static void line_at(const double *z, int at, double *ret_mean, double *ret_slope)
{
	double sum = 0, moment = 0, norm = 0;
	for (int j = -TANGENT_ROWS; j <= TANGENT_ROWS; j++) {
		sum += z[at + j];
		moment += j * z[at + j];
		norm += j * j;
	}
	*ret_mean = sum / (2 * TANGENT_ROWS + 1);
	*ret_slope = moment / norm;
}

/*
 * Where the steepest tangent before the peak meets the glass line, z = 0. A tangent is a line through 4 K:
 * the model's beta strength has an end, where its heat capacity jumps by a few tenths of the step within 1 K.
 * That is no slope of the rise, and where it comes just before the peak, a tangent through 2 K would take it
 * for one (7 GPa, 643 K at 300 K/s: 1 K further up).
 */
static double onset_k(const double *temperature_k, const double *z, int peak)
{
	double steepest = 0, onset = temperature_k[peak];
	for (int i = TANGENT_ROWS; i + TANGENT_ROWS <= peak + 1; i++) {
		double mean, slope;
		line_at(z, i, &mean, &slope);
		if (slope > steepest) {
			steepest = slope;
			onset = temperature_k[i] - mean / slope * (temperature_k[i + 1] - temperature_k[i]);
		}
	}
	return onset;
}

static int scan_rate(const struct glass *recovered, double rate_k_per_s, struct truth_rate *ret_rate)
{
	static double temperature_k[ROWS], z[ROWS];
	struct glass glass = *recovered;
	if (!(rate_k_per_s > 0) || glass_scan(&glass, rate_k_per_s, FROM_K, TO_K, ROWS, temperature_k, z) < 0)
		return -ERANGE;
	int peak = 1;
	for (int i = 0; i < ROWS; i++) {
		double step = glass_cp_step(temperature_k[i]);
		z[i] = (z[i] - glass_cp_glass(temperature_k[i])) / step;
		if (i > 0 && i < ROWS - 1 && z[i] > z[peak])
			peak = i;
	}
	*ret_rate = (struct truth_rate){rate_k_per_s, top_k(temperature_k, z, peak),
					onset_k(temperature_k, z, peak)};
	return 0;
}

/* Kissinger: the slope of ln(rate/Tp^2) on 1/Tp. */
static bool kissinger(const struct truth *truth, double *ret_ea)
{
	double n = truth->rate_count, sx = 0, sy = 0, sxx = 0, sxy = 0;
	for (int i = 0; i < truth->rate_count; i++) {
		double tp = truth->rates[i].tp_k, x = 1 / tp,
		       y = log(truth->rates[i].rate_k_per_s / (tp * tp));
		sx += x, sy += y, sxx += x * x, sxy += x * y;
	}
	double spread = sxx - sx * sx / n;
	if (n < 3 || !(spread > 1e-14))
		return false;
	*ret_ea = -GAS_CONSTANT * (sxy - sx * sy / n) / spread;
	return true;
}

int truth_compute(const struct glass *recovered, const double *rates, int count, struct truth *ret_truth)
{
	if (count < 1 || count > TRUTH_RATES)
		return -ERANGE;
	struct truth truth = {.tf_k = glass_tf_k(recovered), .rate_count = count};
	for (int i = 0; i < count; i++) {
		int r = scan_rate(recovered, rates[i], &truth.rates[i]);
		if (r < 0)
			return r;
	}
	struct glass reference;
	glass_init_liquid(&reference, TO_K);
	glass_ramp(&reference, TO_K, FROM_K, TRUTH_COOLING_K_PER_S, 0, 1);
	truth.tf_reference_k = glass_tf_k(&reference);
	truth.ea_known = kissinger(&truth, &truth.ea_j_per_mol);
	*ret_truth = truth;
	return 0;
}
