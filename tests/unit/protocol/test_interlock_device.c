/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows 8, 10, 12, 14, 15, 21, 22 and 39 from both sides of each limit: rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

/* Row 8: 2 s flagged, 10 s S-HOLD, both beyond and not at the limit. A bad read is no read. */
static bool silent_p;
static bool answers_badly;

static void goes_stale(struct plant *rig)
{
	struct measurement *m = silent_p ? &rig->in.pressure_gpa : &rig->in.temperature_k;

	if (answers_badly) {
		m->quality = QUALITY_BAD;
		m->cause = CAUSE_TIMEOUT;
	} else {
		m->t_lab_s = 0;
	}
}

static void test_stale(void **unused)
{
	(void)unused;
	for (int i = 0; i < 4; i++) {
		const char *name = i & 1 ? "stale pressure" : "stale temperature";
		struct plant rig;

		silent_p = i & 1;
		answers_badly = i & 2;
		rig_put_soak(&rig);
		rig.spoil = goes_stale;
		rig_ticks(&rig, 4, 0.5);
		assert_false(rig_raised(&rig, ALARM_STALE));
		rig_tick(&rig, 0.5);
		assert_true(rig_raised(&rig, ALARM_STALE));
		rig_assert_says(&rig, silent_p ? "No good pressure" : "No good temperature");
		rig_ticks(&rig, 15, 0.5);
		assert_false(rig_fired(&rig, name));
		assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
		rig_tick(&rig, 0.5);
		assert_true(rig_fired(&rig, name));
		assert_int_equal(rig.machine.phase, PHASE_HOLD);
		assert_non_null(strstr(rig.machine.cause, "Heater off, press locked;"));
		assert_null(strstr(rig.machine.cause, "Setpoints stand"));
	}
}

static const struct broken {
	bool flag, lost;
	uint8_t cause;
	bool named;
} * broken;

static void goes_broken(struct plant *rig)
{
	rig->in.temperature_k.quality = QUALITY_BAD;
	rig->in.temperature_k.cause = broken->cause;
	rig->in.furnace_sensor_break = broken->flag;
	rig->in.furnace_lost = broken->lost;
}

/* The controller answers and says, by its flag or by its value, that its thermocouple is broken: nobody is
 * sent to look at the line. What it said before its line went, or a value out of range, is no break. */
static void test_stale_by_a_break(void **unused)
{
	static const struct broken cases[] = {{true, false, CAUSE_SENSOR_BREAK, true},
					      {true, false, CAUSE_RANGE, true},
					      {false, false, CAUSE_SENSOR_BREAK, true},
					      {false, false, CAUSE_RANGE, false},
					      {true, true, CAUSE_SENSOR_BREAK, false}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		broken = &cases[i];
		rig_put_soak(&rig);
		rig.spoil = goes_broken;
		rig_ticks(&rig, 5, 0.5);
		assert_true(rig_raised(&rig, ALARM_STALE));
		rig_assert_says(&rig, broken->named ? "thermocouple is broken" : "Check the line");
		assert_int_equal(!strstr(rig.last_text, "line"), broken->named);
		rig_ticks(&rig, 16, 0.5);
		assert_true(rig_fired(&rig, "stale temperature"));
		assert_true(!broken->named || !strstr(rig.last_text, "line"));
	}
}

/* Flags count while their device answers: 2 s after its last block they say nothing, nor when its line is
 * gone. */
enum device { FURNACE, PRESS };

static void silence(struct plant *rig)
{
	rig->in.temperature_k.t_lab_s = rig->in.oil_bar.t_lab_s = 0;
}

static void check_flag(const char *row, enum device device, bool *flag, struct plant *rig)
{
	static const struct {
		int ticks; /* of 0.5 s without a block */
		bool lost, counts;
	} cases[] = {{0, false, true}, {4, false, true}, {5, false, false}, {0, true, false}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_put_soak(rig);
		rig->spoil = cases[i].ticks > 0 ? silence : NULL;
		rig_ticks(rig, cases[i].ticks, 0.5);
		*(device == FURNACE ? &rig->in.furnace_lost : &rig->in.press_lost) = cases[i].lost;
		*flag = true;
		rig_tick(rig, 0);
		if (rig_fired(rig, row) != cases[i].counts)
			fail_msg("%s: case %zu: %s", row, i, rig->last_text);
	}
}

