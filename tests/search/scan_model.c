/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "tests/search/scan.h"

#define END_STEPS 200

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

static bool apply(void *context, uint32_t input, void *ret_key, struct search_fault *ret_fault)
{
	struct scan_model *scan = context;
	struct scan_state state = scan->here;

	if (!scan_world_can_come(&state, (enum scan_input)input))
		return false;
	scan_world_go(scan, &state, (enum scan_input)input, ret_fault);
	scan_key_make(&state, ret_key);
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
		return scan_world_did(w) ? IN_ANSWER_OK : IN_ANSWER_FAILED;
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
		scan_world_go(scan, &state, input, ret_fault);
		scan_key_rebase(&state);
	}
	search_break(ret_fault, "ends", "a laboratory that works does not end the section: %s, step %u",
		     scan_phase_name((enum scan_phase)state.machine.phase), state.machine.step);
}

static void begin(void *context, void *ret_key)
{
	struct scan_state state;

	(void)context;
	scan_key_begin(&state);
	scan_key_make(&state, ret_key);
}

static void load(void *context, const void *key)
{
	scan_key_load(key, &((struct scan_model *)context)->here);
}

static void tell_input(void *context, uint32_t input, char ret_text[SEARCH_TEXT])
{
	(void)context;
	snprintf(ret_text, SEARCH_TEXT, "%s", input_names[input]);
}

static void tell_state(void *context, const void *key, char ret_text[SEARCH_TEXT])
{
	struct scan_state loaded;
	const struct scan_state *state = &loaded;

	(void)context;
	scan_key_load(key, &loaded);
	snprintf(ret_text, SEARCH_TEXT,
		 "%-12s step %-2u job %-7s chip %-10s counter %+d  sample fired %u "
		 "times%s%s%s",
		 scan_phase_name((enum scan_phase)state->machine.phase), state->machine.step,
		 scan_job_name((enum scan_job)state->world.job),
		 chip_state_name((enum chip_state)scan_world_chip(&state->world)),
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
