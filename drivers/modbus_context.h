/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a Modbus line is between two questions, for modbus_line.c alone: its connection and its lock, how long
 * it is left alone, whose answers are missing. Connecting is here.
 */
#ifndef DENSD_DRIVERS_MODBUS_CONTEXT_H
#define DENSD_DRIVERS_MODBUS_CONTEXT_H

#include <modbus/modbus.h>

#include "drivers/modbus_doubt.h"
#include "drivers/modbus_port.h"

#define MODBUS_CONTEXT_UNITS 256

struct modbus_context {
	struct modbus_line line; /* first: the drivers hold a pointer to it */
	const struct bus_config *config;
	modbus_t *modbus;
	int lock;
	bool connected;
	int dialled; /* a connection on its way, for an owner that cannot wait; -1: none */
	int64_t dialled_ns;
	int64_t quiet_until_ns; /* quarantine, or the wait before the next connect */
	bool quarantined;
	double quarantine_ms;
	int64_t quarantine_end_ns; /* whatever the line says */
	uint8_t failed_unit; /* whose question the quarantine is for, what answers it, and when it was asked
			      */
	uint16_t failed_shape;
	int64_t failed_ns;
	int64_t heard_ns; /* when the last answer was complete; 0: none on this connection */
	struct modbus_doubt doubts[MODBUS_CONTEXT_UNITS]; /* RTU: whose answers are missing */
};

bool modbus_context_is_tcp(const struct modbus_context *context);
/* False for an owner with a deadline (line.until_ns): then connecting is begun and looked at again later. */
bool modbus_context_can_wait(const struct modbus_context *context);
/* What is left for one answer. */
double modbus_context_find_wait_ms(const struct modbus_context *context, const struct modbus_peer *peer);
void modbus_context_set_timeout_ms(struct modbus_context *context, double ms);
/* Takes the lock and connects. 0, or CAUSE_LINK: closed and at rest, or on its way for one that cannot wait.
 */
int modbus_context_connect(struct modbus_context *context, const struct modbus_peer *peer);
/* Gives connection and lock back; harmless when there is none. */
void modbus_context_close(struct modbus_context *context);
/* Not connected again before a second of the laboratory is over. */
void modbus_context_rest(struct modbus_context *context);

#endif
