/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/recorder/migrate.h"
#include "daemon/recorder/schema.h"

#define FILE_PATH (STORE_PATH + 64)

int store_error(int sqlite_code)
{
	switch (sqlite_code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return -EACCES;
	default:
		return -EIO;
	}
}

int store_exec(sqlite3 *database, const char *text)
{
	int r = sqlite3_exec(database, text, NULL, NULL, NULL);

	if (r != SQLITE_OK)
		log_debug("%.60s: %s", text, sqlite3_errmsg(database));
	return store_error(r);
}

sqlite3_stmt *store_prepare(struct store *store, sqlite3 *database, const char *text)
{
	sqlite3_stmt *statement;

	for (uint32_t i = 0; i < store->cached; i++)
		if (store->cache[i].text == text) {
			sqlite3_reset(store->cache[i].statement);
			sqlite3_clear_bindings(store->cache[i].statement);
			return store->cache[i].statement;
		}
	if (store->cached == STORE_CACHE || sqlite3_prepare_v3(database, text, -1, SQLITE_PREPARE_PERSISTENT,
							       &statement, NULL) != SQLITE_OK) {
		log_error("%.80s: %s", text, sqlite3_errmsg(database));
		return NULL;
	}
	store->cache[store->cached].text = text;
	store->cache[store->cached++].statement = statement;
	return statement;
}

int store_run(sqlite3_stmt *statement)
{
	int r;

	if (!statement)
		return -EIO;
	r = sqlite3_step(statement);
	sqlite3_reset(statement);
	return store_error(r);
}

int store_step(sqlite3_stmt *statement)
{
	int r = statement ? sqlite3_step(statement) : SQLITE_ERROR;

	return r == SQLITE_ROW ? 1 : store_error(r);
}

int store_read_number(sqlite3 *database, const char *text, int64_t *ret_number)
{
	sqlite3_stmt *statement;
	int r = store_error(sqlite3_prepare_v2(database, text, -1, &statement, NULL));

	if (r < 0)
		return r;
	r = store_step(statement);
	if (r == 1 && sqlite3_column_type(statement, 0) != SQLITE_NULL)
		*ret_number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return r < 0 ? r : 0;
}

int store_set_meta(struct store *store, const char *key, const char *value)
{
	sqlite3_stmt *statement =
		store_prepare(store, store->journal, "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)");

	sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, value, -1, SQLITE_STATIC);
	return store_run(statement);
}

int store_get_meta(struct store *store, const char *key, char *ret_value, size_t size)
{
	sqlite3_stmt *statement =
		store_prepare(store, store->journal, "SELECT value FROM meta WHERE key = ?");
	int r;

	sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	r = store_step(statement);
	if (r >= 0)
		snprintf(ret_value, size, "%s",
			 r == 1 ? (const char *)sqlite3_column_text(statement, 0) : "");
	sqlite3_reset(statement);
	return r < 0 ? r : 0;
}

static void file_path(const struct store *store, const char *name, char ret_path[FILE_PATH])
{
	snprintf(ret_path, FILE_PATH, "%s/%s", store->folder, name);
}

