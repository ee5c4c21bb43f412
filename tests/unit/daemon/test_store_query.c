/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store answers about runs, events and samples. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/recorder/query.h"
#include "daemon/recorder/samples.h"
#include "tests/unit/daemon/store_fixture.h"

/* What control's ring could not keep while the recorder was away never comes: the hole has its entry. */
static void a_jump_in_the_samples_is_a_gap(void **state)
{
	struct fixture *fixture = *state;
	struct publication sample = {.topic = TOPIC_SAMPLE}, event = {.topic = TOPIC_STATE, .seq = 1};
	sqlite3 *journal = fixture->store.journal;

	fixture->batch.seen_sample = 40; /* from the start before */
	for (uint64_t seq = 41; seq <= 60; seq++) {
		sample.seq = seq <= 50 ? seq : seq + 100;
		assert_int_equal(batch_add_sample(&fixture->batch, &sample), 0);
	}
	add(fixture, 1, JOURNAL_PUBLICATION, &event, sizeof(event));
	commit(fixture);
	assert_int_equal(store_get_number(journal, "SELECT count(*) FROM gaps", 0), 1);
	assert_int_equal(store_get_number(journal, "SELECT first_seq FROM gaps", 0), 51);
	assert_int_equal(store_get_number(journal, "SELECT last_seq FROM gaps", 0), 150);
}

static char *ask_page(struct fixture *fixture, const struct link_query *query, int expected,
		      uint64_t *ret_next)
{
	char why[MACHINE_WHY], *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	assert_int_equal(query_answer(&fixture->store, query, out, why, ret_next), expected);
	if (expected < 0)
		assert_true(why[0] != '\0');
	fclose(out);
	return text;
}

static char *ask(struct fixture *fixture, const struct link_query *query, int expected)
{
	uint64_t next;
	char *text = ask_page(fixture, query, expected, &next);

	assert_true(next == 0);
	return text;
}

static void unknown_run_is_said(void **state)
{
	struct link_query query = {.kind = QUERY_SAMPLES, .run = RUN};

	free(ask(*state, &query, -ENOENT));
	query.kind = QUERY_EVENTS;
	free(ask(*state, &query, -ENOENT));
	query.kind = QUERY_TRACE;
	free(ask(*state, &query, -ENOENT));
	query.kind = QUERY_MAX;
	free(ask(*state, &query, -EINVAL));
}

