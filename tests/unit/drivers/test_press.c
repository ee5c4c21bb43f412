/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The press driver over an in-memory PLC: watchdog first, permits, LOCK, contactor, second master. */
#include "tests/unit/drivers/cmocka_all.h"

#include <math.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "drivers/calibration.h"
#include "drivers/codec.h"
#include "drivers/press_map.h"
#include "tests/unit/drivers/fake_modbus.h"

struct bench {
	struct fake_modbus fake;
	struct bus_config config;
	void *driver_state;
	struct demand demand;
	struct report report;
	double t_lab_s;
};

/* The PLC: setpoint in force, mode, watchdog, contactor; oil follows the setpoint at once in REGULATE. */
static void plc(struct fake_modbus *fake)
{
	uint16_t *read = fake->words + PRESS_READ_ADDRESS;
	bool locked = fake->words[1] == PRESS_MODE_LOCK;

	read[2] = fake->words[2];
	read[3] = fake->words[3];
	read[8] = fake->words[1];
	read[9] = fake->words[6];
	read[7] = fake->words[0];
	if (!locked) {
		read[0] = fake->words[2];
		read[1] = fake->words[3];
	}
	read[6] = (uint16_t)((locked ? PRESS_LOCKED : PRESS_REGULATING) |
			     (fake->coil ? PRESS_CONTACTOR_CLOSED : 0) |
			     (fake->words[6] ? PRESS_WATCHDOG_ARMED : 0) |
			     (fake->words[0x700] && !fake->words[PRESS_RESET_ADDRESS] ? PRESS_WATCHDOG_TRIPPED
										      : 0));
}

static double oil_bar(const struct fake_modbus *fake)
{
	return (double)codec_decode_f32(fake->words + PRESS_READ_ADDRESS, true);
}

static struct bench *make_bench(double bar)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct driver_setup setup = {.config = &bench->config, .modbus = &bench->fake.line};

	assert_non_null(bench);
	bench->fake.line.ops = &fake_ops;
	bench->fake.after_write = plc;
	bench->config.scale = 1;
	bench->config.device_count = 1;
	bench->config.pressure_rate_gpa_per_s = 0.005;
	bench->config.calibration = (struct press_calibration){.loading_count = 2,
							       .unloading_count = 3,
							       .loading_bar = {0, 2000},
							       .loading_gpa = {0, 7},
							       .unloading_bar = {0, 1000, 2000},
							       .unloading_gpa = {0, 4.5, 7}};
	bench->config.devices[0].unit = 1;
	bench->config.devices[0].profile = (struct profile){.kind = DEVICE_PRESS, .watchdog = true};
	strcpy(bench->config.devices[0].profile.protocol, "modbus");
	codec_encode_f32((float)bar, true, bench->fake.words + PRESS_READ_ADDRESS);
	codec_encode_f32((float)bar, true, bench->fake.words + 2);
	plc(&bench->fake);
	bench->fake.words[PRESS_READ_ADDRESS + 10] = PRESS_IDENTITY;
	bench->fake.words[PRESS_READ_ADDRESS + 11] = PRESS_MAP_VERSION;
	bench->driver_state = calloc(1, press_driver.state_size);
	assert_int_equal(press_driver.init(bench->driver_state, &setup), 0);
	bench->demand = (struct demand){.kind = DEVICE_PRESS, .press = {.prior_gpa = NAN}};
	bench->t_lab_s = 1000;
	return bench;
}

static void free_bench(struct bench *bench)
{
	free(bench->driver_state);
	free(bench);
}

static void run(struct bench *bench, int cycles)
{
	for (int i = 0; i < cycles; i++) {
		int64_t now_ns = clock_mono_ns();
		struct driver_cycle cycle = {
			.seq = 1, .now_ns = now_ns, .t_lab_s = bench->t_lab_s, .tick_mono_ns = now_ns};
		int fd = -1;

		bench->t_lab_s += 0.1;
		bench->report = (struct report){0};
		press_driver.cycle(bench->driver_state, &cycle, &bench->demand, &bench->report, &fd);
	}
}

static void control_at(struct bench *bench, double gpa)
{
	bench->demand.press.mode = MODE_CONTROL;
	bench->demand.press.setpoint_gpa = gpa;
	bench->demand.press.heartbeat = true;
	bench->demand.press.watchdog_s = 10;
}

static void permit(struct bench *bench, double temperature_k, double age_s)
{
	bench->demand.press.permit =
		(struct press_permit){.granted = true,
				      .temperature_k = temperature_k,
				      .release_temperature_k = 308,
				      .t_reply_ns = clock_mono_ns() - (int64_t)(age_s * 1e9)};
}

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

static void watchdog_is_armed_before_setpoint_and_heater(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	control_at(bench, 5);
	bench->demand.press.heater_enable = true;
	run(bench, 3);
	assert_int_equal(bench->fake.write_reads, 0);
	for (int i = 0; i < 3 && bench->fake.write_reads == 0; i++)
		run(bench, 1);
	assert_int_equal(bench->fake.write_reads, 1);
	assert_int_equal(bench->fake.words[1], PRESS_MODE_LOCK); /* as adopted */
	assert_int_equal(bench->fake.words[6], 10);
	assert_true(oil_bar(&bench->fake) == 1000);
	run(bench, 3);
	assert_int_equal(bench->fake.words[1], PRESS_MODE_REGULATE);
	assert_true(bench->report.press.watchdog_armed && bench->report.press.contactor_closed);
	assert_int_equal(bench->fake.coil_writes, 1);
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
	assert_in_range(bench->fake.reads, 9, 11); /* a look a second */
	assert_int_equal((uint16_t)(bench->fake.words[0] - beat), 100);
	bench->demand.press.heartbeat = false;
	beat = bench->fake.words[0];
	run(bench, 5);
	assert_int_equal(bench->fake.words[0], beat);
	free_bench(bench);
}

