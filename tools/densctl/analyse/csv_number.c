/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/analyse/csv_number.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NUMBER_LENGTH 64 /* bytes of a number with its NUL; none is longer */
#define EXPONENT_MOST 9999

static const char *const missing_names[] = {"", "nan", "na", "n/a", "null", "none", "-", "--", "#n/a"};

static bool is_missing(const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof(missing_names) / sizeof(missing_names[0]); i++)
		if (strlen(missing_names[i]) == length && strncasecmp(text, missing_names[i], length) == 0)
			return true;
	return false;
}

static int parse_infinity(const char *text, size_t length, double *ret_value)
{
	bool negative = length > 0 && text[0] == '-', sign = negative || (length > 0 && text[0] == '+');

	if (length != 3 + (size_t)sign || strncasecmp(text + sign, "inf", 3) != 0)
		return -EINVAL;
	*ret_value = negative ? -INFINITY : INFINITY;
	return 0;
}

/* "e-2" and the like, to the end of the text; 0 when there is none. */
static int parse_exponent(const char *text, size_t length, long *ret_exponent)
{
	char power[NUMBER_LENGTH] = "";
	char *end;
	long exponent;

	if (length == 0) {
		*ret_exponent = 0;
		return 0;
	}
	if (text[0] != 'e' && text[0] != 'E')
		return -EINVAL;
	memcpy(power, text + 1, length - 1);
	if (strspn(power, "+-0123456789") == 0)
		return -EINVAL;
	exponent = strtol(power, &end, 10);
	if (*end != '\0' || exponent > EXPONENT_MOST || exponent < -EXPONENT_MOST)
		return -EINVAL;
	*ret_exponent = exponent;
	return 0;
}

/*
 * Decimal digits only, so that nothing depends on the locale: strtod() would want the locale's decimal sign.
 * The point is taken out of the digits and put into the exponent; "123e-2" reads alike everywhere.
 */
static int parse_decimal(const char *text, size_t length, char point, double *ret_value)
{
	char digits[2 * NUMBER_LENGTH];
	size_t used = 0, i = 0, seen = 0;
	long shift = 0, exponent;
	bool fraction = false;

	if (i < length && (text[i] == '+' || text[i] == '-'))
		digits[used++] = text[i++];
	for (; i < length; i++) {
		if (text[i] == point && !fraction) {
			fraction = true;
			continue;
		}
		if (text[i] < '0' || text[i] > '9')
			break;
		digits[used++] = text[i];
		shift -= fraction;
		seen++;
	}
	if (seen == 0 || parse_exponent(text + i, length - i, &exponent) < 0)
		return -EINVAL;
	snprintf(digits + used, sizeof(digits) - used, "e%ld", exponent + shift);
	*ret_value = strtod(digits, NULL);
	return 0;
}

int csv_number(const char *text, size_t length, int decimal_comma, double *ret_value)
{
	bool comma = decimal_comma && memchr(text, ',', length);

	if (is_missing(text, length)) {
		*ret_value = NAN;
		return 0;
	}
	if (length >= NUMBER_LENGTH)
		return -EINVAL;
	if (parse_infinity(text, length, ret_value) == 0)
		return 0;
	return parse_decimal(text, length, comma ? ',' : '.', ret_value);
}
