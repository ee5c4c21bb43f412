/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/press_map.h"
#include "tests/simulation/world.h"

#define TRANSACTION_NS INT64_C(8000000)

struct wire {
	struct modbus_line line; /* first */
	enum world_bus bus;
	modbus_find *find;
};

static void spend_ms(double ms)
{
	world.inside_ns += (int64_t)(ms * 1e6);
}

/* 0 and the device, or a cause: no line, silence, another's answer, a broken frame. */
static int reach(struct wire *wire, const struct modbus_peer *peer, const struct modbus_device **ret_device)
{
	const struct trouble *trouble = &world.trouble;

	wire->line.exception = 0;
	if (trouble_is_on(trouble, TROUBLE_ADAPTER) && wire->bus == WORLD_RTU) {
		wire->line.connects++;
		return CAUSE_LINK;
	}
	if (wire->line.connects == 0)
		wire->line.connects = 1;
	*ret_device = wire->find(&world.registers, peer->unit);
	if (!*ret_device || trouble_is_silent(trouble, wire->bus)) {
		spend_ms(peer->response_timeout_ms);
		wire->line.desyncs++;
		if (wire->bus == WORLD_PRESS)
			wire->line.connects++;
		return CAUSE_TIMEOUT;
	}
	if (trouble_is_on(trouble, TROUBLE_CORRUPT) && chance_is(&world.chance, 0.02)) {
		spend_ms(peer->worst_latency_ms);
		wire->line.desyncs++;
		return CAUSE_CRC;
	}
	world.inside_ns += TRANSACTION_NS;
	return 0;
}

static int judge(struct wire *wire, int exception)
{
	wire->line.exception = (uint8_t)exception;
	return exception == MODBUS_OK ? 0 : CAUSE_EXCEPTION;
}

static int read_registers(struct modbus_line *line, const struct modbus_peer *peer, bool input,
			  uint16_t address, uint16_t count, uint16_t *ret_words)
{
	struct wire *wire = (struct wire *)line;
	const struct modbus_device *device;
	int r = reach(wire, peer, &device);

	(void)input;
	if (r != 0)
		return r;
	r = judge(wire, device->read(device->context, address, count, ret_words));
	if (r == 0) {
		trouble_spoil(&world.trouble, wire->bus, peer->unit, address, count, ret_words);
		checker_read(&world.checker, wire->bus, peer->unit, address, count, line->connects);
	}
	return r;
}

/* A planted fault of densd: what it would have written had it been wrong. */
void lines_plant_words(int bus, uint16_t address, uint16_t count, uint16_t *words)
{
	struct laboratory *lab = &world.lab;
	uint32_t bits;
	float value;

	if (world.plant == PLANT_RELEASE && bus == WORLD_PRESS && count == WORLD_PRESS_WRITTEN &&
	    lab->furnace.cell_k > 350) {
		value = (float)lab->press.oil_bar * 0.9F;
		memcpy(&bits, &value, sizeof(bits));
		words[2] = (uint16_t)(bits >> 16);
		words[3] = (uint16_t)bits;
	}
	if (world.plant == PLANT_RAMP && bus == WORLD_RTU && address == 0x8004 && count == 2) {
		bits = (uint32_t)words[0] << 16 | words[1];
		memcpy(&value, &bits, sizeof(value));
		value += lab->furnace.cell_k > 350 ? 30 : 0;
		memcpy(&bits, &value, sizeof(bits));
		words[0] = (uint16_t)(bits >> 16);
		words[1] = (uint16_t)bits;
	}
}

/* A planted fault: in a trip nothing that turns the heater off is sent. */
bool lines_keep_back(int bus)
{
	bool controller = bus == WORLD_RTU && (world.plant == PLANT_HEATER || world.plant == PLANT_OUTPUT);

	return world.checker.tripped_s >= 0 &&
	       (controller || (bus == WORLD_PRESS && world.plant == PLANT_HEATER));
}

static int write_registers(struct modbus_line *line, const struct modbus_peer *peer, uint16_t address,
			   uint16_t count, const uint16_t *words)
{
	uint16_t sent[MODBUS_WORDS_MAX];
	struct wire *wire = (struct wire *)line;
	const struct modbus_device *device;
	int r = reach(wire, peer, &device);

	if (r != 0)
		return r;
	if (lines_keep_back(wire->bus))
		return 0;
	memcpy(sent, words, count * sizeof(*words));
	lines_plant_words(wire->bus, address, count, sent);
	checker_write(&world.checker, wire->bus, peer->unit, address, count, sent, line->connects);
	return judge(wire, device->write(device->context, address, count, sent));
}