/* Who said what, and whether it was done: in the morning the answer alone tells nothing. */
static void events_name_the_command(void **state)
{
	static const struct {
		struct journal_command command;
		const char *text;
	} cases[] = {
		{{.kind = COMMAND_VERB,
		  .verb = VERB_RESUME,
		  .code = REPLY_REFUSED,
		  .client = "uid-7",
		  .why = "a value is older than allowed"},
		 "\"uid-7: resume refused: a value is older than allowed\""},
		{{.kind = COMMAND_VERB,
		  .verb = VERB_HANDOVER,
		  .client = "uid-7",
		  .text = "leak",
		  .why = "locked"},
		 "\"uid-7: handover leak done: locked\""},
		{{.kind = COMMAND_CONFIRM_SECTION, .client = "uid-8"}, "\"uid-8: confirm section done\""},
	};
	struct fixture *fixture = *state;
	struct link_query query = {.kind = QUERY_EVENTS, .run = RUN};
	char *events;

	add_run(fixture);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		add(fixture, 2 + i, JOURNAL_COMMAND, &cases[i].command, sizeof(cases[i].command));
	commit(fixture);
	events = ask(fixture, &query, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_non_null(strstr(events, cases[i].text));
	free(events);
}

/* An instrument lost while nothing is on the press is in nobody's record: asked without a run it is told. */
static void events_between_the_runs_are_told(void **state)
{
	struct fixture *fixture = *state;
	struct link_query query = {.kind = QUERY_EVENTS, .run = RUN};
	struct alarm_body between = {.alarm = ALARM_BUS_LOST, .raised = true, .text = "between the runs"},
			  within = {
				  .alarm = ALARM_BUS_LOST, .raised = true, .run = RUN, .text = "within one"};
	char *of_run, *of_none;

	add_run(fixture);
	add(fixture, 2, JOURNAL_ALARM, &within, sizeof(within));
	add(fixture, 3, JOURNAL_ALARM, &between, sizeof(between));
	commit(fixture);
	assert_int_equal(store_exec(fixture->store.journal,
				    "UPDATE alarms SET run = '' WHERE text = 'between the runs'"),
			 0);
	of_run = ask(fixture, &query, 0);
	query.run[0] = '\0';
	of_none = ask(fixture, &query, 0);
	assert_true(strstr(of_run, "within one") && !strstr(of_run, "between the runs"));
	assert_true(strstr(of_none, "between the runs") && !strstr(of_none, "within one"));
	free(of_run);
	free(of_none);
}

/* What has no sections has no calorimetry, though the queue has to forget it with its densification. */
static void a_run_without_sections_has_no_calorimetry(void **state)
{
	struct fixture *fixture = *state;
	struct link_query query = {.kind = QUERY_RUNS};
	struct journal_run ended = {.run = RUN,
				    .densification = OUTCOME_COMPLETED,
				    .calorimetry = OUTCOME_COMPLETED,
				    .of_press = true};
	struct link_queue_item item = {.run = RUN, .position = 1};
	char *runs;

	for (int present = 0; present < 2; present++) {
		item.plan.calorimetry.present = present == 1;
		item.position = (uint32_t)present + 1;
		item.run[0] = ended.run[0] = present ? '1' : '0';
		add(fixture, 1 + 2 * (uint64_t)present, JOURNAL_RUN_QUEUED, &item, sizeof(item));
		add(fixture, 2 + 2 * (uint64_t)present, JOURNAL_RUN_UPDATED, &ended, sizeof(ended));
	}
	commit(fixture);
	runs = ask(fixture, &query, 0);
	assert_non_null(strstr(runs, "\"densification\":\"completed\",\"calorimetry\":\"none\""));
	assert_non_null(strstr(runs, "\"densification\":\"completed\",\"calorimetry\":\"completed\""));
	free(runs);
}

static void samples_come_back(void **state)
{
	struct fixture *fixture = *state;
	struct link_query query = {.kind = QUERY_SAMPLES, .run = RUN, .format = 1};
	char *csv;

	add_run(fixture);
	for (uint64_t i = 1; i <= 3; i++) {
		struct publication sample = {
			.topic = TOPIC_SAMPLE, .seq = i, .t_wall_us = clock_wall_us(), .t_lab_s = (double)i};

		strcpy(sample.sample.run, RUN);
		sample.sample.temperature_k =
			(struct measurement){.value = 300 + (double)i, .quality = QUALITY_GOOD};
		assert_int_equal(batch_add_sample(&fixture->batch, &sample), 0);
	}
	commit(fixture);
	assert_int_equal(fixture->batch.last_sample, 3);
	csv = ask(fixture, &query, 0);
	assert_non_null(strstr(csv, ",303,"));
	free(csv);
}

/* A file that leaves the store says by itself what its columns are and what its numbers stand on. */
static void a_csv_says_what_it_stands_on(void **state)
{
	struct fixture *fixture = *state;
	struct link_query query = {.kind = QUERY_SAMPLES, .run = RUN, .format = 1};
	struct publication sample = {.topic = TOPIC_SAMPLE, .seq = 1, .t_lab_s = 5};
	char *csv;

	add_run(fixture);
	strcpy(sample.sample.run, RUN);
	sample.sample.press_lock = (struct switch_body){.t_lab_s = 4, .is = SWITCH_ON};
	sample.sample.press_contactor = (struct switch_body){.t_lab_s = 4, .is = SWITCH_OFF};
	sample.sample.coupler_contactor.is = SWITCH_NONE;
	assert_int_equal(batch_add_sample(&fixture->batch, &sample), 0);
	sample.seq = 2;
	sample.sample.press_lock.is = sample.sample.press_contactor.is = SWITCH_NOT_KNOWN;
	sample.sample.coupler_contactor.is = SWITCH_IS_MAX; /* a later version's */
	assert_int_equal(batch_add_sample(&fixture->batch, &sample), 0);
	commit(fixture);
	csv = ask(fixture, &query, 0);
	assert_non_null(strstr(csv, "# calibration: none in the record of this run\n"));
	assert_non_null(strstr(csv, "*_gpa GPa; oil_bar bar;"));
	assert_non_null(strstr(csv, ",press_lock,press_contactor,coupler_contactor\n"));
	assert_non_null(strstr(csv, ",locked,open,none\n"));
	assert_string_equal(csv + strlen(csv) - 4, ",,,\n");
	free(csv);
	assert_int_equal(
		store_exec(fixture->store.journal,
			   "INSERT INTO calibrations VALUES('cc', '{\"id\":\"belt-7\",\"version\":\"2\","
			   "\"date\":\"2026-10-01\",\"by\":\"A\\nB\",\"valid_until\":\"2027\","
			   "\"sha256\":\"cc\"}'); INSERT INTO pins VALUES('" RUN "', 0, 'cc', 1, 1);"),
		0);
	csv = ask(fixture, &query, 0);
	assert_non_null(strstr(
		csv, "\n# calibration, press: belt-7 2, of 2026-10-01, by A?B, valid until 2027, used since "
		     "1970-01-01T00:00:00.000Z, sha256 cc, EXPIRED WHEN USED\n"));
	free(csv);
}

/* Samples of a densd that did not know of lock and contactors are answered, and claim nothing of them. */
static void samples_of_before_are_read(void **state)
{
	struct fixture *fixture = *state;
	struct link_query query = {.kind = QUERY_SAMPLES, .run = RUN};
	struct publication sample = {.topic = TOPIC_SAMPLE, .seq = 1, .t_lab_s = 5};
	char text[96], *json;

	add_run(fixture);
	strcpy(sample.sample.run, RUN);
	sample.sample.press_lock = (struct switch_body){.t_lab_s = 4, .is = SWITCH_ON};
	assert_int_equal(batch_add_sample(&fixture->batch, &sample), 0);
	commit(fixture);
	json = ask(fixture, &query, 0);
	assert_non_null(strstr(json, "\"press_lock\":{\"value\":\"locked\",\"age_s\":1}"));
	free(json);
	snprintf(text, sizeof(text), "UPDATE samples SET body = substr(body, 1, %zu)", SAMPLE_BODY_SHORT);
	assert_int_equal(store_exec(fixture->store.samples, text), 0);
	json = ask(fixture, &query, 0);
	assert_non_null(strstr(json, "\"press_lock\":{\"value\":null,\"age_s\":null}"));
	free(json);
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static size_t count_comments(const char *text)
{
	size_t comments = text[0] == '#';

	for (; *text; text++)
		comments += text[0] == '\n' && text[1] == '#';
	return comments;
}

/* A run of a night has hundreds of thousands of samples: no process holds them all to answer one question. */
static void a_long_run_is_answered_in_pages(void **state)
{
	struct fixture *fixture = *state;
	struct link_query query = {.kind = QUERY_SAMPLES, .run = RUN, .format = 1};
	size_t lines = 0, pages = 0;
	uint64_t next;

	add_run(fixture);
	commit(fixture);
	for (uint64_t i = 1; i <= 2 * QUERY_SAMPLES_MAX + 1; i++) {
		struct publication sample = {.topic = TOPIC_SAMPLE, .seq = 3 * i};

		strcpy(sample.sample.run, RUN);
		assert_int_equal(batch_add_sample(&fixture->batch, &sample), 0);
		if (batch_is_full(&fixture->batch) || i == 2 * QUERY_SAMPLES_MAX + 1)
			commit(fixture);
	}
	do {
		char *csv = ask_page(fixture, &query, 0, &next);

		assert_true(pages == 0 || strncmp(csv, "t_wall", 6) != 0);
		lines += count_lines(csv) - (pages == 0 ? count_comments(csv) : 0);
		assert_true(pages == 0 || count_comments(csv) == 0);
		free(csv);
		pages++;
		query.from = next;
	} while (next != 0 && pages < 10);
	assert_int_equal(pages, 3);
	assert_int_equal(lines, 1 + 2 * QUERY_SAMPLES_MAX + 1);
}

/* Its last sections end while another run is on the press: what it reached there stays in its record. */
static void sections_leave_the_press_record(void **state)
{
	struct fixture *fixture = *state;
	struct journal_run update = {.run = RUN,
				     .started = true,
				     .interrupted = true,
				     .of_press = true,
				     .peak_k = 643,
				     .hold_s = 7};
	struct link_query query = {.kind = QUERY_RUNS, .run = RUN};
	char *json;

	add_run(fixture);
	add(fixture, 100, JOURNAL_RUN_UPDATED, &update, sizeof(update));
	update = (struct journal_run){.run = RUN, .started = true, .sections_done = 3, .cause = "scanned"};
	add(fixture, 101, JOURNAL_RUN_UPDATED, &update, sizeof(update));
	commit(fixture);
	json = ask(fixture, &query, 0);
	assert_non_null(strstr(json, "\"peak_k\":643"));
	assert_non_null(strstr(json, "\"hold_s\":7"));
	assert_non_null(strstr(json, "\"interrupted\":true"));
	assert_non_null(strstr(json, "\"sections_done\":3"));
	assert_non_null(strstr(json, "scanned"));
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(a_jump_in_the_samples_is_a_gap),
		STORE_TEST(unknown_run_is_said),
		STORE_TEST(events_name_the_command),
		STORE_TEST(events_between_the_runs_are_told),
		STORE_TEST(a_run_without_sections_has_no_calorimetry),
		STORE_TEST(samples_come_back),
		STORE_TEST(a_csv_says_what_it_stands_on),
		STORE_TEST(samples_of_before_are_read),
		STORE_TEST(sections_leave_the_press_record),
		STORE_TEST(a_long_run_is_answered_in_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
