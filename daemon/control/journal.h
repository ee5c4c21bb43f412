/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What control has told the recorder and has not yet seen committed: a fixed ring of journal entries and a
 * fixed ring of samples. Entries are sent in order, kept until acknowledged, and sent again to a recorder
 * that was restarted. Allocated once, at start.
 *
 * Overflow: publications, samples and snapshots may use three quarters of the journal ring, the rest is kept
 * for intents, commands, transitions and runs; what does not fit is dropped and counted. The oldest sample
 * is dropped for the newest one; its sequence number stays as the record of the gap.
 */
#ifndef DENSD_DAEMON_CONTROL_JOURNAL_H
#define DENSD_DAEMON_CONTROL_JOURNAL_H

#include "daemon/link.h"
#include "daemon/snapshot.h"

#define JOURNAL_RING_BYTES (4u << 20)
#define JOURNAL_SAMPLES 8192u

struct journal_sample {
	uint64_t seq;
	int64_t t_wall_us;
	double t_lab_s;
	struct sample_body body;
};
struct journal {
	uint8_t *bytes;
	size_t size, head, tail, send; /* oldest kept record, next free byte, next record to send */
	size_t used;
	uint64_t start, next_entry, committed;
	uint64_t dropped;
	struct journal_sample *samples; /* JOURNAL_SAMPLES, as a ring that begins with sample_base */
	uint64_t sample_base;           /* of the sample that found the ring empty */
	uint64_t sample_first, sample_send,
		sample_next; /* sequence numbers: oldest kept, next to send, next to come */
	uint64_t samples_dropped;
	struct publication sending; /* the sample that is sent, as a message */
};
struct journal_entry {
	uint8_t kind;    /* enum journal_kind */
	bool now, more;  /* more: one transaction with the next entry */
	const char *run; /* may be NULL */
	double t_lab_s;
	const void *body;
	size_t length;
	int fd; /* -1, or a descriptor; the journal keeps its own duplicate until the commit */
};

/* 0 or -ENOMEM. @start names this start of control. */
int journal_init(struct journal *ret_journal, size_t bytes, uint64_t start);
void journal_deinit(struct journal *journal);
/* Adds one entry at the end. 0 and its number, or -ENOSPC (dropped and counted), -EMSGSIZE. */
int journal_add(struct journal *journal, const struct journal_entry *entry, uint64_t *ret_entry);
/* True when @count entries with bodies of @length bytes, and a command with its answer, all fit. */
bool journal_has_room(const struct journal *journal, size_t count, size_t length);
/* Sends what was not sent yet, entries first. 0: all gone; -EAGAIN: the socket is full; -EPIPE and others:
 * lost. */
int journal_flush(struct journal *journal, int socket, uint32_t *seq, const char publisher[ULID_TEXT]);
/* Everything up to @entry is on disk. */
void journal_commit(struct journal *journal, uint64_t entry);
/* A new recorder: forget what it holds already, send the rest again. */
void journal_rewind(struct journal *journal, uint64_t last_start, uint64_t last_entry, uint64_t last_sample);
/* Mono time at which the oldest uncommitted entry marked "now" was added; 0: none. */
int64_t journal_oldest_ns(const struct journal *journal);

void journal_add_sample(struct journal *journal, const struct journal_sample *sample);
void journal_commit_samples(struct journal *journal, uint64_t seq);

#endif
