/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The blocks of a press: which profile is refused and why, where a profile puts them, and what they say at
 * their edges. */
#include "tests/unit/drivers/cmocka_all.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "drivers/codec.h"
#include "drivers/press_map.h"
#include "tests/unit/drivers/press_profile.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* In the read block of make(). */
enum { MODE_WORD = 8, WATCHDOG_WORD = 9, IDENTITY_WORD = 11, VERSION_WORD = 12 };

/* Another PLC: 16-bit tenths of a bar, the low word first where it is wide, other flags, other modes. */
static const struct press_place moved[] = {
	{"oil_setpoint", 400, REG_U16, -1},
	{"oil_ramp_limit", 401, REG_F32_LOW_FIRST, -1},
	{"mode", 403, REG_U16, -1},
	{"watchdog", 404, REG_U16, -1},
	{"heartbeat", 405, REG_U16, -1},
	{"reset", 410, REG_U16, -1},
	{"map_version", 500, REG_U16, -1},
	{"identity", 501, REG_U16, -1},
	{"locked", 502, REG_U16, 15},
	{"local", 502, REG_U16, 14},
	{"depressurised", 502, REG_U16, 13},
	{"contactor_closed", 503, REG_U16, 0},
	{"watchdog_armed", 503, REG_U16, 1},
	{"watchdog_tripped", 503, REG_U16, 2},
	{"power_failed", 503, REG_U16, 3},
	{"oil_pressure", 504, REG_F32_LOW_FIRST, -1},
	{"oil_setpoint_active", 506, REG_U16, -1},
	{"mode_active", 507, REG_U16, -1},
	{"watchdog_active", 508, REG_U16, -1},
};

static struct profile_register *reg_of(struct profile *profile, const char *name)
{
	for (uint32_t i = 0; i < profile->register_count; i++)
		if (strcmp(profile->registers[i].name, name) == 0)
			return &profile->registers[i];
	fail_msg("no register %s", name);
	return NULL;
}

