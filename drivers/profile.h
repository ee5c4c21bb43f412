/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A device profile: the register map and manners of one instrument model, read from config/devices/NAME.yaml.
 */
#ifndef DENSD_DRIVERS_PROFILE_H
#define DENSD_DRIVERS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/device.h"

#define PROFILE_TEXT 96
#define PROFILE_REGISTERS_MAX 48

enum register_type {
	REG_U16,
	REG_S16,
	REG_F32_HIGH_FIRST,
	REG_F32_LOW_FIRST,
	REG_U32_HIGH_FIRST,
	REG_U32_LOW_FIRST,
	REG_S32_HIGH_FIRST,
	REG_S32_LOW_FIRST,
	REG_TYPE_MAX
};
enum register_unit {
	UNIT_NONE,
	UNIT_KELVIN,
	UNIT_CELSIUS,
	UNIT_PERCENT,
	UNIT_BAR,
	UNIT_ML_PER_MIN,
	UNIT_SECOND,
	UNIT_OHM,
	UNIT_KELVIN_PER_MIN, /* also K/min of a controller that counts in degC */
	UNIT_MAX
};
enum register_space { SPACE_HOLDING, SPACE_INPUT, SPACE_COIL, SPACE_DISCRETE };

struct profile_register {
	char name[32];    /* role, e.g. "process_value", "setpoint", "output", "mode", "status", "identity" */
	uint16_t address; /* 0-based PDU address, as on the wire (an IEEE region address is written out) */
	uint8_t type, unit, space; /* enums above */
	double scale;              /* engineering = raw * scale, before the unit conversion */
	bool writable;
	bool retained; /* EEPROM: counts against the write budget */
	int32_t bit;   /* for status bits: bit number inside a U16; -1: the whole register */
};
struct profile_value { /* a name and a number: "off_sequence" steps, expected identity, enum values */
	char name[32];
	char reg[32];       /* register it belongs to */
	double value, mask; /* compared as (raw & mask) == value when mask != 0 */
	double to;          /* identity: value <= raw <= to when to > value */
};
#define PROFILE_STEPS_MAX 8
#define PROFILE_MARKS_MAX 8
/*
 * How setpoints reach the device. STREAMED: the ramp is densd's, each step is written. REMOTE: the same into
 * a register that the device keeps in RAM and that wears nothing. DEVICE: the device ramps by itself, a rate
 * and now and then a target are written (furnace_ramp.h).
 */
enum profile_ramp { RAMP_STREAMED, RAMP_REMOTE, RAMP_DEVICE };
struct profile {
	char name[PROFILE_TEXT], maker[PROFILE_TEXT], source[200];
	char sha256[65];        /* of its text, in hex: what a commissioning vouches for */
	uint8_t kind;           /* enum device_kind */
	char protocol[16];      /* "modbus", "scpi", "pace", "dasnet", "alicat" */
	char driver[16];        /* which of the drivers of that kind and protocol; empty: the first */
	char identity_text[32]; /* of a text instrument: must stand in what it calls itself; empty: any */
	double worst_latency_ms, response_timeout_ms;
	double setpoint_period_s; /* least lab time between streamed setpoint writes */
	double setpoint_step;     /* smaller changes are not written until the period is over */
	bool watchdog; /* the device has its own watchdog (or, for a furnace, hangs on the PLC's contactor) */
	bool contactor;    /* of the press: it switches the heater's contactor (register heater_enable) */
	bool relay;        /* of a furnace: its output can be written in manual, as an autotune needs */
	bool single_write; /* the device takes one register by function 06 only */
	bool separate_transfers; /* a press PLC without function 23: the block is written, then read */
	uint8_t ramp;            /* enum profile_ramp */
	double ramp_ahead_s;     /* DEVICE: how far ahead of control's setpoint the target is written */
	uint32_t write_budget;   /* writes a retained setpoint stands in the device's life; 0: unlimited */
	double stroke_full; /* of a pump that says how much is left: what it says when full; 0: not known */
	double setpoint_low, setpoint_high; /* in the setpoint's own unit; equal: no limit of the device's */
	uint32_t mark_count;
	char marks[PROFILE_MARKS_MAX][PROFILE_TEXT]; /* what must be verified at commissioning, in words */
	uint32_t register_count;
	struct profile_register registers[PROFILE_REGISTERS_MAX];
	uint32_t identity_count, unit_count, off_count, auto_count, start_count;
	struct profile_value identity[PROFILE_STEPS_MAX]; /* what must be read before any write */
	/* What the panel can change: units, decimals. Read with the identity; a change is an alarm of its
	 * own. */
	struct profile_value units[PROFILE_STEPS_MAX];
	struct profile_value
		off_steps[PROFILE_STEPS_MAX]; /* heater off, in order: register and value to write */
	struct profile_value auto_steps[PROFILE_STEPS_MAX]; /* back to automatic, in order */
	struct profile_value
		start_steps[PROFILE_STEPS_MAX]; /* after each connect, before the first setpoint */
	uint32_t blacklist_count;
	uint16_t blacklist[8]; /* registers never to be touched */
};
/* NULL when the profile has none of that name. */
const struct profile_register *profile_find(const struct profile *profile, const char *name);
/* What the off sequence writes into the register @name; NAN: it does not. */
double profile_off_value(const struct profile *profile, const char *name);
/* A furnace whose output can be written in manual: its off sequence writes 'mode', then 'output'. */
bool profile_can_relay(const struct profile *profile);

