/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The restart tables: every cell of journal x P x T, written down here from hazards.md section 4, and every
 * limit on both of its sides. What the machine makes of each row: test_recovery_machine.c.
 */
#include <math.h>
#include <string.h>

#include "plant.h"
#include "protocol/recovery.h"
#include "recovery_fixture.h"

static uint8_t row_of(const struct recovery_facts *facts)
{
	struct recovery_decision decision;

	recovery_decide(facts, &decision);
	return decision.row;
}

/* Row numbers: T unknown, cold, hot in each group; P unknown, ambient, pressed. */
struct cells {
	int journal;
	uint8_t row[3][3];
};

static const struct cells pressed_run[] = {
	{LOST, {{3, 3, 3}, {7, 4, 21}, {3, 3, 3}}},
	{PHASE_IDLE, {{7, 8, 8}, {7, 5, 21}, {6, 6, 6}}},
	{PHASE_QUEUED, {{7, 8, 8}, {7, 5, 21}, {6, 6, 6}}},
	{PHASE_WAIT_CAPSULE, {{7, 8, 8}, {7, 21, 21}, {7, 21, 21}}},
	{PHASE_PREFLIGHT, {{7, 8, 8}, {7, 21, 21}, {7, 21, 21}}},
	{PHASE_COMPRESS, {{7, 8, 8}, {7, 13, 21}, {7, 12, 21}}},
	{PHASE_HEAT, {{7, 8, 8}, {7, 21, 17}, {7, 16, 15}}},
	{PHASE_ISOTHERM, {{7, 8, 8}, {7, 21, 17}, {7, 16, 15}}},
	{PHASE_COOL, {{7, 8, 8}, {7, 21, 17}, {7, 19, 18}}},
	{PHASE_DECOMPRESS, {{7, 8, 8}, {7, 21, 21}, {7, 10, 11}}},
	{PHASE_DONE, {{7, 8, 8}, {7, 5, 21}, {6, 6, 6}}},
	{PHASE_HOLD, {{7, 8, 8}, {7, 21, 21}, {7, 20, 20}}},
	{PHASE_ABORTING, {{7, 8, 8}, {7, 21, 21}, {7, 10, 9}}},
	{PHASE_TRIPPED, {{7, 8, 8}, {7, 21, 21}, {7, 21, 21}}},
	{PHASE_RECOVERY_WAIT, {{7, 8, 8}, {7, 21, 21}, {7, 21, 21}}},
	{PHASE_HANDED_OVER, {{22, 22, 22}, {22, 22, 22}, {22, 22, 22}}},
};
/* 1 atm: AMBIENT is what the plan expects. The press may be loaded all the same. */
static const struct cells reference_run[] = {
	{PHASE_IDLE, {{7, 8, 8}, {7, 5, 21}, {6, 6, 6}}},
	{PHASE_DONE, {{7, 8, 8}, {7, 5, 21}, {6, 6, 6}}},
	{PHASE_PREFLIGHT, {{7, 8, 8}, {7, 21, 21}, {7, 21, 21}}},
	{PHASE_COMPRESS, {{7, 8, 8}, {7, 12, 21}, {7, 12, 21}}},
	{PHASE_HEAT, {{7, 8, 8}, {7, 16, 15}, {7, 16, 15}}},
	{PHASE_ISOTHERM, {{7, 8, 8}, {7, 16, 15}, {7, 16, 15}}},
	{PHASE_COOL, {{7, 8, 8}, {7, 19, 18}, {7, 19, 18}}},
	{PHASE_HOLD, {{7, 8, 8}, {7, 20, 20}, {7, 20, 20}}},
	{PHASE_ABORTING, {{7, 8, 8}, {7, 10, 9}, {7, 10, 9}}},
	{PHASE_HANDED_OVER, {{22, 22, 22}, {22, 22, 22}, {22, 22, 22}}},
};

static void check_cell(const struct cells *cells, int p, int t, bool reference)
{
	struct recovery_facts facts =
		facts_of(cells->journal, (enum recovery_pressure)p, (enum recovery_temperature)t);
	struct recovery_decision decision;

	facts.reference = reference;
	recovery_decide(&facts, &decision);
	if (decision.row != cells->row[p][t])
		fail_msg("journal %d, P %d, T %d, reference %d: R%u, not R%u: %s", cells->journal, p, t,
			 reference, decision.row, cells->row[p][t], decision.text);
	/* A stay changes what R18 and R19 do, and no cell. */
	facts.stays = true;
	assert_int_equal(row_of(&facts), decision.row);
	facts.stays = false;
	/* `recovery: continue` changes R15 to R14 and no other cell. */
	facts.policy_continue = true;
	assert_int_equal(row_of(&facts), decision.row == 15 ? 14 : decision.row);
	facts.latched = true;
	assert_int_equal(row_of(&facts), decision.row == 22 ? 22 : 2);
	facts.identity_ok = false;
	assert_int_equal(row_of(&facts), decision.row == 22 ? 22 : 1);
	facts.latched = false;
	assert_int_equal(row_of(&facts), decision.row == 22 ? 22 : 1);
}

