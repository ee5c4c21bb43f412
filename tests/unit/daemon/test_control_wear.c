/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The count over a device's life: reserved before it is sent, never less than what was sent whoever dies,
 * told apart by serial number, begun again only by a person's word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "control_fixture.h"
#include "daemon/control/wear.h"

#define BUDGET 1000u

static struct fixture fixture;
static struct control *const control = &fixture.control;
static struct report *const report = &fixture.control.reports[0].reports[0];

static struct profile *profile_of_furnace(void)
{
	return &control->site.buses[0].devices[0].profile;
}

static void add(const char *name, bool retained)
{
	struct profile *profile = profile_of_furnace();
	struct profile_register *reg = &profile->registers[profile->register_count++];

	*reg = (struct profile_register){.writable = true, .retained = retained, .bit = -1};
	strcpy(reg->name, name);
}

static int set_up(void **state)
{
	(void)state;
	if (fixture_open(&fixture) < 0)
		return -1;
	memset(&control->wear, 0, sizeof(control->wear));
	control->site.bus_count = 1;
	control->site.ambient_k = 298;
	control->site.buses[0].device_count = 1;
	strcpy(control->site.buses[0].devices[0].name, "furnace");
	*profile_of_furnace() = (struct profile){
		.name = "worn", .kind = DEVICE_FURNACE, .write_budget = BUDGET, .setpoint_period_s = 1};
	add("setpoint", true);
	control->map.at[DEVICE_FURNACE] = (struct cycle_place){.present = true};
	control->reports[0].count = 1;
	*report = (struct report){
		.kind = DEVICE_FURNACE, .online = true, .identity = "1 of 1 registers are right"};
	control->buses[0].ready = true;
	control->buses[0].starts = 1;
	wear_init(control);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_close(&fixture);
	return 0;
}

static struct wear_device *device(void)
{
	return &control->wear.devices[0][0];
}

/* A step, and the disk does its work. */
static void step(uint32_t sent)
{
	report->wear = sent;
	wear_step(control);
	wear_durable(control, UINT64_MAX);
}

static void nothing_is_sent_before_it_is_on_disk(void **state)
{
	(void)state;
	assert_int_equal(wear_allowance(control, 0, 0), 0);
	report->wear = 0;
	wear_step(control);
	assert_int_equal(wear_allowance(control, 0, 0), 0);
	wear_durable(control, device()->entry - 1);
	assert_int_equal(wear_allowance(control, 0, 0), 0);
	wear_durable(control, device()->entry);
	assert_int_equal(wear_allowance(control, 0, 0), WEAR_BLOCK);
	/* The next block is asked for before the first is used up, so that a ramp does not stumble. */
	step(WEAR_BLOCK - WEAR_LOW);
	assert_int_equal(wear_allowance(control, 0, 0), WEAR_BLOCK);
	step(WEAR_BLOCK - WEAR_LOW + 1);
	assert_int_equal(wear_allowance(control, 0, 0), 2 * WEAR_BLOCK - WEAR_LOW + 1);
	assert_int_equal(wear_used(device()), WEAR_BLOCK - WEAR_LOW + 1);
}

static void a_worker_that_died_may_have_sent_it_all(void **state)
{
	(void)state;
	step(0);
	step(10);
	control->buses[0].starts = 2;
	assert_int_equal(wear_allowance(control, 0, 0), 0);
	step(0);
	assert_int_equal(wear_used(device()), WEAR_BLOCK);
	assert_int_equal(wear_allowance(control, 0, 0), WEAR_BLOCK);
	step(5);
	assert_int_equal(wear_used(device()), WEAR_BLOCK + 5);
}

static void a_start_goes_on_from_what_was_reserved(void **state)
{
	const struct link_wear other = {.key = "name oven", .used = 900},
			       known = {.key = "name furnace", .used = 321};

	(void)state;
	wear_take_known(&control->wear, &other);
	wear_take_known(&control->wear, &known);
	step(0);
	assert_int_equal(wear_used(device()), 321);
	assert_int_equal(wear_allowance(control, 0, 0), WEAR_BLOCK);
	assert_int_equal(wear_left(control, 0, 0), BUDGET - 321);
}

