/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Transactions a second of a bus worker's furnace on a line of 19,200 baud, as a share of what the wire can
 * carry at most. The line is a pty whose far end takes the time of each character: a question is there when
 * its last character would be, the controller waits for 3.5 silent characters as the standard asks of it,
 * answers at once, byte by byte. The limit is computed from the very frames of the run: all characters,
 * and 3.5 of silence before each question and before each answer.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "config/profile_reader.h"
#include "daemon/base/clock.h"
#include "drivers/bus.h"
#include "tools/densim/emulator.h"

#define BAUD 19200
#define CYCLES 600
#define SILENT_CHARACTERS 3.5

struct far_end {
	int fd;
	double char_ns;
	struct laboratory lab;
	struct emulator emulator;
	_Atomic uint64_t transactions, characters;
};

static const struct modbus_device *find(void *context, uint8_t unit)
{
	struct far_end *far_end = context;

	return unit == 1 ? &far_end->emulator.device : NULL;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

static void sleep_until(int64_t t_ns)
{
	struct timespec until = {.tv_sec = t_ns / CLOCK_NS_PER_S, .tv_nsec = t_ns % CLOCK_NS_PER_S};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void *serve(void *data)
{
	struct far_end *far_end = data;
	uint8_t asked[MODBUS_FRAME_MAX], answer[MODBUS_FRAME_MAX];
	size_t have = 0, taken, length;

	prctl(PR_SET_TIMERSLACK, 1);
	for (;;) {
		ssize_t n = read(far_end->fd, asked + have, sizeof(asked) - have);
		int64_t began_ns = now_ns();
		double end_ns;

		if (n <= 0) {
			usleep(1000); /* nobody has the other end open yet, or any more */
			continue;
		}
		have += (size_t)n;
		taken = modbus_server_rtu(find, far_end, asked, have, answer, &length);
		if (taken == 0)
			continue;
		end_ns = (double)began_ns + ((double)taken + SILENT_CHARACTERS) * far_end->char_ns;
		for (size_t i = 0; i < length; i++) {
			sleep_until((int64_t)(end_ns + (double)(i + 1) * far_end->char_ns));
			if (write(far_end->fd, answer + i, 1) != 1)
				return NULL;
		}
		atomic_fetch_add(&far_end->transactions, 1);
		atomic_fetch_add(&far_end->characters, taken + length);
		have = 0;
	}
	return NULL;
}

static int open_far_end(struct far_end *far_end, char ret_path[64])
{
	struct termios raw;

	far_end->fd = posix_openpt(O_RDWR | O_NOCTTY);
	if (far_end->fd < 0 || grantpt(far_end->fd) < 0 || unlockpt(far_end->fd) < 0 ||
	    ptsname_r(far_end->fd, ret_path, 64) != 0)
		return -1;
	tcgetattr(far_end->fd, &raw);
	cfmakeraw(&raw);
	return tcsetattr(far_end->fd, TCSANOW, &raw);
}

static int poll_cycles(struct bus *bus, int count)
{
	struct demand demand = {.kind = DEVICE_FURNACE};
	struct report report;
	int trace;

	for (int i = 0; i < count; i++) {
		bus_cycle(bus, clock_mono_ns(), &demand, &report, &trace);
		if (report.fault != 0)
			return -1;
	}
	return 0;
}

static int measure(const char *name, const struct profile *profile, char parity, int bits)
{
	static struct far_end far_end;
	struct bus_config config = {.kind = BUS_MODBUS_RTU,
				    .baud = BAUD,
				    .parity = parity,
				    .stop_bits = 1,
				    .device_count = 1,
				    .scale = 1};
	uint64_t transactions, characters;
	double limit_s, took_s;
	pthread_t thread;
	struct bus *bus;
	char path[64];

	memset(&far_end, 0, sizeof(far_end));
	far_end.char_ns = bits * 1e9 / BAUD;
	laboratory_init(&far_end.lab, 1, 1, false);
	config.devices[0].unit = 1;
	config.devices[0].profile = *profile;
	if (open_far_end(&far_end, path) < 0 || emulator_init(&far_end.emulator, profile, &far_end.lab) < 0)
		return 1;
	snprintf(config.path, sizeof(config.path), "%s", path);
	if (bus_new(&config, &bus) < 0 || pthread_create(&thread, NULL, serve, &far_end) != 0)
		return 1;
	if (poll_cycles(bus, 10) < 0) /* identity, good cycles */
		return 1;
	transactions = far_end.transactions;
	characters = far_end.characters;
	took_s = (double)now_ns() / 1e9;
	if (poll_cycles(bus, CYCLES) < 0)
		return 1;
	took_s = (double)now_ns() / 1e9 - took_s;
	transactions = far_end.transactions - transactions;
	characters = far_end.characters - characters;
	limit_s = ((double)characters + (double)transactions * 2 * SILENT_CHARACTERS) * far_end.char_ns / 1e9;
	printf("%d baud %s, %.1f characters a transaction: %.2f transactions/s of %.2f that the wire "
	       "carries: %.1f %% (goal >= 95 %%)\n",
	       BAUD, name, (double)characters / (double)transactions, (double)transactions / took_s,
	       (double)transactions / limit_s, 100 * limit_s / took_s);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	bus_free(bus);
	close(far_end.fd);
	return 0;
}

int main(int argc, char **argv)
{
	static struct diagnostics diagnostics;
	static struct profile profile;

	if (argc != 2) {
		fprintf(stderr, "usage: line_rate PROFILE\n");
		return 2;
	}
	if (profile_read(argv[1], &diagnostics, &profile) != 0) {
		diagnostics_print(&diagnostics, stderr);
		return 1;
	}
	if (measure("8E1", &profile, 'E', 11) + measure("8N1", &profile, 'N', 10) == 0)
		return 0;
	fprintf(stderr, "line_rate: the far end did not answer\n");
	return 1;
}
