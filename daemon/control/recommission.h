/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A new record of commissioning while densd runs. The folder of the record is watched; when the file has
 * changed, densd-config reads the site once more beside the loop, and of what it says the judgement of the
 * record is taken, if site file and profiles are still those of the start. Never blocks, allocates at open.
 */
#ifndef DENSD_DAEMON_CONTROL_RECOMMISSION_H
#define DENSD_DAEMON_CONTROL_RECOMMISSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "config/site.h"

struct control;
struct recommission {
	char site_path[SITE_PATH];
	const char *record; /* name of the file in its folder */
	sd_event_source *watch, *answer;
	int64_t due_ns; /* when to read it; 0: nothing has changed */
	int socket;     /* of the reader at work; -1: none */
	pid_t pid;      /* 0: none to wait for */
};

/* Where the site requires commissioning. What cannot be watched is told in the log: a restart reads it. */
void recommission_open(struct control *control, const char *site_path);
/* Once a step. */
void recommission_step(struct control *control, int64_t now_ns);
/* Takes @fresh, what the reader made of the files now. True when the record counts from now on. */
bool recommission_take(struct control *control, const struct site *fresh);

#endif
