/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows 8, 10, 12, 13, 14, 15, 21, 22 and 39: data that ages, devices that disagree, and a process that never
 * arrives. */
#include "protocol/interlock_rows.h"

#include <math.h>

#define CHECK_LINE "Check the line to that device, then resume."
#define REPAIR_SENSOR "Its thermocouple is broken: repair it, then resume."

/* @remedy: what is wrong, as far as it is known, and what to do. */
static enum verdict judge_age(const struct step *step, double good_lab_s, const char *what, double last,
			      const char *unit, const char *remedy, char *ret_text)
{
	double age_s = step->now - good_lab_s;

	if (age_s <= step->limits->fresh_age_s)
		return VERDICT_CLEAR;
	if (age_s > step->limits->stale_hold_s) {
		interlock_say(
			ret_text,
			"No good %s for %.1f s (last %.3f %s). Heater off, press locked; a device that is "
			"silent: by its own watchdog. %s",
			what, age_s, last, unit, remedy);
		return VERDICT_FIRE;
	}
	interlock_say(ret_text,
		      "No good %s for %.1f s (last %.3f %s). Setpoints stand; heater off and press locked "
		      "after %.0f s. %s",
		      what, age_s, last, unit, step->limits->stale_hold_s, remedy);
	return VERDICT_WARN;
}

static bool furnace_answers(const struct step *step)
{
	return step->now - step->in->temperature_k.t_lab_s <= step->limits->fresh_age_s &&
	       !step->in->furnace_lost;
}

enum verdict check_stale_temperature(struct step *step, char *ret_text)
{
	/* A controller that answers with a broken sensor has a line that is well. */
	bool broken = furnace_answers(step) &&
		      (step->in->furnace_sensor_break || step->in->temperature_k.cause == CAUSE_SENSOR_BREAK);

	return judge_age(step, step->p->good_k_lab_s, "temperature", step->m->last_good_k, "K",
			 broken ? REPAIR_SENSOR : CHECK_LINE, ret_text);
}

enum verdict check_stale_pressure(struct step *step, char *ret_text)
{
	return judge_age(step, step->p->good_gpa_lab_s, "pressure", step->m->last_good_gpa, "GPa", CHECK_LINE,
			 ret_text);
}

static bool press_answers(const struct step *step)
{
	return step_is_fresh(step, &step->in->oil_bar) && !step->in->press_lost;
}

enum verdict check_readback_furnace(struct step *step, char *ret_text)
{
	if (!furnace_answers(step) || !step->in->furnace_readback_differs)
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "Furnace holds setpoint %.1f K where %.1f K was written. densd holds at %.1f K. Look "
		      "at its panel; resume when it "
		      "agrees.",
		      step->in->furnace_setpoint_k.value, step->m->setpoint_k, step->m->last_good_k);
	return VERDICT_FIRE;
}

/*
 * Where heat is asked for, the run holds and the heater goes off, with which the worker arms the contactor
 * anew. What cools does so without it.
 */
enum verdict check_contactor(struct step *step, char *ret_text)
{
	if (!step->in->furnace_contactor_open)
		return VERDICT_CLEAR;
	/* What cools goes on without heat: a programme that still ramps would take it for a lag. */
	if (step->m->phase == PHASE_COOL || step->m->phase == PHASE_ABORTING)
		step->p->heater_off = true;
	interlock_say(
		ret_text,
		"The heater's contactor is open at %.1f K: its coupler fell back, does not obey or is "
		"silent. Heater off; a run that heats holds. Check coupler and network; resume once it is "
		"armed again.",
		step->m->last_good_k);
	return machine_heat_mode(step, step->m) == HEAT_CONTROL ? VERDICT_FIRE : VERDICT_WARN;
}

enum verdict check_readback_press(struct step *step, char *ret_text)
{
	if (!press_answers(step) || !step->in->press_readback_differs)
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "Press holds setpoint %.3f GPa where %.3f GPa was written. Heater off, press locked. "
		      "Look at its panel; resume "
		      "when it agrees.",
		      step->in->pressure_setpoint_gpa.value, step->m->setpoint_gpa);
	return VERDICT_FIRE;
}

enum verdict check_identity(struct step *step, char *ret_text)
{
	/* The values of a stranger are not taken, so that they age as if nobody answered. */
	bool furnace = (furnace_answers(step) && !step->in->furnace_identity_ok) ||
		       (step->in->furnace_stranger && !step->in->furnace_lost);
	bool press = ((press_answers(step) && !step->in->press_identity_ok) ||
		      (step->in->press_stranger && !step->in->press_lost)) &&
		     !step->plan->reference;

	/* A device that reconnects needs a few cycles to show who it is. */
	if (!interlock_held(step, TIMER_IDENTITY, furnace || press, step->limits->bus_lost_s))
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "%s answers with another identity or other units for %.0f s. Nothing is written to "
		      "it, the run holds. Check address and cable, then resume.",
		      furnace ? "Furnace" : "Press", step->p->timer[TIMER_IDENTITY]);
	return VERDICT_FIRE;
}

/* What is read is no temperature, and what is written no setpoint: the heater goes off, the worker writes no
 * setpoint. */
enum verdict check_units(struct step *step, char *ret_text)
{
	if (!step->in->units_differ)
		return VERDICT_CLEAR;
	interlock_say(
		ret_text,
		"Units or decimals were changed at a panel (last good %.1f K). Heater off, no setpoint is "
		"written, the run holds. Set them back to what the profile says, then resume.",
		step->m->last_good_k);
	return VERDICT_FIRE;
}

struct silence {
	double age_s;
	bool furnace, press;
};

