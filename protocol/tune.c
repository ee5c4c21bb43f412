/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/tune.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define REST_S 60.0 /* the mean output forgets what was longer ago */
#define STEADY_SHARE 0.15
#define FULL_PCT 100.0
#define PI 3.14159265358979323846

void tune_rest(struct tune *tune, double output_pct, double dt_s)
{
	/* started_lab_s serves as the time that is in the mean, until the relay begins. */
	tune->started_lab_s = fmin(tune->started_lab_s + dt_s, REST_S);
	if (tune->started_lab_s > 0)
		tune->bias_pct += (output_pct - tune->bias_pct) * fmin(dt_s / tune->started_lab_s, 1);
}

void tune_begin(struct tune *tune, const struct plan_tune *plan, double t_lab_s)
{
	double bias_pct = fmin(fmax(tune->bias_pct, 0), FULL_PCT);

	*tune = (struct tune){.stage = TUNE_RUNNING,
			      .high = true,
			      .bias_pct = bias_pct,
			      .amplitude_pct = fmin(plan->amplitude_pct, fmin(bias_pct, FULL_PCT - bias_pct)),
			      .started_lab_s = t_lab_s,
			      .rose_lab_s = -1,
			      .most_k = -INFINITY,
			      .least_k = INFINITY};
}

static void push(double values[TUNE_CYCLES_MAX], uint32_t count, double value)
{
	if (count >= TUNE_CYCLES_MAX)
		memmove(values, values + 1, (TUNE_CYCLES_MAX - 1) * sizeof(*values));
	values[count >= TUNE_CYCLES_MAX ? TUNE_CYCLES_MAX - 1 : count] = value;
}

static void end_cycle(struct tune *tune, double t_lab_s)
{
	if (tune->rose_lab_s >= 0) {
		push(tune->period_s, tune->seen, t_lab_s - tune->rose_lab_s);
		push(tune->swing_k, tune->seen, (tune->most_k - tune->least_k) / 2);
		tune->seen++;
	}
	tune->rose_lab_s = t_lab_s;
	tune->most_k = -INFINITY;
	tune->least_k = INFINITY;
}

static void switch_relay(struct tune *tune, const struct plan_tune *plan, double t_lab_s, double error_k)
{
	if (tune->high && error_k > plan->hysteresis_k) {
		tune->high = false;
	} else if (!tune->high && error_k < -plan->hysteresis_k) {
		tune->high = true;
		end_cycle(tune, t_lab_s);
	}
}

/* The cycles that count: the last ones, without the first of all. */
static uint32_t counted(const struct tune *tune, const struct plan_tune *plan, uint32_t *ret_first)
{
	uint32_t held = tune->seen < TUNE_CYCLES_MAX ? tune->seen : TUNE_CYCLES_MAX;
	uint32_t usable = tune->seen > TUNE_FIRST_CYCLES ? tune->seen - TUNE_FIRST_CYCLES : 0;
	uint32_t count = usable < plan->cycles ? usable : plan->cycles;

	if (count > held)
		count = held;
	*ret_first = held - count;
	return count;
}

static double mean(const double *values, uint32_t count)
{
	double sum = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += values[i];
	return sum / count;
}

static double sd_of_mean(const double *values, uint32_t count)
{
	double average = mean(values, count), sum = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += (values[i] - average) * (values[i] - average);
	return count > 1 ? sqrt(sum / (count - 1) / count) : INFINITY;
}

static bool is_steady(const double *values, uint32_t count)
{
	return sd_of_mean(values, count) * sqrt(count) <= STEADY_SHARE * mean(values, count);
}

