/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The picture of the devices: what the site says of each, and what control knows of it now. */
#ifndef DENSD_GATEWAY_DEVICES_H
#define DENSD_GATEWAY_DEVICES_H

#include "daemon/link.h"

/* JSON text that the caller frees, or NULL when memory is short. */
char *devices_render(const struct link_devices *devices, const struct site *site);

#endif
