/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/profile_check.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config/profile_roles.h"
#include "config/schema.h"
#include "drivers/codec.h"
#include "drivers/press_map.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ZERO_CELSIUS_K 273.15
#define HOTTEST_K 723.15 /* what every furnace profile must be able to count: 450 degC */

/* What a profile may say, and which driver then serves it (drivers/registry.c). The first of a kind and
 * protocol is meant when it names none. */
static const struct {
	uint8_t kind;
	const char *protocol, *driver;
} served[] = {
	{DEVICE_FURNACE, "modbus", "furnace"}, {DEVICE_PRESS, "modbus", "press"},
	{DEVICE_PRESS, "modbus", "pump"},      {DEVICE_PRESS, "pace", "pace"},
	{DEVICE_PRESS, "dasnet", "dasnet"},    {DEVICE_FLOW, "modbus", "flow"},
	{DEVICE_FLOW, "alicat", "alicat"},     {DEVICE_CHIP, "scpi", "chip"},
	{DEVICE_KIND_MAX, "modbus", ""},
};

static const struct yaml_node *node_of(const struct yaml_node *root, const char *name)
{
	const struct yaml_node *map = yaml_get(root, "registers");
	const struct yaml_node *node = map ? yaml_get(map, name) : NULL;

	return node ? node : map;
}

/* The largest number the register holds, in its own unit; infinite for wider types. */
static double largest(const struct profile_register *reg)
{
	if (reg->type == REG_U16)
		return 65535 * reg->scale;
	return reg->type == REG_S16 ? 32767 * reg->scale : 1e30;
}

static bool is_temperature(const struct profile_register *reg)
{
	return reg->unit == UNIT_CELSIUS || reg->unit == UNIT_KELVIN;
}

/* Two decimals in 16 bits end at 327.67 degC, in the middle of a night. */
static void check_register(const struct yaml_node *root, struct diagnostics *diagnostics,
			   const struct profile *profile, const struct profile_register *reg)
{
	double hottest = reg->unit == UNIT_CELSIUS ? HOTTEST_K - ZERO_CELSIUS_K : HOTTEST_K;
	const struct yaml_node *node = node_of(root, reg->name);

	if (reg->scale == 0)
		schema_error(diagnostics, node, "'scale: 0' makes every value 0: leave it out for 1");
	else if (profile->kind == DEVICE_FURNACE && is_temperature(reg) && largest(reg) < hottest)
		schema_error(
			diagnostics, node,
			"'%s' ends at %g: a furnace must be able to count up to %g; allowed are a 32-bit "
			"type, the IEEE region or one decimal",
			reg->name, largest(reg), hottest);
	if (reg->bit >= 0 && reg->type != REG_U16)
		schema_error(diagnostics, node, "'bit' is allowed in a u16 register only");
	if (reg->bit >= 0 && reg->writable)
		schema_error(
			diagnostics, node,
			"'%s' is one bit and writable: densd would have to read and write back the others "
			"of the register; allowed is the whole register (without 'bit') or a coil",
			reg->name);
	if (reg->writable && (reg->space == SPACE_INPUT || reg->space == SPACE_DISCRETE))
		schema_error(diagnostics, node, "'%s' is writable in a space that is read only", reg->name);
	if (reg->address == 65535 && reg->type >= REG_F32_HIGH_FIRST)
		schema_error(diagnostics, node, "'%s' has two registers and ends behind address 65535",
			     reg->name);
}

/* Half a float is never a number of its own: one of the two addresses is wrong. */
static void check_overlap(const struct yaml_node *root, struct diagnostics *diagnostics,
			  const struct profile *profile, const struct profile_register *wide)
{
	for (uint32_t i = 0; i < profile->register_count; i++) {
		const struct profile_register *other = &profile->registers[i];

		if (codec_is_float((enum register_type)wide->type) && other->space == wide->space &&
		    other->address == wide->address + 1)
			schema_error(diagnostics, node_of(root, other->name),
				     "'%s' is at address %u, which is the second half of '%s'", other->name,
				     other->address, wide->name);
	}
}

