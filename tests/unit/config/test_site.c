/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shipped site and what it becomes; malformed site files, each refused at its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/profile_reader.h"
#include "config/site.h"
#include "config/site_judge.h"
#include "tests/unit/config/cases.h"
#include "tests/unit/config/good_profile.h"

static const char base[] = "densd: site/1\n"                                                        /* 1 */
			   "name: test\n"                                                           /* 2 */
			   "simulated: true\n"                                                      /* 3 */
			   "clock: {scale: 10}\n"                                                   /* 4 */
			   "loading: automatic\n"                                                   /* 5 */
			   "accept_no_watchdog: nitrogen may stay on\n"                             /* 6 */
			   "store: store\n"                                                         /* 7 */
			   "sockets: {telemetry: ipc:///t, commands: ipc:///c}\n"                   /* 8 */
			   "buses:\n"                                                               /* 9 */
			   "  - name: press\n"                                                      /* 10 */
			   "    kind: modbus-tcp\n"                                                 /* 11 */
			   "    host: 127.0.0.1\n"                                                  /* 12 */
			   "    port: 15020\n"                                                      /* 13 */
			   "    devices: [{name: press, unit: 1, profile: densim-press}]\n"         /* 14 */
			   "  - name: rtu\n"                                                        /* 15 */
			   "    kind: modbus-rtu\n"                                                 /* 16 */
			   "    path: rtu\n"                                                        /* 17 */
			   "    baud: 19200\n"                                                      /* 18 */
			   "    parity: even\n"                                                     /* 19 */
			   "    devices:\n"                                                         /* 20 */
			   "      - {name: furnace, unit: 1, profile: densim-furnace}\n"            /* 21 */
			   "      - {name: nitrogen, unit: 2, profile: densim-nitrogen}\n"          /* 22 */
			   "  - name: chip\n"                                                       /* 23 */
			   "    kind: serial\n"                                                     /* 24 */
			   "    path: /dev/chip\n"                                                  /* 25 */
			   "    devices: [{name: chip, profile: densim-chip}]\n"                    /* 26 */
			   "calibrations:\n"                                                        /* 27 */
			   "  press: densim-press\n"                                                /* 28 */
			   "  chip: densim-chip\n"                                                  /* 29 */
			   "limits: {release_temperature_k: 308 K}\n"                               /* 30 */
			   "roles: [{user: 1234, role: supervisor}, {group: 0, role: operator}]\n"; /* 31 */