/* Oil pressure to sample pressure: two monotone branches, loading below unloading. */
#define CALIBRATION_POINTS_MAX 16
struct press_calibration {
	char id[PROFILE_TEXT]; /* id and version */
	uint32_t loading_count, unloading_count;
	double loading_bar[CALIBRATION_POINTS_MAX], loading_gpa[CALIBRATION_POINTS_MAX];
	double unloading_bar[CALIBRATION_POINTS_MAX], unloading_gpa[CALIBRATION_POINTS_MAX];
	double loading_sd_gpa[CALIBRATION_POINTS_MAX], unloading_sd_gpa[CALIBRATION_POINTS_MAX];
};

/* What an instrument reads, what is true, and how well that is known: both columns rise. No points: the
 * reading is taken as it is. */
struct correction {
	uint32_t count;
	double reading[CALIBRATION_POINTS_MAX], truth[CALIBRATION_POINTS_MAX], sd[CALIBRATION_POINTS_MAX];
};

/*
 * The heater's contactor on a coupler of its own, which opens it when nobody writes for @watchdog_s. Flat and
 * small, because it crosses a link with the bus: of the coupler's profile only what the driver asks for.
 */
#define CONTACTOR_REGISTERS_MAX 8
#define CONTACTOR_STEPS_MAX 3
struct bus_contactor {
	bool fitted;
	char profile[PROFILE_TEXT];
	char sha256[65]; /* as of a profile */
	char host[108];
	uint16_t port, coil;
	uint8_t unit;
	double watchdog_s; /* the site's device_watchdog_s */
	double worst_latency_ms, response_timeout_ms;
	bool single_write;
	uint32_t mark_count;
	char marks[PROFILE_MARKS_MAX][PROFILE_TEXT]; /* as of a profile */
	uint32_t register_count, identity_count, start_count, reset_count;
	struct profile_register registers[CONTACTOR_REGISTERS_MAX];
	struct profile_value identity[CONTACTOR_STEPS_MAX], start[CONTACTOR_STEPS_MAX],
		reset[CONTACTOR_STEPS_MAX];
};

enum bus_kind { BUS_MODBUS_TCP, BUS_MODBUS_RTU, BUS_SERIAL, BUS_TEXT_TCP };
/* A line that carries text; a line with a host and a port. */
bool profile_bus_is_text(uint8_t bus_kind);
bool profile_bus_is_tcp(uint8_t bus_kind);
#define BUS_DEVICES_MAX 4
struct bus_device {
	char name[32]; /* "press", "furnace", "nitrogen", "chip" */
	uint8_t unit;  /* Modbus unit */
	struct profile profile;
};
struct bus_config {
	char name[32];
	uint8_t kind;   /* enum bus_kind */
	char path[108]; /* device path, or host */
	uint16_t port;
	uint32_t baud;
	char parity; /* 'N', 'E', 'O' */
	uint8_t stop_bits;
	uint32_t device_count;
	struct bus_device devices[BUS_DEVICES_MAX]; /* in the order they are served: the furnace first */
	struct bus_contactor contactor;             /* of the furnace on this bus */
	struct press_calibration calibration;       /* of the press on this bus */
	/* of the furnace's two thermocouples, K, and of the flow controller, ml/min, on this bus */
	struct correction thermocouple, thermocouple2, flow;
	double scale;                   /* clock scale N of the site */
	double pressure_rate_gpa_per_s; /* to cross the friction dead band at reversal */
};

#endif
