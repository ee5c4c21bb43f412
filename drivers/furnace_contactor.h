/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The contactor of a furnace's heater on an output of a fieldbus coupler, for a furnace whose controller has
 * no watchdog: the coupler opens it when nobody writes to it any more. Written each cycle: closed while
 * control has the furnace heat (MODE_CONTROL) and the controller has its setpoint, else open; in MODE_OBSERVE
 * nothing is written, and the coupler falls back by itself.
 *
 * Armed means: it is the coupler of the profile, its watchdog waits for writes and for the site's
 * device_watchdog_s, its outputs fall back to zero, its write lock is on, and all of that was read back. A
 * fall-back that is not zero is never changed from here, since another output of the same coupler may need
 * it: it is refused. What fell back, does not obey or is silent for the watchdog's time is open until the
 * heater has been off for CONTACTOR_OFF_CYCLES; then it is armed anew, in MODE_OFF alone: unarmed in
 * MODE_CONTROL is open. What is safe does not rest on this file but on the coupler: it opens when this
 * process, control, the cable or the switch is dead.
 */
#ifndef DENSD_DRIVERS_FURNACE_CONTACTOR_H
#define DENSD_DRIVERS_FURNACE_CONTACTOR_H

#include "drivers/session.h"

#define CONTACTOR_OFF_CYCLES 10u

/* What a cycle saw of an armed or opened contactor. */
struct furnace_contactor_look {
	uint8_t mode;        /* enum device_mode of the demand */
	bool fell_back;      /* the count is not the one it was armed with */
	bool disobeys;       /* the output is not what was written, twice */
	bool unset;          /* a setting is not what it was armed with */
	bool silent;         /* for longer than its watchdog waits */
	uint32_t off_cycles; /* answered cycles in MODE_OFF since it opened */
};
/* Pure. enum contactor_state after @look; UNARMED from OPENED asks for arming anew. */
uint8_t furnace_contactor_next(uint8_t state, const struct furnace_contactor_look *look);

struct furnace_contactor {
	const struct bus_contactor *config;
	struct bus_device device; /* what the session speaks to, made of @config */
	struct session session;
	double watchdog_s; /* widened for a simulated clock */
	double scale;
	uint8_t state;      /* enum contactor_state */
	uint16_t fallbacks; /* the count it was armed with */
	uint32_t connects;  /* of the line, when its settings were last read */
	bool ordered, have_order, closed;
	uint32_t differs, off_cycles;
	int64_t until_ns; /* the end of what a cycle may take for it */
	double heard_lab_s, tried_lab_s;
};

/*
 * Takes from @profile what the driver needs. 0, or -EINVAL: the profile is no coupler's, or lacks a register
 * or more steps than there is room for; *ret_lacks then says what.
 */
int furnace_contactor_pack(const struct profile *profile, struct bus_contactor *ret_contactor,
			   const char **ret_lacks);
/* Without a contactor in @setup it stays CONTACTOR_NONE and does nothing. No I/O. */
void furnace_contactor_init(struct furnace_contactor *ret_contactor, const struct driver_setup *setup);
/* One cycle; blocks for its transactions. In MODE_CONTROL it is closed when @may_close besides: the
 * controller has its setpoint. Fills the report's contactor and contactor_closed. */
void furnace_contactor_cycle(struct furnace_contactor *contactor, const struct driver_cycle *cycle,
			     uint8_t mode, bool may_close, struct furnace_report *report);
/* What @state means and what to do about it, for the log. */
const char *furnace_contactor_text(uint8_t state);

#endif
