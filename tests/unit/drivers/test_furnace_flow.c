/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The furnace and flow drivers over an in-memory line: identity, streaming, off, second master, back-off. */
#include "tests/unit/drivers/cmocka_all.h"

#include <math.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "drivers/flow_schedule.h"
#include "drivers/codec.h"
#include "tests/unit/drivers/fake_modbus.h"

enum {
	PV = 0x8002,
	SP = 0x8004,
	OUT = 0x8006,
	PV2 = 0x800C,
	WORKING = 0x800A,
	RATE = 0x8046,
	MODE = 273,
	STATUS = 75,
	IDENTITY = 122,
	UNITS = 516,
	FLOW = 0x20,
	FLOW_SP = 0x21
};

struct bench {
	struct fake_modbus fake;
	struct bus_config config;
	const struct driver_ops *driver;
	void *driver_state;
	struct demand demand;
	struct report report;
	double t_lab_s;
	uint32_t seq;
};

static void put_k(struct fake_modbus *fake, uint16_t address, double kelvin)
{
	codec_encode_f32((float)(kelvin - 273.15), true, fake->words + address);
}

static double get_k(const struct fake_modbus *fake, uint16_t address)
{
	return (double)codec_decode_f32(fake->words + address, true) + 273.15;
}

static void add(struct profile *profile, const char *name, uint16_t address, uint8_t type, uint8_t unit,
		bool writable)
{
	struct profile_register *reg = &profile->registers[profile->register_count++];

	*reg = (struct profile_register){
		.address = address, .type = type, .unit = unit, .scale = 1, .writable = writable, .bit = -1};
	strcpy(reg->name, name);
}

static void make_furnace(struct profile *profile)
{
	profile->kind = DEVICE_FURNACE;
	profile->setpoint_period_s = 1;
	profile->setpoint_step = 0.5;
	add(profile, "process_value", PV, REG_F32_HIGH_FIRST, UNIT_CELSIUS, false);
	add(profile, "setpoint", SP, REG_F32_HIGH_FIRST, UNIT_CELSIUS, true);
	add(profile, "output", OUT, REG_F32_HIGH_FIRST, UNIT_PERCENT, true);
	add(profile, "mode", MODE, REG_U16, UNIT_NONE, true);
	add(profile, "identity", IDENTITY, REG_U16, UNIT_NONE, false);
	add(profile, "status", STATUS, REG_U16, UNIT_NONE, false);
	profile->registers[profile->register_count - 1].bit = 5;
	add(profile, "units", UNITS, REG_U16, UNIT_NONE, false);
	profile->unit_count = 1;
	profile->units[0] = (struct profile_value){.reg = "units", .value = 0};
	profile->identity_count = 1;
	profile->identity[0] = (struct profile_value){.reg = "identity", .value = 0x2400, .mask = 0xFF00};
	profile->off_count = 2;
	profile->off_steps[0] = (struct profile_value){.reg = "mode", .value = 1};
	profile->off_steps[1] = (struct profile_value){.reg = "output", .value = 0};
	profile->auto_count = 1;
	profile->auto_steps[0] = (struct profile_value){.reg = "mode", .value = 0};
	profile->blacklist_count = 1;
	profile->blacklist[0] = 199;
}

static void make_flow(struct profile *profile)
{
	profile->kind = DEVICE_FLOW;
	add(profile, "flow", FLOW, REG_U16, UNIT_ML_PER_MIN, false);
	add(profile, "setpoint", FLOW_SP, REG_U16, UNIT_ML_PER_MIN, true);
	profile->registers[0].scale = profile->registers[1].scale = 0.003125;
}

static struct bench *make_bench(enum device_kind kind)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct driver_setup setup = {.config = &bench->config, .modbus = &bench->fake.line};
	struct profile *profile = &bench->config.devices[0].profile;

	assert_non_null(bench);
	bench->fake.line.ops = &fake_ops;
	bench->config.scale = 1;
	bench->config.device_count = 1;
	bench->config.devices[0].unit = 1;
	strcpy(profile->protocol, "modbus");
	if (kind == DEVICE_FURNACE)
		make_furnace(profile);
	else
		make_flow(profile);
	put_k(&bench->fake, PV, 300);
	put_k(&bench->fake, SP, 293.15);
	bench->fake.words[IDENTITY] = 0x2461;
	bench->driver = registry_find(kind, "modbus", "");
	bench->driver_state = calloc(1, bench->driver->state_size);
	assert_int_equal(bench->driver->init(bench->driver_state, &setup), 0);
	bench->demand.kind = (uint8_t)kind;
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
		struct driver_cycle cycle = {.seq = ++bench->seq,
					     .now_ns = now_ns,
					     .t_lab_s = bench->t_lab_s,
					     .tick_mono_ns = now_ns,
					     .wear_allowance = bench->demand.wear_allowance};
		int fd = -1;

		bench->t_lab_s += 0.1;
		bench->report = (struct report){0};
		bench->driver->cycle(bench->driver_state, &cycle, &bench->demand, &bench->report, &fd);
	}
}

