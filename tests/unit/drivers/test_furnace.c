/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The furnace driver over an in-memory line: identity, when it may write, heater off, after a doubt. */
#include "tests/unit/drivers/furnace_bench.h"

#include <math.h>

#include "drivers/codec.h"

static void observe_reads_and_writes_nothing(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);

	(void)state;
	furnace_bench_run(bench, 50);
	assert_int_equal(bench->fake.writes, 0);
	assert_true(bench->report.online && bench->report.furnace.identity_ok);
	assert_true(fabs(bench->report.furnace.temperature_k.value - 300) < 1e-3);
	assert_int_equal(bench->report.furnace.temperature_k.quality, QUALITY_GOOD);
	assert_false(bench->report.simulated);
	assert_int_equal(bench->report.fault, CAUSE_NONE);
	furnace_bench_free(bench);
}

static void nothing_is_written_to_another_device(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);

	(void)state;
	bench->fake.words[IDENTITY] = 0x3216;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 400};
	furnace_bench_run(bench, 50);
	assert_int_equal(bench->fake.writes, 0);
	assert_false(bench->report.furnace.identity_ok || bench->report.online);
	assert_int_equal(bench->report.fault, CAUSE_IDENTITY);
	furnace_bench_free(bench);
}

static void writes_wait_for_three_good_cycles(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);

	(void)state;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 400};
	furnace_bench_run(bench, 3);
	assert_int_equal(bench->fake.writes, 0);
	furnace_bench_run(bench, 2);
	assert_true(bench->fake.writes > 0);
	assert_true(fabs(furnace_bench_get_k(&bench->fake, SP) - 400) < 1e-3);
	bench->fake.line.connects++;
	bench->fake.writes = 0;
	bench->demand.furnace.setpoint_k = 410;
	furnace_bench_run(bench, 3);
	assert_int_equal(bench->fake.writes, 0);
	furnace_bench_run(bench, 3);
	assert_true(bench->fake.writes > 0);
	furnace_bench_free(bench);
}

static void desync_reads_identity_before_anything_else(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);
	uint32_t errors;

	(void)state;
	furnace_bench_run(bench, 10);
	bench->fake.fail = CAUSE_TIMEOUT;
	furnace_bench_run(bench, 1);
	errors = bench->report.errors;
	assert_int_equal(bench->report.fault, CAUSE_TIMEOUT);
	assert_true(errors > 0);
	bench->fake.fail = 0;
	bench->fake.words[IDENTITY] = 0x1111;
	furnace_bench_run(bench, 1);
	assert_false(bench->report.furnace.identity_ok);
	furnace_bench_free(bench);
}

static void off_is_a_sequence_verified_by_reading(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);

	(void)state;
	codec_encode_f32(40, true, bench->fake.words + OUT);
	furnace_bench_run(bench, 5);
	bench->demand.furnace.mode = MODE_OFF;
	furnace_bench_run(bench, 1);
	assert_int_equal(bench->fake.written[0], MODE);
	assert_int_equal(bench->fake.written[1], OUT);
	assert_int_equal(bench->fake.words[MODE], 1);
	assert_true(bench->report.furnace.verified_off);
	furnace_bench_run(bench, 30);
	assert_int_equal(bench->fake.writes, 2);
	assert_false(bench->report.furnace.manual);
	/* Back to automatic: the setpoint goes first. */
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 305};
	furnace_bench_run(bench, 3);
	assert_int_equal(bench->fake.written[2], SP);
	assert_int_equal(bench->fake.written[3], MODE);
	assert_int_equal(bench->fake.words[MODE], 0);
	furnace_bench_free(bench);
}

static void off_that_is_not_done_is_not_verified_and_repeated(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);

	(void)state;
	codec_encode_f32(40, true, bench->fake.words + OUT);
	bench->fake.deaf = true;
	bench->demand.furnace.mode = MODE_OFF;
	furnace_bench_run(bench, 40);
	assert_false(bench->report.furnace.verified_off);
	assert_true(bench->fake.writes >= 4);
	furnace_bench_free(bench);
}