static struct silence judge_silence(const struct step *step)
{
	double furnace_s = step->now - step->in->temperature_k.t_lab_s,
	       press_s = step->now - step->in->oil_bar.t_lab_s;

	if (step->plan->reference && step->in->oil_bar.quality == QUALITY_NONE)
		press_s = 0;
	return (struct silence){.age_s = fmax(furnace_s, press_s),
				.furnace = step->in->furnace_lost || furnace_s > step->limits->bus_lost_s,
				.press = step->in->press_lost || press_s > step->limits->bus_lost_s};
}

enum verdict check_bus(struct step *step, char *ret_text)
{
	struct silence silence = judge_silence(step);

	if (!silence.furnace && !silence.press)
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "%s silent: no good poll for %.1f s. A PLC's watchdog (%.0f s) opens the contactor and "
		      "locks the press; what has none keeps on. Check cable and power.",
		      !silence.press     ? "Furnace"
		      : !silence.furnace ? "Press"
					 : "Furnace and press",
		      silence.age_s, step->limits->device_watchdog_s);
	return VERDICT_WARN;
}

static enum verdict judge_adapter(struct step *step, enum interlock_timer timer, bool lost, const char *what,
				  char *ret_text)
{
	if (!interlock_held(step, timer, lost, step->limits->reopen_limit_s))
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "The %s line has been gone for %.0f s. Heater off, press locked. Plug the adapter in "
		      "again and resume once the "
		      "device answers, or abort.",
		      what, step->p->timer[timer]);
	return VERDICT_FIRE;
}

enum verdict check_adapter_furnace(struct step *step, char *ret_text)
{
	return judge_adapter(step, TIMER_FURNACE_LOST, step->in->furnace_lost, "furnace", ret_text);
}

enum verdict check_adapter_press(struct step *step, char *ret_text)
{
	return judge_adapter(step, TIMER_PRESS_LOST, step->in->press_lost, "press", ret_text);
}

enum verdict check_second_master(struct step *step, char *ret_text)
{
	bool furnace = furnace_answers(step) && step->in->furnace_second_master;
	bool press = press_answers(step) && step->in->press_second_master;

	if (!furnace && !press)
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "Someone else wrote to the %s: it holds %.3f %s. densd holds and does not fight. Find "
		      "the other master, then resume or abort.",
		      furnace ? "furnace" : "press",
		      furnace ? step->in->furnace_setpoint_k.value : step->in->pressure_setpoint_gpa.value,
		      furnace ? "K" : "GPa");
	return VERDICT_FIRE;
}

enum verdict check_manual(struct step *step, char *ret_text)
{
	bool furnace = furnace_answers(step) && step->in->furnace_manual &&
		       machine_heat_mode(step, step->m) == HEAT_CONTROL;
	bool press = press_answers(step) && step->in->press_local;

	/* A mode just commanded takes a cycle to be read back. */
	if (!interlock_held(step, TIMER_MANUAL, furnace || press, step->limits->fresh_age_s))
		return VERDICT_CLEAR;
	interlock_say(
		ret_text,
		"The %s is in %s, which densd did not command (%.1f K, %.3f GPa). densd holds. Switch it "
		"back at its panel, then resume or abort.",
		furnace ? "furnace" : "press", furnace ? "manual" : "local", step->m->last_good_k,
		step->m->last_good_gpa);
	return VERDICT_FIRE;
}

static bool may_abort(const struct step *step)
{
	uint8_t phase = step->m->phase;

	return phase == PHASE_COMPRESS || phase == PHASE_HEAT || phase == PHASE_ISOTHERM;
}

/* The heater is off then (machine_stop_trailing), the way and the outcome stay. */
static void say_not_cooling(struct step *step, char *ret_text)
{
	const struct machine *m = step->m;

	interlock_say(ret_text,
		      "%s: waited %.0f min at %.1f K for %.1f K. Heater off, contactor open; densd keeps "
		      "waiting, P held. See why the furnace does not follow; if T still stands, cut its "
		      "mains.",
		      phase_name((enum phase)m->phase), m->holdback_s / 60, m->last_good_k, m->setpoint_k);
}

static enum verdict judge_cooling(struct step *step, char *ret_text)
{
	if (step->m->holdback_s <= step->plan->holdback_limit_s ||
	    (step->cold && step->m->phase == PHASE_ABORTING))
		return VERDICT_CLEAR;
	say_not_cooling(step, ret_text);
	return VERDICT_WARN;
}

enum verdict check_holdback(struct step *step, char *ret_text)
{
	const struct machine *m = step->m;
	double limit_s = step->plan->holdback_limit_s;
	bool long_stretch = m->holdback_s > limit_s, long_sum = m->holdback_sum_s > 2 * limit_s;

	if (m->phase == PHASE_COOL || m->phase == PHASE_ABORTING)
		return judge_cooling(step, ret_text);
	/* In DECOMPRESS the alarm never changes the outcome, and the sum counts no longer. */
	if (!long_stretch && !(long_sum && may_abort(step)))
		return VERDICT_CLEAR;
	interlock_say(
		ret_text, "%s waited %.0f min (%.0f in all) at %.1f K for %.1f K, %.3f GPa for %.3f GPa. %s",
		phase_name((enum phase)m->phase), m->holdback_s / 60, m->holdback_sum_s / 60, m->last_good_k,
		m->setpoint_k, m->last_good_gpa, fmin(m->setpoint_gpa, step->plan->pressure_gpa),
		may_abort(step) ? "densd aborts: cools, then releases. Find what trails."
				: "densd keeps waiting. See why.");
	return may_abort(step) ? VERDICT_FIRE : VERDICT_WARN;
}
