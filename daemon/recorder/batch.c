/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/recorder/bind.h"
#include "daemon/recorder/entries.h"
#include "daemon/recorder/samples.h"

#define MS_NS INT64_C(1000000)

int batch_init(struct batch *ret_batch, uint64_t last_start, uint64_t last_entry)
{
	*ret_batch = (struct batch){.start = last_start, .last_entry = last_entry};
	ret_batch->entries = calloc(BATCH_ENTRIES_MAX, sizeof(struct batch_entry));
	ret_batch->samples = calloc(BATCH_SAMPLES_MAX, sizeof(struct publication));
	if (ret_batch->entries && ret_batch->samples)
		return 0;
	batch_deinit(ret_batch);
	return -ENOMEM;
}

static size_t entry_bytes(const struct batch_entry *entry)
{
	return sizeof(*entry->entry) + entry->entry->body_length + (entry->text ? strlen(entry->text) : 0);
}

/* The first @count of them. */
static void forget_entries(struct batch *batch, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		batch->bytes -= entry_bytes(&batch->entries[i]);
		free(batch->entries[i].entry);
		free(batch->entries[i].text);
	}
	batch->entry_count -= count;
	memmove(batch->entries, batch->entries + count, batch->entry_count * sizeof(batch->entries[0]));
	batch->now = false;
}

/* Entries up to the last that does not need the next one to be true. */
static size_t count_whole(const struct batch *batch)
{
	size_t count = batch->entry_count;

	while (count > 0 && batch->entries[count - 1].entry->more)
		count--;
	return count;
}

void batch_deinit(struct batch *batch)
{
	forget_entries(batch, batch->entry_count);
	free(batch->entries);
	free(batch->samples);
	batch->entries = NULL;
	batch->samples = NULL;
}

bool batch_is_full(const struct batch *batch)
{
	return batch->entry_count == BATCH_ENTRIES_MAX || batch->sample_count == BATCH_SAMPLES_MAX ||
	       batch->bytes >= BATCH_BYTES_MAX;
}

static void set_due(struct batch *batch)
{
	if (batch->due_ns == 0)
		batch->due_ns = clock_mono_ns() + BATCH_COMMIT_MS * MS_NS;
}

static bool is_entry(const struct link_journal *entry, size_t length)
{
	return length >= sizeof(*entry) && entry->body_length == length - sizeof(*entry) &&
	       entry->body_length == entries_body_length(entry->kind);
}

int batch_add_entry(struct batch *batch, const void *body, size_t length, char *text)
{
	const struct link_journal *entry = body;
	struct link_journal *copy;

	if (!is_entry(entry, length) || batch->entry_count == BATCH_ENTRIES_MAX) {
		free(text);
		return -EBADMSG;
	}
	set_due(batch);
	batch->now |= entry->now;
	if (entry->start == batch->start && entry->entry <= batch->last_entry) {
		free(text);
		return 0;
	}
	copy = malloc(length);
	if (!copy) {
		free(text);
		return -ENOMEM;
	}
	memcpy(copy, body, length);
	copy->run[ULID_TEXT - 1] = '\0';
	batch->entries[batch->entry_count++] = (struct batch_entry){.entry = copy, .text = text};
	batch->bytes += length + (text ? strlen(text) : 0);
	return 0;
}

/* Goes into the table with the next entry. Two before that are one, from the first to the last. */
static void note_gap(struct batch *batch, uint64_t first, uint64_t last, const char *why)
{
	if (batch->dropped_last == 0) {
		batch->dropped_first = first;
		batch->dropped_why = why;
	}
	if (!batch->losing)
		log_error("samples from number %llu on are lost: %s", (unsigned long long)first, why);
	batch->losing = true;
	batch->dropped_last = last;
}

int batch_add_sample(struct batch *batch, const struct publication *publication)
{
	if (batch->sample_count == BATCH_SAMPLES_MAX || publication->topic != TOPIC_SAMPLE)
		return -EBADMSG;
	if (batch->seen_sample != 0 && publication->seq > batch->seen_sample + 1)
		note_gap(batch, batch->seen_sample + 1, publication->seq - 1,
			 "control kept no more while the recorder was away");
	if (publication->seq > batch->seen_sample)
		batch->seen_sample = publication->seq;
	set_due(batch);
	batch->samples[batch->sample_count++] = *publication;
	return 0;
}

