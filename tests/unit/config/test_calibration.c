/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calibration files: the shipped ones, malformed ones each refused at its place, how long one is good, and
 * what a site makes of a thermocouple's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/site.h"
#include "drivers/correction.h"
#include "tests/unit/config/cases.h"

#define DAY_S 86400

static const char thermocouple[] = "densd: calibration/1\n"                /* 1 */
				   "kind: thermocouple\n"                  /* 2 */
				   "id: tc-7\n"                            /* 3 */
				   "version: 2\n"                          /* 4 */
				   "date: 2026-03-01\n"                    /* 5 */
				   "by: a person\n"                        /* 6 */
				   "method: fixed points\n"                /* 7 */
				   "valid_days: 365\n"                     /* 8 */
				   "points:\n"                             /* 9 */
				   "  - [274 K, 273 K, 0.2 K]\n"           /* 10 */
				   "  - [156.6 degC, 156.6 degC, 0.3 K]\n" /* 11 */
				   "  - [800 K, 804 K, 0.5 K]\n";          /* 12 */

static const struct bad_case thermocouple_cases[] = {
	{NULL, "", 1, 1, "empty"},
	{"calibration/1", "calibration/2", 1, 8, "allowed is calibration/1"},
	{"kind: thermocouple", "kind: barometer", 2, 7, "press, thermocouple, flow, chip"},
	{"id: tc-7\n", "", 1, 1, "lacks 'id'"},
	{"version: 2\n", "", 1, 1, "lacks 'version'"},
	{"by: a person\n", "", 1, 1, "lacks 'by'"},
	{"method: fixed points\n", "", 1, 1, "lacks 'method'"},
	{"valid_days: 365\n", "", 1, 1, "lacks 'valid_days'"},
	{"valid_days: 365", "valid_days: 0", 8, 13, "1 to 36500"},
	{"2026-03-01", "1.3.2026", 5, 7, "2026-11-27 is the form"},
	{"2026-03-01", "2026-13-01", 5, 7, "is no date"},
	{"[274 K, 273 K, 0.2 K]", "[274 K, 273 K]", 10, 5, "standard uncertainty"},
	{"[274 K, 273 K, 0.2 K]", "[274 K, 273 K, 0 K]", 10, 20, "nobody's"},
	{"[274 K, 273 K, 0.2 K]", "[274, 273 K, 0.2 K]", 10, 6, "no unit"},
	{"[274 K, 273 K, 0.2 K]", "[450 K, 273 K, 0.2 K]", 11, 5, "must rise"},
	{"[274 K, 273 K, 0.2 K]", "[274 K, 440 K, 0.2 K]", 11, 5, "must rise"},
	{"[800 K, 804 K", "[800 K, 830 K", 12, 5, "up to 20 K"},
	{"  - [274 K, 273 K, 0.2 K]\n  - [156.6 degC, 156.6 degC, 0.3 K]\n", "", 10, 3, "2 to 16"},
	{"points:", "loading:", 1, 1, "lacks 'points'"},
	{"points:", "loading:", 10, 3, "no place in a thermocouple"},
	{"by: a person\n", "by: a person\nlag: 1 s\n", 7, 6, "no place"},
	{"by: a person\n", "by: a person\nofset: 1 s\n", 7, 1, "offset"},
};
static const char press[] = "densd: calibration/1\n"                                                 /* 1 */
			    "kind: press\n"                                                          /* 2 */
			    "id: p\n"                                                                /* 3 */
			    "version: 1\n"                                                           /* 4 */
			    "date: 2026-03-01\n"                                                     /* 5 */
			    "by: a person\n"                                                         /* 6 */
			    "method: Bi\n"                                                           /* 7 */
			    "valid_days: 365\n"                                                      /* 8 */
			    "loading: [[0 bar, 0 GPa, 0.01 GPa], [2200 bar, 7.7 GPa, 0.2 GPa]]\n"    /* 9 */
			    "unloading: [[0 bar, 0 GPa, 0.01 GPa], [2000 bar, 7.7 GPa, 0.2 GPa]]\n"; /* 10 */
static const struct bad_case press_cases[] = {
	{"unloading: [[0 bar, 0 GPa, 0.01 GPa], [2000 bar, 7.7 GPa, 0.2 GPa]]\n", "", 1, 1,
	 "lacks 'unloading'"},
	{"[2200 bar, 7.7 GPa", "[2200 bar, -1 GPa", 9, 48, "out of range"},
	{"[2200 bar, 7.7 GPa, 0.2 GPa]", "[2200 bar]", 9, 37, "standard uncertainty"},
	{"[0 bar, 0 GPa, 0.01 GPa], [2200", "[2300 bar, 7 GPa, 0.01 GPa], [2200", 9, 40, "rise"},
	{"[2000 bar, 7.7 GPa", "[2400 bar, 7.7 GPa", 10, 12, "below the loading branch"},
};