enum tune_verdict tune_step(struct tune *tune, const struct plan_tune *plan, double t_lab_s,
			    double temperature_k, double setpoint_k)
{
	uint32_t first, count;

	tune->most_k = fmax(tune->most_k, temperature_k);
	tune->least_k = fmin(tune->least_k, temperature_k);
	if (temperature_k > plan->ceiling_k)
		return TUNE_TOO_HOT;
	switch_relay(tune, plan, t_lab_s, temperature_k - setpoint_k);
	count = counted(tune, plan, &first);
	if (count >= plan->cycles && is_steady(tune->period_s + first, count) &&
	    is_steady(tune->swing_k + first, count))
		return TUNE_COMPLETE;
	return t_lab_s - tune->started_lab_s > plan->limit_s ? TUNE_NO_OSCILLATION : TUNE_GOES_ON;
}

double tune_output_pct(const struct tune *tune)
{
	return tune->bias_pct + (tune->high ? tune->amplitude_pct : -tune->amplitude_pct);
}

/* Describing function of a relay with hysteresis: -1/N(a) has the real part -pi sqrt(a^2 - e^2) / 4d. */
static double ultimate_gain(double amplitude_pct, double swing_k, double hysteresis_k)
{
	return 4 * amplitude_pct / (PI * sqrt(fmax(swing_k * swing_k - hysteresis_k * hysteresis_k, 1e-12)));
}

bool tune_result(const struct tune *tune, const struct plan_tune *plan, struct tune_result *ret_result)
{
	double gains[TUNE_CYCLES_MAX];
	uint32_t first, count = counted(tune, plan, &first);

	if (count < 2)
		return false;
	for (uint32_t i = 0; i < count; i++)
		gains[i] = ultimate_gain(tune->amplitude_pct, tune->swing_k[first + i], plan->hysteresis_k);
	*ret_result = (struct tune_result){.cycles = count,
					   .gain_pct_per_k = mean(gains, count),
					   .gain_sd = sd_of_mean(gains, count),
					   .period_s = mean(tune->period_s + first, count),
					   .period_sd = sd_of_mean(tune->period_s + first, count)};
	return true;
}

struct tune_pid tune_propose(const struct tune_result *result, enum tune_rule rule)
{
	static const struct {
		const char *name;
		double gain, integral, derivative;
	} rules[TUNE_RULE_MAX] = {
		[TUNE_TYREUS_LUYBEN] = {"Tyreus-Luyben", 1 / 2.2, 2.2, 1 / 6.3},
		[TUNE_ZIEGLER_NICHOLS] = {"Ziegler-Nichols", 0.6, 0.5, 0.125},
	};
	double gain = result->gain_pct_per_k * rules[rule].gain;

	return (struct tune_pid){.rule = rules[rule].name,
				 .gain_pct_per_k = gain,
				 .integral_s = result->period_s * rules[rule].integral,
				 .derivative_s = result->period_s * rules[rule].derivative,
				 .band_k = FULL_PCT / gain};
}

void tune_say(const struct tune_result *result, char ret_text[TUNE_SENTENCE])
{
	struct tune_pid pid = tune_propose(result, TUNE_TYREUS_LUYBEN);

	snprintf(ret_text, TUNE_SENTENCE,
		 "Autotune: ultimate gain %.3g +- %.2g %%/K, period %.4g +- %.2g s (%u cycles). Proposed by "
		 "%s: band %.4g K, integral %.4g s, derivative %.3g s. Nothing was written.",
		 result->gain_pct_per_k, result->gain_sd, result->period_s, result->period_sd, result->cycles,
		 pid.rule, pid.band_k, pid.integral_s, pid.derivative_s);
}

bool tune_read(const char *text, struct tune_result *ret_result)
{
	struct tune_result result = {0};

	if (sscanf(text, "Autotune: ultimate gain %lf +- %lf %%/K, period %lf +- %lf s (%u cycles)",
		   &result.gain_pct_per_k, &result.gain_sd, &result.period_s, &result.period_sd,
		   &result.cycles) != 5 ||
	    !(result.gain_pct_per_k > 0 && result.period_s > 0))
		return false;
	*ret_result = result;
	return true;
}
