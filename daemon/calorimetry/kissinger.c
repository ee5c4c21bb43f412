/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/kissinger.h"

#include <errno.h>
#include <math.h>

#include <gsl/gsl_cdf.h>

#define SAME_RATE 0.02    /* rates closer than this are one rate */
#define RATE_SPAN_MIN 1.5 /* highest over lowest */
#define COLDEST_K 150.0
#define HOTTEST_K 2500.0
#define CELSIUS_SHARE 0.7 /* of Tg: a peak further below it was not in kelvin */

#define NORMAL_95 1.959964
#define FREEDOM_NORMAL 1e4 /* Student's t is normal long before */

enum { WEIGHT_ROUNDS = 8, SCATTER_ROUNDS = 60 };

/* A straight line v = a + m u through n weighted points. */
struct regression {
	double slope, intercept, slope_se, r2, mean_u, suu, residual_sd, mean_weight;
	double freedom; /* of slope_se, for Student's t */
};

enum form { FORM_KISSINGER, FORM_MOYNIHAN, FORM_STARINK };

/* The usable rows. */
struct table {
	struct kissinger_point rows[KISSINGER_POINTS_MAX];
	double weight[KISSINGER_POINTS_MAX];
	size_t count;
};

static double ordinate(const struct kissinger_point *point, enum form form)
{
	double power = form == FORM_KISSINGER ? 2 : form == FORM_STARINK ? 1.92 : 0;

	return log(point->rate_k_per_s) - power * log(point->tp_k);
}

/* Least squares without row @left_out (>= count: all); @weights NULL: ordinary. */
static struct regression regress(const struct table *table, enum form form, const double *weights,
				 size_t left_out)
{
	double sum = 0, u = 0, v = 0, suu = 0, suv = 0, svv = 0, rest = 0, n = 0;
	struct regression fit;

	for (size_t i = 0; i < table->count; i++) {
		double w = i == left_out ? 0 : weights ? weights[i] : 1;

		n += i != left_out;
		sum += w;
		u += w / table->rows[i].tp_k;
		v += w * ordinate(&table->rows[i], form);
	}
	u /= sum;
	v /= sum;
	for (size_t i = 0; i < table->count; i++) {
		double w = i == left_out ? 0 : weights ? weights[i] : 1;
		double du = 1 / table->rows[i].tp_k - u, dv = ordinate(&table->rows[i], form) - v;

		suu += w * du * du;
		suv += w * du * dv;
		svv += w * dv * dv;
	}
	fit.slope = suv / suu;
	rest = fmax(0, svv - suv * fit.slope);
	fit.intercept = v - fit.slope * u;
	fit.mean_u = u;
	fit.suu = suu;
	fit.mean_weight = sum / n;
	fit.r2 = svv > 0 ? 1 - rest / svv : NAN;
	fit.residual_sd = n > 2 ? sqrt(rest / (n - 2)) : NAN;
	fit.slope_se = fit.residual_sd / sqrt(suu);
	fit.freedom = n - 2;
	return fit;
}

/*
 * Effective variance: an error of Tp moves ordinate and abscissa together, the residual by
 * dr/dTp = -2/Tp + m/Tp^2. @scatter2: of the ordinate, which all rows have beside their own errors.
 */
static struct regression regress_effective(struct table *table, double slope, double scatter2)
{
	for (size_t i = 0; i < table->count; i++) {
		double tp = table->rows[i].tp_k, moved = (slope / tp - 2) / tp * table->rows[i].tp_sd_k;

		table->weight[i] = 1 / (moved * moved + scatter2);
	}
	return regress(table, FORM_KISSINGER, table->weight, table->count);
}

/* By halving below @most2; 0 where the errors of the rows explain their residuals (Mandel and Paule 1970). */
static double find_scatter2(struct table *table, double slope, double most2)
{
	double low = 0, high = most2;

	if (!(regress_effective(table, slope, 0).residual_sd > 1))
		return 0;
	for (int round = 0; round < SCATTER_ROUNDS; round++) {
		double middle = 0.5 * (low + high);
		bool too_little = regress_effective(table, slope, middle).residual_sd > 1;

		*(too_little ? &low : &high) = middle;
	}
	return high;
}

/*
 * Sections differ by more than the noise of their peaks: what the residuals show beyond the stated errors is
 * added to all rows alike, or the quietest scans would be believed beyond reason. Where it is all, this is
 * the ordinary fit. The stated errors are known, the scatter is found from n - 2 residuals: Welch's degrees
 * of freedom.
 */
