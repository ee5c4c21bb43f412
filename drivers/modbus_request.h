/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one transaction of a Modbus line is, so that connecting, waiting and judging are written once. */
#ifndef DENSD_DRIVERS_MODBUS_REQUEST_H
#define DENSD_DRIVERS_MODBUS_REQUEST_H

#include <modbus/modbus.h>

#include "drivers/modbus_doubt.h"

struct modbus_request {
	enum modbus_request_kind {
		REQUEST_READ_HOLDING,
		REQUEST_READ_INPUT,
		REQUEST_READ_COIL,
		REQUEST_READ_DISCRETE,
		REQUEST_WRITE,
		REQUEST_WRITE_ONE,
		REQUEST_WRITE_READ,
		REQUEST_COIL
	} kind;
	uint16_t address, count, read_address, read_count;
	const uint16_t *words;
	uint16_t *ret_words;
	bool on;
};

/* The read that it is; function 0: none. */
struct modbus_read modbus_request_find_read(const struct modbus_request *request);
/* The answers to writes of one function are alike: what they repeat is not looked at. */
uint16_t modbus_request_find_shape(const struct modbus_request *request);
/* Asks libmodbus, blocks for its response timeout. Not negative, or -1 with errno. */
int modbus_request_perform(modbus_t *modbus, const struct modbus_request *request);
/* What an errno of libmodbus is to a driver: a cause. */
int modbus_request_find_cause(int error);

#endif
