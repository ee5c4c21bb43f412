/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pressure source in the role of the press, over an instrument in memory that writes down what it is told.
 */
#include "tests/unit/drivers/cmocka_all.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "drivers/source.h"

struct instrument {
	struct source source;
	struct bus_config config;
	double bar, setpoint_bar;
	bool running, deaf, units_differ, in_doubt, start_refused;
	char told[2000]; /* S12.3 a setpoint, R run, H stop, B begin */
	struct press_demand demand;
	struct report report;
	double t_lab_s;
	int last_r;
};
static struct instrument it;

static void note(const char *text)
{
	strncat(it.told, text, sizeof(it.told) - strlen(it.told) - 1);
}

static int write_setpoint(void *driver, double bar, double limit_bar_per_s)
{
	char text[32];

	(void)driver;
	assert_true(limit_bar_per_s > 0);
	snprintf(text, sizeof(text), "S%.1f ", bar);
	note(text);
	if (!it.deaf)
		it.setpoint_bar = bar;
	return 0;
}

static int run_it(void *driver, bool on)
{
	(void)driver;
	note(on ? "R " : "H ");
	if (!it.deaf)
		it.running = on;
	return 0;
}

static int begin(void *driver)
{
	(void)driver;
	note("B ");
	return it.start_refused ? CAUSE_EXCEPTION : 0;
}

static const struct source_ops ops = {.write_setpoint = write_setpoint, .run = run_it, .start = begin};

static int set_up(void **state)
{
	struct driver_setup setup = {.config = &it.config};

	(void)state;
	memset(&it, 0, sizeof(it));
	it.config.scale = 1;
	it.config.pressure_rate_gpa_per_s = 0.005;
	it.config.calibration = (struct press_calibration){.loading_count = 2,
							   .unloading_count = 2,
							   .loading_bar = {0, 2000},
							   .loading_gpa = {0, 7},
							   .unloading_bar = {0, 2000},
							   .unloading_gpa = {0, 7}};
	it.config.devices[0].profile =
		(struct profile){.kind = DEVICE_PRESS, .setpoint_period_s = 0, .setpoint_high = 500};
	it.demand = (struct press_demand){.prior_gpa = NAN};
	it.t_lab_s = 1000;
	return source_init(&it.source, &ops, NULL, &setup, 0.1);
}

/* The oil follows at once while it runs. */
static void read_instrument(void)
{
	struct source_state *state = &it.source.state;
	struct reading reading = {.t_reply_ns = (int64_t)(it.t_lab_s * 1e9), .quality = QUALITY_GOOD};

	if (it.running)
		it.bar = it.setpoint_bar;
	state->pressure_bar = state->setpoint_bar = reading;
	state->pressure_bar.value = it.bar;
	state->setpoint_bar.value = it.setpoint_bar;
	state->setpoint_reads++;
	state->status_reads++;
	state->running = it.running;
}

static void cycle(int times)
{
	while (times-- > 0) {
		struct driver_cycle now = {.seq = 1, .t_lab_s = it.t_lab_s};

		it.last_r = source_obey(&it.source, &now, &it.demand, !it.in_doubt, it.units_differ);
		read_instrument();
		source_conclude(&it.source, &now, &it.demand, true, &it.report);
		it.t_lab_s += 0.1;
	}
}

static void regulate(double gpa)
{
	it.demand.mode = MODE_CONTROL;
	it.demand.setpoint_gpa = gpa;
}

static void permit(double temperature_k)
{
	it.demand.permit = (struct press_permit){.granted = true,
						 .temperature_k = temperature_k,
						 .release_temperature_k = 308,
						 .t_reply_ns = clock_mono_ns()};
}

static void load_to(double gpa)
{
	for (double at = it.bar * 0.0035; at < gpa; at += 0.0005) {
		regulate(at);
		cycle(1);
	}
	regulate(gpa);
	cycle(20);
}

