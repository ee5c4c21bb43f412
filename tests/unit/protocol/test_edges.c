/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The edges of the interlocks that a whole case in test_interlock.c does not reach: which condition of two
 * decides, on which side of a limit, and what must not fire.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "plant.h"
#include "protocol/interlock.h"
#include "protocol/machine_step.h"

static void unidentified_furnace(struct plant *plant)
{
	plant->in.furnace_identity_ok = false;
}

static void unidentified_press(struct plant *plant)
{
	plant->in.press_identity_ok = false;
}

static void unproven_order(struct plant *plant)
{
	plant->in.order_unproven = true;
}

static void other_units(struct plant *plant)
{
	plant->in.units_differ = true;
}

static void full_store(struct plant *plant)
{
	plant->in.store_ok = false;
}

/* Hazards 11, 12, 13 and 28: none of these is armed, and the reason is said. */
static void test_preflight_waits(void **unused)
{
	static const struct {
		void (*spoil)(struct plant *plant);
		const char *words;
	} cases[] = {{unidentified_furnace, "furnace controller has not been identified"},
		     {unidentified_press, "press controller has not been identified"},
		     {unproven_order, "word order"},
		     {other_units, "units or decimals"},
		     {full_store, "journal cannot be written"}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;

		plant_init(&plant, 0, PLANT_AMBIENT_K);
		plant.spoil = cases[i].spoil;
		plant_start(&plant);
		plant_run(&plant, 60);
		assert_int_equal(plant.machine.phase, PHASE_PREFLIGHT);
		assert_non_null(strstr(plant.last_text, cases[i].words));
		plant_init(&plant, 0, PLANT_AMBIENT_K);
		plant_start(&plant);
		assert_true(plant_run_to(&plant, PHASE_COMPRESS, 60));
	}
}

/* Hazard 13: resumed only when the panel is as it was. */
static void test_changed_units_refuse_resume(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_ISOTHERM);
	plant_tick(&plant);
	plant.spoil = other_units;
	plant_run(&plant, 5);
	assert_int_equal(plant.machine.phase, PHASE_HOLD);
	assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_REFUSED);
	assert_non_null(strstr(plant.actions.answer.why, "units"));
	plant.spoil = NULL;
	plant.in.units_differ = false;
	plant_run(&plant, 5);
	assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_PENDING);
}

static void over_pressure(struct plant *plant)
{
	plant->in.pressure_gpa.value = plant->plan.limits.machine_pressure_gpa + 1;
}

static void over_temperature(struct plant *plant)
{
	plant->in.temperature_k.value = plant->plan.limits.machine_temperature_k + 1;
}

/* R1 with a latched trip: nothing is written while somebody else's hand is there, but for a new trip. */
static void test_a_latched_trip_observes_until_a_new_one(void **unused)
{
	static const struct {
		void (*spoil)(struct plant *plant);
		enum alarm alarm;
		enum press_mode press;
		enum heat_mode heat;
	} cases[] = {{over_pressure, ALARM_OVER_PRESSURE, PRESS_OBSERVE, HEAT_OBSERVE},
		     {over_temperature, ALARM_RUNAWAY, PRESS_LOCK, HEAT_OFF}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;

		plant_put(&plant, PHASE_TRIPPED);
		plant.machine.private_state.wait_mode = WAIT_TRIPPED_OBSERVE;
		plant.in.press_second_master = true;
		plant_tick(&plant);
		assert_int_equal(plant.actions.press, PRESS_OBSERVE);
		plant.spoil = cases[i].spoil;
		plant_run(&plant, 5);
		assert_int_equal(plant.machine.phase, PHASE_TRIPPED);
		assert_int_equal(plant.alarms_raised[cases[i].alarm], 1);
		assert_int_equal(plant.actions.press, cases[i].press);
		assert_int_equal(plant.actions.heat, cases[i].heat);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_preflight_waits),
		cmocka_unit_test(test_changed_units_refuse_resume),
		cmocka_unit_test(test_a_latched_trip_observes_until_a_new_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
