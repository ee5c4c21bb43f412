/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"

/* A record is contiguous in the ring, a struct link_journal follows it; length 0 means "go on at the
 * beginning". */
struct record {
	uint32_t length; /* of the message that follows, rounded up to 8 with this header not counted */
	uint32_t message;
	int32_t fd;
	uint32_t now;
	int64_t added_ns;
};
#define RECORD_HEAD sizeof(struct record)

int journal_init(struct journal *ret_journal, size_t bytes, uint64_t start)
{
	*ret_journal = (struct journal){.size = bytes, .start = start, .next_entry = 1, .sample_first = 1};
	ret_journal->sample_send = ret_journal->sample_next = 1;
	ret_journal->bytes = calloc(1, bytes);
	ret_journal->samples = calloc(JOURNAL_SAMPLES, sizeof(struct journal_sample));
	if (ret_journal->bytes && ret_journal->samples)
		return 0;
	journal_deinit(ret_journal);
	return -ENOMEM;
}

static struct record *record_at(const struct journal *journal, size_t at)
{
	return (struct record *)(journal->bytes + at);
}

static struct link_journal *record_journal(struct record *record)
{
	return (struct link_journal *)(record + 1);
}

static bool room_for_marker(const struct journal *journal, size_t at)
{
	return journal->size - at >= RECORD_HEAD;
}

/* The place of the record at or after @at, stepping over the end of the ring. */
static size_t skip_marker(const struct journal *journal, size_t at)
{
	if (!room_for_marker(journal, at) || record_at(journal, at)->length == 0)
		return 0;
	return at;
}

static size_t record_next(const struct journal *journal, size_t at)
{
	return at + RECORD_HEAD + record_at(journal, at)->length;
}

static bool is_vital(uint8_t kind)
{
	return kind != JOURNAL_PUBLICATION && kind != JOURNAL_SNAPSHOT && kind != JOURNAL_NOTE;
}

/* Where @need contiguous bytes can go; true when they fit. Writes the marker when it has to wrap. */
static bool find_room(struct journal *journal, size_t need, bool vital, size_t *ret_at)
{
	size_t at = journal->tail;
	size_t waste = journal->size - at >= need + RECORD_HEAD ? 0 : journal->size - at;
	size_t limit = vital ? journal->size : journal->size / 4 * 3;

	if (journal->used + waste + need + RECORD_HEAD > limit)
		return false;
	if (waste > 0) {
		if (room_for_marker(journal, at))
			record_at(journal, at)->length = 0;
		journal->used += waste;
		at = 0;
	}
	*ret_at = at;
	return true;
}

static size_t record_bytes(size_t body)
{
	return 2 * RECORD_HEAD + ((sizeof(struct link_journal) + body + 7) & ~(size_t)7);
}

bool journal_has_room(const struct journal *journal, size_t count, size_t length)
{
	size_t command = record_bytes(sizeof(struct journal_command));
	/* Up to one record's bytes are lost where the ring wraps. */
	size_t waste = record_bytes(length) + command;

	return journal->used + count * record_bytes(length) + command + waste <= journal->size;
}

int journal_add(struct journal *journal, const struct journal_entry *entry, uint64_t *ret_entry)
{
	size_t message = sizeof(struct link_journal) + entry->length;
	size_t length = (message + 7) & ~(size_t)7;
	bool was_empty = journal->used == 0;
	struct link_journal *written;
	struct record *record;
	size_t at;

	if (message > LINK_MESSAGE_MAX)
		return -EMSGSIZE;
	if (was_empty)
		journal->head = journal->tail = journal->send = 0;
	if (!find_room(journal, RECORD_HEAD + length, is_vital(entry->kind), &at)) {
		journal->dropped++;
		return -ENOSPC;
	}
	record = record_at(journal, at);
	record->length = (uint32_t)length;
	record->message = (uint32_t)message;
	record->fd = entry->fd >= 0 ? fcntl(entry->fd, F_DUPFD_CLOEXEC, 3) : -1;
	record->now = entry->now;
	record->added_ns = clock_mono_ns();
	written = record_journal(record);
	*written = (struct link_journal){.entry = journal->next_entry,
					 .start = journal->start,
					 .kind = entry->kind,
					 .now = entry->now,
					 .more = entry->more,
					 .t_wall_us = clock_wall_us(),
					 .t_lab_s = entry->t_lab_s,
					 .body_length = (uint32_t)entry->length};
	if (entry->run)
		strncpy(written->run, entry->run, ULID_TEXT - 1);
	memcpy(written->body, entry->body, entry->length);
	journal->used += RECORD_HEAD + length;
	journal->tail = at + RECORD_HEAD + length;
	*ret_entry = journal->next_entry++;
	return 0;
}

