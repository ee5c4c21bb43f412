/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/emulator_roles.h"

#include <string.h>

#include "tools/densim/emulator_values.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PRESS_FULL_BAR 2400.0
#define COUPLER_WATCHDOG_MS 1000 /* an EK9000 as it comes */

/* Omron H175: operation commands, written to address 0 */
enum {
	COMMAND_RUN = 0x0100,
	COMMAND_STOP = 0x0101,
	COMMAND_RAM = 0x0401,
	COMMAND_AUTO = 0x0900,
	COMMAND_MANUAL
};

/* In the order of the STATUS word's bits, drivers/press-map.md. */
static const char *const press_flags[] = {
	"locked",         "regulating",       "local",        "depressurised", "contactor_closed",
	"watchdog_armed", "watchdog_tripped", "power_failed", "pump_running",  "over_pressure"};

static bool is_pump(const struct emulator *emulator)
{
	return strcmp(emulator->profile->driver, "pump") == 0;
}

static const struct emulator_value *find_value(const struct emulator *emulator, const char *name)
{
	return emulator_values_find(emulator->profile->kind, name);
}

static int find_name(const struct emulator *emulator, const char *name)
{
	for (unsigned i = 0; i < emulator->profile->register_count; i++)
		if (strcmp(emulator->profile->registers[i].name, name) == 0)
			return (int)i;
	return -1;
}

static double recall(const struct emulator *emulator, const char *name)
{
	int i = find_name(emulator, name);

	return i < 0 ? 0 : emulator->memory[i];
}

static bool is_furnace(const struct emulator *emulator, unsigned index, const char *name)
{
	return emulator->profile->kind == DEVICE_FURNACE &&
	       strcmp(emulator->profile->registers[index].name, name) == 0;
}

/* The value that a list of steps writes to a register; @other when it does not. */
static double step_value(const struct profile_value *steps, uint32_t count, const char *name, double other)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(steps[i].reg, name) == 0)
			return steps[i].value;
	return other;
}

static double automatic_mode(const struct profile *profile)
{
	return step_value(profile->auto_steps, profile->auto_count, "mode", 0);
}

void emulator_roles_init(struct emulator *emulator)
{
	const struct profile *profile = emulator->profile;

	for (uint32_t i = 0; i < profile->identity_count; i++) {
		int at = find_name(emulator, profile->identity[i].reg);

		if (at >= 0)
			emulator->memory[at] = profile->identity[i].value;
	}
	for (uint32_t i = 0; i < profile->unit_count; i++) {
		int at = find_name(emulator, profile->units[i].reg);

		if (at >= 0)
			emulator->memory[at] = profile->units[i].value;
	}
	if (is_pump(emulator))
		emulator->lab->press.no_contactor = true;
	if (profile->kind == DEVICE_KIND_MAX)
		emulator->lab->coupler =
			(struct coupler){.fitted = true, .watchdog_s = COUPLER_WATCHDOG_MS / 1000.0};
	if (profile->kind == DEVICE_PRESS && find_name(emulator, "mode") >= 0)
		emulator->memory[find_name(emulator, "mode")] =
			step_value(profile->off_steps, profile->off_count, "mode", PRESS_PLANT_LOCK);
	for (unsigned i = 0; i < profile->register_count; i++) {
		if (is_furnace(emulator, i, "local_setpoint"))
			emulator->memory[i] = LOWEST_K;
		if (strcmp(profile->registers[i].name, "watchdog_ms") == 0)
			emulator->memory[i] = COUPLER_WATCHDOG_MS;
		if (strcmp(profile->registers[i].name, "connections") == 0)
			emulator->memory[i] = 1;
	}
}

/* Seen from outside: the panel and a power failure change it too. */
static double get_mode(const struct emulator *emulator)
{
	const struct profile *profile = emulator->profile;
	double automatic = automatic_mode(profile);

	if (!emulator->lab->furnace.manual)
		return automatic;
	return step_value(profile->off_steps, profile->off_count, "mode", automatic == 0);
}

/* What the PLC calls LOCK and REGULATE is the profile's: the mode that 'off' writes, and that of 'automatic'.
 */
static double get_press_mode(const struct emulator *emulator)
{
	const struct profile *profile = emulator->profile;
	bool regulates = emulator->lab->press.mode_active == PRESS_PLANT_REGULATE;

	return regulates ? step_value(profile->auto_steps, profile->auto_count, "mode", PRESS_PLANT_REGULATE)
			 : step_value(profile->off_steps, profile->off_count, "mode", PRESS_PLANT_LOCK);
}

