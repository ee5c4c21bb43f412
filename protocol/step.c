/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The workings every part of the machine uses: judging inputs, notes, alarms, intents, phase changes. */
#include "protocol/machine_step.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "protocol/interlock_rows.h"

/* What a way out needs when the journal and with it the plan was lost: the gentlest of the paper's rates. */
static void fill_fallback(struct plan *ret_plan)
{
	memset(ret_plan, 0, sizeof(*ret_plan));
	limits_default(&ret_plan->limits);
	ret_plan->pressure_gpa = ret_plan->limits.protocol_pressure_gpa;
	ret_plan->temperature_k = ret_plan->limits.protocol_temperature_k;
	ret_plan->isotherm_s = 1;
	plan_fill_defaults(ret_plan);
}

bool step_is_fresh(const struct step *step, const struct measurement *measurement)
{
	double age_s = step->now - measurement->t_lab_s;

	/* From the future is as bad as old: a clock that went back must not keep a value fresh. */
	return measurement->quality == QUALITY_GOOD && isfinite(measurement->value) &&
	       fabs(age_s) <= step->limits->fresh_age_s;
}

/* A correction that takes off, or is wrong, must not make a hot cell cold. */
double step_hottest_k(const struct step *step)
{
	return step->in->temperature_k.value + fmax(step->in->temperature_margin_k, 0);
}

double step_hottest2_k(const struct step *step)
{
	return step->in->temperature2_k.value + fmax(step->in->temperature2_margin_k, 0);
}

/* A second sensor that exists must agree that it is cold; one that never was read does not exist. */
static bool judge_cold(const struct step *step)
{
	const struct measurement *second = &step->in->temperature2_k;
	double release_k = step->limits->release_temperature_k;

	if (!step->t_fresh || step_hottest_k(step) > release_k)
		return false;
	if (interlock_doubts_cold(step))
		return false;
	return second->quality == QUALITY_NONE ||
	       (step_is_fresh(step, second) && step_hottest2_k(step) <= release_k);
}

static bool judge_ambient(const struct step *step)
{
	const struct measurement *oil = &step->in->oil_bar;

	if (step->plan->reference && oil->quality == QUALITY_NONE)
		return true;
	return step_is_fresh(step, oil) && oil->value <= step->limits->ambient_oil_bar &&
	       step->in->press_depressurised;
}

static void judge_inputs(struct step *step)
{
	const struct inputs *in = step->in;

	step->t_fresh = step_is_fresh(step, &in->temperature_k) && !in->furnace_sensor_break;
	step->p_fresh = step_is_fresh(step, &in->pressure_gpa);
	step->ambient_k = in->ambient_k.quality == QUALITY_GOOD && isfinite(in->ambient_k.value)
				  ? in->ambient_k.value
				  : PLAN_AMBIENT_K;
	step->cold = judge_cold(step);
	step->ambient = judge_ambient(step);
}

void step_begin(struct step *step, const struct plan *plan, const struct machine *state,
		const struct event *event, struct machine *next, struct actions *actions)
{
	memset(actions, 0, offsetof(struct actions, notes)); /* a note is cleared when it is taken */
	*next = *state;
	step->event = event;
	step->old = state;
	step->m = next;
	step->p = &next->private_state;
	step->act = actions;
	step->now = event->t_lab_s;
	step->dt = fmin(fmax(event->t_lab_s - state->private_state.previous_lab_s, 0), STEP_MOST_S);
	if (!plan)
		fill_fallback(&step->fallback);
	step->plan = plan ? plan : &step->fallback;
	step->limits = &step->plan->limits;
	if (!event->inputs)
		memset(&step->no_inputs, 0, sizeof(step->no_inputs));
	step->in = event->inputs ? event->inputs : &step->no_inputs;
	judge_inputs(step);
}

/* NULL when a step has as many as it can hold. */
static struct note *take_note(struct step *step, enum note_kind kind, enum alarm alarm)
{
	struct note *note;

	if (step->act->note_count >= MACHINE_NOTES)
		return NULL;
	note = &step->act->notes[step->act->note_count++];
	memset(note, 0, sizeof(*note));
	note->kind = (uint8_t)kind;
	note->alarm = (uint8_t)alarm;
	note->from = note->to = step->m->phase;
	return note;
}

