/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay against limit cycles whose period and amplitude have a closed form, and inside the machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "plant.h"

#define STEP_S 0.01
#define DEAD_MAX 4096

/* K/(tau s + 1), or K/s where tau is 0, behind a dead time; in deviations from the setpoint and the mean
 * output. */
struct process {
	double gain, tau_s, value_k;
	int dead, at;
	double line[DEAD_MAX];
};

static const struct plan_tune plan = {.present = true,
				      .amplitude_pct = 10,
				      .hysteresis_k = 0.5,
				      .ceiling_k = 1e3,
				      .limit_s = 3000,
				      .cycles = 5};

static double pass(struct process *process, double output)
{
	double late = process->line[process->at];

	process->line[process->at] = output;
	process->at = (process->at + 1) % process->dead;
	if (process->tau_s > 0)
		process->value_k += (process->gain * late - process->value_k) * STEP_S / process->tau_s;
	else
		process->value_k += process->gain * late * STEP_S;
	return process->value_k;
}

static enum tune_verdict tune(struct tune *tune, const struct plan_tune *with, struct process *process,
			      double noise)
{
	enum tune_verdict verdict = TUNE_GOES_ON;
	double value_k = 0;

	*tune = (struct tune){0};
	tune_rest(tune, 40, 1);
	tune_begin(tune, with, 0);
	for (long i = 1; verdict == TUNE_GOES_ON; i++) {
		value_k = pass(process, tune_output_pct(tune) - tune->bias_pct);
		verdict = tune_step(tune, with, (double)i * STEP_S,
				    500 + value_k + noise * sin((double)i * 1.7), 500);
	}
	return verdict;
}

/* Slope R = K d: amplitude e + R L, period 4 (L + e/R). */
static void an_integrator_with_dead_time(void **state)
{
	struct process process = {.gain = 0.02, .dead = 500}; /* 0.02 K/s a per cent, 5 s */
	double slope = 0.02 * 10, swing_k = 0.5 + slope * 5, period_s = 4 * (5 + 0.5 / slope);
	struct tune_result result;
	struct tune state_of;

	(void)state;
	assert_int_equal(tune(&state_of, &plan, &process, 0), TUNE_COMPLETE);
	assert_true(tune_result(&state_of, &plan, &result));
	assert_int_equal(result.cycles, 5);
	assert_true(fabs(result.period_s - period_s) < 0.01 * period_s);
	assert_true(fabs(state_of.swing_k[state_of.seen - 1] - swing_k) < 0.01 * swing_k);
	assert_true(fabs(result.gain_pct_per_k - 40 / (M_PI * sqrt(swing_k * swing_k - 0.25))) <
		    0.01 * result.gain_pct_per_k);
	assert_true(result.period_sd < 0.05 && result.gain_sd < 0.1);
}

/* Amplitude Kd - (Kd - e) exp(-L/tau); half a period L + tau ln((Kd + A) / (Kd - e)). */
static void first_order_with_dead_time(void **state)
{
	struct process process = {.gain = 0.5, .tau_s = 60, .dead = 400}; /* 4 s */
	double kd = 5, swing_k = kd - (kd - 0.5) * exp(-4.0 / 60);
	double period_s = 2 * (4 + 60 * log((kd + swing_k) / (kd - 0.5)));
	struct tune_result result;
	struct tune state_of;

	(void)state;
	assert_int_equal(tune(&state_of, &plan, &process, 0), TUNE_COMPLETE);
	assert_true(tune_result(&state_of, &plan, &result));
	assert_true(fabs(result.period_s - period_s) < 0.01 * period_s);
	assert_true(fabs(state_of.swing_k[state_of.seen - 1] - swing_k) < 0.01 * swing_k);
}

/* Noise below the hysteresis switches nothing, and the spread over the cycles says what it does. */
static void noise_below_the_hysteresis(void **state)
{
	struct process quiet = {.gain = 0.02, .dead = 500}, noisy = quiet;
	struct tune_result clean, result;
	struct tune state_of;

	(void)state;
	assert_int_equal(tune(&state_of, &plan, &quiet, 0), TUNE_COMPLETE);
	assert_true(tune_result(&state_of, &plan, &clean));
	assert_int_equal(tune(&state_of, &plan, &noisy, 0.1), TUNE_COMPLETE);
	assert_true(tune_result(&state_of, &plan, &result));
	assert_true(fabs(result.period_s - clean.period_s) < 0.1 * clean.period_s);
	assert_true(fabs(result.gain_pct_per_k - clean.gain_pct_per_k) < 0.12 * clean.gain_pct_per_k);
}

