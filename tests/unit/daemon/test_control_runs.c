/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the queue to the press: what cannot be begun fails with its reason, and the next run has its turn. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "control_fixture.h"
#include "daemon/control/commands.h"
#include "daemon/control/perform.h"
#include "daemon/control/links.h"
#include "daemon/control/publish.h"

#define FIRST "01ARZ3NDEKTSV4RRFFQ69G5FAA"
#define SECOND "01ARZ3NDEKTSV4RRFFQ69G5FAB"

static struct fixture fixture;
static struct control *const control = &fixture.control;

static void queue_run(const char *run, double temperature_k)
{
	struct link_queue_item item = {.position = queue_next_position(&control->queue)};

	memcpy(item.run, run, ULID_TEXT);
	fixture_default_plan(&item.plan);
	item.plan.temperature_k = temperature_k;
	assert_int_equal(queue_add(&control->queue, &item), 0);
}

static int set_up(void **state)
{
	(void)state;
	return fixture_open(&fixture);
}

static int tear_down(void **state)
{
	(void)state;
	fixture_close(&fixture);
	return 0;
}

/* The last word of the journal on @run. */
static struct journal_run last_word(const char *run)
{
	struct journal_run word = {0};
	const struct link_journal *entry;

	while ((entry = fixture_next(&fixture, JOURNAL_RUN_UPDATED)) != NULL) {
		const struct journal_run *update = (const void *)entry->body;

		if (strcmp(update->run, run) == 0)
			word = *update;
	}
	return word;
}

/* The machine as a good run left it. */
static void leave_a_good_run(void)
{
	struct machine *m = &control->machine;

	memset(m, 0, sizeof(*m));
	m->phase = PHASE_DONE;
	m->outcome = OUTCOME_COMPLETED;
	m->interrupted = true;
	m->peak_k = m->last_good_k = 643;
	m->peak_gpa = m->last_good_gpa = 7;
	m->release_temperature_k = 299;
	m->outage_s = m->hold_s = m->holdback_sum_s = m->pause_s = m->soak_s = 60;
}

/* What never began saw none of it. */
static void assert_saw_nothing(const struct journal_run *word)
{
	const double values[] = {word->peak_k,
				 word->last_good_k,
				 word->peak_gpa,
				 word->last_good_gpa,
				 word->release_temperature_k,
				 word->outage_s,
				 word->hold_s,
				 word->holdback_s,
				 word->pause_s,
				 word->soak_s};

	assert_false(word->interrupted);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_float_equal(values[i], 0, 1e-12);
}

/* Infeasible in this laboratory, whatever the check at submit said: too hot for its limits. */
static void an_impossible_run_fails_and_the_next_begins(void **state)
{
	struct journal_run word;

	(void)state;
	leave_a_good_run(); /* its outcome and its values are not for the next */
	queue_run(FIRST, 5000);
	queue_run(SECOND, 400);
	perform_start_next(control);
	word = last_word(FIRST);
	assert_int_equal(word.densification, OUTCOME_FAILED);
	assert_int_equal(word.calorimetry, OUTCOME_FAILED);
	assert_non_null(strstr(word.cause, "densification.temperature"));
	assert_saw_nothing(&word);
	assert_null(queue_find(&control->queue, FIRST));
	assert_string_equal(control->run, "");
	perform_start_next(control);
	assert_int_equal(control->machine.phase, PHASE_WAIT_CAPSULE);
	assert_string_equal(control->run, SECOND);
	assert_true(queue_find(&control->queue, SECOND)->started);
	perform_start_next(control);
	assert_string_equal(control->run, SECOND);
}

/* Queued, then densd is started anew with another site file or other calibrations: nothing begins under
 * numbers that it was not checked with. */
