/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the queue to the press: what cannot be begun fails with its reason, and the next run has its turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "control_fixture.h"
#include "daemon/control/perform.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_impossible_run_fails_and_the_next_begins, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
