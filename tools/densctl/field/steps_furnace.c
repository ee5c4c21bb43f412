/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commissioning a furnace controller, and the contactor that a coupler carries for it. */
#include <math.h>
#include <stdio.h>

#include "drivers/contactor_rules.h"
#include "tools/densctl/field/ask.h"
#include "tools/densctl/field/steps_common.h"

#define COLD_K 323.0
#define FREEZING_K 253.0
#define SAME_K 0.3
#define ZERO_CELSIUS_K 273.15

static bool step_temperature(struct commission *commission, char *ret_found)
{
	const struct reading *reading = &steps_report(commission)->furnace.temperature_k;
	char question[160];
	bool cold =
		reading->quality == QUALITY_GOOD && reading->value < COLD_K && reading->value > FREEZING_K;

	snprintf(ret_found, COMMISSIONING_TEXT, "%.2f K (%.2f degC), %s%s", reading->value,
		 reading->value - ZERO_CELSIUS_K, quality_name((enum quality)reading->quality),
		 cold ? "" : ": a cold furnace is wanted; is the unit the panel's, K or degC?");
	if (!cold)
		return false;
	snprintf(question, sizeof(question),
		 "densd reads %.1f degC. Does the controller's display agree within 1 K?",
		 reading->value - ZERO_CELSIUS_K);
	return ask_yes(question);
}

static bool is_off(const struct report *report)
{
	return report->furnace.verified_off;
}

static bool step_off(struct commission *commission, char *ret_found)
{
	steps_demand(commission)->furnace = (struct furnace_demand){.mode = MODE_OFF};
	if (!steps_wait(commission, STEPS_SHORT_S, is_off)) {
		snprintf(ret_found, COMMISSIONING_TEXT, "the output did not read 0 within %g s: %.1f %%",
			 STEPS_SHORT_S, steps_report(commission)->furnace.output_pct.value);
		return false;
	}
	snprintf(ret_found, COMMISSIONING_TEXT, "heater off as the profile says; output read back 0 %%");
	return true;
}

static bool step_setpoint(struct commission *commission, char *ret_found)
{
	double target_k = steps_report(commission)->furnace.temperature_k.value;
	const struct furnace_report *furnace = &steps_report(commission)->furnace;
	double read_k;

	steps_demand(commission)->furnace =
		(struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = target_k};
	steps_wait(commission, STEPS_SHORT_S / 3, NULL);
	read_k = furnace->setpoint_k.value;
	snprintf(ret_found, COMMISSIONING_TEXT, "wrote %.2f K, read back %.2f K, %s%s", target_k, read_k,
		 furnace->manual ? "still in manual" : "automatic",
		 furnace->readback_differs ? ", the read-back differs" : "");
	return fabs(read_k - target_k) < SAME_K && !furnace->readback_differs && !furnace->second_master &&
	       !furnace->manual;
}

static bool has_contactor(const struct commission *commission)
{
	return commission->config->contactor.fitted;
}

static bool is_contactor_armed(const struct report *report)
{
	return report->furnace.contactor == CONTACTOR_ARMED && !report->furnace.contactor_closed;
}

static bool is_contactor_closed(const struct report *report)
{
	return report->furnace.contactor_closed;
}

/* Read to be so: one that is merely silent counts as open, and proves nothing. */
static bool is_contactor_fallen(const struct report *report)
{
	return report->furnace.contactor == CONTACTOR_OPENED && !report->furnace.contactor_closed &&
	       report->furnace.contactor_heard;
}

/* Heat is asked for at the temperature that is there: what closes the contactor and heats nothing. */
static void ask_heat(struct commission *commission, bool heat)
{
	double target_k = steps_report(commission)->furnace.temperature_k.value;

	steps_demand(commission)->furnace =
		heat ? (struct furnace_demand){.mode = MODE_CONTROL, .setpoint_k = target_k}
		     : (struct furnace_demand){.mode = MODE_OFF};
}

static bool close_contactor(struct commission *commission)
{
	ask_heat(commission, false);
	if (!steps_wait(commission, 2 * STEPS_SHORT_S, is_contactor_armed))
		return false;
	ask_heat(commission, true);
	return steps_wait(commission, STEPS_SHORT_S, is_contactor_closed);
}

