/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A text line on a descriptor: what a serial port and a socket have in common. It is opened when it is first
 * needed, and again a second after it was lost; one process has it (line_lock.h).
 */
#ifndef DENSD_DRIVERS_TEXT_STREAM_H
#define DENSD_DRIVERS_TEXT_STREAM_H

#include <stdbool.h>

#include "drivers/text_line.h"

struct text_stream {
	struct text_line line; /* first */
	const struct bus_config *config;
	int (*open)(const struct bus_config *config);
	bool reconnects, quarantined, lost;
	int fd, lock;
	int64_t quiet_until_ns, heard_ns; /* 0: not quiet; nothing heard since it was opened */
	int64_t quarantine_end_ns;        /* whatever the line says */
	double quarantine_ms;
};

/*
 * Opens nothing yet. @open: a non-blocking descriptor, or -errno. @reconnects: after anything doubtful the
 * line is closed and opened anew, not drained. @config must outlive the line. 0 or -ENOMEM.
 */
int text_stream_new(const struct bus_config *config, int (*open)(const struct bus_config *config),
		    bool reconnects, struct text_line **ret_line);

#endif
