/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/disk.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/simulation/world.h"

#define FILES_MAX 16
#define NAME_MAX_BYTES 256
#define WRITES_MAX 4096u
#define SECTOR 512u
#define DISK_BYTES (UINT64_C(1) << 30)
#define BLOCK_BYTES 4096u

struct piece {              /* of what was not synced */
	int64_t at, length; /* length -1: cut to @at bytes */
};
struct file {
	bool used;
	char name[NAME_MAX_BYTES];
	uint8_t *now, *durable;
	int64_t now_size, durable_size, room, durable_room;
	struct piece pieces[WRITES_MAX];
	uint32_t piece_count;
	bool many; /* more pieces than are kept apart: they are one */
};
struct handle {
	sqlite3_file base; /* first */
	struct file *file;
	bool delete_on_close;
};
static struct file files[FILES_MAX];
static uint64_t reserve_bytes;
static bool frozen;
struct disk_count disk_count;

static bool fails(void)
{
	if (frozen)
		return true;
	if (!trouble_is_on(&world.trouble, TROUBLE_STORE_ERROR) || !chance_is(&world.chance, 0.3))
		return false;
	disk_count.failed++;
	return true;
}

static uint64_t used_bytes(void)
{
	uint64_t bytes = reserve_bytes;

	for (int i = 0; i < FILES_MAX; i++)
		if (files[i].used)
			bytes += (uint64_t)(files[i].now_size + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
	return bytes;
}

/* Somebody else fills the disk to its end: what is used already stays, and what is given up is free. */
static uint64_t filled_bytes;

static uint64_t free_bytes(void)
{
	uint64_t used = used_bytes() + filled_bytes;

	return used < DISK_BYTES ? DISK_BYTES - used : 0;
}

static void follow_trouble(void)
{
	bool full = trouble_is_on(&world.trouble, TROUBLE_STORE_FULL);

	if (full && filled_bytes == 0)
		filled_bytes = free_bytes() + 1;
	else if (!full)
		filled_bytes = 0;
}

static bool make_room(uint8_t **bytes, int64_t *room, int64_t size)
{
	int64_t larger = *room > 0 ? *room : 65536;
	uint8_t *made;

	if (size <= *room)
		return true;
	while (larger < size)
		larger *= 2;
	made = realloc(*bytes, (size_t)larger);
	if (!made)
		return false;
	memset(made + *room, 0, (size_t)(larger - *room));
	*bytes = made;
	*room = larger;
	return true;
}

static void note(struct file *file, int64_t at, int64_t length)
{
	if (file->piece_count < WRITES_MAX)
		file->pieces[file->piece_count++] = (struct piece){at, length};
	else
		file->many = true;
}

/* Brings one piece of what is there to what is durable. */
static void harden(struct file *file, const struct piece *piece, int64_t length)
{
	int64_t end = piece->at + (length < 0 ? 0 : length);

	if (piece->length < 0) {
		if (file->durable_size > piece->at)
			memset(file->durable + piece->at, 0, (size_t)(file->durable_size - piece->at));
		file->durable_size = piece->at < file->durable_size ? piece->at : file->durable_size;
		return;
	}
	if (end > file->now_size) /* it was cut off again later */
		end = file->now_size;
	if (end <= piece->at || !make_room(&file->durable, &file->durable_room, end))
		return;
	memcpy(file->durable + piece->at, file->now + piece->at, (size_t)(end - piece->at));
	if (end > file->durable_size)
		file->durable_size = end;
}

static void sync_file(struct file *file)
{
	if (file->many) {
		struct piece all = {0, file->now_size};

		file->durable_size = 0;
		harden(file, &all, file->now_size);
	} else {
		for (uint32_t i = 0; i < file->piece_count; i++)
			harden(file, &file->pieces[i], file->pieces[i].length);
	}
	file->durable_size = file->now_size;
	if (make_room(&file->durable, &file->durable_room, file->now_size))
		file->piece_count = 0;
	file->many = false;
}

/* ---- files ---- */

static struct file *find_file(const char *name)
{
	for (int i = 0; i < FILES_MAX; i++)
		if (files[i].used && strcmp(files[i].name, name) == 0)
			return &files[i];
	return NULL;
}

static struct file *make_file(const char *name)
{
	for (int i = 0; i < FILES_MAX; i++) {
		struct file *file = &files[i];

		if (file->used)
			continue;
		file->used = true;
		file->now_size = file->durable_size = 0;
		file->piece_count = 0;
		file->many = false;
		snprintf(file->name, sizeof(file->name), "%s", name);
		return file;
	}
	return NULL;
}

static void drop_file(struct file *file)
{
	if (file->now)
		memset(file->now, 0, (size_t)file->room);
	if (file->durable)
		memset(file->durable, 0, (size_t)file->durable_room);
	file->used = false;
}

void disk_clear(void)
{
	for (int i = 0; i < FILES_MAX; i++)
		if (files[i].used)
			drop_file(&files[i]);
	reserve_bytes = filled_bytes = 0;
	frozen = false;
	/* SQLite draws a seed of its own once a process; each night it draws it again from the night's
	 * chance. */
	sqlite3_randomness(0, NULL);
}

/* In any order: each piece that was not synced is lost, kept whole, or kept up to a sector. */
static void cut_file(struct file *file)
{
	for (uint32_t i = 0; i < file->piece_count && !file->many; i++) {
		const struct piece *piece = &file->pieces[i];
		int64_t sectors = piece->length / SECTOR, length = piece->length;

		if (chance_is(&world.chance, 0.5)) {
			disk_count.forgotten++;
			continue;
		}
		if (sectors > 1 && chance_is(&world.chance, 0.3)) {
			length = (int64_t)chance_pick(&world.chance, (uint32_t)sectors) * SECTOR;
			disk_count.torn++;
		}
		harden(file, piece, length);
	}
	file->piece_count = 0;
	file->many = false;
	if (!make_room(&file->now, &file->room, file->durable_size))
		return;
	if (file->room > 0)
		memset(file->now, 0, (size_t)file->room);
	if (file->durable_size > 0)
		memcpy(file->now, file->durable, (size_t)file->durable_size);
	file->now_size = file->durable_size;
}

void disk_cut(void)
{
	for (int i = 0; i < FILES_MAX; i++)
		if (files[i].used)
			cut_file(&files[i]);
}

void disk_freeze(void)
{
	frozen = true;
}

void disk_thaw(void)
{
	frozen = false;
}

static bool is_journal(const char *name)
{
	const char *last = strrchr(name, '/');

	return last && strcmp(last, "/journal.db") == 0;
}

bool disk_damage(void)
{
	struct file *file = NULL;

	for (int i = 0; i < FILES_MAX && !file; i++)
		if (files[i].used && is_journal(files[i].name))
			file = &files[i];
	if (!file || file->now_size < 8192)
		return false;
	/* The heads of all its pages, the first excepted: no check can overlook that. */
	for (int64_t at = 4096; at + 16 <= file->now_size; at += 4096) {
		memset(file->now + at, 0x5a, 16);
		if (at + 16 <= file->durable_size)
			memset(file->durable + at, 0x5a, 16);
	}
	return true;
}

/* ---- SQLite's methods of a file ---- */

static int close_file(sqlite3_file *base)
{
	struct handle *handle = (struct handle *)base;

	if (handle->delete_on_close && handle->file)
		drop_file(handle->file);
	handle->file = NULL;
	return SQLITE_OK;
}

static int read_file(sqlite3_file *base, void *ret_bytes, int count, sqlite3_int64 at)
{
	const struct file *file = ((struct handle *)base)->file;
	int64_t left = file->now_size - at;

	if (fails())
		return SQLITE_IOERR_READ;
	if (left >= count) {
		memcpy(ret_bytes, file->now + at, (size_t)count);
		return SQLITE_OK;
	}
	memset(ret_bytes, 0, (size_t)count);
	if (left > 0)
		memcpy(ret_bytes, file->now + at, (size_t)left);
	return SQLITE_IOERR_SHORT_READ;
}

static int write_file(sqlite3_file *base, const void *bytes, int count, sqlite3_int64 at)
{
	struct file *file = ((struct handle *)base)->file;

	if (fails())
		return SQLITE_IOERR_WRITE;
	follow_trouble();
	if (at + count > file->now_size && (uint64_t)(at + count - file->now_size) > free_bytes()) {
		disk_count.full++;
		return SQLITE_FULL;
	}
	if (!make_room(&file->now, &file->room, at + count))
		return SQLITE_IOERR_NOMEM;
	memcpy(file->now + at, bytes, (size_t)count);
	if (at + count > file->now_size)
		file->now_size = at + count;
	note(file, at, count);
	disk_count.writes++;
	return SQLITE_OK;
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 size)
{
	struct file *file = ((struct handle *)base)->file;

	if (fails())
		return SQLITE_IOERR_TRUNCATE;
	if (size >= file->now_size)
		return SQLITE_OK;
	memset(file->now + size, 0, (size_t)(file->now_size - size));
	file->now_size = size;
	note(file, size, -1);
	return SQLITE_OK;
}

static int sync_handle(sqlite3_file *base, int flags)
{
	(void)flags;
	if (fails())
		return SQLITE_IOERR_FSYNC;
	disk_count.syncs++;
	sync_file(((struct handle *)base)->file);
	return SQLITE_OK;
}

static int tell_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
	*ret_size = ((struct handle *)base)->file->now_size;
	return SQLITE_OK;
}

