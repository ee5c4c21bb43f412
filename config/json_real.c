/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/json_real.h"

#include <math.h>
#include <stdio.h>

#define NUMBER_TEXT 32

json_object *json_real(double value)
{
	char text[NUMBER_TEXT];

	if (!isfinite(value))
		return NULL;
	snprintf(text, sizeof(text), "%.10g", value);
	return json_object_new_double_s(value, text);
}
