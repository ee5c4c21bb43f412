/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each text instrument has of its own: the PACE's rate, the pump that is busy, the Alicat's gas and
 * silence. */
#include <math.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "tests/unit/drivers/text_fixture.h"

/* A PACE may stand at its maximum rate, where its slew rate limits nothing. */
static void a_pace_is_made_to_limit_its_rate(void **state)
{
	double before_gpa;

	(void)state;
	for (int keeps = 0; keeps < 2; keeps++) {
		make_bench(DEVICE_PRESS, "pace", "PACE");
		cycle(10);
		assert_false(bench.instrument.linear);
		bench.instrument.keeps_maximum = keeps;
		before_gpa = bench.lab.press.sample_gpa;
		load_to(0.1);
		assert_int_equal(bench.instrument.linear, !keeps);
		assert_int_equal(bench.report.press.readback_differs, keeps);
		assert_int_equal(bench.lab.press.sample_gpa > before_gpa + 0.05, !keeps);
		bench.demand.press.mode = MODE_OFF;
		cycle(20);
		assert_true(bench.report.press.locked);
	}
}

/* "B" is not a refusal: the same message goes out again, and the setpoint is no second master's. */
static void a_busy_pump_is_asked_again(void **state)
{
	uint32_t writes;

	(void)state;
	make_bench(DEVICE_PRESS, "dasnet", "260D");
	cycle(10);
	load_to(0.2);
	writes = bench.report.press.writes;
	bench.demand.press.setpoint_gpa = 0.21;
	bench.instrument.busy = 1;
	for (int i = 0; i < 30; i++) {
		cycle(1);
		assert_int_equal(bench.report.fault, CAUSE_NONE);
		assert_false(bench.report.press.readback_differs || bench.report.press.second_master);
	}
	assert_true(bench.report.press.writes > writes);
	bench.instrument.busy = 100;
	cycle(1);
	assert_int_equal(bench.report.fault, CAUSE_EXCEPTION);
	assert_int_equal(bench.instrument.busy, 96);
}

/* A pump that is busy for 200 ms stops in that cycle, and not when its order is repeated. */
static void a_pump_that_is_busy_for_a_while_stops_all_the_same(void **state)
{
	(void)state;
	make_bench(DEVICE_PRESS, "dasnet", "260D");
	cycle(10);
	load_to(0.2);
	assert_true(bench.lab.press.mode_active == PRESS_PLANT_REGULATE);
	bench.demand.press.mode = MODE_OFF;
	bench.busy_until_ns = clock_mono_ns() + (int64_t)(200e6 / bench.config.scale);
	cycle(1);
	assert_int_equal(bench.report.fault, CAUSE_NONE);
	assert_true(bench.lab.press.mode_active == PRESS_PLANT_LOCK);
}

static void after_a_power_failure_it_stands(void **state)
{
	(void)state;
	for
		EACH_PRESS(i)
		{
			make_bench(DEVICE_PRESS, presses[i].protocol, presses[i].identity);
			cycle(10);
			load_to(0.2);
			press_plant_restart(&bench.lab.press);
			cycle(50);
			assert_true(bench.report.press.locked && bench.report.press.readback_differs);
			assert_int_equal(bench.lab.press.mode_active, PRESS_PLANT_LOCK);
		}
}

static void alicat_flows(void **state)
{
	(void)state;
	make_bench(DEVICE_FLOW, "alicat", "");
	cycle(100);
	assert_true(bench.report.online && bench.report.flow.identity_ok && bench.report.simulated);
	assert_true(bench.lab.flow_setpoint == 0);
	bench.demand.flow = (struct flow_demand){MODE_CONTROL, 80};
	cycle(200);
	assert_true(bench.lab.flow_setpoint == 80);
	assert_true(fabs(bench.report.flow.flow_ml_per_min.value - 80) < 0.5);
	bench.instrument.hold = true;
	bench.demand.flow.setpoint_ml_per_min = 40;
	cycle(200);
	assert_false(bench.instrument.hold);
	assert_true(bench.lab.flow_setpoint == 40);
	bench.demand.flow.setpoint_ml_per_min = 400; /* more than it has */
	cycle(200);
	assert_true(bench.lab.flow_setpoint == 40);
	bench.demand.flow.setpoint_ml_per_min = 0;
	cycle(200);
	assert_true(bench.lab.flow_setpoint == 0);
}

static void alicat_with_another_gas_gets_nothing(void **state)
{
	(void)state;
	make_bench(DEVICE_FLOW, "alicat", "");
	strcpy(bench.instrument.gas, "Ar");
	bench.demand.flow = (struct flow_demand){MODE_CONTROL, 80};
	cycle(400);
	assert_true(bench.lab.flow_setpoint == 0);
	assert_false(bench.report.online);
	assert_string_equal(bench.instrument.gas, "Ar");
}

static void alicat_silent_is_asked_less_and_less(void **state)
{
	(void)state;
	make_bench(DEVICE_FLOW, "alicat", "");
	cycle(100);
	bench.silent = true;
	bench.sent = 0;
	cycle(600);
	assert_true(bench.sent < 10);
	assert_int_equal(bench.report.flow.flow_ml_per_min.quality,
			 QUALITY_GOOD); /* the last one, with its age */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pace_is_made_to_limit_its_rate),
		cmocka_unit_test(a_busy_pump_is_asked_again),
		cmocka_unit_test(a_pump_that_is_busy_for_a_while_stops_all_the_same),
		cmocka_unit_test(after_a_power_failure_it_stands),
		cmocka_unit_test(alicat_flows),
		cmocka_unit_test(alicat_with_another_gas_gets_nothing),
		cmocka_unit_test(alicat_silent_is_asked_less_and_less),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(bench.state);
	return failed;
}
