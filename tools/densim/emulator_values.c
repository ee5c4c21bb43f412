/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/emulator_values.h"

#include <string.h>

#include "drivers/device.h"

static double get_temperature(const struct laboratory *lab)
{
	return lab->furnace.measured_k;
}

static double get_setpoint(const struct laboratory *lab)
{
	return lab->furnace.setpoint_k;
}

static void set_setpoint(struct laboratory *lab, double value)
{
	lab->furnace.setpoint_k = value;
}

static double get_working(const struct laboratory *lab)
{
	return lab->furnace.working_k;
}

static double get_output(const struct laboratory *lab)
{
	return lab->furnace.output_pct;
}

static void set_output(struct laboratory *lab, double value)
{
	lab->furnace.manual_pct = lab->furnace.output_pct = value;
}

static double get_break(const struct laboratory *lab)
{
	return lab->furnace.sensor_break;
}

static double get_power_failed(const struct laboratory *lab)
{
	return lab->furnace.power_failed;
}

static double get_lowest(const struct laboratory *lab)
{
	(void)lab;
	return LOWEST_K;
}

static double get_highest(const struct laboratory *lab)
{
	(void)lab;
	return HIGHEST_K;
}

static double get_flow(const struct laboratory *lab)
{
	return lab->flow_measured;
}

static double get_flow_setpoint(const struct laboratory *lab)
{
	return lab->flow_setpoint;
}

static void set_flow_setpoint(struct laboratory *lab, double value)
{
	lab->flow_setpoint = value;
}

static double get_flow_alarm(const struct laboratory *lab)
{
	return lab->faults.on[FAULT_NITROGEN_LOSS];
}

static double get_oil(const struct laboratory *lab)
{
	return lab->press.measured_bar;
}

static double get_oil_setpoint(const struct laboratory *lab)
{
	return (double)lab->press.setpoint_bar;
}

static double get_pump_limit(const struct laboratory *lab)
{
	(void)lab;
	return PUMP_FULL_BAR;
}

static double get_stroke(const struct laboratory *lab)
{
	return press_plant_stroke_pct(&lab->press);
}

static double get_heartbeat(const struct laboratory *lab)
{
	return lab->press.heartbeat;
}

static double get_press_watchdog(const struct laboratory *lab)
{
	return lab->press.watchdog_s;
}

static double get_press_status(const struct laboratory *lab)
{
	return press_plant_status(&lab->press);
}

static double get_heater_enable(const struct laboratory *lab)
{
	return lab->press.heater_enable;
}

static void set_heater_enable(struct laboratory *lab, double value)
{
	struct press_plant *press = &lab->press;

	press->heater_enable =
		value != 0 && !press->local && !press->watchdog_tripped && !press->power_failed;
}

static void set_reset(struct laboratory *lab, double value)
{
	if (value == 1)
		press_plant_reset(&lab->press);
}

static double get_fallbacks(const struct laboratory *lab)
{
	return lab->coupler.fallbacks;
}

static void set_watchdog(struct laboratory *lab, double value)
{
	lab->coupler.watchdog_s = value / 1000;
}

static void set_type(struct laboratory *lab, double value)
{
	lab->coupler.type = (unsigned)value;
}

static void set_fallback(struct laboratory *lab, double value)
{
	lab->coupler.fallback = (unsigned)value;
}

static void set_lock(struct laboratory *lab, double value)
{
	lab->coupler.write_lock = value == 1;
	lab->coupler.master = lab->coupler.write_lock ? lab->coupler.asker : 0;
}

static const struct emulator_value values[] = {
	{DEVICE_FURNACE, "process_value", get_temperature, NULL},
	{DEVICE_FURNACE, "process_value2", get_temperature, NULL},
	{DEVICE_FURNACE, "process_value_loop", get_temperature, NULL},
	{DEVICE_FURNACE, "setpoint", get_setpoint, set_setpoint},
	{DEVICE_FURNACE, "working_setpoint", get_working, NULL},
	{DEVICE_FURNACE, "output", get_output, set_output},
	{DEVICE_FURNACE, "working_output", get_output, NULL},
	{DEVICE_FURNACE, "sensor_break", get_break, NULL},
	{DEVICE_FURNACE, "status", get_break, NULL},
	{DEVICE_FURNACE, "sensor_summary", get_break, NULL},
	{DEVICE_FURNACE, "power_failed", get_power_failed, NULL},
	{DEVICE_FURNACE, "limit_low", get_lowest, NULL},
	{DEVICE_FURNACE, "limit_high", get_highest, NULL},
	{DEVICE_FLOW, "process_value", get_flow, NULL},
	{DEVICE_FLOW, "setpoint", get_flow_setpoint, set_flow_setpoint},
	{DEVICE_FLOW, "alarm", get_flow_alarm, NULL},
	{DEVICE_PRESS, "oil_pressure", get_oil, NULL},
	{DEVICE_PRESS, "pressure", get_oil, NULL},
	{DEVICE_PRESS, "setpoint", get_oil_setpoint, NULL},
	{DEVICE_PRESS, "limit_high", get_pump_limit, NULL},
	{DEVICE_PRESS, "oil_setpoint_active", get_oil_setpoint, NULL},
	{DEVICE_PRESS, "stroke", get_stroke, NULL},
	{DEVICE_PRESS, "status", get_press_status, NULL},
	{DEVICE_PRESS, "heartbeat_echo", get_heartbeat, NULL},
	{DEVICE_PRESS, "watchdog_active", get_press_watchdog, NULL},
	{DEVICE_PRESS, "heater_enable", get_heater_enable, set_heater_enable},
	{DEVICE_PRESS, "reset", NULL, set_reset},
	{DEVICE_KIND_MAX, "fallback_count", get_fallbacks, NULL},
	{DEVICE_KIND_MAX, "watchdog_ms", NULL, set_watchdog},
	{DEVICE_KIND_MAX, "watchdog_type", NULL, set_type},
	{DEVICE_KIND_MAX, "fallback", NULL, set_fallback},
	{DEVICE_KIND_MAX, "write_lock", NULL, set_lock},
};

const struct emulator_value *emulator_values_find(uint8_t kind, const char *name)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (values[i].kind == kind && strcmp(values[i].name, name) == 0)
			return &values[i];
	return NULL;
}
