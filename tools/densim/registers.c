/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/registers.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define ZERO_CELSIUS_K 273.15
#define PRESS_FULL_BAR 2400.0F
enum {
	IDENT_AT = 0x7FF0,
	IDENT_COUNT = 10,
	PRESS_WRITE_COUNT = 7,
	PRESS_RESET = 8,
	PRESS_READ_AT = 0x100,
	PRESS_READ_COUNT = 12,
	FURNACE_PLAIN_END = 1024, /* the 16-bit region; its IEEE image begins at 0x8000 */
	FLOW_FULL_RAW = 32000,
	PRESS_ID = 0xBE17,
	PRESS_FLOAT_WORDS = 6, /* the read block begins with them */
	FURNACE_ID = 0x2480,
	FURNACE_UNITS = 516,
	STRANGER_ID = 0x0550,
	PLACE_FURNACE = 1, /* of faults whose value says where */
	PLACE_PRESS = 2,
};

static void put_float(uint16_t *ret_words, float value)
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof(bits));
	ret_words[0] = (uint16_t)(bits >> 16);
	ret_words[1] = (uint16_t)bits;
}

/* A fault of the instrument, not of the wire: the words of every float change places. */
static void swap_words(const struct faults *faults, unsigned place, uint16_t *words, unsigned count)
{
	for (unsigned i = 0; faults_at(faults, FAULT_WORDS_SWAPPED, place) && i + 1 < count; i += 2) {
		uint16_t first = words[i];

		words[i] = words[i + 1];
		words[i + 1] = first;
	}
}

