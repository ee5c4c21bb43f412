/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one place where the machines' next states are stored and their actions done: notes and intents to the
 * journal, outcomes to the queue, transitions to the log. The levels (setpoints, modes) go out with the next
 * cycle.
 */
#ifndef DENSD_DAEMON_CONTROL_PERFORM_H
#define DENSD_DAEMON_CONTROL_PERFORM_H

#include "daemon/control/control.h"

/* Steps the press-and-furnace machine. Fills event->t_lab_s and ->inputs. *ret_answer may be NULL. */
void perform_event(struct control *control, struct event *event, struct answer *ret_answer);
/* Steps the calorimeter machine likewise. */
void perform_scan_event(struct control *control, struct scan_event *event, struct answer *ret_answer);
/* Everything up to @entry is durable: wakes the machines that wait. */
void perform_durable(struct control *control, uint64_t entry);
/* Journals @item as it is now. */
void perform_update_run(struct control *control, const struct link_queue_item *item, const char *cause);
/* Gives the next waiting run to the press when it is free. */
void perform_start_next(struct control *control);

#endif
