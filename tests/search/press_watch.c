/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The judge of a run: what was really seen, what is really on the disk, and whether each step of the machine
 * was allowed to do what it did. It reads inputs, levels, intents and phases; the machine's private state it
 * does not.
 */
#include <math.h>
#include <string.h>

#include "tests/search/press.h"

#define SOAKED 1

void press_watch_init(struct press_watch *ret_watch)
{
	memset(ret_watch, 0, sizeof(*ret_watch));
	ret_watch->cold_ticks = ret_watch->rest_ticks = -1;
}

static bool is_fresh(const struct press_look *look, const struct measurement *m)
{
	return m->quality == QUALITY_GOOD &&
	       look->event->t_lab_s - m->t_lab_s <= look->plan->limits.fresh_age_s;
}

bool press_t_is_fresh(const struct press_look *look)
{
	return is_fresh(look, &look->event->inputs->temperature_k) &&
	       !look->event->inputs->furnace_sensor_break;
}

bool press_p_is_fresh(const struct press_look *look)
{
	return is_fresh(look, &look->event->inputs->pressure_gpa);
}

bool press_is_cold(const struct press_look *look)
{
	const struct inputs *in = look->event->inputs;
	const struct measurement *second = &in->temperature2_k;
	double release_k = look->plan->limits.release_temperature_k;

	if (!press_t_is_fresh(look) || in->temperature_k.value > release_k)
		return false;
	return second->quality == QUALITY_NONE || (is_fresh(look, second) && second->value <= release_k);
}

bool press_p_in_band(const struct press_look *look)
{
	double error_gpa = look->event->inputs->pressure_gpa.value - look->plan->pressure_gpa;

	return look->reference ||
	       (press_p_is_fresh(look) && fabs(error_gpa) <= look->plan->holdback_pressure_gpa);
}

static bool is_ambient(const struct press_look *look)
{
	const struct measurement *oil = &look->event->inputs->oil_bar;

	return is_fresh(look, oil) && oil->value <= look->plan->limits.ambient_oil_bar &&
	       look->event->inputs->press_depressurised;
}

/* Counts what was seen without a break: a tick that came late proves nothing about the time before it. */
static void count(int8_t *ticks, bool seen, double dt_s, double dwell_s)
{
	if (!seen)
		*ticks = -1;
	else if (*ticks < 0 || dt_s > PRESS_TICK_S)
		*ticks = 0;
	else if (*ticks * PRESS_TICK_S < dwell_s)
		(*ticks)++;
}

static bool soaks(const struct press_look *look)
{
	double error_k = look->event->inputs->temperature_k.value - look->plan->temperature_k;

	if (!press_t_is_fresh(look))
		return false;
	return look->before->cold_run ? error_k <= 10 : fabs(error_k) <= look->plan->soak_band_k;
}

static void see_tick(struct press_watch *watch, const struct press_look *look)
{
	const struct inputs *in = look->event->inputs;
	const char *trouble = look->input->trouble ? look->input->trouble->name : "";
	bool over = press_t_is_fresh(look) && in->temperature_k.value > look->plan->temperature_k + 10 &&
		    in->temperature_k.value > look->plan->limits.release_temperature_k + 10;

	count(&watch->cold_ticks, press_is_cold(look), look->dt_s, look->plan->limits.release_dwell_s);
	count(&watch->rest_ticks, is_ambient(look), look->dt_s, look->plan->limits.done_dwell_s);
	if (look->before->phase == PHASE_ISOTHERM && soaks(look) && watch->soak_ticks < SOAKED)
		watch->soak_ticks++;
	if (look->before->phase == PHASE_COMPRESS)
		watch->reached = press_p_in_band(look);
	watch->cause_here =
		over || (strcmp(trouble, "relay welded") == 0 && press_t_is_fresh(look)) ||
		(strcmp(trouble, "pressure falls fast") == 0 && press_p_is_fresh(look) && !look->reference);
	/* What the panel has is the panel's to judge; the next run waits in PREFLIGHT until it is cold. */
	if (look->before->phase == PHASE_HANDED_OVER || look->before->phase == PHASE_DONE)
		watch->cause_here = false;
}