/* Its setpoint is low, so there is no output; a reading below it, or noise, would heat. */
static void a_controller_that_begins_anew_in_automatic_is_put_off_again(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);
	uint32_t writes;

	(void)state;
	furnace_bench_run(bench, 5);
	bench->demand.furnace.mode = MODE_OFF;
	furnace_bench_run(bench, 20);
	assert_true(bench->report.furnace.verified_off);
	writes = bench->fake.writes;
	bench->fake.words[MODE] = 0;
	furnace_bench_run(bench, 60);
	assert_true(bench->fake.writes > writes);
	assert_int_equal(bench->fake.words[MODE], 1);
	assert_true(bench->report.furnace.verified_off);
	/* And one that cannot be put off is not called so. */
	bench->fake.deaf = true;
	bench->fake.words[MODE] = 0;
	furnace_bench_run(bench, 60);
	assert_false(bench->report.furnace.verified_off);
	furnace_bench_free(bench);
}

/* An identity that was asked for twice answers twice: its second answer is not taken for the units. */
static void a_line_one_answer_behind_changes_no_units(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);

	(void)state;
	furnace_bench_run(bench, 30);
	bench->fake.line.desyncs++;
	bench->fake.behind = true;
	bench->fake.kept_word = 0x2461;
	furnace_bench_run(bench, 1);
	assert_false(bench->report.units_differ);
	assert_int_equal(bench->report.fault, CAUSE_MISMATCH);
	bench->fake.behind = false;
	furnace_bench_run(bench, 5);
	assert_int_equal(bench->report.fault, CAUSE_NONE);
	assert_false(bench->report.units_differ);
	furnace_bench_free(bench);
}

/* Off waits for the identity alone after a doubtful answer; on a new connection, and for all else, for three
 * good cycles. */
static void off_waits_for_no_good_cycles_after_a_doubt(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);
	uint32_t writes;

	(void)state;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 400};
	furnace_bench_run(bench, 30);
	assert_int_equal(bench->fake.words[MODE], 0);
	writes = bench->fake.writes;
	bench->demand.furnace.setpoint_k = 420;
	bench->fake.line.desyncs++;
	furnace_bench_run(bench, 2);
	assert_int_equal(bench->fake.writes, writes);
	bench->demand.furnace.mode = MODE_OFF;
	bench->fake.line.desyncs++;
	furnace_bench_run(bench, 1);
	assert_int_equal(bench->fake.words[MODE], 1);
	bench->fake.words[IDENTITY] = 0x1100; /* another one answers: it is told nothing */
	bench->fake.words[MODE] = 0;
	bench->fake.line.desyncs++;
	furnace_bench_run(bench, 40);
	assert_int_equal(bench->fake.words[MODE], 0);
	bench->fake.words[IDENTITY] = 0x2461;
	bench->fake.line.connects++;
	writes = bench->fake.writes;
	furnace_bench_run(bench, 3);
	assert_int_equal(bench->fake.writes, writes);
	furnace_bench_run(bench, 30);
	assert_int_equal(bench->fake.words[MODE], 1);
	furnace_bench_free(bench);
}

static void black_listed_registers_are_never_touched(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);
	struct modbus_port port;
	uint16_t words[4] = {0};

	(void)state;
	modbus_port_init(&port, &bench->fake.line, &bench->config.devices[0], 1);
	assert_int_equal(modbus_port_read(&port, 198, 4, words), CAUSE_RANGE);
	assert_int_equal(modbus_port_write(&port, 199, 1, words), CAUSE_RANGE);
	assert_int_equal(bench->fake.reads + bench->fake.writes, 0);
	furnace_bench_free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(observe_reads_and_writes_nothing),
		cmocka_unit_test(nothing_is_written_to_another_device),
		cmocka_unit_test(writes_wait_for_three_good_cycles),
		cmocka_unit_test(desync_reads_identity_before_anything_else),
		cmocka_unit_test(off_is_a_sequence_verified_by_reading),
		cmocka_unit_test(off_that_is_not_done_is_not_verified_and_repeated),
		cmocka_unit_test(a_controller_that_begins_anew_in_automatic_is_put_off_again),
		cmocka_unit_test(a_line_one_answer_behind_changes_no_units),
		cmocka_unit_test(off_waits_for_no_good_cycles_after_a_doubt),
		cmocka_unit_test(black_listed_registers_are_never_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
