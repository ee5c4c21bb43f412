/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the machine makes of each row of the restart tables, a second after it. Which row decides:
 * test_recovery.c. */
#include <math.h>
#include <string.h>

#include "plant.h"
#include "protocol/recovery.h"
#include "recovery_fixture.h"

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

static void somebody_elses(struct plant *plant)
{
	plant->in.furnace_second_master = true;
}

/* R1 stands before R2: what is latched stays so, and nothing is written while the stranger is there, until
 * somebody resets, or a rule trips anew. */
static void put_latched_among_strangers(struct plant *plant)
{
	struct recovery_facts facts = facts_of(PHASE_TRIPPED, RP_PRESSED, RT_HOT);

	plant_put(plant, PHASE_TRIPPED);
	plant->machine.latched = facts.latched = true;
	plant->machine.first_cause = ALARM_PRESSURE_LOSS;
	facts.identity_ok = false;
	plant_tick(plant);
	recover(plant, &facts);
	plant->spoil = somebody_elses;
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
	somebody_elses(plant);
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
	plant.spoil = NULL;
	plant.in.furnace_second_master = false;
	plant_tick(&plant);
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
	/* Once he has gone it is told as R2 would. */
	put_latched_among_strangers(&plant);
	plant.spoil = NULL;
	plant.in.furnace_second_master = false;
	plant_run(&plant, 6);
	assert_int_equal(plant.actions.heat, HEAT_OFF);
	assert_int_equal(plant.actions.press, PRESS_LOCK);
	assert_true(plant.machine.latched);
	assert_int_equal(plant.machine.phase, PHASE_TRIPPED);
	assert_int_equal(plant_verb(&plant, VERB_RESUME), ANSWER_REFUSED);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_consequences),
		cmocka_unit_test(test_handed_over_stays_so),
		cmocka_unit_test(test_another_device_gets_no_writes),
		cmocka_unit_test(test_a_latched_trip_among_strangers),
		cmocka_unit_test(test_r14_goes_on_from_the_measured),
		cmocka_unit_test(test_a_restart_under_way_interrupts),
		cmocka_unit_test(test_r15_offer_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
