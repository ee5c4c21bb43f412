/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Malformed device profiles: each is refused at the right place; what a manual prints in its own way is read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/profile_reader.h"
#include "tests/unit/config/cases.h"
#include "tests/unit/config/good_profile.h"

static const struct bad_case cases[] = {
	{"profile/1", "profile/9", 1, 8, "allowed is profile/1"},
	{"source: manual 12\n", "", 1, 1, "lacks 'source'"},
	{"kind: furnace", "kind: press", 11, 3, "'heartbeat' is missing"},
	{"kind: furnace", "kind: oven", 5, 7, "furnace, press, flow, chip"},
	{"protocol: modbus", "protocol: profibus", 6, 11, "allowed is protocol 'modbus'"},
	{"worst_latency: 0.5 s", "worst_latency: 500", 7, 16, "no unit"},
	{"type: f32", "type: f64", 11, 37, "u16, s16, f32"},
	{"unit: degC", "unit: degF", 11, 48, "degC"},
	{"address: 273", "address: 70000", 12, 19, "0 to 65535"},
	{"address: 273, ", "", 12, 9, "lacks 'address'"},
	{"address: 273", "adress: 273", 12, 10, "did you mean 'address'"},
	{"address: 273", "address: 199", 12, 9, "black list"},
	{"address: 1, type: f32", "address: 198, type: f32", 11, 18,
	 "register 199 is on the profile's own black"},
	{"address: 2, type: ieee", "address: 199, type: ieee", 14, 13,
	 "register 199 is on the profile's own black"},
	{"{address: 273, writable: true}", "{address: 273, writable: true, retained: true}", 12, 9,
	 "'mode' is retained, each write wears it"},
	{", writable: true", "", 17, 7, "not declared 'writable"},
	{"register: mode", "register: modus", 17, 7, "does not declare"},
	{"register: identity", "register: idendity", 16, 12, "does not declare"},
	{"off: [{register: mode, value: 1}]\n", "", 1, 1, "lacks 'off'"},
	{"identity: [{register: identity, value: 0x2400, mask: 0xFF00}]\n", "", 1, 1, "lacks 'identity'"},
	{"[{register: identity, value: 0x2400, mask: 0xFF00}]", "[]", 1, 1, "lacks 'identity'"},
	{"off: [{register: mode, value: 1}]", "off: []", 1, 1, "lacks 'off'"},
	{"mask: 0xFF00", "mask: 0xGG", 16, 54, "whole number"},
	{"blacklist: [199]", "blacklist: 199", 18, 12, "must be a list"},
	{"  output: {address: 3, type: s16, unit: \"%\", scale: 0.1}\n", "", 11, 3, "lacks 'output'"},
	{"  setpoint: {address: 2, type: ieee, unit: degC, writable: true}\n", "", 11, 3, "lacks 'setpoint'"},
	{"unit: degC, writable: true", "unit: degC", 14, 13, "writable: true"},
	{"type: ieee, unit: degC", "type: s16, scale: 0.01, unit: degC", 14, 13, "ends at 327.67"},
	{"type: ieee, unit: degC", "type: s16, scale: 0.01, unit: K", 14, 13, "up to 723.15"},
	{"{address: 2, type: ieee", "{address: 16384, type: ieee", 14, 23, "16383"},
	{"{address: 2, type: ieee", "{address: 2, type: ieee, bit: 3", 14, 13, "u16 register only"},
	{"{address: 2, type: ieee", "{address: 65535, type: f32", 14, 13, "behind address 65535"},
	{"degC, writable: true", "degC, writable: true, space: input", 14, 13, "read only"},
	{"degC, writable: true", "degC, writable: true, retained: true", 14, 13, "'write_budget'"},
	{"scale: 0.1}", "scale: 0}", 15, 11, "makes every value 0"},
	{"scale: 0.1}", "scale: 1e7}", 15, 53, "out of range"},
	{"type: ieee, unit: degC", "type: ieee", 14, 13,
	 "'setpoint' needs 'unit: ...': allowed is K or degC"},
	{"type: ieee, unit: degC", "type: ieee, unit: K", 14, 13, "in K and 'process_value' in degC"},
	{"type: f32, unit: degC", "type: f32", 11, 18, "'process_value' needs 'unit: ...'"},
	{"unit: \"%\"", "unit: bar", 15, 11, "allowed is \"%\""},
	{"watchdog: true\nregisters:\n",
	 "watchdog: true\nregisters:\n  working_setpoint: {address: 5, type: ieee, unit: K}\n", 11, 21,
	 "'working_setpoint' counts in K"},
	{"address: 3, type: s16", "address: 2, type: s16", 15, 11, "second half of 'process_value'"},
	{"{address: 273, writable: true}", "{address: 273, bit: 3, writable: true}", 12, 9,
	 "'mode' is one bit and writable"},
	{"value: 0x2400, mask: 0xFF00", "value: 0x12400", 16, 12, "does not fit in 'identity'"},
	{"value: 0x2400, mask: 0xFF00", "value: 1, to: 65536", 16, 12, "65536 does not fit"},
	{"register: mode, value: 1", "register: mode, value: 65536", 17, 7, "'mode' of this type and scale"},
	{"register: mode, value: 1", "register: setpoint, value: -1", 17, 35, "whole number"},
	{"blacklist: [199]", "blacklist: [0xC7G]", 18, 13, "whole number from 0 to 65535"},
	{"address: 273, writable: true}\n  identity: {address: 122}",
	 "address: 0xC7, writable: true}\n"
	 "  identity: {address: 122}",
	 12, 9, "black list"},
	{"mask: 0xFF00", "to: 0x23FF", 16, 12, "must be above"},
	{"mask: 0xFF00", "mask: 0xFF00, to: 0x24FF", 16, 12, "exclude each other"},
	{"watchdog: true\n", "watchdog: true\nsetpoint_low: 0\n", 10, 15, "go together"},
	{"watchdog: true\n", "watchdog: true\nsetpoint_low: 9\nsetpoint_high: 9\n", 11, 16, "above"},
	{"watchdog: true\n", "watchdog: true\nramp: own\n", 10, 7, "streamed, remote"},
	{"watchdog: true\n", "watchdog: true\nramp: device\n", 10, 7, "'working_setpoint'"},
	{"watchdog: true\n", "watchdog: true\nramp: device\n", 10, 7, "'ramp_rate'"},
	{"watchdog: true\n", "watchdog: true\nramp_ahead: 60 s\n", 10, 13, "goes with 'ramp: device'"},
	{"registers:\n",
	 "ramp: device\nramp_ahead: 60 min\nregisters:\n"
	 "  working_setpoint: {address: 5, type: ieee, unit: degC}\n"
	 "  ramp_rate: {address: 35, type: ieee, writable: true}\n",
	 11, 13, "1800"},
	{"registers:\n",
	 "ramp: device\nregisters:\n"
	 "  working_setpoint: {address: 5, type: ieee, unit: degC}\n"
	 "  ramp_rate: {address: 35, type: ieee, writable: true}\n",
	 13, 14, "'unit: K/min'"},
	{"watchdog: true\nregisters:\n",
	 "watchdog: false\nramp: device\nramp_ahead: 10 min\nregisters:\n"
	 "  working_setpoint: {address: 5, type: ieee, unit: degC}\n"
	 "  ramp_rate: {address: 35, type: ieee, unit: K/min, writable: true}\n",
	 11, 13, "nothing stops when densd is dead"},
	{"[word order]", "word order", 19, 9, "must be a list"},
	{"off: [{register: mode, value: 1}]\n",
	 "off: [{register: mode, value: 1}]\nstart: [{register: command, value: 1}]\n", 18, 9,
	 "does not declare"},
};