static void observe_reads_and_writes_nothing(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);

	(void)state;
	run(bench, 50);
	assert_int_equal(bench->fake.writes, 0);
	assert_true(bench->report.online && bench->report.furnace.identity_ok);
	assert_true(fabs(bench->report.furnace.temperature_k.value - 300) < 1e-3);
	assert_int_equal(bench->report.furnace.temperature_k.quality, QUALITY_GOOD);
	assert_false(bench->report.simulated);
	assert_int_equal(bench->report.fault, CAUSE_NONE);
	free_bench(bench);
}

static void nothing_is_written_to_another_device(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);

	(void)state;
	bench->fake.words[IDENTITY] = 0x3216;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 400};
	run(bench, 50);
	assert_int_equal(bench->fake.writes, 0);
	assert_false(bench->report.furnace.identity_ok || bench->report.online);
	assert_int_equal(bench->report.fault, CAUSE_IDENTITY);
	free_bench(bench);
}

static void writes_wait_for_three_good_cycles(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);

	(void)state;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 400};
	run(bench, 3);
	assert_int_equal(bench->fake.writes, 0);
	run(bench, 2);
	assert_true(bench->fake.writes > 0);
	assert_true(fabs(get_k(&bench->fake, SP) - 400) < 1e-3);
	bench->fake.line.connects++;
	bench->fake.writes = 0;
	bench->demand.furnace.setpoint_k = 410;
	run(bench, 3);
	assert_int_equal(bench->fake.writes, 0);
	run(bench, 3);
	assert_true(bench->fake.writes > 0);
	free_bench(bench);
}

static void desync_reads_identity_before_anything_else(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);
	uint32_t errors;

	(void)state;
	run(bench, 10);
	bench->fake.fail = CAUSE_TIMEOUT;
	run(bench, 1);
	errors = bench->report.errors;
	assert_int_equal(bench->report.fault, CAUSE_TIMEOUT);
	assert_true(errors > 0);
	bench->fake.fail = 0;
	bench->fake.words[IDENTITY] = 0x1111;
	run(bench, 1);
	assert_false(bench->report.furnace.identity_ok);
	free_bench(bench);
}

static void a_ramp_is_streamed_within_its_budget(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);

	(void)state;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 300};
	run(bench, 10);
	bench->fake.writes = 0;
	for (int i = 0; i < 600; i++) { /* 20 K/min for a minute */
		bench->demand.furnace.setpoint_k += 20.0 / 600;
		run(bench, 1);
	}
	assert_in_range(bench->fake.writes, 50, 65);
	assert_false(bench->report.furnace.second_master || bench->report.furnace.readback_differs);
	assert_true(fabs(get_k(&bench->fake, SP) - 320) < 0.4);
	free_bench(bench);
}

static struct bench *make_wearing_bench(uint32_t allowance)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);
	struct profile *profile = &bench->config.devices[0].profile;

	for (uint32_t i = 0; i < profile->register_count; i++)
		profile->registers[i].retained = strcmp(profile->registers[i].name, "setpoint") == 0 ||
						 strcmp(profile->registers[i].name, "output") == 0;
	profile->write_budget = 1000;
	bench->demand.wear_allowance = allowance;
	return bench;
}

/* Hazard 40: what wears is counted before it is sent, also when nobody answers, and ends with the allowance;
 * heater off does not. */
static void what_wears_ends_with_its_allowance(void **state)
{
	struct bench *bench = make_wearing_bench(3);

	(void)state;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 300};
	run(bench, 10);
	assert_int_equal(bench->report.wear, 1);
	for (int i = 0; i < 20; i++) {
		bench->demand.furnace.setpoint_k += 5;
		bench->fake.fail = i == 0 ? CAUSE_TIMEOUT : 0;
		run(bench, 1);
		bench->fake.fail = 0;
		run(bench, 12);
	}
	assert_int_equal(bench->report.wear, 3);
	assert_int_equal(bench->report.fault, CAUSE_RANGE);
	assert_false(bench->report.furnace.second_master);
	bench->demand.furnace.mode = MODE_OFF;
	run(bench, 1);
	assert_int_equal(bench->report.wear, 4);
	assert_true(bench->report.furnace.verified_off);
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 400};
	bench->demand.wear_allowance = 5;
	run(bench, 10);
	assert_int_equal(bench->report.wear, 5);
	assert_true(fabs(get_k(&bench->fake, SP) - 400) < 0.01);
	free_bench(bench);
}

