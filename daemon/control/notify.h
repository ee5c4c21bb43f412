/* SPDX-License-Identifier: GPL-3.0-or-later */
/* systemd: READY, STATUS, STOPPING, and the watchdog, which only an on-time control step feeds. */
#ifndef DENSD_DAEMON_CONTROL_NOTIFY_H
#define DENSD_DAEMON_CONTROL_NOTIFY_H

#include <stdint.h>

struct control;

void notify_ready(const struct control *control);
void notify_status(const struct control *control);
void notify_stopping(void);
/* Feeds the watchdog when the step of @now_ns was at most @late_ms late and half its period has passed. */
void notify_watchdog(int64_t now_ns, double late_ms, double late_ms_limit);

#endif
