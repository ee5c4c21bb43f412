/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/glass.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>

#define GAS_CONSTANT 8.314462618
#define TG_K 596.0
#define TG_SHIFT_K_PER_GPA (38.0 / 7.0)

/* alpha: activation, non-linearity, equilibrium time at Tg, width of ln(time) */
#define ALPHA_H_K 41300.0
#define ALPHA_X 0.43
#define ALPHA_TAU_S 280.0
#define ALPHA_WIDTH 2.05
/* beta: Arrhenius, share of the step, depth, where its strength begins and over what it grows */
#define BETA_E (25.8 * GAS_CONSTANT * TG_K)
#define BETA_TAU_S 6.2e-12
#define BETA_WIDTH 1.45
#define BETA_SHARE 0.53
#define BETA_DEPTH 0.64
#define BETA_FROM_K 612.0
#define BETA_OVER_K 71.5
#define BETA_MERGES 5.0 /* how sharply beta goes over into alpha where that has become the faster one */
/* pressure: densification of the liquid, rejuvenation of beta, its saturation, athermal rejuvenation */
#define LIQUID_K_PER_GPA 0.92
#define REJUVENATION_K 90.0
#define SATURATION_GPA 0.6
#define MECHANICAL_K 4.0
#define EXPONENT_MAX 700.0

struct modes {
	double share[GLASS_ALPHA], factor[GLASS_ALPHA];
};

static void modes_make(int count, double width, struct modes *ret_modes)
{
	double sum = 0;
	for (int i = 0; i < count; i++) {
		double t = -2.6 + 5.2 * i / (count - 1);
		ret_modes->share[i] = exp(-0.5 * t * t);
		ret_modes->factor[i] = exp(width * t);
		sum += ret_modes->share[i];
	}
	for (int i = 0; i < count; i++)
		ret_modes->share[i] /= sum;
}

/* The two distributions, computed at the first use; the program has one thread. */
static const struct modes *modes_get(bool beta)
{
	static struct modes alpha_modes, beta_modes;
	static bool made;
	if (!made) {
		modes_make(GLASS_ALPHA, ALPHA_WIDTH, &alpha_modes);
		modes_make(GLASS_BETA, BETA_WIDTH, &beta_modes);
		made = true;
	}
	return beta ? &beta_modes : &alpha_modes;
}

static double mean_alpha(const double f[GLASS_ALPHA])
{
	const struct modes *modes = modes_get(false);
	double sum = 0;
	for (int i = 0; i < GLASS_ALPHA; i++)
		sum += modes->share[i] * f[i];
	return sum;
}

static double mean_beta(const double u[GLASS_BETA])
{
	const struct modes *modes = modes_get(true);
	double sum = 0;
	for (int i = 0; i < GLASS_BETA; i++)
		sum += modes->share[i] * u[i];
	return sum;
}

/* Exact solution of dy/dt = (e(t) - y)/tau with e linear from @e0 to @e1. */
static double relax(double y0, double e0, double e1, double z)
{
	double decay = expm1(-fmin(z, EXPONENT_MAX));
	double phi = z > 1e-5 ? -decay / z : 1 - 0.5 * z;
	return e1 - (e1 - e0) * phi + (y0 - e0) * (1 + decay);
}

static double stretch(double gpa)
{
	return 1 + gpa * TG_SHIFT_K_PER_GPA / TG_K;
}

/* Where the alpha structure would be in equilibrium, as ambient-equivalent temperature. */
static double target_alpha(double temperature_k, double gpa)
{
	return temperature_k / stretch(gpa) - LIQUID_K_PER_GPA * gpa;
}

static double target_beta(double alpha_k, double equilibrium_k, double rejuvenation_k)
{
	double strength = fmin(fmax((alpha_k - BETA_FROM_K) / BETA_OVER_K, 0), 1);
	return alpha_k - BETA_DEPTH * strength * (alpha_k - equilibrium_k) + rejuvenation_k;
}