static const struct bad_case site_cases[] = {
	{NULL, "", 1, 1, "empty"},
	{"site/1", "site/2", 1, 8, "allowed is site/1"},
	{"name: test\n", "", 1, 1, "lacks 'name'"},
	{"simulated: true\n", "", 4, 10, "automatic"},
	{"simulated: true", "simulated: false", 4, 8, "clock scale"},
	{"simulated: true", "simulated: yes", 3, 12, "true or false"},
	{"loading: automatic", "loading: robot", 5, 10, "confirm, automatic"},
	{"scale: 10", "scale: 0.5", 4, 16, "1 to 1000"},
	{"scale: 10", "scale: 10 x", 4, 16, "scale"},
	{"accept_no_watchdog: nitrogen may stay on\n", "", 9, 3, "no watchdog of its own"},
	{"accept_no_watchdog: nitrogen may stay on", "accept_no_watchdog: true", 6, 21, "in words"},
	{"store: store\n", "", 1, 1, "lacks 'store'"},
	{"ipc:///t", "tcp://*:5555", 8, 10, "ipc://"},
	{", commands: ipc:///c", "", 8, 10, "lacks 'commands'"},
	{"kind: modbus-tcp", "kind: modbus-udp", 11, 11, "modbus-tcp, modbus-rtu, serial"},
	{"    port: 15020\n", "", 10, 5, "needs 'host' and 'port'"},
	{"port: 15020", "port: 99999", 13, 11, "1 to 65535"},
	{"path: rtu\n", "host: a\n", 15, 5, "needs 'path'"},
	{"kind: modbus-tcp\n    host: 127.0.0.1", "kind: text-tcp\n    host: press.lab", 12, 11,
	 "no address"},
	{"host: 127.0.0.1", "host: press.lab", 12, 11,
	 "a name server that does not answer would hold up the bus"},
	{"host: 127.0.0.1", "host: 127.0.0.1.", 12, 11,
	 "numbers are allowed, such as 192.168.1.5 or fd00::5"},
	{"parity: even", "parity: mark", 19, 13, "none, even, odd"},
	{"unit: 2,", "unit: 1,", 22, 9, "its own"},
	{"baud: 19200", "baud: 19210", 18, 11, "allowed are 1200, 2400, 4800, 9600, 19200"},
	{"name: rtu", "name: press", 15, 11, "another bus 'press'"},
	{"name: nitrogen", "name: press", 10, 3, "two devices are called 'press'"},
	{"path: rtu", "path: /dev/chip", 23, 5, "bus 'chip' is on the line of bus 'rtu', /dev/chip"},
	{"kind: serial\n    path: /dev/chip\n", "kind: text-tcp\n    host: 127.0.0.1\n    port: 15020\n", 23,
	 5, "on the line of bus 'press', 127.0.0.1"},
	{"unit: 2,", "unit: 300,", 22, 32, "1 to 247"},
	{"densim-furnace", "densim-oven", 21, 43, "cannot be read"},
	{"densim-furnace", "../x", 21, 43, "cannot be read"},
	{"profile: densim-chip", "profile: densim-press", 23, 5, "cannot carry"},
	{"profile: densim-press}", "profile: isco-pump-modbus}", 10, 3, "no heater contactor"},
	{"profile: densim-press}", "profile: isco-pump-modbus}", 30, 9, "takes setpoints up to 517 bar"},
	{"nitrogen may stay on\n", "nitrogen may stay on\naccept_no_contactor: yes\n", 7, 22, "in words"},
	{"densim-furnace}", "densim-furnace, contactor: {profile: beckhoff-ek9000, host: a}}", 21, 70,
	 "lacks 'coil'"},
	{"densim-furnace}", "densim-furnace, contactor: {profile: beckhoff-ek9000, coil: 0}}", 21, 70,
	 "lacks 'host'"},
	{"densim-furnace}", "densim-furnace, contactor: {profile: omron-e5cc, host: 10.0.0.7, coil: 0}}", 21,
	 80, "cannot carry a contactor: it is no coupler"},
	{"densim-furnace}", "densim-furnace, contactor: {profile: nothing, host: 10.0.0.7, coil: 0}}", 21, 80,
	 "cannot be read"},
	{"densim-furnace}",
	 "densim-furnace, contactor: {profile: beckhoff-ek9000, host: coupler.lab, coil: 0}}", 21, 103,
	 "'coupler.lab' is no address"},
	{"densim-furnace}",
	 "densim-furnace, contactor: {profile: beckhoff-ek9000, host: 10.0.0.7, coil: 70000}}", 21, 119,
	 "0 to 65535"},
	{"densim-nitrogen}",
	 "densim-nitrogen, contactor: {profile: beckhoff-ek9000, host: 10.0.0.7, coil: 0}}", 22, 72,
	 "'nitrogen' is none"},
	{"densim-furnace}",
	 "densim-furnace, contactor: {profile: beckhoff-ek9000, host: 127.0.0.1, port: 15020, coil: 0}}", 10,
	 3, "needs a line of its own"},
	{"      - {name: furnace, unit: 1, profile: densim-furnace}\n", "", 10, 3, "exactly one"},
	{"  press: densim-press\n", "", 28, 3, "lacks 'press'"},
	{"press: densim-press\n", "press: densim-oven\n", 28, 10, "cannot be read"},
	{"press: densim-press\n", "press: ../x\n", 28, 10, "cannot be read"},
	{"press: densim-press\n", "press: densim-chip\n", 28, 10, "needs one of a press"},
	{"press: densim-press\n", "press: densim-press\n  oven: x\n", 29, 3, "unknown"},
	{"{release", "{machine_pressure_gpa: 7.6 GPa, release", 28, 10, "machine_pressure_gpa"},
	{"308 K", "330 K", 30, 33, "298 to 323"},
	{"308 K", "300 K", 30, 33, "ambient"},
	{"308 K", "308", 30, 33, "no unit"},
	{"release_temperature_k", "release_temprature_k", 30, 10, "did you mean 'release_temperature_k'"},
	{"user: 1234, ", "", 31, 9, "'user' or to a 'group'"},
	{"supervisor", "boss", 31, 28, "observer, operator, supervisor"},
	{"roles:", "rolls:", 31, 1, "did you mean 'roles'"},
	{"loading: automatic", "loading: automatic\nambient: 350 K", 6, 10, "273 to 320"},
};

static struct diagnostics diagnostics;
static struct site site;
static char folder[] = "/tmp/densd-config-test-XXXXXX";
static char path[64];

static int read_site_text(const char *text, size_t length)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	fclose(file);
	memset(&site, 0, sizeof(site));
	return site_read(path, CONFIG_SOURCE "/devices", &diagnostics, &site);
}

/* 1: refused, and nothing of it was taken. */
static int refuse_site(const char *text, size_t length)
{
	return read_site_text(text, length) == 1 && !site.name[0];
}

static void test_malformed_sites(void **state)
{
	(void)state;
	assert_int_equal(CASES_COUNT_FAILED(base, site_cases, refuse_site, &diagnostics), 0);
}

