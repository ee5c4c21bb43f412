/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The safety rules: one row of a table a hazard of hazards.md section 2, each with its check, what densd does
 * and in which phases it applies. All numbers come from plan->limits. The sentence a row writes is for the
 * operator at night: what happened, with numbers, what densd did, what to do.
 */
#ifndef DENSD_PROTOCOL_INTERLOCK_H
#define DENSD_PROTOCOL_INTERLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/alarm.h"
#include "protocol/machine.h"

struct step;

enum verdict {
	VERDICT_CLEAR,
	VERDICT_WARN, /* alarm, no reaction */
	VERDICT_FIRE  /* alarm and the row's reaction */
};
enum reaction {
	REACT_ALARM,      /* nothing but the alarm: its check only warns */
	REACT_HOLD,       /* both setpoints freeze, press in REGULATE */
	REACT_HEATER_OFF, /* HOLD with the heater off */
	REACT_SAFE_HOLD,  /* S-HOLD: heater off, press locked */
	REACT_ABORT,
	REACT_TRIP /* S-HOLD, latched */
};

struct interlock_row {
	enum alarm alarm; /* the row's number in hazards.md */
	const char *name;
	enum reaction reaction;
	uint32_t phases; /* bit n: applies in enum phase n */
	bool pressure;   /* does not apply to 1 atm runs: the press is idle */
	/* Checks and keeps its own timers; writes ret_text (MACHINE_WHY bytes) unless CLEAR. */
	enum verdict (*check)(struct step *step, char *ret_text);
};

#define INTERLOCK_ROWS_MAX 64
extern const struct interlock_row interlock_table[];
extern const size_t interlock_count;

/* Runs every row on the tick's inputs, raises and clears alarms, and does the reactions. */
void interlock_run(struct step *step);
/* Forgets all timers: at a start and at every adoption. */
void interlock_reset(struct machine *machine);
/* The same at a restart, but a value that was found frozen (row 7) stays so until another is read. */
void interlock_restart(struct machine *machine, double frozen_time_s);
/* Names the rows that demand a reaction now: the first of them, or NULL. */
const char *interlock_first_fired(const struct machine *machine);

#endif
