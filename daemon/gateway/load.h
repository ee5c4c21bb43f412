/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hazard 33: how many of its descriptors this process has in use. */
#ifndef DENSD_GATEWAY_LOAD_H
#define DENSD_GATEWAY_LOAD_H

#include "daemon/link.h"

/* Fills the descriptors of @ret_load from /proc/self/fd and the limit. 0 or -errno: none was left to look
 * with. */
int load_measure(struct link_gateway_load *ret_load);

#endif
