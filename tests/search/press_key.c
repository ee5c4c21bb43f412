/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the machine's state to its key and back. What is not here is forgotten: texts and the record (they
 * steer nothing), and the timers that are only compared with a limit (the inputs put both sides of it).
 */
#include <math.h>
#include <string.h>

#include "protocol/interlock.h"
#include "tests/search/press.h"

#define NEVER_S (-1.0)
#define K_UNITS 12.0
#define GPA_UNITS 80.0
#define FALLBACK_DWELL_TICKS 6

enum key_bit {
	BIT_LATCHED,
	BIT_COLD_RUN,
	BIT_PAUSE,
	BIT_SOAK_STARTED,
	BIT_WAITING,
	BIT_RESUME_PENDING,
	BIT_ACKNOWLEDGED,
	BIT_OFFERED,
	BIT_OFFER_ENDS,
	BIT_DECOMPRESSING,
	BIT_HEATER_OFF,
	BIT_SAFE_HOLD,
	BIT_STAY,
	BIT_WAS_TRIPPED,
	BIT_FROZEN,
	BIT_PANEL,
	BIT_FIRED,
	BIT_NO_PLAN
};

static uint32_t bit(bool on, enum key_bit at)
{
	return (uint32_t)on << at;
}

static bool has(uint32_t bits, enum key_bit at)
{
	return bits >> at & 1;
}

/* In ticks, as far as any limit looks. */
static int8_t since(const struct press_state *state, double since_s, int most_ticks)
{
	double ticks = floor((PRESS_NOW_S - since_s) / PRESS_TICK_S + 1e-6);

	if (state->no_plan)
		most_ticks = FALLBACK_DWELL_TICKS;
	return (int8_t)(since_s < 0 ? -1 : fmin(ticks, most_ticks));
}

static double when(int8_t ticks)
{
	return ticks < 0 ? NEVER_S : PRESS_NOW_S - ticks * PRESS_TICK_S;
}

static int16_t grid(double value, double units, struct search_fault *fault)
{
	double scaled = value * units, whole = nearbyint(scaled);

	if (fabs(scaled - whole) > 1e-3 || fabs(whole) > 32000)
		search_break(fault, "abstraction", "a setpoint of %.9g is not on the grid of 1/%g", value,
			     units);
	return (int16_t)whole;
}

static uint32_t machine_bits(const struct press_state *state)
{
	const struct machine *m = &state->machine;
	const struct machine_private *p = &m->private_state;

	return bit(m->latched, BIT_LATCHED) | bit(m->cold_run, BIT_COLD_RUN) |
	       bit(m->pause_pending, BIT_PAUSE) | bit(m->soak_started_lab_s >= 0, BIT_SOAK_STARTED) |
	       bit(p->waiting_intent != 0, BIT_WAITING) |
	       bit(p->verb_pending == VERB_RESUME, BIT_RESUME_PENDING) |
	       bit(p->acknowledged, BIT_ACKNOWLEDGED) | bit(p->resume_offered, BIT_OFFERED) |
	       bit(p->offer_ends, BIT_OFFER_ENDS) | bit(p->decompressing, BIT_DECOMPRESSING) |
	       bit(p->heater_off, BIT_HEATER_OFF) | bit(p->safe_hold, BIT_SAFE_HOLD) |
	       bit(p->stay, BIT_STAY) | bit(p->was_tripped, BIT_WAS_TRIPPED) | bit(p->frozen, BIT_FROZEN) |
	       bit(p->panel_has_press, BIT_PANEL) | bit(p->fired != 0, BIT_FIRED) |
	       bit(state->no_plan, BIT_NO_PLAN);
}

static void watch_key(const struct press_watch *watch, struct press_key *key)
{
	key->cold_ticks = watch->cold_ticks;
	key->rest_ticks = watch->rest_ticks;
	/* What will not be completed needs no proof for it. */
	key->soak_ticks = watch->one_way ? 0 : watch->soak_ticks;
	key->visited = watch->one_way ? 0 : watch->visited;
	key->pending = watch->pending;
	key->authority = watch->authority;
	key->watch_bits = (uint8_t)(watch->tripped | (watch->tripped && watch->acknowledged) << 1 |
				    (watch->tripped && watch->cause_here) << 2 | watch->one_way << 3 |
				    watch->reached << 4 | watch->heats << 5 | watch->regulates << 6);
}

static void drop(uint32_t *bits, enum key_bit at)
{
	*bits &= ~(UINT32_C(1) << at);
}

/* What nothing reads before it is written again. */
static void drop_dead(const struct press_state *state, struct press_key *key)
{
	const struct machine *m = &state->machine;
	const struct machine_private *p = &m->private_state;
	bool programme = m->phase >= PHASE_PREFLIGHT && m->phase <= PHASE_DECOMPRESS && !p->stay;
	bool none = m->phase == PHASE_IDLE || m->phase == PHASE_DONE;
	bool locked = m->phase == PHASE_TRIPPED || m->phase == PHASE_HANDED_OVER ||
		      (m->phase == PHASE_RECOVERY_WAIT && p->wait_mode != 2);

	if (programme || none)
		key->resume_phase = 0;
	if (none)
		key->dwell = key->rest = key->cold_ticks = key->rest_ticks = -1;
	if (none || locked || m->phase <= PHASE_PREFLIGHT)
		key->setpoint_gpa80 = 0;
	if (none || p->heater_off || m->phase <= PHASE_COMPRESS)
		key->setpoint_k12 = (int16_t)(298 * K_UNITS);
	if (m->phase != PHASE_RECOVERY_WAIT && m->phase != PHASE_TRIPPED)
		key->wait_mode = 0;
	if (m->phase != PHASE_DONE)
		key->outcome = OUTCOME_NONE;
	if (m->latched)
		return;
	/* The verbs put both sides of it. */
	drop(&key->bits, BIT_FIRED);
	drop(&key->bits, BIT_ACKNOWLEDGED);
}

