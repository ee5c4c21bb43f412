/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/query.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/message.h"
#include "daemon/recorder/bind.h"
#include "daemon/recorder/pins.h"
#include "daemon/recorder/samples.h"
#include "daemon/recorder/traces.h"
#include "daemon/snapshot.h"

struct asked {
	struct store *store;
	const struct link_query *query;
	FILE *out;
	char *why; /* MACHINE_WHY */
	uint64_t *next;
};

static bool is_known_run(const struct asked *asked)
{
	sqlite3_stmt *s =
		store_prepare(asked->store, asked->store->journal, "SELECT 1 FROM runs WHERE run = ?");
	bool known;

	bind_text(s, 1, asked->query->run);
	known = s && sqlite3_step(s) == SQLITE_ROW;
	sqlite3_reset(s);
	if (!known)
		snprintf(asked->why, MACHINE_WHY, "there is no run %.26s in the store (densctl runs)",
			 asked->query->run[0] ? asked->query->run : "without a name");
	return known;
}

/* Puts @object into the list that is being written. */
static void write_element(FILE *out, json_object *object, size_t at)
{
	fprintf(out, "%s%s", at ? "," : "", object ? message_text(object) : "null");
	json_object_put(object);
}

/* ---- replay ---- */

static int replay_samples(const struct asked *asked)
{
	struct store *store = asked->store;
	sqlite3_stmt *s =
		store_prepare(store, store->samples,
			      "SELECT " SAMPLES_COLUMNS
			      " FROM samples WHERE seq >= ?1 AND seq <= ?2 AND (?4 = '' OR run = ?4)"
			      " ORDER BY seq LIMIT ?3");
	size_t count = 0;

	bind_text(s, 4, asked->query->run);
	bind_integer(s, 1, (int64_t)asked->query->from);
	bind_integer(s, 2, asked->query->to > INT64_MAX ? INT64_MAX : (int64_t)asked->query->to);
	bind_integer(s, 3, QUERY_MESSAGES_MAX);
	while (s && sqlite3_step(s) == SQLITE_ROW) {
		struct publication publication;

		if (samples_load(store, s, &publication) == 0)
			write_element(asked->out, message_render(&publication), count++);
	}
	sqlite3_reset(s);
	return 0;
}

static int replay_events(const struct asked *asked)
{
	sqlite3_stmt *s = store_prepare(asked->store, asked->store->journal,
					"SELECT json FROM events WHERE topic = ?1 AND seq >= ?2 AND seq <= "
					"?3 AND (?5 = '' OR run = ?5)"
					" ORDER BY seq LIMIT ?4");
	size_t count = 0;

	bind_text(s, 5, asked->query->run);
	bind_integer(s, 1, asked->query->topic);
	bind_integer(s, 2, (int64_t)asked->query->from);
	bind_integer(s, 3, asked->query->to > INT64_MAX ? INT64_MAX : (int64_t)asked->query->to);
	bind_integer(s, 4, QUERY_MESSAGES_MAX);
	while (s && sqlite3_step(s) == SQLITE_ROW)
		fprintf(asked->out, "%s%s", count++ ? "," : "", column_text(s, 0));
	sqlite3_reset(s);
	return 0;
}

static int answer_replay(const struct asked *asked)
{
	if (asked->query->topic >= TOPIC_MAX || asked->query->topic == TOPIC_HEARTBEAT) {
		snprintf(asked->why, MACHINE_WHY,
			 "that topic is not stored; allowed: sample state alarm scan result");
		return -EINVAL;
	}
	fputs("{\"messages\":[", asked->out);
	if (asked->query->topic == TOPIC_SAMPLE)
		replay_samples(asked);
	else
		replay_events(asked);
	fputs("]}", asked->out);
	return 0;
}

/* ---- queue, runs ---- */

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
		write_element(asked->out, render_run(asked->store, s), count++);
	fputs("]}", asked->out);
	sqlite3_reset(s);
	return 0;
}

static int answer_queue(const struct asked *asked)
{
	return answer_runs(asked,
			   store_prepare(asked->store, asked->store->journal,
					 "SELECT " RUN_COLUMNS
					 " FROM runs WHERE densification = 0 OR calorimetry = 0"
					 " ORDER BY position"),
			   "queue");
}

