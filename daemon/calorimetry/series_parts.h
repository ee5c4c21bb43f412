/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps of series_analyse(), in this order; each needs what the ones before it filled. */
#ifndef DENSD_CALORIMETRY_SERIES_PARTS_H
#define DENSD_CALORIMETRY_SERIES_PARTS_H

#include "daemon/calorimetry/series.h"

/* A value that does not exist, with the reason. */
struct series_value series_no_value(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool series_is_atm(double pressure_gpa);
const struct series_pressure *series_find_atm(const struct series_result *result);
bool series_is_equilibrated(const struct series_result *result, const struct series_state *state);

void series_find_plateaus(struct series_result *result, const struct series_options *options);
void series_find_slopes(struct series_result *result, const struct series_scan *scans, size_t count,
			const struct series_options *options);
void series_find_master(struct series_result *result);
void series_find_ratios(struct series_result *result);

#endif
