/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Emulated instruments, frame by frame, against words written out by hand from the manuals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/profile_reader.h"
#include "tools/densim/registers.h"

static struct laboratory lab;
static struct registers registers;
static struct profile profile;
static struct diagnostics diagnostics;
static uint8_t answer[MODBUS_PDU_MAX];

static void emulate(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/devices/%s.yaml", CONFIG_SOURCE, name);
	assert_int_equal(profile_read(path, &diagnostics, &profile), 0);
	laboratory_init(&lab, 120, 7, false);
	registers_init(&registers, &lab, 0);
	assert_int_equal(registers_emulate(&registers, &profile), 0);
}

static void ask(const uint8_t *pdu, size_t length)
{
	modbus_server_answer(&registers.emulators[0].device, pdu, length, answer);
}

/* Function 3: the words, or minus the exception. */
static int read_words(uint16_t address, uint8_t count, uint32_t *ret_words)
{
	const uint8_t pdu[] = {3, (uint8_t)(address >> 8), (uint8_t)address, 0, count};

	ask(pdu, sizeof(pdu));
	if (answer[0] & 0x80)
		return -answer[1];
	*ret_words = 0;
	for (unsigned i = 0; i < 2u * count; i++)
		*ret_words = *ret_words << 8 | answer[2 + i];
	return 0;
}

static void assert_words(uint16_t address, uint8_t count, uint32_t expected)
{
	uint32_t words;

	assert_int_equal(read_words(address, count, &words), 0);
	assert_int_equal(words, expected);
}

static void assert_exception(uint16_t address, uint8_t count, int exception)
{
	uint32_t words;

	assert_int_equal(read_words(address, count, &words), -exception);
}

/* Function 6, or 16 for two words: 0, or the exception. */
static int write_words(uint16_t address, uint8_t count, uint32_t words)
{
	const uint8_t high = (uint8_t)(address >> 8), low = (uint8_t)address;
	const uint8_t one[] = {6, high, low, (uint8_t)(words >> 8), (uint8_t)words};
	const uint8_t two[] = {16,
			       high,
			       low,
			       0,
			       2,
			       4,
			       (uint8_t)(words >> 24),
			       (uint8_t)(words >> 16),
			       (uint8_t)(words >> 8),
			       (uint8_t)words};

	if (count == 1)
		ask(one, sizeof(one));
	else
		ask(two, sizeof(two));
	return answer[0] & 0x80 ? answer[1] : 0;
}

static void test_a_2400_in_both_regions(void **state)
{
	(void)state;
	emulate("eurotherm-2400");
	lab.furnace.measured_k = 400.25 + 273.15;
	assert_words(0x8002, 2, 0x43C82000);
	lab.furnace.measured_k = 400.2 + 273.15;
	assert_words(1, 1, 4002);
	assert_words(122, 1, 0x2400);
	assert_exception(0x8003, 2, MODBUS_BAD_ADDRESS);
	assert_exception(0x8002, 1, MODBUS_BAD_ADDRESS);
	assert_exception(199, 1, MODBUS_BAD_ADDRESS);
	lab.furnace.sensor_break = true;
	assert_words(75, 1, 1 << 5);
	assert_words(258, 1, 1);
}

static void test_output_in_manual_only(void **state)
{
	(void)state;
	emulate("eurotherm-2400");
	assert_int_equal(write_words(0x8006, 2, 0x42480000), MODBUS_BAD_ADDRESS);
	assert_int_equal(write_words(273, 1, 1), 0);
	assert_int_equal(write_words(0x8006, 2, 0x42480000), 0);
	assert_true(fabs(lab.furnace.manual_pct - 50) < 1e-9);
	assert_int_equal(write_words(0x8006, 2, 0x43480000), MODBUS_BAD_VALUE);
	assert_words(273, 1, 1);
}

static void test_bad_writes_change_nothing(void **state)
{
	(void)state;
	emulate("eurotherm-2400");
	lab.furnace.setpoint_k = 300;
	assert_int_equal(write_words(0x8004, 2, 0x7FC00000), MODBUS_BAD_VALUE);
	assert_int_equal(write_words(0x8004, 2, 0x44480000), MODBUS_BAD_VALUE);
	assert_int_equal(write_words(0x8004, 1, 0x43C8), MODBUS_BAD_ADDRESS);
	assert_int_equal(write_words(0x8002, 2, 0x43C82000), MODBUS_BAD_ADDRESS);
	assert_true(lab.furnace.setpoint_k == 300);
	lab.faults.on[FAULT_FALSE_ACK] = true;
	assert_int_equal(write_words(0x8004, 2, 0x43C82000), 0);
	assert_true(lab.furnace.setpoint_k == 300);
}

