/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Modbus, the server's side: frames in, PDUs through a device, frames out. Pure: bytes to bytes.
 * Modbus application protocol V1.1b3, Modbus over serial line V1.02; functions 1 to 6, 15, 16, 23.
 */
#ifndef DENSD_DENSIM_MODBUS_SERVER_H
#define DENSD_DENSIM_MODBUS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODBUS_FRAME_MAX = 260, MODBUS_PDU_MAX = 253 };
enum modbus_exception {
	MODBUS_OK = 0,
	MODBUS_BAD_FUNCTION = 1,
	MODBUS_BAD_ADDRESS = 2,
	MODBUS_BAD_VALUE = 3,
	MODBUS_BUSY = 6
};

/* A device behind a unit number. Each method returns enum modbus_exception; a block is all or nothing. */
struct modbus_device {
	/* mandatory; @count 1 to 125, @address + @count <= 65536 */
	int (*read)(void *context, uint16_t address, uint16_t count, uint16_t *ret_values);
	int (*write)(void *context, uint16_t address, uint16_t count, const uint16_t *values);
	/* NULL: no coils */
	int (*read_coil)(void *context, uint16_t address, bool *ret_on);
	int (*write_coil)(void *context, uint16_t address, bool on);
	void *context;
};

/* The unit's device, or NULL: nobody there, nobody answers. */
typedef const struct modbus_device *modbus_find(void *context, uint8_t unit);

uint16_t modbus_server_crc(const uint8_t *bytes, size_t length);
/* One request PDU to one answer PDU; returns its length, 2 or more. */
size_t modbus_server_answer(const struct modbus_device *device, const uint8_t *pdu, size_t length,
			    uint8_t ret_pdu[MODBUS_PDU_MAX]);
/*
 * Looks for one request at the start of @bytes. Returns how many bytes to take away: 0 when more are
 * needed. *ret_length is the answer's length in @ret_answer, 0 when there is nothing to send.
 */
size_t modbus_server_rtu(modbus_find *find, void *context, const uint8_t *bytes, size_t length,
			 uint8_t ret_answer[MODBUS_FRAME_MAX], size_t *ret_length);
size_t modbus_server_tcp(modbus_find *find, void *context, const uint8_t *bytes, size_t length,
			 uint8_t ret_answer[MODBUS_FRAME_MAX], size_t *ret_length);

#endif
