/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text with a unit to a number in the base unit of its dimension. Locale-independent, strict: a bare number
 * is an error, as is an unknown unit, a sign where none is allowed, nan, inf, hex.
 */
#ifndef DENSD_PROTOCOL_QUANTITY_H
#define DENSD_PROTOCOL_QUANTITY_H

#include <stddef.h>

enum dimension {
	DIM_TEMPERATURE,      /* K, degC            -> K */
	DIM_TEMPERATURE_STEP, /* K (differences)    -> K */
	DIM_PRESSURE,         /* GPa MPa bar atm    -> GPa */
	DIM_TIME,             /* s min h            -> s */
	DIM_TEMPERATURE_RATE, /* K/s K/min          -> K/s */
	DIM_PRESSURE_RATE,    /* GPa/s GPa/min MPa/min -> GPa/s */
	DIM_FLOW,             /* ml/min             -> ml/min */
	DIM_NUMBER,           /* no unit */
	DIM_MAX
};
enum quantity_error {
	QUANTITY_OK,
	QUANTITY_EMPTY,
	QUANTITY_NOT_A_NUMBER,
	QUANTITY_NO_UNIT,
	QUANTITY_UNKNOWN_UNIT,
	QUANTITY_OUT_OF_RANGE
};

enum quantity_error quantity_parse(const char *text, enum dimension dimension, double *ret_value);
/* A decimal number and nothing else: digits, point, exponent; '.' in every locale. Finite. */
enum quantity_error quantity_parse_number(const char *text, double *ret_value);
/* "K, degC": for messages */
const char *quantity_units(enum dimension dimension);
const char *quantity_error_text(enum quantity_error error);

#endif
