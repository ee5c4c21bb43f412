/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two ZeroMQ sockets clients see: telemetry (XPUB) and commands (ROUTER). */
#ifndef DENSD_GATEWAY_SOCKETS_H
#define DENSD_GATEWAY_SOCKETS_H

#include "daemon/gateway/command.h"
#include "daemon/gateway/zap.h"

#define SOCKETS_PEER 64

struct sockets {
	void *context, *telemetry, *commands;
	struct zap zap;
};
struct peer { /* where an answer goes */
	uint8_t name[SOCKETS_PEER];
	size_t length;
	bool delimiter; /* a REQ client: an empty frame stands between */
};
struct received {
	struct peer peer;
	char user[64]; /* the handler's User-Id; empty: none */
	size_t length;
	bool too_long; /* more than fits; dropped by the caller with an answer */
	char text[COMMAND_BYTES_MAX + 1];
};

/* Handler first, then options, then bind. ipc only. 0 or -errno with the reason logged. */
int sockets_open(struct sockets *ret_sockets, const struct site *site);
void sockets_close(struct sockets *sockets);
/* 1: a request; 0: none waits; -errno: the context is gone. */
int sockets_receive(struct sockets *sockets, struct received *ret_received);
/* Never waits; a client that is gone or full loses the answer and repeats its id. */
void sockets_answer(struct sockets *sockets, const struct peer *peer, const char *text, size_t length);
void sockets_publish(struct sockets *sockets, const char *topic, const char *text);
/* A subscription of a topic prefix: 1 and ret_prefix (cut at 31 bytes); 0: none waits. */
int sockets_receive_subscription(struct sockets *sockets, char ret_prefix[32]);

#endif
