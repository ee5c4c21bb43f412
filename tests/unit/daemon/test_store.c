/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store: what was committed is there after a reopening, once; what is corrupt is set aside; traces are
 * checked. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/recorder/bind.h"
#include "daemon/recorder/load.h"
#include "daemon/recorder/traces.h"
#include "tests/unit/daemon/store_fixture.h"

static void committed_survives_reopening(void **state)
{
	struct fixture *fixture = *state;
	struct intent older = {.number = 2, .before = true, .text = "fire"};
	struct intent intent = {.number = 3, .before = true, .text = "compress"};
	struct link_loaded loaded;

	add_run(fixture);
	add(fixture, 2, JOURNAL_INTENT, &older, sizeof(older));
	add(fixture, 3, JOURNAL_INTENT, &intent, sizeof(intent));
	commit(fixture);
	close_store(fixture);
	open_store(fixture);
	load_summary(&fixture->store, &loaded);
	assert_false(loaded.store_new);
	assert_int_equal(loaded.queue_items, 1);
	assert_int_equal(loaded.intents_in_doubt, 2);
	assert_int_equal(loaded.last_intent.number, 3);
	assert_int_equal(loaded.in_doubt[0], 3);
	assert_int_equal(loaded.in_doubt[1], 2);
	assert_int_equal(loaded.in_doubt[2], 0);
	assert_int_equal(loaded.next_intent, 4);
	assert_int_equal(loaded.last_start, 5);
	assert_int_equal(loaded.last_entry, 3);
}

static void entry_sent_again_is_stored_once(void **state)
{
	struct fixture *fixture = *state;
	struct note note = {.kind = NOTE_INFO, .text = "once"};

	add(fixture, 1, JOURNAL_NOTE, &note, sizeof(note));
	commit(fixture);
	add(fixture, 1, JOURNAL_NOTE, &note, sizeof(note));
	add(fixture, 2, JOURNAL_NOTE, &note, sizeof(note));
	commit(fixture);
	assert_int_equal(store_get_number(fixture->store.journal, "SELECT count(*) FROM transitions", 0), 2);
	assert_int_equal(fixture->batch.last_entry, 2);
}

static void wrong_length_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct link_journal entry = {.entry = 1, .kind = JOURNAL_SNAPSHOT};

	assert_int_equal(batch_add_entry(&fixture->batch, &entry, sizeof(entry), NULL), -EBADMSG);
	assert_int_equal(batch_add_entry(&fixture->batch, &entry, 8, NULL), -EBADMSG);
}

static void ended_run_leaves_the_queue(void **state)
{
	struct fixture *fixture = *state;
	struct journal_run run = {.run = RUN,
				  .densification = OUTCOME_COMPLETED,
				  .calorimetry = OUTCOME_COMPLETED,
				  .started = true};
	struct link_loaded loaded;

	add_run(fixture);
	add(fixture, 2, JOURNAL_RUN_UPDATED, &run, sizeof(run));
	commit(fixture);
	load_summary(&fixture->store, &loaded);
	assert_int_equal(loaded.queue_items, 0);
}

/* The next run is on the press while this one's sections are scanned: what is said of it then must not wipe
 * out what the press did. */
static void a_later_word_keeps_what_the_press_did(void **state)
{
	struct fixture *fixture = *state;
	struct journal_run run = {.run = RUN,
				  .densification = OUTCOME_COMPLETED,
				  .started = true,
				  .interrupted = true,
				  .of_press = true,
				  .outage_s = 702,
				  .soak_s = 600,
				  .peak_k = 644,
				  .release_temperature_k = 298.4,
				  .cause = "programme complete"};
	struct journal_run later = {
		.run = RUN, .densification = OUTCOME_COMPLETED, .started = true, .sections_done = 1};
	struct journal_run kept;
	sqlite3_stmt *s;

	add_run(fixture);
	add(fixture, 2, JOURNAL_RUN_UPDATED, &run, sizeof(run));
	add(fixture, 3, JOURNAL_RUN_UPDATED, &later, sizeof(later));
	commit(fixture);
	assert_int_equal(sqlite3_prepare_v2(fixture->store.journal,
					    "SELECT record, interrupted, sections_done, cause FROM runs", -1,
					    &s, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(column_copy(s, 0, &kept, sizeof(kept)), 0);
	assert_float_equal(kept.outage_s, 702, 0);
	assert_float_equal(kept.soak_s, 600, 0);
	assert_float_equal(kept.peak_k, 644, 0);
	assert_float_equal(kept.release_temperature_k, 298.4, 0);
	assert_int_equal(sqlite3_column_int(s, 1), 1);
	assert_int_equal(sqlite3_column_int(s, 2), 1);
	assert_string_equal(column_text(s, 3), "programme complete");
	sqlite3_finalize(s);
}

/* A submit's runs and its command are one transaction: a crash between them leaves no run behind. */
static void half_a_submit_is_not_committed(void **state)
{
	struct fixture *fixture = *state;
	struct publication publication = {.topic = TOPIC_STATE};
	static const char *const count = "SELECT count(*) FROM events";

	for (uint64_t i = 1; i <= 3; i++) {
		publication.seq = i;
		assert_int_equal(store_get_number(fixture->store.journal, count, 0), 0);
		add_part(fixture, i, JOURNAL_PUBLICATION, &publication, sizeof(publication), i < 3);
		commit(fixture);
	}
	assert_int_equal(store_get_number(fixture->store.journal, count, 0), 3);
	assert_int_equal(fixture->batch.last_entry, 3);
	assert_int_equal(fixture->batch.entry_count, 0);
	assert_int_equal(fixture->batch.bytes, 0);
}

static void corrupt_journal_is_set_aside(void **state)
{
	struct fixture *fixture = *state;
	char path[128], id[ULID_TEXT];
	int fd;

	memcpy(id, fixture->store.id, ULID_TEXT);
	close_store(fixture);
	snprintf(path, sizeof(path), "%s/journal.db", fixture->folder);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(pwrite(fd, "this is not a database at all", 29, 0) == 29);
	close(fd);
	open_store(fixture);
	assert_true(fixture->store.was_corrupt);
	assert_string_not_equal(fixture->store.id, id);
}

static void trace_is_checked_and_kept(void **state)
{
	struct fixture *fixture = *state;
	struct link_trace header = {.run = RUN, .section = RUN "/r500/s1", .rows = 10};
	struct trace_row *rows = NULL;
	struct trace trace;
	int unsealed = make_trace(10, false), longer = make_trace(11, true), right = make_trace(10, true);

	assert_int_equal(traces_read(&header, unsealed, &rows), -EINVAL);
	assert_int_equal(traces_read(&header, longer, &rows), -EINVAL);
	assert_int_equal(traces_read(&header, right, &rows), 0);
	assert_int_equal(traces_store(&fixture->store, &header, rows), 0);
	assert_int_equal(traces_load(&fixture->store, header.section, false, &trace), 0);
	assert_memory_equal(trace.rows, rows, 10 * sizeof(*rows));
	assert_int_equal(traces_load(&fixture->store, header.section, true, &trace), -ENOENT);
	traces_free(&trace);
	free(rows);
	close(unsealed);
	close(longer);
	close(right);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(committed_survives_reopening),
		STORE_TEST(entry_sent_again_is_stored_once),
		STORE_TEST(wrong_length_is_refused),
		STORE_TEST(ended_run_leaves_the_queue),
		STORE_TEST(a_later_word_keeps_what_the_press_did),
		STORE_TEST(half_a_submit_is_not_committed),
		STORE_TEST(corrupt_journal_is_set_aside),
		STORE_TEST(trace_is_checked_and_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
