/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The gateway between control's link and the clients. It decides nothing: it decodes, hands over, renders.
 * At most GATEWAY_ROUTES requests wait for control at a time; more are answered "busy".
 */
#ifndef DENSD_GATEWAY_GATEWAY_H
#define DENSD_GATEWAY_GATEWAY_H

#include "config/site.h"
#include "daemon/gateway/sockets.h"

#define GATEWAY_ROUTES 256u
#define GATEWAY_ROUTE_S 60  /* then the place is given to another; the client has repeated long before */
#define GATEWAY_SILENCE_S 3 /* control says something every second */

struct route {
	bool used;
	uint32_t number; /* what control echoes */
	int64_t since_ns;
	struct peer peer;
};
struct gateway {
	int socket;
	uint32_t seq, next_route;
	bool configured, silent;
	int64_t heard_ns; /* mono: last message of control */
	int64_t told_ns;  /* mono: when control was last told the load */
	uint64_t refused; /* requests without a role */
	struct site site;
	struct sockets sockets;
	struct route routes[GATEWAY_ROUTES];
	char *last[TOPIC_MAX]; /* JSON of the last publication; owned */
	struct diagnostics diagnostics;
	struct received received;
	uint8_t buffer[LINK_MESSAGE_MAX + sizeof(struct link_header)] __attribute__((aligned(16)));
};

/* Until control closes the link (0), or nothing can be served (-errno). */
int gateway_run(struct gateway *gateway);

#endif
