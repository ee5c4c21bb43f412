/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The drivers of PACE, DASNET and Alicat alike: what they do not tell a stranger, and what spoilt, late or
 * missing answers do not do. */
#include <math.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "drivers/driver.h"
#include "tests/unit/drivers/text_fixture.h"

static void release(void)
{
	for (double at = bench.demand.press.setpoint_gpa; at > 0; at -= 0.0005) {
		bench.demand.press.setpoint_gpa = at;
		bench.demand.press.permit = (struct press_permit){.granted = true,
								  .temperature_k = 298,
								  .release_temperature_k = 308,
								  .t_reply_ns = clock_mono_ns()};
		cycle(1);
	}
}

static void observing_moves_nothing(void **state)
{
	(void)state;
	for
		EACH_PRESS(i)
		{
			make_bench(DEVICE_PRESS, presses[i].protocol, presses[i].identity);
			bench.lab.press.oil_bar = 100;
			cycle(30);
			assert_true(bench.report.online && bench.report.press.identity_ok &&
				    bench.report.order_proven);
			assert_true(bench.report.simulated && bench.report.sim_scale == 50);
			assert_true(fabs(bench.report.press.oil_bar.value - 100) < 1);
			assert_true(bench.lab.press.setpoint_bar == 0 && !bench.instrument.remote);
			assert_int_equal(bench.lab.press.mode_active, PRESS_PLANT_LOCK);
		}
}

/* Loaded, locked, released: the pressure does as it is told, and nothing is vented. */
static void a_press_of_each(void **state)
{
	(void)state;
	for
		EACH_PRESS(i)
		{
			make_bench(DEVICE_PRESS, presses[i].protocol, presses[i].identity);
			cycle(10);
			load_to(0.3);
			assert_true(fabs(bench.lab.press.sample_gpa - 0.3) < 0.01);
			assert_false(bench.report.press.locked || bench.report.press.readback_differs);
			assert_true(bench.report.press.switches_ns > 0 &&
				    clock_mono_ns() - bench.report.press.switches_ns < 60 * CLOCK_NS_PER_S);
			bench.demand.press.mode = MODE_OFF;
			cycle(20);
			assert_true(bench.report.press.locked);
			assert_true(fabs(bench.lab.press.sample_gpa - 0.3) < 0.01);
			bench.demand.press.mode = MODE_CONTROL;
			cycle(20);
			bench.demand.press.setpoint_gpa = 0.1;
			cycle(50);
			assert_true(fabs(bench.lab.press.sample_gpa - 0.3) < 0.01);
			assert_true(bench.report.press.release_refused);
			bench.demand.press.setpoint_gpa = 0.3;
			release();
			cycle(100);
			assert_true(bench.lab.press.oil_bar < 3 && bench.report.press.depressurised);
			assert_int_equal(bench.instrument.vents, 0);
			assert_int_equal(bench.instrument.error_count, 0);
			assert_int_equal(bench.report.errors, 0);
		}
}

static void another_instrument_is_never_told_anything(void **state)
{
	(void)state;
	for
		EACH_PRESS(i)
		{
			make_bench(DEVICE_PRESS, presses[i].protocol, "another");
			bench.demand.press.mode = MODE_CONTROL;
			bench.demand.press.setpoint_gpa = 0.3;
			cycle(50);
			assert_int_equal(bench.report.fault, CAUSE_IDENTITY);
			assert_false(bench.report.online || bench.instrument.remote);
			assert_int_equal(bench.lab.press.mode_active, PRESS_PLANT_LOCK);
		}
}

static void a_unit_changed_at_the_panel_is_seen(void **state)
{
	double before;

	(void)state;
	for
		EACH_PRESS(i)
		{
			make_bench(DEVICE_PRESS, presses[i].protocol, presses[i].identity);
			cycle(10);
			load_to(0.1);
			bench.instrument.unit = "PSI";
			cycle(700); /* it is looked at each 60 s */
			assert_true(bench.report.units_differ);
			before = (double)bench.lab.press.setpoint_bar;
			bench.demand.press.setpoint_gpa = 0.2;
			cycle(50);
			assert_true((double)bench.lab.press.setpoint_bar == before);
			bench.demand.press.mode = MODE_OFF;
			cycle(20);
			assert_true(bench.report.press.locked);
			bench.instrument.unit = "BAR";
			cycle(70);
			assert_false(bench.report.units_differ);
		}
}

/* Every seventh answer has a flipped bit somewhere: what is read stays right, and the line is drained each
 * time. */
static void spoilt_answers_are_nobodys(void **state)
{
	(void)state;
	for
		EACH_PRESS(i)
		{
			make_bench(DEVICE_PRESS, presses[i].protocol, "");
			bench.lab.press.oil_bar = 100;
			cycle(10);
			bench.spoil_every = 7;
			for (int n = 0; n < 300; n++) {
				cycle(1);
				if (strcmp(presses[i].protocol, "dasnet") == 0)
					assert_true(fabs(bench.report.press.oil_bar.value -
							 bench.lab.press.oil_bar) < 1);
			}
			assert_true(bench.quarantines > 30);
		}
}

/* An answer that comes after its time is thrown away, and identity comes before anything else. */
static void late_answers_answer_nothing(void **state)
{
	(void)state;
	for
		EACH_PRESS(i)
		{
			make_bench(DEVICE_PRESS, presses[i].protocol, presses[i].identity);
			cycle(10);
			bench.late = true;
			cycle(1);
			assert_int_equal(bench.report.fault, CAUSE_TIMEOUT);
			assert_int_equal(bench.quarantines, 1);
			bench.late = false;
			bench.sent = 0;
			cycle(1);
			assert_true(bench.sent >= 3);
			assert_int_equal(bench.report.fault, CAUSE_NONE);
			assert_true(bench.report.online);
		}
}

/* What a closed connection still carries reaches nobody: only on a serial line a missing answer is waited
 * out. */
static void a_missing_answer_is_waited_out_where_it_can_come(void **state)
{
	struct driver_setup setup = {.config = &bench.config, .text = &bench.line};

	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		make_bench(DEVICE_PRESS, "pace", "PACE");
		bench.config.kind = tcp ? BUS_TEXT_TCP : BUS_SERIAL;
		assert_int_equal(bench.driver->init(bench.state, &setup), 0);
		cycle(10);
		bench.late = true;
		cycle(1);
		assert_int_equal(bench.report.fault, CAUSE_TIMEOUT);
		/* the worst latency, or three seconds after the question; both at clock scale 50 */
		assert_true(bench.quarantine_ms == (tcp ? 20 : 40));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(observing_moves_nothing),
		cmocka_unit_test(a_press_of_each),
		cmocka_unit_test(another_instrument_is_never_told_anything),
		cmocka_unit_test(a_unit_changed_at_the_panel_is_seen),
		cmocka_unit_test(spoilt_answers_are_nobodys),
		cmocka_unit_test(late_answers_answer_nothing),
		cmocka_unit_test(a_missing_answer_is_waited_out_where_it_can_come),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(bench.state);
	return failed;
}