static void test_every_cell(void **unused)
{
	(void)unused;
	for (int p = RP_UNKNOWN; p <= RP_PRESSED; p++)
		for (int t = RT_UNKNOWN; t <= RT_HOT; t++) {
			for (size_t i = 0; i < sizeof(pressed_run) / sizeof(pressed_run[0]); i++)
				check_cell(&pressed_run[i], p, t, false);
			for (size_t i = 0; i < sizeof(reference_run) / sizeof(reference_run[0]); i++)
				check_cell(&reference_run[i], p, t, true);
		}
}

/* One fact changed in a brief outage: on the limit it still counts, beyond it no longer. */
struct change {
	enum { NOTHING, GAP, MOVED_GPA, MOVED_K, RESTARTS, OTHER_BOOT, RESET, HOLD_POLICY } what;
	double value;
	bool kept; /* the outage still counts as brief and may go on by itself */
};
static const struct change changes[] = {
	{NOTHING, 0, true},
	{GAP, 0, true},
	{GAP, 60, true},
	{GAP, 60.001, false},
	{GAP, 61, false},
	{GAP, -1, false},
	{GAP, NAN, false},
	{MOVED_GPA, 0.05, true},
	{MOVED_GPA, 0.051, false},
	{MOVED_GPA, NAN, false},
	{MOVED_GPA, INFINITY, false},
	{MOVED_K, 5, true},
	{MOVED_K, 5.01, false},
	{MOVED_K, NAN, false},
	{RESTARTS, 2, true},
	{RESTARTS, 3, false},
	{OTHER_BOOT, 0, false},
	{RESET, 0, false},
	{HOLD_POLICY, 0, false},
};

static void apply_change(const struct change *change, struct recovery_facts *facts)
{
	facts->gap_s = change->what == GAP ? change->value : facts->gap_s;
	facts->moved_gpa = change->what == MOVED_GPA ? change->value : facts->moved_gpa;
	facts->moved_k = change->what == MOVED_K ? change->value : facts->moved_k;
	facts->restarts_last_hour = change->what == RESTARTS ? (uint32_t)change->value : 0;
	facts->same_boot = change->what != OTHER_BOOT;
	facts->controller_reset = change->what == RESET;
	facts->policy_continue = change->what != HOLD_POLICY;
}

/* R14 and R15: with `recovery: continue` a run that was heating goes on only when nothing at all stands
 * against it. */
static void test_limits_of_r14(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		for (int phase = PHASE_HEAT; phase <= PHASE_ISOTHERM; phase++) {
			struct recovery_facts facts = facts_of(phase, RP_PRESSED, RT_HOT);

			apply_change(&changes[i], &facts);
			expect(&facts, changes[i].kept ? 14 : 15,
			       changes[i].kept ? RECOVER_CONTINUE : RECOVER_COOL_OFFER);
			/* At 1 atm the pressure's error decides nothing. */
			facts.reference = true;
			facts.pressure = RP_AMBIENT;
			if (changes[i].what == MOVED_GPA)
				expect(&facts, 14, RECOVER_CONTINUE);
			else
				expect(&facts, changes[i].kept ? 14 : 15,
				       changes[i].kept ? RECOVER_CONTINUE : RECOVER_COOL_OFFER);
		}
}

/* R12: by itself with `recovery: continue` alone; held when the outage was brief; else R21. */
static void test_limits_of_r12(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const struct change *change = &changes[i];
		struct recovery_facts facts = facts_of(PHASE_COMPRESS, RP_PRESSED, RT_COLD);
		bool far = (change->what == GAP || change->what == MOVED_GPA) && !change->kept;
		bool on = change->kept || change->what == MOVED_K || change->what == RESET;

		apply_change(change, &facts);
		expect(&facts, far ? 21 : 12,
		       far  ? RECOVER_ADOPT_WAIT
		       : on ? RECOVER_CONTINUE
			    : RECOVER_HOLD);
		facts.policy_continue = false;
		expect(&facts, far ? 21 : 12, far ? RECOVER_ADOPT_WAIT : RECOVER_HOLD);
	}
}

/* R10 looks at the pressure alone, R20 at the gap alone. */
static void test_limits_of_r10_and_r20(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const struct change *change = &changes[i];
		bool lost_p = change->what == MOVED_GPA && !change->kept,
		     late = change->what == GAP && !change->kept;
		struct recovery_facts facts = facts_of(PHASE_ABORTING, RP_PRESSED, RT_COLD);

		apply_change(change, &facts);
		expect(&facts, lost_p ? 21 : 10, lost_p ? RECOVER_ADOPT_WAIT : RECOVER_DWELL_RELEASE);
		facts.phase = PHASE_DECOMPRESS;
		expect(&facts, lost_p ? 21 : 10, lost_p ? RECOVER_ADOPT_WAIT : RECOVER_DWELL_RELEASE);
		facts.phase = PHASE_HOLD;
		expect(&facts, 20, late ? RECOVER_ADOPT_WAIT : RECOVER_HOLD);
		facts.temperature = RT_HOT;
		expect(&facts, 20, late ? RECOVER_COOL_OFFER : RECOVER_HOLD);
		/* The others do not ask. */
		facts.phase = PHASE_ABORTING;
		expect(&facts, 9, RECOVER_COOL);
		facts.phase = PHASE_DECOMPRESS;
		expect(&facts, 11, RECOVER_S_HOLD_LATCHED);
		facts.phase = PHASE_COOL;
		expect(&facts, 18, RECOVER_COOL);
	}
}

