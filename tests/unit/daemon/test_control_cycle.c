/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports to inputs and actions to demands: times, levels, permits, and who may be written to at all. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/base/clock.h"
#include "daemon/control/cycle.h"
#include "drivers/contactor_rules.h"

static struct site site;
static struct cycle_map map;
static struct link_reports reports[SITE_BUSES_MAX];
static bool lost[SITE_BUSES_MAX];

static struct reading good(double value, int64_t mono_ns)
{
	return (struct reading){.value = value, .t_reply_ns = mono_ns, .quality = QUALITY_GOOD};
}

static void add_device(uint32_t bus, uint8_t kind, const char *name)
{
	struct bus_config *config = &site.buses[bus];
	struct bus_device *device = &config->devices[config->device_count];

	strcpy(device->name, name);
	device->profile.kind = kind;
	device->profile.watchdog = true;
	device->profile.contactor = kind == DEVICE_PRESS;
	reports[bus].reports[config->device_count] = (struct report){.kind = kind,
								     .device = (uint8_t)config->device_count,
								     .online = true,
								     .simulated = true,
								     .sim_scale = 1};
	reports[bus].count = ++config->device_count;
}

static int set_up(void **state)
{
	(void)state;
	memset(&site, 0, sizeof(site));
	memset(reports, 0, sizeof(reports));
	memset(lost, 0, sizeof(lost));
	site.clock_scale = 1;
	site.bus_count = 3;
	site.ambient_k = 296;
	add_device(0, DEVICE_PRESS, "press");
	add_device(1, DEVICE_FURNACE, "furnace");
	add_device(1, DEVICE_FLOW, "nitrogen");
	add_device(2, DEVICE_CHIP, "chip");
	cycle_find_devices(&site, &map);
	return 0;
}

static struct cycle_view make_view(void)
{
	return (struct cycle_view){.site = &site,
				   .map = &map,
				   .reports = reports,
				   .lost = lost,
				   .t_lab_s = 1000,
				   .store_ok = true};
}

static void times_cross_from_mono_to_lab(void **state)
{
	struct cycle_view view = make_view();
	struct inputs inputs;

	(void)state;
	site.clock_scale = 120;
	reports[1].reports[0].furnace.temperature_k = good(643, 5 * CLOCK_NS_PER_S);
	reports[1].reports[0].furnace.identity_ok = true;
	reports[1].reports[0].furnace.margin_k = 3;
	reports[1].reports[0].furnace.margin2_k = 7;
	cycle_build_inputs(&view, &inputs);
	assert_float_equal(inputs.temperature_margin_k, 3, 0);
	assert_float_equal(inputs.temperature2_margin_k, 7, 0);
	assert_float_equal(inputs.temperature_k.value, 643, 0);
	assert_float_equal(inputs.temperature_k.t_lab_s, 600, 1e-9);
	assert_true(inputs.furnace_identity_ok);
	assert_int_equal(inputs.temperature2_k.quality, QUALITY_NONE);
	assert_true(isinf(inputs.oil_bar.t_lab_s) && inputs.oil_bar.t_lab_s < 0);
	assert_float_equal(inputs.ambient_k.value, 296, 0);
	assert_true(inputs.store_ok);
}

/* Hazards 11 and 13: one device is enough, and a worker that has not said so has not proven it. */
static void order_and_units_of_every_device_count(void **state)
{
	struct inputs inputs;

	(void)state;
	for (int spoilt = 0; spoilt < 4; spoilt++) {
		struct report *furnace = &reports[1].reports[0], *press = &reports[0].reports[0];
		struct cycle_view view = make_view();

		furnace->order_proven = spoilt != 1;
		press->order_proven = spoilt != 2;
		furnace->units_differ = spoilt == 3;
		cycle_build_inputs(&view, &inputs);
		assert_int_equal(inputs.order_unproven, spoilt == 1 || spoilt == 2);
		assert_int_equal(inputs.units_differ, spoilt == 3);
	}
}

static void an_offline_device_is_not_identified(void **state)
{
	struct cycle_view view = make_view();
	struct inputs inputs;

	(void)state;
	reports[0].reports[0].press.identity_ok = true;
	reports[0].reports[0].online = false;
	lost[0] = true;
	cycle_build_inputs(&view, &inputs);
	assert_false(inputs.press_identity_ok);
	assert_true(inputs.press_lost);
	assert_false(inputs.furnace_lost);
}

