/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/profile.h"

#include <math.h>
#include <string.h>

const struct profile_register *profile_find(const struct profile *profile, const char *name)
{
	for (uint32_t i = 0; i < profile->register_count && i < PROFILE_REGISTERS_MAX; i++)
		if (strncmp(profile->registers[i].name, name, sizeof(profile->registers[i].name)) == 0)
			return &profile->registers[i];
	return NULL;
}

bool profile_bus_is_text(uint8_t bus_kind)
{
	return bus_kind == BUS_SERIAL || bus_kind == BUS_TEXT_TCP;
}

bool profile_bus_is_tcp(uint8_t bus_kind)
{
	return bus_kind == BUS_MODBUS_TCP || bus_kind == BUS_TEXT_TCP;
}

double profile_off_value(const struct profile *profile, const char *name)
{
	for (uint32_t i = 0; i < profile->off_count && i < PROFILE_STEPS_MAX; i++)
		if (strcmp(profile->off_steps[i].reg, name) == 0)
			return profile->off_steps[i].value;
	return NAN;
}

bool profile_can_relay(const struct profile *profile)
{
	return profile->kind == DEVICE_FURNACE && !isnan(profile_off_value(profile, "mode")) &&
	       !isnan(profile_off_value(profile, "output"));
}