static void a_run_of_other_numbers_is_not_begun(void **state)
{
	struct {
		char *of_site;
		const char *words;
	} cases[] = {{control->site.sha256, "another site file: submit it again"},
		     {control->site.calibrations_sha256, "other calibrations: submit it again"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct journal_run word;

		leave_a_good_run();
		queue_run(FIRST, 400);
		strcpy(cases[i].of_site, "bb");
		perform_start_next(control);
		assert_int_equal(control->machine.phase, PHASE_DONE);
		assert_string_equal(control->run, "");
		word = last_word(FIRST);
		assert_int_equal(word.densification, OUTCOME_FAILED);
		assert_non_null(strstr(word.cause, cases[i].words));
		assert_saw_nothing(&word);
		strcpy(cases[i].of_site, "");
	}
	queue_run(SECOND, 400);
	perform_start_next(control);
	assert_int_equal(control->machine.phase, PHASE_WAIT_CAPSULE);
}

/* What the run before reached is not in the record of the next, begun or refused. */
static void a_record_holds_its_own_run_alone(void **state)
{
	const double temperatures_k[] = {400, 5000};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct journal_run word;

		control->machine.phase = PHASE_DONE;
		control->machine.outcome = OUTCOME_COMPLETED;
		control->machine.peak_k = 643;
		control->machine.hold_s = 77;
		control->machine.interrupted = true;
		strcpy(control->run, SECOND);
		queue_run(FIRST, temperatures_k[i]);
		perform_start_next(control);
		word = last_word(FIRST);
		assert_true(word.cause[0] != '\0');
		assert_true(word.peak_k == 0 && word.hold_s == 0 && !word.interrupted);
		control->queue.count = 0;
	}
}

/* The sections of a run are scanned while the next one is on the press: what the first one reached stays. */
static void only_the_run_on_the_press_tells_of_it(void **state)
{
	struct journal_run word;

	(void)state;
	queue_run(FIRST, 400);
	queue_run(SECOND, 400);
	control->machine.peak_k = 643;
	strcpy(control->run, SECOND);
	perform_update_run(control, queue_find(&control->queue, FIRST), "6 of 6 sections scanned");
	word = last_word(FIRST);
	assert_false(word.of_press);
	assert_true(word.peak_k == 0);
	perform_update_run(control, queue_find(&control->queue, SECOND), "completed");
	word = last_word(SECOND);
	assert_true(word.of_press);
	assert_true(word.peak_k == 643);
}

static void expect_run(enum topic topic, const char *run)
{
	const struct link_journal *entry;
	bool found = false;

	while ((entry = fixture_next(&fixture, JOURNAL_PUBLICATION)) != NULL) {
		const struct publication *publication = (const void *)entry->body;

		if (publication->topic != topic)
			continue;
		found = true;
		assert_string_equal(entry->run, run);
		if (topic == TOPIC_ALARM)
			assert_string_equal(publication->alarm.run, run);
	}
	assert_true(found);
}

/* What the calorimeter says is said of the run whose sections it scans, whatever is on the press. */
static void the_calorimeter_speaks_of_its_own_run(void **state)
{
	struct result_body result = {.run = FIRST};
	struct scan_body scan = {.run = FIRST};
	const struct link_journal *entry;

	(void)state;
	strcpy(control->run, SECOND);
	strcpy(control->scan_run, FIRST);
	publish_result(control, &result);
	expect_run(TOPIC_RESULT, FIRST);
	publish_scan(control, &scan);
	expect_run(TOPIC_SCAN, FIRST);
	publish_state(control, true);
	expect_run(TOPIC_STATE, SECOND);
	publish_alarm(control, ALARM_CHIP, true, "out of band", control->scan_run);
	entry = fixture_next(&fixture, JOURNAL_ALARM);
	assert_non_null(entry);
	assert_string_equal(entry->run, FIRST);
	expect_run(TOPIC_ALARM, FIRST);
}