static void arming_needs_every_watchdog_or_the_words(void **state)
{
	struct cycle_view view = make_view();
	struct inputs inputs;

	(void)state;
	cycle_build_inputs(&view, &inputs);
	assert_false(inputs.devices_armed);
	assert_non_null(strstr(inputs.unarmed, "the watchdog of the press 'press' is not armed"));
	reports[0].reports[0].press.watchdog_armed = true;
	cycle_build_inputs(&view, &inputs);
	assert_true(inputs.devices_armed);
	assert_string_equal(inputs.unarmed, "");
	site.buses[1].devices[0].profile.watchdog = false;
	cycle_build_inputs(&view, &inputs);
	assert_false(inputs.devices_armed);
	assert_non_null(strstr(inputs.unarmed, "accept_no_watchdog"));
	site.accept_no_watchdog = true;
	cycle_build_inputs(&view, &inputs);
	assert_true(inputs.devices_armed);
}

/* A pump plays the press: nothing opens the heater's contactor, and the site must have said that it knows. */
static void no_contactor_needs_the_words(void **state)
{
	struct cycle_view view = make_view();
	struct inputs inputs;

	(void)state;
	site.buses[0].devices[0].profile.watchdog = site.buses[0].devices[0].profile.contactor = false;
	site.accept_no_watchdog = true;
	cycle_build_inputs(&view, &inputs);
	assert_false(inputs.devices_armed);
	assert_non_null(strstr(inputs.unarmed, "accept_no_contactor"));
	site.accept_no_contactor = true;
	cycle_build_inputs(&view, &inputs);
	assert_true(inputs.devices_armed);
}

static void expect_switch(const struct switch_body *body, enum switch_is is, double t_lab_s)
{
	assert_int_equal(body->is, is);
	if (isfinite(t_lab_s))
		assert_float_equal(body->t_lab_s, t_lab_s, 1e-6);
	else
		assert_true(isinf(body->t_lab_s) && body->t_lab_s < 0);
}

/* Is the heater really off? As last read, with its time; too long ago is not known, nor is what a stranger
 * says. */
static void switches_are_as_last_read(void **state)
{
	struct report *press = &reports[0].reports[0], *furnace = &reports[1].reports[0];
	struct cycle_view view = make_view();
	struct sample_body sample;

	(void)state;
	cycle_fill_switches(&view, 2, &sample);
	expect_switch(&sample.press_lock, SWITCH_NOT_KNOWN, INFINITY);
	expect_switch(&sample.press_contactor, SWITCH_NOT_KNOWN, INFINITY);
	expect_switch(&sample.coupler_contactor, SWITCH_NONE, INFINITY);
	press->press.switches_ns = 999 * CLOCK_NS_PER_S;
	press->press.locked = true;
	site.buses[1].contactor.fitted = true;
	furnace->furnace.contactor = CONTACTOR_ARMED;
	furnace->furnace.contactor_closed = true;
	furnace->furnace.contactor_ns = 998 * CLOCK_NS_PER_S;
	cycle_fill_switches(&view, 2, &sample);
	expect_switch(&sample.press_lock, SWITCH_ON, 999);
	expect_switch(&sample.press_contactor, SWITCH_OFF, 999);
	expect_switch(&sample.coupler_contactor, SWITCH_ON, 998);
	furnace->furnace.contactor_ns = INT64_C(997900000000);
	cycle_fill_switches(&view, 2, &sample);
	expect_switch(&sample.coupler_contactor, SWITCH_NOT_KNOWN, 997.9);
	furnace->furnace.contactor_ns = 999 * CLOCK_NS_PER_S;
	furnace->furnace.contactor = CONTACTOR_STRANGER;
	press->online = false;
	cycle_fill_switches(&view, 2, &sample);
	expect_switch(&sample.press_lock, SWITCH_NOT_KNOWN, 999);
	expect_switch(&sample.press_contactor, SWITCH_NOT_KNOWN, 999);
	expect_switch(&sample.coupler_contactor, SWITCH_NOT_KNOWN, 999);
	site.buses[0].devices[0].profile.contactor = false;
	cycle_fill_switches(&view, 2, &sample);
	expect_switch(&sample.press_contactor, SWITCH_NONE, INFINITY);
}

/* No words stand in for a contactor that is there; armed, it needs none. */
static void a_coupled_contactor_must_be_armed(void **state)
{
	struct cycle_view view = make_view();
	struct report *furnace = &reports[1].reports[0];
	struct inputs inputs;

	(void)state;
	site.buses[1].contactor.fitted = true;
	site.buses[1].devices[0].profile.watchdog = site.buses[0].devices[0].profile.contactor = false;
	reports[0].reports[0].press.watchdog_armed = true;
	for (uint8_t armed = CONTACTOR_NONE; armed < CONTACTOR_STATE_MAX; armed++) {
		furnace->furnace.contactor = armed;
		site.accept_no_watchdog = site.accept_no_contactor = armed != CONTACTOR_ARMED;
		cycle_build_inputs(&view, &inputs);
		assert_int_equal(inputs.devices_armed, armed == CONTACTOR_ARMED);
		assert_int_equal(inputs.furnace_contactor_open, armed > CONTACTOR_ARMED);
		/* Named, and the remedy is there to its end. */
		assert_true(armed == CONTACTOR_ARMED ||
			    (strstr(inputs.unarmed, "contactor of 'furnace'") &&
			     strstr(inputs.unarmed, contactor_rules_text(armed))));
	}
	furnace->furnace.contactor = CONTACTOR_ARMED;
	furnace->online = false;
	cycle_build_inputs(&view, &inputs);
	assert_false(inputs.devices_armed);
}

