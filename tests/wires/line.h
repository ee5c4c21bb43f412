/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One line on a simulated clock, cut off below libmodbus, drivers/modbus_line.c and drivers/serial_line.c as
 * they ship: what they wait for (select, ppoll, nanosleep) moves the clock, what they read are bytes that
 * have each their own time of arrival. There is one line in the program, because the seams stand where the C
 * library is.
 */
#ifndef DENSD_TESTS_WIRES_LINE_H
#define DENSD_TESTS_WIRES_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line {
	int64_t now_ns; /* mono */
	bool tcp;
	bool refuses; /* nothing can be opened: port closed, adapter unplugged */
	/* Takes what the host has sent, from the start of @bytes; returns how much. 0: more is needed. */
	size_t (*take)(const uint8_t *bytes, size_t length);
};
extern struct line line;

/* Closed, nothing on its way, no clock set. */
void line_reset(void);
/* Bytes for the host: the first arrives at @due_ns, each next one @gap_ns later. */
void line_put(const uint8_t *bytes, size_t length, int64_t due_ns, int64_t gap_ns);
/* The far end is gone: TCP closed, adapter pulled. What is on its way is lost with a connection, not with an
 * adapter. */
void line_hang_up(void);
bool line_is_open(void);
/* True when the host has an end of its own open, whether or not the far end is. */
bool line_is_held(void);

#endif
