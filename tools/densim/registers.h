/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The register maps of the three Modbus instruments: press PLC (drivers/press-map.md), furnace controller
 * (Eurotherm 2400 map, HA026230), nitrogen flow controller (Bronkhorst map), each with the identification
 * block 0x7FF0. They read and write the laboratory; nothing else does.
 */
#ifndef DENSD_DENSIM_REGISTERS_H
#define DENSD_DENSIM_REGISTERS_H

#include <stdint.h>

#include "tools/densim/emulator.h"
#include "tools/densim/laboratory.h"
#include "tools/densim/modbus_server.h"

enum { REGISTERS_FURNACE_UNIT = 1, REGISTERS_FLOW_UNIT = 2, REGISTERS_PRESS_UNIT = 1 };
/* Where an emulated furnace, flow controller or coupler answers on TCP as well. */
enum { REGISTERS_TCP_FURNACE_UNIT = 2, REGISTERS_TCP_FLOW_UNIT = 3, REGISTERS_TCP_COUPLER_UNIT = 4 };
enum { REGISTERS_EMULATORS_MAX = 4 };
struct registers {
	struct laboratory *lab;
	int64_t start_mono_ns;
	struct modbus_device press, furnace, flow;
	struct emulator emulators[REGISTERS_EMULATORS_MAX]; /* each in place of densim's own of its kind */
	unsigned emulator_count;
};
/* @lab is borrowed; @ret_registers must not move afterwards. */
void registers_init(struct registers *ret_registers, struct laboratory *lab, int64_t start_mono_ns);
/* Puts an emulated instrument in the place of densim's own. @profile is borrowed. 0, -EINVAL, -ENOSPC. */
int registers_emulate(struct registers *registers, const struct profile *profile);
/* modbus_find functions; the context is struct registers. */
const struct modbus_device *registers_on_press(void *context, uint8_t unit);
const struct modbus_device *registers_on_rtu(void *context, uint8_t unit);

#endif
