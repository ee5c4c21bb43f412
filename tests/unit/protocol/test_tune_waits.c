/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an autotune waits for at rest, what begins it anew, and how it gives up: the machine around tune.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "plant.h"

#define REST_S 30.0 /* of machine_segments.c */

static void t_stale(struct plant *plant)
{
	plant->in.temperature_k.t_lab_s -= 5;
}

static void t_off_the_soak(struct plant *plant)
{
	plant->in.temperature_k.value += 3;
}

static void t_trails(struct plant *plant)
{
	plant->in.temperature_k.value -= 6;
}

static void p_off(struct plant *plant)
{
	plant->in.pressure_gpa.value -= 0.06;
}

static void output_stale(struct plant *plant)
{
	plant->in.furnace_output_pct.t_lab_s -= 5;
}

/* The soak is served, nothing moves; P and T are where they should be. */
static void put(struct plant *plant)
{
	plant_put(plant, PHASE_ISOTHERM);
	plant->freeze_process = true;
	plant->machine.soak_s = plant->plan.isotherm_s;
	plant->plan.limits.jump_k_per_s = plant->plan.limits.loss_rate_gpa_per_s = 1e9;
	plant->plan.tune = (struct plan_tune){.present = true,
					      .amplitude_pct = 5,
					      .hysteresis_k = 0.5,
					      .ceiling_k = 650,
					      .limit_s = 120,
					      .cycles = 3};
}

/* A reading that is missing, a process that trails: the rest stands. Out of the soak's band it begins anew.
 */
static void test_what_the_rest_waits_for(void **unused)
{
	static const struct {
		void (*spoil)(struct plant *plant);
		bool anew;
	} cases[] = {{t_stale, false},
		     {t_trails, false},
		     {p_off, false},
		     {t_off_the_soak, true},
		     {output_stale, true}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant plant;

		put(&plant);
		plant_run(&plant, REST_S - 5);
		assert_int_equal(plant.machine.tune.stage, TUNE_NONE);
		plant.spoil = cases[i].spoil;
		plant_run(&plant, 1);
		plant.spoil = NULL;
		plant_run(&plant, 10);
		if ((plant.machine.tune.stage == TUNE_NONE) != cases[i].anew)
			fail_msg("case %zu: stage %d, %s", i, (int)plant.machine.tune.stage,
				 phase_name((enum phase)plant.machine.phase));
		plant_run(&plant, REST_S);
		assert_int_equal(plant.machine.tune.stage, TUNE_RUNNING);
		assert_true(plant.actions.relay);
	}
}

/* The relay lives through a reading that is missing, and not through a pressure that left its band. */
static void test_what_ends_the_relay(void **unused)
{
	struct plant plant;

	(void)unused;
	put(&plant);
	plant_run(&plant, REST_S + 5);
	assert_int_equal(plant.machine.tune.stage, TUNE_RUNNING);
	plant.spoil = t_stale;
	plant_run(&plant, 1);
	assert_int_equal(plant.machine.tune.stage, TUNE_RUNNING);
	plant.spoil = p_off;
	plant_tick(&plant);
	assert_int_equal(plant.machine.tune.stage, TUNE_NONE);
	assert_false(plant.actions.relay);
	assert_int_equal(plant.machine.phase, PHASE_ISOTHERM);
}

/* A furnace that does not answer the relay is given up on, and cooled. */
static void test_no_oscillation_is_an_abort(void **unused)
{
	struct plant plant;

	(void)unused;
	put(&plant);
	plant_run(&plant, REST_S + 110);
	assert_int_equal(plant.machine.phase, PHASE_ISOTHERM);
	assert_true(plant_run_to(&plant, PHASE_ABORTING, 15));
	assert_non_null(strstr(plant.machine.cause, "no steady oscillation in 2 min, 0 cycles seen"));
}

/* What is tuned already is not tuned again; a cold run is not tuned, and its plan is refused. */
static void test_who_is_not_tuned(void **unused)
{
	struct plan_fault faults[4];
	struct plant plant;

	(void)unused;
	put(&plant);
	plant.machine.tune.stage = TUNE_DONE;
	plant_tick(&plant);
	assert_int_equal(plant.machine.phase, PHASE_COOL);
	put(&plant);
	plant.machine.cold_run = true;
	plant_run(&plant, 70);
	assert_int_equal(plant.machine.tune.stage, TUNE_NONE);
	put(&plant);
	limits_default(&plant.plan.limits);
	assert_int_equal(plan_check(&plant.plan, 298, faults, 4), 0);
	plant.plan.temperature_k = 300;
	plant.plan.tune.ceiling_k = 305;
	assert_true(plan_check(&plant.plan, 298, faults, 4) >= 1);
	assert_string_equal(faults[0].field, "autotune");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_the_rest_waits_for),
		cmocka_unit_test(test_what_ends_the_relay),
		cmocka_unit_test(test_no_oscillation_is_an_abort),
		cmocka_unit_test(test_who_is_not_tuned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
