/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calorimeter machine against a small chip: a whole section, rows 37 and 38, restarts, and every phase x
 * event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "plant.h"
#include "protocol/scan.h"

struct bench {
	struct plan plan;
	struct scan_machine scan;
	struct scan_actions act;
	struct chip_inputs in;
	double now, runs_until;
	uint32_t job_id, fires;
	uint8_t job;
	bool fail_fire, lose_trace, no_commit;
	uint64_t alarms;
};

static void apply(struct bench *bench, struct scan_event event)
{
	struct scan_machine next;

	event.t_lab_s = bench->now;
	event.inputs = &bench->in;
	assert_int_equal(scan_step(&bench->plan, &bench->scan, &event, &next, &bench->act), 0);
	/* The fire leaves only after its intent was durable. */
	if (bench->act.job == SCAN_JOB_FIRE)
		assert_int_equal(event.kind, SCAN_EVENT_DURABLE);
	bench->scan = next;
	if (bench->act.job != SCAN_JOB_NONE) {
		bench->job = bench->act.job;
		bench->job_id = bench->act.job_id;
	}
	for (uint32_t i = 0; i < bench->act.note_count; i++)
		if (bench->act.notes[i].kind == NOTE_ALARM_RAISED)
			bench->alarms |= UINT64_C(1) << bench->act.notes[i].alarm;
}

static void bench_init(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	plant_scan_plan(&bench->plan);
	bench->now = 100;
	bench->in = (struct chip_inputs){.state = CHIP_IDLE, .identity_ok = true, .scan_counter = 41};
	bench->in.temperature_k = (struct measurement){.value = 300, .t_lab_s = 100, .quality = QUALITY_GOOD};
	bench->in.flow_ml_per_min =
		(struct measurement){.value = 80, .t_lab_s = 100, .quality = QUALITY_GOOD};
	scan_init(&bench->scan, bench->now);
	apply(bench, (struct scan_event){.kind = SCAN_EVENT_SECTION, .rate_k_per_s = 200, .automatic = true});
}

/* The chip controller: does the job at hand, answers whether it could. */
static bool do_job(struct bench *bench)
{
	struct chip_inputs *in = &bench->in;

	switch ((enum scan_job)bench->job) {
	case SCAN_JOB_PROGRAM:
		in->state = CHIP_PROGRAMMED;
		return true;
	case SCAN_JOB_ARM:
		if (in->state != CHIP_PROGRAMMED || in->trace_available)
			return false;
		in->state = CHIP_ARMED;
		return true;
	case SCAN_JOB_FIRE:
		if (bench->fail_fire || in->state != CHIP_ARMED)
			return false;
		in->scan_counter++;
		bench->fires++;
		in->state = CHIP_RUNNING;
		bench->runs_until = bench->now + 3;
		return true;
	case SCAN_JOB_READ:
		return in->trace_available;
	case SCAN_JOB_DELETE:
		in->trace_available = false;
		in->state = CHIP_IDLE;
		return true;
	case SCAN_JOB_OFF:
		in->state = in->state == CHIP_DATA ? CHIP_DATA : CHIP_IDLE;
		return true;
	case SCAN_JOB_NONE:
	case SCAN_JOB_MAX:
		break;
	}
	return false;
}

static void answer_job(struct bench *bench)
{
	struct scan_event done = {.kind = SCAN_EVENT_JOB_DONE, .job = bench->job, .job_id = bench->job_id};
	uint8_t job = bench->job;

	if (job == SCAN_JOB_NONE)
		return;
	done.ok = do_job(bench);
	bench->job = SCAN_JOB_NONE;
	apply(bench, done);
	if (job == SCAN_JOB_READ && done.ok && !bench->no_commit)
		apply(bench,
		      (struct scan_event){.kind = SCAN_EVENT_COMMITTED, .counter = bench->in.scan_counter});
}

static void tick(struct bench *bench)
{
	bench->now += 0.1;
	bench->in.temperature_k.t_lab_s = bench->in.flow_ml_per_min.t_lab_s = bench->now;
	if (bench->in.state == CHIP_RUNNING && bench->now >= bench->runs_until) {
		bench->in.state = bench->lose_trace ? CHIP_IDLE : CHIP_DATA;
		bench->in.trace_available = !bench->lose_trace;
	}
	answer_job(bench);
	apply(bench, (struct scan_event){.kind = SCAN_EVENT_TICK});
	if (bench->scan.waiting_intent)
		apply(bench,
		      (struct scan_event){.kind = SCAN_EVENT_DURABLE, .intent = bench->scan.waiting_intent});
}

