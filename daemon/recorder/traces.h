/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scan traces: rows of struct trace_row, in the durable journal, because no section can be scanned again. */
#ifndef DENSD_RECORDER_TRACES_H
#define DENSD_RECORDER_TRACES_H

#include "daemon/recorder/store.h"
#include "drivers/device.h"

#define TRACES_ROWS_MAX 200000

struct trace {
	struct link_trace header;
	struct trace_row *rows; /* header.rows of them; owned */
};

/*
 * Reads a trace memfd: sealed against writing and shrinking, exactly @header->rows rows. Read, not mapped.
 * 0 and *ret_rows (the caller frees), -EINVAL (not as promised), -ENOMEM, -EIO.
 */
int traces_read(const struct link_trace *header, int fd, struct trace_row **ret_rows);
/* Commits by itself. A trace that is there already stays. 0 or -errno. */
int traces_store(struct store *store, const struct link_trace *header, const struct trace_row *rows);
/* 0; -ENOENT; -EBADMSG; -ENOMEM. */
int traces_load(struct store *store, const char *section, bool reference, struct trace *ret_trace);
void traces_free(struct trace *trace);

#endif
