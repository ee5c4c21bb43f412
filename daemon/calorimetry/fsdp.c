/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/fsdp.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/calorimetry/least_squares.h"

#define NAN_SHARE_MAX 0.1
#define SMOOTH_HALF 2   /* points to each side of the mean that finds the top */
#define BELOW_TO_END 3  /* points in a row below the threshold end the upper part */
#define SIGNIFICANT 5.0 /* heights over noise */

enum parameter { Q1, WIDTH, AREA, Y0, PARAMETERS };

/* The usable rows. */
struct peak {
	double *q, *y;
	size_t count;
	size_t top, first, last; /* of the upper part */
	double base, height;
};

void fsdp_options_default(struct fsdp_options *ret_options)
{
	*ret_options = (struct fsdp_options){.range = {NAN, NAN}, .upper_part = 0.5};
}

static void result_blank(struct fsdp_result *result)
{
	*result = (struct fsdp_result){.q1_per_angstrom = NAN,
				       .q1_sd_per_angstrom = NAN,
				       .fwhm_per_angstrom = NAN,
				       .fwhm_sd_per_angstrom = NAN,
				       .area = NAN,
				       .area_sd = NAN,
				       .y0 = NAN,
				       .y0_sd = NAN,
				       .fitted_range = {NAN, NAN},
				       .residual_sd = NAN};
}

static bool in_range(double q, const double range[2])
{
	return !(q < range[0]) && !(q > range[1]);
}

static int check_options(const struct fsdp_options *options, char *why)
{
	if (options->range[0] >= options->range[1])
		return refusal_say(why, REFUSAL_BAD_VALUE,
				   "the range %g to %g 1/A does not go from low to high", options->range[0],
				   options->range[1]);
	if (!(options->upper_part >= 0.1 && options->upper_part <= 0.9))
		return refusal_say(why, REFUSAL_BAD_VALUE, "the upper part %g is not within 0.1 to 0.9",
				   options->upper_part);
	return 0;
}

/* Copies the finite rows inside the range. */
static int take_rows(const double *q, const double *y, size_t count, const struct fsdp_options *options,
		     struct peak *peak, char *why)
{
	size_t bad = 0;

	for (size_t i = 0; i < count; i++) {
		if (!isfinite(q[i]) || !isfinite(y[i])) {
			bad++;
			continue;
		}
		if (!in_range(q[i], options->range))
			continue;
		if (peak->count && q[i] <= peak->q[peak->count - 1])
			return refusal_say(why, REFUSAL_NOT_MONOTONIC,
					   "q does not rise at row %zu (%g after %g 1/A)", i + 1, q[i],
					   peak->q[peak->count - 1]);
		peak->q[peak->count] = q[i];
		peak->y[peak->count++] = y[i];
	}
	if ((double)bad > NAN_SHARE_MAX * (double)count)
		return refusal_say(why, REFUSAL_NAN_FRACTION,
				   "%zu of %zu rows are not numbers; 10 %% are borne", bad, count);
	if (peak->count < FSDP_POINTS_MIN)
		return refusal_say(why, REFUSAL_TOO_FEW_POINTS, "%zu points in the range; %d are needed",
				   peak->count, FSDP_POINTS_MIN);
	return 0;
}

static double smooth_at(const struct peak *peak, size_t i)
{
	double sum = 0;

	for (size_t k = i - SMOOTH_HALF; k <= i + SMOOTH_HALF; k++)
		sum += peak->y[k];
	return sum / (2 * SMOOTH_HALF + 1);
}

/* Standard deviation of one point, from second differences: slopes and curvature drop out. */
static double noise_of(const struct peak *peak)
{
	double sum = 0;

	for (size_t i = 1; i + 1 < peak->count; i++) {
		double second = peak->y[i - 1] - 2 * peak->y[i] + peak->y[i + 1];

		sum += second * second / 6;
	}
	return sqrt(sum / (double)(peak->count - 2));
}

static int find_top(struct peak *peak, char *why)
{
	double best = -INFINITY, left = INFINITY, right = INFINITY, higher_foot;

	for (size_t i = SMOOTH_HALF; i + SMOOTH_HALF < peak->count; i++)
		if (smooth_at(peak, i) > best) {
			best = smooth_at(peak, i);
			peak->top = i;
		}
	for (size_t i = SMOOTH_HALF; i + SMOOTH_HALF < peak->count; i++) {
		double *side = i <= peak->top ? &left : &right;

		*side = fmin(*side, smooth_at(peak, i));
	}
	peak->base = fmin(left, right); /* the lower foot: the better estimate of what the peak stands on */
	peak->height = best - peak->base;
	higher_foot = fmin(fmax(left, right), best);
	if (!(peak->height > 0))
		return refusal_say(why, REFUSAL_CONSTANT_SIGNAL, "the intensity does not vary");
	if (best - higher_foot < 0.1 * peak->height || best - higher_foot < SIGNIFICANT * noise_of(peak))
		return refusal_say(
			why, REFUSAL_NO_PEAK,
			"no peak with both flanks between %g and %g 1/A: the highest point lies at %g",
			peak->q[0], peak->q[peak->count - 1], peak->q[peak->top]);
	return 0;
}

