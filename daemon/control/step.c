/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/step.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/control/commands.h"
#include "daemon/control/notify.h"
#include "daemon/control/perform.h"
#include "daemon/control/publish.h"
#include "daemon/control/sections.h"
#include "daemon/control/start.h"

#define STEP_LAB_NS (CLOCK_NS_PER_S / 10)
#define PURGE_DEFAULT_ML_PER_MIN 80.0
#define STORE_LOST_NS CLOCK_NS_PER_S
#define GATEWAY_SILENT_NS (10 * CLOCK_NS_PER_S)  /* it tells its load every second */
#define RECORDER_SILENT_NS (30 * CLOCK_NS_PER_S) /* a disk that wakes up takes some ten */
#define RECORDER_LOADS_NS (120 * CLOCK_NS_PER_S) /* it replays and checks the journal first */
#define FLUTTER_NS (5 * CLOCK_NS_PER_S)
#define JUMP_US INT64_C(1000000) /* slewing moves the wall clock by 0.5 ms a second at most */
#define JUMP_TOLD_NS (60 * CLOCK_NS_PER_S)

double control_lab_s(const struct control *control)
{
	return clock_lab_s(clock_mono_ns(), control->site.clock_scale);
}

struct cycle_view control_view(const struct control *control, double t_lab_s)
{
	return (struct cycle_view){.site = &control->site,
				   .map = &control->map,
				   .reports = control->reports,
				   .lost = control->lost,
				   .t_lab_s = t_lab_s,
				   .store_ok = control_store_ok(control),
				   .step_late = control->clock.late};
}

bool control_loads_itself(const struct control *control, const struct plan *plan)
{
	struct cycle_view view = control_view(control, 0);

	return plan->loading == LOADING_AUTOMATIC && control->site.loading == LOADING_AUTOMATIC &&
	       cycle_is_simulated(&view);
}

static bool lacks_room(const struct control *control)
{
	return control->free_mib >= 0 && control->free_mib < control->site.minimum_free_mib;
}

/* What waits to be durable at once, for how long. */
static double store_late_s(const struct control *control)
{
	int64_t oldest_ns = journal_oldest_ns(&control->journal);

	return oldest_ns == 0 ? 0 : (double)(clock_mono_ns() - oldest_ns) / (double)CLOCK_NS_PER_S;
}

bool control_store_ok(const struct control *control)
{
	return control->store_error >= 0 && !lacks_room(control) &&
	       store_late_s(control) < control->limits.intent_hold_s;
}

int control_store_trouble(const struct control *control, char *ret_text, size_t size)
{
	double late_s = store_late_s(control);
	int length = 0;

	if (control->store_error < 0)
		length = snprintf(ret_text, size, "the store in %.64s cannot be written: %s",
				  control->site.store, strerror(-control->store_error));
	else if (lacks_room(control))
		length = snprintf(ret_text, size,
				  "the disk of the store in %.64s has %.0f MiB left, the site wants %.0f "
				  "MiB at least",
				  control->site.store, control->free_mib, control->site.minimum_free_mib);
	else if (late_s >= control->limits.intent_hold_s)
		length = snprintf(ret_text, size, "the store has not answered for %.1f s", late_s);
	return length;
}

static void watch_bus(struct control *control, struct worker *worker, int64_t now_ns)
{
	double limit_ns = control->limits.bus_lost_s / control->site.clock_scale * (double)CLOCK_NS_PER_S;
	char text[MACHINE_WHY];
	bool lost = worker->socket < 0 && (double)(now_ns - worker->lost_ns) > limit_ns;

	if (worker->asked &&
	    (double)(now_ns - worker->asked_ns) > control->limits.call_limit_s * (double)CLOCK_NS_PER_S) {
		lost = true;
		worker_kill(worker, "has not answered in time");
	}
	control->lost[worker->index] = lost;
	if (!lost)
		return;
	snprintf(text, sizeof(text), "%.47s: its worker is gone or does not answer; it is being restarted",
		 worker->name);
	publish_own_alarm(control, ALARM_WORKER_LOST, true, text);
}

/* Trouble on a line that the machines do not see as such. An alarm stays for a while, so that it does not
 * flutter. */
