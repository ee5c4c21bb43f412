/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "Sometimes": how often each state edge, alarm, restart row and kind of trouble was met, over a campaign. */
#ifndef DENSD_TESTS_SIMULATION_COUNTERS_H
#define DENSD_TESTS_SIMULATION_COUNTERS_H

#include <stdint.h>
#include <stdio.h>

enum counter_family {
	COUNTER_EDGE,
	COUNTER_ALARM,
	COUNTER_RESTART,
	COUNTER_SCAN_RESTART, /* F1 to F4 */
	COUNTER_TROUBLE,
	COUNTER_OUTCOME,
	COUNTER_FAMILIES
};
#define COUNTERS_MAX 256 /* of one family; an edge is from * PHASE_MAX + to */

struct counters {
	uint64_t hits[COUNTER_FAMILIES][COUNTERS_MAX];
};
void counters_hit(struct counters *counters, enum counter_family family, uint32_t which);
/* All that were met, one a line. */
void counters_print(const struct counters *counters, FILE *stream);
/* All that can happen at that enum world_level and never did, one a line. */
void counters_print_unmet(const struct counters *counters, int level, FILE *stream);
/* Prints those that 500 run-hours of values, or 20 of frames, must meet and did not; returns how many. */
uint32_t counters_missing(const struct counters *counters, int level, FILE *stream);

#endif
