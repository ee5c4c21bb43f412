/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A furnace's contactor on a coupler with the shipped profile, over an in-memory line. */
#ifndef DENSD_TESTS_CONTACTOR_FIXTURE_H
#define DENSD_TESTS_CONTACTOR_FIXTURE_H

#include "tests/unit/drivers/cmocka_all.h"

#include <stdlib.h>

#include "config/profile_reader.h"
#include "daemon/base/clock.h"
#include "drivers/furnace_contactor.h"
#include "tests/unit/drivers/fake_modbus.h"

enum {
	COUNT_AT = 0x1021,
	WATCHDOG = 0x1120,
	RESET = 0x1121,
	TYPE = 0x1122,
	FALLBACK = 0x1123,
	LOCK = 0x1124,
	COIL = 7,
	WATCHDOG_MS = 5000
};

struct bench {
	struct fake_modbus fake;
	struct bus_config config;
	struct furnace_contactor contactor;
	struct furnace_report report;
	double t_lab_s;
	uint32_t seq;
	int64_t tick_age_ns;
	bool may_close;
};

/* As the coupler does it: an output that fell back comes back with both words alone. */
static inline void obey_reset(struct fake_modbus *fake)
{
	static bool begun;

	if (fake->written[(fake->writes - 1) % 64] != RESET)
		return;
	if (fake->words[RESET] == 0xAFFE && begun)
		fake->deaf_coils = false;
	begun = fake->words[RESET] == 0xBECF;
}

static inline void read_profile(struct profile *ret_profile)
{
	struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));

	assert_non_null(diagnostics);
	assert_int_equal(
		profile_read(CONFIG_SOURCE "/devices/beckhoff-ek9000.yaml", diagnostics, ret_profile), 0);
	free(diagnostics);
}

static inline struct bench *make_bench(void)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct profile *profile = calloc(1, sizeof(*profile));
	struct driver_setup setup = {.contactor = &bench->fake.line};
	const char *lacks;

	assert_non_null(bench);
	assert_non_null(profile);
	read_profile(profile);
	setup.config = &bench->config;
	bench->config.scale = 1;
	assert_int_equal(contactor_rules_pack(profile, &bench->config.contactor, &lacks), 0);
	bench->config.contactor.unit = 1;
	bench->config.contactor.coil = COIL;
	bench->config.contactor.watchdog_s = WATCHDOG_MS / 1000.0;
	bench->fake.line.ops = &fake_ops;
	bench->fake.words[WATCHDOG] = 1000;
	bench->fake.after_write = obey_reset;
	bench->t_lab_s = 1000;
	bench->may_close = true;
	furnace_contactor_init(&bench->contactor, &setup);
	free(profile);
	return bench;
}

static inline void run(struct bench *bench, uint8_t mode, int cycles)
{
	for (int i = 0; i < cycles; i++) {
		int64_t now_ns = clock_mono_ns();
		struct driver_cycle cycle = {.seq = ++bench->seq,
					     .now_ns = now_ns,
					     .t_lab_s = bench->t_lab_s,
					     .tick_mono_ns = now_ns - bench->tick_age_ns,
					     .wear_allowance = 100};

		bench->t_lab_s += 0.1;
		furnace_contactor_cycle(&bench->contactor, &cycle, mode, bench->may_close, &bench->report);
	}
}

static inline uint32_t questions(const struct bench *bench)
{
	return bench->fake.reads + bench->fake.writes + bench->fake.coil_writes;
}

#endif
