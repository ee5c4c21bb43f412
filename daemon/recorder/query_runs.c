/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queue, runs, and the results of one. */
#include <errno.h>
#include <math.h>

#include "daemon/message.h"
#include "daemon/recorder/bind.h"
#include "daemon/recorder/pins.h"
#include "daemon/recorder/query_parts.h"
#include "daemon/snapshot.h"

#define RUN_COLUMNS                                                                                        \
	"run, name, material, queued_us, densification, calorimetry, started, interrupted, sections_done," \
	" sections_lost, cause, item, record"

static void add_plan(json_object *object, const struct plan *plan)
{
	const struct plan_calorimetry *scans = &plan->calorimetry;

	message_add_flag(object, "reference", plan->reference);
	message_add_number(object, "pressure_gpa", plan->pressure_gpa);
	message_add_number(object, "temperature_k", plan->temperature_k);
	message_add_number(object, "isotherm_s", plan->isotherm_s);
	message_add_number(object, "material_tg_k", plan->material_tg_k > 0 ? plan->material_tg_k : NAN);
	message_add_count(object, "sections_total",
			  scans->present ? (uint64_t)scans->rate_count * scans->sections_per_rate : 0);
	message_add_text(object, "protocol_sha256", plan->protocol_sha256);
	message_add_text(object, "site_sha256", plan->site_sha256);
	message_add_text(object, "calibrations_sha256", plan->calibrations_sha256);
}

/* A temperature of 0 K was never read; nor was the pressure beside it. */
static void add_read(json_object *object, const char *name, double value, double beside_k)
{
	message_add_number(object, name, beside_k > 0 ? value : NAN);
}

static void add_record(json_object *object, const struct journal_run *record)
{
	add_read(object, "peak_k", record->peak_k, record->peak_k);
	add_read(object, "peak_gpa", record->peak_gpa, record->peak_k);
	add_read(object, "release_temperature_k", record->release_temperature_k,
		 record->release_temperature_k);
	add_read(object, "last_good_k", record->last_good_k, record->last_good_k);
	add_read(object, "last_good_gpa", record->last_good_gpa, record->last_good_k);
	message_add_number(object, "outage_s", record->outage_s);
	message_add_number(object, "hold_s", record->hold_s);
	message_add_number(object, "pause_s", record->pause_s);
	message_add_number(object, "holdback_s", record->holdback_s);
	message_add_number(object, "soak_s", record->soak_s);
	message_add_number(object, "clock_scale", record->clock_scale);
}

/* What has no sections to scan has no calorimetry, whatever its densification became. */
static void add_calorimetry(json_object *object, const struct plan *plan, int outcome)
{
	enum outcome told = plan && !plan->calorimetry.present ? OUTCOME_NONE : (enum outcome)outcome;

	message_add_text(object, "calorimetry", outcome_name(told));
}

static json_object *render_run(struct store *store, sqlite3_stmt *s)
{
	json_object *object = json_object_new_object();
	struct link_queue_item item;
	struct journal_run record;
	bool has_item = column_copy(s, 11, &item, sizeof(item)) == 0;

	message_add_text(object, "run", column_text(s, 0));
	message_add_text(object, "name", column_text(s, 1));
	message_add_text(object, "material", column_text(s, 2));
	message_add_wall(object, "queued", sqlite3_column_int64(s, 3));
	message_add_text(object, "densification", outcome_name((enum outcome)sqlite3_column_int(s, 4)));
	add_calorimetry(object, has_item ? &item.plan : NULL, sqlite3_column_int(s, 5));
	message_add_flag(object, "started", sqlite3_column_int(s, 6) != 0);
	message_add_flag(object, "interrupted", sqlite3_column_int(s, 7) != 0);
	message_add_count(object, "sections_done", (uint64_t)sqlite3_column_int64(s, 8));
	message_add_count(object, "sections_lost", (uint64_t)sqlite3_column_int64(s, 9));
	message_add_text(object, "cause", column_text(s, 10));
	if (has_item)
		add_plan(object, &item.plan);
	if (column_copy(s, 12, &record, sizeof(record)) == 0)
		add_record(object, &record);
	json_object_object_add(object, "calibrations", pins_render(store, column_text(s, 0)));
	return object;
}

static int answer_runs(const struct asked *asked, sqlite3_stmt *s, const char *list)
{
	size_t count = 0;

	fprintf(asked->out, "{\"version\":\"" DENSD_VERSION "\",\"%s\":[", list);
	while (s && sqlite3_step(s) == SQLITE_ROW)
		query_write_element(asked->out, render_run(asked->store, s), count++);
	fputs("]}", asked->out);
	sqlite3_reset(s);
	return 0;
}

int query_queue(const struct asked *asked)
{
	return answer_runs(asked,
			   store_prepare(asked->store, asked->store->journal,
					 "SELECT " RUN_COLUMNS
					 " FROM runs WHERE densification = 0 OR calorimetry = 0"
					 " ORDER BY position"),
			   "queue");
}

int query_runs(const struct asked *asked)
{
	sqlite3_stmt *s = store_prepare(
		asked->store, asked->store->journal,
		"SELECT " RUN_COLUMNS " FROM (SELECT * FROM runs WHERE ?2 = '' OR run = ?2 ORDER BY position"
		" DESC LIMIT ?1) ORDER BY position");
	uint64_t limit = asked->query->to;

	if (asked->query->run[0] && !query_find_run(asked)) {
		sqlite3_reset(s);
		return -ENOENT;
	}
	bind_text(s, 2, asked->query->run);
	bind_integer(s, 1, limit > 0 && limit < QUERY_RUNS_MAX ? (int64_t)limit : QUERY_RUNS_MAX);
	return answer_runs(asked, s, "runs");
}

static void find_newest_run(struct store *store, char ret_run[ULID_TEXT])
{
	sqlite3_stmt *s =
		store_prepare(store, store->journal, "SELECT run FROM results ORDER BY seq DESC LIMIT 1");

	ret_run[0] = '\0';
	if (store_step(s) == 1)
		snprintf(ret_run, ULID_TEXT, "%.26s", column_text(s, 0));
	sqlite3_reset(s);
}

/* The results as they were published. Without a run: of the run that has the newest one. */
int query_results(const struct asked *asked)
{
	sqlite3_stmt *s = store_prepare(
		asked->store, asked->store->journal,
		"SELECT e.json FROM results r JOIN events e ON e.topic = ?1 AND e.seq = r.seq WHERE r.run = "
		"?2 OR"
		" (?2 = '' AND r.run = (SELECT run FROM results ORDER BY seq DESC LIMIT 1)) ORDER BY r.seq");
	char run[ULID_TEXT];
	size_t count = 0;

	if (asked->query->run[0] && !query_find_run(asked))
		return -ENOENT;
	bind_integer(s, 1, TOPIC_RESULT);
	bind_text(s, 2, asked->query->run);
	fputs("{\"results\":[", asked->out);
	while (s && sqlite3_step(s) == SQLITE_ROW)
		fprintf(asked->out, "%s%s", count++ ? "," : "", column_text(s, 0));
	sqlite3_reset(s);
	if (asked->query->run[0])
		snprintf(run, sizeof(run), "%.26s", asked->query->run);
	else
		find_newest_run(asked->store, run);
	query_write_calibrations(asked, run);
	return 0;
}
