/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/submit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_text(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

int submit_read_plans(int fd, const struct link_command *command, struct plan *ret_plans,
		      char ret_why[MACHINE_WHY])
{
	struct submit_header header;
	struct stat status;
	size_t plans;

	if (fd < 0 || fstat(fd, &status) < 0 ||
	    pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header)) {
		snprintf(ret_why, MACHINE_WHY, "the submit came without its plans");
		return -EINVAL;
	}
	if (header.count == 0 || header.count > PLAN_QUEUE_MAX || header.count != command->plan_count) {
		snprintf(ret_why, MACHINE_WHY, "%u runs in one submit; 1 to %d are allowed", header.count,
			 PLAN_QUEUE_MAX);
		return -EINVAL;
	}
	plans = header.count * sizeof(struct plan);
	if ((uint64_t)status.st_size != sizeof(header) + plans + header.text_length ||
	    pread(fd, ret_plans, plans, sizeof(header)) != (ssize_t)plans) {
		snprintf(ret_why, MACHINE_WHY, "the submit has the wrong length");
		return -EINVAL;
	}
	return 0;
}

int submit_check_commissioning(const struct site_commissioning *commissioning, int64_t wall_s,
			       char ret_why[MACHINE_WHY])
{
	if (!commissioning->required)
		return 0;
	if (commissioning->fault[0]) {
		snprintf(ret_why, MACHINE_WHY, "%.*s", MACHINE_WHY - 1, commissioning->fault);
		return -EINVAL;
	}
	if (wall_s < commissioning->until_wall_s)
		return 0;
	snprintf(ret_why, MACHINE_WHY,
		 "the commissioning of device '%.31s' is older than the site's %g days: densctl commission "
		 "%.31s",
		 commissioning->device, commissioning->valid_days, commissioning->device);
	return -EINVAL;
}

int submit_check_calibrations(const struct site *site, int64_t wall_s, char ret_why[MACHINE_WHY])
{
	int r = 0;

	for (int place = 0; r == 0 && place < CALIBRATION_PLACE_MAX; place++)
		r = calibration_judge(&site->calibrations[place], (enum calibration_place)place, wall_s,
				      ret_why, MACHINE_WHY);
	return r;
}

/* The purge must be a flow that was calibrated. */
static int check_purge(const struct site *site, const struct plan *plan, char ret_why[MACHINE_WHY])
{
	const struct correction *table = &site->buses[0].flow;
	double flow = plan->calorimetry.purge_ml_per_min;

	if (!plan->calorimetry.present || table->count < 2 ||
	    (flow >= table->truth[0] && flow <= table->truth[table->count - 1]))
		return 0;
	snprintf(ret_why, MACHINE_WHY,
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
static int check_tune(const struct site *site, const struct plan *plan, char ret_why[MACHINE_WHY])
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
		snprintf(ret_why, MACHINE_WHY,
			 "autotune: profile %.40s cannot set its output in manual: tune the controller by "
			 "itself",
			 furnace->name);
		return -EINVAL;
	}
	if (site_contactor(site) || (furnace->watchdog && press->watchdog && press->contactor))
		return 0;
	snprintf(ret_why, MACHINE_WHY,
		 "autotune: nothing opens the heater's contactor when densd is dead (%.30s, %.30s: a "
		 "watchdog on both "
		 "and a contactor are wanted)",
		 furnace->name, press->name);
	return -EINVAL;
}

int submit_check_plan(const struct site *site, const struct plan *plan, char ret_why[MACHINE_WHY])
{
	struct plan_fault fault;

	if (!is_text(plan->name, PLAN_TEXT) || !is_text(plan->material, PLAN_TEXT) ||
	    !is_text(plan->composition, PLAN_TEXT) ||
	    !is_text(plan->protocol_sha256, sizeof(plan->protocol_sha256)) ||
	    !is_text(plan->site_sha256, sizeof(plan->site_sha256)) ||
	    !is_text(plan->calibrations_sha256, sizeof(plan->calibrations_sha256))) {
		snprintf(ret_why, MACHINE_WHY, "the plan is not well formed");
		return -EINVAL;
	}
	if (strcmp(plan->site_sha256, site->sha256) != 0) {
		snprintf(ret_why, MACHINE_WHY, "the plan was made for another site file: submit it again");
		return -EINVAL;
	}
	if (strcmp(plan->calibrations_sha256, site->calibrations_sha256) != 0) {
		snprintf(ret_why, MACHINE_WHY, "the plan was made with other calibrations: submit it again");
		return -EINVAL;
	}
	if (plan->recovery > site->recovery) {
		snprintf(ret_why, MACHINE_WHY,
			 "recovery: continue is looser than the site's hold: a protocol may only tighten it");
		return -EINVAL;
	}
	for (size_t i = 0; i < LIMITS_COUNT; i++) {
		if (limits_is_safer(&site->limits, &limits_table[i],
				    limits_get(&plan->limits, &limits_table[i])))
			continue;
		snprintf(ret_why, MACHINE_WHY,
			 "limit %s is looser than the site's: a protocol may only tighten it",
			 limits_table[i].name);
		return -EINVAL;
	}
	if (plan_check(plan, site->ambient_k, &fault, 1) > 0) {
		snprintf(ret_why, MACHINE_WHY, "%.47s: %.140s", fault.field, fault.text);
		return -EINVAL;
	}
	return check_purge(site, plan, ret_why) < 0 ? -EINVAL : check_tune(site, plan, ret_why);
}