/* mkdir -p; an existing folder is taken as it is. */
static int make_folder(const char *folder)
{
	char path[STORE_PATH];

	snprintf(path, sizeof(path), "%s", folder);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* SQLite opens what it may not write for reading alone, and says so late; the kernel says why. */
static int check_writable(const char *folder)
{
	return faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static int set_pragmas(sqlite3 *database, const char *synchronous)
{
	char text[256];

	snprintf(
		text, sizeof(text),
		"PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = %s;"
		"PRAGMA journal_size_limit = 4194304; PRAGMA cache_size = -1024; PRAGMA temp_store = MEMORY;",
		synchronous);
	return store_exec(database, text);
}

static bool is_sound(sqlite3 *database)
{
	sqlite3_stmt *statement;
	bool sound = false;

	if (sqlite3_prepare_v2(database, "PRAGMA quick_check(1)", -1, &statement, NULL) != SQLITE_OK)
		return false;
	if (sqlite3_step(statement) == SQLITE_ROW)
		sound = strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;
	sqlite3_finalize(statement);
	return sound;
}

/* The journal is checked page by page; samples.db, which may be large, only where it is opened and read. */
static int try_open(const struct store *store, const char *name, bool journal, sqlite3 **ret_database)
{
	char path[FILE_PATH];
	sqlite3 *database = NULL;
	int64_t version = 0;
	int r;

	file_path(store, name, path);
	r = sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	r = r == SQLITE_CANTOPEN && sqlite3_system_errno(database) > 0 ? -sqlite3_system_errno(database)
								       : store_error(r);
	if (r == 0)
		r = set_pragmas(database, journal ? "FULL" : "NORMAL");
	/* A page that could not be read once looks like a damaged one. */
	if (r == 0 && journal && !is_sound(database) && !is_sound(database))
		r = -EBADMSG;
	if (r == 0)
		r = store_read_number(database, "PRAGMA user_version", &version);
	if (r == 0 && version != 0 && version != SCHEMA_VERSION)
		r = migrate_file(database, path, journal, (int)version);
	if (r == 0)
		r = store_exec(database, journal ? schema_journal : schema_samples);
	if (r == 0 && version == 0) {
		char text[48];

		snprintf(text, sizeof(text), "PRAGMA user_version = %d", SCHEMA_VERSION);
		r = store_exec(database, text);
	}
	if (r < 0)
		sqlite3_close(database);
	else
		*ret_database = database;
	return r;
}

static void set_aside(const struct store *store, const char *name)
{
	static const char *const parts[] = {"", "-wal", "-shm"};
	int64_t now_s = clock_wall_us() / 1000000;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char from[FILE_PATH], to[FILE_PATH];

		snprintf(from, sizeof(from), "%s/%s%s", store->folder, name, parts[i]);
		snprintf(to, sizeof(to), "%s/%s.corrupt-%lld%s", store->folder, name, (long long)now_s,
			 parts[i]);
		rename(from, to);
	}
	log_error("%s/%s is corrupt: set aside as %s.corrupt-%lld, a new one begins", store->folder, name,
		  name, (long long)now_s);
}

static int open_file(struct store *store, const char *name, bool journal, sqlite3 **ret_database)
{
	int r = try_open(store, name, journal, ret_database);

	if (r != -EBADMSG)
		return r;
	set_aside(store, name);
	if (journal)
		store->was_corrupt = true;
	return try_open(store, name, journal, ret_database);
}

static int take_identity(struct store *store)
{
	int r = store_get_meta(store, "store", store->id, sizeof(store->id));

	if (r < 0 || ulid_is_valid(store->id))
		return r;
	store->is_new = true;
	r = ulid_make(store->id);
	return r < 0 ? r : store_set_meta(store, "store", store->id);
}

int store_open(struct store *ret_store, const char *folder)
{
	struct store *store = ret_store;
	int r;

	*store = (struct store){0};
	snprintf(store->folder, sizeof(store->folder), "%s", folder);
	boot_read_id(store->boot);
	r = make_folder(folder);
	if (r == 0)
		r = check_writable(folder);
	if (r == 0)
		r = open_file(store, "journal.db", true, &store->journal);
	if (r == 0)
		r = open_file(store, "samples.db", false, &store->samples);
	if (r == 0)
		r = take_identity(store);
	if (r < 0) {
		if (r != -ENOTSUP) /* that is told */
			log_error("the store in %s cannot be opened: %s. densd writes there before it acts, "
				  "so it "
				  "does not "
				  "start without: make folder and files writable to it, with free space.",
				  folder, strerror(-r));
		store_close(store);
		return r;
	}
	store_make_reserve(store);
	return 0;
}

void store_close(struct store *store)
{
	for (uint32_t i = 0; i < store->cached; i++)
		sqlite3_finalize(store->cache[i].statement);
	store->cached = 0;
	sqlite3_close(store->journal);
	sqlite3_close(store->samples);
	store->journal = store->samples = NULL;
}

double store_free_mib(const struct store *store)
{
	struct statvfs status;

	if (statvfs(store->folder, &status) < 0)
		return 0;
	return (double)status.f_bavail * (double)status.f_frsize / 1048576.0;
}

bool store_drop_reserve(struct store *store)
{
	char path[FILE_PATH];

	if (!store->has_reserve)
		return false;
	file_path(store, "reserve", path);
	store->has_reserve = false;
	return unlink(path) == 0;
}

void store_make_reserve(struct store *store)
{
	char path[FILE_PATH];
	int fd;

	if (store->has_reserve)
		return;
	file_path(store, "reserve", path);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	store->has_reserve = posix_fallocate(fd, 0, STORE_RESERVE_BYTES) == 0;
	close(fd);
	if (!store->has_reserve)
		unlink(path);
}
