/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of interlocks as hazards.md section 2 wants it: in which phases each row watches and whether it
 * does so in a 1 atm run; and what becomes of several at once, in a hold, in an abort, in a recovery.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "plant.h"
#include "protocol/interlock.h"
#include "protocol/interlock_rows.h"

#define FAR 1e9
#define IN(phase) (1u << (phase))
#define CLIMBS (IN(PHASE_COMPRESS) | IN(PHASE_HEAT) | IN(PHASE_ISOTHERM))
#define PROGRAMME (CLIMBS | IN(PHASE_COOL) | IN(PHASE_DECOMPRESS))
#define MOVES (PROGRAMME | IN(PHASE_HOLD) | IN(PHASE_ABORTING))
#define LOADED (MOVES | IN(PHASE_TRIPPED) | IN(PHASE_RECOVERY_WAIT))
#define HEATED (IN(PHASE_HEAT) | IN(PHASE_ISOTHERM) | IN(PHASE_COOL) | IN(PHASE_ABORTING))

static void hotter(struct plant *rig)
{
	rig->in.temperature_k.value = 700;
}

static void rises_at_zero(struct plant *rig)
{
	rig->in.furnace_output_pct.value = 0;
	rig->in.temperature_k.value = 300 + rig->now * 0.1;
}

static void does_not_heat(struct plant *rig)
{
	rig->machine.setpoint_k = 600;
	rig->in.temperature_k.value = 500;
	rig->in.furnace_output_pct.value = 90;
}

static void drops(struct plant *rig)
{
	rig->in.pressure_gpa.value = 7 - rig->now;
}

static void over(struct plant *rig)
{
	rig->in.pressure_gpa.value = 7.4;
}

static void breaks(struct plant *rig)
{
	rig->in.furnace_sensor_break = true;
}

static void slips(struct plant *rig)
{
	rig->machine.setpoint_k = 600;
	rig->in.furnace_output_pct.value = 50;
	rig->in.temperature_k.value = 600 - 10 * rig->now;
}

static void apart(struct plant *rig)
{
	rig->in.temperature2_k = rig->in.temperature_k;
	rig->in.temperature2_k.value += 50;
}

static void freezes(struct plant *rig)
{
	rig->in.furnace_output_pct.value = 50;
	rig->in.temperature_k.value = 600;
}

static void no_temperature(struct plant *rig)
{
	rig->in.temperature_k.t_lab_s = 0;
}

static void no_pressure(struct plant *rig)
{
	rig->in.pressure_gpa.t_lab_s = 0;
}

static void no_oil(struct plant *rig)
{
	rig->in.oil_bar.t_lab_s = 0;
}

static void furnace_differs(struct plant *rig)
{
	rig->in.furnace_readback_differs = true;
}

static void contactor_opens(struct plant *rig)
{
	rig->in.furnace_contactor_open = true;
}

static void press_differs(struct plant *rig)
{
	rig->in.press_readback_differs = true;
}

static void other_furnace(struct plant *rig)
{
	rig->in.furnace_identity_ok = false;
}

static void other_units(struct plant *rig)
{
	rig->in.units_differ = true;
}

static void furnace_gone(struct plant *rig)
{
	rig->in.furnace_lost = true;
}

static void press_gone(struct plant *rig)
{
	rig->in.press_lost = true;
}

static void sticks(struct plant *rig)
{
	rig->machine.setpoint_gpa = 7.5;
	rig->in.pressure_gpa.value = 7;
}

static void empty(struct plant *rig)
{
	rig->in.stroke_pct.value = 1;
}

static void other_master(struct plant *rig)
{
	rig->in.furnace_second_master = true;
}

static void local(struct plant *rig)
{
	rig->in.press_local = true;
}

static void waits_too_long(struct plant *rig)
{
	rig->machine.holdback_s = 4000;
}

static void waits_for_its_end(struct plant *rig)
{
	rig->plan.holdback_limit_s = 4;
	rig->machine.cold_run = true;
	rig->machine.soak_s = 1e6;
	rig->machine.private_state.heater_off = true;
	rig->machine.setpoint_gpa = 0;
	rig->in.temperature_k.value = 400;
}

static void held_hot(struct plant *rig)
{
	rig->machine.private_state.hold_hot_since_lab_s = 0;
	rig->plan.limits.hot_hold_limit_s = 1;
}

