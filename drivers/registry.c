/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One explicit line a driver. */
#include <string.h>

#include "drivers/driver.h"

static const struct driver_ops *const drivers[] = {
	&furnace_driver, &press_driver, &flow_driver,   &chip_driver,
	&pump_driver,    &pace_driver,  &dasnet_driver, &alicat_driver,
};

const struct driver_ops *registry_find(enum device_kind kind, const char *protocol, const char *name)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (drivers[i]->kind == kind && strcmp(drivers[i]->protocol, protocol) == 0 &&
		    (name[0] == '\0' || strcmp(drivers[i]->name, name) == 0))
			return drivers[i];
	return NULL;
}
