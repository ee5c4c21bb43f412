/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chip's state in the journal: it is there before the chip is told to forget or to fire anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "control_fixture.h"
#include "daemon/control/perform.h"
#include "daemon/control/publish.h"
#include "daemon/control/sections.h"
#include "protocol/scan_steps.h"

#define RUN "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define COUNTER 7u

static struct fixture fixture;
static struct control *const control = &fixture.control;
static struct control_snapshot stored; /* the last one that came to the recorder */
static uint64_t stored_entry;

static void queue_run(void)
{
	struct link_queue_item item = {.run = RUN, .densification = OUTCOME_COMPLETED, .started = true};

	fixture_default_plan(&item.plan);
	item.plan.calorimetry = (struct plan_calorimetry){.present = true,
							  .rate_count = 1,
							  .rate_k_per_s = {100},
							  .sections_per_rate = 1,
							  .start_k = 300,
							  .end_k = 850,
							  .reference_cooling_k_per_s = 200,
							  .purge_ml_per_min = 80};
	assert_int_equal(queue_add(&control->queue, &item), 0);
}

/* A section whose first trace was read and sent to the recorder. */
static int set_up(void **state)
{
	(void)state;
	memset(&stored, 0, sizeof(stored));
	if (fixture_open(&fixture) < 0)
		return -1;
	control->map.at[DEVICE_CHIP].present = true;
	queue_run();
	control->scan.phase = SCAN_COOL;
	control->scan.step = STEP_COMMIT;
	control->scan.spent = true;
	control->scan.fire_counter = COUNTER;
	control->scan.rate_k_per_s = 100;
	memcpy(control->scan_run, RUN, sizeof(RUN));
	control->scan_plan = control->queue.items[0].plan;
	queue_format_section(&control->queue.items[0], 0, control->section);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_close(&fixture);
	return 0;
}

static void read_journal(void)
{
	const struct link_journal *entry;

	while ((entry = fixture_next(&fixture, JOURNAL_SNAPSHOT)) != NULL) {
		memcpy(&stored, entry->body, sizeof(stored));
		stored_entry = entry->entry;
	}
}

static void commit_trace(void)
{
	struct held_trace *held = &control->traces[0];

	*held = (struct held_trace){.used = true, .sent = true, .fd = memfd_create("trace", MFD_CLOEXEC)};
	held->trace.counter = COUNTER + 1;
	memcpy(held->trace.section, control->section, sizeof(held->trace.section));
	sections_trace_committed(control, &held->trace);
}

static void the_chip_forgets_a_trace_only_when_the_journal_knows(void **state)
{
	(void)state;
	commit_trace();
	assert_int_equal(control->scan.step, STEP_DELETE);
	assert_int_equal(control->chip_job.job, CHIP_JOB_DELETE);
	assert_int_equal(sections_job_to_do(control).job, CHIP_JOB_NONE);
	read_journal();
	assert_int_equal(stored.scan.step, STEP_DELETE);
	assert_true(stored.scan.committed);
	journal_commit(&control->journal, stored_entry);
	assert_int_equal(sections_job_to_do(control).job, CHIP_JOB_DELETE);
}

/* kill -9 right after the chip has deleted the trace: what the journal holds is enough to go on. */
static void a_crash_after_the_delete_loses_no_section(void **state)
{
	struct scan_event tick = {.kind = SCAN_EVENT_TICK};

	(void)state;
	commit_trace();
	read_journal();
	assert_int_equal(stored.version, SNAPSHOT_VERSION);
	memset(&control->scan, 0, sizeof(control->scan));
	memcpy(stored.scan_run, RUN, sizeof(RUN));
	sections_restore(control, &stored);
	control->chip_inputs =
		(struct chip_inputs){.temperature_k = {700, control_lab_s(control), QUALITY_GOOD, 0},
				     .state = CHIP_IDLE,
				     .scan_counter = COUNTER + 1,
				     .trace_available = false,
				     .identity_ok = true};
	control->chip_inputs.flow_ml_per_min =
		(struct measurement){80, control_lab_s(control), QUALITY_GOOD, 0};
	perform_scan_event(control, &tick, NULL);
	assert_int_equal(control->scan.outcome, SECTION_NONE);
	assert_int_equal(control->scan.phase, SCAN_COOL);
	assert_int_equal(control->scan.step, STEP_COOL);
}

/* A full ring: the job waits until the snapshot could be written after all. Off never waits. */
static void a_job_waits_for_a_journal_with_room(void **state)
{
	static const uint8_t note[1000];
	struct journal_entry entry = {.kind = JOURNAL_NOTE, .body = note, .length = sizeof(note), .fd = -1};
	uint64_t number;

	(void)state;
	control->recorder.ready = false;
	while (journal_add(&control->journal, &entry, &number) == 0)
		;
	commit_trace();
	assert_true(control->chip_entry == UINT64_MAX);
	journal_commit(&control->journal, number);
	assert_int_equal(sections_job_to_do(control).job, CHIP_JOB_NONE);
	publish_snapshot(control);
	assert_true(control->chip_entry > number && control->chip_entry < UINT64_MAX);
	assert_int_equal(sections_job_to_do(control).job, CHIP_JOB_NONE);
	control->chip_job.off = true;
	assert_true(sections_job_to_do(control).off);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_chip_forgets_a_trace_only_when_the_journal_knows, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_crash_after_the_delete_loses_no_section, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_job_waits_for_a_journal_with_room, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
