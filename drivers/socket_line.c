/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/socket_line.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/text_stream.h"

#define CONNECT_MS 500 /* the bus waits for it, and the others on no other line */

static int await_connect(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t size = sizeof(error);

	if (poll(&wait, 1, CONNECT_MS) <= 0)
		return -ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return -errno;
	return -error;
}

static int connect_to(const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, r = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, address->ai_addr, address->ai_addrlen) < 0)
		r = errno == EINPROGRESS ? await_connect(fd) : -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	return fd;
}

/* Numbers only: a name server that does not answer must not stop a bus. */
static int open_socket(const struct bus_config *config)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *address;
	char port[8];
	int fd;

	snprintf(port, sizeof(port), "%u", config->port);
	if (getaddrinfo(config->path, port, &hints, &address) != 0)
		return -EINVAL;
	fd = connect_to(address);
	freeaddrinfo(address);
	return fd;
}

int socket_line_new(const struct bus_config *config, struct text_line **ret_line)
{
	return text_stream_new(config, open_socket, true, ret_line);
}