static void warm_release(struct plant *rig)
{
	rig->machine.private_state.decompressing = true;
	rig->machine.private_state.waiting_intent = 0;
	rig->in.temperature_k.value = 340;
}

/* What a row needs: the limits that are not put out of the way for it, its trigger, and where it must act. */
struct wanted {
	const char *row;
	void (*spoil)(struct plant *rig);
	int ticks; /* of 2 s */
	unsigned phases;
	bool at_1_atm;
	const char *limits[6];
};

static const struct wanted wanted[] = {
	{"runaway", hotter, 2, LOADED, true, {"runaway_over_protocol_k", "machine_temperature_k"}},
	{"welded relay", rises_at_zero, 40, LOADED, true, {"welded_rise_k_per_s", "welded_time_s"}},
	{"not heating",
	 does_not_heat,
	 70,
	 HEATED | IN(PHASE_HOLD),
	 true,
	 {"not_heating_output_pct", "not_heating_time_s", "not_heating_lag_k", "not_heating_share"}},
	{"lag", does_not_heat, 9, HEATED, true, {"lag_band_k", "lag_integral_k_s"}},
	{"pressure loss", drops, 3, LOADED, false, {"loss_rate_gpa_per_s"}},
	{"over-pressure", over, 2, LOADED, false, {"over_pressure_gpa", "machine_pressure_gpa"}},
	{"sensor break", breaks, 2, LOADED, true, {NULL}},
	{"slip", slips, 4, MOVES, true, {"slip_fall_k", "slip_time_s", "slip_output_pct"}},
	{"pair apart", apart, 20, LOADED, true, {"pair_difference_k", "pair_time_s"}},
	{"frozen value", freezes, 50, MOVES, true, {"frozen_time_s", "frozen_output_pct", "frozen_grace_s"}},
	{"stale temperature", no_temperature, 8, LOADED, true, {"fresh_age_s", "stale_hold_s"}},
	{"stale pressure", no_pressure, 8, LOADED, false, {"fresh_age_s", "stale_hold_s"}},
	{"furnace read-back", furnace_differs, 2, LOADED, true, {NULL}},
	{"press read-back", press_differs, 2, LOADED, false, {NULL}},
	{"contactor", contactor_opens, 2, IN(PHASE_HEAT) | IN(PHASE_ISOTHERM) | IN(PHASE_HOLD), true, {NULL}},
	{"identity", other_furnace, 5, LOADED, true, {"bus_lost_s"}},
	{"units", other_units, 2, LOADED, true, {NULL}},
	{"bus lost", no_oil, 5, LOADED | IN(PHASE_HANDED_OVER), true, {"bus_lost_s"}},
	{"furnace line gone", furnace_gone, 40, LOADED, true, {"reopen_limit_s"}},
	{"press line gone", press_gone, 40, LOADED, false, {"reopen_limit_s"}},
	{"stuck",
	 sticks,
	 40,
	 MOVES & ~IN(PHASE_DECOMPRESS),
	 false,
	 {"stuck_error_gpa", "stuck_time_s", "stuck_move_gpa"}},
	{"stroke", empty, 2, MOVES, false, {"stroke_reserve_pct"}},
	{"second master", other_master, 2, LOADED, true, {NULL}},
	{"manual", local, 4, LOADED, true, {"fresh_age_s"}},
	{"setpoint not reached", waits_too_long, 2, PROGRAMME | IN(PHASE_ABORTING), true, {NULL}},
	{"end not reached",
	 waits_for_its_end,
	 5,
	 IN(PHASE_ISOTHERM) | IN(PHASE_COOL) | IN(PHASE_DECOMPRESS) | IN(PHASE_ABORTING),
	 true,
	 {NULL}},
	{"held hot", held_hot, 2, IN(PHASE_HOLD), true, {NULL}},
	{"release", warm_release, 2, IN(PHASE_DECOMPRESS) | IN(PHASE_ABORTING), false, {"release_dwell_s"}},
};
#define WANTED (sizeof(wanted) / sizeof(wanted[0]))

/* Every other row out of the way. */
static void keep_limits(struct plan *plan, const char *const *names)
{
	struct limits defaults;

	plan->holdback_temperature_k = FAR;
	limits_default(&defaults);
	for (size_t i = 0; i < LIMITS_COUNT; i++)
		limits_set(&plan->limits, &limits_table[i], limits_table[i].safer == SAFER_HIGHER ? 0 : FAR);
	plan->limits.release_temperature_k = defaults.release_temperature_k;
	for (int i = 0; i < 6 && names[i]; i++)
		limits_set(&plan->limits, limits_find(names[i]),
			   limits_get(&defaults, limits_find(names[i])));
}

