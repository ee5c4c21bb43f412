/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The programme: COMPRESS, HEAT, ISOTHERM, COOL, DECOMPRESS. A setpoint moves at the programmed rate from its
 * working value each tick; it stands while its intent is not durable, data is stale, or the process trails
 * by more than the holdback band.
 */
#include "protocol/machine_step.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SOAK_START_BAND_K 1.0
#define SOAK_START_S 10.0
#define COLD_BAND_K 10.0

static bool needs_intent_first(enum phase phase)
{
	return phase == PHASE_COMPRESS || phase == PHASE_HEAT || phase == PHASE_DECOMPRESS;
}

/* The store failed while a segment waits for its intent: nothing begins, the run is held. */
static bool store_failed(struct step *step)
{
	char why[MACHINE_WHY];

	if (step->p->waiting_intent == 0 || step->in->store_ok)
		return false;
	snprintf(why, sizeof(why),
		 "The journal cannot record the start of %s; densd holds. Free the disk or repair it, then "
		 "resume.",
		 phase_name((enum phase)step->m->phase));
	machine_hold(step, ALARM_STORE, why);
	return true;
}

/* Where a segment begins P and T are fresh, but for DECOMPRESS, which cold alone allows. */
void segment_start(struct step *step, enum phase phase, const char *why)
{
	enum intent_kind kind = phase == PHASE_DECOMPRESS ? INTENT_RELEASE : INTENT_SEGMENT;
	struct machine *m = step->m;

	if (phase == PHASE_COMPRESS)
		m->setpoint_gpa = fmin(fmax(step->in->pressure_gpa.value, 0), step->plan->pressure_gpa);
	if (phase == PHASE_HEAT)
		m->setpoint_k = step->in->temperature_k.value;
	if (phase == PHASE_ISOTHERM && m->soak_s <= 0)
		m->soak_started_lab_s = NEVER_LAB_S;
	if (phase == PHASE_DECOMPRESS && step->p_fresh)
		m->setpoint_gpa = fmax(m->setpoint_gpa, step->in->pressure_gpa.value);
	step_enter(step, phase, why);
	step_intend(step, kind, needs_intent_first(phase), why);
	/* A reserve that still takes the journal is no store to begin a segment on. */
	if (store_failed(step))
		memset(&step->act->intent, 0, sizeof(step->act->intent));
}

/* The end of a segment: the next one, or HOLD before it when a pause was asked for. */
static void advance(struct step *step, enum phase next, const char *why)
{
	if (!step->m->pause_pending) {
		segment_start(step, next, why);
		return;
	}
	machine_hold(step, ALARM_NONE,
		     "paused at the end of a segment, as the operator asked; resume goes on");
	step->m->resume_phase = (uint8_t)next;
}

static bool pressure_out_of_band(const struct step *step)
{
	double error_gpa = step->in->pressure_gpa.value - step->plan->pressure_gpa;

	return !step->plan->reference && step->p_fresh && fabs(error_gpa) > step->plan->holdback_pressure_gpa;
}

static bool data_stands(const struct step *step)
{
	return !step->t_fresh || (!step->plan->reference && !step->p_fresh);
}

/* Protocol clock and leading setpoint stop while @trails. True when the setpoint may move. */
static bool may_move(struct step *step, bool trails)
{
	struct machine *m = step->m;

	if (step->p->waiting_intent != 0)
		return false;
	m->holdback = trails;
	if (trails) {
		m->holdback_s += step->dt;
		m->holdback_sum_s += step->dt;
		return false;
	}
	m->holdback_s = 0;
	if (data_stands(step))
		return false;
	m->run_s += step->dt;
	return true;
}

static double approach(double value, double target, double most)
{
	return value < target ? fmin(value + most, target) : fmax(value - most, target);
}

/* Behind the setpoint; or above the order, to which COMPRESS, which lowers nothing, cannot come back. */
static bool pressure_trails_up(const struct step *step)
{
	double gpa = step->in->pressure_gpa.value, setpoint_gpa = step->m->setpoint_gpa;
	double most_gpa = step->plan->holdback_pressure_gpa;
	bool above = setpoint_gpa >= step->plan->pressure_gpa && gpa - step->plan->pressure_gpa > most_gpa;

	return step->p_fresh && (above || setpoint_gpa - gpa > most_gpa);
}

static void tick_compress(struct step *step)
{
	struct machine *m = step->m;
	const struct plan *plan = step->plan;
	double most_gpa = plan->compression_gpa_per_s * step->dt;

	if (!may_move(step, pressure_trails_up(step)))
		return;
	m->setpoint_gpa = fmax(m->setpoint_gpa, fmin(m->setpoint_gpa + most_gpa, plan->pressure_gpa));
	if (m->setpoint_gpa < plan->pressure_gpa || pressure_out_of_band(step))
		return;
	if (m->cold_run)
		advance(step, PHASE_ISOTHERM, "at pressure; a cold run, the soak starts");
	else
		advance(step, PHASE_HEAT, "at pressure, heating");
}

