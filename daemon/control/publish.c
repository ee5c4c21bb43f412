/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/publish.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/control/sections.h"

#define SAMPLE_LEAST_NS (CLOCK_NS_PER_S / 50)
#define SAMPLE_IDLE_S 10.0
#define STATE_LEAST_NS (CLOCK_NS_PER_S / 20)
#define SNAPSHOT_LAB_S 1.0
#define SNAPSHOT_LEAST_NS (CLOCK_NS_PER_S / 5)
#define SNAPSHOT_IDLE_NS (10 * CLOCK_NS_PER_S)

/* Where the run waits for the operator's decision, the words that it takes. */
static void ask_for_decision(const struct control *control, struct state_body *state)
{
	const struct machine *machine = &control->machine;
	bool cools = machine->phase == PHASE_COOL && machine->private_state.stay;
	bool over = machine->private_state.offer_ends &&
		    control_lab_s(control) > machine->private_state.resume_offer_until_lab_s;
	bool barred = machine->private_state.was_tripped && !control->plan.resume_after_trip;
	bool resume = machine->private_state.resume_offered && !over && !barred;

	if (machine->phase == PHASE_HANDED_OVER)
		snprintf(state->ask, sizeof(state->ask),
			 "release the pressure at the panel; the run ends at ambient pressure");
	else if (cools || machine->phase == PHASE_HOLD || machine->phase == PHASE_RECOVERY_WAIT)
		snprintf(state->ask, sizeof(state->ask), "%s: %sdensctl abort, or densctl handover REASON",
			 cools ? "your decision; until then it cools and stays under pressure"
			       : "your decision",
			 resume ? "densctl resume, " : "");
}

/* Behind what the press asks: a sample under pressure comes first. A command is never cut off: what does not
 * fit goes without the section's name, and is not said when that does not fit either. */
static void ask_for_section(const struct control *control, struct state_body *state)
{
	const char *sections[] = {control->section, ""};
	const size_t length = strlen(state->ask), room = sizeof(state->ask) - length;
	const char *what = control->scan.phase == SCAN_WAIT_LOAD ? "load a fresh section"
			   : control->scan.phase == SCAN_CHIP_FAULT
				   ? "check or replace the chip, load a section"
				   : NULL;

	for (size_t i = 0; what && i < sizeof(sections) / sizeof(sections[0]); i++) {
		int wanted = snprintf(state->ask + length, room, "%s%s, then: densctl confirm section%s%s",
				      length ? "; and " : "", what, sections[i][0] ? " " : "", sections[i]);

		if ((size_t)wanted < room)
			return;
		state->ask[length] = '\0';
	}
}

static void fill_ask(const struct control *control, struct state_body *state)
{
	if (control->recovering.active)
		snprintf(state->ask, sizeof(state->ask),
			 "nothing: reading the instruments before anything is written (furnace %u, press %u "
			 "good cycles of 5); decided after %.0f s at the latest",
			 control->recovering.furnace_cycles, control->recovering.press_cycles,
			 control->limits.recovery_read_s);
	else if (control->machine.phase == PHASE_WAIT_CAPSULE)
		snprintf(state->ask, sizeof(state->ask),
			 "load a capsule for %.26s (%.95s), then: densctl confirm capsule", control->run,
			 control->plan.name);
	else if (control->machine.latched)
		snprintf(state->ask, sizeof(state->ask),
			 "remove the cause of the trip, then: %sdensctl reset",
			 control->machine.private_state.acknowledged ? "" : "densctl ack, ");
	else if (!control->writes)
		snprintf(state->ask, sizeof(state->ask), "%.199s", control->no_writes_why);
	else
		ask_for_decision(control, state);
	if (!control->recovering.active)
		ask_for_section(control, state);
}

static void fill_sections(const struct control *control, struct state_body *state)
{
	const struct link_queue_item *item = queue_find((struct queue *)&control->queue, control->scan_run);

	memcpy(state->section, control->section, sizeof(state->section));
	memcpy(state->scan_run, control->scan_run, ULID_TEXT);
	state->queued = queue_count_waiting(&control->queue);
	if (!item)
		return;
	state->sections_done = item->sections_done;
	state->sections_total = queue_count_sections(&item->plan);
	if (state->sections_total > 0)
		state->calorimetry_outcome = item->calorimetry;
}

