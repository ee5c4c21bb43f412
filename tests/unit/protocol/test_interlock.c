/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One case a row of the interlock table: a run in a fitting phase, one thing spoiled, and what must come of
 * it. A case fails when its row is taken out, and a row without a case fails the last test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "plant.h"
#include "protocol/interlock.h"

static double since; /* lab time at which the spoiling began */

static double elapsed(const struct plant *plant)
{
	return plant->now - since;
}

static void over_temperature(struct plant *plant)
{
	plant->in.temperature_k.value = 643 + 11;
}

static void runaway(struct plant *plant)
{
	plant->machine.setpoint_k = 600;
	plant->in.temperature_k.value = 620;
	plant->in.furnace_output_pct.value = 5;
}

static void welded(struct plant *plant)
{
	plant->in.temperature_k.value = 400 + elapsed(plant) * 0.05;
	plant->in.furnace_output_pct.value = 0;
}

static void not_heating(struct plant *plant)
{
	plant->in.temperature_k.value = 600 + 1e-3 * sin(plant->now);
	plant->in.furnace_output_pct.value = 80;
}

static void lagging(struct plant *plant)
{
	plant->in.temperature_k.value = 500 + 1e-3 * sin(plant->now);
	plant->in.furnace_output_pct.value = 30;
}

static void sensor_break(struct plant *plant)
{
	plant->in.furnace_sensor_break = true;
}

static void jump(struct plant *plant)
{
	if (elapsed(plant) > 5)
		plant->in.temperature_k.value -= 9;
}

static void bad_reads(struct plant *plant)
{
	if (fmod(elapsed(plant), 0.3) > 0.05) {
		plant->in.temperature_k.quality = QUALITY_BAD;
		plant->in.temperature_k.cause = CAUSE_RANGE;
	}
}

static void slip(struct plant *plant)
{
	plant->in.furnace_output_pct.value = 30;
	plant->in.temperature_k.value = fmax(643 - elapsed(plant), 615);
}

static void pair(struct plant *plant)
{
	plant->in.temperature2_k = plant->in.temperature_k;
	plant->in.temperature2_k.value -= 16;
}

static void frozen(struct plant *plant)
{
	plant->in.temperature_k.value = 643;
	plant->in.furnace_output_pct.value = 10;
}

static void stale_temperature(struct plant *plant)
{
	plant->in.temperature_k.t_lab_s = since;
}

static void stale_pressure(struct plant *plant)
{
	plant->in.pressure_gpa.t_lab_s = since;
}

static void readback_furnace(struct plant *plant)
{
	plant->in.furnace_readback_differs = true;
}

static void contactor(struct plant *plant)
{
	plant->in.furnace_contactor_open = true;
}

static void readback_press(struct plant *plant)
{
	plant->in.press_readback_differs = true;
}

static void identity(struct plant *plant)
{
	plant->in.furnace_identity_ok = false;
}

/* As the driver tells it: the values of a stranger are not taken, they grow old. */
static void stranger(struct plant *plant)
{
	plant->in.press_identity_ok = false;
	plant->in.press_stranger = true;
	plant->in.oil_bar.t_lab_s = plant->in.pressure_gpa.t_lab_s = since;
}

static void units(struct plant *plant)
{
	plant->in.units_differ = true;
}

static void bus(struct plant *plant)
{
	plant->in.oil_bar.t_lab_s = since;
}

static void adapter_furnace(struct plant *plant)
{
	plant->in.furnace_lost = true;
}

static void adapter_press(struct plant *plant)
{
	plant->in.press_lost = true;
}

static void stuck(struct plant *plant)
{
	plant->in.pressure_gpa.value = 7 - fmin(elapsed(plant) * 0.01, 0.045);
}

static void fall(struct plant *plant)
{
	plant->in.pressure_gpa.value = 7 - fmin(elapsed(plant) * 0.03, 0.09);
}

static void low(struct plant *plant)
{
	plant->in.pressure_gpa.value = 6.85;
}

static void over_pressure(struct plant *plant)
{
	plant->in.pressure_gpa.value = 7.11;
}

static void stroke(struct plant *plant)
{
	plant->in.stroke_pct.value = 4.9;
}

