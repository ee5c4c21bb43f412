/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/site_judge.h"

#include <errno.h>
#include <stdio.h>

static int judge_commissioning(const struct site_commissioning *commissioning, int64_t wall_s, char *ret_why,
			       size_t size)
{
	if (!commissioning->required)
		return 0;
	if (commissioning->fault[0]) {
		snprintf(ret_why, size, "%s", commissioning->fault);
		return -EINVAL;
	}
	if (wall_s < commissioning->until_wall_s)
		return 0;
	snprintf(ret_why, size,
		 "the commissioning of device '%.31s' is older than the site's %g days: densctl commission "
		 "%.31s",
		 commissioning->device, commissioning->valid_days, commissioning->device);
	return -EINVAL;
}

static int judge_calibration(const struct site *site, enum calibration_place place, int64_t wall_s,
			     char *ret_why, size_t size)
{
	const struct calibration_head *head = &site->calibrations[place];

	if (!head->id[0] || !head->simulated || site->simulated)
		return calibration_judge(head, place, wall_s, ret_why, size);
	snprintf(ret_why, size,
		 "the %s calibration '%s' is the virtual laboratory's and this site is a real one: no run "
		 "stands on "
		 "it; name one that was measured on this instrument in the site file",
		 calibration_place_name(place), head->id);
	return -EINVAL;
}

int site_judge_now(const struct site *site, int64_t wall_s, char *ret_why, size_t size)
{
	int r = judge_commissioning(&site->commissioning, wall_s, ret_why, size);

	for (int place = 0; r == 0 && place < CALIBRATION_PLACE_MAX; place++)
		r = judge_calibration(site, (enum calibration_place)place, wall_s, ret_why, size);
	return r;
}

/* The purge must be a flow that was calibrated. */
static int check_purge(const struct site *site, const struct plan *plan, char *ret_why, size_t size)
{
	const struct correction *table = &site->buses[0].flow;
	double flow = plan->calorimetry.purge_ml_per_min;

	if (!plan->calorimetry.present || table->count < 2 ||
	    (flow >= table->truth[0] && flow <= table->truth[table->count - 1]))
		return 0;
	snprintf(ret_why, size,
		 "a purge of %g ml/min lies outside the flow calibration '%s', %g to %g ml/min: nothing is "
		 "extrapolated",
		 flow, site->calibrations[CALIBRATION_FLOW].id, table->truth[0],
		 table->truth[table->count - 1]);
	return -EINVAL;
}

/*
 * A controller in manual heats on when densd is dead: an autotune needs what opens the contactor then, and no
 * words in a site file stand in for it.
 */
static int check_tune(const struct site *site, const struct plan *plan, char *ret_why, size_t size)
{
	const struct profile *furnace = NULL, *press = NULL;

	for (uint32_t bus = 0; plan->tune.present && bus < site->bus_count; bus++)
		for (uint32_t i = 0; i < site->buses[bus].device_count; i++) {
			const struct profile *profile = &site->buses[bus].devices[i].profile;

			furnace = profile->kind == DEVICE_FURNACE ? profile : furnace;
			press = profile->kind == DEVICE_PRESS ? profile : press;
		}
	if (!plan->tune.present || !furnace || !press)
		return 0;
	if (!furnace->relay) {
		snprintf(ret_why, size,
			 "autotune: profile %.40s cannot set its output in manual: tune the controller by "
			 "itself",
			 furnace->name);
		return -EINVAL;
	}
	if (site_contactor(site) || (furnace->watchdog && press->watchdog && press->contactor))
		return 0;
	snprintf(ret_why, size,
		 "autotune: nothing opens the heater's contactor when densd is dead (%.30s, %.30s: a "
		 "watchdog on both "
		 "and a contactor are wanted)",
		 furnace->name, press->name);
	return -EINVAL;
}

int site_judge_plan(const struct site *site, const struct plan *plan, char *ret_why, size_t size)
{
	return check_purge(site, plan, ret_why, size) < 0 ? -EINVAL : check_tune(site, plan, ret_why, size);
}