static void test_flags_of_a_silent_device(void **unused)
{
	struct plant rig;

	(void)unused;
	check_flag("furnace read-back", FURNACE, &rig.in.furnace_readback_differs, &rig);
	check_flag("press read-back", PRESS, &rig.in.press_readback_differs, &rig);
	check_flag("second master", FURNACE, &rig.in.furnace_second_master, &rig);
	check_flag("second master", PRESS, &rig.in.press_second_master, &rig);
}

/* Open while it heats: the run holds without heat. What cools, and what is off, is told and goes on. */
static void test_an_open_contactor(void **unused)
{
	static const struct {
		uint8_t phase;
		bool held, off;
	} cases[] = {{PHASE_HEAT, true, true},      {PHASE_ISOTHERM, true, true},
		     {PHASE_COOL, false, true},     {PHASE_ABORTING, false, true},
		     {PHASE_COMPRESS, false, true}, {PHASE_TRIPPED, false, true}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plant rig;

		rig_put_soak(&rig);
		rig.machine.phase = cases[i].phase;
		rig.in.furnace_contactor_open = true;
		rig_tick(&rig, 0.1);
		rig_assert_says(&rig, "contactor is open");
		assert_true(rig.machine.alarms.active & (UINT64_C(1) << ALARM_READBACK));
		assert_int_equal(rig.machine.phase == PHASE_HOLD, cases[i].held);
		assert_int_equal(rig.actions.heat == HEAT_OFF, cases[i].off);
		assert_int_equal(rig.actions.contactor, !cases[i].off);
	}
}

/* Rows 12 and 22 want the state to last; a device that is silent at the end does not count. */
static void lasting(struct plant *rig, const char *row, bool *flag, bool value, int count, double dt,
		    const char *words)
{
	rig_put_soak(rig);
	*flag = value;
	rig_ticks(rig, count - 1, dt);
	assert_false(rig_fired(rig, row));
	rig_tick(rig, dt);
	assert_true(rig_fired(rig, row));
	rig_assert_says(rig, words);
	rig_put_soak(rig);
	*flag = value;
	rig_ticks(rig, count - 1, dt);
	*flag = !value;
	rig_tick(rig, dt);
	*flag = value;
	rig_ticks(rig, count - 1, dt);
	assert_false(rig_fired(rig, row));
}

static void test_identity_and_modes_last(void **unused)
{
	struct plant rig;

	(void)unused;
	lasting(&rig, "identity", &rig.in.furnace_identity_ok, false, 5, 1, "Furnace answers with another");
	lasting(&rig, "identity", &rig.in.press_identity_ok, false, 5, 1, "Press answers with another");
	lasting(&rig, "manual", &rig.in.furnace_manual, true, 4, 0.5, "furnace is in manual");
	lasting(&rig, "manual", &rig.in.press_local, true, 4, 0.5, "press is in local");
	lasting(&rig, "furnace line gone", &rig.in.furnace_lost, true, 15, 4,
		"furnace line has been gone for 60 s");
	lasting(&rig, "press line gone", &rig.in.press_lost, true, 15, 4,
		"press line has been gone for 60 s");
}

static void only_one_device(struct plant *rig, bool *flag, bool value, bool *lost, const char *row)
{
	rig_put_soak(rig);
	*flag = value;
	*lost = true;
	rig_ticks(rig, 20, 0.5);
	assert_false(rig_fired(rig, row));
}

/* A stranger's values are not taken: it is named though what it says ages, unless its line is gone. */
static void both_silent(struct plant *rig)
{
	rig->in.temperature_k.t_lab_s = rig->in.oil_bar.t_lab_s = 0;
}

