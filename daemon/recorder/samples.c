/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/samples.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/recorder/bind.h"

#define SAMPLES_A_DAY (86400 * 10.0)

static double good_value(const struct measurement *measurement)
{
	return measurement->quality == QUALITY_GOOD ? measurement->value : NAN;
}

static int store_sample(struct store *store, const struct publication *publication)
{
	const struct sample_body *sample = &publication->sample;
	sqlite3_stmt *s = store_prepare(
		store, store->samples,
		"INSERT OR IGNORE INTO samples(seq, run, t_wall_us, t_lab_s, phase, temperature_k,"
		" pressure_gpa, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?)");

	bind_integer(s, 1, (int64_t)publication->seq);
	bind_text(s, 2, sample->run);
	bind_integer(s, 3, publication->t_wall_us);
	bind_number(s, 4, publication->t_lab_s);
	bind_integer(s, 5, sample->phase);
	bind_number(s, 6, good_value(&sample->temperature_k));
	bind_number(s, 7, good_value(&sample->pressure_gpa));
	bind_bytes(s, 8, sample, sizeof(*sample));
	return store_run(s);
}

int samples_store(struct store *store, const struct publication *samples, size_t count)
{
	int r = store_exec(store->samples, "BEGIN IMMEDIATE");

	for (size_t i = 0; r == 0 && i < count; i++)
		r = store_sample(store, &samples[i]);
	if (r == 0)
		r = store_exec(store->samples, "COMMIT");
	if (r < 0)
		sqlite3_exec(store->samples, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

int samples_prune(struct store *store, double days)
{
	sqlite3_stmt *s;

	if (!(days > 0))
		return 0;
	s = store_prepare(store, store->samples,
			  "DELETE FROM samples WHERE seq <= min((SELECT max(seq) FROM samples) - ?1,"
			  " (SELECT min(seq) FROM samples) + ?2)");
	bind_integer(s, 1, (int64_t)(days * SAMPLES_A_DAY));
	bind_integer(s, 2, SAMPLES_PRUNE_MOST - 1);
	return store_run(s);
}

/* One of a densd that did not know of locks and contactors is the beginning of one of today. */
static int load_body(sqlite3_stmt *row, int at, struct sample_body *ret_sample)
{
	const struct switch_body unread = {.t_lab_s = -INFINITY, .is = SWITCH_NOT_KNOWN};
	struct sample_body sample = {
		.press_lock = unread, .press_contactor = unread, .coupler_contactor = unread};

	if (column_copy(row, at, &sample, sizeof(sample)) < 0 &&
	    column_copy(row, at, &sample, SAMPLE_BODY_SHORT) < 0)
		return -EBADMSG;
	*ret_sample = sample;
	return 0;
}

int samples_load(const struct store *store, sqlite3_stmt *row, struct publication *ret_publication)
{
	struct publication publication = {.topic = TOPIC_SAMPLE,
					  .seq = (uint64_t)sqlite3_column_int64(row, 0),
					  .t_wall_us = sqlite3_column_int64(row, 1),
					  .t_lab_s = sqlite3_column_double(row, 2)};

	if (load_body(row, 3, &publication.sample) < 0)
		return -EBADMSG;
	memcpy(publication.publisher, store->id, ULID_TEXT);
	*ret_publication = publication;
	return 0;
}