static void scaled_time_needs_proof_from_every_device(void **state)
{
	struct cycle_view view = make_view();
	char why[MACHINE_WHY];

	(void)state;
	assert_true(cycle_check_scale(&view, false, why));
	site.clock_scale = 120;
	assert_false(cycle_check_scale(&view, false, why));
	assert_non_null(strstr(why, "furnace"));
	for (uint32_t bus = 0; bus < 3; bus++)
		for (uint32_t i = 0; i < reports[bus].count; i++)
			reports[bus].reports[i].sim_scale = 120;
	assert_true(cycle_check_scale(&view, false, why));
	reports[2].reports[0].online = false;
	assert_false(cycle_check_scale(&view, false, why));
	/* While it starts nothing is asked of anybody. */
	assert_non_null(strstr(why, "nothing: waiting for the answer of chip"));
	assert_true(cycle_check_scale(&view, true, why));
	reports[2].reports[0].online = true;
	reports[2].reports[0].simulated = false;
	assert_false(cycle_check_scale(&view, true, why));
	assert_false(cycle_check_scale(&view, false, why));
	assert_non_null(strstr(why, "needs every instrument to be densim; chip has not"));
	/* A real device at scale 1 proves nothing and need not. */
	site.clock_scale = 1;
	reports[2].reports[0].simulated = false;
	for (uint32_t bus = 0; bus < 2; bus++)
		for (uint32_t i = 0; i < reports[bus].count; i++)
			reports[bus].reports[i].sim_scale = 1;
	assert_true(cycle_check_scale(&view, false, why));
}

static void actions_become_levels(void **state)
{
	struct cycle_view view = make_view();
	struct actions actions = {
		.heat = HEAT_CONTROL,
		.setpoint_k = 640,
		.press = PRESS_REGULATE,
		.setpoint_gpa = 6.9,
		.contactor = true,
		.permit = {
			.granted = true, .temperature_k = 300, .t_lab_s = 20, .release_temperature_k = 308}};
	struct cycle_wish wish = {.actions = &actions,
				  .writes = true,
				  .purge = true,
				  .purge_ml_per_min = 80,
				  .watchdog_s = 10,
				  .prior_gpa = 7};
	struct link_cycle cycle;

	(void)state;
	site.clock_scale = 10;
	cycle_build_demands(&view, &wish, 0, &cycle);
	assert_int_equal(cycle.count, 1);
	assert_int_equal(cycle.demands[0].press.mode, MODE_CONTROL);
	assert_true(cycle.demands[0].press.heartbeat);
	assert_true(cycle.demands[0].press.heater_enable);
	assert_float_equal(cycle.demands[0].press.watchdog_s, 10, 0);
	assert_true(cycle.demands[0].press.permit.granted);
	assert_int_equal(cycle.demands[0].press.permit.t_reply_ns, 2 * CLOCK_NS_PER_S);
	cycle_build_demands(&view, &wish, 1, &cycle);
	assert_int_equal(cycle.demands[0].furnace.mode, MODE_CONTROL);
	assert_float_equal(cycle.demands[0].furnace.setpoint_k, 640, 0);
	assert_float_equal(cycle.demands[1].flow.setpoint_ml_per_min, 80, 0);
	actions.heat = HEAT_OFF;
	actions.press = PRESS_LOCK;
	actions.chip_off = true;
	wish.chip.job = CHIP_JOB_FIRE;
	cycle_build_demands(&view, &wish, 0, &cycle);
	assert_int_equal(cycle.demands[0].press.mode, MODE_OFF);
	cycle_build_demands(&view, &wish, 2, &cycle);
	assert_true(cycle.demands[0].chip.off);
}