static struct diagnostics diagnostics;
static struct calibration calibration;
static struct site site;
static char folder[] = "/tmp/densd-calibration-XXXXXX";

static int read_text(const char *text, size_t length)
{
	diagnostics_init(&diagnostics, "calibration.yaml");
	return calibration_read_text(text, length, &diagnostics, &calibration);
}

static void read_good(const char *text)
{
	if (read_text(text, strlen(text)) != 0)
		diagnostics_print(&diagnostics, stderr);
	assert_int_equal(diagnostics.errors, 0);
}

static void test_malformed(void **state)
{
	(void)state;
	read_good(thermocouple);
	read_good(press);
	assert_int_equal(CASES_COUNT_FAILED(thermocouple, thermocouple_cases, read_text, &diagnostics), 0);
	assert_int_equal(CASES_COUNT_FAILED(press, press_cases, read_text, &diagnostics), 0);
}

static void test_shipped(void **state)
{
	static const char *const names[] = {"densim-press", "densim-chip", "example-press",
					    "example-thermocouple"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[512], why[200];

		snprintf(path, sizeof(path), CONFIG_SOURCE "/calibrations/%s.yaml", names[i]);
		if (calibration_read(path, &diagnostics, &calibration) != 0)
			diagnostics_print(&diagnostics, stderr);
		assert_int_equal(diagnostics.errors, 0);
		assert_string_equal(calibration.head.id, names[i]);
		/* The virtual laboratory's must not end on somebody's calendar; the examples are nobody's. */
		assert_int_equal(calibration.head.simulated, strncmp(names[i], "densim", 6) == 0);
		assert_int_equal(calibration_judge(&calibration.head, CALIBRATION_PRESS,
						   calibration.head.simulated ? INT64_C(4000000000)
									      : INT64_C(1710000000),
						   why, sizeof(why)),
				 calibration.head.simulated ? 0 : -EINVAL);
		if (!calibration.head.simulated)
			assert_non_null(strstr(why, "'by: nobody'"));
	}
}

static void test_how_long_it_is_good(void **state)
{
	char why[200] = "";
	int64_t begin_s;

	(void)state;
	read_good(thermocouple);
	begin_s = calibration_begin_s(&calibration.head);
	assert_int_equal(begin_s, INT64_C(1772323200)); /* date -ud 2026-03-01 +%s */
	assert_int_equal(
		calibration_judge(&calibration.head, CALIBRATION_THERMOCOUPLE, begin_s, why, sizeof(why)), 0);
	assert_int_equal(calibration_judge(&calibration.head, CALIBRATION_THERMOCOUPLE,
					   begin_s + 365 * DAY_S - 1, why, sizeof(why)),
			 0);
	assert_int_equal(calibration_judge(&calibration.head, CALIBRATION_THERMOCOUPLE, begin_s + 365 * DAY_S,
					   why, sizeof(why)),
			 -EINVAL);
	assert_non_null(strstr(why, "'tc-7' 2 was good until 2027-03-01"));
	assert_int_equal(
		calibration_judge(&calibration.head, CALIBRATION_THERMOCOUPLE, begin_s - 1, why, sizeof(why)),
		-EINVAL);
	assert_non_null(strstr(why, "still to come"));
	calibration.head.id[0] = '\0';
	assert_int_equal(calibration_judge(&calibration.head, CALIBRATION_THERMOCOUPLE, 0, why, sizeof(why)),
			 0);
}

/* What nobody has put a name to is refused in any spelling; a person whose name begins so is somebody. */
static void test_who_stands_behind_it(void **state)
{
	static const struct {
		const char *by;
		bool refused;
	} cases[] = {
		{"nobody yet", true}, {"nobody", true},     {"Nobody, so far", true},
		{" ", true},          {"Nobodyson", false}, {"not nobody", false},
	};
	char why[240];

	(void)state;
	read_good(thermocouple);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(calibration.head.by, sizeof(calibration.head.by), "%s", cases[i].by);
		assert_int_equal(calibration_judge(&calibration.head, CALIBRATION_THERMOCOUPLE,
						   calibration_begin_s(&calibration.head), why, sizeof(why)),
				 cases[i].refused ? -EINVAL : 0);
	}
}

