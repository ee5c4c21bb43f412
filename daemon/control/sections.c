/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/sections.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/control/perform.h"
#include "daemon/control/publish.h"

static void load_section(struct control *control, const struct link_queue_item *item, uint32_t index)
{
	control->scan_plan = item->plan;
	cycle_widen_limits(&control->scan_plan.limits, control->site.clock_scale);
	memcpy(control->scan_run, item->run, ULID_TEXT);
	control->section_index = index;
	queue_format_section(item, index, control->section);
}

static void journal_section(struct control *control, enum section_outcome outcome, const char *text)
{
	struct journal_section section = {.index = control->section_index, .outcome = (uint8_t)outcome};

	memcpy(section.run, control->scan_run, ULID_TEXT);
	memcpy(section.section, control->section, sizeof(section.section));
	section.rate_k_per_s = queue_section_rate(&control->scan_plan, control->section_index);
	snprintf(section.text, sizeof(section.text), "%.199s", text);
	publish_journal(control, JOURNAL_SECTION, true, control->scan_run, &section, sizeof(section), NULL);
}

void sections_tell(struct control *control)
{
	struct scan_body body = {.reference = control->scan.reference,
				 .ordered_rate_k_per_s = control->scan.rate_k_per_s,
				 .counter = control->chip_inputs.scan_counter,
				 .outcome = control->scan.outcome};

	if (control->section[0] == '\0')
		return;
	memcpy(body.run, control->scan_run, ULID_TEXT);
	memcpy(body.section, control->section, sizeof(body.section));
	snprintf(body.text, sizeof(body.text), "%s%s%.150s",
		 scan_phase_name((enum scan_phase)control->scan.phase), control->scan.cause[0] ? ": " : "",
		 control->scan.cause);
	publish_scan(control, &body);
}

static void begin_section(struct control *control, const struct link_queue_item *item)
{
	struct scan_event event = {.kind = SCAN_EVENT_SECTION,
				   .rate_k_per_s = queue_section_rate(&item->plan, item->sections_done),
				   .automatic = control_loads_itself(control, &item->plan)};

	load_section(control, item, item->sections_done);
	journal_section(control, SECTION_NONE, "given to the calorimeter");
	perform_scan_event(control, &event, NULL);
}

/* All sections are done: completed only when each was scanned. */
static void end_calorimetry(struct control *control, struct link_queue_item *item)
{
	uint32_t total = queue_count_sections(&item->plan),
		 lost = (uint32_t)__builtin_popcountll(item->sections_lost);
	char cause[MACHINE_WHY];

	item->calorimetry = lost == 0 ? OUTCOME_COMPLETED : OUTCOME_FAILED;
	snprintf(cause, sizeof(cause), "%u of %u sections scanned", total - lost, total);
	log_notice("run %s: calorimetry %s: %s", item->run, outcome_name((enum outcome)item->calorimetry),
		   cause);
	perform_update_run(control, item, cause);
	queue_drop_ended(&control->queue);
	control->publishing.state_dirty = true;
}

static void rest(struct control *control)
{
	uint64_t next_intent = control->scan.next_intent;
	uint64_t alarms = control->scan.alarms;
	uint32_t job_id = control->scan.job_id;

	scan_init(&control->scan, control_lab_s(control));
	/* Numbers never start again: a worker answers a job id once. */
	control->scan.next_intent = next_intent;
	control->scan.job_id = job_id;
	control->scan.alarms = alarms;
	control->section[0] = '\0';
	control->scan_purge = false;
}

static void end_section(struct control *control)
{
	struct link_queue_item *item = queue_find(&control->queue, control->scan_run);
	enum section_outcome outcome = (enum section_outcome)control->scan.outcome;

	journal_section(control, outcome, control->scan.cause);
	log_notice("section %s %s%s%s", control->section, section_outcome_name(outcome),
		   control->scan.cause[0] ? ": " : "", control->scan.cause);
	if (item && item->calorimetry == OUTCOME_NONE && item->sections_done == control->section_index) {
		if (outcome != SECTION_SCANNED)
			item->sections_lost |= UINT64_C(1) << (item->sections_done % 64);
		item->sections_done++;
		if (item->sections_done >= queue_count_sections(&item->plan))
			end_calorimetry(control, item);
		else
			perform_update_run(control, item,
					   strcmp(item->run, control->run) == 0 ? control->machine.cause
										: "");
	}
	rest(control);
	publish_snapshot(control);
}