static int store_last(struct store *store, const struct link_journal *entry)
{
	char text[24];
	int r;

	snprintf(text, sizeof(text), "%llu", (unsigned long long)entry->start);
	r = store_set_meta(store, "last_start", text);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)entry->entry);
	return r < 0 ? r : store_set_meta(store, "last_entry", text);
}

static int store_gap(struct batch *batch, struct store *store)
{
	sqlite3_stmt *s;

	if (batch->dropped_last == 0)
		return 0;
	s = store_prepare(store, store->journal,
			  "INSERT INTO gaps(first_seq, last_seq, t_wall_us, why) VALUES(?, ?, ?, ?)");
	bind_integer(s, 1, (int64_t)batch->dropped_first);
	bind_integer(s, 2, (int64_t)batch->dropped_last);
	bind_integer(s, 3, clock_wall_us());
	bind_text(s, 4, batch->dropped_why);
	return store_run(s);
}

static int write_entries(struct batch *batch, struct store *store, size_t count)
{
	int r = store_exec(store->journal, "BEGIN IMMEDIATE");

	for (size_t i = 0; r == 0 && i < count; i++) {
		r = entries_store(store, batch->entries[i].entry, batch->entries[i].text);
		if (r == -EBADMSG) {
			log_error("journal entry %llu of kind %u makes no sense and is left out",
				  (unsigned long long)batch->entries[i].entry->entry,
				  batch->entries[i].entry->kind);
			r = 0;
		}
	}
	if (r == 0)
		r = store_gap(batch, store);
	if (r == 0)
		r = store_last(store, batch->entries[count - 1].entry);
	if (r == 0)
		r = store_exec(store->journal, "COMMIT");
	if (r < 0)
		sqlite3_exec(store->journal, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

static int commit_entries(struct batch *batch, struct store *store)
{
	const struct link_journal *last;
	size_t count = count_whole(batch);
	int r;

	batch->now = batch->now && count > 0;
	if (count == 0)
		return 0;
	last = batch->entries[count - 1].entry;
	r = write_entries(batch, store, count);
	if (r == -ENOSPC && store_drop_reserve(store)) {
		log_warning("the disk is full: the reserve of %d MiB is given up for the journal",
			    STORE_RESERVE_BYTES >> 20);
		r = write_entries(batch, store, count);
	}
	if (r < 0)
		return r;
	batch->start = last->start;
	batch->last_entry = last->entry;
	batch->dropped_first = batch->dropped_last = 0;
	forget_entries(batch, count);
	return 0;
}

static void drop_samples(struct batch *batch, const char *why)
{
	note_gap(batch, batch->samples[0].seq, batch->samples[batch->sample_count - 1].seq, why);
	batch->sample_count = 0;
}

static int commit_samples(struct batch *batch, struct store *store)
{
	uint64_t last;
	int r;

	if (batch->sample_count == 0)
		return 0;
	if (!store->has_reserve || store_free_mib(store) < BATCH_LEAST_FREE_MIB) {
		drop_samples(batch, "what is left of the disk is the journal's");
		return -ENOSPC;
	}
	last = batch->samples[batch->sample_count - 1].seq;
	r = samples_store(store, batch->samples, batch->sample_count);
	if (r < 0) {
		drop_samples(batch, strerror(-r));
		return r;
	}
	if (batch->losing)
		log_notice("samples are stored again");
	batch->losing = false;
	batch->last_sample = last;
	batch->sample_count = 0;
	return 0;
}

int batch_commit(struct batch *batch, struct store *store, int64_t now_ns)
{
	int journal, samples;

	if (!store->has_reserve && store_free_mib(store) > 2 * BATCH_LEAST_FREE_MIB)
		store_make_reserve(store);
	journal = commit_entries(batch, store);
	samples = commit_samples(batch, store);
	batch->error = journal < 0 ? journal : samples;
	batch->due_ns = journal < 0 ? now_ns + BATCH_RETRY_MS * MS_NS : 0;
	if (journal < 0)
		batch->now = false;
	return batch->error;
}
