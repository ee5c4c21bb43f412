/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to the scan machine: the sequence that the first scan and the reference scan both go through. */
#ifndef DENSD_PROTOCOL_SCAN_STEPS_H
#define DENSD_PROTOCOL_SCAN_STEPS_H

#include "protocol/scan.h"

enum scan_step_kind {
	STEP_LOAD,    /* waits for the operator */
	STEP_PURGE,   /* waits for nitrogen */
	STEP_CLEAN,   /* job DELETE of a trace that an earlier section left */
	STEP_PROGRAM, /* job PROGRAM */
	STEP_ARM,     /* job ARM */
	STEP_INTENT,  /* waits until the intent to fire is durable */
	STEP_FIRE,    /* job FIRE */
	STEP_RUN,     /* waits for DATA with the counter one higher */
	STEP_READ,    /* job READ */
	STEP_COMMIT,  /* waits for the recorder */
	STEP_DELETE,  /* job DELETE */
	STEP_COOL,    /* waits for the chip to be idle and cool */
	STEP_MAX
};

struct scan_work {
	const struct plan *plan;
	const struct scan_event *event;
	const struct chip_inputs *in; /* NULL except in ticks, or as the caller had them */
	struct scan_machine *m;
	struct scan_actions *act;
	double now;
	bool fresh; /* the chip answers, is the expected one, and its status is young */
};

void scan_note(struct scan_work *work, enum note_kind kind, enum alarm alarm, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void scan_raise(struct scan_work *work, enum alarm alarm, const char *text);
/* Enters a step of the sequence: phase, job or intent as it needs. */
void scan_go(struct scan_work *work, enum scan_step_kind kind);
void scan_send(struct scan_work *work, enum scan_job job);
void scan_end(struct scan_work *work, enum section_outcome outcome, const char *cause);
void scan_fault(struct scan_work *work, const char *cause);
/* One tick of waiting in the present step. */
void scan_wait(struct scan_work *work);
/* Settles what was in flight by what the chip says (F1..F4). */
void scan_settle(struct scan_work *work);

#endif