static int flush_entries(struct journal *journal, int socket, uint32_t *seq)
{
	while (journal->used > 0 && journal->send != journal->tail) {
		struct record *record;
		int r;

		journal->send = skip_marker(journal, journal->send);
		record = record_at(journal, journal->send);
		r = link_send(socket, LINK_JOURNAL, *seq, record_journal(record), record->message,
			      record->fd);
		if (r < 0)
			return r;
		++*seq;
		journal->send = record_next(journal, journal->send);
	}
	return 0;
}

static struct journal_sample *sample_at(const struct journal *journal, uint64_t seq)
{
	return &journal->samples[(seq - journal->sample_base) % JOURNAL_SAMPLES];
}

static int flush_samples(struct journal *journal, int socket, uint32_t *seq, const char publisher[ULID_TEXT])
{
	for (; journal->sample_send < journal->sample_next; journal->sample_send++) {
		const struct journal_sample *sample = sample_at(journal, journal->sample_send);
		struct publication *publication = &journal->sending;
		int r;

		publication->topic = TOPIC_SAMPLE;
		publication->seq = sample->seq;
		publication->t_wall_us = sample->t_wall_us;
		publication->t_lab_s = sample->t_lab_s;
		publication->sample = sample->body;
		memcpy(publication->publisher, publisher, ULID_TEXT);
		r = link_send(socket, LINK_SAMPLE, *seq, publication, sizeof(*publication), -1);
		if (r < 0)
			return r;
		++*seq;
	}
	return 0;
}

int journal_flush(struct journal *journal, int socket, uint32_t *seq, const char publisher[ULID_TEXT])
{
	int r = flush_entries(journal, socket, seq);

	return r < 0 ? r : flush_samples(journal, socket, seq, publisher);
}

static void release(struct journal *journal)
{
	size_t at = skip_marker(journal, journal->head);
	struct record *record;

	if (at != journal->head)
		journal->used -= journal->size - journal->head;
	record = record_at(journal, at);
	if (record->fd >= 0)
		close(record->fd);
	journal->used -= RECORD_HEAD + record->length;
	if (journal->send == journal->head || journal->send == at)
		journal->send = record_next(journal, at);
	journal->head = record_next(journal, at);
}

/* What was not sent keeps its descriptors to the end. */
void journal_deinit(struct journal *journal)
{
	while (journal->bytes && journal->used > 0)
		release(journal);
	free(journal->bytes);
	free(journal->samples);
	journal->bytes = NULL;
	journal->samples = NULL;
}

void journal_commit(struct journal *journal, uint64_t entry)
{
	while (journal->used > 0 && journal->committed < entry) {
		size_t at = skip_marker(journal, journal->head);

		if (record_journal(record_at(journal, at))->entry > entry)
			break;
		journal->committed = record_journal(record_at(journal, at))->entry;
		release(journal);
	}
}

void journal_rewind(struct journal *journal, uint64_t last_start, uint64_t last_entry, uint64_t last_sample)
{
	if (last_start == journal->start)
		journal_commit(journal, last_entry);
	journal->send = journal->head;
	journal_commit_samples(journal, last_sample);
	journal->sample_send = journal->sample_first;
}

int64_t journal_oldest_ns(const struct journal *journal)
{
	size_t at = journal->head;

	if (journal->used == 0)
		return 0;
	while (at != journal->tail) {
		const struct record *record;

		at = skip_marker(journal, at);
		record = record_at(journal, at);
		if (record->now)
			return record->added_ns;
		at = record_next(journal, at);
	}
	return 0;
}

void journal_add_sample(struct journal *journal, const struct journal_sample *sample)
{
	/* The first sample of a start takes up the numbering of the store. An empty ring is used from its
	 * front: a recorder that keeps up costs a few pages, not all of them. */
	if (journal->sample_first == journal->sample_next)
		journal->sample_base = journal->sample_first = journal->sample_send = sample->seq;
	*sample_at(journal, sample->seq) = *sample;
	journal->sample_next = sample->seq + 1;
	if (journal->sample_next - journal->sample_first > JOURNAL_SAMPLES) {
		journal->sample_first++;
		journal->samples_dropped++;
	}
	if (journal->sample_send < journal->sample_first)
		journal->sample_send = journal->sample_first;
}

void journal_commit_samples(struct journal *journal, uint64_t seq)
{
	if (seq < journal->sample_first)
		return;
	journal->sample_first = seq + 1 < journal->sample_next ? seq + 1 : journal->sample_next;
	if (journal->sample_send < journal->sample_first)
		journal->sample_send = journal->sample_first;
}
