/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alarms: one a hazard row where it has one, plus the operational ones. Numbered by the row (1..41). */
#ifndef DENSD_PROTOCOL_ALARM_H
#define DENSD_PROTOCOL_ALARM_H

#include <stdbool.h>
#include <stdint.h>

enum alarm {
	ALARM_NONE = 0,
	/* 1..41: the hazard row itself, e.g. 2 = furnace runaway */
	ALARM_RELEASE_REFUSED = 1,
	ALARM_RUNAWAY = 2,
	ALARM_WELDED_RELAY = 3,
	ALARM_NOT_HEATING = 4,
	ALARM_SENSOR_BREAK = 5,
	ALARM_SENSOR_SLIP = 6,
	ALARM_FROZEN = 7,
	ALARM_STALE = 8,
	ALARM_DESYNC = 9,
	ALARM_READBACK = 10,
	ALARM_IDENTITY = 12,
	ALARM_UNITS = 13,
	ALARM_BUS_LOST = 14,
	ALARM_ADAPTER_LOST = 15,
	ALARM_WORKER_LOST = 16,
	ALARM_STUCK = 17,
	ALARM_PRESSURE_LOSS = 18,
	ALARM_OVER_PRESSURE = 19,
	ALARM_STROKE = 20,
	ALARM_SECOND_MASTER = 21,
	ALARM_MANUAL = 22,
	ALARM_UNAUTHORISED = 23,
	ALARM_RESTARTED = 25,
	ALARM_POWER_CUT = 26,
	ALARM_STORE = 28,
	ALARM_STORE_CORRUPT = 29,
	ALARM_CLOCK_JUMP = 30,
	ALARM_STEP_LATE = 31,
	ALARM_FLOOD = 33,
	ALARM_CONFIG_CHANGED = 36,
	ALARM_CHIP = 37,
	ALARM_PURGE = 38,
	ALARM_HOLDBACK = 39,
	ALARM_WEAR = 40,
	ALARM_SPENT = 41,
	ALARM_PREFLIGHT = 50,
	ALARM_GATEWAY_LOST = 51,
	ALARM_RECORDER_LOST = 52,
	ALARM_HOLD_HOT = 53,
	ALARM_FOREIGN_PRESSURE = 54, /* beside 19: in a 1 atm run */
	ALARM_MAX = 64
};

enum alarm_severity { SEVERITY_NOTICE, SEVERITY_WARNING, SEVERITY_ALARM, SEVERITY_TRIP };

struct alarm_set {
	uint64_t active; /* bit n: enum alarm n */
	uint64_t acknowledged;
};

struct alarm_info {
	const char *name; /* "furnace-runaway" */
	enum alarm_severity severity;
	const char *what;   /* one line: what it means */
	const char *did;    /* one line: what densd did */
	const char *remedy; /* one line: what the operator should do */
};
/* Never NULL; unknown numbers give the entry of ALARM_NONE. */
const struct alarm_info *alarm_info(enum alarm alarm);

#endif
