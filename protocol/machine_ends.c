/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ways to stop: HOLD, ABORT to its cold end, TRIP, and the end of a run with its outcome. */
#include "protocol/machine_step.h"

#include <math.h>
#include <stdio.h>

#include "protocol/interlock.h"

#define ABORT_CLEAR_S 60.0
#define ABORT_LEAD_K 5.0

/* Out of a phase of the programme, or of PREFLIGHT, which a pause may hold. */
static void keep_resume_phase(struct step *step)
{
	if (step->m->phase <= PHASE_DECOMPRESS && !(step->m->phase == PHASE_COOL && step->p->stay))
		step->m->resume_phase = step->m->phase;
}

void machine_hold(struct step *step, enum alarm alarm, const char *why)
{
	struct machine *m = step->m;

	/* A heater that was not on in the segment does not come on because the run is held. */
	if (machine_heat_mode(step, m) != HEAT_CONTROL)
		step->p->heater_off = true;
	/* Nor does a press begin to regulate that still waited for its intent. */
	if (m->phase == PHASE_COMPRESS && step->p->waiting_intent != 0)
		step->p->safe_hold = true;
	keep_resume_phase(step);
	step_forget_intent(step);
	m->pause_pending = false;
	m->hold_alarm = (uint8_t)alarm;
	step->p->hold_hot_since_lab_s = NEVER_LAB_S;
	step->p->resume_offered = true;
	step->p->offer_ends = false;
	step->p->stay = false;
	step_enter(step, PHASE_HOLD, why);
}

void machine_finish(struct step *step, enum outcome outcome, const char *why)
{
	step->m->outcome = (uint8_t)outcome;
	step_forget_intent(step);
	step_enter(step, PHASE_DONE, why);
	step->m->progress = outcome == OUTCOME_COMPLETED ? 1 : step->m->progress;
	step->m->remaining_s = 0;
	step_note(step, NOTE_OUTCOME, ALARM_NONE, "%s: %s", outcome_name(outcome), step->m->cause);
}

/* Nothing was done yet and there is nothing to undo. A press that has pressure before its run, whoever gave
 * it, takes the way of every abort. */
static bool is_before_all(const struct step *step)
{
	if (step->m->phase == PHASE_WAIT_CAPSULE)
		return step->ambient || !step->p_fresh;
	return step->m->phase == PHASE_PREFLIGHT && step->ambient;
}

void machine_abort(struct step *step, const char *why)
{
	struct machine *m = step->m;
	/* Before the intent is forgotten: what still waited for it was not on. */
	bool off = machine_heat_mode(step, m) != HEAT_CONTROL;
	bool locked = machine_press_mode(step, m) != PRESS_REGULATE;

	if (is_before_all(step)) {
		machine_finish(step, OUTCOME_ABORTED, why);
		return;
	}
	step_forget_intent(step);
	step->p->heater_off = off;
	step->p->safe_hold = locked;
	/* Nothing undoes an abort, not even a trip after it and its reset. */
	step->p->resume_offered = step->p->decompressing = false;
	step->p->stay = step->p->frozen = false;
	step->p->clear_since_lab_s = NEVER_LAB_S;
	if (step->p->ending == OUTCOME_NONE)
		step->p->ending = OUTCOME_ABORTED;
	m->pause_pending = false;
	if (step->t_fresh)
		m->setpoint_k = fmin(m->setpoint_k, step->in->temperature_k.value);
	step_enter(step, PHASE_ABORTING, why);
	step_intend(step, INTENT_VERB, false, why);
}

void machine_trip(struct step *step, enum alarm alarm, const char *why)
{
	struct machine *m = step->m;

	keep_resume_phase(step);
	step_forget_intent(step);
	m->latched = true;
	m->first_cause = (uint8_t)alarm;
	m->pause_pending = false;
	step->p->heater_off = step->p->safe_hold = step->p->was_tripped = true;
	step->p->decompressing = step->p->stay = step->p->frozen = false;
	step->p->acknowledged = false;
	step->p->wait_mode = WAIT_SAFE_HOLD;
	if (step->p->ending != OUTCOME_FAILED)
		step->p->ending = OUTCOME_TRIPPED;
	step_enter(step, PHASE_TRIPPED, why);
	step_intend(step, INTENT_TRIP, false, why);
}

void machine_stop_trailing(struct step *step)
{
	if (step->m->holdback_s > step->plan->holdback_limit_s)
		step->p->heater_off = true;
}