/* What is confirmed or cancelled is what the operator saw: another section may be in turn by now. */
static void a_section_is_confirmed_as_it_was_seen(void **state)
{
	struct link_command command = {
		.role = ROLE_SUPERVISOR, .client = "uid-0", .request_id = "1", .state_seq = 4};
	const struct journal_command *answer;
	const uint8_t kinds[] = {COMMAND_CONFIRM_SECTION, COMMAND_CANCEL};

	(void)state;
	assert_int_equal(dedup_init(&control->dedup), 0);
	control->publishing.decision_seq = 5;
	strcpy(control->section, FIRST "/r500/s2");
	strcpy(control->scan_run, FIRST);
	strcpy(command.text, FIRST "/r500/s2");
	for (size_t i = 0; i < 2; i++) {
		const struct link_journal *entry;

		command.kind = kinds[i];
		command.request_id[0]++;
		commands_take(control, &command, -1);
		entry = fixture_next(&fixture, JOURNAL_COMMAND);
		assert_non_null(entry);
		answer = (const void *)entry->body;
		assert_int_equal(answer->code, REPLY_REFUSED);
		assert_non_null(strstr(answer->why, "look again"));
	}
	command.kind = COMMAND_CONFIRM_SECTION;
	command.request_id[0]++;
	command.state_seq = 0;
	command.text[0] = '\0';
	strcpy(command.run, SECOND);
	commands_take(control, &command, -1);
	answer = (const void *)fixture_next(&fixture, JOURNAL_COMMAND)->body;
	assert_int_equal(answer->code, REPLY_REFUSED);
	assert_non_null(strstr(answer->why, FIRST));
	dedup_deinit(&control->dedup);
}

static uint32_t count_questions(void)
{
	const struct link_header *header;
	const void *body;
	uint32_t count = 0;
	int fd;

	while (link_receive(fixture.recorder, fixture.buffer, sizeof(fixture.buffer), &header, &body, &fd) ==
	       1)
		count += header->type == LINK_RECORDER_QUERY;
	return count;
}

/* An intent waits behind the questions in the recorder's hands: a client with many does not make the run
 * hold. */
static void questions_do_not_crowd_out_the_journal(void **state)
{
	struct link_query query = {.kind = QUERY_RUNS, .request_id = "1"};
	struct link_query_answer answer = {.error = -ENOENT};
	int socket = control->recorder.socket;

	(void)state;
	links_init(control);
	control->recorder.socket = socket;
	control->recorder.ready = control->loaded = true;
	for (uint32_t i = 0; i < 4 * CONTROL_QUERIES_MAX; i++)
		control->gateway.message(&control->gateway, LINK_QUERY, &query, sizeof(query), -1);
	assert_int_equal(count_questions(), CONTROL_QUERIES_MAX);
	control->recorder.message(&control->recorder, LINK_RECORDER_ANSWER, &answer, sizeof(answer), -1);
	control->gateway.message(&control->gateway, LINK_QUERY, &query, sizeof(query), -1);
	control->gateway.message(&control->gateway, LINK_QUERY, &query, sizeof(query), -1);
	assert_int_equal(count_questions(), 1);
}

