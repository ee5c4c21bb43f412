/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/drivers/furnace_bench.h"

#include <stdlib.h>

#include "daemon/base/clock.h"
#include "drivers/codec.h"

void furnace_bench_put_k(struct fake_modbus *fake, uint16_t address, double kelvin)
{
	codec_encode_f32((float)(kelvin - 273.15), true, fake->words + address);
}

double furnace_bench_get_k(const struct fake_modbus *fake, uint16_t address)
{
	return (double)codec_decode_f32(fake->words + address, true) + 273.15;
}

void furnace_bench_add_register(struct profile *profile, const char *name, uint16_t address, uint8_t type,
				uint8_t unit, bool writable)
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
	furnace_bench_add_register(profile, "process_value", PV, REG_F32_HIGH_FIRST, UNIT_CELSIUS, false);
	furnace_bench_add_register(profile, "setpoint", SP, REG_F32_HIGH_FIRST, UNIT_CELSIUS, true);
	furnace_bench_add_register(profile, "output", OUT, REG_F32_HIGH_FIRST, UNIT_PERCENT, true);
	furnace_bench_add_register(profile, "mode", MODE, REG_U16, UNIT_NONE, true);
	furnace_bench_add_register(profile, "identity", IDENTITY, REG_U16, UNIT_NONE, false);
	furnace_bench_add_register(profile, "status", STATUS, REG_U16, UNIT_NONE, false);
	profile->registers[profile->register_count - 1].bit = 5;
	furnace_bench_add_register(profile, "units", UNITS, REG_U16, UNIT_NONE, false);
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
	furnace_bench_add_register(profile, "flow", FLOW, REG_U16, UNIT_ML_PER_MIN, false);
	furnace_bench_add_register(profile, "setpoint", FLOW_SP, REG_U16, UNIT_ML_PER_MIN, true);
	profile->registers[0].scale = profile->registers[1].scale = 0.003125;
}

struct bench *furnace_bench_make(enum device_kind kind)
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
	furnace_bench_put_k(&bench->fake, PV, 300);
	furnace_bench_put_k(&bench->fake, SP, 293.15);
	bench->fake.words[IDENTITY] = 0x2461;
	bench->driver = registry_find(kind, "modbus", "");
	bench->driver_state = calloc(1, bench->driver->state_size);
	assert_int_equal(bench->driver->init(bench->driver_state, &setup), 0);
	bench->demand.kind = (uint8_t)kind;
	bench->t_lab_s = 1000;
	return bench;
}

struct bench *furnace_bench_make_wearing(uint32_t allowance)
{
	struct bench *bench = furnace_bench_make(DEVICE_FURNACE);
	struct profile *profile = &bench->config.devices[0].profile;

	for (uint32_t i = 0; i < profile->register_count; i++)
		profile->registers[i].retained = strcmp(profile->registers[i].name, "setpoint") == 0 ||
						 strcmp(profile->registers[i].name, "output") == 0;
	profile->write_budget = 1000;
	bench->demand.wear_allowance = allowance;
	return bench;
}

void furnace_bench_free(struct bench *bench)
{
	free(bench->driver_state);
	free(bench);
}

void furnace_bench_run(struct bench *bench, int cycles)
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
