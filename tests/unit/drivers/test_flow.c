/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The flow driver over an in-memory line: its correction, 1 Hz, back-off. */
#include "tests/unit/drivers/furnace_bench.h"

#include <math.h>

#include "daemon/base/clock.h"
#include "drivers/flow_schedule.h"

/* 80 ml/min of gas is what this controller calls 82. */
static void a_flow_is_corrected_both_ways(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FLOW);

	(void)state;
	bench->config.flow =
		(struct correction){.count = 2, .reading = {0, 102.5}, .truth = {0, 100}, .sd = {1, 1}};
	bench->fake.words[FLOW] = (uint16_t)(41 / 0.003125);
	bench->demand.flow = (struct flow_demand){.mode = MODE_CONTROL, .setpoint_ml_per_min = 80};
	furnace_bench_run(bench, 60);
	assert_int_equal(bench->fake.words[FLOW_SP], (int)(82 / 0.003125));
	assert_true(fabs(bench->report.flow.flow_ml_per_min.value - 40) < 0.01);
	assert_true(fabs(bench->report.flow.setpoint_ml_per_min.value - 80) < 0.01);
	furnace_bench_free(bench);
}

static void flow_is_polled_at_1_hz_and_backs_off(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FLOW);

	(void)state;
	bench->fake.words[FLOW] = 25600;
	furnace_bench_run(bench, 50);
	assert_true(fabs(bench->report.flow.flow_ml_per_min.value - 80) < 1e-9);
	bench->demand.flow = (struct flow_demand){.mode = MODE_CONTROL, .setpoint_ml_per_min = 80};
	bench->fake.reads = 0;
	furnace_bench_run(bench, 100);
	assert_in_range(bench->fake.reads, 18, 24);
	assert_int_equal(bench->fake.words[FLOW_SP], 25600);
	assert_int_equal(bench->fake.writes, 1);
	bench->fake.fail = CAUSE_TIMEOUT;
	bench->fake.reads = 0;
	furnace_bench_run(bench, 600); /* a minute of silence: at 0, 1, 3, 7, 15, 31 s */
	assert_in_range(bench->fake.reads, 5, 7);
	furnace_bench_free(bench);
}

/* A line that is left alone after a silence is not the end of the silence. */
static void a_quarantine_does_not_forget_the_silence(void **state)
{
	struct flow_schedule schedule;
	struct driver_cycle cycle = {.t_lab_s = 0};

	(void)state;
	flow_schedule_init(&schedule, 1);
	for (double backoff_s = 1; backoff_s < 20; backoff_s *= 2) {
		cycle.now_ns = clock_mono_ns();
		assert_true(flow_schedule_is_due(&schedule, &cycle));
		flow_schedule_next(&schedule, &cycle, CAUSE_TIMEOUT);
		cycle.t_lab_s += backoff_s - 0.1;
		assert_false(flow_schedule_is_due(&schedule, &cycle));
		cycle.t_lab_s += 0.2;
		flow_schedule_next(&schedule, &cycle, CAUSE_QUARANTINE);
		assert_true(flow_schedule_is_due(&schedule, &cycle));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_is_corrected_both_ways),
		cmocka_unit_test(flow_is_polled_at_1_hz_and_backs_off),
		cmocka_unit_test(a_quarantine_does_not_forget_the_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
