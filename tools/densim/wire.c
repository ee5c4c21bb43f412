/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densim/wire.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tools/densim/noise.h"

#define NS_PER_MS INT64_C(1000000)
#define BLOCKED_NS (2 * NS_PER_MS) /* a full terminal is tried again after this */

void wire_init(struct wire *ret_wire, int fd, enum fault_bus bus)
{
	ret_wire->fd = fd;
	ret_wire->bus = bus;
	ret_wire->in_length = 0;
	ret_wire->out_sent = ret_wire->out_length = 0;
	ret_wire->answer_count = 0;
	ret_wire->trickle_ns = ret_wire->last_byte_ns = 0;
}

int wire_receive(struct wire *wire, int64_t now_ns)
{
	if (wire->in_length == WIRE_IN)
		wire->in_length = 0;
	ssize_t n = read(wire->fd, wire->in + wire->in_length, WIRE_IN - wire->in_length);
	if (n == 0)
		return -EPIPE;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	wire->in_length += (size_t)n;
	wire->last_byte_ns = now_ns;
	return (int)n;
}

void wire_take(struct wire *wire, size_t count)
{
	wire->in_length -= count;
	memmove(wire->in, wire->in + count, wire->in_length);
}

static bool acts_here(const struct wire *wire, const struct faults *faults, enum fault fault)
{
	return faults->on[fault] && (faults->wires[fault] & wire->bus);
}

void wire_answer(struct wire *wire, const struct faults *faults, uint64_t seed, const void *bytes,
		 size_t length, int64_t now_ns)
{
	if (length == 0 || wire->answer_count == WIRE_ANSWERS || wire->out_length + length > WIRE_OUT)
		return;
	memcpy(wire->out + wire->out_length, bytes, length);
	wire->answered++;
	if (acts_here(wire, faults, FAULT_ANSWERS_CORRUPT) &&
	    wire->answered % (uint64_t)faults->value[FAULT_ANSWERS_CORRUPT] == 0) {
		uint64_t bits = noise_bits(seed, NOISE_CORRUPT, wire->answered);
		wire->out[wire->out_length + (bits >> 3) % length] ^= (uint8_t)(1u << (bits & 7));
	}
	wire->out_length += length;
	int64_t due_ns = now_ns;
	if (acts_here(wire, faults, FAULT_ANSWERS_LATE))
		due_ns += (int64_t)(faults->value[FAULT_ANSWERS_LATE] * NS_PER_MS);
	wire->answers[wire->answer_count++] = (struct wire_answer){wire->out_length, due_ns};
}

static void forget_sent(struct wire *wire)
{
	while (wire->answer_count && wire->answers[0].end <= wire->out_sent) {
		wire->answer_count--;
		memmove(wire->answers, wire->answers + 1,
			(size_t)wire->answer_count * sizeof(wire->answers[0]));
	}
	if (wire->answer_count == 0)
		wire->out_sent = wire->out_length = 0;
}

int wire_send(struct wire *wire, const struct faults *faults, int64_t now_ns)
{
	while (wire->answer_count && wire->answers[0].due_ns <= now_ns) {
		size_t length = wire->answers[0].end - wire->out_sent;
		bool trickle = acts_here(wire, faults, FAULT_ANSWERS_TRICKLE);
		if (now_ns < wire->trickle_ns)
			return 0;
		ssize_t n = write(wire->fd, wire->out + wire->out_sent, trickle ? 1 : length);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n < 0) {
			wire->trickle_ns = now_ns + BLOCKED_NS;
			return 0;
		}
		wire->out_sent += (size_t)n;
		if (trickle)
			wire->trickle_ns =
				now_ns + (int64_t)(faults->value[FAULT_ANSWERS_TRICKLE] * NS_PER_MS);
		forget_sent(wire);
	}
	return 0;
}

int64_t wire_due_ns(const struct wire *wire)
{
	if (wire->answer_count == 0)
		return INT64_MAX;
	int64_t due_ns = wire->answers[0].due_ns;
	return due_ns > wire->trickle_ns ? due_ns : wire->trickle_ns;
}