static void second_master(struct plant *plant)
{
	plant->in.press_second_master = true;
}

static void manual(struct plant *plant)
{
	plant->in.furnace_manual = true;
}

static void local(struct plant *plant)
{
	plant->in.press_local = true;
}

static void nothing(struct plant *plant)
{
	(void)plant;
}

static void holdback(struct plant *plant)
{
	plant->machine.holdback_s = fmax(plant->machine.holdback_s, 1799);
	plant->in.temperature_k.value = 650 + 1e-3 * sin(plant->now);
}

/* 302 K: more than 2 K above the target, within the holdback of 5 K. */
static void warm_room(struct plant *plant)
{
	plant->machine.setpoint_k = 298;
	plant->in.temperature_k.value = 302 + 1e-3 * sin(plant->now);
}

static void hot_release(struct plant *plant)
{
	plant->in.temperature_k.value = fmin(298 + 20 * elapsed(plant), 309);
}

struct expectation {
	const char *row; /* interlock_table's name */
	enum phase from;
	void (*spoil)(struct plant *plant);
	double within_s;
	enum alarm alarm;
	enum phase to;
	bool heater_off, locked;
	double start_k; /* 0: what fits the phase */
};

static const struct expectation cases[] = {
	{"runaway", PHASE_ISOTHERM, over_temperature, 1, ALARM_RUNAWAY, PHASE_TRIPPED, true, true},
	{"runaway", PHASE_ISOTHERM, runaway, 12, ALARM_RUNAWAY, PHASE_TRIPPED, true, true, 620},
	{"welded relay", PHASE_RECOVERY_WAIT, welded, 85, ALARM_WELDED_RELAY, PHASE_TRIPPED, true, true, 400},
	{"not heating", PHASE_ISOTHERM, not_heating, 122, ALARM_NOT_HEATING, PHASE_TRIPPED, true, true, 600},
	{"lag", PHASE_ISOTHERM, lagging, 15, ALARM_NOT_HEATING, PHASE_TRIPPED, true, true, 500},
	{"pressure loss", PHASE_ISOTHERM, fall, 5, ALARM_PRESSURE_LOSS, PHASE_TRIPPED, true, true},
	{"pressure loss", PHASE_ISOTHERM, low, 12, ALARM_PRESSURE_LOSS, PHASE_TRIPPED, true, true},
	{"over-pressure", PHASE_ISOTHERM, over_pressure, 1, ALARM_OVER_PRESSURE, PHASE_HOLD, true, true},
	{"sensor break", PHASE_ISOTHERM, sensor_break, 1, ALARM_SENSOR_BREAK, PHASE_HOLD, true, false},
	{"sensor break", PHASE_ISOTHERM, jump, 6, ALARM_SENSOR_BREAK, PHASE_HOLD, true, false},
	{"sensor break", PHASE_ISOTHERM, bad_reads, 2, ALARM_SENSOR_BREAK, PHASE_HOLD, true, false},
	{"slip", PHASE_ISOTHERM, slip, 35, ALARM_SENSOR_SLIP, PHASE_HOLD, true, false},
	{"pair apart", PHASE_ISOTHERM, pair, 32, ALARM_SENSOR_SLIP, PHASE_HOLD, true, false},
	{"frozen value", PHASE_ISOTHERM, frozen, 92, ALARM_FROZEN, PHASE_HOLD, true, false},
	{"stale temperature", PHASE_ISOTHERM, stale_temperature, 11, ALARM_STALE, PHASE_HOLD, true, true},
	{"stale pressure", PHASE_ISOTHERM, stale_pressure, 11, ALARM_STALE, PHASE_HOLD, true, true},
	{"furnace read-back", PHASE_ISOTHERM, readback_furnace, 1, ALARM_READBACK, PHASE_HOLD, false, false},
	{"press read-back", PHASE_ISOTHERM, readback_press, 1, ALARM_READBACK, PHASE_HOLD, true, true},
	{"contactor", PHASE_ISOTHERM, contactor, 1, ALARM_READBACK, PHASE_HOLD, true, false},
	{"identity", PHASE_HEAT, stranger, 6, ALARM_IDENTITY, PHASE_HOLD, true, true},
	{"identity", PHASE_ISOTHERM, identity, 6, ALARM_IDENTITY, PHASE_HOLD, true, true},
	{"units", PHASE_ISOTHERM, units, 1, ALARM_UNITS, PHASE_HOLD, true, false},
	{"bus lost", PHASE_ISOTHERM, bus, 6, ALARM_BUS_LOST, PHASE_ISOTHERM, false, false},
	{"furnace line gone", PHASE_ISOTHERM, adapter_furnace, 61, ALARM_ADAPTER_LOST, PHASE_HOLD, true,
	 true},
	{"press line gone", PHASE_ISOTHERM, adapter_press, 61, ALARM_ADAPTER_LOST, PHASE_HOLD, true, true},
	{"stuck", PHASE_ISOTHERM, stuck, 70, ALARM_STUCK, PHASE_HOLD, false, false},
	{"stroke", PHASE_ISOTHERM, stroke, 1, ALARM_STROKE, PHASE_HOLD, false, false},
	{"second master", PHASE_ISOTHERM, second_master, 1, ALARM_SECOND_MASTER, PHASE_HOLD, false, false},
	{"manual", PHASE_ISOTHERM, manual, 3, ALARM_MANUAL, PHASE_HOLD, false, false},
	{"manual", PHASE_ISOTHERM, local, 3, ALARM_MANUAL, PHASE_HOLD, false, false},
	{"setpoint not reached", PHASE_ISOTHERM, holdback, 5, ALARM_HOLDBACK, PHASE_ABORTING, false, false,
	 650},
	{"end not reached", PHASE_COOL, warm_room, 1802, ALARM_HOLDBACK, PHASE_COOL, true, false, 302},
	{"held hot", PHASE_HOLD, nothing, 1802, ALARM_HOLD_HOT, PHASE_ABORTING, false, false},
	{"release", PHASE_DECOMPRESS, hot_release, 1, ALARM_RELEASE_REFUSED, PHASE_DECOMPRESS, true, true},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

static void prepare(const struct expectation *c, struct plant *plant)
{
	plant_put(plant, c->from);
	if (c->start_k > 0)
		plant->temperature_k = c->start_k;
	/* A holdback band so wide that it does not freeze: what row 4's integral is for. */
	if (c->spoil == lagging)
		plant->plan.holdback_temperature_k = 1000;
	if (c->from == PHASE_DECOMPRESS)
		plant_run(plant, 70);
	plant->freeze_process = true;
	plant_tick(plant);
	since = plant->now;
	memset(plant->alarms_raised, 0, sizeof(plant->alarms_raised));
	plant->spoil = c->spoil;
}

static bool names_one(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strstr(text, *words))
			return true;
	return false;
}

