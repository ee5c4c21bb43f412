/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/intervals/made.h"

#include <math.h>

#include "tools/densim/noise.h"

#define FROM_K 310.0
#define TO_K 880.0
#define STEP 16.0
#define SLOPE 0.006
#define BELL_AT 1.5
#define EXOTHERM_AT (-9.0)
#define LAG_S 2e-3
#define GAS_J_PER_MOL_K 8.314462618
#define PEAK_AT_200_K 717.0

static double bell(double x)
{
	return exp(-0.5 * x * x) / sqrt(2 * M_PI);
}

static double rise(double x, double overshoot)
{
	return 0.5 * (1 + tanh(x)) + overshoot * bell(x - BELL_AT);
}

static double rise_slope(double x, double overshoot)
{
	double c = cosh(x);

	return 0.5 / (c * c) - overshoot * (x - BELL_AT) * bell(x - BELL_AT);
}

/* Where the slope falls through zero, by halving. */
static double peak_x(double overshoot)
{
	double low = BELL_AT - 0.5, high = BELL_AT + 1.5;

	for (int i = 0; i < 60; i++) {
		double middle = 0.5 * (low + high);

		if (rise_slope(middle, overshoot) > 0)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static double onset_x(double overshoot)
{
	double best = -4;

	for (double x = -4; x < BELL_AT; x += 1e-4)
		if (rise_slope(x, overshoot) > rise_slope(best, overshoot))
			best = x;
	return best - rise(best, overshoot) / rise_slope(best, overshoot);
}

/* rate = A Tp^2 exp(-Ea/(R Tp)), A from PEAK_AT_200_K: Newton on its logarithm. */
double made_peak_k(double rate_k_per_s)
{
	double b = MADE_EA_KJ_PER_MOL * 1e3 / GAS_J_PER_MOL_K, tp = PEAK_AT_200_K;
	double wanted = log(rate_k_per_s / 200) + 2 * log(PEAK_AT_200_K) - b / PEAK_AT_200_K;

	for (int i = 0; i < 30; i++)
		tp -= (2 * log(tp) - b / tp - wanted) / (2 / tp + b / (tp * tp));
	return tp;
}

static double base(const struct made *made, double t)
{
	return STEP * made->curvature * (t - 600) * (t - 600);
}

static double chance(const struct made *made, uint64_t seed, unsigned column, size_t row)
{
	return STEP * made->noise * noise_normal(seed, NOISE_SCAN, (uint64_t)column << 32 | row);
}

static void record(struct laboratory_columns *columns, double t, double shift_k, double rate_k_per_s,
		   double signal)
{
	size_t row = columns->count++;

	columns->t_s[row] = (t - FROM_K) / rate_k_per_s;
	columns->temperature_k[row] = t + shift_k;
	columns->signal[row] = signal;
}

struct made_truth made_scan(const struct made *made, double rate_k_per_s, uint64_t seed,
			    const struct laboratory_errors *errors, struct laboratory_columns *ret_first,
			    struct laboratory_columns *ret_reference, struct laboratory_columns *ret_empty)
{
	static double known_for = -1, at_peak, at_onset;
	double w = made->width_k, shift_k = LAG_S * rate_k_per_s + errors->calibration_k, centre_k;

	if (known_for != made->overshoot) {
		at_peak = peak_x(made->overshoot);
		at_onset = onset_x(made->overshoot);
		known_for = made->overshoot;
	}
	centre_k = made_peak_k(rate_k_per_s) - at_peak * w;
	ret_first->count = ret_reference->count = 0;
	if (ret_empty)
		ret_empty->count = 0;
	for (size_t i = 0; FROM_K + (double)i * made->row_k <= TO_K; i++) {
		double t = FROM_K + (double)i * made->row_k, x = (t - centre_k) / w;
		double y = 24 + SLOPE * (t - 600) + STEP * rise(x, made->overshoot) + base(made, t);

		record(ret_reference, t, shift_k, rate_k_per_s, y + chance(made, seed, 1, i));
		y -= STEP * made->exotherm * bell(x - EXOTHERM_AT);
		record(ret_first, t, shift_k, rate_k_per_s, y + chance(made, seed, 2, i));
		if (ret_empty)
			record(ret_empty, t, shift_k, rate_k_per_s, base(made, t) + chance(made, seed, 3, i));
	}
	return (struct made_truth){
		.tf_ref_k = centre_k - made->overshoot * w,
		.tf_k = centre_k - made->overshoot * w + made->exotherm * w,
		.tp_k = centre_k + at_peak * w,
		.onset_k = centre_k + at_onset * w,
	};
}

struct pair_options made_options(double rate_k_per_s, const struct laboratory_errors *errors)
{
	struct pair_options options;

	pair_options_default(&options);
	options.rate_k_per_s = rate_k_per_s;
	options.lag_s = LAG_S + errors->lag_s;
	return options;
}
