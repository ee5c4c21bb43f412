/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control step: 10 Hz in lab time, late steps are skipped and never made up for in a burst. */
#ifndef DENSD_DAEMON_CONTROL_STEP_H
#define DENSD_DAEMON_CONTROL_STEP_H

#include "daemon/control/control.h"

/* 0 or -errno. */
int step_start(struct control *control);
/* The report of one bus. @fd: a trace or -1, taken over. */
void step_take_reports(struct control *control, uint32_t bus, const struct link_reports *reports, int fd);

#endif