static void put(struct plant *rig, enum phase phase)
{
	plant_put(rig, phase);
	rig->now = 0;
	machine_init(&rig->machine, 0);
	rig->machine.resume_phase = PHASE_ISOTHERM;
	rig->machine.setpoint_k = 600;
	rig->machine.setpoint_gpa = 7;
	rig->machine.private_state.resume_offered = true;
	rig->machine.private_state.wait_mode = WAIT_ADOPT;
	rig->plan.temperature_k = 600;
	rig->in.temperature_k.value = 600;
	rig->in.press_depressurised = false;
	rig->in.furnace_output_pct.value = 0;
	rig->machine.phase = (uint8_t)phase;
	rig->machine.latched = phase == PHASE_TRIPPED;
}

static void read_all(struct plant *rig)
{
	struct inputs *in = &rig->in;

	in->temperature_k.t_lab_s = in->furnace_output_pct.t_lab_s = in->furnace_setpoint_k.t_lab_s =
		rig->now;
	in->pressure_gpa.t_lab_s = in->pressure_setpoint_gpa.t_lab_s = in->oil_bar.t_lab_s = rig->now;
	in->stroke_pct.t_lab_s = in->temperature2_k.t_lab_s = in->ambient_k.t_lab_s = rig->now;
}

static void tick(struct plant *rig, double dt)
{
	rig->now += dt;
	read_all(rig);
	if (rig->spoil)
		rig->spoil(rig);
	plant_event(rig, &(struct event){.kind = EVENT_TICK});
}

static size_t index_of(const char *name)
{
	for (size_t i = 0; i < interlock_count; i++)
		if (strcmp(interlock_table[i].name, name) == 0)
			return i;
	fail_msg("no row %s", name);
	return 0;
}

static bool speaks(const struct plant *rig, size_t row)
{
	bool demands = rig->machine.private_state.fired & (UINT64_C(1) << row);
	bool warns = rig->machine.alarms.active & (UINT64_C(1) << interlock_table[row].alarm);

	enum reaction reaction = interlock_table[row].reaction;

	return demands || (warns && (reaction == REACT_ALARM || reaction == REACT_ABORT));
}

/* The phase stands as the test put it until the row speaks. */
static bool speaks_in(const struct wanted *want, enum phase phase, bool reference)
{
	size_t row = index_of(want->row);
	struct plant rig;

	put(&rig, phase);
	keep_limits(&rig.plan, want->limits);
	if (reference)
		rig.plan.reference = true;
	rig.spoil = want->spoil;
	for (int i = 0; i < want->ticks; i++) {
		tick(&rig, 2);
		if (speaks(&rig, row))
			return true;
		rig.machine.phase = (uint8_t)phase;
		rig.machine.private_state.waiting_intent = 0;
	}
	return false;
}

static void test_phases_of_each_row(void **unused)
{
	(void)unused;
	assert_int_equal(interlock_count, WANTED);
	for (size_t i = 0; i < WANTED; i++)
		for (int phase = 0; phase < PHASE_MAX; phase++)
			if (speaks_in(&wanted[i], (enum phase)phase, false) !=
			    !!(wanted[i].phases & IN(phase)))
				fail_msg("%s in %s", wanted[i].row, phase_name((enum phase)phase));
}

static void test_rows_of_a_1_atm_run(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < WANTED; i++) {
		enum phase phase = strcmp(wanted[i].row, "release") == 0    ? PHASE_ABORTING
				   : strcmp(wanted[i].row, "held hot") == 0 ? PHASE_HOLD
									    : PHASE_ISOTHERM;

		if (speaks_in(&wanted[i], phase, true) != wanted[i].at_1_atm)
			fail_msg("%s at 1 atm", wanted[i].row);
	}
}

