/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A record of what passes over one line, with times: demands, transactions or text, reports; and over the
 * second line of a furnace's worker, to the coupler of its heater's contactor. It stands between the drivers
 * and their transport and is off until it is given a file; then it ends by itself. Plain text, a line an
 * event; times in real seconds since its beginning, words in hexadecimal:
 *
 *   densd-capture/1
 *   bus NAME KIND SCALE
 *   device INDEX NAME UNIT PROFILE SHA256
 *   contactor UNIT COIL WATCHDOG_S PROFILE SHA256            where the bus has one
 *   calibration ID, loading BAR GPA, unloading BAR GPA       of a press
 *   correction NAME READING TRUTH SD                         of thermocouple, thermocouple2, flow
 *   pressure-rate GPA_PER_S                     the fastest ramp of the site, where it has one
 *   mono NS                                     the beginning, on the clock that the memory's times are of
 *   line LETTER CONNECTS DESYNCS                of a line (M, K or S) at the beginning
 *   W INDEX NAME=VALUE...                       what the driver of a device knew then (memory.h)
 *   C SEQ T AGE                                 a cycle begins, by a tick of control's AGE seconds old
 *   D INDEX KIND FIELDS [wear=N]                the demand of a device, where it changed (capture_text.h)
 *   M UNIT OP ADDRESS COUNT READ READS [WORDS] > TOOK CAUSE EXCEPTION CONNECTS DESYNCS [WORDS]
 *   K (as M)                                    the same on the contactor's line
 *   S TEXT > CAUSE CONNECTS                     a text sent
 *   A TOOK CAUSE [BYTES]                        what came
 *   Q MS                                        the driver asked for quiet
 *   R INDEX LAB FIELDS                          what the driver made of it in its cycle at LAB
 * (capture_text.h) E WHY                                       the end
 */
#ifndef DENSD_DRIVERS_CAPTURE_H
#define DENSD_DRIVERS_CAPTURE_H

#include <stdio.h>

#include "drivers/memory.h"
#include "drivers/modbus_port.h"
#include "drivers/text_line.h"

#define CAPTURE_BYTES_MAX (64l << 20)

enum capture_op {
	CAPTURE_READ,
	CAPTURE_READ_INPUT,
	CAPTURE_WRITE,
	CAPTURE_WRITE_READ,
	CAPTURE_COIL,
	CAPTURE_READ_COIL,
	CAPTURE_READ_DISCRETE,
	CAPTURE_OP_MAX
};
extern const char *const capture_op_names[CAPTURE_OP_MAX];

/* The first question after a connect and its answer, kept also while nothing is recorded. */
struct capture_hello {
	uint32_t connects;
	char text[64];
	uint8_t bytes[192];
	size_t count;
};
struct capture {
	struct capture_hello hello;
	FILE *stream; /* NULL: off */
	int64_t began_ns, end_ns;
	bool told[BUS_DEVICES_MAX];
	struct demand demands[BUS_DEVICES_MAX]; /* as last written */
};

/* Takes @stream over. The header is written at once. */
void capture_begin(struct capture *capture, const struct bus_config *config, FILE *stream, uint32_t seconds);
/* Behind capture_begin: where a line stands, and what the driver of a device knows. */
void capture_line(struct capture *capture, char letter, uint32_t connects, uint32_t desyncs);
void capture_memory(struct capture *capture, uint32_t device, const struct memory_field *fields,
		    const void *state);
/* Nothing when it is off. */
void capture_end(struct capture *capture, const char *why);
/* The beginning of a cycle and the demands that changed; ends the capture when its time or room is over. */
void capture_cycle(struct capture *capture, const struct bus_config *config, uint32_t seq,
		   int64_t tick_mono_ns, const struct demand *demands);
void capture_report(struct capture *capture, uint32_t device, double t_lab_s, const struct report *report);

/* The letters of the lines a worker may have. */
#define CAPTURE_LINE_DEVICES 'M'
#define CAPTURE_LINE_CONTACTOR 'K'
#define CAPTURE_LINE_TEXT 'S'
/* A line that records, each transaction as a line of @letter, and hands on to @inner, which it owns. 0 or
 * -ENOMEM (then @inner is still the caller's). */
int capture_modbus_new(struct capture *capture, char letter, struct modbus_line *inner,
		       struct modbus_line **ret_line);
int capture_text_new(struct capture *capture, struct text_line *inner, struct text_line **ret_line);

#endif
