/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Before a question a serial line must be silent: 3.5 characters after the last byte, as Modbus over serial
 * line V1.02 asks of a master, and nothing that nobody asked for may be waiting. A second copy of an answer,
 * or the end of a trickle, would be taken for the answer to the next question.
 */
#ifndef DENSD_DRIVERS_LINE_SILENCE_H
#define DENSD_DRIVERS_LINE_SILENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "drivers/profile.h"

/* After a question no answer is awaited any more; a slow one may come so late. */
#define LINE_LATEST_MS 3000.0
/* A hiss: less than any frame of Modbus RTU, and than any line of text that says something. */
#define LINE_NOISE_MOST 3u

/*
 * Waits until the line has been silent for 3.5 characters since @heard_ns (0: nothing was heard); at the
 * config's clock scale N for an N-th of it. Returns how many bytes are there instead: 0 silence, or the line
 * is gone, which the next use of it will tell.
 */
int line_silence_wait(int fd, const struct bus_config *config, int64_t heard_ns);
/*
 * The same, and takes what is there: up to @noise_most bytes and @ends_most CR and LF (0: they are bytes as
 * others) are nothing. False: there was more, or both, which is the end of a line.
 */
bool line_silence_take(int fd, const struct bus_config *config, int64_t heard_ns, size_t noise_most,
		       size_t ends_most);
/* The pause after the answer "busy" number @attempt, from 0: 40 ms, 80 ms, 160 ms ... at clock scale 1. */
void line_busy_wait(double scale, int attempt);

#endif
