/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replay of a topic, the samples of a run, the trace of a scan. */
#include <errno.h>
#include <math.h>

#include "daemon/base/clock.h"
#include "daemon/message.h"
#include "daemon/recorder/bind.h"
#include "daemon/recorder/query_csv.h"
#include "daemon/recorder/query_parts.h"
#include "daemon/recorder/samples.h"
#include "daemon/recorder/traces.h"

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
			query_write_element(asked->out, message_render(&publication), count++);
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

int query_replay(const struct asked *asked)
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
	"chip_temperature_k,press_lock,press_contactor,coupler_contactor\n";

/* Empty: not known. */
static void write_word(FILE *out, const char *word)
{
	fprintf(out, ",%s", word ? word : "");
}

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
	write_word(out, switch_lock_name((enum switch_is)sample->press_lock.is));
	write_word(out, switch_contactor_name((enum switch_is)sample->press_contactor.is));
	write_word(out, switch_contactor_name((enum switch_is)sample->coupler_contactor.is));
	fputc('\n', out);
}

int query_samples(const struct asked *asked)
{
	bool csv = asked->query->format == 1;
	sqlite3_stmt *s = store_prepare(asked->store, asked->store->samples,
					"SELECT " SAMPLES_COLUMNS
					" FROM samples WHERE run = ? AND seq >= ? ORDER BY seq LIMIT ?");
	size_t count = 0, rows = 0;

	if (!query_find_run(asked))
		return -ENOENT;
	bind_text(s, 1, asked->query->run);
	bind_integer(s, 2, (int64_t)asked->query->from);
	bind_integer(s, 3, QUERY_SAMPLES_MAX + 1);
	if (!csv)
		fputs("{\"samples\":[", asked->out);
	else if (asked->query->from == 0) {
		query_csv_head_samples(asked);
		fputs(samples_head, asked->out);
	}
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
			query_write_element(asked->out, message_render(&publication), count++);
	}
	sqlite3_reset(s);
	if (!csv)
		query_write_calibrations(asked, asked->query->run);
	return 0;
}

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

int query_trace(const struct asked *asked)
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
		query_csv_head_trace(asked, &trace);
		fputs("T_K,heat_flow_mW,t_s\n", asked->out);
		for (uint32_t i = 0; i < trace.header.rows; i++)
			fprintf(asked->out, "%.8g,%.8g,%.8g\n", trace.rows[i].temperature_k,
				trace.rows[i].heat_flow_mw, trace.rows[i].t_s);
	}
	traces_free(&trace);
	return 0;
}
