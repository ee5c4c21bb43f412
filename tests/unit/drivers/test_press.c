/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The press driver over an in-memory PLC: watchdog first, permits, LOCK, contactor, second master. */
#include "tests/unit/drivers/cmocka_all.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "drivers/calibration.h"
#include "drivers/codec.h"
#include "drivers/press_map.h"
#include "tests/unit/drivers/fake_modbus.h"

/* Where press-map.md puts them. */
#define PRESS_READ_ADDRESS 0x0100
#define PRESS_RESET_ADDRESS 0x0008
#define PRESS_IDENTITY 0xBE17
#define PRESS_MAP_VERSION 1

struct place {
	const char *name;
	uint16_t address;
	uint8_t type;
	int bit;
};
#define F32 REG_F32_HIGH_FIRST
static const struct place shipped[] = {
	{"heartbeat", 0, REG_U16, -1},
	{"mode", 1, REG_U16, -1},
	{"oil_setpoint", 2, F32, -1},
	{"oil_ramp_limit", 4, F32, -1},
	{"watchdog", 6, REG_U16, -1},
	{"reset", 8, REG_U16, -1},
	{"oil_pressure", 0x100, F32, -1},
	{"oil_setpoint_active", 0x102, F32, -1},
	{"stroke", 0x104, F32, -1},
	{"locked", 0x106, REG_U16, 0},
	{"regulating", 0x106, REG_U16, 1},
	{"local", 0x106, REG_U16, 2},
	{"depressurised", 0x106, REG_U16, 3},
	{"contactor_closed", 0x106, REG_U16, 4},
	{"watchdog_armed", 0x106, REG_U16, 5},
	{"watchdog_tripped", 0x106, REG_U16, 6},
	{"power_failed", 0x106, REG_U16, 7},
	{"heartbeat_echo", 0x107, REG_U16, -1},
	{"mode_active", 0x108, REG_U16, -1},
	{"watchdog_active", 0x109, REG_U16, -1},
	{"identity", 0x10A, REG_U16, -1},
	{"map_version", 0x10B, REG_U16, -1},
};
/* Another PLC: 16-bit tenths of a bar, the low word first where it is wide, other flags, other modes. */
static const struct place moved[] = {
	{"oil_setpoint", 400, REG_U16, -1},
	{"oil_ramp_limit", 401, REG_F32_LOW_FIRST, -1},
	{"mode", 403, REG_U16, -1},
	{"watchdog", 404, REG_U16, -1},
	{"heartbeat", 405, REG_U16, -1},
	{"reset", 410, REG_U16, -1},
	{"map_version", 500, REG_U16, -1},
	{"identity", 501, REG_U16, -1},
	{"locked", 502, REG_U16, 15},
	{"local", 502, REG_U16, 14},
	{"depressurised", 502, REG_U16, 13},
	{"contactor_closed", 503, REG_U16, 0},
	{"watchdog_armed", 503, REG_U16, 1},
	{"watchdog_tripped", 503, REG_U16, 2},
	{"power_failed", 503, REG_U16, 3},
	{"oil_pressure", 504, REG_F32_LOW_FIRST, -1},
	{"oil_setpoint_active", 506, REG_U16, -1},
	{"mode_active", 507, REG_U16, -1},
	{"watchdog_active", 508, REG_U16, -1},
};

static void add_value(struct profile_value *values, uint32_t *count, const char *name, double value)
{
	struct profile_value *entry = &values[(*count)++];

	snprintf(entry->reg, sizeof(entry->reg), "%s", name);
	entry->value = value;
}

static struct profile make_profile(const struct place *places, size_t count, double lock, double regulate)
{
	struct profile profile = {.kind = DEVICE_PRESS, .watchdog = true, .protocol = "modbus"};

	for (size_t i = 0; i <= count; i++) {
		struct profile_register *reg = &profile.registers[profile.register_count++];

		if (i == count) {
			*reg = (struct profile_register){
				.name = "heater_enable", .space = SPACE_COIL, .writable = true, .bit = -1};
			break;
		}
		*reg = (struct profile_register){
			.address = places[i].address, .type = places[i].type, .bit = places[i].bit};
		snprintf(reg->name, sizeof(reg->name), "%s", places[i].name);
		if (places[i].type == REG_U16 && strstr(places[i].name, "oil_setpoint"))
			reg->scale = 0.1;
	}
	add_value(profile.identity, &profile.identity_count, "identity", PRESS_IDENTITY);
	add_value(profile.identity, &profile.identity_count, "map_version", PRESS_MAP_VERSION);
	add_value(profile.off_steps, &profile.off_count, "mode", lock);
	add_value(profile.auto_steps, &profile.auto_count, "mode", regulate);
	return profile;
}
#define MAKE_PROFILE(places, lock, regulate) \
	make_profile(places, sizeof(places) / sizeof((places)[0]), lock, regulate)

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
	bench->config.devices[0].profile = MAKE_PROFILE(shipped, PRESS_MODE_LOCK, PRESS_MODE_REGULATE);
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
	assert_true(bench->report.press.switches_ns > 0 &&
		    bench->report.press.switches_ns == bench->report.press.oil_bar.t_reply_ns);
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
	assert_in_range(bench->fake.reads, 13, 16); /* looks, each 0.7 s */
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

/* A 1 atm run: LOCK with the heater on. After an answer to another question the coil waits for a line that is
 * good again, LOCK does not. */
