/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The press PLC's blocks, laid out by the profile: press-map.md says what each register means, the profile
 * where it stands and in which type. Pure.
 */
#ifndef DENSD_DRIVERS_PRESS_MAP_H
#define DENSD_DRIVERS_PRESS_MAP_H

#include "drivers/codec.h"
#include "drivers/profile.h"

#define PRESS_WORDS_MAX 32u
#define PRESS_WHY 120

enum press_plc_mode { PRESS_MODE_LOCK = 0, PRESS_MODE_REGULATE = 1, PRESS_MODE_UNKNOWN };
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
#define PRESS_FLAGS 10
struct press_order {
	uint16_t heartbeat, mode, watchdog_s;
	double setpoint_bar, ramp_bar_per_s;
};
struct press_block {
	double oil_bar, setpoint_bar, stroke_pct;
	uint16_t status;     /* bits of enum press_status, wherever the PLC keeps them */
	uint16_t mode;       /* enum press_plc_mode */
	uint16_t watchdog_s; /* armed at */
	bool identity_ok;    /* what of the profile's identity stands in the block is right */
};

enum press_field {
	PRESS_HEARTBEAT,
	PRESS_MODE,
	PRESS_SETPOINT,
	PRESS_RAMP,
	PRESS_WATCHDOG, /* the last that is written */
	PRESS_OIL,
	PRESS_SETPOINT_ACTIVE,
	PRESS_STROKE,
	PRESS_MODE_ACTIVE,
	PRESS_WATCHDOG_ACTIVE,
	PRESS_FIELD_MAX
};
#define PRESS_WRITTEN (PRESS_WATCHDOG + 1)

struct press_layout {
	const struct profile *profile;
	const struct profile_register *field[PRESS_FIELD_MAX];
	const struct profile_register *flag[PRESS_FLAGS];        /* NULL: the PLC has none */
	uint16_t flag_word[PRESS_FLAGS], flag_mask[PRESS_FLAGS]; /* where it stands in the read block */
	const struct profile_register *reset, *heater;
	const struct profile_register *identity[PROFILE_STEPS_MAX]; /* as the profile's; NULL: not declared */
	uint16_t write_address, write_words, read_address, read_words;
	double lock, regulate; /* values of MODE */
};

/*
 * Finds the blocks: the five written registers lie side by side in any order, the read ones within one block
 * of declared registers. 0, or -EINVAL with the reason in @ret_why. @profile must outlive the layout.
 */
int press_map_plan(const struct profile *profile, struct press_layout *ret_layout, char ret_why[PRESS_WHY]);
/* The whole write block. 0, or -ERANGE when a value does not fit its register. */
int press_map_encode(const struct press_layout *layout, const struct press_order *order,
		     uint16_t ret_words[PRESS_WORDS_MAX]);
void press_map_decode(const struct press_layout *layout, const uint16_t words[PRESS_WORDS_MAX],
		      struct press_block *ret_block);
/* True when a pressure or the stroke of the block lies in [@low, @high] in the declared word order alone. */
bool press_map_proves_order(const struct press_layout *layout, const uint16_t words[PRESS_WORDS_MAX],
			    double low, double high);

#endif