static void observing_tells_nothing(void **state)
{
	(void)state;
	it.bar = it.setpoint_bar = 100;
	it.running = true;
	cycle(20);
	assert_string_equal(it.told, "");
	assert_true(fabs(it.report.press.pressure_gpa.value - 0.35) < 1e-9);
	assert_false(it.report.press.locked);
}

static void lock_stops_and_stays_silent(void **state)
{
	(void)state;
	it.bar = it.setpoint_bar = 100;
	it.running = true;
	cycle(5);
	it.demand.mode = MODE_OFF;
	cycle(50);
	assert_string_equal(it.told, "B H ");
	assert_true(it.report.press.locked);
}

static void lock_is_said_again_until_it_is_seen(void **state)
{
	(void)state;
	it.bar = it.setpoint_bar = 100;
	it.running = it.deaf = true;
	cycle(5);
	it.demand.mode = MODE_OFF;
	cycle(50);
	assert_string_equal(it.told, "B H H H ");
	assert_true(it.report.press.readback_differs);
}

/* The pressure that is there, read back, and only then run. */
static void it_runs_on_a_setpoint_that_was_read_back(void **state)
{
	(void)state;
	it.bar = 50;
	it.setpoint_bar = 400; /* what somebody left there */
	cycle(5);
	regulate(0.175);
	cycle(3);
	assert_string_equal(it.told, "B S50.0 R ");
	load_to(0.5);
	assert_true(fabs(it.report.press.pressure_gpa.value - 0.5) < 0.001);
	assert_false(it.report.press.readback_differs || it.report.press.second_master);
}

static void it_does_not_run_when_the_setpoint_is_not_done(void **state)
{
	(void)state;
	it.setpoint_bar = 400;
	it.deaf = true;
	cycle(5);
	regulate(0.1);
	cycle(50);
	assert_null(strstr(it.told, "R "));
	assert_true(it.report.press.readback_differs);
}

static void down_only_on_a_permit(void **state)
{
	double before;

	(void)state;
	cycle(5);
	load_to(0.3);
	before = it.setpoint_bar;
	regulate(0.1);
	cycle(50);
	assert_true(it.setpoint_bar == before);
	assert_true(it.report.press.release_refused);
	permit(320);
	cycle(10);
	assert_true(it.setpoint_bar == before);
	for (int i = 0; i < 400; i++) {
		permit(300);
		cycle(1);
	}
	assert_true(fabs(it.report.press.pressure_gpa.value - 0.1) < 0.001);
	assert_false(it.report.press.release_refused);
}

/* Over-pressure, an empty cylinder, a hand at the panel: it is not started again by itself. */
static void what_stops_by_itself_stays_stopped(void **state)
{
	(void)state;
	cycle(5);
	load_to(0.3);
	it.running = false;
	it.told[0] = '\0';
	cycle(100);
	assert_string_equal(it.told, "");
	assert_true(it.report.press.readback_differs);
	it.demand.mode = MODE_OFF;
	cycle(3);
	assert_false(it.report.press.readback_differs);
	regulate(0.3);
	cycle(5);
	assert_non_null(strstr(it.told, "R "));
}

/* Neither a doubtful line nor a new connection makes it forget that. */
static void a_doubtful_line_does_not_start_it_again(void **state)
{
	(void)state;
	cycle(5);
	load_to(0.3);
	it.in_doubt = true;
	it.running = false;
	cycle(3);
	it.in_doubt = false;
	it.told[0] = '\0';
	cycle(50);
	assert_string_equal(it.told, "");
	assert_true(it.report.press.readback_differs);
	source_forget(&it.source);
	cycle(50);
	assert_string_equal(it.told, "B ");
	assert_true(it.report.press.readback_differs);
}

/* It cannot be taken into remote control: a stop is tried all the same. */
static void a_refused_start_does_not_keep_it_from_being_stopped(void **state)
{
	(void)state;
	it.bar = it.setpoint_bar = 100;
	it.running = it.start_refused = true;
	cycle(5);
	regulate(0.4);
	cycle(2);
	assert_string_equal(it.told, "B B ");
	it.demand.mode = MODE_OFF;
	cycle(1);
	assert_string_equal(it.told, "B B B H ");
	assert_false(it.running);
}

