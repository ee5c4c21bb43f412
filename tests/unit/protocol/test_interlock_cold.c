/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A reading that fell as no cell cools proves no cold (row 1): rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "rig.h"

/* Shorted while hot and held with the heater off, it reads the room. The doubt: 600 K less a third of a
 * kelvin a second is above 308 K for 876 s, and after that it must have moved. */
static void put_shorted(struct plant *rig, double to_k)
{
	rig_put_soak(rig);
	rig->plan.cooling_k_per_s = 1.0 / 3;
	rig->plan.holdback_limit_s = FAR;
	rig_tick(rig, 1);
	rig->in.temperature_k.value = to_k;
	rig_tick(rig, 1);
	assert_int_equal(plant_verb(rig, VERB_ABORT), ANSWER_DONE);
}

static int ticks_to_release(struct plant *rig, int most)
{
	for (int tick = 1; tick <= most; tick++) {
		rig_tick(rig, 1);
		if (rig->actions.permit.granted || rig->pending_intent != 0)
			return tick;
	}
	return 0;
}

static void test_a_shorted_thermocouple_proves_no_cold(void **unused)
{
	struct plant rig;
	int ticks;

	(void)unused;
	/* It stands: never. */
	put_shorted(&rig, 296);
	assert_int_equal(ticks_to_release(&rig, 20000), 0);
	assert_int_equal(rig.machine.phase, PHASE_ABORTING);
	/* A restart proves nothing either. */
	rig_restart(&rig, RECOVER_DWELL_RELEASE);
	assert_int_equal(ticks_to_release(&rig, 5000), 0);
	/* Once it moves it is served, dwell and all: the time of the programme is over long since. */
	rig.in.temperature_k.value += 0.125;
	ticks = ticks_to_release(&rig, 5000);
	assert_true(ticks >= 60 && ticks < 70);
	/* It moves at once: the programme's cooling all the same. */
	put_shorted(&rig, 296);
	rig_tick(&rig, 1);
	rig.in.temperature_k.value -= 0.125;
	ticks = ticks_to_release(&rig, 5000);
	assert_in_range(ticks, 934, 938);
}

/* What cools, however it does, is believed: a coarse reading that stands at the end, and one that came back.
 */
static void test_what_cools_is_believed(void **unused)
{
	struct plant rig;

	(void)unused;
	put_shorted(&rig, RUN_K);
	rig.machine.private_state.heater_off = true;
	while (rig.in.temperature_k.value > 300) {
		rig.in.temperature_k.value -= 50;
		rig_tick(&rig, 1);
	}
	rig.in.temperature_k.value = 296;
	assert_in_range(ticks_to_release(&rig, 70), 58, 70);
	/* A read that lies apart, and the next that does not. */
	put_shorted(&rig, 296);
	rig.in.temperature_k.value = RUN_K;
	rig_tick(&rig, 1);
	assert_false(rig.machine.private_state.memory[MEMORY_DOUBT_K] > 0);
	/* Below T_release a jump changes nothing: it was cold. */
	put_shorted(&rig, RUN_K);
	rig.in.temperature_k.value = 308;
	rig_tick(&rig, 7);
	rig_ticks(&rig, 900, 1);
	rig.in.temperature_k.value = 250;
	rig_tick(&rig, 1);
	assert_false(rig.machine.private_state.memory[MEMORY_FELL_K] > 0);
}

/* 600 K less half a kelvin a second is no more than 308 K after 584 s, to the second; 308 K is not hot. */
static void test_a_doubt_lasts_as_long_as_the_programme(void **unused)
{
	struct plant rig;

	(void)unused;
	put_shorted(&rig, 309);
	rig.plan.cooling_k_per_s = 0.5;
	rig_tick(&rig, 1);
	rig.in.temperature_k.value = 308;
	assert_int_equal(ticks_to_release(&rig, 5000), 583 + 61);
}

/* 50 K/s, a silence counts as 2 s at most, two close reads as a tenth of a second; to the limit, and beyond.
 */
static void test_a_fall_that_is_none(void **unused)
{
	static const struct {
		double dt, fall_k;
		bool doubted;
	} cases[] = {{1, 50, false},     {1, 50.5, true},      {2, 100, false},
		     {2, 100.5, true},   {4, 100, false},      {4, 100.5, true},
		     {0.0625, 5, false}, {0.0625, 5.25, true}, {1, -100, false}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		rig_put_soak(&rig);
		rig.plan.limits.runaway_over_protocol_k = FAR;
		rig_tick(&rig, 1);
		rig.in.temperature_k.value -= cases[i].fall_k;
		rig_tick(&rig, cases[i].dt);
		assert_int_equal(rig.machine.private_state.memory[MEMORY_DOUBT_K] > 0, cases[i].doubted);
	}
}

/* It ends within 15 K of where the cell may be, and not below. */
static void test_a_doubt_ends_where_the_cell_may_be(void **unused)
{
	struct plant rig;

	(void)unused;
	for (int back = 0; back < 2; back++) {
		put_shorted(&rig, 400);
		rig.plan.cooling_k_per_s = 0.5;
		rig.in.temperature_k.value = back ? RUN_K - 15.25 : RUN_K - 15.5;
		rig_tick(&rig, 1);
		assert_int_equal(rig.machine.private_state.memory[MEMORY_DOUBT_K] > 0, !back);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_shorted_thermocouple_proves_no_cold),
		cmocka_unit_test(test_what_cools_is_believed),
		cmocka_unit_test(test_a_doubt_lasts_as_long_as_the_programme),
		cmocka_unit_test(test_a_fall_that_is_none),
		cmocka_unit_test(test_a_doubt_ends_where_the_cell_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
