/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The phases that wait: PREFLIGHT for the laboratory, HOLD and RECOVERY_WAIT for the operator, HANDED_OVER
 * for the panel. */
#include "protocol/machine_step.h"

#include <math.h>
#include <stdio.h>

#include "protocol/interlock_rows.h"

#define PREFLIGHT_GOOD_S 1.0

static const char *missing_furnace(const struct step *step, char text[MACHINE_WHY])
{
	const struct limits *limits = step->limits;
	double temperature_k = step->in->temperature_k.value;

	if (!step->in->furnace_identity_ok)
		return "the furnace controller has not been identified";
	if (!step->t_fresh)
		return "no fresh furnace temperature";
	if (step->ambient_k > limits->release_temperature_k - limits->release_ambient_margin_k) {
		snprintf(text, MACHINE_WHY,
			 "ambient %.1f K is within %.1f K of release_temperature_k %.1f K: raise it in the "
			 "site file",
			 step->ambient_k, limits->release_ambient_margin_k, limits->release_temperature_k);
		return text;
	}
	if (!step->cold) {
		snprintf(text, MACHINE_WHY, "the cell is at %.1f K, above %.1f K: let it cool", temperature_k,
			 limits->release_temperature_k);
		return text;
	}
	return NULL;
}

static const char *missing_press(const struct step *step, char text[MACHINE_WHY])
{
	if (!step->in->press_identity_ok)
		return "the press controller has not been identified";
	if (step->in->press_local)
		return "the press is in local: switch it to remote";
	if (!step->plan->reference && !step->p_fresh)
		return "no fresh pressure";
	if (!step->ambient) {
		snprintf(text, MACHINE_WHY,
			 "the press is not at ambient pressure (%.1f bar oil): release it at the panel",
			 step->in->oil_bar.value);
		return text;
	}
	if (step->in->units_differ)
		return "a panel shows other units or decimals than its profile: set them back";
	if (step->in->order_unproven)
		return "no value has proven the word order of a device's floats: check its profile";
	if (!step->in->devices_armed)
		return step->in->unarmed;
	return NULL;
}

static const char *missing(const struct step *step, char text[MACHINE_WHY])
{
	struct plan_fault fault;
	const char *what = missing_furnace(step, text);

	if (!what)
		what = missing_press(step, text);
	if (!what && !step->in->store_ok)
		what = "the journal cannot be written";
	if (!what && plan_check_feasible(step->plan, step->ambient_k, &fault, 1) > 0) {
		snprintf(text, MACHINE_WHY, "%.40s: %.150s", fault.field, fault.text);
		what = text;
	}
	return what;
}

static void leave_preflight(struct step *step)
{
	struct machine *m = step->m;

	m->setpoint_k = step->in->temperature_k.value;
	m->cold_run = plan_is_cold(step->plan, step->in->temperature_k.value);
	if (!step->plan->reference)
		segment_start(step, PHASE_COMPRESS, "preflight passed, compressing");
	else if (m->cold_run)
		segment_start(step, PHASE_ISOTHERM, "preflight passed; a cold reference, the soak starts");
	else
		segment_start(step, PHASE_HEAT, "preflight passed, heating at 1 atm");
}

static void tick_preflight(struct step *step)
{
	struct machine_private *p = step->p;
	char text[MACHINE_WHY];
	const char *what = missing(step, text);
	/* Watchdogs are armed by the first writes of a run: at a healthy start that takes a few cycles. */
	bool late = interlock_held(step, TIMER_PREFLIGHT, what != NULL, step->limits->preflight_grace_s);

	if (what) {
		p->in_band_since_lab_s = NEVER_LAB_S;
		snprintf(step->m->cause, sizeof(step->m->cause), "Preflight waits: %.180s.", what);
		if (late)
			step_raise(step, ALARM_PREFLIGHT, step->m->cause);
		return;
	}
	step_clear(step, ALARM_PREFLIGHT);
	if (p->in_band_since_lab_s < 0)
		p->in_band_since_lab_s = step->now;
	if (step->now - p->in_band_since_lab_s < PREFLIGHT_GOOD_S)
		return;
	if (step->m->pause_pending)
		machine_hold(step, ALARM_NONE,
			     "paused after preflight, as the operator asked; resume goes on");
	else
		leave_preflight(step);
}

