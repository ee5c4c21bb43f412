/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plans that are searched. Every number is one that a site file may hold (plan_check passes); they are
 * chosen so that a ramp takes two or three ticks and a dwell one tick and the next.
 */
#include "tests/search/press.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const char *const press_world_names[] = {"hold", "continue", "reference", "cold", "journal"};
const size_t press_world_count = sizeof(press_world_names) / sizeof(press_world_names[0]);

static void fill_limits(struct limits *limits)
{
	limits_default(limits);
	limits->heating_rate_k_per_s = 2;
	limits->pressure_rate_gpa_per_s = 0.05;
	limits->release_dwell_s = limits->done_dwell_s = 10;
	limits->fresh_age_s = 10;
	limits->jump_k_per_s = 200;
	limits->stale_hold_s = 20;
	limits->hot_hold_limit_s = 60;
	limits->preflight_grace_s = 10;
}

static void fill_plan(struct plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	snprintf(plan->name, sizeof(plan->name), "search");
	snprintf(plan->material, sizeof(plan->material), "Vit4");
	fill_limits(&plan->limits);
	plan->pressure_gpa = 0.5;
	plan->temperature_k = 328;
	plan->isotherm_s = PRESS_MOVE_S;
	plan->compression_gpa_per_s = plan->decompression_gpa_per_s = 0.05;
	plan->heating_k_per_s = plan->cooling_k_per_s = 2;
	plan->soak_band_k = 2;
	plan->holdback_temperature_k = 5;
	plan->holdback_pressure_gpa = 0.05;
	plan->holdback_limit_s = 60;
}

void press_world_make(const char *name, struct press_world *ret_world)
{
	struct plan *plan = &ret_world->plan;
	struct plan_fault fault;

	*ret_world = (struct press_world){.name = name, .what = "0.5 GPa, 328 K, recovery: hold"};
	fill_plan(plan);
	if (strcmp(name, "continue") == 0) {
		ret_world->what = "recovery: continue, resume after a trip, automatic loading";
		plan->recovery = RECOVERY_CONTINUE;
		plan->loading = LOADING_AUTOMATIC;
		plan->resume_after_trip = true;
	} else if (strcmp(name, "reference") == 0) {
		ret_world->what = "1 atm anneal";
		plan->reference = true;
		plan->pressure_gpa = PLAN_ATM_GPA;
		plan->resume_after_trip = true;
	} else if (strcmp(name, "cold") == 0) {
		ret_world->what = "T_dens 303 K: a cold run";
		plan->temperature_k = 303;
		plan->resume_after_trip = true;
	} else if (strcmp(name, "journal") == 0) {
		ret_world->what = "the journal and the plan may be lost";
		ret_world->journal_lost = true;
	}
	assert(plan_check(plan, PLAN_AMBIENT_K, &fault, 1) == 0);
}
