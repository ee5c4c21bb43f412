/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The line an Alicat flow controller answers a poll with: unit, absolute pressure, temperature, volume flow,
 * mass flow, setpoint, with a totaliser its total, gas, status words. Pure; what comes from outside is not
 * trusted.
 */
#ifndef DENSD_DRIVERS_ALICAT_H
#define DENSD_DRIVERS_ALICAT_H

#include <stdbool.h>

#define ALICAT_GAS 12
struct alicat_status {
	double pressure, temperature, volume_flow, mass_flow, setpoint;
	char gas[ALICAT_GAS];
	bool hold; /* the valve is held where it stands: setpoints do nothing */
};
/* @line without CR. 0, or -EBADMSG: another unit, a field missing or not a number. */
int alicat_parse(const char *line, char unit, struct alicat_status *ret_status);

#endif
