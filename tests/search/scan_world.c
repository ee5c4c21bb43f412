/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calorimeter's world: a truthful chip, its worker, the store, the
 * operator; and the judge of each step. */
#include "tests/search/scan.h"

#define LONG_S 50000.0

uint8_t scan_world_chip(const struct scan_world *w)
{
	if (w->broken)
		return CHIP_FAULT;
	if (w->running)
		return CHIP_RUNNING;
	if (w->armed)
		return CHIP_ARMED;
	if (w->trace)
		return CHIP_DATA;
	return w->programmed ? CHIP_PROGRAMMED : CHIP_IDLE;
}

static void make_inputs(const struct scan_world *w, enum scan_input input, struct chip_inputs *ret_inputs)
{
	struct measurement good = {.value = 300, .t_lab_s = SCAN_NOW_S, .quality = QUALITY_GOOD};
	bool low = input == IN_TICK_LOW || input == IN_TICK_NO_PURGE;

	*ret_inputs = (struct chip_inputs){.temperature_k = good,
					   .resistance_ohm = good,
					   .power_mw = good,
					   .flow_ml_per_min = good,
					   .state = scan_world_chip(w),
					   .scan_counter = w->counter,
					   .trace_available = w->trace,
					   .identity_ok = true,
					   .lost = input == IN_TICK_SILENT,
					   .out_of_band = w->broken};
	ret_inputs->flow_ml_per_min.value = low ? 10 : 80;
}

/* The chip does what it was told, or cannot. */
static void execute(struct scan_world *w, struct search_fault *fault)
{
	bool fires = w->job == SCAN_JOB_FIRE && w->armed && !w->broken;

	if (w->job == SCAN_JOB_PROGRAM && !w->running) {
		w->programmed = true;
		w->armed = false;
	}
	if (w->job == SCAN_JOB_ARM && w->programmed && !w->trace && !w->running && !w->broken)
		w->armed = true;
	if (w->job == SCAN_JOB_DELETE)
		w->trace = false;
	if (w->job == SCAN_JOB_OFF)
		w->armed = w->running = false;
	if (w->job == SCAN_JOB_ARM && w->job_reference && !w->first_stored)
		search_break(fault, "reference", "the reference is armed before the first trace is stored");
	if (!fires)
		return;
	if (!w->job_reference && w->fired > 0)
		search_break(fault, "first-scan", "a sample that was scanned is fired as a first scan");
	w->armed = w->programmed = false;
	w->running = true;
	w->counter++;
	w->fired = w->fired < 3 ? w->fired + 1 : 3;
}

bool scan_world_did(const struct scan_world *w)
{
	switch ((enum scan_job)w->job) {
	case SCAN_JOB_PROGRAM:
		return w->programmed;
	case SCAN_JOB_ARM:
		return w->armed;
	case SCAN_JOB_FIRE:
		return w->running || w->trace;
	case SCAN_JOB_READ:
		return w->trace;
	case SCAN_JOB_NONE:
	case SCAN_JOB_DELETE:
	case SCAN_JOB_OFF:
	case SCAN_JOB_MAX:
		break;
	}
	return true;
}

static void judge(const struct scan_state *state, const struct scan_machine *before,
		  const struct scan_actions *act, struct search_fault *fault)
{
	const struct scan_machine *m = &state->machine;
	const struct scan_world *w = &state->world;
	bool enters = before->phase != m->phase;

	if (act->job == SCAN_JOB_FIRE && !w->intent_durable)
		search_break(fault, "durable", "FIRE without a durable intent");
	if ((act->job == SCAN_JOB_FIRE || act->job == SCAN_JOB_ARM) && w->purge_lost)
		search_break(fault, "purge", "%s without nitrogen", scan_job_name((enum scan_job)act->job));
	if (m->phase == SCAN_CHIP_FAULT && act->job != SCAN_JOB_NONE && act->job != SCAN_JOB_OFF)
		search_break(fault, "chip-fault", "job %s in CHIP_FAULT",
			     scan_job_name((enum scan_job)act->job));
	if (enters && m->phase == SCAN_CHIP_FAULT && act->job != SCAN_JOB_OFF)
		search_break(fault, "chip-fault",
			     "CHIP_FAULT, and the chip is not switched off in that step");
	if (enters && m->phase == SCAN_SECTION_DONE && m->outcome == SECTION_SCANNED &&
	    !(w->first_stored && w->reference_stored))
		search_break(fault, "scanned", "\"scanned\" without both traces in the store");
	if (enters && m->phase == SCAN_SECTION_DONE && m->outcome == SECTION_NONE)
		search_break(fault, "scanned", "a section ended without an outcome");
}

