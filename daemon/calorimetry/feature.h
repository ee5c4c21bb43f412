/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Peak, onset and midpoint of one scan on z = (y' - g)/(l - g). */
#ifndef DENSD_CALORIMETRY_FEATURE_H
#define DENSD_CALORIMETRY_FEATURE_H

#include "daemon/calorimetry/match.h"

struct curve {
	const double *temperature_k, *signal; /* ascending; aligned with the lines */
	size_t count;
};

/* @noise: of one point of the signal. @scratch: three columns double[curve->count] each. */
void feature_find(const struct curve *curve, const struct match *match, double noise,
		  double *const scratch[3], struct pair_features *ret_features);

#endif
