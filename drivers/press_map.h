/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The register map of press-map.md in C, with its block codec. Pure. */
#ifndef DENSD_DRIVERS_PRESS_MAP_H
#define DENSD_DRIVERS_PRESS_MAP_H

#include <stdint.h>

#define PRESS_WRITE_ADDRESS 0x0000
#define PRESS_WRITE_WORDS 7
#define PRESS_RESET_ADDRESS 0x0008
#define PRESS_READ_ADDRESS 0x0100
#define PRESS_FLOAT_WORDS 6 /* of the read block, at its beginning */
#define PRESS_READ_WORDS 12
#define PRESS_HEATER_COIL 0x0000
#define PRESS_IDENTITY 0xBE17
#define PRESS_MAP_VERSION 1

enum press_plc_mode { PRESS_MODE_LOCK = 0, PRESS_MODE_REGULATE = 1 };
enum press_status {
	PRESS_LOCKED = 1 << 0,
	PRESS_REGULATING = 1 << 1,
	PRESS_LOCAL = 1 << 2,
	PRESS_DEPRESSURISED = 1 << 3,
	PRESS_CONTACTOR_CLOSED = 1 << 4,
	PRESS_WATCHDOG_ARMED = 1 << 5,
	PRESS_WATCHDOG_TRIPPED = 1 << 6,
	PRESS_POWER_FAILED = 1 << 7,
	PRESS_PUMP_RUNNING = 1 << 8,
	PRESS_OVER_PRESSURE = 1 << 9
};
struct press_order {
	uint16_t heartbeat, mode, watchdog_s;
	double setpoint_bar, ramp_bar_per_s;
};
struct press_block {
	double oil_bar, setpoint_bar, stroke_pct;
	uint16_t status, heartbeat, mode, watchdog_s, identity, version;
};

void press_map_encode(const struct press_order *order, uint16_t ret_words[PRESS_WRITE_WORDS]);
void press_map_decode(const uint16_t words[PRESS_READ_WORDS], struct press_block *ret_block);

#endif