static void drop_resume(struct step *step)
{
	if (step->p->waiting_intent == 0 || step->in->store_ok)
		return;
	step_forget_intent(step);
	step_note(step, NOTE_INFO, ALARM_STORE,
		  "The journal could not record the resume; the run stays held.");
}

static void tick_hold(struct step *step)
{
	struct machine *m = step->m;
	struct machine_private *p = step->p;

	if (m->hold_alarm == ALARM_NONE)
		m->pause_s += step->dt;
	m->hold_s += step->dt;
	if (machine_heat_mode(step, m) != HEAT_CONTROL && step->t_fresh)
		m->setpoint_k = fmin(m->setpoint_k, step->in->temperature_k.value);
	if (step->cold)
		p->hold_hot_since_lab_s = NEVER_LAB_S;
	else if (p->hold_hot_since_lab_s < 0)
		p->hold_hot_since_lab_s = step->now;
	drop_resume(step);
}

static bool rests(const struct step *step)
{
	double since = step->p->done_since_lab_s;

	return since >= 0 && step->now - since >= step->limits->done_dwell_s;
}

/* Lock and heater off first; once read back, densd only watches. */
static void tick_handed_over(struct step *step)
{
	bool heater_off = step_is_fresh(step, &step->in->furnace_output_pct) &&
			  step->in->furnace_output_pct.value < 0.5;

	if ((step->in->press_locked || step->in->press_local) && heater_off)
		step->p->panel_has_press = true;
	if (rests(step))
		machine_finish(step, OUTCOME_HANDED_OVER,
			       "handed over to the panel, now at ambient pressure");
}

static void tick_stays_off(struct step *step)
{
	if (step->t_fresh)
		step->m->setpoint_k = fmin(step->m->setpoint_k, step->in->temperature_k.value);
	drop_resume(step);
}

/* Who answers is who was expected, as far as is known, and somebody does. What does not answer gets no write
 * by its own lack of identity. */
static bool is_among_friends(const struct step *step)
{
	const struct inputs *in = step->in;
	bool strange = in->furnace_stranger || in->press_stranger || in->units_differ;
	bool fought = in->furnace_second_master || in->press_second_master;

	return !strange && !fought && (in->furnace_identity_ok || in->press_identity_ok);
}

/* R1 with a latched trip wrote nothing, and an instrument that nobody told anything may heat as before it.
 * Once the reason has been gone for bus_lost_s the trip is asserted as R2 would. */
static void tick_tripped(struct step *step)
{
	tick_stays_off(step);
	if (step->p->wait_mode != WAIT_TRIPPED_OBSERVE ||
	    !interlock_held(step, TIMER_FRIENDS, is_among_friends(step), step->limits->bus_lost_s))
		return;
	step->p->wait_mode = WAIT_SAFE_HOLD;
	step_note(
		step, NOTE_INFO, ALARM_NONE,
		"The instruments are the expected ones again: heater off and press locked are commanded now. "
		"Still tripped: ack, remove the cause, reset.");
}

void wait_tick(struct step *step)
{
	enum phase phase = (enum phase)step->m->phase;

	if (phase == PHASE_PREFLIGHT)
		tick_preflight(step);
	else if (phase == PHASE_HOLD)
		tick_hold(step);
	else if (phase == PHASE_HANDED_OVER)
		tick_handed_over(step);
	else if (phase == PHASE_TRIPPED)
		tick_tripped(step);
	else
		tick_stays_off(step);
}
