/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/modbus_port.h"

#include <math.h>

#include "daemon/base/clock.h"
#include "drivers/codec.h"

#define LEAST_RESPONSE_MS 1000.0
/* At a clock scale above 1 a simulated instrument is a process that waits for its turn on a busy machine. */
#define LEAST_SCALED_RESPONSE_MS 100.0
#define LEAST_SCALED_QUARANTINE_MS 50.0

static double scale_ms(double value_ms, double scale, double least_ms)
{
	return scale > 1 ? fmax(value_ms / scale, fmin(value_ms, least_ms)) : value_ms;
}

void modbus_port_init(struct modbus_port *ret_port, struct modbus_line *line, const struct bus_device *device,
		      double scale)
{
	const struct profile *profile = &device->profile;
	double response_ms =
		fmax(LEAST_RESPONSE_MS, fmax(2 * profile->worst_latency_ms, profile->response_timeout_ms));

	*ret_port = (struct modbus_port){
		.line = line,
		.profile = profile,
		.peer = {.unit = device->unit,
			 .response_timeout_ms = scale_ms(response_ms, scale, LEAST_SCALED_RESPONSE_MS),
			 .worst_latency_ms =
				 scale_ms(profile->worst_latency_ms, scale, LEAST_SCALED_QUARANTINE_MS),
			 .single_write = profile->single_write},
	};
}

void modbus_port_begin(struct modbus_port *port)
{
	port->fault = CAUSE_NONE;
}

static bool is_allowed(const struct modbus_port *port, uint16_t address, uint16_t count)
{
	if (count == 0 || count > MODBUS_WORDS_MAX)
		return false;
	for (uint32_t i = 0; i < port->profile->blacklist_count && i < 8; i++) {
		uint16_t listed = port->profile->blacklist[i];

		if (listed >= address && listed - address < count)
			return false;
	}
	return true;
}

static int finish(struct modbus_port *port, int64_t began_ns, int r)
{
	port->transactions++;
	if (r != 0) {
		port->errors++;
		port->fault = (uint8_t)r;
		return r;
	}
	port->t_request_ns = began_ns;
	port->t_reply_ns = clock_mono_ns();
	return 0;
}

int modbus_port_read_space(struct modbus_port *port, bool input, uint16_t address, uint16_t count,
			   uint16_t *ret_words)
{
	int64_t began_ns = clock_mono_ns();

	if (!is_allowed(port, address, count))
		return CAUSE_RANGE;
	return finish(
		port, began_ns,
		port->line->ops->read_registers(port->line, &port->peer, input, address, count, ret_words));
}

int modbus_port_read(struct modbus_port *port, uint16_t address, uint16_t count, uint16_t *ret_words)
{
	return modbus_port_read_space(port, false, address, count, ret_words);
}

static bool is_retained(const struct modbus_port *port, uint16_t address, uint16_t count)
{
	for (uint32_t i = 0; i < port->profile->register_count; i++) {
		const struct profile_register *reg = &port->profile->registers[i];

		if (reg->retained && reg->address < (uint32_t)address + count &&
		    address < reg->address + codec_words((enum register_type)reg->type))
			return true;
	}
	return false;
}

/* Hazard 40. Counted before it is sent: what was sent and not seen to arrive has worn the memory as well. */
static bool may_wear(struct modbus_port *port, uint16_t address, uint16_t count)
{
	if (!is_retained(port, address, count))
		return true;
	if (port->wear >= port->wear_allowance && !port->wear_always)
		return false;
	port->wear++;
	return true;
}

int modbus_port_write(struct modbus_port *port, uint16_t address, uint16_t count, const uint16_t *words)
{
	int64_t began_ns = clock_mono_ns();

	if (!is_allowed(port, address, count) || !may_wear(port, address, count)) {
		port->fault = CAUSE_RANGE;
		return CAUSE_RANGE;
	}
	return finish(port, began_ns,
		      port->line->ops->write_registers(port->line, &port->peer, address, count, words));
}

int modbus_port_write_read(struct modbus_port *port, uint16_t write_address, uint16_t write_count,
			   const uint16_t *words, uint16_t read_address, uint16_t read_count,
			   uint16_t *ret_words)
{
	int64_t began_ns = clock_mono_ns();

	if (!is_allowed(port, write_address, write_count) || !is_allowed(port, read_address, read_count))
		return CAUSE_RANGE;
	return finish(port, began_ns,
		      port->line->ops->write_read(port->line, &port->peer, write_address, write_count, words,
						  read_address, read_count, ret_words));
}

int modbus_port_write_coil(struct modbus_port *port, uint16_t address, bool on)
{
	int64_t began_ns = clock_mono_ns();

	if (!is_allowed(port, address, 1))
		return CAUSE_RANGE;
	return finish(port, began_ns, port->line->ops->write_coil(port->line, &port->peer, address, on));
}

static int read_bit(struct modbus_port *port, const struct profile_register *reg, uint16_t *ret_bit)
{
	int64_t began_ns = clock_mono_ns();

	return finish(port, began_ns,
		      port->line->ops->read_bit(port->line, &port->peer, reg->space == SPACE_DISCRETE,
						reg->address, ret_bit));
}

int modbus_port_read_value(struct modbus_port *port, const struct profile_register *reg,
			   uint16_t ret_words[2])
{
	if (reg->space == SPACE_COIL || reg->space == SPACE_DISCRETE)
		return read_bit(port, reg, ret_words);
	return modbus_port_read_space(port, reg->space == SPACE_INPUT, reg->address,
				      (uint16_t)codec_words((enum register_type)reg->type), ret_words);
}

int modbus_port_write_value(struct modbus_port *port, const struct profile_register *reg, double value)
{
	uint16_t words[2];

	if (!reg || !reg->writable || reg->bit >= 0 || codec_encode_own_unit(reg, value, words) < 0) {
		port->fault = CAUSE_RANGE;
		return CAUSE_RANGE;
	}
	if (reg->space == SPACE_COIL)
		return modbus_port_write_coil(port, reg->address, value != 0);
	return modbus_port_write(port, reg->address, (uint16_t)codec_words((enum register_type)reg->type),
				 words);
}
