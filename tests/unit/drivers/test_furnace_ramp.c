/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is written to a controller that ramps by itself, against a controller of thirty lines. */
#include "tests/unit/drivers/cmocka_all.h"

#include <math.h>

#include "drivers/furnace_ramp.h"

#define CYCLE_S 0.1
#define RATE (20.0 / 60)

struct bench {
	struct profile profile;
	struct furnace_ramp ramp;
	struct furnace_ramp_look look;
	double target_k, working_k, rate_k_per_s; /* of the device; 0: no limit */
	double speed;                             /* 1: ramps as told */
	uint32_t writes;
	bool blind;        /* its working setpoint reads as no number */
	double furthest_k; /* that the device's target was ever ahead of control's setpoint */
};

static struct bench make_bench(double setpoint_k)
{
	struct bench bench = {.profile = {.ramp = RAMP_DEVICE, .ramp_ahead_s = 60},
			      .look = {.t_lab_s = 1000, .setpoint_k = setpoint_k, .target_k = setpoint_k},
			      .target_k = 500,
			      .working_k = 500,
			      .speed = 1};

	furnace_ramp_reset(&bench.ramp, &bench.profile);
	return bench;
}

static void obey(struct bench *bench, const struct furnace_ramp_order *order)
{
	if (order->kind == RAMP_ORDER_ADOPT)
		bench->rate_k_per_s = 0;
	if (order->kind == RAMP_ORDER_RATE)
		bench->rate_k_per_s = order->rate_k_per_s;
	else
		bench->target_k = order->target_k;
	bench->writes += order->kind != RAMP_ORDER_RATE;
	if (bench->rate_k_per_s == 0)
		bench->working_k = bench->target_k;
}

static void move(struct bench *bench)
{
	double most_k = bench->rate_k_per_s * bench->speed * CYCLE_S;
	double missing_k = bench->target_k - bench->working_k;

	if (bench->rate_k_per_s == 0 || fabs(missing_k) <= most_k)
		bench->working_k = bench->target_k;
	else
		bench->working_k += copysign(most_k, missing_k);
}

static void cycle(struct bench *bench)
{
	struct furnace_ramp_order order;

	bench->look.t_lab_s += CYCLE_S;
	bench->look.working_k = bench->blind ? (double)NAN : bench->working_k;
	furnace_ramp_see(&bench->ramp, &bench->look);
	for (int i = 0; i < FURNACE_RAMP_ORDERS_MAX; i++) {
		order = furnace_ramp_next(&bench->ramp, &bench->look);
		if (order.kind == RAMP_ORDER_NONE)
			break;
		obey(bench, &order);
		furnace_ramp_done(&bench->ramp, &order, &bench->look);
	}
	assert_int_equal(order.kind, RAMP_ORDER_NONE); /* a cycle comes to an end */
	if (bench->ramp.adopted && bench->look.ramp_k_per_s != 0)
		bench->furthest_k = fmax(bench->furthest_k, fabs(bench->target_k - bench->look.setpoint_k));
	move(bench);
}

/* Control's setpoint goes to @to_k at @rate; what a tick of the machine says. */
static void ramp_to(struct bench *bench, double to_k, double rate_k_per_s, double seconds)
{
	for (double t = 0; t < seconds; t += CYCLE_S) {
		double left_k = to_k - bench->look.setpoint_k;
		double step_k = copysign(fmin(fabs(left_k), rate_k_per_s * CYCLE_S), left_k);

		bench->look.setpoint_k += step_k;
		bench->look.ramp_k_per_s = step_k == 0 ? 0 : copysign(rate_k_per_s, step_k);
		bench->look.target_k = step_k == 0 ? bench->look.setpoint_k : to_k;
		cycle(bench);
		if (bench->ramp.adopted && fabs(bench->speed - 1) < 0.1)
			assert_true(fabs(bench->working_k - bench->look.setpoint_k) < 3.5);
	}
}

static void stand(struct bench *bench, double seconds)
{
	bench->look.ramp_k_per_s = 0;
	bench->look.target_k = bench->look.setpoint_k;
	for (double t = 0; t < seconds; t += CYCLE_S)
		cycle(bench);
}

/* The working setpoint is that of control before anything heats, whatever the device held before. */
static void the_setpoint_is_in_force_before_automatic(void **state)
{
	struct bench bench = make_bench(300);

	(void)state;
	cycle(&bench);
	assert_false(bench.ramp.adopted);
	assert_true(bench.rate_k_per_s == 0 && bench.target_k == 300);
	cycle(&bench);
	assert_true(bench.ramp.adopted);
}

static void a_device_that_keeps_its_old_setpoint_is_not_let_go(void **state)
{
	struct bench bench = make_bench(300);

	(void)state;
	for (int i = 0; i < 100; i++) {
		bench.working_k = 500;
		cycle(&bench);
		assert_false(bench.ramp.adopted);
	}
	assert_true(bench.ramp.off_track);
}

