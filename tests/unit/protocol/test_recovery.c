/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The restart tables: every cell of journal x P x T, written down here from hazards.md section 4, every limit
 * on both of its sides, and what the machine makes of each row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "plant.h"
#include "protocol/recovery.h"

#define LOST PHASE_MAX /* instead of a phase: no journal */

/* A short outage of a pressed run, nothing moved, `recovery: hold`. */
static const struct recovery_facts brief = {
	.journal_ok = true,
	.identity_ok = true,
	.gap_s = 10,
	.gap_limit_s = 60,
	.moved_gpa = 0.01,
	.moved_gpa_limit = 0.05,
	.moved_k = 1,
	.moved_k_limit = 5,
	.same_boot = true,
};

static struct recovery_facts facts_of(int journal, enum recovery_pressure p, enum recovery_temperature t)
{
	struct recovery_facts facts = brief;

	facts.journal_ok = journal != LOST;
	facts.phase = (uint8_t)(journal == LOST ? PHASE_IDLE : journal);
	facts.pressure = p;
	facts.temperature = t;
	return facts;
}

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

static void expect(const struct recovery_facts *facts, uint8_t row, enum recovery_action action)
{
	struct recovery_decision decision;

	recovery_decide(facts, &decision);
	if (decision.row != row || decision.action != (uint8_t)action)
		fail_msg("R%u %s, not R%u %s: %s", decision.row,
			 recovery_action_name((enum recovery_action)decision.action), row,
			 recovery_action_name(action), decision.text);
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

/* What the machine does with a row, a second after it: phase, levels, and whether the operator may resume. */
struct consequence {
	uint8_t row;
	int journal;
	enum recovery_pressure pressure;
	enum recovery_temperature temperature;
	enum recovery_action action;
	enum phase phase;
	enum heat_mode heat;
	enum press_mode press;
};

static const struct consequence consequences[] = {
	{2, PHASE_ISOTHERM, RP_PRESSED, RT_HOT, RECOVER_S_HOLD_LATCHED, PHASE_TRIPPED, HEAT_OFF, PRESS_LOCK},
	{3, LOST, RP_PRESSED, RT_HOT, RECOVER_ADOPT_WAIT, PHASE_RECOVERY_WAIT, HEAT_OFF, PRESS_REGULATE},
	{4, LOST, RP_AMBIENT, RT_COLD, RECOVER_IDLE_ALARM, PHASE_IDLE, HEAT_OBSERVE, PRESS_OBSERVE},
	{5, PHASE_IDLE, RP_AMBIENT, RT_COLD, RECOVER_IDLE, PHASE_IDLE, HEAT_OBSERVE, PRESS_OBSERVE},
	{6, PHASE_IDLE, RP_PRESSED, RT_COLD, RECOVER_S_HOLD_WAIT, PHASE_RECOVERY_WAIT, HEAT_OFF, PRESS_LOCK},
	{7, PHASE_ISOTHERM, RP_PRESSED, RT_UNKNOWN, RECOVER_S_HOLD_WAIT, PHASE_RECOVERY_WAIT, HEAT_OFF,
	 PRESS_LOCK},
	{8, PHASE_ISOTHERM, RP_UNKNOWN, RT_HOT, RECOVER_S_HOLD_WAIT, PHASE_RECOVERY_WAIT, HEAT_OFF,
	 PRESS_LOCK},
	{9, PHASE_ABORTING, RP_PRESSED, RT_HOT, RECOVER_COOL, PHASE_ABORTING, HEAT_CONTROL, PRESS_REGULATE},
	{10, PHASE_ABORTING, RP_PRESSED, RT_COLD, RECOVER_DWELL_RELEASE, PHASE_ABORTING, HEAT_OFF,
	 PRESS_REGULATE},
	{10, PHASE_DECOMPRESS, RP_PRESSED, RT_COLD, RECOVER_DWELL_RELEASE, PHASE_COOL, HEAT_OFF,
	 PRESS_REGULATE},
	{11, PHASE_DECOMPRESS, RP_PRESSED, RT_HOT, RECOVER_S_HOLD_LATCHED, PHASE_TRIPPED, HEAT_OFF,
	 PRESS_LOCK},
	{12, PHASE_COMPRESS, RP_PRESSED, RT_COLD, RECOVER_HOLD, PHASE_HOLD, HEAT_OFF, PRESS_REGULATE},
	{13, PHASE_COMPRESS, RP_AMBIENT, RT_COLD, RECOVER_FAILED_DONE, PHASE_DONE, HEAT_OFF, PRESS_LOCK},
	{15, PHASE_ISOTHERM, RP_PRESSED, RT_HOT, RECOVER_COOL_OFFER, PHASE_COOL, HEAT_OFF, PRESS_REGULATE},
	{16, PHASE_HEAT, RP_PRESSED, RT_COLD, RECOVER_ADOPT_WAIT, PHASE_RECOVERY_WAIT, HEAT_OFF,
	 PRESS_REGULATE},
	{17, PHASE_HEAT, RP_AMBIENT, RT_HOT, RECOVER_FAILED_LATCHED, PHASE_TRIPPED, HEAT_OFF, PRESS_LOCK},
	{18, PHASE_COOL, RP_PRESSED, RT_HOT, RECOVER_COOL, PHASE_COOL, HEAT_CONTROL, PRESS_REGULATE},
	{19, PHASE_COOL, RP_PRESSED, RT_COLD, RECOVER_DWELL_RELEASE, PHASE_COOL, HEAT_OFF, PRESS_REGULATE},
	{20, PHASE_HOLD, RP_PRESSED, RT_HOT, RECOVER_HOLD, PHASE_HOLD, HEAT_OFF, PRESS_REGULATE},
	{21, PHASE_PREFLIGHT, RP_PRESSED, RT_COLD, RECOVER_ADOPT_WAIT, PHASE_RECOVERY_WAIT, HEAT_OFF,
	 PRESS_REGULATE},
};

static void recover(struct plant *plant, const struct recovery_facts *facts)
{
	struct recovery_decision decision;
	struct event event = {.kind = EVENT_RECOVER, .recovery = &decision};

	recovery_decide(facts, &decision);
	decision.pressure_gpa = plant->pressure_gpa;
	decision.temperature_k = plant->temperature_k;
	plant_event(plant, &event);
}

static void check_consequence(const struct consequence *c)
{
	struct recovery_facts facts = facts_of(c->journal, c->pressure, c->temperature);
	struct plant plant;

	plant_put(&plant, (enum phase)facts.phase);
	plant.temperature_k = c->temperature == RT_COLD ? PLANT_AMBIENT_K : 600;
	plant.pressure_gpa = c->pressure == RP_AMBIENT ? 0 : 7;
	plant.freeze_process = true;
	plant_tick(&plant);
	plant.machine.phase = facts.phase;
	facts.latched = plant.machine.latched = c->row == 2;
	recover(&plant, &facts);
	plant_run(&plant, 1);
	expect(&facts, c->row, c->action);
	if (plant.machine.phase != c->phase || plant.actions.heat != c->heat ||
	    plant.actions.press != c->press)
		fail_msg("R%u: %s, heat %d, press %d: %s", c->row,
			 phase_name((enum phase)plant.machine.phase), (int)plant.actions.heat,
			 (int)plant.actions.press, plant.machine.cause);
	assert_true(plant.machine.latched == (c->phase == PHASE_TRIPPED));
	assert_true(plant.machine.outage_s >= facts.gap_s || c->phase == PHASE_IDLE);
}

static void test_consequences(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(consequences) / sizeof(consequences[0]); i++)
		check_consequence(&consequences[i]);
}

