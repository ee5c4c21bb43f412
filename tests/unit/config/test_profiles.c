/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shipped profiles against the manuals: addresses on the wire, types and units typed in here a second
 * time from the manuals' tables, so that a slip in a profile is not also the expectation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/profile_reader.h"

struct golden {
	const char *profile, *reg;
	uint16_t address; /* on the wire; of an IEEE parameter p: 2p + 0x8000 */
	enum register_type type;
	enum register_unit unit;
};
#define F32 REG_F32_HIGH_FIRST
#define LOW REG_F32_LOW_FIRST
static const struct golden goldens[] = {
	{"eurotherm-2400", "process_value", 0x8002, F32, UNIT_CELSIUS},
	{"eurotherm-2400", "setpoint", 0x8004, F32, UNIT_CELSIUS},
	{"eurotherm-2400", "output", 0x8006, F32, UNIT_PERCENT},
	{"eurotherm-2400", "ramp_rate", 0x8046, F32, UNIT_KELVIN_PER_MIN},
	{"eurotherm-3504", "ramp_rate", 0x8046, F32, UNIT_KELVIN_PER_MIN},
	{"eurotherm-3504", "ramp_disable", 78, REG_U16, UNIT_NONE},
	{"eurotherm-nanodac", "ramp_rate", 0xACC4, F32, UNIT_KELVIN_PER_MIN},
	{"eurotherm-2400", "limit_high", 0x80DE, F32, UNIT_CELSIUS},
	{"eurotherm-2400", "mode", 0x0111, REG_U16, UNIT_NONE},
	{"eurotherm-2400", "identity", 0x007A, REG_U16, UNIT_NONE},
	{"eurotherm-2400", "sensor_break", 0x0102, REG_U16, UNIT_NONE},
	{"eurotherm-3216", "process_value", 0x8002, F32, UNIT_CELSIUS},
	{"eurotherm-3216", "setpoint", 0x8034, F32, UNIT_CELSIUS},
	{"eurotherm-3216", "output", 0x8008, F32, UNIT_PERCENT},
	{"eurotherm-3216", "remote", 0x0114, REG_U16, UNIT_NONE},
	{"eurotherm-3216", "comms_type", 0x3100, REG_U16, UNIT_NONE},
	{"eurotherm-3504", "process_value", 0x8002, F32, UNIT_CELSIUS},
	{"eurotherm-3504", "process_value_loop", 0x8242, F32, UNIT_CELSIUS},
	{"eurotherm-3504", "setpoint", 0x8004, F32, UNIT_CELSIUS},
	{"eurotherm-3504", "working_output", 0x80AA, F32, UNIT_PERCENT},
	{"eurotherm-3504", "sensor_summary", 0x27E5, REG_U16, UNIT_NONE},
	{"eurotherm-nanodac", "process_value", 0x8400, F32, UNIT_CELSIUS},
	{"eurotherm-nanodac", "mode", 0x0201, REG_U16, UNIT_NONE},
	{"eurotherm-nanodac", "setpoint", 0x8404, F32, UNIT_CELSIUS},
	{"eurotherm-nanodac", "output", 0x8408, F32, UNIT_PERCENT},
	{"eurotherm-nanodac", "limit_high", 0xACBC, F32, UNIT_CELSIUS},
	{"eurotherm-nanodac", "ramp_disable", 0x1663, REG_U16, UNIT_NONE},
	{"watlow-f4t", "process_value", 0x0B04, LOW, UNIT_CELSIUS},
	{"watlow-f4t", "setpoint", 0x0ADE, LOW, UNIT_CELSIUS},
	{"watlow-f4t", "output", 0x0AF8, LOW, UNIT_PERCENT},
	{"watlow-f4t", "mode", 0x0AAA, REG_U16, UNIT_NONE},
	{"watlow-f4t", "mode_active", 0x0AFE, REG_U16, UNIT_NONE},
	{"omron-e5cc", "command", 0x0000, REG_U16, UNIT_NONE},
	{"omron-e5cc", "process_value", 0x2000, REG_S16, UNIT_CELSIUS},
	{"omron-e5cc", "setpoint", 0x2103, REG_S16, UNIT_CELSIUS},
	{"omron-e5cc", "output", 0x2004, REG_S16, UNIT_PERCENT},
	{"alicat-flow", "setpoint", 1009, F32, UNIT_ML_PER_MIN},
	{"alicat-flow", "process_value", 1208, F32, UNIT_ML_PER_MIN},
	{"alicat-flow", "gas", 1199, REG_U16, UNIT_NONE},
	{"bronkhorst-flow", "process_value", 0x20, REG_U16, UNIT_ML_PER_MIN},
	{"bronkhorst-flow", "setpoint", 0x21, REG_U16, UNIT_ML_PER_MIN},
	{"bronkhorst-flow", "fluid", 0x30, REG_U16, UNIT_NONE},
	{"generic-plc-press", "oil_pressure", 206, F32, UNIT_BAR},
	{"isco-pump-modbus", "setpoint", 0, F32, UNIT_BAR},
	{"isco-pump-modbus", "limit_high", 0x20, F32, UNIT_BAR},
	{"isco-pump-modbus", "pressure", 0x48, F32, UNIT_BAR},
	{"isco-pump-modbus", "stroke", 0x4C, F32, UNIT_PERCENT},
	{"isco-pump-modbus", "run", 0, REG_U16, UNIT_NONE},
	{"isco-pump-modbus", "constant_pressure", 9, REG_U16, UNIT_NONE},
	{"isco-pump-modbus", "local", 0x2E, REG_U16, UNIT_NONE},
	{"isco-pump-modbus", "remote", 0x2F, REG_U16, UNIT_NONE},
	{"isco-pump-modbus", "unit_bar", 0x55, REG_U16, UNIT_NONE},
	{"isco-pump-modbus", "transducer", 0x6D, REG_U16, UNIT_NONE},
	{"isco-pump-modbus", "over_pressure", 0x70, REG_U16, UNIT_NONE},
	{"isco-pump-modbus", "motor_fault", 0x72, REG_U16, UNIT_NONE},
	{"beckhoff-ek9000", "watchdog_ms", 0x1120, REG_U16, UNIT_NONE},
	{"beckhoff-ek9000", "fallback", 0x1123, REG_U16, UNIT_NONE},
	{"beckhoff-ek9000", "write_lock", 0x1124, REG_U16, UNIT_NONE},
};

