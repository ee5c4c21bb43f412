/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a good protocol becomes: units, defaults, series, references, limits, in every locale; the shipped
 * files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/protocol_reader.h"

#define HEAD "densd: protocol/1\nname: Test\nmaterial: {name: Vit4, Tg: 596 K}\n"
#define PRESSED HEAD "densification: {pressure: 7 GPa, temperature: 643 K, isotherm: 10 min}\n"

static struct plan plans[PROTOCOL_PLANS_MAX];
static struct diagnostics diagnostics;
static struct site site;
static uint8_t site_recovery;

static size_t read_good(const char *text, size_t length)
{
	size_t count = 0;

	memset(&site, 0, sizeof(site));
	site.ambient_k = 298;
	site.loading = LOADING_AUTOMATIC;
	site.recovery = site_recovery;
	limits_default(&site.limits);
	diagnostics_init(&diagnostics, "good.yaml");
	if (protocol_read(text, length, &site, &diagnostics, plans, &count) != 0)
		diagnostics_print(&diagnostics, stderr);
	assert_int_equal(diagnostics.errors, 0);
	return count;
}

static void close_to(double value, double expected)
{
	if (!(value > expected - 1e-9 && value < expected + 1e-9))
		fail_msg("%.12g is not %.12g", value, expected);
}

static void test_defaults_are_the_papers(void **state)
{
	(void)state;
	assert_int_equal(read_good(PRESSED, strlen(PRESSED)), 1);
	close_to(plans[0].compression_gpa_per_s, 0.3 / 60);
	close_to(plans[0].decompression_gpa_per_s, 0.3 / 60);
	close_to(plans[0].heating_k_per_s, 20.0 / 60);
	close_to(plans[0].cooling_k_per_s, 20.0 / 60);
	close_to(plans[0].holdback_limit_s, 1800);
	close_to(plans[0].isotherm_s, 600);
	assert_false(plans[0].calorimetry.present);
	assert_false(plans[0].reference);
	assert_int_equal(plans[0].loading, LOADING_AUTOMATIC);
	assert_int_equal(plans[0].recovery, RECOVERY_HOLD);
	assert_string_equal(plans[0].name, "Test");
	assert_int_equal(strlen(plans[0].protocol_sha256), 64);
}

static void test_units(void **state)
{
	static const char text[] = HEAD
		"densification: {pressure: 5000 MPa, temperature: 350 degC, isotherm: 0.5 h, "
		"compression_rate: 100 MPa/min, heating_rate: 0.1 K/s, decompression_rate: 0.001 GPa/s}\n"
		"calorimetry: {heating_rates: [6000 K/min, 200 K/s, 500 K/s], range: [30 degC, 850 K]}\n";

	(void)state;
	read_good(text, sizeof(text) - 1);
	close_to(plans[0].pressure_gpa, 5);
	close_to(plans[0].temperature_k, 623.15);
	close_to(plans[0].isotherm_s, 1800);
	close_to(plans[0].compression_gpa_per_s, 0.1 / 60);
	close_to(plans[0].heating_k_per_s, 0.1);
	close_to(plans[0].calorimetry.rate_k_per_s[0], 100);
	close_to(plans[0].calorimetry.start_k, 303.15);
	assert_int_equal(plans[0].calorimetry.sections_per_rate, 2);
}

static void test_one_atmosphere_is_a_reference(void **state)
{
	static const char *const pressures[] = {"1 atm", "1.01325 bar", "0.000101325 GPa"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char text[300];

		snprintf(text, sizeof(text),
			 HEAD "densification: {pressure: %s, temperature: 643 K, isotherm: 10 min}\n",
			 pressures[i]);
		read_good(text, strlen(text));
		assert_true(plans[0].reference);
		close_to(plans[0].pressure_gpa, PLAN_ATM_GPA);
	}
}

static void test_temperature_series_with_references(void **state)
{
	static const char text[] = PRESSED "series: {temperature: [513 K, 583 K, 643 K], references: true}\n";

	(void)state;
	assert_int_equal(read_good(text, sizeof(text) - 1), 6);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(plans[i].reference, i % 2);
		close_to(plans[i].pressure_gpa, i % 2 ? PLAN_ATM_GPA : 7);
		close_to(plans[i].temperature_k, (const double[]){513, 583, 643}[i / 2]);
	}
	assert_string_equal(plans[2].name, "Test (7 GPa, 583 K)");
	assert_string_equal(plans[3].name, "Test (1 atm, 583 K)");
}

static void test_pressure_series(void **state)
{
	static const char text[] = PRESSED "series: {pressure: [1 GPa, 3 GPa, 7 GPa]}\n";
	static const char with_atm[] = PRESSED "series: {pressure: [1 atm, 7 GPa]}\n";

	(void)state;
	assert_int_equal(read_good(text, sizeof(text) - 1), 3);
	close_to(plans[1].pressure_gpa, 3);
	close_to(plans[1].temperature_k, 643);
	assert_int_equal(read_good(with_atm, sizeof(with_atm) - 1), 2);
	assert_true(plans[0].reference);
	assert_false(plans[1].reference);
}

