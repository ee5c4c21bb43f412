/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Applies a decided row of the restart table. Nothing here heats or moves pressure without a new durable
 * intent. */
#include "protocol/machine_step.h"

#include <math.h>
#include <stdio.h>

#include "protocol/interlock.h"

static void begin_again(struct step *step)
{
	struct machine_private *p = step->p;

	interlock_restart(step->m, step->limits->frozen_time_s);
	step_forget_intent(step);
	p->dwell_since_lab_s = p->done_since_lab_s = p->in_band_since_lab_s = p->hold_hot_since_lab_s =
		NEVER_LAB_S;
	p->clear_since_lab_s = NEVER_LAB_S;
	p->good_k_lab_s = p->good_gpa_lab_s = step->now;
	p->previous_lab_s = step->now;
	step->m->pause_pending = false;
}

static void remember_phase(struct step *step)
{
	if (step->m->phase >= PHASE_COMPRESS && step->m->phase <= PHASE_DECOMPRESS && !step->p->stay)
		step->m->resume_phase = step->m->phase;
}

/* A run that stood in a programme's phase can be taken up again; anything else is for ABORT and HANDOVER. */
static bool can_resume(const struct step *step)
{
	uint8_t phase = step->m->resume_phase;

	return phase >= PHASE_COMPRESS && phase <= PHASE_COOL && step->old->phase != PHASE_IDLE &&
	       step->old->phase != PHASE_DONE && step->p->ending == OUTCOME_NONE && step->p->resume_offered;
}

/* Never below what is measured: the first command after a start would be a release. */
static double own_setpoint(const struct step *step, const struct recovery_decision *decision)
{
	const struct measurement *device = &step->in->pressure_setpoint_gpa;
	double measured_gpa = isfinite(decision->pressure_gpa) ? fmax(decision->pressure_gpa, 0) : 0;

	if (step_is_fresh(step, device))
		return fmax(device->value, measured_gpa);
	return isfinite(decision->pressure_gpa) ? measured_gpa : step->m->setpoint_gpa;
}

static void wait_for_operator(struct step *step, enum wait_mode mode,
			      const struct recovery_decision *decision)
{
	remember_phase(step);
	/* A setpoint that nobody read is none to adopt. */
	if (mode == WAIT_ADOPT && !step->p_fresh && !step_is_fresh(step, &step->in->pressure_setpoint_gpa))
		mode = WAIT_SAFE_HOLD;
	step->p->wait_mode = (uint8_t)mode;
	step->p->heater_off = true;
	step->p->safe_hold = mode == WAIT_SAFE_HOLD;
	step->p->resume_offered = can_resume(step);
	step->p->offer_ends = false;
	step->p->stay = step->p->decompressing = false;
	if (mode == WAIT_ADOPT)
		step->m->setpoint_gpa = own_setpoint(step, decision);
	step_enter(step, PHASE_RECOVERY_WAIT, decision->text);
}

static void latch(struct step *step, enum outcome ending, const struct recovery_decision *decision)
{
	remember_phase(step);
	step->p->wait_mode = WAIT_SAFE_HOLD;
	if (step->m->first_cause == ALARM_NONE)
		step->m->first_cause = ALARM_RESTARTED;
	step->m->latched = true;
	step->p->heater_off = step->p->safe_hold = step->p->was_tripped = true;
	step->p->decompressing = step->p->stay = step->p->acknowledged = false;
	if (step->p->ending != OUTCOME_FAILED)
		step->p->ending = (uint8_t)ending;
	step_enter(step, PHASE_TRIPPED, decision->text);
	step_intend(step, INTENT_TRIP, false, decision->text);
}

static void cool_and_offer(struct step *step, const struct recovery_decision *decision)
{
	remember_phase(step);
	/* A hold from which nothing could go on offers nothing after a restart. */
	step->p->resume_offered = step->p->resume_offered || step->m->phase != PHASE_HOLD;
	step->p->heater_off = step->p->stay = step->p->offer_ends = true;
	step->p->safe_hold = false;
	step->p->resume_offer_until_lab_s = step->now + step->limits->resume_offer_s;
	step->m->setpoint_gpa = own_setpoint(step, decision);
	step_enter(step, PHASE_COOL, decision->text);
}

static void hold_again(struct step *step, const struct recovery_decision *decision)
{
	remember_phase(step);
	step->p->heater_off = true;
	step->p->resume_offered = step->p->resume_offered || step->m->phase != PHASE_HOLD;
	step->p->offer_ends = false;
	step->m->hold_alarm = ALARM_RESTARTED;
	step->m->setpoint_gpa = own_setpoint(step, decision);
	step_enter(step, PHASE_HOLD, decision->text);
}

static void go_on(struct step *step, const struct recovery_decision *decision)
{
	if (step->t_fresh)
		step->m->setpoint_k = step->in->temperature_k.value;
	if (step->p_fresh)
		step->m->setpoint_gpa = fmax(step->m->setpoint_gpa, step->in->pressure_gpa.value);
	step_enter(step, (enum phase)step->m->phase, decision->text);
	step_intend(step, INTENT_RECOVERY, true, decision->text);
}

