/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operator's verbs where the table of verb.c says ACT. Stopping acts at once; resuming waits for its
 * intent. */
#include "protocol/machine_step.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "protocol/alarm.h"
#include "protocol/interlock.h"

static void answer(struct step *step, enum answer_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void answer(struct step *step, enum answer_code code, const char *format, ...)
{
	va_list arguments;

	step->act->answer.code = (uint8_t)code;
	va_start(arguments, format);
	vsnprintf(step->act->answer.why, sizeof(step->act->answer.why), format, arguments);
	va_end(arguments);
}

static bool is_waiting(const struct machine *m)
{
	return m->phase == PHASE_HOLD || m->phase == PHASE_RECOVERY_WAIT ||
	       (m->phase == PHASE_COOL && m->private_state.stay);
}

static const char *refuse_devices(const struct step *step)
{
	const struct inputs *in = step->in;

	if (!in->furnace_identity_ok || !in->press_identity_ok)
		return "a device has not been identified";
	if (in->furnace_lost || !step->t_fresh)
		return "no fresh temperature";
	if (!step->plan->reference && (in->press_lost || !step->p_fresh))
		return "no fresh pressure";
	if (in->press_local)
		return "the press is in local: switch it to remote";
	if (in->units_differ)
		return "a panel shows other units or decimals than its profile: set them back";
	if (!in->devices_armed)
		return in->unarmed;
	if (!in->store_ok)
		return "the journal cannot be written";
	return NULL;
}

/* Heating needs the pressure of the protocol; a hot sample that lost it can only be cooled. */
static const char *refuse_pressure(const struct step *step)
{
	double short_gpa = step->plan->pressure_gpa - step->in->pressure_gpa.value;
	bool programme = step->m->resume_phase == PHASE_HEAT || step->m->resume_phase == PHASE_ISOTHERM;

	if (step->plan->reference || !programme || step->cold ||
	    short_gpa <= step->plan->holdback_pressure_gpa)
		return NULL;
	return "the pressure is below the protocol's band and the cell is hot: cool or abort";
}

const char *machine_refuse_resume(const struct step *step)
{
	const struct machine *m = step->m;
	const char *why = interlock_first_fired(m), *devices;

	if (m->latched)
		return "a trip is latched: acknowledge it, remove its cause, then reset";
	if (!step->p->resume_offered)
		return "the run cannot go on from here: cool, abort or hand over";
	if (step->p->offer_ends && step->now > step->p->resume_offer_until_lab_s)
		return "the time in which resume was offered is over: abort or hand over";
	if (step->p->was_tripped && !step->plan->resume_after_trip)
		return "the protocol does not allow resume after a trip: cool or abort";
	if (why && why != alarm_info(ALARM_STALE)->what)
		return why;
	devices = refuse_devices(step); /* of a value that is old it says which */
	if (devices || why)
		return devices ? devices : why;
	return refuse_pressure(step);
}

static bool lacks_pressure(const struct step *step)
{
	bool programme = step->m->resume_phase == PHASE_HEAT || step->m->resume_phase == PHASE_ISOTHERM;

	return programme && !step->plan->reference &&
	       step->plan->pressure_gpa - step->in->pressure_gpa.value > step->plan->holdback_pressure_gpa;
}

/* One adoption step: T starts from the PV, P from its last working value and never lower while hot. */
static void adopt(struct step *step)
{
	struct machine *m = step->m;
	double pressure_gpa = step->in->pressure_gpa.value;

	m->setpoint_k = step->in->temperature_k.value;
	if (step->p_fresh) {
		if (m->setpoint_gpa - pressure_gpa > step->plan->holdback_pressure_gpa)
			m->setpoint_gpa = fmax(pressure_gpa, 0);
		m->setpoint_gpa = fmax(m->setpoint_gpa, pressure_gpa);
	}
	interlock_restart(m, step->limits->frozen_time_s);
}

void machine_resume(struct step *step)
{
	struct machine *m = step->m;
	enum phase phase = lacks_pressure(step) ? PHASE_COMPRESS : (enum phase)m->resume_phase;

	adopt(step);
	step_forget_intent(step);
	m->hold_alarm = ALARM_NONE;
	m->interrupted = m->interrupted || m->phase == PHASE_RECOVERY_WAIT;
	step->p->heater_off = step->p->safe_hold = step->p->stay = false;
	step->p->decompressing = step->p->frozen = step->p->was_tripped = step->p->offer_ends = false;
	step->p->ending = OUTCOME_NONE;
	step->p->durable = true;
	step_enter(step, phase, "resumed: setpoints start from what is measured");
	m->cause[0] = '\0';
}

static void do_resume(struct step *step)
{
	const char *why;

	if (!is_waiting(step->m)) {
		step->m->pause_pending = false;
		answer(step, ANSWER_DONE, "the run goes on");
		return;
	}
	why = machine_refuse_resume(step);
	if (why) {
		answer(step, ANSWER_REFUSED, "%s", why);
		return;
	}
	if (step->p->waiting_intent != 0) {
		answer(step, ANSWER_PENDING, "resume waits for its journal entry");
		return;
	}
	step_intend(step, INTENT_VERB, true, "resume");
	step->p->verb_pending = VERB_RESUME;
	answer(step, ANSWER_PENDING, "resumes as soon as the journal has it");
}

static void do_hold(struct step *step)
{
	if (step->m->phase == PHASE_COOL && step->p->stay) {
		answer(step, ANSWER_DONE, "cooling under pressure already, which is safer");
		return;
	}
	machine_hold(step, ALARM_NONE, "held by the operator");
	step_intend(step, INTENT_VERB, false, "hold");
	answer(step, ANSWER_DONE, "held");
}

static void do_pause(struct step *step)
{
	step->m->pause_pending = true;
	step_intend(step, INTENT_VERB, step->p->waiting_intent != 0, "pause");
	answer(step, ANSWER_DONE, "holds at the end of %s", phase_name((enum phase)step->m->phase));
}

static void do_cool(struct step *step)
{
	struct machine *m = step->m;
	bool waits = m->phase == PHASE_HOLD || m->phase == PHASE_RECOVERY_WAIT;
	/* What could not be resumed before it was cooled cannot be after. */
	bool offered = waits ? step->p->resume_offered : true;

	if (m->phase == PHASE_COOL && step->p->stay) {
		answer(step, ANSWER_DONE, "cooling under pressure already");
		return;
	}
	if (!waits)
		m->resume_phase = m->phase;
	step->p->safe_hold = machine_press_mode(step, m) != PRESS_REGULATE;
	step->p->heater_off = step->p->stay = true;
	step->p->resume_offered = offered;
	m->pause_pending = false;
	step_forget_intent(step);
	step_enter(step, PHASE_COOL,
		   "cooling under pressure, heater off, as the operator asked; resume or abort");
	step_intend(step, INTENT_VERB, false, "cool");
	answer(step, ANSWER_DONE, "heater off, stays pressurised");
}

static void do_abort(struct step *step)
{
	const char *reason = step->event->text;
	char why[MACHINE_WHY];

	snprintf(why, sizeof(why), "aborted by the operator%s%.150s", reason && reason[0] ? ": " : "",
		 reason ? reason : "");
	machine_abort(step, why);
	answer(step, ANSWER_DONE, "cools, releases when cold, then ends");
}

static void do_handover(struct step *step)
{
	const char *reason = step->event->text;
	char why[MACHINE_WHY];

	if (!reason || reason[0] == '\0') {
		answer(step, ANSWER_REFUSED, "handover needs a reason");
		return;
	}
	snprintf(why, sizeof(why), "handed over at %.1f K, %.3f GPa: %.120s", step->m->last_good_k,
		 step->m->last_good_gpa, reason);
	step_forget_intent(step);
	step->p->heater_off = step->p->safe_hold = true;
	step->p->panel_has_press = step->p->decompressing = step->p->frozen = step->p->stay = false;
	step->p->resume_offered = false;
	step->m->pause_pending = false;
	step_enter(step, PHASE_HANDED_OVER, why);
	step_intend(step, INTENT_VERB, false, why);
	answer(step, ANSWER_DONE, "press locked, heater off; the press belongs to its panel");
}

static void do_acknowledge(struct step *step)
{
	step->m->alarms.acknowledged = step->m->alarms.active;
	step->p->acknowledged = true;
	answer(step, ANSWER_DONE, "acknowledged");
}

static void do_reset(struct step *step)
{
	const char *fired = interlock_first_fired(step->m);
	struct machine *m = step->m;

	if (!m->latched) {
		answer(step, ANSWER_DONE, "no trip is latched");
		return;
	}
	if (!step->p->acknowledged) {
		answer(step, ANSWER_REFUSED, "acknowledge the trip first");
		return;
	}
	if (fired) {
		answer(step, ANSWER_REFUSED, "%s", fired);
		return;
	}
	m->latched = false;
	if (m->phase == PHASE_DONE) {
		step_intend(step, INTENT_VERB, false, "reset");
		answer(step, ANSWER_DONE, "reset; the next run may begin");
		return;
	}
	m->hold_alarm = m->first_cause;
	step->p->hold_hot_since_lab_s = NEVER_LAB_S;
	/* What could not be resumed before the trip cannot be after it. */
	step->p->resume_offered = step->p->resume_offered && step->p->ending != OUTCOME_FAILED;
	step->p->offer_ends = false;
	step_enter(step, PHASE_HOLD,
		   "trip reset: heater off, press locked; cool, abort, or resume if the protocol allows it");
	step_intend(step, INTENT_VERB, false, "reset");
	answer(step, ANSWER_DONE, "reset; heater off and press locked until you decide");
}

static void do_confirm(struct step *step)
{
	step_enter(step, PHASE_PREFLIGHT, "capsule confirmed");
	step_intend(step, INTENT_VERB, false, "confirm-capsule");
	answer(step, ANSWER_DONE, "capsule confirmed, preflight begins");
}

static void (*const acts[VERB_MAX])(struct step *step) = {
	[VERB_HOLD] = do_hold,       [VERB_PAUSE] = do_pause, [VERB_RESUME] = do_resume,
	[VERB_ABORT] = do_abort,     [VERB_COOL] = do_cool,   [VERB_HANDOVER] = do_handover,
	[VERB_ACK] = do_acknowledge, [VERB_RESET] = do_reset, [VERB_CONFIRM_CAPSULE] = do_confirm};

void machine_verb(struct step *step)
{
	const struct event *event = step->event;
	const struct verb_rule *rule = verb_rule(event->verb, (enum phase)step->m->phase);

	if (event->role < verb_role(event->verb))
		answer(step, ANSWER_REFUSED, "%s needs the role %s", verb_name(event->verb),
		       role_name(verb_role(event->verb)));
	else if (rule->effect == EFFECT_ACT)
		acts[event->verb](step);
	else
		answer(step, rule->effect == EFFECT_REFUSE ? ANSWER_REFUSED : ANSWER_DONE, "%s", rule->why);
}
