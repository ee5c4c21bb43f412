/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/least_squares.h"

#include <errno.h>
#include <math.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_matrix.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_vector.h>

#define ITERATIONS_MAX 200
#define STEP_TOLERANCE 1e-10
#define GRADIENT_TOLERANCE 1e-12

#define DERIVATIVE_STEP 1e-5 /* of a parameter's typical size */

static void read_parameters(const struct least_squares *problem, const gsl_vector *x, double *ret_parameters)
{
	for (size_t i = 0; i < problem->parameters; i++)
		ret_parameters[i] = gsl_vector_get(x, i);
}

static int evaluate(const gsl_vector *x, void *data, gsl_vector *f)
{
	const struct least_squares *problem = data;
	double parameters[LEAST_SQUARES_PARAMETERS_MAX];

	read_parameters(problem, x, parameters);
	for (size_t i = 0; i < problem->points; i++) {
		double residual = problem->residual(parameters, i, problem->data);

		if (!isfinite(residual))
			return GSL_EDOM;
		gsl_vector_set(f, i, residual);
	}
	return GSL_SUCCESS;
}

/* Central differences. GSL's own step is a share of the parameter, and so nothing where that is near zero. */
static int differentiate(const gsl_vector *x, void *data, gsl_matrix *jacobian)
{
	const struct least_squares *problem = data;
	double parameters[LEAST_SQUARES_PARAMETERS_MAX];

	read_parameters(problem, x, parameters);
	for (size_t k = 0; k < problem->parameters; k++) {
		double at = parameters[k], step = DERIVATIVE_STEP * problem->typical[k];

		for (size_t i = 0; i < problem->points; i++) {
			double below, above;

			parameters[k] = at - step;
			below = problem->residual(parameters, i, problem->data);
			parameters[k] = at + step;
			above = problem->residual(parameters, i, problem->data);
			if (!isfinite(above - below))
				return GSL_EDOM;
			gsl_matrix_set(jacobian, i, k, (above - below) / (2 * step));
		}
		parameters[k] = at;
	}
	return GSL_SUCCESS;
}

static int read_solution(const struct least_squares *problem, gsl_multifit_nlinear_workspace *workspace,
			 gsl_matrix *covariance, double *parameters, double *ret_sd, double *ret_residual_sd)
{
	const gsl_vector *x = gsl_multifit_nlinear_position(workspace),
			 *f = gsl_multifit_nlinear_residual(workspace);
	double chi2 = 0, variance;

	if (gsl_multifit_nlinear_covar(gsl_multifit_nlinear_jac(workspace), 0, covariance))
		return LEAST_SQUARES_NOT_CONVERGED;
	for (size_t i = 0; i < problem->points; i++)
		chi2 += gsl_vector_get(f, i) * gsl_vector_get(f, i);
	variance = chi2 / (double)(problem->points - problem->parameters);
	for (size_t i = 0; i < problem->parameters; i++)
		if (!(gsl_matrix_get(covariance, i, i) > 0) || !isfinite(gsl_vector_get(x, i)))
			return LEAST_SQUARES_NOT_CONVERGED;
	for (size_t i = 0; i < problem->parameters; i++) {
		parameters[i] = gsl_vector_get(x, i);
		ret_sd[i] = sqrt(variance * gsl_matrix_get(covariance, i, i));
	}
	*ret_residual_sd = sqrt(variance);
	return LEAST_SQUARES_OK;
}

static int iterate(const struct least_squares *problem, gsl_multifit_nlinear_workspace *workspace,
		   double *parameters)
{
	gsl_multifit_nlinear_fdf fdf = {.f = evaluate,
					.df = differentiate,
					.n = problem->points,
					.p = problem->parameters,
					.params = (void *)problem};
	gsl_vector_view start = gsl_vector_view_array(parameters, problem->parameters);
	int reason, r = gsl_multifit_nlinear_init(&start.vector, &fdf, workspace);

	if (r == GSL_SUCCESS)
		r = gsl_multifit_nlinear_driver(ITERATIONS_MAX, STEP_TOLERANCE, GRADIENT_TOLERANCE, 0, NULL,
						NULL, &reason, workspace);
	/* no further progress means that the minimum is reached to rounding */
	return r == GSL_SUCCESS || r == GSL_ENOPROG ? LEAST_SQUARES_OK : LEAST_SQUARES_NOT_CONVERGED;
}

int least_squares_fit(const struct least_squares *problem, double *parameters, double *ret_sd,
		      double *ret_residual_sd)
{
	gsl_multifit_nlinear_parameters method = gsl_multifit_nlinear_default_parameters();
	gsl_error_handler_t *handler;
	gsl_multifit_nlinear_workspace *workspace;
	gsl_matrix *covariance;
	int r = -ENOMEM;

	if (problem->points <= problem->parameters || problem->parameters > LEAST_SQUARES_PARAMETERS_MAX)
		return -EINVAL;
	handler = gsl_set_error_handler_off(); /* the default ends the process */
	workspace = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &method, problem->points,
					       problem->parameters);
	covariance = gsl_matrix_alloc(problem->parameters, problem->parameters);
	if (workspace && covariance) {
		r = iterate(problem, workspace, parameters);
		if (r == LEAST_SQUARES_OK)
			r = read_solution(problem, workspace, covariance, parameters, ret_sd,
					  ret_residual_sd);
	}
	gsl_matrix_free(covariance);
	gsl_multifit_nlinear_free(workspace);
	gsl_set_error_handler(handler);
	return r;
}
