/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/truth.h"

#include <errno.h>
#include <math.h>

#define FROM_K 300.0
#define TO_K 850.0
#define GAS_CONSTANT 8.314462618
enum { ROWS = 1100 };

/* Top of the parabola through a point and its neighbours. */
static double top_k(const double *temperature_k, const double *z, int at)
{
	double left = z[at - 1], middle = z[at], right = z[at + 1];
	double bend = left - 2 * middle + right;
	double shift = bend < 0 ? 0.5 * (left - right) / bend : 0;
	return temperature_k[at] + shift * (temperature_k[at + 1] - temperature_k[at]);
}

/* Slope per row of the least-squares line through five rows, 2 K. */
static double slope_at(const double *z, int at)
{
	return (2 * (z[at + 2] - z[at - 2]) + z[at + 1] - z[at - 1]) / 10;
}

/*
 * Where the steepest tangent before the peak meets the glass line, z = 0. A tangent is a line through 2 K:
 * the model's beta strength begins at one temperature, and its curve has a corner there that is no slope.
 */
static double onset_k(const double *temperature_k, const double *z, int peak)
{
	double steepest = 0, onset = temperature_k[peak];
	for (int i = 2; i < peak - 1; i++) {
		double mean = (z[i - 2] + z[i - 1] + z[i] + z[i + 1] + z[i + 2]) / 5;
		if (slope_at(z, i) > steepest) {
			steepest = slope_at(z, i);
			onset = temperature_k[i] -
				mean / steepest * (temperature_k[i + 1] - temperature_k[i]);
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