/* The strongest reaction of a tick wins, of equals the first row; each alarm is raised all the same. */
static void several(struct plant *rig, void (*const *spoils)(struct plant *rig))
{
	put(rig, PHASE_ISOTHERM);
	tick(rig, 1);
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
		{{other_units, breaks, NULL}, PHASE_HOLD, ALARM_SENSOR_BREAK, ALARM_UNITS},
		{{furnace_differs, other_master, NULL}, PHASE_HOLD, ALARM_READBACK, ALARM_SECOND_MASTER},
		{{furnace_differs, other_units, NULL}, PHASE_HOLD, ALARM_UNITS, ALARM_READBACK},
		{{breaks, over, NULL}, PHASE_HOLD, ALARM_OVER_PRESSURE, ALARM_SENSOR_BREAK},
		{{other_master, over, hotter, NULL}, PHASE_TRIPPED, ALARM_RUNAWAY, ALARM_OVER_PRESSURE},
		{{empty, waits_too_long, NULL}, PHASE_ABORTING, ALARM_HOLDBACK, ALARM_STROKE},
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
	put(&rig, PHASE_ISOTHERM);
	tick(&rig, 1);
	assert_null(interlock_first_fired(&rig.machine));
	rig.spoil = other_master;
	tick(&rig, 1);
	assert_string_equal(interlock_first_fired(&rig.machine), alarm_info(ALARM_SECOND_MASTER)->what);
	rig.in.press_readback_differs = true;
	tick(&rig, 1);
	assert_string_equal(interlock_first_fired(&rig.machine), alarm_info(ALARM_READBACK)->what);
	/* What is over demands nothing and is cleared, and nothing else is. */
	rig.spoil = NULL;
	rig.in.furnace_second_master = false;
	tick(&rig, 1);
	assert_false(rig.machine.alarms.active & (UINT64_C(1) << ALARM_SECOND_MASTER));
	assert_true(rig.machine.alarms.active & (UINT64_C(1) << ALARM_READBACK));
	rig.in.press_readback_differs = false;
	tick(&rig, 1);
	assert_null(interlock_first_fired(&rig.machine));
	/* A warning demands nothing. */
	rig.in.press_lost = true;
	tick(&rig, 1);
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
	} cases[] = {{empty, HEAT_CONTROL, PRESS_REGULATE},
		     {breaks, HEAT_OFF, PRESS_REGULATE},
		     {over, HEAT_OFF, PRESS_LOCK}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		put(&rig, PHASE_ISOTHERM);
		tick(&rig, 1);
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
		tick(&rig, 1);
		assert_int_equal(rig.actions.heat, cases[i].heat);
		assert_int_equal(rig.actions.press, cases[i].press);
	}
}

/* The weaker hazard that comes after the stronger gives nothing back. */
static void test_a_weaker_hazard_gives_nothing_back(void **unused)
{
	struct plant rig;

	(void)unused;
	put(&rig, PHASE_ISOTHERM);
	tick(&rig, 1);
	rig.spoil = over;
	tick(&rig, 1);
	rig.spoil = NULL;
	rig.in.pressure_gpa.value = 7;
	rig.plan.limits.loss_rate_gpa_per_s = 1; /* the fall is none here */
	tick(&rig, 1);
	rig.spoil = empty;
	tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_HOLD);
	assert_int_equal(rig.actions.heat, HEAT_OFF);
	assert_int_equal(rig.actions.press, PRESS_LOCK);
}

/* A hazard that holds a running programme is written down after it acted. */
static void test_a_hold_is_journaled_after(void **unused)
{
	struct plant rig;

	(void)unused;
	put(&rig, PHASE_ISOTHERM);
	tick(&rig, 1);
	rig.spoil = breaks;
	tick(&rig, 1);
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
	put(&rig, PHASE_ISOTHERM);
	tick(&rig, 1);
	plant_verb(&rig, VERB_ABORT);
	tick(&rig, 1);
	assert_int_equal(rig.actions.press, PRESS_REGULATE);
	rig.in.stroke_pct.value = 1;
	tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_ABORTING);
	assert_int_equal(rig.actions.heat, HEAT_OFF);
	assert_int_equal(rig.actions.press, PRESS_LOCK);
	rig.in.stroke_pct.value = 60;
	for (int i = 0; i < 40; i++)
		tick(&rig, 1);
	rig.in.stroke_pct.value = 1;
	tick(&rig, 1);
	rig.in.stroke_pct.value = 60;
	for (int i = 0; i < 60; i++) {
		tick(&rig, 1);
		assert_int_equal(rig.actions.press, PRESS_LOCK);
	}
	tick(&rig, 1);
	assert_int_equal(rig.actions.press, PRESS_REGULATE);
	assert_int_equal(rig.actions.heat, HEAT_OFF);
}

