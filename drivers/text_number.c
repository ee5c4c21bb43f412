/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/text_number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int text_number_parse(const char *text, double *ret_value)
{
	char *end;
	double value;

	if (strspn(text, "+-.0123456789") == 0)
		return -EBADMSG;
	value = strtod(text, &end);
	if (end == text || !isfinite(value) || end[strspn(end, " ")] != '\0')
		return -EBADMSG;
	*ret_value = value;
	return 0;
}
