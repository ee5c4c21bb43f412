/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each fault of the laboratory has its effect, and ends when it is cleared. The answers-* faults act in
 * wire.c. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tools/densim/registers.h"
#include "tools/densim/wire.h"

static struct laboratory lab;
static struct registers registers;

static void run_s(double duration_s)
{
	for (long i = lround(duration_s / LABORATORY_STEP_S); i > 0; i--)
		laboratory_step(&lab);
}

/* In the isotherm at 643 K and 7 GPa, contactor closed. */
static int set_up(void **state)
{
	(void)state;
	laboratory_init(&lab, 1, 7, true);
	registers_init(&registers, &lab, 0);
	laboratory_begin_at(&lab, LABORATORY_ISOTHERM);
	return 0;
}

static void set(const char *name, const char *value)
{
	assert_int_equal(faults_set(&lab.faults, name, value, NULL), 0);
}

static void test_thermocouple(void **state)
{
	(void)state;
	set("tc-break", NULL);
	run_s(1);
	assert_true(lab.furnace.sensor_break && lab.furnace.output_pct == 0 && lab.furnace.measured_k > 1000);
	faults_clear(&lab.faults, "tc-break");
	run_s(300);
	assert_true(fabs(lab.furnace.measured_k - 643) < 1);
	set("tc-freeze", NULL);
	double frozen_k = lab.furnace.measured_k;
	run_s(60);
	assert_true(lab.furnace.measured_k == frozen_k);
	faults_clear(&lab.faults, "tc-freeze");
	set("tc-slip", NULL);
	run_s(10);
	assert_true(lab.furnace.measured_k < 643 - 20 && lab.furnace.output_pct > 20);
}

static void test_heater(void **state)
{
	(void)state;
	set("heater-open", NULL);
	run_s(120);
	assert_true(lab.furnace.cell_k < 560 && lab.furnace.output_pct > 50);
	faults_clear(&lab.faults, "all");
	lab.furnace.manual = true;
	lab.furnace.manual_pct = 0;
	set("relay-welded", NULL);
	run_s(60);
	double before_k = lab.furnace.cell_k;
	run_s(60);
	assert_true(lab.furnace.cell_k - before_k > 2 && lab.furnace.output_pct == 0);
	lab.press.heater_enable = false;
	before_k = lab.furnace.cell_k;
	run_s(60);
	assert_true(lab.furnace.cell_k < before_k);
}

static void test_gasket(void **state)
{
	(void)state;
	set("gasket-leak", NULL);
	run_s(5);
	double before_gpa = lab.press.sample_gpa;
	run_s(10);
	assert_true((before_gpa - lab.press.sample_gpa) / 10 > 0.02);
	assert_true(lab.press.pump_running);
	faults_clear(&lab.faults, "all");
	set("gasket-blowout", NULL);
	run_s(5);
	assert_true(lab.press.sample_gpa < 0.5);
}

static void test_valve_stuck(void **state)
{
	(void)state;
	set("valve-stuck", NULL);
	press_plant_request(&lab.press, 1, PRESS_PLANT_REGULATE, 1000, 1.43F, 0);
	run_s(60);
	assert_true(fabs(lab.press.oil_bar - 2000) < 0.5);
	assert_true(lab.press.active_bar < 1950);
}

static void test_pump(void **state)
{
	(void)state;
	set("pump-runaway", "10");
	run_s(10);
	assert_true(lab.press.oil_bar > 2005);
	press_plant_request(&lab.press, 1, PRESS_PLANT_LOCK, 2000, 1.43F, 0);
	double locked_bar = lab.press.oil_bar;
	run_s(10);
	assert_true(lab.press.oil_bar <= locked_bar);
	faults_clear(&lab.faults, "all");
	double full_pct = press_plant_stroke_pct(&lab.press);
	set("pump-low", NULL);
	run_s(1);
	assert_true(fabs(press_plant_stroke_pct(&lab.press) - 3) < 0.1);
	faults_clear(&lab.faults, "all");
	run_s(1);
	assert_true(fabs(press_plant_stroke_pct(&lab.press) - full_pct) < 0.1);
}

static unsigned furnace_word(uint16_t address)
{
	const struct modbus_device *furnace = registers_on_rtu(&registers, REGISTERS_FURNACE_UNIT);
	uint16_t word;

	assert_int_equal(furnace->read(furnace->context, address, 1, &word), MODBUS_OK);
	return word;
}

/* 643 K are 369.85 degC and 697.7 degF. */
static void test_units_changed(void **state)
{
	(void)state;
	lab.furnace.measured_k = 643;
	assert_int_equal(furnace_word(1), 3699);
	assert_int_equal(furnace_word(516), 0);
	set("units-changed", NULL);
	assert_int_equal(furnace_word(1), 6977);
	assert_int_equal(furnace_word(516), 1);
	uint16_t boiling = 2120;
	const struct modbus_device *furnace = registers_on_rtu(&registers, REGISTERS_FURNACE_UNIT);
	assert_int_equal(furnace->write(furnace->context, 2, 1, &boiling), MODBUS_OK);
	assert_true(fabs(lab.furnace.setpoint_k - 373.15) < 0.01);
}

