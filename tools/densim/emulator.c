/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/emulator.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "tools/densim/emulator_roles.h"

#define ZERO_CELSIUS_K 273.15
#define IEEE_REGION 0x8000u
#define INTEGER_PER_UNIT 10.0 /* the scaled integers beside the IEEE region have one decimal */

static unsigned words_of(const struct profile_register *reg)
{
	return reg->type == REG_U16 || reg->type == REG_S16 ? 1 : 2;
}

static bool is_float(const struct profile_register *reg)
{
	return reg->type == REG_F32_HIGH_FIRST || reg->type == REG_F32_LOW_FIRST;
}

static bool is_low_first(const struct profile_register *reg)
{
	return reg->type == REG_F32_LOW_FIRST || reg->type == REG_U32_LOW_FIRST ||
	       reg->type == REG_S32_LOW_FIRST;
}

static double clip(double raw, double low, double high)
{
	return fmin(fmax(round(raw), low), high);
}

static uint32_t integer_bits(const struct profile_register *reg, double raw)
{
	if (reg->type == REG_U16)
		return (uint32_t)clip(raw, 0, 65535);
	if (reg->type == REG_S16)
		return (uint32_t)(int32_t)clip(raw, -32768, 32767) & 0xFFFF;
	if (reg->type == REG_U32_HIGH_FIRST || reg->type == REG_U32_LOW_FIRST)
		return (uint32_t)clip(raw, 0, 4294967295.0);
	return (uint32_t)(int32_t)clip(raw, -2147483648.0, 2147483647.0);
}

static double own_unit(const struct profile_register *reg, double value)
{
	return reg->unit == UNIT_CELSIUS ? value - ZERO_CELSIUS_K : value;
}

static void put_value(const struct profile_register *reg, double value, uint16_t *ret_words)
{
	double raw = own_unit(reg, value) / reg->scale;
	float single = (float)raw;
	uint32_t bits;

	if (is_float(reg))
		memcpy(&bits, &single, sizeof(bits));
	else
		bits = integer_bits(reg, raw);
	if (words_of(reg) == 1) {
		ret_words[0] |= reg->bit >= 0 ? (uint16_t)((value != 0) << reg->bit) : (uint16_t)bits;
		return;
	}
	ret_words[is_low_first(reg) ? 1 : 0] = (uint16_t)(bits >> 16);
	ret_words[is_low_first(reg) ? 0 : 1] = (uint16_t)bits;
}

static double get_value(const struct profile_register *reg, const uint16_t *words)
{
	uint32_t bits = words[0];
	double raw;
	float single;

	if (words_of(reg) == 2)
		bits = is_low_first(reg) ? (uint32_t)words[1] << 16 | words[0]
					 : (uint32_t)words[0] << 16 | words[1];
	memcpy(&single, &bits, sizeof(single));
	if (is_float(reg))
		raw = (double)single;
	else if (reg->type == REG_S16)
		raw = (int16_t)bits;
	else if (reg->type == REG_S32_HIGH_FIRST || reg->type == REG_S32_LOW_FIRST)
		raw = (int32_t)bits;
	else
		raw = bits;
	return raw * reg->scale + (reg->unit == UNIT_CELSIUS ? ZERO_CELSIUS_K : 0);
}

static bool is_ieee(const struct profile_register *reg)
{
	return reg->address >= IEEE_REGION && reg->type == REG_F32_HIGH_FIRST;
}

/* The register whose first word is @address, from @from on; -1: none. */
static int find_register(const struct emulator *emulator, uint16_t address, bool coil, unsigned from)
{
	const struct profile *profile = emulator->profile;

	for (unsigned i = from; i < profile->register_count; i++) {
		const struct profile_register *reg = &profile->registers[i];

		if (reg->address == address &&
		    (reg->space == SPACE_COIL || reg->space == SPACE_DISCRETE) == coil)
			return (int)i;
	}
	return -1;
}

/* A Eurotherm shows each parameter of the IEEE region as a scaled integer at its plain address as well. */
static bool put_integer(const struct emulator *emulator, uint16_t address, uint16_t *ret_word)
{
	uint32_t image = 2u * address + IEEE_REGION;
	int i = image <= 0xFFFF ? find_register(emulator, (uint16_t)image, false, 0) : -1;

	if (i < 0 || !is_ieee(&emulator->profile->registers[i]))
		return false;
	*ret_word = (uint16_t)(int16_t)clip(
		own_unit(&emulator->profile->registers[i], emulator_roles_get(emulator, (unsigned)i)) *
			INTEGER_PER_UNIT,
		-32768, 32767);
	return true;
}

/* Words the register at @address takes; 0: nothing is there. Flags of one word are put together. */
static unsigned put_register(const struct emulator *emulator, uint16_t address, uint16_t ret_words[2])
{
	int i = find_register(emulator, address, false, 0);
	unsigned words = i < 0 ? 1 : words_of(&emulator->profile->registers[i]);

	ret_words[0] = ret_words[1] = 0;
	if (i < 0)
		return put_integer(emulator, address, ret_words) ? 1 : 0;
	for (; i >= 0; i = find_register(emulator, address, false, (unsigned)i + 1))
		put_value(&emulator->profile->registers[i], emulator_roles_get(emulator, (unsigned)i),
			  ret_words);
	return words;
}

