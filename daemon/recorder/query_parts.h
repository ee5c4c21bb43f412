/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of query.c: each kind of question has its function, as query_answer has them. */
#ifndef DENSD_RECORDER_QUERY_PARTS_H
#define DENSD_RECORDER_QUERY_PARTS_H

#include <json-c/json.h>

#include "daemon/recorder/query.h"

struct asked {
	struct store *store;
	const struct link_query *query;
	FILE *out;
	char *why; /* MACHINE_WHY */
	uint64_t *next;
};

/* False, and the reason is said, when the run that is asked about is not in the store. */
bool query_find_run(const struct asked *asked);
/* Puts @object into the list that is being written, and frees it. */
void query_write_element(FILE *out, json_object *object, size_t at);
/* Ends a list with what its numbers stand on. */
void query_write_calibrations(const struct asked *asked, const char *run);

/* 0 or -errno. */
int query_queue(const struct asked *asked);
int query_runs(const struct asked *asked);
int query_results(const struct asked *asked);
int query_replay(const struct asked *asked);
int query_samples(const struct asked *asked);
int query_trace(const struct asked *asked);
int query_events(const struct asked *asked);
int query_recovery(const struct asked *asked);

#endif
