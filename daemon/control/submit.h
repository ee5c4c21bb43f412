/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A submit is checked again here, whatever the gateway made of the YAML: lengths, texts, limits, the plan
 * itself. */
#ifndef DENSD_DAEMON_CONTROL_SUBMIT_H
#define DENSD_DAEMON_CONTROL_SUBMIT_H

#include "daemon/link.h"

/*
 * The plans in the memfd of a SUBMIT, to @ret_plans[PLAN_QUEUE_MAX]; read, never mapped, so that a peer
 * cannot change them afterwards or make densd fault. 0, or -EINVAL with one sentence.
 */
int submit_read_plans(int fd, const struct link_command *command, struct plan *ret_plans,
		      char ret_why[MACHINE_WHY]);
/* 0, or -EINVAL with one sentence: the plan, or a limit in it that is looser than the site's. */
int submit_check_plan(const struct site *site, const struct plan *plan, char ret_why[MACHINE_WHY]);

#endif