void sections_step(struct control *control)
{
	struct scan_event tick = {.kind = SCAN_EVENT_TICK};
	const struct link_queue_item *item;

	if (!control->map.at[DEVICE_CHIP].present || control->recovering.active)
		return;
	if (control->scan.phase == SCAN_SECTION_DONE)
		end_section(control);
	if (control->scan.phase == SCAN_IDLE && control->writes && control_store_ok(control)) {
		item = queue_next_scan(&control->queue);
		if (item)
			begin_section(control, item);
	}
	if (control->scan.phase != SCAN_IDLE)
		perform_scan_event(control, &tick, NULL);
	if (control->chip_entry == UINT64_MAX)
		publish_snapshot(control);
}

void sections_take_job(struct control *control, const struct scan_actions *actions)
{
	struct chip_demand *job = &control->chip_job;

	if (actions->job == SCAN_JOB_NONE)
		return;
	*job = (struct chip_demand){.off = actions->job == SCAN_JOB_OFF,
				    .job = actions->job,
				    .job_id = actions->job_id,
				    .counter = actions->counter,
				    .start_k = actions->program.start_k,
				    .end_k = actions->program.end_k,
				    .rate_k_per_s = actions->program.rate_k_per_s,
				    /* The reference is the same ramp without the cooling before it. */
				    .cooling_k_per_s = actions->program.cooling_k_per_s};
	log_debug("chip job %u: %s", job->job_id, scan_job_name((enum scan_job)job->job));
}

struct chip_demand sections_job_to_do(const struct control *control)
{
	static const struct chip_demand none;

	return control->chip_job.off || control->journal.committed >= control->chip_entry ? control->chip_job
											  : none;
}

static struct held_trace *find_trace(struct control *control, const struct link_trace *trace)
{
	for (int i = 0; i < CONTROL_TRACES_MAX; i++) {
		struct held_trace *held = &control->traces[i];

		if (held->used && held->trace.reference == trace->reference &&
		    strcmp(held->trace.section, trace->section) == 0)
			return held;
	}
	return NULL;
}

static struct held_trace *free_trace(struct control *control)
{
	for (int i = 0; i < CONTROL_TRACES_MAX; i++)
		if (!control->traces[i].used)
			return &control->traces[i];
	return NULL;
}

/* Takes @fd. False when there is no room or nothing to keep. */
static bool hold_trace(struct control *control, const struct report *report, int fd)
{
	struct link_trace trace = {.reference = control->scan.reference,
				   .counter = report->chip.scan_counter,
				   .rows = report->chip.trace_rows,
				   .ordered_rate_k_per_s = control->scan.rate_k_per_s,
				   .cooling_k_per_s =
					   control->scan_plan.calorimetry.reference_cooling_k_per_s,
				   .material_tg_k = control->scan_plan.material_tg_k,
				   .chip = control->site.chip,
				   .t_wall_us = clock_wall_us(),
				   .t_lab_s = control_lab_s(control)};
	struct held_trace *held;

	memcpy(trace.run, control->scan_run, ULID_TEXT);
	memcpy(trace.section, control->section, sizeof(trace.section));
	held = find_trace(control, &trace);
	if (held)
		close(held->fd);
	else
		held = free_trace(control);
	if (!held) {
		close(fd);
		return false;
	}
	*held = (struct held_trace){.used = true, .fd = fd, .trace = trace};
	publish_flush(control);
	return true;
}

void sections_take_report(struct control *control, const struct report *report, int fd)
{
	struct chip_demand *job = &control->chip_job;
	struct scan_event event = {.kind = SCAN_EVENT_JOB_DONE, .counter = report->chip.scan_counter};
	bool kept = false;

	if (job->job == CHIP_JOB_NONE || report->chip.job_id != job->job_id) {
		if (fd >= 0)
			close(fd);
		return;
	}
	event.job = job->job;
	event.job_id = job->job_id;
	event.ok = report->chip.job_ok;
	event.text = report->chip.error;
	if (fd >= 0 && event.ok && job->job == CHIP_JOB_READ)
		kept = hold_trace(control, report, fd);
	else if (fd >= 0)
		close(fd);
	if (job->job == CHIP_JOB_READ && event.ok && !kept) {
		event.ok = false;
		event.text = "the trace did not come with the answer";
	}
	if (!event.ok)
		log_warning("chip job %u (%s) failed: %s", event.job_id,
			    scan_job_name((enum scan_job)event.job), event.text);
	*job = (struct chip_demand){0};
	perform_scan_event(control, &event, NULL);
}

