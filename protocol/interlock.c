/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of interlocks and the one place that reacts to it. The checks stand in interlock_furnace.c,
 * interlock_press.c and interlock_device.c, the calorimeter's two rows in scan_interlock.c; row 35 is
 * plan_check.c. A trip stands above all; the strongest reaction of a tick wins, the first row of equals.
 */
#include "protocol/interlock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocol/interlock_rows.h"

#define IN(phase) (UINT32_C(1) << (phase))
#define SEGMENTS \
	(IN(PHASE_COMPRESS) | IN(PHASE_HEAT) | IN(PHASE_ISOTHERM) | IN(PHASE_COOL) | IN(PHASE_DECOMPRESS))
#define RUNNING (SEGMENTS | IN(PHASE_HOLD) | IN(PHASE_ABORTING))
#define GUARDED (RUNNING | IN(PHASE_TRIPPED) | IN(PHASE_RECOVERY_WAIT))

const struct interlock_row interlock_table[] = {
	{ALARM_RUNAWAY, "runaway", REACT_TRIP, GUARDED, false, check_runaway},
	{ALARM_WELDED_RELAY, "welded relay", REACT_TRIP, GUARDED, false, check_welded},
	{ALARM_NOT_HEATING, "not heating", REACT_TRIP, RUNNING, false, check_not_heating},
	{ALARM_NOT_HEATING, "lag", REACT_TRIP, RUNNING, false, check_lag},
	{ALARM_PRESSURE_LOSS, "pressure loss", REACT_TRIP, GUARDED, true, check_loss},
	{ALARM_OVER_PRESSURE, "over-pressure", REACT_SAFE_HOLD, GUARDED, true, check_over_pressure},
	{ALARM_SENSOR_BREAK, "sensor break", REACT_HEATER_OFF, GUARDED, false, check_sensor_break},
	{ALARM_SENSOR_SLIP, "slip", REACT_HEATER_OFF, RUNNING, false, check_slip},
	{ALARM_SENSOR_SLIP, "pair apart", REACT_HEATER_OFF, GUARDED, false, check_pair},
	{ALARM_FROZEN, "frozen value", REACT_HEATER_OFF, RUNNING, false, check_frozen},
	{ALARM_STALE, "stale temperature", REACT_SAFE_HOLD, GUARDED, false, check_stale_temperature},
	{ALARM_STALE, "stale pressure", REACT_SAFE_HOLD, GUARDED, true, check_stale_pressure},
	{ALARM_READBACK, "furnace read-back", REACT_HOLD, GUARDED, false, check_readback_furnace},
	{ALARM_READBACK, "press read-back", REACT_SAFE_HOLD, GUARDED, true, check_readback_press},
	{ALARM_READBACK, "contactor", REACT_HEATER_OFF, GUARDED, false, check_contactor},
	{ALARM_IDENTITY, "identity", REACT_SAFE_HOLD, GUARDED, false, check_identity},
	{ALARM_UNITS, "units", REACT_HEATER_OFF, GUARDED, false, check_units},
	{ALARM_BUS_LOST, "bus lost", REACT_ALARM, GUARDED | IN(PHASE_HANDED_OVER), false, check_bus},
	{ALARM_ADAPTER_LOST, "furnace line gone", REACT_SAFE_HOLD, GUARDED, false, check_adapter_furnace},
	{ALARM_ADAPTER_LOST, "press line gone", REACT_SAFE_HOLD, GUARDED, true, check_adapter_press},
	{ALARM_STUCK, "stuck", REACT_HOLD, RUNNING, true, check_stuck},
	{ALARM_STROKE, "stroke", REACT_HOLD, RUNNING, true, check_stroke},
	{ALARM_SECOND_MASTER, "second master", REACT_HOLD, GUARDED, false, check_second_master},
	{ALARM_MANUAL, "manual", REACT_HOLD, GUARDED, false, check_manual},
	{ALARM_HOLDBACK, "setpoint not reached", REACT_ABORT, SEGMENTS | IN(PHASE_ABORTING), false,
	 check_holdback},
	{ALARM_HOLDBACK, "end not reached", REACT_ALARM, SEGMENTS | IN(PHASE_ABORTING), false, check_end},
	{ALARM_HOLD_HOT, "held hot", REACT_ABORT, IN(PHASE_HOLD), false, check_hold_hot},
	{ALARM_RELEASE_REFUSED, "release", REACT_ALARM, RUNNING, true, check_release},
};
const size_t interlock_count = sizeof(interlock_table) / sizeof(interlock_table[0]);
_Static_assert(sizeof(interlock_table) / sizeof(interlock_table[0]) <= INTERLOCK_ROWS_MAX,
	       "machine.fired has a bit a row");

void interlock_say(char *ret_text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(ret_text, MACHINE_WHY, format, arguments);
	va_end(arguments);
}

bool interlock_held(struct step *step, enum interlock_timer timer, bool condition, double seconds)
{
	double *elapsed_s = &step->p->timer[timer];

	*elapsed_s = condition ? *elapsed_s + step->dt : 0;
	return *elapsed_s >= seconds;
}

bool interlock_held_while(struct step *step, enum interlock_timer timer, bool known, bool condition,
			  double seconds)
{
	return known && interlock_held(step, timer, condition, seconds);
}

