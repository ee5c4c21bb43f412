/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The press driver over an in-memory PLC. */
#ifndef DENSD_TESTS_PRESS_FIXTURE_H
#define DENSD_TESTS_PRESS_FIXTURE_H

#include "tests/unit/drivers/cmocka_all.h"

#include <math.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "drivers/calibration.h"
#include "drivers/codec.h"
#include "drivers/press_map.h"
#include "tests/unit/drivers/fake_modbus.h"
#include "tests/unit/drivers/press_profile.h"

#define PRESS_RESET_ADDRESS 0x0008

struct bench {
	struct fake_modbus fake;
	struct bus_config config;
	void *driver_state;
	struct demand demand;
	struct report report;
	double t_lab_s;
};

/* The PLC: setpoint in force, mode, watchdog, contactor; oil follows the setpoint at once in REGULATE. */
static inline void plc(struct fake_modbus *fake)
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

static inline double oil_bar(const struct fake_modbus *fake)
{
	return (double)codec_decode_f32(fake->words + PRESS_READ_ADDRESS, true);
}

static inline struct bench *make_bench(double bar)
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
	bench->config.devices[0].profile = PRESS_PROFILE(press_shipped, PRESS_MODE_LOCK, PRESS_MODE_REGULATE);
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

static inline void free_bench(struct bench *bench)
{
	free(bench->driver_state);
	free(bench);
}

static inline void run(struct bench *bench, int cycles)
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

static inline void control_at(struct bench *bench, double gpa)
{
	bench->demand.press.mode = MODE_CONTROL;
	bench->demand.press.setpoint_gpa = gpa;
	bench->demand.press.heartbeat = true;
	bench->demand.press.watchdog_s = 10;
}

#endif
