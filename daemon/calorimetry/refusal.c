/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/calorimetry/refusal.h"

#include <stdarg.h>
#include <stdio.h>

const char *refusal_name(enum refusal refusal)
{
	static const char *const names[REFUSAL_MAX] = {
#define REFUSAL_NAME(name, text) [REFUSAL_##name] = text,
		REFUSALS(REFUSAL_NAME)
#undef REFUSAL_NAME
	};

	return (unsigned)refusal < REFUSAL_MAX ? names[refusal] : "unknown";
}

enum refusal refusal_say(char ret_why[REFUSAL_WHY], enum refusal refusal, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(ret_why, REFUSAL_WHY, format, arguments);
	va_end(arguments);
	return refusal;
}
