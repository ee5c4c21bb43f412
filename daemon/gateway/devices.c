/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/gateway/devices.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/message.h"

#define DAY_S 86400.0
#define DAY_US 86400e6
#define HOUR_US INT64_C(3600000000)
#define YEARS_100_DAYS 36500.0

static const char *const kind_names[DEVICE_KIND_MAX] = {"furnace", "press", "flow", "chip"};
static const char *const ramp_names[] = {"streamed", "remote", "device"};

static double days_until(const struct link_devices *devices, int64_t until_s)
{
	return ((double)until_s - (double)devices->wall_us / 1e6) / DAY_S;
}

static void add_line(json_object *object, const struct bus_config *bus, const struct bus_device *device)
{
	char line[160];

	message_add_text(object, "bus", bus->name);
	if (bus->port > 0)
		snprintf(line, sizeof(line), "%s:%u", bus->path, bus->port);
	else
		snprintf(line, sizeof(line), "%s, %u baud", bus->path, bus->baud);
	message_add_text(object, "line", line);
	message_add_count(object, "unit", device->unit);
}

static void add_health(json_object *object, const struct link_device *device)
{
	json_object *causes = json_object_new_object();

	message_add_text(object, "identity", device->identity);
	message_add_flag(object, "online", device->online);
	message_add_number(object, "age_s", device->age_s);
	message_add_text(object, "fault", cause_name((enum cause)device->fault));
	message_add_flag(object, "quarantined", device->quarantined);
	message_add_flag(object, "units_differ", device->units_differ);
	message_add_flag(object, "order_proven", device->order_proven);
	message_add_count(object, "transactions", device->transactions);
	message_add_count(object, "errors", device->errors);
	for (int cause = CAUSE_NONE + 1; cause < CAUSE_MAX; cause++)
		if (device->causes[cause] > 0)
			message_add_count(causes, cause_name((enum cause)cause), device->causes[cause]);
	json_object_object_add(object, "causes", causes);
	message_add_count(object, "reconnects", device->connects > 0 ? device->connects - 1 : 0);
	message_add_count(object, "worker_starts", device->worker_starts);
}

static void add_commissioning(json_object *object, const struct link_devices *devices,
			      const struct link_device *device,
			      const struct site_commissioning *commissioning)
{
	bool known = device->commissioned_wall_s > 0;
	double until_s = (double)device->commissioned_wall_s + commissioning->valid_days * DAY_S;

	message_add_wall(object, "commissioned", known ? device->commissioned_wall_s * 1000000 : 0);
	message_add_flag(object, "commissioning_required", commissioning->required);
	message_add_number(object, "commissioning_days_left",
			   known ? days_until(devices, (int64_t)until_s) : NAN);
}

static void add_calibration(json_object *list, const struct link_devices *devices, const struct site *site,
			    enum calibration_place place)
{
	const struct calibration_head *head = &site->calibrations[place];
	json_object *object;

	if (!head->id[0])
		return;
	object = json_object_new_object();
	message_add_text(object, "place", calibration_place_name(place));
	message_add_text(object, "id", head->id);
	message_add_text(object, "version", head->version);
	message_add_text(object, "date", head->date);
	message_add_number(object, "days_left", days_until(devices, calibration_end_s(head)));
	json_object_array_add(list, object);
}

static json_object *render_calibrations(const struct link_devices *devices, const struct site *site,
					uint8_t kind)
{
	json_object *list = json_object_new_array();

	switch ((enum device_kind)kind) {
	case DEVICE_FURNACE:
		add_calibration(list, devices, site, CALIBRATION_THERMOCOUPLE);
		add_calibration(list, devices, site, CALIBRATION_THERMOCOUPLE2);
		break;
	case DEVICE_PRESS:
		add_calibration(list, devices, site, CALIBRATION_PRESS);
		break;
	case DEVICE_FLOW:
		add_calibration(list, devices, site, CALIBRATION_FLOW);
		break;
	case DEVICE_CHIP:
		add_calibration(list, devices, site, CALIBRATION_CHIP);
		break;
	case DEVICE_KIND_MAX:
		break;
	}
	return list;
}

/* The present rate is that since the oldest count of the last 30 days; of less than an hour it says nothing.
 */
static double find_rate_per_day(const struct link_devices *devices, const struct link_device *device)
{
	int64_t span_us = devices->wall_us - device->month_wall_us;

	if (!device->counted || span_us < HOUR_US || device->used < device->month_used)
		return NAN;
	return (double)(device->used - device->month_used) / ((double)span_us / DAY_US);
}

static void add_wear(json_object *object, const struct link_devices *devices,
		     const struct link_device *device, uint32_t budget)
{
	double per_day = find_rate_per_day(devices, device);
	double left = (double)budget - (double)device->used,
	       days = per_day > 0 ? fmax(left, 0) / per_day : NAN;
	bool soon = isfinite(days) && days < YEARS_100_DAYS;

	message_add_number(object, "writes_budget", budget > 0 ? (double)budget : NAN);
	message_add_number(object, "writes_used", device->counted ? (double)device->used : NAN);
	message_add_number(object, "writes_per_day", per_day);
	message_add_wall(object, "writes_since", device->counted ? device->since_wall_us : 0);
	message_add_wall(object, "writes_spent_on", soon ? devices->wall_us + (int64_t)(days * DAY_US) : 0);
}

static json_object *render_device(const struct link_devices *devices, const struct site *site, uint32_t bus,
				  uint32_t index)
{
	const struct bus_device *device = &site->buses[bus].devices[index];
	const struct link_device *now = &devices->devices[bus][index];
	const struct profile *profile = &device->profile;
	json_object *object = json_object_new_object();

	message_add_text(object, "name", device->name);
	message_add_text(object, "kind", profile->kind < DEVICE_KIND_MAX ? kind_names[profile->kind] : "?");
	message_add_text(object, "profile", profile->name);
	add_line(object, &site->buses[bus], device);
	add_health(object, now);
	message_add_text(object, "ramp", ramp_names[profile->ramp % 3]);
	message_add_flag(object, "watchdog", profile->watchdog);
	add_commissioning(object, devices, now, &site->commissioning);
	json_object_object_add(object, "calibrations", render_calibrations(devices, site, profile->kind));
	add_wear(object, devices, now, profile->write_budget);
	return object;
}

char *devices_render(const struct link_devices *devices, const struct site *site)
{
	json_object *reply = json_object_new_object(), *list = json_object_new_array();
	char *text;

	message_add_text(reply, "id", devices->request_id);
	message_add_flag(reply, "ok", true);
	message_add_text(reply, "code", "done");
	message_add_text(reply, "why", "");
	for (uint32_t b = 0; b < site->bus_count; b++)
		for (uint32_t d = 0; d < site->buses[b].device_count; d++)
			if (devices->devices[b][d].present)
				json_object_array_add(list, render_device(devices, site, b, d));
	json_object_object_add(reply, "devices", list);
	text = strdup(message_text(reply));
	json_object_put(reply);
	return text;
}
