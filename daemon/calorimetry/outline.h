/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first look at a pair: where the reference rises, by how much, and whether the scan holds what lies
 * below and above the rise. Private to this folder.
 */
#ifndef DENSD_CALORIMETRY_OUTLINE_H
#define DENSD_CALORIMETRY_OUTLINE_H

#include "daemon/calorimetry/blocks.h"

/* Blocks, where no unit is named. */
struct outline {
	size_t low, high;       /* what the margins leave: [low, high) */
	size_t liquid_from;     /* a liquid, if the scan has one, from here to high */
	size_t foot, rise, top; /* begin, steepest and end of the rise of the reference */
	size_t peak; /* highest above the liquid line, of both scans; the rise when there is no peak */
	double step; /* rough l - g, signal unit */
};

/* @noise: of one point. 0, or no_step, no_glass, no_liquid with a sentence. */
int outline_of(const struct blocks *blocks, double noise, struct outline *ret_outline,
	       char ret_why[REFUSAL_WHY]);

#endif
