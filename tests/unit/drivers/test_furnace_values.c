/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the furnace driver makes of what it reads: corrections, jumps, units, word order, a broken sensor. */
#include "tests/unit/drivers/furnace_bench.h"

#include <math.h>

#include "drivers/codec.h"

/* The controller gets the reading that stands for a true temperature, and says a true one back. */
static void a_thermocouple_is_corrected_both_ways(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);

	(void)state;
	bench->config.thermocouple =
		(struct correction){.count = 2, .reading = {300, 520}, .truth = {300, 500}, .sd = {0.5, 1.5}};
	codec_encode_f32((float)(410 - 273.15), true, bench->fake.words + PV);
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 450};
	furnace_bench_run(bench, 10);
	assert_true(fabs(bench->report.furnace.temperature_k.value - 400) < 1e-3);
	/* 10 K were taken off, and the uncertainty there is 1 K. */
	assert_true(fabs(bench->report.furnace.margin_k - 11) < 1e-3);
	assert_true(fabs(furnace_bench_get_k(&bench->fake, SP) - 465) < 1e-3);
	assert_true(fabs(bench->report.furnace.setpoint_k.value - 450) < 1e-3);
	assert_false(bench->report.furnace.second_master || bench->report.furnace.readback_differs);
	furnace_bench_free(bench);
}

static void a_second_thermocouple_has_its_own_margin(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);
	struct driver_setup setup = {.config = &bench->config, .modbus = &bench->fake.line};

	(void)state;
	furnace_bench_add_register(&bench->config.devices[0].profile, "process_value2", PV2,
				   REG_F32_HIGH_FIRST, UNIT_CELSIUS, false);
	bench->config.thermocouple =
		(struct correction){.count = 2, .reading = {300, 520}, .truth = {300, 500}, .sd = {0.5, 1.5}};
	bench->config.thermocouple2 =
		(struct correction){.count = 2, .reading = {290, 510}, .truth = {280, 500}, .sd = {2, 2}};
	memset(bench->driver_state, 0, bench->driver->state_size);
	assert_int_equal(bench->driver->init(bench->driver_state, &setup), 0);
	furnace_bench_put_k(&bench->fake, PV, 410);
	furnace_bench_put_k(&bench->fake, PV2, 310);
	furnace_bench_run(bench, 10);
	assert_true(fabs(bench->report.furnace.temperature2_k.value - 300) < 1e-3);
	assert_true(fabs(bench->report.furnace.margin2_k - 12) < 1e-3);
	assert_true(fabs(bench->report.furnace.margin_k - 11) < 1e-3);
	furnace_bench_free(bench);
}

/* Neither is ever good: a burn-out of 1645 K would be a runaway, and 57 degC are no 136 K more in degF. */
static void a_jump_is_explained_before_it_goes_out(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);

	(void)state;
	furnace_bench_run(bench, 30);
	furnace_bench_put_k(&bench->fake, PV, 1645);
	bench->fake.words[STATUS] = 1 << 5;
	furnace_bench_run(bench, 1);
	assert_true(bench->report.furnace.sensor_break);
	assert_int_equal(bench->report.furnace.temperature_k.quality, QUALITY_BAD);
	furnace_bench_put_k(&bench->fake, PV, 300);
	bench->fake.words[STATUS] = 0;
	furnace_bench_run(bench, 2);
	assert_int_equal(bench->report.furnace.temperature_k.quality, QUALITY_GOOD);
	furnace_bench_put_k(&bench->fake, PV, 378);
	bench->fake.words[UNITS] = 1;
	furnace_bench_run(bench, 1);
	assert_true(bench->report.units_differ);
	assert_int_equal(bench->report.furnace.temperature_k.quality, QUALITY_BAD);
	furnace_bench_run(bench, 20);
	assert_int_equal(bench->report.furnace.temperature_k.quality, QUALITY_BAD);
	furnace_bench_free(bench);
}

