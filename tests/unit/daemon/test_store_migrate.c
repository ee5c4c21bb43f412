/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A store of an earlier densd: brought to today's schema, with a copy of it as it was; one of a later densd
 * is refused; a step that fails changes nothing. The files are made by the statements of then.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/recorder/load.h"
#include "daemon/recorder/query.h"
#include "daemon/recorder/schema.h"
#include "protocol/phase.h"
#include "tests/unit/daemon/store_fixture.h"

#define ID "01BX5ZZKBKACTAV9WEVGEMMVRZ"
#define WAITING "01ARZ3NDEKTSV4RRFFQ69G5FAW"

static const char schema_1_journal[] =
	"CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS runs(position INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, name TEXT, "
	"material TEXT,"
	" queued_us INTEGER, densification INTEGER, calorimetry INTEGER, started INTEGER, interrupted "
	"INTEGER DEFAULT 0,"
	" sections_done INTEGER, sections_lost INTEGER, cause TEXT DEFAULT '', item BLOB NOT NULL, record "
	"BLOB, protocol TEXT);"
	"CREATE TABLE IF NOT EXISTS intents(number INTEGER PRIMARY KEY, run TEXT, t_wall_us INTEGER, t_lab_s "
	"REAL, kind INTEGER,"
	" before INTEGER, phase INTEGER, text TEXT, body BLOB NOT NULL, outcome INTEGER, outcome_text TEXT);"
	"CREATE TABLE IF NOT EXISTS transitions(id INTEGER PRIMARY KEY, run TEXT, t_wall_us INTEGER, t_lab_s "
	"REAL, kind INTEGER,"
	" from_phase INTEGER, to_phase INTEGER, alarm INTEGER, text TEXT);"
	"CREATE TABLE IF NOT EXISTS alarms(id INTEGER PRIMARY KEY, run TEXT, t_wall_us INTEGER, t_lab_s "
	"REAL, alarm INTEGER,"
	" raised INTEGER, acknowledged INTEGER, text TEXT);"
	"CREATE TABLE IF NOT EXISTS commands(id INTEGER PRIMARY KEY, run TEXT, t_wall_us INTEGER, t_lab_s "
	"REAL, client TEXT,"
	" request_id TEXT, kind INTEGER, verb INTEGER, role INTEGER, code INTEGER, text TEXT, why TEXT, body "
	"BLOB NOT NULL);"
	"CREATE TABLE IF NOT EXISTS sections(section TEXT PRIMARY KEY, run TEXT, number INTEGER, "
	"rate_k_per_s REAL,"
	" outcome INTEGER, text TEXT, t_wall_us INTEGER, t_lab_s REAL) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS scans(section TEXT, reference INTEGER, run TEXT, t_wall_us INTEGER, "
	"t_lab_s REAL,"
	" counter INTEGER, trace_rows INTEGER, ordered_rate_k_per_s REAL, header BLOB NOT NULL, trace BLOB "
	"NOT NULL,"
	" PRIMARY KEY(section, reference));"
	"CREATE INDEX IF NOT EXISTS scans_run ON scans(run);"
	"CREATE TABLE IF NOT EXISTS results(seq INTEGER PRIMARY KEY, run TEXT, section TEXT, kind INTEGER, "
	"body BLOB NOT NULL);"
	"CREATE INDEX IF NOT EXISTS results_run ON results(run);"
	"CREATE TABLE IF NOT EXISTS events(topic INTEGER, seq INTEGER, run TEXT, t_wall_us INTEGER, json "
	"TEXT NOT NULL,"
	" PRIMARY KEY(topic, seq)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS gaps(id INTEGER PRIMARY KEY, first_seq INTEGER, last_seq INTEGER, "
	"t_wall_us INTEGER, why TEXT);"
	"CREATE TABLE IF NOT EXISTS snapshot(id INTEGER PRIMARY KEY CHECK(id = 1), t_wall_us INTEGER, "
	"t_lab_s REAL, boot_id TEXT,"
	" body BLOB NOT NULL);";

