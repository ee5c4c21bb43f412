/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dry run is the run: the machine that densd runs, stepped at 10 Hz against instruments that follow
 * their setpoints, with an operator who confirms at once and a disk that is never late.
 */
#ifndef DENSCTL_DRYRUN_H
#define DENSCTL_DRYRUN_H

#include "config/site.h"
#include "protocol/machine.h"
#include "protocol/plan.h"

#define DRYRUN_POINTS_MAX 4096
#define DRYRUN_PHASES_MAX 32

struct dryrun_point {
	double t_s, gpa, k; /* lab time since the start, setpoints reached */
};
struct dryrun_phase {
	uint8_t phase; /* enum phase */
	double start_s, duration_s;
	double from_gpa, to_gpa, from_k, to_k;
};
struct dryrun {
	uint8_t phase, outcome;  /* where it ended: PHASE_DONE and OUTCOME_COMPLETED when all is well */
	char cause[MACHINE_WHY]; /* why it did not get there */
	double total_s;
	/* An autotune's relay, of this furnace that is none: how long, and the hottest it was. 0: there was
	 * none. */
	double relay_s, relay_most_k;
	uint32_t relay_cycles;
	uint32_t furnace_writes, press_writes; /* setpoint writes, with the profiles' least period */
	uint32_t point_count, phase_count;
	struct dryrun_point points[DRYRUN_POINTS_MAX];
	struct dryrun_phase phases[DRYRUN_PHASES_MAX];
};

void dryrun(const struct plan *plan, const struct site *site, struct dryrun *ret_dryrun);

#endif
