/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one table of safety numbers, made from the list in limits.h. */
#include "protocol/limits.h"

#include <string.h>

#define LIMITS_INFO(field, unit_text, default_number, minimum_number, maximum_number, safer_direction, text, \
		    row)                                                                                     \
	{.name = #field,                                                                                     \
	 .unit = unit_text,                                                                                  \
	 .default_value = default_number,                                                                    \
	 .minimum = minimum_number,                                                                          \
	 .maximum = maximum_number,                                                                          \
	 .safer = SAFER_##safer_direction,                                                                   \
	 .what = text,                                                                                       \
	 .hazard = row,                                                                                      \
	 .offset = offsetof(struct limits, field)},

const struct limit_info limits_table[LIMITS_COUNT] = {LIMITS(LIMITS_INFO)};

#define LIMITS_VALUE(field, unit, default_number, ...) .field = default_number,

void limits_default(struct limits *ret_limits)
{
	*ret_limits = (struct limits){LIMITS(LIMITS_VALUE)};
}

const struct limit_info *limits_find(const char *name)
{
	for (size_t i = 0; i < LIMITS_COUNT; i++)
		if (strcmp(limits_table[i].name, name) == 0)
			return &limits_table[i];
	return NULL;
}

double limits_get(const struct limits *limits, const struct limit_info *info)
{
	double value;

	memcpy(&value, (const char *)limits + info->offset, sizeof(value));
	return value;
}

void limits_set(struct limits *limits, const struct limit_info *info, double value)
{
	memcpy((char *)limits + info->offset, &value, sizeof(value));
}

bool limits_is_safer(const struct limits *limits, const struct limit_info *info, double value)
{
	double current = limits_get(limits, info);

	return info->safer == SAFER_LOWER ? value <= current : value >= current;
}