/* For the operator at night: what happened with its numbers, what densd did, what to do. Nothing cut off. */
static void check_message(const char *row, const char *text)
{
	static const char *const did[] = {"eater off",           "locked",
					  "densd holds",         "densd aborts",
					  "Setpoints stand",     "Nothing is written",
					  "opens the contactor", NULL};
	static const char *const remedies[] = {"resume",        "abort",          "ack",       "Check",
					       "Inspect",       "Look at",        "Find what", "Decide at",
					       "Nothing to do", "CUT THE HEATER", NULL};

	if (strlen(text) >= MACHINE_WHY - 1 || !strpbrk(text, "0123456789"))
		fail_msg("row %s: cut off, or without a number: %s", row, text);
	if (!names_one(text, did))
		fail_msg("row %s: does not say what densd did: %s", row, text);
	if (!names_one(text, remedies))
		fail_msg("row %s: does not say what to do: %s", row, text);
}

static void run_case(const struct expectation *c)
{
	struct plant plant;
	double end;

	prepare(c, &plant);
	end = plant.now + c->within_s;
	while (plant.now < end && (plant.alarms_raised[c->alarm] == 0 || plant.machine.phase != c->to))
		plant_tick(&plant);
	if (plant.alarms_raised[c->alarm] == 0 || plant.machine.phase != c->to)
		fail_msg("row %s: alarm %u, phase %s: %s", c->row, plant.alarms_raised[c->alarm],
			 phase_name((enum phase)plant.machine.phase), plant.machine.cause);
	plant_tick(&plant);
	if (c->heater_off != (plant.actions.heat != HEAT_CONTROL))
		fail_msg("row %s: heater %d", c->row, (int)plant.actions.heat);
	if (c->locked != (plant.actions.press != PRESS_REGULATE))
		fail_msg("row %s: press %d", c->row, (int)plant.actions.press);
	assert_int_equal(plant.machine.phase, c->to);
	check_message(c->row, plant.last_text);
	assert_true(plant.machine.latched == (c->to == PHASE_TRIPPED));
}

