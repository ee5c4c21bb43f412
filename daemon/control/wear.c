/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/wear.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/wear.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/control/control.h"
#include "daemon/control/links.h"
#include "daemon/control/publish.h"

#define WARN_SHARE 0.8
#define LAST_CYCLE_MS 500

static const struct bus_device *device_of(const struct control *control, uint32_t bus, uint32_t device)
{
	return &control->site.buses[bus].devices[device];
}

/* What is never written wears nothing. */
static bool has_retained(const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->register_count; i++)
		if (profile->registers[i].retained && profile->registers[i].writable)
			return true;
	return false;
}

void wear_take_known(struct wear *wear, const struct link_wear *known)
{
	if (wear->known_count < WEAR_KNOWN_MAX)
		wear->known[wear->known_count++] = *known;
}

void wear_init(struct control *control)
{
	for (uint32_t b = 0; b < control->site.bus_count; b++)
		for (uint32_t d = 0; d < control->site.buses[b].device_count; d++)
			if (has_retained(&device_of(control, b, d)->profile)) {
				control->wear.devices[b][d].counted = true;
				control->wear.counted_count++;
			}
}

uint64_t wear_used(const struct wear_device *device)
{
	return device->before + (device->seen - device->seen_before);
}

uint64_t wear_left(const struct control *control, uint32_t bus, uint32_t device)
{
	const struct wear_device *at = &control->wear.devices[bus][device];
	uint64_t budget = device_of(control, bus, device)->profile.write_budget, used = wear_used(at);

	if (!at->counted)
		return UINT64_MAX;
	return used < budget ? budget - used : 0;
}

uint32_t wear_allowance(const struct control *control, uint32_t bus, uint32_t device)
{
	const struct wear_device *at = &control->wear.devices[bus][device];
	uint64_t budget = device_of(control, bus, device)->profile.write_budget, most = at->reserved;

	if (!at->counted)
		return UINT32_MAX;
	if (most > budget)
		most = budget;
	/* Of this worker alone: another one has begun to count at 0. */
	if (at->starts != control->buses[bus].starts)
		return 0;
	if (at->key[0] == '\0' || most <= at->before)
		return at->seen_before;
	return at->seen_before + (uint32_t)(most - at->before);
}

static struct link_wear *find_known(struct wear *wear, const char *key)
{
	for (uint32_t i = 0; i < wear->known_count; i++)
		if (strcmp(wear->known[i].key, key) == 0)
			return &wear->known[i];
	return NULL;
}

/* What is used is kept for a device that comes back after another one was in its place. */
static void remember(struct control *control, struct wear_device *at, const char *name)
{
	struct link_wear *known = find_known(&control->wear, at->key);

	if (!known && control->wear.known_count < WEAR_KNOWN_MAX)
		known = &control->wear.known[control->wear.known_count++];
	if (!known)
		return;
	*known = (struct link_wear){.used = at->reserved,
				    .since_wall_us = at->since_wall_us,
				    .month_wall_us = at->month_wall_us,
				    .month_used = at->month_used};
	memcpy(known->key, at->key, sizeof(known->key));
	snprintf(known->device, sizeof(known->device), "%s", name);
}

static void journal(struct control *control, struct wear_device *at, const char *name, uint64_t used,
		    uint64_t reserved, const char *reason)
{
	struct journal_wear body = {.used = used, .reserved = reserved, .reset = reason != NULL};

	memcpy(body.key, at->key, sizeof(body.key));
	snprintf(body.device, sizeof(body.device), "%s", name);
	snprintf(body.text, sizeof(body.text), "%s", reason ? reason : "");
	if (publish_journal(control, JOURNAL_WEAR, true, NULL, &body, sizeof(body), &at->entry) == 0)
		at->asked = reserved;
}

