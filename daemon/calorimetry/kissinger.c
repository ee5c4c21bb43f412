/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/kissinger.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define CLASS_BORDER_RTG 35.0 /* between 28 R Tg (beta) and 42 R Tg (alpha) of the paper */
#define RATE_SPAN_MIN 1.5
#define TP_PLAUSIBLE_MIN_K 150.0
#define TP_PLAUSIBLE_MAX_K 3000.0

struct line {
	double slope, intercept, slope_se, r2;
};

const char *kissinger_class_name(enum kissinger_class class_of)
{
	return class_of == CLASS_ALPHA ? "alpha" : class_of == CLASS_BETA ? "beta" : "undecided";
}

/* Weighted line through n points, one of which (@skip, n for none) is left out. */
static struct line fit_line(const double *x, const double *y, const double *w, size_t n, size_t skip)
{
	double sw = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0, residual = 0;
	size_t used = 0;
	struct line line;

	for (size_t i = 0; i < n; i++) {
		if (i == skip)
			continue;
		sw += w[i];
		sx += w[i] * x[i];
		sy += w[i] * y[i];
		used++;
	}
	for (size_t i = 0; i < n; i++) {
		double dx = x[i] - sx / sw, dy = y[i] - sy / sw;

		if (i == skip)
			continue;
		sxx += w[i] * dx * dx;
		sxy += w[i] * dx * dy;
		syy += w[i] * dy * dy;
	}
	line.slope = sxy / sxx;
	line.intercept = (sy - line.slope * sx) / sw;
	residual = syy - line.slope * sxy;
	line.slope_se = used > 2 ? sqrt(fmax(residual, 0) / (double)(used - 2) / sxx) : NAN;
	line.r2 = syy > 0 ? 1 - residual / syy : NAN;
	return line;
}

static int refuse(struct kissinger_result *result, enum refusal refusal, const char *why)
{
	result->refusal = refusal;
	snprintf(result->why, sizeof(result->why), "%s", why);
	return 1;
}

static size_t count_rates(const struct kissinger_point *points, size_t n, double *ret_least,
			  double *ret_greatest)
{
	size_t distinct = 0;

	*ret_least = INFINITY;
	*ret_greatest = 0;
	for (size_t i = 0; i < n; i++) {
		bool seen = false;

		/* Two measured rates within 2 % were ordered as one. */
		for (size_t j = 0; j < i && !seen; j++)
			seen = fabs(points[j].rate_k_per_s / points[i].rate_k_per_s - 1) < 0.02;
		distinct += !seen;
		*ret_least = fmin(*ret_least, points[i].rate_k_per_s);
		*ret_greatest = fmax(*ret_greatest, points[i].rate_k_per_s);
	}
	return distinct;
}

static int check(const struct kissinger_point *points, size_t n, struct kissinger_result *result)
{
	double least, greatest;
	char why[REFUSAL_WHY];

	if (n > KISSINGER_POINTS_MAX)
		return refuse(result, REFUSAL_BAD_VALUE, "more than 512 points");
	for (size_t i = 0; i < n; i++) {
		if (!(points[i].rate_k_per_s > 0) || !isfinite(points[i].rate_k_per_s)) {
			snprintf(why, sizeof(why), "row %zu: the heating rate %g K/s must be positive", i + 1,
				 points[i].rate_k_per_s);
			return refuse(result, REFUSAL_BAD_VALUE, why);
		}
		if (!(points[i].tp_k >= TP_PLAUSIBLE_MIN_K && points[i].tp_k <= TP_PLAUSIBLE_MAX_K)) {
			snprintf(why, sizeof(why),
				 "row %zu: Tp = %g K is not a peak temperature in kelvin (150 to 3000); is "
				 "it degC?",
				 i + 1, points[i].tp_k);
			return refuse(result, REFUSAL_BAD_VALUE, why);
		}
	}
	result->n = n;
	result->n_rates = count_rates(points, n, &least, &greatest);
	if (result->n_rates < 3) {
		snprintf(why, sizeof(why), "%zu distinct heating rate%s: at least 3 are needed",
			 result->n_rates, result->n_rates == 1 ? "" : "s");
		return refuse(result, REFUSAL_TOO_FEW_RATES, why);
	}
	if (greatest / least < RATE_SPAN_MIN) {
		snprintf(why, sizeof(why), "the rates span a factor %.2f only: at least %.1f is needed",
			 greatest / least, RATE_SPAN_MIN);
		return refuse(result, REFUSAL_RATE_SPAN, why);
	}
	return 0;
}