static int answer_all_runs(const struct asked *asked)
{
	sqlite3_stmt *s = store_prepare(
		asked->store, asked->store->journal,
		"SELECT " RUN_COLUMNS " FROM (SELECT * FROM runs WHERE ?2 = '' OR run = ?2 ORDER BY position"
		" DESC LIMIT ?1) ORDER BY position");
	uint64_t limit = asked->query->to;

	if (asked->query->run[0] && !is_known_run(asked)) {
		sqlite3_reset(s);
		return -ENOENT;
	}
	bind_text(s, 2, asked->query->run);

	bind_integer(s, 1, limit > 0 && limit < QUERY_RUNS_MAX ? (int64_t)limit : QUERY_RUNS_MAX);
	return answer_runs(asked, s, "runs");
}

/* ---- results ---- */

static void find_newest_run(struct store *store, char ret_run[ULID_TEXT])
{
	sqlite3_stmt *s =
		store_prepare(store, store->journal, "SELECT run FROM results ORDER BY seq DESC LIMIT 1");

	ret_run[0] = '\0';
	if (store_step(s) == 1)
		snprintf(ret_run, ULID_TEXT, "%.26s", column_text(s, 0));
	sqlite3_reset(s);
}

/* Ends a list with what its numbers stand on. */
static void write_calibrations(const struct asked *asked, const char *run)
{
	json_object *list = pins_render(asked->store, run);

	fprintf(asked->out, "],\"calibrations\":%s}", message_text(list));
	json_object_put(list);
}

/* The results as they were published. Without a run: of the run that has the newest one. */
static int answer_results(const struct asked *asked)
{
	sqlite3_stmt *s = store_prepare(
		asked->store, asked->store->journal,
		"SELECT e.json FROM results r JOIN events e ON e.topic = ?1 AND e.seq = r.seq WHERE r.run = "
		"?2 OR"
		" (?2 = '' AND r.run = (SELECT run FROM results ORDER BY seq DESC LIMIT 1)) ORDER BY r.seq");
	char run[ULID_TEXT];
	size_t count = 0;

	if (asked->query->run[0] && !is_known_run(asked))
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
	write_calibrations(asked, run);
	return 0;
}

/* ---- samples ---- */

static void write_cell(FILE *out, double value)
{
	if (isfinite(value))
		fprintf(out, ",%.10g", value);
	else
		fputc(',', out);
}

static void write_measured(FILE *out, const struct measurement *measurement)
{
	write_cell(out, measurement->quality == QUALITY_GOOD ? measurement->value : NAN);
}

static const char samples_head[] =
	"t_wall,t_lab_s,run_s,phase,temperature_k,setpoint_k,programme_k,output_pct,"
	"pressure_gpa,pressure_setpoint_gpa,programme_gpa,oil_bar,flow_ml_per_min,"
	"chip_temperature_k\n";

static void write_sample_row(FILE *out, const struct publication *publication)
{
	const struct sample_body *sample = &publication->sample;
	char wall[CLOCK_WALL_TEXT];

	fputs(clock_wall_text(publication->t_wall_us, wall), out);
	write_cell(out, publication->t_lab_s);
	write_cell(out, sample->run_s);
	fprintf(out, ",%s", phase_name((enum phase)sample->phase));
	write_measured(out, &sample->temperature_k);
	write_measured(out, &sample->setpoint_k);
	write_cell(out, sample->programme_k);
	write_measured(out, &sample->output_pct);
	write_measured(out, &sample->pressure_gpa);
	write_measured(out, &sample->pressure_setpoint_gpa);
	write_cell(out, sample->programme_gpa);
	write_measured(out, &sample->oil_bar);
	write_measured(out, &sample->flow_ml_per_min);
	write_measured(out, &sample->chip_temperature_k);
	fputc('\n', out);
}

static int answer_samples(const struct asked *asked)
{
	bool csv = asked->query->format == 1;
	sqlite3_stmt *s = store_prepare(asked->store, asked->store->samples,
					"SELECT " SAMPLES_COLUMNS
					" FROM samples WHERE run = ? AND seq >= ? ORDER BY seq LIMIT ?");
	size_t count = 0, rows = 0;

	if (!is_known_run(asked))
		return -ENOENT;
	bind_text(s, 1, asked->query->run);
	bind_integer(s, 2, (int64_t)asked->query->from);
	bind_integer(s, 3, QUERY_SAMPLES_MAX + 1);
	if (!csv)
		fputs("{\"samples\":[", asked->out);
	else if (asked->query->from == 0)
		fputs(samples_head, asked->out);
	while (s && sqlite3_step(s) == SQLITE_ROW) {
		struct publication publication;

		if (rows++ == QUERY_SAMPLES_MAX) {
			*asked->next = (uint64_t)sqlite3_column_int64(s, 0);
			break;
		}
		if (samples_load(asked->store, s, &publication) < 0)
			continue;
		if (csv)
			write_sample_row(asked->out, &publication);
		else
			write_element(asked->out, message_render(&publication), count++);
	}
	sqlite3_reset(s);
	if (!csv)
		write_calibrations(asked, asked->query->run);
	return 0;
}

