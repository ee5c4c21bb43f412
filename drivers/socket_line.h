/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A text instrument on TCP, such as SCPI on port 5025. After anything doubtful it is connected anew. */
#ifndef DENSD_DRIVERS_SOCKET_LINE_H
#define DENSD_DRIVERS_SOCKET_LINE_H

#include "drivers/text_line.h"

/* Connects to nothing yet; host is a numeric address. @config must outlive the line. 0 or -ENOMEM. */
int socket_line_new(const struct bus_config *config, struct text_line **ret_line);

#endif
