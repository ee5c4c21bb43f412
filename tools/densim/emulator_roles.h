/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the registers of an emulated instrument mean: roles by name, on the laboratory. Base units: K, %, bar,
 * ml/min. */
#ifndef DENSD_DENSIM_EMULATOR_ROLES_H
#define DENSD_DENSIM_EMULATOR_ROLES_H

#include "tools/densim/emulator.h"

/* What each register holds when the instrument is switched on. */
void emulator_roles_init(struct emulator *emulator);
/* The value of register number @index. */
double emulator_roles_get(const struct emulator *emulator, unsigned index);
/* True when the instrument takes a write there: enum modbus_exception. */
int emulator_roles_check(const struct emulator *emulator, unsigned index, double value);
/* Takes the value; never refuses what emulator_roles_check has passed. */
void emulator_roles_set(struct emulator *emulator, unsigned index, double value);
/* All registers of one request have been set. */
void emulator_roles_settle(struct emulator *emulator);

#endif