static int lock_file(sqlite3_file *base, int level)
{
	(void)base;
	(void)level;
	return SQLITE_OK;
}

static int check_lock(sqlite3_file *base, int *ret_held)
{
	(void)base;
	*ret_held = 0;
	return SQLITE_OK;
}

static int control_file(sqlite3_file *base, int code, void *argument)
{
	(void)base;
	(void)code;
	(void)argument;
	return SQLITE_NOTFOUND;
}

static int tell_sector(sqlite3_file *base)
{
	(void)base;
	return SECTOR;
}

static int tell_device(sqlite3_file *base)
{
	(void)base;
	return 0;
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = close_file,
	.xRead = read_file,
	.xWrite = write_file,
	.xTruncate = truncate_file,
	.xSync = sync_handle,
	.xFileSize = tell_size,
	.xLock = lock_file,
	.xUnlock = lock_file,
	.xCheckReservedLock = check_lock,
	.xFileControl = control_file,
	.xSectorSize = tell_sector,
	.xDeviceCharacteristics = tell_device,
};

/* ---- SQLite's methods of the disk ---- */

static int open_disk(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *ret_flags)
{
	struct handle *handle = (struct handle *)base;
	struct file *file = name ? find_file(name) : NULL;

	(void)vfs;
	memset(handle, 0, sizeof(*handle));
	if (frozen)
		return SQLITE_CANTOPEN;
	if (!file && flags & SQLITE_OPEN_CREATE)
		file = make_file(name ? name : "temporary");
	if (!file)
		return SQLITE_CANTOPEN;
	handle->file = file;
	handle->delete_on_close = flags & SQLITE_OPEN_DELETEONCLOSE;
	handle->base.pMethods = &methods;
	if (ret_flags)
		*ret_flags = flags;
	return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync)
{
	struct file *file = find_file(name);

	(void)vfs;
	(void)sync;
	if (frozen)
		return SQLITE_IOERR_DELETE;
	if (!file)
		return SQLITE_IOERR_DELETE_NOENT;
	drop_file(file);
	return SQLITE_OK;
}

