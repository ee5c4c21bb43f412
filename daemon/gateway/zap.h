/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ZAP handler (ZeroMQ RFC 27): asked by libzmq before a peer may say anything. Its own thread, on
 * inproc://zeromq.zap.01, running before any bind. Who has no role is refused at the handshake; who has one
 * gets it as User-Id.
 */
#ifndef DENSD_GATEWAY_ZAP_H
#define DENSD_GATEWAY_ZAP_H

#include <pthread.h>

#include "config/site.h"

#define ZAP_DOMAIN "densd"

struct zap {
	void *socket;
	pthread_t thread;
	const struct site *site;
};

/* @site must outlive it. 0 or -errno. The thread ends when @context is shut down. */
int zap_start(struct zap *ret_zap, void *context, const struct site *site);
void zap_join(struct zap *zap);

#endif