static void test_a_stranger_is_named(void **unused)
{
	struct plant rig;

	(void)unused;
	for (int what = 0; what < 6; what++) {
		bool press = what & 1, lost = what / 2 == 1, reference = what / 2 == 2;

		if (reference)
			rig_put_reference(&rig);
		else
			rig_put_soak(&rig);
		rig.plan.limits.stale_hold_s = FAR;
		rig.spoil = both_silent;
		*(press ? &rig.in.press_stranger : &rig.in.furnace_stranger) = true;
		*(press ? &rig.in.press_lost : &rig.in.furnace_lost) = lost;
		rig_ticks(&rig, 4, 1);
		assert_false(rig_fired(&rig, "identity"));
		rig_tick(&rig, 1);
		assert_int_equal(rig_fired(&rig, "identity"), !lost && !(press && reference));
		if (rig_fired(&rig, "identity"))
			rig_assert_says(&rig, press ? "Press answers with another"
						    : "Furnace answers with another");
	}
}

static void test_a_lost_device_has_no_identity_or_mode(void **unused)
{
	struct plant rig;

	(void)unused;
	only_one_device(&rig, &rig.in.furnace_identity_ok, false, &rig.in.furnace_lost, "identity");
	only_one_device(&rig, &rig.in.press_identity_ok, false, &rig.in.press_lost, "identity");
	only_one_device(&rig, &rig.in.furnace_manual, true, &rig.in.furnace_lost, "manual");
	only_one_device(&rig, &rig.in.press_local, true, &rig.in.press_lost, "manual");
	/* A heater that densd does not command may be in manual. */
	rig_put_soak(&rig);
	rig.in.furnace_manual = true;
	rig.machine.private_state.heater_off = true;
	rig_ticks(&rig, 20, 0.5);
	assert_false(rig_fired(&rig, "manual"));
	/* The press of a 1 atm run is not asked who it is. */
	rig_put_reference(&rig);
	rig.in.press_identity_ok = false;
	rig_ticks(&rig, 20, 0.5);
	assert_false(rig_fired(&rig, "identity"));
}

static void test_second_master_names_the_device(void **unused)
{
	struct plant rig;

	(void)unused;
	rig_put_soak(&rig);
	rig.in.furnace_second_master = true;
	rig.in.furnace_setpoint_k.value = 555;
	rig_tick(&rig, 1);
	rig_assert_says(&rig, "wrote to the furnace: it holds 555.000 K");
	rig_put_soak(&rig);
	rig.in.press_second_master = true;
	rig.in.pressure_setpoint_gpa.value = 3;
	rig_tick(&rig, 1);
	rig_assert_says(&rig, "wrote to the press: it holds 3.000 GPa");
}

/* Row 14: 5 s without a good poll of either; a 1 atm run without a press asks the furnace alone. */
static void furnace_silent(struct plant *rig)
{
	rig->in.temperature_k.t_lab_s = 0;
}

static void oil_silent(struct plant *rig)
{
	rig->in.oil_bar.t_lab_s = 0;
}

static void furnace_and_oil_silent(struct plant *rig)
{
	furnace_silent(rig);
	oil_silent(rig);
}

static void nothing(struct plant *rig)
{
	(void)rig;
}

static void check_bus_lost(struct plant *rig, void (*spoil)(struct plant *rig), bool raises)
{
	rig->spoil = spoil;
	rig_ticks(rig, 10, 0.5);
	assert_false(rig_raised(rig, ALARM_BUS_LOST));
	rig_tick(rig, 0.5);
	assert_int_equal(rig_raised(rig, ALARM_BUS_LOST), raises);
}

