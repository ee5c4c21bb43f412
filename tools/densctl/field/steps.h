/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The steps of commissioning one device, in order, by its kind. Each drives the device through the driver
 * that densd runs and says what it found. No step heats and none raises pressure: setpoints are written at
 * the value that is there.
 */
#ifndef DENSCTL_STEPS_H
#define DENSCTL_STEPS_H

#include "config/commissioning.h"
#include "tools/densctl/field/field.h"

struct commission {
	const struct site *site;
	const struct bus_config *config;
	const struct bus_device *device;
	uint32_t index; /* of the device on its bus */
	struct field field;
	char limits[COMMISSIONING_TEXT]; /* what the device's own limits were read as; empty: none declared */
	bool limits_hold;
};

struct step {
	const char *name;
	const char *what;                                    /* the sentence that the technician reads */
	bool may_skip;                                       /* with a reason in words */
	bool (*needed)(const struct commission *commission); /* NULL: always */
	/* True: passed. @ret_found (COMMISSIONING_TEXT): the numbers. */
	bool (*run)(struct commission *commission, char *ret_found);
};
/* The steps of a kind of device; *ret_count of them. */
const struct step *steps_of(uint8_t kind, size_t *ret_count);
/* Leaves the device as safe as the driver can: heater off, press locked, no flow, chip off. True: it said so.
 */
bool steps_make_safe(struct commission *commission);

#endif