static const char schema_1_samples[] =
	"CREATE TABLE IF NOT EXISTS samples(seq INTEGER PRIMARY KEY, run TEXT, "
	"t_wall_us INTEGER, t_lab_s REAL, phase INTEGER,"
	" temperature_k REAL, pressure_gpa REAL, body BLOB NOT NULL);"
	"CREATE INDEX IF NOT EXISTS samples_run ON samples(run, seq);";

static const char rows[] =
	"INSERT INTO meta VALUES('store', '" ID "'), ('last_start', '7'), ('last_entry', '40');"
	"INSERT INTO runs(position, run, name, densification, calorimetry, started, sections_done, "
	"sections_lost, item)"
	" VALUES(1, '" RUN "', 'ended', 1, 1, 1, 2, 0, x'01'), (2, '" WAITING
	"', 'waiting', 0, 0, 0, 0, 0, x'01');"
	"INSERT INTO intents VALUES(1, '" RUN "', 1, 1.0, 1, 1, 3, 'heat', x'02', 1, ''),"
	" (2, '" RUN "', 1, 1.0, 1, 1, 3, 'cool', x'02', NULL, NULL);"
	"INSERT INTO commands VALUES(1, '" RUN "', 1, 1.0, 'uid-0', 'a', 1, 1, 1, 1, '', '', x'03');"
	"INSERT INTO scans VALUES('" RUN "/r100/s1', 0, '" RUN "', 1, 1.0, 1, 1, 100.0, x'04', x'05');"
	"INSERT INTO results VALUES(1, '" RUN "', '" RUN "/r100/s1', 0, x'06');"
	"INSERT INTO events VALUES(1, 1, '" RUN "', 1, '{\"seq\":1}'), (1, 2, '" RUN "', 2, '{\"seq\":2}');"
	"INSERT INTO snapshot VALUES(1, 5, 5.0, 'boot', x'07');";