static void watch_lines(struct control *control, int64_t now_ns)
{
	bool desync, adapter;

	for (uint32_t bus = 0; bus < control->site.bus_count; bus++)
		for (uint32_t i = 0; i < control->reports[bus].count; i++) {
			uint8_t fault = control->reports[bus].reports[i].fault;

			if (fault == CAUSE_MISMATCH || fault == CAUSE_QUARANTINE)
				control->desync_ns = now_ns;
			if (fault == CAUSE_LINK)
				control->adapter_ns = now_ns;
		}
	desync = control->desync_ns > 0 && now_ns - control->desync_ns < FLUTTER_NS;
	adapter = control->adapter_ns > 0 && now_ns - control->adapter_ns < FLUTTER_NS;
	publish_own_alarm(
		control, ALARM_DESYNC, desync,
		desync ? "an answer belonged to another question: the line is drained before the next one"
		       : "every answer belongs to its question");
	publish_own_alarm(
		control, ALARM_ADAPTER_LOST, adapter,
		adapter ? "a port or socket is gone: it is opened again and verified before any write"
			: "every port and socket is open");
}

/* One that hangs takes no HOLD and no ABORT from anybody, and would not end by itself. */
static void watch_gateway(struct control *control, int64_t now_ns)
{
	struct worker *gateway = &control->gateway;

	if (gateway->socket >= 0 && now_ns - gateway->heard_ns > GATEWAY_SILENT_NS)
		worker_kill(gateway, "has said nothing for 10 s");
}

/*
 * One that hangs is ended as if it had died, by which nothing is lost and nothing stored twice: what it has
 * not acknowledged is kept here and sent again, and it begins by naming the last entry that is durable. A
 * step that comes late does not know who was silent.
 */
static void watch_recorder(struct control *control, int64_t now_ns)
{
	struct worker *recorder = &control->recorder;
	const struct journal *journal = &control->journal;
	bool waits = !recorder->ready || journal->used > 0 || journal->sample_first < journal->sample_next;
	int64_t most_ns = recorder->ready ? RECORDER_SILENT_NS : RECORDER_LOADS_NS;

	if (!waits || control->clock.late)
		recorder->heard_ns = now_ns;
	if (recorder->socket >= 0 && now_ns - recorder->heard_ns > most_ns)
		worker_kill(recorder, recorder->ready ? "has acknowledged nothing for 30 s"
						      : "has not loaded the store within 120 s");
}

static void watch_store(struct control *control)
{
	char text[MACHINE_WHY] = "the store is written again";

	if (control_store_ok(control)) {
		publish_own_alarm(control, ALARM_STORE, false, text);
	} else {
		control_store_trouble(control, text, sizeof(text));
		publish_own_alarm(control, ALARM_STORE, true, text);
	}
}

static void watch_workers(struct control *control, int64_t now_ns)
{
	bool any = false;

	for (uint32_t bus = 0; bus < control->site.bus_count; bus++) {
		watch_bus(control, &control->buses[bus], now_ns);
		any = any || control->lost[bus];
	}
	if (!any)
		publish_own_alarm(control, ALARM_WORKER_LOST, false, "every bus worker answers");
	watch_gateway(control, now_ns);
	watch_recorder(control, now_ns);
	publish_own_alarm(control, ALARM_GATEWAY_LOST,
			  control->gateway.socket < 0 && now_ns - control->gateway.lost_ns > STORE_LOST_NS,
			  "the gateway: clients cannot reach densd while it is gone; the run goes on");
	publish_own_alarm(control, ALARM_RECORDER_LOST,
			  !control->recorder.ready && now_ns - control->recorder.lost_ns > STORE_LOST_NS,
			  "the recorder: nothing becomes durable while it is gone; no new segment begins");
	watch_store(control);
}

/* Hazard 30: the jump is told and that is all; no decision of a step looks at the wall clock. */
static void watch_clock(struct control *control, int64_t now_ns)
{
	int64_t offset_us = clock_wall_us() - now_ns / 1000, before_us = control->wall_offset_us;
	char text[MACHINE_WHY];

	control->wall_offset_us = offset_us;
	if (before_us != 0 && llabs(offset_us - before_us) > JUMP_US) {
		snprintf(text, sizeof(text),
			 "the wall clock jumped by %.3f s: times in the record jump with it, nothing else "
			 "does",
			 (double)(offset_us - before_us) / 1e6);
		publish_own_alarm(control, ALARM_CLOCK_JUMP, false, "another jump follows");
		publish_own_alarm(control, ALARM_CLOCK_JUMP, true, text);
		control->clock_jump_ns = now_ns;
	}
	if (now_ns - control->clock_jump_ns > JUMP_TOLD_NS)
		publish_own_alarm(control, ALARM_CLOCK_JUMP, false,
				  "the wall clock has been steady for a minute");
}

