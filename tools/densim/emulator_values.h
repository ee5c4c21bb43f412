/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Registers that are one value of the laboratory each: kind of device, name, how it is read and written. Base
 * units as in emulator_roles.h. */
#ifndef DENSD_DENSIM_EMULATOR_VALUES_H
#define DENSD_DENSIM_EMULATOR_VALUES_H

#include "tools/densim/laboratory.h"

#define ZERO_CELSIUS_K 273.15
#define LOWEST_K ZERO_CELSIUS_K /* densim's furnace takes 0 to 450 degC */
#define HIGHEST_K (450 + ZERO_CELSIUS_K)
#define PUMP_FULL_BAR 517.0 /* an ISCO 260D */

struct emulator_value {
	uint8_t kind; /* enum device_kind; DEVICE_KIND_MAX: the coupler */
	const char *name;
	double (*get)(const struct laboratory *lab);       /* NULL: memory */
	void (*set)(struct laboratory *lab, double value); /* NULL: memory alone */
};
/* NULL when @name is none of them. */
const struct emulator_value *emulator_values_find(uint8_t kind, const char *name);

#endif