static int find_flag(const char *name)
{
	for (size_t i = 0; i < COUNT(press_flags); i++)
		if (strcmp(press_flags[i], name) == 0)
			return (int)i;
	return -1;
}

/* The panel takes the pump back, whatever was written. */
static double get_pump(const struct emulator *emulator, unsigned index)
{
	const struct press_plant *press = &emulator->lab->press;
	const char *name = emulator->profile->registers[index].name;

	if (strcmp(name, "run") == 0)
		return press->mode_active == PRESS_PLANT_REGULATE;
	if (strcmp(name, "local") == 0)
		return press->local;
	if (strcmp(name, "remote") == 0)
		return emulator->memory[index] != 0 && !press->local;
	if (strcmp(name, "transducer") == 0)
		return 1;
	if (strcmp(name, "over_pressure") == 0)
		return press->oil_bar > PUMP_FULL_BAR;
	return emulator->memory[index];
}

static double get_press(const struct emulator *emulator, unsigned index)
{
	const struct profile_register *reg = &emulator->profile->registers[index];
	int flag = find_flag(reg->name);

	if (is_pump(emulator))
		return get_pump(emulator, index);
	if (strcmp(reg->name, "mode_active") == 0)
		return get_press_mode(emulator);
	return flag >= 0 ? press_plant_status(&emulator->lab->press) >> flag & 1 : emulator->memory[index];
}

double emulator_roles_get(const struct emulator *emulator, unsigned index)
{
	const struct profile_register *reg = &emulator->profile->registers[index];
	const struct emulator_value *plain = find_value(emulator, reg->name);

	if (is_furnace(emulator, index, "mode") || is_furnace(emulator, index, "mode_active"))
		return get_mode(emulator);
	if (is_furnace(emulator, index, "setpoint") && find_name(emulator, "remote") >= 0)
		return emulator->memory[index];
	if (!plain || !plain->get)
		return emulator->profile->kind == DEVICE_PRESS ? get_press(emulator, index)
							       : emulator->memory[index];
	return plain->get(emulator->lab);
}

int emulator_roles_check(const struct emulator *emulator, unsigned index, double value)
{
	const char *name = emulator->profile->registers[index].name;

	if (emulator->profile->kind == DEVICE_FURNACE && strcmp(name, "output") == 0) {
		if (!emulator->lab->furnace.manual)
			return MODBUS_BAD_ADDRESS;
		return value >= 0 && value <= 100 ? MODBUS_OK : MODBUS_BAD_VALUE;
	}
	if (is_furnace(emulator, index, "setpoint") || is_furnace(emulator, index, "local_setpoint"))
		return value >= LOWEST_K - 0.01 && value <= HIGHEST_K + 0.01 ? MODBUS_OK : MODBUS_BAD_VALUE;
	if (emulator->profile->kind == DEVICE_FLOW && strcmp(name, "setpoint") == 0)
		return value >= 0 && value <= LABORATORY_FLOW_FULL + 1e-6 ? MODBUS_OK : MODBUS_BAD_VALUE;
	if (is_pump(emulator) && strcmp(name, "setpoint") == 0)
		return value >= 0 && value <= PUMP_FULL_BAR ? MODBUS_OK : MODBUS_BAD_VALUE;
	if (strcmp(name, "oil_setpoint") == 0 || strcmp(name, "oil_ramp_limit") == 0)
		return value >= 0 && value <= PRESS_FULL_BAR ? MODBUS_OK : MODBUS_BAD_VALUE;
	return MODBUS_OK;
}

static void set_manual(struct furnace_plant *furnace, bool manual, bool keep_output)
{
	if (manual && !furnace->manual)
		furnace->manual_pct = keep_output ? furnace->output_pct : 0;
	if (manual && !keep_output)
		furnace->manual_pct = furnace->output_pct = 0;
	furnace->manual = manual;
}

static void obey_command(struct emulator *emulator, unsigned command)
{
	struct furnace_plant *furnace = &emulator->lab->furnace;

	if (command == COMMAND_RAM)
		emulator->ram_mode = true;
	if (command == COMMAND_STOP)
		set_manual(furnace, true, false);
	if (command == COMMAND_MANUAL)
		set_manual(furnace, true, true);
	if ((command == COMMAND_RUN || command == COMMAND_AUTO) &&
	    !emulator->lab->faults.on[FAULT_FURNACE_MANUAL])
		set_manual(furnace, false, true);
}

