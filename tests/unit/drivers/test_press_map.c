/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which profile of a press is refused and why, what its blocks decode to at their edges, and the worker's own
 * look at a permit (hazard 1), one condition at a time. */
#include "tests/unit/drivers/cmocka_all.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "drivers/codec.h"
#include "drivers/press_follow.h"
#include "drivers/press_map.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define F32 REG_F32_HIGH_FIRST

static const struct {
	const char *name;
	uint16_t address;
	uint8_t type;
	int bit;
} places[] = {
	{"heartbeat", 0, REG_U16, -1},
	{"mode", 1, REG_U16, -1},
	{"oil_setpoint", 2, F32, -1},
	{"oil_ramp_limit", 4, F32, -1},
	{"watchdog", 6, REG_U16, -1},
	{"reset", 8, REG_U16, -1},
	{"oil_pressure", 100, F32, -1},
	{"oil_setpoint_active", 102, F32, -1},
	{"stroke", 104, F32, -1},
	{"locked", 106, REG_U16, 0},
	{"local", 106, REG_U16, 2},
	{"depressurised", 106, REG_U16, 3},
	{"contactor_closed", 106, REG_U16, 4},
	{"watchdog_armed", 106, REG_U16, 5},
	{"watchdog_tripped", 106, REG_U16, 6},
	{"power_failed", 106, REG_U16, 7},
	{"mode_active", 107, REG_U16, -1},
	{"watchdog_active", 108, F32, -1},
	{"identity", 110, REG_U16, -1},
	{"heater_enable", 0, REG_U16, -1},
};

static void add(struct profile_value *values, uint32_t *count, const char *reg, double value)
{
	snprintf(values[*count].reg, sizeof(values[*count].reg), "%s", reg);
	values[(*count)++].value = value;
}

static void make(struct profile *ret_profile)
{
	memset(ret_profile, 0, sizeof(*ret_profile));
	for (size_t i = 0; i < COUNT(places); i++) {
		struct profile_register *reg = &ret_profile->registers[ret_profile->register_count++];

		*reg = (struct profile_register){
			.address = places[i].address, .type = places[i].type, .bit = places[i].bit};
		snprintf(reg->name, sizeof(reg->name), "%s", places[i].name);
		if (strcmp(places[i].name, "heater_enable") == 0)
			reg->space = SPACE_COIL;
	}
	add(ret_profile->identity, &ret_profile->identity_count, "identity", 7);
	/* The reset comes first: what counts is what MODE is written with. */
	add(ret_profile->off_steps, &ret_profile->off_count, "reset", 1);
	add(ret_profile->off_steps, &ret_profile->off_count, "mode", 0);
	add(ret_profile->auto_steps, &ret_profile->auto_count, "mode", 1);
}

static struct profile_register *reg_of(struct profile *profile, const char *name)
{
	for (uint32_t i = 0; i < profile->register_count; i++)
		if (strcmp(profile->registers[i].name, name) == 0)
			return &profile->registers[i];
	fail_msg("no register %s", name);
	return NULL;
}

static void refused(const struct profile *profile, const char *words)
{
	struct press_layout layout = {.read_words = 77};
	char why[PRESS_WHY] = "";

	assert_int_equal(press_map_plan(profile, &layout, why), -EINVAL);
	if (!strstr(why, words))
		fail_msg("'%s' is not in '%s'", words, why);
	assert_int_equal(layout.read_words, 77);
}

/* Every register that is required, gone or in another space, is named. */
static void each_required_register_is_named(void **state)
{
	static const char *const optional[] = {"stroke", "identity"};
	struct profile profile;
	struct press_layout layout;
	char why[PRESS_WHY], quoted[40];

	(void)state;
	make(&profile);
	assert_int_equal(press_map_plan(&profile, &layout, why), 0);
	for (size_t i = 0; i < COUNT(places); i++) {
		const char *name = places[i].name;

		make(&profile);
		snprintf(reg_of(&profile, name)->name, sizeof(profile.registers[0].name), "other");
		if (strcmp(name, optional[0]) == 0 || strcmp(name, optional[1]) == 0) {
			assert_int_equal(press_map_plan(&profile, &layout, why), 0);
			continue;
		}
		snprintf(quoted, sizeof(quoted), "'%s'", name);
		refused(&profile, quoted);
		if (strcmp(name, "reset") == 0 || strcmp(name, "heater_enable") == 0)
			continue; /* these are written by themselves, wherever they stand */
		make(&profile);
		reg_of(&profile, name)->space = SPACE_INPUT;
		refused(&profile, quoted);
		refused(&profile, "holding register");
	}
}

static void mode_needs_two_values(void **state)
{
	struct profile profile;

	(void)state;
	make(&profile);
	profile.off_count = 1;
	refused(&profile, "'mode' needs two values");
	make(&profile);
	profile.auto_count = 0;
	refused(&profile, "'mode' needs two values");
	make(&profile);
	profile.auto_steps[0].value = 0;
	refused(&profile, "'mode' needs two values");
}

