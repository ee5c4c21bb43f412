/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/eos.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>

#include <gsl/gsl_cdf.h>

#include "daemon/calorimetry/least_squares.h"

#define K_START_GPA 100.0
#define COMPRESSION_MAX 3.0 /* V0/V; no solid at these pressures comes near */
#define BISECTIONS 80
#define CI95 0.975
#define SPAN_MIN 0.001 /* of the cube: less compression says nothing of K */

enum parameter { LOG_K, LOG_CUBE0, K_PRIME, PARAMETERS };

struct table {
	const struct eos_point *points;
	double k_prime; /* NAN: fitted */
	bool weighted;
};

void eos_options_default(struct eos_options *ret_options)
{
	*ret_options = (struct eos_options){.k_prime = 4};
}

double eos_pressure_gpa(double c, double k_gpa, double k_prime)
{
	double third = cbrt(c), fifth = third * third * third * third * third;

	return 1.5 * k_gpa * fifth * (third * third - 1) * (1 + 0.75 * (k_prime - 4) * (third * third - 1));
}

double eos_compression(double pressure_gpa, double k_gpa, double k_prime)
{
	double low = 1, high = 1;

	if (!(pressure_gpa >= 0 && k_gpa > 0))
		return NAN;
	/* the first crossing: with K' below 4 the curve turns down again far out */
	while (eos_pressure_gpa(high, k_gpa, k_prime) < pressure_gpa) {
		low = high;
		high *= 1.02;
		if (high > COMPRESSION_MAX)
			return NAN;
	}
	for (int i = 0; i < BISECTIONS; i++) {
		double middle = 0.5 * (low + high);

		if (eos_pressure_gpa(middle, k_gpa, k_prime) < pressure_gpa)
			low = middle;
		else
			high = middle;
	}
	return 0.5 * (low + high);
}

/* Of the logarithm of the cube, so that neither its unit nor its size matters. */
static double residual(const double *parameters, size_t point, const void *data)
{
	const struct table *table = data;
	const struct eos_point *row = &table->points[point];
	double k_prime = isnan(table->k_prime) ? parameters[K_PRIME] : table->k_prime;
	double c = eos_compression(row->pressure_gpa, exp(parameters[LOG_K]), k_prime);
	double difference = parameters[LOG_CUBE0] + log(c) - log(row->cube);

	return table->weighted ? difference * row->cube / row->cube_sd : difference;
}

static int check_points(const struct eos_point *points, size_t count, size_t needed, char *why)
{
	double low = INFINITY, high = 0, p_low = INFINITY, p_high = 0;

	if (count > EOS_POINTS_MAX || count < needed)
		return refusal_say(why, REFUSAL_TOO_FEW_POINTS, "%zu rows; %zu to %d are needed", count,
				   needed, EOS_POINTS_MAX);
	for (size_t i = 0; i < count; i++) {
		if (!(points[i].pressure_gpa >= 0 && points[i].pressure_gpa < 1000))
			return refusal_say(why, REFUSAL_BAD_VALUE,
					   "row %zu: the pressure %g GPa is not within 0 to 1000", i + 1,
					   points[i].pressure_gpa);
		if (!(points[i].cube > 0 && isfinite(points[i].cube)))
			return refusal_say(why, REFUSAL_BAD_VALUE,
					   "row %zu: the compression %g is not a positive number", i + 1,
					   points[i].cube);
		if (!isnan(points[i].cube_sd) && !(points[i].cube_sd > 0))
			return refusal_say(why, REFUSAL_BAD_VALUE,
					   "row %zu: the error %g is not a positive number", i + 1,
					   points[i].cube_sd);
		low = fmin(low, points[i].cube);
		high = fmax(high, points[i].cube);
		p_low = fmin(p_low, points[i].pressure_gpa);
		p_high = fmax(p_high, points[i].pressure_gpa);
	}
	if (!(p_high > p_low) || high - low < SPAN_MIN * low)
		return refusal_say(
			why, REFUSAL_CONSTANT_SIGNAL,
			"the rows span %g GPa and %.3f %% of compression: too little for a modulus",
			p_high - p_low, 100 * (high / low - 1));
	return 0;
}

static bool all_have_errors(const struct eos_point *points, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (isnan(points[i].cube_sd))
			return false;
	return true;
}

static double cube_at_least_pressure(const struct eos_point *points, size_t count)
{
	const struct eos_point *least = points;

	for (size_t i = 1; i < count; i++)
		if (points[i].pressure_gpa < least->pressure_gpa)
			least = &points[i];
	return least->cube;
}

static void fill(struct eos_result *result, const struct table *table, const double *parameters,
		 const double *sd, double residual_sd, size_t used)
{
	double t = gsl_cdf_tdist_Pinv(CI95, (double)(result->n - used));

	result->k_gpa = exp(parameters[LOG_K]);
	result->k_sd_gpa = result->k_gpa * sd[LOG_K];
	result->k_ci95_gpa[0] = result->k_gpa - t * result->k_sd_gpa;
	result->k_ci95_gpa[1] = result->k_gpa + t * result->k_sd_gpa;
	result->k_prime = isnan(table->k_prime) ? parameters[K_PRIME] : table->k_prime;
	result->k_prime_sd = isnan(table->k_prime) ? sd[K_PRIME] : NAN;
	result->cube0 = exp(parameters[LOG_CUBE0]);
	result->cube0_sd = result->cube0 * sd[LOG_CUBE0];
	result->residual_sd = table->weighted ? NAN : residual_sd;
}

int eos_fit(const struct eos_point *points, size_t count, const struct eos_options *options,
	    struct eos_result *ret_result)
{
	struct table table = {.points = points, .k_prime = options->k_prime};
	size_t used = isnan(options->k_prime) ? PARAMETERS : PARAMETERS - 1;
	double sd[PARAMETERS], residual_sd = NAN, parameters[PARAMETERS];
	struct eos_result result = {.k_gpa = NAN,
				    .k_sd_gpa = NAN,
				    .k_ci95_gpa = {NAN, NAN},
				    .k_prime = NAN,
				    .k_prime_sd = NAN,
				    .cube0 = NAN,
				    .cube0_sd = NAN,
				    .residual_sd = NAN,
				    .n = count};
	int r = check_points(points, count, used + 2 > EOS_POINTS_MIN ? used + 2 : EOS_POINTS_MIN,
			     result.why);

	if (r == 0) {
		const double typical[PARAMETERS] = {[LOG_K] = 1, [LOG_CUBE0] = 1, [K_PRIME] = 1};
		const struct least_squares problem = {.points = count,
						      .parameters = used,
						      .residual = residual,
						      .data = &table,
						      .typical = typical};

		table.weighted = all_have_errors(points, count);
		parameters[LOG_K] = log(K_START_GPA);
		parameters[LOG_CUBE0] = log(cube_at_least_pressure(points, count));
		parameters[K_PRIME] = 4;
		r = least_squares_fit(&problem, parameters, sd, &residual_sd);
		if (r < 0)
			return r;
		if (r)
			r = refusal_say(
				result.why, REFUSAL_BAD_VALUE,
				"the fit finds no modulus: the rows do not follow an equation of state");
		else
			fill(&result, &table, parameters, sd, residual_sd, used);
	}
	result.refusal = (enum refusal)r;
	*ret_result = result;
	return r;
}
