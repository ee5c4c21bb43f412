/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every phase with every event and every verb, and nights of random events, under the invariants of plant.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "plant.h"

static void test_every_phase_and_event(void **unused)
{
	struct recovery_decision decision = {.row = 21, .text = "test"};

	(void)unused;
	for (int phase = 0; phase < PHASE_MAX; phase++) {
		struct plant plant;

		plant_put(&plant, (enum phase)phase);
		plant_tick(&plant);
		plant_put(&plant, (enum phase)phase);
		plant_event(&plant, &(struct event){.kind = EVENT_START});
		plant_put(&plant, (enum phase)phase);
		plant_event(&plant, &(struct event){.kind = EVENT_DURABLE, .intent = 99});
		for (int action = 0; action < RECOVER_ACTION_MAX; action++) {
			decision.action = (uint8_t)action;
			plant_put(&plant, (enum phase)phase);
			plant_event(&plant, &(struct event){.kind = EVENT_RECOVER, .recovery = &decision});
			plant_run(&plant, 2);
		}
	}
}

static void test_every_verb_in_every_phase(void **unused)
{
	(void)unused;
	for (int phase = 0; phase < PHASE_MAX; phase++)
		for (int verb = 0; verb < VERB_MAX; verb++) {
			const struct verb_rule *rule = verb_rule((enum verb)verb, (enum phase)phase);
			struct plant plant;
			uint8_t code;

			plant_put(&plant, (enum phase)phase);
			code = plant_verb(&plant, (enum verb)verb);
			if (rule->effect == EFFECT_REFUSE)
				assert_int_equal(code, ANSWER_REFUSED);
			if (rule->effect == EFFECT_NOTHING)
				assert_int_equal(code, ANSWER_DONE);
			assert_int_not_equal(code, ANSWER_NONE);
			if (rule->effect != EFFECT_ACT) {
				assert_int_equal(plant.machine.phase, phase);
				assert_string_not_equal(rule->why, "");
				assert_string_equal(plant.actions.answer.why, rule->why);
			}
			assert_int_equal(plant_event(&plant, &(struct event){.kind = EVENT_VERB,
									     .verb = (enum verb)verb,
									     .role = ROLE_OBSERVER}),
					 ANSWER_REFUSED);
		}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static uint32_t disorder;

static void spoil_at_random(struct plant *plant)
{
	struct inputs *in = &plant->in;
	uint32_t kind = (disorder >> 4) % 16;

	in->furnace_manual = kind == 1;
	in->press_local = kind == 2;
	in->furnace_sensor_break = kind == 3;
	in->press_readback_differs = kind == 4;
	if (kind == 5)
		in->temperature_k.quality = QUALITY_BAD;
	if (kind == 6)
		in->pressure_gpa.value -= 0.3;
	if (kind == 7)
		in->temperature_k.value += 30;
	in->store_ok = kind != 8;
	in->furnace_lost = kind == 9;
	if (kind == 10)
		in->stroke_pct.value = 1;
	in->press_identity_ok = kind != 11;
}

static void random_event(struct plant *plant, uint32_t *seed)
{
	uint32_t roll = next_random(seed) % 40;

	if (roll < VERB_MAX)
		plant_verb(plant, (enum verb)roll);
	else if (roll < 14)
		plant_event(plant, &(struct event){.kind = EVENT_START});
	disorder = next_random(seed) % 3 ? 0 : next_random(seed);
	plant_run(plant, 1 + next_random(seed) % 40);
	if (next_random(seed) % 10 == 0)
		plant->temperature_k = 298 + next_random(seed) % 350;
}

/* The invariants stand in plant_event: no lowering while hot, nothing on while latched. */
static void test_random_nights(void **unused)
{
	uint32_t seed = 20261123;

	(void)unused;
	for (int night = 0; night < 40; night++) {
		struct plant plant;

		plant_put(&plant, (enum phase)(night % PHASE_MAX));
		plant.spoil = spoil_at_random;
		for (int i = 0; i < 120; i++)
			random_event(&plant, &seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_phase_and_event),
		cmocka_unit_test(test_every_verb_in_every_phase),
		cmocka_unit_test(test_random_nights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