static bool run_to(struct bench *bench, enum scan_phase phase, double limit_s)
{
	double end = bench->now + limit_s;

	while (bench->now < end && bench->scan.phase != phase)
		tick(bench);
	return bench->scan.phase == phase;
}

static void test_section(void **unused)
{
	struct bench bench;

	(void)unused;
	bench_init(&bench);
	assert_true(run_to(&bench, SCAN_REFERENCE, 200));
	assert_int_equal(bench.fires, 1);
	assert_true(bench.scan.committed == false);
	assert_true(run_to(&bench, SCAN_SECTION_DONE, 200));
	assert_int_equal(bench.scan.outcome, SECTION_SCANNED);
	assert_int_equal(bench.fires, 2);
	assert_false(bench.in.trace_available);
}

static void test_operator_loads(void **unused)
{
	struct bench bench;

	(void)unused;
	bench_init(&bench);
	scan_init(&bench.scan, bench.now);
	apply(&bench, (struct scan_event){.kind = SCAN_EVENT_SECTION, .rate_k_per_s = 200});
	assert_false(run_to(&bench, SCAN_PURGE, 60));
	apply(&bench, (struct scan_event){.kind = SCAN_EVENT_CONFIRM});
	assert_int_equal(bench.act.answer.code, ANSWER_DONE);
	assert_true(run_to(&bench, SCAN_SECTION_DONE, 300));
}

static void test_reference_waits_for_commit(void **unused)
{
	struct bench bench;

	(void)unused;
	bench_init(&bench);
	bench.no_commit = true;
	assert_true(run_to(&bench, SCAN_COOL, 200));
	assert_false(run_to(&bench, SCAN_REFERENCE, 120));
	assert_true(bench.in.trace_available);
	apply(&bench, (struct scan_event){.kind = SCAN_EVENT_COMMITTED, .counter = 41});
	assert_false(run_to(&bench, SCAN_REFERENCE, 60));
	apply(&bench, (struct scan_event){.kind = SCAN_EVENT_COMMITTED, .counter = 42});
	assert_true(run_to(&bench, SCAN_REFERENCE, 60));
}

static void test_chip_row_37(void **unused)
{
	struct bench bench;

	(void)unused;
	bench_init(&bench);
	assert_true(run_to(&bench, SCAN_ARM, 100));
	bench.in.out_of_band = true;
	assert_true(run_to(&bench, SCAN_CHIP_FAULT, 1));
	assert_int_equal(bench.act.job, SCAN_JOB_OFF);
	assert_true(bench.alarms & (UINT64_C(1) << ALARM_CHIP));
	apply(&bench, (struct scan_event){.kind = SCAN_EVENT_CONFIRM});
	assert_int_equal(bench.act.answer.code, ANSWER_REFUSED);
	bench.in.out_of_band = false;
	apply(&bench, (struct scan_event){.kind = SCAN_EVENT_CONFIRM});
	assert_true(run_to(&bench, SCAN_SECTION_DONE, 300));
	assert_int_equal(bench.scan.outcome, SECTION_SCANNED);
}

static void test_purge_row_38(void **unused)
{
	struct bench bench;

	(void)unused;
	bench_init(&bench);
	bench.in.flow_ml_per_min.value = 60;
	assert_false(run_to(&bench, SCAN_ARM, 25));
	assert_false(bench.alarms & (UINT64_C(1) << ALARM_PURGE));
	assert_false(run_to(&bench, SCAN_ARM, 200));
	assert_true(bench.alarms & (UINT64_C(1) << ALARM_PURGE)); /* who waits for a flow is told */
	bench.alarms = 0;
	bench.in.flow_ml_per_min.value = 70;
	assert_true(run_to(&bench, SCAN_FIRE, 60));
	bench.in.flow_ml_per_min.value = 10;
	bench.in.state = CHIP_RUNNING;
	bench.runs_until = bench.now + 1e6;
	bench.in.scan_counter = 42;
	bench.scan.step = 7; /* waits for the scan to end */
	assert_false(run_to(&bench, SCAN_PURGE, 29));
	for (int i = 0; i < 30 && !(bench.alarms & (UINT64_C(1) << ALARM_PURGE)); i++)
		tick(&bench);
	assert_true(bench.alarms & (UINT64_C(1) << ALARM_PURGE));
}

