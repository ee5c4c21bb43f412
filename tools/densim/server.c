/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/server.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "tools/densim/modbus_server.h"
#include "tools/densim/opening.h"
#include "tools/densim/server_parts.h"

enum { TICK_MS = 5 };
/* The wires in order: RTU, chip, text instruments, TCP, text over TCP. The last two come and go. */
enum {
	WIRE_TEXT = 2,
	WIRE_TCP = WIRE_TEXT + TEXT_MAX,
	WIRE_TEXT_TCP = WIRE_TCP + TCP_MAX,
	WIRE_MAX = WIRE_TEXT_TCP + TEXT_TCP_MAX,
	POLL_CONTROL = WIRE_MAX + 3, /* behind the three that listen */
	POLL_MAX = POLL_CONTROL + CONTROL_MAX
};
#define RTU_SILENCE_NS (20 * INT64_C(1000000)) /* half a frame older than this is thrown away */
#define UNLOCK_NS (2 * CLOCK_NS_PER_S)

static void record(struct server *server)
{
	char line[TRACK_LINE];

	if (server->track_file && track_step(&server->track, &server->lab, line))
		fputs(line, server->track_file);
}

static void advance(struct server *server)
{
	double lab_s = (double)(clock_mono_ns() - server->start_ns) * 1e-9 * server->options.scale;
	uint64_t due = (uint64_t)(lab_s / LABORATORY_STEP_S);
	while (server->lab.substep < due) {
		laboratory_step(&server->lab);
		record(server);
	}
	if (server->options.truth && server->lab.batch != server->told_batch) {
		server->told_batch = server->lab.batch;
		printf("RECOVERED batch=%u Tf_K=%.3f T_max_K=%.2f P_max_GPa=%.3f\n", server->lab.batch,
		       glass_tf_k(&server->lab.recovered), server->lab.recovered_highest_k,
		       server->lab.recovered_highest_gpa);
		fflush(stdout);
	}
}

/* Which connection it is, for a coupler that lets one master write; 0: none. */
static unsigned find_asker(const struct server *server, const struct wire *wire)
{
	for (unsigned i = 0; i < TCP_MAX; i++)
		if (wire == &server->tcp[i])
			return i + 1;
	return 0;
}

static void serve_modbus(struct server *server, struct wire *wire)
{
	uint8_t answer[MODBUS_FRAME_MAX];
	size_t length, used = 1;
	server->lab.coupler.asker = find_asker(server, wire);
	while (wire->in_length && used) {
		if (wire->bus == FAULT_BUS_RTU)
			used = modbus_server_rtu(registers_on_rtu, &server->registers, wire->in,
						 wire->in_length, answer, &length);
		else
			used = modbus_server_tcp(registers_on_press, &server->registers, wire->in,
						 wire->in_length, answer, &length);
		wire_take(wire, used);
		if (used)
			wire_answer(wire, &server->lab.faults, server->options.seed, answer, length,
				    clock_mono_ns());
	}
}

static void serve_chip(struct server *server, struct wire *wire)
{
	uint8_t *end;
	while ((end = memchr(wire->in, '\n', wire->in_length))) {
		*end = '\0';
		size_t length = scpi_line(&server->scpi, (const char *)wire->in, server->answer);
		wire_take(wire, (size_t)(end - wire->in) + 1);
		wire_answer(wire, &server->lab.faults, server->options.seed, server->answer, length,
			    clock_mono_ns());
	}
}

static void serve_text(struct server *server, struct wire *wire, struct emulator_text *instrument)
{
	size_t length, used = 1;
	while (wire->in_length && used) {
		used = emulator_text_take(instrument, (const char *)wire->in, wire->in_length, server->answer,
					  &length);
		wire_take(wire, used);
		wire_answer(wire, &server->lab.faults, server->options.seed, server->answer, length,
			    clock_mono_ns());
	}
}

/* The first text instrument is on TCP as well, when a port is asked for. */
static struct emulator_text *find_instrument(struct server *server, const struct wire *wire)
{
	for (int i = 0; i < server->text_count; i++)
		if (wire == &server->text[i])
			return &server->instruments[i];
	for (int i = 0; i < TEXT_TCP_MAX; i++)
		if (wire == &server->text_tcp[i])
			return &server->instruments[0];
	return NULL;
}