static struct regression regress_weighted(struct table *table)
{
	struct regression fit = regress(table, FORM_KISSINGER, NULL, table->count);
	double scatter2 = 0, most2 = fit.residual_sd * fit.residual_sd * (double)table->count;

	for (int round = 0; round < WEIGHT_ROUNDS; round++) {
		scatter2 = find_scatter2(table, fit.slope, most2);
		fit = regress_effective(table, fit.slope, scatter2);
	}
	fit.slope_se = 1 / sqrt(fit.suu);
	fit.freedom = scatter2 > 0 ? fit.freedom : FREEDOM_NORMAL;
	return fit;
}

static int check_row(const struct kissinger_point *point, size_t row, double tg_k, char *why)
{
	double rate = point->rate_k_per_s, tp = point->tp_k;

	if (!(rate > 0 && isfinite(rate)))
		return refusal_say(why, REFUSAL_BAD_VALUE,
				   "row %zu: the heating rate %g is not a positive number", row, rate);
	if (isnan(tp))
		return 0;
	if (tp < COLDEST_K && rate >= COLDEST_K && rate <= HOTTEST_K && tp > 0)
		return refusal_say(why, REFUSAL_COLUMNS_SWAPPED,
				   "row %zu: a peak at %g K scanned at %g K/s: rate and Tp look swapped", row,
				   tp, rate);
	if (!(tp >= COLDEST_K && tp <= HOTTEST_K))
		return refusal_say(why, REFUSAL_BAD_VALUE,
				   "row %zu: Tp = %g K; allowed is 150 to 2500 K (Celsius goes in Tp_C)", row,
				   tp);
	if (!isnan(tg_k) && tp < CELSIUS_SHARE * tg_k)
		return refusal_say(
			why, REFUSAL_BAD_VALUE,
			"row %zu: Tp = %g K lies far below Tg = %g K; is it Celsius? That goes in Tp_C", row,
			tp, tg_k);
	if (!isnan(point->tp_sd_k) && !(point->tp_sd_k > 0 && isfinite(point->tp_sd_k)))
		return refusal_say(why, REFUSAL_BAD_VALUE, "row %zu: sTp = %g K is not a positive number",
				   row, point->tp_sd_k);
	return 0;
}

static uint32_t distinct_rates(const struct table *table)
{
	uint32_t count = 0;

	for (size_t i = 0; i < table->count; i++) {
		double rate = table->rows[i].rate_k_per_s;
		bool seen = false;

		for (size_t j = 0; j < i && !seen; j++)
			seen = fabs(rate - table->rows[j].rate_k_per_s) <= SAME_RATE * rate;
		count += !seen;
	}
	return count;
}

static void rate_range(const struct table *table, double *ret_low, double *ret_high)
{
	*ret_low = INFINITY;
	*ret_high = 0;
	for (size_t i = 0; i < table->count; i++) {
		*ret_low = fmin(*ret_low, table->rows[i].rate_k_per_s);
		*ret_high = fmax(*ret_high, table->rows[i].rate_k_per_s);
	}
}

static bool peaks_differ(const struct table *table)
{
	for (size_t i = 1; i < table->count; i++)
		if (table->rows[i].tp_k != table->rows[0].tp_k)
			return true;
	return false;
}

static int check_table(const struct table *table, struct kissinger_result *result)
{
	double low, high;

	result->n = (uint32_t)table->count;
	result->n_rates = distinct_rates(table);
	rate_range(table, &low, &high);
	if (table->count == 0 && result->n_without_peak == 1)
		return refusal_say(result->why, REFUSAL_NO_PEAK, "the only row has no peak temperature");
	if (table->count == 0 && result->n_without_peak > 0)
		return refusal_say(result->why, REFUSAL_NO_PEAK, "none of the %u rows has a peak temperature",
				   result->n_without_peak);
	if (result->n_rates < 3)
		return refusal_say(result->why, REFUSAL_TOO_FEW_RATES,
				   "%u row%s with a peak, at %u distinct rate%s; at least 3 rates are needed",
				   result->n, result->n == 1 ? "" : "s", result->n_rates,
				   result->n_rates == 1 ? "" : "s");
	if (high < RATE_SPAN_MIN * low)
		return refusal_say(
			result->why, REFUSAL_RATE_SPAN,
			"the rates go from %g to %g K/s; they must span a factor of %g or the slope is noise",
			low, high, RATE_SPAN_MIN);
	if (!peaks_differ(table))
		return refusal_say(result->why, REFUSAL_BAD_VALUE,
				   "all peaks lie at %g K: no slope; were the scans corrected twice?",
				   table->rows[0].tp_k);
	return 0;
}

