/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * No dead end: from every state that was reached, an operator who asks for ABORT (and acknowledges and resets
 * what tripped) and a laboratory that works come to the end. And with a laboratory that does not (the
 * temperature is never known again, or the furnace stays hot whatever its setpoint) the run ends with the
 * heater off, with an alarm.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/search/press.h"

#define STEPS_MOST 400
#define UNKNOWN_TICKS 30
#define STUCK_TICKS 30 /* the ramp of the plan, and its holdback_limit_s once */
#define AMBIENT_K 298.0
#define COOLS_K 30.0

struct laboratory {
	double temperature_k, pressure_gpa;
	bool t_unknown;
};
struct memo { /* padded: compared as bytes */
	struct press_key key;
	int16_t temperature_k12, pressure_gpa80;
};

static void follow(struct laboratory *lab, const struct actions *act, const struct press_state *state)
{
	if (act->heat == HEAT_CONTROL)
		lab->temperature_k = fmax(act->setpoint_k, AMBIENT_K);
	else
		lab->temperature_k = fmax(lab->temperature_k - COOLS_K, AMBIENT_K);
	if (act->press == PRESS_REGULATE)
		lab->pressure_gpa = fmax(act->setpoint_gpa, 0);
	/* The panel releases what was handed over to it, once it is cold. */
	if (state->machine.private_state.panel_has_press && lab->temperature_k <= 300)
		lab->pressure_gpa = 0;
}

static void measure(const struct laboratory *lab, double now, bool locked, struct inputs *ret_inputs)
{
	static const struct press_input well = {.kind = PRESS_TICK, .t = T_COLD, .p = P_AMBIENT};

	press_inputs_make(&well, now, false, ret_inputs);
	ret_inputs->temperature_k.value = lab->temperature_k;
	if (lab->t_unknown)
		ret_inputs->temperature_k.t_lab_s -= 100;
	ret_inputs->furnace_output_pct.value = 0;
	ret_inputs->pressure_gpa.value = ret_inputs->pressure_setpoint_gpa.value = lab->pressure_gpa;
	ret_inputs->oil_bar.value = lab->pressure_gpa * 300;
	ret_inputs->press_depressurised = lab->pressure_gpa <= 0.005;
	ret_inputs->press_locked = locked;
}

/* What the operator does now: a verb, or nothing but the next tick. */
static struct press_input choose(const struct press_state *state, bool ticked)
{
	const struct machine *m = &state->machine;
	struct press_input ret = {.kind = PRESS_VERB, .role = ROLE_SUPERVISOR, .verb = VERB_ABORT};
	bool under_way =
		m->phase == PHASE_ABORTING || m->phase == PHASE_HANDED_OVER || m->phase == PHASE_DONE;

	if (m->private_state.waiting_intent != 0)
		return (struct press_input){.kind = PRESS_DURABLE};
	if (!ticked)
		return (struct press_input){.kind = PRESS_TICK};
	if (m->latched && m->phase != PHASE_HANDED_OVER) {
		ret.verb = m->private_state.acknowledged ? VERB_RESET : VERB_ACK;
		return ret;
	}
	return under_way ? (struct press_input){.kind = PRESS_TICK} : ret;
}

static bool is_at_rest(const struct press_state *state)
{
	const struct machine *m = &state->machine;

	return (m->phase == PHASE_DONE || m->phase == PHASE_IDLE) && !m->latched;
}

static bool is_known(struct press *press, const struct press_state *state, const struct laboratory *lab,
		     struct search_fault *fault)
{
	struct memo memo;
	uint32_t number;

	memset(&memo, 0, sizeof(memo));
	press_key_make(state, &memo.key, fault);
	memo.temperature_k12 = (int16_t)nearbyint(lab->temperature_k * 12);
	memo.pressure_gpa80 = (int16_t)nearbyint(lab->pressure_gpa * 80);
	return !search_set_add(&press->ended, &memo, &number);
}

/* From an abort with a stuck furnace all that follows is given by the key. */
static bool is_stuck_known(struct press *press, const struct press_state *state, struct search_fault *fault)
{
	struct press_key key;
	uint32_t number;

	press_key_make(state, &key, fault);
	return !search_set_add(&press->stuck, &key, &number);
}

static void go(struct press *press, const struct press_input *input, struct laboratory *lab,
	       struct press_state *state, struct actions *act, struct search_fault *fault)
{
	double now = PRESS_NOW_S + (input->kind == PRESS_TICK ? PRESS_TICK_S : 0);
	struct press_key key;
	struct inputs inputs;

	measure(lab, now, act->press == PRESS_LOCK, &inputs);
	press_step(press, input, &inputs, state, act, fault);
	press->end_steps++;
	if (input->kind == PRESS_TICK)
		follow(lab, act, state);
	press_key_make(state, &key, fault);
	/* The clearing of a frozen abort and its waiting are kept here, where the search forgets them. */
	double clear_s = state->machine.private_state.clear_since_lab_s;
	double waited_s = state->machine.holdback_s;
	press_key_load(&key, state);
	state->machine.holdback_s = waited_s;
	state->machine.private_state.clear_since_lab_s =
		clear_s < 0 ? clear_s : clear_s - (now - PRESS_NOW_S);
}

