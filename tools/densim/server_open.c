/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening and closing everything that a server stands on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "tools/densim/opening.h"
#include "tools/densim/server_parts.h"

static void init_closed(struct server *server)
{
	server->listen_fd = server->text_listen_fd = server->control_fd = -1;
	server->rtu_slave = server->chip_slave = -1;
	for (int i = 0; i < TEXT_TCP_MAX; i++)
		server->text_tcp[i].fd = -1;
	server->rtu.fd = server->chip.fd = -1;
	for (int i = 0; i < TEXT_MAX; i++)
		server->text[i].fd = server->text_slaves[i] = -1;
	for (int i = 0; i < TCP_MAX; i++)
		server->tcp[i].fd = -1;
	for (int i = 0; i < CONTROL_MAX; i++)
		server->clients[i].fd = -1;
}

/* A text instrument has a terminal of its own, named after its part in the laboratory. */
static int open_text(struct server *server)
{
	int r = 0;
	for (int i = 0; r == 0 && i < server->text_count; i++) {
		bool press = server->instruments[i].profile->kind == DEVICE_PRESS;
		int fd;
		r = opening_terminal(server->options.directory, press ? "press" : "flow", &fd,
				     &server->text_slaves[i]);
		if (r == 0)
			wire_init(&server->text[i], fd, press ? FAULT_BUS_PRESS : FAULT_BUS_RTU);
	}
	return r;
}

static int open_wires(struct server *server)
{
	const char *directory = server->options.directory;
	int fd, r = opening_directory(directory);
	if (r < 0)
		return r;
	r = opening_terminal(directory, "rtu", &fd, &server->rtu_slave);
	if (r < 0)
		return r;
	wire_init(&server->rtu, fd, FAULT_BUS_RTU);
	r = server->options.rtu ? opening_alias(directory, server->options.rtu) : 0;
	if (r < 0)
		return r;
	server->aliased = server->options.rtu != NULL;
	r = opening_terminal(directory, "chip", &fd, &server->chip_slave);
	if (r < 0)
		return r;
	wire_init(&server->chip, fd, FAULT_BUS_CHIP);
	r = open_text(server);
	if (r < 0)
		return r;
	r = opening_listen_tcp(server->options.port, &server->listen_fd);
	if (r < 0)
		return r;
	if (server->options.text_port)
		r = server->text_count
			    ? opening_listen_tcp(server->options.text_port, &server->text_listen_fd)
			    : -EINVAL;
	if (r < 0)
		return r;
	r = opening_listen_unix(directory, "control.sock", &server->control_fd);
	return r < 0 ? r : opening_ready(directory, server->options.port, server->options.scale);
}

static int open_track(struct server *server)
{
	if (!server->options.track)
		return 0;
	server->track_file = fopen(server->options.track, "we");
	if (!server->track_file)
		return -errno;
	fputs(track_header, server->track_file);
	return 0;
}

static int emulate(struct server *server, const struct profile *profile)
{
	if (strcmp(profile->protocol, "modbus") == 0)
		return registers_emulate(&server->registers, profile);
	if (server->text_count == TEXT_MAX)
		return -ENOSPC;
	int r = emulator_text_init(&server->instruments[server->text_count], profile, &server->lab);
	server->text_count += r == 0;
	return r;
}

int server_open(const struct server_options *options, struct server **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));
	if (!server)
		return -ENOMEM;
	server->options = *options;
	init_closed(server);
	laboratory_init(&server->lab, options->scale, options->seed, options->noise);
	server->lab.furnace.sensor_error = options->thermocouple_error;
	laboratory_begin_at(&server->lab, options->start);
	server->start_ns = clock_mono_ns() -
			   (int64_t)((double)server->lab.substep * LABORATORY_STEP_S / options->scale * 1e9);
	registers_init(&server->registers, &server->lab, server->start_ns);
	server->scpi.lab = &server->lab;
	int r = open_track(server);
	for (unsigned i = 0; r == 0 && i < options->profile_count; i++)
		r = emulate(server, &options->profiles[i]);
	if (r == 0)
		r = open_wires(server);
	if (r < 0) {
		server_close(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

void server_close(struct server *server)
{
	if (!server)
		return;
	opening_remove(server->options.directory);
	if (server->aliased)
		unlink(server->options.rtu);
	for (int i = 0; i < TCP_MAX; i++)
		if (server->tcp[i].fd >= 0)
			close(server->tcp[i].fd);
	for (int i = 0; i < TEXT_TCP_MAX; i++)
		if (server->text_tcp[i].fd >= 0)
			close(server->text_tcp[i].fd);
	for (int i = 0; i < CONTROL_MAX; i++)
		if (server->clients[i].fd >= 0)
			close(server->clients[i].fd);
	for (int i = 0; i < server->text_count; i++) {
		if (server->text[i].fd >= 0)
			close(server->text[i].fd);
		if (server->text_slaves[i] >= 0)
			close(server->text_slaves[i]);
	}
	const int fds[] = {server->listen_fd,  server->text_listen_fd, server->control_fd, server->rtu_slave,
			   server->chip_slave, server->rtu.fd,         server->chip.fd};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (server->track_file)
		fclose(server->track_file);
	free(server);
}
