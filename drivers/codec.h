/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Registers to numbers and back. Pure. A register is 16 bits; wider values are two registers whose order the
 * profile states. Golden bytes: 1.001 as float32 is 3F80 20C5, high word first. libmodbus's own float helpers
 * are not inverses of each other on Debian 12 and are not used.
 */
#ifndef DENSD_DRIVERS_CODEC_H
#define DENSD_DRIVERS_CODEC_H

#include "drivers/profile.h"

float codec_decode_f32(const uint16_t words[2], bool high_first);
void codec_encode_f32(float value, bool high_first, uint16_t ret_words[2]);
uint32_t codec_decode_u32(const uint16_t words[2], bool high_first);
void codec_encode_u32(uint32_t value, bool high_first, uint16_t ret_words[2]);
/* Big-endian float32 from 4 bytes, as in a chip trace. */
float codec_decode_f32_bytes(const uint8_t bytes[4]);

/* Registers a value of @type takes: 1 or 2. */
unsigned codec_words(enum register_type type);
/*
 * True when a float in @words lies in [@low, @high] in the order of @type and not in the other one: then the
 * declared order is the device's (hazard 11). False for a value that fits both, such as 0. Integers: true.
 */
bool codec_proves_order(enum register_type type, const uint16_t words[2], double low, double high);
/* Not an integer: its resolution does not come from its scale. */
bool codec_is_float(enum register_type type);
/* The raw number in @words (a single bit when the register names one); no scale, no unit. */
double codec_decode_raw(const struct profile_register *reg, const uint16_t *words);
/* The number in @words is what the profile expects of @reg: a value, a masked one, or one in a range. */
bool codec_matches(const struct profile_value *expected, const struct profile_register *reg,
		   const uint16_t *words);
/* raw * scale, then to kelvin when the unit is a temperature. NAN when the float is not finite. */
double codec_decode(const struct profile_register *reg, const uint16_t *words);
/* The inverse of codec_decode. 0, or -ERANGE when @value does not fit the register's type. */
int codec_encode(const struct profile_register *reg, double value, uint16_t ret_words[2]);
/* False when @value (kelvin for a temperature) is outside the range of setpoints the profile declares. */
bool codec_allows_setpoint(const struct profile *profile, double value);
/* As codec_encode, but @value is in the register's own unit (degrees Celsius stay so). */
int codec_encode_own_unit(const struct profile_register *reg, double value, uint16_t ret_words[2]);

#endif