/* There and back is where one was; between the points a straight line, worked out by hand. */
static void test_the_table(void **state)
{
	const struct correction *table = &calibration.table;
	struct correction none = {0};

	(void)state;
	read_good(thermocouple);
	assert_true(fabs(correction_apply(table, 274) - 273) < 1e-12);
	assert_true(fabs(correction_apply(table, 429.75) - 429.75) < 1e-9);
	/* (800 - 429.75) K of reading are (804 - 429.75) K */
	assert_true(fabs(correction_apply(table, 614.875) - 616.875) < 1e-9);
	assert_true(fabs(correction_sd(table, 614.875) - 0.4) < 1e-9);
	assert_true(correction_apply(table, 200) == 199 && correction_apply(table, 900) == 904);
	assert_false(correction_covers(table, 273.9) || correction_covers(table, 800.1));
	assert_true(correction_covers(table, 800));
	for (double true_k = 150; true_k < 1000; true_k += 0.37) {
		double reading_k = correction_undo(table, true_k);

		assert_true(fabs(correction_apply(table, reading_k) - true_k) < 1e-9);
	}
	assert_true(isnan(correction_apply(table, NAN)));
	assert_true(correction_apply(&none, 300) == 300 && correction_undo(&none, 300) == 300 &&
		    correction_sd(&none, 300) == 0 && correction_covers(&none, 1e9));
}

static void write_file(const char *below, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, below);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* The shipped site with a thermocouple calibration of its own beside it. */
static int read_site(const char *find, const char *replace)
{
	static char text[CASE_TEXT_MAX], shipped[CASE_TEXT_MAX], edited[CASE_TEXT_MAX];
	const struct bad_case edit = {find, replace, 0, 0, ""};
	const struct bad_case named = {"  chip: densim-chip\n", "  chip: densim-chip\n  thermocouple: tc\n",
				       0, 0, ""};
	char path[256];
	FILE *file = fopen(CONFIG_SOURCE "/sites/densim.yaml", "r");
	size_t length;

	assert_non_null(file);
	length = fread(shipped, 1, sizeof(shipped) - 1, file);
	fclose(file);
	shipped[length] = '\0';
	assert_true(case_text(shipped, &named, text) > 0 && case_text(thermocouple, &edit, edited) > 0);
	write_file("calibrations/tc.yaml", edited);
	write_file("site.yaml", text);
	snprintf(path, sizeof(path), "%s/site.yaml", folder);
	return site_read(path, CONFIG_SOURCE "/devices", &diagnostics, &site);
}

static void test_a_site_with_a_thermocouple(void **state)
{
	char first[65];

	(void)state;
	assert_int_equal(read_site("version: 2", "version: 3"), 0);
	assert_string_equal(site.calibrations[CALIBRATION_THERMOCOUPLE].version, "3");
	for (uint32_t i = 0; i < site.bus_count; i++)
		assert_int_equal(site.buses[i].thermocouple.count, 3);
	memcpy(first, site.calibrations_sha256, sizeof(first));
	/* One word in the file, another hash over all. */
	assert_int_equal(read_site("by: a person", "by: another"), 0);
	assert_string_not_equal(site.calibrations_sha256, first);
	/* Not far enough for the machine; too coarse to prove that a cell is cold. */
	assert_int_equal(read_site("[800 K, 804 K", "[700 K, 704 K"), 1);
	assert_non_null(strstr(diagnostics.list[0].text, "nothing is extrapolated"));
	assert_int_equal(read_site("0.2 K]", "10 K]"), 1);
	assert_non_null(strstr(diagnostics.list[0].text, "release_temperature_k"));
	/* The virtual laboratory's own goes with its site. */
	assert_int_equal(read_site("version: 2\n", "version: 2\nsimulated: true\n"), 0);
	assert_true(site.calibrations[CALIBRATION_THERMOCOUPLE].simulated);
	assert_int_equal(read_site("version: 2\n", ""), 1);
	assert_non_null(strstr(diagnostics.list[0].text, "calibration 'tc', line 1:1: "));
}

static int make_folder(void **state)
{
	char path[64];

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/calibrations", folder);
	return mkdir(path, 0700);
}

static int remove_folder(void **state)
{
	static const char *const files[] = {"calibrations/tc.yaml", "site.yaml", "calibrations"};
	char path[64];

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		remove(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_malformed),           cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_how_long_it_is_good), cmocka_unit_test(test_who_stands_behind_it),
		cmocka_unit_test(test_the_table),           cmocka_unit_test(test_a_site_with_a_thermocouple),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
