/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/lag.h"

#include <errno.h>
#include <math.h>

#include <gsl/gsl_cdf.h>

#define SAME_RATE 0.02    /* rates closer than this are one rate */
#define RATE_SPAN_MIN 1.5 /* highest over lowest */
#define OFF_MAX_K 50.0    /* of one onset: beyond, it is another standard, or Celsius */

enum { RATES_MIN = 3 };

static int check_row(const struct lag_point *point, size_t row, double melting_k, char *why)
{
	if (!(point->rate_k_per_s > 0 && isfinite(point->rate_k_per_s)))
		return refusal_say(why, REFUSAL_BAD_VALUE,
				   "row %zu: the heating rate %g is not a positive number", row,
				   point->rate_k_per_s);
	if (!isnan(point->onset_k) && !(fabs(point->onset_k - melting_k) <= OFF_MAX_K))
		return refusal_say(why, REFUSAL_BAD_VALUE,
				   "row %zu: an onset at %g K; the standard melts at %g K, more than %g K "
				   "away (Celsius goes in onset_C)",
				   row, point->onset_k, melting_k, OFF_MAX_K);
	return 0;
}

static uint32_t distinct_rates(const struct lag_point *points, size_t count)
{
	uint32_t distinct = 0;

	for (size_t i = 0; i < count; i++) {
		double rate = points[i].rate_k_per_s;
		bool seen = isnan(points[i].onset_k);

		for (size_t j = 0; j < i && !seen; j++)
			seen = !isnan(points[j].onset_k) &&
			       fabs(rate - points[j].rate_k_per_s) <= SAME_RATE * rate;
		distinct += !seen;
	}
	return distinct;
}

static int check_table(const struct lag_point *points, size_t count, struct lag_result *result)
{
	double low = INFINITY, high = 0;

	for (size_t i = 0; i < count; i++) {
		if (isnan(points[i].onset_k))
			continue;
		result->n++;
		low = fmin(low, points[i].rate_k_per_s);
		high = fmax(high, points[i].rate_k_per_s);
	}
	result->n_rates = distinct_rates(points, count);
	if (result->n_rates < RATES_MIN)
		return refusal_say(
			result->why, REFUSAL_TOO_FEW_RATES,
			"%u row%s with an onset, at %u distinct rate%s; at least %d rates are needed",
			result->n, result->n == 1 ? "" : "s", result->n_rates,
			result->n_rates == 1 ? "" : "s", RATES_MIN);
	if (high < RATE_SPAN_MIN * low)
		return refusal_say(
			result->why, REFUSAL_RATE_SPAN,
			"the rates go from %g to %g K/s; they must span a factor of %g or the slope is noise",
			low, high, RATE_SPAN_MIN);
	return 0;
}

static void fit(const struct lag_point *points, size_t count, double melting_k, struct lag_result *result)
{
	double n = result->n, mean_rate = 0, mean_k = 0, sxx = 0, sxy = 0, syy = 0, half;

	for (size_t i = 0; i < count; i++) {
		if (isnan(points[i].onset_k))
			continue;
		mean_rate += points[i].rate_k_per_s / n;
		mean_k += (points[i].onset_k - melting_k) / n;
	}
	for (size_t i = 0; i < count; i++) {
		double x = points[i].rate_k_per_s - mean_rate, y = points[i].onset_k - melting_k - mean_k;

		if (isnan(y))
			continue;
		sxx += x * x;
		sxy += x * y;
		syy += y * y;
	}
	result->lag_s = sxy / sxx;
	result->offset_k = mean_k - result->lag_s * mean_rate;
	result->residual_sd_k = sqrt(fmax(0, syy - sxy * result->lag_s) / (n - 2));
	result->lag_se_s = result->residual_sd_k / sqrt(sxx);
	result->offset_se_k = result->residual_sd_k * sqrt(1 / n + mean_rate * mean_rate / sxx);
	half = gsl_cdf_tdist_Pinv(0.975, n - 2) * result->lag_se_s;
	result->lag_ci95_s[0] = result->lag_s - half;
	result->lag_ci95_s[1] = result->lag_s + half;
}

int lag_fit(const struct lag_point *points, size_t count, double melting_k, struct lag_result *ret_result)
{
	struct lag_result result = {.lag_s = NAN,
				    .lag_se_s = NAN,
				    .lag_ci95_s = {NAN, NAN},
				    .offset_k = NAN,
				    .offset_se_k = NAN,
				    .residual_sd_k = NAN};
	int r = 0;

	if (count > LAG_POINTS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < count && r == 0; i++)
		r = check_row(&points[i], i + 1, melting_k, result.why);
	if (r == 0)
		r = check_table(points, count, &result);
	if (r == 0)
		fit(points, count, melting_k, &result);
	result.refusal = (enum refusal)r;
	*ret_result = result;
	return r;
}
