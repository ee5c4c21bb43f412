/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/text_number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int text_number_take(const char **at, double *ret_value)
{
	char *end;
	double value;

	if (strspn(*at, "+-.0123456789") == 0)
		return -EBADMSG;
	value = strtod(*at, &end);
	if (end == *at || !isfinite(value))
		return -EBADMSG;
	*at = end;
	*ret_value = value;
	return 0;
}

int text_number_parse(const char *text, double *ret_value)
{
	double value;

	if (text_number_take(&text, &value) < 0 || text[strspn(text, " ")] != '\0')
		return -EBADMSG;
	*ret_value = value;
	return 0;
}