/* R22: what was handed over is the panel's whatever is read, tripped or not, with the lock commanded until it
 * was read back and nothing from then on; the record names the row. */
static void test_handed_over_stays_so(void **unused)
{
	(void)unused;
	for (int cell = 0; cell < 72; cell++) {
		bool latched = cell / 9 & 1, panel = cell / 18 & 1, stranger = cell / 36;
		struct recovery_facts facts = facts_of(PHASE_HANDED_OVER, (enum recovery_pressure)(cell % 3),
						       (enum recovery_temperature)(cell / 3 % 3));
		struct plant plant;

		plant_put(&plant, PHASE_HANDED_OVER);
		plant.freeze_process = true;
		plant.machine.latched = facts.latched = latched;
		plant.machine.private_state.panel_has_press = panel;
		/* Another instrument answers for a while: nothing is written to it, and a trip that is
		 * latched does not take the press back. */
		facts.identity_ok = plant.in.furnace_identity_ok = plant.in.press_identity_ok = !stranger;
		recover(&plant, &facts);
		expect(&facts, 22, RECOVER_HANDED_OVER);
		assert_int_equal(plant.machine.phase, PHASE_HANDED_OVER);
		assert_int_equal(plant.actions.press, panel || stranger ? PRESS_OBSERVE : PRESS_LOCK);
		assert_int_equal(plant.actions.heat, panel || stranger ? HEAT_OBSERVE : HEAT_OFF);
		plant.in.furnace_identity_ok = plant.in.press_identity_ok = true;
		assert_non_null(strstr(plant.machine.cause, "(row R22)"));
		assert_non_null(strstr(plant.machine.cause, "release at the panel"));
		plant_run(&plant, 1);
		assert_int_equal(plant.machine.phase, PHASE_HANDED_OVER);
		assert_true(plant.machine.latched == latched);
		assert_true(plant.machine.outage_s >= facts.gap_s);
		assert_int_equal(plant_verb(&plant, VERB_ABORT), ANSWER_REFUSED);
		plant.pressure_gpa = 0;
		assert_true(plant_run_to(&plant, PHASE_DONE, 200));
		assert_int_equal(plant.machine.outcome, OUTCOME_HANDED_OVER);
	}
}

