/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sequence of a scan, the same for first and reference: purge, program, arm, intent, fire, run, read,
 * commit, delete, cool. The first trace is committed and deleted before the reference is programmed.
 */
#include "protocol/scan_steps.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocol/recovery.h"

#define RUN_MARGIN_S 600.0 /* lab time, above what the program itself takes */
#define NO_TRACE_S 30.0
#define NO_ARM_S 10.0
#define COOL_BAND_K 20.0

void scan_note(struct scan_work *work, enum note_kind kind, enum alarm alarm, const char *format, ...)
{
	va_list arguments;
	struct note *note;

	if (work->act->note_count >= sizeof(work->act->notes) / sizeof(work->act->notes[0]))
		return;
	note = &work->act->notes[work->act->note_count++];
	memset(note, 0, sizeof(*note));
	note->kind = (uint8_t)kind;
	note->alarm = (uint8_t)alarm;
	va_start(arguments, format);
	vsnprintf(note->text, sizeof(note->text), format, arguments);
	va_end(arguments);
}

void scan_raise(struct scan_work *work, enum alarm alarm, const char *text)
{
	uint64_t bit = UINT64_C(1) << alarm;

	if (!(work->m->alarms & bit))
		scan_note(work, NOTE_ALARM_RAISED, alarm, "%s", text);
	work->m->alarms |= bit;
}

static void scan_clear(struct scan_work *work, enum alarm alarm)
{
	uint64_t bit = UINT64_C(1) << alarm;

	if (work->m->alarms & bit)
		scan_note(work, NOTE_ALARM_CLEARED, alarm, "%s is over", alarm_info(alarm)->name);
	work->m->alarms &= ~bit;
}

static void set_phase(struct scan_work *work, enum scan_phase phase)
{
	work->m->phase = (uint8_t)phase;
	work->m->phase_since_lab_s = work->now;
}

void scan_end(struct scan_work *work, enum section_outcome outcome, const char *cause)
{
	struct scan_machine *m = work->m;

	snprintf(m->cause, sizeof(m->cause), "%s", cause);
	m->outcome = (uint8_t)outcome;
	m->restarting = m->job_pending = false;
	m->waiting_intent = 0;
	set_phase(work, SCAN_SECTION_DONE);
	if (m->spent && outcome != SECTION_SCANNED)
		scan_note(work, NOTE_ALARM_RAISED, ALARM_SPENT,
			  "The section is spent and has no pair of scans: %.120s", m->cause);
	scan_note(work, NOTE_OUTCOME, ALARM_NONE, "section %s: %.150s", section_outcome_name(outcome),
		  m->cause);
}

void scan_fault(struct scan_work *work, const char *cause)
{
	snprintf(work->m->cause, sizeof(work->m->cause), "%s", cause);
	work->m->restarting = false;
	work->m->waiting_intent = 0;
	set_phase(work, SCAN_CHIP_FAULT);
	scan_raise(work, ALARM_CHIP, cause);
	scan_send(work, SCAN_JOB_OFF);
}

static void fill_program(struct scan_work *work)
{
	const struct plan_calorimetry *calorimetry = &work->plan->calorimetry;
	struct scan_program *program = &work->act->program;

	program->start_k = calorimetry->start_k;
	program->end_k = calorimetry->end_k;
	program->rate_k_per_s = work->m->rate_k_per_s;
	/* The reference is the same ramp without a controlled cooling after it. */
	program->cooling_k_per_s = work->m->reference ? 0 : calorimetry->reference_cooling_k_per_s;
	program->reference = work->m->reference;
}

void scan_send(struct scan_work *work, enum scan_job job)
{
	struct scan_machine *m = work->m;

	m->job = (uint8_t)job;
	m->job_id++;
	m->job_pending = true;
	work->act->job = (uint8_t)job;
	work->act->job_id = m->job_id;
	work->act->counter = m->fire_counter + 1;
	if (job == SCAN_JOB_PROGRAM)
		fill_program(work);
}

/* The intent names the counter before the fire: after a crash the chip's own counter settles it. */
static void intend_fire(struct scan_work *work)
{
	struct scan_machine *m = work->m;
	struct intent *intent = &work->act->intent;

	if (m->next_intent == 0)
		m->next_intent = 1;
	intent->number = m->next_intent++;
	intent->kind = INTENT_FIRE;
	intent->before = true;
	intent->phase = m->phase;
	intent->from_k = work->plan->calorimetry.start_k;
	intent->to_k = work->plan->calorimetry.end_k;
	intent->rate_k_per_s = m->rate_k_per_s;
	snprintf(intent->text, sizeof(intent->text), "fire %s at %g K/s, scan counter %u",
		 m->reference ? "reference" : "first scan", m->rate_k_per_s, m->fire_counter);
	m->waiting_intent = intent->number;
	m->durable = false;
}