static float get_float(const uint16_t *words)
{
	uint32_t bits = (uint32_t)words[0] << 16 | words[1];
	float value;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* Copies a slice of @block, which stands at @at; false when it does not hold the whole request. */
static bool slice(const uint16_t *block, unsigned at, unsigned size, uint16_t address, uint16_t count,
		  uint16_t *ret_values)
{
	if (address < at || address + count > at + size)
		return false;
	memcpy(ret_values, block + (address - at), count * sizeof(*block));
	return true;
}

static int read_identity(const void *context, uint16_t address, uint16_t count, uint16_t *ret_values)
{
	const struct registers *registers = context;
	uint16_t block[IDENT_COUNT] = {'D' << 8 | 'E', 'N' << 8 | 'S', 'I' << 8 | 'M', 1};
	uint64_t start = (uint64_t)registers->start_mono_ns;
	put_float(block + 4, (float)registers->lab->scale);
	for (int i = 0; i < 4; i++)
		block[6 + i] = (uint16_t)(start >> (48 - 16 * i));
	return slice(block, IDENT_AT, IDENT_COUNT, address, count, ret_values) ? MODBUS_OK
									       : MODBUS_BAD_ADDRESS;
}

static bool write_is_lost(const struct registers *registers)
{
	return registers->lab->faults.on[FAULT_FALSE_ACK];
}

static void press_written(const struct press_plant *press, uint16_t ret_block[PRESS_RESET + 1])
{
	memset(ret_block, 0, (PRESS_RESET + 1) * sizeof(*ret_block));
	ret_block[0] = press->heartbeat;
	ret_block[1] = press->mode;
	put_float(ret_block + 2, press->setpoint_bar);
	put_float(ret_block + 4, press->ramp_bar_per_s);
	ret_block[6] = press->watchdog_s;
}

static void press_block(const struct laboratory *lab, uint16_t ret_block[PRESS_READ_COUNT])
{
	const struct press_plant *press = &lab->press;
	bool stranger = faults_at(&lab->faults, FAULT_STRANGER, PLACE_PRESS);

	put_float(ret_block, (float)press->measured_bar);
	put_float(ret_block + 2, press->setpoint_bar);
	put_float(ret_block + 4, (float)press_plant_stroke_pct(press));
	ret_block[6] = press_plant_status(press);
	ret_block[7] = press->heartbeat;
	ret_block[8] = (uint16_t)press->mode_active;
	ret_block[9] = press->watchdog_s;
	ret_block[10] = stranger ? STRANGER_ID : PRESS_ID;
	ret_block[11] = 1;
	swap_words(&lab->faults, PLACE_PRESS, ret_block, PRESS_FLOAT_WORDS);
}

static int press_read(void *context, uint16_t address, uint16_t count, uint16_t *ret_values)
{
	const struct registers *registers = context;
	bool upper = address >= PRESS_READ_AT;
	uint16_t block[PRESS_READ_COUNT];
	if (upper)
		press_block(registers->lab, block);
	else
		press_written(&registers->lab->press, block);
	if (slice(block, upper ? PRESS_READ_AT : 0, upper ? PRESS_READ_COUNT : PRESS_RESET + 1, address,
		  count, ret_values))
		return MODBUS_OK;
	return read_identity(registers, address, count, ret_values);
}

static int press_write(void *context, uint16_t address, uint16_t count, const uint16_t *values)
{
	const struct registers *registers = context;
	struct press_plant *press = &registers->lab->press;
	if (address == PRESS_RESET && count == 1) {
		if (values[0] == 1 && !write_is_lost(registers))
			press_plant_reset(press);
		return values[0] <= 1 ? MODBUS_OK : MODBUS_BAD_VALUE;
	}
	if (address != 0 || count != PRESS_WRITE_COUNT)
		return MODBUS_BAD_ADDRESS;
	uint16_t floats[4] = {values[2], values[3], values[4], values[5]};
	swap_words(&registers->lab->faults, PLACE_PRESS, floats, 4);
	float setpoint_bar = get_float(floats), ramp = get_float(floats + 2);
	if (values[1] > PRESS_PLANT_REGULATE || !(setpoint_bar >= 0 && setpoint_bar <= PRESS_FULL_BAR) ||
	    !(ramp >= 0 && ramp <= PRESS_FULL_BAR))
		return MODBUS_BAD_VALUE;
	if (!write_is_lost(registers))
		press_plant_request(press, values[0], values[1], setpoint_bar, ramp, values[6]);
	return MODBUS_OK;
}

static int press_read_coil(void *context, uint16_t address, bool *ret_on)
{
	const struct registers *registers = context;
	if (address != 0)
		return MODBUS_BAD_ADDRESS;
	*ret_on = registers->lab->press.heater_enable;
	return MODBUS_OK;
}

static int press_write_coil(void *context, uint16_t address, bool on)
{
	const struct registers *registers = context;
	struct press_plant *press = &registers->lab->press;
	if (address != 0)
		return MODBUS_BAD_ADDRESS;
	bool barred = press->local || press->watchdog_tripped || press->power_failed;
	if (!write_is_lost(registers))
		press->heater_enable = on && !barred;
	return MODBUS_OK;
}

static double shown(const struct faults *faults, double kelvin)
{
	double celsius = kelvin - ZERO_CELSIUS_K;

	return faults->on[FAULT_UNITS_CHANGED] ? celsius * 1.8 + 32 : celsius;
}

static double understood(const struct faults *faults, double value)
{
	return ZERO_CELSIUS_K + (faults->on[FAULT_UNITS_CHANGED] ? (value - 32) / 1.8 : value);
}

/* One parameter of the 2400 as an engineering value; ret_scaled: its 16-bit image has one decimal. */
static double furnace_value(const struct laboratory *lab, unsigned parameter, bool *ret_scaled)
{
	const struct furnace_plant *furnace = &lab->furnace;

	*ret_scaled =
		parameter <= 5 || parameter == 35 || parameter == 85 || parameter == 111 || parameter == 112;
	switch (parameter) {
	case 1:
		return shown(&lab->faults, furnace->measured_k);
	case 2:
		return shown(&lab->faults, furnace->setpoint_k);
	case 3:
	case 85:
		return furnace->output_pct;
	case 5:
		return shown(&lab->faults, furnace->working_k);
	case 35:
		return furnace->rate_k_per_min;
	case 75:
		return furnace->sensor_break ? 1 << 5 : 0;
	case 107:
		return 0x0461;
	case 111:
		return 450;
	case 112:
		return 0;
	case 121:
		return 1280;
	case 122:
		return faults_at(&lab->faults, FAULT_STRANGER, PLACE_FURNACE) ? STRANGER_ID : FURNACE_ID;
	case 258:
		return furnace->sensor_break;
	case 259:
		return furnace->power_failed;
	case 273:
		return furnace->manual;
	case FURNACE_UNITS:
		return lab->faults.on[FAULT_UNITS_CHANGED]; /* 0 degC, 1 degF */
	default:
		return 0;
	}
}

static uint16_t furnace_plain(const struct laboratory *lab, unsigned parameter)
{
	bool scaled;
	double value = furnace_value(lab, parameter, &scaled);
	long raw = lround(scaled ? value * 10 : value);
	return (uint16_t)(raw < -32768 ? -32768 : raw > 65535 ? 65535 : raw);
}

static int furnace_read(void *context, uint16_t address, uint16_t count, uint16_t *ret_values)
{
	const struct registers *registers = context;
	const struct laboratory *lab = registers->lab;
	if (address + count <= FURNACE_PLAIN_END) {
		for (unsigned i = 0; i < count; i++)
			ret_values[i] = furnace_plain(lab, address + i);
		return MODBUS_OK;
	}
	if (address < 0x8000)
		return read_identity(registers, address, count, ret_values);
	if (address % 2 || count % 2 || address + count > 0x8000 + 2 * FURNACE_PLAIN_END)
		return MODBUS_BAD_ADDRESS;
	for (unsigned i = 0; i < count; i += 2) {
		bool scaled;
		put_float(ret_values + i, (float)furnace_value(lab, (address - 0x8000u + i) / 2, &scaled));
	}
	swap_words(&lab->faults, PLACE_FURNACE, ret_values, count);
	return MODBUS_OK;
}

static int furnace_check(const struct furnace_plant *furnace, unsigned parameter, double value)
{
	switch (parameter) {
	case 2:
		return value >= 0 && value <= 450 ? MODBUS_OK : MODBUS_BAD_VALUE;
	case 3:
		if (!furnace->manual)
			return MODBUS_BAD_ADDRESS;
		return value >= 0 && value <= 100 ? MODBUS_OK : MODBUS_BAD_VALUE;
	case 35:
		return value >= 0 && value <= 1000 ? MODBUS_OK : MODBUS_BAD_VALUE;
	case 259:
	case 273:
		return value == 0 || value == 1 ? MODBUS_OK : MODBUS_BAD_VALUE;
	default:
		return MODBUS_BAD_ADDRESS;
	}
}

static void furnace_set(struct furnace_plant *furnace, const struct faults *faults, unsigned parameter,
			double value)
{
	if (parameter == 2)
		furnace->setpoint_k = understood(faults, value);
	if (parameter == 3)
		furnace->manual_pct = furnace->output_pct = value;
	if (parameter == 35)
		furnace->rate_k_per_min = value;
	if (parameter == 259)
		furnace->power_failed = value != 0;
	if (parameter == 273 && !faults->on[FAULT_FURNACE_MANUAL]) {
		if (!furnace->manual)
			furnace->manual_pct = furnace->output_pct;
		furnace->manual = value != 0;
	}
}

static int furnace_write_one(const struct registers *registers, unsigned parameter, double value)
{
	struct furnace_plant *furnace = &registers->lab->furnace;
	int r = furnace_check(furnace, parameter, value);
	if (r == MODBUS_OK && !write_is_lost(registers))
		furnace_set(furnace, &registers->lab->faults, parameter, value);
	return r;
}

/* One parameter in one request; in the IEEE region both words in one transfer. */
static int furnace_write(void *context, uint16_t address, uint16_t count, const uint16_t *values)
{
	const struct registers *registers = context;
	if (address >= 0x8000) {
		if (address % 2 || count != 2)
			return MODBUS_BAD_ADDRESS;
		uint16_t words[2] = {values[0], values[1]};
		swap_words(&registers->lab->faults, PLACE_FURNACE, words, 2);
		return furnace_write_one(registers, (address - 0x8000u) / 2, (double)get_float(words));
	}
	for (unsigned i = 0; i < count; i++) {
		bool scaled;
		furnace_value(registers->lab, address + i, &scaled);
		int r = furnace_write_one(registers, address + i, (int16_t)values[i] / (scaled ? 10.0 : 1.0));
		if (r != MODBUS_OK)
			return r;
	}
	return MODBUS_OK;
}

static uint16_t flow_raw(double ml_per_min)
{
	return (uint16_t)lround(fmin(fmax(ml_per_min / LABORATORY_FLOW_FULL * FLOW_FULL_RAW, 0), 41942));
}

static int flow_read(void *context, uint16_t address, uint16_t count, uint16_t *ret_values)
{
	const struct registers *registers = context;
	const struct laboratory *lab = registers->lab;
	uint16_t block[0x35 - 0x1F] = {0};
	block[0] = flow_raw(lab->flow);
	block[1] = flow_raw(lab->flow_measured);
	block[2] = flow_raw(lab->flow_setpoint);
	block[0x34 - 0x1F] = lab->faults.on[FAULT_NITROGEN_LOSS];
	if (slice(block, 0x1F, 0x35 - 0x1F, address, count, ret_values))
		return MODBUS_OK;
	return read_identity(registers, address, count, ret_values);
}

static int flow_write(void *context, uint16_t address, uint16_t count, const uint16_t *values)
{
	const struct registers *registers = context;
	if (address != 0x21 || count != 1)
		return MODBUS_BAD_ADDRESS;
	if (values[0] > FLOW_FULL_RAW)
		return MODBUS_BAD_VALUE;
	if (!write_is_lost(registers))
		registers->lab->flow_setpoint = values[0] * LABORATORY_FLOW_FULL / FLOW_FULL_RAW;
	return MODBUS_OK;
}

void registers_init(struct registers *ret_registers, struct laboratory *lab, int64_t start_mono_ns)
{
	*ret_registers = (struct registers){
		.lab = lab,
		.start_mono_ns = start_mono_ns,
		.press = {press_read, press_write, press_read_coil, press_write_coil, ret_registers},
		.furnace = {.read = furnace_read, .write = furnace_write, .context = ret_registers},
		.flow = {.read = flow_read, .write = flow_write, .context = ret_registers},
	};
}

int registers_emulate(struct registers *registers, const struct profile *profile)
{
	struct emulator *emulator = &registers->emulators[registers->emulator_count];
	int r;

	if (registers->emulator_count == REGISTERS_EMULATORS_MAX)
		return -ENOSPC;
	r = emulator_init(emulator, profile, registers->lab);
	if (r < 0)
		return r;
	emulator->elsewhere = read_identity;
	emulator->elsewhere_context = registers;
	registers->emulator_count++;
	return 0;
}

static const struct modbus_device *find_emulated(const struct registers *registers, unsigned kind)
{
	for (unsigned i = 0; i < registers->emulator_count; i++)
		if (registers->emulators[i].profile->kind == kind)
			return &registers->emulators[i].device;
	return NULL;
}

const struct modbus_device *registers_on_press(void *context, uint8_t unit)
{
	struct registers *registers = context;
	const struct modbus_device *press = find_emulated(registers, DEVICE_PRESS);
	if (unit == REGISTERS_TCP_FURNACE_UNIT)
		return find_emulated(registers, DEVICE_FURNACE);
	if (unit == REGISTERS_TCP_FLOW_UNIT)
		return find_emulated(registers, DEVICE_FLOW);
	if (unit == REGISTERS_TCP_COUPLER_UNIT)
		return find_emulated(registers, DEVICE_KIND_MAX);
	if (unit != REGISTERS_PRESS_UNIT)
		return NULL;
	return press ? press : &registers->press;
}

const struct modbus_device *registers_on_rtu(void *context, uint8_t unit)
{
	struct registers *registers = context;
	const struct modbus_device *furnace = find_emulated(registers, DEVICE_FURNACE);
	const struct modbus_device *flow = find_emulated(registers, DEVICE_FLOW);
	if (unit == REGISTERS_FURNACE_UNIT)
		return furnace ? furnace : &registers->furnace;
	if (unit == REGISTERS_FLOW_UNIT)
		return flow ? flow : &registers->flow;
	return NULL;
}
