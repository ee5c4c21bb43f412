/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Position and width of the first sharp diffraction peak (FSDP) of an I(q) curve: a Gaussian on a constant,
 *   y = y0 + A / (w sqrt(pi / (4 ln 2))) exp(-4 ln 2 ((q - q1) / w)^2),
 * fitted to the upper half of the peak alone (its flanks are no Gaussian). Source: the paper's Methods.
 * No I/O, no state; memory only while it runs.
 */
#ifndef DENSD_CALORIMETRY_FSDP_H
#define DENSD_CALORIMETRY_FSDP_H

#include <stddef.h>

#include "daemon/calorimetry/refusal.h"

enum { FSDP_POINTS_MIN = 8, FSDP_POINTS_MAX = 1000000 };

struct fsdp_options {
	double range[2];   /* 1/Angstrom: where to look; NAN: everywhere */
	double upper_part; /* of the height that is fitted, 0.1 to 0.9; default 0.5 */
};

/* Every double is NAN when it does not exist. _sd: standard errors of the fit alone. */
struct fsdp_result {
	enum refusal refusal;
	char why[REFUSAL_WHY];
	double q1_per_angstrom, q1_sd_per_angstrom;
	double fwhm_per_angstrom, fwhm_sd_per_angstrom;
	double area, area_sd;   /* unit of the intensity / Angstrom */
	double y0, y0_sd;       /* unit of the intensity */
	double fitted_range[2]; /* 1/Angstrom, first and last point used */
	double residual_sd;
	size_t points;
};

void fsdp_options_default(struct fsdp_options *ret_options);
/*
 * @q_per_angstrom, @intensity: double[count], q ascending; rows with NAN are left out. 0; an enum refusal
 * with
 * @ret_result filled; -ENOMEM with @ret_result untouched.
 */
int fsdp_fit(const double *q_per_angstrom, const double *intensity, size_t count,
	     const struct fsdp_options *options, struct fsdp_result *ret_result);
/*
 * (q1 / q1_ref)^3 with its standard error: the packing density relative to the reference, as far as the peak
 * position stands for it.
 */
void fsdp_relative_cube(double q1, double q1_sd, double q1_ref, double q1_ref_sd, double *ret_ratio,
			double *ret_sd);

#endif