static void test_an_f4t_has_the_low_word_first(void **state)
{
	(void)state;
	emulate("watlow-f4t");
	lab.furnace.measured_k = 400.25 + 273.15;
	assert_words(2820, 2, 0x200043C8);
	assert_words(2814, 1, 10);
	lab.furnace.output_pct = 30;
	assert_int_equal(write_words(2730, 1, 62), 0);
	assert_words(2814, 1, 62);
	assert_true(lab.furnace.manual && lab.furnace.output_pct == 0);
	assert_exception(2822, 2, MODBUS_BAD_ADDRESS);
}

static void test_an_e5cc_wears_outside_ram_mode(void **state)
{
	(void)state;
	emulate("omron-e5cc");
	lab.furnace.measured_k = 25.1 + 273.15;
	assert_words(0x2000, 1, 251);
	assert_int_equal(write_words(0x2103, 1, 1000), 0);
	assert_int_equal(lab.eeprom_writes, 1);
	assert_int_equal(write_words(0, 1, 0x0401), 0);
	assert_int_equal(write_words(0x2103, 1, 1100), 0);
	assert_int_equal(lab.eeprom_writes, 1);
	assert_true(fabs(lab.furnace.setpoint_k - 383.15) < 1e-9);
	lab.furnace.output_pct = 40;
	assert_int_equal(write_words(0, 1, 0x0101), 0);
	assert_words(0x2004, 1, 0);
	assert_true(lab.furnace.manual);
	assert_int_equal(write_words(0, 1, 0x0100), 0);
	assert_false(lab.furnace.manual);
}

static void test_a_3216_follows_its_remote_setpoint_when_selected(void **state)
{
	(void)state;
	emulate("eurotherm-3216");
	assert_int_equal(write_words(0x8034, 2, 0x42C80000), 0);
	assert_true(fabs(lab.furnace.setpoint_k - 273.15) < 1e-9);
	assert_int_equal(write_words(276, 1, 1), 0);
	assert_true(fabs(lab.furnace.setpoint_k - 373.15) < 1e-9);
	assert_int_equal(lab.eeprom_writes, 0);
	assert_int_equal(write_words(0x8004, 2, 0x42480000), 0);
	assert_int_equal(lab.eeprom_writes, 1);
	assert_true(fabs(lab.furnace.setpoint_k - 373.15) < 1e-9);
}

static void test_flow_controllers(void **state)
{
	(void)state;
	emulate("alicat-flow");
	lab.flow_measured = 80;
	assert_words(1208, 2, 0x42A00000);
	assert_words(1199, 1, 8);
	assert_int_equal(write_words(1009, 2, 0x42480000), 0);
	assert_true(fabs(lab.flow_setpoint - 50) < 1e-9);
	emulate("bronkhorst-flow");
	lab.flow_measured = 80;
	assert_words(0x20, 1, 25600);
	assert_int_equal(write_words(0x21, 1, 16000), 0);
	assert_true(fabs(lab.flow_setpoint - 50) < 1e-9);
	assert_int_equal(write_words(0x21, 1, 65535), MODBUS_BAD_VALUE);
}

static void test_a_coupler_as_it_comes(void **state)
{
	(void)state;
	emulate("beckhoff-ek9000");
	assert_words(0x1120, 1, 1000);
	assert_words(0x1122, 1, 0);
	assert_words(0x1022, 1, 1);
	assert_int_equal(write_words(0x1123, 1, 1), 0);
	assert_words(0x1123, 1, 1);
	assert_int_equal(write_words(0x1021, 1, 0), MODBUS_BAD_ADDRESS);
}

static int write_coil(uint16_t address, bool on)
{
	const uint8_t pdu[] = {5, (uint8_t)(address >> 8), (uint8_t)address, on ? 0xFF : 0, 0};

	ask(pdu, sizeof(pdu));
	return answer[0] & 0x80 ? answer[1] : 0;
}

static bool read_coil(uint16_t address)
{
	const uint8_t pdu[] = {1, (uint8_t)(address >> 8), (uint8_t)address, 0, 1};

	ask(pdu, sizeof(pdu));
	assert_int_equal(answer[0], 1);
	return answer[2] & 1;
}

/* Lab seconds; at this scale a watchdog waits for 30 s at least. */
static void let_pass(int seconds)
{
	for (int i = 0; i < seconds * 20; i++)
		laboratory_step(&lab);
}

