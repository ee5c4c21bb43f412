/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/frame_faults.h"

#include <string.h>

#include "tests/simulation/world.h"

#define MS_NS INT64_C(1000000)
#define STRAY_MOST 8u

static const struct {
	enum trouble_kind trouble;
	enum frame_fault_kind fault;
	bool desync;
} faults[] = {{TROUBLE_FRAME_LATE, FRAME_LATE, true},
	      {TROUBLE_FRAME_SLAVE, FRAME_SLAVE, true},
	      {TROUBLE_FRAME_FUNCTION, FRAME_FUNCTION, true},
	      {TROUBLE_CORRUPT, FRAME_CRC, true},
	      {TROUBLE_FRAME_HALF, FRAME_HALF, true},
	      {TROUBLE_FRAME_STRAY, FRAME_STRAY, false},
	      {TROUBLE_FRAME_EXCEPTION, FRAME_EXCEPTION, false},
	      {TROUBLE_FRAME_ACK, FRAME_ACK, false},
	      {TROUBLE_FRAME_LOST, FRAME_LOST, true}};
/* An answer that comes later than timeout and worst latency together breaks the profile's word. */
static const double timeouts_ms[] = {[WORLD_PRESS] = 1000, [WORLD_RTU] = 1000, [WORLD_CHIP] = 2000};
static const double latencies_ms[] = {[WORLD_PRESS] = 100, [WORLD_RTU] = 190, [WORLD_CHIP] = 400};

struct frame_fault frame_fault_draw(int bus)
{
	struct chance *chance = &world.chance;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct frame_fault fault = {.kind = faults[i].fault, .desync = faults[i].desync};
		double late_ms;

		if (!trouble_is_on(&world.trouble, faults[i].trouble) ||
		    !chance_is(chance, trouble_share(&world.trouble, faults[i].trouble, bus)))
			continue;
		late_ms = chance_is(chance, 0.5)
				  ? chance_between(chance, 30, 900)
				  : timeouts_ms[bus] + chance_between(chance, 1, latencies_ms[bus]);
		fault.late_ns = (int64_t)(late_ms * (double)MS_NS);
		fault.desync = fault.desync && (fault.kind != FRAME_LATE || late_ms > timeouts_ms[bus]);
		fault.exception = (uint8_t)(1 + chance_pick(chance, 6));
		return fault;
	}
	return (struct frame_fault){.kind = FRAME_GOOD};
}

bool frame_fault_applies(const struct frame_fault *fault, int bus)
{
	(void)bus;
	return fault->kind != FRAME_GOOD && fault->kind != FRAME_ACK && fault->kind != FRAME_EXCEPTION;
}

static void seal_rtu(struct frame *frame)
{
	uint16_t crc = modbus_server_crc(frame->bytes, frame->length - 2);

	frame->bytes[frame->length - 2] = (uint8_t)crc;
	frame->bytes[frame->length - 1] = (uint8_t)(crc >> 8);
}

/* One, two or a burst of up to 16 bits: what the CRC promises to find. Text has none, but it is all ASCII. */
static void flip(int bus, struct frame *frame)
{
	struct chance *chance = &world.chance;
	uint32_t at = chance_pick(chance, (uint32_t)frame->length * 8), burst = 1 + chance_pick(chance, 16);

	if (bus == WORLD_CHIP) {
		frame->bytes[at / 8] |= 0x80;
		return;
	}
	if (bus == WORLD_PRESS) { /* TCP has its own checksum; what can be wrong is whose answer it is */
		frame->bytes[0] ^= 0x55;
		return;
	}
	frame->bytes[at / 8] ^= (uint8_t)(1u << at % 8);
	for (uint32_t bit = at + 1; bit < at + burst && bit < frame->length * 8; bit++)
		if (chance_is(chance, 0.5))
			frame->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

static void add_stray(struct frame *frame)
{
	struct chance *chance = &world.chance;
	size_t count = 1 + chance_pick(chance, STRAY_MOST);
	bool before = chance_is(chance, 0.5);

	if (frame->length + count > FRAME_MAX)
		return;
	if (before)
		memmove(frame->bytes + count, frame->bytes, frame->length);
	for (size_t i = 0; i < count; i++)
		frame->bytes[before ? i : frame->length + i] = (uint8_t)chance_pick(chance, 256);
	frame->length += count;
}

void frame_fault_bend(const struct frame_fault *fault, int bus, struct frame *frame)
{
	size_t unit = bus == WORLD_PRESS ? 6 : 0;

	switch (fault->kind) {
	case FRAME_SLAVE:
		frame->bytes[bus == WORLD_RTU ? 0 : 1]++; /* TCP: the transaction's number */
		break;
	case FRAME_FUNCTION:
		frame->bytes[unit + 1] = (uint8_t)(frame->bytes[unit + 1] == 3 ? 4 : 3);
		break;
	case FRAME_CRC:
		flip(bus, frame);
		break;
	case FRAME_HALF:
		frame->length = chance_pick(&world.chance, (uint32_t)frame->length);
		break;
	case FRAME_STRAY:
		add_stray(frame);
		break;
	case FRAME_LOST:
		frame->length = 0;
		break;
	case FRAME_GOOD:
	case FRAME_LATE:
	case FRAME_EXCEPTION:
	case FRAME_ACK:
	case FRAME_FAULTS:
		break;
	}
	if (bus == WORLD_RTU && (fault->kind == FRAME_SLAVE || fault->kind == FRAME_FUNCTION))
		seal_rtu(frame);
}

bool frame_fault_except(const struct frame_fault *fault, int bus, const uint8_t *request,
			struct frame *ret_frame)
{
	size_t head = bus == WORLD_PRESS ? 7 : 1;

	memcpy(ret_frame->bytes, request, head);
	ret_frame->bytes[head] = request[head] | 0x80;
	ret_frame->bytes[head + 1] = fault->exception;
	ret_frame->length = head + 2;
	if (bus == WORLD_PRESS) {
		ret_frame->bytes[4] = 0;
		ret_frame->bytes[5] = 3;
	} else {
		ret_frame->length += 2;
		seal_rtu(ret_frame);
	}
	return true;
}

bool frame_fault_resets(int bus)
{
	return bus == WORLD_PRESS && trouble_is_on(&world.trouble, TROUBLE_RESET) &&
	       chance_is(&world.chance, 0.02);
}
