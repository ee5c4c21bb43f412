/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far Tf moves when the noise is drawn again and the window edges are put elsewhere. */
#ifndef DENSD_CALORIMETRY_BOOTSTRAP_H
#define DENSD_CALORIMETRY_BOOTSTRAP_H

#include "daemon/calorimetry/match.h"

struct bootstrap {
	const struct grid *grid;
	const double *glass_k, *liquid_k; /* {low, high} each */
	enum pair_align align;
	double noise_first, noise_ref; /* of one point */
	uint32_t count;
	uint64_t seed;
	double *scratch_first, *scratch_ref; /* double[grid->count] each */
};

struct bootstrap_spread {
	double tf_sd_k, tf_ref_sd_k, delta_sd_k; /* NAN below 20 usable replicates */
	uint32_t used;
};

/* Each replicate: white noise on every point, every window edge moved by up to 20 % of its window. */
void bootstrap_run(const struct bootstrap *bootstrap, struct bootstrap_spread *ret_spread);

#endif