/* R1: whatever the phase, nothing is written. */
static void test_another_device_gets_no_writes(void **unused)
{
	(void)unused;
	for (int phase = PHASE_COMPRESS; phase < PHASE_HANDED_OVER; phase++) {
		struct recovery_facts facts = facts_of(phase, RP_PRESSED, RT_HOT);
		struct plant plant;

		plant_put(&plant, (enum phase)phase);
		plant.machine.latched = false;
		facts.identity_ok = plant.in.furnace_identity_ok = plant.in.press_identity_ok = false;
		recover(&plant, &facts);
		plant_run(&plant, 1);
		assert_int_equal(plant.machine.phase, PHASE_RECOVERY_WAIT);
		assert_int_equal(plant.actions.heat, HEAT_OBSERVE);
		assert_int_equal(plant.actions.press, PRESS_OBSERVE);
	}
}

/* R1 stands before R2: what is latched stays so, and nothing is written, also once the stranger has gone;
 * until somebody resets, or a rule trips anew. */
static void put_latched_among_strangers(struct plant *plant)
{
	struct recovery_facts facts = facts_of(PHASE_TRIPPED, RP_PRESSED, RT_HOT);

	plant_put(plant, PHASE_TRIPPED);
	plant->machine.latched = facts.latched = true;
	plant->machine.first_cause = ALARM_PRESSURE_LOSS;
	facts.identity_ok = false;
	plant_tick(plant);
	recover(plant, &facts);
	plant_run(plant, 20);
	assert_int_equal(plant->machine.phase, PHASE_TRIPPED);
	assert_true(plant->machine.latched);
	assert_int_equal(plant->machine.first_cause, ALARM_PRESSURE_LOSS);
	assert_int_equal(plant->actions.heat, HEAT_OBSERVE);
	assert_int_equal(plant->actions.press, PRESS_OBSERVE);
	assert_false(plant->actions.contactor);
}

static void hotter_than_allowed(struct plant *plant)
{
	plant->in.temperature_k.value = 700;
}

