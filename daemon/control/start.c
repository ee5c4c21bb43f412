/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/start.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/control/perform.h"
#include "daemon/control/publish.h"
#include "daemon/control/sections.h"

#define GOOD_CYCLES 5u
#define PATIENCE_NS (5 * CLOCK_NS_PER_S)
#define HOUR_US (INT64_C(3600) * 1000000)
#define RESTARTS_KEPT 8u

void start_take_loaded(struct control *control, const struct link_loaded *loaded)
{
	control->recovering = (struct recovering){.active = true,
						  .loaded = *loaded,
						  .since_ns = clock_mono_ns(),
						  .since_lab_s = control_lab_s(control)};
	memcpy(control->publisher, loaded->publisher, ULID_TEXT);
}

void start_take_item(struct control *control, const struct link_queue_item *item)
{
	if (queue_add(&control->queue, item) < 0)
		log_error("run %.26s does not fit into the queue of %d and waits in the store for the next "
			  "start",
			  item->run, QUEUE_ITEMS_MAX);
}

static bool snapshot_is_usable(const struct link_loaded *loaded)
{
	const struct control_snapshot *snapshot = &loaded->snapshot;

	return loaded->has_snapshot && snapshot->version == SNAPSHOT_VERSION &&
	       snapshot->size == sizeof(*snapshot) && snapshot->machine.phase < PHASE_MAX &&
	       snapshot->scan.phase < SCAN_PHASE_MAX;
}

static void note_restart(struct control *control)
{
	control->restart_wall_us[control->restarts % RESTARTS_KEPT] = clock_wall_us();
	control->restarts++;
}

static uint64_t greatest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void restore_numbers(struct control *control, const struct link_loaded *loaded, bool usable)
{
	uint64_t next = greatest(loaded->next_intent, 1);

	for (int topic = 0; topic < TOPIC_MAX; topic++)
		control->publishing.seq[topic] =
			greatest(loaded->topic_seq[topic], usable ? loaded->snapshot.topic_seq[topic] : 0);
	/* Samples and their numbers live in the store alone: what never got there was not published as
	 * stored. */
	control->publishing.seq[TOPIC_SAMPLE] =
		greatest(loaded->topic_seq[TOPIC_SAMPLE], control->publishing.seq[TOPIC_SAMPLE]);
	if (usable)
		next = greatest(next, loaded->snapshot.next_intent);
	control->machine.next_intent = control->scan.next_intent = next;
}

static void restore_run(struct control *control, const struct control_snapshot *snapshot)
{
	const struct link_queue_item *item = queue_find(&control->queue, snapshot->run);

	memcpy(control->run, snapshot->run, ULID_TEXT);
	if (!item)
		return;
	control->plan = item->plan;
	cycle_widen_limits(&control->plan.limits, control->site.clock_scale);
	control->has_plan = true;
}

/* A trip acts first: its intent may be on disk and the snapshot after it not yet. */
static void restore_trip(struct control *control, const struct link_loaded *loaded)
{
	if (loaded->intents_in_doubt > 0 && loaded->last_intent.kind == INTENT_TRIP)
		control->machine.latched = true;
}

void start_restore(struct control *control)
{
	const struct link_loaded *loaded = &control->recovering.loaded;
	bool usable = snapshot_is_usable(loaded);
	double t_lab_s = control_lab_s(control);

	machine_init(&control->machine, t_lab_s);
	scan_init(&control->scan, t_lab_s);
	if (usable) {
		control->machine = loaded->snapshot.machine;
		control->restarts = loaded->snapshot.restarts;
		memcpy(control->restart_wall_us, loaded->snapshot.restart_wall_us,
		       sizeof(control->restart_wall_us));
		restore_run(control, &loaded->snapshot);
		restore_trip(control, loaded);
	}
	restore_numbers(control, loaded, usable);
	if (usable)
		note_restart(control);
	/* An item that was begun and is not the run at hand never reached the press. */
	for (uint32_t i = 0; i < control->queue.count; i++)
		if (control->queue.items[i].started &&
		    control->queue.items[i].densification == OUTCOME_NONE &&
		    strcmp(control->queue.items[i].run, control->run) != 0)
			control->queue.items[i].started = false;
}

static bool is_good(const struct control *control, const struct measurement *measurement)
{
	return measurement->quality == QUALITY_GOOD &&
	       control_lab_s(control) - measurement->t_lab_s <= control->limits.fresh_age_s;
}

static void count(uint32_t *cycles, bool good)
{
	*cycles = good ? *cycles + 1 : 0;
}

static bool reports_on(const struct control *control, enum device_kind kind, uint32_t bus)
{
	return control->map.at[kind].present && control->map.at[kind].bus == bus;
}

