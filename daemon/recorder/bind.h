/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Short hands for SQLite's parameters; NAN becomes NULL, a NULL statement is ignored (its store_run fails).
 */
#ifndef DENSD_RECORDER_BIND_H
#define DENSD_RECORDER_BIND_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

void bind_text(sqlite3_stmt *statement, int at, const char *text); /* not copied: valid until the step */
void bind_integer(sqlite3_stmt *statement, int at, int64_t value);
void bind_number(sqlite3_stmt *statement, int at, double value);
void bind_bytes(sqlite3_stmt *statement, int at, const void *bytes, size_t length); /* not copied */
/* Copies a column of exactly @length bytes; 0, or -EBADMSG. */
int column_copy(sqlite3_stmt *statement, int at, void *ret_bytes, size_t length);
/* Never NULL. Valid until the next step. */
const char *column_text(sqlite3_stmt *statement, int at);

#endif
