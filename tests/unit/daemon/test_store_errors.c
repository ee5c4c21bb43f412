/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disk that cannot be read for a moment: whichever read fails, the store is opened and loaded whole, or not
 * at all. */
#include <errno.h>
#include <sys/stat.h>

#include "tests/unit/daemon/store_fixture.h"

#define READS_MAX 2000

/* SQLite's own methods, but one read of the files fails. */
static sqlite3_vfs failing;
static sqlite3_vfs *usual;
static sqlite3_io_methods failing_methods[2]; /* of databases, and of what stands beside them: other locks */
static int (*usual_read)(sqlite3_file *file, void *ret_bytes, int count, sqlite3_int64 at);
static int reads_left; /* until the one that fails; 0: none does any more */

static int read_failing(sqlite3_file *file, void *ret_bytes, int count, sqlite3_int64 at)
{
	if (reads_left > 0 && --reads_left == 0)
		return SQLITE_IOERR_READ;
	return usual_read(file, ret_bytes, count, at);
}

static int open_failing(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	sqlite3_io_methods *methods = &failing_methods[(flags & SQLITE_OPEN_MAIN_DB) != 0];
	int r = usual->xOpen(usual, name, file, flags, ret_flags);

	(void)vfs;
	if (r != SQLITE_OK || !file->pMethods)
		return r;
	usual_read = file->pMethods->xRead;
	*methods = *file->pMethods;
	methods->iVersion = 1; /* no mapped pages: all is read */
	methods->xRead = read_failing;
	file->pMethods = methods;
	return r;
}

static void register_failing(void)
{
	usual = sqlite3_vfs_find(NULL);
	failing = *usual;
	failing.zName = "failing";
	failing.xOpen = open_failing;
	assert_int_equal(sqlite3_vfs_register(&failing, 1), SQLITE_OK);
}

static void fill(struct fixture *fixture)
{
	static const struct link_queue_item item = {.run = RUN};
	static const struct intent intent = {.number = 2, .before = true, .text = "compress"};
	static const struct control_snapshot snapshot = {.machine.phase = PHASE_ISOTHERM};
	static const struct journal_command command = {.request_id = "again", .run = RUN};
	struct publication sample = {.topic = TOPIC_SAMPLE, .seq = 1}, state = {.topic = TOPIC_STATE};

	add(fixture, 1, JOURNAL_RUN_QUEUED, &item, sizeof(item));
	add(fixture, 2, JOURNAL_INTENT, &intent, sizeof(intent));
	add(fixture, 3, JOURNAL_SNAPSHOT, &snapshot, sizeof(snapshot));
	add(fixture, 4, JOURNAL_COMMAND, &command, sizeof(command));
	for (uint64_t i = 1; i <= 100; i++) {
		state.seq = i;
		add(fixture, 4 + i, JOURNAL_PUBLICATION, &state, sizeof(state));
	}
	batch_add_sample(&fixture->batch, &sample);
	commit(fixture);
}

static int count_item(void *userdata, const struct link_queue_item *item)
{
	(void)item;
	++*(int *)userdata;
	return 0;
}

static int count_command(void *userdata, const struct journal_command *command)
{
	(void)command;
	++*(int *)userdata;
	return 0;
}

/* As the recorder does it. */
static int load(const char *folder, struct link_loaded *ret_loaded, int *ret_items)
{
	struct store store;
	int r = store_open(&store, folder);

	*ret_items = 0;
	if (r < 0)
		return r;
	r = load_summary(&store, ret_loaded);
	if (r == 0)
		r = load_queue(&store, count_item, ret_items);
	if (r == 0)
		r = load_commands(&store, count_command, ret_items);
	store_close(&store);
	return r;
}

static void what_cannot_be_read_is_not_taken_for_absent(void **state)
{
	struct fixture *fixture = *state;
	struct link_loaded whole, loaded;
	int items, failed = 0, n = 0;

	fill(fixture);
	close_store(fixture);
	assert_int_equal(load(fixture->folder, &whole, &items), 0);
	assert_true(whole.has_snapshot && whole.topic_seq[TOPIC_SAMPLE] == 1 && items == 2);
	do {
		reads_left = ++n;
		if (load(fixture->folder, &loaded, &items) < 0) {
			failed++;
			continue;
		}
		assert_memory_equal(&loaded, &whole, sizeof(whole));
		assert_int_equal(items, 2);
	} while (reads_left == 0 && n < READS_MAX);
	assert_true(n < READS_MAX && failed > 4);
	reads_left = 0;
	open_store(fixture);
}

/* The operator reads the reason in the log's one line: "Input/output error" would send him to the disk. */
static void the_reason_is_the_kernels(void **state)
{
	const struct fixture *fixture = *state;
	struct store store;
	char path[96];

	assert_int_equal(store_error(SQLITE_READONLY | 1 << 8), -EACCES);
	assert_int_equal(store_open(&store, "/proc/version/store"), -ENOTDIR);
	assert_int_equal(store_open(&store, "/proc/store"), -ENOENT);
	/* a folder where the file should be */
	snprintf(path, sizeof(path), "%s/elsewhere", fixture->folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/elsewhere/journal.db", fixture->folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/elsewhere", fixture->folder);
	assert_int_equal(store_open(&store, path), -EISDIR);
	snprintf(path, sizeof(path), "%s/elsewhere/journal.db", fixture->folder);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/elsewhere", fixture->folder);
	rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {STORE_TEST(what_cannot_be_read_is_not_taken_for_absent),
					   STORE_TEST(the_reason_is_the_kernels)};

	register_failing();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