static bool is_programme(uint8_t phase)
{
	return phase >= PHASE_COMPRESS && phase <= PHASE_DECOMPRESS;
}

static void forget(struct press_watch *watch)
{
	watch->pending = watch->authority = 0;
}

static uint8_t right_of(const struct intent *intent)
{
	if (intent->kind == INTENT_RELEASE)
		return RIGHT_RELEASE;
	if (intent->kind == INTENT_SEGMENT)
		return intent->phase == PHASE_COMPRESS ? RIGHT_COMPRESS : RIGHT_HEAT;
	/* A pause waits as well, and asks for nothing. */
	return intent->kind == INTENT_RECOVERY || strcmp(intent->text, "resume") == 0 ? RIGHT_RESUME : 0;
}

/* The store's side: what was asked to be written, and is. Leaving the programme takes every right away. */
static void see_intents(struct press_watch *watch, const struct press_look *look)
{
	const struct intent *intent = &look->act->intent;

	if (look->before->phase != look->after->phase && !is_programme(look->after->phase))
		forget(watch);
	if (intent->number && intent->before)
		watch->pending |= right_of(intent);
}

static void see_restart(struct press_watch *watch, const struct press_look *look)
{
	watch->cold_ticks = watch->rest_ticks = -1;
	watch->reached = look->facts->moved_gpa <= look->facts->moved_gpa_limit;
	watch->cause_here = false;
	if (!look->facts->journal_ok)
		press_watch_init(watch);
	forget(watch);
	if (look->after->phase == PHASE_TRIPPED)
		watch->acknowledged = false;
}

static void see_before(struct press_watch *watch, const struct press_look *look)
{
	switch (look->event->kind) {
	case EVENT_TICK:
		see_tick(watch, look);
		break;
	case EVENT_DURABLE:
		/* The last word counts: what was allowed for the segment before is over. */
		watch->authority = watch->pending ? watch->pending : watch->authority;
		watch->pending = 0;
		break;
	case EVENT_RECOVER:
		see_restart(watch, look);
		break;
	case EVENT_START:
	case EVENT_VERB:
	case EVENT_KIND_MAX:
		break;
	}
}

static bool is_accepted(const struct press_look *look, enum verb verb)
{
	return look->event->kind == EVENT_VERB && look->event->verb == verb &&
	       look->act->answer.code == ANSWER_DONE;
}

/* Latched until it was acknowledged, its cause is gone and a supervisor resets it. */
static void judge_latch(struct press_watch *watch, const struct press_look *look, struct search_fault *fault)
{
	const struct machine *m = look->after;

	if (watch->tripped && !m->latched) {
		if (!is_accepted(look, VERB_RESET))
			search_break(fault, "latch", "the trip is not latched any more, and nobody reset it");
		else if (look->event->role != ROLE_SUPERVISOR || !watch->acknowledged || watch->cause_here)
			search_break(fault, "latch", "reset though %s",
				     watch->cause_here ? "the cause is still there"
						       : "it was not acknowledged");
	}
	if (watch->tripped && m->latched && m->first_cause != look->before->first_cause)
		search_break(fault, "latch", "the first cause of the trip was replaced");
	if (m->latched && !watch->tripped)
		watch->acknowledged = false;
	if (m->phase == PHASE_TRIPPED && !m->latched)
		search_break(fault, "latch", "tripped, and nothing is latched");
	watch->tripped = m->latched;
	if (is_accepted(look, VERB_ACK))
		watch->acknowledged = true;
	if (look->before->phase != PHASE_TRIPPED && m->phase == PHASE_TRIPPED)
		watch->acknowledged = false;
}

/* ABORT is undone by nothing, a failed run stays failed, the panel keeps the press. */
static void judge_one_way(struct press_watch *watch, const struct press_look *look,
			  struct search_fault *fault)
{
	const struct machine *m = look->after;
	bool programme = m->phase >= PHASE_WAIT_CAPSULE && m->phase <= PHASE_ISOTHERM;

