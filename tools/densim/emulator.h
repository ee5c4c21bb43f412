/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An instrument on the wire, made of its profile: the registers the profile declares, in its types, scales,
 * word order and unit, and nothing else (exception 2). Behind them stand the laboratory's furnace, press or
 * flow; what a manual says besides a register map (manual before output, RAM write mode, remote setpoint,
 * scaled integers beside the IEEE region, wear) is in emulator_roles.c. Pure.
 *
 * The numbers on the wire are made here and not with drivers/codec.c, so that a fault there is not on both
 * ends.
 */
#ifndef DENSD_DENSIM_EMULATOR_H
#define DENSD_DENSIM_EMULATOR_H

#include "drivers/profile.h"
#include "tools/densim/laboratory.h"
#include "tools/densim/modbus_server.h"

#define EMULATOR_CONTACTOR_COIL 0 /* of an emulated coupler: its one output terminal */

struct emulator {
	const struct profile *profile;
	struct laboratory *lab;
	struct modbus_device device;
	double memory[PROFILE_REGISTERS_MAX]; /* what stands in registers without a role; base units */
	bool ram_mode;                        /* setpoints are written to RAM: no wear */
	uint32_t telegrams;
	/* answers where the profile declares nothing: densim's identification block */
	int (*elsewhere)(const void *context, uint16_t address, uint16_t count, uint16_t *ret_values);
	const void *elsewhere_context;
};
/* @profile and @lab are borrowed; @ret_emulator must not move. 0, or -EINVAL for a kind without a model. */
int emulator_init(struct emulator *ret_emulator, const struct profile *profile, struct laboratory *lab);

#endif
