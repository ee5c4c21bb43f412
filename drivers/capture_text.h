/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Demands and reports as one line of text, for a capture. A demand is read back exactly; of a report stands
 * what a driver judged and measured, without counters and times, so that two of them can be compared. Pure.
 */
#ifndef DENSD_DRIVERS_CAPTURE_TEXT_H
#define DENSD_DRIVERS_CAPTURE_TEXT_H

#include <stddef.h>

#include "drivers/device.h"

#define CAPTURE_LINE 512
#define CAPTURE_SENT 320

/* What was sent as one line: its LF left out, other control characters and '\\' as '\\' and two hexadecimal
 * digits. */
void capture_text_sent(const char *bytes, size_t length, char ret_text[CAPTURE_SENT]);

/* "furnace 2 643.15"; @now_ns: a permit is written by the age of its temperature. */
void capture_text_demand(const struct demand *demand, int64_t now_ns, char ret_text[CAPTURE_LINE]);
/* The inverse. 0 or -EINVAL. */
int capture_text_read_demand(const char *text, int64_t now_ns, struct demand *ret_demand);
/* "furnace online=1 fault=none T=643.15/good ..." */
void capture_text_report(const struct report *report, char ret_text[CAPTURE_LINE]);

#endif
