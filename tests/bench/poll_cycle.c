/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One cycle of a bus worker's line against a bare libmodbus loop over the same registers, on the same device,
 * in turns of the same run. The device is a libmodbus server in a thread, over TCP on loopback and RTU on a
 * pty.
 */
#include <fcntl.h>
#include <math.h>
#include <modbus/modbus.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "config/profile_reader.h"
#include "daemon/base/clock.h"
#include "drivers/bus.h"
#include "drivers/line_silence.h"

#define TURNS 100
#define CYCLES 50
#define REGISTERS 0x8100
#define VALUE_ADDRESS 0x8002 /* process value, setpoint, output of a Eurotherm 2400, as floats */
#define VALUE_WORDS 6
#define BLOCK 0x7FF0

struct server {
	modbus_t *modbus;
	modbus_mapping_t *map;
	int listening; /* TCP */
};

static void fill_map(modbus_mapping_t *map)
{
	static const uint16_t values[VALUE_WORDS] = {0x41B7, 0xEC33, 0x41A0, 0x0000, 0x0000, 0x0000};

	memcpy(map->tab_registers + VALUE_ADDRESS, values, sizeof(values));
	map->tab_registers[122] = 0x2480; /* identity of a 2400 */
	map->tab_registers[273] = 1;
}

static void *serve(void *data)
{
	struct server *server = data;
	uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];

	if (server->listening >= 0 && modbus_tcp_accept(server->modbus, &server->listening) < 0)
		return NULL;
	for (;;) {
		int n = modbus_receive(server->modbus, query);

		if (n < 0)
			break;
		if (n > 0)
			modbus_reply(server->modbus, query, n, server->map);
	}
	return NULL;
}

static double seconds(void)
{
	return (double)clock_mono_ns() / 1e9;
}

/* On RTU it keeps the 3.5 characters of silence that the standard asks of every master, as the worker does.
 */
static double bare_s(modbus_t *client, const struct bus_config *rtu)
{
	uint16_t words[VALUE_WORDS];
	double began = seconds();
	int64_t heard_ns = clock_mono_ns();

	for (int i = 0; i < CYCLES; i++, heard_ns = clock_mono_ns())
		if ((rtu && line_silence_wait(modbus_get_socket(client), rtu, heard_ns) > 0) ||
		    modbus_read_registers(client, VALUE_ADDRESS, VALUE_WORDS, words) != VALUE_WORDS)
			return NAN;
	return (seconds() - began) / CYCLES;
}