static void at_the_panel_nothing_is_written(void **state)
{
	(void)state;
	cycle(5);
	load_to(0.3);
	it.told[0] = '\0';
	it.source.state.local = true;
	regulate(0.4);
	cycle(50);
	assert_string_equal(it.told, "");
	assert_true(it.report.press.local);
}

static void in_other_units_it_can_only_be_stopped(void **state)
{
	(void)state;
	cycle(5);
	load_to(0.3);
	it.told[0] = '\0';
	it.units_differ = true;
	regulate(0.4);
	cycle(20);
	assert_string_equal(it.told, "");
	it.demand.mode = MODE_OFF;
	cycle(3);
	assert_string_equal(it.told, "H ");
}

static void it_is_not_asked_for_more_than_it_takes(void **state)
{
	(void)state;
	it.bar = 499;
	cycle(5);
	regulate(0.35 * 499 / 100);
	cycle(10);
	regulate(2);
	cycle(100);
	assert_int_equal(it.last_r, CAUSE_RANGE);
	assert_true(it.setpoint_bar <= 500);
	it.source.limit_high_bar = 300; /* what its own panel allows */
	it.told[0] = '\0';
	cycle(10);
	assert_string_equal(it.told, "");
}

static void another_setpoint_is_another_master(void **state)
{
	(void)state;
	cycle(5);
	load_to(0.3);
	it.setpoint_bar = 33;
	cycle(1);
	it.setpoint_bar = 33;
	cycle(1);
	assert_true(it.report.press.second_master);
}

static void empty_is_three_readings(void **state)
{
	(void)state;
	it.bar = 2;
	cycle(2);
	assert_false(it.report.press.depressurised);
	cycle(1);
	assert_true(it.report.press.depressurised);
	it.bar = 3.5;
	cycle(1);
	assert_false(it.report.press.depressurised);
}

static void a_bad_pressure_is_neither_empty_nor_steered_by(void **state)
{
	struct driver_cycle now = {.seq = 1, .t_lab_s = 2000};

	(void)state;
	cycle(5);
	load_to(0.3);
	it.told[0] = '\0';
	it.source.state.pressure_bar.quality = QUALITY_BAD;
	it.source.state.pressure_bar.value = 0;
	regulate(0.4);
	assert_int_equal(source_obey(&it.source, &now, &it.demand, true, false), 0);
	source_conclude(&it.source, &now, &it.demand, true, &it.report);
	assert_string_equal(it.told, "");
	assert_false(it.report.press.depressurised);
	assert_int_equal(it.report.press.oil_bar.quality, QUALITY_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(observing_tells_nothing, set_up),
		cmocka_unit_test_setup(lock_stops_and_stays_silent, set_up),
		cmocka_unit_test_setup(lock_is_said_again_until_it_is_seen, set_up),
		cmocka_unit_test_setup(it_runs_on_a_setpoint_that_was_read_back, set_up),
		cmocka_unit_test_setup(it_does_not_run_when_the_setpoint_is_not_done, set_up),
		cmocka_unit_test_setup(down_only_on_a_permit, set_up),
		cmocka_unit_test_setup(what_stops_by_itself_stays_stopped, set_up),
		cmocka_unit_test_setup(a_doubtful_line_does_not_start_it_again, set_up),
		cmocka_unit_test_setup(a_refused_start_does_not_keep_it_from_being_stopped, set_up),
		cmocka_unit_test_setup(at_the_panel_nothing_is_written, set_up),
		cmocka_unit_test_setup(in_other_units_it_can_only_be_stopped, set_up),
		cmocka_unit_test_setup(it_is_not_asked_for_more_than_it_takes, set_up),
		cmocka_unit_test_setup(another_setpoint_is_another_master, set_up),
		cmocka_unit_test_setup(empty_is_three_readings, set_up),
		cmocka_unit_test_setup(a_bad_pressure_is_neither_empty_nor_steered_by, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