static void test_a_good_site(void **state)
{
	(void)state;
	if (read_site_text(base, sizeof(base) - 1) != 0)
		diagnostics_print(&diagnostics, stderr);
	assert_int_equal(diagnostics.errors, 0);
	assert_int_equal(site.bus_count, 3);
	assert_int_equal(site.loading, LOADING_AUTOMATIC);
	assert_true(site.accept_no_watchdog);
	assert_int_equal(site.role_count, 2);
	assert_int_equal(site.roles[0].uid, 1234);
	assert_int_equal(site.roles[0].gid, -1);
	assert_int_equal(site.roles[1].gid, 0);
	assert_int_equal(strncmp(site.store, folder, strlen(folder)), 0);
	assert_int_equal(strncmp(site.buses[1].path, folder, strlen(folder)), 0);
	assert_string_equal(site.buses[2].path, "/dev/chip");
	assert_int_equal(site.buses[1].parity, 'E');
	assert_true(site.buses[0].scale == 10 && site.clock_scale == 10);
	assert_true(site.buses[0].calibration.loading_bar[1] == 2000);
	assert_string_equal(site.buses[0].calibration.id, "densim-press-1");
	assert_string_equal(site.calibrations[CALIBRATION_CHIP].id, "densim-chip");
	assert_int_equal(strlen(site.calibrations_sha256), 64);
	assert_true(site.chip.lag_s == 0.002 && site.chip.offset_sd_k == 0.3);
	assert_string_equal(site.calibrations[CALIBRATION_FLOW].id, "");
	assert_int_equal(strlen(site.sha256), 64);
}

/* Replaces the first @from in @text, which has room. */
static void replace(char *text, const char *from, const char *to)
{
	static char rest[CASE_TEXT_MAX];
	char *at = strstr(text, from);

	assert_non_null(at);
	snprintf(rest, sizeof(rest), "%s", at + strlen(from));
	snprintf(at, CASE_TEXT_MAX - (size_t)(at - text), "%s%s", to, rest);
}

static size_t read_edited(const char *furnace, const char *press, bool words)
{
	static char text[CASE_TEXT_MAX];

	snprintf(text, sizeof(text), "%s", base);
	replace(text, "profile: densim-furnace", furnace);
	replace(text, "profile: densim-press}", press);
	if (!words)
		replace(text, "accept_no_watchdog: nitrogen may stay on\n", "");
	read_site_text(text, strlen(text));
	return diagnostics.errors;
}

static void write_own_profile(const char *name)
{
	char own[128];
	FILE *file;

	snprintf(own, sizeof(own), "%s/devices", folder);
	mkdir(own, 0700);
	snprintf(own, sizeof(own), "%s/devices/mine.yaml", folder);
	file = fopen(own, "w");
	assert_non_null(file);
	fprintf(file, "densd: profile/1\nname: %s\n%s", name, strstr(good_profile, "maker:"));
	fclose(file);
}

/* A lab's own profile lies beside its site file, and bears the name of its file: a copy that kept the old one
 * is told. */
static void test_a_profile_beside_the_site(void **state)
{
	(void)state;
	write_own_profile("mine");
	assert_int_equal(read_edited("profile: mine", "profile: densim-press}", true), 0);
	assert_string_equal(site.buses[1].devices[0].profile.name, "mine");
	write_own_profile("eurotherm-2400");
	assert_int_equal(read_edited("profile: mine", "profile: densim-press}", true), 1);
	assert_non_null(strstr(diagnostics.list[0].text, "it says 'name: eurotherm-2400'"));
	assert_non_null(strstr(diagnostics.list[0].text, "/devices/mine.yaml"));
}

#define OMRON "profile: omron-e5cc"
#define COUPLED OMRON ", contactor: {profile: beckhoff-ek9000, host: 10.0.0.7, unit: 3, coil: 4}"

/* What a contactor on a coupler stands in for, and what not: another device's watchdog. */
static void test_a_contactor_on_a_coupler(void **state)
{
	const struct bus_contactor *contactor;

	(void)state;
	assert_int_equal(read_edited(OMRON, "profile: densim-press}", false), 2);
	assert_non_null(strstr(diagnostics.list[0].text, "'furnace' has no watchdog"));
	assert_int_equal(read_edited(COUPLED, "profile: densim-press}", false), 1);
	assert_non_null(strstr(diagnostics.list[0].text, "'nitrogen' has no watchdog"));
	assert_int_equal(read_edited(OMRON, "profile: isco-pump-modbus}", true), 2);
	assert_int_equal(read_edited(COUPLED, "profile: isco-pump-modbus}", true), 1);
	assert_non_null(strstr(diagnostics.list[0].text, "takes setpoints up to"));
	assert_int_equal(read_edited(COUPLED, "profile: densim-press}", true), 0);
	contactor = site_contactor(&site);
	assert_ptr_equal(contactor, &site.buses[1].contactor);
	assert_string_equal(contactor->host, "10.0.0.7");
	assert_int_equal(contactor->port, 502);
	assert_int_equal(contactor->unit, 3);
	assert_int_equal(contactor->coil, 4);
	assert_true(contactor->watchdog_s == site.limits.device_watchdog_s);
	assert_int_equal(contactor->reset_count, 2);
	assert_true(contactor->reset[0].value == 0xBECF && contactor->reset[1].value == 0xAFFE);
	assert_int_equal(read_edited("profile: densim-furnace", "profile: densim-press}", true), 0);
	assert_null(site_contactor(&site));
}