static struct diagnostics diagnostics;
static struct profile profile;

static int read_text(const char *text, size_t length)
{
	diagnostics_init(&diagnostics, "profile.yaml");
	return profile_read_text(text, length, &diagnostics, &profile);
}

static void test_malformed_profiles(void **state)
{
	(void)state;
	assert_int_equal(read_text(good_profile, sizeof(good_profile) - 1), 0);
	assert_int_equal(CASES_COUNT_FAILED(good_profile, cases, read_text, &diagnostics), 0);
}

/* What a manual prints in hexadecimal, and an identity of two registers. */
static void test_a_profile_in_the_manuals_words(void **state)
{
	static char edited[CASE_TEXT_MAX], text[CASE_TEXT_MAX];
	const struct bad_case wide = {"identity: {address: 122}",
				      "identity: {address: 122, type: u32-low-first}", 0, 0, ""},
			      number = {"value: 0x2400, mask: 0xFF00", "value: 0x00545837", 0, 0, ""},
			      hex = {"blacklist: [199]", "blacklist: [0xC7, 200]", 0, 0, ""};

	(void)state;
	case_text(good_profile, &wide, text);
	case_text(text, &number, edited);
	assert_int_equal(read_text(text, case_text(edited, &hex, text)), 0);
	assert_true(profile.identity[0].value == 0x545837);
	assert_int_equal(profile.blacklist_count, 2);
	assert_int_equal(profile.blacklist[0], 199);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_malformed_profiles),
		cmocka_unit_test(test_a_profile_in_the_manuals_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