static bool temperature_trails_up(const struct step *step)
{
	return step->t_fresh &&
	       step->m->setpoint_k - step->in->temperature_k.value > step->plan->holdback_temperature_k;
}

static void tick_heat(struct step *step)
{
	struct machine *m = step->m;
	const struct plan *plan = step->plan;

	if (!may_move(step, temperature_trails_up(step) || pressure_out_of_band(step)))
		return;
	m->setpoint_k = approach(m->setpoint_k, plan->temperature_k, plan->heating_k_per_s * step->dt);
	if (m->setpoint_k >= plan->temperature_k)
		advance(step, PHASE_ISOTHERM, "setpoint at the isotherm's temperature");
}

/* Within 1 K for 10 s; a cold run is where it soaks already. */
static void start_soak(struct step *step)
{
	struct machine *m = step->m;
	struct machine_private *p = step->p;
	double error_k = fabs(step->in->temperature_k.value - step->plan->temperature_k);

	if (m->cold_run) {
		m->soak_started_lab_s = step->now;
		return;
	}
	if (error_k > SOAK_START_BAND_K) {
		p->in_band_since_lab_s = NEVER_LAB_S;
		return;
	}
	if (p->in_band_since_lab_s < 0)
		p->in_band_since_lab_s = step->now;
	if (step->now - p->in_band_since_lab_s < SOAK_START_S)
		return;
	m->soak_started_lab_s = step->now;
	step_note(step, NOTE_INFO, ALARM_NONE, "The soak starts at %.2f K.", step->in->temperature_k.value);
}

static bool soak_counts(const struct step *step)
{
	double error_k = step->in->temperature_k.value - step->plan->temperature_k;

	if (step->m->cold_run)
		return error_k <= COLD_BAND_K;
	return fabs(error_k) <= step->plan->soak_band_k;
}

static void end_isotherm(struct step *step)
{
	bool rests = step->p->done_since_lab_s >= 0 &&
		     step->now - step->p->done_since_lab_s >= step->limits->done_dwell_s;

	if (!step->m->cold_run)
		advance(step, PHASE_COOL, "soak served, cooling");
	else if (step->plan->reference && rests && step_may_release(step))
		machine_finish(step, OUTCOME_COMPLETED, "cold reference soak served");
	else if (!step->plan->reference && step_may_release(step))
		advance(step, PHASE_DECOMPRESS, "cold soak served, releasing the pressure");
}

static bool wants_tune(const struct step *step)
{
	return step->plan->tune.present && !step->m->cold_run && step->m->tune.stage != TUNE_DONE;
}

static void ask_tune(struct step *step)
{
	const struct plan_tune *plan = &step->plan->tune;
	struct tune *tune = &step->m->tune;
	char why[MACHINE_WHY];

	snprintf(why, sizeof(why),
		 "relay autotune at %.1f K: output %.1f %% to and fro by %.1f %%, gives up above %.1f K",
		 step->m->setpoint_k, tune->bias_pct, plan->amplitude_pct, plan->ceiling_k);
	tune->stage = TUNE_ASKED;
	step_intend(step, INTENT_SEGMENT, true, why);
	step_note(step, NOTE_INFO, ALARM_NONE, "%s", why);
}

/* At rest in the band for a while: what holds the temperature is the middle of the relay. */
static void rest_before_tune(struct step *step, bool trails)
{
	struct machine *m = step->m;
	const struct measurement *output = &step->in->furnace_output_pct;
	bool rests = step->t_fresh && step_is_fresh(step, output) && soak_counts(step);

	if (!may_move(step, trails || pressure_out_of_band(step)))
		return;
	m->setpoint_k =
		approach(m->setpoint_k, step->plan->temperature_k, step->plan->heating_k_per_s * step->dt);
	if (!rests) {
		memset(&m->tune, 0, sizeof(m->tune));
		return;
	}
	tune_rest(&m->tune, output->value, step->dt);
	if (m->tune.started_lab_s >= TUNE_REST_S)
		ask_tune(step);
}

static void end_tune(struct step *step, enum tune_verdict verdict)
{
	const struct plan_tune *plan = &step->plan->tune;
	struct tune_result result = {0}; /* what is complete has cycles enough */
	char text[MACHINE_WHY];

	if (verdict == TUNE_COMPLETE) {
		tune_result(&step->m->tune, plan, &result);
		tune_say(&result, text);
		step->m->tune.stage = TUNE_DONE;
		step_note(step, NOTE_INFO, ALARM_NONE, "%s", text);
		end_isotherm(step);
		return;
	}
	if (verdict == TUNE_TOO_HOT)
		snprintf(text, sizeof(text), "autotune gave up at %.1f K, above its ceiling of %.1f K",
			 step->in->temperature_k.value, plan->ceiling_k);
	else
		snprintf(text, sizeof(text),
			 "autotune gave up: no steady oscillation in %.0f min, %u cycles seen",
			 plan->limit_s / 60, step->m->tune.seen);
	machine_abort(step, text);
}

