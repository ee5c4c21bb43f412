/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A furnace controller that ramps by itself: a target and a rate are written to it, and only now and then.
 * Pure: it says what is to be written next, furnace_setpoint.c writes it and reads it back.
 *
 * The setpoint of control stays the truth. The target lies at most `ramp_ahead` ahead of it (10 s until the
 * device was seen to move at the rate it was given), so that a device whose master died comes to rest within
 * rate x ramp_ahead. When control's setpoint stands (hold, holdback, stale data), the target is that
 * setpoint, at once when it was more than 10 s ahead, else when the stand has lasted 1 s (10 s on the way
 * down); when the device runs ahead it is stopped there until it has been caught up with. A device that
 * does not follow is off its track, which is told as a read-back that differs.
 *
 * The working setpoint never jumps by surprise: before automatic, and after each jump of the setpoint (start,
 * resume, reconnect), the setpoint is written and read back while the limit is on, then the limit is lifted,
 * and the working setpoint read back.
 */
#ifndef DENSD_DRIVERS_FURNACE_RAMP_H
#define DENSD_DRIVERS_FURNACE_RAMP_H

#include "drivers/memory.h"
#include "drivers/profile.h"

#define FURNACE_RAMP_ORDERS_MAX 4 /* that one cycle can ask for */

enum furnace_ramp_kind {
	RAMP_ORDER_NONE,
	RAMP_ORDER_ADOPT,  /* write @target_k and read it back, then lift the limit */
	RAMP_ORDER_RATE,   /* write @rate_k_per_s, read it back, put the limit on */
	RAMP_ORDER_TARGET, /* write @target_k */
};
struct furnace_ramp_order {
	enum furnace_ramp_kind kind;
	double target_k, rate_k_per_s;
};
struct furnace_ramp_look {
	double t_lab_s;
	double setpoint_k, target_k; /* of the demand: where it is now, where the segment ends */
	double ramp_k_per_s;         /* signed; 0: it stands */
	double working_k;            /* what the device works with; NAN: not read well */
};
struct furnace_ramp {
	double ahead_s;
	bool adopting,
		adopted; /* the setpoint was written and the limit lifted; it was seen to be in force */
	bool limited;    /* the limit is on, at @rate_k_per_s */
	bool waiting;    /* ran ahead: stands until it is caught up with */
	bool proven;     /* was seen to move at the rate it was given */
	bool off_track;
	double rate_k_per_s, written_k; /* NAN: none since the reset */
	double look_lab_s, look_setpoint_k;
	double adopt_lab_s, moving_lab_s, standing_lab_s, off_lab_s; /* since when; NAN: not */
	double moving_from_k;
	double overrun_lab_s; /* of the first of the overruns that are counted */
	uint32_t overruns;
};

extern const struct memory_field memory_of_furnace_ramp[];

/* Nothing that was written is believed to stand: after a connect, and while the heater is off. */
void furnace_ramp_reset(struct furnace_ramp *ramp, const struct profile *profile);
/* Once a cycle, before the orders. */
void furnace_ramp_see(struct furnace_ramp *ramp, const struct furnace_ramp_look *look);
/* What is to be written next; until it says NONE, or something could not be done. */
struct furnace_ramp_order furnace_ramp_next(const struct furnace_ramp *ramp,
					    const struct furnace_ramp_look *look);
/* @order was carried out and acknowledged (a rate: read back as well). */
void furnace_ramp_done(struct furnace_ramp *ramp, const struct furnace_ramp_order *order,
		       const struct furnace_ramp_look *look);
/*
 * Setpoint writes that a run needs at most, with @moving_s of ramp in @segments undisturbed segments: on a
 * device that ramps by itself, or streamed once a period.
 */
uint32_t furnace_ramp_count_writes(const struct profile *profile, double moving_s, uint32_t segments);

#endif