static double bus_s(struct bus *bus)
{
	struct demand demand = {.kind = DEVICE_FURNACE};
	struct report report;
	double began = seconds();
	int trace;

	for (int i = 0; i < CYCLES; i++) {
		bus_cycle(bus, clock_mono_ns(), &demand, &report, &trace);
		if (report.fault != 0)
			return NAN;
	}
	return (seconds() - began) / CYCLES;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* In turns, so that a noisy neighbour meets both; the median of the turns' ratios is what counts. */
static int measure(const char *name, double goal, modbus_t *client, const struct bus_config *rtu,
		   struct bus *bus)
{
	double bare[TURNS], worker[TURNS], ratio[TURNS];

	bus_s(bus); /* identity, three good cycles */
	for (int i = 0; i < TURNS; i++) {
		bare[i] = bare_s(client, rtu);
		worker[i] = bus_s(bus);
		ratio[i] = worker[i] / bare[i];
		if (isnan(ratio[i])) {
			fprintf(stderr, "%s: the device did not answer\n", name);
			return 1;
		}
	}
	qsort(bare, TURNS, sizeof(double), compare);
	qsort(worker, TURNS, sizeof(double), compare);
	qsort(ratio, TURNS, sizeof(double), compare);
	printf("%s poll cycle: %.1f us; bare libmodbus %.1f us; ratio: %.3f (goal <= %.2f)\n", name,
	       worker[TURNS / 2] * 1e6, bare[TURNS / 2] * 1e6, ratio[TURNS / 2], goal);
	return 0;
}

static int make_config(const char *profile, uint8_t kind, struct bus_config *ret_config)
{
	static struct diagnostics diagnostics;

	*ret_config = (struct bus_config){
		.kind = kind, .baud = 115200, .parity = 'N', .stop_bits = 1, .device_count = 1, .scale = 1};
	snprintf(ret_config->name, sizeof(ret_config->name), "bench");
	ret_config->devices[0].unit = 1;
	if (profile_read(profile, &diagnostics, &ret_config->devices[0].profile) == 0)
		return 0;
	diagnostics_print(&diagnostics, stderr);
	return -1;
}

/* Each client has a server of its own: one line has one master. */
static int start(struct server *server, modbus_t *modbus, bool tcp, uint16_t *ret_port, pthread_t *ret_thread)
{
	server->modbus = modbus;
	server->map = modbus_mapping_new(0, 0, REGISTERS, 0);
	server->listening = -1;
	if (!server->map || modbus_set_slave(modbus, 1) < 0)
		return -1;
	fill_map(server->map);
	if (tcp) {
		struct sockaddr_storage address;
		socklen_t length = sizeof(address);

		server->listening = modbus_tcp_listen(modbus, 1);
		if (server->listening < 0 ||
		    getsockname(server->listening, (struct sockaddr *)&address, &length) < 0)
			return -1;
		*ret_port = (uint16_t)(((uint8_t *)&address)[2] << 8 | ((uint8_t *)&address)[3]);
	} else if (modbus_connect(modbus) < 0) {
		return -1;
	}
	return pthread_create(ret_thread, NULL, serve, server);
}

static int bench_tcp(const char *profile)
{
	static struct server servers[2];
	struct bus_config config;
	uint16_t ports[2];
	pthread_t threads[2];
	modbus_t *client;
	struct bus *bus;
	int r;

	for (int i = 0; i < 2; i++)
		if (start(&servers[i], modbus_new_tcp("127.0.0.1", 0), true, &ports[i], &threads[i]) != 0)
			return 1;
	client = modbus_new_tcp("127.0.0.1", ports[0]);
	if (modbus_connect(client) < 0 || make_config(profile, BUS_MODBUS_TCP, &config) < 0)
		return 1;
	snprintf(config.path, sizeof(config.path), "127.0.0.1");
	config.port = ports[1];
	if (bus_new(&config, &bus) < 0)
		return 1;
	r = measure("Modbus TCP", 1.10, client, NULL, bus);
	modbus_close(client);
	bus_free(bus);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return r;
}

/* A pty: the device on its master side through a descriptor of its own, the client on its path. */
static modbus_t *open_pty(char ret_path[64])
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	struct termios raw;
	modbus_t *modbus;

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || ptsname_r(master, ret_path, 64) != 0)
		return NULL;
	tcgetattr(master, &raw);
	cfmakeraw(&raw);
	tcsetattr(master, TCSANOW, &raw);
	modbus = modbus_new_rtu("/dev/null", 115200, 'N', 8, 1);
	if (modbus)
		modbus_set_socket(modbus, master);
	return modbus;
}

static void *serve_rtu(void *data)
{
	struct server *server = data;
	uint8_t query[MODBUS_RTU_MAX_ADU_LENGTH];

	for (;;) {
		int n = modbus_receive(server->modbus, query);

		if (n > 0)
			modbus_reply(server->modbus, query, n, server->map);
		else if (n < 0)
			usleep(1000); /* nobody has the other end open yet, or any more */
	}
	return NULL;
}

static int bench_rtu(const char *profile)
{
	static struct server servers[2];
	char paths[2][64];
	struct bus_config config;
	pthread_t thread;
	modbus_t *client;
	struct bus *bus;

	for (int i = 0; i < 2; i++) {
		servers[i].modbus = open_pty(paths[i]);
		servers[i].map = modbus_mapping_new(0, 0, REGISTERS, 0);
		if (!servers[i].modbus || !servers[i].map)
			return 1;
		modbus_set_slave(servers[i].modbus, 1);
		fill_map(servers[i].map);
		if (pthread_create(&thread, NULL, serve_rtu, &servers[i]) != 0)
			return 1;
		pthread_detach(thread);
	}
	client = modbus_new_rtu(paths[0], 115200, 'N', 8, 1);
	modbus_set_slave(client, 1);
	if (modbus_connect(client) < 0 || make_config(profile, BUS_MODBUS_RTU, &config) < 0)
		return 1;
	snprintf(config.path, sizeof(config.path), "%s", paths[1]);
	if (bus_new(&config, &bus) < 0)
		return 1;
	return measure("Modbus RTU", 1.05, client, &config, bus);
}

/* Where a client and its device meet, on one core or across two, would otherwise be the larger part of it. */
static void stay_on_one_core(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: poll_cycle PROFILE\n");
		return 2;
	}
	stay_on_one_core();
	return bench_tcp(argv[1]) + bench_rtu(argv[1]) ? 1 : 0;
}
