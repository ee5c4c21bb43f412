/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Furnace and press against the figures densd is measured by, and the PLC against its map. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/tune.h"
#include "tools/densim/laboratory.h"

static struct laboratory lab;

static void run_s(double duration_s)
{
	for (long i = lround(duration_s / LABORATORY_STEP_S); i > 0; i--)
		laboratory_step(&lab);
}

static int set_up(void **state)
{
	(void)state;
	laboratory_init(&lab, 1, 7, true);
	return 0;
}

/* Streams a 20 K/min ramp at 10 Hz; the rms of the error after the first minute. */
static double ramp_rms_k(double to_k)
{
	double setpoint_k = lab.furnace.setpoint_k, sum = 0;
	int count = 0;
	for (int tick = 0; setpoint_k < to_k; tick++) {
		setpoint_k = fmin(setpoint_k + 20.0 / 600, to_k);
		lab.furnace.setpoint_k = setpoint_k;
		run_s(0.1);
		if (tick > 600) {
			sum += pow(lab.furnace.measured_k - setpoint_k, 2);
			count++;
		}
	}
	return sqrt(sum / count);
}

/* A relay autotune of the plant at @at_k, as densd's machine makes it. */
static struct tune_result autotune(double at_k)
{
	const struct plan_tune plan = {.present = true,
				       .amplitude_pct = 10,
				       .hysteresis_k = 0.5,
				       .ceiling_k = at_k + 6,
				       .limit_s = 1800,
				       .cycles = 5};
	struct tune tune = {0};
	struct tune_result result;
	enum tune_verdict verdict = TUNE_GOES_ON;

	lab.furnace.setpoint_k = at_k;
	run_s(900);
	for (int i = 0; i < 600; i++) {
		run_s(0.1);
		tune_rest(&tune, lab.furnace.output_pct, 0.1);
	}
	tune_begin(&tune, &plan, 0);
	lab.furnace.manual = true;
	for (int i = 1; verdict == TUNE_GOES_ON; i++) {
		lab.furnace.manual_pct = tune_output_pct(&tune);
		run_s(0.1);
		verdict = tune_step(&tune, &plan, i * 0.1, lab.furnace.measured_k, at_k);
	}
	assert_int_equal(verdict, TUNE_COMPLETE);
	assert_true(tune_result(&tune, &plan, &result));
	return result;
}

static double rms_with(double gain_pct_per_k, double integral_s, double derivative_s)
{
	laboratory_init(&lab, 1, 7, true);
	lab.press.heater_enable = true;
	lab.furnace.setpoint_k = 298.15;
	lab.furnace.gain_pct_per_k = gain_pct_per_k;
	lab.furnace.integral_s = integral_s;
	lab.furnace.derivative_s = derivative_s;
	run_s(300);
	return ramp_rms_k(643);
}

/* What a tuning proposes, typed in, tracks the ramp within the goal, and better than gains nobody tuned. */
static void test_an_autotune_proposes_gains_that_track(void **state)
{
	struct tune_result result;
	struct tune_pid gentle, quick;
	double untuned_k, gentle_k, quick_k, own_k;

	(void)state;
	lab.press.heater_enable = true;
	result = autotune(500);
	gentle = tune_propose(&result, TUNE_TYREUS_LUYBEN);
	quick = tune_propose(&result, TUNE_ZIEGLER_NICHOLS);
	untuned_k = rms_with(1, 60, 0);
	own_k = rms_with(4, 20, 1.2);
	gentle_k = rms_with(gentle.gain_pct_per_k, gentle.integral_s, gentle.derivative_s);
	quick_k = rms_with(quick.gain_pct_per_k, quick.integral_s, quick.derivative_s);
	printf("Ku %.2f +- %.2f %%/K, Pu %.2f +- %.2f s; ramp rms: untuned %.3f K, shipped %.3f K, %s %.3f "
	       "K, %s %.3f K\n",
	       result.gain_pct_per_k, result.gain_sd, result.period_s, result.period_sd, untuned_k, own_k,
	       gentle.rule, gentle_k, quick.rule, quick_k);
	assert_true(gentle_k < 0.5 && gentle_k < untuned_k / 2);
	assert_true(quick_k <= own_k);
}

static void test_furnace_tracks_and_does_not_overshoot(void **state)
{
	(void)state;
	lab.press.heater_enable = true;
	lab.furnace.setpoint_k = 298.15;
	run_s(300);
	double rms_k = ramp_rms_k(643), highest_k = 0;
	assert_true(rms_k <= 0.5);
	for (int i = 0; i < 6000; i++) {
		run_s(0.1);
		highest_k = fmax(highest_k, lab.furnace.measured_k);
	}
	assert_true(highest_k - 643 <= 2);
	assert_true(fabs(lab.furnace.cell_k - 643) < 0.2);
}

