/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hazard 33: how many of its descriptors this process has in use, and the door that closes before they are
 * gone.
 *
 * libzmq (4.3.4, ipc_listener.cpp) ends the process when accept() finds no descriptor. load.c therefore
 * defines accept4(), which libzmq calls in its place: the last descriptors go to nobody, a peer that would
 * get one of them is closed at once. A client of ZeroMQ knocks again by itself. */
#ifndef DENSD_GATEWAY_LOAD_H
#define DENSD_GATEWAY_LOAD_H

#include "daemon/link.h"

/* Kept for this process itself: one in LOAD_SPARE_PART of the limit, at least LOAD_SPARE_LEAST. */
#define LOAD_SPARE_PART 16
#define LOAD_SPARE_LEAST 8

/* Fills the descriptors of @ret_load from /proc/self/fd and the limit, and how many were turned away. 0 or
 * -errno: none was left to look with. */
int load_measure(struct link_gateway_load *ret_load);

#endif
