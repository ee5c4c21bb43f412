/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * 1, 8 and 32 devices on 1, 4 and 8 buses: the bus workers as they ship, asked ten times a second by a loop
 * that is built as control's (sd-event, the link), against emulated furnace controllers on Modbus TCP. A site
 * of densd holds four buses and one device of each kind (config/site.h); this is what the workers and the
 * loop bear beyond it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "config/profile_reader.h"
#include "daemon/base/clock.h"
#include "daemon/link.h"
#include "tools/densim/emulator.h"

#define BUSES_MAX 8
#define PERIOD_US 100000u
#define WARM_TICKS 20u
#define TICKS 150u

/* ---- the instruments, all in one process ---- */

struct instrument {
	struct laboratory lab;
	struct emulator emulator;
};
struct far_bus {
	int listening, fd;
	uint8_t bytes[1024];
	size_t have;
	struct instrument instruments[BUS_DEVICES_MAX];
};
static struct far_bus far_buses[BUSES_MAX];

static const struct modbus_device *find(void *context, uint8_t unit)
{
	struct far_bus *bus = context;

	return unit >= 1 && unit <= BUS_DEVICES_MAX ? &bus->instruments[unit - 1].emulator.device : NULL;
}

static void answer(struct far_bus *bus)
{
	uint8_t frame[MODBUS_FRAME_MAX];
	ssize_t n = recv(bus->fd, bus->bytes + bus->have, sizeof(bus->bytes) - bus->have, 0);
	size_t length = 0, taken = 1;

	if (n <= 0) {
		close(bus->fd);
		bus->fd = -1;
		bus->have = 0;
		return;
	}
	bus->have += (size_t)n;
	while (bus->have > 0 && taken > 0) {
		taken = modbus_server_tcp(find, bus, bus->bytes, bus->have, frame, &length);
		if (length > 0)
			send(bus->fd, frame, length, MSG_NOSIGNAL);
		bus->have -= taken;
		memmove(bus->bytes, bus->bytes + taken, bus->have);
	}
}

static void serve(unsigned count)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		struct pollfd waiting[BUSES_MAX];

		for (unsigned i = 0; i < count; i++)
			waiting[i] = (struct pollfd){.fd = far_buses[i].fd >= 0 ? far_buses[i].fd
										: far_buses[i].listening,
						     .events = POLLIN};
		if (poll(waiting, count, -1) < 0)
			continue;
		for (unsigned i = 0; i < count; i++) {
			if (!waiting[i].revents)
				continue;
			if (far_buses[i].fd >= 0)
				answer(&far_buses[i]);
			else
				far_buses[i].fd = accept(far_buses[i].listening, NULL, NULL);
		}
	}
}

static int open_far_bus(struct far_bus *bus, const struct profile *profile, uint16_t *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	bus->fd = -1;
	bus->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bus->listening < 0 || bind(bus->listening, (struct sockaddr *)&address, length) < 0 ||
	    listen(bus->listening, 4) < 0 ||
	    getsockname(bus->listening, (struct sockaddr *)&address, &length) < 0)
		return -errno;
	*ret_port = ntohs(address.sin_port);
	for (unsigned i = 0; i < BUS_DEVICES_MAX; i++) {
		laboratory_init(&bus->instruments[i].lab, 1, i, false);
		if (emulator_init(&bus->instruments[i].emulator, profile, &bus->instruments[i].lab) < 0)
			return -EINVAL;
	}
	return 0;
}

/* ---- the workers and the loop ---- */

struct worker {
	pid_t pid;
	int socket;
	bool asked;
	int64_t asked_ns;
};
struct loop {
	struct worker workers[BUSES_MAX];
	unsigned buses, devices; /* devices on each bus */
	uint64_t due_us, ticks, missed, faults, reports;
	double late_ms[TICKS], cycle_ms[TICKS * BUSES_MAX];
	unsigned cycles;
};

static _Alignas(16) uint8_t buffer[LINK_MESSAGE_MAX + sizeof(struct link_header)];

