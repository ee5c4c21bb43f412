/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A press's profile made of a table of places: the map of config/devices/press-map.md, or another PLC's. */
#ifndef DENSD_TESTS_PRESS_PROFILE_H
#define DENSD_TESTS_PRESS_PROFILE_H

#include <stdio.h>
#include <string.h>

#include "drivers/profile.h"

/* Where press-map.md puts them. */
#define PRESS_READ_ADDRESS 0x0100
#define PRESS_IDENTITY 0xBE17
#define PRESS_MAP_VERSION 1

struct press_place {
	const char *name;
	uint16_t address;
	uint8_t type;
	int bit;
};
#define F32 REG_F32_HIGH_FIRST
static const struct press_place press_shipped[] = {
	{"heartbeat", 0, REG_U16, -1},
	{"mode", 1, REG_U16, -1},
	{"oil_setpoint", 2, F32, -1},
	{"oil_ramp_limit", 4, F32, -1},
	{"watchdog", 6, REG_U16, -1},
	{"reset", 8, REG_U16, -1},
	{"oil_pressure", 0x100, F32, -1},
	{"oil_setpoint_active", 0x102, F32, -1},
	{"stroke", 0x104, F32, -1},
	{"locked", 0x106, REG_U16, 0},
	{"regulating", 0x106, REG_U16, 1},
	{"local", 0x106, REG_U16, 2},
	{"depressurised", 0x106, REG_U16, 3},
	{"contactor_closed", 0x106, REG_U16, 4},
	{"watchdog_armed", 0x106, REG_U16, 5},
	{"watchdog_tripped", 0x106, REG_U16, 6},
	{"power_failed", 0x106, REG_U16, 7},
	{"heartbeat_echo", 0x107, REG_U16, -1},
	{"mode_active", 0x108, REG_U16, -1},
	{"watchdog_active", 0x109, REG_U16, -1},
	{"identity", 0x10A, REG_U16, -1},
	{"map_version", 0x10B, REG_U16, -1},
};

static inline void press_profile_add(struct profile_value *values, uint32_t *count, const char *name,
				     double value)
{
	struct profile_value *entry = &values[(*count)++];

	snprintf(entry->reg, sizeof(entry->reg), "%s", name);
	entry->value = value;
}

static inline struct profile press_profile_make(const struct press_place *places, size_t count, double lock,
						double regulate)
{
	struct profile profile = {.kind = DEVICE_PRESS, .watchdog = true, .protocol = "modbus"};

	for (size_t i = 0; i <= count; i++) {
		struct profile_register *reg = &profile.registers[profile.register_count++];

		if (i == count) {
			*reg = (struct profile_register){
				.name = "heater_enable", .space = SPACE_COIL, .writable = true, .bit = -1};
			break;
		}
		*reg = (struct profile_register){
			.address = places[i].address, .type = places[i].type, .bit = places[i].bit};
		snprintf(reg->name, sizeof(reg->name), "%s", places[i].name);
		if (places[i].type == REG_U16 && strstr(places[i].name, "oil_setpoint"))
			reg->scale = 0.1;
	}
	press_profile_add(profile.identity, &profile.identity_count, "identity", PRESS_IDENTITY);
	press_profile_add(profile.identity, &profile.identity_count, "map_version", PRESS_MAP_VERSION);
	press_profile_add(profile.off_steps, &profile.off_count, "mode", lock);
	press_profile_add(profile.auto_steps, &profile.auto_count, "mode", regulate);
	return profile;
}
#define PRESS_PROFILE(places, lock, regulate) \
	press_profile_make(places, sizeof(places) / sizeof((places)[0]), lock, regulate)

#endif