static enum scan_phase phase_of(const struct scan_machine *m, enum scan_step_kind kind)
{
	static const uint8_t phases[STEP_MAX] = {
		[STEP_LOAD] = SCAN_WAIT_LOAD, [STEP_PURGE] = SCAN_PURGE, [STEP_CLEAN] = SCAN_ARM,
		[STEP_PROGRAM] = SCAN_ARM,    [STEP_ARM] = SCAN_ARM,     [STEP_INTENT] = SCAN_FIRE,
		[STEP_FIRE] = SCAN_FIRE,      [STEP_RUN] = SCAN_FIRE,    [STEP_READ] = SCAN_READ,
		[STEP_COMMIT] = SCAN_COOL,    [STEP_DELETE] = SCAN_COOL, [STEP_COOL] = SCAN_COOL,
	};

	if (m->reference && kind != STEP_PURGE)
		return SCAN_REFERENCE;
	return (enum scan_phase)phases[kind];
}

static void remember_counter(struct scan_work *work)
{
	work->m->fire_counter = work->in->scan_counter;
	work->m->committed = false;
}

void scan_go(struct scan_work *work, enum scan_step_kind kind)
{
	static const uint8_t jobs[STEP_MAX] = {
		[STEP_CLEAN] = SCAN_JOB_DELETE, [STEP_PROGRAM] = SCAN_JOB_PROGRAM,
		[STEP_ARM] = SCAN_JOB_ARM,      [STEP_FIRE] = SCAN_JOB_FIRE,
		[STEP_READ] = SCAN_JOB_READ,    [STEP_DELETE] = SCAN_JOB_DELETE,
	};
	struct scan_machine *m = work->m;
	enum scan_phase phase = phase_of(m, kind);

	if (phase != (enum scan_phase)m->phase)
		set_phase(work, phase);
	/* A refused ARM goes back to PROGRAM: together they have one count of attempts. */
	if (kind != (enum scan_step_kind)m->step && kind != STEP_PROGRAM && kind != STEP_ARM)
		m->attempts = 0;
	m->step = (uint8_t)kind;
	if (kind == STEP_PURGE)
		m->purge_bad_since_lab_s = m->purge_good_since_lab_s = -1;
	if (kind == STEP_RUN || kind == STEP_INTENT)
		m->phase_since_lab_s = work->now;
	m->spent = m->spent || kind == STEP_FIRE;
	if (jobs[kind] != SCAN_JOB_NONE)
		scan_send(work, (enum scan_job)jobs[kind]);
}

/* A section that waits for a flow that does not come waits for the operator, who has to be told. */
static void tell_no_purge(struct scan_work *work)
{
	const struct limits *limits = &work->plan->limits;
	double since = work->m->purge_bad_since_lab_s;
	char text[MACHINE_WHY];

	if (since < 0 || work->now - since < limits->purge_time_s)
		return;
	snprintf(text, sizeof(text),
		 "No nitrogen for the purge: %.1f ml/min, below %.0f %% of %.0f ml/min for %.0f s. Not "
		 "armed; goes on when the flow is back. Check bottle and valve.",
		 work->in->flow_ml_per_min.value, limits->purge_share * 100,
		 work->plan->calorimetry.purge_ml_per_min, work->now - since);
	scan_raise(work, ALARM_PURGE, text);
}

/* A trace that is still kept belongs to a section that has ended: the controller refuses to arm over it. */
static void wait_purge(struct scan_work *work)
{
	const struct chip_inputs *in = work->in;
	double since = work->m->purge_good_since_lab_s;

	tell_no_purge(work);
	if (since < 0 || work->now - since < work->plan->limits.purge_time_s || !work->fresh ||
	    in->state == CHIP_RUNNING)
		return;
	scan_clear(work, ALARM_PURGE);
	if (in->state == CHIP_DATA || in->trace_available) {
		work->m->fire_counter = in->scan_counter - 1;
		scan_go(work, STEP_CLEAN);
	} else {
		remember_counter(work);
		scan_go(work, STEP_PROGRAM);
	}
}

/* Armed: write down the counter, then the intent; the fire itself waits for EVENT_DURABLE. */
static void wait_intent(struct scan_work *work)
{
	if (work->m->waiting_intent != 0 || !work->fresh)
		return;
	if (work->in->state != CHIP_ARMED) {
		/* Its controller was reset, or another hand disarmed it: nothing was fired yet. */
		if (work->now - work->m->phase_since_lab_s > NO_ARM_S)
			scan_go(work, STEP_PURGE);
		return;
	}
	remember_counter(work);
	intend_fire(work);
}

