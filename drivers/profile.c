/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/profile.h"

#include <string.h>

const struct profile_register *profile_find(const struct profile *profile, const char *name)
{
	for (uint32_t i = 0; i < profile->register_count && i < PROFILE_REGISTERS_MAX; i++)
		if (strncmp(profile->registers[i].name, name, sizeof(profile->registers[i].name)) == 0)
			return &profile->registers[i];
	return NULL;
}