static int access_file(sqlite3_vfs *vfs, const char *name, int flags, int *ret_there)
{
	(void)vfs;
	(void)flags;
	*ret_there = find_file(name) != NULL;
	return SQLITE_OK;
}

static int complete_name(sqlite3_vfs *vfs, const char *name, int size, char *ret_name)
{
	(void)vfs;
	sqlite3_snprintf(size, ret_name, "%s", name);
	return SQLITE_OK;
}

static int draw_bytes(sqlite3_vfs *vfs, int count, char *ret_bytes)
{
	(void)vfs;
	for (int i = 0; i < count; i++)
		ret_bytes[i] = (char)chance_pick(&world.chance, 256);
	return count;
}

static int pass_time(sqlite3_vfs *vfs, int microseconds)
{
	(void)vfs;
	return microseconds;
}

static int tell_time(sqlite3_vfs *vfs, sqlite3_int64 *ret_ms)
{
	(void)vfs;
	*ret_ms = INT64_C(210866760000000) + world.now_ns / 1000000;
	return SQLITE_OK;
}

int disk_register(void)
{
	static sqlite3_vfs vfs = {
		.iVersion = 2,
		.szOsFile = sizeof(struct handle),
		.mxPathname = NAME_MAX_BYTES - 1,
		.zName = "simulated",
		.xOpen = open_disk,
		.xDelete = delete_file,
		.xAccess = access_file,
		.xFullPathname = complete_name,
		.xRandomness = draw_bytes,
		.xSleep = pass_time,
		.xCurrentTimeInt64 = tell_time,
	};

	return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK ? 0 : -EIO;
}