static void it_gives_up(void **state)
{
	struct process fast = {.gain = 0.02, .dead = 500}, dead = {.gain = 0.001, .tau_s = 60, .dead = 10};
	struct plan_tune low = plan, brief = plan;
	struct tune_result result;
	struct tune state_of;

	(void)state;
	low.ceiling_k = 501.2; /* the cycle's top would be 501.5 */
	assert_int_equal(tune(&state_of, &low, &fast, 0), TUNE_TOO_HOT);
	brief.limit_s = 100; /* an output that moves nothing past the hysteresis */
	assert_int_equal(tune(&state_of, &brief, &dead, 0), TUNE_NO_OSCILLATION);
	assert_false(tune_result(&state_of, &plan, &result));
}

/* One cycle about 500 K, as the relay sees it: down past the hysteresis, up past it, of @swing_k and
 * @period_s. */
static enum tune_verdict cycle(struct tune *tune, const struct plan_tune *with, double *now_s, double swing_k,
			       double period_s)
{
	enum tune_verdict verdict = tune_step(tune, with, *now_s + period_s / 2, 500 + swing_k, 500);

	if (verdict != TUNE_GOES_ON)
		return verdict;
	*now_s += period_s;
	return tune_step(tune, with, *now_s, 500 - swing_k, 500);
}

static void begin_relay(struct tune *tune, const struct plan_tune *with)
{
	*tune = (struct tune){0};
	tune_rest(tune, 40, 1);
	tune_begin(tune, with, 0);
}

/* While swing or period still change it goes on, for more cycles than are kept; then the last ones count. */
static void it_waits_until_the_cycles_are_steady(void **state)
{
	(void)state;
	for (int grows = 0; grows < 3; grows++) {
		struct tune_result result;
		struct tune state_of;
		double now_s = 0, swing_k = 1, period_s = 20;
		int same = 0;

		begin_relay(&state_of, &plan);
		for (int i = 0; i < TUNE_CYCLES_MAX + 6; i++) {
			assert_int_equal(cycle(&state_of, &plan, &now_s, swing_k, period_s), TUNE_GOES_ON);
			swing_k *= grows == 1 ? 1.0 : 1.3;
			period_s *= grows == 0 ? 1.0 : 1.2;
		}
		assert_true(state_of.seen > TUNE_CYCLES_MAX);
		state_of.started_lab_s = now_s;
		while (cycle(&state_of, &plan, &now_s, 2, 30) == TUNE_GOES_ON)
			same++;
		assert_in_range(same, 2, 5);
		begin_relay(&state_of, &plan);
		for (now_s = 0; cycle(&state_of, &plan, &now_s, 2, 30) == TUNE_GOES_ON;)
			;
		assert_true(tune_result(&state_of, &plan, &result));
		assert_float_equal(result.period_s, 30, 1e-9);
		assert_float_equal(result.period_sd, 0, 1e-9);
	}
}

/* A single cycle has no spread, so that nobody knows whether it is steady; nor are there more than are kept.
 */
static void numbers_of_cycles_that_prove_nothing(void **state)
{
	static const uint32_t cycles[] = {1, TUNE_CYCLES_MAX + 8};

	(void)state;
	for (int i = 0; i < 2; i++) {
		enum tune_verdict verdict = TUNE_GOES_ON;
		struct plan_tune with = plan;
		struct tune state_of;
		double now_s = 0;

		with.cycles = cycles[i];
		begin_relay(&state_of, &with);
		while (verdict == TUNE_GOES_ON)
			verdict = cycle(&state_of, &with, &now_s, 2, 30);
		assert_int_equal(verdict, TUNE_NO_OSCILLATION);
		assert_true(state_of.seen > TUNE_CYCLES_MAX + 10);
	}
}

/* No time at rest is no mean, and no division by it. */
static void no_rest_is_no_mean(void **state)
{
	struct tune state_of = {0};

	(void)state;
	tune_rest(&state_of, 40, 0);
	assert_float_equal(state_of.bias_pct, 0, 1e-12);
	tune_rest(&state_of, 40, 0.1);
	assert_float_equal(state_of.bias_pct, 40, 1e-9);
}