static void a_doubtful_answer_closes_no_contactor(void **state)
{
	struct bench *bench = make_bench(0);

	(void)state;
	bench->demand.press = (struct press_demand){
		.mode = MODE_OFF, .heartbeat = true, .watchdog_s = 10, .setpoint_gpa = 0};
	run(bench, 10);
	assert_true(bench->report.press.watchdog_armed);
	bench->fake.coil_writes = bench->fake.write_reads = 0;
	bench->fake.line.desyncs++;
	bench->demand.press.heater_enable = true;
	run(bench, 2);
	assert_true(bench->fake.write_reads > 0); /* LOCK and heartbeat go on */
	assert_int_equal(bench->fake.coil_writes, 0);
	run(bench, 4);
	assert_int_equal(bench->fake.coil_writes, 1);
	assert_true(bench->report.press.contactor_closed);
	/* Opening waits for nothing. */
	bench->fake.line.desyncs++;
	bench->demand.press.heater_enable = false;
	run(bench, 2);
	assert_int_equal(bench->fake.coil_writes, 2);
	free_bench(bench);
}

/* Nor does it take a latched trip away. */
static void a_doubtful_answer_resets_no_latch(void **state)
{
	struct bench *bench = make_bench(1000);

	(void)state;
	bench->demand.press.mode = MODE_OFF;
	bench->demand.press.heartbeat = true;
	run(bench, 8);
	bench->fake.words[0x700] = 1;
	plc(&bench->fake);
	for (int i = 0; i < 20; i++) {
		bench->fake.line.desyncs += i % 2;
		run(bench, 1);
	}
	assert_int_equal(bench->fake.words[PRESS_RESET_ADDRESS], 0);
	run(bench, 4);
	assert_int_equal(bench->fake.words[PRESS_RESET_ADDRESS], 1);
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

static void the_blocks_stand_where_the_profile_says(void **state)
{
	struct profile profile = MAKE_PROFILE(moved, 7, 9);
	const struct press_order order = {.heartbeat = 0x1234,
					  .mode = PRESS_MODE_REGULATE,
					  .watchdog_s = 10,
					  .setpoint_bar = 285.7,
					  .ramp_bar_per_s = 1.001};
	/* tenths of a bar; 1.001 low word first; mode 9; 10 s; heartbeat */
	const uint16_t golden[] = {2857, 0x20C5, 0x3F80, 9, 10, 0x1234};
	const uint16_t read[PRESS_WORDS_MAX] = {1,      PRESS_IDENTITY, 0x8000, 0x0003, 0x20C5,
						0x3F80, 2857,           7,      10};
	struct press_layout layout;
	struct press_block block;
	uint16_t words[PRESS_WORDS_MAX];
	char why[PRESS_WHY];

	(void)state;
	assert_int_equal(press_map_plan(&profile, &layout, why), 0);
	assert_int_equal(layout.write_address, 400);
	assert_int_equal(layout.write_words, 6);
	assert_int_equal(press_map_encode(&layout, &order, words), 0);
	assert_memory_equal(words, golden, sizeof(golden));
	assert_int_equal(layout.read_address, 500);
	assert_int_equal(layout.read_words, 9);
	press_map_decode(&layout, read, &block);
	assert_true(block.identity_ok && fabs(block.oil_bar - 1.001) < 1e-6 &&
		    fabs(block.setpoint_bar - 285.7) < 1e-9);
	assert_true(isnan(block.stroke_pct));
	assert_int_equal(block.mode, PRESS_MODE_LOCK);
	assert_int_equal(block.watchdog_s, 10);
	assert_int_equal(block.status, PRESS_LOCKED | PRESS_CONTACTOR_CLOSED | PRESS_WATCHDOG_ARMED);
}

static void a_value_that_does_not_fit_is_not_sent(void **state)
{
	struct profile profile = MAKE_PROFILE(moved, 7, 9);
	const struct press_order order = {.mode = PRESS_MODE_REGULATE, .setpoint_bar = 7000};
	struct press_layout layout;
	uint16_t words[PRESS_WORDS_MAX];
	char why[PRESS_WHY];

	(void)state;
	assert_int_equal(press_map_plan(&profile, &layout, why), 0);
	assert_int_equal(press_map_encode(&layout, &order, words), -ERANGE);
}

static void a_map_with_holes_is_refused(void **state)
{
	static const struct {
		const char *name, *why;
		uint16_t address;
	} cases[] = {{"watchdog", "side by side", 414},
		     {"heartbeat", "side by side", 404},
		     {"mode_active", "one block", 517},
		     {"oil_pressure", "one block", 800}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct profile profile = MAKE_PROFILE(moved, 7, 9);
		struct press_layout layout;
		char why[PRESS_WHY] = "";

		for (uint32_t j = 0; j < profile.register_count; j++)
			if (strcmp(profile.registers[j].name, cases[i].name) == 0)
				profile.registers[j].address = cases[i].address;
		assert_int_equal(press_map_plan(&profile, &layout, why), -EINVAL);
		assert_non_null(strstr(why, cases[i].why));
	}
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
		cmocka_unit_test(the_blocks_stand_where_the_profile_says),
		cmocka_unit_test(a_value_that_does_not_fit_is_not_sent),
		cmocka_unit_test(a_map_with_holes_is_refused),
		cmocka_unit_test(two_transfers_do_the_same),
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
		cmocka_unit_test(a_rare_second_master_is_seen),
		cmocka_unit_test(a_latched_trip_is_reset_only_after_it_was_told),
		cmocka_unit_test(a_doubtful_answer_closes_no_contactor),
		cmocka_unit_test(a_doubtful_answer_resets_no_latch),
		cmocka_unit_test(the_prior_chooses_the_branch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
