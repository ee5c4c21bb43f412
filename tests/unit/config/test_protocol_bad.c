/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Malformed protocols: each is refused, at the right place, with the reason and what is allowed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/protocol_reader.h"
#include "tests/unit/config/cases.h"

static const char base[] = "densd: protocol/1\n"                                                 /* 1 */
			   "name: Test run\n"                                                    /* 2 */
			   "material: {name: Vit4, composition: Zr46.75, Tg: 596 K}\n"           /* 3 */
			   "densification:\n"                                                    /* 4 */
			   "  pressure: 7 GPa\n"                                                 /* 5 */
			   "  temperature: 643 K\n"                                              /* 6 */
			   "  isotherm: 10 min\n"                                                /* 7 */
			   "  compression_rate: 0.3 GPa/min\n"                                   /* 8 */
			   "  heating_rate: 20 K/min\n"                                          /* 9 */
			   "  soak_band: 2 K\n"                                                  /* 10 */
			   "  holdback: {temperature: 5 K, pressure: 0.05 GPa, limit: 30 min}\n" /* 11 */
			   "calorimetry:\n"                                                      /* 12 */
			   "  heating_rates: [100 K/s, 200 K/s, 500 K/s]\n"                      /* 13 */
			   "  sections_per_rate: 2\n"                                            /* 14 */
			   "  range: [300 K, 850 K]\n"                                           /* 15 */
			   "  reference_cooling_rate: 200 K/s\n"                                 /* 16 */
			   "  purge: 80 ml/min\n";                                               /* 17 */

