/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows 2 to 7 and the hot hold: what the furnace and its thermocouple can do wrong. */
#include "protocol/interlock_rows.h"

#include <math.h>
#include <string.h>

#define READS_REMEMBERED 0x7
#define OUTPUT_ZERO_PCT 0.5
#define RING_BYTES ((MEMORY_RING_LAST - MEMORY_RING_K + 1) * sizeof(double))

static double temperature(const struct step *step)
{
	return step->in->temperature_k.value;
}

/* What lasts or changes is judged by this: a single read that lies apart is none. */
static double steady_k(const struct step *step)
{
	return interlock_middle(&step->p->reads_k);
}

static bool output_is(const struct step *step, double least_pct)
{
	return step_is_fresh(step, &step->in->furnace_output_pct) &&
	       step->in->furnace_output_pct.value >= least_pct;
}

static bool output_is_zero(const struct step *step)
{
	return step_is_fresh(step, &step->in->furnace_output_pct) &&
	       step->in->furnace_output_pct.value < OUTPUT_ZERO_PCT;
}

static bool is_heating(const struct step *step)
{
	return machine_heat_mode(step, step->m) == HEAT_CONTROL;
}

/* A bad read by the sensor's fault; a silent line is row 8 and 14. */
static bool is_bad_read(const struct measurement *m)
{
	return m->quality == QUALITY_BAD && (m->cause == CAUSE_SENSOR_BREAK || m->cause == CAUSE_JUMP ||
					     m->cause == CAUSE_RANGE || m->cause == CAUSE_NONE);
}

/* The hottest a cell of this protocol may be; a cold run's may still be as warm as a release allows. */
static double protocol_most_k(const struct step *step)
{
	double base_k = step->plan->temperature_k;

	if (step->m->cold_run)
		base_k = fmax(base_k, step->limits->release_temperature_k);
	return fmin(base_k + step->limits->runaway_over_protocol_k, step->limits->machine_temperature_k);
}

struct junction {
	const char *name;
	bool fresh;
	double kelvin, hottest_k;
};

/* At one read, whichever thermocouple it is: the second one is as trusted as the first. */
static bool is_too_hot(const struct step *step, const struct junction *junction, char *ret_text)
{
	double machine_k = step->limits->machine_temperature_k;

	if (!junction->fresh)
		return false;
	if (junction->kelvin > protocol_most_k(step)) {
		interlock_say(ret_text,
			      "%s at %.1f K, above its limit of %.1f K. Heater off, press locked, "
			      "tripped. Check heater and "
			      "thermocouple, then ack and reset.",
			      junction->name, junction->kelvin, protocol_most_k(step));
		return true;
	}
	if (junction->hottest_k <= machine_k)
		return false;
	interlock_say(ret_text,
		      "%s at %.1f K, perhaps %.1f K by its uncorrected reading, above the machine's "
		      "limit of %.1f K. Heater off, press locked, tripped. Check heater and thermocouple, "
		      "then ack and reset.",
		      junction->name, junction->kelvin, junction->hottest_k, machine_k);
	return true;
}

/* More than a thermocouple changes between two reads @span_s apart. */
static bool is_jump(const struct step *step, double change_k, double span_s)
{
	/* The floor keeps noise between two close reads from being a jump. */
	return fabs(change_k) > step->limits->jump_k_per_s * fmax(span_s, 0.1);
}

/*
 * A thermocouple that breaks reads upscale. The first one's controller says so; of the second one many say
 * nothing: above its limit by a jump that even the time a value stays fresh does not explain, it is broken
 * (row 5) and not hot, until it reads below its limit again. What it reads is what row 5 has not seen yet.
 */
static void judge_break2(struct step *step)
{
	const struct measurement *m = &step->in->temperature2_k;
	const double *memory = step->p->memory;
	double span_s = fmax(m->t_lab_s - memory[MEMORY_READ2_LAB_S], step->limits->fresh_age_s);

	if (!step_is_fresh(step, m))
		return;
	if (m->value <= protocol_most_k(step))
		step->p->broken2 = false;
	else if (memory[MEMORY_READ2_K] > 0)
		step->p->broken2 =
			step->p->broken2 || is_jump(step, m->value - memory[MEMORY_READ2_K], span_s);
}