/* It opens the heater's contactor, and writes come to nothing until both words have come, in their order. */
static void test_a_coupler_falls_back(void **state)
{
	(void)state;
	emulate("beckhoff-ek9000");
	lab.press.heater_enable = true;
	assert_false(laboratory_contactor(&lab));
	assert_int_equal(write_words(0x1120, 1, 40000), 0);
	assert_int_equal(write_coil(0, true), 0);
	assert_int_equal(write_coil(1, true), MODBUS_BAD_ADDRESS);
	assert_true(read_coil(0) && laboratory_contactor(&lab));
	let_pass(39);
	assert_int_equal(write_coil(0, true), 0);
	let_pass(39);
	assert_true(laboratory_contactor(&lab));
	read_coil(0); /* a read is no write */
	let_pass(2);
	assert_false(read_coil(0) || laboratory_contactor(&lab));
	assert_words(0x1021, 1, 1);
	assert_int_equal(write_coil(0, true), 0);
	assert_int_equal(write_words(0x1121, 1, 0xAFFE), 0);
	assert_int_equal(write_words(0x1121, 1, 0xBECF), 0);
	assert_int_equal(write_coil(0, true), 0);
	assert_false(read_coil(0));
	assert_int_equal(write_words(0x1121, 1, 0xAFFE), 0);
	assert_false(read_coil(0)); /* what was written meanwhile does not come back */
	assert_int_equal(write_coil(0, true), 0);
	assert_true(read_coil(0) && laboratory_contactor(&lab));
}

static void test_a_coupler_that_freezes_and_one_that_is_off(void **state)
{
	(void)state;
	emulate("beckhoff-ek9000");
	lab.press.heater_enable = true;
	assert_int_equal(write_words(0x1123, 1, COUPLER_FREEZE), 0);
	assert_int_equal(write_coil(0, true), 0);
	let_pass(60);
	assert_words(0x1021, 1, 1);
	assert_true(laboratory_contactor(&lab));
	emulate("beckhoff-ek9000");
	lab.press.heater_enable = true;
	assert_int_equal(write_words(0x1122, 1, COUPLER_OFF), 0);
	assert_int_equal(write_coil(0, true), 0);
	let_pass(60);
	assert_words(0x1021, 1, 0);
	assert_true(laboratory_contactor(&lab));
	lab.press.heater_enable = false; /* the PLC's is in series */
	assert_false(laboratory_contactor(&lab));
}

static void ask_as(unsigned asker)
{
	lab.coupler.asker = asker;
}

/* One master writes, registers and output alike; all read. It is the first one until its connection ends. */
static void test_a_coupler_refuses_a_second_master(void **state)
{
	(void)state;
	emulate("beckhoff-ek9000");
	ask_as(1);
	assert_int_equal(write_coil(0, true), 0);
	ask_as(2);
	assert_int_equal(write_coil(0, false), 0); /* no lock, many masters */
	ask_as(1);
	assert_int_equal(write_words(0x1124, 1, 1), 0);
	assert_int_equal(write_coil(0, true), 0);
	ask_as(2);
	assert_int_equal(write_coil(0, false), MODBUS_BAD_FUNCTION);
	assert_int_equal(write_words(0x1124, 1, 0), MODBUS_BAD_FUNCTION);
	assert_int_equal(write_words(0x1123, 1, 1), MODBUS_BAD_FUNCTION);
	assert_true(read_coil(0));
	assert_words(0x1124, 1, 1);
	coupler_hang_up(&lab.coupler, 2);
	assert_int_equal(write_coil(0, false), MODBUS_BAD_FUNCTION);
	coupler_hang_up(&lab.coupler, 1);
	assert_int_equal(write_coil(0, false), 0);
	ask_as(3);
	assert_int_equal(write_coil(0, true), MODBUS_BAD_FUNCTION);
	ask_as(2);
	assert_int_equal(write_words(0x1124, 1, 0), 0);
	ask_as(3);
	assert_int_equal(write_coil(0, true), 0);
}

/* What is refused keeps no contactor closed. */
static void test_a_refused_write_is_no_heartbeat(void **state)
{
	(void)state;
	emulate("beckhoff-ek9000");
	ask_as(1);
	assert_int_equal(write_words(0x1120, 1, 40000), 0);
	assert_int_equal(write_words(0x1124, 1, 1), 0);
	assert_int_equal(write_coil(0, true), 0);
	let_pass(39);
	ask_as(2);
	assert_int_equal(write_coil(0, true), MODBUS_BAD_FUNCTION);
	let_pass(2);
	assert_false(read_coil(0));
}