/* ---- what the store does with its folder besides ---- */

int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_faccessat(int folder, const char *path, int mode, int flags);
int __wrap_rename(const char *from, const char *to);
int __wrap_unlink(const char *path);
int __wrap_statvfs64(const char *path, struct statvfs *ret_status);
int __wrap_posix_fallocate64(int fd, off_t at, off_t length);
int __real_mkdir(const char *path, mode_t mode);
int __real_faccessat(int folder, const char *path, int mode, int flags);
int __real_rename(const char *from, const char *to);
int __real_unlink(const char *path);

bool disk_owns(const char *path)
{
	size_t length = strlen(world.site.store);

	return world.level == LEVEL_FRAMES && length > 0 && strncmp(path, world.site.store, length) == 0;
}

int disk_open_reserve(const char *path)
{
	(void)path;
	return memfd_create("reserve", MFD_CLOEXEC);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
	return world.level == LEVEL_FRAMES ? 0 : __real_mkdir(path, mode);
}

/* The folder of this disk is always there, and writable. */
int __wrap_faccessat(int folder, const char *path, int mode, int flags)
{
	return disk_owns(path) ? 0 : __real_faccessat(folder, path, mode, flags);
}

int __wrap_rename(const char *from, const char *to)
{
	struct file *file = disk_owns(from) ? find_file(from) : NULL;

	if (!disk_owns(from))
		return __real_rename(from, to);
	if (!file) {
		errno = ENOENT;
		return -1;
	}
	/* A store set aside is nobody's business any more, and this disk is small. */
	drop_file(file);
	return 0;
}

int __wrap_unlink(const char *path)
{
	if (!disk_owns(path))
		return __real_unlink(path);
	reserve_bytes = 0;
	return 0;
}

int __wrap_statvfs64(const char *path, struct statvfs *ret_status)
{
	(void)path;
	follow_trouble();
	*ret_status = (struct statvfs){.f_frsize = BLOCK_BYTES, .f_bavail = free_bytes() / BLOCK_BYTES};
	return 0;
}

int __wrap_posix_fallocate64(int fd, off_t at, off_t length)
{
	(void)fd;
	(void)at;
	follow_trouble();
	if ((uint64_t)length > free_bytes())
		return ENOSPC;
	reserve_bytes = (uint64_t)length;
	return 0;
}
