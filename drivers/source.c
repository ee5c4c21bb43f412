/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/source.h"

#include <math.h>

#define DIFFERS_TWICE 2u
#define ORDER_REPEAT_S 2.0
#define EMPTY_BAR 3.0
#define EMPTY_READINGS 3u
#define LEAST_SAME_BAR 0.01

static const struct memory_field memory_of_source_state[] = {
	MEMORY_PART(struct source_state, pressure_bar, memory_of_reading),
	MEMORY_PART(struct source_state, setpoint_bar, memory_of_reading),
	MEMORY_PART(struct source_state, stroke_pct, memory_of_reading),
	MEMORY(struct source_state, running),
	MEMORY(struct source_state, local),
	MEMORY(struct source_state, failed),
	MEMORY(struct source_state, setpoint_reads),
	MEMORY(struct source_state, status_reads),
	MEMORY(struct source_state, status_ns),
	MEMORY_END,
};

const struct memory_field memory_of_source[] = {
	MEMORY_PART(struct source, follow, memory_of_press_follow),
	MEMORY_PART(struct source, state, memory_of_source_state),
	MEMORY(struct source, resolution_bar),
	MEMORY(struct source, limit_high_bar),
	MEMORY(struct source, started),
	MEMORY(struct source, ran),
	MEMORY(struct source, failed_itself),
	MEMORY(struct source, written_bar),
	MEMORY(struct source, before_write_bar),
	MEMORY(struct source, written_lab_s),
	MEMORY(struct source, order_lab_s),
	MEMORY(struct source, ordered),
	MEMORY(struct source, judged_setpoint),
	MEMORY(struct source, judged_status),
	MEMORY(struct source, setpoint_mark),
	MEMORY(struct source, status_mark),
	MEMORY(struct source, differs),
	MEMORY(struct source, foreign),
	MEMORY(struct source, mode_differs),
	MEMORY(struct source, writes),
	MEMORY(struct source, empty_readings),
	MEMORY(struct source, counted_ns),
	MEMORY_PART(struct source, report, memory_of_press_report),
	MEMORY_END,
};

int source_init(struct source *ret_source, const struct source_ops *ops, void *driver,
		const struct driver_setup *setup, double resolution_bar)
{
	*ret_source = (struct source){.ops = ops,
				      .driver = driver,
				      .profile = &setup->config->devices[setup->device].profile,
				      .resolution_bar = resolution_bar,
				      .limit_high_bar = NAN};
	press_follow_init(&ret_source->follow, setup->config);
	source_forget(ret_source);
	return calibration_check(&setup->config->calibration);
}

void source_forget(struct source *source)
{
	source->state.setpoint_reads = source->state.status_reads = 0;
	source->judged_setpoint = source->judged_status = source->setpoint_mark = source->status_mark = 0;
	/* That it ran, and stopped by itself, is not forgotten with the line. */
	source->started = source->follow.following = false;
	source->written_bar = source->before_write_bar = NAN;
	source->written_lab_s = source->order_lab_s = -INFINITY;
	source->ordered = -1;
	source->differs = source->foreign = source->mode_differs = 0;
	source->empty_readings = 0;
	source->counted_ns = 0;
}

static double same_bar(const struct source *source)
{
	return fmax(LEAST_SAME_BAR, 0.6 * source->resolution_bar);
}

static double measured_bar(const struct source *source)
{
	const struct reading *reading = &source->state.pressure_bar;

	return reading->quality == QUALITY_GOOD ? reading->value : NAN;
}

static double highest_bar(const struct source *source)
{
	double high = source->profile->setpoint_high > source->profile->setpoint_low
			      ? source->profile->setpoint_high
			      : INFINITY;

	return isnan(source->limit_high_bar) ? high : fmin(high, source->limit_high_bar);
}

/* Orders are repeated until they are read back, not more often than every two seconds. */
static int order(struct source *source, bool on, double t_lab_s)
{
	if (source->ordered == on && t_lab_s - source->order_lab_s < ORDER_REPEAT_S)
		return 0;
	source->ordered = on;
	source->order_lab_s = t_lab_s;
	source->status_mark = source->state.status_reads;
	return source->ops->run(source->driver, on);
}

