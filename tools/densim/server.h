/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The wires and the loop: one thread, one poll(2). TCP 127.0.0.1 for the press, two ptys for the RTU line and
 * the chip, a UNIX socket for commands. The laboratory is advanced to now before each answer and by a timer.
 */
#ifndef DENSD_DENSIM_SERVER_H
#define DENSD_DENSIM_SERVER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "tools/densim/laboratory.h"

enum { SERVER_PATH = 100 }; /* fits a UNIX socket address */
struct server_options {
	const char *directory;    /* made when it is not there */
	const char *rtu;          /* one more name for DIR/rtu; NULL: none */
	const char *track;        /* file for the laboratory's own record (track.h); NULL: none */
	uint16_t port, text_port; /* 0: none for text instruments */
	double scale;
	double thermocouple_error; /* share of the rise above ambient that it reads too high */
	uint64_t seed;
	bool noise, truth;
	enum laboratory_start start;
	const struct profile *profiles; /* instruments in place of densim's own; outlive the server */
	unsigned profile_count;
};
struct server;
/* Opens every wire and writes DIR/rtu, DIR/chip, DIR/control.sock, DIR/ready. 0 or -errno. */
int server_open(const struct server_options *options, struct server **ret_server);
/* Serves until *@stop is set. 0 or -errno. */
int server_run(struct server *server, const volatile sig_atomic_t *stop);
/* Takes away what server_open made; NULL is fine. */
void server_close(struct server *server);

#endif
