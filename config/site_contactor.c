/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/site.h"

#include <stddef.h>

const struct bus_contactor *site_contactor(const struct site *site)
{
	for (uint32_t b = 0; b < site->bus_count; b++)
		if (site->buses[b].contactor.fitted)
			return &site->buses[b].contactor;
	return NULL;
}
