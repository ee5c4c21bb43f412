/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to the interlocks: the checks of the rows, and the timers and memories they keep in the state. */
#ifndef DENSD_PROTOCOL_INTERLOCK_ROWS_H
#define DENSD_PROTOCOL_INTERLOCK_ROWS_H

#include "protocol/interlock.h"
#include "protocol/machine_step.h"

enum interlock_timer {
	TIMER_RUNAWAY,
	TIMER_WELDED,
	TIMER_NOT_HEATING,
	TIMER_LAG,
	TIMER_SLIP_RING,
	TIMER_PAIR,
	TIMER_FROZEN,
	TIMER_STANDS, /* seconds of those that TIMER_FROZEN has counted */
	TIMER_READBACK,
	TIMER_IDENTITY,
	TIMER_FURNACE_LOST,
	TIMER_PRESS_LOST,
	TIMER_STUCK,
	TIMER_LOSS,
	TIMER_MANUAL,
	TIMER_PREFLIGHT, /* machine_waits.c: since when something is missing */
	TIMER_END,       /* sum in which a run that moves nothing any more waited for its end */
	TIMER_FRIENDS,   /* machine_waits.c: since when nobody strange has been seen after R1 */
	TIMER_MAX
};
enum interlock_memory {
	MEMORY_HEATED_FROM_K,
	MEMORY_RING_K, /* four values: now and one, two, three thirds of slip_time_s ago */
	MEMORY_RING_LAST = MEMORY_RING_K + 3,
	MEMORY_SETPOINT_K, /* of the previous tick */
	MEMORY_READ_K,     /* last temperature and when it was measured */
	MEMORY_READ_LAB_S,
	MEMORY_READ2_K, /* the same of the second thermocouple */
	MEMORY_READ2_LAB_S,
	MEMORY_STUCK_GPA,
	MEMORY_DOUBT_K, /* where a reading that fell impossibly may still be, by the programme's cooling; 0:
			   no doubt */
	MEMORY_FELL_K,  /* what it fell to, as long as it stands there exactly; 0: it has moved */
	MEMORY_END_K,   /* lowest temperature while it waited */
	MEMORY_MAX
};

/* Accumulates while @condition, starts again when it ends. True when it has lasted @seconds (> 0). */
bool interlock_held(struct step *step, enum interlock_timer timer, bool condition, double seconds);
/* The same where nobody knows for a moment: the time stands, so that one bad read begins nothing anew. */
bool interlock_held_while(struct step *step, enum interlock_timer timer, bool known, bool condition,
			  double seconds);
/* interlock_observe.c: the reads and slopes the rows below rest on; once a tick, before them. */
void interlock_observe(struct step *step);
/* A reading that fell as no thermocouple can proves no cold: not before the programme's cooling is there as
 * well, and not while it stands. */
bool interlock_doubts_cold(const struct step *step);
/* The middle one of the last three good reads: one that lies apart decides nothing. */
double interlock_middle(const struct machine_reads *reads);
void interlock_say(char *ret_text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* interlock_furnace.c */
enum verdict check_runaway(struct step *step, char *ret_text);
enum verdict check_welded(struct step *step, char *ret_text);
enum verdict check_not_heating(struct step *step, char *ret_text);
enum verdict check_lag(struct step *step, char *ret_text);
enum verdict check_sensor_break(struct step *step, char *ret_text);
enum verdict check_slip(struct step *step, char *ret_text);
enum verdict check_pair(struct step *step, char *ret_text);
enum verdict check_frozen(struct step *step, char *ret_text);
enum verdict check_hold_hot(struct step *step, char *ret_text);

/* interlock_end.c */
enum verdict check_end(struct step *step, char *ret_text);

/* interlock_press.c */
enum verdict check_release(struct step *step, char *ret_text);
enum verdict check_stuck(struct step *step, char *ret_text);
enum verdict check_loss(struct step *step, char *ret_text);
enum verdict check_over_pressure(struct step *step, char *ret_text);
enum verdict check_stroke(struct step *step, char *ret_text);

/* interlock_device.c */
enum verdict check_stale_temperature(struct step *step, char *ret_text);
enum verdict check_stale_pressure(struct step *step, char *ret_text);
enum verdict check_readback_furnace(struct step *step, char *ret_text);
enum verdict check_contactor(struct step *step, char *ret_text);
enum verdict check_readback_press(struct step *step, char *ret_text);
enum verdict check_identity(struct step *step, char *ret_text);
enum verdict check_units(struct step *step, char *ret_text);
enum verdict check_bus(struct step *step, char *ret_text);
enum verdict check_adapter_furnace(struct step *step, char *ret_text);
enum verdict check_adapter_press(struct step *step, char *ret_text);
enum verdict check_second_master(struct step *step, char *ret_text);
enum verdict check_manual(struct step *step, char *ret_text);
enum verdict check_holdback(struct step *step, char *ret_text);

#endif