/* A run that cools under pressure already stays there: a hold would be less safe. */
static void test_a_stay_is_not_held(void **unused)
{
	struct plant rig;

	(void)unused;
	put(&rig, PHASE_ISOTHERM);
	tick(&rig, 1);
	plant_verb(&rig, VERB_COOL);
	tick(&rig, 1);
	rig.spoil = over;
	tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_COOL);
	assert_int_equal(rig.actions.press, PRESS_LOCK);
	rig.spoil = hotter;
	tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_TRIPPED);
}

static void assert_stay_is_off(const struct plant *rig)
{
	const struct machine_private *p = &rig->machine.private_state;

	assert_true(!p->stay || p->heater_off);
	if (p->stay)
		assert_int_not_equal(rig->actions.heat, HEAT_CONTROL);
}

/* hold_for asks for `stay` alone: whatever row speaks, who stays under pressure has the heater off, and no
 * row gives it back. */
static void test_who_stays_has_the_heater_off(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < WANTED; i++) {
		struct plant rig;

		put(&rig, PHASE_ISOTHERM);
		keep_limits(&rig.plan, wanted[i].limits);
		tick(&rig, 1);
		assert_int_equal(plant_verb(&rig, VERB_COOL), ANSWER_DONE);
		assert_true(rig.machine.private_state.stay);
		rig.spoil = wanted[i].spoil;
		for (int n = 0; n < wanted[i].ticks; n++) {
			tick(&rig, 2);
			assert_stay_is_off(&rig);
		}
		if (!rig.machine.private_state.stay && rig.machine.phase != PHASE_TRIPPED)
			fail_msg("%s: %s", wanted[i].row, phase_name((enum phase)rig.machine.phase));
	}
}

/* RECOVERY_WAIT: what asks for S-HOLD locks a press that was only adopted; a weaker demand, and one where
 * nothing may be written, change nothing. */
static void test_recovery_wait(void **unused)
{
	static const struct {
		enum wait_mode before, after;
		void (*spoil)(struct plant *rig);
	} cases[] = {{WAIT_ADOPT, WAIT_SAFE_HOLD, over},
		     {WAIT_ADOPT, WAIT_ADOPT, breaks},
		     {WAIT_ADOPT, WAIT_ADOPT, empty},
		     {WAIT_OBSERVE, WAIT_OBSERVE, over},
		     {WAIT_SAFE_HOLD, WAIT_SAFE_HOLD, over}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		put(&rig, PHASE_RECOVERY_WAIT);
		rig.machine.private_state.wait_mode = (uint8_t)cases[i].before;
		tick(&rig, 1);
		rig.spoil = cases[i].spoil;
		tick(&rig, 1);
		assert_int_equal(rig.machine.phase, PHASE_RECOVERY_WAIT);
		assert_int_equal(rig.machine.private_state.wait_mode, cases[i].after);
	}
}

/* Tripped or handed over: alarms go on, reactions do not; the first cause stays. */
static void test_no_reaction_after_the_end(void **unused)
{
	struct plant rig;

	(void)unused;
	put(&rig, PHASE_ISOTHERM);
	tick(&rig, 1);
	rig.spoil = hotter;
	tick(&rig, 1);
	assert_int_equal(rig.machine.first_cause, ALARM_RUNAWAY);
	rig.spoil = breaks;
	tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_TRIPPED);
	assert_int_equal(rig.machine.first_cause, ALARM_RUNAWAY);
	assert_true(rig.machine.alarms.active & (UINT64_C(1) << ALARM_SENSOR_BREAK));
	put(&rig, PHASE_HANDED_OVER);
	rig.spoil = press_gone;
	tick(&rig, 1);
	assert_int_equal(rig.machine.phase, PHASE_HANDED_OVER);
	assert_true(rig.machine.alarms.active & (UINT64_C(1) << ALARM_BUS_LOST));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_phases_of_each_row),
		cmocka_unit_test(test_rows_of_a_1_atm_run),
		cmocka_unit_test(test_the_strongest_wins),
		cmocka_unit_test(test_first_fired_is_named),
		cmocka_unit_test(test_a_hold_takes_more_away),
		cmocka_unit_test(test_a_weaker_hazard_gives_nothing_back),
		cmocka_unit_test(test_a_hold_is_journaled_after),
		cmocka_unit_test(test_an_abort_freezes),
		cmocka_unit_test(test_a_stay_is_not_held),
		cmocka_unit_test(test_who_stays_has_the_heater_off),
		cmocka_unit_test(test_recovery_wait),
		cmocka_unit_test(test_no_reaction_after_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
