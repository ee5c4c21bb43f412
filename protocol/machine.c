/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The press-and-furnace machine: one event in, the next state and the complete levels out. The order of a
 * tick matters: judge the inputs, let the interlocks act, only then the phase, and command last.
 */
#include "protocol/machine.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "protocol/interlock.h"
#include "protocol/machine_step.h"

void machine_init(struct machine *ret_machine, double t_lab_s)
{
	struct machine_private *p = &ret_machine->private_state;

	memset(ret_machine, 0, sizeof(*ret_machine));
	ret_machine->phase = PHASE_IDLE;
	ret_machine->phase_since_lab_s = t_lab_s;
	ret_machine->soak_started_lab_s = NEVER_LAB_S;
	ret_machine->next_intent = 1;
	p->previous_lab_s = p->good_k_lab_s = p->good_gpa_lab_s = t_lab_s;
	p->dwell_since_lab_s = p->done_since_lab_s = p->in_band_since_lab_s = p->hold_hot_since_lab_s =
		NEVER_LAB_S;
	p->clear_since_lab_s = NEVER_LAB_S;
	p->verb_pending = VERB_MAX;
	interlock_reset(ret_machine);
}

static bool is_well_formed(const struct plan *plan, const struct machine *state, const struct event *event)
{
	/* A cell that only stays under pressure needs no programme: its plan may have been lost (R3). */
	bool running = state->phase >= PHASE_WAIT_CAPSULE && state->phase <= PHASE_DECOMPRESS &&
		       !state->private_state.stay;

	if (!isfinite(event->t_lab_s) || state->phase >= PHASE_MAX)
		return false;
	if (running && !plan && event->kind != EVENT_RECOVER)
		return false;
	switch (event->kind) {
	case EVENT_TICK:
		return event->inputs != NULL;
	case EVENT_START:
		return plan != NULL;
	case EVENT_VERB:
		return (unsigned)event->verb < VERB_MAX && (unsigned)event->role < ROLE_MAX;
	case EVENT_DURABLE:
		return true;
	case EVENT_RECOVER:
		return event->recovery && event->recovery->action < RECOVER_ACTION_MAX;
	case EVENT_KIND_MAX:
		break;
	}
	return false;
}

/* A dwell begins when its condition does and is lost with it. Nobody knows what was between two ticks of
 * which the first has aged. */
static void serve(const struct step *step, double *since_lab_s, bool condition)
{
	double gap_s = step->now - step->p->previous_lab_s;

	if (!condition)
		*since_lab_s = NEVER_LAB_S;
	else if (*since_lab_s < 0 || gap_s > step->limits->fresh_age_s)
		*since_lab_s = step->now;
}

static bool holds_run(const struct machine *m)
{
	return m->phase != PHASE_IDLE && m->phase != PHASE_QUEUED && m->phase != PHASE_DONE;
}

static void remember_values(struct step *step)
{
	struct machine *m = step->m;

	serve(step, &step->p->dwell_since_lab_s, step->cold);
	serve(step, &step->p->done_since_lab_s, step->ambient);
	if (!holds_run(m))
		return;
	if (step->t_fresh) {
		m->last_good_k = step->in->temperature_k.value;
		m->peak_k = fmax(m->peak_k, m->last_good_k);
	}
	if (step->p_fresh) {
		m->last_good_gpa = step->in->pressure_gpa.value;
		m->peak_gpa = fmax(m->peak_gpa, m->last_good_gpa);
	}
}

/* The others only wait for an event. */
static void (*const phase_ticks[PHASE_MAX])(struct step *step) = {
	[PHASE_PREFLIGHT] = wait_tick,  [PHASE_COMPRESS] = segment_tick,
	[PHASE_HEAT] = segment_tick,    [PHASE_ISOTHERM] = segment_tick,
	[PHASE_COOL] = segment_tick,    [PHASE_DECOMPRESS] = segment_tick,
	[PHASE_HOLD] = wait_tick,       [PHASE_ABORTING] = aborting_tick,
	[PHASE_TRIPPED] = wait_tick,    [PHASE_RECOVERY_WAIT] = wait_tick,
	[PHASE_HANDED_OVER] = wait_tick};

static void do_tick(struct step *step)
{
	uint8_t before = step->m->phase;

	remember_values(step);
	interlock_run(step);
	if (step->m->phase == before && phase_ticks[before])
		phase_ticks[before](step);
	machine_estimate(step);
	step->p->previous_lab_s = step->now;
}

static void refuse_start(struct step *step, const char *why)
{
	step->act->answer.code = ANSWER_REFUSED;
	snprintf(step->act->answer.why, sizeof(step->act->answer.why), "%s", why);
}

/* Hazard 35: what cannot be done is not begun. */
static bool plan_is_possible(struct step *step)
{
	struct plan_fault fault;
	char why[MACHINE_WHY];

	if (plan_check_feasible(step->plan, step->ambient_k, &fault, 1) == 0)
		return true;
	snprintf(why, sizeof(why), "%.40s: %.155s", fault.field, fault.text);
	refuse_start(step, why);
	return false;
}

static void do_start(struct step *step)
{
	uint64_t next_intent = step->m->next_intent;
	struct alarm_set alarms = step->m->alarms;
	enum phase from = (enum phase)step->m->phase;
	bool automatic = step->plan->loading == LOADING_AUTOMATIC;

	if (holds_run(step->m)) {
		refuse_start(step, "a run is on the press");
		return;
	}
	/* A handover ends a tripped run, not its trip. */
	if (step->m->latched) {
		refuse_start(step, "a trip is latched: acknowledge it, remove its cause, then reset");
		return;
	}
	if (!plan_is_possible(step))
		return;
	machine_init(step->m, step->now);
	step->m->next_intent = next_intent;
	step->m->alarms = alarms;
	step->m->phase = (uint8_t)from;
	step->m->last_good_k = step->old->last_good_k;
	step->m->last_good_gpa = step->old->last_good_gpa;
	step->p->resume_offered = true;
	if (automatic)
		step_enter(step, PHASE_PREFLIGHT, "started; capsule loaded by the simulated site");
	else
		step_enter(step, PHASE_WAIT_CAPSULE, "waits for the capsule: load it, then confirm");
	step->act->answer.code = ANSWER_DONE;
}

static void do_durable(struct step *step)
{
	const char *why;

	if (step->p->waiting_intent == 0 || step->event->intent < step->p->waiting_intent)
		return;
	step->p->waiting_intent = 0;
	step->p->durable = true;
	if (step->p->verb_pending != VERB_RESUME)
		return;
	step->p->verb_pending = VERB_MAX;
	why = machine_refuse_resume(step);
	if (why) {
		refuse_start(step, why);
		step_note(step, NOTE_INFO, ALARM_NONE, "not resumed: %s", why);
		return;
	}
	machine_resume(step);
	step->act->answer.code = ANSWER_DONE;
}

static void (*const event_steps[EVENT_KIND_MAX])(struct step *step) = {[EVENT_TICK] = do_tick,
								       [EVENT_START] = do_start,
								       [EVENT_VERB] = machine_verb,
								       [EVENT_DURABLE] = do_durable,
								       [EVENT_RECOVER] = machine_recover};

int machine_step(const struct plan *plan, const struct machine *state, const struct event *event,
		 struct machine *ret_next, struct actions *ret_actions)
{
	struct step step;

	step_begin(&step, plan, state, event, ret_next, ret_actions);
	if (!is_well_formed(plan, state, event)) {
		machine_command(&step);
		*ret_next = *state;
		return -EINVAL;
	}
	event_steps[event->kind](&step);
	machine_command(&step);
	return 0;
}
