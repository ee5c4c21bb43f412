/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From nothing to running: takes over what the store knows, reads five good cycles without writing a byte,
 * then lets the restart table of protocol/recovery decide.
 */
#ifndef DENSD_DAEMON_CONTROL_START_H
#define DENSD_DAEMON_CONTROL_START_H

#include "daemon/control/control.h"

/* What came from the store, before the loop runs. */
void start_take_loaded(struct control *control, const struct link_loaded *loaded);
void start_take_item(struct control *control, const struct link_queue_item *item);
/* All of it is here: machines, numbers, run. */
void start_restore(struct control *control);
/* One answered cycle of @bus while recovering. */
void start_count_cycle(struct control *control, uint32_t bus);
/* Decides when five good cycles of press and furnace were read, at the latest after recovery_read_s: what was
 * not read by then is unknown (R7, R8). */
void start_try_recovery(struct control *control);

#endif