/* The second one likewise, by its own bit; without one it goes out as read, and protocol/ judges the jump. */
static void a_second_thermocouple_that_breaks_is_a_bad_reading(void **state)
{
	(void)state;
	for (int has_bit = 0; has_bit < 2; has_bit++) {
		struct bench *bench = furnace_bench_make(DEVICE_FURNACE);
		struct driver_setup setup = {.config = &bench->config, .modbus = &bench->fake.line};
		struct profile *profile = &bench->config.devices[0].profile;
		struct furnace_report *report = &bench->report.furnace;

		furnace_bench_add_register(profile, "process_value2", PV2, REG_F32_HIGH_FIRST, UNIT_CELSIUS,
					   false);
		if (has_bit) {
			furnace_bench_add_register(profile, "sensor_break2", STATUS2, REG_U16, UNIT_NONE,
						   false);
			profile->registers[profile->register_count - 1].bit = 3;
		}
		memset(bench->driver_state, 0, bench->driver->state_size);
		assert_int_equal(bench->driver->init(bench->driver_state, &setup), 0);
		furnace_bench_put_k(&bench->fake, PV, 600);
		furnace_bench_put_k(&bench->fake, PV2, 601);
		furnace_bench_run(bench, 30);
		assert_int_equal(report->temperature2_k.quality, QUALITY_GOOD);
		furnace_bench_put_k(&bench->fake, PV2, 1645);
		bench->fake.words[STATUS2] = 1 << 3;
		for (int i = 0; i < 30; i++) {
			furnace_bench_run(bench, 1);
			assert_int_equal(report->temperature2_k.quality,
					 has_bit ? QUALITY_BAD : QUALITY_GOOD);
			assert_int_equal(report->temperature2_k.cause,
					 has_bit ? CAUSE_SENSOR_BREAK : CAUSE_NONE);
			assert_int_equal(report->temperature_k.quality, QUALITY_GOOD);
			assert_false(report->sensor_break);
		}
		furnace_bench_put_k(&bench->fake, PV2, 601);
		bench->fake.words[STATUS2] = 0;
		furnace_bench_run(bench, 2);
		assert_int_equal(report->temperature2_k.quality, QUALITY_GOOD);
		/* Without a jump it is seen within two seconds. */
		bench->fake.words[STATUS2] = 1 << 3;
		furnace_bench_run(bench, 25);
		assert_int_equal(report->temperature2_k.quality, has_bit ? QUALITY_BAD : QUALITY_GOOD);
		furnace_bench_free(bench);
	}
}

/* Hazard 13: seen within a minute; off still goes out, a setpoint does not; seen again when it is set back.
 */
static void changed_units_stop_setpoints(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);
	uint32_t written;

	(void)state;
	furnace_bench_run(bench, 5);
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 320};
	furnace_bench_run(bench, 5);
	assert_true(fabs(furnace_bench_get_k(&bench->fake, SP) - 320) < 0.01);
	assert_false(bench->report.units_differ);
	bench->fake.words[UNITS] = 1;
	furnace_bench_run(bench, 610);
	assert_true(bench->report.units_differ);
	assert_true(bench->report.furnace.identity_ok);
	bench->demand.furnace.setpoint_k = 330;
	furnace_bench_run(bench, 30);
	assert_true(fabs(furnace_bench_get_k(&bench->fake, SP) - 320) < 0.01);
	written = bench->fake.writes;
	bench->demand.furnace.mode = MODE_OFF;
	furnace_bench_run(bench, 5);
	assert_true(bench->fake.writes > written);
	assert_int_equal(bench->fake.words[MODE], 1);
	bench->fake.words[UNITS] = 0;
	furnace_bench_run(bench, 60);
	assert_false(bench->report.units_differ);
	furnace_bench_free(bench);
}

/* Hazard 11: proven by a temperature that is one in the declared order alone, and again after each connect.
 */
static void the_word_order_must_be_proven(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);
	uint16_t *words = bench->fake.words + PV;

	(void)state;
	words[0] = 0; /* 25 degC is 41C8 0000, the words changed places: next to 0 */
	words[1] = 0x41C8;
	furnace_bench_run(bench, 10);
	assert_false(bench->report.order_proven);
	assert_int_equal(bench->report.furnace.temperature_k.quality, QUALITY_GOOD); /* 0 degC, it seems */
	codec_encode_f32(25, true, words);
	furnace_bench_run(bench, 1);
	assert_true(bench->report.order_proven);
	words[0] = words[1] = 0;
	furnace_bench_run(bench, 10);
	assert_true(bench->report.order_proven);
	bench->fake.line.connects++;
	furnace_bench_run(bench, 10);
	assert_false(bench->report.order_proven); /* 0 degC is the same in every order */
	furnace_bench_free(bench);
}

static void broken_sensor_is_a_bad_reading(void **state)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);

	(void)state;
	bench->fake.words[STATUS] = 0x20;
	furnace_bench_run(bench, 30);
	assert_true(bench->report.furnace.sensor_break);
	assert_int_equal(bench->report.furnace.temperature_k.cause, CAUSE_SENSOR_BREAK);
	furnace_bench_put_k(&bench->fake, PV, 9000);
	bench->fake.words[STATUS] = 0;
	furnace_bench_run(bench, 30);
	assert_int_equal(bench->report.furnace.temperature_k.cause, CAUSE_RANGE);
	furnace_bench_free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thermocouple_is_corrected_both_ways),
		cmocka_unit_test(a_second_thermocouple_has_its_own_margin),
		cmocka_unit_test(a_second_thermocouple_that_breaks_is_a_bad_reading),
		cmocka_unit_test(a_jump_is_explained_before_it_goes_out),
		cmocka_unit_test(changed_units_stop_setpoints),
		cmocka_unit_test(the_word_order_must_be_proven),
		cmocka_unit_test(broken_sensor_is_a_bad_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