static void tick_tune(struct step *step, bool trails)
{
	struct machine *m = step->m;
	enum tune_verdict verdict;

	if (m->tune.stage == TUNE_NONE) {
		rest_before_tune(step, trails);
		return;
	}
	if (step->p->waiting_intent != 0)
		return;
	if (m->tune.stage == TUNE_ASKED)
		tune_begin(&m->tune, &step->plan->tune, step->now);
	if (pressure_out_of_band(step)) {
		memset(&m->tune, 0, sizeof(m->tune));
		return;
	}
	if (!step->t_fresh)
		return;
	verdict = tune_step(&m->tune, &step->plan->tune, step->now, step->in->temperature_k.value,
			    m->setpoint_k);
	if (verdict != TUNE_GOES_ON)
		end_tune(step, verdict);
}

static void tick_isotherm(struct step *step)
{
	struct machine *m = step->m;
	const struct plan *plan = step->plan;
	double error_k = fabs(step->in->temperature_k.value - m->setpoint_k);
	bool trails = !m->cold_run && step->t_fresh && error_k > plan->holdback_temperature_k;

	if (m->soak_s >= plan->isotherm_s && wants_tune(step)) {
		tick_tune(step, trails);
		return;
	}
	if (m->soak_s >= plan->isotherm_s) {
		end_isotherm(step);
		return;
	}
	if (!may_move(step, trails || pressure_out_of_band(step)))
		return;
	if (!m->cold_run)
		m->setpoint_k =
			approach(m->setpoint_k, plan->temperature_k, plan->heating_k_per_s * step->dt);
	if (m->soak_started_lab_s < 0)
		start_soak(step);
	else if (soak_counts(step))
		m->soak_s += step->dt;
}

/* T within 2 K above the target for the release dwell. */
static bool has_cooled(struct step *step)
{
	struct machine_private *p = step->p;
	double target_k = plan_cooling_target_k(step->ambient_k);

	if (!step->t_fresh || step->in->temperature_k.value > target_k + COOL_DONE_BAND_K) {
		p->in_band_since_lab_s = NEVER_LAB_S;
		return false;
	}
	if (p->in_band_since_lab_s < 0)
		p->in_band_since_lab_s = step->now;
	return step->now - p->in_band_since_lab_s >= step->limits->release_dwell_s && step_may_release(step);
}

static void end_cool(struct step *step)
{
	struct machine_private *p = step->p;
	bool rests =
		p->done_since_lab_s >= 0 && step->now - p->done_since_lab_s >= step->limits->done_dwell_s;

	if (!step->plan->reference)
		advance(step, PHASE_DECOMPRESS, "cold for the release dwell, releasing the pressure");
	else if (rests)
		machine_finish(step, OUTCOME_COMPLETED, "reference anneal complete, cold");
}

static void tick_cool(struct step *step)
{
	struct machine *m = step->m;
	double target_k = plan_cooling_target_k(step->ambient_k);
	bool trails = step->t_fresh &&
		      step->in->temperature_k.value - m->setpoint_k > step->plan->holdback_temperature_k;

	machine_stop_trailing(step);
	if (step->p->heater_off) {
		if (step->t_fresh)
			m->setpoint_k = fmin(m->setpoint_k, step->in->temperature_k.value);
	} else if (may_move(step, trails)) {
		m->setpoint_k = approach(m->setpoint_k, fmin(target_k, m->setpoint_k),
					 step->plan->cooling_k_per_s * step->dt);
	}
	if (!step->p->stay && has_cooled(step))
		end_cool(step);
}

static void tick_decompress(struct step *step)
{
	struct machine *m = step->m;
	struct machine_private *p = step->p;
	bool trails = step->p_fresh &&
		      step->in->pressure_gpa.value - m->setpoint_gpa > step->plan->holdback_pressure_gpa;

	bool rests =
		p->done_since_lab_s >= 0 && step->now - p->done_since_lab_s >= step->limits->done_dwell_s;

	if (rests && step_may_release(step)) {
		machine_finish(step, OUTCOME_COMPLETED, "programme complete: cold, and at ambient pressure");
		return;
	}
	if (!may_move(step, trails) || !step_may_release(step))
		return;
	p->decompressing = true;
	if (m->release_temperature_k <= 0)
		m->release_temperature_k = step->in->temperature_k.value;
	m->setpoint_gpa = fmax(m->setpoint_gpa - step->plan->decompression_gpa_per_s * step->dt, 0);
}

void segment_tick(struct step *step)
{
	enum phase phase = (enum phase)step->m->phase;

	if (store_failed(step))
		return;
	if (phase == PHASE_COMPRESS)
		tick_compress(step);
	else if (phase == PHASE_HEAT)
		tick_heat(step);
	else if (phase == PHASE_ISOTHERM)
		tick_isotherm(step);
	else if (phase == PHASE_COOL)
		tick_cool(step);
	else
		tick_decompress(step);
}
