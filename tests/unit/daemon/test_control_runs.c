/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the queue to the press: what cannot be begun fails with its reason, and the next run has its turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "control_fixture.h"
#include "daemon/control/perform.h"
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

/* Infeasible in this laboratory, whatever the check at submit said: too hot for its limits. */
static void an_impossible_run_fails_and_the_next_begins(void **state)
{
	struct journal_run word;

	(void)state;
	control->machine.phase = PHASE_DONE; /* after a good run: its outcome is not for the next */
	control->machine.outcome = OUTCOME_COMPLETED;
	queue_run(FIRST, 5000);
	queue_run(SECOND, 400);
	perform_start_next(control);
	word = last_word(FIRST);
	assert_int_equal(word.densification, OUTCOME_FAILED);
	assert_int_equal(word.calorimetry, OUTCOME_FAILED);
	assert_non_null(strstr(word.cause, "densification.temperature"));
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

		control->machine.phase = PHASE_IDLE;
		queue_run(FIRST, 400);
		strcpy(cases[i].of_site, "bb");
		perform_start_next(control);
		assert_int_equal(control->machine.phase, PHASE_IDLE);
		assert_string_equal(control->run, "");
		word = last_word(FIRST);
		assert_int_equal(word.densification, OUTCOME_FAILED);
		assert_non_null(strstr(word.cause, cases[i].words));
		strcpy(cases[i].of_site, "");
	}
	queue_run(SECOND, 400);
	perform_start_next(control);
	assert_int_equal(control->machine.phase, PHASE_WAIT_CAPSULE);
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
		     {PHASE_COOL, true, true, false, "densctl resume", "waits for you"},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_of_other_numbers_is_not_begun, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_impossible_run_fails_and_the_next_begins, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_waiting_run_asks_for_a_decision, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