void interlock_reset(struct machine *machine)
{
	struct machine_private *p = &machine->private_state;

	memset(p->timer, 0, sizeof(p->timer));
	memset(p->memory, 0, sizeof(p->memory));
	p->memory[MEMORY_READ_LAB_S] = p->memory[MEMORY_READ2_LAB_S] = NEVER_LAB_S;
	memset(&p->reads_k, 0, sizeof(p->reads_k));
	memset(&p->reads2_k, 0, sizeof(p->reads2_k));
	memset(&p->reads_gpa, 0, sizeof(p->reads_gpa));
	p->bad_reads = p->bad_reads2 = 0;
	p->broken2 = false;
	p->fired = 0;
}

void interlock_restart(struct machine *machine, double frozen_time_s)
{
	struct machine_private *p = &machine->private_state;
	double frozen_s = p->timer[TIMER_FROZEN], frozen_k = p->memory[MEMORY_READ_K];
	double doubt_k = p->memory[MEMORY_DOUBT_K], fell_k = p->memory[MEMORY_FELL_K];
	bool broken2 = p->broken2;

	interlock_reset(machine);
	p->memory[MEMORY_DOUBT_K] = doubt_k;
	p->memory[MEMORY_FELL_K] = fell_k;
	/* What reads upscale has not become a temperature by a restart. */
	p->broken2 = broken2;
	if (frozen_s < frozen_time_s)
		return;
	p->timer[TIMER_FROZEN] = frozen_s;
	p->memory[MEMORY_READ_K] = frozen_k;
}

const char *interlock_first_fired(const struct machine *machine)
{
	uint64_t fired = machine->private_state.fired;

	return fired ? alarm_info(interlock_table[__builtin_ctzll(fired)].alarm)->what : NULL;
}

/* In an abort what elsewhere holds only freezes it; in a hold it takes more away. */
static void soften(struct step *step, enum reaction reaction)
{
	step->p->heater_off = step->p->heater_off || reaction >= REACT_HEATER_OFF;
	step->p->safe_hold = step->p->safe_hold || reaction == REACT_SAFE_HOLD;
	if (step->m->phase != PHASE_ABORTING)
		return;
	/* The rows' own texts tell of a hold and a resume. */
	if (!step->p->frozen)
		step_note(
			step, NOTE_INFO, ALARM_NONE,
			"The abort stands: pressure locked, heater off. It goes on by itself 60 s after the "
			"hazard is gone; nothing to resume.");
	step->p->heater_off = step->p->frozen = true;
	step->p->clear_since_lab_s = NEVER_LAB_S;
}

static void hold_for(struct step *step, const struct interlock_row *row, const char *text)
{
	soften(step, row->reaction);
	/* A run that the operator or a restart already cools under pressure stays there: that is safer than a
	 * hold. */
	if (step->m->phase == PHASE_HOLD || step->m->phase == PHASE_ABORTING || step->p->stay)
		return;
	machine_hold(step, row->alarm, text);
	step_intend(step, INTENT_VERB, false, text);
}

static void react(struct step *step, const struct interlock_row *row, const char *text)
{
	uint8_t phase = step->m->phase;

	if (phase == PHASE_TRIPPED) {
		/* A new trip is told to whoever has shown his identity. */
		if (row->reaction == REACT_TRIP)
			step->p->wait_mode = WAIT_SAFE_HOLD;
		return;
	}
	if (row->reaction == REACT_TRIP) {
		machine_trip(step, row->alarm, text);
	} else if (phase == PHASE_RECOVERY_WAIT) {
		if (row->reaction == REACT_SAFE_HOLD && step->p->wait_mode == WAIT_ADOPT)
			step->p->wait_mode = WAIT_SAFE_HOLD;
	} else if (row->reaction == REACT_ABORT) {
		machine_abort(step, text);
	} else {
		hold_for(step, row, text);
	}
}

struct findings {
	uint64_t raised;                   /* alarms some row asks for */
	const struct interlock_row *worst; /* whose reaction is due */
	char text[MACHINE_WHY];
};

static void take_verdict(struct step *step, size_t index, enum verdict verdict, const char *text,
			 struct findings *findings)
{
	const struct interlock_row *row = &interlock_table[index];

	if (verdict == VERDICT_CLEAR)
		return;
	findings->raised |= UINT64_C(1) << row->alarm;
	step_raise(step, row->alarm, text);
	if (verdict != VERDICT_FIRE)
		return;
	step->p->fired |= UINT64_C(1) << index;
	if (findings->worst && findings->worst->reaction >= row->reaction)
		return;
	findings->worst = row;
	memcpy(findings->text, text, MACHINE_WHY);
}

static void clear_rest(struct step *step, uint64_t raised)
{
	uint64_t over = step->m->alarms.active & ~raised;

	for (size_t i = 0; over != 0 && i < interlock_count; i++)
		if (over & (UINT64_C(1) << interlock_table[i].alarm))
			step_clear(step, interlock_table[i].alarm);
}

void interlock_run(struct step *step)
{
	const uint32_t phase = IN(step->m->phase); /* nothing changes it before react() */
	const bool reference = step->plan->reference;
	struct findings findings = {0};
	char text[MACHINE_WHY];

	interlock_observe(step);
	step->p->fired = 0;
	for (size_t i = 0; i < interlock_count; i++) {
		const struct interlock_row *row = &interlock_table[i];

		if (!(row->phases & phase) || (row->pressure && reference))
			continue;
		text[0] = '\0';
		take_verdict(step, i, row->check(step, text), text, &findings);
	}
	clear_rest(step, findings.raised);
	if (findings.worst)
		react(step, findings.worst, findings.text);
}
