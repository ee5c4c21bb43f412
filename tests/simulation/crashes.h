/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When densd dies: at a random time (trouble.c), in a phase that is waited for, just after an intent became
 * durable, or while the chip is fired. Phases that last for seconds of a night are met by who waits for them.
 */
#ifndef DENSD_TESTS_SIMULATION_CRASHES_H
#define DENSD_TESTS_SIMULATION_CRASHES_H

#include <stdbool.h>
#include <stdint.h>

struct ambush { /* the phase that is waited for */
	bool laid;
	uint8_t where;  /* enum crash_place of crashes.c */
	uint8_t phase;  /* enum phase or enum scan_phase */
	double after_s; /* so long after it was entered */
	double met_s;   /* when it was entered, -1: not there */
	double rest_s;  /* no other ambush before */
	double mean_s;  /* of the pauses, drawn once a night */
};

double crash_draw_gap_s(void);
/* One quantum. */
void crash_step(struct ambush *ambush, double t_s);
/* An intent is durable, and densd may not know yet. */
void crash_at_intent(uint8_t kind);
/* The chip has been told to fire. */
void crash_at_fire(void);

#endif
