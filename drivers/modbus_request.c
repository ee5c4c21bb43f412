/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/modbus_request.h"

#include <errno.h>

#include "drivers/device.h"

struct modbus_read modbus_request_find_read(const struct modbus_request *request)
{
	static const uint8_t functions[] = {[REQUEST_READ_COIL] = MODBUS_FC_READ_COILS,
					    [REQUEST_READ_DISCRETE] = MODBUS_FC_READ_DISCRETE_INPUTS,
					    [REQUEST_READ_HOLDING] = MODBUS_FC_READ_HOLDING_REGISTERS,
					    [REQUEST_READ_INPUT] = MODBUS_FC_READ_INPUT_REGISTERS,
					    [REQUEST_COIL] = 0};

	return (struct modbus_read){
		.function = functions[request->kind], .address = request->address, .count = request->count};
}

uint16_t modbus_request_find_shape(const struct modbus_request *request)
{
	struct modbus_read read = modbus_request_find_read(request);

	switch (request->kind) {
	case REQUEST_WRITE:
		return modbus_doubt_shape(MODBUS_FC_WRITE_MULTIPLE_REGISTERS, 0);
	case REQUEST_WRITE_ONE:
		return modbus_doubt_shape(MODBUS_FC_WRITE_SINGLE_REGISTER, 0);
	case REQUEST_WRITE_READ:
		return modbus_doubt_shape(MODBUS_FC_WRITE_AND_READ_REGISTERS,
					  (uint16_t)(2 * request->read_count));
	case REQUEST_COIL:
		return modbus_doubt_shape(MODBUS_FC_WRITE_SINGLE_COIL, 0);
	case REQUEST_READ_HOLDING:
	case REQUEST_READ_INPUT:
	case REQUEST_READ_COIL:
	case REQUEST_READ_DISCRETE:
		break;
	}
	return modbus_doubt_read_shape(&read);
}

static int read_one_bit(modbus_t *modbus, const struct modbus_request *request)
{
	uint8_t bit = 0;
	int r = request->kind == REQUEST_READ_COIL
			? modbus_read_bits(modbus, request->address, 1, &bit)
			: modbus_read_input_bits(modbus, request->address, 1, &bit);

	if (r >= 0)
		*request->ret_words = bit != 0;
	return r;
}

int modbus_request_perform(modbus_t *modbus, const struct modbus_request *request)
{
	switch (request->kind) {
	case REQUEST_READ_HOLDING:
		return modbus_read_registers(modbus, request->address, request->count, request->ret_words);
	case REQUEST_READ_INPUT:
		return modbus_read_input_registers(modbus, request->address, request->count,
						   request->ret_words);
	case REQUEST_READ_COIL:
	case REQUEST_READ_DISCRETE:
		return read_one_bit(modbus, request);
	case REQUEST_WRITE:
		return modbus_write_registers(modbus, request->address, request->count, request->words);
	case REQUEST_WRITE_ONE:
		return modbus_write_register(modbus, request->address, request->words[0]);
	case REQUEST_WRITE_READ:
		return modbus_write_and_read_registers(modbus, request->address, request->count,
						       request->words, request->read_address,
						       request->read_count, request->ret_words);
	case REQUEST_COIL:
		return modbus_write_bit(modbus, request->address, request->on);
	}
	return -1;
}

int modbus_request_find_cause(int error)
{
	if (error >= EMBXILFUN && error <= EMBXGTAR)
		return CAUSE_EXCEPTION;
	switch (error) {
	case ETIMEDOUT:
		return CAUSE_TIMEOUT;
	case EMBBADCRC:
		return CAUSE_CRC;
	case EMBBADDATA:
	case EMBBADEXC:
	case EMBBADSLAVE:
	case EMBMDATA:
	case EMBUNKEXC:
		return CAUSE_MISMATCH;
	default:
		return CAUSE_LINK;
	}
}
