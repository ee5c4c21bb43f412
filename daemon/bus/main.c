/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * densd-bus: one line and the devices on it. Does one cycle when control asks for it and nothing by itself,
 * so that without ticks all traffic stops and the devices' own watchdogs take over. End of file: it exits,
 * writing nothing.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/link.h"
#include "drivers/bus.h"
#include "drivers/contactor_rules.h"

static _Alignas(16) uint8_t buffer[LINK_MESSAGE_MAX + sizeof(struct link_header)];

struct worker {
	struct bus_config config;
	struct bus *bus;
	struct link_reports reports;
	uint32_t seq;
	uint8_t faults[BUS_DEVICES_MAX]; /* the fault that was last told */
	bool told[BUS_DEVICES_MAX];
	uint8_t contactor; /* its state that was last told */
};

/* One line when a fault begins and one when it ends; a quarantine is part of the fault before it. */
static void tell_faults(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->reports.count; i++) {
		const struct report *report = &worker->reports.reports[i];
		const char *name = worker->config.devices[i].name;
		bool good = report->fault == CAUSE_NONE;

		if (report->fault == CAUSE_QUARANTINE || (good && !report->online))
			continue;
		if (!good && !worker->told[i])
			log_warning("%s: %s (error %u of %u transactions); asked again in the next cycle",
				    name, cause_name((enum cause)report->fault), report->errors,
				    report->transactions);
		else if (good && worker->told[i])
			log_notice("%s: answers again after %s", name,
				   cause_name((enum cause)worker->faults[i]));
		worker->told[i] = !good;
		worker->faults[i] = report->fault;
	}
}

/* A coupler falls back whenever nothing is written to it, as between two runs: only what is amiss is a
 * warning. */
static void tell_contactor(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->reports.count; i++) {
		const struct report *report = &worker->reports.reports[i];
		uint8_t state = report->furnace.contactor;

		if (report->kind != DEVICE_FURNACE || state == worker->contactor)
			continue;
		if (state > CONTACTOR_ARMED)
			log_warning("%s: the heater's contactor: %s", worker->config.devices[i].name,
				    contactor_rules_text(state));
		else
			log_notice("%s: the heater's contactor: %s", worker->config.devices[i].name,
				   contactor_rules_text(state));
		worker->contactor = state;
	}
}

static int take_config(struct worker *worker, const struct bus_config *config)
{
	if (worker->bus)
		return -EPROTO;
	worker->config = *config;
	return bus_new(config, &worker->bus);
}

static int take_cycle(struct worker *worker, const struct link_cycle *cycle)
{
	int trace, r;

	if (!worker->bus || cycle->count != worker->config.device_count)
		return -EPROTO;
	worker->reports.tick = cycle->tick;
	worker->reports.count = cycle->count;
	bus_cycle(worker->bus, cycle->t_mono_ns, cycle->demands, worker->reports.reports, &trace);
	tell_faults(worker);
	tell_contactor(worker);
	r = link_send(LINK_WORKER_FD, LINK_BUS_REPORT, worker->seq++, &worker->reports,
		      sizeof(worker->reports), trace);
	if (trace >= 0)
		close(trace);
	return r;
}

/* Into a new file only: a capture never overwrites another. */
static int take_capture(struct worker *worker, const struct link_capture *capture)
{
	char folder[sizeof(capture->path)];
	char *slash;
	FILE *stream;

	if (!worker->bus || !memchr(capture->path, '\0', sizeof(capture->path)))
		return -EPROTO;
	snprintf(folder, sizeof(folder), "%s", capture->path);
	slash = strrchr(folder, '/');
	if (slash) {
		*slash = '\0';
		mkdir(folder, 0750);
	}
	stream = fopen(capture->path, "wxe");
	if (!stream) {
		log_warning("%s: no capture into %s: %s", worker->config.name, capture->path,
			    strerror(errno));
		return 0;
	}
	log_notice("%s: capturing for %u s into %s", worker->config.name, capture->seconds, capture->path);
	bus_capture(worker->bus, stream, capture->seconds);
	return 0;
}

static int take_message(struct worker *worker, const struct link_header *header, const void *body)
{
	if (header->type == LINK_BUS_CONFIG && header->length == sizeof(struct bus_config))
		return take_config(worker, body);
	if (header->type == LINK_BUS_CYCLE && header->length == sizeof(struct link_cycle))
		return take_cycle(worker, body);
	if (header->type == LINK_BUS_CAPTURE && header->length == sizeof(struct link_capture))
		return take_capture(worker, body);
	return -EPROTO;
}

static int run(struct worker *worker)
{
	for (;;) {
		const struct link_header *header;
		const void *body;
		int fd, r;

		r = link_receive(LINK_WORKER_FD, buffer, sizeof(buffer), &header, &body, &fd);
		if (r <= 0)
			return r;
		if (fd >= 0)
			close(fd);
		r = take_message(worker, header, body);
		if (r < 0)
			return r;
	}
}

int main(void)
{
	static struct worker worker;
	int r;

	log_open("densd-bus", LOG_LEVEL_INFO);
	/* Who reads the log may go away. */
	signal(SIGPIPE, SIG_IGN);
	r = run(&worker);
	bus_free(worker.bus);
	if (r == 0 || r == -EPIPE)
		return 0;
	log_error("%s: %s; the worker ends", worker.config.name[0] ? worker.config.name : "bus",
		  strerror(-r));
	return 1;
}
