/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "protocol/scan_steps.h"
#include "tests/search/scan.h"

#define NOW_S 100000.0
#define LONG_S 50000.0
#define END_STEPS 200
#define BASE_COUNTER 100

enum scan_input {
	IN_TICK,          /* flow good for less than its time */
	IN_TICK_PURGED,   /* good for long */
	IN_TICK_LOW,      /* low for a moment */
	IN_TICK_NO_PURGE, /* low for long */
	IN_TICK_SILENT,   /* the chip does not answer */
	IN_TICK_LATE,     /* the scan should have ended long ago */
	IN_SECTION,
	IN_SECTION_AUTOMATIC,
	IN_CONFIRM,
	IN_CANCEL,
	IN_DURABLE,
	IN_STORE,   /* the snapshot becomes durable */
	IN_EXECUTE, /* the chip does the job */
	IN_ANSWER_OK,
	IN_ANSWER_FAILED,
	IN_WORKER_DIES,
	IN_CRASH,     /* control starts again from what was stored */
	IN_SCAN_ENDS, /* RUNNING -> DATA */
	IN_SCAN_LOST, /* RUNNING -> IDLE, no trace */
	IN_COMMITTED, /* the recorder has the trace */
	IN_BREAKS,
	IN_REPAIRED,
	IN_MAX
};
static const char *const input_names[IN_MAX] = {"tick, flow good",
						"tick, purged for long",
						"tick, flow low",
						"tick, flow low for long",
						"tick, chip silent",
						"tick, scan overdue",
						"section given",
						"section given, automatic",
						"confirm",
						"cancel",
						"intent durable",
						"snapshot durable",
						"the chip does the job",
						"job answered: done",
						"job answered: failed",
						"the worker dies",
						"control crashes and starts",
						"the scan ends",
						"the scan is cut off",
						"trace committed",
						"the chip breaks",
						"the chip is replaced"};

struct machine_key {
	uint8_t phase, outcome, step, job, attempts, bits, counter;
};
struct scan_key {
	struct machine_key machine, stored;
	uint8_t chip, counter, job, job_state, fired, stores;
};

static void make_machine_key(const struct scan_machine *m, struct machine_key *ret_key)
{
	bool waits_job = m->phase != SCAN_SECTION_DONE && m->job_pending;

	*ret_key = (struct machine_key){
		.phase = m->phase,
		.outcome = m->outcome,
		.step = m->step,
		.job = waits_job ? m->job : 0,
		.attempts = m->attempts,
		.counter = (uint8_t)m->fire_counter,
		.bits = (uint8_t)(m->reference | m->restarting << 1 | (m->waiting_intent != 0) << 2 |
				  waits_job << 3 | m->committed << 4 | m->spent << 5 | m->cooled << 6)};
}

static void load_machine(const struct machine_key *key, struct scan_machine *ret_machine)
{
	scan_init(ret_machine, NOW_S);
	ret_machine->phase = key->phase;
	ret_machine->outcome = key->outcome;
	ret_machine->step = key->step;
	ret_machine->job = key->job;
	ret_machine->job_id = 7;
	ret_machine->attempts = key->attempts;
	ret_machine->fire_counter = key->counter;
	ret_machine->rate_k_per_s = 100;
	ret_machine->next_intent = 10;
	ret_machine->reference = key->bits & 1;
	ret_machine->restarting = key->bits >> 1 & 1;
	ret_machine->waiting_intent = key->bits >> 2 & 1;
	ret_machine->job_pending = key->bits >> 3 & 1;
	ret_machine->committed = key->bits >> 4 & 1;
	ret_machine->spent = key->bits >> 5 & 1;
	ret_machine->cooled = key->bits >> 6 & 1;
}

