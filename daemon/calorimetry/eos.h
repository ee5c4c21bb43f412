/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bulk modulus from compression data: the third-order Birch-Murnaghan equation of state
 *   P = 3/2 K (c^(7/3) - c^(5/3)) (1 + 3/4 (K' - 4) (c^(2/3) - 1)),   c = V0/V,
 * with c from the position of the first sharp diffraction peak, c = (q1/q1_0)^3, or from the volume.
 * The fit is of the measured compression against pressure; the value at P = 0 is a parameter, not a given.
 */
#ifndef DENSD_CALORIMETRY_EOS_H
#define DENSD_CALORIMETRY_EOS_H

#include <stddef.h>

#include "daemon/calorimetry/refusal.h"

enum { EOS_POINTS_MIN = 4, EOS_POINTS_MAX = 10000 };

/* @cube is proportional to V0/V in any unit: q1^3, a density, or 1/V. */
struct eos_point {
	double pressure_gpa; /* >= 0 */
	double cube;
	double cube_sd; /* NAN: unknown; used as weight when every row has one */
};

struct eos_options {
	double k_prime; /* dK/dP held at this; NAN: fitted too; default 4 */
};

/* Every double is NAN when it does not exist. */
struct eos_result {
	enum refusal refusal;
	char why[REFUSAL_WHY];
	double k_gpa, k_sd_gpa, k_ci95_gpa[2]; /* Student t */
	double k_prime, k_prime_sd;            /* _sd NAN when held */
	double cube0, cube0_sd;                /* at P = 0, unit of @cube */
	double residual_sd;                    /* of c = cube/cube0 */
	size_t n;
};

void eos_options_default(struct eos_options *ret_options);
/* 0; an enum refusal with @ret_result filled; -ENOMEM, untouched. */
int eos_fit(const struct eos_point *points, size_t count, const struct eos_options *options,
	    struct eos_result *ret_result);
/* Pressure at compression @c = V0/V (GPa). */
double eos_pressure_gpa(double c, double k_gpa, double k_prime);
/* Compression V0/V at @pressure_gpa: the root of eos_pressure_gpa, for 0 <= P <= 2 K; NAN when there is none.
 */
double eos_compression(double pressure_gpa, double k_gpa, double k_prime);

#endif
