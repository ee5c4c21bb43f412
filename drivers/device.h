/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What passes between control and a driver. Control sends, each cycle, a demand: the complete state a device
 * should be in ("levels"). A driver compares it with what it last wrote and what it reads back, writes the
 * difference, and returns a report. Flat value structs: they cross a socket as they are.
 */
#ifndef DENSD_DRIVERS_DEVICE_H
#define DENSD_DRIVERS_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/reading.h"

enum device_kind { DEVICE_FURNACE, DEVICE_PRESS, DEVICE_FLOW, DEVICE_CHIP, DEVICE_KIND_MAX };
enum device_mode { MODE_OBSERVE /* read only, adopt */, MODE_OFF /* safe */, MODE_CONTROL };

/* The heater's contactor on a coupler, as the furnace's driver has it (furnace_contactor.h). */
enum contactor_state {
	CONTACTOR_NONE,     /* this furnace has none */
	CONTACTOR_UNARMED,  /* not yet, or nothing is written */
	CONTACTOR_ARMED,    /* watchdog and fall-back set and read back; the output does as it is told */
	CONTACTOR_OPENED,   /* it fell back, does not obey or is silent: open until the heater has been off */
	CONTACTOR_STRANGER, /* refused: another instrument answers */
	CONTACTOR_FREEZES,  /* refused: its outputs would not fall back to zero */
	CONTACTOR_LOCKED,   /* refused: it takes no writes from here */
	CONTACTOR_DIFFERS,  /* refused: what was written is not what is read back */
	CONTACTOR_STATE_MAX
};

struct furnace_demand {
	uint8_t mode; /* OBSERVE: no write. OFF: the profile's heater-off sequence. CONTROL: automatic at
			 setpoint */
	double setpoint_k;
	/* For a device that ramps by itself: signed, 0 while the setpoint stands; and where the segment ends.
	 */
	double ramp_k_per_s, target_k;
	/* Autotune: CONTROL in manual, at this output. */
	bool relay;
	double output_pct;
	/* OBSERVE: a worker before this one had the heater's contactor closed, and nobody has read it open
	 * since: it is opened. */
	bool contactor_ours;
};
struct furnace_report {
	struct reading temperature_k, temperature2_k, setpoint_k, output_pct;
	/* How much hotter than @temperature_k, @temperature2_k it may be: what the correction took off, and
	 * its uncertainty. */
	double margin_k, margin2_k;
	bool identity_ok, sensor_break, manual, readback_differs, second_master, verified_off;
	uint32_t writes;       /* setpoint writes since the worker started */
	uint8_t contactor;     /* enum contactor_state */
	bool contactor_closed; /* its output, as last read */
	bool contactor_heard;  /* its coupler answered in this cycle: what is said of it was read */
	int64_t contactor_ns;  /* mono: when its output was last read; 0: never */
};

struct press_permit { /* the temperature a release rests on; the worker checks it: fresh, cold, or it writes
			 nothing that lowers */
	bool granted;
	double temperature_k, release_temperature_k;
	int64_t t_reply_ns; /* mono, of that temperature reading */
};
struct press_demand {
	uint8_t mode;        /* OBSERVE; OFF = LOCK (pump stopped, valves shut); CONTROL = REGULATE */
	double setpoint_gpa; /* sample side */
	bool heater_enable;  /* contactor coil */
	bool heartbeat;      /* control's tick is younger than 1 s */
	double watchdog_s;   /* to arm before the first setpoint; 0: leave */
	double prior_gpa; /* control's last known sample pressure, to seed the loading/unloading branch; NAN:
			     unknown */
	struct press_permit permit;
};
struct press_report {
	struct reading pressure_gpa, setpoint_gpa, oil_bar, oil_setpoint_bar, stroke_pct;
	double oil_gpa_per_bar;
	bool identity_ok, locked, local, depressurised, contactor_closed, watchdog_armed, watchdog_tripped,
		power_failed, readback_differs, second_master, release_refused;
	int64_t switches_ns; /* mono: when lock and contactor were last read; 0: never */
	uint32_t writes;
};

struct flow_demand {
	uint8_t mode; /* OBSERVE or CONTROL */
	double setpoint_ml_per_min;
};
struct flow_report {
	struct reading flow_ml_per_min, setpoint_ml_per_min;
	bool identity_ok;
};

enum chip_job_kind {
	CHIP_JOB_NONE,
	CHIP_JOB_PROGRAM,
	CHIP_JOB_ARM,
	CHIP_JOB_FIRE,
	CHIP_JOB_READ,
	CHIP_JOB_DELETE,
	CHIP_JOB_OFF
};
struct chip_demand {
	bool off;         /* chip heater off now, above any job */
	uint8_t job;      /* enum chip_job_kind, same numbers as enum scan_job */
	uint32_t job_id;  /* a job is done once per id; repeated ids get the first answer */
	uint32_t counter; /* READ, DELETE */
	double start_k, end_k, rate_k_per_s, cooling_k_per_s;
};
#define CHIP_ERROR 120
struct chip_report {
	struct reading temperature_k, resistance_ohm, power_mw;
	uint8_t state; /* enum chip_state of protocol/scan.h, same numbers */
	uint32_t scan_counter;
	bool trace_available, identity_ok, out_of_band;
	uint32_t job_id; /* last finished */
	bool job_ok;
	uint32_t trace_rows; /* READ: rows in the memfd that comes with this report */
	char error[CHIP_ERROR];
};
/* A trace in the sealed memfd: trace_rows rows of 3 little-endian float64: t_s, programme temperature K, heat
 * flow mW (endothermic up). */
struct trace_row {
	double t_s, temperature_k, heat_flow_mw;
};

#define DEVICE_IDENTITY 48
struct demand {
	uint8_t kind; /* enum device_kind */
	/* Writes into memory that wears that the worker may have made since its start; those of heater off, a
	 * lower setpoint or output and a stop are made in any case, and counted. */
	uint32_t wear_allowance;
	union {
		struct furnace_demand furnace;
		struct press_demand press;
		struct flow_demand flow;
		struct chip_demand chip;
	};
};
struct report {
	uint8_t kind;
	uint8_t device; /* index on its bus */
	bool online;    /* identity verified and three good cycles since the last (re)connect */
	uint8_t fault;  /* enum cause of the last failed transaction in this cycle; CAUSE_NONE: clean */
	uint32_t errors, transactions; /* since the worker started */
	uint32_t connects, wear;       /* likewise: connects of the line; writes into memory that wears */
	uint32_t serial; /* the instrument's own number, where its profile can read it; 0: not */
	char identity[DEVICE_IDENTITY]; /* what was read and found right; empty: not yet */
	bool units_differ; /* the panel's units or decimals are not the profile's: no setpoint is written */
	bool order_proven; /* values are plausible in the declared word order and in no other; integers have
			      none */
	bool simulated;    /* the device proved to be densim, at @sim_scale */
	double sim_scale;
	union {
		struct furnace_report furnace;
		struct press_report press;
		struct flow_report flow;
		struct chip_report chip;
	};
};

#endif