static void step(struct scan_model *scan, struct scan_state *state, struct scan_event *event,
		 struct search_fault *fault)
{
	struct scan_machine before = state->machine;
	struct scan_actions act;

	event->t_lab_s = SCAN_NOW_S;
	if (scan_step(&scan->plan, &before, event, &state->machine, &act) < 0)
		return;
	if (act.intent.number)
		state->world.intent_durable = false;
	judge(state, &before, &act, fault);
	if (act.job != SCAN_JOB_NONE) {
		state->world.job = act.job;
		state->world.job_state = act.job == SCAN_JOB_OFF ? JOB_STORED : JOB_SENT;
		state->world.job_reference = state->machine.reference;
	}
	scan->phases |= UINT64_C(1) << state->machine.phase;
	scan->outcomes |= UINT64_C(1) << state->machine.outcome;
}

static void store(struct scan_state *state)
{
	state->stored = state->machine;
	if (state->world.job_state == JOB_SENT)
		state->world.job_state = JOB_STORED;
}

static void tick(struct scan_model *scan, struct scan_state *state, enum scan_input input,
		 struct search_fault *fault)
{
	struct chip_inputs inputs;
	struct scan_event event = {.kind = SCAN_EVENT_TICK, .inputs = &inputs};
	struct scan_machine *m = &state->machine;

	make_inputs(&state->world, input, &inputs);
	/* How long it has been so is the input's to say. */
	m->purge_good_since_lab_s = input == IN_TICK_PURGED ? SCAN_NOW_S - LONG_S : -1;
	m->purge_bad_since_lab_s = input == IN_TICK_NO_PURGE ? SCAN_NOW_S - LONG_S : -1;
	if (input == IN_TICK_LATE)
		m->phase_since_lab_s = SCAN_NOW_S - LONG_S;
	state->world.purge_lost =
		input == IN_TICK_NO_PURGE || (state->world.purge_lost && input == IN_TICK_LOW);
	step(scan, state, &event, fault);
}

static void new_sample(struct scan_world *w)
{
	w->fired = 0;
	w->read = w->first_stored = w->reference_stored = false;
}

static void give(struct scan_model *scan, struct scan_state *state, bool automatic,
		 struct search_fault *fault)
{
	struct scan_event event = {.kind = SCAN_EVENT_SECTION, .rate_k_per_s = 100, .automatic = automatic};

	new_sample(&state->world);
	state->world.job = state->world.job_state = 0;
	step(scan, state, &event, fault);
	/* The journal knows that the section before is over before it knows of this
	 * one. */
	store(state);
}

static void confirm(struct scan_model *scan, struct scan_state *state, struct search_fault *fault)
{
	struct chip_inputs inputs;
	struct scan_event event = {.kind = SCAN_EVENT_CONFIRM, .inputs = &inputs};

	make_inputs(&state->world, IN_CONFIRM, &inputs);
	if (state->machine.phase == SCAN_WAIT_LOAD)
		new_sample(&state->world);
	step(scan, state, &event, fault);
}

static void answer(struct scan_model *scan, struct scan_state *state, bool ok, struct search_fault *fault)
{
	struct chip_inputs inputs;
	struct scan_event event = {.kind = SCAN_EVENT_JOB_DONE,
				   .inputs = &inputs,
				   .job = state->world.job,
				   .job_id = state->machine.job_id,
				   .ok = ok};

	make_inputs(&state->world, IN_ANSWER_OK, &inputs);
	if (ok && state->world.job == SCAN_JOB_READ)
		state->world.read = true;
	state->world.job = state->world.job_state = 0;
	step(scan, state, &event, fault);
}

static void restart(struct scan_model *scan, struct scan_state *state, bool crash, struct search_fault *fault)
{
	struct scan_event event = {.kind = SCAN_EVENT_RESTART};

	state->world.job = state->world.job_state = 0;
	if (crash) {
		state->machine = state->stored;
		state->machine.next_intent = 10;
		state->world.read = state->world.intent_durable = false;
		if (state->machine.phase == SCAN_IDLE)
			return;
	}
	step(scan, state, &event, fault);
}