/* A sentence with numbers that no relay finds is none. */
static void what_is_no_result_is_not_read(void **state)
{
	static const struct {
		const char *text;
		bool is_one;
	} cases[] = {
		{"Autotune: ultimate gain 2 +- 0.1 %/K, period 30 +- 1 s (5 cycles)", true},
		{"Autotune: ultimate gain 0 +- 0.1 %/K, period 30 +- 1 s (5 cycles)", false},
		{"Autotune: ultimate gain 2 +- 0.1 %/K, period 0 +- 1 s (5 cycles)", false},
		{"Autotune: ultimate gain nan +- 0.1 %/K, period 30 +- 1 s (5 cycles)", false},
		{"Autotune: ultimate gain 2 +- 0.1 %/K", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tune_result result = {.cycles = 77};

		assert_int_equal(tune_read(cases[i].text, &result), cases[i].is_one);
		assert_int_equal(result.cycles, cases[i].is_one ? 5 : 77);
	}
}

/* The relay never asks for less than 0 or more than 100 %, and stays even about what holds the temperature.
 */
static void the_relay_stays_within_the_output(void **state)
{
	struct tune state_of = {0};

	(void)state;
	tune_rest(&state_of, 4, 1);
	tune_begin(&state_of, &plan, 0);
	assert_true(fabs(tune_output_pct(&state_of) - 8) < 1e-9);
	state_of.high = false;
	assert_true(fabs(tune_output_pct(&state_of)) < 1e-9);
}

static void the_rules(void **state)
{
	struct tune_result result = {.cycles = 5, .gain_pct_per_k = 10, .period_s = 10};
	struct tune_pid gentle = tune_propose(&result, TUNE_TYREUS_LUYBEN),
			quick = tune_propose(&result, TUNE_ZIEGLER_NICHOLS);
	char text[TUNE_SENTENCE];
	struct tune_result read;

	(void)state;
	assert_true(fabs(gentle.gain_pct_per_k - 4.545) < 0.001 && fabs(gentle.integral_s - 22) < 1e-9 &&
		    fabs(gentle.derivative_s - 1.587) < 0.001 && fabs(gentle.band_k - 22) < 0.001);
	assert_true(fabs(quick.gain_pct_per_k - 6) < 1e-9 && fabs(quick.integral_s - 5) < 1e-9 &&
		    fabs(quick.derivative_s - 1.25) < 1e-9);
	tune_say(&result, text);
	assert_non_null(strstr(text, "Nothing was written."));
	assert_true(tune_read(text, &read));
	assert_true(read.cycles == 5 && fabs(read.gain_pct_per_k - 10) < 1e-9 &&
		    fabs(read.period_s - 10) < 1e-9);
	assert_false(tune_read("autotune gave up: no steady oscillation", &read));
}

/* In the machine: a furnace in manual that warms with its output, a second late. */
static void begin(struct plant *bench)
{
	plant_init(bench, 0, PLANT_AMBIENT_K);
	bench->plan.reference = true;
	bench->plan.pressure_gpa = PLAN_ATM_GPA;
	bench->plan.temperature_k = 400;
	bench->plan.isotherm_s = 20;
	bench->plan.tune = plan;
	bench->plan.tune.ceiling_k = 406;
	bench->store_delay_s = 0.3;
	plant_start(bench);
}

static bool run_to_relay(struct plant *bench)
{
	for (int i = 0; i < 20000 && !bench->actions.relay; i++)
		plant_tick(bench);
	return bench->actions.relay;
}

static void the_machine_tunes_and_cools(void **state)
{
	struct plant bench;

	(void)state;
	begin(&bench);
	assert_true(run_to_relay(&bench));
	assert_int_equal(bench.machine.phase, PHASE_ISOTHERM);
	assert_int_equal(bench.actions.heat, HEAT_CONTROL);
	assert_true(plant_run_to(&bench, PHASE_COOL, 1800));
	assert_int_equal(bench.machine.tune.stage, TUNE_DONE);
	assert_false(bench.actions.relay);
	assert_true(bench.machine.peak_k < 406);
	assert_true(plant_run_to(&bench, PHASE_DONE, 7200));
	assert_int_equal(bench.machine.outcome, OUTCOME_COMPLETED);
	assert_int_equal(bench.machine.alarms.active, 0);
}

/* Nothing is switched before the intent is on disk; meanwhile the temperature is held as it was. */
static void the_relay_waits_for_its_intent(void **state)
{
	struct plant bench;

	(void)state;
	begin(&bench);
	assert_true(plant_run_to(&bench, PHASE_ISOTHERM, 3600));
	bench.auto_durable = false;
	bench.pending_intent = 0;
	for (int i = 0; i < 20000 && bench.pending_intent == 0; i++)
		plant_tick(&bench);
	plant_run(&bench, 3);
	assert_int_equal(bench.machine.tune.stage, TUNE_ASKED);
	assert_true(bench.actions.heat == HEAT_CONTROL && !bench.actions.relay);
	bench.in.store_ok = false;
	plant_run(&bench, 1);
	assert_int_equal(bench.machine.phase, PHASE_HOLD);
	assert_int_equal(bench.machine.tune.stage, TUNE_NONE);
}

/* A hold puts the controller back in automatic at its setpoint; after resume the tuning begins anew. */
static void a_hold_ends_the_relay(void **state)
{
	struct plant bench;

	(void)state;
	begin(&bench);
	assert_true(run_to_relay(&bench));
	plant_run(&bench, 20);
	plant_verb(&bench, VERB_HOLD);
	assert_true(bench.actions.heat == HEAT_CONTROL && !bench.actions.relay);
	assert_int_equal(bench.machine.tune.stage, TUNE_NONE);
	plant_run(&bench, 30);
	plant_verb(&bench, VERB_RESUME);
	assert_true(run_to_relay(&bench));
	assert_true(plant_run_to(&bench, PHASE_COOL, 1800));
}

static double last_lab_s;

static void blind(struct plant *bench)
{
	bench->in.temperature_k.t_lab_s = last_lab_s;
}

static void a_blind_relay_stays_low(void **state)
{
	struct plant bench;

	(void)state;
	begin(&bench);
	assert_true(run_to_relay(&bench));
	last_lab_s = bench.now;
	bench.spoil = blind;
	plant_run(&bench, 3);
	assert_true(bench.actions.relay);
	assert_true(bench.actions.output_pct < bench.machine.tune.bias_pct);
	plant_run(&bench, 30);
	assert_int_not_equal(bench.actions.heat, HEAT_CONTROL);
}

static void hot(struct plant *bench)
{
	bench->temperature_k += 0.5;
}

static void above_its_ceiling_the_run_is_aborted(void **state)
{
	struct plant bench;

	(void)state;
	begin(&bench);
	assert_true(run_to_relay(&bench));
	bench.spoil = hot;
	assert_true(plant_run_to(&bench, PHASE_ABORTING, 5));
	assert_false(bench.actions.relay);
	assert_non_null(strstr(bench.machine.cause, "ceiling"));
	bench.spoil = NULL;
	assert_true(plant_run_to(&bench, PHASE_DONE, 7200));
	assert_int_equal(bench.machine.outcome, OUTCOME_ABORTED);
}

static void a_plan_that_would_trip_is_refused(void **state)
{
	struct plan_fault fault;
	struct plan with;

	(void)state;
	plant_default_plan(&with);
	with.tune = plan;
	with.tune.ceiling_k = with.temperature_k + 6;
	assert_int_equal(plan_check(&with, PLANT_AMBIENT_K, &fault, 1), 0);
	with.tune.ceiling_k = with.temperature_k + with.limits.runaway_over_protocol_k;
	assert_int_equal(plan_check(&with, PLANT_AMBIENT_K, &fault, 1), 1);
	assert_string_equal(fault.field, "autotune.ceiling");
	with.tune.ceiling_k = with.temperature_k + 0.5;
	assert_int_equal(plan_check(&with, PLANT_AMBIENT_K, &fault, 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_integrator_with_dead_time),
		cmocka_unit_test(first_order_with_dead_time),
		cmocka_unit_test(noise_below_the_hysteresis),
		cmocka_unit_test(it_gives_up),
		cmocka_unit_test(it_waits_until_the_cycles_are_steady),
		cmocka_unit_test(numbers_of_cycles_that_prove_nothing),
		cmocka_unit_test(no_rest_is_no_mean),
		cmocka_unit_test(what_is_no_result_is_not_read),
		cmocka_unit_test(the_relay_stays_within_the_output),
		cmocka_unit_test(the_rules),
		cmocka_unit_test(the_machine_tunes_and_cools),
		cmocka_unit_test(the_relay_waits_for_its_intent),
		cmocka_unit_test(a_hold_ends_the_relay),
		cmocka_unit_test(a_blind_relay_stays_low),
		cmocka_unit_test(above_its_ceiling_the_run_is_aborted),
		cmocka_unit_test(a_plan_that_would_trip_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