/* A silent bus hears nothing either: what comes in while it is lost has no effect. */
static int serve_wire(struct server *server, struct wire *wire)
{
	int64_t now_ns = clock_mono_ns();
	struct emulator_text *instrument = find_instrument(server, wire);
	if (!instrument && wire->bus == FAULT_BUS_RTU && wire->in_length &&
	    now_ns - wire->last_byte_ns > RTU_SILENCE_NS)
		wire->in_length = 0;
	int n = wire_receive(wire, now_ns);
	if (n <= 0)
		return n;
	advance(server);
	if (faults_silent(&server->lab.faults, wire->bus))
		wire->in_length = 0;
	else if (instrument)
		serve_text(server, wire, instrument);
	else if (wire->bus == FAULT_BUS_CHIP)
		serve_chip(server, wire);
	else
		serve_modbus(server, wire);
	return wire_send(wire, &server->lab.faults, clock_mono_ns());
}

static void drop_wire(struct server *server, struct wire *wire)
{
	coupler_hang_up(&server->lab.coupler, find_asker(server, wire));
	close(wire->fd);
	wire->fd = -1;
}

static void accept_tcp(int listen_fd, struct wire *wires, int count)
{
	int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	for (int i = 0; i < count; i++)
		if (wires[i].fd < 0) {
			opening_no_delay(fd);
			wire_init(&wires[i], fd, FAULT_BUS_PRESS);
			return;
		}
	close(fd);
}

static void accept_control(struct server *server)
{
	int fd = accept4(server->control_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	for (int i = 0; i < CONTROL_MAX; i++)
		if (server->clients[i].fd < 0) {
			server->clients[i].fd = fd;
			server->clients[i].length = 0;
			return;
		}
	close(fd);
}

/* One command a connection; the answer ends with the connection. */
static void serve_control(struct server *server, struct control_client *client)
{
	ssize_t n = read(client->fd, client->line + client->length, CONTROL_LINE - 1 - client->length);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		client->length += (size_t)n;
		client->line[client->length] = '\0';
		if (!strchr(client->line, '\n') && client->length < CONTROL_LINE - 1)
			return;
		char answer[CONTROL_ANSWER];
		advance(server);
		size_t length = control_line(&server->lab, client->line, answer);
		(void)!send(client->fd, answer, length, MSG_NOSIGNAL);
	}
	close(client->fd);
	client->fd = -1;
}

static void wires_each(struct server *server, struct wire *ret_wires[WIRE_MAX])
{
	ret_wires[0] = &server->rtu;
	ret_wires[1] = &server->chip;
	for (int i = 0; i < TEXT_MAX; i++)
		ret_wires[WIRE_TEXT + i] = &server->text[i];
	for (int i = 0; i < TCP_MAX; i++)
		ret_wires[WIRE_TCP + i] = &server->tcp[i];
	for (int i = 0; i < TEXT_TCP_MAX; i++)
		ret_wires[WIRE_TEXT_TCP + i] = &server->text_tcp[i];
}

static int wait_ms(struct wire *const wires[WIRE_MAX])
{
	int64_t now_ns = clock_mono_ns(), wait_ns = TICK_MS * INT64_C(1000000);
	for (int i = 0; i < WIRE_MAX; i++) {
		if (wires[i]->fd < 0 || wire_due_ns(wires[i]) == INT64_MAX)
			continue;
		int64_t left_ns = wire_due_ns(wires[i]) - now_ns;
		wait_ns = left_ns < wait_ns ? left_ns : wait_ns;
	}
	return wait_ns <= 0 ? 0 : (int)((wait_ns + 999999) / 1000000);
}

static void send_due(struct server *server, struct wire *const wires[WIRE_MAX])
{
	for (int i = 0; i < WIRE_MAX; i++)
		if (wires[i]->fd >= 0 && wire_send(wires[i], &server->lab.faults, clock_mono_ns()) < 0 &&
		    i >= WIRE_TCP)
			drop_wire(server, wires[i]);
}

