/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One step of the model: an input of the alphabet becomes an event, and the step is judged. */
#include "tests/search/press.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/recovery.h"

static const struct plan *fallback_plan(void)
{
	static struct plan plan;

	/* What a step without a plan works with, see step.c. */
	limits_default(&plan.limits);
	plan.pressure_gpa = plan.limits.protocol_pressure_gpa;
	plan.temperature_k = plan.limits.protocol_temperature_k;
	plan.heating_k_per_s = plan.cooling_k_per_s = 20.0 / 60;
	plan.compression_gpa_per_s = plan.decompression_gpa_per_s = 0.3 / 60;
	plan.soak_band_k = 2;
	plan.holdback_pressure_gpa = 0.05;
	plan.isotherm_s = 1;
	return &plan;
}

static enum recovery_pressure judge_pressure(const struct inputs *in, double now)
{
	if (!in->press_identity_ok || now - in->oil_bar.t_lab_s > 10)
		return RP_UNKNOWN;
	return in->oil_bar.value <= 5 && in->press_depressurised ? RP_AMBIENT : RP_PRESSED;
}

static enum recovery_temperature judge_temperature(const struct inputs *in, double now)
{
	if (!in->furnace_identity_ok || now - in->temperature_k.t_lab_s > 10)
		return RT_UNKNOWN;
	return in->temperature_k.value <= 308 ? RT_COLD : RT_HOT;
}

/* As control gathers them (daemon/control/start.c). */
static void gather_facts(const struct press *press, const struct press_input *input,
			 const struct press_state *state, const struct inputs *in,
			 struct recovery_facts *ret_facts)
{
	const struct machine *m = &state->machine;
	bool active = m->phase != PHASE_IDLE && m->phase != PHASE_DONE && m->phase != PHASE_HANDED_OVER;

	*ret_facts = (struct recovery_facts){
		.journal_ok = !input->journal_lost && !(active && state->no_plan),
		.latched = m->latched,
		.stays = m->private_state.stay,
		.phase = m->phase,
		.resume_phase = m->resume_phase,
		.reference = press->world.plan.reference && !state->no_plan,
		.identity_ok = in->press_identity_ok && in->furnace_identity_ok,
		.pressure = judge_pressure(in, PRESS_NOW_S),
		.temperature = judge_temperature(in, PRESS_NOW_S),
		.gap_s = input->kept ? 5 : 500,
		.moved_gpa = input->kept ? 0 : 1,
		.moved_k = input->kept ? 0 : 100,
		.same_boot = input->kept,
		.policy_continue = press->world.plan.recovery == RECOVERY_CONTINUE && !state->no_plan,
		.gap_limit_s = 60,
		.moved_gpa_limit = 0.05,
		.moved_k_limit = 5};
}

static bool can_come(const struct press_input *input, const struct press *press,
		     const struct press_state *state)
{
	bool free_press = state->machine.phase == PHASE_IDLE || state->machine.phase == PHASE_DONE;

	if (press->world.plan.reference && input->p != P_AMBIENT && input->p != P_STALE &&
	    input->p != P_NO_BIT)
		return false;
	if (input->kind == PRESS_DURABLE)
		return state->machine.private_state.waiting_intent != 0;
	if (input->kind == PRESS_START)
		return free_press;
	if (input->offer_over)
		return state->machine.private_state.offer_ends;
	return input->kind != PRESS_TICK || !input->trouble || !input->trouble->phases ||
	       (input->trouble->phases & UINT32_C(1) << state->machine.phase);
}

static void make_event(const struct press_input *input, struct press_state *state, struct event *ret_event)
{
	static const uint8_t kinds[] = {EVENT_TICK, EVENT_VERB, EVENT_DURABLE, EVENT_RECOVER, EVENT_START};

	ret_event->kind = (enum event_kind)kinds[input->kind];
	ret_event->verb = (enum verb)input->verb;
	ret_event->role = (enum role)input->role;
	ret_event->text = "search";
	ret_event->intent = state->machine.private_state.waiting_intent;
	if (input->offer_over)
		state->machine.private_state.resume_offer_until_lab_s = PRESS_NOW_S - 1;
}

/* The clock stands at PRESS_NOW_S again after each step. */
static void rebase(struct machine *m, double dt_s)
{
	struct machine_private *p = &m->private_state;
	double *since[] = {&p->dwell_since_lab_s, &p->done_since_lab_s, &p->in_band_since_lab_s,
			   &m->soak_started_lab_s};

	for (size_t i = 0; i < sizeof(since) / sizeof(since[0]); i++)
		if (*since[i] >= 0)
			*since[i] -= dt_s;
}

static void forget_journal(struct press_state *state)
{
	machine_init(&state->machine, PRESS_NOW_S);
	state->machine.next_intent = 10;
	state->no_plan = true;
}

