/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Peak, sub-Tg peak, onset and midpoint of the normalised first scan z = (y' - g) / (l - g). */
#ifndef DENSD_CALORIMETRY_PEAKS_H
#define DENSD_CALORIMETRY_PEAKS_H

#include "daemon/calorimetry/curve.h"

struct peaks { /* NAN where there is none */
	double tp_k, tp_sub_k, onset_k, mid_k;
};
/*
 * @z: double[grid->count], smoothed; only [low, high) is looked at. @slope: scratch of the same size.
 * @noise: sigma of the smoothed z. @half: half width of the slope filter in cells.
 */
void peaks_find(const struct grid *grid, const double *z, double *slope, size_t low, size_t high,
		double noise, size_t half, struct peaks *ret_peaks);

#endif
