/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The calorimeter's machine as a model for the search, with a chip that counts its scans truthfully, a worker
 * that may die with a job in its hands and a store that is behind.
 */
#ifndef DENSD_TESTS_SEARCH_SCAN_H
#define DENSD_TESTS_SEARCH_SCAN_H

#include "protocol/scan.h"
#include "tests/search/search.h"

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
	bool read, first_stored, reference_stored; /* the trace is in control's hands; traces in the store */
	bool intent_durable, purge_lost;
};
struct scan_state {
	struct scan_machine machine, stored;
	struct scan_world world;
};
struct scan_model {
	struct plan plan;
	struct scan_state here;
	uint64_t phases, outcomes;
};
void scan_model_init(struct scan_model *scan, struct search_model *ret_model);

#endif
