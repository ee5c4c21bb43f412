/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions about the past. Every answer is bounded; a longer one is asked for in pages (WIRE.md). */
#ifndef DENSD_RECORDER_QUERY_H
#define DENSD_RECORDER_QUERY_H

#include <stdio.h>

#include "daemon/recorder/store.h"

#define QUERY_MESSAGES_MAX 2000 /* of one replay */
#define QUERY_RUNS_MAX 1000
#define QUERY_SAMPLES_MAX 5000 /* of one page: what no process has to hold megabytes for */
#define QUERY_EVENTS_MAX 20000

/*
 * Writes one JSON object (or CSV) to @out. 0; -ENOENT (unknown run or section), -EINVAL, with one sentence in
 * @ret_why. TRACE: @query->from 1 means the reference scan.
 */
int query_answer(struct store *store, const struct link_query *query, FILE *out, char ret_why[MACHINE_WHY],
		 uint64_t *ret_next);

#endif