static int collect(const struct kissinger_point *points, size_t count, double tg_k, struct table *table,
		   struct kissinger_result *result)
{
	bool weighted = true;

	if (!isnan(tg_k) && !(tg_k >= COLDEST_K && tg_k <= HOTTEST_K))
		return refusal_say(result->why, REFUSAL_BAD_VALUE, "Tg = %g K; allowed is 150 to 2500 K",
				   tg_k);
	for (size_t i = 0; i < count; i++) {
		int r = check_row(&points[i], i + 1, tg_k, result->why);

		if (r)
			return r;
		if (isnan(points[i].tp_k)) {
			result->n_without_peak++;
			continue;
		}
		weighted = weighted && !isnan(points[i].tp_sd_k);
		table->rows[table->count++] = points[i];
	}
	result->weighted = weighted && table->count > 0;
	return check_table(table, result);
}

static double to_kj(double slope)
{
	return -slope * KISSINGER_R_J_PER_MOL_K / 1000;
}

static void report_range(const struct table *table, struct kissinger_result *result)
{
	if (table->count < 4)
		return;
	for (size_t i = 0; i < table->count; i++) {
		struct regression fit =
			regress(table, FORM_KISSINGER, result->weighted ? table->weight : NULL, i);
		double ea = to_kj(fit.slope);

		if (!isfinite(ea))
			continue;
		result->leave_one_out_kj_per_mol[0] = fmin(result->leave_one_out_kj_per_mol[0], ea);
		result->leave_one_out_kj_per_mol[1] = fmax(result->leave_one_out_kj_per_mol[1], ea);
	}
}

/*
 * One more row of average weight at u widens suu by w n/(n+1) (u - mean)^2; its Tp is where the line puts it.
 * The scatter and the common errors stay as they are, the t quantile gains one degree of freedom.
 */
static void report_next(const struct table *table, const struct regression *fit,
			struct kissinger_result *result)
{
	double low, high, n = (double)table->count, sd = result->ea_se_kj_per_mol * sqrt(fit->suu);
	double t = gsl_cdf_tdist_Pinv(0.975, fit->freedom + 1);

	rate_range(table, &low, &high);
	for (int i = 0; i < 2; i++) {
		double rate = i ? 2 * high : low / 2, tp = 1 / fit->mean_u, off, half;

		for (int round = 0; round < 20; round++)
			tp = fit->slope / (log(rate / (tp * tp)) - fit->intercept);
		off = 1 / tp - fit->mean_u;
		half = t * sd / sqrt(fit->suu + fit->mean_weight * n / (n + 1) * off * off);
		half = hypot(half, NORMAL_95 * hypot(result->ea_lag_sd_kj_per_mol,
						     result->ea_calibration_sd_kj_per_mol));
		if (isfinite(half) && !(half >= result->next_half_width_kj_per_mol)) {
			result->next_half_width_kj_per_mol = half;
			result->next_rate_k_per_s = rate;
		}
	}
}

static void report_class(double tg_k, struct kissinger_result *result)
{
	double unit = KISSINGER_R_J_PER_MOL_K * tg_k / 1000;

	if (isnan(tg_k))
		return;
	result->ea_over_rtg = result->ea_kj_per_mol / unit;
	for (int i = 0; i < 2; i++)
		result->ea_ci95_over_rtg[i] = result->ea_ci95_kj_per_mol[i] / unit;
	result->class = KISSINGER_CLASS_UNDECIDED;
	if (result->ea_ci95_over_rtg[0] > KISSINGER_ALPHA_RTG)
		result->class = KISSINGER_CLASS_ALPHA;
	else if (result->ea_ci95_over_rtg[1] < KISSINGER_ALPHA_RTG)
		result->class = KISSINGER_CLASS_BETA;
}

static struct regression regress_best(struct table *table, bool weighted)
{
	return weighted ? regress_weighted(table) : regress(table, FORM_KISSINGER, NULL, table->count);
}