void publish_build_state(const struct control *control, struct state_body *ret_state)
{
	const struct machine *machine = &control->machine;
	struct cycle_view view = control_view(control, 0);

	*ret_state = (struct state_body){
		.phase = machine->phase,
		.outcome = machine->outcome,
		.resume_phase = machine->resume_phase,
		.scan_phase = control->scan.phase,
		.densification_outcome = machine->outcome,
		.holdback = machine->holdback,
		.latched = machine->latched,
		.interrupted = machine->interrupted,
		.pause_pending = machine->pause_pending,
		.simulated = cycle_is_simulated(&view),
		.progress = machine->progress,
		.remaining_s = machine->remaining_s,
		.soak_s = machine->soak_s,
		.setpoint_k = machine->setpoint_k,
		.setpoint_gpa = machine->setpoint_gpa,
		.last_good_k = machine->last_good_k,
		.last_good_gpa = machine->last_good_gpa,
		.clock_scale = control->site.clock_scale,
		.alarms_active = machine->alarms.active | control->scan.alarms | control->alarms.active,
		.alarms_acknowledged = machine->alarms.acknowledged | control->alarms.acknowledged};
	memcpy(ret_state->cause, machine->cause, MACHINE_WHY);
	memcpy(ret_state->run, control->run, ULID_TEXT);
	if (control->has_plan) {
		memcpy(ret_state->run_name, control->plan.name, PLAN_TEXT);
		ret_state->isotherm_s = control->plan.isotherm_s;
		ret_state->target_k = control->plan.temperature_k;
		ret_state->target_gpa = control->plan.pressure_gpa;
	}
	fill_sections(control, ret_state);
	fill_ask(control, ret_state);
}

void publish_flush(struct control *control)
{
	struct worker *recorder = &control->recorder;
	int r;

	if (recorder->socket < 0 || !recorder->ready)
		return;
	r = journal_flush(&control->journal, recorder->socket, &recorder->seq, control->publisher);
	if (r == 0)
		r = sections_send_traces(control);
	if (r == -EAGAIN)
		worker_wait_writable(recorder);
	else if (r < 0)
		worker_kill(recorder, strerror(-r));
}

int publish_journal(struct control *control, enum journal_kind kind, bool now, const char *run,
		    const void *body, size_t length, uint64_t *ret_entry)
{
	struct journal_entry entry = {.kind = (uint8_t)kind,
				      .now = now,
				      .run = run ? run : control->run,
				      .t_lab_s = control_lab_s(control),
				      .body = body,
				      .length = length,
				      .fd = -1};
	uint64_t number = 0;
	int r = journal_add(&control->journal, &entry, &number);

	if (r < 0) {
		if (control->journal.dropped == 1)
			log_error("recorder: the journal's ring is full, entries are dropped");
		return r;
	}
	publish_flush(control);
	if (ret_entry)
		*ret_entry = number;
	return 0;
}

static void to_gateway(struct control *control, const struct publication *publication, bool may_wait)
{
	struct worker *gateway = &control->gateway;
	int r;

	if (gateway->socket < 0)
		return;
	r = outbox_send(&control->outbox, gateway->socket, &gateway->seq, LINK_PUBLISH, publication,
			sizeof(*publication), -1, may_wait);
	if (r == -EAGAIN)
		worker_wait_writable(gateway);
	else if (r < 0)
		worker_kill(gateway, strerror(-r));
}

/* The head of the next publication of a topic; the caller fills the body. */
static struct publication *next_publication(struct control *control, enum topic topic)
{
	struct publication *publication = &control->publishing.last[topic];

	/* A sample fills its body whole, ten times a second. */
	if (topic != TOPIC_SAMPLE)
		memset(publication, 0, sizeof(*publication));
	publication->topic = (uint8_t)topic;
	publication->seq = ++control->publishing.seq[topic];
	publication->t_wall_us = clock_wall_us();
	publication->t_lab_s = control_lab_s(control);
	memcpy(publication->publisher, control->publisher, ULID_TEXT);
	control->publishing.has_last[topic] = true;
	return publication;
}