/* Clock scales above 1 are accepted from densim alone: the emulated instrument says that it is one. */
static void test_every_emulator_says_that_it_is_densim(void **state)
{
	static const char *const names[] = {"eurotherm-2400", "watlow-f4t", "omron-e5cc", "alicat-flow",
					    "beckhoff-ek9000"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		emulate(names[i]);
		assert_words(0x7FF0, 2, 0x44454E53);
		assert_words(0x7FF4, 2, 0x42F00000);
	}
}

/* A PLC with other addresses, two flag words and other numbers for its modes, by functions 16 and 3. */
static void test_a_plc_of_ones_own(void **state)
{
	const uint8_t block[] = {16,   0, 100,  0,    7, 14, 0, 2,  0x43, 0x8E,
				 0x80, 0, 0x3F, 0x80, 0, 0,  0, 10, 0,    77};

	(void)state;
	emulate("generic-plc-press");
	assert_words(200, 1, 0x5052);
	assert_words(202, 1, 1);
	assert_words(204, 1, 1 << 0 | 1 << 3); /* locked, depressurised */
	ask(block, sizeof(block));
	assert_int_equal(answer[0], 16);
	assert_int_equal(lab.press.mode_active, PRESS_PLANT_REGULATE);
	assert_true(fabs((double)lab.press.setpoint_bar - 285) < 1e-6 && lab.press.heartbeat == 77);
	assert_words(202, 1, 2);
	assert_words(204, 1, 1 << 1 | 1 << 3);
	assert_words(205, 1, 1 << 1); /* watchdog armed */
	assert_words(208, 2, 0x438E8000);
	assert_exception(0x0100, 1, MODBUS_BAD_ADDRESS);
}

static void assert_coil(uint16_t address, bool on)
{
	const uint8_t pdu[] = {1, (uint8_t)(address >> 8), (uint8_t)address, 0, 1};

	ask(pdu, sizeof(pdu));
	assert_int_equal(answer[0], 1);
	assert_int_equal(answer[2], on);
}

/* An ISCO pump obeys in remote control only, and keeps the heater's mains on for want of a contactor. */
static void test_a_syringe_pump(void **state)
{
	(void)state;
	emulate("isco-pump-modbus");
	lab.press.measured_bar = 100.5;
	assert_words(72, 2, 0x42C90000);
	assert_coil(85, true);
	assert_coil(87, false);
	assert_coil(109, true);
	assert_int_equal(write_words(0, 2, 0x43160000), 0); /* 150 bar */
	assert_int_equal(write_coil(0, true), 0);
	assert_coil(0, false);
	assert_words(0, 2, 0);
	assert_int_equal(write_coil(47, true), 0);
	assert_int_equal(write_words(0, 2, 0x43160000), 0);
	assert_int_equal(write_coil(0, true), 0);
	assert_coil(0, true);
	assert_words(0, 2, 0x43160000);
	assert_int_equal(write_words(0, 2, 0x44160000), MODBUS_BAD_VALUE); /* 600 bar */
	assert_true(press_plant_contactor(&lab.press));
	lab.press.local = true;
	assert_coil(46, true);
	assert_coil(47, false);
	lab.press.local = false;
	press_plant_restart(&lab.press);
	assert_coil(0, false);
	assert_int_equal(write_coil(0, true), 0);
	assert_coil(0, false); /* not in remote control since the power came back */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_2400_in_both_regions),
		cmocka_unit_test(test_output_in_manual_only),
		cmocka_unit_test(test_a_plc_of_ones_own),
		cmocka_unit_test(test_a_syringe_pump),
		cmocka_unit_test(test_bad_writes_change_nothing),
		cmocka_unit_test(test_an_f4t_has_the_low_word_first),
		cmocka_unit_test(test_an_e5cc_wears_outside_ram_mode),
		cmocka_unit_test(test_a_3216_follows_its_remote_setpoint_when_selected),
		cmocka_unit_test(test_flow_controllers),
		cmocka_unit_test(test_a_coupler_as_it_comes),
		cmocka_unit_test(test_a_coupler_falls_back),
		cmocka_unit_test(test_a_coupler_that_freezes_and_one_that_is_off),
		cmocka_unit_test(test_a_coupler_refuses_a_second_master),
		cmocka_unit_test(test_a_refused_write_is_no_heartbeat),
		cmocka_unit_test(test_every_emulator_says_that_it_is_densim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
