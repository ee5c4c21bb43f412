/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A reading: one measured value with everything needed to judge it. Instrument trouble is data, so a
 * reading that failed is still a reading; it says why. Times are CLOCK_BOOTTIME nanoseconds (mono).
 */
#ifndef DENSD_BASE_READING_H
#define DENSD_BASE_READING_H

#include <stdbool.h>
#include <stdint.h>

enum quality {
	QUALITY_NONE = 0, /* never read since start */
	QUALITY_GOOD,
	QUALITY_SUSPECT, /* usable for display, not for a permission */
	QUALITY_BAD,
	QUALITY_MAX
};

enum cause {
	CAUSE_NONE = 0,
	CAUSE_TIMEOUT,      /* the device did not answer in time */
	CAUSE_CRC,          /* checksum or framing error */
	CAUSE_EXCEPTION,    /* Modbus exception or instrument error answer */
	CAUSE_MISMATCH,     /* the answer belongs to another question */
	CAUSE_QUARANTINE,   /* the line is being drained after an error */
	CAUSE_SENSOR_BREAK, /* the instrument reports a broken sensor */
	CAUSE_JUMP,         /* faster than physics allows */
	CAUSE_FROZEN,       /* bit-identical for too long */
	CAUSE_RANGE,        /* outside what the instrument can measure */
	CAUSE_IDENTITY,     /* another instrument answers */
	CAUSE_LINK,         /* the line itself is gone: port, socket or worker */
	CAUSE_MAX
};

struct reading {
	double value;
	int64_t t_request_ns; /* mono: when the question left */
	int64_t t_reply_ns;   /* mono: when the answer was complete; 0 = never */
	uint32_t seq;         /* counts the cycles of the worker that read it */
	uint8_t quality;      /* enum quality */
	uint8_t cause;        /* enum cause */
};

const char *quality_name(enum quality quality);
const char *cause_name(enum cause cause);

#endif