/* The device said who it is: its life so far. */
static void meet(struct control *control, struct wear_device *at, const char *name, const char *key,
		 uint32_t seen)
{
	const struct link_wear *known = find_known(&control->wear, key);
	int64_t now_us = clock_wall_us();

	if (at->key[0])
		remember(control, at, name);
	snprintf(at->key, sizeof(at->key), "%s", key);
	at->before = at->reserved = known ? known->used : 0;
	at->seen = at->seen_before = seen;
	at->asked = 0;
	at->since_wall_us = known ? known->since_wall_us : now_us;
	at->month_wall_us = known ? known->month_wall_us : now_us;
	at->month_used = known ? known->month_used : 0;
	log_notice("%s: %llu writes of its memory so far, by %s", name, (unsigned long long)at->before, key);
}

static void reserve(struct control *control, struct wear_device *at, const struct bus_device *device)
{
	uint64_t used = wear_used(at), most = device->profile.write_budget;

	if (at->asked != 0 || at->reserved >= most || at->reserved >= used + WEAR_LOW)
		return;
	journal(control, at, device->name, used, used + WEAR_BLOCK < most ? used + WEAR_BLOCK : most, NULL);
}

/* A worker that died may have sent all that it was allowed. */
static void follow_worker(struct control *control, struct wear_device *at, uint32_t bus)
{
	if (at->starts == control->buses[bus].starts)
		return;
	at->starts = control->buses[bus].starts;
	if (at->key[0])
		at->before = at->reserved > wear_used(at) ? at->reserved : wear_used(at);
	at->seen = at->seen_before = 0;
}

static void step_device(struct control *control, uint32_t bus, uint32_t index)
{
	const struct bus_device *device = device_of(control, bus, index);
	const struct report *report = &control->reports[bus].reports[index];
	struct wear_device *at = &control->wear.devices[bus][index];
	bool has_serial = profile_find(&device->profile, "serial") != NULL;
	char key[LINK_WEAR_KEY];

	if (!control->buses[bus].ready || index >= control->reports[bus].count)
		return;
	follow_worker(control, at, bus);
	/* Before it is known who it is nothing is sent that wears, heater off excepted. */
	if (report->identity[0] == '\0' || (has_serial && report->serial == 0))
		return;
	if (has_serial)
		snprintf(key, sizeof(key), "%.40s serial %u", device->profile.name, report->serial);
	else
		snprintf(key, sizeof(key), "name %.31s", device->name);
	if (strcmp(key, at->key) != 0)
		meet(control, at, device->name, key, report->wear);
	at->seen = report->wear;
	reserve(control, at, device);
}

static bool is_worn(const struct control *control, uint32_t bus, uint32_t device)
{
	const struct wear_device *at = &control->wear.devices[bus][device];

	return at->counted && at->key[0] && device_of(control, bus, device)->profile.write_budget > 0 &&
	       (double)wear_used(at) >= WARN_SHARE * device_of(control, bus, device)->profile.write_budget;
}

static void warn_of(struct control *control, uint32_t bus, uint32_t device)
{
	char text[MACHINE_WHY];

	snprintf(text, sizeof(text),
		 "'%.31s' has used %llu of the %u writes that its memory stands: see densctl devices",
		 device_of(control, bus, device)->name,
		 (unsigned long long)wear_used(&control->wear.devices[bus][device]),
		 device_of(control, bus, device)->profile.write_budget);
	publish_own_alarm(control, ALARM_WEAR, true, text);
}

static void warn(struct control *control)
{
	for (uint32_t b = 0; b < control->site.bus_count; b++)
		for (uint32_t d = 0; d < control->site.buses[b].device_count; d++)
			if (is_worn(control, b, d)) {
				warn_of(control, b, d);
				return;
			}
	publish_own_alarm(control, ALARM_WEAR, false, "every device's memory is far from its write budget");
}

void wear_step(struct control *control)
{
	if (control->wear.counted_count == 0)
		return;
	for (uint32_t b = 0; b < control->site.bus_count; b++)
		for (uint32_t d = 0; d < control->site.buses[b].device_count; d++)
			if (control->wear.devices[b][d].counted)
				step_device(control, b, d);
	warn(control);
}

