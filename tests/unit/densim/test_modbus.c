/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames on the wire, byte for byte, and the three register maps. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tools/densim/registers.h"

static struct laboratory lab;
static struct registers registers;
static uint8_t answer[MODBUS_FRAME_MAX];
static size_t answer_length;

static int set_up(void **state)
{
	(void)state;
	laboratory_init(&lab, 120, 7, false);
	registers_init(&registers, &lab, INT64_C(0x0102030405060708));
	return 0;
}

/* Adds the CRC and asks the RTU line. */
static size_t ask_rtu(const uint8_t *request, size_t length)
{
	uint8_t frame[MODBUS_FRAME_MAX];
	memcpy(frame, request, length);
	uint16_t crc = modbus_server_crc(request, length);
	frame[length] = (uint8_t)crc;
	frame[length + 1] = (uint8_t)(crc >> 8);
	return modbus_server_rtu(registers_on_rtu, &registers, frame, length + 2, answer, &answer_length);
}

static void ask_tcp(const uint8_t *request, size_t length)
{
	size_t used =
		modbus_server_tcp(registers_on_press, &registers, request, length, answer, &answer_length);
	assert_int_equal(used, length);
}

/* The frame that devices.md prints for another maker's controller: a CRC to trust. */
static void test_crc_golden(void **state)
{
	(void)state;
	const uint8_t frame[] = {0x01, 0x06, 0x00, 0x00, 0x01, 0x01, 0x49, 0x9A};
	assert_int_equal(modbus_server_crc(frame, 6), 0x9A49);
}

static void test_rtu_reads_the_ieee_region(void **state)
{
	(void)state;
	lab.furnace.measured_k = 400.25 + 273.15;
	const uint8_t request[] = {1, 3, 0x80, 0x02, 0, 2};
	assert_int_equal(ask_rtu(request, 6), 8);
	assert_int_equal(answer_length, 9);
	const uint8_t golden[] = {1, 3, 4, 0x43, 0xC8, 0x20, 0x00};
	assert_memory_equal(answer, golden, sizeof(golden));
	const uint8_t odd[] = {1, 3, 0x80, 0x03, 0, 2};
	ask_rtu(odd, 6);
	assert_int_equal(answer[1], 0x83);
	assert_int_equal(answer[2], MODBUS_BAD_ADDRESS);
}

static void test_rtu_writes_the_setpoint(void **state)
{
	(void)state;
	const uint8_t write[] = {1, 16, 0x80, 0x04, 0, 2, 4, 0x43, 0xC8, 0x20, 0x00};
	assert_int_equal(ask_rtu(write, sizeof(write)), 13);
	assert_true(fabs(lab.furnace.setpoint_k - 673.4) < 1e-4);
	const uint8_t plain[] = {1, 6, 0, 2, 0x07, 0xD0};
	ask_rtu(plain, sizeof(plain));
	assert_true(fabs(lab.furnace.setpoint_k - 473.15) < 1e-9);
	const uint8_t nan[] = {1, 16, 0x80, 0x04, 0, 2, 4, 0x7F, 0xC0, 0, 0};
	ask_rtu(nan, sizeof(nan));
	assert_int_equal(answer[2], MODBUS_BAD_VALUE);
	assert_true(fabs(lab.furnace.setpoint_k - 473.15) < 1e-9);
}

static void test_rtu_framing(void **state)
{
	(void)state;
	const uint8_t part[] = {1, 3, 0x80, 0x02, 0};
	assert_int_equal(
		modbus_server_rtu(registers_on_rtu, &registers, part, sizeof(part), answer, &answer_length),
		0);
	const uint8_t bad[] = {1, 3, 0x80, 0x02, 0, 2, 0, 0};
	assert_int_equal(
		modbus_server_rtu(registers_on_rtu, &registers, bad, sizeof(bad), answer, &answer_length), 1);
	assert_int_equal(answer_length, 0);
	const uint8_t nobody[] = {3, 3, 0, 1, 0, 1};
	assert_int_equal(ask_rtu(nobody, sizeof(nobody)), 8);
	assert_int_equal(answer_length, 0);
}

