/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The press driver's cycle: what it reads and proves before it writes, one transaction a cycle, the second
 * master, the branch of the calibration. */
#include <math.h>

#include "drivers/codec.h"
#include "tests/unit/drivers/press_fixture.h"

static void observe_only_reads(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	run(bench, 20);
	assert_true(bench->report.online && bench->report.press.identity_ok);
	assert_int_equal(bench->fake.writes + bench->fake.write_reads + bench->fake.coil_writes, 0);
	assert_true(fabs(bench->report.press.pressure_gpa.value - 3.5) < 1e-6);
	free_bench(bench);
}

/* Hazard 11: oil at 0 bar says nothing of the order; the stroke beside it does. */
static void the_word_order_must_be_proven(void **state)
{
	struct bench *bench = make_bench(0);

	(void)state;
	run(bench, 5);
	assert_true(bench->report.online);
	assert_false(bench->report.order_proven);
	codec_encode_f32(98.5f, false, bench->fake.words + PRESS_READ_ADDRESS + 4);
	run(bench, 5);
	assert_false(bench->report.order_proven);
	codec_encode_f32(98.5f, true, bench->fake.words + PRESS_READ_ADDRESS + 4);
	run(bench, 1);
	assert_true(bench->report.order_proven);
	free_bench(bench);
}

static void another_map_is_never_written(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	bench->fake.words[PRESS_READ_ADDRESS + 11] = 2;
	control_at(bench, 5);
	run(bench, 30);
	assert_int_equal(bench->fake.writes + bench->fake.write_reads + bench->fake.coil_writes, 0);
	assert_false(bench->report.press.identity_ok || bench->report.online);
	free_bench(bench);
}

static void one_transaction_a_cycle_and_a_beating_heart(void **state)
{
	struct bench *bench = make_bench(1000);
	uint16_t beat;

	(void)state;
	control_at(bench, 5);
	run(bench, 10);
	bench->fake.reads = bench->fake.writes = bench->fake.write_reads = 0;
	beat = bench->fake.words[0];
	run(bench, 100);
	assert_int_equal(bench->fake.write_reads, 100);
	assert_in_range(bench->fake.reads, 13, 16); /* looks, each 0.7 s */
	assert_int_equal((uint16_t)(bench->fake.words[0] - beat), 100);
	bench->demand.press.heartbeat = false;
	beat = bench->fake.words[0];
	run(bench, 5);
	assert_int_equal(bench->fake.words[0], beat);
	free_bench(bench);
}

static void second_master_and_false_acknowledgement(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	control_at(bench, 3.5);
	run(bench, 20);
	assert_false(bench->report.press.second_master || bench->report.press.readback_differs);
	for (int i = 0; i < 30; i++) { /* writes between our cycles */
		codec_encode_f32(1500, true, bench->fake.words + PRESS_READ_ADDRESS + 2);
		run(bench, 1);
	}
	assert_true(bench->report.press.second_master);
	run(bench, 30);
	assert_false(bench->report.press.second_master);
	bench->fake.deaf = true;
	control_at(bench, 5);
	run(bench, 40);
	assert_true(bench->report.press.readback_differs);
	free_bench(bench);
}

/* A master that writes now and then, in whole seconds, between our cycles: seen, however short its value
 * stands. */
static void a_rare_second_master_is_seen(void **state)
{
	struct bench *bench = make_bench(1000);
	bool seen = false;

	(void)state;
	control_at(bench, 3.5);
	run(bench, 20);
	for (int i = 0; i < 600 && !seen; i++) {
		if (i % 50 == 25)
			codec_encode_f32(1500, true, bench->fake.words + PRESS_READ_ADDRESS + 2);
		run(bench, 1);
		seen = bench->report.press.second_master;
	}
	assert_true(seen);
	free_bench(bench);
}

static void the_prior_chooses_the_branch(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	bench->demand.press.prior_gpa = 4.2;
	run(bench, 5);
	assert_true(fabs(bench->report.press.pressure_gpa.value - 4.2) < 1e-9);
	free_bench(bench);
	bench = make_bench(1000);
	bench->demand.press.prior_gpa = 6.5;
	run(bench, 5);
	assert_true(fabs(bench->report.press.pressure_gpa.value - 4.5) < 1e-9);
	free_bench(bench);
}

/* A PLC without function 23 gets the same words in two transfers. */
static void two_transfers_do_the_same(void **state)
{
	struct bench *bench = make_bench(0);
	double gpa = 0;

	(void)state;
	bench->config.devices[0].profile.separate_transfers = true;
	for (int i = 0; i < 200; i++) {
		control_at(bench, gpa);
		run(bench, 1);
		gpa += 0.0005;
	}
	assert_int_equal(bench->fake.write_reads, 0);
	assert_true(bench->fake.writes > 100);
	assert_true(fabs(bench->report.press.pressure_gpa.value - 0.1) < 0.01);
	assert_false(bench->report.press.readback_differs || bench->report.press.second_master);
	free_bench(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(observe_only_reads),
		cmocka_unit_test(two_transfers_do_the_same),
		cmocka_unit_test(the_word_order_must_be_proven),
		cmocka_unit_test(another_map_is_never_written),
		cmocka_unit_test(one_transaction_a_cycle_and_a_beating_heart),
		cmocka_unit_test(second_master_and_false_acknowledgement),
		cmocka_unit_test(a_rare_second_master_is_seen),
		cmocka_unit_test(the_prior_chooses_the_branch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