/* The texts name the first cause; for the rest it is enough that there is one. */
static uint8_t some_cause(const struct machine *m)
{
	return m->latched && m->first_cause != ALARM_NONE ? ALARM_RUNAWAY : ALARM_NONE;
}

void press_key_make(const struct press_state *state, struct press_key *ret_key, struct search_fault *fault)
{
	const struct machine *m = &state->machine;
	const struct machine_private *p = &m->private_state;

	memset(ret_key, 0, sizeof(*ret_key));
	ret_key->phase = m->phase;
	ret_key->resume_phase = m->resume_phase;
	ret_key->outcome = m->outcome;
	ret_key->first_cause = some_cause(m);
	ret_key->ending = p->ending;
	ret_key->wait_mode = p->wait_mode;
	ret_key->dwell = since(state, p->dwell_since_lab_s, 1);
	ret_key->rest = since(state, p->done_since_lab_s, 1);
	ret_key->in_band = since(state, p->in_band_since_lab_s, 1);
	ret_key->soak = m->soak_s > 0;
	ret_key->setpoint_k12 = grid(m->setpoint_k, K_UNITS, fault);
	ret_key->setpoint_gpa80 = grid(m->setpoint_gpa, GPA_UNITS, fault);
	ret_key->bits = machine_bits(state);
	watch_key(&state->watch, ret_key);
	drop_dead(state, ret_key);
}

static void load_watch(const struct press_key *key, struct press_watch *watch)
{
	watch->cold_ticks = key->cold_ticks;
	watch->rest_ticks = key->rest_ticks;
	watch->soak_ticks = key->soak_ticks;
	watch->visited = key->visited;
	watch->pending = key->pending;
	watch->authority = key->authority;
	watch->heats = key->watch_bits >> 5 & 1;
	watch->regulates = key->watch_bits >> 6 & 1;
	watch->tripped = key->watch_bits & 1;
	watch->acknowledged = key->watch_bits >> 1 & 1;
	watch->cause_here = key->watch_bits >> 2 & 1;
	watch->one_way = key->watch_bits >> 3 & 1;
	watch->reached = key->watch_bits >> 4 & 1;
}

static void load_private(const struct press_key *key, struct machine_private *p)
{
	p->dwell_since_lab_s = when(key->dwell);
	p->done_since_lab_s = when(key->rest);
	p->in_band_since_lab_s = when(key->in_band);
	p->ending = key->ending;
	p->wait_mode = key->wait_mode;
	p->waiting_intent = has(key->bits, BIT_WAITING);
	p->verb_pending = has(key->bits, BIT_RESUME_PENDING) ? VERB_RESUME : VERB_MAX;
	p->acknowledged = has(key->bits, BIT_ACKNOWLEDGED);
	p->resume_offered = has(key->bits, BIT_OFFERED);
	p->offer_ends = has(key->bits, BIT_OFFER_ENDS);
	p->resume_offer_until_lab_s = PRESS_NOW_S + 1000;
	p->decompressing = has(key->bits, BIT_DECOMPRESSING);
	p->heater_off = has(key->bits, BIT_HEATER_OFF);
	p->safe_hold = has(key->bits, BIT_SAFE_HOLD);
	p->stay = has(key->bits, BIT_STAY);
	p->was_tripped = has(key->bits, BIT_WAS_TRIPPED);
	p->frozen = has(key->bits, BIT_FROZEN);
	p->panel_has_press = has(key->bits, BIT_PANEL);
	p->fired = has(key->bits, BIT_FIRED);
}

void press_key_load(const struct press_key *key, struct press_state *ret_state)
{
	struct machine *m = &ret_state->machine;

	machine_init(m, PRESS_NOW_S);
	m->phase = key->phase;
	m->resume_phase = key->resume_phase;
	m->outcome = key->outcome;
	m->first_cause = key->first_cause;
	m->soak_s = key->soak * PRESS_MOVE_S;
	m->soak_started_lab_s = has(key->bits, BIT_SOAK_STARTED) ? PRESS_NOW_S : NEVER_S;
	m->setpoint_k = key->setpoint_k12 / K_UNITS;
	m->setpoint_gpa = key->setpoint_gpa80 / GPA_UNITS;
	m->latched = has(key->bits, BIT_LATCHED);
	m->cold_run = has(key->bits, BIT_COLD_RUN);
	m->pause_pending = has(key->bits, BIT_PAUSE);
	m->next_intent = 10;
	load_private(key, &m->private_state);
	ret_state->no_plan = has(key->bits, BIT_NO_PLAN);
	load_watch(key, &ret_state->watch);
}
