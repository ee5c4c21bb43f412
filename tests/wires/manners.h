/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of one answer on its way, and how often: drawn by seed, a random half of the kinds in each. */
#ifndef DENSD_TESTS_WIRES_MANNERS_H
#define DENSD_TESTS_WIRES_MANNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/simulation/chance.h"

/* X(name, on which lines: M Modbus RTU, T Modbus TCP, S text, what it is) */
#define MANNERS(X)                                                                          \
	X(LATE, "MTS", "comes 0 to 3 s later")                                              \
	X(TRICKLE, "MTS", "comes byte by byte, with gaps of 1 to 300 ms")                   \
	X(LOST, "MTS", "never comes; what it asked for is done")                            \
	X(UNIT, "MS", "bears another unit's number")                                        \
	X(FUNCTION, "MTS", "bears another function's code; text: answers another question") \
	X(LENGTH, "MTS", "states another length than was asked for")                        \
	X(NOT_DONE, "MTS", "acknowledges what was not done")                                \
	X(ECHO, "MT", "acknowledges another value than was written")                        \
	X(BITS, "MS", "has 1 to 16 bits flipped")                                           \
	X(CUT, "MTS", "ends early")                                                         \
	X(TWICE, "MTS", "comes twice, at once")                                             \
	X(STRAY, "MTS", "has bytes before or behind it that belong to nobody")              \
	X(EXCEPTION, "MTS", "is an exception, 1 to 6 or one that does not exist")           \
	X(NUMBER, "T", "bears another transaction's number")                                \
	X(PREVIOUS, "MTS", "is the answer before it, once more")                            \
	X(FROZEN, "MTS", "shows the numbers of the answer before it")                       \
	X(MASTER, "M", "another master asks on the same line")                              \
	X(CLOSED, "T", "the connection is closed instead")                                  \
	X(HALF_OPEN, "T", "nothing comes any more, and the connection stays open")          \
	X(GONE, "MTS", "the adapter is pulled, the port refuses, for a while")

#define MANNERS_NAME(name, lines, what) MANNER_##name,
enum manner { MANNERS(MANNERS_NAME) MANNER_KINDS };
#undef MANNERS_NAME
struct manner_info {
	const char *name, *lines, *what;
};
extern const struct manner_info manner_table[MANNER_KINDS];

#define MANNER_FRAME_MAX 600u
struct manner_frame {
	size_t length;
	uint8_t bytes[MANNER_FRAME_MAX];
};
struct manners {
	char line; /* M, T or S */
	double share[MANNER_KINDS];
	uint64_t met[MANNER_KINDS];
};

/* @only: this kind alone, always; MANNER_KINDS: as the seed draws them. */
void manners_init(struct manners *ret_manners, char line, struct chance *chance, int only);
/* The kind that befalls the next answer; MANNER_KINDS: none. */
int manners_draw(struct manners *manners, struct chance *chance);
/* Whether a kind that befalls the line and no answer happens now. */
bool manners_happens(struct manners *manners, enum manner kind, struct chance *chance);
/* 1 to 16 flipped bits, single or in a burst. */
void manners_flip(struct chance *chance, struct manner_frame *frame);
void manners_stray(struct chance *chance, struct manner_frame *frame, bool before);

#endif
