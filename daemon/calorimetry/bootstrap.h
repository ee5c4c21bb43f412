/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far Tf moves when the noise is drawn again and the window edges are put elsewhere.
 *
 * On sums (sums.h) a replicate takes a fixed number of steps: edges are looked up, and noise is drawn for
 * mean, slope and area from their exact joint normal distribution instead of point by point.
 */
#ifndef DENSD_CALORIMETRY_BOOTSTRAP_H
#define DENSD_CALORIMETRY_BOOTSTRAP_H

#include "daemon/calorimetry/quantity.h"
#include "daemon/calorimetry/sums.h"

struct bootstrap {
	const struct sums *sums;
	const double *glass_k, *liquid_k; /* {low, high} each */
	enum pair_align align;
	const struct probes *probes;
	double noise_first, noise_ref; /* of one point */
	uint32_t count;
	uint64_t seed;
};

struct bootstrap_spread {
	struct quantities sd; /* NAN below 20 usable replicates */
	uint32_t used;
};

/*
 * @ret_both: white noise on every point, every window edge moved by up to 20 % of its window. @ret_noise: the
 * noise alone, the windows as they are.
 */
void bootstrap_run(const struct bootstrap *bootstrap, struct bootstrap_spread *ret_both,
		   struct bootstrap_spread *ret_noise);

#endif
