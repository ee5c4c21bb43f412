/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hazard 32: the control step allocates nothing, in the very event loop it runs in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "allocations.h"
#include "control_fixture.h"
#include "daemon/control/perform.h"
#include "daemon/control/publish.h"
#include "daemon/control/step.h"

#define RUN "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define STEPS 500

static struct fixture fixture;
static struct control *const control = &fixture.control;

/* The journal is read and committed, as the recorder would. */
static void play_recorder(void)
{
	while (fixture_next(&fixture, JOURNAL_MAX) != NULL)
		;
	journal_commit(&control->journal, control->journal.next_entry - 1);
	perform_durable(control, control->journal.committed);
}

static void run_steps(int count)
{
	uint64_t end = control->clock.tick + (uint64_t)count;

	while (control->clock.tick < end) {
		assert_true(sd_event_run(control->event, 1000000) >= 0);
		play_recorder();
	}
}

static void begin_run(void)
{
	struct event start = {.kind = EVENT_START},
		     confirm = {.kind = EVENT_VERB, .verb = VERB_CONFIRM_CAPSULE};
	struct answer answer;

	fixture_default_plan(&control->plan);
	control->has_plan = true;
	memcpy(control->run, RUN, sizeof(RUN));
	perform_event(control, &start, &answer);
	assert_int_equal(answer.code, ANSWER_DONE);
	confirm.role = ROLE_OPERATOR;
	perform_event(control, &confirm, &answer);
	assert_int_equal(control->machine.phase, PHASE_PREFLIGHT);
}

/* Alarms, transitions, intents, samples and snapshots all come by while a run is tripped and aborted. */
static void steps_of_a_run_allocate_nothing(void **state)
{
	struct event trip = {.kind = EVENT_VERB, .verb = VERB_ABORT, .role = ROLE_OPERATOR};
	unsigned long before, counting;
	void *volatile probe;

	(void)state;
	assert_int_equal(fixture_open(&fixture), 0);
	control->site.clock_scale = 500;
	assert_true(sd_event_new(&control->event) >= 0);
	assert_true(step_start(control) >= 0);
	run_steps(20);
	counting = allocations;
	probe = malloc(16);
	free(probe);
	assert_int_equal(allocations, counting + 1); /* the counter counts */
	before = allocations;
	begin_run();
	run_steps(STEPS);
	assert_int_equal(control->machine.phase, PHASE_PREFLIGHT);
	perform_event(control, &trip, NULL);
	run_steps(STEPS);
	/* Nobody has read the press here, so that no abort can end. */
	assert_int_equal(control->machine.phase, PHASE_ABORTING);
	assert_int_equal(allocations, before);
	fixture_close(&fixture);
	sd_event_unref(control->event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(steps_of_a_run_allocate_nothing)};

	if (!ALLOCATIONS_COUNTED)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