/* ---- traces ---- */

static void write_json_number(FILE *out, const char *name, double value)
{
	if (isfinite(value))
		fprintf(out, ",\"%s\":%.10g", name, value);
	else
		fprintf(out, ",\"%s\":null", name);
}

static void write_trace_json(FILE *out, const struct trace *trace)
{
	const struct chip_calibration *chip = &trace->header.chip;

	fprintf(out, "{\"section\":\"%s\",\"reference\":%s,\"ordered_rate_k_per_s\":%.10g,\"lag_s\":%.10g",
		trace->header.section, trace->header.reference ? "true" : "false",
		trace->header.ordered_rate_k_per_s, chip->lag_s);
	write_json_number(out, "lag_sd_s", chip->lag_sd_s);
	write_json_number(out, "cell_s", chip->cell_s);
	write_json_number(out, "offset_k", chip->offset_k);
	write_json_number(out, "offset_sd_k", chip->offset_sd_k);
	fputs(",\"columns\":[\"T_K\",\"hf\",\"t_s\"],\"rows\":[", out);
	for (uint32_t i = 0; i < trace->header.rows; i++)
		fprintf(out, "%s[%.8g,%.8g,%.8g]", i ? "," : "", trace->rows[i].temperature_k,
			trace->rows[i].heat_flow_mw, trace->rows[i].t_s);
	fputs("]}", out);
}

static int answer_trace(const struct asked *asked)
{
	const struct link_query *query = asked->query;
	struct trace trace;
	int r = traces_load(asked->store, query->section, query->from == 1, &trace);

	if (r < 0) {
		snprintf(asked->why, MACHINE_WHY, "there is no %s scan of section %.79s in the store",
			 query->from == 1 ? "reference" : "first", query->section);
		return r;
	}
	if (query->format != 1) {
		write_trace_json(asked->out, &trace);
	} else {
		fputs("T_K,heat_flow_mW,t_s\n", asked->out);
		for (uint32_t i = 0; i < trace.header.rows; i++)
			fprintf(asked->out, "%.8g,%.8g,%.8g\n", trace.rows[i].temperature_k,
				trace.rows[i].heat_flow_mw, trace.rows[i].t_s);
	}
	traces_free(&trace);
	return 0;
}

/* ---- events: what happened in a run, in the order of time ---- */

/* "uid-1000: resume refused: the thermocouple is broken", and the reason or section that was given with it.
 */
static void add_command(json_object *object, sqlite3_stmt *s)
{
	enum command_kind kind = (enum command_kind)sqlite3_column_int(s, 4);
	const char *given = column_text(s, 7), *why = column_text(s, 8);
	char text[2 * MACHINE_WHY + 2 * LINK_ID];

	snprintf(text, sizeof(text), "%s: %s%s%s %s%s%s", column_text(s, 3),
		 link_command_name(kind, (enum verb)sqlite3_column_int(s, 5)), given[0] ? " " : "", given,
		 sqlite3_column_int(s, 6) == REPLY_DONE ? "done" : "refused", why[0] ? ": " : "", why);
	message_add_text(object, "text", text);
}

static json_object *render_event(sqlite3_stmt *s)
{
	json_object *object = json_object_new_object();

	message_add_text(object, "what", column_text(s, 0));
	message_add_wall(object, "t_wall", sqlite3_column_int64(s, 1));
	message_add_number(object, "t_lab", sqlite3_column_double(s, 2));
	if (sqlite3_column_type(s, 4) == SQLITE_NULL)
		message_add_text(object, "text", column_text(s, 3));
	else
		add_command(object, s);
	return object;
}

/* Without a run: what belongs to none. The newest, when there are more than an answer holds. */
static int answer_events(const struct asked *asked)
{
	sqlite3_stmt *s = store_prepare(
		asked->store, asked->store->journal,
		"SELECT * FROM ("
		"SELECT 'note', t_wall_us, t_lab_s, text, NULL, NULL, NULL, NULL, NULL FROM transitions"
		" WHERE run = ?1 UNION ALL"
		" SELECT 'intent', t_wall_us, t_lab_s, text, NULL, NULL, NULL, NULL, NULL FROM intents"
		" WHERE run = ?1 UNION ALL"
		" SELECT CASE raised WHEN 1 THEN 'alarm' ELSE 'alarm-cleared' END, t_wall_us, t_lab_s, text,"
		" NULL, NULL, NULL, NULL, NULL FROM alarms WHERE run = ?1 UNION ALL"
		" SELECT 'command', t_wall_us, t_lab_s, client, kind, verb, code, text, why FROM commands"
		" WHERE run = ?1"
		" ORDER BY 2 DESC LIMIT ?2) ORDER BY 2");
	size_t count = 0;

	if (asked->query->run[0] && !is_known_run(asked))
		return -ENOENT;
	bind_text(s, 1, asked->query->run);
	bind_integer(s, 2, QUERY_EVENTS_MAX);
	fputs("{\"events\":[", asked->out);
	while (s && sqlite3_step(s) == SQLITE_ROW)
		write_element(asked->out, render_event(s), count++);
	fputs("]}", asked->out);
	sqlite3_reset(s);
	return 0;
}

