/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nonlinear least squares (Levenberg-Marquardt of GSL) with the standard errors of the parameters. */
#ifndef DENSD_CALORIMETRY_LEAST_SQUARES_H
#define DENSD_CALORIMETRY_LEAST_SQUARES_H

#include <stddef.h>

enum { LEAST_SQUARES_PARAMETERS_MAX = 6 };

enum least_squares_outcome {
	LEAST_SQUARES_OK,
	LEAST_SQUARES_NOT_CONVERGED, /* also: the parameters cannot be told apart by these data */
};

struct least_squares {
	size_t points, parameters; /* points > parameters */
	/* model minus measured at @point, over its standard deviation if that is known */
	double (*residual)(const double *parameters, size_t point, const void *data);
	const void *data;
	/* double[parameters], > 0: a change of this size in a parameter matters; sets the step of derivatives
	 */
	const double *typical;
};

/*
 * @parameters: double[parameters], the start in, the solution out. @ret_sd: double[parameters], their
 * standard errors from the scatter of the residuals. @ret_residual_sd: that scatter, sqrt(chi^2 / (points -
 * parameters)). 0; LEAST_SQUARES_NOT_CONVERGED or -ENOMEM or -EINVAL with everything untouched.
 */
int least_squares_fit(const struct least_squares *problem, double *parameters, double *ret_sd,
		      double *ret_residual_sd);

#endif