/* Effective variance: the error of Tp as an error of y through the slope, dy/dTp = -2/Tp - slope/Tp^2. */
static bool set_weights(const struct kissinger_point *points, size_t n, double slope, double *w)
{
	for (size_t i = 0; i < n; i++)
		if (!(points[i].tp_sd_k > 0))
			return false;
	for (size_t i = 0; i < n; i++) {
		double t = points[i].tp_k, dy = (2 / t + slope / (t * t)) * points[i].tp_sd_k;

		w[i] = 1 / (dy * dy);
	}
	return true;
}

static void leave_one_out(const double *x, const double *y, const double *w, size_t n,
			  struct kissinger_result *result)
{
	result->loo_j_per_mol[0] = result->loo_j_per_mol[1] = NAN;
	if (n < 4)
		return;
	for (size_t i = 0; i < n; i++) {
		double ea = -fit_line(x, y, w, n, i).slope * GAS_CONSTANT;

		if (!isfinite(ea))
			continue;
		result->loo_j_per_mol[0] = fmin(result->loo_j_per_mol[0], ea);
		result->loo_j_per_mol[1] = fmax(result->loo_j_per_mol[1], ea);
	}
}

/* One more point at 1/Tp(rate) on the fitted line adds most to sum (x - mean)^2 where |x - mean| is greatest.
 */
static double next_rate(const struct kissinger_point *points, size_t n)
{
	double mean = 0;

	for (size_t i = 0; i < n; i++)
		mean += log(points[i].rate_k_per_s) / (double)n;
	return mean - log(100.0) > log(1000.0) - mean ? 100 : 1000;
}

static void beside(const struct kissinger_point *points, const double *x, const double *w, size_t n,
		   struct kissinger_result *result)
{
	double y[KISSINGER_POINTS_MAX];

	for (size_t i = 0; i < n; i++)
		y[i] = log(points[i].rate_k_per_s);
	result->moynihan_j_per_mol = -fit_line(x, y, w, n, n).slope * GAS_CONSTANT;
	result->ozawa_j_per_mol = result->moynihan_j_per_mol / 1.0516; /* Doyle's approximation */
	for (size_t i = 0; i < n; i++)
		y[i] = log(points[i].rate_k_per_s / pow(points[i].tp_k, 1.92));
	result->starink_j_per_mol = -fit_line(x, y, w, n, n).slope * GAS_CONSTANT / 1.0008;
}

static void classify(double tg_k, struct kissinger_result *result)
{
	double border = CLASS_BORDER_RTG * GAS_CONSTANT * tg_k;

	result->ea_over_rtg = NAN;
	if (!(tg_k > 0))
		return;
	result->ea_over_rtg = result->ea_j_per_mol / (GAS_CONSTANT * tg_k);
	if (result->ea_ci95_j_per_mol[0] > border)
		result->class_of = CLASS_ALPHA;
	else if (result->ea_ci95_j_per_mol[1] < border)
		result->class_of = CLASS_BETA;
}

int kissinger_fit(const struct kissinger_point *points, size_t n, double tg_k,
		  struct kissinger_result *ret_result)
{
	double x[KISSINGER_POINTS_MAX], y[KISSINGER_POINTS_MAX], w[KISSINGER_POINTS_MAX], t95;
	struct line line;

	memset(ret_result, 0, sizeof(*ret_result));
	if (check(points, n, ret_result))
		return 1;
	for (size_t i = 0; i < n; i++) {
		x[i] = 1 / points[i].tp_k;
		y[i] = log(points[i].rate_k_per_s / (points[i].tp_k * points[i].tp_k));
		w[i] = 1;
	}
	line = fit_line(x, y, w, n, n);
	for (int i = 0; i < 4 && set_weights(points, n, line.slope, w); i++) {
		line = fit_line(x, y, w, n, n);
		ret_result->weighted = 1;
	}
	if (!isfinite(line.slope) || !isfinite(line.slope_se))
		return refuse(ret_result, REFUSAL_BAD_VALUE, "all peaks lie at one temperature: no slope");
	t95 = gsl_cdf_tdist_Pinv(0.975, (double)(n - 2));
	ret_result->ea_j_per_mol = -line.slope * GAS_CONSTANT;
	ret_result->ea_se_j_per_mol = line.slope_se * GAS_CONSTANT;
	ret_result->ea_ci95_j_per_mol[0] = ret_result->ea_j_per_mol - t95 * ret_result->ea_se_j_per_mol;
	ret_result->ea_ci95_j_per_mol[1] = ret_result->ea_j_per_mol + t95 * ret_result->ea_se_j_per_mol;
	ret_result->intercept = line.intercept;
	ret_result->r2 = line.r2;
	leave_one_out(x, y, w, n, ret_result);
	ret_result->next_rate_k_per_s = next_rate(points, n);
	beside(points, x, w, n, ret_result);
	classify(tg_k, ret_result);
	return 0;
}
