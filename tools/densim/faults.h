/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The switches of the laboratory: each fault by name, with one number. No behaviour lives here. */
#ifndef DENSD_DENSIM_FAULTS_H
#define DENSD_DENSIM_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(enum, name, default value, smallest, largest, what it does) */
#define FAULTS(X)                                                                                            \
	X(TC_BREAK, "tc-break", 1, 1, 1, "thermocouple broken: sensor-break bit, controller output 0")       \
	X(TC_FREEZE, "tc-freeze", 1, 1, 1, "thermocouple reading stands still, bit for bit")                 \
	X(TC_SLIP, "tc-slip", 0.6, 0, 1, "thermocouple slipped: shows this share of the rise above ambient") \
	X(RELAY_WELDED, "relay-welded", 60, 0, 100,                                                          \
	  "heater relay welded at this % of full power; contactor works")                                    \
	X(HEATER_OPEN, "heater-open", 1, 1, 1, "graphite heater open: no power")                             \
	X(VALVE_STUCK, "valve-stuck", 1, 1, 1, "press valve stuck: the pump moves nothing")                  \
	X(GASKET_LEAK, "gasket-leak", 0.06, 0, 1,                                                            \
	  "gasket leaks, GPa/s at the sample; the pump makes up 0.035")                                      \
	X(GASKET_BLOWOUT, "gasket-blowout", 1, 1, 1,                                                         \
	  "gasket blows out: pressure gone in seconds, pump empty")                                          \
	X(PUMP_RUNAWAY, "pump-runaway", 4, 0, 50,                                                            \
	  "pump's regulator stuck open: so many bar/s more, until the press is locked")                      \
	X(PUMP_LOW, "pump-low", 3, 0, 100, "so many % of the pump's volume are left; cleared: refilled")     \
	X(BUS_LOST, "bus-lost", 2, 1, 7, "no answers; press (1), rtu (2), chip (4), or their sum")           \
	X(ANSWERS_LATE, "answers-late", 200, 0, 60000, "every answer late by so many real ms")               \
	X(ANSWERS_TRICKLE, "answers-trickle", 20, 1, 10000, "answers byte by byte, so many real ms apart")   \
	X(ANSWERS_CORRUPT, "answers-corrupt", 1, 1, 1000000, "every n-th answer has one bit flipped")        \
	X(FALSE_ACK, "false-ack", 1, 1, 1, "Modbus writes acknowledged and not done")                        \
	X(SECOND_MASTER, "second-master", 1, 1, 3,                                                           \
	  "another master writes setpoints; furnace (1), press (2), both")                                   \
	X(FURNACE_MANUAL, "furnace-manual", 1, 1, 1, "furnace controller put in manual at its panel")        \
	X(PRESS_LOCAL, "press-local", 1, 1, 1, "press switched to local at its panel")                       \
	X(STRANGER, "stranger", 1, 1, 3, "another instrument answers: furnace (1), press (2), both")         \
	X(UNITS_CHANGED, "units-changed", 1, 1, 1, "furnace controller switched to degF at its panel")       \
	X(WORDS_SWAPPED, "words-swapped", 1, 1, 3,                                                           \
	  "floats come low word first; furnace (1), press (2), both")                                        \
	X(ADAPTER_GONE, "adapter-gone", 2, 2, 6,                                                             \
	  "USB adapter unplugged, a new terminal when cleared; rtu (2), chip (4), both (6)")                 \
	X(NITROGEN_LOSS, "nitrogen-loss", 0, 0, 1, "nitrogen flow falls to this share of its setpoint")      \
	X(CHIP_OPEN, "chip-open", 1, 1, 1, "chip heater open: no scan, state FAULT")                         \
	X(RAMP_WRONG, "ramp-wrong", 60, 0, 1000,                                                             \
	  "the furnace controller's own ramp is so many times as fast as it was told")                       \
	X(POWER_FAIL, "power-fail", 1, 1, 1, "mains gone until cleared: all devices silent, then restarted")

enum fault {
#define FAULTS_ENUM(id, ...) FAULT_##id,
	FAULTS(FAULTS_ENUM)
#undef FAULTS_ENUM
		FAULT_COUNT
};
enum fault_bus { FAULT_BUS_PRESS = 1, FAULT_BUS_RTU = 2, FAULT_BUS_CHIP = 4 };

struct fault_info {
	const char *name;
	double default_value, minimum, maximum;
	const char *what;
};
extern const struct fault_info fault_table[FAULT_COUNT];

struct faults {
	bool on[FAULT_COUNT];
	double value[FAULT_COUNT];
	uint8_t wires[FAULT_COUNT]; /* which wires an answers-* fault acts on: bits of enum fault_bus */
};
void faults_init(struct faults *ret_faults);
/* enum fault, or -ENOENT. */
int faults_find(const char *name);
/*
 * Sets by name; @value is NULL for the default, a number, or a word (press, rtu, chip, furnace, both).
 * @wire limits answers-* to one wire; NULL: all. 0, -ENOENT (no such fault), -EINVAL (bad value).
 */
int faults_set(struct faults *faults, const char *name, const char *value, const char *wire);
/* @name may be "all". 0 or -ENOENT. */
int faults_clear(struct faults *faults, const char *name);
/* True when no answer may leave on @bus. */
bool faults_silent(const struct faults *faults, enum fault_bus bus);
/* For a fault whose value is a sum of places: whether it is on at @place (one bit). */
bool faults_at(const struct faults *faults, enum fault fault, unsigned place);

#endif