static void test_another_instrument(void **state)
{
	(void)state;
	const struct modbus_device *press = registers_on_press(&registers, REGISTERS_PRESS_UNIT);
	uint16_t plain[12], block[12];
	assert_int_equal(press->read(press->context, 0x100, 12, plain), MODBUS_OK);
	set("stranger", "furnace");
	assert_int_equal(furnace_word(122), 0x0550);
	assert_int_equal(press->read(press->context, 0x100, 12, block), MODBUS_OK);
	assert_int_equal(block[10], 0xBE17);
	set("stranger", "press");
	assert_int_equal(furnace_word(122), 0x2480);
	assert_int_equal(press->read(press->context, 0x100, 12, block), MODBUS_OK);
	assert_int_equal(block[10], 0x0550);
	faults_clear(&lab.faults, "all");
	set("words-swapped", "press");
	assert_int_equal(press->read(press->context, 0x100, 12, block), MODBUS_OK);
	for (int i = 0; i < 6; i++)
		assert_int_equal(block[i ^ 1], plain[i]);
	assert_memory_equal(block + 6, plain + 6, 12);
}

/* What is written in the swapped order is understood in it. */
static void test_words_swapped(void **state)
{
	(void)state;
	const struct modbus_device *furnace = registers_on_rtu(&registers, REGISTERS_FURNACE_UNIT);
	uint16_t words[2], again[2];
	set("words-swapped", "furnace");
	assert_int_equal(furnace->read(furnace->context, 0x8004, 2, words), MODBUS_OK);
	assert_int_equal(furnace->write(furnace->context, 0x8004, 2, words), MODBUS_OK);
	assert_true(fabs(lab.furnace.setpoint_k - 643) < 0.01);
	faults_clear(&lab.faults, "all");
	assert_int_equal(furnace->read(furnace->context, 0x8004, 2, again), MODBUS_OK);
	assert_int_equal(again[0], words[1]);
	assert_int_equal(again[1], words[0]);
}

static void test_adapter(void **state)
{
	(void)state;
	set("adapter-gone", "rtu");
	assert_true(faults_at(&lab.faults, FAULT_ADAPTER_GONE, FAULT_BUS_RTU));
	assert_false(faults_at(&lab.faults, FAULT_ADAPTER_GONE, FAULT_BUS_CHIP));
	faults_clear(&lab.faults, "all");
	assert_false(faults_at(&lab.faults, FAULT_ADAPTER_GONE, FAULT_BUS_RTU));
}

static void test_modes_at_the_panel(void **state)
{
	(void)state;
	set("furnace-manual", NULL);
	set("press-local", NULL);
	run_s(1);
	assert_true(lab.furnace.manual);
	uint16_t automatic = 0;
	const struct modbus_device *furnace = registers_on_rtu(&registers, REGISTERS_FURNACE_UNIT);
	assert_int_equal(furnace->write(furnace->context, 273, 1, &automatic), MODBUS_OK);
	assert_true(lab.furnace.manual);
	press_plant_request(&lab.press, 1, PRESS_PLANT_LOCK, 0, 0, 0);
	assert_true(press_plant_status(&lab.press) & 1 << 2);
	assert_int_equal(lab.press.mode_active, PRESS_PLANT_REGULATE);
	/* cleared: whoever switched them at their panels has switched them back */
	faults_clear(&lab.faults, "all");
	run_s(1);
	assert_false(lab.furnace.manual);
	assert_false(press_plant_status(&lab.press) & 1 << 2);
	uint16_t manual = 1;
	assert_int_equal(furnace->write(furnace->context, 273, 1, &manual), MODBUS_OK);
	run_s(1);
	assert_true(lab.furnace.manual);
}

static void test_false_acknowledgement(void **state)
{
	(void)state;
	set("false-ack", NULL);
	uint16_t plain = 1000;
	const struct modbus_device *furnace = registers_on_rtu(&registers, REGISTERS_FURNACE_UNIT);
	assert_int_equal(furnace->write(furnace->context, 2, 1, &plain), MODBUS_OK);
	assert_true(lab.furnace.setpoint_k == 643);
	const struct modbus_device *press = registers_on_press(&registers, REGISTERS_PRESS_UNIT);
	assert_int_equal(press->write_coil(press->context, 0, false), MODBUS_OK);
	assert_true(lab.press.heater_enable);
}