/* Counters only matter against the chip's: it stands at BASE_COUNTER in every key. */
static void rebase(struct scan_state *state)
{
	int shift = BASE_COUNTER - state->world.counter;

	state->world.counter = BASE_COUNTER;
	state->machine.fire_counter = (uint32_t)((int)state->machine.fire_counter + shift);
	state->stored.fire_counter = (uint32_t)((int)state->stored.fire_counter + shift);
	if (state->machine.fire_counter < BASE_COUNTER - 3)
		state->machine.fire_counter = BASE_COUNTER - 3;
	if (state->stored.fire_counter < BASE_COUNTER - 3)
		state->stored.fire_counter = BASE_COUNTER - 3;
}

static void make_key(struct scan_state *state, struct scan_key *ret_key)
{
	const struct scan_world *w = &state->world;

	rebase(state);
	memset(ret_key, 0, sizeof(*ret_key));
	make_machine_key(&state->machine, &ret_key->machine);
	make_machine_key(&state->stored, &ret_key->stored);
	ret_key->chip =
		(uint8_t)(w->armed | w->running << 1 | w->programmed << 2 | w->trace << 3 | w->broken << 4);
	ret_key->job = (uint8_t)(w->job | w->job_reference << 7);
	ret_key->job_state = w->job_state;
	ret_key->fired = w->fired;
	ret_key->stores = (uint8_t)(w->read | w->first_stored << 1 | w->reference_stored << 2 |
				    w->intent_durable << 3 | w->purge_lost << 4);
}

static void load(void *context, const void *bytes)
{
	const struct scan_key *key = bytes;
	struct scan_state *state = &((struct scan_model *)context)->here;
	struct scan_world *w = &state->world;

	load_machine(&key->machine, &state->machine);
	load_machine(&key->stored, &state->stored);
	*w = (struct scan_world){.armed = key->chip & 1,
				 .running = key->chip >> 1 & 1,
				 .programmed = key->chip >> 2 & 1,
				 .trace = key->chip >> 3 & 1,
				 .broken = key->chip >> 4 & 1,
				 .counter = BASE_COUNTER,
				 .job = key->job & 0x7f,
				 .job_reference = key->job >> 7,
				 .job_state = key->job_state,
				 .fired = key->fired,
				 .read = key->stores & 1,
				 .first_stored = key->stores >> 1 & 1,
				 .reference_stored = key->stores >> 2 & 1,
				 .intent_durable = key->stores >> 3 & 1,
				 .purge_lost = key->stores >> 4 & 1};
}

