/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The recorder and its store: keeps what control sends in the order it came, makes it durable some time
 * later, says so, and at a crash forgets everything else. After a restart it tells what densd-recorder would
 * tell.
 */
#ifndef DENSD_TESTS_SIMULATION_BOOK_H
#define DENSD_TESTS_SIMULATION_BOOK_H

#include "daemon/snapshot.h"

#define BOOK_RUNS_MAX 128
#define BOOK_COMMANDS_MAX 512
#define BOOK_INTENTS_MAX 256

struct book {
	/* durable */
	struct link_loaded loaded;
	uint32_t run_count, command_count, intent_count; /* intents without an outcome */
	struct link_queue_item runs[BOOK_RUNS_MAX];
	struct journal_command commands[BOOK_COMMANDS_MAX];
	struct intent intents[BOOK_INTENTS_MAX];
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
	bool told_error, load_due, was_cut; /* was_cut: by the last power cut */
};
/* 0 or -ENOMEM. */
int book_init(struct book *book);
void book_deinit(struct book *book);
/* At the level of bytes the real recorder keeps, and this is the checker's book of what it acknowledged. */
void book_acknowledge(struct book *book, const struct link_committed *committed);
/* The real one was opened again and says what it knows: all that is in the book, or it is violated. */
void book_reload(struct book *book, const struct link_loaded *loaded);
/* A message of control; 0, or -EAGAIN when nobody takes it now. */
int book_take(struct book *book, uint16_t type, const void *body, size_t length);
/* One quantum: commits what is due and tells control. */
void book_step(struct book *book);
/* The recorder, or everything, died. @all: it still made durable what it had received. */
void book_crash(struct book *book, bool all);
/* Tells a control process all that is known, in the order of link.h. */
void book_tell(struct book *book);

#endif