enum verdict check_runaway(struct step *step, char *ret_text)
{
	const struct limits *limits = step->limits;
	const struct junction first = {"Furnace", step->t_fresh, temperature(step), step_hottest_k(step)},
			      second = {"Second thermocouple", step_is_fresh(step, &step->in->temperature2_k),
					step->in->temperature2_k.value, step_hottest2_k(step)};
	double over_k = steady_k(step) - step->m->setpoint_k;
	bool powered = output_is(step, OUTPUT_ZERO_PCT) ||
		       step->p->reads_k.slope_per_s > limits->runaway_rise_k_per_s;
	bool lasts = interlock_held_while(step, TIMER_RUNAWAY, step->t_fresh,
					  over_k > limits->runaway_band_k && powered, limits->runaway_time_s);

	judge_break2(step);
	if (is_too_hot(step, &first, ret_text) || (!step->p->broken2 && is_too_hot(step, &second, ret_text)))
		return VERDICT_FIRE;
	if (!lasts)
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "Furnace at %.1f K, %.1f K above its setpoint for %.0f s. Heater off, press locked, "
		      "tripped. Check the "
		      "controller, then ack and reset.",
		      steady_k(step), over_k, limits->runaway_time_s);
	return VERDICT_FIRE;
}

enum verdict check_welded(struct step *step, char *ret_text)
{
	double rise = step->p->reads_k.slope_per_s;
	bool heats = output_is_zero(step) && rise > step->limits->welded_rise_k_per_s;

	if (!interlock_held_while(step, TIMER_WELDED, step->t_fresh, heats, step->limits->welded_time_s))
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "CUT THE HEATER'S MAINS NOW: %.1f K and rising %.1f K/min with output 0 (relay "
		      "welded?). Contactor dropped, "
		      "press locked, tripped.",
		      temperature(step), rise * 60);
	return VERDICT_FIRE;
}

enum verdict check_not_heating(struct step *step, char *ret_text)
{
	const struct limits *limits = step->limits;
	struct machine_private *p = step->p;
	double gained_k, expected_k, elapsed_s;
	bool asks = is_heating(step) && output_is(step, limits->not_heating_output_pct) &&
		    step->m->setpoint_k - steady_k(step) >= limits->not_heating_lag_k;

	if (p->timer[TIMER_NOT_HEATING] <= 0)
		p->memory[MEMORY_HEATED_FROM_K] = steady_k(step);
	if (!interlock_held_while(step, TIMER_NOT_HEATING, step->t_fresh, asks, limits->not_heating_time_s))
		return VERDICT_CLEAR;
	elapsed_s = p->timer[TIMER_NOT_HEATING];
	gained_k = steady_k(step) - p->memory[MEMORY_HEATED_FROM_K];
	expected_k = step->plan->heating_k_per_s * elapsed_s;
	p->timer[TIMER_NOT_HEATING] = 0;
	if (gained_k >= limits->not_heating_share * expected_k)
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "Output %.0f %% for %.0f s gained %.1f K of %.1f K programmed, at %.1f K. Heater off, "
		      "press locked, tripped. "
		      "Check heater, fuses, thermocouple.",
		      step->in->furnace_output_pct.value, elapsed_s, gained_k, expected_k, steady_k(step));
	return VERDICT_FIRE;
}

/* Lag that holdback did not freeze, in K s. */
enum verdict check_lag(struct step *step, char *ret_text)
{
	double below_k = fmax(step->m->setpoint_k - step->limits->lag_band_k - temperature(step), 0);
	double *sum_k_s = &step->p->timer[TIMER_LAG];

	if (!is_heating(step) || step->m->phase == PHASE_HOLD)
		*sum_k_s = 0;
	else if (step->t_fresh && !step->m->holdback)
		*sum_k_s += below_k * step->dt;
	if (*sum_k_s <= step->limits->lag_integral_k_s)
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "Furnace lagged its programme by %.0f K s in sum, now at %.1f K for %.1f K. Heater "
		      "off, press locked, tripped. "
		      "Check the heater.",
		      *sum_k_s, temperature(step), step->m->setpoint_k);
	return VERDICT_FIRE;
}

/* One thermocouple and what row 5 remembers of it. */
struct sensor {
	const struct measurement *m;
	double *read_k, *read_lab_s; /* 0 K: none that was good */
	uint8_t *bad_reads;
};

