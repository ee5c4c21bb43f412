/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calorimeter machine: events in; the sequence itself is in scan_steps.c. */
#include "protocol/scan.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "protocol/scan_interlock.h"
#include "protocol/scan_steps.h"

#define NEVER_LAB_S (-1.0)
#define ATTEMPTS_MOST 3

void scan_init(struct scan_machine *ret_machine, double t_lab_s)
{
	memset(ret_machine, 0, sizeof(*ret_machine));
	ret_machine->phase = SCAN_IDLE;
	ret_machine->phase_since_lab_s = t_lab_s;
	ret_machine->next_intent = 1;
	ret_machine->purge_bad_since_lab_s = ret_machine->purge_good_since_lab_s = NEVER_LAB_S;
}

static void answer(struct scan_work *work, enum answer_code code, const char *why)
{
	work->act->answer.code = (uint8_t)code;
	snprintf(work->act->answer.why, sizeof(work->act->answer.why), "%s", why);
}

static void watch_purge(struct scan_work *work)
{
	const struct measurement *flow = &work->in->flow_ml_per_min;
	struct scan_machine *m = work->m;
	double least = work->plan->limits.purge_share * work->plan->calorimetry.purge_ml_per_min;
	bool good = flow->quality == QUALITY_GOOD &&
		    work->now - flow->t_lab_s <= work->plan->limits.fresh_age_s && flow->value >= least;
	double *since = good ? &m->purge_good_since_lab_s : &m->purge_bad_since_lab_s;

	*(good ? &m->purge_bad_since_lab_s : &m->purge_good_since_lab_s) = NEVER_LAB_S;
	if (*since < 0)
		*since = work->now;
}

/* From the first job after the purge on: what is programmed without nitrogen would be armed the next moment.
 */
static bool is_hot(const struct scan_machine *m)
{
	return m->step >= STEP_CLEAN && m->step <= STEP_RUN;
}

/* Hazards 37 and 38. True when one took the sequence over. */
static bool run_interlocks(struct scan_work *work)
{
	struct scan_look look = {work->m, work->in, work->plan, work->now,
				 is_hot(work->m) && !work->m->restarting};
	char text[MACHINE_WHY];
	bool taken = false;

	for (size_t i = 0; i < scan_interlock_count && !taken; i++) {
		const struct scan_interlock_row *row = &scan_interlock_table[i];

		if (!row->fires(&look, text))
			continue;
		taken = true;
		scan_raise(work, row->alarm, text);
		if (row->reaction == SCAN_REACT_FAULT) {
			scan_fault(work, text);
			continue;
		}
		/* Fired already: its counter says whether a trace came out of it. */
		work->m->restarting = work->m->step >= STEP_INTENT;
		if (!work->m->restarting)
			scan_go(work, STEP_PURGE);
		scan_send(work, SCAN_JOB_OFF);
		work->m->job_pending = false;
	}
	return taken;
}

static bool is_active(const struct scan_machine *m)
{
	return m->phase != SCAN_IDLE && m->phase != SCAN_SECTION_DONE && m->phase != SCAN_CHIP_FAULT;
}

/* An OFF may be lost with its worker or in a restart: it is said until the chip looks off. */
static void keep_off(struct scan_work *work)
{
	bool on = work->in->state == CHIP_RUNNING || work->in->state == CHIP_ARMED;

	if (work->m->phase == SCAN_CHIP_FAULT && work->fresh && on && !work->m->job_pending)
		scan_send(work, SCAN_JOB_OFF);
}

static void do_tick(struct scan_work *work)
{
	keep_off(work);
	if (!is_active(work->m))
		return;
	watch_purge(work);
	if (work->m->step != STEP_LOAD && run_interlocks(work))
		return;
	if (work->m->restarting) {
		if (work->fresh)
			scan_settle(work);
		return;
	}
	scan_wait(work);
}

static void do_section(struct scan_work *work)
{
	const struct scan_event *event = work->event;
	struct scan_machine *m = work->m;
	uint64_t next_intent = m->next_intent, alarms = m->alarms;
	uint32_t job_id = m->job_id;

	scan_init(m, work->now);
	m->next_intent = next_intent;
	m->job_id = job_id;
	m->alarms = alarms;
	m->rate_k_per_s = event->rate_k_per_s;
	m->automatic = event->automatic;
	scan_go(work, event->automatic ? STEP_PURGE : STEP_LOAD);
	answer(work, ANSWER_DONE,
	       event->automatic ? "loaded by the simulated site" : "waits for the section to be loaded");
}

/* After a fault the operator's word that the chip is sound: a fresh section is purged, a fired one is spent.
 */
