/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "Sometimes": how often each state edge, alarm, restart row and kind of trouble was met, over a campaign. */
#ifndef DENSD_TESTS_SIMULATION_COUNTERS_H
#define DENSD_TESTS_SIMULATION_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum counter_family {
	COUNTER_EDGE,
	COUNTER_ALARM,
	COUNTER_RESTART,
	COUNTER_SCAN_RESTART, /* F1 to F4 */
	COUNTER_TROUBLE,
	COUNTER_OUTCOME,
	COUNTER_SCAN_EDGE, /* from * SCAN_PHASE_MAX + to */
	COUNTER_HAZARD,    /* rows that have no alarm of their own */
	COUNTER_CRASH,     /* enum crash_circumstance */
	COUNTER_FAMILIES
};
#define COUNTERS_MAX 256 /* of one family; an edge is from * PHASE_MAX + to */

enum crash_circumstance {
	CRASH_COMPRESSING,
	CRASH_RELEASING,
	CRASH_ABORTING,
	CRASH_HOT,
	CRASH_SCANNING,
	CRASH_LATCHED,
	CRASH_RECOVERING, /* again, before the restart was decided */
	CRASH_UNSYNCED,   /* with entries that nobody acknowledged yet */
	CRASH_POWER,      /* the machine, so that another boot follows */
	CRASH_POWER_LATCHED,
	CRASH_OTHER_SITE, /* started with another site file than the run's */
	CRASH_OTHER_CHIP, /* the chip's controller was replaced meanwhile */
	CRASH_DARK,       /* started with a line silent */
	CRASH_CIRCUMSTANCES
};

struct counters {
	uint64_t hits[COUNTER_FAMILIES][COUNTERS_MAX];
};
void counters_hit(struct counters *counters, enum counter_family family, uint32_t which);
/* All that were met, one a line. */
void counters_print(const struct counters *counters, FILE *stream);
/* All that can happen at that enum world_level and never did, one a line. */
void counters_print_unmet(const struct counters *counters, int level, FILE *stream);
/* What was met and stands in no table of expected.c: a new edge, or one that should not be. */
void counters_print_unexpected(const struct counters *counters, int level, FILE *stream);
/* {"edge idle -> preflight": 48, ...}: all that were met or can be. */
void counters_print_json(const struct counters *counters, int level, FILE *stream);
/* expected.c: can it be met at that enum world_level; must a standard campaign meet it. */
bool counters_can_happen(enum counter_family family, uint32_t which, int level);
bool counters_is_required(enum counter_family family, uint32_t which, int level);
/* Prints those that 500 run-hours of values, or 20 of frames, must meet and did not; returns how many. */
uint32_t counters_missing(const struct counters *counters, int level, FILE *stream);

#endif
