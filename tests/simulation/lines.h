/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The wires at value level: what a driver asks goes straight to densim's register maps and to its chip
 * controller, without bytes and without CRC. A transaction takes 8 ms, a lost one its timeout. The checker
 * sees each write as it reaches the device.
 */
#ifndef DENSD_TESTS_SIMULATION_LINES_H
#define DENSD_TESTS_SIMULATION_LINES_H

#include "drivers/modbus_line.h"
#include "drivers/serial_line.h"

/* In the places of modbus_line_new and serial_line_new. */
int __wrap_modbus_line_new(const struct bus_config *config, struct modbus_line **ret_line);
int __wrap_serial_line_new(const struct bus_config *config, struct text_line **ret_line);
int __real_modbus_line_new(const struct bus_config *config, struct modbus_line **ret_line);
int __real_serial_line_new(const struct bus_config *config, struct text_line **ret_line);
/* What a planted fault makes of a write, and whether it keeps one back. */
void lines_plant_words(int bus, uint16_t address, uint16_t count, uint16_t *words);
bool lines_keep_back(int bus);

#endif
