/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Control without its processes: the whole struct, a journal, and the test at the other end of the recorder's
 * link. Nothing is started; time is the machine's own clock at scale 1.
 */
#ifndef DENSD_TESTS_CONTROL_FIXTURE_H
#define DENSD_TESTS_CONTROL_FIXTURE_H

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/control/control.h"

struct fixture {
	struct control control;
	int recorder; /* the recorder's end */
	_Alignas(16) uint8_t buffer[LINK_MESSAGE_MAX + sizeof(struct link_header)];
};

static inline int fixture_open(struct fixture *fixture)
{
	struct control *control = &fixture->control;
	int pair[2];

	memset(fixture, 0, sizeof(*fixture));
	log_open("test", LOG_LEVEL_ERROR);
	control->site.clock_scale = 1;
	control->site.ambient_k = 298;
	limits_default(&control->site.limits);
	control->limits = control->site.limits;
	control->gateway.socket = -1;
	control->free_mib = -1;
	control->writes = true;
	machine_init(&control->machine, control_lab_s(control));
	scan_init(&control->scan, control_lab_s(control));
	if (journal_init(&control->journal, JOURNAL_RING_BYTES, 1) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	control->recorder.socket = pair[0];
	control->recorder.ready = true;
	fixture->recorder = pair[1];
	return 0;
}

static inline void fixture_close(struct fixture *fixture)
{
	journal_deinit(&fixture->control.journal);
	close(fixture->control.recorder.socket);
	close(fixture->recorder);
}

/* The next entry of @kind that came to the recorder, valid until the next call; NULL: no more. */
static inline const struct link_journal *fixture_next(struct fixture *fixture, enum journal_kind kind)
{
	const struct link_header *header;
	const struct link_journal *entry;
	const void *body;
	int fd;

	while (link_receive(fixture->recorder, fixture->buffer, sizeof(fixture->buffer), &header, &body,
			    &fd) == 1) {
		entry = body;
		if (header->type == LINK_JOURNAL && entry->kind == kind)
			return entry;
	}
	return NULL;
}

static inline void fixture_default_plan(struct plan *ret_plan)
{
	*ret_plan = (struct plan){
		.name = "a", .material = "Vit4", .pressure_gpa = 1, .temperature_k = 400, .isotherm_s = 60};
	plan_fill_defaults(ret_plan);
	limits_default(&ret_plan->limits);
}

#endif