static void notice_telegram(struct emulator *emulator, bool write)
{
	emulator->telegrams++;
	if (emulator->profile->kind == DEVICE_KIND_MAX)
		coupler_hear(&emulator->lab->coupler, write);
}

static int emulator_read(void *context, uint16_t address, uint16_t count, uint16_t *ret_values)
{
	struct emulator *emulator = context;
	uint16_t words[2];

	for (unsigned done = 0, n; done < count; done += n) {
		n = put_register(emulator, (uint16_t)(address + done), words);
		if ((n == 0 || done + n > count) && done == 0 && emulator->elsewhere)
			return emulator->elsewhere(emulator->elsewhere_context, address, count, ret_values);
		if (n == 0 || done + n > count)
			return MODBUS_BAD_ADDRESS;
		memcpy(ret_values + done, words, n * sizeof(*words));
	}
	notice_telegram(emulator, false);
	return MODBUS_OK;
}

/* Register @i takes what is written at its place: enum modbus_exception. */
static int check_write(const struct emulator *emulator, int i, unsigned words_left, const uint16_t *values)
{
	const struct profile_register *reg;

	if (i < 0)
		return MODBUS_BAD_ADDRESS;
	reg = &emulator->profile->registers[i];
	if (!(reg->writable || reg->retained) || reg->bit >= 0 || words_of(reg) > words_left)
		return MODBUS_BAD_ADDRESS;
	return emulator_roles_check(emulator, (unsigned)i, get_value(reg, values));
}

/* Wear is what the memory sees, so it counts acknowledged writes that a fault loses as well. */
static void take_write(struct emulator *emulator, unsigned i, const uint16_t *values)
{
	const struct profile_register *reg = &emulator->profile->registers[i];

	if (reg->retained)
		emulator->lab->eeprom_writes++;
	if (emulator->profile->kind == DEVICE_FURNACE && strcmp(reg->name, "setpoint") == 0)
		emulator->lab->setpoint_writes++;
	if (!emulator->lab->faults.on[FAULT_FALSE_ACK])
		emulator_roles_set(emulator, i, get_value(reg, values));
}

/* Another master holds the coupler's write lock: no write of its watchdog's either. */
static bool is_locked(const struct emulator *emulator)
{
	return emulator->profile->kind == DEVICE_KIND_MAX && !coupler_takes_write(&emulator->lab->coupler);
}

static int emulator_write(void *context, uint16_t address, uint16_t count, const uint16_t *values)
{
	struct emulator *emulator = context;

	if (is_locked(emulator))
		return MODBUS_BAD_FUNCTION;
	for (int pass = 0; pass < 2; pass++)
		for (unsigned done = 0; done < count;) {
			int i = find_register(emulator, (uint16_t)(address + done), false, 0);
			int r = pass == 0 ? check_write(emulator, i, count - done, values + done) : MODBUS_OK;

			if (r != MODBUS_OK)
				return r;
			if (pass == 1)
				take_write(emulator, (unsigned)i, values + done);
			done += words_of(&emulator->profile->registers[i]);
		}
	if (!emulator->lab->faults.on[FAULT_FALSE_ACK])
		emulator_roles_settle(emulator);
	notice_telegram(emulator, true);
	return MODBUS_OK;
}

/* A coupler's terminals are no registers of its profile: densim's has one, the contactor. */
static bool is_terminal(const struct emulator *emulator, uint16_t address)
{
	return emulator->profile->kind == DEVICE_KIND_MAX && address == EMULATOR_CONTACTOR_COIL;
}

static int emulator_read_coil(void *context, uint16_t address, bool *ret_on)
{
	struct emulator *emulator = context;
	int i = find_register(emulator, address, true, 0);

	if (is_terminal(emulator, address)) {
		notice_telegram(emulator, false);
		*ret_on = emulator->lab->coupler.output;
		return MODBUS_OK;
	}
	if (i < 0)
		return MODBUS_BAD_ADDRESS;
	*ret_on = emulator_roles_get(emulator, (unsigned)i) != 0;
	return MODBUS_OK;
}

static int emulator_write_coil(void *context, uint16_t address, bool on)
{
	struct emulator *emulator = context;
	int i = find_register(emulator, address, true, 0);

	if (is_locked(emulator))
		return MODBUS_BAD_FUNCTION;
	if (is_terminal(emulator, address)) {
		notice_telegram(emulator, true);
		if (!emulator->lab->faults.on[FAULT_FALSE_ACK])
			coupler_set_output(&emulator->lab->coupler, on);
		return MODBUS_OK;
	}
	if (i < 0 || !emulator->profile->registers[i].writable)
		return MODBUS_BAD_ADDRESS;
	if (!emulator->lab->faults.on[FAULT_FALSE_ACK])
		emulator_roles_set(emulator, (unsigned)i, on);
	return MODBUS_OK;
}

int emulator_init(struct emulator *ret_emulator, const struct profile *profile, struct laboratory *lab)
{
	if (profile->kind == DEVICE_CHIP || strcmp(profile->protocol, "modbus") != 0)
		return -EINVAL;
	*ret_emulator = (struct emulator){
		.profile = profile,
		.lab = lab,
		.device = {emulator_read, emulator_write, emulator_read_coil, emulator_write_coil,
			   ret_emulator},
	};
	emulator_roles_init(ret_emulator);
	return 0;
}