/* An abort that begins when the allowance is used up cools all the same. */
static void a_lower_setpoint_needs_no_allowance(void **state)
{
	struct bench *bench = make_wearing_bench(1);
	struct furnace_demand *demand = &bench->demand.furnace;

	(void)state;
	*demand = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 643};
	run(bench, 20);
	assert_int_equal(bench->report.wear, 1);
	for (int i = 0; i < 600; i++) {
		demand->setpoint_k = fmax(demand->setpoint_k - 1.0 / 30, 638);
		run(bench, 1);
		assert_false(bench->report.furnace.readback_differs || bench->report.furnace.second_master);
	}
	assert_true(fabs(get_k(&bench->fake, SP) - 638) < 0.01);
	assert_in_range(bench->report.wear, 10, 20);
	free_bench(bench);
}

/* The relay of a tuning goes down all the same. */
static void a_lower_output_needs_no_allowance(void **state)
{
	struct bench *bench = make_wearing_bench(1);
	struct furnace_demand *demand = &bench->demand.furnace;

	(void)state;
	*demand = (struct furnace_demand){
		.mode = MODE_CONTROL, .setpoint_k = 400, .relay = true, .output_pct = 30};
	run(bench, 20);
	demand->output_pct = 10;
	run(bench, 3);
	assert_true(fabs((double)codec_decode_f32(bench->fake.words + OUT, true) - 10) < 1e-4);
	demand->output_pct = 30;
	run(bench, 40);
	assert_true(fabs((double)codec_decode_f32(bench->fake.words + OUT, true) - 10) < 1e-4);
	assert_true(bench->report.furnace.readback_differs);
	free_bench(bench);
}

/* Nothing was sent, so no read-back tells: out of the allowance, or of what the profile allows. */
static void a_setpoint_that_stays_refused_differs(void **state)
{
	(void)state;
	for (int range = 0; range < 2; range++) {
		struct bench *bench = make_wearing_bench(range ? 100 : 1);
		struct furnace_demand *demand = &bench->demand.furnace;

		bench->config.devices[0].profile.setpoint_high = range ? 400 - 273.15 : 0;
		*demand = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 390};
		run(bench, 20);
		demand->setpoint_k = 410;
		run(bench, 10);
		assert_false(bench->report.furnace.readback_differs); /* once, and the allowance may come */
		run(bench, 25);
		assert_true(bench->report.furnace.readback_differs);
		assert_true(fabs(get_k(&bench->fake, SP) - 390) < 0.01);
		demand->setpoint_k = 389;
		run(bench, 3);
		assert_false(bench->report.furnace.readback_differs);
		assert_true(fabs(get_k(&bench->fake, SP) - 389) < 0.01);
		free_bench(bench);
	}
}

/* The controller gets the reading that stands for a true temperature, and says a true one back. */
static void a_thermocouple_is_corrected_both_ways(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);

	(void)state;
	bench->config.thermocouple =
		(struct correction){.count = 2, .reading = {300, 520}, .truth = {300, 500}, .sd = {0.5, 1.5}};
	codec_encode_f32((float)(410 - 273.15), true, bench->fake.words + PV);
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 450};
	run(bench, 10);
	assert_true(fabs(bench->report.furnace.temperature_k.value - 400) < 1e-3);
	/* 10 K were taken off, and the uncertainty there is 1 K. */
	assert_true(fabs(bench->report.furnace.margin_k - 11) < 1e-3);
	assert_true(fabs(get_k(&bench->fake, SP) - 465) < 1e-3);
	assert_true(fabs(bench->report.furnace.setpoint_k.value - 450) < 1e-3);
	assert_false(bench->report.furnace.second_master || bench->report.furnace.readback_differs);
	free_bench(bench);
}

static void a_second_thermocouple_has_its_own_margin(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);
	struct driver_setup setup = {.config = &bench->config, .modbus = &bench->fake.line};

	(void)state;
	add(&bench->config.devices[0].profile, "process_value2", PV2, REG_F32_HIGH_FIRST, UNIT_CELSIUS,
	    false);
	bench->config.thermocouple =
		(struct correction){.count = 2, .reading = {300, 520}, .truth = {300, 500}, .sd = {0.5, 1.5}};
	bench->config.thermocouple2 =
		(struct correction){.count = 2, .reading = {290, 510}, .truth = {280, 500}, .sd = {2, 2}};
	memset(bench->driver_state, 0, bench->driver->state_size);
	assert_int_equal(bench->driver->init(bench->driver_state, &setup), 0);
	put_k(&bench->fake, PV, 410);
	put_k(&bench->fake, PV2, 310);
	run(bench, 10);
	assert_true(fabs(bench->report.furnace.temperature2_k.value - 300) < 1e-3);
	assert_true(fabs(bench->report.furnace.margin2_k - 12) < 1e-3);
	assert_true(fabs(bench->report.furnace.margin_k - 11) < 1e-3);
	free_bench(bench);
}

