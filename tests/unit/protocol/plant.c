/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define OIL_BAR_PER_GPA 300.0
#define PLANT_HOLDING_PCT 10.0 /* output that holds a temperature */

void plant_default_plan(struct plan *ret_plan)
{
	memset(ret_plan, 0, sizeof(*ret_plan));
	snprintf(ret_plan->name, sizeof(ret_plan->name), "test");
	snprintf(ret_plan->material, sizeof(ret_plan->material), "Vit4");
	limits_default(&ret_plan->limits);
	ret_plan->material_tg_k = 596;
	ret_plan->pressure_gpa = 7;
	ret_plan->temperature_k = 643;
	ret_plan->isotherm_s = 600;
	plan_fill_defaults(ret_plan);
	ret_plan->loading = LOADING_AUTOMATIC;
}

void plant_scan_plan(struct plan *ret_plan)
{
	plant_default_plan(ret_plan);
	ret_plan->calorimetry = (struct plan_calorimetry){.present = true,
							  .rate_count = 1,
							  .rate_k_per_s = {200},
							  .sections_per_rate = 1,
							  .start_k = 300,
							  .end_k = 850,
							  .reference_cooling_k_per_s = 200,
							  .purge_ml_per_min = 80};
}

static struct measurement good(const struct plant *plant, double value)
{
	return (struct measurement){.value = value, .t_lab_s = plant->now, .quality = QUALITY_GOOD};
}

static void measure(struct plant *plant)
{
	struct inputs *in = &plant->in;
	/* A little noise, so that nothing is frozen. */
	double noise = 1e-4 * sin(plant->now * 7.3);

	in->temperature_k = good(plant, plant->temperature_k + noise);
	in->ambient_k = good(plant, PLANT_AMBIENT_K);
	in->furnace_setpoint_k = good(plant, plant->actions.setpoint_k);
	in->furnace_output_pct = good(plant, plant->actions.heat == HEAT_CONTROL && plant->temperature_k > 310
						     ? PLANT_HOLDING_PCT
						     : 0);
	in->pressure_gpa = good(plant, plant->pressure_gpa);
	in->pressure_setpoint_gpa = good(plant, plant->actions.setpoint_gpa);
	in->oil_bar = good(plant, plant->pressure_gpa * OIL_BAR_PER_GPA);
	in->oil_setpoint_bar = good(plant, plant->actions.setpoint_gpa * OIL_BAR_PER_GPA);
	in->stroke_pct = good(plant, 60);
	in->flow_ml_per_min = good(plant, 80);
	in->press_depressurised = plant->pressure_gpa < 0.005;
	in->press_locked = plant->actions.press == PRESS_LOCK;
}

void plant_init(struct plant *plant, double pressure_gpa, double temperature_k)
{
	memset(plant, 0, sizeof(*plant));
	plant_default_plan(&plant->plan);
	plant->now = 1000;
	plant->pressure_gpa = pressure_gpa;
	plant->temperature_k = temperature_k;
	plant->auto_durable = true;
	plant->in.furnace_identity_ok = plant->in.press_identity_ok = true;
	plant->in.devices_armed = plant->in.store_ok = true;
	plant->in.oil_gpa_per_bar = 1 / OIL_BAR_PER_GPA;
	machine_init(&plant->machine, plant->now);
	measure(plant);
}

/* What a controller that ramps by itself is told. */
static void check_own_ramp(const struct plant *plant, const struct machine *before)
{
	const struct actions *act = &plant->actions;
	double moved_k = plant->machine.setpoint_k - before->setpoint_k;

	if (act->ramp_k_per_s == 0) {
		assert_true(fabs(act->target_k - act->setpoint_k) < 1e-9);
		return;
	}
	assert_int_equal(act->heat, HEAT_CONTROL);
	assert_true(act->ramp_k_per_s * moved_k > 0);
	assert_true((act->target_k - act->setpoint_k) * act->ramp_k_per_s >= 0);
	assert_true(act->target_k <= fmax(plant->plan.temperature_k, act->setpoint_k));
}

static void check_levels(struct plant *plant, const struct machine *before, const struct event *event)
{
	const struct machine *m = &plant->machine;
	const struct actions *act = &plant->actions;
	bool hot = plant->in.temperature_k.value > plant->plan.limits.release_temperature_k;

	assert_true(m->phase < PHASE_MAX);
	if (m->latched) {
		assert_int_not_equal(act->heat, HEAT_CONTROL);
		assert_int_not_equal(act->press, PRESS_REGULATE);
		assert_false(act->contactor);
	}
	/* I1: a lower setpoint only with a permit, and a permit only when cold. */
	if (act->permit.granted)
		assert_false(hot);
	if (event->kind == EVENT_TICK && act->press == PRESS_REGULATE &&
	    m->setpoint_gpa < before->setpoint_gpa - 1e-12)
		assert_true(act->permit.granted);
	if (m->outcome == OUTCOME_COMPLETED)
		assert_int_equal(m->phase, PHASE_DONE);
	assert_true(act->contactor == (act->heat == HEAT_CONTROL));
	/* The interlocks rest on it: who stays under pressure has no heater to take away. */
	assert_true(!m->private_state.stay || m->private_state.heater_off);
	check_own_ramp(plant, before);
	plant->ramp_ticks += act->ramp_k_per_s != 0;
}