static double time_alpha(double temperature_k, double gpa, double alpha_k)
{
	double ln_time = log(ALPHA_TAU_S) - ALPHA_H_K / TG_K +
			 ALPHA_X * ALPHA_H_K * stretch(gpa) / temperature_k +
			 (1 - ALPHA_X) * ALPHA_H_K / alpha_k;
	return exp(fmin(ln_time, 200));
}

/*
 * Beta is never slower than alpha. The plain minimum of both times would be a corner, which makes the heat
 * capacity of a fast scan jump within 1 K, on the flank of its endotherm.
 */
static double time_beta(double temperature_k, double alpha_s)
{
	double alone_s = BETA_TAU_S * exp(BETA_E / (GAS_CONSTANT * temperature_k));
	return alone_s * pow(1 + pow(alone_s / alpha_s, BETA_MERGES), -1 / BETA_MERGES);
}

/* Only virgin pressurisation of a glass strains it; the liquid flows. */
static void strain(struct glass *glass, double to_k, double from_gpa, double to_gpa)
{
	if (to_gpa <= fmax(glass->highest_gpa, from_gpa))
		return;
	double before = exp(-glass->highest_gpa / SATURATION_GPA);
	glass->highest_gpa = to_gpa;
	double frozen = 1 / (1 + exp(-(mean_alpha(glass->f) - to_k - 20) / 10));
	double more = (before - exp(-to_gpa / SATURATION_GPA)) * frozen;
	glass->strain = fmin(glass->strain + more, 1);
	for (int i = 0; i < GLASS_ALPHA; i++)
		glass->f[i] += MECHANICAL_K * more;
	for (int i = 0; i < GLASS_BETA; i++)
		glass->u[i] += MECHANICAL_K * more;
}

/* Predictor and corrector on the relaxation time; leaves it for the beta part. */
static double step_alpha(struct glass *glass, double e0, double e1, double mid_k, double mid_gpa,
			 double duration_s)
{
	const struct modes *modes = modes_get(false);
	double before_k = mean_alpha(glass->f), at_k = before_k, time_s = 0, f[GLASS_ALPHA];
	for (int pass = 0; pass < 2; pass++) {
		time_s = time_alpha(mid_k, mid_gpa, at_k);
		for (int i = 0; i < GLASS_ALPHA; i++)
			f[i] = relax(glass->f[i], e0, e1, duration_s / (modes->factor[i] * time_s));
		at_k = 0.5 * (before_k + mean_alpha(f));
	}
	for (int i = 0; i < GLASS_ALPHA; i++)
		glass->f[i] = f[i];
	return time_s;
}

void glass_step(struct glass *glass, double from_k, double to_k, double from_gpa, double to_gpa,
		double duration_s)
{
	strain(glass, to_k, from_gpa, to_gpa);
	double mid_k = 0.5 * (from_k + to_k), mid_gpa = 0.5 * (from_gpa + to_gpa);
	double e0 = target_alpha(from_k, from_gpa), e1 = target_alpha(to_k, to_gpa);
	double alpha0_k = mean_alpha(glass->f);
	double time_s = step_alpha(glass, e0, e1, mid_k, mid_gpa, duration_s);
	double alpha1_k = mean_alpha(glass->f);

	double decay = exp(-fmin(duration_s / time_s, EXPONENT_MAX));
	glass->strain *= decay;
	glass->frozen_gpa = mid_gpa + (glass->frozen_gpa - mid_gpa) * decay;

	const struct modes *modes = modes_get(true);
	double rejuvenation_k = REJUVENATION_K * glass->strain * (1 - exp(-mid_gpa / SATURATION_GPA));
	double g0 = target_beta(alpha0_k, e0, rejuvenation_k), g1 = target_beta(alpha1_k, e1, rejuvenation_k);
	double beta_s = time_beta(mid_k, time_s);
	for (int i = 0; i < GLASS_BETA; i++)
		glass->u[i] = relax(glass->u[i], g0, g1, duration_s / (modes->factor[i] * beta_s));
}