static void test_rows(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < CASES; i++)
		run_case(&cases[i]);
}

static void test_quiet_run_fires_nothing(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_ISOTHERM);
	plant_run(&plant, 300);
	for (int i = 0; i < ALARM_MAX; i++)
		assert_int_equal(plant.alarms_raised[i], 0);
}

static void test_reference_ignores_pressure(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_ISOTHERM);
	plant.plan.reference = true;
	plant.plan.pressure_gpa = PLAN_ATM_GPA;
	since = plant.now;
	plant.spoil = low;
	plant_run(&plant, 60);
	assert_int_equal(plant.machine.phase, PHASE_ISOTHERM);
}

static void test_every_row_has_a_case(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < interlock_count; i++) {
		bool found = false;

		for (size_t j = 0; j < CASES; j++)
			found = found || strcmp(cases[j].row, interlock_table[i].name) == 0;
		if (!found)
			fail_msg("no case for row %s", interlock_table[i].name);
	}
}

static void test_trip_way_out(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_ISOTHERM);
	plant_tick(&plant);
	plant.spoil = over_temperature;
	plant_run(&plant, 1);
	assert_int_equal(plant.machine.phase, PHASE_TRIPPED);
	assert_int_equal(plant.machine.first_cause, ALARM_RUNAWAY);
	assert_int_equal(plant_verb(&plant, VERB_ABORT), ANSWER_REFUSED);
	assert_int_equal(plant_verb(&plant, VERB_RESET), ANSWER_REFUSED);
	assert_int_equal(plant_verb(&plant, VERB_ACK), ANSWER_DONE);
	assert_int_equal(plant_verb(&plant, VERB_RESET), ANSWER_REFUSED);
	plant.spoil = NULL;
	plant.temperature_k = 600;
	plant_run(&plant, 1);
	assert_int_equal(plant_verb(&plant, VERB_RESET), ANSWER_DONE);
	assert_int_equal(plant.machine.phase, PHASE_HOLD);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
	assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_REFUSED);
	assert_int_equal(plant_verb(&plant, VERB_ABORT), ANSWER_DONE);
	assert_true(plant_run_to(&plant, PHASE_DONE, 9000));
	assert_int_equal(plant.machine.outcome, OUTCOME_TRIPPED);
}

static void test_abort_freezes_and_goes_on(void **unused)
{
	struct plant plant;

	(void)unused;
	plant_put(&plant, PHASE_ISOTHERM);
	plant_tick(&plant);
	plant_verb(&plant, VERB_ABORT);
	plant_run(&plant, 5);
	plant.spoil = second_master;
	plant_run(&plant, 5);
	assert_int_equal(plant.machine.phase, PHASE_ABORTING);
	assert_int_equal(plant.actions.heat, HEAT_OFF);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
	plant.spoil = NULL;
	plant.in.press_second_master = false;
	plant_run(&plant, 55);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
	plant_run(&plant, 10);
	assert_int_equal(plant.actions.press, PRESS_REGULATE);
	assert_true(plant_run_to(&plant, PHASE_DONE, 9000));
	assert_int_equal(plant.machine.outcome, OUTCOME_ABORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_quiet_run_fires_nothing),
		cmocka_unit_test(test_reference_ignores_pressure),
		cmocka_unit_test(test_every_row_has_a_case),
		cmocka_unit_test(test_trip_way_out),
		cmocka_unit_test(test_abort_freezes_and_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