static void check_outcome(const struct machine *m, struct search_fault *fault)
{
	if (m->phase == PHASE_DONE && m->outcome == OUTCOME_NONE)
		search_break(fault, "ends", "done, without an outcome");
}

static void end_well(struct press *press, struct laboratory lab, struct search_fault *fault)
{
	struct press_state state = press->here;
	struct actions act = {.heat = state.watch.heats ? HEAT_CONTROL : HEAT_OFF};
	bool ticked = false;

	for (int i = 0; i < STEPS_MOST && !fault->property; i++) {
		struct press_input input = choose(&state, ticked);

		if (is_at_rest(&state) ||
		    (!state.machine.private_state.frozen && is_known(press, &state, &lab, fault))) {
			check_outcome(&state.machine, fault);
			return;
		}
		go(press, &input, &lab, &state, &act, fault);
		ticked = input.kind == PRESS_TICK;
	}
	search_break(fault, "ends", "ABORT and a laboratory that works do not end it: %s at %.1f K, %.3f GPa",
		     phase_name((enum phase)state.machine.phase), lab.temperature_k, lab.pressure_gpa);
}

/* The temperature is never known again: whatever was asked for, the pressure stays and somebody is called. */
static void end_unknown(struct press *press, struct laboratory lab, struct search_fault *fault)
{
	static const struct press_input abort_verb = {
		.kind = PRESS_VERB, .role = ROLE_SUPERVISOR, .verb = VERB_ABORT};
	struct press_state state = press->here;
	struct actions act = {.heat = state.watch.heats ? HEAT_CONTROL : HEAT_OFF};
	double before_gpa = lab.pressure_gpa;

	lab.t_unknown = true;
	go(press, &abort_verb, &lab, &state, &act, fault);
	for (int i = 0; i < UNKNOWN_TICKS && !fault->property; i++) {
		struct press_input tick = {.kind = PRESS_TICK};

		state.machine.private_state.good_k_lab_s = PRESS_NOW_S - i * PRESS_TICK_S;
		go(press, &tick, &lab, &state, &act, fault);
	}
	if (state.machine.phase != PHASE_ABORTING)
		return;
	if (act.heat == HEAT_CONTROL || act.press == PRESS_REGULATE || lab.pressure_gpa < before_gpa - 0.06)
		search_break(fault, "s-hold",
			     "aborting with the temperature unknown: heater %d, press %d, %.3f GPa",
			     (int)act.heat, (int)act.press, lab.pressure_gpa);
}

static bool is_raised(const struct actions *act, enum alarm alarm)
{
	for (uint32_t i = 0; i < act->note_count; i++)
		if (act->notes[i].kind == NOTE_ALARM_RAISED && act->notes[i].alarm == alarm)
			return true;
	return false;
}

/* The controller takes no setpoint: an abort does not wait hot for ever with the heater on, and somebody is
 * called. */
static void end_stuck(struct press *press, struct laboratory lab, struct search_fault *fault)
{
	static const struct press_input abort_verb = {
		.kind = PRESS_VERB, .role = ROLE_SUPERVISOR, .verb = VERB_ABORT};
	struct press_state state = press->here;
	struct actions act = {.heat = state.watch.heats ? HEAT_CONTROL : HEAT_OFF};
	double stuck_k = lab.temperature_k;
	bool heated;

	go(press, &abort_verb, &lab, &state, &act, fault);
	heated = act.heat == HEAT_CONTROL;
	if (state.machine.phase != PHASE_ABORTING || is_stuck_known(press, &state, fault))
		return;
	for (int i = 0; i < STUCK_TICKS && !fault->property; i++) {
		lab.temperature_k = stuck_k;
		go(press, &(struct press_input){.kind = PRESS_TICK}, &lab, &state, &act, fault);
	}
	if (state.machine.phase != PHASE_ABORTING)
		return;
	if (act.heat == HEAT_CONTROL)
		search_break(fault, "cools", "aborting at %.1f K, which stays: the heater is on", stuck_k);
	else if (heated && !state.machine.private_state.frozen && !is_raised(&act, ALARM_HOLDBACK))
		search_break(fault, "cools", "aborting at %.1f K, which stays: nobody is called", stuck_k);
}

void press_end(void *context, struct search_fault *ret_fault)
{
	struct press *press = context;
	struct laboratory loaded = {328, press->world.plan.reference ? 0 : 0.5, false},
			  empty = {298, 0, false};

	/* A press that regulates is where it regulates to. */
	if (press->here.watch.regulates)
		loaded.pressure_gpa = empty.pressure_gpa = press->here.machine.setpoint_gpa;
	end_well(press, loaded, ret_fault);
	end_well(press, empty, ret_fault);
	end_unknown(press, loaded, ret_fault);
	end_stuck(press, loaded, ret_fault);
}
