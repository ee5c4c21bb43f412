/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/perform.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/control/commands.h"
#include "daemon/control/notify.h"
#include "daemon/control/publish.h"
#include "daemon/control/sections.h"
#include "daemon/control/submit.h"

enum { PRESS_INTENT, SCAN_INTENT };

/* One numbering for both machines: the store's. */
static void share_numbers(struct control *control)
{
	uint64_t next = control->machine.next_intent;

	if (control->scan.next_intent > next)
		next = control->scan.next_intent;
	control->machine.next_intent = control->scan.next_intent = next;
}

static void close_intent(struct control *control, int which, const char *text)
{
	struct journal_outcome outcome = {.number = control->open_intent[which], .done = true};

	if (outcome.number == 0)
		return;
	control->open_intent[which] = 0;
	snprintf(outcome.text, sizeof(outcome.text), "%.199s", text);
	publish_journal(control, JOURNAL_INTENT_OUTCOME, false, NULL, &outcome, sizeof(outcome), NULL);
}

static void journal_intent(struct control *control, const struct intent *intent, bool scan)
{
	uint64_t entry;
	int which = scan ? SCAN_INTENT : PRESS_INTENT;

	if (intent->number == 0)
		return;
	close_intent(control, which, "followed by the next");
	if (publish_journal(control, JOURNAL_INTENT, true, scan ? control->scan_run : NULL, intent,
			    sizeof(*intent), &entry) < 0) {
		publish_own_alarm(control, ALARM_STORE, true,
				  "the journal is full: an intent could not be written");
		return;
	}
	control->open_intent[which] = intent->number;
	if (control->intent_count < CONTROL_INTENTS_MAX)
		control->intents[control->intent_count++] = (struct pending_intent){
			.entry = entry, .number = intent->number, .scan = scan, .before = intent->before};
	else
		publish_own_alarm(control, ALARM_STORE, true, "too many intents wait for the store");
}

/* The calorimeter's transitions are sentences: the table of transitions speaks of the press. */
static void take_note(struct control *control, const struct note *note, bool scan)
{
	const char *run = scan ? control->scan_run : control->run;

	switch ((enum note_kind)note->kind) {
	case NOTE_ALARM_RAISED:
	case NOTE_ALARM_CLEARED:
		publish_alarm(control, (enum alarm)note->alarm, note->kind == NOTE_ALARM_RAISED, note->text,
			      run);
		break;
	case NOTE_TRANSITION:
	case NOTE_OUTCOME:
		publish_journal(control, scan ? JOURNAL_NOTE : JOURNAL_TRANSITION, false, run, note,
				sizeof(*note), NULL);
		break;
	case NOTE_INFO:
		log_info("%s", note->text);
		publish_journal(control, JOURNAL_NOTE, false, run, note, sizeof(*note), NULL);
		break;
	}
}

void perform_update_run(struct control *control, const struct link_queue_item *item, const char *cause)
{
	const struct machine *machine = &control->machine;
	bool current = strcmp(item->run, control->run) == 0;
	struct journal_run run = {.densification = item->densification,
				  .calorimetry = item->calorimetry,
				  .started = item->started,
				  .sections_done = item->sections_done,
				  .sections_lost = item->sections_lost,
				  .clock_scale = control->site.clock_scale};

	memcpy(run.run, item->run, ULID_TEXT);
	if (item->started) {
		run.limits = item->plan.limits;
		cycle_widen_limits(&run.limits, control->site.clock_scale);
	}
	run.of_press = current;
	if (current) {
		run.interrupted = machine->interrupted;
		run.last_good_k = machine->last_good_k;
		run.last_good_gpa = machine->last_good_gpa;
		run.release_temperature_k = machine->release_temperature_k;
		run.peak_k = machine->peak_k;
		run.peak_gpa = machine->peak_gpa;
		run.outage_s = machine->outage_s;
		run.hold_s = machine->hold_s;
		run.holdback_s = machine->holdback_sum_s;
		run.pause_s = machine->pause_s;
		run.soak_s = machine->soak_s;
	}
	snprintf(run.cause, sizeof(run.cause), "%.199s", cause);
	publish_journal(control, JOURNAL_RUN_UPDATED, true, item->run, &run, sizeof(run), NULL);
}