void start_count_cycle(struct control *control, uint32_t bus)
{
	struct cycle_view view = control_view(control, control_lab_s(control));
	struct recovering *recovering = &control->recovering;
	struct inputs inputs;

	cycle_build_inputs(&view, &inputs);
	if (reports_on(control, DEVICE_FURNACE, bus)) {
		bool good = inputs.furnace_identity_ok && is_good(control, &inputs.temperature_k);

		count(&recovering->furnace_cycles, good);
		count(&recovering->cold_cycles,
		      good && inputs.temperature_k.value <= control->limits.release_temperature_k);
	}
	if (reports_on(control, DEVICE_PRESS, bus))
		count(&recovering->press_cycles,
		      inputs.press_identity_ok && is_good(control, &inputs.oil_bar));
}

/* Fewer than five good cycles in a row prove nothing. */
static enum recovery_pressure judge_pressure(const struct control *control)
{
	const struct inputs *inputs = &control->inputs;

	if (control->recovering.press_cycles < GOOD_CYCLES)
		return RP_UNKNOWN;
	if (inputs->oil_bar.value <= control->limits.ambient_oil_bar && inputs->press_depressurised)
		return RP_AMBIENT;
	return RP_PRESSED;
}

static enum recovery_temperature judge_temperature(const struct control *control)
{
	if (control->recovering.furnace_cycles < GOOD_CYCLES)
		return RT_UNKNOWN;
	return control->recovering.cold_cycles >= GOOD_CYCLES ? RT_COLD : RT_HOT;
}

/* R1. In other units or decimals what is read is no value, and what is written may be another one. */
static bool is_other(const struct report *report)
{
	return report->fault == CAUSE_IDENTITY || report->units_differ;
}

static bool is_wrong_device(const struct control *control)
{
	struct cycle_view view = control_view(control, 0);
	const struct report *furnace = cycle_find_report(&view, DEVICE_FURNACE),
			    *press = cycle_find_report(&view, DEVICE_PRESS);

	return (furnace && (is_other(furnace) || furnace->furnace.second_master)) ||
	       (press && (is_other(press) || press->press.second_master));
}

static uint32_t count_restarts(const struct control *control)
{
	int64_t now_us = clock_wall_us();
	uint32_t count = 0;

	for (uint32_t i = 0; i < RESTARTS_KEPT; i++)
		count += control->restart_wall_us[i] != 0 && now_us - control->restart_wall_us[i] < HOUR_US;
	return count;
}

static double measure_gap(const struct control *control)
{
	const struct link_loaded *loaded = &control->recovering.loaded;
	double wall_s = (double)(clock_wall_us() - loaded->last_wall_us) / 1e6 * control->site.clock_scale,
	       lab_s = control_lab_s(control) - loaded->last_tick_lab_s;

	/* Under another scale than the last start's, the laboratory's clock may read less than it did. */
	return loaded->same_boot && lab_s >= 0 ? lab_s : fmax(wall_s, 0);
}

static void gather_facts(const struct control *control, struct recovery_facts *ret_facts)
{
	const struct link_loaded *loaded = &control->recovering.loaded;
	const struct machine *machine = &control->machine;
	struct cycle_view view = control_view(control, 0);
	const struct report *press = cycle_find_report(&view, DEVICE_PRESS);
	/* To watch what was handed over takes no plan. */
	bool active = machine->phase != PHASE_IDLE && machine->phase != PHASE_DONE &&
		      machine->phase != PHASE_HANDED_OVER;
	bool usable = snapshot_is_usable(loaded);

	*ret_facts = (struct recovery_facts){
		.journal_ok = !loaded->store_corrupt && (usable || !loaded->has_snapshot) &&
			      (!active || control->has_plan),
		.latched = machine->latched,
		.phase = machine->phase,
		.resume_phase = machine->resume_phase,
		.reference = control->has_plan && control->plan.reference,
		.identity_ok = !is_wrong_device(control),
		.pressure = judge_pressure(control),
		.temperature = judge_temperature(control),
		.gap_s = usable ? measure_gap(control) : 0,
		.moved_gpa = fabs(control->inputs.pressure_gpa.value - machine->last_good_gpa),
		.moved_k = fabs(control->inputs.temperature_k.value - machine->last_good_k),
		.same_boot = loaded->same_boot,
		.controller_reset = press && press->press.power_failed,
		.restarts_last_hour = count_restarts(control),
		.policy_continue =
			control->has_plan && control->plan.recovery == RECOVERY_CONTINUE &&
			control->site.recovery == RECOVERY_CONTINUE &&
			strcmp(control->plan.site_sha256, control->site.sha256) == 0 &&
			strcmp(control->plan.calibrations_sha256, control->site.calibrations_sha256) == 0,
		.stays = machine->phase == PHASE_COOL && machine->private_state.stay,
		.gap_limit_s = control->limits.restart_gap_s,
		.moved_gpa_limit = control->limits.restart_pressure_gpa,
		.moved_k_limit = control->limits.restart_temperature_k};
}

