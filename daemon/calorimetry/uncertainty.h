/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far Tf may be off, by cause: windows, noise, curvature of the base line, lag, calibration. */
#ifndef DENSD_CALORIMETRY_UNCERTAINTY_H
#define DENSD_CALORIMETRY_UNCERTAINTY_H

#include "daemon/calorimetry/bootstrap.h"
#include "daemon/calorimetry/window.h"

struct uncertainty {
	const struct pair_options *options;
	const struct grid *grid;
	const struct match *match;
	const struct probes *probes;
	const struct windows *windows; /* with the others that would have done */
	double noise_first, noise_ref; /* of one point */
	bool empty;                    /* the empty chip was subtracted: no curvature of it is left */
	double *scratch[SUMS_COLUMNS]; /* double[grid->count + 1] each; not the grid's own */
};

/*
 * Fills the standard deviations, their shares, curvature_sd_k, ambiguity_k and bootstrap_used of @result,
 * whose windows, rate, temperatures and features are known; what feature.c said of these is added to. NAN
 * where the bootstrap was left out.
 */
void uncertainty_report(const struct uncertainty *uncertainty, struct pair_result *result);

#endif
