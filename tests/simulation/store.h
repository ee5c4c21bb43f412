/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The recorder and its store: keeps what control sends in the order it came, makes it durable some time
 * later, says so, and at a crash forgets everything else. After a restart it tells what densd-recorder would
 * tell.
 */
#ifndef DENSD_TESTS_SIMULATION_STORE_H
#define DENSD_TESTS_SIMULATION_STORE_H

#include "daemon/snapshot.h"

#define STORE_RUNS_MAX 128
#define STORE_COMMANDS_MAX 512
#define STORE_INTENTS_MAX 256

struct store {
	/* durable */
	struct link_loaded loaded;
	uint32_t run_count, command_count, intent_count; /* intents without an outcome */
	struct link_queue_item runs[STORE_RUNS_MAX];
	struct journal_command commands[STORE_COMMANDS_MAX];
	struct intent intents[STORE_INTENTS_MAX];
	uint32_t generation; /* stores set aside so far */
	bool corrupt;        /* will be found damaged at the next start */
	uint32_t boot;       /* of the last snapshot */
	/* received and not durable */
	uint8_t *bytes;
	size_t size, used;
	bool now, has_sample;
	int64_t first_ns, commit_ns; /* world time; commit_ns 0: nothing waits */
	uint64_t sample_seq;
	double sample_lab_s;
	int64_t sample_wall_us;
	bool has_trace;
	struct link_trace trace;
	int32_t error;
	bool told_error, load_due;
};
/* 0 or -ENOMEM. */
int store_init(struct store *store);
void store_deinit(struct store *store);
/* A message of control; 0, or -EAGAIN when nobody takes it now. */
int store_take(struct store *store, uint16_t type, const void *body, size_t length);
/* One quantum: commits what is due and tells control. */
void store_step(struct store *store);
/* The recorder, or everything, died. @all: it still made durable what it had received. */
void store_crash(struct store *store, bool all);
/* Tells a control process all that is known, in the order of link.h. */
void store_tell(struct store *store);

#endif
