/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The laboratory's own record of a run: what the wires have commanded and what the plant then did, as lines
 * of CSV. A line a substep in which a command or a state changed, and one every TRACK_PERIOD substeps. Pure.
 */
#ifndef DENSD_DENSIM_TRACK_H
#define DENSD_DENSIM_TRACK_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/densim/laboratory.h"

enum { TRACK_LINE = 256, TRACK_PERIOD = 5 };
/* What a line is written for at once. */
struct track_commands {
	double setpoint_k, manual_pct, setpoint_bar;
	uint32_t scans, first_scans, faults; /* faults: bit n, enum fault n */
	uint16_t mode;
	bool manual, heater_enable, contactor, locked, local;
};
struct track {
	struct track_commands last;
	bool begun;
};
/* The names of the columns, with the end of the line. */
extern const char track_header[];
/* True when this substep has a line: @ret_line holds it, with its end. Call after each laboratory_step. */
bool track_step(struct track *track, const struct laboratory *lab, char ret_line[TRACK_LINE]);

#endif
