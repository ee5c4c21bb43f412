/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/bus.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "drivers/capture.h"
#include "drivers/driver.h"
#include "drivers/modbus_line.h"
#include "drivers/serial_line.h"
#include "drivers/socket_line.h"

struct bus {
	struct bus_config config;
	struct modbus_line *modbus;
	struct text_line *text;
	struct bus_config contactor_config; /* of the second line: the coupler of the heater's contactor */
	struct modbus_line *contactor;
	const struct driver_ops *drivers[BUS_DEVICES_MAX];
	void *states[BUS_DEVICES_MAX];
	uint32_t seq;
	struct capture capture;
};

static int open_modbus(struct bus *bus, const struct bus_config *config, char letter,
		       struct modbus_line **ret_line)
{
	struct modbus_line *modbus;
	int r = modbus_line_new(config, &modbus);

	if (r == 0 && (r = capture_modbus_new(&bus->capture, letter, modbus, ret_line)) < 0)
		modbus->ops->free(modbus);
	return r;
}

static int open_line(struct bus *bus)
{
	struct text_line *text;
	int r;

	if (profile_bus_is_text(bus->config.kind)) {
		r = bus->config.kind == BUS_SERIAL ? serial_line_new(&bus->config, &text)
						   : socket_line_new(&bus->config, &text);
		if (r == 0 && (r = capture_text_new(&bus->capture, text, &bus->text)) < 0)
			text->ops->free(text);
		return r;
	}
	return open_modbus(bus, &bus->config, CAPTURE_LINE_DEVICES, &bus->modbus);
}

/* A connection of its own, by the same worker: what ends the one ends the other. */
static int open_contactor(struct bus *bus)
{
	const struct bus_contactor *contactor = &bus->config.contactor;
	struct bus_config *config = &bus->contactor_config;

	if (!contactor->fitted)
		return 0;
	*config = (struct bus_config){
		.kind = BUS_MODBUS_TCP, .port = contactor->port, .scale = bus->config.scale};
	memcpy(config->path, contactor->host, sizeof(config->path));
	config->path[sizeof(config->path) - 1] = '\0';
	return open_modbus(bus, config, CAPTURE_LINE_CONTACTOR, &bus->contactor);
}

/* A driver that speaks Modbus needs a Modbus line, and the other way round. */
static bool fits(const struct bus *bus, const struct driver_ops *driver)
{
	return strcmp(driver->protocol, "modbus") == 0 ? bus->modbus != NULL : bus->text != NULL;
}

static int add_driver(struct bus *bus, uint32_t device)
{
	const struct profile *profile = &bus->config.devices[device].profile;
	struct driver_setup setup = {.config = &bus->config,
				     .device = device,
				     .modbus = bus->modbus,
				     .text = bus->text,
				     .contactor = bus->contactor};
	const struct driver_ops *driver =
		registry_find((enum device_kind)profile->kind, profile->protocol, profile->driver);

	if (!driver || !fits(bus, driver))
		return -EINVAL;
	bus->states[device] = calloc(1, driver->state_size);
	if (!bus->states[device])
		return -ENOMEM;
	bus->drivers[device] = driver;
	return driver->init(bus->states[device], &setup);
}

int bus_new(const struct bus_config *config, struct bus **ret_bus)
{
	struct bus *bus;
	int r;

	if (config->device_count > BUS_DEVICES_MAX || !(config->scale > 0) ||
	    strnlen(config->path, sizeof(config->path)) == sizeof(config->path))
		return -EINVAL;
	bus = calloc(1, sizeof(*bus));
	if (!bus)
		return -ENOMEM;
	bus->config = *config;
	r = open_line(bus);
	if (r == 0)
		r = open_contactor(bus);
	for (uint32_t i = 0; r == 0 && i < config->device_count; i++)
		r = add_driver(bus, i);
	if (r < 0) {
		bus_free(bus);
		return r;
	}
	*ret_bus = bus;
	return 0;
}

void bus_free(struct bus *bus)
{
	if (!bus)
		return;
	capture_end(&bus->capture, "the worker ended");
	for (uint32_t i = 0; i < BUS_DEVICES_MAX; i++) {
		if (bus->drivers[i] && bus->drivers[i]->deinit)
			bus->drivers[i]->deinit(bus->states[i]);
		free(bus->states[i]);
	}
	if (bus->modbus)
		bus->modbus->ops->free(bus->modbus);
	if (bus->text)
		bus->text->ops->free(bus->text);
	if (bus->contactor)
		bus->contactor->ops->free(bus->contactor);
	free(bus);
}

void bus_cycle(struct bus *bus, int64_t tick_mono_ns, const struct demand *demands,
	       struct report *ret_reports, int *ret_trace_fd)
{
	static const struct demand observe; /* mode OBSERVE, no job */

	*ret_trace_fd = -1;
	bus->seq++;
	capture_cycle(&bus->capture, &bus->config, bus->seq, tick_mono_ns, demands);
	for (uint32_t i = 0; i < bus->config.device_count; i++) {
		int64_t now_ns = clock_mono_ns();
		struct driver_cycle cycle = {.seq = bus->seq,
					     .now_ns = now_ns,
					     .t_lab_s = clock_lab_s(now_ns, bus->config.scale),
					     .tick_mono_ns = tick_mono_ns,
					     .wear_allowance = demands[i].wear_allowance};
		bool meant = demands[i].kind == bus->drivers[i]->kind;

		ret_reports[i] =
			(struct report){.kind = (uint8_t)bus->drivers[i]->kind, .device = (uint8_t)i};
		/* A demand for another kind of device is not obeyed. */
		bus->drivers[i]->cycle(bus->states[i], &cycle, meant ? &demands[i] : &observe,
				       &ret_reports[i], ret_trace_fd);
		capture_report(&bus->capture, i, cycle.t_lab_s, &ret_reports[i]);
	}
}

void bus_capture(struct bus *bus, FILE *stream, uint32_t seconds)
{
	struct capture *capture = &bus->capture;

	capture_begin(capture, &bus->config, stream, seconds);
	if (bus->modbus)
		capture_line(capture, CAPTURE_LINE_DEVICES, bus->modbus->connects, bus->modbus->desyncs);
	if (bus->contactor)
		capture_line(capture, CAPTURE_LINE_CONTACTOR, bus->contactor->connects,
			     bus->contactor->desyncs);
	if (bus->text)
		capture_line(capture, CAPTURE_LINE_TEXT, bus->text->connects, 0);
	for (uint32_t i = 0; i < bus->config.device_count; i++)
		if (bus->drivers[i]->memory)
			capture_memory(capture, i, bus->drivers[i]->memory, bus->states[i]);
}