/* ---- recovery: what the last start found ---- */

static void add_facts(json_object *object, const struct recovery_facts *facts)
{
	static const char *const pressures[] = {"unknown", "ambient", "pressed"};
	static const char *const temperatures[] = {"unknown", "cold", "hot"};

	message_add_text(object, "phase", phase_name((enum phase)facts->phase));
	message_add_flag(object, "journal_ok", facts->journal_ok);
	message_add_flag(object, "latched", facts->latched);
	message_add_flag(object, "identity_ok", facts->identity_ok);
	message_add_text(object, "pressure", pressures[facts->pressure % 3]);
	message_add_text(object, "temperature", temperatures[facts->temperature % 3]);
	message_add_number(object, "gap_s", facts->gap_s);
	message_add_number(object, "moved_gpa", facts->moved_gpa);
	message_add_number(object, "moved_k", facts->moved_k);
	message_add_flag(object, "same_boot", facts->same_boot);
	message_add_flag(object, "controller_reset", facts->controller_reset);
	message_add_count(object, "restarts_last_hour", facts->restarts_last_hour);
	message_add_text(object, "policy", facts->policy_continue ? "continue" : "hold");
}

static json_object *render_recovery(sqlite3_stmt *s)
{
	json_object *object = json_object_new_object();
	struct journal_recovery recovery;
	char row[8];

	message_add_text(object, "run", column_text(s, 0));
	message_add_wall(object, "t_wall", sqlite3_column_int64(s, 1));
	if (column_copy(s, 2, &recovery, sizeof(recovery)) < 0)
		return object;
	snprintf(row, sizeof(row), "R%u", recovery.row);
	message_add_text(object, "row", row);
	message_add_text(object, "decision", recovery_action_name((enum recovery_action)recovery.action));
	message_add_text(object, "text", recovery.text);
	add_facts(object, &recovery.facts);
	message_add_number(object, "pressure_gpa", recovery.pressure_gpa);
	message_add_number(object, "temperature_k", recovery.temperature_k);
	message_add_count(object, "furnace_cycles", recovery.furnace_cycles);
	message_add_count(object, "press_cycles", recovery.press_cycles);
	message_add_count(object, "intents_in_doubt", recovery.intents_in_doubt);
	message_add_text(object, "scan_phase", scan_phase_name((enum scan_phase)recovery.scan_phase));
	return object;
}

static int answer_recovery(const struct asked *asked)
{
	sqlite3_stmt *s =
		store_prepare(asked->store, asked->store->journal,
			      "SELECT run, t_wall_us, body FROM recoveries ORDER BY id DESC LIMIT 1");

	fputs("{\"recovery\":", asked->out);
	write_element(asked->out, s && sqlite3_step(s) == SQLITE_ROW ? render_recovery(s) : NULL, 0);
	fputc('}', asked->out);
	sqlite3_reset(s);
	return 0;
}

int query_answer(struct store *store, const struct link_query *query, FILE *out, char ret_why[MACHINE_WHY],
		 uint64_t *ret_next)
{
	static int (*const answers[QUERY_MAX])(const struct asked *asked) = {
		[QUERY_REPLAY] = answer_replay,   [QUERY_QUEUE] = answer_queue,
		[QUERY_RUNS] = answer_all_runs,   [QUERY_RESULTS] = answer_results,
		[QUERY_SAMPLES] = answer_samples, [QUERY_TRACE] = answer_trace,
		[QUERY_EVENTS] = answer_events,   [QUERY_RECOVERY] = answer_recovery};
	struct asked asked = {.store = store, .query = query, .out = out, .why = ret_why, .next = ret_next};

	ret_why[0] = '\0';
	*ret_next = 0;
	if (query->kind >= QUERY_MAX) {
		snprintf(ret_why, MACHINE_WHY, "the recorder does not know that question");
		return -EINVAL;
	}
	return answers[query->kind](&asked);
}
