/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of several interlocks at once, and of one more in a hold, an abort, a recovery, at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "protocol/interlock.h"
#include "protocol/interlock_rows.h"
#include "spoil.h"

/* The strongest reaction of a tick wins, of equals the first row; each alarm is raised all the same. */
static void several(struct plant *rig, void (*const *spoils)(struct plant *rig))
{
	spoil_put(rig, PHASE_ISOTHERM);
	spoil_tick(rig, 1);
	for (int i = 0; spoils[i]; i++)
		spoils[i](rig);
	plant_event(rig, &(struct event){.kind = EVENT_TICK});
}

static void test_the_strongest_wins(void **unused)
{
	static const struct {
		void (*spoils[4])(struct plant *rig);
		enum phase phase;
		enum alarm alarm, other;
	} cases[] = {
		{{spoil_other_units, spoil_breaks, NULL}, PHASE_HOLD, ALARM_SENSOR_BREAK, ALARM_UNITS},
		{{spoil_furnace_differs, spoil_other_master, NULL},
		 PHASE_HOLD,
		 ALARM_READBACK,
		 ALARM_SECOND_MASTER},
		{{spoil_furnace_differs, spoil_other_units, NULL}, PHASE_HOLD, ALARM_UNITS, ALARM_READBACK},
		{{spoil_breaks, spoil_over, NULL}, PHASE_HOLD, ALARM_OVER_PRESSURE, ALARM_SENSOR_BREAK},
		{{spoil_other_master, spoil_over, spoil_hotter, NULL},
		 PHASE_TRIPPED,
		 ALARM_RUNAWAY,
		 ALARM_OVER_PRESSURE},
		{{spoil_empty, spoil_waits_too_long, NULL}, PHASE_ABORTING, ALARM_HOLDBACK, ALARM_STROKE},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		several(&rig, cases[i].spoils);
		assert_int_equal(rig.machine.phase, cases[i].phase);
		if (cases[i].phase == PHASE_HOLD)
			assert_int_equal(rig.machine.hold_alarm, cases[i].alarm);
		if (cases[i].phase == PHASE_TRIPPED)
			assert_int_equal(rig.machine.first_cause, cases[i].alarm);
		assert_true(rig.machine.alarms.active & (UINT64_C(1) << cases[i].alarm));
		assert_true(rig.machine.alarms.active & (UINT64_C(1) << cases[i].other));
		assert_non_null(interlock_first_fired(&rig.machine));
	}
}

static void test_first_fired_is_named(void **unused)
{
	struct plant rig;

	(void)unused;
	spoil_put(&rig, PHASE_ISOTHERM);
	spoil_tick(&rig, 1);
	assert_null(interlock_first_fired(&rig.machine));
	rig.spoil = spoil_other_master;
	spoil_tick(&rig, 1);
	assert_string_equal(interlock_first_fired(&rig.machine), alarm_info(ALARM_SECOND_MASTER)->what);
	rig.in.press_readback_differs = true;
	spoil_tick(&rig, 1);
	assert_string_equal(interlock_first_fired(&rig.machine), alarm_info(ALARM_READBACK)->what);
	/* What is over demands nothing and is cleared, and nothing else is. */
	rig.spoil = NULL;
	rig.in.furnace_second_master = false;
	spoil_tick(&rig, 1);
	assert_false(rig.machine.alarms.active & (UINT64_C(1) << ALARM_SECOND_MASTER));
	assert_true(rig.machine.alarms.active & (UINT64_C(1) << ALARM_READBACK));
	rig.in.press_readback_differs = false;
	spoil_tick(&rig, 1);
	assert_null(interlock_first_fired(&rig.machine));
	/* A warning demands nothing. */
	rig.in.press_lost = true;
	spoil_tick(&rig, 1);
	assert_true(rig.machine.alarms.active & (UINT64_C(1) << ALARM_BUS_LOST));
	assert_null(interlock_first_fired(&rig.machine));
}

/* In a hold a further hazard takes more away and gives nothing back; the cause of the hold stays. */
static void test_a_hold_takes_more_away(void **unused)
{
	static const struct {
		void (*spoil)(struct plant *rig);
		enum heat_mode heat;
		enum press_mode press;
	} cases[] = {{spoil_empty, HEAT_CONTROL, PRESS_REGULATE},
		     {spoil_breaks, HEAT_OFF, PRESS_REGULATE},
		     {spoil_over, HEAT_OFF, PRESS_LOCK}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		spoil_put(&rig, PHASE_ISOTHERM);
		spoil_tick(&rig, 1);
		plant_verb(&rig, VERB_HOLD);
		cases[i].spoil(&rig);
		plant_event(&rig, &(struct event){.kind = EVENT_TICK});
		assert_int_equal(rig.machine.phase, PHASE_HOLD);
		assert_int_equal(rig.machine.hold_alarm, ALARM_NONE);
		assert_int_equal(rig.actions.heat, cases[i].heat);
		assert_int_equal(rig.actions.press, cases[i].press);
		assert_int_equal(rig.actions.intent.number, 0);
		rig.in.stroke_pct.value = 60;
		rig.in.furnace_sensor_break = false;
		rig.in.pressure_gpa.value = 7;
		spoil_tick(&rig, 1);
		assert_int_equal(rig.actions.heat, cases[i].heat);
		assert_int_equal(rig.actions.press, cases[i].press);
	}
}