/* Counts come with the configuration of a site: beyond their arrays nothing is read. */
static void counts_beyond_their_arrays(void **state)
{
	struct profile profile;
	struct press_layout layout;
	struct press_block block;
	uint16_t words[PRESS_WORDS_MAX] = {0};
	char why[PRESS_WHY];

	(void)state;
	make(&profile);
	for (int i = 0; i < PROFILE_STEPS_MAX; i++) {
		profile.identity[i] = profile.identity[0];
		snprintf(profile.off_steps[i].reg, sizeof(profile.off_steps[i].reg), "reset");
	}
	profile.identity_count = 200;
	assert_int_equal(press_map_plan(&profile, &layout, why), -EINVAL); /* no MODE in off */
	profile.off_count = 200;
	refused(&profile, "'mode' needs two values");
	add(profile.off_steps, &(uint32_t){0}, "mode", 0);
	assert_int_equal(press_map_plan(&profile, &layout, why), 0);
	words[10] = 7;
	press_map_decode(&layout, words, &block);
	assert_true(block.identity_ok);
	/* A hole in the read block is a hole whatever the count of registers says. */
	reg_of(&profile, "mode_active")->address = 120;
	for (uint32_t i = profile.register_count; i < PROFILE_REGISTERS_MAX; i++)
		profile.registers[i] = (struct profile_register){.address = 900, .bit = -1};
	profile.register_count = 200;
	refused(&profile, "one block of declared ones");
}

static void what_the_blocks_say_at_their_edges(void **state)
{
	static const struct {
		uint16_t mode, identity;
		float watchdog_s;
		uint16_t expected_mode, expected_watchdog_s;
		bool identity_ok;
	} cases[] = {
		{0, 7, 10, PRESS_MODE_LOCK, 10, true},       {1, 7, 10, PRESS_MODE_REGULATE, 10, true},
		{2, 7, 10, PRESS_MODE_UNKNOWN, 10, true},    {0, 8, 10, PRESS_MODE_LOCK, 10, false},
		{0, 7, 0, PRESS_MODE_LOCK, 0, true},         {0, 7, -1, PRESS_MODE_LOCK, 0, true},
		{0, 7, 65535, PRESS_MODE_LOCK, 65535, true}, {0, 7, 65536, PRESS_MODE_LOCK, 0, true},
	};
	struct profile profile;
	struct press_layout layout;
	char why[PRESS_WHY];

	(void)state;
	make(&profile);
	assert_int_equal(press_map_plan(&profile, &layout, why), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint16_t words[PRESS_WORDS_MAX] = {[7] = cases[i].mode, [10] = cases[i].identity};
		struct press_block block;

		codec_encode_f32(cases[i].watchdog_s, true, words + 8);
		press_map_decode(&layout, words, &block);
		assert_int_equal(block.mode, cases[i].expected_mode);
		assert_int_equal(block.watchdog_s, cases[i].expected_watchdog_s);
		assert_true(block.identity_ok == cases[i].identity_ok);
	}
}

/* Whose identity the profile wants and does not declare is nobody's. */
static void an_identity_that_is_not_declared(void **state)
{
	struct profile profile;
	struct press_layout layout;
	struct press_block block;
	uint16_t words[PRESS_WORDS_MAX] = {[10] = 7};
	char why[PRESS_WHY];

	(void)state;
	make(&profile);
	snprintf(profile.identity[0].reg, sizeof(profile.identity[0].reg), "serial_number");
	assert_int_equal(press_map_plan(&profile, &layout, why), 0);
	press_map_decode(&layout, words, &block);
	assert_false(block.identity_ok);
}

/* Without a stroke the pressures alone prove the word order. */
static void the_order_without_a_stroke(void **state)
{
	struct profile profile;
	struct press_layout layout;
	uint16_t words[PRESS_WORDS_MAX] = {0};
	char why[PRESS_WHY];

	(void)state;
	make(&profile);
	snprintf(reg_of(&profile, "stroke")->name, sizeof(profile.registers[0].name), "spare");
	assert_int_equal(press_map_plan(&profile, &layout, why), 0);
	assert_false(press_map_proves_order(&layout, words, -20, 5000));
	codec_encode_f32(1234.5F, true, words + 2);
	assert_true(press_map_proves_order(&layout, words, -20, 5000));
}

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
		cmocka_unit_test(each_required_register_is_named),
		cmocka_unit_test(mode_needs_two_values),
		cmocka_unit_test(counts_beyond_their_arrays),
		cmocka_unit_test(what_the_blocks_say_at_their_edges),
		cmocka_unit_test(an_identity_that_is_not_declared),
		cmocka_unit_test(the_order_without_a_stroke),
		cmocka_unit_test(each_condition_of_a_permit),
		cmocka_unit_test(how_fast_the_oil_may_move),
		cmocka_unit_test(a_step_moves_by_its_time),
		cmocka_unit_test(what_is_no_pressure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