/* 80 ml/min of gas is what this controller calls 82. */
static void a_flow_is_corrected_both_ways(void **state)
{
	struct bench *bench = make_bench(DEVICE_FLOW);

	(void)state;
	bench->config.flow =
		(struct correction){.count = 2, .reading = {0, 102.5}, .truth = {0, 100}, .sd = {1, 1}};
	bench->fake.words[FLOW] = (uint16_t)(41 / 0.003125);
	bench->demand.flow = (struct flow_demand){.mode = MODE_CONTROL, .setpoint_ml_per_min = 80};
	run(bench, 60);
	assert_int_equal(bench->fake.words[FLOW_SP], (int)(82 / 0.003125));
	assert_true(fabs(bench->report.flow.flow_ml_per_min.value - 40) < 0.01);
	assert_true(fabs(bench->report.flow.setpoint_ml_per_min.value - 80) < 0.01);
	free_bench(bench);
}

static void off_is_a_sequence_verified_by_reading(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);

	(void)state;
	codec_encode_f32(40, true, bench->fake.words + OUT);
	run(bench, 5);
	bench->demand.furnace.mode = MODE_OFF;
	run(bench, 1);
	assert_int_equal(bench->fake.written[0], MODE);
	assert_int_equal(bench->fake.written[1], OUT);
	assert_int_equal(bench->fake.words[MODE], 1);
	assert_true(bench->report.furnace.verified_off);
	run(bench, 30);
	assert_int_equal(bench->fake.writes, 2);
	assert_false(bench->report.furnace.manual);
	/* Back to automatic: the setpoint goes first. */
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 305};
	run(bench, 3);
	assert_int_equal(bench->fake.written[2], SP);
	assert_int_equal(bench->fake.written[3], MODE);
	assert_int_equal(bench->fake.words[MODE], 0);
	free_bench(bench);
}

static void off_that_is_not_done_is_not_verified_and_repeated(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);

	(void)state;
	codec_encode_f32(40, true, bench->fake.words + OUT);
	bench->fake.deaf = true;
	bench->demand.furnace.mode = MODE_OFF;
	run(bench, 40);
	assert_false(bench->report.furnace.verified_off);
	assert_true(bench->fake.writes >= 4);
	free_bench(bench);
}

static void acknowledged_and_not_done_differs_twice(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);

	(void)state;
	run(bench, 5);
	bench->fake.deaf = true;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 400};
	run(bench, 1);
	assert_false(bench->report.furnace.readback_differs);
	run(bench, 1);
	assert_true(bench->report.furnace.readback_differs);
	assert_false(bench->report.furnace.second_master);
	free_bench(bench);
}

/* A telegram that was lost is no setpoint that was not done: it is written again, and nobody is alarmed. */
static void a_lost_write_is_written_again(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);
	uint32_t writes;

	(void)state;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 400};
	run(bench, 30);
	writes = bench->report.furnace.writes;
	bench->demand.furnace.setpoint_k = 410;
	bench->fake.fail = CAUSE_TIMEOUT;
	run(bench, 1);
	bench->fake.fail = 0;
	for (int i = 0; i < 20; i++) {
		run(bench, 1);
		assert_false(bench->report.furnace.readback_differs || bench->report.furnace.second_master);
	}
	assert_true(fabs(bench->report.furnace.setpoint_k.value - 410) < 0.01);
	assert_int_equal(bench->report.furnace.writes, writes + 2);
	free_bench(bench);
}

/* Neither is ever good: a burn-out of 1645 K would be a runaway, and 57 degC are no 136 K more in degF. */
static void a_jump_is_explained_before_it_goes_out(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);

	(void)state;
	run(bench, 30);
	put_k(&bench->fake, PV, 1645);
	bench->fake.words[STATUS] = 1 << 5;
	run(bench, 1);
	assert_true(bench->report.furnace.sensor_break);
	assert_int_equal(bench->report.furnace.temperature_k.quality, QUALITY_BAD);
	put_k(&bench->fake, PV, 300);
	bench->fake.words[STATUS] = 0;
	run(bench, 2);
	assert_int_equal(bench->report.furnace.temperature_k.quality, QUALITY_GOOD);
	put_k(&bench->fake, PV, 378);
	bench->fake.words[UNITS] = 1;
	run(bench, 1);
	assert_true(bench->report.units_differ);
	assert_int_equal(bench->report.furnace.temperature_k.quality, QUALITY_BAD);
	run(bench, 20);
	assert_int_equal(bench->report.furnace.temperature_k.quality, QUALITY_BAD);
	free_bench(bench);
}