/* A hazard froze the abort; it goes on by itself once none has been there for a minute. */
static bool is_frozen(struct step *step)
{
	struct machine_private *p = step->p;

	if (!p->frozen)
		return false;
	if (p->fired != 0) {
		p->clear_since_lab_s = NEVER_LAB_S;
		return true;
	}
	if (p->clear_since_lab_s < 0)
		p->clear_since_lab_s = step->now;
	if (step->now - p->clear_since_lab_s < ABORT_CLEAR_S)
		return true;
	p->frozen = false;
	/* Out of LOCK a setpoint below the pressure that is there would be a release. */
	if (step->p_fresh)
		step->m->setpoint_gpa = fmax(step->m->setpoint_gpa, step->in->pressure_gpa.value);
	step_note(step, NOTE_INFO, ALARM_NONE, "The hazard has been gone for 60 s: the abort goes on.");
	return false;
}

/* The setpoint is as low as it goes, or ahead already, and it is not cold: the furnace trails. */
static bool cooling_waits(const struct step *step, double next_k, double lead_k)
{
	bool lowest = step->m->setpoint_k <= plan_cooling_target_k(step->ambient_k);

	return next_k < lead_k || (lowest && !step->cold);
}

/* Counts in sum, and on while T is not fresh: noise gains a controller that does not follow no time. */
static void count_cooling(struct step *step)
{
	if (step->m->holdback && !step->p->heater_off) {
		step->m->holdback_s += step->dt;
		step->m->holdback_sum_s += step->dt;
	}
	machine_stop_trailing(step);
}

/* SP = max(ramp, PV - 5 K): falls at the cooling rate, waits for a slow furnace, never rises. */
static void cool_down(struct step *step)
{
	struct machine *m = step->m;
	double floor_k = plan_cooling_target_k(step->ambient_k);
	double lead_k = step->in->temperature_k.value - ABORT_LEAD_K;
	double next_k = m->setpoint_k - step->plan->cooling_k_per_s * step->dt;

	if (step->t_fresh)
		m->holdback = cooling_waits(step, next_k, lead_k);
	count_cooling(step);
	if (!step->t_fresh)
		return;
	if (step->p->heater_off)
		m->setpoint_k = fmin(m->setpoint_k, step->in->temperature_k.value);
	else
		m->setpoint_k = fmax(fmin(m->setpoint_k, floor_k), fmax(next_k, fmin(m->setpoint_k, lead_k)));
}

static void release(struct step *step)
{
	struct machine *m = step->m;
	double next_gpa = m->setpoint_gpa - step->plan->decompression_gpa_per_s * step->dt;
	bool trails = step->in->pressure_gpa.value - m->setpoint_gpa > step->plan->holdback_pressure_gpa;

	if (step->p->waiting_intent != 0 || !step_may_release(step) || !step->p_fresh)
		return;
	if (m->release_temperature_k <= 0)
		m->release_temperature_k = step->in->temperature_k.value;
	m->holdback = trails;
	if (!trails)
		m->setpoint_gpa = fmax(next_gpa, 0);
}

static void end_abort(struct step *step)
{
	char why[MACHINE_WHY];

	/* The first cause stays the cause, whatever came after it. */
	if (step->p->ending == OUTCOME_TRIPPED)
		snprintf(why, sizeof(why), "tripped by %s; %.110s; cold and at ambient pressure",
			 alarm_info((enum alarm)step->m->first_cause)->name, step->m->cause);
	else
		snprintf(why, sizeof(why), "%.150s; cold and at ambient pressure", step->m->cause);
	machine_finish(step, (enum outcome)step->p->ending, why);
}

/* A 1 atm run leaves the press alone, so that pressure in it is for its panel to release. */
static void tell_foreign_pressure(struct step *step)
{
	char text[MACHINE_WHY];

	if (!step->plan->reference || !step->p_fresh)
		return;
	if (step->ambient) {
		step_clear(step, ALARM_FOREIGN_PRESSURE);
		return;
	}
	snprintf(text, sizeof(text),
		 "The press holds %.1f bar of oil (%.3f GPa) that this 1 atm run never asked for. densd "
		 "keeps it locked. Release it at its panel: the abort ends then.",
		 step->in->oil_bar.value, step->in->pressure_gpa.value);
	step_raise(step, ALARM_FOREIGN_PRESSURE, text);
}

void aborting_tick(struct step *step)
{
	struct machine_private *p = step->p;
	bool rests =
		p->done_since_lab_s >= 0 && step->now - p->done_since_lab_s >= step->limits->done_dwell_s;

	if (is_frozen(step))
		return;
	if (!p->decompressing)
		cool_down(step);
	tell_foreign_pressure(step);
	if (rests && step_may_release(step)) {
		end_abort(step);
	} else if (p->decompressing) {
		release(step);
	} else if (step_may_release(step) && step->p_fresh && !step->ambient && !step->plan->reference &&
		   step->in->store_ok) {
		p->decompressing = true;
		step->m->setpoint_gpa = fmax(step->in->pressure_gpa.value, 0);
		step_intend(step, INTENT_RELEASE, true, "abort: cold, release the pressure");
	}
}
