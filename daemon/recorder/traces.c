/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/traces.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/recorder/bind.h"

static bool is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & (F_SEAL_WRITE | F_SEAL_SHRINK)) == (F_SEAL_WRITE | F_SEAL_SHRINK);
}

static int read_whole(int fd, void *ret_bytes, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t n = pread(fd, (char *)ret_bytes + done, length - done, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

int traces_read(const struct link_trace *header, int fd, struct trace_row **ret_rows)
{
	size_t length = header->rows * sizeof(struct trace_row);
	struct trace_row *rows;
	struct stat status;
	int r;

	if (header->rows == 0 || header->rows > TRACES_ROWS_MAX || fstat(fd, &status) < 0 ||
	    (uint64_t)status.st_size != length || !is_sealed(fd))
		return -EINVAL;
	rows = malloc(length);
	if (!rows)
		return -ENOMEM;
	r = read_whole(fd, rows, length);
	if (r < 0)
		free(rows);
	else
		*ret_rows = rows;
	return r;
}

int traces_store(struct store *store, const struct link_trace *header, const struct trace_row *rows)
{
	sqlite3_stmt *s = store_prepare(
		store, store->journal,
		"INSERT OR IGNORE INTO scans(section, reference, run, t_wall_us, t_lab_s, counter,"
		" trace_rows, ordered_rate_k_per_s, header, trace) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	bind_text(s, 1, header->section);
	bind_integer(s, 2, header->reference);
	bind_text(s, 3, header->run);
	bind_integer(s, 4, header->t_wall_us);
	bind_number(s, 5, header->t_lab_s);
	bind_integer(s, 6, header->counter);
	bind_integer(s, 7, header->rows);
	bind_number(s, 8, header->ordered_rate_k_per_s);
	bind_bytes(s, 9, header, sizeof(*header));
	bind_bytes(s, 10, rows, header->rows * sizeof(*rows));
	return store_run(s);
}

static int copy_trace(sqlite3_stmt *s, struct trace *ret_trace)
{
	struct trace trace = {0};
	size_t length;

	if (column_copy(s, 0, &trace.header, sizeof(trace.header)) < 0)
		return -EBADMSG;
	length = trace.header.rows * sizeof(struct trace_row);
	trace.rows = malloc(length ? length : 1);
	if (!trace.rows)
		return -ENOMEM;
	if (column_copy(s, 1, trace.rows, length) < 0) {
		free(trace.rows);
		return -EBADMSG;
	}
	*ret_trace = trace;
	return 0;
}

int traces_load(struct store *store, const char *section, bool reference, struct trace *ret_trace)
{
	sqlite3_stmt *s = store_prepare(
		store, store->journal, "SELECT header, trace FROM scans WHERE section = ? AND reference = ?");
	int r = -ENOENT;

	bind_text(s, 1, section);
	bind_integer(s, 2, reference);
	if (s && sqlite3_step(s) == SQLITE_ROW)
		r = copy_trace(s, ret_trace);
	sqlite3_reset(s);
	return r;
}

void traces_free(struct trace *trace)
{
	free(trace->rows);
	trace->rows = NULL;
}