/* An identity that was asked for twice answers twice: its second answer is not taken for the units. */
static void a_line_one_answer_behind_changes_no_units(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);

	(void)state;
	run(bench, 30);
	bench->fake.line.desyncs++;
	bench->fake.behind = true;
	bench->fake.kept_word = 0x2461;
	run(bench, 1);
	assert_false(bench->report.units_differ);
	assert_int_equal(bench->report.fault, CAUSE_MISMATCH);
	bench->fake.behind = false;
	run(bench, 5);
	assert_int_equal(bench->report.fault, CAUSE_NONE);
	assert_false(bench->report.units_differ);
	free_bench(bench);
}

/* Off waits for the identity alone after a doubtful answer; on a new connection, and for all else, for three
 * good cycles. */
static void off_waits_for_no_good_cycles_after_a_doubt(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);
	uint32_t writes;

	(void)state;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 400};
	run(bench, 30);
	assert_int_equal(bench->fake.words[MODE], 0);
	writes = bench->fake.writes;
	bench->demand.furnace.setpoint_k = 420;
	bench->fake.line.desyncs++;
	run(bench, 2);
	assert_int_equal(bench->fake.writes, writes);
	bench->demand.furnace.mode = MODE_OFF;
	bench->fake.line.desyncs++;
	run(bench, 1);
	assert_int_equal(bench->fake.words[MODE], 1);
	bench->fake.words[IDENTITY] = 0x1100; /* another one answers: it is told nothing */
	bench->fake.words[MODE] = 0;
	bench->fake.line.desyncs++;
	run(bench, 40);
	assert_int_equal(bench->fake.words[MODE], 0);
	bench->fake.words[IDENTITY] = 0x2461;
	bench->fake.line.connects++;
	writes = bench->fake.writes;
	run(bench, 3);
	assert_int_equal(bench->fake.writes, writes);
	run(bench, 30);
	assert_int_equal(bench->fake.words[MODE], 1);
	free_bench(bench);
}

static void second_master_and_panel_are_seen(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);

	(void)state;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 400};
	run(bench, 30);
	assert_false(bench->report.furnace.second_master || bench->report.furnace.manual);
	put_k(&bench->fake, SP, 650);
	run(bench, 2);
	assert_true(bench->report.furnace.second_master);
	put_k(&bench->fake, SP, 400);
	bench->fake.words[MODE] = 1;
	run(bench, 25);
	assert_true(bench->report.furnace.manual);
	assert_false(bench->report.furnace.second_master);
	assert_int_equal(bench->fake.words[MODE], 1); /* it is not fought */
	free_bench(bench);
}

/* Hazard 13: seen within a minute; off still goes out, a setpoint does not; seen again when it is set back.
 */
static void changed_units_stop_setpoints(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);
	uint32_t written;

	(void)state;
	run(bench, 5);
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 320};
	run(bench, 5);
	assert_true(fabs(get_k(&bench->fake, SP) - 320) < 0.01);
	assert_false(bench->report.units_differ);
	bench->fake.words[UNITS] = 1;
	run(bench, 610);
	assert_true(bench->report.units_differ);
	assert_true(bench->report.furnace.identity_ok);
	bench->demand.furnace.setpoint_k = 330;
	run(bench, 30);
	assert_true(fabs(get_k(&bench->fake, SP) - 320) < 0.01);
	written = bench->fake.writes;
	bench->demand.furnace.mode = MODE_OFF;
	run(bench, 5);
	assert_true(bench->fake.writes > written);
	assert_int_equal(bench->fake.words[MODE], 1);
	bench->fake.words[UNITS] = 0;
	run(bench, 60);
	assert_false(bench->report.units_differ);
	free_bench(bench);
}

/* Hazard 11: proven by a temperature that is one in the declared order alone, and again after each connect.
 */
static void the_word_order_must_be_proven(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);
	uint16_t *words = bench->fake.words + PV;

	(void)state;
	words[0] = 0; /* 25 degC is 41C8 0000, the words changed places: next to 0 */
	words[1] = 0x41C8;
	run(bench, 10);
	assert_false(bench->report.order_proven);
	assert_int_equal(bench->report.furnace.temperature_k.quality, QUALITY_GOOD); /* 0 degC, it seems */
	codec_encode_f32(25, true, words);
	run(bench, 1);
	assert_true(bench->report.order_proven);
	words[0] = words[1] = 0;
	run(bench, 10);
	assert_true(bench->report.order_proven);
	bench->fake.line.connects++;
	run(bench, 10);
	assert_false(bench->report.order_proven); /* 0 degC is the same in every order */
	free_bench(bench);
}