static void test_cooling_trails_near_ambient(void **state)
{
	(void)state;
	laboratory_begin_at(&lab, LABORATORY_DECOMPRESS);
	assert_true(lab.furnace.cell_k < 305 && lab.furnace.cell_k > FURNACE_AMBIENT_K);
	laboratory_init(&lab, 1, 7, true);
	laboratory_begin_at(&lab, LABORATORY_HEAT);
	lab.furnace.setpoint_k = 298.15;
	while (lab.furnace.cell_k > 302)
		laboratory_step(&lab);
	double before_k = lab.furnace.cell_k;
	run_s(10);
	double rate_k_per_s = (before_k - lab.furnace.cell_k) / 10;
	assert_true(rate_k_per_s > 0.005 && rate_k_per_s < 20.0 / 60);
}

static void test_contactor_cuts_the_heater(void **state)
{
	(void)state;
	lab.furnace.setpoint_k = 500;
	run_s(120);
	assert_true(lab.furnace.cell_k < FURNACE_AMBIENT_K + 0.5);
	assert_true(lab.furnace.output_pct > 99);
}

static void test_press_follows_its_branches(void **state)
{
	(void)state;
	press_plant_request(&lab.press, 1, PRESS_PLANT_REGULATE, 1000, 1.43F, 0);
	run_s(1000 / 1.43 + 20);
	assert_true(fabs(lab.press.oil_bar - 1000) < 1);
	assert_true(fabs(lab.press.sample_gpa - 3.5) < 0.01);
	press_plant_request(&lab.press, 2, PRESS_PLANT_REGULATE, 990, 1.43F, 0);
	run_s(30);
	assert_true(fabs(lab.press.sample_gpa - 3.5) < 0.01);
	press_plant_request(&lab.press, 3, PRESS_PLANT_REGULATE, 500, 1.43F, 0);
	run_s(400);
	assert_true(fabs(lab.press.sample_gpa - press_plant_unloading_gpa(500)) < 0.01);
	press_plant_request(&lab.press, 4, PRESS_PLANT_REGULATE, 0, 1.43F, 0);
	run_s(400);
	assert_true(press_plant_status(&lab.press) & 1 << 3);
	assert_true(fabs(press_plant_unloading_gpa(1000) / press_plant_loading_gpa(1000) - 1.06) < 1e-9);
}

static void test_watchdog_opens_and_locks(void **state)
{
	(void)state;
	press_plant_request(&lab.press, 1, PRESS_PLANT_REGULATE, 100, 2, 10);
	lab.press.heater_enable = true;
	run_s(9.5);
	assert_true(press_plant_contactor(&lab.press));
	press_plant_request(&lab.press, 2, PRESS_PLANT_REGULATE, 100, 2, 10);
	run_s(9.5);
	assert_true(press_plant_contactor(&lab.press));
	run_s(1);
	assert_false(press_plant_contactor(&lab.press));
	uint16_t status = press_plant_status(&lab.press);
	assert_true(status & 1 << 0 && status & 1 << 6);
	press_plant_request(&lab.press, 3, PRESS_PLANT_REGULATE, 100, 2, 10);
	assert_int_equal(lab.press.mode_active, PRESS_PLANT_LOCK);
	press_plant_reset(&lab.press);
	press_plant_request(&lab.press, 4, PRESS_PLANT_REGULATE, 100, 2, 10);
	assert_int_equal(lab.press.mode_active, PRESS_PLANT_REGULATE);
}

static void test_watchdog_waits_longer_when_time_is_scaled(void **state)
{
	(void)state;
	laboratory_init(&lab, 120, 7, true);
	press_plant_request(&lab.press, 1, PRESS_PLANT_REGULATE, 100, 2, 10);
	run_s(29);
	assert_false(lab.press.watchdog_tripped);
	run_s(2);
	assert_true(lab.press.watchdog_tripped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_an_autotune_proposes_gains_that_track, set_up),
		cmocka_unit_test_setup(test_furnace_tracks_and_does_not_overshoot, set_up),
		cmocka_unit_test_setup(test_cooling_trails_near_ambient, set_up),
		cmocka_unit_test_setup(test_contactor_cuts_the_heater, set_up),
		cmocka_unit_test_setup(test_press_follows_its_branches, set_up),
		cmocka_unit_test_setup(test_watchdog_opens_and_locks, set_up),
		cmocka_unit_test_setup(test_watchdog_waits_longer_when_time_is_scaled, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
