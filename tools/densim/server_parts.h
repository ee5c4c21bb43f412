/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What server.c and server_open.c share: the server and its wires. */
#ifndef DENSD_DENSIM_SERVER_PARTS_H
#define DENSD_DENSIM_SERVER_PARTS_H

#include <stdio.h>

#include "tools/densim/control.h"
#include "tools/densim/emulator_text.h"
#include "tools/densim/registers.h"
#include "tools/densim/scpi.h"
#include "tools/densim/server.h"
#include "tools/densim/track.h"
#include "tools/densim/wire.h"

enum { TCP_MAX = 8, CONTROL_MAX = 4, TEXT_MAX = 2, TEXT_TCP_MAX = 2 };
struct control_client {
	int fd; /* -1: unused */
	char line[CONTROL_LINE];
	size_t length;
};
struct server {
	struct server_options options;
	struct laboratory lab;
	struct registers registers;
	struct scpi scpi;
	int64_t start_ns, unlocked_ns;
	int listen_fd, text_listen_fd, control_fd, rtu_slave, chip_slave;
	struct wire rtu, chip, text[TEXT_MAX], tcp[TCP_MAX], text_tcp[TEXT_TCP_MAX];
	struct emulator_text instruments[TEXT_MAX];
	int text_slaves[TEXT_MAX], text_count;
	struct control_client clients[CONTROL_MAX];
	uint32_t told_batch;
	FILE *track_file; /* NULL: none wanted */
	struct track track;
	bool aliased;
	char answer[SCPI_ANSWER];
};

#endif
