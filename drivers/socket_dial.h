/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A TCP connection to a numeric address, begun and looked at by one who cannot wait for it. */
#ifndef DENSD_DRIVERS_SOCKET_DIAL_H
#define DENSD_DRIVERS_SOCKET_DIAL_H

#include <stdbool.h>
#include <stdint.h>

/* An IPv4 or IPv6 address; a name would have to be looked up. */
bool socket_dial_is_numeric(const char *host);

/*
 * Begins to connect and waits for nothing: no name is looked up, since a name server that does not answer
 * must not stop a bus. 0: connected; -EINPROGRESS: on its way. Then *ret_fd is a non-blocking descriptor that
 * the caller closes. -EINVAL when @host is no number; else -errno.
 */
int socket_dial_begin(const char *host, uint16_t port, int *ret_fd);
/* 0: connected; -EINPROGRESS: not yet, after @wait_ms; else -errno. */
int socket_dial_look(int fd, int wait_ms);

#endif