static void test_the_largest_series(void **state)
{
	char text[1200] = PRESSED "series: {references: true, temperature: [";

	(void)state;
	for (int i = 0; i < PLAN_SERIES_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d K,", 320 + i);
	strcat(text, "]}\n");
	assert_int_equal(read_good(text, strlen(text)), PROTOCOL_PLANS_MAX);
	close_to(plans[PROTOCOL_PLANS_MAX - 1].temperature_k, 351);
}

static void test_limits_tighten(void **state)
{
	static const char text[] = PRESSED
		"limits:\n  release_temperature_k: 30 degC\n  release_dwell_s: 2 min\n"
		"  not_heating_output_pct: 40 %\n  step_late_ms: 300 ms\n  lag_integral_k_s: 500 K s\n"
		"  ambient_oil_bar: 3 bar\n  purge_share: 0.9\n  runaway_band_k: 10 K\n";

	(void)state;
	read_good(text, sizeof(text) - 1);
	close_to(plans[0].limits.release_temperature_k, 303.15);
	close_to(plans[0].limits.release_dwell_s, 120);
	close_to(plans[0].limits.not_heating_output_pct, 40);
	close_to(plans[0].limits.step_late_ms, 300);
	close_to(plans[0].limits.lag_integral_k_s, 500);
	close_to(plans[0].limits.ambient_oil_bar, 3);
	close_to(plans[0].limits.purge_share, 0.9);
	close_to(plans[0].limits.runaway_band_k, 10);
	close_to(plans[0].limits.machine_pressure_gpa, 7.2);
}

static void test_policies(void **state)
{
	static const char text[] = PRESSED "recovery: continue\nresume_after_trip: true\n",
			  tighter[] = PRESSED "recovery: hold\n";

	(void)state;
	site_recovery = RECOVERY_CONTINUE;
	read_good(text, sizeof(text) - 1);
	assert_int_equal(plans[0].recovery, RECOVERY_CONTINUE);
	assert_true(plans[0].resume_after_trip);
	read_good(tighter, sizeof(tighter) - 1);
	assert_int_equal(plans[0].recovery, RECOVERY_HOLD);
	site_recovery = RECOVERY_HOLD;
}

static void test_a_long_name_keeps_whole_characters(void **state)
{
	char text[600] = "densd: protocol/1\nname: ";

	(void)state;
	for (int i = 0; i < 45; i++)
		strcat(text, "\xc3\xbc");
	strcat(text, "\nmaterial: {name: Vit4}\ndensification: {pressure: 7 GPa, temperature: 643 K, "
		     "isotherm: 10 min}\n"
		     "series: {temperature: [583 K]}\n");
	read_good(text, strlen(text));
	assert_non_null(strstr(plans[0].name, "\xc3\xbc (7 GPa, 583 K)"));
}

static void test_locale_does_not_matter(void **state)
{
	static const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", NULL};
	static const char text[] =
		HEAD "densification: {pressure: 6.5 GPa, temperature: 643.25 K, isotherm: 1.5 min}\n";

	(void)state;
	for (size_t i = 0; locales[i]; i++)
		if (setlocale(LC_ALL, locales[i]))
			break;
	read_good(text, sizeof(text) - 1);
	setlocale(LC_ALL, "C");
	close_to(plans[0].pressure_gpa, 6.5);
	close_to(plans[0].temperature_k, 643.25);
	close_to(plans[0].isotherm_s, 90);
}

static void read_shipped(const char *path)
{
	static char text[PROTOCOL_TEXT_MAX];
	FILE *file = fopen(path, "r");
	size_t length;

	assert_non_null(file);
	length = fread(text, 1, sizeof(text), file);
	fclose(file);
	assert_true(read_good(text, length) >= 1);
}

static void test_shipped_protocols(void **state)
{
	DIR *folder = opendir(CONFIG_SOURCE "/protocols");
	struct dirent *entry;
	size_t count = 0;

	(void)state;
	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		char path[4096];

		if (!strstr(entry->d_name, ".yaml"))
			continue;
		snprintf(path, sizeof(path), "%s/protocols/%s", CONFIG_SOURCE, entry->d_name);
		read_shipped(path);
		count++;
	}
	closedir(folder);
	assert_true(count >= 5);
	read_shipped(CONFIG_SOURCE "/protocols/vit4-temperature-series.yaml");
	close_to(plans[16].temperature_k, 693);
	assert_int_equal(plans[0].calorimetry.rate_count, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_the_papers),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_one_atmosphere_is_a_reference),
		cmocka_unit_test(test_temperature_series_with_references),
		cmocka_unit_test(test_pressure_series),
		cmocka_unit_test(test_the_largest_series),
		cmocka_unit_test(test_limits_tighten),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_a_long_name_keeps_whole_characters),
		cmocka_unit_test(test_locale_does_not_matter),
		cmocka_unit_test(test_shipped_protocols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
