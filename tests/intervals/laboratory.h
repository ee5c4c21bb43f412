/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scans out of densim's glass and chip, with the truth read from the glass itself: its Tf, and its peak and
 * onset without noise, lag or base line. What the analyst is told of lag and temperature scale is wrong by a
 * draw of the standard deviations the analysis assumes.
 */
#ifndef DENSD_TESTS_INTERVALS_LABORATORY_H
#define DENSD_TESTS_INTERVALS_LABORATORY_H

#include "daemon/calorimetry/pair.h"
#include "tools/densim/chip.h"
#include "tools/densim/truth.h"

enum { LABORATORY_ROWS = CHIP_ROWS, LABORATORY_RATES = 6 };
extern const double laboratory_rates_k_per_s[LABORATORY_RATES];

/* The history of a glass. */
struct laboratory_state {
	double pressure_gpa, temperature_k; /* 0 K: as spun */
};

struct laboratory_columns {
	double t_s[LABORATORY_ROWS], temperature_k[LABORATORY_ROWS], signal[LABORATORY_ROWS];
	size_t count;
};

/* What the laboratory gets wrong in a draw. */
struct laboratory_errors {
	double lag_s, calibration_k;
};

struct glass laboratory_glass(const struct laboratory_state *state);
/* Of the defaults of pair_options, for @seed. */
struct laboratory_errors laboratory_draw(uint64_t seed);
/* A pair of scans of a fresh section of @glass, recorded by a chip of this @seed with temperatures off by
 * @errors->calibration_k. */
void laboratory_scan(const struct glass *glass, double rate_k_per_s, uint64_t seed,
		     const struct laboratory_errors *errors, struct laboratory_columns *ret_first,
		     struct laboratory_columns *ret_reference);
/* The options an analyst of densim's chip gives, the lag off by @errors->lag_s. */
struct pair_options laboratory_options(double rate_k_per_s, const struct laboratory_errors *errors);
struct scan_view laboratory_view(const struct laboratory_columns *columns);

#endif
