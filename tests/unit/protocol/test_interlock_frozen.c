/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Row 7 from both sides of each limit, and a value that was found frozen: rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "rig.h"

/* Row 7: 60 s the same at an output of 5 %, then 30 s of grace. The read at lab time 0 is the first. */
static void put_frozen(struct plant *rig, double output_pct)
{
	rig_put_soak(rig);
	rig->in.furnace_output_pct.value = output_pct;
}

static void test_frozen(void **unused)
{
	struct plant rig;

	(void)unused;
	put_frozen(&rig, 5);
	rig_ticks(&rig, 29, 2);
	assert_false(rig_raised(&rig, ALARM_FROZEN));
	rig_tick(&rig, 2);
	assert_true(rig_raised(&rig, ALARM_FROZEN));
	rig_ticks(&rig, 14, 2);
	assert_false(rig_fired(&rig, "frozen value"));
	assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
	rig_tick(&rig, 2);
	assert_true(rig_fired(&rig, "frozen value"));
	/* The heater is off and the value stands: it proves nothing, least of all that the cell is cold. */
	rig.in.furnace_output_pct.value = 0;
	rig_ticks(&rig, 100, 2);
	assert_true(rig_fired(&rig, "frozen value"));
	rig.in.temperature_k.quality = QUALITY_BAD;
	rig.in.temperature_k.cause = CAUSE_TIMEOUT;
	rig_tick(&rig, 2);
	rig.in.temperature_k.quality = QUALITY_GOOD;
	rig_tick(&rig, 2);
	assert_true(rig_fired(&rig, "frozen value"));
	rig.in.temperature_k.value += 0.125;
	rig_tick(&rig, 2);
	assert_false(rig_fired(&rig, "frozen value"));
	put_frozen(&rig, 4.5);
	rig_ticks(&rig, 100, 2);
	assert_false(rig_raised(&rig, ALARM_FROZEN));
	/* A change, an output that is not fresh, or a silent line begins it again. */
	for (int what = 0; what < 4; what++) {
		put_frozen(&rig, 10);
		rig_ticks(&rig, 28, 2);
		rig.in.temperature_k.value += what == 0 ? 0.125 : what == 1 ? -0.125 : 0;
		rig.in.furnace_output_pct.quality = what == 2 ? QUALITY_BAD : QUALITY_GOOD;
		rig.in.temperature_k.quality = what == 3 ? QUALITY_BAD : QUALITY_GOOD;
		rig.in.temperature_k.cause = CAUSE_TIMEOUT;
		rig_tick(&rig, 2);
		rig.in.furnace_output_pct.quality = rig.in.temperature_k.quality = QUALITY_GOOD;
		rig_ticks(&rig, 29, 2);
		assert_false(rig_raised(&rig, ALARM_FROZEN));
		rig_tick(&rig, 2);
		assert_true(rig_raised(&rig, ALARM_FROZEN));
	}
	/* A value that is not read any more is stale, not frozen: after 2 s it no longer counts. */
	put_frozen(&rig, 10);
	rig_ticks(&rig, 29, 2);
	rig_stop_reading(&rig, rig.now);
	rig_tick(&rig, 2);
	assert_true(rig_raised(&rig, ALARM_FROZEN));
	rig_tick(&rig, 0.5);
	assert_false(rig_raised(&rig, ALARM_FROZEN));
}

/* A thermocouple frozen at cold, its setpoint 3 K ahead: by 100 % it is found five times as soon as by 20 %,
 * so that the furnace has taken the same energy. Where no heat is asked for, by nothing but time. */
static void test_frozen_is_found_by_the_energy(void **unused)
{
	static const struct {
		double ahead_k, output_pct, found_s;
	} cases[] = {{3, 100, 12}, {3, 40, 30}, {3, 20, 60}, {3, 10, 60}, {2.75, 100, 60}, {-3, 100, 60}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;
		int ticks = (int)(cases[i].found_s * 4 + 0.5);

		put_frozen(&rig, cases[i].output_pct);
		rig.plan.holdback_temperature_k = 1; /* the setpoint stands */
		rig.machine.setpoint_k = rig.in.temperature_k.value + cases[i].ahead_k;
		rig_ticks(&rig, ticks - 1, 0.25);
		assert_false(rig_raised(&rig, ALARM_FROZEN));
		rig_tick(&rig, 0.25);
		assert_true(rig_raised(&rig, ALARM_FROZEN));
		rig_ticks(&rig, ticks / 2 - 1, 0.25);
		assert_false(rig_fired(&rig, "frozen value"));
		rig_tick(&rig, 0.25);
		assert_true(rig_fired(&rig, "frozen value"));
		assert_int_not_equal(rig.actions.heat, HEAT_CONTROL);
	}
}

/* A slow furnace whose site says so: nothing can answer in its dead time, in which a second counts as one.
 * What is frozen is found later by no more than that. */
