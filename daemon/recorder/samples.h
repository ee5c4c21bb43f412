/* SPDX-License-Identifier: GPL-3.0-or-later */
/* samples.db: one row a sample, the struct as it came beside the columns people ask for. */
#ifndef DENSD_RECORDER_SAMPLES_H
#define DENSD_RECORDER_SAMPLES_H

#include "daemon/recorder/store.h"

/* Stores @count samples in one transaction; one that is there already stays. 0, or -errno and nothing stored.
 */
int samples_store(struct store *store, const struct publication *samples, size_t count);
#define SAMPLES_PRUNE_MOST 5000 /* rows of one call: what is to become durable waits for it */
/*
 * Keeps as many samples as @days at 10 Hz give, by number: a wall clock that jumped deletes nothing. 0: keeps
 * all. Deletes the oldest SAMPLES_PRUNE_MOST numbers beyond that; called each second it overtakes what comes.
 */
int samples_prune(struct store *store, double days);
/* Rebuilds the publication of a row selected as SAMPLES_COLUMNS. 0 or -EBADMSG. */
#define SAMPLES_COLUMNS "seq, t_wall_us, t_lab_s, body"
int samples_load(const struct store *store, sqlite3_stmt *row, struct publication *ret_publication);

#endif
