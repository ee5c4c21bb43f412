/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Feeds the calorimeter machine: which section is next, the job in hand, and the traces, which are kept until
 * the recorder has committed them. Sections go rate by rate; one is scanned at a time, of the oldest run
 * whose densification completed.
 */
#ifndef DENSD_DAEMON_CONTROL_SECTIONS_H
#define DENSD_DAEMON_CONTROL_SECTIONS_H

#include "daemon/control/control.h"

/* Each step: ends a finished section, gives the next one, ticks the machine. */
void sections_step(struct control *control);
/* Takes over a job that the machine hands out. */
void sections_take_job(struct control *control, const struct scan_actions *actions);
/* The job for the chip's worker: none while the journal does not yet hold the step it belongs to, so that
 * nothing is deleted or fired that a restart would not know of. Off does not wait. */
struct chip_demand sections_job_to_do(const struct control *control);
/* A chip report has come, @fd is its trace or -1 (taken over). */
void sections_take_report(struct control *control, const struct report *report, int fd);
/* The chip's bus worker died with a job in its hands: it is settled by reading the counter, not by sending
 * again. */
void sections_worker_lost(struct control *control);
/* Publishes where the section is. */
void sections_tell(struct control *control);
/* Sends the traces not sent yet. 0, or the socket's error. */
int sections_send_traces(struct control *control);
/* The recorder is new: all held traces go again. */
void sections_rewind_traces(struct control *control);
void sections_trace_committed(struct control *control, const struct link_trace *trace);
/* The operator's word. @section must be the one being waited for. */
void sections_confirm(struct control *control, const char *section, struct answer *ret_answer);
/* Cancels the section being waited for or scanned. */
void sections_cancel_current(struct control *control, const char *reason, struct answer *ret_answer);
/* Cancels all that is left to scan of @item. */
void sections_cancel_run(struct control *control, struct link_queue_item *item, const char *reason);
/* Makes the scan machine stand where the snapshot left it, or begin the next section. */
void sections_restore(struct control *control, const struct control_snapshot *snapshot);

#endif