static void test_frozen_on_a_slow_furnace(void **unused)
{
	static const struct {
		double dead_s, output_pct, found_s, fires_s;
	} cases[] = {{0, 100, 12, 18}, {30, 100, 36, 42}, {29.75, 100, 36, 42},
		     {30, 40, 45, 60}, {30, 10, 60, 90},  {60, 100, 60, 66}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		put_frozen(&rig, cases[i].output_pct);
		rig.plan.limits.furnace_dead_time_s = cases[i].dead_s;
		rig.plan.holdback_temperature_k = 1; /* the setpoint stands */
		rig.machine.setpoint_k = rig.in.temperature_k.value + 3;
		rig_ticks(&rig, (int)(cases[i].found_s * 4) - 1, 0.25);
		assert_false(rig_raised(&rig, ALARM_FROZEN));
		rig_tick(&rig, 0.25);
		assert_true(rig_raised(&rig, ALARM_FROZEN));
		rig_ticks(&rig, (int)((cases[i].fires_s - cases[i].found_s) * 4) - 1, 0.25);
		assert_false(rig_fired(&rig, "frozen value"));
		rig_tick(&rig, 0.25);
		assert_true(rig_fired(&rig, "frozen value"));
	}
}

/* Its ordinary run: 3 K of proportional band, 30 s in which the reading stands at full output, then it moves.
 * Not declared it is held; declared nobody is told anything, however often it stands. */
static void test_an_ordinary_slow_furnace_is_not_held(void **unused)
{
	(void)unused;
	for (int declared = 0; declared < 2; declared++) {
		struct plant rig;

		put_frozen(&rig, 100);
		rig.plan.limits.furnace_dead_time_s = declared ? 30 : 0;
		rig.plan.holdback_temperature_k = 1;
		for (int stand = 0; stand < 3 && rig.machine.phase == PHASE_ISOTHERM; stand++) {
			rig.machine.setpoint_k = rig.in.temperature_k.value + 3;
			rig_ticks(&rig, 120, 0.25);
			rig.in.temperature_k.value += 0.125;
			rig_tick(&rig, 0.25);
		}
		assert_int_equal(rig.machine.phase, declared ? PHASE_ISOTHERM : PHASE_HOLD);
		assert_int_equal(rig.alarms_raised[ALARM_FROZEN], !declared);
	}
}

/* Found at exactly 60 s it is found: only another value that is read now ends it, and until then no output
 * counts. */
static void test_frozen_is_ended_by_another_value_alone(void **unused)
{
	struct plant rig;

	(void)unused;
	put_frozen(&rig, 5);
	rig_ticks(&rig, 30, 2);
	rig.in.furnace_output_pct.value = 0;
	rig_ticks(&rig, 15, 2);
	assert_true(rig_fired(&rig, "frozen value"));
	/* Silence, and a last value that has grown old, end nothing. */
	rig_stop_reading(&rig, rig.now);
	rig_ticks(&rig, 5, 2);
	rig.spoil = NULL;
	rig_tick(&rig, 2);
	assert_true(rig_fired(&rig, "frozen value"));
	/* Before it is found, silence begins the time again. */
	put_frozen(&rig, 5);
	rig_ticks(&rig, 28, 2);
	rig_stop_reading(&rig, rig.now);
	rig_ticks(&rig, 2, 2);
	rig.spoil = NULL;
	rig_ticks(&rig, 29, 2);
	assert_false(rig_raised(&rig, ALARM_FROZEN));
}

/* A restart forgets timers, but not that a value proved nothing: an abort would release on it. */
static void test_frozen_outlives_a_restart(void **unused)
{
	struct plant rig;

	(void)unused;
	put_frozen(&rig, 5);
	rig_ticks(&rig, 50, 2);
	assert_true(rig_fired(&rig, "frozen value"));
	rig.in.furnace_output_pct.value = 0;
	rig_restart(&rig, RECOVER_HOLD);
	rig_tick(&rig, 2);
	assert_true(rig_fired(&rig, "frozen value"));
	rig.in.temperature_k.value -= 0.125;
	rig_tick(&rig, 2);
	assert_false(rig_fired(&rig, "frozen value"));
	/* What was found in the very last tick was found. */
	put_frozen(&rig, 5);
	rig_ticks(&rig, 30, 2);
	rig_restart(&rig, RECOVER_HOLD);
	rig_tick(&rig, 2);
	assert_true(rig_raised(&rig, ALARM_FROZEN));
	/* What had not been found yet begins again. */
	put_frozen(&rig, 5);
	rig_ticks(&rig, 29, 2);
	rig_restart(&rig, RECOVER_HOLD);
	rig_ticks(&rig, 29, 2);
	assert_false(rig_raised(&rig, ALARM_FROZEN));
}

static void test_no_release_on_what_was_frozen_before_a_restart(void **unused)
{
	struct plant rig;

	(void)unused;
	put_frozen(&rig, 5);
	rig.in.temperature_k.value = 296;
	rig_ticks(&rig, 60, 2);
	rig.in.furnace_output_pct.value = 0;
	rig_restart(&rig, RECOVER_HOLD);
	assert_int_equal(plant_verb(&rig, VERB_ABORT), ANSWER_DONE);
	for (int i = 0; i < 3600; i++) {
		rig_tick(&rig, 2);
		assert_int_equal(rig.pending_intent, 0);
		assert_false(rig.actions.permit.granted);
	}
	assert_int_equal(rig.machine.phase, PHASE_ABORTING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frozen),
		cmocka_unit_test(test_frozen_is_found_by_the_energy),
		cmocka_unit_test(test_frozen_on_a_slow_furnace),
		cmocka_unit_test(test_an_ordinary_slow_furnace_is_not_held),
		cmocka_unit_test(test_frozen_is_ended_by_another_value_alone),
		cmocka_unit_test(test_frozen_outlives_a_restart),
		cmocka_unit_test(test_no_release_on_what_was_frozen_before_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
