/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A serial line that carries text and binary blocks, as the chip driver sees it. An interface, so that a test
 * can put an in-memory controller there.
 */
#ifndef DENSD_DRIVERS_TEXT_LINE_H
#define DENSD_DRIVERS_TEXT_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "drivers/profile.h"

struct text_line;
/* All mandatory. Each returns 0 or a positive enum cause unless said otherwise. */
struct text_ops {
	/*
	 * Sends @text and an LF. Opens the line when it is closed. CAUSE_MISMATCH when something waits there
	 * that nobody asked for: nothing was sent.
	 */
	int (*send)(struct text_line *line, const char *text);
	/* Sends @length bytes as they are; else as send. */
	int (*send_bytes)(struct text_line *line, const char *bytes, size_t length);
	/*
	 * Takes up to @size bytes that have come, waiting at most @wait_ms for the first. *ret_count may be 0
	 * when the wait is over.
	 */
	int (*receive)(struct text_line *line, uint8_t *ret_bytes, size_t size, double wait_ms,
		       size_t *ret_count);
	/*
	 * After anything doubtful: everything is ignored for @wait_ms, then thrown away; again as long as
	 * something came. CAUSE_QUARANTINE until then.
	 */
	void (*quarantine)(struct text_line *line, double wait_ms);
	void (*free)(struct text_line *line);
};
struct text_line {
	const struct text_ops *ops;
	uint32_t connects; /* goes up with every (re)open */
};

#endif
