/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A serial port by termios: raw, 8 bits, exclusive. A pty serves as well as a real port. */
#ifndef DENSD_DRIVERS_SERIAL_LINE_H
#define DENSD_DRIVERS_SERIAL_LINE_H

#include "drivers/text_line.h"

/* Opens nothing yet. @config must outlive the line. 0, -ENOMEM, -EINVAL (unknown speed or parity). */
int serial_line_new(const struct bus_config *config, struct text_line **ret_line);

#endif