/* On the way down already: the same phase with fresh setpoints; cooling adds no energy, so it acts first. */
static void cool_on(struct step *step, bool release, const struct recovery_decision *decision)
{
	enum phase phase = step->m->phase == PHASE_ABORTING ? PHASE_ABORTING : PHASE_COOL;

	if (step->t_fresh)
		step->m->setpoint_k = step->in->temperature_k.value;
	step->m->setpoint_gpa = own_setpoint(step, decision);
	/* After a new boot the clock that the offer was to end by is gone, and the offer with it. */
	if (step->p->offer_ends &&
	    step->p->resume_offer_until_lab_s > step->now + step->limits->resume_offer_s)
		step->p->resume_offered = false;
	step->p->decompressing = false;
	step->p->heater_off = step->p->heater_off || release;
	step_enter(step, phase, decision->text);
}

static void rest_idle(struct step *step, const struct recovery_decision *decision)
{
	uint64_t next_intent = step->m->next_intent;
	struct alarm_set alarms = step->m->alarms;

	if (step->m->phase == PHASE_DONE)
		return;
	machine_init(step->m, step->now);
	step->m->next_intent = next_intent;
	step->m->alarms = alarms;
	step_note(step, NOTE_INFO, ALARM_NONE, "%s", decision->text);
}

static void fail(struct step *step, const struct recovery_decision *decision)
{
	machine_finish(step, OUTCOME_FAILED, decision->text);
}

/* R1: the first row that matches. What was latched stays latched (R2), and nothing is written all the same: a
 * device that is another one, in other units or somebody else's takes no level as it was meant, and without
 * its heartbeat the PLC opens the contactor and locks by itself. machine_waits.c asserts the trip once the
 * stranger has gone: without a contactor nothing else would take the heater off. */
static void write_nothing(struct step *step, const struct recovery_decision *decision)
{
	if (step->m->latched) {
		latch(step, OUTCOME_TRIPPED, decision);
		step->p->wait_mode = WAIT_TRIPPED_OBSERVE;
		return;
	}
	wait_for_operator(step, WAIT_OBSERVE, decision);
}

static void wait_locked(struct step *step, const struct recovery_decision *decision)
{
	wait_for_operator(step, WAIT_SAFE_HOLD, decision);
}

static void wait_adopting(struct step *step, const struct recovery_decision *decision)
{
	wait_for_operator(step, WAIT_ADOPT, decision);
}

static void latch_trip(struct step *step, const struct recovery_decision *decision)
{
	latch(step, OUTCOME_TRIPPED, decision);
}

static void latch_failure(struct step *step, const struct recovery_decision *decision)
{
	latch(step, OUTCOME_FAILED, decision);
}

static void rest_and_tell(struct step *step, const struct recovery_decision *decision)
{
	rest_idle(step, decision);
	step_raise(step, ALARM_STORE_CORRUPT, decision->text);
}

static void cool_and_release(struct step *step, const struct recovery_decision *decision)
{
	cool_on(step, true, decision);
}

static void cool_only(struct step *step, const struct recovery_decision *decision)
{
	cool_on(step, false, decision);
}

/* R22: locking a press that somebody moves at its panel would fight him, a trip latched or not. */
static void stay_handed_over(struct step *step, const struct recovery_decision *decision)
{
	step_enter(step, PHASE_HANDED_OVER, decision->text);
}

static void (*const applies[RECOVER_ACTION_MAX])(struct step *step,
						 const struct recovery_decision *decision) = {
	[RECOVER_NO_WRITES] = write_nothing,
	[RECOVER_S_HOLD_LATCHED] = latch_trip,
	[RECOVER_S_HOLD_WAIT] = wait_locked,
	[RECOVER_ADOPT_WAIT] = wait_adopting,
	[RECOVER_IDLE] = rest_idle,
	[RECOVER_IDLE_ALARM] = rest_and_tell,
	[RECOVER_COOL] = cool_only,
	[RECOVER_DWELL_RELEASE] = cool_and_release,
	[RECOVER_HOLD] = hold_again,
	[RECOVER_CONTINUE] = go_on,
	[RECOVER_COOL_OFFER] = cool_and_offer,
	[RECOVER_FAILED_DONE] = fail,
	[RECOVER_FAILED_LATCHED] = latch_failure,
	[RECOVER_HANDED_OVER] = stay_handed_over};

/* From the first pressure to the last a restart is an interruption, whatever its row does and however it
 * ends. */
static bool is_under_way(const struct machine *machine)
{
	return machine->phase >= PHASE_COMPRESS && machine->phase != PHASE_DONE;
}

void machine_recover(struct step *step)
{
	const struct recovery_decision *decision = step->event->recovery;
	enum recovery_action action = (enum recovery_action)decision->action;

	step->m->outage_s += decision->gap_s > 0 ? decision->gap_s : 0;
	step->m->interrupted = step->m->interrupted || is_under_way(step->m);
	begin_again(step);
	/* Whatever the row: a latched trip stays one. */
	if (step->m->latched && action != RECOVER_HANDED_OVER && action != RECOVER_NO_WRITES)
		action = RECOVER_S_HOLD_LATCHED;
	applies[action](step, decision);
}
