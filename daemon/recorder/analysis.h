/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From stored traces to results: Tf of a section's pair, Ea of a run's peaks. The arithmetic is
 * daemon/calorimetry; here is only what goes in and what comes out. A refusal is a result.
 */
#ifndef DENSD_RECORDER_ANALYSIS_H
#define DENSD_RECORDER_ANALYSIS_H

#include "daemon/recorder/store.h"

struct pair_workspace;

/* 0 and a RESULT_PAIR; -ENOENT: not both scans are there; -ENOMEM, -EBADMSG. */
int analysis_pair(struct store *store, struct pair_workspace *workspace, const char *section,
		  struct result_body *ret_result);
/* 0 and a RESULT_KISSINGER of the stored pair results of @run; -ENOENT: fewer than three rates yet. */
int analysis_kissinger(struct store *store, const char *run, struct result_body *ret_result);
/* The next section behind @after that has both scans and no result; empty: none. */
void analysis_find_section(struct store *store, const char *after, char ret_section[80]);
/* A run whose newest Ea is older than its newest Tf; empty: none. */
void analysis_find_run(struct store *store, char ret_run[ULID_TEXT]);

#endif
