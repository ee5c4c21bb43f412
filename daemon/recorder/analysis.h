/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From stored traces to results: Tf of a section's pair, Ea of a run's peaks. The arithmetic is
 * daemon/calorimetry; here is only what goes in and what comes out. A refusal is a result.
 */
#ifndef DENSD_RECORDER_ANALYSIS_H
#define DENSD_RECORDER_ANALYSIS_H

#include "daemon/calorimetry/kissinger.h"
#include "daemon/publication.h"
#include "daemon/recorder/store.h"
#include "protocol/plan.h"

struct pair_workspace;

/* Peaks for one fit, with the material's Tg; NAN: not known. */
struct analysis_peaks {
	struct kissinger_point points[KISSINGER_POINTS_MAX];
	size_t count;
	double tg_k;
};
typedef void analysis_take(void *userdata, const struct result_body *pair, double tg_k);

/* 0 and a RESULT_PAIR; -ENOENT: not both scans are there; -ENOMEM, -EBADMSG. */
int analysis_pair(struct store *store, struct pair_workspace *workspace, const char *section,
		  struct result_body *ret_result);
/* 0 and a RESULT_KISSINGER of the stored pair results of @run; -ENOENT: fewer than three rates yet. */
int analysis_kissinger(struct store *store, const char *run, struct result_body *ret_result);
/* The next section behind @after that has both scans and no result; empty: none. */
void analysis_find_section(struct store *store, const char *after, char ret_section[80]);
/* A run whose newest Ea is older than its newest Tf; empty: none. */
void analysis_find_run(struct store *store, char ret_run[ULID_TEXT]);
/*
 * The newest result of each section of @run, up to sequence number @last_seq; @tg_k NAN: not known. 0; -EIO.
 */
int analysis_each_pair(struct store *store, const char *run, int64_t last_seq, analysis_take *take,
		       void *userdata);
/* Without a peak the point has none: the fit leaves it out and counts it. A refused pair is not added. */
void analysis_add_peak(struct analysis_peaks *peaks, const struct result_body *pair, double tg_k);
/* What @run was ordered to do. 0, or -ENOENT. */
int analysis_load_plan(struct store *store, const char *run, struct plan *ret_plan);
/* A stored body, also of a store made when it held less: the rest NAN. 0 or -EBADMSG. */
int analysis_read_body(sqlite3_stmt *statement, int at, struct result_body *ret_result);
/* No number in it exists yet. */
struct result_body analysis_empty_result(enum result_kind kind, const char *run);
/* The errors of lag and scale that the pairs are analysed with: all peaks share them, so no scatter shows
 * them. */
struct kissinger_options analysis_energy_options(const struct store *store, double tg_k);
void analysis_fill_energy(struct result_body *result, const struct kissinger_result *fit);

#endif
