/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/truth.h"

#include <errno.h>
#include <math.h>

#define FROM_K 300.0
#define TO_K 850.0
#define GAS_CONSTANT 8.314462618
#define ENDOTHERM_MIN 0.03 /* of the step, above the valleys beside it: less is no peak */
enum { ROWS = 1100, TANGENT_ROWS = 4, NO_PEAK = -1 };

/* Top of the parabola through a point and its neighbours. */
static double top_k(const double *temperature_k, const double *z, int at)
{
	double left = z[at - 1], middle = z[at], right = z[at + 1];
	double bend = left - 2 * middle + right;
	double shift = bend < 0 ? 0.5 * (left - right) / bend : 0;
	return temperature_k[at] + shift * (temperature_k[at + 1] - temperature_k[at]);
}

/* Height of @at above the higher of the two valleys that part it from something higher. */
static double prominence(const double *z, int at)
{
	double left = z[at], right = z[at];
	for (int i = at; i >= 0 && z[i] <= z[at]; i--)
		left = fmin(left, z[i]);
	for (int i = at; i < ROWS && z[i] <= z[at]; i++)
		right = fmin(right, z[i]);
	return z[at] - fmax(left, right);
}

/* The endotherm: the most prominent top above the half step. NO_PEAK: the curve rises into the liquid without
 * one. */
static int find_peak(const double *z)
{
	double most = ENDOTHERM_MIN;
	int peak = NO_PEAK;
	for (int i = 1; i < ROWS - 1; i++) {
		if (z[i] < 0.5 || z[i] < z[i - 1] || z[i] < z[i + 1] || !(prominence(z, i) > most))
			continue;
		most = prominence(z, i);
		peak = i;
	}
	return peak;
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
 * Where the steepest tangent up to row @last meets the glass line, z = 0. A tangent is a line through 4 K:
 * the model's beta strength begins and ends in a corner, where its heat capacity bends within 1 K, and that
 * is no slope of the rise.
 */
static double onset_k(const double *temperature_k, const double *z, int last)
{
	double steepest = 0, onset = NAN;
	for (int i = TANGENT_ROWS; i + TANGENT_ROWS <= last; i++) {
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
	for (int i = 0; i < ROWS; i++) {
		double step = glass_cp_step(temperature_k[i]);
		z[i] = (z[i] - glass_cp_glass(temperature_k[i])) / step;
	}
	int peak = find_peak(z);
	*ret_rate = (struct truth_rate){rate_k_per_s, peak == NO_PEAK ? NAN : top_k(temperature_k, z, peak),
					onset_k(temperature_k, z, peak == NO_PEAK ? ROWS - 1 : peak + 1)};
	return 0;
}

/* Kissinger: the slope of ln(rate/Tp^2) on 1/Tp, of the scans that have an endotherm. */
static bool kissinger(const struct truth *truth, double *ret_ea)
{
	double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
	for (int i = 0; i < truth->rate_count; i++) {
		double tp = truth->rates[i].tp_k, x = 1 / tp,
		       y = log(truth->rates[i].rate_k_per_s / (tp * tp));
		if (isnan(tp))
			continue;
		n++, sx += x, sy += y, sxx += x * x, sxy += x * y;
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
