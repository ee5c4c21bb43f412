/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an instrument reads to what is true, and back: a rising table, straight between its points; beyond its
 * ends the correction of the end goes on. A table without points changes nothing. Pure.
 */
#ifndef DENSD_DRIVERS_CORRECTION_H
#define DENSD_DRIVERS_CORRECTION_H

#include "drivers/profile.h"

/* 0, or -EINVAL: one point, too many, one that is no number, or a column that does not rise. */
int correction_check(const struct correction *correction);
double correction_apply(const struct correction *correction, double reading);
/* The reading that correction_apply makes @truth of. */
double correction_undo(const struct correction *correction, double truth);
/* Standard uncertainty of the corrected value at @reading; 0 without points. */
double correction_sd(const struct correction *correction, double reading);
/* True inside the table; always without points. */
bool correction_covers(const struct correction *correction, double reading);

#endif
