/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What `probe` and `commission` share: a line of the site opened by densctl itself, with the drivers that
 * densd-bus runs, while densd is not there. The line's lock keeps the two apart.
 */
#ifndef DENSCTL_FIELD_H
#define DENSCTL_FIELD_H

#include "config/site.h"
#include "drivers/bus.h"
#include "tools/densctl/command.h"

/* The bus called @name, or NULL with the names there are on standard error. */
const struct bus_config *field_find_bus(const struct site *site, const char *command, const char *name);
/* The device called @name and its bus; false with the names there are on standard error. */
bool field_find_device(const struct site *site, const char *command, const char *name, uint32_t *ret_bus,
		       uint32_t *ret_device);
/* True when nobody else has the line; else says who may and what to do. */
bool field_is_free(const char *command, const struct bus_config *config);
/* "Modbus RTU on /dev/..., 19200 baud 8N1". Returned; @text holds FIELD_TEXT bytes. */
#define FIELD_TEXT 200
const char *field_line_text(const struct bus_config *config, char text[FIELD_TEXT]);
/*
 * Opens the line and closes it again. 0, or -errno with a sentence: which path or port, why not, who may or
 * what to look at. A host is connected to: to be asked when a driver could not, for some have one client at
 * most.
 */
#define FIELD_WHY 400
int field_try_line(const struct bus_config *config, char ret_why[FIELD_WHY]);

/* A bus in densctl's own hands: one cycle every 100 ms of the site's clock. */
struct field {
	const struct bus_config *config;
	struct bus *bus;
	struct demand demands[BUS_DEVICES_MAX];
	struct report reports[BUS_DEVICES_MAX];
	uint32_t faults[BUS_DEVICES_MAX]; /* a bit of enum cause for each that a cycle ended with */
	double cycle_s;                   /* real seconds */
	bool mute; /* the demands are old ones: what waits for fresh ones to write writes nothing */
};
/* All devices observed, nothing written. 0, or -errno. */
int field_open(const struct bus_config *config, struct field *ret_field);
void field_close(struct field *field);
/* One cycle of the bus, then the pause that is left. */
void field_cycle(struct field *field);
/* Cycles for @lab_s seconds of the site's clock, or until @done (NULL: never) is true of device @device. */
typedef bool (*field_test)(const struct report *report);
bool field_wait(struct field *field, uint32_t device, double lab_s, field_test done);

#endif