static bool is_warned(unsigned line, unsigned column, const char *text)
{
	for (size_t i = 0; i < diagnostics.count; i++)
		if (diagnostics.list[i].level == DIAGNOSTIC_WARNING && diagnostics.list[i].line == line &&
		    diagnostics.list[i].column == column && strstr(diagnostics.list[i].text, text))
			return true;
	return false;
}

/* The virtual laboratory's calibrations at a site of real instruments: warned of where they stand, and no
 * run. */
static void test_a_real_site(void **state)
{
	static const char real[] = "simulated: false\nclock: {scale: 1}\nloading: confirm\n";
	const char *from = strstr(base, "simulated: true\n"), *to = strstr(base, "accept_no_watchdog");
	char text[sizeof(base) + sizeof(real)], why[200] = "";
	int64_t now_s = 1790000000;

	(void)state;
	assert_int_equal(read_site_text(base, sizeof(base) - 1), 0);
	assert_true(site.simulated && diagnostics.count == 0);
	assert_int_equal(site_judge_now(&site, now_s, why, sizeof(why)), 0);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(from - base), base, real, to);
	assert_int_equal(read_site_text(text, strlen(text)), 0);
	assert_false(site.simulated);
	assert_true(is_warned(28, 10, "'densim-press' is the virtual laboratory's"));
	assert_true(is_warned(29, 9, "'densim-chip' is the virtual laboratory's"));
	assert_int_equal(site_judge_now(&site, now_s, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "the press calibration 'densim-press' is the virtual laboratory's"));
	site.calibrations[CALIBRATION_PRESS].simulated = false;
	assert_int_equal(site_judge_now(&site, now_s, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "the chip calibration 'densim-chip'"));
	site.calibrations[CALIBRATION_CHIP].id[0] = '\0';
	assert_int_equal(site_judge_now(&site, now_s, why, sizeof(why)), 0);
}

static void test_the_shipped_site(void **state)
{
	const struct profile *furnace;

	(void)state;
	assert_int_equal(site_read(CONFIG_SOURCE "/sites/densim.yaml", NULL, &diagnostics, &site), 0);
	assert_int_equal(diagnostics.count, 0);
	assert_string_equal(site.store, "/var/lib/densd");
	assert_string_equal(site.telemetry, "ipc:///run/densd/telemetry");
	assert_string_equal(site.buses[1].path, "/run/densim/rtu");
	assert_int_equal(site.buses[0].port, 15020);
	assert_true(site.clock_scale == 1);
	assert_string_equal(site.buses[1].devices[0].name, "furnace");
	furnace = &site.buses[1].devices[0].profile;
	assert_int_equal(furnace->registers[0].address, 0x8002);
	assert_int_equal(furnace->registers[0].type, REG_F32_HIGH_FIRST);
	assert_int_equal(furnace->registers[0].unit, UNIT_CELSIUS);
	assert_int_equal(furnace->blacklist[0], 199);
	assert_true(furnace->identity[0].value == 0x2400 && furnace->identity[0].mask == 0xFF00);
	assert_true(furnace->off_count == 2);
}

static void test_unreadable_files(void **state)
{
	(void)state;
	assert_int_equal(site_read("/nonexistent/site.yaml", NULL, &diagnostics, &site), -ENOENT);
	assert_int_equal(site_read("/tmp", NULL, &diagnostics, &site), -EISDIR);
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/site.yaml", folder);
	return 0;
}

static int remove_folder(void **state)
{
	char own[128];

	(void)state;
	snprintf(own, sizeof(own), "%s/devices/mine.yaml", folder);
	unlink(own);
	snprintf(own, sizeof(own), "%s/devices", folder);
	rmdir(own);
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_malformed_sites),  cmocka_unit_test(test_a_profile_beside_the_site),
		cmocka_unit_test(test_a_good_site),      cmocka_unit_test(test_a_real_site),
		cmocka_unit_test(test_the_shipped_site), cmocka_unit_test(test_a_contactor_on_a_coupler),
		cmocka_unit_test(test_unreadable_files),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
