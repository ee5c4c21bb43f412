/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Peak, onset and midpoint of one scan on z = (y' - g)/(l - g). */
#ifndef DENSD_CALORIMETRY_FEATURE_H
#define DENSD_CALORIMETRY_FEATURE_H

#include "daemon/calorimetry/match.h"

struct curve {
	const double *temperature_k, *signal; /* ascending; aligned with the lines */
	size_t count;
};

enum { FEATURE_COLUMNS = 4 };

/* Of z, where onset and midpoint are read; NAN: there is none. */
struct feature_slopes {
	double onset_per_k, midpoint_per_k;
};

/* All NAN: nothing was found. */
struct pair_features feature_none(void);
/*
 * @noise: of one point of the signal. @scratch: columns double[curve->count] each. The standard deviations
 * are those of noise and of the smoothing; what lines, lag and scale add is for uncertainty.c.
 */
void feature_find(const struct curve *curve, const struct match *match, double noise,
		  double *const scratch[FEATURE_COLUMNS], struct pair_features *ret_features,
		  struct feature_slopes *ret_slopes);

#endif
