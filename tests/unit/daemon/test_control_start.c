/* SPDX-License-Identifier: GPL-3.0-or-later */
/* After a start: nothing is decided from instruments that have not answered, and nothing waits for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>

#include "control_fixture.h"
#include "daemon/base/clock.h"
#include "daemon/control/start.h"

#define RUN "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define PRESS_BUS 0u
#define FURNACE_BUS 1u

static struct fixture fixture;
static struct control *const control = &fixture.control;
static double oil_bar = 1;

static void add_device(uint32_t bus, uint8_t kind)
{
	struct bus_config *config = &control->site.buses[bus];

	config->devices[0].profile.kind = kind;
	config->device_count = 1;
	control->reports[bus].count = 1;
	control->reports[bus].reports[0] = (struct report){.kind = kind};
}

static int set_up(void **state)
{
	struct link_loaded loaded = {.publisher = RUN, .same_boot = true};

	(void)state;
	if (fixture_open(&fixture) < 0)
		return -1;
	control->site.bus_count = 2;
	add_device(PRESS_BUS, DEVICE_PRESS);
	add_device(FURNACE_BUS, DEVICE_FURNACE);
	cycle_find_devices(&control->site, &control->map);
	start_take_loaded(control, &loaded);
	start_restore(control);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_close(&fixture);
	return 0;
}

static struct reading read_now(double value)
{
	return (struct reading){.value = value, .t_reply_ns = clock_mono_ns(), .quality = QUALITY_GOOD};
}

/* One cycle: what @answers is read, the step decides if it can. */
static void cycle(bool furnace_answers, bool press_answers)
{
	struct report *press = &control->reports[PRESS_BUS].reports[0],
		      *furnace = &control->reports[FURNACE_BUS].reports[0];
	struct cycle_view view;

	furnace->online = furnace->furnace.identity_ok = furnace_answers;
	press->online = press->press.identity_ok = press_answers;
	press->press.depressurised = press_answers && oil_bar < 5;
	if (furnace_answers)
		furnace->furnace.temperature_k = read_now(298);
	if (press_answers)
		press->press.oil_bar = read_now(oil_bar);
	start_count_cycle(control, FURNACE_BUS);
	start_count_cycle(control, PRESS_BUS);
	view = control_view(control, control_lab_s(control));
	cycle_build_inputs(&view, &control->inputs);
	start_try_recovery(control);
}

/* As if the start were longer ago than every patience. */
static void wait_out(void)
{
	control->recovering.since_ns -= 3600 * CLOCK_NS_PER_S;
	control->recovering.since_lab_s -= 3600;
}

static void five_good_cycles_decide(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		cycle(false, false);
	assert_true(control->recovering.active);
	for (int i = 0; i < 4; i++)
		cycle(true, true);
	cycle(true, false); /* the row of five is broken */
	for (int i = 0; i < 4; i++)
		cycle(true, true);
	assert_true(control->recovering.active);
	cycle(true, true);
	assert_false(control->recovering.active);
	assert_int_equal(control->machine.phase, PHASE_IDLE);
	assert_false(control->alarms.active >> ALARM_RESTARTED & 1);
}

/* R6: no run, and the press is loaded. Nobody would look if it were not told. */
static void a_loaded_press_without_a_run_is_told(void **state)
{
	(void)state;
	oil_bar = 900;
	for (int i = 0; i < 5; i++)
		cycle(true, true);
	oil_bar = 1;
	assert_int_equal(control->machine.phase, PHASE_RECOVERY_WAIT);
	assert_non_null(strstr(control->machine.cause, "R6"));
	assert_true(control->alarms.active >> ALARM_RESTARTED & 1);
	assert_false(control->alarms.active >> ALARM_POWER_CUT & 1);
}

static void instruments_that_come_late_are_waited_for(void **state)
{
	(void)state;
	control->recovering.since_ns -= 50 * CLOCK_NS_PER_S;
	control->recovering.since_lab_s -= 50;
	cycle(false, false);
	assert_true(control->recovering.active);
	for (int i = 0; i < 5; i++)
		cycle(true, true);
	assert_int_equal(control->machine.phase, PHASE_IDLE);
}

/* The decision and what it rests on are in the journal, for densctl recovery. */
static void is_journaled(uint8_t row)
{
	const struct link_journal *entry = fixture_next(&fixture, JOURNAL_RECOVERY);
	const struct journal_recovery *recovery = (const void *)(entry ? entry->body : NULL);

	assert_non_null(recovery);
	assert_int_equal(recovery->row, row);
	assert_true(isnan(recovery->temperature_k) == (row == 7));
	assert_true(isnan(recovery->pressure_gpa) == (row == 8));
}

