/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The disk under the real recorder: an SQLite VFS in memory, with the folder of the store. A write is there
 * at once and durable with the next sync of its file. A power cut forgets what was not synced, or keeps any
 * part of it in any order, and tears what it keeps. It can be full, and it can fail.
 */
#ifndef DENSD_TESTS_SIMULATION_DISK_H
#define DENSD_TESTS_SIMULATION_DISK_H

#include <stdbool.h>
#include <stdint.h>

/* Once in the program: SQLite opens its files here from now on. 0 or -EIO. */
int disk_register(void);
/* An empty disk, for a new night. */
void disk_clear(void);
/* The power is gone: what was not synced is lost, torn or kept. Files must be closed. */
void disk_cut(void);
/* The process that wrote is gone: from now on nothing it does reaches the disk. Until disk_thaw. */
void disk_freeze(void);
void disk_thaw(void);
/* Damages the durable bytes of the journal. False when there are none. */
bool disk_damage(void);
/* True for what lies in the store's folder. */
bool disk_owns(const char *path);
/* The descriptor of the reserve file, as open() would give it. */
int disk_open_reserve(const char *path);
struct disk_count {
	uint64_t writes, syncs, failed, full, torn, forgotten;
};
extern struct disk_count disk_count;

#endif