/* A controller whose off sequence writes no output switches it off by its mode alone. */
static void set_mode(struct emulator *emulator, double value)
{
	const struct profile *profile = emulator->profile;
	bool manual = value != automatic_mode(profile);
	bool keep = step_value(profile->off_steps, profile->off_count, "output", -1) >= 0;

	if (!emulator->lab->faults.on[FAULT_FURNACE_MANUAL])
		set_manual(&emulator->lab->furnace, manual, keep);
}

/* A pump obeys only when it has been put into remote control, and after a power failure only when it is
 * again. */
static void set_pump(struct emulator *emulator, unsigned index, double value)
{
	struct press_plant *press = &emulator->lab->press;
	const char *name = emulator->profile->registers[index].name;
	int remote = find_name(emulator, "remote");

	if (press->power_failed) {
		press_plant_reset(press);
		emulator->memory[remote] = 0;
	}
	if (strcmp(name, "remote") == 0 || remote < 0 || emulator->memory[remote] != 0)
		emulator->memory[index] = value;
	if (strcmp(name, "setpoint") != 0 && strcmp(name, "run") != 0)
		return;
	if (remote < 0 || emulator->memory[remote] != 0)
		press_plant_request(press, 0,
				    recall(emulator, "run") != 0 ? PRESS_PLANT_REGULATE : PRESS_PLANT_LOCK,
				    (float)recall(emulator, "setpoint"), (float)PUMP_FULL_BAR, 0);
}

/* The words of the reset, one after the other and nothing else between them. */
static void take_reset(struct emulator *emulator, double value)
{
	const struct profile *profile = emulator->profile;
	struct coupler *coupler = &emulator->lab->coupler;
	bool next = coupler->reset_steps < profile->auto_count &&
		    profile->auto_steps[coupler->reset_steps].value == value;

	coupler->reset_steps = next ? coupler->reset_steps + 1 : 0;
	if (next && coupler->reset_steps == profile->auto_count)
		coupler_reset(coupler);
}

void emulator_roles_set(struct emulator *emulator, unsigned index, double value)
{
	const char *name = emulator->profile->registers[index].name;
	const struct emulator_value *plain = find_value(emulator, name);

	if (is_pump(emulator)) {
		set_pump(emulator, index, value);
		return;
	}
	emulator->memory[index] = value;
	if (is_furnace(emulator, index, "mode"))
		set_mode(emulator, value);
	else if (is_furnace(emulator, index, "command"))
		obey_command(emulator, (unsigned)value);
	else if (is_furnace(emulator, index, "setpoint") && find_name(emulator, "command") >= 0 &&
		 !emulator->ram_mode)
		emulator->lab->eeprom_writes++;
	if (emulator->profile->kind == DEVICE_KIND_MAX && strcmp(name, "watchdog_reset") == 0)
		take_reset(emulator, value);
	if (plain && plain->set && find_name(emulator, "remote") < 0)
		plain->set(emulator->lab, value);
}

static void settle_press(const struct emulator *emulator)
{
	const struct profile *profile = emulator->profile;
	bool regulate = recall(emulator, "mode") ==
			step_value(profile->auto_steps, profile->auto_count, "mode", PRESS_PLANT_REGULATE);

	press_plant_request(
		&emulator->lab->press, (uint16_t)recall(emulator, "heartbeat"),
		regulate ? PRESS_PLANT_REGULATE : PRESS_PLANT_LOCK, (float)recall(emulator, "oil_setpoint"),
		(float)recall(emulator, "oil_ramp_limit"), (uint16_t)recall(emulator, "watchdog"));
}

void emulator_roles_settle(struct emulator *emulator)
{
	if (emulator->profile->kind == DEVICE_FURNACE && find_name(emulator, "ramp_rate") >= 0)
		emulator->lab->furnace.rate_k_per_min =
			recall(emulator, "ramp_disable") != 0 ? 0 : recall(emulator, "ramp_rate");
	if (emulator->profile->kind == DEVICE_PRESS && !is_pump(emulator))
		settle_press(emulator);
	if (emulator->profile->kind == DEVICE_FURNACE && find_name(emulator, "remote") >= 0)
		emulator->lab->furnace.setpoint_k =
			recall(emulator, recall(emulator, "remote") != 0 ? "setpoint" : "local_setpoint");
}