/* By how much Ea moves when all peaks move by @lag_s times their rate and by @offset_k. */
static double moved_by(const struct table *table, const struct kissinger_result *result, double lag_s,
		       double offset_k)
{
	struct table moved = *table;

	for (size_t i = 0; i < moved.count; i++)
		moved.rows[i].tp_k -= lag_s * moved.rows[i].rate_k_per_s + offset_k;
	return fabs(to_kj(regress_best(&moved, result->weighted).slope) - result->ea_kj_per_mol);
}

static void report_interval(const struct table *table, const struct kissinger_options *options,
			    double freedom, struct kissinger_result *result)
{
	double half = gsl_cdf_tdist_Pinv(0.975, freedom) * result->ea_se_kj_per_mol;

	result->ea_lag_sd_kj_per_mol = moved_by(table, result, options->lag_sd_s, 0);
	result->ea_calibration_sd_kj_per_mol = moved_by(table, result, 0, options->calibration_sd_k);
	half = hypot(half,
		     NORMAL_95 * hypot(result->ea_lag_sd_kj_per_mol, result->ea_calibration_sd_kj_per_mol));
	result->ea_ci95_kj_per_mol[0] = result->ea_kj_per_mol - half;
	result->ea_ci95_kj_per_mol[1] = result->ea_kj_per_mol + half;
}

static void report_fit(struct table *table, const struct kissinger_options *options,
		       struct kissinger_result *result)
{
	struct regression ordinary = regress(table, FORM_KISSINGER, NULL, table->count);
	struct regression fit = regress_best(table, result->weighted);

	result->ols_kj_per_mol = to_kj(ordinary.slope);
	result->ols_se_kj_per_mol = ordinary.slope_se * KISSINGER_R_J_PER_MOL_K / 1000;
	result->ea_kj_per_mol = to_kj(fit.slope);
	result->ea_se_kj_per_mol = fit.slope_se * KISSINGER_R_J_PER_MOL_K / 1000;
	report_interval(table, options, fit.freedom, result);
	result->intercept = fit.intercept;
	result->r2 = fit.r2;
	result->moynihan_kj_per_mol = to_kj(regress(table, FORM_MOYNIHAN, NULL, table->count).slope);
	result->ozawa_kj_per_mol = result->moynihan_kj_per_mol / 1.052;
	result->starink_kj_per_mol = to_kj(regress(table, FORM_STARINK, NULL, table->count).slope) / 1.0008;
	report_class(options->tg_k, result);
	report_range(table, result);
	report_next(table, &fit, result);
}

static void result_blank(struct kissinger_result *result)
{
	*result = (struct kissinger_result){.class = KISSINGER_CLASS_NONE};
	result->ea_kj_per_mol = result->ea_se_kj_per_mol = result->ea_over_rtg = result->intercept =
		result->r2 = NAN;
	result->moynihan_kj_per_mol = result->starink_kj_per_mol = result->ozawa_kj_per_mol = NAN;
	result->ea_lag_sd_kj_per_mol = result->ea_calibration_sd_kj_per_mol = NAN;
	result->ols_kj_per_mol = result->ols_se_kj_per_mol = NAN;
	result->next_rate_k_per_s = result->next_half_width_kj_per_mol = NAN;
	for (int i = 0; i < 2; i++)
		result->ea_ci95_kj_per_mol[i] = result->ea_ci95_over_rtg[i] =
			result->leave_one_out_kj_per_mol[i] = NAN;
}

int kissinger_fit(const struct kissinger_point *points, size_t count, const struct kissinger_options *options,
		  struct kissinger_result *ret_result)
{
	struct kissinger_result result;
	struct table table = {.count = 0};
	int r;

	if (count > KISSINGER_POINTS_MAX)
		return -EINVAL;
	result_blank(&result);
	r = collect(points, count, options->tg_k, &table, &result);
	if (r == 0)
		report_fit(&table, options, &result);
	result.refusal = (enum refusal)r;
	*ret_result = result;
	return r;
}

const char *kissinger_class_name(enum kissinger_class class)
{
	switch (class) {
	case KISSINGER_CLASS_NONE:
		return "";
	case KISSINGER_CLASS_ALPHA:
		return "alpha";
	case KISSINGER_CLASS_BETA:
		return "beta";
	case KISSINGER_CLASS_UNDECIDED:
		return "undecided";
	}
	return "";
}
