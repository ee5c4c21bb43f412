/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What has come from control and is not committed yet. Entries stay in memory until their transaction is
 * done, so that a full disk loses nothing that was taken: the same batch is tried again. Samples are
 * dropped first (hazard 28), and the gap is recorded.
 */
#ifndef DENSD_RECORDER_BATCH_H
#define DENSD_RECORDER_BATCH_H

#include "daemon/recorder/store.h"

#define BATCH_BYTES_MAX (8u << 20)
#define BATCH_ENTRIES_MAX 8192u
#define BATCH_SAMPLES_MAX 4096u
#define BATCH_COMMIT_MS 200
#define BATCH_RETRY_MS 500
#define BATCH_LEAST_FREE_MIB 16.0

struct batch_entry {
	struct link_journal *entry; /* owned */
	char *text;                 /* owned; NULL */
};
struct batch {
	struct batch_entry *entries; /* BATCH_ENTRIES_MAX */
	struct publication *samples; /* BATCH_SAMPLES_MAX */
	size_t entry_count, sample_count, bytes;
	bool now;
	int64_t due_ns;                          /* 0: nothing waits */
	uint64_t start, last_entry, last_sample; /* committed */
	uint64_t seen_sample;                    /* highest number that came, or was there; 0: none */
	uint64_t dropped_first, dropped_last;    /* samples, not yet recorded as a gap; 0: none */
	const char *dropped_why;
	bool losing;   /* told, and none stored since */
	int32_t error; /* of the last commit */
};

/* 0 or -ENOMEM. */
int batch_init(struct batch *ret_batch, uint64_t last_start, uint64_t last_entry);
void batch_deinit(struct batch *batch);
/* True when there is no room: read nothing more until a commit. */
bool batch_is_full(const struct batch *batch);
/* Takes @text (may be NULL). 0 (an entry committed before is ignored), -EBADMSG, -ENOMEM. */
int batch_add_entry(struct batch *batch, const void *body, size_t length, char *text);
int batch_add_sample(struct batch *batch, const struct publication *publication);
/* Commits everything but a last group that is not complete (link_journal.more). Returns 0 or -ENOSPC, -EIO
 * (the entries stay; the reserve is gone). */
int batch_commit(struct batch *batch, struct store *store, int64_t now_ns);

#endif