void step_note(struct step *step, enum note_kind kind, enum alarm alarm, const char *format, ...)
{
	struct note *note = take_note(step, kind, alarm);
	va_list arguments;

	if (!note)
		return;
	va_start(arguments, format);
	vsnprintf(note->text, sizeof(note->text), format, arguments);
	va_end(arguments);
}

void step_raise(struct step *step, enum alarm alarm, const char *text)
{
	uint64_t bit = UINT64_C(1) << alarm;

	if (step->m->alarms.active & bit)
		return;
	step->m->alarms.active |= bit;
	step->m->alarms.acknowledged &= ~bit;
	step_note(step, NOTE_ALARM_RAISED, alarm, "%s", text);
}

void step_clear(struct step *step, enum alarm alarm)
{
	uint64_t bit = UINT64_C(1) << alarm;

	if (!(step->m->alarms.active & bit))
		return;
	step->m->alarms.active &= ~bit;
	step_note(step, NOTE_ALARM_CLEARED, alarm, "%s is over", alarm_info(alarm)->name);
}

static void describe_segment(const struct step *step, struct intent *intent)
{
	const struct plan *plan = step->plan;

	intent->from_gpa = intent->to_gpa = step->m->setpoint_gpa;
	intent->from_k = intent->to_k = step->m->setpoint_k;
	if (intent->kind == INTENT_TRIP)
		return;
	if (step->m->phase == PHASE_COMPRESS) {
		intent->to_gpa = plan->pressure_gpa;
		intent->rate_gpa_per_s = plan->compression_gpa_per_s;
	} else if (step->m->phase == PHASE_HEAT || step->m->phase == PHASE_ISOTHERM) {
		intent->to_k = plan->temperature_k;
		intent->rate_k_per_s = plan->heating_k_per_s;
	} else if (step->m->phase == PHASE_COOL ||
		   (step->m->phase == PHASE_ABORTING && !step->p->decompressing)) {
		intent->to_k = plan_cooling_target_k(step->ambient_k);
		intent->rate_k_per_s = -plan->cooling_k_per_s;
	} else if (step->m->phase == PHASE_DECOMPRESS || step->m->phase == PHASE_ABORTING) {
		intent->to_gpa = 0;
		intent->rate_gpa_per_s = -plan->decompression_gpa_per_s;
	}
}

void step_intend(struct step *step, enum intent_kind kind, bool before, const char *text)
{
	struct intent *intent = &step->act->intent;

	memset(intent, 0, sizeof(*intent));
	if (step->m->next_intent == 0)
		step->m->next_intent = 1;
	intent->number = step->m->next_intent++;
	intent->kind = (uint8_t)kind;
	intent->before = before;
	intent->phase = step->m->phase;
	describe_segment(step, intent);
	snprintf(intent->text, sizeof(intent->text), "%s", text);
	step->p->waiting_intent = before ? intent->number : 0;
	step->p->durable = !before;
}

void step_forget_intent(struct step *step)
{
	step->p->waiting_intent = 0;
	step->p->verb_pending = VERB_MAX;
}

void step_enter(struct step *step, enum phase phase, const char *cause)
{
	uint8_t from = step->m->phase;
	struct note *note;

	step->m->phase = (uint8_t)phase;
	step->m->phase_since_lab_s = step->now;
	step->m->holdback = false;
	step->m->holdback_s = 0;
	/* An autotune that was interrupted begins anew. */
	if (step->m->tune.stage != TUNE_DONE)
		memset(&step->m->tune, 0, sizeof(step->m->tune));
	step->p->in_band_since_lab_s = NEVER_LAB_S;
	snprintf(step->m->cause, sizeof(step->m->cause), "%s", cause);
	note = take_note(step, NOTE_TRANSITION, ALARM_NONE);
	if (!note)
		return;
	note->from = from;
	snprintf(note->text, sizeof(note->text), "%s", cause);
}

bool step_is_decompressing(const struct step *step)
{
	return step->m->phase == PHASE_DECOMPRESS ||
	       (step->m->phase == PHASE_ABORTING && step->p->decompressing);
}

bool step_may_release(const struct step *step)
{
	double since = step->p->dwell_since_lab_s;

	return step->cold && since >= 0 && step->now - since >= step->limits->release_dwell_s &&
	       step->now - step->in->temperature_k.t_lab_s <= step->limits->permit_age_s;
}
