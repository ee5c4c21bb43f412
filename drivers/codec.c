/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/codec.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <string.h>

#define ZERO_CELSIUS_K 273.15
#define LEAST_MEASURED 1e-6

uint32_t codec_decode_u32(const uint16_t words[2], bool high_first)
{
	uint32_t high = words[high_first ? 0 : 1], low = words[high_first ? 1 : 0];

	return high << 16 | low;
}

void codec_encode_u32(uint32_t value, bool high_first, uint16_t ret_words[2])
{
	ret_words[high_first ? 0 : 1] = (uint16_t)(value >> 16);
	ret_words[high_first ? 1 : 0] = (uint16_t)(value & 0xffff);
}

float codec_decode_f32(const uint16_t words[2], bool high_first)
{
	uint32_t bits = codec_decode_u32(words, high_first);
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

void codec_encode_f32(float value, bool high_first, uint16_t ret_words[2])
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	codec_encode_u32(bits, high_first, ret_words);
}

float codec_decode_f32_bytes(const uint8_t bytes[4])
{
	uint16_t words[2] = {(uint16_t)(bytes[0] << 8 | bytes[1]), (uint16_t)(bytes[2] << 8 | bytes[3])};

	return codec_decode_f32(words, true);
}

unsigned codec_words(enum register_type type)
{
	return type == REG_U16 || type == REG_S16 ? 1 : 2;
}

bool codec_is_float(enum register_type type)
{
	return type == REG_F32_HIGH_FIRST || type == REG_F32_LOW_FIRST;
}

/* The other order makes a number next to nothing of many values: no instrument measures that, but for 0. */
static bool is_measured(double value, double low, double high)
{
	return isfinite(value) && value >= low && value <= high &&
	       (fabs(value) >= LEAST_MEASURED || value == 0);
}

bool codec_proves_order(enum register_type type, const uint16_t words[2], double low, double high)
{
	bool high_first = type == REG_F32_HIGH_FIRST;

	return !codec_is_float(type) ||
	       (is_measured((double)codec_decode_f32(words, high_first), low, high) &&
		!is_measured((double)codec_decode_f32(words, !high_first), low, high));
}

double codec_decode_raw(const struct profile_register *reg, const uint16_t *words)
{
	switch ((enum register_type)reg->type) {
	case REG_U16:
		return reg->bit >= 0 && reg->bit < 16 ? (words[0] >> reg->bit & 1) : words[0];
	case REG_S16:
		return (int16_t)words[0];
	case REG_F32_HIGH_FIRST:
	case REG_F32_LOW_FIRST:
		return codec_decode_f32(words, reg->type == REG_F32_HIGH_FIRST);
	case REG_U32_HIGH_FIRST:
	case REG_U32_LOW_FIRST:
		return codec_decode_u32(words, reg->type == REG_U32_HIGH_FIRST);
	case REG_S32_HIGH_FIRST:
	case REG_S32_LOW_FIRST:
		return (int32_t)codec_decode_u32(words, reg->type == REG_S32_HIGH_FIRST);
	case REG_TYPE_MAX:
		break;
	}
	return NAN;
}

bool codec_matches(const struct profile_value *expected, const struct profile_register *reg,
		   const uint16_t *words)
{
	double raw = codec_decode_raw(reg, words);

	if (expected->to > expected->value)
		return raw >= expected->value && raw <= expected->to;
	if (expected->mask > 0)
		return ((uint32_t)raw & (uint32_t)expected->mask) == (uint32_t)expected->value;
	if (!codec_is_float((enum register_type)reg->type))
		return raw == expected->value; /* a serial number is not nearly another */
	return fabs(raw - expected->value) < 1e-6 * fmax(1, fabs(expected->value));
}

/* A profile that says nothing about the scale means 1. */
static double scale_of(const struct profile_register *reg)
{
	return reg->scale != 0 ? reg->scale : 1.0;
}

double codec_decode(const struct profile_register *reg, const uint16_t *words)
{
	double value = codec_decode_raw(reg, words) * scale_of(reg);

	if (!isfinite(value))
		return NAN;
	return reg->unit == UNIT_CELSIUS ? value + ZERO_CELSIUS_K : value;
}

static int encode_integer(double raw, double low, double high, uint32_t *ret_bits)
{
	double rounded = round(raw);

	if (!(rounded >= low && rounded <= high))
		return -ERANGE;
	*ret_bits = (uint32_t)(int64_t)rounded;
	return 0;
}

int codec_encode_own_unit(const struct profile_register *reg, double value, uint16_t ret_words[2])
{
	double raw = value / scale_of(reg);
	uint32_t bits = 0;
	int r = 0;

	switch ((enum register_type)reg->type) {
	case REG_U16:
	case REG_S16:
		r = encode_integer(raw, reg->type == REG_S16 ? -32768 : 0,
				   reg->type == REG_S16 ? 32767 : 65535, &bits);
		if (r == 0)
			ret_words[0] = (uint16_t)bits;
		return r;
	case REG_F32_HIGH_FIRST:
	case REG_F32_LOW_FIRST:
		if (!(fabs(raw) <= (double)FLT_MAX))
			return -ERANGE;
		codec_encode_f32((float)raw, reg->type == REG_F32_HIGH_FIRST, ret_words);
		return 0;
	case REG_U32_HIGH_FIRST:
	case REG_U32_LOW_FIRST:
		r = encode_integer(raw, 0, 4294967295.0, &bits);
		if (r == 0)
			codec_encode_u32(bits, reg->type == REG_U32_HIGH_FIRST, ret_words);
		return r;
	case REG_S32_HIGH_FIRST:
	case REG_S32_LOW_FIRST:
		r = encode_integer(raw, -2147483648.0, 2147483647.0, &bits);
		if (r == 0)
			codec_encode_u32(bits, reg->type == REG_S32_HIGH_FIRST, ret_words);
		return r;
	case REG_TYPE_MAX:
		break;
	}
	return -ERANGE;
}

bool codec_allows_setpoint(const struct profile *profile, double value)
{
	const struct profile_register *reg = profile_find(profile, "setpoint");

	if (!reg || profile->setpoint_high <= profile->setpoint_low)
		return true;
	if (reg->unit == UNIT_CELSIUS)
		value -= ZERO_CELSIUS_K;
	return value >= profile->setpoint_low && value <= profile->setpoint_high;
}

int codec_encode(const struct profile_register *reg, double value, uint16_t ret_words[2])
{
	return codec_encode_own_unit(reg, reg->unit == UNIT_CELSIUS ? value - ZERO_CELSIUS_K : value,
				     ret_words);
}