/* A controller that ramps by itself: without a limit its working setpoint is the setpoint. */
static void obey_at_once(struct fake_modbus *fake)
{
	if ((double)codec_decode_f32(fake->words + RATE, true) <= 0)
		memcpy(fake->words + WORKING, fake->words + SP, 4);
}

static void lose_the_rate(struct fake_modbus *fake)
{
	if ((double)codec_decode_f32(fake->words + RATE, true) > 5)
		codec_encode_f32(5, true, fake->words + RATE);
	obey_at_once(fake);
}

static struct bench *make_ramping_bench(void (*after_write)(struct fake_modbus *fake))
{
	struct bench *bench = make_bench(DEVICE_FURNACE);
	struct driver_setup setup = {.config = &bench->config, .modbus = &bench->fake.line};
	struct profile *profile = &bench->config.devices[0].profile;

	add(profile, "working_setpoint", WORKING, REG_F32_HIGH_FIRST, UNIT_CELSIUS, false);
	add(profile, "ramp_rate", RATE, REG_F32_HIGH_FIRST, UNIT_KELVIN_PER_MIN, true);
	profile->ramp = RAMP_DEVICE;
	profile->ramp_ahead_s = 60;
	memset(bench->driver_state, 0, bench->driver->state_size);
	assert_int_equal(bench->driver->init(bench->driver_state, &setup), 0);
	bench->fake.after_write = after_write;
	bench->fake.words[MODE] = 1;
	put_k(&bench->fake, WORKING, 620);
	put_k(&bench->fake, SP, 620); /* of the night before */
	run(bench, 10);
	bench->demand.furnace = (struct furnace_demand){
		.mode = MODE_CONTROL, .setpoint_k = 300, .ramp_k_per_s = 20.0 / 60, .target_k = 400};
	return bench;
}

/* Setpoint, limit lifted, the effect read; then the rate, the first target, and only then automatic. */
static void a_ramp_of_its_own_begins_where_control_stands(void **state)
{
	static const uint16_t order[] = {SP, RATE, RATE, SP, MODE};
	struct bench *bench = make_ramping_bench(obey_at_once);

	(void)state;
	run(bench, 1);
	assert_int_equal(bench->fake.writes, 2);
	assert_true(fabs(get_k(&bench->fake, WORKING) - 300) < 0.01);
	assert_int_equal(bench->fake.words[MODE], 1);
	run(bench, 1);
	assert_int_equal(bench->fake.writes, 5);
	assert_memory_equal(bench->fake.written, order, sizeof(order));
	assert_true(fabs((double)codec_decode_f32(bench->fake.words + RATE, true) - 20) < 1e-4);
	assert_true(fabs(get_k(&bench->fake, SP) - 303.33) < 0.01);
	assert_int_equal(bench->fake.words[MODE], 0);
	assert_true(fabs(bench->report.furnace.setpoint_k.value - 300) < 0.01); /* what is in force */
	bench->demand.furnace.mode = MODE_OFF;
	run(bench, 3);
	assert_int_equal(bench->fake.words[MODE], 1);
	free_bench(bench);
}

static void a_rate_that_is_not_kept_is_no_ramp(void **state)
{
	struct bench *bench = make_ramping_bench(lose_the_rate);

	(void)state;
	run(bench, 15);
	assert_true(bench->report.furnace.readback_differs);
	assert_true(get_k(&bench->fake, SP) < 300.01); /* no target goes out */
	free_bench(bench);
}

/* Without an effect of the setpoint the controller stays in manual. */
static void an_old_working_setpoint_is_not_let_loose(void **state)
{
	struct bench *bench = make_ramping_bench(NULL);

	(void)state;
	run(bench, 100);
	assert_true(bench->report.furnace.readback_differs);
	assert_int_equal(bench->fake.words[MODE], 1);
	free_bench(bench);
}

/* A tenth of a second of a controller that ramps by itself. */
static void move_device(struct fake_modbus *fake)
{
	double rate_k = (double)codec_decode_f32(fake->words + RATE, true) / 600;
	double away_k = get_k(fake, SP) - get_k(fake, WORKING);

	if (rate_k > 0 && fabs(away_k) > rate_k)
		away_k = copysign(rate_k, away_k);
	put_k(fake, WORKING, get_k(fake, WORKING) + away_k);
}