static void check_rates(struct plant *plant, const struct machine *before, const struct event *event)
{
	const struct machine *m = &plant->machine;
	double dt = plant->now - before->private_state.previous_lab_s;

	if (event->kind != EVENT_TICK || before->phase != m->phase || dt <= 0 ||
	    plant->actions.heat != HEAT_CONTROL)
		return;
	plant->most_setpoint_rate_k =
		fmax(plant->most_setpoint_rate_k, fabs(m->setpoint_k - before->setpoint_k) / dt);
	plant->most_setpoint_rate_gpa =
		fmax(plant->most_setpoint_rate_gpa, fabs(m->setpoint_gpa - before->setpoint_gpa) / dt);
}

static void take_notes(struct plant *plant)
{
	for (uint32_t i = 0; i < plant->actions.note_count; i++) {
		const struct note *note = &plant->actions.notes[i];

		if (note->kind != NOTE_ALARM_RAISED)
			continue;
		plant->alarms_raised[note->alarm]++;
		memcpy(plant->last_text, note->text, sizeof(plant->last_text));
	}
}

uint8_t plant_event(struct plant *plant, const struct event *event)
{
	struct event full = *event;
	struct machine before = plant->machine, next;

	full.t_lab_s = plant->now;
	full.inputs = &plant->in;
	machine_step(&plant->plan, &before, &full, &next, &plant->actions);
	plant->machine = next;
	check_levels(plant, &before, &full);
	check_rates(plant, &before, &full);
	take_notes(plant);
	if (next.phase != before.phase && plant->trail_count < 64)
		plant->trail[plant->trail_count++] = (enum phase)next.phase;
	if (plant->actions.intent.number && plant->actions.intent.before) {
		plant->pending_intent = plant->actions.intent.number;
		plant->durable_at_lab_s = plant->now + plant->store_delay_s;
	}
	return plant->actions.answer.code;
}

static void move(struct plant *plant)
{
	const struct actions *act = &plant->actions;
	double target_k = act->heat == HEAT_CONTROL ? act->setpoint_k : PLANT_AMBIENT_K;
	double lag_s = act->heat == HEAT_CONTROL ? 3 : 300;

	if (plant->freeze_process)
		return;
	if (!act->relay)
		plant->heat_pct = PLANT_HOLDING_PCT;
	plant->heat_pct += act->relay ? (act->output_pct - plant->heat_pct) * PLANT_TICK_S : 0;
	if (act->relay) {
		plant->temperature_k += (plant->heat_pct - PLANT_HOLDING_PCT) * 0.02 * PLANT_TICK_S;
		return;
	}
	plant->temperature_k +=
		(fmax(target_k, PLANT_AMBIENT_K) - plant->temperature_k) * PLANT_TICK_S / lag_s;
	if (act->press == PRESS_REGULATE)
		plant->pressure_gpa += (act->setpoint_gpa - plant->pressure_gpa) * PLANT_TICK_S / 2;
}

void plant_tick(struct plant *plant)
{
	plant->now += PLANT_TICK_S;
	move(plant);
	measure(plant);
	if (plant->spoil)
		plant->spoil(plant);
	plant_event(plant, &(struct event){.kind = EVENT_TICK});
	if (plant->auto_durable && plant->pending_intent && plant->now >= plant->durable_at_lab_s) {
		struct event durable = {.kind = EVENT_DURABLE, .intent = plant->pending_intent};

		plant->pending_intent = 0;
		plant_event(plant, &durable);
	}
}

bool plant_run_to(struct plant *plant, enum phase phase, double limit_s)
{
	double end = plant->now + limit_s;

	while (plant->now < end && plant->machine.phase != phase)
		plant_tick(plant);
	return plant->machine.phase == phase;
}

void plant_run(struct plant *plant, double seconds)
{
	double end = plant->now + seconds;

	while (plant->now < end)
		plant_tick(plant);
}

void plant_start(struct plant *plant)
{
	assert_int_equal(plant_event(plant, &(struct event){.kind = EVENT_START}), ANSWER_DONE);
}

uint8_t plant_verb(struct plant *plant, enum verb verb)
{
	return plant_event(
		plant,
		&(struct event){.kind = EVENT_VERB, .verb = verb, .role = ROLE_SUPERVISOR, .text = "test"});
}

void plant_put(struct plant *plant, enum phase phase)
{
	bool loaded = phase >= PHASE_COMPRESS && phase != PHASE_DONE;
	bool hot = phase == PHASE_ISOTHERM || phase == PHASE_HOLD || phase == PHASE_ABORTING ||
		   phase == PHASE_TRIPPED || phase == PHASE_RECOVERY_WAIT || phase == PHASE_COOL ||
		   phase == PHASE_HANDED_OVER;

	plant_init(plant, loaded ? 7 : 0, hot ? 643 : PLANT_AMBIENT_K);
	plant->machine.phase = (uint8_t)phase;
	plant->machine.resume_phase = PHASE_ISOTHERM;
	plant->machine.latched = phase == PHASE_TRIPPED;
	plant->machine.setpoint_k = plant->temperature_k;
	plant->machine.setpoint_gpa = plant->pressure_gpa;
	plant->machine.last_good_k = plant->temperature_k;
	plant->machine.last_good_gpa = plant->pressure_gpa;
	plant->machine.private_state.resume_offered = true;
	plant->machine.private_state.ending = OUTCOME_NONE;
	plant->actions.setpoint_k = plant->temperature_k;
	plant->actions.setpoint_gpa = plant->pressure_gpa;
	plant->actions.heat = phase == PHASE_ISOTHERM || phase == PHASE_COOL ? HEAT_CONTROL : HEAT_OFF;
	plant->actions.press = PRESS_REGULATE;
	measure(plant);
}