static struct diagnostics diagnostics;
static struct profile profile;

static void read_shipped(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/devices/%s.yaml", CONFIG_SOURCE, name);
	memset(&profile, 0, sizeof(profile));
	if (profile_read(path, &diagnostics, &profile) != 0)
		diagnostics_print(&diagnostics, stderr);
	assert_string_equal(profile.name, name);
}

static void test_addresses_of_the_manuals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
		const struct profile_register *reg;

		read_shipped(goldens[i].profile);
		reg = profile_find(&profile, goldens[i].reg);
		if (!reg || reg->address != goldens[i].address || reg->type != goldens[i].type ||
		    reg->unit != goldens[i].unit)
			fail_msg("%s: %s", goldens[i].profile, goldens[i].reg);
	}
}

/* A profile for a real instrument says what is still to be verified. */
static void test_every_real_profile_has_marks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
		read_shipped(goldens[i].profile);
		assert_true(profile.mark_count > 0);
	}
}

static void test_no_shipped_setpoint_wears(void **state)
{
	static const char *const furnaces[] = {"eurotherm-3216", "omron-e5cc"};

	(void)state;
	for (size_t i = 0; i < sizeof(furnaces) / sizeof(furnaces[0]); i++) {
		read_shipped(furnaces[i]);
		assert_int_equal(profile.ramp, RAMP_REMOTE);
		assert_false(profile_find(&profile, "setpoint")->retained);
	}
}

static void test_the_2400_keeps_its_black_list(void **state)
{
	(void)state;
	read_shipped("eurotherm-2400");
	assert_int_equal(profile.blacklist_count, 1);
	assert_int_equal(profile.blacklist[0], 199);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_of_the_manuals),
		cmocka_unit_test(test_every_real_profile_has_marks),
		cmocka_unit_test(test_no_shipped_setpoint_wears),
		cmocka_unit_test(test_the_2400_keeps_its_black_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