/* Row 37 in full: what a chip says counts while it is the expected one, answers, and has done so within 2 s.
 */
static void test_chip_row_37_in_full(void **unused)
{
	static const struct {
		uint8_t state;
		bool out_of_band, identity_ok, lost;
		double age_s;
		bool faults;
	} cases[] = {
		{CHIP_IDLE, true, true, false, 0, true},    {CHIP_FAULT, false, true, false, 0, true},
		{CHIP_IDLE, false, true, false, 0, false},  {CHIP_IDLE, true, true, false, 2, true},
		{CHIP_IDLE, true, true, false, 2.5, false}, {CHIP_IDLE, true, false, false, 0, false},
		{CHIP_IDLE, true, true, true, 0, false},    {CHIP_FAULT, false, true, true, 0, false},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench bench;

		bench_init(&bench);
		bench.in.state = cases[i].state;
		bench.in.out_of_band = cases[i].out_of_band;
		bench.in.identity_ok = cases[i].identity_ok;
		bench.in.lost = cases[i].lost;
		bench.in.temperature_k.t_lab_s = bench.now - cases[i].age_s;
		apply(&bench, (struct scan_event){.kind = SCAN_EVENT_TICK});
		if ((bench.scan.phase == SCAN_CHIP_FAULT) != cases[i].faults)
			fail_msg("case %zu: %s", i, scan_phase_name((enum scan_phase)bench.scan.phase));
		assert_int_equal(bench.act.job, cases[i].faults ? SCAN_JOB_OFF : SCAN_JOB_NONE);
	}
}

/* Row 38 in full: below 80 % (64 of 80 ml/min) for 30 s, from lab time 0, while the chip may be hot. */
static void flow(struct bench *bench, double ml_per_min, double from_s, double to_s)
{
	bench->in.flow_ml_per_min.value = ml_per_min;
	for (double at_s = from_s; at_s <= to_s; at_s += 0.5) {
		bench->now = at_s;
		bench->in.temperature_k.t_lab_s = bench->in.flow_ml_per_min.t_lab_s = at_s;
		apply(bench, (struct scan_event){.kind = SCAN_EVENT_TICK});
	}
}

static void bench_hot(struct bench *bench)
{
	bench_init(bench);
	bench->scan.phase = SCAN_FIRE;
	bench->scan.step = 7; /* waits for the scan to end */
	bench->scan.fire_counter = 41;
	bench->scan.phase_since_lab_s = 0;
	bench->scan.job_pending = false;
	bench->in.scan_counter = 42;
	bench->in.state = CHIP_RUNNING;
	bench->scan.purge_bad_since_lab_s = bench->scan.purge_good_since_lab_s = -1;
}

static void test_purge_row_38_in_full(void **unused)
{
	struct bench bench;

	(void)unused;
	bench_hot(&bench);
	flow(&bench, 63.5, 0, 29.5);
	assert_false(bench.scan.restarting);
	flow(&bench, 63.5, 30, 30);
	assert_true(bench.scan.restarting);
	assert_int_equal(bench.act.job, SCAN_JOB_OFF);
	bench_hot(&bench);
	flow(&bench, 64, 0, 60);
	assert_false(bench.scan.restarting);
	bench_hot(&bench);
	flow(&bench, 10, 0, 29);
	flow(&bench, 80, 29.5, 29.5);
	flow(&bench, 10, 30, 59.5);
	assert_false(bench.scan.restarting);
	flow(&bench, 10, 60, 60);
	assert_true(bench.scan.restarting);
	/* Before the chip is armed there is nothing to take off. */
	bench_hot(&bench);
	bench.scan.phase = SCAN_PURGE;
	bench.scan.step = 1;
	flow(&bench, 10, 0, 60);
	assert_int_equal(bench.scan.phase, SCAN_PURGE);
	assert_int_equal(bench.scan.job, SCAN_JOB_NONE);
	/* Armed and not yet fired: back to the purge, and armed again when the flow is back. */
	bench_hot(&bench);
	bench.scan.phase = SCAN_ARM;
	bench.scan.step = 4;
	bench.in.state = CHIP_PROGRAMMED;
	flow(&bench, 10, 0, 30);
	assert_int_equal(bench.scan.phase, SCAN_PURGE);
	assert_false(bench.scan.restarting);
	assert_int_equal(bench.act.job, SCAN_JOB_OFF);
}

