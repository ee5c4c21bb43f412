/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One byte stream to a master: a TCP connection, the RTU pty or the chip's pty. Holds what came in and what
 * waits to go out, and does to the answers what the answers-* faults say. Non-blocking.
 */
#ifndef DENSD_DENSIM_WIRE_H
#define DENSD_DENSIM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/densim/faults.h"

enum { WIRE_IN = 1024, WIRE_OUT = 131072, WIRE_ANSWERS = 64 };
struct wire_answer {
	size_t end; /* in the out buffer */
	int64_t due_ns;
};
struct wire {
	int fd; /* -1: unused */
	enum fault_bus bus;
	uint8_t in[WIRE_IN];
	size_t in_length;
	int64_t last_byte_ns;
	uint8_t out[WIRE_OUT];
	size_t out_sent, out_length;
	struct wire_answer answers[WIRE_ANSWERS];
	int answer_count;
	int64_t trickle_ns; /* earliest instant of the next byte */
	uint64_t answered;
};
void wire_init(struct wire *ret_wire, int fd, enum fault_bus bus);
/* Reads what is there: bytes read, 0 nothing, -errno when the peer is gone (-EPIPE at its end). */
int wire_receive(struct wire *wire, int64_t now_ns);
/* Takes @count bytes off the front of what came in. */
void wire_take(struct wire *wire, size_t count);
/* Queues an answer; when the queue is full it is dropped, as a real line would lose it. */
void wire_answer(struct wire *wire, const struct faults *faults, uint64_t seed, const void *bytes,
		 size_t length, int64_t now_ns);
/* Sends what is due. 0, or -errno. */
int wire_send(struct wire *wire, const struct faults *faults, int64_t now_ns);
/* When something is due next, CLOCK_BOOTTIME ns; INT64_MAX: nothing waits. */
int64_t wire_due_ns(const struct wire *wire);

#endif