static void without_leave_nothing_is_written(void **state)
{
	struct cycle_view view = make_view();
	struct actions actions = {.heat = HEAT_CONTROL,
				  .press = PRESS_REGULATE,
				  .contactor = true,
				  .permit = {.granted = true}};
	struct cycle_wish wish = {.actions = &actions, .chip = {.job = CHIP_JOB_FIRE, .job_id = 3}};
	struct link_cycle cycle;

	(void)state;
	cycle_build_demands(&view, &wish, 0, &cycle);
	assert_int_equal(cycle.demands[0].press.mode, MODE_OBSERVE);
	assert_false(cycle.demands[0].press.heater_enable || cycle.demands[0].press.heartbeat ||
		     cycle.demands[0].press.permit.granted);
	cycle_build_demands(&view, &wish, 1, &cycle);
	assert_int_equal(cycle.demands[0].furnace.mode, MODE_OBSERVE);
	assert_int_equal(cycle.demands[1].flow.mode, MODE_OBSERVE);
	cycle_build_demands(&view, &wish, 2, &cycle);
	assert_int_equal(cycle.demands[0].chip.job, CHIP_JOB_NONE);
}

static void limits_widen_with_the_scale_only(void **state)
{
	struct limits limits;

	(void)state;
	limits_default(&limits);
	cycle_widen_limits(&limits, 1);
	assert_float_equal(limits.fresh_age_s, 2, 0);
	cycle_widen_limits(&limits, 10);
	assert_float_equal(limits.fresh_age_s, 2.5, 0);
	assert_float_equal(limits.device_watchdog_s, 10, 0);
	cycle_widen_limits(&limits, 120);
	assert_float_equal(limits.fresh_age_s, 30, 0);
	assert_float_equal(limits.permit_age_s, 30, 0);
	assert_float_equal(limits.device_watchdog_s, 30, 0);
	assert_float_equal(limits.release_dwell_s, 60, 0);
}

/* Ours from the first order to heat until a look behind the last one finds it open; an older look says
 * nothing. */
static void a_contactor_is_ours_until_it_is_read_open(void **state)
{
	struct report report = {.furnace = {.contactor_closed = true, .contactor_ns = 90}};

	(void)state;
	assert_int_equal(cycle_follow_contactor(0, NULL, false, 100), 0);
	assert_int_equal(cycle_follow_contactor(0, &report, false, 100), 0); /* somebody else's */
	assert_int_equal(cycle_follow_contactor(0, &report, true, 100), 100);
	report.furnace.contactor_closed = false;
	assert_int_equal(cycle_follow_contactor(100, &report, false, 110), 100);
	report.furnace.contactor_ns = 0; /* of a worker begun anew */
	assert_int_equal(cycle_follow_contactor(100, &report, false, 110), 100);
	report.furnace.contactor_ns = 120;
	report.furnace.contactor_closed = true;
	assert_int_equal(cycle_follow_contactor(100, &report, false, 130), 100);
	report.furnace.contactor_closed = false;
	assert_int_equal(cycle_follow_contactor(100, &report, true, 130), 130);
	assert_int_equal(cycle_follow_contactor(100, &report, false, 130), 0);
}

static void only_the_furnace_is_told_whose_the_contactor_is(void **state)
{
	(void)state;
	for (int writes = 0; writes < 2; writes++)
		for (int ours = 0; ours < 2; ours++) {
			struct actions actions = {.heat = HEAT_OBSERVE};
			struct cycle_wish wish = {
				.actions = &actions, .writes = writes, .contactor_ours = ours};
			struct link_cycle cycle = {0};

			struct cycle_view view = make_view();

			for (uint32_t bus = 0; bus < view.site->bus_count; bus++) {
				cycle_build_demands(&view, &wish, bus, &cycle);
				for (uint32_t i = 0; i < cycle.count; i++)
					if (cycle.demands[i].kind == DEVICE_FURNACE) {
						assert_int_equal(cycle.demands[i].furnace.mode, MODE_OBSERVE);
						assert_int_equal(cycle.demands[i].furnace.contactor_ours,
								 ours);
					}
			}
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_contactor_is_ours_until_it_is_read_open),
		cmocka_unit_test(only_the_furnace_is_told_whose_the_contactor_is),
		cmocka_unit_test_setup(times_cross_from_mono_to_lab, set_up),
		cmocka_unit_test_setup(order_and_units_of_every_device_count, set_up),
		cmocka_unit_test_setup(an_offline_device_is_not_identified, set_up),
		cmocka_unit_test_setup(arming_needs_every_watchdog_or_the_words, set_up),
		cmocka_unit_test_setup(no_contactor_needs_the_words, set_up),
		cmocka_unit_test_setup(a_coupled_contactor_must_be_armed, set_up),
		cmocka_unit_test_setup(switches_are_as_last_read, set_up),
		cmocka_unit_test_setup(scaled_time_needs_proof_from_every_device, set_up),
		cmocka_unit_test_setup(actions_become_levels, set_up),
		cmocka_unit_test_setup(without_leave_nothing_is_written, set_up),
		cmocka_unit_test_setup(limits_widen_with_the_scale_only, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
