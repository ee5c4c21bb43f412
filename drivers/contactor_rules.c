/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/contactor_rules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORST_LATENCY_MOST_MS 200.0 /* twice that, and three questions, must fit into half a second */

static const char *const needed[] = {"fallback_count", "watchdog_ms", "watchdog_reset",
				     "watchdog_type",  "fallback",    "write_lock"};

static const char *const texts[CONTACTOR_STATE_MAX] = {
	[CONTACTOR_NONE] = "there is none",
	[CONTACTOR_UNARMED] = "not armed, open. densd arms it before a run; if it stays so, check the "
			      "coupler's supply, cable and address",
	[CONTACTOR_ARMED] = "armed: the coupler opens it when nobody writes",
	[CONTACTOR_OPENED] = "open: the coupler fell back, did not obey or was silent; it is armed anew once "
			     "the heater has been off",
	[CONTACTOR_STRANGER] =
		"refused: what answers is not the coupler of the profile. Check host, unit and profile",
	[CONTACTOR_FREEZES] =
		"refused: the coupler's fall-back is not 0 (outputs to zero): a dead densd would open "
		"nothing. Set it at the coupler",
	[CONTACTOR_LOCKED] =
		"refused: the coupler takes no writes from here. Another master holds its write lock: "
		"end it",
	[CONTACTOR_DIFFERS] =
		"refused: watchdog, write lock or output read back otherwise than written. Look "
		"at the coupler",
};

const char *contactor_rules_text(uint8_t state)
{
	return state < CONTACTOR_STATE_MAX ? texts[state] : "unknown";
}

uint8_t contactor_rules_next(uint8_t state, const struct contactor_look *look)
{
	if (state == CONTACTOR_NONE)
		return CONTACTOR_NONE;
	/* Nothing is written, so nothing is learnt: what was open stays so until the heater is off. */
	if (look->mode == MODE_OBSERVE)
		return state;
	if (state == CONTACTOR_UNARMED && look->mode == MODE_CONTROL)
		return CONTACTOR_OPENED;
	if (state == CONTACTOR_ARMED && (look->fell_back || look->disobeys || look->unset || look->silent))
		return CONTACTOR_OPENED;
	if (state == CONTACTOR_OPENED && look->off_cycles >= CONTACTOR_OFF_CYCLES)
		return CONTACTOR_UNARMED;
	return state;
}

static bool copy_steps(const struct profile_value *steps, uint32_t count, struct profile_value *ret_steps,
		       uint32_t *ret_count)
{
	if (count > CONTACTOR_STEPS_MAX)
		return false;
	memcpy(ret_steps, steps, count * sizeof(*steps));
	*ret_count = count;
	return true;
}

int contactor_rules_pack(const struct profile *profile, struct bus_contactor *ret_contactor,
			 const char **ret_lacks)
{
	struct bus_contactor c = *ret_contactor;

	*ret_lacks = "it is no coupler on modbus";
	if (profile->kind != DEVICE_KIND_MAX || strcmp(profile->protocol, "modbus") != 0)
		return -EINVAL;
	for (size_t i = 0; i < COUNT(needed); i++) {
		*ret_lacks = needed[i];
		if (!profile_find(profile, needed[i]))
			return -EINVAL;
	}
	*ret_lacks = "its worst_latency is more than 0.2 s, and the furnace waits half a second for it";
	if (profile->worst_latency_ms > WORST_LATENCY_MOST_MS)
		return -EINVAL;
	*ret_lacks = "too many registers or steps";
	if (profile->register_count > CONTACTOR_REGISTERS_MAX || profile->auto_count == 0 ||
	    !copy_steps(profile->identity, profile->identity_count, c.identity, &c.identity_count) ||
	    !copy_steps(profile->start_steps, profile->start_count, c.start, &c.start_count) ||
	    !copy_steps(profile->auto_steps, profile->auto_count, c.reset, &c.reset_count))
		return -EINVAL;
	memcpy(c.registers, profile->registers, profile->register_count * sizeof(*c.registers));
	c.register_count = profile->register_count;
	memcpy(c.marks, profile->marks, sizeof(c.marks));
	c.mark_count = profile->mark_count;
	snprintf(c.profile, sizeof(c.profile), "%s", profile->name);
	memcpy(c.sha256, profile->sha256, sizeof(c.sha256));
	c.worst_latency_ms = profile->worst_latency_ms;
	c.response_timeout_ms = profile->response_timeout_ms;
	c.single_write = profile->single_write;
	c.fitted = true;
	*ret_contactor = c;
	return 0;
}
