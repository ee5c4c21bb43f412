/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Four clocks, four names. mono: CLOCK_BOOTTIME. lab: mono x scale, what every rule and timer uses.
 * run: lab less hold and holdback, kept by protocol/. wall: UTC, for records only, never for a decision.
 */
#ifndef DENSD_BASE_CLOCK_H
#define DENSD_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_NS_PER_S INT64_C(1000000000)
#define CLOCK_WALL_TEXT 32 /* bytes: "2026-11-23T13:12:55.123Z" and its NUL */

int64_t clock_mono_ns(void);
/* Lab time in seconds of a mono instant: boottime x scale, so it survives a restart within one boot. */
static inline double clock_lab_s(int64_t mono_ns, double scale)
{
	return (double)mono_ns / (double)CLOCK_NS_PER_S * scale;
}
int64_t clock_wall_us(void);
/* UTC ISO 8601 with milliseconds. @buffer must hold CLOCK_WALL_TEXT bytes; returned for convenience. */
char *clock_wall_text(int64_t wall_us, char buffer[CLOCK_WALL_TEXT]);

#endif
