/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/modbus_server.h"

#include <string.h>

enum { READ_MAX = 125, WRITE_MAX = 123, READ_WRITE_MAX = 121, COILS_MAX = 2000 };

uint16_t modbus_server_crc(const uint8_t *bytes, size_t length)
{
	static uint16_t table[256];
	if (!table[1])
		for (unsigned i = 0; i < 256; i++) {
			unsigned crc = i;
			for (int bit = 0; bit < 8; bit++)
				crc = crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1;
			table[i] = (uint16_t)crc;
		}
	uint16_t crc = 0xFFFF;
	for (size_t i = 0; i < length; i++)
		crc = (uint16_t)(crc >> 8 ^ table[(crc ^ bytes[i]) & 0xFF]);
	return crc;
}

static uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void put16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

static size_t fail(const uint8_t *pdu, int exception, uint8_t *ret_pdu)
{
	ret_pdu[0] = pdu[0] | 0x80;
	ret_pdu[1] = (uint8_t)exception;
	return 2;
}

static int check_block(uint16_t address, uint16_t count, unsigned most)
{
	if (count == 0 || count > most)
		return MODBUS_BAD_VALUE;
	return address + count > 65536 ? MODBUS_BAD_ADDRESS : MODBUS_OK;
}

static int read_block(const struct modbus_device *device, uint16_t address, uint16_t count, uint8_t *ret_pdu)
{
	uint16_t values[READ_MAX];
	int r = check_block(address, count, READ_MAX);
	if (r == MODBUS_OK)
		r = device->read(device->context, address, count, values);
	if (r != MODBUS_OK)
		return r;
	ret_pdu[1] = (uint8_t)(2 * count);
	for (int i = 0; i < count; i++)
		put16(ret_pdu + 2 + 2 * i, values[i]);
	return MODBUS_OK;
}

static int write_block(const struct modbus_device *device, const uint8_t *part, size_t length, unsigned most)
{
	uint16_t values[WRITE_MAX], address = get16(part), count = get16(part + 2);
	int r = check_block(address, count, most);
	if (r != MODBUS_OK)
		return r;
	if (part[4] != 2 * count || length != 5u + 2u * count)
		return MODBUS_BAD_VALUE;
	for (int i = 0; i < count; i++)
		values[i] = get16(part + 5 + 2 * i);
	return device->write(device->context, address, count, values);
}

static size_t do_read(const struct modbus_device *device, const uint8_t *pdu, size_t length, uint8_t *ret_pdu)
{
	if (length != 5)
		return fail(pdu, MODBUS_BAD_VALUE, ret_pdu);
	int r = read_block(device, get16(pdu + 1), get16(pdu + 3), ret_pdu);
	return r == MODBUS_OK ? 2u + ret_pdu[1] : fail(pdu, r, ret_pdu);
}

static size_t do_read_coils(const struct modbus_device *device, const uint8_t *pdu, size_t length,
			    uint8_t *ret_pdu)
{
	if (length != 5)
		return fail(pdu, MODBUS_BAD_VALUE, ret_pdu);
	uint16_t address = get16(pdu + 1), count = get16(pdu + 3);
	int r = device->read_coil ? check_block(address, count, COILS_MAX) : MODBUS_BAD_FUNCTION;
	size_t bytes = (count + 7u) / 8u;
	if (r == MODBUS_OK)
		memset(ret_pdu + 2, 0, bytes);
	for (int i = 0; r == MODBUS_OK && i < count; i++) {
		bool on = false;
		r = device->read_coil(device->context, (uint16_t)(address + i), &on);
		ret_pdu[2 + i / 8] |= (uint8_t)(on << (i % 8));
	}
	if (r != MODBUS_OK)
		return fail(pdu, r, ret_pdu);
	ret_pdu[1] = (uint8_t)bytes;
	return 2 + bytes;
}

static size_t do_write_one(const struct modbus_device *device, const uint8_t *pdu, size_t length,
			   uint8_t *ret_pdu)
{
	if (length != 5)
		return fail(pdu, MODBUS_BAD_VALUE, ret_pdu);
	uint16_t address = get16(pdu + 1), value = get16(pdu + 3);
	int r;
	if (pdu[0] == 6)
		r = device->write(device->context, address, 1, &value);
	else if (!device->write_coil)
		r = MODBUS_BAD_FUNCTION;
	else if (value != 0 && value != 0xFF00)
		r = MODBUS_BAD_VALUE;
	else
		r = device->write_coil(device->context, address, value != 0);
	if (r != MODBUS_OK)
		return fail(pdu, r, ret_pdu);
	memcpy(ret_pdu, pdu, 5);
	return 5;
}