/* The weaker hazard that comes after the stronger gives nothing back. */
static void test_a_weaker_hazard_gives_nothing_back(void **unused)
{
	struct plant rig;

	(void)unused;
	spoil_put(&rig, PHASE_ISOTHERM);
	spoil_tick(&rig, 1);
	rig.spoil = spoil_over;
	spoil_tick(&rig, 1);
	rig.spoil = NULL;
	rig.in.pressure_gpa.value = 7;
	rig.plan.limits.loss_rate_gpa_per_s = 1; /* the fall is none here */
	spoil_tick(&rig, 1);
	rig.spoil = spoil_empty;
	spoil_tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_HOLD);
	assert_int_equal(rig.actions.heat, HEAT_OFF);
	assert_int_equal(rig.actions.press, PRESS_LOCK);
}

/* A hazard that holds a running programme is written down after it acted. */
static void test_a_hold_is_journaled_after(void **unused)
{
	struct plant rig;

	(void)unused;
	spoil_put(&rig, PHASE_ISOTHERM);
	spoil_tick(&rig, 1);
	rig.spoil = spoil_breaks;
	spoil_tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_HOLD);
	assert_int_equal(rig.actions.intent.kind, INTENT_VERB);
	assert_false(rig.actions.intent.before);
	assert_non_null(strstr(rig.actions.intent.text, "Thermocouple"));
}

/* An abort freezes for any hazard that elsewhere holds, and counts its minute from the last of them. */
static void test_an_abort_freezes(void **unused)
{
	struct plant rig;

	(void)unused;
	spoil_put(&rig, PHASE_ISOTHERM);
	spoil_tick(&rig, 1);
	plant_verb(&rig, VERB_ABORT);
	spoil_tick(&rig, 1);
	assert_int_equal(rig.actions.press, PRESS_REGULATE);
	rig.in.stroke_pct.value = 1;
	spoil_tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_ABORTING);
	assert_int_equal(rig.actions.heat, HEAT_OFF);
	assert_int_equal(rig.actions.press, PRESS_LOCK);
	rig.in.stroke_pct.value = 60;
	for (int i = 0; i < 40; i++)
		spoil_tick(&rig, 1);
	rig.in.stroke_pct.value = 1;
	spoil_tick(&rig, 1);
	rig.in.stroke_pct.value = 60;
	for (int i = 0; i < 60; i++) {
		spoil_tick(&rig, 1);
		assert_int_equal(rig.actions.press, PRESS_LOCK);
	}
	spoil_tick(&rig, 1);
	assert_int_equal(rig.actions.press, PRESS_REGULATE);
	assert_int_equal(rig.actions.heat, HEAT_OFF);
}

/* A run that cools under pressure already stays there: a hold would be less safe. */
static void test_a_stay_is_not_held(void **unused)
{
	struct plant rig;

	(void)unused;
	spoil_put(&rig, PHASE_ISOTHERM);
	spoil_tick(&rig, 1);
	plant_verb(&rig, VERB_COOL);
	spoil_tick(&rig, 1);
	rig.spoil = spoil_over;
	spoil_tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_COOL);
	assert_int_equal(rig.actions.press, PRESS_LOCK);
	rig.spoil = spoil_hotter;
	spoil_tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_TRIPPED);
}

/* RECOVERY_WAIT: what asks for S-HOLD locks a press that was only adopted; a weaker demand, and one where
 * nothing may be written, change nothing. */
static void test_recovery_wait(void **unused)
{
	static const struct {
		enum wait_mode before, after;
		void (*spoil)(struct plant *rig);
	} cases[] = {{WAIT_ADOPT, WAIT_SAFE_HOLD, spoil_over},
		     {WAIT_ADOPT, WAIT_ADOPT, spoil_breaks},
		     {WAIT_ADOPT, WAIT_ADOPT, spoil_empty},
		     {WAIT_OBSERVE, WAIT_OBSERVE, spoil_over},
		     {WAIT_SAFE_HOLD, WAIT_SAFE_HOLD, spoil_over}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		spoil_put(&rig, PHASE_RECOVERY_WAIT);
		rig.machine.private_state.wait_mode = (uint8_t)cases[i].before;
		spoil_tick(&rig, 1);
		rig.spoil = cases[i].spoil;
		spoil_tick(&rig, 1);
		assert_int_equal(rig.machine.phase, PHASE_RECOVERY_WAIT);
		assert_int_equal(rig.machine.private_state.wait_mode, cases[i].after);
	}
}

/* Tripped or handed over: alarms go on, reactions do not; the first cause stays. */
static void test_no_reaction_after_the_end(void **unused)
{
	struct plant rig;

	(void)unused;
	spoil_put(&rig, PHASE_ISOTHERM);
	spoil_tick(&rig, 1);
	rig.spoil = spoil_hotter;
	spoil_tick(&rig, 1);
	assert_int_equal(rig.machine.first_cause, ALARM_RUNAWAY);
	rig.spoil = spoil_breaks;
	spoil_tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_TRIPPED);
	assert_int_equal(rig.machine.first_cause, ALARM_RUNAWAY);
	assert_true(rig.machine.alarms.active & (UINT64_C(1) << ALARM_SENSOR_BREAK));
	spoil_put(&rig, PHASE_HANDED_OVER);
	rig.spoil = spoil_press_gone;
	spoil_tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_HANDED_OVER);
	assert_true(rig.machine.alarms.active & (UINT64_C(1) << ALARM_BUS_LOST));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_strongest_wins),
		cmocka_unit_test(test_first_fired_is_named),
		cmocka_unit_test(test_a_hold_takes_more_away),
		cmocka_unit_test(test_a_weaker_hazard_gives_nothing_back),
		cmocka_unit_test(test_a_hold_is_journaled_after),
		cmocka_unit_test(test_an_abort_freezes),
		cmocka_unit_test(test_a_stay_is_not_held),
		cmocka_unit_test(test_recovery_wait),
		cmocka_unit_test(test_no_reaction_after_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
