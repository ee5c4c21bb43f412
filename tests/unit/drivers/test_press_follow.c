/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the oil follows: the worker's own look at a permit (hazard 1), one condition at a time, how fast the
 * oil may move, and what is no pressure. */
#include "tests/unit/drivers/cmocka_all.h"

#include <math.h>

#include "daemon/base/clock.h"
#include "drivers/press_follow.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Hazard 1 in the worker: granted, read at a time, that time not ahead and not 2 s ago, a number, cold by its
 * own limit and by 323 K. */
static void each_condition_of_a_permit(void **state)
{
	static const struct {
		bool granted, read;
		double age_s, temperature_k, release_k, scale;
		bool may;
	} cases[] = {
		{true, true, 0.5, 300, 308, 1, true},
		{false, true, 0.5, 300, 308, 1, false},
		{true, false, 0, 300, 308, 1, false},
		{true, true, -1, 300, 308, 1, false},
		{true, true, 2.5, 300, 308, 1, false},
		{true, true, 0.1, 300, 308, 10, true},  /* 1 of 2.5 s of lab time */
		{true, true, 0.22, 300, 308, 10, true}, /* 2.2 of 2.5 */
		{true, true, 0.3, 300, 308, 10, false},
		{true, true, 0.5, 300, 308, 0, true}, /* no scale is 1 */
		{true, true, 0.5, NAN, 308, 1, false},
		{true, true, 0.5, -INFINITY, 308, 1, false},
		{true, true, 0.5, 300, NAN, 1, false},
		{true, true, 0.5, 308, 308, 1, true},
		{true, true, 0.5, 308.1, 308, 1, false},
		{true, true, 0.5, 323, 400, 1, true},
		{true, true, 0.5, 324, 400, 1, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bus_config config = {.scale = cases[i].scale};
		struct press_permit permit = {.granted = cases[i].granted,
					      .temperature_k = cases[i].temperature_k,
					      .release_temperature_k = cases[i].release_k};

		permit.t_reply_ns =
			cases[i].read ? clock_mono_ns() - (int64_t)(cases[i].age_s * CLOCK_NS_PER_S) : 0;
		if (press_follow_may_release(&config, &permit) != cases[i].may)
			fail_msg("case %zu", i);
	}
}

static const struct press_calibration three_points = {.loading_count = 3,
						      .unloading_count = 3,
						      .loading_bar = {0, 1000, 2000},
						      .loading_gpa = {0, 4, 7},
						      .unloading_bar = {0, 700, 1500},
						      .unloading_gpa = {0, 4, 7}};

/* The oil may move twice as fast as the sample's rate needs where it stands. */
static void how_fast_the_oil_may_move(void **state)
{
	static const struct {
		double oil_bar, gpa_per_bar;
	} cases[] = {{-5, 0.004}, {500, 0.004}, {1000, 0.004}, {1500, 0.003}, {5000, 0.003}};
	struct bus_config config = {.scale = 1, .calibration = three_points};
	struct press_follow follow;

	(void)state;
	press_follow_init(&follow, &config);
	for (size_t i = 0; i < COUNT(cases); i++) {
		config.pressure_rate_gpa_per_s = 0.01;
		assert_float_equal(press_follow_limit_bar_per_s(&follow, cases[i].oil_bar),
				   0.02 / cases[i].gpa_per_bar, 1e-9);
		config.pressure_rate_gpa_per_s = 0;
		assert_float_equal(press_follow_limit_bar_per_s(&follow, cases[i].oil_bar),
				   0.01 / cases[i].gpa_per_bar, 1e-9);
	}
}

/* A step moves by the time since the last cycle, a second at most, and by none at the first. */
static void a_step_moves_by_its_time(void **state)
{
	static const double gaps_s[] = {-1, 0, 0.1, 1, 50}; /* -1: there was no cycle before */
	struct bus_config config = {.scale = 1, .calibration = three_points, .pressure_rate_gpa_per_s = 0.01};
	const struct press_demand up = {.setpoint_gpa = 6};

	(void)state;
	for (size_t i = 0; i < COUNT(gaps_s); i++) {
		struct press_follow follow;
		double moves_s = fmax(fmin(gaps_s[i], 1), 0);

		press_follow_init(&follow, &config);
		press_follow_measure(&follow, 500, false, 2);
		press_follow_adopt(&follow, 500);
		if (gaps_s[i] >= 0)
			press_follow_tick(&follow, 100);
		press_follow_step(&follow, &up, 100 + gaps_s[i], 500);
		assert_float_equal(follow.follower.oil_bar, 500 + moves_s * 0.02 / 0.004, 1e-9);
		assert_false(follow.refused);
	}
}

/* An oil pressure that can be none moves nothing that was known. */
static void what_is_no_pressure(void **state)
{
	static const struct {
		double oil_bar;
		bool plausible;
	} cases[] = {{0, true},     {-19, true},  {-20, false},      {4999, true},
		     {5000, false}, {NAN, false}, {INFINITY, false}, {-INFINITY, false}};
	struct bus_config config = {.scale = 1};
	struct press_follow follow;

	(void)state;
	config.calibration = three_points;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_true(press_follow_is_plausible(cases[i].oil_bar) == cases[i].plausible);
		press_follow_init(&follow, &config);
		press_follow_measure(&follow, cases[i].oil_bar, false, 3);
		assert_true((follow.sample_gpa >= 3 && follow.sample_gpa <= 3) == (!cases[i].plausible));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_condition_of_a_permit),
		cmocka_unit_test(how_fast_the_oil_may_move),
		cmocka_unit_test(a_step_moves_by_its_time),
		cmocka_unit_test(what_is_no_pressure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