static void check_setpoint(const struct yaml_node *root, struct diagnostics *diagnostics,
			   const struct profile *profile)
{
	const struct profile_register *setpoint = profile_find(profile, "setpoint");
	const struct yaml_node *low = yaml_get(root, "setpoint_low"), *high = yaml_get(root, "setpoint_high");

	if (!low != !high)
		schema_error(diagnostics, low ? low : high,
			     "'setpoint_low' and 'setpoint_high' go together: one of them is missing");
	else if (low && profile->setpoint_low >= profile->setpoint_high)
		schema_error(diagnostics, high, "'setpoint_high' must be above 'setpoint_low' (%g)",
			     profile->setpoint_low);
	if (setpoint && setpoint->retained && profile->ramp == RAMP_REMOTE)
		schema_error(diagnostics, yaml_get(root, "ramp"),
			     "'ramp: remote' is for a setpoint in RAM, but 'setpoint' is retained");
}

#define AHEAD_MOST_S 120.0 /* of a device that nothing stops when densd is dead */

static void check_ramp_register(const struct yaml_node *root, struct diagnostics *diagnostics,
				const struct profile *profile, const char *name, bool write)
{
	const struct profile_register *reg = profile_find(profile, name);

	if (!reg)
		schema_error(diagnostics, yaml_get(root, "ramp"),
			     "'ramp: device' needs '%s' among the registers: %s", name,
			     write ? "how fast the device ramps" : "the setpoint that is in force");
	else if (write && !reg->writable)
		schema_error(diagnostics, node_of(root, name), "'%s' is not declared 'writable: true'", name);
}

/* What a device that ramps by itself must have, and how far it may be left alone. */
static void check_ramp(const struct yaml_node *root, struct diagnostics *diagnostics,
		       const struct profile *profile)
{
	const struct profile_register *rate = profile_find(profile, "ramp_rate"),
				      *disable = profile_find(profile, "ramp_disable");
	const struct yaml_node *ramp = yaml_get(root, "ramp"), *ahead = yaml_get(root, "ramp_ahead");

	if (ahead && profile->ramp != RAMP_DEVICE)
		schema_error(diagnostics, ahead, "'ramp_ahead' goes with 'ramp: device'");
	if (profile->ramp != RAMP_DEVICE)
		return;
	if (profile->kind != DEVICE_FURNACE || strcmp(profile->protocol, "modbus") != 0)
		schema_error(diagnostics, ramp,
			     "'ramp: device' is for a furnace on modbus: a pressure is released on a permit "
			     "that lives for 2 s, and a target written ahead would outlive it");
	check_ramp_register(root, diagnostics, profile, "working_setpoint", false);
	check_ramp_register(root, diagnostics, profile, "ramp_rate", true);
	if (rate && rate->unit != UNIT_KELVIN_PER_MIN)
		schema_error(diagnostics, node_of(root, "ramp_rate"),
			     "'ramp_rate' needs 'unit: K/min'; one that counts in K/s has 'scale: 60'");
	if (disable && !disable->writable)
		schema_error(diagnostics, node_of(root, "ramp_disable"),
			     "'ramp_disable' is not declared 'writable: true'");
	if (!profile->watchdog && profile->ramp_ahead_s > AHEAD_MOST_S)
		schema_error(diagnostics, ahead,
			     "'ramp_ahead' of %g s: a device that nothing stops when densd is dead ramps on "
			     "for so long; without 'watchdog: true' at most %g s are allowed",
			     profile->ramp_ahead_s, AHEAD_MOST_S);
}