/* An adapter that is pulled out takes its terminal along; plugged in again it is another one of the same
 * name. */
static int replug(struct server *server, struct wire *wire, int *slave, const char *name)
{
	bool gone = faults_at(&server->lab.faults, FAULT_ADAPTER_GONE, wire->bus);
	int fd;

	if (gone && wire->fd >= 0) {
		drop_wire(server, wire);
		close(*slave);
		*slave = -1;
		opening_unlink(server->options.directory, name);
	} else if (!gone && wire->fd < 0) {
		int r = opening_terminal(server->options.directory, name, &fd, slave);
		if (r < 0)
			return r;
		wire_init(wire, fd, wire->bus);
	}
	return 0;
}

/* A master that died leaves TIOCEXCL on a terminal that never closes: an unplugged adapter would forget it.
 */
static void unlock_terminals(struct server *server)
{
	int64_t now_ns = clock_mono_ns();
	if (now_ns - server->unlocked_ns < UNLOCK_NS)
		return;
	server->unlocked_ns = now_ns;
	if (now_ns - server->rtu.last_byte_ns > UNLOCK_NS)
		(void)ioctl(server->rtu_slave, TIOCNXCL);
	if (now_ns - server->chip.last_byte_ns > UNLOCK_NS)
		(void)ioctl(server->chip_slave, TIOCNXCL);
	for (int i = 0; i < server->text_count; i++)
		if (now_ns - server->text[i].last_byte_ns > UNLOCK_NS)
			(void)ioctl(server->text_slaves[i], TIOCNXCL);
}

/* Puts every descriptor at its fixed place; poll(2) passes over negative ones. */
static void fill_poll(const struct server *server, struct wire *const wires[WIRE_MAX],
		      struct pollfd *ret_polls)
{
	for (int i = 0; i < WIRE_MAX; i++)
		ret_polls[i] = (struct pollfd){wires[i]->fd, POLLIN, 0};
	ret_polls[WIRE_MAX] = (struct pollfd){server->listen_fd, POLLIN, 0};
	ret_polls[WIRE_MAX + 1] = (struct pollfd){server->control_fd, POLLIN, 0};
	ret_polls[WIRE_MAX + 2] = (struct pollfd){server->text_listen_fd, POLLIN, 0};
	for (int i = 0; i < CONTROL_MAX; i++)
		ret_polls[POLL_CONTROL + i] = (struct pollfd){server->clients[i].fd, POLLIN, 0};
}

static void serve_ready(struct server *server, struct wire *const wires[WIRE_MAX], const struct pollfd *polls)
{
	for (int i = 0; i < WIRE_MAX; i++)
		if (polls[i].revents && serve_wire(server, wires[i]) < 0 && i >= WIRE_TCP)
			drop_wire(server, wires[i]);
	for (int i = 0; i < CONTROL_MAX; i++)
		if (polls[POLL_CONTROL + i].revents)
			serve_control(server, &server->clients[i]);
	if (polls[WIRE_MAX].revents)
		accept_tcp(server->listen_fd, server->tcp, TCP_MAX);
	if (polls[WIRE_MAX + 2].revents)
		accept_tcp(server->text_listen_fd, server->text_tcp, TEXT_TCP_MAX);
	if (polls[WIRE_MAX + 1].revents)
		accept_control(server);
}

int server_run(struct server *server, const volatile sig_atomic_t *stop)
{
	struct wire *wires[WIRE_MAX];
	struct pollfd polls[POLL_MAX];
	wires_each(server, wires);
	while (!*stop) {
		fill_poll(server, wires, polls);
		if (poll(polls, POLL_MAX, wait_ms(wires)) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		serve_ready(server, wires, polls);
		advance(server);
		send_due(server, wires);
		unlock_terminals(server);
		int r = replug(server, &server->rtu, &server->rtu_slave, "rtu");
		if (r == 0)
			r = replug(server, &server->chip, &server->chip_slave, "chip");
		if (r < 0)
			return r;
	}
	return 0;
}
