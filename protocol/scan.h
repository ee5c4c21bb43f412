/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The calorimeter machine: one section at a time. WAIT_LOAD, PURGE, ARM, FIRE, READ, COOL, REFERENCE
 * (again arm, fire, read), SECTION_DONE. Pure like machine.h. The fire intent is durable before the fire
 * command; the reference is not armed before the recorder has committed the first trace; a section is
 * never first-scanned twice.
 */
#ifndef DENSD_PROTOCOL_SCAN_H
#define DENSD_PROTOCOL_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/machine.h"

enum scan_phase {
	SCAN_IDLE, /* no section given */
	SCAN_WAIT_LOAD,
	SCAN_PURGE,
	SCAN_ARM,
	SCAN_FIRE,
	SCAN_READ,
	SCAN_COOL, /* waits for the chip's reference cooling (part of the first program) and the commit */
	SCAN_REFERENCE, /* arm, fire and read of the second scan */
	SCAN_SECTION_DONE,
	SCAN_CHIP_FAULT,
	SCAN_PHASE_MAX
};
enum section_outcome {
	SECTION_NONE,
	SECTION_SCANNED,
	SECTION_LOST,
	SECTION_FAULT,
	SECTION_CANCELLED,
	SECTION_OUTCOME_MAX
};

/* What the chip says, from its status poll. */
enum chip_state {
	CHIP_UNKNOWN,
	CHIP_IDLE,
	CHIP_PROGRAMMED,
	CHIP_ARMED,
	CHIP_RUNNING,
	CHIP_DATA,
	CHIP_FAULT,
	CHIP_STATE_MAX
};
struct chip_inputs {
	struct measurement temperature_k, resistance_ohm, power_mw;
	struct measurement flow_ml_per_min;
	uint8_t state; /* enum chip_state, valid while temperature_k is fresh */
	uint32_t scan_counter;
	bool trace_available; /* of scan_counter */
	bool identity_ok, lost;
	bool out_of_band; /* power or resistance out of band (hazard 37) */
};

enum scan_job {
	SCAN_JOB_NONE,
	SCAN_JOB_PROGRAM,
	SCAN_JOB_ARM,
	SCAN_JOB_FIRE,
	SCAN_JOB_READ,
	SCAN_JOB_DELETE,
	SCAN_JOB_OFF,
	SCAN_JOB_MAX
};

enum scan_event_kind {
	SCAN_EVENT_TICK,    /* inputs */
	SCAN_EVENT_SECTION, /* a section is given: rate, automatic */
	SCAN_EVENT_CONFIRM, /* the operator has loaded it */
	SCAN_EVENT_CANCEL,
	SCAN_EVENT_DURABLE,   /* intent */
	SCAN_EVENT_JOB_DONE,  /* job, ok */
	SCAN_EVENT_COMMITTED, /* the recorder has the trace of @counter */
	SCAN_EVENT_RESTART,   /* after a restart of control: decide F1..F4 at the next fresh inputs */
	SCAN_EVENT_KIND_MAX
};
struct scan_event {
	enum scan_event_kind kind;
	double t_lab_s;
	const struct chip_inputs *inputs;
	double rate_k_per_s;
	bool automatic;
	uint64_t intent;
	uint8_t job; /* enum scan_job */
	uint32_t job_id;
	bool ok;
	uint32_t counter;
	const char *text;
};

struct scan_program { /* what SCAN_JOB_PROGRAM carries */
	double start_k, end_k, rate_k_per_s, cooling_k_per_s;
	bool reference;
};
struct scan_actions {
	uint8_t job;     /* a job to hand to the chip worker; NONE: nothing new */
	uint32_t job_id; /* repeat of an unanswered job keeps its id */
	struct scan_program program;
	uint32_t counter; /* READ, DELETE */
	bool purge;
	struct intent intent; /* kind INTENT_FIRE */
	struct answer answer;
	uint32_t note_count;
	struct note notes[8];
};
struct scan_machine {
	uint8_t phase;   /* enum scan_phase */
	uint8_t outcome; /* enum section_outcome, at SECTION_DONE */
	bool reference;  /* second scan in progress */
	bool restarting;
	double rate_k_per_s;
	double phase_since_lab_s;
	uint32_t fire_counter; /* the chip's counter when the fire intent was made */
	uint32_t job_id;
	uint64_t next_intent, waiting_intent;
	bool durable, job_pending, committed, cooled;
	uint8_t job,
		step; /* enum scan_step_kind of scan_steps.h: where in the sequence, in the reference too */
	bool automatic, spent; /* spent: fired once, never first-scanned again */
	uint64_t alarms;       /* raised and not cleared, bit n: enum alarm n */
	uint8_t attempts;
	double purge_bad_since_lab_s, purge_good_since_lab_s;
	char cause[MACHINE_WHY];
};
/* Before every step the caller sets next_intent, as for the press machine. */
void scan_init(struct scan_machine *ret_machine, double t_lab_s);
/* Returns 0, or -EINVAL for an event that is not well formed (the state is then unchanged). */
int scan_step(const struct plan *plan, const struct scan_machine *state, const struct scan_event *event,
	      struct scan_machine *ret_next, struct scan_actions *ret_actions);
const char *scan_phase_name(enum scan_phase phase);
const char *section_outcome_name(enum section_outcome outcome);
const char *scan_job_name(enum scan_job job);
const char *chip_state_name(enum chip_state state);

#endif