/* R18 and R19: a run that stays under pressure does not go "as the protocol says", and the text says so. */
static void test_a_stay_stays(void **unused)
{
	(void)unused;
	for (int t = RT_COLD; t <= RT_HOT; t++)
		for (int stays = 0; stays <= 1; stays++) {
			struct recovery_facts facts =
				facts_of(PHASE_COOL, RP_PRESSED, (enum recovery_temperature)t);
			struct recovery_decision decision;

			facts.stays = stays;
			expect(&facts, t == RT_HOT ? 18 : 19,
			       t == RT_HOT || stays ? RECOVER_COOL : RECOVER_DWELL_RELEASE);
			recovery_decide(&facts, &decision);
			assert_true(!!stays == !!strstr(decision.text, "stays under pressure"));
		}
}

/* What densd found, which row applied and what the operator may do. */
static void test_text_names_phase_gap_and_row(void **unused)
{
	struct recovery_facts facts = facts_of(PHASE_ISOTHERM, RP_PRESSED, RT_HOT);
	struct recovery_decision decision;

	(void)unused;
	facts.gap_s = 42;
	recovery_decide(&facts, &decision);
	assert_string_equal(decision.text,
			    "restart in isotherm after 42 s (row R15): an outage while hot: heater "
			    "off, pressure kept, cooling; resume within its time, or abort");
	assert_true(decision.gap_s >= 42 && decision.gap_s <= 42);
}

/* I17: no cell heats by itself, but for a run that cools already, unless the policy says continue. */
static void test_restart_never_heats(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(pressed_run) / sizeof(pressed_run[0]); i++)
		for (int p = RP_UNKNOWN; p <= RP_PRESSED; p++) {
			struct recovery_facts facts =
				facts_of(pressed_run[i].journal, (enum recovery_pressure)p, RT_HOT);
			struct plant plant;
			bool cools = row_of(&facts) == 9 || row_of(&facts) == 18;

			plant_put(&plant, (enum phase)facts.phase);
			plant.temperature_k = 600;
			recover(&plant, &facts);
			for (int tick = 0; tick < 50; tick++) {
				plant_tick(&plant);
				assert_true(cools || plant.actions.heat != HEAT_CONTROL);
			}
		}
}

/* F1 to F4. */
static void test_scan_rows(void **unused)
{
	static const struct {
		uint32_t intent, chip;
		bool known, trace;
		enum scan_recovery decision;
	} cases[] = {
		{5, 5, true, false, SCAN_RECOVER_FIRE_AGAIN},
		{5, 5, true, true, SCAN_RECOVER_FIRE_AGAIN},
		{5, 6, true, true, SCAN_RECOVER_READ_TRACE},
		{5, 6, true, false, SCAN_RECOVER_LOST},
		{5, 7, true, true, SCAN_RECOVER_ALARM},
		{5, 7, true, false, SCAN_RECOVER_ALARM},
		{5, 4, true, true, SCAN_RECOVER_ALARM},
		{5, 0, true, false, SCAN_RECOVER_ALARM},
		{5, 5, false, false, SCAN_RECOVER_ALARM},
		{5, 6, false, true, SCAN_RECOVER_ALARM},
		{UINT32_MAX, 0, true, true, SCAN_RECOVER_READ_TRACE},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
			recovery_decide_scan(cases[i].known, cases[i].intent, cases[i].chip, cases[i].trace),
			cases[i].decision);
}

static void test_action_names(void **unused)
{
	(void)unused;
	for (int i = 0; i < RECOVER_ACTION_MAX; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(recovery_action_name((enum recovery_action)i),
						recovery_action_name((enum recovery_action)j));
	assert_string_equal(recovery_action_name(RECOVER_NO_WRITES), "no-writes");
	assert_string_equal(recovery_action_name(RECOVER_HANDED_OVER), "handed-over");
	assert_string_equal(recovery_action_name(RECOVER_ACTION_MAX), "invalid");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cell),
		cmocka_unit_test(test_limits_of_r14),
		cmocka_unit_test(test_limits_of_r12),
		cmocka_unit_test(test_limits_of_r10_and_r20),
		cmocka_unit_test(test_a_stay_stays),
		cmocka_unit_test(test_text_names_phase_gap_and_row),
		cmocka_unit_test(test_restart_never_heats),
		cmocka_unit_test(test_scan_rows),
		cmocka_unit_test(test_action_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
