/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A store of an earlier schema is brought to SCHEMA_VERSION, step by step, in one transaction a file, behind
 * a copy of it as it was. What is finished stays as it is; what was still under way is of another layout and
 * is not carried over: control starts as with a lost journal (R3, R4), and the runs that waited are ended.
 */
#ifndef DENSD_RECORDER_MIGRATE_H
#define DENSD_RECORDER_MIGRATE_H

#include <sqlite3.h>
#include <stdbool.h>

/*
 * @path, which is @database, from @version to SCHEMA_VERSION; the copy, where a step changes what is there,
 * is @path.schema-N. 0; -ENOTSUP: it is of a later densd; else -errno. Then it is as it was. Each is told in
 * the log.
 */
int migrate_file(sqlite3 *database, const char *path, bool journal, int version);

#endif