/* Hazard 36: a run keeps the limits it was checked with. After a restart instruments and calibrations are
 * those of the file that was read, and that is said. */
static void watch_config(struct control *control)
{
	bool ends = control->machine.phase == PHASE_IDLE || control->machine.phase == PHASE_DONE;
	bool changed = control->has_plan && !ends &&
		       (strcmp(control->plan.site_sha256, control->site.sha256) != 0 ||
			strcmp(control->plan.calibrations_sha256, control->site.calibrations_sha256) != 0);

	publish_own_alarm(control, ALARM_CONFIG_CHANGED, changed,
			  changed ? "site file or calibrations are not the ones this run was checked with: "
				    "the run keeps its "
				    "limits, nothing goes on by itself. Put the file back, or abort the run"
				  : "the site file is the run's own, or there is no run");
}

static void send_cycles(struct control *control, const struct cycle_view *view, const struct actions *actions,
			int64_t now_ns)
{
	struct cycle_wish wish = {.actions = actions,
				  .writes = control->writes && !control->recovering.active,
				  .purge = actions->purge || control->scan_purge,
				  .watchdog_s = control->has_plan ? control->plan.limits.device_watchdog_s
								  : control->limits.device_watchdog_s,
				  .prior_gpa = control->machine.last_good_gpa,
				  .chip = sections_job_to_do(control)};
	bool controls = wish.writes && actions->heat == HEAT_CONTROL;
	double flow = control->scan_run[0] ? control->scan_plan.calorimetry.purge_ml_per_min : 0;

	control->contactor_ns = cycle_follow_contactor(
		control->contactor_ns, cycle_find_report(view, DEVICE_FURNACE), controls, now_ns);
	wish.contactor_ours = control->contactor_ns != 0 && !controls;
	control->clock.sent_ns = now_ns;
	wish.purge_ml_per_min = flow > 0 ? flow : PURGE_DEFAULT_ML_PER_MIN;
	for (uint32_t bus = 0; bus < control->site.bus_count; bus++) {
		struct worker *worker = &control->buses[bus];
		struct link_cycle cycle = {.tick = control->clock.tick, .t_mono_ns = now_ns};

		if (worker->socket < 0 || worker->asked)
			continue;
		cycle_build_demands(view, &wish, bus, &cycle);
		for (uint32_t i = 0; i < cycle.count; i++)
			cycle.demands[i].wear_allowance = wear_allowance(control, bus, i);
		if (link_send(worker->socket, LINK_BUS_CYCLE, worker->seq, &cycle, sizeof(cycle), -1) < 0)
			continue;
		worker->seq++;
		worker->asked = true;
		worker->asked_ns = now_ns;
	}
}

static void take_sample(struct control *control)
{
	double t_lab_s = control_lab_s(control);
	struct cycle_view view = control_view(control, t_lab_s);

	cycle_build_inputs(&view, &control->inputs);
	control->inputs_old = false;
	publish_sample(control, t_lab_s, clock_mono_ns());
	control->clock.sampled_tick = control->clock.tick;
}

/* What was measured goes out as soon as every line asked in this tick has answered, not with the next tick.
 */
static void sample_when_complete(struct control *control)
{
	if (control->clock.sampled_tick == control->clock.tick)
		return;
	for (uint32_t bus = 0; bus < control->site.bus_count; bus++)
		if (control->buses[bus].asked && control->buses[bus].asked_ns >= control->clock.sent_ns)
			return;
	take_sample(control);
}