/* Lab time without a write until the output is open; NAN: it stayed closed. */
static double trip_coupler(struct commission *commission)
{
	double took_s;
	bool fallen;

	commission->field.mute = true;
	fallen = steps_wait_fall(commission, is_contactor_fallen, &took_s);
	commission->field.mute = false;
	return fallen ? took_s : NAN;
}

/* The proof that matters: without a write the coupler opens it by itself, and asking for heat closes nothing.
 */
static bool step_contactor(struct commission *commission, char *ret_found)
{
	bool closed = close_contactor(commission), stayed, again;
	double took_s = closed ? trip_coupler(commission) : NAN;

	if (isnan(took_s)) {
		ask_heat(commission, false);
		snprintf(ret_found, COMMISSIONING_TEXT, "%.30s%.80s",
			 closed ? "closed; nobody wrote: NOT open" : "NOT closed: ",
			 closed ? "" : contactor_rules_text(steps_report(commission)->furnace.contactor));
		return false;
	}
	stayed = !steps_wait(commission, STEPS_SHORT_S / 3, is_contactor_closed);
	again = close_contactor(commission);
	ask_heat(commission, false);
	again = again && steps_wait(commission, STEPS_SHORT_S, is_contactor_armed);
	snprintf(ret_found, COMMISSIONING_TEXT,
		 "nobody wrote: open after %.1f s; heat asked for: %s; armed anew: %s", took_s,
		 stayed ? "stayed open" : "CLOSED by itself", again ? "closed, then open" : "NOT closed");
	return stayed && again;
}

static bool is_manual(const struct report *report)
{
	return report->furnace.manual || ask_stopped();
}

static bool is_automatic(const struct report *report)
{
	return !report->furnace.manual || ask_stopped();
}

static bool step_manual(struct commission *commission, char *ret_found)
{
	static const struct steps_hands hands = {
		.change = "Switch the controller to manual at its own panel now.",
		.changed = "manual at the panel",
		.is_changed = is_manual,
		.undo = "Switch it back to automatic.",
		.undone = "automatic again",
		.is_undone = is_automatic};

	return steps_watch_hands(commission, &hands, ret_found);
}

/* The value is bad from the cycle after the one that read the status. */
static bool is_broken(const struct report *report)
{
	return (report->furnace.sensor_break && report->furnace.temperature_k.quality == QUALITY_BAD) ||
	       ask_stopped();
}

static bool is_whole(const struct report *report)
{
	return (!report->furnace.sensor_break && report->furnace.temperature_k.quality == QUALITY_GOOD) ||
	       ask_stopped();
}

static bool step_break(struct commission *commission, char *ret_found)
{
	static const struct steps_hands hands = {
		.change = "Take one wire of the thermocouple off the controller now.",
		.changed = "sensor break and a bad value",
		.is_changed = is_broken,
		.undo = "Connect it again.",
		.undone = "whole again",
		.is_undone = is_whole};

	return steps_watch_hands(commission, &hands, ret_found);
}

static bool make_safe(struct commission *commission)
{
	steps_demand(commission)->furnace = (struct furnace_demand){.mode = MODE_OFF};
	return steps_wait(commission, STEPS_SHORT_S, is_off);
}

static const struct step steps[] = {
	{"identity", "The controller is the one the profile means.", false, NULL, steps_run_identity},
	{"units", "Units and decimals at the panel.", false, steps_has_units, steps_run_units},
	{"word order", "The word order of its numbers is proven.", false, NULL, steps_run_order},
	{"limits", "Its own setpoint limits hold what the site allows.", true, steps_has_limits,
	 steps_run_limits},
	{"temperature", "It is cold, and densd reads what the display shows.", false, NULL, step_temperature},
	{"heater off", "The profile's heater-off sequence, output read back.", false, NULL, step_off},
	{"setpoint", "A setpoint at the present temperature, written and read back; automatic.", false, NULL,
	 step_setpoint},
	{COMMISSIONING_CONTACTOR, "Nobody writes to the coupler: it opens the contactor by itself.", false,
	 has_contactor, step_contactor},
	{"manual", "Manual at the panel is seen.", true, NULL, step_manual},
	{"sensor break", "A broken thermocouple is seen and its value is bad.", true, NULL, step_break},
};
const struct steps_kind steps_furnace = {steps, sizeof(steps) / sizeof(steps[0]), make_safe};