/* A run that waits for a decision says which words it takes: nobody finds a silent stay in the morning. */
static void a_waiting_run_asks_for_a_decision(void **state)
{
	struct machine *machine = &control->machine;
	static const struct {
		enum phase phase;
		bool stay, offered, ended;
		const char *word, *not_the_word;
	} cases[] = {{PHASE_HOLD, false, true, false, "densctl resume", "stays under pressure"},
		     {PHASE_RECOVERY_WAIT, false, false, false, "densctl abort", "resume"},
		     {PHASE_COOL, true, true, false, "densctl resume", "your decision:"},
		     {PHASE_COOL, true, true, true, "densctl abort", "resume"},
		     {PHASE_COOL, false, true, false, "", "densctl"},
		     {PHASE_HEAT, false, true, false, "", "densctl"},
		     {PHASE_HANDED_OVER, false, false, false, "panel", "resume"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct state_body said;

		machine->phase = (uint8_t)cases[i].phase;
		machine->private_state.stay = cases[i].stay;
		machine->private_state.resume_offered = cases[i].offered;
		machine->private_state.offer_ends = cases[i].ended;
		machine->private_state.resume_offer_until_lab_s = control_lab_s(control) - 1;
		publish_build_state(control, &said);
		assert_non_null(strstr(said.ask, cases[i].word));
		assert_null(strstr(said.ask, cases[i].not_the_word));
		assert_true((said.ask[0] != '\0') == (cases[i].word[0] != '\0'));
	}
}

/* The calorimeter's wish does not hide that a sample stays under pressure until somebody decides. */
static void the_press_asks_before_the_calorimeter(void **state)
{
	struct state_body said;

	(void)state;
	snprintf(control->section, sizeof(control->section), "%s/r1000/s12", FIRST);
	control->scan.phase = SCAN_WAIT_LOAD;
	publish_build_state(control, &said);
	assert_string_equal(said.ask,
			    "load a fresh section, then: densctl confirm section " FIRST "/r1000/s12");
	control->machine.phase = PHASE_HOLD;
	control->machine.private_state.resume_offered = true;
	publish_build_state(control, &said);
	assert_string_equal(said.ask,
			    "your decision: densctl resume, densctl abort, or densctl handover REASON; "
			    "and load a fresh section, then: densctl confirm section " FIRST "/r1000/s12");
	control->machine.phase = PHASE_COOL;
	control->machine.private_state.stay = true;
	control->scan.phase = SCAN_CHIP_FAULT;
	publish_build_state(control, &said);
	assert_non_null(strstr(said.ask, "densctl handover REASON; and check or replace"));
	assert_string_equal(said.ask + strlen(said.ask) - strlen("then: densctl confirm section"),
			    "then: densctl confirm section");
	control->machine.latched = true;
	publish_build_state(control, &said);
	assert_non_null(strstr(said.ask, "then: densctl ack, densctl reset; and "));
	control->machine.private_state.acknowledged = true;
	publish_build_state(control, &said);
	assert_non_null(strstr(said.ask, "then: densctl reset; and "));
}

static void the_store_says_what_is_wrong(void **state)
{
	char text[MACHINE_WHY] = "";

	(void)state;
	strcpy(control->site.store, "/srv/densd");
	control->site.minimum_free_mib = 500;
	control->free_mib = 501;
	assert_int_equal(control_store_trouble(control, text, sizeof(text)), 0);
	assert_true(control_store_ok(control));
	control->free_mib = 31;
	assert_true(control_store_trouble(control, text, sizeof(text)) > 0);
	assert_string_equal(
		text, "the disk of the store in /srv/densd has 31 MiB left, the site wants 500 MiB at least");
	assert_false(control_store_ok(control));
	control->store_error = -ENOSPC;
	assert_true(control_store_trouble(control, text, sizeof(text)) > 0);
	assert_string_equal(text, "the store in /srv/densd cannot be written: No space left on device");
}

/* Asked in the middle of the night the store says where the run stands; a run whose sections are scanned
 * while the next one is pressed is spoken of without the press's figures. */
static void the_record_follows_the_run(void **state)
{
	struct event abort_it = {.kind = EVENT_VERB, .verb = VERB_ABORT, .role = ROLE_OPERATOR, .text = ""};
	struct event hold_it = {.kind = EVENT_VERB, .verb = VERB_HOLD, .role = ROLE_OPERATOR, .text = ""};
	struct journal_run word;

	(void)state;
	queue_run(FIRST, 400);
	queue_run(SECOND, 400);
	perform_start_next(control);
	control->machine.outage_s = 702;
	control->machine.interrupted = true;
	control->machine.phase = PHASE_HEAT;
	perform_event(control, &hold_it, NULL);
	assert_int_equal(control->machine.phase, PHASE_HOLD);
	assert_non_null(strstr(last_word(FIRST).cause, "hold in heat: "));
	perform_event(control, &abort_it, NULL);
	assert_int_equal(control->machine.phase, PHASE_ABORTING);
	word = last_word(FIRST);
	assert_int_equal(word.densification, OUTCOME_NONE);
	assert_true(word.of_press && word.interrupted);
	assert_float_equal(word.outage_s, 702, 0);
	assert_non_null(strstr(word.cause, "aborting: aborted by the operator"));
	perform_update_run(control, queue_find(&control->queue, SECOND), "");
	assert_false(last_word(SECOND).of_press);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_of_other_numbers_is_not_begun, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_impossible_run_fails_and_the_next_begins, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_press_asks_before_the_calorimeter, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_store_says_what_is_wrong, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_record_follows_the_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_waiting_run_asks_for_a_decision, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_record_holds_its_own_run_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_the_run_on_the_press_tells_of_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_calorimeter_speaks_of_its_own_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_section_is_confirmed_as_it_was_seen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(questions_do_not_crowd_out_the_journal, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