/* The site's clock ran faster at the last start: the time stamps of then lie in the future of this one. */
static void a_start_under_another_scale_has_a_gap_that_can_be(void **state)
{
	struct link_loaded *loaded = &control->recovering.loaded;
	const struct journal_recovery *recovery;

	(void)state;
	loaded->has_snapshot = true;
	loaded->snapshot.version = SNAPSHOT_VERSION;
	loaded->snapshot.size = sizeof(loaded->snapshot);
	machine_init(&loaded->snapshot.machine, 0);
	loaded->last_tick_lab_s = control_lab_s(control) + 1e6;
	loaded->last_wall_us = clock_wall_us() - 2000000;
	for (int i = 0; i < 5; i++)
		cycle(true, true);
	recovery = (const void *)fixture_next(&fixture, JOURNAL_RECOVERY)->body;
	assert_true(recovery->facts.gap_s >= 2 * control->site.clock_scale);
	assert_true(recovery->facts.gap_s < 100 * control->site.clock_scale);
}

static void decided_as(const char *row, bool furnace, bool press)
{
	for (int i = 0; i < 4; i++)
		cycle(furnace, press);
	wait_out();
	cycle(furnace, press);
	assert_false(control->recovering.active);
	assert_int_equal(control->machine.phase, PHASE_RECOVERY_WAIT);
	assert_non_null(strstr(control->machine.cause, row));
	assert_true(control->alarms.active >> ALARM_RESTARTED & 1);
}

/* The power went between a trip's intent and the snapshot that is latched. */
static void a_trip_whose_intent_alone_is_on_disk_is_latched(void **state)
{
	struct link_loaded *loaded = &control->recovering.loaded;

	(void)state;
	loaded->has_snapshot = true;
	loaded->snapshot.version = SNAPSHOT_VERSION;
	loaded->snapshot.size = sizeof(loaded->snapshot);
	machine_init(&loaded->snapshot.machine, 0);
	loaded->snapshot.machine.phase = PHASE_HEAT;
	start_restore(control);
	assert_false(control->machine.latched);
	loaded->intents_in_doubt = 1;
	loaded->last_intent = (struct intent){.number = 7, .kind = INTENT_SEGMENT};
	start_restore(control);
	assert_false(control->machine.latched);
	loaded->last_intent.kind = INTENT_TRIP;
	start_restore(control);
	assert_true(control->machine.latched);
}

static void after_the_limit_the_temperature_is_unknown(void **state)
{
	(void)state;
	decided_as("R7", false, true);
	is_journaled(7);
}

static void after_the_limit_the_pressure_is_unknown(void **state)
{
	(void)state;
	decided_as("R8", true, false);
	is_journaled(8);
}

/* R1: identified, and in other units than its profile: what it says is no value, and nothing is written to
 * it. */
static void other_units_get_no_writes(uint32_t bus)
{
	control->reports[bus].reports[0].units_differ = true;
	decided_as("R1)", bus != FURNACE_BUS, bus != PRESS_BUS);
	assert_int_equal(control->actions.heat, HEAT_OBSERVE);
	assert_int_equal(control->actions.press, PRESS_OBSERVE);
}

static void a_furnace_in_other_units_gets_no_writes(void **state)
{
	(void)state;
	other_units_get_no_writes(FURNACE_BUS);
}

static void a_press_in_other_units_gets_no_writes(void **state)
{
	(void)state;
	other_units_get_no_writes(PRESS_BUS);
}

/* Hazard 29: nothing is known of the run, so a press under pressure is left as it is and the operator asked.
 */
static void a_corrupt_store_waits_for_the_operator(void **state)
{
	struct link_loaded loaded = {.publisher = RUN, .same_boot = true, .store_corrupt = true};

	(void)state;
	start_take_loaded(control, &loaded);
	start_restore(control);
	oil_bar = 900;
	for (int i = 0; i < 5; i++)
		cycle(true, true);
	oil_bar = 1;
	assert_int_equal(control->machine.phase, PHASE_RECOVERY_WAIT);
	assert_non_null(strstr(control->machine.cause, "R3"));
	assert_true(control->alarms.active >> ALARM_STORE_CORRUPT & 1);
	assert_int_not_equal(control->actions.heat, HEAT_CONTROL);
	is_journaled(3);
}

/* Four good cycles and the end of patience: not five, so unknown. */
static void four_cycles_prove_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		cycle(true, true);
	wait_out();
	cycle(true, true);
	assert_false(control->recovering.active);
	assert_int_equal(control->machine.phase, PHASE_RECOVERY_WAIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(five_good_cycles_decide, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_trip_whose_intent_alone_is_on_disk_is_latched, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_loaded_press_without_a_run_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(instruments_that_come_late_are_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_start_under_another_scale_has_a_gap_that_can_be, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(after_the_limit_the_temperature_is_unknown, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(after_the_limit_the_pressure_is_unknown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_furnace_in_other_units_gets_no_writes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_press_in_other_units_gets_no_writes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_corrupt_store_waits_for_the_operator, set_up, tear_down),
		cmocka_unit_test_setup_teardown(four_cycles_prove_nothing, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
