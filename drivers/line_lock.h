/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One writer a line: a lock file keyed by the line's name, held for as long as the line is used. */
#ifndef DENSD_DRIVERS_LINE_LOCK_H
#define DENSD_DRIVERS_LINE_LOCK_H

#include "drivers/profile.h"

#define LINE_LOCK_KEY 160

/* What a line is known by: its path, or "host:port". */
void line_lock_key(const struct bus_config *config, char ret_key[LINE_LOCK_KEY]);
/*
 * Takes the lock of @key ("/dev/serial/by-id/...", "host:port"). Lock files live in @folder, or when NULL in
 * /run/lock, or in /tmp where that cannot be written: the same for every densd on a machine. Returns a
 * descriptor (close() releases), -EWOULDBLOCK when another process has it, or -errno.
 */
int line_lock_take(const char *key, const char *folder);

#endif
