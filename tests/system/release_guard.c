/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The second guard of hazard 1, with control out of the picture: this program speaks the link's protocol to
 * the built densd-bus, which drives densim's press. It first brings pressure there, then asks for a lower one
 * with every permit that must not do, and at last with a good one. What the press was told is read from
 * densim by the script that starts this program; here the demand is made and the report is shown.
 *
 * usage: release_guard SITE_STRUCT DENSD_BUS   (SITE_STRUCT: what densd-config wrote)
 * Commands on standard input, a line each: GPA PERMIT CYCLES; an answer a line: what the worker last
 * reported.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/link.h"

#define CYCLE_US 20000
#define COLD_K 300.0
#define RELEASE_K 308.0

static _Alignas(16) uint8_t buffer[LINK_MESSAGE_MAX + sizeof(struct link_header)];
static uint32_t seq;

/* Each makes the permit from one that would do. */
static void no_permit(struct press_permit *permit)
{
	*permit = (struct press_permit){0};
}

static void not_granted(struct press_permit *permit)
{
	permit->granted = false;
}

static void hot(struct press_permit *permit)
{
	permit->temperature_k = 400;
}

static void warm(struct press_permit *permit)
{
	permit->temperature_k = RELEASE_K + 0.1;
}

static void stale(struct press_permit *permit)
{
	permit->t_reply_ns -= 3 * CLOCK_NS_PER_S;
}

static void never_read(struct press_permit *permit)
{
	permit->t_reply_ns = 0;
}

static void of_the_future(struct press_permit *permit)
{
	permit->t_reply_ns += 10 * CLOCK_NS_PER_S;
}

static void unknown(struct press_permit *permit)
{
	permit->temperature_k = NAN;
}

static void limit_unknown(struct press_permit *permit)
{
	permit->release_temperature_k = NAN;
}

static void limit_beyond_any(struct press_permit *permit)
{
	permit->temperature_k = 350;
	permit->release_temperature_k = 400;
}

static void good(struct press_permit *permit)
{
	(void)permit;
}

static const struct {
	const char *name;
	void (*spoil)(struct press_permit *permit);
} permits[] = {{"none", no_permit},
	       {"not-granted", not_granted},
	       {"hot", hot},
	       {"warm", warm},
	       {"stale", stale},
	       {"never-read", never_read},
	       {"of-the-future", of_the_future},
	       {"unknown", unknown},
	       {"limit-unknown", limit_unknown},
	       {"limit-beyond-any", limit_beyond_any},
	       {"good", good}};

static int make_permit(const char *name, struct press_permit *ret_permit)
{
	for (size_t i = 0; i < sizeof(permits) / sizeof(permits[0]); i++)
		if (strcmp(permits[i].name, name) == 0) {
			*ret_permit = (struct press_permit){.granted = true,
							    .temperature_k = COLD_K,
							    .release_temperature_k = RELEASE_K,
							    .t_reply_ns = clock_mono_ns()};
			permits[i].spoil(ret_permit);
			return 0;
		}
	return -ENOENT;
}

static int start_worker(const char *program, int *ret_socket)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		if (dup2(pair[1], LINK_WORKER_FD) < 0)
			_exit(126);
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	*ret_socket = pair[0];
	return 0;
}

static int cycle(int socket, double setpoint_gpa, const char *permit, struct report *ret_report)
{
	struct link_cycle cycle = {.tick = seq, .t_mono_ns = clock_mono_ns(), .count = 1};
	struct press_demand *press = &cycle.demands[0].press;
	const struct link_header *header;
	const void *body;
	int fd, r;

	cycle.demands[0].kind = DEVICE_PRESS;
	*press = (struct press_demand){.mode = MODE_CONTROL,
				       .setpoint_gpa = setpoint_gpa,
				       .heartbeat = true,
				       .watchdog_s = 10,
				       .prior_gpa = NAN};
	r = make_permit(permit, &press->permit);
	if (r == 0)
		r = link_send(socket, LINK_BUS_CYCLE, seq++, &cycle, sizeof(cycle), -1);
	if (r < 0)
		return r;
	r = link_receive(socket, buffer, sizeof(buffer), &header, &body, &fd);
	if (r != 1 || header->type != LINK_BUS_REPORT)
		return r < 0 ? r : -EPIPE;
	*ret_report = ((const struct link_reports *)body)->reports[0];
	return 0;
}

static int serve(int socket)
{
	char line[128], permit[32];
	struct report report = {0};
	double setpoint_gpa;
	int cycles, r = 0;

	while (r == 0 && fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%lf %31s %d", &setpoint_gpa, permit, &cycles) != 3)
			return -EINVAL;
		for (int i = 0; r == 0 && i < cycles; i++) {
			r = cycle(socket, setpoint_gpa, permit, &report);
			usleep(CYCLE_US);
		}
		printf("%d %.5f %.3f\n", report.press.release_refused, report.press.pressure_gpa.value,
		       report.press.oil_setpoint_bar.value);
		fflush(stdout);
	}
	return r;
}

static int read_bus(const char *path, struct bus_config *ret_config)
{
	static struct site site;
	FILE *file = fopen(path, "re");
	size_t count;

	if (!file)
		return -errno;
	count = fread(&site, sizeof(site), 1, file);
	fclose(file);
	if (count != 1)
		return -EBADMSG;
	for (uint32_t i = 0; i < site.bus_count; i++)
		if (site.buses[i].devices[0].profile.kind == DEVICE_PRESS) {
			*ret_config = site.buses[i];
			return 0;
		}
	return -ENODEV;
}

int main(int argc, char **argv)
{
	static struct bus_config config;
	int socket = -1, r;

	if (argc != 3) {
		fprintf(stderr, "usage: release_guard SITE_STRUCT DENSD_BUS\n");
		return 2;
	}
	r = read_bus(argv[1], &config);
	if (r == 0)
		r = start_worker(argv[2], &socket);
	if (r == 0)
		r = link_send(socket, LINK_BUS_CONFIG, seq++, &config, sizeof(config), -1);
	if (r == 0)
		r = serve(socket);
	if (r < 0)
		fprintf(stderr, "release_guard: %s\n", strerror(-r));
	return r < 0;
}
