/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers with units. The number is read by hand: strtod knows hex, nan and the locale's comma. */
#include "protocol/quantity.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define MANTISSA_DIGITS_MAX 18
#define EXPONENT_MAX 400

struct unit {
	const char *name;
	double multiply, divide, offset; /* base = number * multiply / divide + offset */
};

static const struct unit units_temperature[] = {{"K", 1, 1, 0}, {"degC", 1, 1, 273.15}, {0}};
static const struct unit units_step[] = {{"K", 1, 1, 0}, {0}};
static const struct unit units_pressure[] = {
	{"GPa", 1, 1, 0}, {"MPa", 1, 1e3, 0}, {"bar", 1, 1e4, 0}, {"atm", 1.01325e-4, 1, 0}, {0}};
static const struct unit units_time[] = {{"s", 1, 1, 0}, {"min", 60, 1, 0}, {"h", 3600, 1, 0}, {0}};
static const struct unit units_temperature_rate[] = {{"K/s", 1, 1, 0}, {"K/min", 1, 60, 0}, {0}};
static const struct unit units_pressure_rate[] = {
	{"GPa/s", 1, 1, 0}, {"GPa/min", 1, 60, 0}, {"MPa/min", 1, 60e3, 0}, {0}};
static const struct unit units_flow[] = {{"ml/min", 1, 1, 0}, {0}};
static const struct unit units_number[] = {{"", 1, 1, 0}, {0}};

static const struct dimension_info {
	const struct unit *units;
	const char *names;
} dimensions[DIM_MAX] = {
	[DIM_TEMPERATURE] = {units_temperature, "K, degC"},
	[DIM_TEMPERATURE_STEP] = {units_step, "K"},
	[DIM_PRESSURE] = {units_pressure, "GPa, MPa, bar, atm"},
	[DIM_TIME] = {units_time, "s, min, h"},
	[DIM_TEMPERATURE_RATE] = {units_temperature_rate, "K/s, K/min"},
	[DIM_PRESSURE_RATE] = {units_pressure_rate, "GPa/s, GPa/min, MPa/min"},
	[DIM_FLOW] = {units_flow, "ml/min"},
	[DIM_NUMBER] = {units_number, "no unit"},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

struct decimal {
	uint64_t mantissa;
	int digits;   /* significant digits taken into the mantissa */
	int exponent; /* of ten */
	bool any;
};

static void decimal_push(struct decimal *decimal, char c, bool fraction)
{
	decimal->any = true;
	if (decimal->digits >= MANTISSA_DIGITS_MAX) {
		if (!fraction && decimal->exponent < EXPONENT_MAX)
			decimal->exponent++;
		return;
	}
	decimal->mantissa = decimal->mantissa * 10 + (uint64_t)(c - '0');
	if (decimal->mantissa > 0)
		decimal->digits++;
	if (fraction && decimal->exponent > -EXPONENT_MAX)
		decimal->exponent--;
}

/* Reads an exponent at @p when there is one; false when it is an 'e' without digits. */
static bool decimal_exponent(const char **p, struct decimal *decimal)
{
	const char *q = *p + 1;
	bool negative = *q == '-';
	int exponent = 0;

	if (*q == '-' || *q == '+')
		q++;
	if (!is_digit(*q))
		return false;
	for (; is_digit(*q); q++)
		if (exponent < 2 * EXPONENT_MAX)
			exponent = exponent * 10 + (*q - '0');
	decimal->exponent += negative ? -exponent : exponent;
	*p = q;
	return true;
}

static double decimal_value(const struct decimal *decimal)
{
	long double value = (long double)decimal->mantissa;

	if (decimal->mantissa == 0)
		return 0;
	if (decimal->exponent >= 0)
		return (double)(value * powl(10.0L, decimal->exponent));
	return (double)(value / powl(10.0L, -decimal->exponent));
}

/* Reads a number at the start of @text; *ret_end is the first character after it. */
static enum quantity_error scan_number(const char *text, const char **ret_end, double *ret_value)
{
	struct decimal decimal = {0};
	bool negative = *text == '-';
	const char *p = text + (negative ? 1 : 0);
	double value;

	for (; is_digit(*p); p++)
		decimal_push(&decimal, *p, false);
	if (*p == '.') {
		if (!decimal.any || !is_digit(p[1]))
			return QUANTITY_NOT_A_NUMBER;
		for (p++; is_digit(*p); p++)
			decimal_push(&decimal, *p, true);
	}
	if (!decimal.any)
		return QUANTITY_NOT_A_NUMBER;
	if ((*p == 'e' || *p == 'E') && !decimal_exponent(&p, &decimal))
		return QUANTITY_NOT_A_NUMBER;
	value = decimal_value(&decimal);
	if (!isfinite(value) || (value == 0 && decimal.mantissa != 0))
		return QUANTITY_OUT_OF_RANGE;
	*ret_end = p;
	*ret_value = negative ? -value : value;
	return QUANTITY_OK;
}

static const struct unit *find_unit(enum dimension dimension, const char *name)
{
	for (const struct unit *unit = dimensions[dimension].units; unit->name; unit++)
		if (strcmp(unit->name, name) == 0)
			return unit;
	return NULL;
}

enum quantity_error quantity_parse(const char *text, enum dimension dimension, double *ret_value)
{
	const struct unit *unit;
	enum quantity_error error;
	const char *end;
	double number, value;

	if ((unsigned)dimension >= DIM_MAX || text[0] == '\0')
		return QUANTITY_EMPTY;
	error = scan_number(text, &end, &number);
	if (error != QUANTITY_OK)
		return error;
	while (*end == ' ')
		end++;
	if (*end == '\0' && dimension != DIM_NUMBER)
		return QUANTITY_NO_UNIT;
	unit = find_unit(dimension, end);
	if (!unit)
		return QUANTITY_UNKNOWN_UNIT;
	value = number * unit->multiply / unit->divide + unit->offset;
	if (!isfinite(value) || (value < 0 && dimension != DIM_NUMBER))
		return QUANTITY_OUT_OF_RANGE;
	*ret_value = value;
	return QUANTITY_OK;
}

enum quantity_error quantity_parse_number(const char *text, double *ret_value)
{
	enum quantity_error error;
	const char *end;
	double value;

	if (text[0] == '\0')
		return QUANTITY_EMPTY;
	error = scan_number(text, &end, &value);
	if (error != QUANTITY_OK)
		return error;
	if (*end != '\0')
		return QUANTITY_NOT_A_NUMBER;
	*ret_value = value;
	return QUANTITY_OK;
}

const char *quantity_units(enum dimension dimension)
{
	return (unsigned)dimension < DIM_MAX ? dimensions[dimension].names : "invalid";
}

const char *quantity_error_text(enum quantity_error error)
{
	static const char *const texts[] = {
		[QUANTITY_OK] = "no error",
		[QUANTITY_EMPTY] = "the value is empty",
		[QUANTITY_NOT_A_NUMBER] = "not a decimal number",
		[QUANTITY_NO_UNIT] = "the number has no unit",
		[QUANTITY_UNKNOWN_UNIT] = "unknown unit",
		[QUANTITY_OUT_OF_RANGE] = "out of range",
	};

	return (unsigned)error < sizeof(texts) / sizeof(texts[0]) ? texts[error] : "invalid";
}