static int write_read(struct modbus_line *line, const struct modbus_peer *peer, uint16_t write_address,
		      uint16_t write_count, const uint16_t *words, uint16_t read_address, uint16_t read_count,
		      uint16_t *ret_words)
{
	uint16_t sent[MODBUS_WORDS_MAX];
	struct wire *wire = (struct wire *)line;
	const struct modbus_device *device;
	int r = reach(wire, peer, &device);

	if (r != 0)
		return r;
	memcpy(sent, words, write_count * sizeof(*words));
	lines_plant_words(wire->bus, write_address, write_count, sent);
	checker_write(&world.checker, wire->bus, peer->unit, write_address, write_count, sent,
		      line->connects);
	r = judge(wire, device->write(device->context, write_address, write_count, sent));
	if (r == 0)
		r = judge(wire, device->read(device->context, read_address, read_count, ret_words));
	if (r == 0) {
		trouble_spoil(&world.trouble, wire->bus, peer->unit, read_address, read_count, ret_words);
		checker_read(&world.checker, wire->bus, peer->unit, read_address, read_count, line->connects);
	}
	return r;
}

static int read_bit(struct modbus_line *line, const struct modbus_peer *peer, bool discrete, uint16_t address,
		    uint16_t *ret_bit)
{
	struct wire *wire = (struct wire *)line;
	const struct modbus_device *device;
	bool on = false;
	int r = reach(wire, peer, &device);

	(void)discrete;
	if (r != 0)
		return r;
	r = judge(wire,
		  device->read_coil ? device->read_coil(device->context, address, &on) : MODBUS_BAD_FUNCTION);
	if (r == 0)
		*ret_bit = on;
	return r;
}

static int write_coil(struct modbus_line *line, const struct modbus_peer *peer, uint16_t address, bool on)
{
	struct wire *wire = (struct wire *)line;
	const struct modbus_device *device;
	int r = reach(wire, peer, &device);

	if (r != 0)
		return r;
	if (lines_keep_back(wire->bus))
		return 0;
	checker_coil(&world.checker, address, on, line->connects);
	return judge(wire, device->write_coil ? device->write_coil(device->context, address, on)
					      : MODBUS_BAD_FUNCTION);
}

static void free_wire(struct modbus_line *line)
{
	free(line);
}

int __wrap_modbus_line_new(const struct bus_config *config, struct modbus_line **ret_line)
{
	static const struct modbus_ops ops = {.read_registers = read_registers,
					      .write_registers = write_registers,
					      .write_read = write_read,
					      .write_coil = write_coil,
					      .read_bit = read_bit,
					      .free = free_wire};
	bool tcp = config->kind == BUS_MODBUS_TCP;
	struct wire *wire;

	if (world.level == LEVEL_FRAMES)
		return __real_modbus_line_new(config, ret_line);
	wire = calloc(1, sizeof(*wire));
	if (!wire)
		return -ENOMEM;
	wire->line.ops = &ops;
	wire->bus = tcp ? WORLD_PRESS : WORLD_RTU;
	wire->find = tcp ? registers_on_press : registers_on_rtu;
	*ret_line = &wire->line;
	return 0;
}

struct text_wire {
	struct text_line line; /* first */
	size_t have, taken;
	char answer[SCPI_ANSWER];
};

static int send_text(struct text_line *line, const char *text)
{
	struct text_wire *wire = (struct text_wire *)line;

	if (line->connects == 0)
		line->connects = 1;
	wire->have = wire->taken = 0;
	world.inside_ns += TRANSACTION_NS;
	if (trouble_is_silent(&world.trouble, WORLD_CHIP))
		return 0;
	checker_text(&world.checker, text);
	wire->have = scpi_line(&world.scpi, text, wire->answer);
	return 0;
}

static int receive_text(struct text_line *line, uint8_t *ret_bytes, size_t size, double wait_ms,
			size_t *ret_count)
{
	struct text_wire *wire = (struct text_wire *)line;
	size_t left = wire->have - wire->taken;

	*ret_count = left < size ? left : size;
	memcpy(ret_bytes, wire->answer + wire->taken, *ret_count);
	wire->taken += *ret_count;
	if (left == 0)
		spend_ms(wait_ms);
	return 0;
}

static void quarantine_text(struct text_line *line, double wait_ms)
{
	struct text_wire *wire = (struct text_wire *)line;

	(void)wait_ms;
	wire->have = wire->taken = 0;
}

static void free_text(struct text_line *line)
{
	free(line);
}

int __wrap_serial_line_new(const struct bus_config *config, struct text_line **ret_line)
{
	static const struct text_ops ops = {
		.send = send_text, .receive = receive_text, .quarantine = quarantine_text, .free = free_text};
	struct text_wire *wire;

	if (world.level == LEVEL_FRAMES)
		return __real_serial_line_new(config, ret_line);
	wire = calloc(1, sizeof(*wire));
	if (!wire)
		return -ENOMEM;
	wire->line.ops = &ops;
	*ret_line = &wire->line;
	return 0;
}