static void check_identity(const struct yaml_node *root, struct diagnostics *diagnostics,
			   const struct profile *profile)
{
	const struct yaml_node *node = yaml_get(root, "identity");

	node = node && node->kind == YAML_SEQUENCE ? node->first_child : NULL;
	for (uint32_t i = 0; node && i < profile->identity_count; i++, node = node->next) {
		const struct profile_value *value = &profile->identity[i];

		if (value->to > 0 && value->mask > 0)
			schema_error(diagnostics, node, "'mask' and 'to' exclude each other");
		else if (value->to > 0 && value->to <= value->value)
			schema_error(diagnostics, node, "'to: %.0f' must be above 'value: %.0f'", value->to,
				     value->value);
	}
}

static bool is_pump(const struct profile *profile)
{
	return strcmp(profile->driver, "pump") == 0;
}

void profile_check_protocol(const struct yaml_node *root, struct diagnostics *diagnostics,
			    const struct profile *profile)
{
	const struct yaml_node *node = yaml_get(root, profile->driver[0] ? "driver" : "protocol");
	char allowed[200] = "";
	size_t used = 0;

	for (size_t i = 0; i < COUNT(served); i++) {
		if (profile->kind == served[i].kind && strcmp(profile->protocol, served[i].protocol) == 0 &&
		    (!profile->driver[0] || strcmp(profile->driver, served[i].driver) == 0))
			return;
		if (profile->kind == served[i].kind)
			used += (size_t)snprintf(allowed + used, sizeof(allowed) - used,
						 "%s'%s' (driver: %s)", used > 0 ? ", " : "",
						 served[i].protocol, served[i].driver);
	}
	schema_error(diagnostics, node, "no driver%s%s serves this kind over '%s': allowed is protocol %s",
		     profile->driver[0] ? " " : "", profile->driver, profile->protocol, allowed);
}

static void check_press(const struct yaml_node *root, struct diagnostics *diagnostics,
			const struct profile *profile)
{
	struct press_layout layout;
	char why[PRESS_WHY];

	if (profile->kind == DEVICE_PRESS && strcmp(profile->protocol, "modbus") == 0 && is_pump(profile) &&
	    (!yaml_get(root, "off") || !yaml_get(root, "automatic")))
		schema_error(diagnostics, root, "a pump's profile lacks '%s': the steps that %s",
			     yaml_get(root, "off") ? "automatic" : "off",
			     yaml_get(root, "off") ? "make it run" : "stop it");
	if (profile->kind == DEVICE_PRESS && strcmp(profile->protocol, "modbus") == 0 && !is_pump(profile) &&
	    yaml_get(root, "registers") && press_map_plan(profile, &layout, why) < 0)
		schema_error(diagnostics, yaml_get(root, "registers"), "%s", why);
}

/* Hazard 40: what is written and wears has a budget, and is no part of a block that is written ten times a
 * second. */
static void check_retained(const struct yaml_node *root, struct diagnostics *diagnostics,
			   const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->register_count; i++) {
		const struct profile_register *reg = &profile->registers[i];

		if (!reg->retained || !reg->writable)
			continue;
		if (profile->write_budget == 0)
			schema_error(diagnostics, node_of(root, reg->name),
				     "'%s' is retained, each write wears it: 'write_budget' must say how "
				     "many it stands",
				     reg->name);
		if (profile->kind == DEVICE_PRESS)
			schema_error(diagnostics, node_of(root, reg->name),
				     "'%s' of a press is written ten times a second: a memory that wears "
				     "has no place there",
				     reg->name);
	}
}

void profile_check(const struct yaml_node *root, struct diagnostics *diagnostics,
		   const struct profile *profile)
{
	profile_roles_check(root, diagnostics, profile);
	for (uint32_t i = 0; i < profile->register_count; i++) {
		check_register(root, diagnostics, profile, &profile->registers[i]);
		check_overlap(root, diagnostics, profile, &profile->registers[i]);
	}
	check_setpoint(root, diagnostics, profile);
	check_retained(root, diagnostics, profile);
	check_ramp(root, diagnostics, profile);
	check_identity(root, diagnostics, profile);
	check_press(root, diagnostics, profile);
}