static double run_limit_s(const struct scan_work *work)
{
	const struct plan_calorimetry *calorimetry = &work->plan->calorimetry;
	double span_k = calorimetry->end_k - calorimetry->start_k;

	return span_k / work->m->rate_k_per_s + span_k / calorimetry->reference_cooling_k_per_s +
	       RUN_MARGIN_S;
}

static void wait_run(struct scan_work *work)
{
	struct scan_machine *m = work->m;
	const struct chip_inputs *in = work->in;
	double elapsed_s = work->now - m->phase_since_lab_s;
	bool fired = work->fresh && in->scan_counter == m->fire_counter + 1;

	if (fired && in->state == CHIP_DATA && in->trace_available)
		scan_go(work, STEP_READ);
	else if (fired && in->state != CHIP_RUNNING && !in->trace_available && elapsed_s > NO_TRACE_S)
		scan_end(work, SECTION_LOST, "fired, but the chip controller has no trace (F3)");
	else if (elapsed_s > run_limit_s(work))
		scan_fault(work, "the chip controller never finished the scan");
}

static void wait_cool(struct scan_work *work)
{
	struct scan_machine *m = work->m;
	const struct chip_inputs *in = work->in;

	if (m->reference) {
		scan_end(work, SECTION_SCANNED, "first scan and reference are stored");
		return;
	}
	if (!work->fresh || in->state == CHIP_RUNNING || in->state == CHIP_DATA ||
	    in->temperature_k.value > work->plan->calorimetry.start_k + COOL_BAND_K)
		return;
	m->cooled = true;
	m->reference = true;
	remember_counter(work);
	scan_go(work, m->purge_bad_since_lab_s >= 0 ? STEP_PURGE : STEP_PROGRAM);
}

/* The recorder may have been quicker than the answer to READ. */
static void wait_commit(struct scan_work *work)
{
	if (work->m->committed)
		scan_go(work, STEP_DELETE);
}

/* The others wait for a job's answer, or for the operator. */
static void (*const waits[STEP_MAX])(struct scan_work *work) = {[STEP_PURGE] = wait_purge,
								[STEP_INTENT] = wait_intent,
								[STEP_RUN] = wait_run,
								[STEP_COMMIT] = wait_commit,
								[STEP_COOL] = wait_cool};

void scan_wait(struct scan_work *work)
{
	if (waits[work->m->step])
		waits[work->m->step](work);
}

/* Between the intent and the trace: F1..F4. */
static void settle_fire(struct scan_work *work)
{
	struct scan_machine *m = work->m;
	const struct chip_inputs *in = work->in;
	enum scan_recovery found;

	if (in->state == CHIP_RUNNING && in->scan_counter == m->fire_counter + 1) {
		scan_go(work, STEP_RUN);
		return;
	}
	found = recovery_decide_scan(true, m->fire_counter, in->scan_counter, in->trace_available);
	if (found == SCAN_RECOVER_FIRE_AGAIN) {
		scan_note(work, NOTE_INFO, ALARM_NONE,
			  "The chip's counter is unchanged: not fired; it is purged, armed and fired anew "
			  "(F1).");
		m->spent = m->reference;
		scan_go(work, STEP_PURGE);
	} else if (found == SCAN_RECOVER_READ_TRACE) {
		scan_note(work, NOTE_INFO, ALARM_NONE,
			  "The chip's counter is one higher: it was fired, and its trace is read (F2).");
		scan_go(work, STEP_READ);
	} else {
		m->spent = true;
		scan_end(work, SECTION_LOST,
			 found == SCAN_RECOVER_LOST
				 ? "fired, and the trace is gone (F3)"
				 : "the chip's scan counter does not fit the intent to fire (F4)");
	}
}

void scan_settle(struct scan_work *work)
{
	struct scan_machine *m = work->m;
	enum scan_step_kind kind = (enum scan_step_kind)m->step;
	bool kept = work->in->trace_available && work->in->scan_counter == m->fire_counter + 1;

	m->restarting = false;
	if (kind == STEP_LOAD)
		return;
	/* The stored state may be a second older than the chip's: from PROGRAM on the counter decides. */
	if (kind <= STEP_CLEAN)
		scan_go(work, STEP_PURGE);
	else if (kind < STEP_READ)
		settle_fire(work);
	else if (kind <= STEP_COMMIT && !m->committed && kept)
		scan_go(work, STEP_READ);
	else if (kind <= STEP_COMMIT && !m->committed)
		scan_end(work, SECTION_LOST, "the trace was gone before it was stored (F3)");
	else
		scan_go(work, kept ? STEP_DELETE : STEP_COOL);
}