static void tell(struct control *control, const struct publication *publication, const char *run)
{
	publish_journal(control, JOURNAL_PUBLICATION, false, run, publication, sizeof(*publication), NULL);
	to_gateway(control, publication, true);
}

void publish_state(struct control *control, bool decision)
{
	struct publication *publication = next_publication(control, TOPIC_STATE);

	publish_build_state(control, &publication->state);
	if (decision)
		control->publishing.decision_seq = publication->seq;
	control->publishing.state_dirty = false;
	control->publishing.state_ns = clock_mono_ns();
	tell(control, publication, control->run);
}

void publish_alarm(struct control *control, enum alarm alarm, bool raised, const char *text, const char *run)
{
	struct publication *publication = next_publication(control, TOPIC_ALARM);
	struct alarm_body *body = &publication->alarm;
	uint64_t acknowledged = control->machine.alarms.acknowledged | control->alarms.acknowledged;

	body->alarm = (uint8_t)alarm;
	body->raised = raised;
	body->acknowledged = acknowledged >> alarm & 1;
	memcpy(body->run, run, ULID_TEXT);
	snprintf(body->text, sizeof(body->text), "%.199s", text);
	log_line(raised ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "alarm %d %s %s: %s", (int)alarm,
		 alarm_info(alarm)->name, raised ? "raised" : "cleared", text);
	publish_journal(control, JOURNAL_ALARM, false, run, body, sizeof(*body), NULL);
	tell(control, publication, run);
	control->publishing.state_dirty = true;
}

void publish_own_alarm(struct control *control, enum alarm alarm, bool raised, const char *text)
{
	uint64_t bit = UINT64_C(1) << alarm;

	if (((control->alarms.active & bit) != 0) == raised)
		return;
	control->alarms.active = raised ? control->alarms.active | bit : control->alarms.active & ~bit;
	control->alarms.acknowledged &= ~bit;
	publish_alarm(control, alarm, raised, text, control->run);
}

void publish_scan(struct control *control, const struct scan_body *body)
{
	struct publication *publication = next_publication(control, TOPIC_SCAN);

	publication->scan = *body;
	tell(control, publication, body->run);
}

void publish_result(struct control *control, const struct result_body *body)
{
	struct publication *publication = next_publication(control, TOPIC_RESULT);

	publication->result = *body;
	tell(control, publication, body->run);
}

/* Nothing on the press and nothing on the chip. */
static bool is_idle(const struct control *control)
{
	return (control->machine.phase == PHASE_IDLE || control->machine.phase == PHASE_DONE) &&
	       control->scan.phase == SCAN_IDLE;
}

static void fill_sample(const struct control *control, double t_lab_s, struct sample_body *sample)
{
	const struct inputs *inputs = &control->inputs;
	struct cycle_view view = control_view(control, t_lab_s);

	*sample = (struct sample_body){.temperature_k = inputs->temperature_k,
				       .temperature2_k = inputs->temperature2_k,
				       .setpoint_k = inputs->furnace_setpoint_k,
				       .output_pct = inputs->furnace_output_pct,
				       .pressure_gpa = inputs->pressure_gpa,
				       .pressure_setpoint_gpa = inputs->pressure_setpoint_gpa,
				       .oil_bar = inputs->oil_bar,
				       .flow_ml_per_min = inputs->flow_ml_per_min,
				       .chip_temperature_k = control->chip_inputs.temperature_k,
				       .programme_k = control->machine.setpoint_k,
				       .programme_gpa = control->machine.setpoint_gpa,
				       .run_s = control->machine.run_s,
				       .phase = control->machine.phase};
	memcpy(sample->run, control->run, ULID_TEXT);
	cycle_fill_switches(&view, control->limits.fresh_age_s, sample);
}

