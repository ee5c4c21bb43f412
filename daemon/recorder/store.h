/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store: journal.db (durable: WAL, synchronous FULL, exclusive) and samples.db (WAL, synchronous NORMAL).
 * One process, one connection a file. A file that is corrupt at start is set aside under its own name with
 * the time, and a new one begins. A reserve file stands beside them and is given up when the disk is full, so
 * that the journal can still write (hazard 28).
 */
#ifndef DENSD_RECORDER_STORE_H
#define DENSD_RECORDER_STORE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/ulid.h"
#include "daemon/link.h"
#include "daemon/recorder/boot.h"

#define STORE_PATH 256
#define STORE_RESERVE_BYTES (8 << 20)
#define STORE_CACHE 64

struct store {
	sqlite3 *journal, *samples;
	char folder[STORE_PATH];
	char id[ULID_TEXT]; /* the publisher */
	char boot[BOOT_ID];
	bool is_new, was_corrupt, has_reserve;
	const struct site *site; /* whose calibrations are pinned; NULL: none are */
	struct {
		const char *text; /* a string literal: the key */
		sqlite3_stmt *statement;
	} cache[STORE_CACHE];
	uint32_t cached;
};

/* Creates @folder (mode 0700, parents too) and both files as needed. 0 or -errno, with the reason logged. */
int store_open(struct store *ret_store, const char *folder);
void store_close(struct store *store);

/*
 * A prepared statement of the journal (or of samples.db), reset and with no bindings; kept for the next time.
 * @text must be a string literal. NULL when it cannot be prepared (logged).
 */
sqlite3_stmt *store_prepare(struct store *store, sqlite3 *database, const char *text);
/* Steps a statement that gives no rows, and resets it. 0 or -errno of store_error. */
int store_run(sqlite3_stmt *statement);
/* 1: a row, 0: no more, or -errno. The caller resets. */
int store_step(sqlite3_stmt *statement);
int store_exec(sqlite3 *database, const char *text);
/* SQLITE_FULL -> -ENOSPC, SQLITE_CORRUPT -> -EBADMSG, the rest -> -EIO. */
int store_error(int sqlite_code);

/* meta: one text a key. */
int store_set_meta(struct store *store, const char *key, const char *value);
/* Empty when there is none. 0 or -errno: what could not be read is not the same as nothing. */
int store_get_meta(struct store *store, const char *key, char *ret_value, size_t size);
/* The first column of the first row; @ret_number stays as it is when there is none. 0 or -errno. */
int store_read_number(sqlite3 *database, const char *text, int64_t *ret_number);

double store_free_mib(const struct store *store);
/* True when there was a reserve to give up. */
bool store_drop_reserve(struct store *store);
/* Makes the reserve again when there is room for it. */
void store_make_reserve(struct store *store);

#endif
