/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commissioning a press. */
#include <math.h>
#include <stdio.h>

#include "tools/densctl/field/ask.h"
#include "tools/densctl/field/steps_common.h"

#define SAME_BAR 2.0

static bool step_ambient(struct commission *commission, char *ret_found)
{
	const struct press_report *press = &steps_report(commission)->press;
	char question[160];
	bool empty = press->depressurised && press->oil_bar.quality == QUALITY_GOOD &&
		     press->oil_bar.value <= commission->site->limits.ambient_oil_bar;

	snprintf(ret_found, COMMISSIONING_TEXT,
		 "oil %.2f bar, DEPRESSURISED %d, %.0f %% of the pump's volume left", press->oil_bar.value,
		 press->depressurised, press->stroke_pct.value);
	if (!empty)
		return false;
	snprintf(question, sizeof(question), "densd reads %.1f bar of oil. Does the press's own gauge agree?",
		 press->oil_bar.value);
	return ask_yes(question);
}

static bool has_watchdog(const struct commission *commission)
{
	return commission->device->profile.watchdog;
}

static bool is_regulating(const struct report *report)
{
	return !report->press.locked;
}

static bool is_armed(const struct report *report)
{
	return report->press.watchdog_armed && !report->press.locked;
}

static void regulate(struct commission *commission, bool heartbeat)
{
	steps_demand(commission)->press = (struct press_demand){
		.mode = MODE_CONTROL,
		.setpoint_gpa = fmax(steps_report(commission)->press.pressure_gpa.value, 0),
		.heater_enable = heartbeat,
		.heartbeat = heartbeat,
		.watchdog_s = commission->site->limits.device_watchdog_s,
		.prior_gpa = NAN};
}

static bool step_regulate(struct commission *commission, char *ret_found)
{
	const struct press_report *press = &steps_report(commission)->press;
	bool ok;

	regulate(commission, true);
	/* A pump has none: the site accepts that in words, and a run is refused until it does. */
	ok = steps_wait(commission, 2 * STEPS_SHORT_S, has_watchdog(commission) ? is_armed : is_regulating);
	snprintf(ret_found, COMMISSIONING_TEXT,
		 "REGULATE %s, watchdog %s, setpoint read back %.2f bar at %.2f bar of oil",
		 press->locked ? "NOT reached" : "reached",
		 press->watchdog_armed      ? "armed"
		 : has_watchdog(commission) ? "NOT armed"
					    : "none",
		 press->oil_setpoint_bar.value, press->oil_bar.value);
	return ok && fabs(press->oil_setpoint_bar.value - press->oil_bar.value) < SAME_BAR &&
	       !press->readback_differs && !press->second_master;
}

static bool is_closed(const struct report *report)
{
	return report->press.contactor_closed;
}

static bool is_tripped(const struct report *report)
{
	return report->press.watchdog_tripped && !report->press.contactor_closed && report->press.locked;
}

/* The proof that matters: without heartbeats the PLC opens the contactor and locks the press by itself. */
static bool step_watchdog(struct commission *commission, char *ret_found)
{
	const struct press_report *press = &steps_report(commission)->press;
	bool closed = steps_wait(commission, STEPS_SHORT_S, is_closed), tripped;
	double took_s = 0;

	regulate(commission, false);
	tripped = closed && steps_wait_fall(commission, is_tripped, &took_s);
	snprintf(ret_found, COMMISSIONING_TEXT,
		 "contactor %s before; heartbeat stopped: after %.1f s contactor %s, press %s, "
		 "WATCHDOG_TRIPPED %d",
		 closed ? "closed" : "NOT closed", took_s, press->contactor_closed ? "NOT open" : "open",
		 press->locked ? "locked" : "NOT locked", press->watchdog_tripped);
	return tripped;
}

static bool is_locked_clear(const struct report *report)
{
	return report->press.locked && !report->press.watchdog_tripped;
}

static void lock(struct commission *commission)
{
	steps_demand(commission)->press =
		(struct press_demand){.mode = MODE_OFF, .heartbeat = true, .prior_gpa = NAN};
}

static bool step_lock(struct commission *commission, char *ret_found)
{
	bool ok;

	lock(commission);
	ok = steps_wait(commission, 2 * STEPS_SHORT_S, is_locked_clear);
	snprintf(ret_found, COMMISSIONING_TEXT, "LOCK read back: %s; trip cleared: %s",
		 steps_report(commission)->press.locked ? "yes" : "NO",
		 steps_report(commission)->press.watchdog_tripped ? "NO" : "yes");
	return ok;
}

static bool is_local(const struct report *report)
{
	return report->press.local || ask_stopped();
}

static bool is_remote(const struct report *report)
{
	return !report->press.local || ask_stopped();
}

static bool step_local(struct commission *commission, char *ret_found)
{
	static const struct steps_hands hands = {.change = "Turn the press's key to LOCAL now.",
						 .changed = "LOCAL",
						 .is_changed = is_local,
						 .undo = "Turn it back to REMOTE.",
						 .undone = "REMOTE again",
						 .is_undone = is_remote};

	return steps_watch_hands(commission, &hands, ret_found);
}

static bool is_locked(const struct report *report)
{
	return report->press.locked && !report->press.contactor_closed;
}

static bool make_safe(struct commission *commission)
{
	lock(commission);
	return steps_wait(commission, STEPS_SHORT_S, is_locked);
}

static const struct step steps[] = {
	{"identity", "The PLC is the one the profile means.", false, NULL, steps_run_identity},
	{"word order", "The word order of its numbers is proven.", false, NULL, steps_run_order},
	{"ambient", "The press is empty and without pressure.", false, NULL, step_ambient},
	{"regulate", "REGULATE at the pressure that is there; a watchdog is armed first.", false, NULL,
	 step_regulate},
	{"watchdog", "The heartbeat stops: the PLC opens the contactor and locks the press.", false,
	 has_watchdog, step_watchdog},
	{"lock", "LOCK, and the trip is cleared.", false, NULL, step_lock},
	{"local", "LOCAL at the panel is seen.", true, NULL, step_local},
};
const struct steps_kind steps_press = {steps, sizeof(steps) / sizeof(steps[0]), make_safe};