void glass_ramp(struct glass *glass, double from_k, double to_k, double rate_k_per_s, double gpa,
		double step_k)
{
	int steps = (int)fmax(ceil(fabs(to_k - from_k) / step_k), 1);
	double each_s = fmax(fabs(to_k - from_k) / steps / rate_k_per_s, 1e-12);
	for (int i = 0; i < steps; i++) {
		double a = from_k + (to_k - from_k) * i / steps,
		       b = from_k + (to_k - from_k) * (i + 1) / steps;
		glass_step(glass, a, b, gpa, gpa, each_s);
	}
}

void glass_hold(struct glass *glass, double temperature_k, double gpa, double duration_s)
{
	double last_s = 0;
	for (int i = 0; i < 60; i++) {
		double next_s = duration_s * 1e-4 * pow(1e4, i / 59.0);
		glass_step(glass, temperature_k, temperature_k, gpa, gpa, next_s - last_s);
		last_s = next_s;
	}
}

void glass_press(struct glass *glass, double temperature_k, double from_gpa, double to_gpa,
		 double rate_gpa_per_s)
{
	int steps = (int)fmax(ceil(fabs(to_gpa - from_gpa) / 0.1), 1);
	double each_s = fmax(fabs(to_gpa - from_gpa) / steps / rate_gpa_per_s, 1e-9);
	for (int i = 0; i < steps; i++) {
		double a = from_gpa + (to_gpa - from_gpa) * i / steps;
		double b = from_gpa + (to_gpa - from_gpa) * (i + 1) / steps;
		glass_step(glass, temperature_k, temperature_k, a, b, each_s);
	}
}

void glass_init_liquid(struct glass *ret_glass, double temperature_k)
{
	*ret_glass = (struct glass){0};
	for (int i = 0; i < GLASS_ALPHA; i++)
		ret_glass->f[i] = temperature_k;
	for (int i = 0; i < GLASS_BETA; i++)
		ret_glass->u[i] = temperature_k;
}

void glass_init_as_spun(struct glass *ret_glass)
{
	glass_init_liquid(ret_glass, 1100);
	glass_ramp(ret_glass, 1100, 298, 3.4e4, 0, 2);
}

double glass_tf_k(const struct glass *glass)
{
	return (1 - BETA_SHARE) * mean_alpha(glass->f) + BETA_SHARE * mean_beta(glass->u);
}

double glass_q1(const struct glass *glass)
{
	return 2.6285 * (1 - 0.0017 * glass->strain) + 0.0008 * glass->frozen_gpa;
}

double glass_cp_glass(double temperature_k)
{
	return 24.5 + 6e-3 * (temperature_k - 600);
}

double glass_cp_step(double tf_k)
{
	return 16.0 - 8e-3 * (tf_k - 600);
}

int glass_scan(struct glass *glass, double rate_k_per_s, double from_k, double to_k, int capacity,
	       double *ret_temperature_k, double *ret_cp)
{
	const double step_k = 0.5;
	long count = lround((to_k - from_k) / step_k);
	if (count < 1 || count > capacity)
		return -ERANGE;
	double last_k = glass_tf_k(glass);
	for (int i = 0; i < count; i++) {
		double a = from_k + i * step_k;
		glass_step(glass, a, a + step_k, 0, 0, step_k / rate_k_per_s);
		double tf_k = glass_tf_k(glass);
		ret_temperature_k[i] = a + 0.5 * step_k;
		ret_cp[i] = glass_cp_glass(ret_temperature_k[i]) +
			    glass_cp_step(0.5 * (tf_k + last_k)) * (tf_k - last_k) / step_k;
		last_k = tf_k;
	}
	return (int)count;
}