void sections_worker_lost(struct control *control)
{
	struct scan_event event = {.kind = SCAN_EVENT_RESTART};

	if (control->chip_job.job == CHIP_JOB_NONE)
		return;
	log_warning("chip job %u (%s) was in the hands of the worker that died: the chip's counter decides",
		    control->chip_job.job_id, scan_job_name((enum scan_job)control->chip_job.job));
	control->chip_job = (struct chip_demand){0};
	perform_scan_event(control, &event, NULL);
}

int sections_send_traces(struct control *control)
{
	for (int i = 0; i < CONTROL_TRACES_MAX; i++) {
		struct held_trace *held = &control->traces[i];
		int r;

		if (!held->used || held->sent)
			continue;
		r = link_send(control->recorder.socket, LINK_TRACE, control->recorder.seq, &held->trace,
			      sizeof(held->trace), held->fd);
		if (r < 0)
			return r;
		control->recorder.seq++;
		held->sent = true;
	}
	return 0;
}

void sections_rewind_traces(struct control *control)
{
	for (int i = 0; i < CONTROL_TRACES_MAX; i++)
		control->traces[i].sent = false;
}

void sections_trace_committed(struct control *control, const struct link_trace *trace)
{
	struct scan_event event = {.kind = SCAN_EVENT_COMMITTED, .counter = trace->counter};
	struct held_trace *held = find_trace(control, trace);

	if (!held)
		return;
	close(held->fd);
	held->used = false;
	if (strcmp(trace->section, control->section) == 0)
		perform_scan_event(control, &event, NULL);
}

static bool is_current(const struct control *control, const char *section, struct answer *ret_answer)
{
	if (control->section[0] == '\0') {
		snprintf(ret_answer->why, MACHINE_WHY, "no section is waited for now");
	} else if (section[0] != '\0' && strcmp(section, control->section) != 0) {
		snprintf(ret_answer->why, MACHINE_WHY, "the section in turn is %.79s", control->section);
	} else {
		return true;
	}
	ret_answer->code = ANSWER_REFUSED;
	return false;
}

void sections_confirm(struct control *control, const char *section, struct answer *ret_answer)
{
	struct scan_event event = {.kind = SCAN_EVENT_CONFIRM};

	if (is_current(control, section, ret_answer))
		perform_scan_event(control, &event, ret_answer);
}

void sections_cancel_current(struct control *control, const char *reason, struct answer *ret_answer)
{
	struct scan_event event = {.kind = SCAN_EVENT_CANCEL, .text = reason};

	perform_scan_event(control, &event, ret_answer);
}

void sections_cancel_run(struct control *control, struct link_queue_item *item, const char *reason)
{
	struct answer answer;

	item->calorimetry = OUTCOME_ABORTED;
	perform_update_run(control, item, reason);
	if (strcmp(item->run, control->scan_run) == 0 && control->scan.phase != SCAN_IDLE)
		sections_cancel_current(control, reason, &answer);
	queue_drop_ended(&control->queue);
}

void sections_restore(struct control *control, const struct control_snapshot *snapshot)
{
	const struct link_queue_item *item = queue_find(&control->queue, snapshot->scan_run);
	struct scan_event event = {.kind = SCAN_EVENT_RESTART};

	control->scan = snapshot->scan;
	if (snapshot->scan.phase == SCAN_IDLE)
		return;
	if (!item || item->calorimetry != OUTCOME_NONE || item->sections_done != snapshot->section ||
	    snapshot->section >= queue_count_sections(&item->plan)) {
		rest(control);
		return;
	}
	load_section(control, item, snapshot->section);
	perform_scan_event(control, &event, NULL);
}