/* A paper's night: 395 K up, 10 min, 395 K down; the device follows within 0.2 K all the way. */
static void a_night_takes_a_hundred_writes(void **state)
{
	struct bench bench = make_bench(298);
	double worst_k = 0;

	(void)state;
	stand(&bench, 5);
	for (int way = 0; way < 2; way++) {
		double end_k = way == 0 ? 693 : 298;

		for (int s = 0; s < 1190; s++) {
			ramp_to(&bench, end_k, RATE, 1);
			worst_k = fmax(worst_k, fabs(bench.working_k - bench.look.setpoint_k));
		}
		stand(&bench, 600);
		assert_true(fabs(bench.working_k - end_k) < 0.01);
	}
	assert_true(worst_k < 0.2);
	assert_true(bench.ramp.proven);
	assert_false(bench.ramp.off_track);
	assert_in_range(bench.writes, 60, furnace_ramp_count_writes(&bench.profile, 2 * 1190, 2));
	assert_true(furnace_ramp_count_writes(&bench.profile, 2 * 1190, 2) <= 100);
	assert_true(bench.furthest_k < RATE * 60 + 0.1);
}

/* densd dies: no cycle any more. */
static void a_dead_master_leaves_a_bounded_ramp(void **state)
{
	struct bench bench = make_bench(298);

	(void)state;
	ramp_to(&bench, 693, RATE, 300);
	for (int i = 0; i < 36000; i++)
		move(&bench);
	assert_true(bench.working_k - bench.look.setpoint_k < RATE * 60 + 0.1);
}

static void a_hold_freezes_the_ramp_at_once(void **state)
{
	struct bench bench = make_bench(298);

	(void)state;
	ramp_to(&bench, 693, RATE, 300);
	stand(&bench, CYCLE_S / 2);
	assert_true(fabs(bench.target_k - bench.look.setpoint_k) < 0.01);
	stand(&bench, 60);
	assert_true(fabs(bench.working_k - bench.look.setpoint_k) < 0.01);
}

/*
 * A target that is no more than 10 s ahead is put back when the stand has lasted: 1 s on the way up, 10 s on
 * the way down, where the device only heats less. Further ahead it is put back in the same cycle.
 */
static void a_hold_in_the_first_seconds_ends_the_ramp_late(void **state)
{
	static const struct {
		double ramp_s, way, most_s, most_k;
	} cases[] = {{8, 1, 1.15, 0.4}, {8, -1, 10.15, 3.4}, {300, 1, 0.05, 0.05}, {300, -1, 0.05, 0.05}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench bench = make_bench(500);
		double past_k, held_s = 0;

		stand(&bench, 5);
		ramp_to(&bench, 500 + 190 * cases[i].way, RATE, cases[i].ramp_s);
		assert_true((bench.target_k - bench.look.setpoint_k) * cases[i].way > 1);
		do {
			stand(&bench, CYCLE_S / 2);
			held_s += CYCLE_S;
		} while (fabs(bench.target_k - bench.look.setpoint_k) > 0.01);
		past_k = (bench.working_k - bench.look.setpoint_k) * cases[i].way;
		assert_true(held_s - CYCLE_S <= cases[i].most_s);
		assert_true(past_k <= cases[i].most_k);
		stand(&bench, 1);
		assert_true(fabs(bench.working_k - bench.look.setpoint_k) < 0.01 + past_k);
	}
}

/* Nobody sees it lead or lag: its target waits where control stands, and five seconds of it are told. */
static void a_working_setpoint_that_is_no_number_is_a_fault(void **state)
{
	(void)state;
	for (int moving = 0; moving < 2; moving++) {
		struct bench bench = make_bench(298);

		ramp_to(&bench, 693, RATE, 300);
		bench.blind = true;
		for (int i = 0; i < 40; i++) {
			if (moving)
				ramp_to(&bench, 693, RATE, CYCLE_S);
			else
				stand(&bench, CYCLE_S / 2);
			assert_false(bench.ramp.off_track);
			assert_true(bench.target_k < bench.look.setpoint_k + 0.1);
		}
		for (int i = 0; i < 20; i++)
			if (moving)
				ramp_to(&bench, 693, RATE, CYCLE_S);
			else
				stand(&bench, CYCLE_S / 2);
		assert_true(bench.ramp.off_track);
		bench.blind = false;
		if (!moving) {
			stand(&bench, 1);
			assert_false(bench.ramp.off_track);
		}
	}
}

