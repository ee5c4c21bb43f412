/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One seed: hours of lab time from an idle laboratory on. */
#ifndef DENSD_TESTS_SIMULATION_NIGHT_H
#define DENSD_TESTS_SIMULATION_NIGHT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config/site.h"
#include "tests/simulation/counters.h"

struct night_result {
	uint64_t hash, decisions;
	uint32_t violations, starts, runs_ended;
	double hours;      /* simulated */
	double busy_hours; /* of them with a run on the press */
	char first[256];   /* the first violation, empty: none */
};
struct night_order {
	const struct site *site;
	uint64_t seed;
	double hours;
	int plant; /* enum world_plant */
	int level; /* enum world_level */
	bool no_crashes, steady_wall;
	const char *folder; /* of the lines' locks */
	FILE *trail;        /* NULL: quiet */
};
/* 0 or -errno. Adds to @counters. */
int night_run(const struct night_order *order, struct counters *counters, struct night_result *ret_result);

#endif
