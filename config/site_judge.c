/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/site_judge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DAY_S 86400.0
#define UNDATED (1u << COMPLAINT_MISSING | 1u << COMPLAINT_PROFILE | 1u << COMPLAINT_FAILED)

const char *site_judge_complaint_text(enum site_complaint complaint)
{
	static const char *const texts[COMPLAINT_MAX] = {
		[COMPLAINT_MISSING] = "has never been commissioned",
		[COMPLAINT_PROFILE] = "was commissioned with another profile, or an older text of it",
		[COMPLAINT_FAILED] = "failed a step of its commissioning",
		[COMPLAINT_CONTACTOR] =
			"was commissioned without the contactor on its coupler, which must be tripped",
	};

	return texts[complaint % COMPLAINT_MAX];
}

static struct site_reason *add(struct site_reasons *reasons, const char *what, const char *where)
{
	struct site_reason *reason;

	if (reasons->count == SITE_REASONS_MAX) {
		reasons->dropped++;
		return &reasons->beyond;
	}
	reason = &reasons->list[reasons->count++];
	snprintf(reason->what, sizeof(reason->what), "%s", what);
	snprintf(reason->where, sizeof(reason->where), "%s", where);
	return reason;
}

static void judge_device(const struct site_commissioning *commissioning, const struct bus_device *device,
			 uint8_t complaints, int64_t date_s, int64_t wall_s, struct site_reasons *reasons)
{
	struct site_reason *reason;
	bool known = date_s != 0 || !commissioning->of_record;
	bool old = known && !(complaints & UNDATED) &&
		   wall_s >= date_s + (int64_t)(commissioning->valid_days * DAY_S);
	char where[48];

	snprintf(where, sizeof(where), "device '%.31s'", device->name);
	for (unsigned i = 0; i <= COMPLAINT_MAX; i++) {
		if (i < COMPLAINT_MAX ? !(complaints >> i & 1) : !old)
			continue;
		reason = add(reasons, "commissioning", where);
		if (i < COMPLAINT_MAX)
			snprintf(reason->why, sizeof(reason->why),
				 "device '%.31s' %s: densctl commission %.31s", device->name,
				 site_judge_complaint_text((enum site_complaint)i), device->name);
		else
			snprintf(reason->why, sizeof(reason->why),
				 "the commissioning of device '%.31s' is older than the site's %g days: "
				 "densctl commission %.31s",
				 device->name, commissioning->valid_days, device->name);
		snprintf(reason->allowed, sizeof(reason->allowed),
			 "signed off with the profile's present text, at most %g days ago",
			 commissioning->valid_days);
	}
}

static void judge_commissioning(const struct site *site, int64_t wall_s, struct site_reasons *reasons)
{
	const struct site_commissioning *commissioning = &site->commissioning;
	struct site_reason *reason;

	if (!commissioning->required)
		return;
	if (commissioning->of_record) {
		reason = add(reasons, "commissioning", commissioning->record);
		snprintf(reason->why, sizeof(reason->why), "%s", commissioning->fault);
		snprintf(reason->allowed, sizeof(reason->allowed),
			 "a record of site '%.40s' by densctl commission", site->name);
	}
	for (uint32_t b = 0; b < site->bus_count; b++)
		for (uint32_t d = 0; d < site->buses[b].device_count; d++)
			judge_device(commissioning, &site->buses[b].devices[d],
				     commissioning->complaints[b][d], commissioning->date_s[b][d], wall_s,
				     reasons);
}

static void judge_calibration(const struct site *site, enum calibration_place place, int64_t wall_s,
			      struct site_reasons *reasons)
{
	const struct calibration_head *head = &site->calibrations[place];
	bool made_up = head->id[0] && head->simulated && !site->simulated;
	struct site_reason *reason;
	char where[48], why[SITE_REASON_WHY];

	if (!made_up && calibration_judge(head, place, wall_s, why, sizeof(why)) == 0)
		return;
	snprintf(where, sizeof(where), "calibrations: %.31s", calibration_place_name(place));
	reason = add(reasons, "calibration", where);
	snprintf(reason->allowed, sizeof(reason->allowed),
		 "dated, in time, and signed by who measured it on this instrument");
	if (made_up)
		snprintf(
			reason->why, sizeof(reason->why),
			"the %s calibration '%.80s' is the virtual laboratory's and this site is a real one: "
			"no run stands on it; name one that was measured on this instrument in the site file",
			calibration_place_name(place), head->id);
	else
		snprintf(reason->why, sizeof(reason->why), "%s", why);
}

static void judge_site(const struct site *site, int64_t wall_s, struct site_reasons *reasons)
{
	judge_commissioning(site, wall_s, reasons);
	for (int place = 0; place < CALIBRATION_PLACE_MAX; place++)
		judge_calibration(site, (enum calibration_place)place, wall_s, reasons);
}

int site_judge_now(const struct site *site, int64_t wall_s, char *ret_why, size_t size)
{
	struct site_reasons reasons = {0};

	judge_site(site, wall_s, &reasons);
	if (reasons.count == 0)
		return 0;
	snprintf(ret_why, size, "%s", reasons.list[0].why);
	return -EINVAL;
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
		 "watchdog on both and a contactor are wanted)",
		 furnace->name, press->name);
	return -EINVAL;
}

static const struct plan_rule {
	const char *what, *allowed;
	int (*check)(const struct site *site, const struct plan *plan, char *ret_why, size_t size);
} plan_rules[] = {
	{"purge", "a flow inside the range of its calibration", check_purge},
	{"autotune",
	 "a controller that takes its output in manual, and a contactor that opens when densd is dead",
	 check_tune},
};
#define RULES (sizeof(plan_rules) / sizeof(plan_rules[0]))

int site_judge_plan(const struct site *site, const struct plan *plan, char *ret_why, size_t size)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < RULES; i++)
		r = plan_rules[i].check(site, plan, ret_why, size);
	return r;
}

/* The runs of a series are refused for the same: said once. */
static bool is_said(const struct site_reasons *reasons, const char *why)
{
	for (uint32_t i = 0; i < reasons->count; i++)
		if (strcmp(reasons->list[i].why, why) == 0)
			return true;
	return false;
}

void site_judge_all(const struct site *site, int64_t wall_s, const struct plan *plans, size_t count,
		    struct site_reasons *ret_reasons)
{
	struct site_reasons reasons = {0};
	char why[SITE_REASON_WHY];

	judge_site(site, wall_s, &reasons);
	for (size_t p = 0; p < count; p++)
		for (size_t i = 0; i < RULES; i++) {
			struct site_reason *reason;

			if (plan_rules[i].check(site, &plans[p], why, sizeof(why)) == 0 ||
			    is_said(&reasons, why))
				continue;
			reason = add(&reasons, plan_rules[i].what, plans[p].name);
			snprintf(reason->why, sizeof(reason->why), "%s", why);
			snprintf(reason->allowed, sizeof(reason->allowed), "%s", plan_rules[i].allowed);
		}
	*ret_reasons = reasons;
}