/* One bad read costs a write or two and no proof. */
static void one_blind_cycle_ends_no_ramp(void **state)
{
	struct bench bench = make_bench(298);
	uint32_t before;

	(void)state;
	ramp_to(&bench, 693, RATE, 300);
	before = bench.writes;
	bench.blind = true;
	ramp_to(&bench, 693, RATE, CYCLE_S);
	bench.blind = false;
	ramp_to(&bench, 693, RATE, 4);
	assert_true(bench.ramp.proven && !bench.ramp.off_track && bench.ramp.overruns == 0);
	assert_in_range(bench.writes - before, 1, 3);
	assert_true(bench.target_k > bench.look.setpoint_k + 1);
}

/* Holdback that comes and goes each half second costs less than a write for each stand; a stream would
 * take 90. */
static void a_flickering_holdback_wears_nothing(void **state)
{
	struct bench bench = make_bench(298);
	uint32_t before;

	(void)state;
	ramp_to(&bench, 693, RATE, 300);
	before = bench.writes;
	for (int i = 0; i < 100; i++) {
		stand(&bench, 0.45);
		ramp_to(&bench, 693, RATE, 0.45);
	}
	assert_in_range(bench.writes - before, 1, 55);
}

static void a_fast_device_is_stopped_until_it_is_caught_up_with(void **state)
{
	struct bench bench = make_bench(298);

	(void)state;
	bench.speed = 1.05;
	ramp_to(&bench, 693, RATE, 1190);
	assert_true(fabs(bench.working_k - bench.look.setpoint_k) < 1.2);
	assert_false(bench.ramp.off_track);
}

/* Units a second instead of a minute, or an hour. */
static void a_rate_in_another_unit_is_seen(void **state)
{
	const double speeds[] = {60, 1.0 / 60, 3};

	(void)state;
	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		struct bench bench = make_bench(298);

		bench.speed = speeds[i];
		for (int s = 0; s < 60 && !bench.ramp.off_track; s++)
			ramp_to(&bench, 693, RATE, fmin(1, 30.0 / (s + 1)));
		assert_true(bench.ramp.off_track);
		assert_false(bench.ramp.proven);
		assert_true(bench.working_k - bench.look.setpoint_k < 4);
	}
}

static void a_jump_of_the_setpoint_is_adopted_not_ramped(void **state)
{
	struct bench bench = make_bench(298);

	(void)state;
	ramp_to(&bench, 693, RATE, 300);
	bench.look.setpoint_k -= 4;
	stand(&bench, 0.3);
	assert_true(fabs(bench.working_k - bench.look.setpoint_k) < 0.01);
	ramp_to(&bench, 693, RATE, 5);
	assert_true(bench.rate_k_per_s > 0);
	assert_true(fabs(bench.working_k - bench.look.setpoint_k) < 0.2);
}

static void up_and_down_at_other_rates(void **state)
{
	struct bench bench = make_bench(298);

	(void)state;
	ramp_to(&bench, 400, RATE, 100);
	ramp_to(&bench, 298, 2 * RATE, 20);
	assert_true(fabs(bench.rate_k_per_s - 2 * RATE) < 1e-9);
	assert_true(bench.target_k < bench.look.setpoint_k);
	assert_true(fabs(bench.working_k - bench.look.setpoint_k) < 0.2);
}

static void a_streamed_setpoint_costs_one_write_a_period(void **state)
{
	struct profile profile = {.ramp = RAMP_STREAMED, .setpoint_period_s = 1};

	(void)state;
	assert_int_equal(furnace_ramp_count_writes(&profile, 2370, 2), 2372);
	profile.ramp = RAMP_DEVICE;
	profile.ramp_ahead_s = 1800;
	assert_in_range(furnace_ramp_count_writes(&profile, 2370, 2), 10, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_setpoint_is_in_force_before_automatic),
		cmocka_unit_test(a_device_that_keeps_its_old_setpoint_is_not_let_go),
		cmocka_unit_test(a_night_takes_a_hundred_writes),
		cmocka_unit_test(a_dead_master_leaves_a_bounded_ramp),
		cmocka_unit_test(a_hold_freezes_the_ramp_at_once),
		cmocka_unit_test(a_hold_in_the_first_seconds_ends_the_ramp_late),
		cmocka_unit_test(a_working_setpoint_that_is_no_number_is_a_fault),
		cmocka_unit_test(one_blind_cycle_ends_no_ramp),
		cmocka_unit_test(a_flickering_holdback_wears_nothing),
		cmocka_unit_test(a_fast_device_is_stopped_until_it_is_caught_up_with),
		cmocka_unit_test(a_rate_in_another_unit_is_seen),
		cmocka_unit_test(a_jump_of_the_setpoint_is_adopted_not_ramped),
		cmocka_unit_test(up_and_down_at_other_rates),
		cmocka_unit_test(a_streamed_setpoint_costs_one_write_a_period),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
