/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store when there is no room, or too much is kept: the batch stays, samples go first, then the reserve;
 * what is old goes a little at a time. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "daemon/recorder/samples.h"
#include "tests/unit/daemon/store_fixture.h"

static void full_disk_keeps_the_batch(void **state)
{
	struct fixture *fixture = *state;
	struct publication publication = {.topic = TOPIC_STATE};
	char text[64];

	snprintf(text, sizeof(text), "PRAGMA max_page_count = %d",
		 (int)store_get_number(fixture->store.journal, "PRAGMA page_count", 0));
	assert_int_equal(store_exec(fixture->store.journal, text), 0);
	for (uint64_t i = 1; i <= 100; i++) {
		publication.seq = i;
		add(fixture, i, JOURNAL_PUBLICATION, &publication, sizeof(publication));
	}
	assert_int_equal(batch_commit(&fixture->batch, &fixture->store, 1), -ENOSPC);
	assert_int_equal(fixture->batch.last_entry, 0);
	assert_int_equal(fixture->batch.entry_count, 100);
	assert_int_equal(store_exec(fixture->store.journal, "PRAGMA max_page_count = 1000000"), 0);
	commit(fixture);
	assert_int_equal(fixture->batch.last_entry, 100);
	assert_int_equal(store_get_number(fixture->store.journal, "SELECT count(*) FROM events", 0), 100);
}

static void limit_pages(sqlite3 *database, int64_t more)
{
	char text[64];

	snprintf(text, sizeof(text), "PRAGMA max_page_count = %lld",
		 (long long)(store_get_number(database, "PRAGMA page_count", 0) + more));
	assert_int_equal(store_exec(database, text), 0);
}

static bool reserve_stands(const struct fixture *fixture)
{
	char path[128];
	struct stat status;

	snprintf(path, sizeof(path), "%s/reserve", fixture->folder);
	return stat(path, &status) == 0 && status.st_size == STORE_RESERVE_BYTES;
}

/* Hazard 28: with the samples' file full nothing of the journal is lost, and what is missing is named. */
static void full_disk_drops_samples_first(void **state)
{
	struct fixture *fixture = *state;
	struct publication sample = {.topic = TOPIC_SAMPLE}, event = {.topic = TOPIC_STATE, .seq = 1};
	sqlite3 *journal = fixture->store.journal;

	limit_pages(fixture->store.samples, 0);
	for (uint64_t i = 1; i <= 300; i++) {
		sample.seq = i;
		assert_int_equal(batch_add_sample(&fixture->batch, &sample), 0);
	}
	assert_int_equal(batch_commit(&fixture->batch, &fixture->store, 1), -ENOSPC);
	assert_int_equal(fixture->batch.last_sample, 0);
	assert_int_equal(fixture->batch.sample_count, 0);
	assert_true(reserve_stands(fixture)); /* the journal has not asked for it */
	add(fixture, 1, JOURNAL_PUBLICATION, &event, sizeof(event));
	commit(fixture);
	assert_int_equal(store_get_number(journal, "SELECT count(*) FROM events", 0), 1);
	assert_int_equal(store_get_number(journal, "SELECT first_seq FROM gaps", 0), 1);
	assert_int_equal(store_get_number(journal, "SELECT last_seq FROM gaps", 0), 300);
	event.seq = 2;
	add(fixture, 2, JOURNAL_PUBLICATION, &event, sizeof(event));
	commit(fixture);
	assert_int_equal(store_get_number(journal, "SELECT count(*) FROM gaps", 0), 1);
}

/* Hazard 28: the journal gets the reserve before it says that the disk is full; room brings the reserve back.
 */
static void full_disk_gives_up_the_reserve(void **state)
{
	struct fixture *fixture = *state;
	struct publication publication = {.topic = TOPIC_STATE};

	assert_true(reserve_stands(fixture));
	limit_pages(fixture->store.journal, 0);
	for (uint64_t i = 1; i <= 100; i++) {
		publication.seq = i;
		add(fixture, i, JOURNAL_PUBLICATION, &publication, sizeof(publication));
	}
	assert_int_equal(batch_commit(&fixture->batch, &fixture->store, 7), -ENOSPC);
	assert_false(reserve_stands(fixture));
	assert_int_equal(fixture->batch.due_ns, 7 + BATCH_RETRY_MS * INT64_C(1000000));
	limit_pages(fixture->store.journal, 1000000);
	commit(fixture);
	assert_true(reserve_stands(fixture));
	assert_int_equal(fixture->batch.last_entry, 100);
}

static void add_old_sample(struct fixture *fixture, uint64_t seq)
{
	struct publication sample = {.topic = TOPIC_SAMPLE, .seq = seq, .t_wall_us = 1};

	assert_int_equal(batch_add_sample(&fixture->batch, &sample), 0);
	commit(fixture);
}

/* Hazard 30: to a wall clock that jumped by years every sample is old. */
static void retention_counts_samples(void **state)
{
	struct fixture *fixture = *state;
	const char *count = "SELECT count(*) FROM samples", *first = "SELECT min(seq) FROM samples";

	add_old_sample(fixture, 1);
	add_old_sample(fixture, 2);
	assert_int_equal(samples_prune(&fixture->store, 1), 0);
	assert_int_equal(store_get_number(fixture->store.samples, count, 0), 2);
	add_old_sample(fixture, 864001);
	assert_int_equal(samples_prune(&fixture->store, 0), 0);
	assert_int_equal(store_get_number(fixture->store.samples, count, 0), 3);
	assert_int_equal(samples_prune(&fixture->store, 1), 0);
	assert_int_equal(store_get_number(fixture->store.samples, count, 0), 2);
	assert_int_equal(store_get_number(fixture->store.samples, first, 0), 2);
}

/* Weeks of samples that are too old, as after a shorter retention: a start does not wait for all of them. */
static void retention_deletes_a_little_at_a_time(void **state)
{
	struct fixture *fixture = *state;
	const char *count = "SELECT count(*) FROM samples";
	const int64_t old = 2 * SAMPLES_PRUNE_MOST + 7;

	assert_int_equal(
		store_exec(fixture->store.samples,
			   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10007)"
			   " INSERT INTO samples(seq, body) SELECT i, x'00' FROM n"),
		0);
	assert_int_equal(store_get_number(fixture->store.samples, count, 0), old);
	add_old_sample(fixture, 10007 + 864000);
	for (int64_t left = old + 1; left > 1;
	     left -= left > SAMPLES_PRUNE_MOST ? SAMPLES_PRUNE_MOST : left - 1) {
		assert_int_equal(store_get_number(fixture->store.samples, count, 0), left);
		assert_int_equal(samples_prune(&fixture->store, 1), 0);
	}
	assert_int_equal(store_get_number(fixture->store.samples, count, 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(full_disk_keeps_the_batch),
		STORE_TEST(full_disk_drops_samples_first),
		STORE_TEST(full_disk_gives_up_the_reserve),
		STORE_TEST(retention_counts_samples),
		STORE_TEST(retention_deletes_a_little_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
