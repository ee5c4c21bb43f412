/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What waits for the gateway while its socket is full: a fixed queue of small messages. Samples and
 * heartbeats never wait (the next one is newer); anything else waits in order. When the queue itself is full
 * the oldest message is dropped: a subscriber sees the gap in the sequence and replays, a client repeats its
 * request id and gets the stored answer.
 */
#ifndef DENSD_DAEMON_CONTROL_OUTBOX_H
#define DENSD_DAEMON_CONTROL_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTBOX_SLOTS 128u
#define OUTBOX_BODY 4608u

struct outbox_slot {
	uint16_t type;
	uint32_t length;
	int fd; /* owned; -1: none */
	uint8_t body[OUTBOX_BODY];
};
struct outbox {
	uint32_t first, count;
	uint64_t dropped;
	struct outbox_slot slots[OUTBOX_SLOTS];
};

void outbox_init(struct outbox *ret_outbox);
/* Closes what waits: the peer is gone. */
void outbox_clear(struct outbox *outbox);
/*
 * Sends, or keeps for outbox_flush when the socket is full and @may_wait. Takes @fd in every case.
 * 0, -EAGAIN (kept or, when it may not wait, dropped), -EMSGSIZE, -EPIPE and other socket errors.
 */
int outbox_send(struct outbox *outbox, int socket, uint32_t *seq, uint16_t type, const void *body,
		size_t length, int fd, bool may_wait);
/* 0: nothing waits any more; -EAGAIN; other errors of the socket. */
int outbox_flush(struct outbox *outbox, int socket, uint32_t *seq);

#endif