/* Without sections to scan the calorimetry shares the densification's outcome. */
static void end_run(struct control *control)
{
	struct link_queue_item *item = queue_find(&control->queue, control->run);

	if (!item || item->densification != OUTCOME_NONE)
		return;
	item->densification = control->machine.outcome;
	if (item->densification != OUTCOME_COMPLETED || queue_count_sections(&item->plan) == 0)
		item->calorimetry = item->densification;
	log_notice("run %s: densification %s: %s", item->run, outcome_name((enum outcome)item->densification),
		   control->machine.cause);
	perform_update_run(control, item, control->machine.cause);
	queue_drop_ended(&control->queue);
}

/* Who asks at night reads how far the run on the press has come, not how it was when it began. */
static void tell_run(struct control *control)
{
	const struct machine *machine = &control->machine;
	struct link_queue_item *item = queue_find(&control->queue, control->run);
	bool stands = machine->phase == PHASE_HOLD || machine->phase == PHASE_TRIPPED ||
		      machine->phase == PHASE_RECOVERY_WAIT;
	bool within = stands && machine->resume_phase != PHASE_IDLE;
	char cause[MACHINE_WHY];

	if (!item || !item->started || item->densification != OUTCOME_NONE)
		return;
	snprintf(cause, sizeof(cause), "%s%s%s%s%.160s", phase_name((enum phase)machine->phase),
		 within ? " in " : "", within ? phase_name((enum phase)machine->resume_phase) : "",
		 machine->cause[0] ? ": " : "", machine->cause);
	perform_update_run(control, item, cause);
}

static void log_transition(struct control *control, enum phase from)
{
	const struct machine *machine = &control->machine;
	char last[64] = "nothing read yet";

	if (machine->last_good_k > 0)
		snprintf(last, sizeof(last), "%.1f K, %.3f GPa", machine->last_good_k,
			 machine->last_good_gpa);
	log_notice("%s -> %s%s%s (run %s, %s)", phase_name(from), phase_name((enum phase)machine->phase),
		   machine->cause[0] ? ": " : "", machine->cause, control->run[0] ? control->run : "none",
		   last);
	notify_status(control);
}

void perform_event(struct control *control, struct event *event, struct answer *ret_answer)
{
	/* What the next state is compared with: the whole of it is far more than that. */
	const uint8_t phase = control->machine.phase, outcome = control->machine.outcome;
	const bool latched = control->machine.latched, holdback = control->machine.holdback,
		   pause_pending = control->machine.pause_pending;
	struct machine next;
	struct actions actions;

	event->t_lab_s = control_lab_s(control);
	event->inputs = &control->inputs;
	share_numbers(control);
	if (machine_step(control->has_plan ? &control->plan : NULL, &control->machine, event, &next,
			 &actions) < 0) {
		log_error("the machine refused an event of kind %d", (int)event->kind);
		return;
	}
	control->machine = next;
	memcpy(&control->actions, &actions,
	       offsetof(struct actions, notes)); /* the levels; notes are taken here */
	share_numbers(control);
	for (uint32_t i = 0; i < actions.note_count; i++)
		take_note(control, &actions.notes[i], false);
	if (phase != next.phase) {
		log_transition(control, (enum phase)phase);
		close_intent(control, PRESS_INTENT, phase_name((enum phase)next.phase));
	}
	journal_intent(control, &actions.intent, false);
	/* A tripped or aborting run stays in the queue, with its plan, until the press is at rest. A start
	 * that was refused leaves the outcome of the run before. */
	if (event->kind != EVENT_START && next.outcome != OUTCOME_NONE &&
	    (next.phase == PHASE_DONE || next.phase == PHASE_IDLE))
		end_run(control);
	if (phase != next.phase)
		tell_run(control);
	if (phase != next.phase || latched != next.latched || outcome != next.outcome) {
		if (latched != next.latched)
			publish_snapshot_now(control);
		else
			publish_snapshot(control);
		publish_state(control, true);
	} else if (event->kind == EVENT_VERB) {
		publish_state(control, false);
	} else if (holdback != next.holdback || pause_pending != next.pause_pending) {
		control->publishing.state_dirty = true;
	}
	if (ret_answer)
		*ret_answer = actions.answer;
}

/* What a restart settles the section from. The clocks in between do not matter. */
static bool is_other_scan(const struct scan_machine *a, const struct scan_machine *b)
{
	return a->phase != b->phase || a->step != b->step || a->reference != b->reference ||
	       a->committed != b->committed || a->spent != b->spent || a->fire_counter != b->fire_counter ||
	       a->outcome != b->outcome || a->job_id != b->job_id;
}