static void the_budget_ends_it(void **state)
{
	const struct link_wear known = {.key = "name furnace", .used = BUDGET - 10};

	(void)state;
	wear_take_known(&control->wear, &known);
	step(0);
	assert_int_equal(wear_allowance(control, 0, 0), 10);
	assert_true(control->alarms.active >> ALARM_WEAR & 1);
	step(10);
	step(12); /* heater off is always sent */
	assert_int_equal(wear_allowance(control, 0, 0), 10);
	assert_int_equal(wear_left(control, 0, 0), 0);
}

/* As a Eurotherm 3216: its own setpoint would wear, and is never written. */
static void what_is_never_written_wears_nothing(void **state)
{
	struct profile *profile = profile_of_furnace();

	(void)state;
	profile->registers[0].writable = false;
	profile->write_budget = 0;
	memset(&control->wear, 0, sizeof(control->wear));
	wear_init(control);
	step(0);
	assert_int_equal(wear_allowance(control, 0, 0), UINT32_MAX);
	assert_false(control->alarms.active >> ALARM_WEAR & 1);
	assert_false(device()->counted);
}

static void a_serial_number_tells_one_from_another(void **state)
{
	char why[MACHINE_WHY];

	(void)state;
	add("serial", false);
	step(0);
	assert_int_equal(wear_allowance(control, 0, 0), 0); /* it has not said it yet */
	report->serial = 4711;
	step(0);
	step(20);
	assert_string_equal(device()->key, "worn serial 4711");
	report->serial = 4712;
	step(20);
	assert_int_equal(wear_used(device()), 0);
	step(21);
	assert_int_equal(wear_used(device()), 1);
	report->serial = 4711;
	step(21);
	assert_int_equal(wear_used(device()), WEAR_BLOCK); /* what had been reserved for it */
	assert_int_equal(wear_replace(control, "furnace", "new", why), -EINVAL);
	assert_non_null(strstr(why, "its own serial number"));
}

static void a_person_begins_it_again(void **state)
{
	char why[MACHINE_WHY];

	(void)state;
	assert_int_equal(wear_replace(control, "oven", "new", why), -ENOENT);
	assert_int_equal(wear_replace(control, "furnace", "new", why), -EINVAL);
	step(0);
	step(30);
	assert_int_equal(wear_replace(control, "furnace", "new", why), 0);
	assert_non_null(strstr(why, "was 30"));
	assert_int_equal(wear_used(device()), 0);
	assert_int_equal(wear_allowance(control, 0, 0), 30);
	step(30);
	assert_int_equal(wear_allowance(control, 0, 0), 30 + WEAR_BLOCK);
	step(34);
	assert_int_equal(wear_used(device()), 4);
}

static void what_does_not_fit_is_refused(void **state)
{
	static struct plan plans[2];
	const struct link_wear known = {.key = "name furnace", .used = 100};
	char why[MACHINE_WHY];

	(void)state;
	wear_take_known(&control->wear, &known);
	step(0);
	for (int i = 0; i < 2; i++)
		plans[i] = (struct plan){
			.temperature_k = 398, .heating_k_per_s = 1.0 / 3, .cooling_k_per_s = 1.0 / 3};
	/* 2 x 300 s, a write a second, a tenth more and ten */
	assert_int_equal(wear_check_plans(control, plans, 1, why), 0);
	assert_int_equal(wear_check_plans(control, plans, 2, why), -EINVAL);
	assert_non_null(strstr(why, "about 1340 setpoint writes"));
	assert_non_null(strstr(why, "900 more"));
	/* What waits counts as well. */
	control->queue.items[control->queue.count++] = (struct link_queue_item){.plan = plans[0]};
	assert_int_equal(wear_check_plans(control, plans, 1, why), -EINVAL);
	control->queue.count = 0;
	plans[0].temperature_k = 300; /* cold: the heater stays off */
	assert_int_equal(wear_check_plans(control, plans, 2, why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_sent_before_it_is_on_disk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_worker_that_died_may_have_sent_it_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_start_goes_on_from_what_was_reserved, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_budget_ends_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_never_written_wears_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_serial_number_tells_one_from_another, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_person_begins_it_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