static uint64_t now_us(void)
{
	return (uint64_t)clock_mono_ns() / 1000;
}

static int spawn(const char *program, struct worker *ret_worker)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ret_worker->pid = fork();
	if (ret_worker->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (dup2(pair[1], LINK_WORKER_FD) == LINK_WORKER_FD)
			execl(program, program, (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	ret_worker->socket = pair[0];
	return ret_worker->pid < 0 ? -errno : 0;
}

static int configure(struct loop *loop, unsigned index, const struct profile *profile, uint16_t port)
{
	static struct bus_config config;

	config = (struct bus_config){.kind = BUS_MODBUS_TCP,
				     .path = "127.0.0.1",
				     .port = port,
				     .device_count = loop->devices,
				     .scale = 1};
	snprintf(config.name, sizeof(config.name), "bus%u", index);
	for (unsigned i = 0; i < loop->devices; i++) {
		snprintf(config.devices[i].name, sizeof(config.devices[i].name), "furnace%u", i);
		config.devices[i].unit = (uint8_t)(i + 1);
		config.devices[i].profile = *profile;
	}
	return link_send(loop->workers[index].socket, LINK_BUS_CONFIG, 0, &config, sizeof(config), -1);
}

static void ask(struct loop *loop, struct worker *worker)
{
	struct link_cycle cycle = {.tick = loop->ticks, .t_mono_ns = clock_mono_ns(), .count = loop->devices};

	if (worker->asked) {
		loop->missed++;
		return;
	}
	worker->asked = true;
	worker->asked_ns = cycle.t_mono_ns;
	link_send(worker->socket, LINK_BUS_CYCLE, (uint32_t)loop->ticks, &cycle, sizeof(cycle), -1);
}

static int on_report(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct loop *loop = userdata;
	const struct link_header *header;
	const struct link_reports *reports;
	const void *body;
	int passed;

	(void)source;
	(void)revents;
	if (link_receive(fd, buffer, sizeof(buffer), &header, &body, &passed) <= 0)
		return -EPIPE;
	reports = body;
	for (unsigned i = 0; i < loop->buses; i++) {
		struct worker *worker = &loop->workers[i];

		if (worker->socket != fd)
			continue;
		worker->asked = false;
		if (loop->ticks <= WARM_TICKS)
			continue;
		loop->cycle_ms[loop->cycles++] = (double)(clock_mono_ns() - worker->asked_ns) / 1e6;
		for (uint32_t device = 0; device < reports->count; device++) {
			loop->reports++;
			loop->faults +=
				reports->reports[device].fault != 0 || !reports->reports[device].online;
		}
	}
	return 0;
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct loop *loop = userdata;

	(void)usec;
	if (loop->ticks >= WARM_TICKS)
		loop->late_ms[loop->ticks - WARM_TICKS] = (double)(now_us() - loop->due_us) / 1e3;
	if (++loop->ticks >= WARM_TICKS + TICKS)
		return sd_event_exit(sd_event_source_get_event(source), 0);
	for (unsigned i = 0; i < loop->buses; i++)
		ask(loop, &loop->workers[i]);
	while (loop->due_us <= now_us())
		loop->due_us += PERIOD_US;
	sd_event_source_set_time(source, loop->due_us);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* ---- what it takes ---- */

static double pss_mib(pid_t pid)
{
	char path[64], line[256];
	double kib = 0;
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	stream = fopen(path, "re");
	while (stream && fgets(line, sizeof(line), stream))
		sscanf(line, "Pss: %lf", &kib);
	if (stream)
		fclose(stream);
	return kib / 1024;
}

static double processor_s(pid_t pid)
{
	unsigned long user = 0, kernel = 0;
	char path[64], line[512];
	const char *at;
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stream = fopen(path, "re");
	at = stream && fgets(line, sizeof(line), stream) ? strrchr(line, ')') : NULL;
	if (stream)
		fclose(stream);
	if (!at ||
	    sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) != 2)
		return 0;
	return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(struct loop *loop, double busy_s, double memory_mib)
{
	qsort(loop->late_ms, TICKS, sizeof(double), compare);
	qsort(loop->cycle_ms, loop->cycles, sizeof(double), compare);
	printf("%2u device(s) on %u bus(es): cycle %.2f ms median, %.2f ms at 99 %%; workers %.1f %% of a "
	       "core, %.2f MiB (PSS); control late %.2f ms median, %.2f ms at 99 %% (goal: no growth); %lu "
	       "of %lu reports with a fault, %lu cycles missed\n",
	       loop->buses * loop->devices, loop->buses, loop->cycle_ms[loop->cycles / 2],
	       loop->cycle_ms[loop->cycles * 99 / 100], 100 * busy_s / (TICKS * PERIOD_US / 1e6), memory_mib,
	       loop->late_ms[TICKS / 2], loop->late_ms[TICKS * 99 / 100], loop->faults, loop->reports,
	       loop->missed);
	fflush(stdout);
}

static double sum(const struct loop *loop, double (*of)(pid_t pid))
{
	double total = 0;

	for (unsigned i = 0; i < loop->buses; i++)
		total += of(loop->workers[i].pid);
	return total;
}

static int run_loop(struct loop *loop)
{
	sd_event *event = NULL;
	int r = sd_event_new(&event);

	loop->due_us = now_us() + PERIOD_US;
	for (unsigned i = 0; r >= 0 && i < loop->buses; i++)
		r = sd_event_add_io(event, NULL, loop->workers[i].socket, POLLIN, on_report, loop);
	if (r >= 0)
		r = sd_event_add_time(event, NULL, CLOCK_BOOTTIME, loop->due_us, 1, on_time, loop);
	if (r >= 0)
		r = sd_event_loop(event);
	sd_event_unref(event);
	return r;
}

static int measure(const char *program, const struct profile *profile, unsigned buses, unsigned devices)
{
	static struct loop loop;
	uint16_t ports[BUSES_MAX];
	double began_s, busy_s;
	pid_t instruments;
	int r = 0;

	loop = (struct loop){.buses = buses, .devices = devices};
	for (unsigned i = 0; r >= 0 && i < buses; i++)
		r = open_far_bus(&far_buses[i], profile, &ports[i]);
	fflush(stdout);
	instruments = r < 0 ? -1 : fork();
	if (instruments == 0)
		serve(buses);
	for (unsigned i = 0; i < buses; i++)
		close(far_buses[i].listening);
	for (unsigned i = 0; r >= 0 && i < buses; i++)
		if ((r = spawn(program, &loop.workers[i])) >= 0)
			r = configure(&loop, i, profile, ports[i]);
	began_s = sum(&loop, processor_s);
	if (r >= 0)
		r = run_loop(&loop);
	busy_s = sum(&loop, processor_s) - began_s;
	if (r >= 0)
		report(&loop, busy_s, sum(&loop, pss_mib));
	for (unsigned i = 0; i < buses; i++)
		if (loop.workers[i].pid > 0) {
			close(loop.workers[i].socket); /* end of file: the worker ends */
			waitpid(loop.workers[i].pid, NULL, 0);
		}
	if (instruments > 0) {
		kill(instruments, SIGKILL);
		waitpid(instruments, NULL, 0);
	}
	return r;
}

int main(int argc, char **argv)
{
	static const unsigned sizes[][2] = {{1, 1}, {4, 2}, {8, 4}};
	static struct diagnostics diagnostics;
	static struct profile profile;

	if (argc != 3) {
		fprintf(stderr, "usage: buses DENSD_BUS PROFILE\n");
		return 2;
	}
	if (profile_read(argv[2], &diagnostics, &profile) != 0) {
		diagnostics_print(&diagnostics, stderr);
		return 1;
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (measure(argv[1], &profile, sizes[i][0], sizes[i][1]) < 0) {
			fprintf(stderr, "buses: %u buses of %u devices could not be measured\n", sizes[i][0],
				sizes[i][1]);
			return 1;
		}
	return 0;
}
