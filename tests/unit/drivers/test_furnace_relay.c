/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The furnace's output in an autotune. */
#include "tests/unit/drivers/furnace_bench.h"

#include <math.h>

#include "drivers/codec.h"

/* The relay of a tuning goes down all the same. */
static void a_lower_output_needs_no_allowance(void **state)
{
	struct bench *bench = furnace_bench_make_wearing(1);
	struct furnace_demand *demand = &bench->demand.furnace;

	(void)state;
	*demand = (struct furnace_demand){
		.mode = MODE_CONTROL, .setpoint_k = 400, .relay = true, .output_pct = 30};
	furnace_bench_run(bench, 20);
	demand->output_pct = 10;
	furnace_bench_run(bench, 3);
	assert_true(fabs((double)codec_decode_f32(bench->fake.words + OUT, true) - 10) < 1e-4);
	demand->output_pct = 30;
	furnace_bench_run(bench, 40);
	assert_true(fabs((double)codec_decode_f32(bench->fake.words + OUT, true) - 10) < 1e-4);
	assert_true(bench->report.furnace.readback_differs);
	furnace_bench_free(bench);
}

static void a_relay_is_manual_and_an_output(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);

	(void)state;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 400};
	furnace_bench_run(bench, 20);
	assert_int_equal(bench->fake.words[MODE], 0);
	bench->demand.furnace.relay = true;
	bench->demand.furnace.output_pct = 34.5;
	bench->fake.writes = 0;
	furnace_bench_run(bench, 20);
	assert_int_equal(bench->fake.writes, 2); /* once, not each cycle */
	assert_int_equal(bench->fake.words[MODE], 1);
	assert_true(fabs((double)codec_decode_f32(bench->fake.words + OUT, true) - 34.5) < 1e-4);
	assert_false(bench->report.furnace.manual || bench->report.furnace.readback_differs);
	bench->demand.furnace.output_pct = 14.5;
	furnace_bench_run(bench, 20);
	assert_int_equal(bench->fake.writes, 3);
	codec_encode_f32(60, true, bench->fake.words + OUT); /* a hand at the panel */
	furnace_bench_run(bench, 10);
	assert_true(bench->report.furnace.readback_differs);
	/* Back: the setpoint first, then automatic. */
	bench->demand.furnace.relay = false;
	bench->fake.writes = 0;
	furnace_bench_run(bench, 5);
	assert_int_equal(bench->fake.written[0], SP);
	assert_int_equal(bench->fake.words[MODE], 0);
	assert_false(bench->report.furnace.manual || bench->report.furnace.readback_differs);
	furnace_bench_free(bench);
}

static void an_output_that_cannot_be_written_plays_no_relay(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);

	(void)state;
	bench->config.devices[0].profile.off_count = 1; /* mode alone */
	furnace_bench_run(bench, 10);
	bench->demand.furnace = (struct furnace_demand){
		.mode = MODE_CONTROL, .setpoint_k = 400, .relay = true, .output_pct = 30};
	bench->fake.writes = 0;
	furnace_bench_run(bench, 5);
	assert_int_equal(bench->fake.writes, 0);
	assert_int_equal(bench->report.fault, CAUSE_RANGE);
	furnace_bench_free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lower_output_needs_no_allowance),
		cmocka_unit_test(a_relay_is_manual_and_an_output),
		cmocka_unit_test(an_output_that_cannot_be_written_plays_no_relay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