/* Two bad reads in the last three, or a change no thermocouple can make. */
static bool reads_badly(struct step *step, const struct sensor *sensor, double *ret_jump_k)
{
	const struct measurement *m = sensor->m;
	double span_s = m->t_lab_s - *sensor->read_lab_s;
	bool known = *sensor->read_k > 0, jumped = false;

	*ret_jump_k = 0;
	if (span_s <= 0)
		return (*sensor->bad_reads & (*sensor->bad_reads - 1)) != 0;
	if (m->quality == QUALITY_GOOD && known) {
		*ret_jump_k = m->value - *sensor->read_k;
		jumped = is_jump(step, *ret_jump_k, span_s);
	}
	*sensor->bad_reads =
		(uint8_t)(((unsigned)*sensor->bad_reads << 1 | is_bad_read(m)) & READS_REMEMBERED);
	*sensor->read_lab_s = m->t_lab_s;
	if (m->quality == QUALITY_GOOD)
		*sensor->read_k = m->value;
	return jumped || (*sensor->bad_reads & (*sensor->bad_reads - 1)) != 0;
}

/*
 * A second counts as one, and where the setpoint is ahead, and the furnace's dead time over in which no
 * reading can answer yet, as many as the output is above slip_output_pct: what is heated hard and does not
 * move at all may take no more energy than slowly, found after the full time.
 */
static double frozen_weight(const struct step *step)
{
	double output_pct = step->in->furnace_output_pct.value;
	bool ahead = step->m->setpoint_k - temperature(step) >= step->limits->not_heating_lag_k;

	return ahead && step->p->timer[TIMER_STANDS] > step->limits->furnace_dead_time_s &&
			       output_is(step, step->limits->slip_output_pct)
		       ? output_pct / step->limits->slip_output_pct
		       : 1;
}

/* Once found frozen only another value ends it: a heater that is off, or silence, proves nothing. */
static void count_frozen(struct step *step, bool same, bool answers)
{
	double *frozen_s = &step->p->timer[TIMER_FROZEN], *stands_s = &step->p->timer[TIMER_STANDS];
	bool found = *frozen_s >= step->limits->frozen_time_s;
	bool read = answers && step->in->temperature_k.quality == QUALITY_GOOD, counts;

	if (found && !read)
		return;
	counts = same && answers && (found || output_is(step, step->limits->frozen_output_pct));
	*stands_s = counts ? *stands_s + step->dt : 0;
	*frozen_s = counts ? *frozen_s + step->dt * frozen_weight(step) : 0;
}

static enum verdict check_break2(struct step *step, char *ret_text)
{
	const struct measurement *m = &step->in->temperature2_k;
	double *memory = step->p->memory, jump_k;
	const struct sensor second = {m, memory + MEMORY_READ2_K, memory + MEMORY_READ2_LAB_S,
				      &step->p->bad_reads2};

	if (!reads_badly(step, &second, &jump_k) && !step->p->broken2)
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "Second thermocouple %s (%.1f K, jump %.1f K; the first one reads %.1f K). Heater off, "
		      "pressure held. Repair it and resume, abort, or hand over.",
		      m->cause == CAUSE_SENSOR_BREAK ? "reported broken" : "reads badly", m->value, jump_k,
		      temperature(step));
	return VERDICT_FIRE;
}

enum verdict check_sensor_break(struct step *step, char *ret_text)
{
	const struct measurement *m = &step->in->temperature_k;
	double *memory = step->p->memory;
	const struct sensor first = {m, memory + MEMORY_READ_K, memory + MEMORY_READ_LAB_S,
				     &step->p->bad_reads};
	bool answers = step->now - m->t_lab_s <= step->limits->fresh_age_s;
	/* Before the other reads: row 7 compares with the value this replaces. */
	bool same = m->quality == QUALITY_GOOD && m->value <= memory[MEMORY_READ_K] &&
		    m->value >= memory[MEMORY_READ_K];
	enum verdict second = check_break2(step, ret_text);
	double jump_k;
	bool bad = reads_badly(step, &first, &jump_k);