static const struct bad_case cases[] = {
	/* not YAML, or more YAML than is allowed */
	{NULL, "", 1, 1, "empty"},
	{NULL, "# only a comment\n", 1, 1, "empty"},
	{NULL, "hello\n", 1, 1, "must be a map"},
	{NULL, "- a\n- b\n", 1, 1, "must be a map"},
	{"Test run", "\"Test run", 0, 0, "not YAML"},
	{"Tg: 596 K}", "Tg: 596 K", 0, 0, "not YAML"},
	{"  pressure", "\tpressure", 5, 1, "a tab"},
	{"Test run", "Test\trun", 2, 11, "a tab"},
	{"Test run", "Gr\xfc\xdf", 0, 0, "UTF-8"},
	{"Test run", "&a Test", 2, 7, "anchor"},
	{"Test run", "*a", 2, 7, "alias"},
	{"Test run", "!!str Test", 2, 7, "tag"},
	{"densd: protocol/1", "densd: protocol/1\n<<: {name: b}", 2, 1, "merge key"},
	{"purge: 80 ml/min\n", "purge: 80 ml/min\n---\na: b\n", 18, 1, "second document"},
	{"purge: 80 ml/min\n", "purge: 80 ml/min\nname: again\n", 18, 1, "stands twice: first at line 2"},
	{"Tg: 596 K", "Tg: 596 K, Tg: 600 K", 3, 57, "stands twice"},
	{"Test run", "[[[[[[[[[[x]]]]]]]]]]", 2, 14, "8 levels"},
	{"Test run", "\"a\\0b\"", 2, 7, "NUL"},
	{"name: Test run", "[a, b]: c", 2, 1, "key"},
	{"Test run", "\"a\\nb\"", 2, 7, "control character"},
	/* keys */
	{"densd: protocol/1\n", "", 1, 1, "lacks 'densd'"},
	{"protocol/1", "protocol/2", 1, 8, "allowed is protocol/1"},
	{"protocol/1", "site/1", 1, 8, "allowed is protocol/1"},
	{"name: Test run\n", "", 1, 1, "lacks 'name'"},
	{"material: {name: Vit4, composition: Zr46.75, Tg: 596 K}\n", "", 1, 1, "lacks 'material'"},
	{"name: Vit4, ", "", 3, 11, "lacks 'name'"},
	{", Tg: 596 K", "", 3, 11, "lacks 'Tg'"},
	{"  pressure: 7 GPa\n", "", 5, 3, "lacks 'pressure'"},
	{"  temperature: 643 K\n", "", 5, 3, "lacks 'temperature'"},
	{"  isotherm: 10 min\n", "", 5, 3, "lacks 'isotherm'"},
	{"  heating_rates: [100 K/s, 200 K/s, 500 K/s]\n", "", 13, 3, "lacks 'heating_rates'"},
	{"  pressure: 7", "  presure: 7", 5, 3, "did you mean 'pressure'"},
	{"  isotherm", "  isoterm", 7, 3, "did you mean 'isotherm'"},
	{"calorimetry:", "calorimetri:", 12, 1, "did you mean 'calorimetry'"},
	{"Tg:", "tg:", 3, 46, "did you mean 'Tg'"},
	{"limit: 30 min", "patience: 30 min", 11, 52, "unknown key 'patience'"},
	{"purge: 80", "argon: 80", 17, 3, "allowed are heating_rates"},
	{"Test run", "{a: b}", 2, 7, "must be a single value, not a map"},
	{"{name: Vit4, composition: Zr46.75, Tg: 596 K}", "Vit4", 3, 11, "must be a map, not a single value"},
	{"[100 K/s, 200 K/s, 500 K/s]", "100 K/s", 13, 18, "must be a list"},
	{"[100 K/s, 200 K/s, 500 K/s]", "[]", 13, 18, "1 to 16"},
	{"Test run", "\"\"", 2, 7, "1 to 95"},
	{"Test run",
	 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiiiiijjjjjjj",
	 2, 7, "1 to 95"},
	/* values and units */
	{"643 K", "643", 6, 16, "no unit"},
	{"643 K", "643 F", 6, 16, "K, degC"},
	{"643 K", "warm", 6, 16, "not a decimal number"},
	{"643 K", "0x283 K", 6, 16, "unit"},
	{"643 K", "nan K", 6, 16, "not a decimal number"},
	{"643 K", "inf K", 6, 16, "not a decimal number"},
	{"643 K", "1e999 K", 6, 16, "out of range"},
	{"643 K", "-643 K", 6, 16, "out of range"},
	{"643 K", "643,5 K", 6, 16, "unit"},
	{"643 K", "", 6, 15, "empty"},
	{"7 GPa", "7 kbar", 5, 13, "GPa, MPa, bar, atm"},
	{"7 GPa", "7", 5, 13, "no unit"},
	{"10 min", "10 minutes", 7, 13, "s, min, h"},
	{"0.3 GPa/min", "0.3 GPa", 8, 21, "GPa/min"},
	{"20 K/min", "20 K", 9, 17, "K/min"},
	{"80 ml/min", "80", 17, 10, "ml/min"},
	{"sections_per_rate: 2", "sections_per_rate: two", 14, 22, "whole number"},
	{"sections_per_rate: 2", "sections_per_rate: 2.5", 14, 22, "whole number"},
	{"sections_per_rate: 2", "sections_per_rate: 9", 14, 22, "1 to 8"},
	{"sections_per_rate: 2", "sections_per_rate: 0", 14, 22, "1 to 8"},
	{"name: Test run", "name: Test run\nresume_after_trip: yes", 3, 20, "true or false"},
	{"name: Test run", "name: Test run\nrecovery: never", 3, 11, "allowed are hold, continue"},
	{"name: Test run", "name: Test run\nrecovery: continue", 3, 11, "loosen the site's 'recovery: hold'"},
	{"name: Test run", "name: Test run\nlimits: {slip_time_s: 10 s}", 3, 23, "at least 30 s"},
	/* limits and feasibility, at the value's own place */
	{"7 GPa", "9 GPa", 5, 13, "allowed is 1 atm or 0.5 to 7 GPa"},
	{"7 GPa", "0.2 GPa", 5, 13, "0.5 to 7 GPa"},
	{"643 K", "800 K", 6, 16, "at most 693 K"},
	{"643 K", "700 degC", 6, 16, "at most 693 K"},
	{"643 K", "270 K", 6, 16, "below ambient"},
	{"20 K/min", "200 K/min", 9, 17, "heating_rate"},
	{"0.3 GPa/min", "3 GPa/min", 8, 21, "compression_rate"},
	{"10 min", "100 h", 7, 13, "isotherm"},
	{"10 min", "0 s", 7, 13, "isotherm"},
	{"soak_band: 2 K", "soak_band: 50 K", 10, 14, "out of range"},
	{"temperature: 5 K", "temperature: 40 K", 11, 27, "holdback.temperature"},
	{"[300 K, 850 K]", "[850 K, 300 K]", 15, 10, "rising"},
	{"[300 K, 850 K]", "[300 K]", 15, 10, "needs two"},
	{"[300 K, 850 K]", "[300 K, 850]", 15, 18, "no unit"},
	{"500 K/s]", "200 K/s]", 13, 37, "twice"},
	{"500 K/s]", "0.5 K/s]", 13, 37, "out of range"},
	{"name: Test run", "name: Test run\nlimits: {release_temperature_k: 320 K}", 3, 33, "only tighten"},
	{"name: Test run", "name: Test run\nlimits: {release_temperature: 300 K}", 3, 10,
	 "did you mean 'release_temperature_k'"},
	{"name: Test run", "name: Test run\nlimits: {release_temperature_k: 305}", 3, 33, "no unit"},
	{"name: Test run", "name: Test run\nlimits: {not_heating_output_pct: 40}", 3, 34, "as '50 %'"},
	{"name: Test run", "name: Test run\nlimits: {machine_pressure_gpa: 9 GPa}", 3, 32, "0.5 to 8"},
	{"name: Test run", "name: Test run\nlimits: [a]", 3, 9, "must be a map"},
	/* series */
	{"name: Test run", "name: Test run\nautotune: {}", 3, 11, "leave 'calorimetry' out"},
	{"name: Test run", "name: Test run\nautotune: {ceiling: 653 K}", 3, 21, "to 652 K"},
	{"name: Test run", "name: Test run\nautotune: {ceiling: 643.5 K}", 3, 21, "twice the hysteresis"},
	{"name: Test run", "name: Test run\nautotune: {amplitude_pct: 80}", 3, 27, "1 to 50"},
	{"name: Test run", "name: Test run\nautotune: {amplitude_pct: 10 %}", 3, 27, "amplitude_pct"},
	{"name: Test run", "name: Test run\nautotune: {cycles: 2}", 3, 20, "3 to 12"},
	{"name: Test run", "name: Test run\nautotune: {}\nseries: {temperature: [500 K]}", 4, 9,
	 "leave 'series' out"},
	{"name: Test run", "name: Test run\nseries: {}", 3, 9, "one axis"},
	{"name: Test run", "name: Test run\nseries: {temperature: [500 K], pressure: [2 GPa]}", 3, 9,
	 "one axis"},
	{"name: Test run", "name: Test run\nseries: {temperature: []}", 3, 23, "1 to 32"},
	{"name: Test run", "name: Test run\nseries: {temperature: [500 K, 900 K]}", 3, 31, "at most 693 K"},
	{"name: Test run", "name: Test run\nseries: {temperature: [500 K, 500 K]}", 3, 31, "twice"},
	{"name: Test run", "name: Test run\nseries: {pressure: [1 GPa, 8 GPa]}", 3, 28, "0.5 to 7 GPa"},
	{"name: Test run", "name: Test run\nseries: {pressure: [1 atm, 2 GPa], references: true}", 3, 48,
	 "already there"},
	{"name: Test run", "name: Test run\nseries: {temperature: [500 K], reference: true}", 3, 32,
	 "did you mean 'references'"},
};

