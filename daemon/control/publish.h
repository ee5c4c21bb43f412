/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers what densd tells the world, hands it to the recorder and the gateway. Samples at most 50 Hz mono to
 * the gateway. */
#ifndef DENSD_DAEMON_CONTROL_PUBLISH_H
#define DENSD_DAEMON_CONTROL_PUBLISH_H

#include "daemon/control/control.h"

void publish_build_state(const struct control *control, struct state_body *ret_state);
/* @decision: something a command may depend on has changed (phase, run, section). */
void publish_state(struct control *control, bool decision);
/* Raises or clears one of control's own alarms: journal, publication, log. Nothing when it is so already. */
void publish_own_alarm(struct control *control, enum alarm alarm, bool raised, const char *text);
/* Of @run: the one on the press, or the one whose sections are scanned. */
void publish_alarm(struct control *control, enum alarm alarm, bool raised, const char *text, const char *run);
void publish_scan(struct control *control, const struct scan_body *body);
void publish_result(struct control *control, const struct result_body *body);
/* The sample of this step when it is due: 10 Hz lab in a run, 0.1 Hz lab while idle. */
void publish_sample(struct control *control, double t_lab_s, int64_t now_ns);
/* State (progress, 1 Hz), heartbeat (1 Hz) and snapshot when they are due. */
void publish_periodic(struct control *control, int64_t now_ns);
/* After a restart of the gateway: the last value of every topic, with its own number. */
void publish_again(struct control *control);
void publish_snapshot(struct control *control);
/* The same, committed at once. */
void publish_snapshot_now(struct control *control);
/* As well, at once; the chip gets its next job when this is on disk. */
void publish_scan_snapshot(struct control *control);
/* Adds an entry to the journal and sends it when the recorder is there. 0 and the number, or -errno. */
int publish_journal(struct control *control, enum journal_kind kind, bool now, const char *run,
		    const void *body, size_t length, uint64_t *ret_entry);
/* Sends what waits for the recorder. */
void publish_flush(struct control *control);
/* A journal entry that is a sentence. */
void publish_note(struct control *control, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