static void test_fire_is_never_blindly_repeated(void **unused)
{
	struct bench bench;

	(void)unused;
	bench_init(&bench);
	bench.fail_fire = true;
	assert_true(run_to(&bench, SCAN_FIRE, 100));
	/* F1: refused and the counter unchanged: purged, armed and intended anew. */
	assert_true(run_to(&bench, SCAN_PURGE, 5));
	bench.fail_fire = false;
	assert_true(run_to(&bench, SCAN_SECTION_DONE, 400));
	assert_int_equal(bench.fires, 2);
}

static void test_lost_trace(void **unused)
{
	struct bench bench;

	(void)unused;
	bench_init(&bench);
	bench.lose_trace = true;
	assert_true(run_to(&bench, SCAN_SECTION_DONE, 200));
	assert_int_equal(bench.scan.outcome, SECTION_LOST);
	assert_int_equal(bench.fires, 1);
	assert_true(bench.alarms & (UINT64_C(1) << ALARM_SPENT));
}

/* A crash at any tick: the section ends, and never with more than one first scan. */
static void test_restart_anywhere(void **unused)
{
	(void)unused;
	for (int at = 0; at < 1200; at += 3) {
		struct bench bench;
		uint32_t first_fires = 0;

		bench_init(&bench);
		for (int i = 0; i < at; i++)
			tick(&bench);
		if (bench.scan.phase == SCAN_SECTION_DONE)
			break;
		bench.job = SCAN_JOB_NONE;
		apply(&bench, (struct scan_event){.kind = SCAN_EVENT_RESTART});
		while (bench.now < 2000 && bench.scan.phase != SCAN_SECTION_DONE) {
			uint32_t before = bench.fires;
			bool reference = bench.scan.reference;

			tick(&bench);
			first_fires += reference ? 0 : bench.fires - before;
		}
		assert_int_equal(bench.scan.phase, SCAN_SECTION_DONE);
		assert_true(first_fires <= 1 && bench.fires <= 2);
		assert_int_equal(bench.scan.outcome, SECTION_SCANNED);
	}
}

static void test_every_phase_and_event(void **unused)
{
	(void)unused;
	for (int phase = 0; phase < SCAN_PHASE_MAX; phase++)
		for (int kind = 0; kind < SCAN_EVENT_KIND_MAX; kind++) {
			struct bench bench;
			struct scan_machine next;
			struct scan_event event = {
				.kind = (enum scan_event_kind)kind, .rate_k_per_s = 100, .t_lab_s = 200};
			int result;

			bench_init(&bench);
			bench.scan.phase = (uint8_t)phase;
			event.inputs = &bench.in;
			result = scan_step(&bench.plan, &bench.scan, &event, &next, &bench.act);
			assert_true(next.phase < SCAN_PHASE_MAX);
			if (result < 0)
				assert_memory_equal(&next, &bench.scan, sizeof(next));
			if (kind == SCAN_EVENT_CANCEL && phase != SCAN_IDLE)
				assert_int_equal(next.phase, SCAN_SECTION_DONE);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_section),
		cmocka_unit_test(test_operator_loads),
		cmocka_unit_test(test_reference_waits_for_commit),
		cmocka_unit_test(test_chip_row_37),
		cmocka_unit_test(test_purge_row_38),
		cmocka_unit_test(test_chip_row_37_in_full),
		cmocka_unit_test(test_purge_row_38_in_full),
		cmocka_unit_test(test_fire_is_never_blindly_repeated),
		cmocka_unit_test(test_lost_trace),
		cmocka_unit_test(test_restart_anywhere),
		cmocka_unit_test(test_every_phase_and_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