static void test_nitrogen(void **state)
{
	(void)state;
	const uint8_t write[] = {2, 6, 0, 0x21, 0x64, 0x00};
	ask_rtu(write, sizeof(write));
	assert_true(fabs(lab.flow_setpoint - 80) < 1e-9);
	for (int i = 0; i < 600; i++)
		laboratory_step(&lab);
	const uint8_t read[] = {2, 3, 0, 0x20, 0, 2};
	ask_rtu(read, sizeof(read));
	const uint8_t golden[] = {2, 3, 4, 0x64, 0x00, 0x64, 0x00};
	assert_memory_equal(answer, golden, sizeof(golden));
}

static void test_tcp_identity_block(void **state)
{
	(void)state;
	const uint8_t request[] = {0x12, 0x34, 0, 0, 0, 6, 1, 3, 0x7F, 0xF0, 0, 10};
	ask_tcp(request, sizeof(request));
	const uint8_t golden[] = {0x12, 0x34, 0,    0,    0, 23, 1, 3, 20, 'D', 'E', 'N', 'S', 'I', 'M',
				  0,    1,    0x42, 0xF0, 0, 0,  1, 2, 3,  4,   5,   6,   7,   8};
	assert_int_equal(answer_length, sizeof(golden));
	assert_memory_equal(answer, golden, sizeof(golden));
}

static void test_tcp_press_writes_all_seven_then_reads(void **state)
{
	(void)state;
	const uint8_t request[] = {0,  1, 0, 0, 0, 25,   1,    23, 0x01, 0x00, 0, 12, 0, 0, 0, 7,
				   14, 0, 9, 0, 1, 0x42, 0xC8, 0,  0,    0x40, 0, 0,  0, 0, 10};
	ask_tcp(request, sizeof(request));
	assert_int_equal(answer_length, 9 + 24);
	assert_int_equal(lab.press.mode_active, PRESS_PLANT_REGULATE);
	assert_true(lab.press.setpoint_bar == 100 && lab.press.ramp_bar_per_s == 2);
	assert_int_equal(answer[9 + 15], 9);
	assert_int_equal(answer[9 + 19], 10);
	assert_int_equal(answer[9 + 20] << 8 | answer[9 + 21], 0xBE17);
	const uint8_t one[] = {0, 1, 0, 0, 0, 6, 1, 6, 0, 1, 0, 0};
	ask_tcp(one, sizeof(one));
	assert_int_equal(answer[7], 0x86);
	assert_int_equal(lab.press.mode_active, PRESS_PLANT_REGULATE);
}

static void test_tcp_contactor_coil(void **state)
{
	(void)state;
	const uint8_t close_it[] = {0, 1, 0, 0, 0, 6, 1, 5, 0, 0, 0xFF, 0};
	ask_tcp(close_it, sizeof(close_it));
	assert_true(press_plant_contactor(&lab.press));
	const uint8_t read[] = {0, 1, 0, 0, 0, 6, 1, 1, 0, 0, 0, 1};
	ask_tcp(read, sizeof(read));
	assert_int_equal(answer[9], 1);
}

static void test_tcp_refuses(void **state)
{
	(void)state;
	const uint8_t unknown[] = {0, 1, 0, 0, 0, 2, 1, 0x2B};
	ask_tcp(unknown, sizeof(unknown));
	assert_int_equal(answer[7], 0xAB);
	assert_int_equal(answer[8], MODBUS_BAD_FUNCTION);
	const uint8_t gap[] = {0, 1, 0, 0, 0, 6, 1, 3, 0, 0x50, 0, 1};
	ask_tcp(gap, sizeof(gap));
	assert_int_equal(answer[8], MODBUS_BAD_ADDRESS);
	const uint8_t many[] = {0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 126};
	ask_tcp(many, sizeof(many));
	assert_int_equal(answer[8], MODBUS_BAD_VALUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_crc_golden, set_up),
		cmocka_unit_test_setup(test_rtu_reads_the_ieee_region, set_up),
		cmocka_unit_test_setup(test_rtu_writes_the_setpoint, set_up),
		cmocka_unit_test_setup(test_rtu_framing, set_up),
		cmocka_unit_test_setup(test_nitrogen, set_up),
		cmocka_unit_test_setup(test_tcp_identity_block, set_up),
		cmocka_unit_test_setup(test_tcp_press_writes_all_seven_then_reads, set_up),
		cmocka_unit_test_setup(test_tcp_contactor_coil, set_up),
		cmocka_unit_test_setup(test_tcp_refuses, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