static int lock(struct source *source, double t_lab_s)
{
	bool stands = source->state.status_reads > 0 && !source->state.running;

	source->follow.following = source->ran = source->failed_itself = false;
	source->written_bar = NAN;
	if (stands) {
		source->ordered = -1;
		return 0;
	}
	return order(source, false, t_lab_s);
}

static bool is_due(const struct source *source, double bar, double t_lab_s)
{
	double change_bar = fabs(bar - source->written_bar);

	if (isnan(source->written_bar))
		return true;
	if (change_bar < 0.5 * source->resolution_bar || change_bar < 1e-6)
		return false;
	return t_lab_s - source->written_lab_s >= source->profile->setpoint_period_s ||
	       (source->profile->setpoint_step > 0 && change_bar >= source->profile->setpoint_step);
}

static int write_setpoint(struct source *source, double bar, double t_lab_s)
{
	const struct reading *now = &source->state.setpoint_bar;
	int r;

	source->before_write_bar = now->quality == QUALITY_GOOD ? now->value : NAN;
	source->written_bar = bar;
	source->written_lab_s = t_lab_s;
	source->setpoint_mark = source->state.setpoint_reads;
	source->writes++;
	r = source->ops->write_setpoint(source->driver, bar,
					press_follow_limit_bar_per_s(&source->follow, measured_bar(source)));
	return r;
}

/* It runs only on a setpoint that has been read back since it was written. */
static bool stands_as_written(const struct source *source)
{
	const struct reading *now = &source->state.setpoint_bar;

	return !isnan(source->written_bar) && source->state.setpoint_reads > source->setpoint_mark &&
	       now->quality == QUALITY_GOOD && fabs(now->value - source->written_bar) <= same_bar(source);
}

static double choose_setpoint(struct source *source, const struct press_demand *demand, double t_lab_s)
{
	double bar = measured_bar(source);

	if (!source->follow.following)
		press_follow_adopt(&source->follow,
				   source->state.running ? source->state.setpoint_bar.value : bar);
	/* While it stands the pressure that is there is the only setpoint that moves nothing; it is not
	 * chased. */
	if (source->state.running)
		press_follow_step(&source->follow, demand, t_lab_s, bar);
	bar = source->follow.follower.oil_bar;
	return source->resolution_bar > 0 ? round(bar / source->resolution_bar) * source->resolution_bar
					  : bar;
}

/* Nothing may be steered while the panel has it, while it has stopped by itself, or before it is known. */
static bool may_regulate(const struct source *source, const struct press_demand *demand)
{
	bool stopping = source->ordered == 0 && source->state.status_reads <= source->status_mark;

	return !source->state.local && !source->failed_itself && !stopping &&
	       source->state.status_reads > 0 && isfinite(demand->setpoint_gpa) &&
	       !isnan(source->follow.sample_gpa) && !isnan(measured_bar(source)) &&
	       source->state.setpoint_bar.quality == QUALITY_GOOD;
}

static int regulate(struct source *source, const struct press_demand *demand, double t_lab_s,
		    bool units_differ)
{
	double bar;
	int r = 0;

	if (source->ran && !source->state.running)
		source->failed_itself = true;
	if (units_differ || !may_regulate(source, demand))
		return 0;
	bar = choose_setpoint(source, demand, t_lab_s);
	if (!(bar <= highest_bar(source)))
		return CAUSE_RANGE;
	if (is_due(source, bar, t_lab_s))
		r = write_setpoint(source, bar, t_lab_s);
	if (source->state.running) {
		source->ordered = 1;
		source->ran = true;
	} else if (r == 0 && stands_as_written(source)) {
		r = order(source, true, t_lab_s);
	}
	return r;
}

/* Nothing is told, and what was told is not believed to stand. */
static void stand_by(struct source *source)
{
	source->follow.following = false;
	source->written_bar = NAN;
	source->ordered = -1;
}

static int start(struct source *source, const struct press_demand *demand)
{
	int r = 0;

	if (demand->mode != MODE_OBSERVE && !source->started && source->ops->start)
		r = source->ops->start(source->driver);
	source->started = source->started || (demand->mode != MODE_OBSERVE && r == 0);
	return r;
}

