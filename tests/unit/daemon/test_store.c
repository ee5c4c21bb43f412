/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store: what was committed is there after a reopening, once; what is corrupt is set aside; traces are
 * checked. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/recorder/bind.h"
#include "daemon/recorder/load.h"
#include "daemon/recorder/query.h"
#include "daemon/recorder/samples.h"
#include "daemon/recorder/traces.h"
#include "daemon/snapshot.h"
#include "tests/unit/daemon/store_fixture.h"

static void add_run(struct fixture *fixture)
{
	struct link_queue_item item = {.run = RUN};

	add(fixture, 1, JOURNAL_RUN_QUEUED, &item, sizeof(item));
}

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

/* What control's ring could not keep while the recorder was away never comes: the hole has its entry. */
static void a_jump_in_the_samples_is_a_gap(void **state)
{
	struct fixture *fixture = *state;
	struct publication sample = {.topic = TOPIC_SAMPLE}, event = {.topic = TOPIC_STATE, .seq = 1};
	sqlite3 *journal = fixture->store.journal;

	fixture->batch.seen_sample = 40; /* from the start before */
	for (uint64_t seq = 41; seq <= 60; seq++) {
		sample.seq = seq <= 50 ? seq : seq + 100;
		assert_int_equal(batch_add_sample(&fixture->batch, &sample), 0);
	}
	add(fixture, 1, JOURNAL_PUBLICATION, &event, sizeof(event));
	commit(fixture);
	assert_int_equal(store_get_number(journal, "SELECT count(*) FROM gaps", 0), 1);
	assert_int_equal(store_get_number(journal, "SELECT first_seq FROM gaps", 0), 51);
	assert_int_equal(store_get_number(journal, "SELECT last_seq FROM gaps", 0), 150);
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

static char *ask_page(struct fixture *fixture, const struct link_query *query, int expected,
		      uint64_t *ret_next)
{
	char why[MACHINE_WHY], *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	assert_int_equal(query_answer(&fixture->store, query, out, why, ret_next), expected);
	if (expected < 0)
		assert_true(why[0] != '\0');
	fclose(out);
	return text;
}

static char *ask(struct fixture *fixture, const struct link_query *query, int expected)
{
	uint64_t next;
	char *text = ask_page(fixture, query, expected, &next);

	assert_true(next == 0);
	return text;
}

static void unknown_run_is_said(void **state)
{
	struct link_query query = {.kind = QUERY_SAMPLES, .run = RUN};

	free(ask(*state, &query, -ENOENT));
	query.kind = QUERY_EVENTS;
	free(ask(*state, &query, -ENOENT));
	query.kind = QUERY_TRACE;
	free(ask(*state, &query, -ENOENT));
	query.kind = QUERY_MAX;
	free(ask(*state, &query, -EINVAL));
}

/* Who said what, and whether it was done: in the morning the answer alone tells nothing. */
static void events_name_the_command(void **state)
{
	static const struct {
		struct journal_command command;
		const char *text;
	} cases[] = {
		{{.kind = COMMAND_VERB,
		  .verb = VERB_RESUME,
		  .code = REPLY_REFUSED,
		  .client = "uid-7",
		  .why = "a value is older than allowed"},
		 "\"uid-7: resume refused: a value is older than allowed\""},
		{{.kind = COMMAND_VERB,
		  .verb = VERB_HANDOVER,
		  .client = "uid-7",
		  .text = "leak",
		  .why = "locked"},
		 "\"uid-7: handover leak done: locked\""},
		{{.kind = COMMAND_CONFIRM_SECTION, .client = "uid-8"}, "\"uid-8: confirm section done\""},
	};
	struct fixture *fixture = *state;
	struct link_query query = {.kind = QUERY_EVENTS, .run = RUN};
	char *events;

	add_run(fixture);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		add(fixture, 2 + i, JOURNAL_COMMAND, &cases[i].command, sizeof(cases[i].command));
	commit(fixture);
	events = ask(fixture, &query, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_non_null(strstr(events, cases[i].text));
	free(events);
}

/* An instrument lost while nothing is on the press is in nobody's record: asked without a run it is told. */
static void events_between_the_runs_are_told(void **state)
{
	struct fixture *fixture = *state;
	struct link_query query = {.kind = QUERY_EVENTS, .run = RUN};
	struct alarm_body between = {.alarm = ALARM_BUS_LOST, .raised = true, .text = "between the runs"},
			  within = {
				  .alarm = ALARM_BUS_LOST, .raised = true, .run = RUN, .text = "within one"};
	char *of_run, *of_none;

	add_run(fixture);
	add(fixture, 2, JOURNAL_ALARM, &within, sizeof(within));
	add(fixture, 3, JOURNAL_ALARM, &between, sizeof(between));
	commit(fixture);
	assert_int_equal(store_exec(fixture->store.journal,
				    "UPDATE alarms SET run = '' WHERE text = 'between the runs'"),
			 0);
	of_run = ask(fixture, &query, 0);
	query.run[0] = '\0';
	of_none = ask(fixture, &query, 0);
	assert_true(strstr(of_run, "within one") && !strstr(of_run, "between the runs"));
	assert_true(strstr(of_none, "between the runs") && !strstr(of_none, "within one"));
	free(of_run);
	free(of_none);
}

/* What has no sections has no calorimetry, though the queue has to forget it with its densification. */
static void a_run_without_sections_has_no_calorimetry(void **state)
{
	struct fixture *fixture = *state;
	struct link_query query = {.kind = QUERY_RUNS};
	struct journal_run ended = {.run = RUN,
				    .densification = OUTCOME_COMPLETED,
				    .calorimetry = OUTCOME_COMPLETED,
				    .of_press = true};
	struct link_queue_item item = {.run = RUN, .position = 1};
	char *runs;

	for (int present = 0; present < 2; present++) {
		item.plan.calorimetry.present = present == 1;
		item.position = (uint32_t)present + 1;
		item.run[0] = ended.run[0] = present ? '1' : '0';
		add(fixture, 1 + 2 * (uint64_t)present, JOURNAL_RUN_QUEUED, &item, sizeof(item));
		add(fixture, 2 + 2 * (uint64_t)present, JOURNAL_RUN_UPDATED, &ended, sizeof(ended));
	}
	commit(fixture);
	runs = ask(fixture, &query, 0);
	assert_non_null(strstr(runs, "\"densification\":\"completed\",\"calorimetry\":\"none\""));
	assert_non_null(strstr(runs, "\"densification\":\"completed\",\"calorimetry\":\"completed\""));
	free(runs);
}

static void samples_come_back(void **state)
{
	struct fixture *fixture = *state;
	struct link_query query = {.kind = QUERY_SAMPLES, .run = RUN, .format = 1};
	char *csv;

	add_run(fixture);
	for (uint64_t i = 1; i <= 3; i++) {
		struct publication sample = {
			.topic = TOPIC_SAMPLE, .seq = i, .t_wall_us = clock_wall_us(), .t_lab_s = (double)i};

		strcpy(sample.sample.run, RUN);
		sample.sample.temperature_k =
			(struct measurement){.value = 300 + (double)i, .quality = QUALITY_GOOD};
		assert_int_equal(batch_add_sample(&fixture->batch, &sample), 0);
	}
	commit(fixture);
	assert_int_equal(fixture->batch.last_sample, 3);
	csv = ask(fixture, &query, 0);
	assert_non_null(strstr(csv, ",303,"));
	free(csv);
}

/* Samples of a densd that did not know of lock and contactors are answered, and claim nothing of them. */
static void samples_of_before_are_read(void **state)
{
	struct fixture *fixture = *state;
	struct link_query query = {.kind = QUERY_SAMPLES, .run = RUN};
	struct publication sample = {.topic = TOPIC_SAMPLE, .seq = 1, .t_lab_s = 5};
	char text[96], *json;

	add_run(fixture);
	strcpy(sample.sample.run, RUN);
	sample.sample.press_lock = (struct switch_body){.t_lab_s = 4, .is = SWITCH_ON};
	assert_int_equal(batch_add_sample(&fixture->batch, &sample), 0);
	commit(fixture);
	json = ask(fixture, &query, 0);
	assert_non_null(strstr(json, "\"press_lock\":{\"value\":\"locked\",\"age_s\":1}"));
	free(json);
	snprintf(text, sizeof(text), "UPDATE samples SET body = substr(body, 1, %zu)", SAMPLE_BODY_SHORT);
	assert_int_equal(store_exec(fixture->store.samples, text), 0);
	json = ask(fixture, &query, 0);
	assert_non_null(strstr(json, "\"press_lock\":{\"value\":null,\"age_s\":null}"));
	free(json);
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

/* A run of a night has hundreds of thousands of samples: no process holds them all to answer one question. */
static void a_long_run_is_answered_in_pages(void **state)
{
	struct fixture *fixture = *state;
	struct link_query query = {.kind = QUERY_SAMPLES, .run = RUN, .format = 1};
	size_t lines = 0, pages = 0;
	uint64_t next;

	add_run(fixture);
	commit(fixture);
	for (uint64_t i = 1; i <= 2 * QUERY_SAMPLES_MAX + 1; i++) {
		struct publication sample = {.topic = TOPIC_SAMPLE, .seq = 3 * i};

		strcpy(sample.sample.run, RUN);
		assert_int_equal(batch_add_sample(&fixture->batch, &sample), 0);
		if (batch_is_full(&fixture->batch) || i == 2 * QUERY_SAMPLES_MAX + 1)
			commit(fixture);
	}
	do {
		char *csv = ask_page(fixture, &query, 0, &next);

		assert_true(pages == 0 || strncmp(csv, "t_wall", 6) != 0);
		lines += count_lines(csv);
		free(csv);
		pages++;
		query.from = next;
	} while (next != 0 && pages < 10);
	assert_int_equal(pages, 3);
	assert_int_equal(lines, 1 + 2 * QUERY_SAMPLES_MAX + 1);
}

/* Its last sections end while another run is on the press: what it reached there stays in its record. */
static void sections_leave_the_press_record(void **state)
{
	struct fixture *fixture = *state;
	struct journal_run update = {.run = RUN,
				     .started = true,
				     .interrupted = true,
				     .of_press = true,
				     .peak_k = 643,
				     .hold_s = 7};
	struct link_query query = {.kind = QUERY_RUNS, .run = RUN};
	char *json;

	add_run(fixture);
	add(fixture, 100, JOURNAL_RUN_UPDATED, &update, sizeof(update));
	update = (struct journal_run){.run = RUN, .started = true, .sections_done = 3, .cause = "scanned"};
	add(fixture, 101, JOURNAL_RUN_UPDATED, &update, sizeof(update));
	commit(fixture);
	json = ask(fixture, &query, 0);
	assert_non_null(strstr(json, "\"peak_k\":643"));
	assert_non_null(strstr(json, "\"hold_s\":7"));
	assert_non_null(strstr(json, "\"interrupted\":true"));
	assert_non_null(strstr(json, "\"sections_done\":3"));
	assert_non_null(strstr(json, "scanned"));
	free(json);
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
		STORE_TEST(full_disk_keeps_the_batch),
		STORE_TEST(full_disk_drops_samples_first),
		STORE_TEST(a_jump_in_the_samples_is_a_gap),
		STORE_TEST(full_disk_gives_up_the_reserve),
		STORE_TEST(corrupt_journal_is_set_aside),
		STORE_TEST(unknown_run_is_said),
		STORE_TEST(events_name_the_command),
		STORE_TEST(events_between_the_runs_are_told),
		STORE_TEST(a_run_without_sections_has_no_calorimetry),
		STORE_TEST(samples_come_back),
		STORE_TEST(samples_of_before_are_read),
		STORE_TEST(sections_leave_the_press_record),
		STORE_TEST(a_long_run_is_answered_in_pages),
		STORE_TEST(retention_counts_samples),
		STORE_TEST(retention_deletes_a_little_at_a_time),
		STORE_TEST(trace_is_checked_and_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