void step_take_reports(struct control *control, uint32_t bus, const struct link_reports *reports, int fd)
{
	const struct cycle_place *chip = &control->map.at[DEVICE_CHIP];

	control->buses[bus].asked = false;
	control->buses[bus].ready = true;
	control->inputs_old = true;
	memcpy(&control->reports[bus], reports,
	       offsetof(struct link_reports, reports) + reports->count * sizeof(reports->reports[0]));
	for (uint32_t i = 0; i < reports->count; i++)
		if (reports->reports[i].fault != CAUSE_NONE && reports->reports[i].fault < CAUSE_MAX)
			control->causes[bus][i][reports->reports[i].fault]++;
	if (control->recovering.active)
		start_count_cycle(control, bus);
	if (chip->present && chip->bus == bus && chip->device < reports->count) {
		struct cycle_view view = control_view(control, control_lab_s(control));

		cycle_build_chip_inputs(&view, &control->chip_inputs);
		sections_take_report(control, &reports->reports[chip->device], fd);
	} else if (fd >= 0) {
		close(fd);
	}
	sample_when_complete(control);
}

static void check_scale(struct control *control, const struct cycle_view *view)
{
	bool writes = cycle_check_scale(view, control->writes, control->no_writes_why);

	if (control->writes == writes)
		return;
	control->writes = writes;
	if (writes)
		log_notice("instruments checked against clock scale %g: writing is allowed",
			   control->site.clock_scale);
	else
		log_warning("%s", control->no_writes_why);
	control->publishing.state_dirty = true;
}

static void measure_lateness(struct control *control, int64_t now_ns)
{
	struct step_clock *clock = &control->clock;

	clock->late_ms = (double)(now_ns - clock->due_ns) / 1e6;
	if (clock->late_ms > clock->late_ms_max)
		clock->late_ms_max = clock->late_ms;
	clock->late = clock->late_ms > control->limits.step_late_ms;
	publish_own_alarm(control, ALARM_STEP_LATE, clock->late,
			  clock->late ? "a control step came late" : "control steps are on time");
}

/* The next multiple of the period that lies ahead: what was missed stays missed. */
static void rearm(struct control *control)
{
	struct step_clock *clock = &control->clock;
	int64_t now_ns = clock_mono_ns();

	clock->due_ns += clock->period_ns;
	if (clock->due_ns <= now_ns)
		clock->due_ns +=
			(now_ns - clock->due_ns) / clock->period_ns * clock->period_ns + clock->period_ns;
	sd_event_source_set_time(clock->timer, (uint64_t)clock->due_ns / 1000);
	sd_event_source_set_enabled(clock->timer, SD_EVENT_ONESHOT);
}

static int on_step(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct control *control = userdata;
	int64_t now_ns = clock_mono_ns();
	double t_lab_s = clock_lab_s(now_ns, control->site.clock_scale);
	struct event tick = {.kind = EVENT_TICK};
	struct cycle_view view;

	(void)source;
	(void)usec;
	if (control->clock.sampled_tick != control->clock.tick)
		take_sample(control); /* a line has not answered: its last value, with its age */
	control->clock.tick++;
	measure_lateness(control, now_ns);
	watch_workers(control, now_ns);
	watch_lines(control, now_ns);
	watch_clock(control, now_ns);
	watch_config(control);
	commands_watch_refused(control, now_ns);
	view = control_view(control, t_lab_s);
	if (control->inputs_old)
		cycle_build_inputs(&view, &control->inputs);
	else
		cycle_judge_inputs(&view, &control->inputs);
	control->inputs_old = false;
	cycle_build_chip_inputs(&view, &control->chip_inputs);
	check_scale(control, &view);
	if (control->recovering.active)
		start_try_recovery(control);
	else
		perform_event(control, &tick, NULL);
	sections_step(control);
	wear_step(control);
	recommission_step(control, now_ns);
	send_cycles(control, &view, &control->actions, now_ns);
	perform_start_next(control);
	publish_periodic(control, now_ns);
	publish_flush(control);
	notify_watchdog(now_ns, control->clock.late_ms, control->limits.step_stop_ms);
	rearm(control);
	return 0;
}

int step_start(struct control *control)
{
	struct step_clock *clock = &control->clock;
	int r;

	clock->period_ns = (int64_t)((double)STEP_LAB_NS / control->site.clock_scale);
	clock->due_ns = clock_mono_ns() + clock->period_ns;
	r = sd_event_add_time(control->event, &clock->timer, CLOCK_BOOTTIME, (uint64_t)clock->due_ns / 1000,
			      1, on_step, control);
	if (r < 0)
		return r;
	return sd_event_source_set_exit_on_failure(clock->timer, true);
}
