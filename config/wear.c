/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/wear.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "drivers/furnace_ramp.h"

#define CYCLE_S 0.1
#define DISTURBED 1.1 /* holdback, a hold and its resume */
#define FEW 10        /* adoption, read-backs that differ */

bool wear_counts(const struct profile *profile)
{
	const struct profile_register *setpoint = profile_find(profile, "setpoint");

	return setpoint && setpoint->retained && setpoint->writable && profile->write_budget > 0;
}

/* Streamed: once a period, or as soon as the step is reached, but never more than once a cycle. */
static double count_ramp(const struct profile *profile, double span_k, double rate_k_per_s)
{
	double moving_s = span_k / rate_k_per_s, interval_s = fmax(profile->setpoint_period_s, CYCLE_S);

	if (profile->ramp == RAMP_DEVICE)
		return furnace_ramp_count_writes(profile, moving_s, 1);
	if (profile->setpoint_step > 0)
		interval_s = fmin(interval_s, profile->setpoint_step / rate_k_per_s);
	return moving_s / fmax(interval_s, CYCLE_S);
}

uint32_t wear_plan_writes(const struct plan *plan, const struct profile *profile, double ambient_k)
{
	double span_k = plan->temperature_k - ambient_k;

	if (!wear_counts(profile) || plan_is_cold(plan, ambient_k))
		return 0;
	return (uint32_t)ceil(DISTURBED * (count_ramp(profile, span_k, plan->heating_k_per_s) +
					   count_ramp(profile, span_k, plan->cooling_k_per_s))) +
	       FEW;
}

const struct bus_device *wear_find_furnace(const struct site *site)
{
	for (uint32_t b = 0; b < site->bus_count; b++)
		for (uint32_t d = 0; d < site->buses[b].device_count; d++)
			if (site->buses[b].devices[d].profile.kind == DEVICE_FURNACE)
				return &site->buses[b].devices[d];
	return NULL;
}

int wear_judge(const struct bus_device *device, uint64_t need, uint64_t left, char *ret_why, size_t size)
{
	if (need <= left)
		return 0;
	snprintf(ret_why, size,
		 "about %llu setpoint writes into the memory of '%.31s', which stands %llu more: use its "
		 "RAM setpoint or own ramp, or a larger setpoint_period and setpoint_step",
		 (unsigned long long)need, device->name, (unsigned long long)left);
	return -EINVAL;
}
