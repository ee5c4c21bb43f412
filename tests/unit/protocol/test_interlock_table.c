/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of interlocks as hazards.md section 2 wants it: in which phases each row watches, whether it does
 * so in a 1 atm run, and that no row gives the heater back to a run that stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "protocol/interlock.h"
#include "spoil.h"

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
static bool speaks_in(const struct spoil_row *want, enum phase phase, bool reference)
{
	size_t row = index_of(want->row);
	struct plant rig;

	spoil_put(&rig, phase);
	spoil_keep_limits(&rig.plan, want->limits);
	if (reference)
		rig.plan.reference = true;
	rig.spoil = want->spoil;
	for (int i = 0; i < want->ticks; i++) {
		spoil_tick(&rig, 2);
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
	assert_int_equal(interlock_count, SPOIL_ROWS);
	for (size_t i = 0; i < SPOIL_ROWS; i++)
		for (int phase = 0; phase < PHASE_MAX; phase++)
			if (speaks_in(&spoil_rows[i], (enum phase)phase, false) !=
			    !!(spoil_rows[i].phases & (1u << phase)))
				fail_msg("%s in %s", spoil_rows[i].row, phase_name((enum phase)phase));
}

static void test_rows_of_a_1_atm_run(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < SPOIL_ROWS; i++) {
		enum phase phase = strcmp(spoil_rows[i].row, "release") == 0    ? PHASE_ABORTING
				   : strcmp(spoil_rows[i].row, "held hot") == 0 ? PHASE_HOLD
										: PHASE_ISOTHERM;

		if (speaks_in(&spoil_rows[i], phase, true) != spoil_rows[i].at_1_atm)
			fail_msg("%s at 1 atm", spoil_rows[i].row);
	}
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
	for (size_t i = 0; i < SPOIL_ROWS; i++) {
		struct plant rig;

		spoil_put(&rig, PHASE_ISOTHERM);
		spoil_keep_limits(&rig.plan, spoil_rows[i].limits);
		spoil_tick(&rig, 1);
		assert_int_equal(plant_verb(&rig, VERB_COOL), ANSWER_DONE);
		assert_true(rig.machine.private_state.stay);
		rig.spoil = spoil_rows[i].spoil;
		for (int n = 0; n < spoil_rows[i].ticks; n++) {
			spoil_tick(&rig, 2);
			assert_stay_is_off(&rig);
		}
		if (!rig.machine.private_state.stay && rig.machine.phase != PHASE_TRIPPED)
			fail_msg("%s: %s", spoil_rows[i].row, phase_name((enum phase)rig.machine.phase));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_phases_of_each_row),
		cmocka_unit_test(test_rows_of_a_1_atm_run),
		cmocka_unit_test(test_who_stays_has_the_heater_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