void wear_durable(struct control *control, uint64_t entry)
{
	if (control->wear.counted_count == 0)
		return;
	for (uint32_t b = 0; b < control->site.bus_count; b++)
		for (uint32_t d = 0; d < control->site.buses[b].device_count; d++) {
			struct wear_device *at = &control->wear.devices[b][d];

			if (at->asked == 0 || at->entry > entry)
				continue;
			at->reserved = at->asked;
			at->asked = 0;
		}
}

static struct wear_device *find_device(struct control *control, const char *name,
				       const struct bus_device **ret_device)
{
	for (uint32_t b = 0; b < control->site.bus_count; b++)
		for (uint32_t d = 0; d < control->site.buses[b].device_count; d++)
			if (strcmp(device_of(control, b, d)->name, name) == 0) {
				*ret_device = device_of(control, b, d);
				return &control->wear.devices[b][d];
			}
	return NULL;
}

int wear_replace(struct control *control, const char *name, const char *reason, char ret_why[MACHINE_WHY])
{
	const struct bus_device *device = NULL;
	struct wear_device *at = find_device(control, name, &device);
	unsigned long long used;

	if (!at) {
		snprintf(ret_why, MACHINE_WHY, "the site has no device '%.31s' (densctl devices)", name);
		return -ENOENT;
	}
	if (!at->counted || at->key[0] == '\0' || profile_find(&device->profile, "serial")) {
		snprintf(ret_why, MACHINE_WHY, "'%.31s' %s", device->name,
			 !at->counted  ? "writes into no memory that wears: there is nothing to begin again"
			 : !at->key[0] ? "has not answered yet: try again when it does"
				       : "tells its own serial number: another one is counted by itself");
		return -EINVAL;
	}
	used = wear_used(at);
	at->before = at->reserved = at->month_used = at->asked = 0;
	at->seen_before = at->seen;
	at->since_wall_us = at->month_wall_us = clock_wall_us();
	journal(control, at, device->name, 0, WEAR_BLOCK, reason);
	snprintf(ret_why, MACHINE_WHY, "the count of '%.31s' was %llu and begins again at 0", device->name,
		 used);
	return 0;
}

void wear_stop(struct control *control)
{
	for (uint32_t b = 0; b < control->site.bus_count; b++)
		for (uint32_t d = 0; d < control->site.buses[b].device_count; d++) {
			struct wear_device *at = &control->wear.devices[b][d];

			/* What the last cycle sent counts; without its answer all that was reserved does. */
			if (!at->counted || !at->key[0] || at->starts != control->buses[b].starts ||
			    !links_hear_bus(control, b, LAST_CYCLE_MS))
				continue;
			at->seen = control->reports[b].reports[d].wear;
			journal(control, at, device_of(control, b, d)->name, wear_used(at), wear_used(at),
				NULL);
		}
}

int wear_check_plans(const struct control *control, const struct plan *plans, uint32_t count,
		     char ret_why[MACHINE_WHY])
{
	const struct cycle_place *place = &control->map.at[DEVICE_FURNACE];
	const struct bus_device *device;
	uint64_t need = 0;

	if (!place->present || !control->wear.devices[place->bus][place->device].counted)
		return 0;
	device = device_of(control, place->bus, place->device);
	for (uint32_t i = 0; i < control->queue.count; i++)
		if (control->queue.items[i].densification == OUTCOME_NONE)
			need += wear_plan_writes(&control->queue.items[i].plan, &device->profile,
						 control->site.ambient_k);
	for (uint32_t i = 0; i < count; i++)
		need += wear_plan_writes(&plans[i], &device->profile, control->site.ambient_k);
	return wear_judge(device, need, wear_left(control, place->bus, place->device), ret_why, MACHINE_WHY);
}