	if (watch->one_way && (programme || m->phase == PHASE_DECOMPRESS))
		search_break(fault, "one-way",
			     "the run was aborted, failed or handed over, and goes on in %s",
			     phase_name((enum phase)m->phase));
	if (m->phase == PHASE_ABORTING || m->phase == PHASE_HANDED_OVER ||
	    (m->phase == PHASE_TRIPPED && m->private_state.ending == OUTCOME_FAILED))
		watch->one_way = true;
}

/* The @index-th segment of this run's programme; PHASE_DONE after the last. */
static enum phase segment(const struct press_look *look, uint8_t index)
{
	static const uint8_t all[] = {PHASE_COMPRESS, PHASE_HEAT, PHASE_ISOTHERM, PHASE_COOL,
				      PHASE_DECOMPRESS};

	for (size_t i = 0; i < sizeof(all); i++) {
		bool press = all[i] == PHASE_COMPRESS || all[i] == PHASE_DECOMPRESS;
		bool heat = all[i] == PHASE_HEAT || all[i] == PHASE_COOL;

		if ((press && look->reference) || (heat && look->after->cold_run))
			continue;
		if (index-- == 0)
			return (enum phase)all[i];
	}
	return PHASE_DONE;
}

/* Segments count in their order, and when they led to the next; COMPRESS with the pressure in its band. */
static void see_segments(struct press_watch *watch, const struct press_look *look)
{
	const struct machine *m = look->after;
	enum phase next = segment(look, watch->visited + 1);
	bool goes_on = m->phase == next || (m->phase == PHASE_HOLD && m->resume_phase == next);

	if (look->before->phase != segment(look, watch->visited) || look->before->phase == m->phase ||
	    !goes_on)
		return;
	if (look->before->phase != PHASE_COMPRESS || watch->reached)
		watch->visited++;
}

static void judge_completed(struct press_watch *watch, const struct press_look *look,
			    struct search_fault *fault)
{
	const struct limits *limits = &look->plan->limits;
	bool fresh = look->after->outcome == OUTCOME_COMPLETED && look->before->outcome != OUTCOME_COMPLETED;

	if (!fresh)
		return;
	if (segment(look, watch->visited) != PHASE_DONE || watch->soak_ticks < SOAKED)
		search_break(fault, "completed",
			     "\"completed\" before %s was done, with %u of %u ticks of soak",
			     phase_name(segment(look, watch->visited)), watch->soak_ticks, SOAKED);
	if (watch->rest_ticks * PRESS_TICK_S < limits->done_dwell_s ||
	    watch->cold_ticks * PRESS_TICK_S < limits->release_dwell_s || look->after->phase != PHASE_DONE)
		search_break(fault, "completed",
			     "\"completed\" before it was cold and at ambient for its dwell");
	if (watch->one_way)
		search_break(fault, "completed", "\"completed\" after an abort, a failure or a handover");
}

/* What is only looked at where something is about to begin. */
static void forget_idle(struct press_watch *watch, const struct press_look *look)
{
	uint8_t phase = look->after->phase;

	if (phase < PHASE_COMPRESS || phase > PHASE_ISOTHERM)
		watch->reached = false;
	if (phase == PHASE_COOL)
		watch->authority = 0;
}

void press_watch_step(struct press_watch *watch, const struct press_look *look, struct search_fault *fault)
{
	see_before(watch, look);
	if (look->event->kind == EVENT_START && look->act->answer.code == ANSWER_DONE)
		press_watch_init(watch);
	press_judge_levels(watch, look, fault);
	judge_latch(watch, look, fault);
	judge_one_way(watch, look, fault);
	see_segments(watch, look);
	judge_completed(watch, look, fault);
	see_intents(watch, look);
	/* A device that shows another name for a moment comes back to the level it had. */
	if (look->event->inputs->furnace_identity_ok)
		watch->heats = look->act->heat == HEAT_CONTROL;
	if (look->event->inputs->press_identity_ok)
		watch->regulates = look->act->press == PRESS_REGULATE;
	if (look->after->phase == PHASE_IDLE)
		watch->one_way = false;
	forget_idle(watch, look);
}
