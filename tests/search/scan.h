/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The calorimeter's machine as a model for the search, with a chip that counts
 * its scans truthfully, a worker that may die with a job in its hands and a
 * store that is behind.
 */
#ifndef DENSD_TESTS_SEARCH_SCAN_H
#define DENSD_TESTS_SEARCH_SCAN_H

#include "protocol/scan.h"
#include "tests/search/search.h"

#define SCAN_NOW_S 100000.0

enum scan_input {
	IN_TICK,          /* flow good for less than its time */
	IN_TICK_PURGED,   /* good for long */
	IN_TICK_LOW,      /* low for a moment */
	IN_TICK_NO_PURGE, /* low for long */
	IN_TICK_SILENT,   /* the chip does not answer */
	IN_TICK_LATE,     /* the scan should have ended long ago */
	IN_SECTION,
	IN_SECTION_AUTOMATIC,
	IN_CONFIRM,
	IN_CANCEL,
	IN_DURABLE,
	IN_STORE,   /* the snapshot becomes durable */
	IN_EXECUTE, /* the chip does the job */
	IN_ANSWER_OK,
	IN_ANSWER_FAILED,
	IN_WORKER_DIES,
	IN_CRASH,     /* control starts again from what was stored */
	IN_SCAN_ENDS, /* RUNNING -> DATA */
	IN_SCAN_LOST, /* RUNNING -> IDLE, no trace */
	IN_COMMITTED, /* the recorder has the trace */
	IN_BREAKS,
	IN_REPAIRED,
	IN_MAX
};

enum scan_job_state {
	JOB_NONE,
	JOB_SENT,
	JOB_STORED /* its snapshot is durable: the worker has it */,
	JOB_DONE
};

struct scan_world { /* what is outside of the machine */
	bool armed, running, programmed, trace;
	bool broken; /* the chip reports its fault */
	uint8_t counter, job, job_state;
	bool job_reference;
	uint8_t fired;                             /* scans that this sample saw */
	bool read, first_stored, reference_stored; /* the trace is in control's hands;
						      traces in the store */
	bool intent_durable, purge_lost;
};
struct scan_state {
	struct scan_machine machine, stored;
	struct scan_world world;
};
struct scan_machine_key {
	uint8_t phase, outcome, step, job, attempts, bits, counter;
};
struct scan_key {
	struct scan_machine_key machine, stored;
	uint8_t chip, counter, job, job_state, fired, stores;
};
struct scan_model {
	struct plan plan;
	struct scan_state here;
	uint64_t phases, outcomes;
};
/* Moves the counters so that the chip's stands where every key has it. */
void scan_key_rebase(struct scan_state *state);
void scan_key_make(struct scan_state *state, struct scan_key *ret_key);
void scan_key_load(const struct scan_key *key, struct scan_state *ret_state);
void scan_key_begin(struct scan_state *ret_state);

uint8_t scan_world_chip(const struct scan_world *world); /* enum chip_state */
/* Could the job in hand have been done, as far as the chip shows? */
bool scan_world_did(const struct scan_world *world);
bool scan_world_can_come(const struct scan_state *state, enum scan_input input);
/* One input on *state, judged. */
void scan_world_go(struct scan_model *scan, struct scan_state *state, enum scan_input input,
		   struct search_fault *fault);
void scan_model_init(struct scan_model *scan, struct search_model *ret_model);

#endif
