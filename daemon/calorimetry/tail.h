/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is left of the overshoot in the liquid. A liquid that is heated lags behind by rate times relaxation
 * time, whatever glass it was: the same tail in both scans, which fades as the time does. Where it stands out
 * of the noise, below the liquid window, tells what is hidden inside.
 */
#ifndef DENSD_CALORIMETRY_TAIL_H
#define DENSD_CALORIMETRY_TAIL_H

#include "daemon/calorimetry/line.h"

/* @at_from at @from_k on top of the liquid line, 1/e of it about @decay_k higher; at_from 0: none is seen. */
struct tail {
	double from_k, at_from, decay_k;
};

/* Both scans of a pair at the same ascending temperatures. */
struct tail_scans {
	const double *temperature_k, *first, *reference;
	size_t count;
	double step, noise; /* l - g; of one point */
};

/* Of both scans, whose liquid window is @liquid_k. */
struct tail tail_find(const struct tail_scans *scans, const double liquid_k[2]);
/* The straight line that least squares make of the tail between two temperatures. */
struct line tail_line(const struct tail *tail, double low_k, double high_k);
/* @line, fitted between two temperatures, without what the tail made of it. */
struct line tail_off(const struct tail *tail, struct line line, double low_k, double high_k);

#endif
