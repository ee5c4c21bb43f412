/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The contactor of a furnace's heater on an output of a fieldbus coupler, for a furnace whose controller has
 * no watchdog: the coupler opens it when nobody writes to it any more. Written each cycle: closed while
 * control has the furnace heat (MODE_CONTROL) and the controller has its setpoint, else open. In MODE_OBSERVE
 * what this driver had closed, or by control's word the one before it, is told to open until that is read
 * back, and nothing else is written: then the coupler falls back by itself.
 *
 * Armed means: it is the coupler of the profile, its watchdog waits for writes and for the site's
 * device_watchdog_s, its outputs fall back to zero, its write lock is on, and all of that was read back. A
 * fall-back that is not zero is never changed from here, since another output of the same coupler may need
 * it: it is refused. What fell back, does not obey or is silent for the watchdog's time is open until the
 * heater has been off for CONTACTOR_OFF_CYCLES; then it is armed anew, in MODE_OFF alone: unarmed in
 * MODE_CONTROL is open. What is safe does not rest on this file but on the coupler: it opens when this
 * process, control, the cable or the switch is dead.
 *
 * The furnace waits for it half a second a cycle and no longer: connecting waits for nothing, arming goes on
 * over cycles, and a coupler that twice took all its time is left alone for a while.
 */
#ifndef DENSD_DRIVERS_FURNACE_CONTACTOR_H
#define DENSD_DRIVERS_FURNACE_CONTACTOR_H

#include "drivers/contactor_link.h"
#include "drivers/contactor_rules.h"
#include "drivers/driver.h"

struct furnace_contactor {
	struct contactor_link link;
	double watchdog_s; /* widened for a simulated clock */
	double scale;
	uint8_t state;     /* enum contactor_state */
	bool inherited;    /* by the demand: a worker before this one had closed it */
	uint32_t connects; /* of the line, when its settings were last read */
	bool arming;       /* begun, and not yet done */
	uint32_t differs, off_cycles;
	double heard_lab_s, tried_lab_s;
	uint32_t slow;          /* failures in a row that took most of a cycle's time */
	int64_t quiet_until_ns; /* it is not asked before */
};

extern const struct memory_field memory_of_furnace_contactor[];

/* Without a contactor in @setup it stays CONTACTOR_NONE and does nothing. No I/O. */
void furnace_contactor_init(struct furnace_contactor *ret_contactor, const struct driver_setup *setup);
/* One cycle; blocks for half a second at most. In MODE_CONTROL it is closed when @may_close besides: the
 * controller has its setpoint. Fills the report's contactor and contactor_closed. */
void furnace_contactor_cycle(struct furnace_contactor *contactor, const struct driver_cycle *cycle,
			     uint8_t mode, bool may_close, struct furnace_report *report);

#endif