/* The shipped map, but for a watchdog's time that is a float: a number of which not everything fits. */
static void make(struct profile *ret_profile)
{
	*ret_profile = PRESS_PROFILE(press_shipped, 0, 1);
	reg_of(ret_profile, "watchdog_active")->type = REG_F32_HIGH_FIRST;
	reg_of(ret_profile, "identity")->address++;
	reg_of(ret_profile, "map_version")->address++;
	/* The reset comes first: what counts is what MODE is written with. */
	ret_profile->off_count = 0;
	press_profile_add(ret_profile->off_steps, &ret_profile->off_count, "reset", 1);
	press_profile_add(ret_profile->off_steps, &ret_profile->off_count, "mode", 0);
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

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Every register that is required, gone or in another space, is named. */
static void each_required_register_is_named(void **state)
{
	static const char *const optional[] = {"stroke", "identity", "map_version", "regulating",
					       "heartbeat_echo"};
	/* These are written by themselves, wherever they stand. */
	static const char *const alone[] = {"reset", "heater_enable"};
	struct profile whole, profile;
	struct press_layout layout;
	char why[PRESS_WHY], quoted[40];

	(void)state;
	make(&whole);
	assert_int_equal(press_map_plan(&whole, &layout, why), 0);
	for (uint32_t i = 0; i < whole.register_count; i++) {
		const char *name = whole.registers[i].name;

		profile = whole;
		snprintf(profile.registers[i].name, sizeof(profile.registers[i].name), "other");
		if (is_one_of(name, optional, COUNT(optional))) {
			assert_int_equal(press_map_plan(&profile, &layout, why), 0);
			continue;
		}
		snprintf(quoted, sizeof(quoted), "'%s'", name);
		refused(&profile, quoted);
		if (is_one_of(name, alone, COUNT(alone)))
			continue;
		profile = whole;
		profile.registers[i].space = SPACE_INPUT;
		refused(&profile, quoted);
		refused(&profile, "holding register");
	}
}

/* A flag is a bit of one register: of two words nobody says which one holds it. */
static void a_flag_of_two_words_is_refused(void **state)
{
	struct profile profile;

	(void)state;
	make(&profile);
	for (uint32_t i = 0; i < profile.register_count; i++)
		if (strcmp(profile.registers[i].name, "over_pressure") == 0 ||
		    strcmp(profile.registers[i].name, "locked") == 0)
			profile.registers[i].type = REG_U32_HIGH_FIRST;
	refused(&profile, "'locked' must be a bit of a holding register");
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
	press_profile_add(profile.off_steps, &(uint32_t){0}, "mode", 0);
	assert_int_equal(press_map_plan(&profile, &layout, why), 0);
	words[IDENTITY_WORD] = PRESS_IDENTITY;
	press_map_decode(&layout, words, &block);
	assert_true(block.identity_ok);
	/* A hole in the read block is a hole whatever the count of registers says. */
	reg_of(&profile, "mode_active")->address = 0x114;
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
		{0, PRESS_IDENTITY, 10, PRESS_MODE_LOCK, 10, true},
		{1, PRESS_IDENTITY, 10, PRESS_MODE_REGULATE, 10, true},
		{2, PRESS_IDENTITY, 10, PRESS_MODE_UNKNOWN, 10, true},
		{0, PRESS_IDENTITY + 1, 10, PRESS_MODE_LOCK, 10, false},
		{0, PRESS_IDENTITY, 0, PRESS_MODE_LOCK, 0, true},
		{0, PRESS_IDENTITY, -1, PRESS_MODE_LOCK, 0, true},
		{0, PRESS_IDENTITY, 65535, PRESS_MODE_LOCK, 65535, true},
		{0, PRESS_IDENTITY, 65536, PRESS_MODE_LOCK, 0, true},
	};
	struct profile profile;
	struct press_layout layout;
	char why[PRESS_WHY];

	(void)state;
	make(&profile);
	assert_int_equal(press_map_plan(&profile, &layout, why), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint16_t words[PRESS_WORDS_MAX] = {[MODE_WORD] = cases[i].mode,
						   [IDENTITY_WORD] = cases[i].identity,
						   [VERSION_WORD] = PRESS_MAP_VERSION};
		struct press_block block;

		codec_encode_f32(cases[i].watchdog_s, true, words + WATCHDOG_WORD);
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
	uint16_t words[PRESS_WORDS_MAX] = {
		[IDENTITY_WORD] = PRESS_IDENTITY, [VERSION_WORD] = PRESS_MAP_VERSION};
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

static void the_blocks_stand_where_the_profile_says(void **state)
{
	struct profile profile = PRESS_PROFILE(moved, 7, 9);
	const struct press_order order = {.heartbeat = 0x1234,
					  .mode = PRESS_MODE_REGULATE,
					  .watchdog_s = 10,
					  .setpoint_bar = 285.7,
					  .ramp_bar_per_s = 1.001};
	/* tenths of a bar; 1.001 low word first; mode 9; 10 s; heartbeat */
	const uint16_t golden[] = {2857, 0x20C5, 0x3F80, 9, 10, 0x1234};
	const uint16_t read[PRESS_WORDS_MAX] = {1,      PRESS_IDENTITY, 0x8000, 0x0003, 0x20C5,
						0x3F80, 2857,           7,      10};
	struct press_layout layout;
	struct press_block block;
	uint16_t words[PRESS_WORDS_MAX];
	char why[PRESS_WHY];

	(void)state;
	assert_int_equal(press_map_plan(&profile, &layout, why), 0);
	assert_int_equal(layout.write_address, 400);
	assert_int_equal(layout.write_words, 6);
	assert_int_equal(press_map_encode(&layout, &order, words), 0);
	assert_memory_equal(words, golden, sizeof(golden));
	assert_int_equal(layout.read_address, 500);
	assert_int_equal(layout.read_words, 9);
	press_map_decode(&layout, read, &block);
	assert_true(block.identity_ok && fabs(block.oil_bar - 1.001) < 1e-6 &&
		    fabs(block.setpoint_bar - 285.7) < 1e-9);
	assert_true(isnan(block.stroke_pct));
	assert_int_equal(block.mode, PRESS_MODE_LOCK);
	assert_int_equal(block.watchdog_s, 10);
	assert_int_equal(block.status, PRESS_LOCKED | PRESS_CONTACTOR_CLOSED | PRESS_WATCHDOG_ARMED);
}

static void a_value_that_does_not_fit_is_not_sent(void **state)
{
	struct profile profile = PRESS_PROFILE(moved, 7, 9);
	const struct press_order order = {.mode = PRESS_MODE_REGULATE, .setpoint_bar = 7000};
	struct press_layout layout;
	uint16_t words[PRESS_WORDS_MAX];
	char why[PRESS_WHY];

	(void)state;
	assert_int_equal(press_map_plan(&profile, &layout, why), 0);
	assert_int_equal(press_map_encode(&layout, &order, words), -ERANGE);
}

static void a_map_with_holes_is_refused(void **state)
{
	static const struct {
		const char *name, *why;
		uint16_t address;
	} cases[] = {{"watchdog", "side by side", 414},
		     {"heartbeat", "side by side", 404},
		     {"mode_active", "one block", 517},
		     {"oil_pressure", "one block", 800}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct profile profile = PRESS_PROFILE(moved, 7, 9);
		struct press_layout layout;
		char why[PRESS_WHY] = "";

		for (uint32_t j = 0; j < profile.register_count; j++)
			if (strcmp(profile.registers[j].name, cases[i].name) == 0)
				profile.registers[j].address = cases[i].address;
		assert_int_equal(press_map_plan(&profile, &layout, why), -EINVAL);
		assert_non_null(strstr(why, cases[i].why));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_required_register_is_named),
		cmocka_unit_test(a_flag_of_two_words_is_refused),
		cmocka_unit_test(mode_needs_two_values),
		cmocka_unit_test(counts_beyond_their_arrays),
		cmocka_unit_test(what_the_blocks_say_at_their_edges),
		cmocka_unit_test(an_identity_that_is_not_declared),
		cmocka_unit_test(the_order_without_a_stroke),
		cmocka_unit_test(the_blocks_stand_where_the_profile_says),
		cmocka_unit_test(a_value_that_does_not_fit_is_not_sent),
		cmocka_unit_test(a_map_with_holes_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