static struct plan plans[PROTOCOL_PLANS_MAX];
static struct diagnostics diagnostics;
static struct site site;
static char text[CASE_TEXT_MAX];

static int read_text(const char *edited, size_t length, size_t *ret_count)
{
	memset(&site, 0, sizeof(site));
	site.ambient_k = 298;
	limits_default(&site.limits);
	diagnostics_init(&diagnostics, "test.yaml");
	return protocol_read(edited, length, &site, &diagnostics, plans, ret_count);
}

/* 1: refused, and nothing of it was taken. */
static int refuse_text(const char *edited, size_t length)
{
	size_t count = 99;

	return read_text(edited, length, &count) == 1 && count == 99;
}

static void test_each_is_refused_at_its_place(void **state)
{
	(void)state;
	assert_true(sizeof(cases) / sizeof(cases[0]) >= 60);
	assert_int_equal(CASES_COUNT_FAILED(base, cases, refuse_text, &diagnostics), 0);
}

static void test_the_unedited_text_is_good(void **state)
{
	static const struct bad_case none = {"Test run", "Test run", 0, 0, ""};
	size_t count = 0;

	(void)state;
	assert_int_equal(read_text(text, case_text(base, &none, text), &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(diagnostics.count, 0);
}

static bool said_anywhere(const char *expected)
{
	for (size_t i = 0; i < diagnostics.count; i++)
		if (strstr(diagnostics.list[i].text, expected))
			return true;
	return false;
}

static void test_all_errors_come_at_once(void **state)
{
	size_t count = 0;

	(void)state;
	snprintf(text, sizeof(text),
		 "densd: protocol/1\nnmae: x\nmaterial: {name: Vit4}\ndensification:\n  pressure: 9 GPa\n"
		 "  temperature: 900 K\n  isotherm: 10\n  soak_band: 2 bar\nlimits: {fresh_age_s: 5 s}\n");
	assert_int_equal(read_text(text, strlen(text), &count), 1);
	assert_true(said_anywhere("did you mean 'name'"));
	assert_true(said_anywhere("lacks 'name'"));
	assert_true(said_anywhere("9 GPa is out of range"));
	assert_true(said_anywhere("900 K is above"));
	assert_true(said_anywhere("isotherm: 10"));
	assert_true(said_anywhere("soak_band: 2 bar"));
	assert_true(said_anywhere("only tighten"));
	assert_int_equal(diagnostics.errors, 7);
}

static void test_sizes_are_bounded(void **state)
{
	size_t count = 0, used;

	(void)state;
	memset(text, '#', sizeof(text));
	assert_int_equal(read_text(text, 65537, &count), 1);
	assert_true(said_anywhere("at most 65536"));
	used = (size_t)snprintf(text, sizeof(text), "name: [");
	for (size_t i = 0; i < 10001; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "1,");
	assert_int_equal(read_text(text, used, &count), 1);
	assert_true(said_anywhere("10,000"));
	memset(text, '[', sizeof(text)); /* quadratic in libyaml when let run */
	assert_int_equal(read_text(text, 65536, &count), 1);
	assert_true(said_anywhere("8 levels"));
	memcpy(text, "densd: a\0b\n", 11);
	assert_int_equal(read_text(text, 11, &count), 1);
	assert_true(said_anywhere("NUL"));
	assert_int_equal(diagnostics.list[0].column, 9);
	used = (size_t)snprintf(text, sizeof(text), "%s",
				"\xef\xbb\xbf"
				"densd: protocol/1\n");
	assert_true(refuse_text(text, used));
	assert_true(said_anywhere("without BOM"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_refused_at_its_place),
		cmocka_unit_test(test_the_unedited_text_is_good),
		cmocka_unit_test(test_all_errors_come_at_once),
		cmocka_unit_test(test_sizes_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
