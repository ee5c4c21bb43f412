/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The restart tables R1..R22 (press and furnace) and F1..F4 (calorimeter): pure decisions from what was read.
 */
#ifndef DENSD_PROTOCOL_RECOVERY_H
#define DENSD_PROTOCOL_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/phase.h"

enum recovery_pressure { RP_UNKNOWN, RP_AMBIENT, RP_PRESSED };
enum recovery_temperature { RT_UNKNOWN, RT_COLD, RT_HOT };

struct recovery_facts {
	bool journal_ok;      /* read and consistent */
	bool latched;         /* a trip was latched */
	uint8_t phase;        /* enum phase in the journal */
	uint8_t resume_phase; /* for HOLD: where it came from */
	bool reference;       /* 1 atm run */
	bool identity_ok;     /* identity, units, no second master */
	enum recovery_pressure pressure;
	enum recovery_temperature temperature;
	double gap_s;              /* lab time since the last journaled tick */
	double moved_gpa, moved_k; /* against the journal, absolute */
	bool same_boot, controller_reset;
	uint32_t restarts_last_hour;
	bool policy_continue;
	bool stays; /* COOL that was to stay under pressure until the operator decides */
	double gap_limit_s, moved_gpa_limit, moved_k_limit;
};

enum recovery_action {
	RECOVER_NO_WRITES, /* RECOVERY_WAIT, observe only */
	RECOVER_S_HOLD_LATCHED,
	RECOVER_S_HOLD_WAIT, /* S-HOLD and RECOVERY_WAIT */
	RECOVER_ADOPT_WAIT,  /* heater 0, pressure at the device's own setpoint, RECOVERY_WAIT */
	RECOVER_IDLE,
	RECOVER_IDLE_ALARM,
	RECOVER_COOL,          /* go on cooling in the same phase */
	RECOVER_DWELL_RELEASE, /* new release dwell, then decompress from the measured P */
	RECOVER_HOLD,          /* RESUME offered */
	RECOVER_CONTINUE,      /* setpoint from PV, soak keeps its credit, INTERRUPTED */
	RECOVER_COOL_OFFER,    /* heater 0, hold P, cool; RESUME offered for 10 min */
	RECOVER_FAILED_DONE,   /* S-DONE, failed */
	RECOVER_FAILED_LATCHED,
	RECOVER_HANDED_OVER, /* stays the panel's: densd only watches */
	RECOVER_ACTION_MAX
};
struct recovery_decision {
	uint8_t row;    /* 1..22 */
	uint8_t action; /* enum recovery_action */
	double gap_s;
	double pressure_gpa, temperature_k; /* measured, to adopt */
	char text[200];                     /* what was found, which row, what the operator may do */
};
/* First row that matches wins; there is always one. */
void recovery_decide(const struct recovery_facts *facts, struct recovery_decision *ret_decision);

enum scan_recovery {
	SCAN_RECOVER_FIRE_AGAIN = 1,
	SCAN_RECOVER_READ_TRACE,
	SCAN_RECOVER_LOST,
	SCAN_RECOVER_ALARM
};
/* F1..F4 from the counter in the fire intent, the chip's counter now, and whether the chip still has that
 * trace. */
enum scan_recovery recovery_decide_scan(bool counters_known, uint32_t intent_counter, uint32_t chip_counter,
					bool trace_available);
const char *recovery_action_name(enum recovery_action action);

#endif
