/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A furnace or a flow controller in memory, and the driver that plays it, a cycle at a time. */
#pragma once

#include "tests/unit/drivers/cmocka_all.h"

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
	STATUS2 = 76,
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

/* In observe, with the furnace at 300 K, its setpoint at 293.15 K. Fails the test where there is no memory.
 */
struct bench *furnace_bench_make(enum device_kind kind);
/* A furnace whose setpoint and output wear its memory, with so many writes left. */
struct bench *furnace_bench_make_wearing(uint32_t allowance);
void furnace_bench_free(struct bench *bench);
/* Cycles of a tenth of a lab second; the report is that of the last. */
void furnace_bench_run(struct bench *bench, int cycles);

/* As the controller has it: degC, high word first. */
void furnace_bench_put_k(struct fake_modbus *fake, uint16_t address, double kelvin);
double furnace_bench_get_k(const struct fake_modbus *fake, uint16_t address);
void furnace_bench_add_register(struct profile *profile, const char *name, uint16_t address, uint8_t type,
				uint8_t unit, bool writable);