static void committed(struct scan_model *scan, struct scan_state *state, struct search_fault *fault)
{
	struct scan_event event = {.kind = SCAN_EVENT_COMMITTED, .counter = state->world.counter};

	state->world.read = false;
	if (state->machine.reference)
		state->world.reference_stored = true;
	else
		state->world.first_stored = true;
	step(scan, state, &event, fault);
}

bool scan_world_can_come(const struct scan_state *state, enum scan_input input)
{
	const struct scan_world *w = &state->world;
	uint8_t phase = state->machine.phase;

	switch (input) {
	case IN_SECTION:
	case IN_SECTION_AUTOMATIC:
		return phase == SCAN_IDLE || phase == SCAN_SECTION_DONE;
	case IN_DURABLE:
		return state->machine.waiting_intent != 0;
	case IN_EXECUTE:
		return w->job_state == JOB_STORED;
	case IN_ANSWER_OK:
		return w->job_state == JOB_DONE && scan_world_did(w);
	case IN_ANSWER_FAILED:
		return w->job_state == JOB_STORED || w->job_state == JOB_DONE;
	case IN_WORKER_DIES:
		return w->job_state != JOB_NONE;
	case IN_SCAN_ENDS:
	case IN_SCAN_LOST:
		return w->running;
	case IN_COMMITTED:
		return w->read;
	case IN_BREAKS:
		return !w->broken;
	case IN_REPAIRED:
		return w->broken;
	case IN_TICK:
	case IN_TICK_PURGED:
	case IN_TICK_LOW:
	case IN_TICK_NO_PURGE:
	case IN_TICK_SILENT:
	case IN_TICK_LATE:
	case IN_CONFIRM:
	case IN_CANCEL:
	case IN_STORE:
	case IN_CRASH:
	case IN_MAX:
		break;
	}
	return true;
}

static void durable(struct scan_model *scan, struct scan_state *state, struct search_fault *fault)
{
	struct scan_event event = {.kind = SCAN_EVENT_DURABLE, .intent = state->machine.waiting_intent};

	/* The snapshot with the counter went to the journal before the intent. */
	store(state);
	state->world.intent_durable = true;
	step(scan, state, &event, fault);
}

static void cancel(struct scan_model *scan, struct scan_state *state, struct search_fault *fault)
{
	struct scan_event event = {.kind = SCAN_EVENT_CANCEL, .text = "search"};

	step(scan, state, &event, fault);
}

static void chip_alone(struct scan_world *w, enum scan_input input, struct search_fault *fault)
{
	if (input == IN_EXECUTE) {
		execute(w, fault);
		w->job_state = JOB_DONE;
	}
	if (input == IN_SCAN_ENDS || input == IN_SCAN_LOST || input == IN_BREAKS)
		w->running = false;
	if (input == IN_SCAN_ENDS)
		w->trace = true;
	if (input == IN_BREAKS || input == IN_REPAIRED) {
		w->broken = input == IN_BREAKS;
		w->armed = false;
	}
}

void scan_world_go(struct scan_model *scan, struct scan_state *state, enum scan_input input,
		   struct search_fault *fault)
{
	if (input <= IN_TICK_LATE)
		tick(scan, state, input, fault);
	else if (input == IN_SECTION || input == IN_SECTION_AUTOMATIC)
		give(scan, state, input == IN_SECTION_AUTOMATIC, fault);
	else if (input == IN_CONFIRM)
		confirm(scan, state, fault);
	else if (input == IN_CANCEL)
		cancel(scan, state, fault);
	else if (input == IN_DURABLE)
		durable(scan, state, fault);
	else if (input == IN_STORE)
		store(state);
	else if (input == IN_ANSWER_OK || input == IN_ANSWER_FAILED)
		answer(scan, state, input == IN_ANSWER_OK, fault);
	else if (input == IN_WORKER_DIES || input == IN_CRASH)
		restart(scan, state, input == IN_CRASH, fault);
	else if (input == IN_COMMITTED)
		committed(scan, state, fault);
	else
		chip_alone(&state->world, input, fault);
}