	count_frozen(step, same, answers);
	if (!bad && !(answers && step->in->furnace_sensor_break))
		return second;
	interlock_say(ret_text,
		      "Thermocouple %s (last good %.1f K, jump %.1f K). Heater off, pressure held. Repair it "
		      "and resume, abort, or "
		      "hand over.",
		      step->in->furnace_sensor_break ? "reported broken" : "reads badly",
		      step->m->last_good_k, jump_k);
	return VERDICT_FIRE;
}

static double ring_most_k(const struct step *step)
{
	const double *ring = &step->p->memory[MEMORY_RING_K];

	return fmax(fmax(ring[0], ring[1]), fmax(ring[2], ring[3]));
}

/* Watches the last slip_time_s through four values a third of it apart; 0 is none. */
enum verdict check_slip(struct step *step, char *ret_text)
{
	const struct limits *limits = step->limits;
	double *ring = &step->p->memory[MEMORY_RING_K], *previous_k = &step->p->memory[MEMORY_SETPOINT_K],
	       fall_k;
	bool watched = output_is(step, limits->slip_output_pct) && step->m->setpoint_k >= *previous_k;

	if (!step->t_fresh)
		return VERDICT_CLEAR;
	*previous_k = step->m->setpoint_k;
	if (!watched) {
		memset(ring, 0, RING_BYTES);
		step->p->timer[TIMER_SLIP_RING] = 0;
		return VERDICT_CLEAR;
	}
	if (ring[0] <= 0 || interlock_held(step, TIMER_SLIP_RING, true, limits->slip_time_s / 3)) {
		step->p->timer[TIMER_SLIP_RING] = 0;
		memmove(ring + 1, ring, RING_BYTES - sizeof(*ring));
		ring[0] = steady_k(step);
	}
	fall_k = ring_most_k(step) - steady_k(step);
	if (fall_k <= limits->slip_fall_k)
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "Temperature fell %.1f K within %.0f s to %.1f K at output %.0f %% (thermocouple "
		      "slipped or shorted?). Heater "
		      "off, pressure held. Check it, then resume or abort.",
		      fall_k, limits->slip_time_s, steady_k(step), step->in->furnace_output_pct.value);
	return VERDICT_FIRE;
}

enum verdict check_pair(struct step *step, char *ret_text)
{
	const struct measurement *second = &step->in->temperature2_k;
	double steady2_k = interlock_middle(&step->p->reads2_k), apart_k = fabs(steady_k(step) - steady2_k);
	bool known = step->t_fresh && step_is_fresh(step, second);

	if (!interlock_held_while(step, TIMER_PAIR, known, apart_k > step->limits->pair_difference_k,
				  step->limits->pair_time_s))
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "Two thermocouples read %.1f K and %.1f K for %.0f s. Heater off, pressure held. Find "
		      "the wrong one, then resume "
		      "or abort.",
		      steady_k(step), steady2_k, step->limits->pair_time_s);
	return VERDICT_FIRE;
}

/* Its timer runs in check_sensor_break, which sees each read against the one before. */
enum verdict check_frozen(struct step *step, char *ret_text)
{
	double elapsed_s = step->p->timer[TIMER_FROZEN];
	const struct limits *limits = step->limits;

	/* What is not read any more is stale. */
	if (elapsed_s < limits->frozen_time_s ||
	    step->now - step->in->temperature_k.t_lab_s > limits->fresh_age_s)
		return VERDICT_CLEAR;
	interlock_say(
		ret_text,
		"Temperature exactly %.2f K for the heat of %.0f s at output %.0f %%. Heater off %.0f s "
		"after that, pressure held. Restart the controller; once it reads another value, resume, or "
		"hand over.",
		temperature(step), elapsed_s, step->in->furnace_output_pct.value, limits->frozen_grace_s);
	return elapsed_s < limits->frozen_time_s + limits->frozen_grace_s ? VERDICT_WARN : VERDICT_FIRE;
}

enum verdict check_hold_hot(struct step *step, char *ret_text)
{
	double since = step->p->hold_hot_since_lab_s;

	if (since < 0 || step->now - since < step->limits->hot_hold_limit_s)
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "Held hot for %.0f min (last good %.1f K). densd aborts: it cools under pressure and "
		      "releases when cold. Nothing "
		      "to do.",
		      (step->now - since) / 60, step->m->last_good_k);
	return VERDICT_FIRE;
}
