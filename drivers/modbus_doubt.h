/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose answer is missing on an RTU line. An answer there bears no number: what tells it from another of the
 * same unit is its shape, function and length. One that is missing may come until LINE_LATEST_MS after its
 * question, and would be taken for the next one of its shape. A unit answers in the order it was asked: what
 * answers a question of another shape says that the missing ones have come or never will. Pure.
 */
#ifndef DENSD_DRIVERS_MODBUS_DOUBT_H
#define DENSD_DRIVERS_MODBUS_DOUBT_H

#include <stdbool.h>
#include <stdint.h>

#define MODBUS_DOUBT_MISSING 8u
#define MODBUS_DOUBT_READS 4u

/* A read: its answer has the shape of its function and so many bytes. */
struct modbus_read {
	uint8_t function; /* 1 coil, 2 discrete input, 3 holding, 4 input registers; 0: none */
	uint16_t address, count;
};
struct modbus_doubt {
	struct {
		uint16_t shape;
		int64_t until_ns;
	} missing[MODBUS_DOUBT_MISSING];
	/* Reads that were answered, no two of one shape. */
	struct modbus_read reads[MODBUS_DOUBT_READS];
	uint32_t next_read;
};

/* @bytes: what the answer says it holds; 0 for a write, whose answer repeats the question. */
uint16_t modbus_doubt_shape(uint8_t function, uint16_t bytes);
uint16_t modbus_doubt_read_shape(const struct modbus_read *read);
/* The answer of this shape is missing, and may come until then. */
void modbus_doubt_miss(struct modbus_doubt *doubt, uint16_t shape, int64_t until_ns, int64_t now_ns);
bool modbus_doubt_is_missing(const struct modbus_doubt *doubt, uint16_t shape, int64_t now_ns);
bool modbus_doubt_is_any_missing(const struct modbus_doubt *doubt, int64_t now_ns);
/* A question whose answer no missing one could be taken for was answered. */
void modbus_doubt_end(struct modbus_doubt *doubt);
void modbus_doubt_remember(struct modbus_doubt *doubt, const struct modbus_read *read);
/* A read that this unit has answered and whose answer no missing one can be taken for; NULL: none. */
const struct modbus_read *modbus_doubt_find_read(const struct modbus_doubt *doubt, int64_t now_ns);

#endif
