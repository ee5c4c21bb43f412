/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The drivers of PACE, DASNET and Alicat against densim's instruments over a line in memory that can be
 * spoilt. */
#include "tests/unit/drivers/cmocka_all.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "drivers/driver.h"
#include "tools/densim/emulator_text.h"

#define STEPS_A_CYCLE 2 /* of the laboratory: 0.1 s */

struct bench {
	struct text_line line; /* first */
	struct bus_config config;
	struct laboratory lab;
	struct emulator_text instrument;
	const struct driver_ops *driver;
	void *state;
	char waiting[1024]; /* answers on their way */
	size_t waiting_length;
	uint32_t sent, quarantines, spoil_every;
	bool silent, late;
	int64_t busy_until_ns;
	double quarantine_ms; /* the last one */
	char last[64];        /* telegram */
	double t_lab_s;
	struct demand demand;
	struct report report;
};
static struct bench bench;

static int line_send(struct text_line *line, const char *bytes, size_t length)
{
	(void)line;
	bench.sent++;
	snprintf(bench.last, sizeof(bench.last), "%.*s", (int)length, bytes);
	if (bench.silent)
		return 0;
	if (clock_mono_ns() < bench.busy_until_ns)
		bench.instrument.busy = 1;
	for (size_t done = 0; done < length;) {
		char answer[EMULATOR_TEXT_ANSWER];
		size_t got, used = emulator_text_take(&bench.instrument, bytes + done, length - done, answer,
						      &got);

		assert_true(used > 0 && bench.waiting_length + got < sizeof(bench.waiting));
		if (got > 2 && bench.spoil_every > 0 && bench.sent % bench.spoil_every == 0)
			answer[bench.sent % (got - 1)] ^= 1;
		memcpy(bench.waiting + bench.waiting_length, answer, got);
		bench.waiting_length += got;
		done += used;
	}
	return 0;
}

static int line_receive(struct text_line *line, uint8_t *ret_bytes, size_t size, double wait_ms,
			size_t *ret_count)
{
	size_t count = bench.late ? 0 : bench.waiting_length < size ? bench.waiting_length : size;

	(void)line;
	(void)wait_ms;
	memcpy(ret_bytes, bench.waiting, count);
	memmove(bench.waiting, bench.waiting + count, bench.waiting_length - count);
	bench.waiting_length -= count;
	*ret_count = count;
	return 0;
}

/* What was on its way has come and is thrown away. */
static void line_quarantine(struct text_line *line, double wait_ms)
{
	(void)line;
	bench.quarantine_ms = wait_ms;
	bench.quarantines++;
	bench.waiting_length = 0;
}

static const struct text_ops line_ops = {
	.send_bytes = line_send, .receive = line_receive, .quarantine = line_quarantine};

static void make_bench(uint8_t kind, const char *protocol, const char *identity)
{
	struct driver_setup setup = {.config = &bench.config, .text = &bench.line};
	struct profile *profile = &bench.config.devices[0].profile;

	free(bench.state);
	memset(&bench, 0, sizeof(bench));
	bench.line = (struct text_line){.ops = &line_ops, .connects = 1};
	bench.config.scale = 50; /* a timeout is 20 ms */
	bench.config.device_count = 1;
	bench.config.pressure_rate_gpa_per_s = 0.005;
	bench.config.calibration = (struct press_calibration){.loading_count = 2,
							      .unloading_count = 2,
							      .loading_bar = {0, 2000},
							      .loading_gpa = {0, 7},
							      .unloading_bar = {0, 2000},
							      .unloading_gpa = {0, 7.0001}};
	bench.config.devices[0].unit = 1;
	*profile = (struct profile){
		.kind = kind, .setpoint_high = kind == DEVICE_PRESS ? 200 : 100, .stroke_full = 266};
	snprintf(profile->protocol, sizeof(profile->protocol), "%s", protocol);
	snprintf(profile->identity_text, sizeof(profile->identity_text), "%s", identity);
	laboratory_init(&bench.lab, 50, 3, false);
	assert_int_equal(emulator_text_init(&bench.instrument, profile, &bench.lab), 0);
	bench.driver = registry_find((enum device_kind)kind, protocol, "");
	assert_non_null(bench.driver);
	bench.state = calloc(1, bench.driver->state_size);
	assert_non_null(bench.state);
	assert_int_equal(bench.driver->init(bench.state, &setup), 0);
	bench.demand.kind = kind;
	if (kind == DEVICE_PRESS)
		bench.demand.press.prior_gpa = NAN;
	bench.t_lab_s = 100;
}

static void cycle(int times)
{
	while (times-- > 0) {
		int64_t now_ns = clock_mono_ns();
		struct driver_cycle now = {
			.seq = 1, .now_ns = now_ns, .t_lab_s = bench.t_lab_s, .tick_mono_ns = now_ns};
		int fd = -1;

		bench.report = (struct report){.kind = bench.demand.kind};
		bench.driver->cycle(bench.state, &now, &bench.demand, &bench.report, &fd);
		for (int i = 0; i < STEPS_A_CYCLE; i++)
			laboratory_step(&bench.lab);
		bench.t_lab_s += 0.1;
	}
}

static void load_to(double gpa)
{
	bench.demand.press.mode = MODE_CONTROL;
	for (double at = 0; at < gpa; at += 0.0005) {
		bench.demand.press.setpoint_gpa = at;
		cycle(1);
	}
	bench.demand.press.setpoint_gpa = gpa;
	cycle(100);
}

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

static const struct {
	const char *protocol, *identity;
} presses[] = {{"pace", "PACE"}, {"dasnet", "260D"}};
#define EACH_PRESS(i) (size_t i = 0; i < sizeof(presses) / sizeof(presses[0]); i++)

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
		cmocka_unit_test(observing_moves_nothing),
		cmocka_unit_test(a_press_of_each),
		cmocka_unit_test(another_instrument_is_never_told_anything),
		cmocka_unit_test(a_unit_changed_at_the_panel_is_seen),
		cmocka_unit_test(spoilt_answers_are_nobodys),
		cmocka_unit_test(late_answers_answer_nothing),
		cmocka_unit_test(a_pace_is_made_to_limit_its_rate),
		cmocka_unit_test(a_busy_pump_is_asked_again),
		cmocka_unit_test(a_pump_that_is_busy_for_a_while_stops_all_the_same),
		cmocka_unit_test(a_missing_answer_is_waited_out_where_it_can_come),
		cmocka_unit_test(after_a_power_failure_it_stands),
		cmocka_unit_test(alicat_flows),
		cmocka_unit_test(alicat_with_another_gas_gets_nothing),
		cmocka_unit_test(alicat_silent_is_asked_less_and_less),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(bench.state);
	return failed;
}