static void test_bus(void **unused)
{
	struct plant rig;

	(void)unused;
	rig_put_soak(&rig);
	check_bus_lost(&rig, furnace_silent, true);
	rig_assert_says(&rig, "Furnace silent: no good poll for 5.");
	rig_put_soak(&rig);
	check_bus_lost(&rig, oil_silent, true);
	rig_assert_says(&rig, "Press silent: no good poll for 5.");
	rig_put_soak(&rig);
	check_bus_lost(&rig, furnace_and_oil_silent, true);
	rig_assert_says(&rig, "Furnace and press silent");
	rig_put_reference(&rig);
	check_bus_lost(&rig, oil_silent, true);
	rig_put_reference(&rig);
	rig.in.oil_bar = (struct measurement){0};
	check_bus_lost(&rig, oil_silent, false);
	rig_put_reference(&rig);
	rig.in.oil_bar = (struct measurement){0};
	check_bus_lost(&rig, furnace_silent, true);
	rig_put_soak(&rig);
	rig.in.oil_bar = (struct measurement){0};
	check_bus_lost(&rig, nothing, true);
	rig_put_soak(&rig);
	rig.in.furnace_lost = true;
	rig_tick(&rig, 0.5);
	assert_true(rig_raised(&rig, ALARM_BUS_LOST));
	rig_assert_says(&rig, "Furnace silent");
	rig_put_soak(&rig);
	rig.in.press_lost = true;
	rig_tick(&rig, 0.5);
	assert_true(rig_raised(&rig, ALARM_BUS_LOST));
	assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
}

/* Row 39: 30 min in one stretch or 60 in sum abort while the programme climbs; on the way down it is an
 * alarm. */
static void test_holdback(void **unused)
{
	static const struct {
		enum phase phase;
		bool aborts, warns_of_sum;
	} cases[] = {{PHASE_COMPRESS, true, true},     {PHASE_HEAT, true, true},
		     {PHASE_ISOTHERM, true, true},     {PHASE_COOL, false, false},
		     {PHASE_DECOMPRESS, false, false}, {PHASE_ABORTING, false, false}};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int sum = 0; sum <= 1; sum++)
			for (int beyond = 0; beyond <= 1; beyond++) {
				bool raises = beyond && (!sum || cases[i].warns_of_sum);
				struct plant rig;

				rig_put(&rig, cases[i].phase);
				rig.machine.phase = (uint8_t)cases[i].phase;
				*(sum ? &rig.machine.holdback_sum_s : &rig.machine.holdback_s) =
					(sum ? 3600 : 1800) + beyond * 0.5;
				rig_tick(&rig, 1);
				assert_int_equal(rig_raised(&rig, ALARM_HOLDBACK), raises);
				assert_int_equal(rig_fired(&rig, "setpoint not reached"),
						 raises && cases[i].aborts);
				assert_int_equal(rig.machine.phase == PHASE_ABORTING,
						 cases[i].phase == PHASE_ABORTING ||
							 (raises && cases[i].aborts));
				if (raises)
					rig_assert_says(&rig, cases[i].aborts ? "densd aborts"
									      : "densd keeps waiting");
			}
}

/* Cold, an abort waits for its furnace no longer; the programme waits for its own target, below the
 * release's. */
static void test_holdback_of_the_cold(void **unused)
{
	static const enum phase phases[] = {PHASE_COOL, PHASE_ABORTING};

	(void)unused;
	for (int i = 0; i < 4; i++) {
		bool cold = i / 2;
		struct plant rig;

		rig_put(&rig, phases[i % 2]);
		rig.in.temperature_k.value = cold ? 306 : 309;
		rig.machine.holdback_s = 1801;
		rig_tick(&rig, 1);
		assert_true(rig_raised(&rig, ALARM_HOLDBACK) == (!cold || i % 2 == 0));
		assert_false(rig_fired(&rig, "setpoint not reached"));
	}
}

static void test_held_hot(void **unused)
{
	struct plant rig;

	(void)unused;
	rig_put(&rig, PHASE_HOLD);
	rig_ticks(&rig, 449, 4);
	assert_false(rig_fired(&rig, "held hot"));
	rig_tick(&rig, 4);
	assert_true(rig_fired(&rig, "held hot"));
	rig_put(&rig, PHASE_HOLD);
	rig.in.temperature_k.value = PLANT_AMBIENT_K;
	rig.plan.limits.jump_k_per_s = FAR;
	rig_ticks(&rig, 500, 4);
	assert_int_equal(rig.machine.phase, PHASE_HOLD);
	/* What was held hot and resumed is not aborted later for it. */
	rig_put(&rig, PHASE_HOLD);
	rig_ticks(&rig, 440, 4);
	rig.machine.phase = PHASE_ISOTHERM;
	rig_ticks(&rig, 40, 4);
	assert_int_equal(rig.machine.phase, PHASE_ISOTHERM);
}

