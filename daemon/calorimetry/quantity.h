/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What hangs on the lines of a match, as kelvin: the same list for every cause that moves them. */
#ifndef DENSD_CALORIMETRY_QUANTITY_H
#define DENSD_CALORIMETRY_QUANTITY_H

#include "daemon/calorimetry/feature.h"
#include "daemon/calorimetry/match.h"

enum quantity {
	QUANTITY_TF,
	QUANTITY_TF_REF,
	QUANTITY_DELTA,
	QUANTITY_ENTHALPY, /* H_first - H_reference, over the step at Tf_ref: kelvin */
	QUANTITY_ONSET,
	QUANTITY_MIDPOINT,
	QUANTITY_ONSET_REF,
	QUANTITY_MIDPOINT_REF,
	QUANTITY_MAX
};

/* Kelvin; NAN: does not exist. */
struct quantities {
	double k[QUANTITY_MAX];
};

/*
 * A place of a curve whose z the lines decide: @signal as recorded, before the alignment; @slope of z per
 * kelvin, which turns what z moves by into kelvin. NAN: there is none.
 */
struct probe {
	bool first; /* else of the reference */
	double temperature_k, signal, z, slope;
};

enum { PROBES = QUANTITY_MAX - QUANTITY_ONSET };
struct probes {
	double step; /* l - g at Tf_ref */
	struct probe of[PROBES];
};

/* The step, and the probes of onset and midpoint of both scans under @match. */
struct probes probes_make(const struct match *match, const struct pair_features *first,
			  const struct feature_slopes *first_slopes, const struct pair_features *reference,
			  const struct feature_slopes *reference_slopes);
struct quantities quantities_of(const struct match *match, const struct probes *probes);
struct quantities quantities_minus(const struct quantities *a, const struct quantities *b);

#endif
