/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a driver is: a table of methods and a state of its own, for one device on one line. Drivers hold no
 * descriptor and start nothing; the bus calls them once a cycle, from one thread.
 */
#ifndef DENSD_DRIVERS_DRIVER_H
#define DENSD_DRIVERS_DRIVER_H

#include <stddef.h>

#include "drivers/memory.h"
#include "drivers/modbus_port.h"
#include "drivers/text_line.h"

struct driver_setup {
	const struct bus_config *config; /* outlives the driver */
	uint32_t device;                 /* index in config->devices */
	struct modbus_line *modbus;      /* one of the two is NULL */
	struct text_line *text;
	struct modbus_line *contactor; /* to the coupler of config->contactor; NULL: the bus has none */
};
struct driver_cycle {
	uint32_t seq;   /* of the worker's cycles */
	int64_t now_ns; /* mono, at the start of the cycle */
	double t_lab_s;
	int64_t tick_mono_ns;    /* when control made the demand */
	uint32_t wear_allowance; /* of the demand */
};

struct driver_ops {
	const char *name;
	enum device_kind kind;
	const char *protocol; /* as in the profile: "modbus", "scpi", "pace", "dasnet", "alicat" */
	size_t state_size;
	const struct memory_field *memory; /* of the state: all that the next cycle rests on; NULL: a capture
					      begins without it */
	/*
	 * Mandatory. Fills the zeroed state. No I/O. 0, or -EINVAL when the profile lacks what this driver
	 * needs.
	 */
	int (*init)(void *state, const struct driver_setup *setup);
	/*
	 * Mandatory. One cycle; may block for the transactions it makes. Brings the device to @demand
	 * (MODE_OFF or .off is the safe state and goes first), reads its block, fills @report, whose kind and
	 * device are set. MODE_OBSERVE writes nothing. @ret_trace_fd: -1 before the call; a descriptor the
	 * caller then owns.
	 */
	void (*cycle)(void *state, const struct driver_cycle *cycle, const struct demand *demand,
		      struct report *report, int *ret_trace_fd);
	/* Optional: releases what the state holds. */
	void (*deinit)(void *state);
};

extern const struct driver_ops furnace_driver, press_driver, flow_driver, chip_driver, pump_driver,
	pace_driver, dasnet_driver, alicat_driver;

/* @name: of the driver, or empty: the first. NULL when none serves that kind of device over that protocol. */
const struct driver_ops *registry_find(enum device_kind kind, const char *protocol, const char *name);

#endif