static void confirm_chip(struct scan_work *work)
{
	struct scan_machine *m = work->m;

	if (!work->in || work->in->out_of_band || work->in->state == CHIP_FAULT) {
		answer(work, ANSWER_REFUSED, "the chip still reports its fault: replace it");
		return;
	}
	m->alarms &= ~(UINT64_C(1) << ALARM_CHIP);
	scan_note(work, NOTE_ALARM_CLEARED, ALARM_CHIP, "chip confirmed as sound");
	if (m->spent)
		scan_end(work, SECTION_FAULT,
			 "the chip failed after the section was fired; the section is spent");
	else
		scan_go(work, STEP_PURGE);
	answer(work, ANSWER_DONE,
	       m->spent ? "the section is spent; the next one follows" : "section confirmed");
}

static void do_confirm(struct scan_work *work)
{
	enum scan_phase phase = (enum scan_phase)work->m->phase;

	if (phase == SCAN_WAIT_LOAD) {
		scan_go(work, STEP_PURGE);
		answer(work, ANSWER_DONE, "section confirmed");
	} else if (phase == SCAN_CHIP_FAULT) {
		confirm_chip(work);
	} else if (phase == SCAN_IDLE || phase == SCAN_SECTION_DONE) {
		answer(work, ANSWER_REFUSED, "no section is waited for");
	} else {
		answer(work, ANSWER_DONE, "the section is confirmed already");
	}
}

static void do_cancel(struct scan_work *work)
{
	const char *reason = work->event->text;

	if (work->m->phase == SCAN_IDLE || work->m->phase == SCAN_SECTION_DONE) {
		answer(work, ANSWER_DONE, "no section is under way");
		return;
	}
	if (work->m->phase != SCAN_WAIT_LOAD)
		scan_send(work, SCAN_JOB_OFF);
	scan_end(work, SECTION_CANCELLED, reason && reason[0] ? reason : "cancelled by the operator");
	answer(work, ANSWER_DONE, "section cancelled");
}

static void do_durable(struct scan_work *work)
{
	struct scan_machine *m = work->m;

	if (m->waiting_intent == 0 || work->event->intent < m->waiting_intent)
		return;
	m->waiting_intent = 0;
	m->durable = true;
	if (m->step == STEP_INTENT && !m->restarting)
		scan_go(work, STEP_FIRE);
}

/* Each step that has a job has a next one. */
static void job_succeeded(struct scan_work *work)
{
	static const uint8_t next[STEP_MAX] = {
		[STEP_CLEAN] = STEP_PROGRAM, [STEP_PROGRAM] = STEP_ARM, [STEP_ARM] = STEP_INTENT,
		[STEP_FIRE] = STEP_RUN,      [STEP_READ] = STEP_COMMIT, [STEP_DELETE] = STEP_COOL,
	};

	if (work->m->step == STEP_CLEAN)
		work->m->fire_counter++;
	scan_go(work, (enum scan_step_kind)next[work->m->step]);
}

static void job_failed(struct scan_work *work, const char *text)
{
	struct scan_machine *m = work->m;
	char cause[MACHINE_WHY];

	m->attempts++;
	snprintf(cause, sizeof(cause), "chip job %s failed %u times: %.120s",
		 scan_job_name((enum scan_job)m->job), m->attempts, text ? text : "");
	/* A fire is never repeated on a failed answer: the counter tells whether it happened. */
	if (m->step == STEP_FIRE)
		m->restarting = true;
	else if (m->attempts < ATTEMPTS_MOST)
		scan_go(work, m->step == STEP_ARM ? STEP_PROGRAM : (enum scan_step_kind)m->step);
	else if (m->step == STEP_READ)
		scan_end(work, SECTION_LOST, cause);
	else
		scan_fault(work, cause);
}

static void do_job_done(struct scan_work *work)
{
	const struct scan_event *event = work->event;
	struct scan_machine *m = work->m;

	if (!m->job_pending || event->job_id != m->job_id)
		return;
	m->job_pending = false;
	if (!is_active(m) || m->job == SCAN_JOB_OFF)
		return;
	if (event->ok)
		job_succeeded(work);
	else
		job_failed(work, event->text);
}

static void do_committed(struct scan_work *work)
{
	struct scan_machine *m = work->m;

	if (m->step < STEP_READ || work->event->counter != m->fire_counter + 1)
		return;
	m->committed = true;
	if (m->step == STEP_COMMIT && is_active(m) && !m->restarting)
		scan_go(work, STEP_DELETE);
}

static void do_restart(struct scan_work *work)
{
	work->m->job_pending = false;
	if (!is_active(work->m))
		return;
	work->m->waiting_intent = 0;
	work->m->restarting = true;
}

