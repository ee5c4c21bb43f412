/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/bind.h"

#include <errno.h>
#include <math.h>
#include <string.h>

void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	if (statement)
		sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

void bind_integer(sqlite3_stmt *statement, int at, int64_t value)
{
	if (statement)
		sqlite3_bind_int64(statement, at, value);
}

void bind_number(sqlite3_stmt *statement, int at, double value)
{
	if (statement && isfinite(value))
		sqlite3_bind_double(statement, at, value);
}

void bind_bytes(sqlite3_stmt *statement, int at, const void *bytes, size_t length)
{
	if (statement)
		sqlite3_bind_blob64(statement, at, bytes, length, SQLITE_STATIC);
}

int column_copy(sqlite3_stmt *statement, int at, void *ret_bytes, size_t length)
{
	const void *bytes = sqlite3_column_blob(statement, at);

	if (!bytes || (size_t)sqlite3_column_bytes(statement, at) != length)
		return -EBADMSG;
	memcpy(ret_bytes, bytes, length);
	return 0;
}

const char *column_text(sqlite3_stmt *statement, int at)
{
	const char *text = (const char *)sqlite3_column_text(statement, at);

	return text ? text : "";
}