static void ramp_for(struct bench *bench, int cycles)
{
	struct furnace_demand *demand = &bench->demand.furnace;

	for (int i = 0; i < cycles; i++) {
		demand->setpoint_k += demand->ramp_k_per_s * 0.1;
		run(bench, 1);
		move_device(&bench->fake);
	}
}

static struct bench *make_bench_in_a_ramp(void)
{
	struct bench *bench = make_ramping_bench(obey_at_once);

	bench->config.devices[0].profile.ramp_ahead_s = 600;
	memset(bench->driver_state, 0, bench->driver->state_size);
	assert_int_equal(
		bench->driver->init(bench->driver_state, &(struct driver_setup){.config = &bench->config,
										.modbus = &bench->fake.line}),
		0);
	bench->demand.furnace.target_k = 693;
	ramp_for(bench, 900);
	assert_true(get_k(&bench->fake, SP) > bench->demand.furnace.setpoint_k + 90);
	return bench;
}

/* The most that the working setpoint was above control's, or above where it stood before, in the next 10 s.
 */
static double find_excess_k(struct bench *bench)
{
	double stood_k = get_k(&bench->fake, WORKING), most_k = -INFINITY;

	for (int i = 0; i < 100; i++) {
		ramp_for(bench, 1);
		most_k = fmax(most_k,
			      get_k(&bench->fake, WORKING) - fmax(stood_k, bench->demand.furnace.setpoint_k));
	}
	return most_k;
}

/*
 * With the target 200 K ahead, the line comes back or an abort begins, and one write of the adoption is lost
 * in each way there is. The ramp goes on for as long as it takes to try again: 3 s at 1/3 K/s.
 */
static void no_write_of_an_adoption_lets_the_target_loose(void **state)
{
	(void)state;
	for (uint32_t at = 0; at <= 6; at++)
		for (int how = 0; how < LOSS_MAX; how++)
			for (int abort = 0; abort < 2; abort++) {
				struct bench *bench = make_bench_in_a_ramp();
				struct furnace_demand *demand = &bench->demand.furnace;
				double most_k;

				if (abort) {
					demand->setpoint_k -= 5;
					demand->target_k = 298;
					demand->ramp_k_per_s = -1.0 / 3;
				} else {
					bench->fake.line.connects++;
				}
				bench->fake.lose_in = at;
				bench->fake.loss = (enum fake_loss)how;
				most_k = find_excess_k(bench);
				if (most_k > 1)
					fail_msg("write %u lost in way %d, %s: %.1f K above", at, how,
						 abort ? "abort" : "reconnect", most_k);
				assert_true(fabs(get_k(&bench->fake, WORKING) - demand->setpoint_k) < 2);
				assert_true(how == LOSS_EFFECT || !bench->report.furnace.readback_differs);
				free_bench(bench);
			}
}

static void a_relay_is_manual_and_an_output(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);

	(void)state;
	bench->demand.furnace = (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = 400};
	run(bench, 20);
	assert_int_equal(bench->fake.words[MODE], 0);
	bench->demand.furnace.relay = true;
	bench->demand.furnace.output_pct = 34.5;
	bench->fake.writes = 0;
	run(bench, 20);
	assert_int_equal(bench->fake.writes, 2); /* once, not each cycle */
	assert_int_equal(bench->fake.words[MODE], 1);
	assert_true(fabs((double)codec_decode_f32(bench->fake.words + OUT, true) - 34.5) < 1e-4);
	assert_false(bench->report.furnace.manual || bench->report.furnace.readback_differs);
	bench->demand.furnace.output_pct = 14.5;
	run(bench, 20);
	assert_int_equal(bench->fake.writes, 3);
	codec_encode_f32(60, true, bench->fake.words + OUT); /* a hand at the panel */
	run(bench, 10);
	assert_true(bench->report.furnace.readback_differs);
	/* Back: the setpoint first, then automatic. */
	bench->demand.furnace.relay = false;
	bench->fake.writes = 0;
	run(bench, 5);
	assert_int_equal(bench->fake.written[0], SP);
	assert_int_equal(bench->fake.words[MODE], 0);
	assert_false(bench->report.furnace.manual || bench->report.furnace.readback_differs);
	free_bench(bench);
}

static void an_output_that_cannot_be_written_plays_no_relay(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);

	(void)state;
	bench->config.devices[0].profile.off_count = 1; /* mode alone */
	run(bench, 10);
	bench->demand.furnace = (struct furnace_demand){
		.mode = MODE_CONTROL, .setpoint_k = 400, .relay = true, .output_pct = 30};
	bench->fake.writes = 0;
	run(bench, 5);
	assert_int_equal(bench->fake.writes, 0);
	assert_int_equal(bench->report.fault, CAUSE_RANGE);
	free_bench(bench);
}