static size_t do_write_coils(const struct modbus_device *device, const uint8_t *pdu, size_t length,
			     uint8_t *ret_pdu)
{
	if (length < 7)
		return fail(pdu, MODBUS_BAD_VALUE, ret_pdu);
	uint16_t address = get16(pdu + 1), count = get16(pdu + 3);
	int r = device->write_coil ? check_block(address, count, 1968) : MODBUS_BAD_FUNCTION;
	if (r == MODBUS_OK && (pdu[5] != (count + 7) / 8 || length != 6u + pdu[5]))
		r = MODBUS_BAD_VALUE;
	for (int i = 0; r == MODBUS_OK && i < count; i++)
		r = device->write_coil(device->context, (uint16_t)(address + i),
				       pdu[6 + i / 8] >> (i % 8) & 1);
	if (r != MODBUS_OK)
		return fail(pdu, r, ret_pdu);
	memcpy(ret_pdu, pdu, 5);
	return 5;
}

static size_t do_write_many(const struct modbus_device *device, const uint8_t *pdu, size_t length,
			    uint8_t *ret_pdu)
{
	int r = length < 8 ? MODBUS_BAD_VALUE : write_block(device, pdu + 1, length - 1, WRITE_MAX);
	if (r != MODBUS_OK)
		return fail(pdu, r, ret_pdu);
	memcpy(ret_pdu, pdu, 5);
	return 5;
}

/* Function 23 writes first, then reads. */
static size_t do_read_write(const struct modbus_device *device, const uint8_t *pdu, size_t length,
			    uint8_t *ret_pdu)
{
	int r = length < 12 ? MODBUS_BAD_VALUE : write_block(device, pdu + 5, length - 5, READ_WRITE_MAX);
	if (r == MODBUS_OK)
		r = read_block(device, get16(pdu + 1), get16(pdu + 3), ret_pdu);
	return r == MODBUS_OK ? 2u + ret_pdu[1] : fail(pdu, r, ret_pdu);
}

size_t modbus_server_answer(const struct modbus_device *device, const uint8_t *pdu, size_t length,
			    uint8_t ret_pdu[MODBUS_PDU_MAX])
{
	ret_pdu[0] = pdu[0];
	switch (pdu[0]) {
	case 1:
	case 2:
		return do_read_coils(device, pdu, length, ret_pdu);
	case 3:
	case 4:
		return do_read(device, pdu, length, ret_pdu);
	case 5:
	case 6:
		return do_write_one(device, pdu, length, ret_pdu);
	case 15:
		return do_write_coils(device, pdu, length, ret_pdu);
	case 16:
		return do_write_many(device, pdu, length, ret_pdu);
	case 23:
		return do_read_write(device, pdu, length, ret_pdu);
	default:
		return fail(pdu, MODBUS_BAD_FUNCTION, ret_pdu);
	}
}

/* Length of a request frame from its function code; 0: more bytes needed; unknown functions end here. */
static size_t rtu_length(const uint8_t *bytes, size_t length)
{
	if (length < 2)
		return 0;
	size_t count_at = bytes[1] == 15 || bytes[1] == 16 ? 6 : bytes[1] == 23 ? 10 : 0;
	if (!count_at)
		return 8;
	return length > count_at ? count_at + 1 + bytes[count_at] + 2 : 0;
}

size_t modbus_server_rtu(modbus_find *find, void *context, const uint8_t *bytes, size_t length,
			 uint8_t ret_answer[MODBUS_FRAME_MAX], size_t *ret_length)
{
	*ret_length = 0;
	size_t whole = rtu_length(bytes, length);
	if (whole == 0 || length < whole)
		return length >= MODBUS_FRAME_MAX ? length : 0;
	uint16_t crc = modbus_server_crc(bytes, whole - 2);
	if (bytes[whole - 2] != (crc & 0xFF) || bytes[whole - 1] != crc >> 8)
		return 1;
	const struct modbus_device *device = find(context, bytes[0]);
	if (!device)
		return whole;
	ret_answer[0] = bytes[0];
	size_t answer = 1 + modbus_server_answer(device, bytes + 1, whole - 3, ret_answer + 1);
	crc = modbus_server_crc(ret_answer, answer);
	ret_answer[answer] = (uint8_t)crc;
	ret_answer[answer + 1] = (uint8_t)(crc >> 8);
	*ret_length = answer + 2;
	return whole;
}

size_t modbus_server_tcp(modbus_find *find, void *context, const uint8_t *bytes, size_t length,
			 uint8_t ret_answer[MODBUS_FRAME_MAX], size_t *ret_length)
{
	*ret_length = 0;
	if (length < 8)
		return 0;
	size_t rest = get16(bytes + 4);
	if (get16(bytes + 2) != 0 || rest < 2 || rest > MODBUS_PDU_MAX + 1)
		return length;
	if (length < 6 + rest)
		return 0;
	const struct modbus_device *device = find(context, bytes[6]);
	if (!device)
		return 6 + rest;
	memcpy(ret_answer, bytes, 7);
	size_t answer = modbus_server_answer(device, bytes + 7, rest - 1, ret_answer + 7);
	put16(ret_answer + 4, (uint16_t)(answer + 1));
	*ret_length = 7 + answer;
	return 6 + rest;
}
