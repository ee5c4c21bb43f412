/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/socket_line.h"

#include <errno.h>
#include <unistd.h>

#include "drivers/socket_dial.h"
#include "drivers/text_stream.h"

#define CONNECT_MS 500 /* the bus waits for it, and the others on no other line */

static int open_socket(const struct bus_config *config)
{
	int fd, r = socket_dial_begin(config->path, config->port, &fd);

	if (r == 0)
		return fd;
	if (r != -EINPROGRESS)
		return r;
	r = socket_dial_look(fd, CONNECT_MS);
	if (r == 0)
		return fd;
	close(fd);
	return r == -EINPROGRESS ? -ETIMEDOUT : r;
}

int socket_line_new(const struct bus_config *config, struct text_line **ret_line)
{
	return text_stream_new(config, open_socket, true, ret_line);
}