static uint8_t chip_status(const struct scan_world *w)
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
	struct measurement good = {.value = 300, .t_lab_s = NOW_S, .quality = QUALITY_GOOD};
	bool low = input == IN_TICK_LOW || input == IN_TICK_NO_PURGE;

	*ret_inputs = (struct chip_inputs){.temperature_k = good,
					   .resistance_ohm = good,
					   .power_mw = good,
					   .flow_ml_per_min = good,
					   .state = chip_status(w),
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

static bool could_do(const struct scan_world *w)
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

	event->t_lab_s = NOW_S;
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
	m->purge_good_since_lab_s = input == IN_TICK_PURGED ? NOW_S - LONG_S : -1;
	m->purge_bad_since_lab_s = input == IN_TICK_NO_PURGE ? NOW_S - LONG_S : -1;
	if (input == IN_TICK_LATE)
		m->phase_since_lab_s = NOW_S - LONG_S;
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
	/* The journal knows that the section before is over before it knows of this one. */
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

static bool can_come(const struct scan_state *state, enum scan_input input)
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
		return w->job_state == JOB_DONE && could_do(w);
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

static void go(struct scan_model *scan, struct scan_state *state, enum scan_input input,
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

static bool apply(void *context, uint32_t input, void *ret_key, struct search_fault *ret_fault)
{
	struct scan_model *scan = context;
	struct scan_state state = scan->here;

	if (!can_come(&state, (enum scan_input)input))
		return false;
	go(scan, &state, (enum scan_input)input, ret_fault);
	make_key(&state, ret_key);
	return true;
}

/* What a laboratory that works does next. */
static enum scan_input choose(const struct scan_state *state)
{
	const struct scan_world *w = &state->world;

	if (w->broken)
		return IN_REPAIRED;
	if (state->machine.waiting_intent != 0)
		return IN_DURABLE;
	if (w->job_state == JOB_SENT)
		return IN_STORE;
	if (w->job_state == JOB_STORED)
		return IN_EXECUTE;
	if (w->job_state == JOB_DONE)
		return could_do(w) ? IN_ANSWER_OK : IN_ANSWER_FAILED;
	if (w->read)
		return IN_COMMITTED;
	if (w->running && state->machine.phase != SCAN_CHIP_FAULT)
		return IN_SCAN_ENDS;
	return IN_TICK_PURGED;
}

/* No dead end, and a chip that is off in CHIP_FAULT whoever died on the way. */
static void end(void *context, struct search_fault *ret_fault)
{
	struct scan_model *scan = context;
	struct scan_state state = scan->here;
	int ticks = 0;

	for (int i = 0; i < END_STEPS && !ret_fault->property; i++) {
		enum scan_input input = choose(&state);
		bool waits = state.machine.phase == SCAN_WAIT_LOAD || state.machine.phase == SCAN_CHIP_FAULT;

		if (state.machine.phase == SCAN_SECTION_DONE || state.machine.phase == SCAN_IDLE)
			return;
		ticks = input == IN_TICK_PURGED ? ticks + 1 : 0;
		if (waits && ticks > 3 && state.machine.phase == SCAN_CHIP_FAULT &&
		    (state.world.running || state.world.armed))
			search_break(ret_fault, "chip-fault",
				     "CHIP_FAULT, and the chip is never switched off");
		if (waits && ticks > 3)
			input = IN_CONFIRM;
		if (ticks > 30) {
			input = IN_TICK_LATE;
			ticks = 0;
		}
		go(scan, &state, input, ret_fault);
		rebase(&state);
	}
	search_break(ret_fault, "ends", "a laboratory that works does not end the section: %s, step %u",
		     scan_phase_name((enum scan_phase)state.machine.phase), state.machine.step);
}

static void begin(void *context, void *ret_key)
{
	struct scan_state state = {.world = {.counter = BASE_COUNTER}};

	(void)context;
	scan_init(&state.machine, NOW_S);
	state.stored = state.machine;
	make_key(&state, ret_key);
}

static void tell_input(void *context, uint32_t input, char ret_text[SEARCH_TEXT])
{
	(void)context;
	snprintf(ret_text, SEARCH_TEXT, "%s", input_names[input]);
}

static void tell_state(void *context, const void *key, char ret_text[SEARCH_TEXT])
{
	struct scan_model scan;
	const struct scan_state *state = &scan.here;

	(void)context;
	load(&scan, key);
	snprintf(ret_text, SEARCH_TEXT,
		 "%-12s step %-2u job %-7s chip %-10s counter %+d  sample fired %u times%s%s%s",
		 scan_phase_name((enum scan_phase)state->machine.phase), state->machine.step,
		 scan_job_name((enum scan_job)state->world.job),
		 chip_state_name((enum chip_state)chip_status(&state->world)),
		 (int)state->world.counter - (int)state->machine.fire_counter, state->world.fired,
		 state->machine.reference ? "  reference" : "", state->machine.spent ? "  spent" : "",
		 state->machine.restarting ? "  settles" : "");
}

void scan_model_init(struct scan_model *scan, struct search_model *ret_model)
{
	memset(scan, 0, sizeof(*scan));
	limits_default(&scan->plan.limits);
	scan->plan.calorimetry = (struct plan_calorimetry){.present = true,
							   .rate_count = 1,
							   .rate_k_per_s = {100},
							   .sections_per_rate = 1,
							   .start_k = 300,
							   .end_k = 850,
							   .reference_cooling_k_per_s = 200,
							   .purge_ml_per_min = 80};
	*ret_model = (struct search_model){.name = "scan",
					   .key_bytes = sizeof(struct scan_key),
					   .input_count = IN_MAX,
					   .context = scan,
					   .begin = begin,
					   .load = load,
					   .apply = apply,
					   .end = end,
					   .tell_input = tell_input,
					   .tell_state = tell_state};
}