static void test_a_latched_trip_among_strangers(void **unused)
{
	struct plant plant;

	(void)unused;
	put_latched_among_strangers(&plant);
	assert_int_equal(plant_verb(&plant, VERB_ABORT), ANSWER_REFUSED);
	assert_int_equal(plant_verb(&plant, VERB_ACK), ANSWER_DONE);
	assert_int_equal(plant.actions.press, PRESS_OBSERVE);
	assert_int_equal(plant_verb(&plant, VERB_RESET), ANSWER_DONE);
	assert_int_equal(plant.machine.phase, PHASE_HOLD);
	assert_int_equal(plant.actions.heat, HEAT_OFF);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
	put_latched_among_strangers(&plant);
	plant.spoil = hotter_than_allowed;
	plant_tick(&plant);
	assert_int_equal(plant.actions.heat, HEAT_OFF);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
	/* The next restart among friends: R2. */
	put_latched_among_strangers(&plant);
	recover(&plant, &(struct recovery_facts){.journal_ok = true,
						 .phase = PHASE_TRIPPED,
						 .latched = true,
						 .identity_ok = true,
						 .pressure = RP_PRESSED,
						 .temperature = RT_HOT});
	assert_int_equal(plant.actions.heat, HEAT_OFF);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
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

/* R14: from the PV, nothing before it is durable, the soak keeps its credit, and the record says so. */
static void test_r14_goes_on_from_the_measured(void **unused)
{
	struct recovery_facts facts = facts_of(PHASE_ISOTHERM, RP_PRESSED, RT_HOT);
	struct plant plant;

	(void)unused;
	facts.policy_continue = true;
	plant_put(&plant, PHASE_ISOTHERM);
	plant.machine.soak_s = 123;
	plant.temperature_k = 640;
	plant.store_delay_s = 5;
	plant_tick(&plant);
	recover(&plant, &facts);
	assert_true(fabs(plant.machine.setpoint_k - plant.in.temperature_k.value) < 1e-9);
	assert_true(plant.machine.interrupted);
	assert_true(fabs(plant.machine.outage_s - 10) < 1e-9);
	plant_run(&plant, 4);
	assert_int_equal(plant.actions.heat, HEAT_OFF);
	assert_true(plant_run_to(&plant, PHASE_COOL, 900));
	assert_true(plant.machine.soak_s >= 600 && plant.machine.soak_s < 600.2);
	assert_true(plant.now < 1000 + 600);
}

/* Whatever row decides: who restarts under way is interrupted, for the run's record. */
static void test_a_restart_under_way_interrupts(void **unused)
{
	(void)unused;
	for (int phase = PHASE_WAIT_CAPSULE; phase < PHASE_MAX; phase++)
		for (int t = RT_UNKNOWN; t <= RT_HOT; t++) {
			struct recovery_facts facts =
				facts_of(phase, RP_PRESSED, (enum recovery_temperature)t);
			bool under_way = phase >= PHASE_COMPRESS && phase != PHASE_DONE;
			struct plant plant;

			plant_put(&plant, (enum phase)phase);
			recover(&plant, &facts);
			assert_true(plant.machine.interrupted == under_way);
		}
}

/* R15: resume is offered for its time and not a tick longer. */
static void test_r15_offer_ends(void **unused)
{
	struct recovery_facts facts = facts_of(PHASE_ISOTHERM, RP_PRESSED, RT_HOT);

	(void)unused;
	for (int late = 0; late <= 1; late++) {
		struct plant plant;

		plant_put(&plant, PHASE_ISOTHERM);
		plant_tick(&plant);
		recover(&plant, &facts);
		plant_run(&plant, late ? 601 : 599);
		assert_int_equal(plant_verb(&plant, VERB_RESUME), late ? ANSWER_REFUSED : ANSWER_PENDING);
		if (late)
			assert_non_null(strstr(plant.actions.answer.why, "is over"));
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
		cmocka_unit_test(test_consequences),
		cmocka_unit_test(test_handed_over_stays_so),
		cmocka_unit_test(test_another_device_gets_no_writes),
		cmocka_unit_test(test_a_latched_trip_among_strangers),
		cmocka_unit_test(test_restart_never_heats),
		cmocka_unit_test(test_r14_goes_on_from_the_measured),
		cmocka_unit_test(test_a_restart_under_way_interrupts),
		cmocka_unit_test(test_r15_offer_ends),
		cmocka_unit_test(test_scan_rows),
		cmocka_unit_test(test_action_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