/* R1 with a latched trip told nobody anything: after 5 s in which nothing strange was seen and somebody
 * answered as himself it is commanded, to the second. */
static void put_observing(struct plant *rig)
{
	rig_put(rig, PHASE_TRIPPED);
	rig->machine.private_state.wait_mode = WAIT_TRIPPED_OBSERVE;
}

static void assert_told_to(const struct plant *rig, enum heat_mode heat, enum press_mode press)
{
	assert_int_equal(rig->machine.phase, PHASE_TRIPPED);
	assert_true(rig->machine.latched);
	assert_int_equal(rig->actions.heat, heat);
	assert_int_equal(rig->actions.press, press);
}

static void test_a_trip_is_commanded_when_the_stranger_has_gone(void **unused)
{
	static const struct {
		size_t sign; /* of struct inputs */
	} signs[] = {{offsetof(struct inputs, furnace_stranger)},
		     {offsetof(struct inputs, press_stranger)},
		     {offsetof(struct inputs, units_differ)},
		     {offsetof(struct inputs, furnace_second_master)},
		     {offsetof(struct inputs, press_second_master)}};
	struct plant rig;

	(void)unused;
	put_observing(&rig);
	rig_ticks(&rig, 4, 1);
	assert_told_to(&rig, HEAT_OBSERVE, PRESS_OBSERVE);
	rig_tick(&rig, 1);
	assert_told_to(&rig, HEAT_OFF, PRESS_LOCK);
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		bool *sign;

		put_observing(&rig);
		sign = (bool *)((char *)&rig.in + signs[i].sign);
		*sign = true;
		rig_ticks(&rig, 20, 1);
		assert_told_to(&rig, HEAT_OBSERVE, PRESS_OBSERVE);
		/* Seen once more, it begins again. */
		*sign = false;
		rig_ticks(&rig, 4, 1);
		*sign = true;
		rig_tick(&rig, 1);
		*sign = false;
		rig_ticks(&rig, 4, 1);
		assert_told_to(&rig, HEAT_OBSERVE, PRESS_OBSERVE);
		rig_tick(&rig, 1);
		assert_told_to(&rig, HEAT_OFF, PRESS_LOCK);
	}
}

/* Each is told by its own identity: a press that is silent keeps no heater on. */
static void test_a_trip_is_commanded_to_who_answers(void **unused)
{
	struct plant rig;

	(void)unused;
	for (int who = 0; who < 3; who++) {
		put_observing(&rig);
		rig.in.furnace_identity_ok = who == 1;
		rig.in.press_identity_ok = who == 2;
		rig_ticks(&rig, 10, 1);
		assert_told_to(&rig, who == 1 ? HEAT_OFF : HEAT_OBSERVE,
			       who == 2 ? PRESS_LOCK : PRESS_OBSERVE);
		rig.in.furnace_identity_ok = rig.in.press_identity_ok = true;
		rig_tick(&rig, 1);
		assert_told_to(&rig, who > 0 ? HEAT_OFF : HEAT_OBSERVE, who > 0 ? PRESS_LOCK : PRESS_OBSERVE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_trip_is_commanded_when_the_stranger_has_gone),
		cmocka_unit_test(test_a_trip_is_commanded_to_who_answers),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_stale_by_a_break),
		cmocka_unit_test(test_flags_of_a_silent_device),
		cmocka_unit_test(test_an_open_contactor),
		cmocka_unit_test(test_identity_and_modes_last),
		cmocka_unit_test(test_a_stranger_is_named),
		cmocka_unit_test(test_a_lost_device_has_no_identity_or_mode),
		cmocka_unit_test(test_second_master_names_the_device),
		cmocka_unit_test(test_bus),
		cmocka_unit_test(test_holdback),
		cmocka_unit_test(test_holdback_of_the_cold),
		cmocka_unit_test(test_held_hot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