bool press_step(struct press *press, const struct press_input *input, const struct inputs *inputs,
		struct press_state *state, struct actions *ret_actions, struct search_fault *fault)
{
	double dt_s = input->kind != PRESS_TICK ? 0 : input->late ? PRESS_GAP_S : PRESS_TICK_S;
	struct event event = {.t_lab_s = PRESS_NOW_S + dt_s, .inputs = inputs};
	struct recovery_facts facts = {0};
	struct recovery_decision decision;
	struct machine before;
	struct press_look look = {.input = input,
				  .event = &event,
				  .before = &before,
				  .after = &state->machine,
				  .act = ret_actions,
				  .dt_s = dt_s,
				  .facts = &facts};

	if (input->kind == PRESS_START)
		state->no_plan = false;
	if (input->journal_lost)
		forget_journal(state);
	make_event(input, state, &event);
	before = state->machine;
	look.reference = press->world.plan.reference && !state->no_plan;
	look.plan = state->no_plan ? fallback_plan() : &press->world.plan;
	if (input->kind == PRESS_RESTART) {
		gather_facts(press, input, state, inputs, &facts);
		recovery_decide(&facts, &decision);
		decision.pressure_gpa = inputs->pressure_gpa.value;
		decision.temperature_k = inputs->temperature_k.value;
		event.recovery = &decision;
		press->seen.restarts |= UINT64_C(1) << decision.row;
	}
	if (machine_step(state->no_plan ? NULL : &press->world.plan, &before, &event, &state->machine,
			 ret_actions) < 0)
		return false;
	press_watch_step(&state->watch, &look, fault);
	press->seen.phases |= UINT64_C(1) << state->machine.phase;
	press->seen.edges[before.phase] |= UINT64_C(1) << state->machine.phase;
	press->seen.rows_fired |= state->machine.private_state.fired;
	press->seen.outcomes |= UINT64_C(1) << state->machine.outcome;
	rebase(&state->machine, dt_s);
	return true;
}

static bool apply(void *context, uint32_t index, void *ret_key, struct search_fault *ret_fault)
{
	struct press *press = context;
	const struct press_input *input = &press->alphabet.inputs[index];
	double now = PRESS_NOW_S + (input->kind != PRESS_TICK ? 0 : input->late ? PRESS_GAP_S : PRESS_TICK_S);
	struct press_state state;
	struct actions actions;
	struct inputs inputs;

	if (!can_come(input, press, &press->here))
		return false;
	state = press->here;
	press_inputs_make(input, now, press->world.plan.reference, &inputs);
	if (input->trouble)
		input->trouble->spoil(&inputs, &state.machine);
	if (!press_step(press, input, &inputs, &state, &actions, ret_fault))
		return false;
	press_key_make(&state, ret_key, ret_fault);
	return true;
}

static void begin(void *context, void *ret_key)
{
	struct press_state state = {0};
	struct search_fault fault = {0};

	(void)context;
	machine_init(&state.machine, PRESS_NOW_S);
	press_watch_init(&state.watch);
	press_key_make(&state, ret_key, &fault);
}

static void load(void *context, const void *key)
{
	press_key_load(key, &((struct press *)context)->here);
}

static void tell_input(void *context, uint32_t index, char ret_text[SEARCH_TEXT])
{
	press_input_tell(&((struct press *)context)->alphabet.inputs[index], ret_text);
}

static void tell_state(void *context, const void *key, char ret_text[SEARCH_TEXT])
{
	struct press_state state;
	const struct machine *m = &state.machine;

	(void)context;
	press_key_load(key, &state);
	snprintf(ret_text, SEARCH_TEXT, "%-13s heater %-7s %.1f K  press %-8s %.3f GPa%s%s%s%s%s%s",
		 phase_name((enum phase)m->phase), state.watch.heats ? "CONTROL" : "off", m->setpoint_k,
		 state.watch.regulates ? "REGULATE" : "lock", m->setpoint_gpa, m->latched ? "  latched" : "",
		 m->private_state.waiting_intent ? "  waits for its intent" : "",
		 m->private_state.verb_pending == VERB_RESUME ? " to resume" : "",
		 m->private_state.stay ? "  stays" : "", m->private_state.frozen ? "  frozen" : "",
		 m->private_state.decompressing ? "  releases" : "");
}

void press_init(struct press *press, const char *world, bool deep, struct search_model *ret_model)
{
	memset(press, 0, sizeof(*press));
	press_world_make(world, &press->world);
	press_alphabet_make(&press->world, deep, &press->alphabet);
	search_set_init(&press->ended, sizeof(struct press_key) + 2 * sizeof(int16_t));
	search_set_init(&press->stuck, sizeof(struct press_key));
	*ret_model = (struct search_model){.name = press->world.name,
					   .key_bytes = sizeof(struct press_key),
					   .input_count = press->alphabet.count,
					   .context = press,
					   .begin = begin,
					   .load = load,
					   .apply = apply,
					   .end = press_end,
					   .tell_input = tell_input,
					   .tell_state = tell_state};
}

void press_free(struct press *press)
{
	search_set_free(&press->ended);
	search_set_free(&press->stuck);
}