static bool is_well_formed(const struct plan *plan, const struct scan_machine *state,
			   const struct scan_event *event)
{
	if (!isfinite(event->t_lab_s) || state->phase >= SCAN_PHASE_MAX || state->step >= STEP_MAX)
		return false;
	if (!plan && (state->phase != SCAN_IDLE || event->kind == SCAN_EVENT_SECTION))
		return false;
	switch (event->kind) {
	case SCAN_EVENT_TICK:
		return event->inputs != NULL;
	case SCAN_EVENT_SECTION:
		return (state->phase == SCAN_IDLE || state->phase == SCAN_SECTION_DONE) &&
		       event->rate_k_per_s > 0;
	case SCAN_EVENT_JOB_DONE:
		return event->job < SCAN_JOB_MAX;
	case SCAN_EVENT_CONFIRM:
	case SCAN_EVENT_CANCEL:
	case SCAN_EVENT_DURABLE:
	case SCAN_EVENT_COMMITTED:
	case SCAN_EVENT_RESTART:
		return true;
	case SCAN_EVENT_KIND_MAX:
		break;
	}
	return false;
}

static void (*const event_steps[SCAN_EVENT_KIND_MAX])(struct scan_work *work) = {
	[SCAN_EVENT_TICK] = do_tick,           [SCAN_EVENT_SECTION] = do_section,
	[SCAN_EVENT_CONFIRM] = do_confirm,     [SCAN_EVENT_CANCEL] = do_cancel,
	[SCAN_EVENT_DURABLE] = do_durable,     [SCAN_EVENT_JOB_DONE] = do_job_done,
	[SCAN_EVENT_COMMITTED] = do_committed, [SCAN_EVENT_RESTART] = do_restart};

static bool chip_answers(const struct plan *plan, const struct chip_inputs *in, double now)
{
	return plan && in && !in->lost && in->identity_ok &&
	       now - in->temperature_k.t_lab_s <= plan->limits.fresh_age_s;
}

int scan_step(const struct plan *plan, const struct scan_machine *state, const struct scan_event *event,
	      struct scan_machine *ret_next, struct scan_actions *ret_actions)
{
	struct scan_work work = {.plan = plan,
				 .event = event,
				 .in = event->inputs,
				 .m = ret_next,
				 .act = ret_actions,
				 .now = event->t_lab_s};

	*ret_next = *state;
	memset(ret_actions, 0, offsetof(struct scan_actions, notes)); /* a note is cleared when it is taken */
	if (!is_well_formed(plan, state, event))
		return -EINVAL;
	work.fresh = chip_answers(plan, event->inputs, event->t_lab_s);
	event_steps[event->kind](&work);
	ret_actions->purge = ret_next->phase != SCAN_IDLE && ret_next->phase != SCAN_WAIT_LOAD &&
			     ret_next->phase != SCAN_SECTION_DONE;
	return 0;
}

const char *scan_phase_name(enum scan_phase phase)
{
	static const char *const names[SCAN_PHASE_MAX] = {
		[SCAN_IDLE] = "idle",
		[SCAN_WAIT_LOAD] = "wait-load",
		[SCAN_PURGE] = "purge",
		[SCAN_ARM] = "arm",
		[SCAN_FIRE] = "fire",
		[SCAN_READ] = "read",
		[SCAN_COOL] = "cool",
		[SCAN_REFERENCE] = "reference",
		[SCAN_SECTION_DONE] = "section-done",
		[SCAN_CHIP_FAULT] = "chip-fault",
	};

	return (unsigned)phase < SCAN_PHASE_MAX ? names[phase] : "invalid";
}

const char *section_outcome_name(enum section_outcome outcome)
{
	static const char *const names[SECTION_OUTCOME_MAX] = {
		[SECTION_NONE] = "none",   [SECTION_SCANNED] = "scanned",     [SECTION_LOST] = "lost",
		[SECTION_FAULT] = "fault", [SECTION_CANCELLED] = "cancelled",
	};

	return (unsigned)outcome < SECTION_OUTCOME_MAX ? names[outcome] : "invalid";
}

const char *scan_job_name(enum scan_job job)
{
	static const char *const names[SCAN_JOB_MAX] = {
		[SCAN_JOB_NONE] = "none", [SCAN_JOB_PROGRAM] = "program", [SCAN_JOB_ARM] = "arm",
		[SCAN_JOB_FIRE] = "fire", [SCAN_JOB_READ] = "read",       [SCAN_JOB_DELETE] = "delete",
		[SCAN_JOB_OFF] = "off",
	};

	return (unsigned)job < SCAN_JOB_MAX ? names[job] : "invalid";
}

const char *chip_state_name(enum chip_state state)
{
	static const char *const names[CHIP_STATE_MAX] = {
		[CHIP_UNKNOWN] = "unknown", [CHIP_IDLE] = "idle",       [CHIP_PROGRAMMED] = "programmed",
		[CHIP_ARMED] = "armed",     [CHIP_RUNNING] = "running", [CHIP_DATA] = "data",
		[CHIP_FAULT] = "fault",
	};

	return (unsigned)state < CHIP_STATE_MAX ? names[state] : "invalid";
}