static void a_release_needs_a_fresh_cold_permit(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	control_at(bench, 3.5);
	run(bench, 10);
	control_at(bench, 1.0);
	run(bench, 50);
	assert_true(bench->report.press.release_refused);
	assert_true(oil_bar(&bench->fake) == 1000);
	permit(bench, 500, 0); /* hot */
	run(bench, 20);
	assert_true(bench->report.press.release_refused && oil_bar(&bench->fake) == 1000);
	permit(bench, 300, 5); /* old */
	run(bench, 20);
	assert_true(bench->report.press.release_refused && oil_bar(&bench->fake) == 1000);
	permit(bench, 300, -5); /* from the future */
	run(bench, 20);
	assert_true(bench->report.press.release_refused);
	bench->demand.press.permit.granted = false;
	bench->demand.press.permit.t_reply_ns = clock_mono_ns();
	run(bench, 20);
	assert_true(bench->report.press.release_refused);
	permit(bench, 300, 0.5);
	run(bench, 20);
	assert_false(bench->report.press.release_refused);
	assert_true(oil_bar(&bench->fake) < 1000);
	free_bench(bench);
}

static void from_lock_it_starts_at_the_pressure_that_is_there(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	/* A PLC that lost its setpoint: 0 bar in force, 1000 bar in the cylinder. */
	codec_encode_f32(0, true, bench->fake.words + 2);
	plc(&bench->fake);
	control_at(bench, 3.5);
	run(bench, 50);
	assert_int_equal(bench->fake.words[1], PRESS_MODE_REGULATE);
	assert_true(oil_bar(&bench->fake) == 1000);
	free_bench(bench);
}

/* A slip in control: a permit that calls 500 K cold. The worker has its own bound. */
static void a_permit_that_calls_hot_cold_is_refused(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	control_at(bench, 3.5);
	run(bench, 10);
	control_at(bench, 1.0);
	for (int i = 0; i < 2; i++) {
		permit(bench, i == 0 ? 500 : 324, 0);
		bench->demand.press.permit.release_temperature_k = i == 0 ? 900 : INFINITY;
		run(bench, 20);
		assert_true(bench->report.press.release_refused && oil_bar(&bench->fake) == 1000);
	}
	permit(bench, 300, 0);
	bench->demand.press.permit.release_temperature_k = NAN;
	run(bench, 20);
	assert_true(bench->report.press.release_refused && oil_bar(&bench->fake) == 1000);
	free_bench(bench);
}

/* The PLC locked itself in mid-run and the oil expanded: out of LOCK nothing is let go without a permit. */
static void a_lock_of_its_own_is_left_at_the_pressure_that_is_there(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	control_at(bench, 3.5);
	run(bench, 20);
	assert_true(oil_bar(&bench->fake) == 1000);
	bench->fake.words[1] = PRESS_MODE_LOCK;
	codec_encode_f32(1100, true, bench->fake.words + PRESS_READ_ADDRESS);
	plc(&bench->fake);
	bench->fake.after_write = NULL; /* it stays locked for some cycles, whatever is written */
	run(bench, 20);
	bench->fake.after_write = plc;
	run(bench, 20);
	assert_int_equal(bench->fake.words[1], PRESS_MODE_REGULATE);
	assert_true(oil_bar(&bench->fake) >= 1100);
	free_bench(bench);
}

static void off_is_lock(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	control_at(bench, 5);
	bench->demand.press.heater_enable = true;
	run(bench, 20);
	bench->demand.press.mode = MODE_OFF;
	bench->demand.press.heater_enable = false;
	run(bench, 2);
	assert_int_equal(bench->fake.words[1], PRESS_MODE_LOCK);
	assert_true(bench->report.press.locked);
	assert_false(bench->report.press.contactor_closed || bench->report.press.readback_differs);
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

static void a_latched_trip_is_reset_only_after_it_was_told(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	bench->fake.words[0x700] = 1;
	plc(&bench->fake);
	bench->demand.press.mode = MODE_OFF;
	bench->demand.press.heartbeat = true;
	run(bench, 8);
	assert_int_equal(bench->fake.words[PRESS_RESET_ADDRESS], 0);
	assert_true(bench->report.press.watchdog_tripped);
	run(bench, 10);
	assert_int_equal(bench->fake.words[PRESS_RESET_ADDRESS], 1);
	assert_false(bench->report.press.watchdog_tripped);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(observe_only_reads),
		cmocka_unit_test(the_word_order_must_be_proven),
		cmocka_unit_test(another_map_is_never_written),
		cmocka_unit_test(watchdog_is_armed_before_setpoint_and_heater),
		cmocka_unit_test(one_transaction_a_cycle_and_a_beating_heart),
		cmocka_unit_test(a_release_needs_a_fresh_cold_permit),
		cmocka_unit_test(a_permit_that_calls_hot_cold_is_refused),
		cmocka_unit_test(a_lock_of_its_own_is_left_at_the_pressure_that_is_there),
		cmocka_unit_test(from_lock_it_starts_at_the_pressure_that_is_there),
		cmocka_unit_test(off_is_lock),
		cmocka_unit_test(second_master_and_false_acknowledgement),
		cmocka_unit_test(a_latched_trip_is_reset_only_after_it_was_told),
		cmocka_unit_test(the_prior_chooses_the_branch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
