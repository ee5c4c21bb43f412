/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A setpoint without a unit would be written in kelvin, whatever the device counts in: 643 to a controller
 * that takes it for degC, and its read-back would agree.
 */
#include "config/profile_roles.h"

#include <stddef.h>
#include <string.h>

#include "config/schema.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define IN(unit) (1u << (unit))
#define TEMPERATURE (IN(UNIT_KELVIN) | IN(UNIT_CELSIUS))

struct role {
	uint8_t kind; /* enum device_kind */
	const char *driver, *name;
	bool needed, write;
	uint32_t units; /* bits of enum register_unit; 0: any */
	const char *unit_text, *why;
};
#define K_OR_C "K or degC, as the device counts"
static const struct role roles[] = {
	{DEVICE_FURNACE, "", "process_value", true, false, TEMPERATURE, K_OR_C, "the temperature"},
	{DEVICE_FURNACE, "", "setpoint", true, true, TEMPERATURE, K_OR_C, "what densd steers by"},
	{DEVICE_FURNACE, "", "output", true, false, IN(UNIT_PERCENT), "\"%\"",
	 "the proof that the heater is off"},
	{DEVICE_FURNACE, "", "process_value2", false, false, TEMPERATURE, K_OR_C, ""},
	{DEVICE_FURNACE, "", "working_setpoint", false, false, TEMPERATURE, K_OR_C, ""},
	{DEVICE_FLOW, "", "process_value", true, false, IN(UNIT_ML_PER_MIN), "ml/min", "the flow"},
	{DEVICE_FLOW, "", "setpoint", true, true, IN(UNIT_ML_PER_MIN), "ml/min",
	 "the flow that is asked for"},
	{DEVICE_PRESS, "pump", "pressure", true, false, IN(UNIT_BAR), "bar", "what the instrument measures"},
	{DEVICE_PRESS, "pump", "setpoint", true, true, IN(UNIT_BAR), "bar", "the pressure that is asked for"},
	{DEVICE_PRESS, "pump", "run", true, true, 0, "", "running or stopped"},
};

static void check_role(const struct yaml_node *registers, struct diagnostics *diagnostics,
		       const struct profile *profile, const struct role *role)
{
	const struct profile_register *reg = profile_find(profile, role->name);
	const struct yaml_node *node = reg ? yaml_get(registers, reg->name) : registers;

	if (!reg && role->needed)
		schema_error(diagnostics, registers,
			     "'registers' lacks '%s', %s, which is required for this kind", role->name,
			     role->why);
	if (reg && role->write && !reg->writable)
		schema_error(diagnostics, node, "'%s' is not declared 'writable: true'", reg->name);
	if (reg && role->units && !(role->units & IN(reg->unit)))
		schema_error(diagnostics, node, "'%s' needs 'unit: ...': allowed is %s", reg->name,
			     role->unit_text);
}

/* One instrument has one unit: another at one of its temperatures is a slip of 273 K. */
static void check_same_unit(const struct yaml_node *registers, struct diagnostics *diagnostics,
			    const struct profile *profile)
{
	static const char *const others[] = {"setpoint", "working_setpoint", "process_value2"};
	const struct profile_register *value = profile_find(profile, "process_value");

	for (size_t i = 0; value && (TEMPERATURE & IN(value->unit)) && i < COUNT(others); i++) {
		const struct profile_register *other = profile_find(profile, others[i]);

		if (other && (TEMPERATURE & IN(other->unit)) && other->unit != value->unit)
			schema_error(diagnostics, yaml_get(registers, other->name),
				     "'%s' counts in %s and 'process_value' in %s: allowed is one unit for "
				     "all temperatures of a device",
				     other->name, other->unit == UNIT_KELVIN ? "K" : "degC",
				     value->unit == UNIT_KELVIN ? "K" : "degC");
	}
}

void profile_roles_check(const struct yaml_node *root, struct diagnostics *diagnostics,
			 const struct profile *profile)
{
	const struct yaml_node *registers = yaml_get(root, "registers");

	if (!registers || strcmp(profile->protocol, "modbus") != 0)
		return;
	for (size_t i = 0; i < COUNT(roles); i++)
		if (profile->kind == roles[i].kind && strcmp(profile->driver, roles[i].driver) == 0)
			check_role(registers, diagnostics, profile, &roles[i]);
	if (profile->kind == DEVICE_FURNACE)
		check_same_unit(registers, diagnostics, profile);
}