static void make_file(const char *folder, const char *name, int version, const char *schema, const char *more)
{
	char path[128], text[64];
	sqlite3 *database;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, "PRAGMA journal_mode = WAL", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, schema, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, more, NULL, NULL, NULL), SQLITE_OK);
	snprintf(text, sizeof(text), "PRAGMA user_version = %d", version);
	assert_int_equal(sqlite3_exec(database, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
}

static int64_t look(const char *folder, const char *name, const char *question)
{
	char path[128];
	sqlite3 *database;
	int64_t number = -1;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(store_read_number(database, question, &number), 0);
	sqlite3_close(database);
	return number;
}

static void make_folder(char ret_folder[64])
{
	strcpy(ret_folder, "/tmp/densd-store-XXXXXX");
	assert_non_null(mkdtemp(ret_folder));
}

static void make_store(const char *folder, int version)
{
	make_file(folder, "journal.db", version, schema_1_journal, rows);
	make_file(folder, "samples.db", version, schema_1_samples,
		  "INSERT INTO samples VALUES(1, '" RUN "', 9, 9.0, 3, 300.0, 1.0, x'08')");
}

/* Whatever is asked of it is answered or refused, and nothing that is of another layout is taken for today's.
 */
static void ask_everything(struct store *store)
{
	for (uint8_t kind = 0; kind < QUERY_MAX; kind++)
		for (uint8_t format = 0; format < 2; format++) {
			struct link_query query = {
				.kind = kind, .run = RUN, .format = format, .topic = TOPIC_STATE};
			char why[MACHINE_WHY], *text = NULL;
			size_t length;
			uint64_t next;
			FILE *out = open_memstream(&text, &length);

			snprintf(query.section, sizeof(query.section), RUN "/r100/s1");
			query_answer(store, &query, out, why, &next);
			fclose(out);
			free(text);
		}
}

static int count_item(void *userdata, const struct link_queue_item *item)
{
	(void)item;
	++*(int *)userdata;
	return 0;
}

static void an_earlier_store_goes_on(void **state)
{
	(void)state;
	for (int version = 1; version < SCHEMA_VERSION; version++) {
		static struct link_loaded loaded;
		struct store store;
		char folder[64], copy[128];
		int items = 0;

		make_folder(folder);
		make_store(folder, version);
		assert_int_equal(store_open(&store, folder), 0);
		assert_false(store.was_corrupt || store.is_new);
		assert_string_equal(store.id, ID);
		assert_int_equal(load_summary(&store, &loaded), 0);
		assert_int_equal(loaded.topic_seq[TOPIC_STATE], 2);
		assert_int_equal(loaded.topic_seq[TOPIC_SAMPLE], 1);
		assert_int_equal(loaded.last_entry, 40);
		assert_int_equal(loaded.next_intent, 3);
		/* What was under way: a journal that is there and cannot be read, nothing in doubt, nothing
		 * queued. */
		assert_true(loaded.has_snapshot && loaded.snapshot.version == 0);
		assert_int_equal(loaded.intents_in_doubt + loaded.queue_items, 0);
		assert_int_equal(load_queue(&store, count_item, &items), 0);
		assert_int_equal(items, 0);
		assert_int_equal(store_get_number(store.journal,
						  "SELECT densification FROM runs WHERE run = '" WAITING
						  "' AND cause LIKE 'not carried over%'",
						  -1),
				 OUTCOME_FAILED);
		assert_int_equal(store_get_number(store.journal,
						  "SELECT densification FROM runs WHERE run = '" RUN
						  "' AND cause = ''",
						  -1),
				 OUTCOME_COMPLETED);
		assert_int_equal(store_get_number(store.journal, "SELECT count(*) FROM pins", -1), 0);
		ask_everything(&store);
		store_close(&store);
		snprintf(copy, sizeof(copy), "journal.db.schema-%d", version);
		assert_int_equal(look(folder, copy, "PRAGMA user_version"), version);
		assert_int_equal(
			look(folder, copy, "SELECT densification FROM runs WHERE run = '" WAITING "'"), 0);
		snprintf(copy, sizeof(copy), "%s/samples.db.schema-%d", folder, version);
		assert_int_not_equal(access(copy, F_OK), 0); /* large, and nothing in it changes */
		assert_int_equal(look(folder, "journal.db", "PRAGMA user_version"), SCHEMA_VERSION);
		assert_int_equal(look(folder, "samples.db", "PRAGMA user_version"), SCHEMA_VERSION);
		/* The next start finds nothing to do. */
		assert_int_equal(store_open(&store, folder), 0);
		store_close(&store);
		remove_folder(folder);
	}
}

static void a_later_store_is_left_alone(void **state)
{
	char folder[64];
	struct store store;

	(void)state;
	make_folder(folder);
	make_store(folder, SCHEMA_VERSION + 1);
	assert_int_equal(store_open(&store, folder), -ENOTSUP);
	assert_int_equal(look(folder, "journal.db", "PRAGMA user_version"), SCHEMA_VERSION + 1);
	assert_int_equal(look(folder, "journal.db", "SELECT count(*) FROM runs"), 2);
	remove_folder(folder);
}

/* In one transaction: a file of which one statement cannot be done stays as it was, and is not set aside. */
static void a_step_that_fails_changes_nothing(void **state)
{
	char folder[64];
	struct store store;

	(void)state;
	make_folder(folder);
	make_file(folder, "journal.db", 1, schema_1_journal,
		  "CREATE TRIGGER stop BEFORE UPDATE OF cause ON runs BEGIN SELECT raise(ABORT, 'no'); END;");
	make_file(folder, "samples.db", 1, schema_1_samples, rows + sizeof(rows) - 1);
	make_file(folder, "journal.db", 1, rows, "");
	assert_true(store_open(&store, folder) < 0);
	assert_int_equal(look(folder, "journal.db", "PRAGMA user_version"), 1);
	assert_int_equal(look(folder, "journal.db", "SELECT count(*) FROM sqlite_master WHERE name = 'pins'"),
			 0);
	assert_int_equal(look(folder, "journal.db", "SELECT count(*) FROM snapshot WHERE body = x'07'"), 1);
	remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_earlier_store_goes_on),
		cmocka_unit_test(a_later_store_is_left_alone),
		cmocka_unit_test(a_step_that_fails_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