static void test_second_master(void **state)
{
	(void)state;
	float setpoint_bar = lab.press.setpoint_bar;
	set("second-master", "both");
	run_s(1);
	assert_true(lab.furnace.setpoint_k == 653);
	assert_true(lab.press.setpoint_bar == setpoint_bar + 20);
}

static void test_nitrogen_and_chip(void **state)
{
	(void)state;
	lab.flow_setpoint = 80;
	run_s(20);
	assert_true(fabs(lab.flow_measured - 80) < 1);
	set("nitrogen-loss", NULL);
	run_s(20);
	assert_true(lab.flow_measured < 1);
	set("chip-open", NULL);
	assert_int_equal(chip_status(&lab.chip, &lab.faults), CHIP_STATUS_FAULT);
	assert_int_equal(chip_flags(&lab.chip, &lab.faults), 3);
	assert_true(chip_resistance_ohm(&lab.chip, &lab.faults) > 1e6);
}

static void test_power_fail(void **state)
{
	(void)state;
	lab.chip.counter = 5;
	set("power-fail", NULL);
	run_s(30);
	assert_true(faults_silent(&lab.faults, FAULT_BUS_PRESS) && lab.furnace.cell_k < 640);
	faults_clear(&lab.faults, "power-fail");
	run_s(1);
	assert_false(press_plant_contactor(&lab.press));
	assert_true(press_plant_status(&lab.press) & 1 << 7 && press_plant_status(&lab.press) & 1);
	assert_true(lab.furnace.power_failed);
	assert_int_equal(lab.chip.counter, 5);
	assert_true(lab.press.sample_gpa > 6.9);
}

static void test_bus_lost(void **state)
{
	(void)state;
	set("bus-lost", "rtu");
	assert_true(faults_silent(&lab.faults, FAULT_BUS_RTU));
	assert_false(faults_silent(&lab.faults, FAULT_BUS_PRESS));
	assert_false(faults_silent(&lab.faults, FAULT_BUS_CHIP));
}

static void test_answers(void **state)
{
	(void)state;
	static struct wire wire;
	wire_init(&wire, -1, FAULT_BUS_RTU);
	set("answers-late", "300");
	wire_answer(&wire, &lab.faults, 1, "abcd", 4, 1000);
	assert_int_equal(wire_due_ns(&wire), 300000000 + 1000);
	assert_int_equal(faults_set(&lab.faults, "answers-corrupt", "2", "press"), 0);
	wire_answer(&wire, &lab.faults, 1, "abcd", 4, 1000);
	assert_memory_equal(wire.out, "abcdabcd", 8);
	assert_int_equal(faults_set(&lab.faults, "answers-corrupt", "1", "rtu"), 0);
	wire_answer(&wire, &lab.faults, 1, "abcd", 4, 1000);
	int flipped = 0;
	for (int i = 0; i < 4; i++)
		flipped += __builtin_popcount((unsigned)(wire.out[8 + i] ^ "abcd"[i]));
	assert_int_equal(flipped, 1);
	set("tc-break", NULL);
	assert_int_equal(lab.faults.wires[FAULT_ANSWERS_CORRUPT], FAULT_BUS_RTU);
}

static void test_bad_commands(void **state)
{
	(void)state;
	assert_int_equal(faults_set(&lab.faults, "gremlins", NULL, NULL), -ENOENT);
	assert_int_equal(faults_set(&lab.faults, "tc-slip", "2", NULL), -EINVAL);
	assert_int_equal(faults_set(&lab.faults, "tc-slip", "0.5x", NULL), -EINVAL);
	assert_int_equal(faults_set(&lab.faults, "answers-late", "5", "moon"), -EINVAL);
	assert_int_equal(faults_clear(&lab.faults, "gremlins"), -ENOENT);
	for (int i = 0; i < FAULT_COUNT; i++)
		assert_false(lab.faults.on[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_thermocouple, set_up),
		cmocka_unit_test_setup(test_heater, set_up),
		cmocka_unit_test_setup(test_gasket, set_up),
		cmocka_unit_test_setup(test_valve_stuck, set_up),
		cmocka_unit_test_setup(test_pump, set_up),
		cmocka_unit_test_setup(test_units_changed, set_up),
		cmocka_unit_test_setup(test_another_instrument, set_up),
		cmocka_unit_test_setup(test_words_swapped, set_up),
		cmocka_unit_test_setup(test_adapter, set_up),
		cmocka_unit_test_setup(test_modes_at_the_panel, set_up),
		cmocka_unit_test_setup(test_false_acknowledgement, set_up),
		cmocka_unit_test_setup(test_second_master, set_up),
		cmocka_unit_test_setup(test_nitrogen_and_chip, set_up),
		cmocka_unit_test_setup(test_power_fail, set_up),
		cmocka_unit_test_setup(test_bus_lost, set_up),
		cmocka_unit_test_setup(test_answers, set_up),
		cmocka_unit_test_setup(test_bad_commands, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