int source_obey(struct source *source, const struct driver_cycle *cycle, const struct press_demand *demand,
		bool may_write, bool units_differ)
{
	int r, started;

	if (!may_write) {
		stand_by(source);
		return 0;
	}
	started = start(source, demand);
	if (started != 0 && (demand->mode != MODE_OFF || started != CAUSE_EXCEPTION))
		return started;
	switch ((enum device_mode)demand->mode) {
	case MODE_OBSERVE:
		stand_by(source);
		source->ran = source->failed_itself = false;
		return 0;
	case MODE_OFF:
		r = lock(source, cycle->t_lab_s);
		return started != 0 ? started : r;
	case MODE_CONTROL:
		return regulate(source, demand, cycle->t_lab_s, units_differ);
	}
	return 0;
}

/* Still the old value: the write was not done. A third value: somebody else writes. */
static void judge_setpoint(struct source *source)
{
	double read_bar = source->state.setpoint_bar.value;

	if (source->state.setpoint_reads == source->judged_setpoint ||
	    source->state.setpoint_reads <= source->setpoint_mark)
		return;
	source->judged_setpoint = source->state.setpoint_reads;
	if (isnan(source->written_bar) || source->state.local ||
	    fabs(read_bar - source->written_bar) <= same_bar(source)) {
		source->differs = source->foreign = 0;
	} else if (fabs(read_bar - source->before_write_bar) <= same_bar(source) && source->foreign == 0) {
		source->differs++;
	} else {
		source->foreign++;
		source->differs = 0;
	}
}

static void judge_status(struct source *source)
{
	bool differs;

	if (source->state.status_reads == source->judged_status ||
	    source->state.status_reads <= source->status_mark)
		return;
	source->judged_status = source->state.status_reads;
	differs = source->ordered >= 0 && !source->state.local &&
		  source->state.running != (source->ordered == 1);
	source->mode_differs = differs ? source->mode_differs + 1 : 0;
}

/* One sensor says it, so more than one reading must; how long it has to last is the machine's. */
static bool is_empty(struct source *source)
{
	const struct reading *reading = &source->state.pressure_bar;

	if (reading->t_reply_ns == source->counted_ns)
		return source->empty_readings >= EMPTY_READINGS;
	source->counted_ns = reading->t_reply_ns;
	source->empty_readings = measured_bar(source) <= EMPTY_BAR ? source->empty_readings + 1 : 0;
	return source->empty_readings >= EMPTY_READINGS;
}

static void report_pressure(struct source *source, const struct press_demand *demand)
{
	struct press_report *report = &source->report;
	struct source_state *state = &source->state;
	double bar = measured_bar(source);

	report->depressurised = is_empty(source);
	if (!isnan(bar))
		press_follow_measure(&source->follow, bar, report->depressurised, demand->prior_gpa);
	report->oil_bar = report->pressure_gpa = state->pressure_bar;
	report->oil_setpoint_bar = report->setpoint_gpa = state->setpoint_bar;
	report->stroke_pct = state->stroke_pct;
	report->pressure_gpa.value = report->setpoint_gpa.value = source->follow.sample_gpa;
	if (state->running)
		report->setpoint_gpa.value =
			press_follow_setpoint_gpa(&source->follow, state->setpoint_bar.value);
	report->oil_gpa_per_bar =
		calibration_slope_gpa_per_bar(&source->follow.config->calibration, fmax(bar, 0));
}

void source_conclude(struct source *source, const struct driver_cycle *cycle,
		     const struct press_demand *demand, bool identity_ok, struct report *report)
{
	struct press_report *press = &source->report;

	judge_setpoint(source);
	judge_status(source);
	report_pressure(source, demand);
	press_follow_tick(&source->follow, cycle->t_lab_s);
	press->identity_ok = identity_ok;
	press->locked = source->state.status_reads > 0 && !source->state.running;
	press->switches_ns = source->state.status_reads > 0 ? source->state.status_ns : 0;
	press->local = source->state.local;
	press->readback_differs = source->differs >= DIFFERS_TWICE || source->mode_differs >= DIFFERS_TWICE ||
				  source->failed_itself ||
				  (demand->mode == MODE_CONTROL && source->state.failed);
	press->second_master = source->foreign >= DIFFERS_TWICE;
	press->release_refused = source->follow.refused && demand->mode == MODE_CONTROL;
	press->writes = source->writes;
	report->press = *press;
}