/* What was begun and not finished is settled by what was read, never by sending it again. */
static void settle_intents(struct control *control, const struct recovery_decision *decision)
{
	const struct link_loaded *loaded = &control->recovering.loaded;
	struct journal_outcome outcome = {0};

	snprintf(outcome.text, sizeof(outcome.text), "settled by reading after a restart, row R%u",
		 decision->row);
	for (uint32_t i = 0; i < LINK_IN_DOUBT_MAX && loaded->in_doubt[i] != 0; i++) {
		outcome.number = loaded->in_doubt[i];
		publish_journal(control, JOURNAL_INTENT_OUTCOME, false, NULL, &outcome, sizeof(outcome),
				NULL);
	}
}

static void journal_recovery(struct control *control, const struct recovery_facts *facts,
			     const struct recovery_decision *decision)
{
	const struct recovering *recovering = &control->recovering;
	const struct link_loaded *loaded = &recovering->loaded;
	bool furnace = facts->temperature != RT_UNKNOWN, press = facts->pressure != RP_UNKNOWN;
	struct journal_recovery recovery = {
		.facts = *facts,
		.row = decision->row,
		.action = decision->action,
		.scan_phase = snapshot_is_usable(loaded) ? loaded->snapshot.scan.phase : (uint8_t)SCAN_IDLE,
		.pressure_gpa = press ? control->inputs.pressure_gpa.value : NAN,
		.temperature_k = furnace ? control->inputs.temperature_k.value : NAN,
		.furnace_cycles = recovering->furnace_cycles,
		.press_cycles = recovering->press_cycles,
		.intents_in_doubt = loaded->intents_in_doubt};

	memcpy(recovery.text, decision->text, sizeof(recovery.text));
	publish_journal(control, JOURNAL_RECOVERY, true, NULL, &recovery, sizeof(recovery), NULL);
}

/* The machine stands until somebody decides: he has to be told, also where no run was under way (R6, R7, R8).
 */
static bool waits_for_operator(enum recovery_action action)
{
	return action == RECOVER_NO_WRITES || action == RECOVER_S_HOLD_WAIT || action == RECOVER_ADOPT_WAIT;
}

static void tell_restart(struct control *control, const struct recovery_facts *facts,
			 const struct recovery_decision *decision)
{
	const struct link_loaded *loaded = &control->recovering.loaded;
	bool under_way = loaded->has_snapshot && facts->phase != PHASE_IDLE && facts->phase != PHASE_DONE;

	publish_note(control, "restart: R%u, %s: %.140s", decision->row,
		     recovery_action_name((enum recovery_action)decision->action), decision->text);
	if (loaded->store_corrupt)
		publish_own_alarm(control, ALARM_STORE_CORRUPT, true,
				  "the store was damaged: set aside, a new one was begun");
	if (under_way || waits_for_operator((enum recovery_action)decision->action))
		publish_own_alarm(control, ALARM_RESTARTED, true, decision->text);
	if (under_way && !loaded->same_boot)
		publish_own_alarm(control, ALARM_POWER_CUT, true,
				  "the machine was started anew during a run");
}

void start_try_recovery(struct control *control)
{
	struct recovering *recovering = &control->recovering;
	bool read = recovering->furnace_cycles >= GOOD_CYCLES && recovering->press_cycles >= GOOD_CYCLES;
	/* The floor is for fast laboratory time, where a port takes longer to open than the limit. */
	bool patience = clock_mono_ns() - recovering->since_ns < PATIENCE_NS ||
			control_lab_s(control) - recovering->since_lab_s < control->limits.recovery_read_s;
	struct recovery_facts facts;
	struct recovery_decision decision;
	struct event event = {.kind = EVENT_RECOVER, .recovery = &decision};

	if (!read && patience)
		return;
	gather_facts(control, &facts);
	recovery_decide(&facts, &decision);
	decision.pressure_gpa = control->inputs.pressure_gpa.value;
	decision.temperature_k = control->inputs.temperature_k.value;
	decision.gap_s = facts.gap_s;
	recovering->active = false;
	journal_recovery(control, &facts, &decision);
	tell_restart(control, &facts, &decision);
	settle_intents(control, &decision);
	perform_event(control, &event, NULL);
	if (snapshot_is_usable(&recovering->loaded))
		sections_restore(control, &recovering->loaded.snapshot);
	publish_snapshot(control);
	publish_state(control, true);
}
