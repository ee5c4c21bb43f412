/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What clients ask about the instruments: a capture of a line, another device in a place, how each is now. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/control/commands_parts.h"

/* False, and the buses there are in @ret_why, when @name is none of them. */
static bool find_bus(const struct control *control, const char *name, char ret_why[MACHINE_WHY],
		     uint32_t *ret_bus)
{
	const struct site *site = &control->site;

	for (uint32_t i = 0; i < site->bus_count; i++)
		if (strcmp(site->buses[i].name, name) == 0) {
			*ret_bus = i;
			return true;
		}
	snprintf(ret_why, MACHINE_WHY, "the site has no bus '%.31s'; its buses:", name);
	for (uint32_t i = 0; i < site->bus_count; i++)
		snprintf(ret_why + strlen(ret_why), MACHINE_WHY - strlen(ret_why), " %s",
			 site->buses[i].name);
	return false;
}

struct answer commands_do_capture(struct control *control, const struct link_command *command)
{
	struct answer answer = {.code = ANSWER_REFUSED};
	struct link_capture capture = {.seconds = command->seconds};
	struct worker *worker;
	char id[ULID_TEXT];
	uint32_t bus;

	if (command->role < ROLE_OPERATOR)
		return commands_refuse_role(control, ROLE_OPERATOR);
	if (!find_bus(control, command->text, answer.why, &bus))
		return answer;
	if (command->seconds < 1 || command->seconds > LINK_CAPTURE_LONGEST_S) {
		snprintf(answer.why, MACHINE_WHY, "a capture of %u s: 1 to %u s are allowed",
			 command->seconds, LINK_CAPTURE_LONGEST_S);
		return answer;
	}
	worker = &control->buses[bus];
	if (ulid_make(id) < 0)
		return commands_refuse("the machine gives no random number for the file's name: try again");
	snprintf(capture.path, sizeof(capture.path), "%s/captures/%s-%s.capture", control->site.store,
		 control->site.buses[bus].name, id);
	if (link_send(worker->socket, LINK_BUS_CAPTURE, worker->seq, &capture, sizeof(capture), -1) < 0)
		return commands_refuse("the bus worker is not there: try again in a moment");
	answer.code = ANSWER_DONE;
	snprintf(answer.why, MACHINE_WHY, "capturing for %u s into %.*s", command->seconds, MACHINE_WHY - 40,
		 capture.path);
	return answer;
}

struct answer commands_do_replaced(struct control *control, const struct link_command *command)
{
	struct answer answer = {.code = ANSWER_REFUSED};

	if (command->role < ROLE_SUPERVISOR)
		return commands_refuse_role(control, ROLE_SUPERVISOR);
	if (control->machine.phase != PHASE_IDLE && control->machine.phase != PHASE_DONE)
		return commands_refuse("a run is on the press: no instrument of it is replaced now");
	if (wear_replace(control, command->device, command->text, answer.why) == 0)
		answer.code = ANSWER_DONE;
	return answer;
}

static void fill_device(const struct control *control, uint32_t bus, uint32_t index,
			struct link_device *ret_device)
{
	const struct report *report = &control->reports[bus].reports[index];
	const struct wear_device *wear = &control->wear.devices[bus][index];
	const struct reading *main = NULL;

	*ret_device =
		(struct link_device){.present = true,
				     .age_s = NAN,
				     .counted = wear->counted && wear->key[0],
				     .used = wear_used(wear),
				     .since_wall_us = wear->since_wall_us,
				     .month_wall_us = wear->month_wall_us,
				     .month_used = wear->month_used,
				     .commissioned_wall_s = control->site.commissioning.date_s[bus][index],
				     .worker_starts = control->buses[bus].starts};
	memcpy(ret_device->causes, control->causes[bus][index], sizeof(ret_device->causes));
	if (index >= control->reports[bus].count)
		return;
	ret_device->online = report->online && control->buses[bus].socket >= 0;
	ret_device->quarantined = report->fault == CAUSE_QUARANTINE;
	ret_device->fault = report->fault;
	ret_device->units_differ = report->units_differ;
	ret_device->order_proven = report->order_proven;
	ret_device->transactions = report->transactions;
	ret_device->errors = report->errors;
	ret_device->connects = report->connects;
	memcpy(ret_device->identity, report->identity, sizeof(ret_device->identity));
	main = report->kind == DEVICE_FURNACE ? &report->furnace.temperature_k
	       : report->kind == DEVICE_PRESS ? &report->press.oil_bar
	       : report->kind == DEVICE_FLOW  ? &report->flow.flow_ml_per_min
					      : &report->chip.temperature_k;
	if (main->t_reply_ns > 0)
		ret_device->age_s =
			control_lab_s(control) - clock_lab_s(main->t_reply_ns, control->site.clock_scale);
}

void commands_tell_devices(struct control *control, const struct link_command *command)
{
	static struct link_devices devices; /* too large for the stack */
	struct worker *gateway = &control->gateway;

	if (gateway->socket < 0)
		return;
	memset(&devices, 0, sizeof(devices));
	devices.route = command->route;
	devices.wall_us = clock_wall_us();
	memcpy(devices.request_id, command->request_id, LINK_ID);
	for (uint32_t b = 0; b < control->site.bus_count; b++)
		for (uint32_t d = 0; d < control->site.buses[b].device_count; d++)
			fill_device(control, b, d, &devices.devices[b][d]);
	if (outbox_send(&control->outbox, gateway->socket, &gateway->seq, LINK_DEVICES, &devices,
			sizeof(devices), -1, true) == -EAGAIN)
		worker_wait_writable(gateway);
}
