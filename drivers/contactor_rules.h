/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a heater's contactor on a coupler needs of its profile, and which state follows what was seen. Pure.
 */
#ifndef DENSD_DRIVERS_CONTACTOR_RULES_H
#define DENSD_DRIVERS_CONTACTOR_RULES_H

#include "drivers/profile.h"

#define CONTACTOR_OFF_CYCLES 10u

/* What a cycle saw of an armed or opened contactor. */
struct contactor_look {
	uint8_t mode;        /* enum device_mode of the demand */
	bool fell_back;      /* the count is not the one it was armed with */
	bool disobeys;       /* the output is not what was written, twice */
	bool unset;          /* a setting is not what it was armed with */
	bool silent;         /* for longer than its watchdog waits */
	uint32_t off_cycles; /* answered cycles in MODE_OFF since it opened */
};
/* enum contactor_state after @look; UNARMED from OPENED asks for arming anew. */
uint8_t contactor_rules_next(uint8_t state, const struct contactor_look *look);
/*
 * Takes from @profile what the driver needs. 0, or -EINVAL: the profile is no coupler's, or lacks a register
 * or more steps than there is room for; *ret_lacks then says what.
 */
int contactor_rules_pack(const struct profile *profile, struct bus_contactor *ret_contactor,
			 const char **ret_lacks);
/* What @state means and what to do about it, for the log. */
const char *contactor_rules_text(uint8_t state);

#endif