void perform_scan_event(struct control *control, struct scan_event *event, struct answer *ret_answer)
{
	struct scan_machine before = control->scan, next;
	struct scan_actions actions;

	event->t_lab_s = control_lab_s(control);
	event->inputs = &control->chip_inputs;
	share_numbers(control);
	if (scan_step(control->scan_run[0] ? &control->scan_plan : NULL, &control->scan, event, &next,
		      &actions) < 0) {
		log_error("the scan machine refused an event of kind %d", (int)event->kind);
		return;
	}
	control->scan = next;
	control->scan_purge = actions.purge;
	share_numbers(control);
	for (uint32_t i = 0; i < actions.note_count; i++)
		take_note(control, &actions.notes[i], true);
	/* Before the intent: when that is durable, so is the counter it counts from. */
	if (is_other_scan(&before, &next))
		publish_scan_snapshot(control);
	journal_intent(control, &actions.intent, true);
	sections_take_job(control, &actions);
	if (before.phase != next.phase) {
		log_notice("calorimeter %s -> %s (%s)", scan_phase_name((enum scan_phase)before.phase),
			   scan_phase_name((enum scan_phase)next.phase),
			   control->section[0] ? control->section : "no section");
		if (before.phase == SCAN_FIRE || before.phase == SCAN_REFERENCE)
			close_intent(control, SCAN_INTENT, "fired");
		sections_tell(control);
		publish_state(control, true);
	}
	if (ret_answer)
		*ret_answer = actions.answer;
}

void perform_durable(struct control *control, uint64_t entry)
{
	uint32_t done = 0;

	while (done < control->intent_count && control->intents[done].entry <= entry)
		done++;
	for (uint32_t i = 0; i < done; i++) {
		struct pending_intent intent = control->intents[i];
		struct answer answer = {0};

		if (intent.scan)
			perform_scan_event(
				control,
				&(struct scan_event){.kind = SCAN_EVENT_DURABLE, .intent = intent.number},
				NULL);
		else
			perform_event(control,
				      &(struct event){.kind = EVENT_DURABLE, .intent = intent.number},
				      &answer);
		/* A resume is judged again once it is durable: its answer is still to be given. */
		if (answer.code == ANSWER_REFUSED)
			commands_refuse_resume(control, answer.why);
	}
	control->intent_count -= done;
	memmove(control->intents, control->intents + done,
		control->intent_count * sizeof(control->intents[0]));
}

static void load_run(struct control *control, const struct link_queue_item *item)
{
	control->plan = item->plan;
	cycle_widen_limits(&control->plan.limits, control->site.clock_scale);
	control->has_plan = true;
	memcpy(control->run, item->run, ULID_TEXT);
}

/* What the machine will not begin it will not begin later either: the run has failed, the next one may go. */
static void fail_start(struct control *control, struct link_queue_item *item, const char *why)
{
	char cause[MACHINE_WHY];

	snprintf(cause, sizeof(cause), "not started: %.180s", why[0] ? why : "its plan is not well formed");
	control->run[0] = '\0';
	control->has_plan = false;
	item->densification = item->calorimetry = OUTCOME_FAILED;
	log_error("run %s: %s; the next one follows", item->run, cause);
	perform_update_run(control, item, cause);
	queue_drop_ended(&control->queue);
	publish_snapshot(control);
	publish_state(control, true);
}

void perform_start_next(struct control *control)
{
	struct event event = {.kind = EVENT_START};
	struct link_queue_item *item;
	struct answer answer = {0};

	if (!control->writes || control->recovering.active)
		return;
	if (control->machine.phase != PHASE_IDLE && control->machine.phase != PHASE_DONE)
		return;
	if (control->machine.latched)
		return;
	item = queue_next_waiting(&control->queue);
	if (!item || !control_store_ok(control))
		return;
	/* It was checked when it was submitted; densd may have been started anew since then with other
	 * numbers. Before it is loaded: a run that never began takes no values from the one before. */
	if (submit_check_plan(&control->site, &item->plan, answer.why) < 0) {
		fail_start(control, item, answer.why);
		return;
	}
	item->started = true;
	/* Before it is loaded: until the machine has begun it, what it holds is of the run before. */
	perform_update_run(control, item, "given to the press");
	load_run(control, item);
	if (!control_loads_itself(control, &item->plan))
		control->plan.loading = LOADING_CONFIRM;
	perform_event(control, &event, &answer);
	if (answer.code != ANSWER_DONE)
		fail_start(control, item, answer.why);
}
