/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store in a folder of its own, filled through the batch as control's messages would. */
#ifndef TEST_STORE_FIXTURE_H
#define TEST_STORE_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/base/clock.h"
#include "daemon/recorder/batch.h"
#include "daemon/recorder/load.h"
#include "daemon/recorder/traces.h"

#define RUN "01ARZ3NDEKTSV4RRFFQ69G5FAV"

struct fixture {
	char folder[64];
	struct store store;
	struct batch batch;
};

static void remove_folder(const char *folder)
{
	DIR *listing = opendir(folder);
	struct dirent *entry;
	char path[512];

	while (listing && (entry = readdir(listing))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	if (listing)
		closedir(listing);
	rmdir(folder);
}

static inline int64_t store_get_number(sqlite3 *database, const char *text, int64_t otherwise)
{
	assert_int_equal(store_read_number(database, text, &otherwise), 0);
	return otherwise;
}

static void open_store(struct fixture *fixture)
{
	struct link_loaded loaded;

	assert_int_equal(store_open(&fixture->store, fixture->folder), 0);
	assert_int_equal(load_summary(&fixture->store, &loaded), 0);
	assert_int_equal(batch_init(&fixture->batch, loaded.last_start, loaded.last_entry), 0);
}

static void close_store(struct fixture *fixture)
{
	batch_deinit(&fixture->batch);
	store_close(&fixture->store);
}

static inline int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	strcpy(fixture->folder, "/tmp/densd-store-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	open_store(fixture);
	*state = fixture;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *fixture = *state;

	close_store(fixture);
	remove_folder(fixture->folder);
	free(fixture);
	return 0;
}

static void add_part(struct fixture *fixture, uint64_t number, enum journal_kind kind, const void *body,
		     size_t length, bool more)
{
	struct link_journal *entry = calloc(1, sizeof(*entry) + length);

	*entry = (struct link_journal){.entry = number,
				       .start = 5,
				       .kind = (uint8_t)kind,
				       .now = true,
				       .more = more,
				       .run = RUN,
				       .body_length = (uint32_t)length};
	memcpy(entry->body, body, length);
	assert_int_equal(batch_add_entry(&fixture->batch, entry, sizeof(*entry) + length, NULL), 0);
	free(entry);
}

static void add(struct fixture *fixture, uint64_t number, enum journal_kind kind, const void *body,
		size_t length)
{
	add_part(fixture, number, kind, body, length, false);
}

static inline void add_run(struct fixture *fixture)
{
	struct link_queue_item item = {.run = RUN};

	add(fixture, 1, JOURNAL_RUN_QUEUED, &item, sizeof(item));
}

static inline void commit(struct fixture *fixture)
{
	assert_int_equal(batch_commit(&fixture->batch, &fixture->store, clock_mono_ns()), 0);
}

static inline int make_trace(uint32_t rows, bool seal)
{
	int fd = memfd_create("trace", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	for (uint32_t i = 0; i < rows; i++) {
		struct trace_row row = {.t_s = i, .temperature_k = 300 + i, .heat_flow_mw = 1};

		assert_true(write(fd, &row, sizeof(row)) == (ssize_t)sizeof(row));
	}
	if (seal)
		fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK);
	return fd;
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