static void broken_sensor_is_a_bad_reading(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);

	(void)state;
	bench->fake.words[STATUS] = 0x20;
	run(bench, 30);
	assert_true(bench->report.furnace.sensor_break);
	assert_int_equal(bench->report.furnace.temperature_k.cause, CAUSE_SENSOR_BREAK);
	put_k(&bench->fake, PV, 9000);
	bench->fake.words[STATUS] = 0;
	run(bench, 30);
	assert_int_equal(bench->report.furnace.temperature_k.cause, CAUSE_RANGE);
	free_bench(bench);
}

static void black_listed_registers_are_never_touched(void **state)
{
	struct bench *bench = make_bench(DEVICE_FURNACE);
	struct modbus_port port;
	uint16_t words[4] = {0};

	(void)state;
	modbus_port_init(&port, &bench->fake.line, &bench->config.devices[0], 1);
	assert_int_equal(modbus_port_read(&port, 198, 4, words), CAUSE_RANGE);
	assert_int_equal(modbus_port_write(&port, 199, 1, words), CAUSE_RANGE);
	assert_int_equal(bench->fake.reads + bench->fake.writes, 0);
	free_bench(bench);
}

static void flow_is_polled_at_1_hz_and_backs_off(void **state)
{
	struct bench *bench = make_bench(DEVICE_FLOW);

	(void)state;
	bench->fake.words[FLOW] = 25600;
	run(bench, 50);
	assert_true(fabs(bench->report.flow.flow_ml_per_min.value - 80) < 1e-9);
	bench->demand.flow = (struct flow_demand){.mode = MODE_CONTROL, .setpoint_ml_per_min = 80};
	bench->fake.reads = 0;
	run(bench, 100);
	assert_in_range(bench->fake.reads, 18, 24);
	assert_int_equal(bench->fake.words[FLOW_SP], 25600);
	assert_int_equal(bench->fake.writes, 1);
	bench->fake.fail = CAUSE_TIMEOUT;
	bench->fake.reads = 0;
	run(bench, 600); /* a minute of silence: at 0, 1, 3, 7, 15, 31 s */
	assert_in_range(bench->fake.reads, 5, 7);
	free_bench(bench);
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
		cmocka_unit_test(observe_reads_and_writes_nothing),
		cmocka_unit_test(nothing_is_written_to_another_device),
		cmocka_unit_test(writes_wait_for_three_good_cycles),
		cmocka_unit_test(desync_reads_identity_before_anything_else),
		cmocka_unit_test(a_ramp_is_streamed_within_its_budget),
		cmocka_unit_test(what_wears_ends_with_its_allowance),
		cmocka_unit_test(a_lower_setpoint_needs_no_allowance),
		cmocka_unit_test(a_lower_output_needs_no_allowance),
		cmocka_unit_test(a_setpoint_that_stays_refused_differs),
		cmocka_unit_test(a_thermocouple_is_corrected_both_ways),
		cmocka_unit_test(a_second_thermocouple_has_its_own_margin),
		cmocka_unit_test(a_flow_is_corrected_both_ways),
		cmocka_unit_test(off_is_a_sequence_verified_by_reading),
		cmocka_unit_test(off_that_is_not_done_is_not_verified_and_repeated),
		cmocka_unit_test(acknowledged_and_not_done_differs_twice),
		cmocka_unit_test(a_lost_write_is_written_again),
		cmocka_unit_test(a_jump_is_explained_before_it_goes_out),
		cmocka_unit_test(a_line_one_answer_behind_changes_no_units),
		cmocka_unit_test(off_waits_for_no_good_cycles_after_a_doubt),
		cmocka_unit_test(second_master_and_panel_are_seen),
		cmocka_unit_test(changed_units_stop_setpoints),
		cmocka_unit_test(the_word_order_must_be_proven),
		cmocka_unit_test(a_ramp_of_its_own_begins_where_control_stands),
		cmocka_unit_test(a_rate_that_is_not_kept_is_no_ramp),
		cmocka_unit_test(an_old_working_setpoint_is_not_let_loose),
		cmocka_unit_test(no_write_of_an_adoption_lets_the_target_loose),
		cmocka_unit_test(a_relay_is_manual_and_an_output),
		cmocka_unit_test(an_output_that_cannot_be_written_plays_no_relay),
		cmocka_unit_test(broken_sensor_is_a_bad_reading),
		cmocka_unit_test(black_listed_registers_are_never_touched),
		cmocka_unit_test(flow_is_polled_at_1_hz_and_backs_off),
		cmocka_unit_test(a_quarantine_does_not_forget_the_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
