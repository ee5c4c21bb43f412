/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of one answer on its way, by the kinds of trouble that are on (hazards 9, 10, 14 and 16). */
#ifndef DENSD_TESTS_SIMULATION_FRAME_FAULTS_H
#define DENSD_TESTS_SIMULATION_FRAME_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 512u

struct frame {
	size_t length;
	uint8_t bytes[FRAME_MAX];
};
enum frame_fault_kind {
	FRAME_GOOD,
	FRAME_LATE,      /* after the response timeout, within the worst latency; or only slow */
	FRAME_SLAVE,     /* another unit's number, with a good CRC; TCP: another transaction's */
	FRAME_FUNCTION,  /* another function's code */
	FRAME_CRC,       /* flipped bits; text: a byte that is no text */
	FRAME_HALF,      /* only its beginning comes */
	FRAME_STRAY,     /* bytes before or behind it that belong to nobody */
	FRAME_EXCEPTION, /* one of 1 to 6, nothing done */
	FRAME_ACK,       /* acknowledged, not done */
	FRAME_LOST,      /* done, never answered */
	FRAME_FAULTS
};
struct frame_fault {
	enum frame_fault_kind kind;
	bool desync;     /* densd must notice it: identity is read again before the next write */
	int64_t late_ns; /* after now */
	uint8_t exception;
};
/* For the next answer on that enum world_bus. */
struct frame_fault frame_fault_draw(int bus);
/* True when the answer does not arrive as it was given. */
bool frame_fault_applies(const struct frame_fault *fault, int bus);
void frame_fault_bend(const struct frame_fault *fault, int bus, struct frame *frame);
/* The exception to @request; false when it is none that can be answered. */
bool frame_fault_except(const struct frame_fault *fault, int bus, const uint8_t *request,
			struct frame *ret_frame);
/* True when the far end closes the connection now. */
bool frame_fault_resets(int bus);

#endif