/* The end of the upper part from the top on, stepwise by @step. */
static size_t walk_down(const struct peak *peak, double threshold, int step)
{
	size_t at = peak->top, end = peak->top;
	int below = 0;

	while (below < BELOW_TO_END && !(step < 0 && at == 0) && !(step > 0 && at + 1 == peak->count)) {
		at = step > 0 ? at + 1 : at - 1;
		below = peak->y[at] < threshold ? below + 1 : 0;
		if (below == 0)
			end = at;
	}
	return end;
}

static int take_upper_part(struct peak *peak, const struct fsdp_options *options, char *why)
{
	double threshold = peak->base + (1 - options->upper_part) * peak->height;

	peak->first = walk_down(peak, threshold, -1);
	peak->last = walk_down(peak, threshold, 1);
	if (peak->last - peak->first + 1 < FSDP_POINTS_MIN)
		return refusal_say(why, REFUSAL_TOO_FEW_POINTS,
				   "only %zu points in the upper part of the peak at %g 1/A; %d are needed",
				   peak->last - peak->first + 1, peak->q[peak->top], FSDP_POINTS_MIN);
	return 0;
}

static double gauss_residual(const double *parameters, size_t point, const void *data)
{
	const struct peak *peak = data;
	double u = (peak->q[peak->first + point] - parameters[Q1]) / parameters[WIDTH];
	double top = parameters[AREA] / (parameters[WIDTH] * sqrt(M_PI / (4 * M_LN2)));

	return parameters[Y0] + top * exp(-4 * M_LN2 * u * u) - peak->y[peak->first + point];
}

static int fit_peak(const struct peak *peak, struct fsdp_result *result)
{
	double width = peak->q[peak->last] - peak->q[peak->first];
	const double typical[PARAMETERS] = {
		[Q1] = width, [WIDTH] = width, [AREA] = peak->height * width, [Y0] = peak->height};
	const struct least_squares problem = {.points = peak->last - peak->first + 1,
					      .parameters = PARAMETERS,
					      .residual = gauss_residual,
					      .data = peak,
					      .typical = typical};
	double parameters[PARAMETERS] = {[Q1] = peak->q[peak->top],
					 [WIDTH] = width,
					 [AREA] = peak->height * width * sqrt(M_PI / (4 * M_LN2)),
					 [Y0] = peak->base};
	double sd[PARAMETERS];
	int r = least_squares_fit(&problem, parameters, sd, &result->residual_sd);

	if (r < 0)
		return r;
	if (r || !(parameters[AREA] * parameters[WIDTH] > 0) ||
	    !in_range(parameters[Q1], (double[]){peak->q[peak->first], peak->q[peak->last]}))
		return refusal_say(result->why, REFUSAL_NO_PEAK,
				   "the top between %g and %g 1/A is no Gaussian peak: the fit finds none",
				   peak->q[peak->first], peak->q[peak->last]);
	result->q1_per_angstrom = parameters[Q1];
	result->q1_sd_per_angstrom = sd[Q1];
	result->fwhm_per_angstrom = fabs(parameters[WIDTH]);
	result->fwhm_sd_per_angstrom = sd[WIDTH];
	result->area = fabs(parameters[AREA]);
	result->area_sd = sd[AREA];
	result->y0 = parameters[Y0];
	result->y0_sd = sd[Y0];
	result->fitted_range[0] = peak->q[peak->first];
	result->fitted_range[1] = peak->q[peak->last];
	result->points = problem.points;
	return 0;
}

int fsdp_fit(const double *q_per_angstrom, const double *intensity, size_t count,
	     const struct fsdp_options *options, struct fsdp_result *ret_result)
{
	struct fsdp_result result;
	struct peak peak = {0};
	int r;

	result_blank(&result);
	peak.q = malloc((2 * count + 1) * sizeof(*peak.q));
	if (!peak.q)
		return -ENOMEM;
	peak.y = peak.q + count;
	r = check_options(options, result.why);
	if (r == 0)
		r = take_rows(q_per_angstrom, intensity, count, options, &peak, result.why);
	if (r == 0)
		r = find_top(&peak, result.why);
	if (r == 0)
		r = take_upper_part(&peak, options, result.why);
	if (r == 0)
		r = fit_peak(&peak, &result);
	free(peak.q);
	if (r < 0)
		return r;
	result.refusal = (enum refusal)r;
	*ret_result = result;
	return r;
}

void fsdp_relative_cube(double q1, double q1_sd, double q1_ref, double q1_ref_sd, double *ret_ratio,
			double *ret_sd)
{
	double ratio = pow(q1 / q1_ref, 3);

	*ret_ratio = ratio;
	*ret_sd = 3 * ratio * hypot(q1_sd / q1, q1_ref_sd / q1_ref);
}
