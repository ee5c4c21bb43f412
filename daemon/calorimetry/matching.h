/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alignment, lines and area matching for given windows: what one bootstrap replicate repeats. */
#ifndef DENSD_CALORIMETRY_MATCHING_H
#define DENSD_CALORIMETRY_MATCHING_H

#include <stdbool.h>

#include "daemon/calorimetry/curve.h"

struct alignment {
	double k, offset, tilt; /* y' = k y + offset + tilt (i - centre), i in cells */
	double centre;
};
struct matching {
	struct alignment alignment;
	struct cell_line glass, liquid; /* of the reference */
	double tf_k, tf_ref_k;
	double area_difference; /* int (y' - reference) dT */
};

/* False: the least-squares problem of ALIGN_SCALE has no solution. */
bool matching_align(const struct curve *first, const struct curve *reference, struct window glass,
		    struct window liquid, enum align_mode mode, struct alignment *ret_alignment);
double matching_aligned(const struct alignment *alignment, double y, double i);
/* False: no real root. Uses the prefix sums alone: O(1) but for ALIGN_SCALE. */
bool matching_solve(const struct grid *grid, const struct curve *first, const struct curve *reference,
		    struct window glass, struct window liquid, enum align_mode mode,
		    struct matching *ret_matching);

#endif
