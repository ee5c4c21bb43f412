/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finding the glass and the liquid window: the longest stretch at each end of the range over which both
 * scans are straight and, after alignment, run together (glass: the reference alone may still be clean).
 */
#ifndef DENSD_CALORIMETRY_WINDOWS_H
#define DENSD_CALORIMETRY_WINDOWS_H

#include <stdbool.h>

#include "daemon/calorimetry/curve.h"

/*
 * @smooth_first and @smooth_reference: the smoothed curves with their prefix sums. @glass_k and @liquid_k:
 * {NAN, NAN} or the operator's own. 0, or 1 with a refusal.
 */
int windows_find(const struct grid *grid, const struct curve *smooth_first,
		 const struct curve *smooth_reference, const double glass_k[2], const double liquid_k[2],
		 struct window *ret_glass, struct window *ret_liquid, enum refusal *ret_refusal,
		 char ret_why[REFUSAL_WHY]);

#endif
