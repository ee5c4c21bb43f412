/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the state of the calorimeter's model to its key and back: what is here
 * matters, the rest is forgotten. */
#include <string.h>

#include "tests/search/scan.h"

#define BASE_COUNTER 100

static void make_machine_key(const struct scan_machine *m, struct scan_machine_key *ret_key)
{
	bool waits_job = m->phase != SCAN_SECTION_DONE && m->job_pending;

	*ret_key = (struct scan_machine_key){
		.phase = m->phase,
		.outcome = m->outcome,
		.step = m->step,
		.job = waits_job ? m->job : 0,
		.attempts = m->attempts,
		.counter = (uint8_t)m->fire_counter,
		.bits = (uint8_t)(m->reference | m->restarting << 1 | (m->waiting_intent != 0) << 2 |
				  waits_job << 3 | m->committed << 4 | m->spent << 5 | m->cooled << 6)};
}

static void load_machine(const struct scan_machine_key *key, struct scan_machine *ret_machine)
{
	scan_init(ret_machine, SCAN_NOW_S);
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

/* Counters only matter against the chip's: it stands at BASE_COUNTER in every
 * key. */
void scan_key_rebase(struct scan_state *state)
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

void scan_key_make(struct scan_state *state, struct scan_key *ret_key)
{
	const struct scan_world *w = &state->world;

	scan_key_rebase(state);
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

void scan_key_load(const struct scan_key *key, struct scan_state *ret_state)
{
	struct scan_world *w = &ret_state->world;

	load_machine(&key->machine, &ret_state->machine);
	load_machine(&key->stored, &ret_state->stored);
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

void scan_key_begin(struct scan_state *ret_state)
{
	*ret_state = (struct scan_state){.world = {.counter = BASE_COUNTER}};
	scan_init(&ret_state->machine, SCAN_NOW_S);
	ret_state->stored = ret_state->machine;
}
