/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What clients ask, handed over by the gateway and trusted in nothing: texts, roles, limits and the plan are
 * checked again. A command's answer is journaled with the act and sent when that entry is durable; the verbs
 * that stop are answered at once. A request id seen before gets the answer it got.
 */
#ifndef DENSD_DAEMON_CONTROL_COMMANDS_H
#define DENSD_DAEMON_CONTROL_COMMANDS_H

#include "daemon/control/control.h"

/* @fd: the memfd of a SUBMIT or -1; taken over. */
void commands_take(struct control *control, const struct link_command *command, int fd);
/* The resume that waits for its answer is refused after all. */
void commands_refuse_resume(struct control *control, const char *why);
/* Counts @count refused commands; more than refused_per_minute are an alarm (hazard 23). */
void commands_count_refused(struct control *control, uint64_t count);
/* Once a step: the alarm ends a minute after it was counted. */
void commands_watch_refused(struct control *control, int64_t now_ns);
/* Sends the answers whose entries are durable now. */
void commands_durable(struct control *control, uint64_t entry);

#endif