void publish_sample(struct control *control, double t_lab_s, int64_t now_ns)
{
	bool idle = is_idle(control);
	struct publishing *publishing = &control->publishing;
	struct publication *publication;
	struct journal_sample row;

	if (idle && t_lab_s - publishing->sample_lab_s < SAMPLE_IDLE_S)
		return;
	publishing->sample_lab_s = t_lab_s;
	publication = next_publication(control, TOPIC_SAMPLE);
	fill_sample(control, publication->t_lab_s, &publication->sample);
	publication->sample.skipped = publishing->skipped;
	if (now_ns - publishing->sample_ns >= SAMPLE_LEAST_NS) {
		publishing->sample_ns = now_ns;
		publishing->skipped = 0;
		to_gateway(control, publication, false);
	} else {
		publication->sample.skipped = 0;
		publishing->skipped++;
	}
	row = (struct journal_sample){.seq = publication->seq,
				      .t_wall_us = publication->t_wall_us,
				      .t_lab_s = publication->t_lab_s,
				      .body = publication->sample};
	journal_add_sample(&control->journal, &row);
	publish_flush(control);
}

static void store_snapshot(struct control *control, bool now)
{
	uint64_t entry;

	struct control_snapshot snapshot = {.version = SNAPSHOT_VERSION,
					    .size = sizeof(snapshot),
					    .machine = control->machine,
					    .scan = control->scan,
					    .section = control->section_index,
					    .restarts = control->restarts};

	if (control->recovering.active)
		return;
	snapshot.next_intent = control->machine.next_intent > control->scan.next_intent
				       ? control->machine.next_intent
				       : control->scan.next_intent;
	memcpy(snapshot.run, control->run, ULID_TEXT);
	memcpy(snapshot.scan_run, control->scan_run, ULID_TEXT);
	memcpy(snapshot.topic_seq, control->publishing.seq, sizeof(snapshot.topic_seq));
	memcpy(snapshot.restart_wall_us, control->restart_wall_us, sizeof(snapshot.restart_wall_us));
	control->publishing.snapshot_ns = clock_mono_ns();
	now = now || control->chip_entry == UINT64_MAX;
	if (publish_journal(control, JOURNAL_SNAPSHOT, now, NULL, &snapshot, sizeof(snapshot), &entry) == 0 &&
	    control->chip_entry == UINT64_MAX)
		control->chip_entry = entry;
}

void publish_snapshot(struct control *control)
{
	store_snapshot(control, false);
}

void publish_snapshot_now(struct control *control)
{
	store_snapshot(control, true);
}

void publish_scan_snapshot(struct control *control)
{
	control->chip_entry = UINT64_MAX;
	publish_snapshot(control);
}

static void publish_heartbeat(struct control *control)
{
	struct publication *publication = next_publication(control, TOPIC_HEARTBEAT);

	memcpy(publication->heartbeat.last_seq, control->publishing.seq,
	       sizeof(publication->heartbeat.last_seq));
	publication->heartbeat.step_late_ms_max = control->clock.late_ms_max;
	control->clock.late_ms_max = 0;
	to_gateway(control, publication, false);
}

void publish_periodic(struct control *control, int64_t now_ns)
{
	struct publishing *publishing = &control->publishing;
	bool idle = is_idle(control);
	int64_t snapshot_period_ns =
		(int64_t)(SNAPSHOT_LAB_S / control->site.clock_scale * (double)CLOCK_NS_PER_S);

	if (snapshot_period_ns < SNAPSHOT_LEAST_NS)
		snapshot_period_ns = SNAPSHOT_LEAST_NS;
	if (idle)
		snapshot_period_ns = SNAPSHOT_IDLE_NS;
	if ((publishing->state_dirty && now_ns - publishing->state_ns >= STATE_LEAST_NS) ||
	    (!idle && now_ns - publishing->state_ns >= CLOCK_NS_PER_S))
		publish_state(control, false);
	if (now_ns - publishing->snapshot_ns >= snapshot_period_ns)
		publish_snapshot(control);
	if (now_ns - publishing->heartbeat_ns >= CLOCK_NS_PER_S) {
		publishing->heartbeat_ns = now_ns;
		publish_heartbeat(control);
	}
}

void publish_again(struct control *control)
{
	for (int topic = 0; topic < TOPIC_MAX; topic++)
		if (control->publishing.has_last[topic])
			to_gateway(control, &control->publishing.last[topic], true);
}

void publish_note(struct control *control, const char *format, ...)
{
	struct note note = {.kind = NOTE_INFO};
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(note.text, sizeof(note.text), format, arguments);
	va_end(arguments);
	log_notice("%s", note.text);
	publish_journal(control, JOURNAL_NOTE, false, NULL, &note, sizeof(note), NULL);
}
