/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a driver knows at one instant, as text by the names of its fields: a capture that begins in the middle
 * of a night begins with it, and a playback goes on from it. Pointers and what init makes of the profile are
 * no part of it. A name that is unknown, or not there, is another version's: the rest is taken all the same.
 */
#ifndef DENSD_DRIVERS_MEMORY_H
#define DENSD_DRIVERS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum memory_kind { MEMORY_FLAG, MEMORY_UNSIGNED, MEMORY_SIGNED, MEMORY_REAL, MEMORY_TEXT, MEMORY_BYTES };
struct memory_field {
	const char *name; /* NULL ends a table */
	uint8_t kind;     /* enum memory_kind */
	size_t offset, size;
	size_t count;       /* of an array of reals; else 1 */
	uint64_t below;     /* an index or a code is less than this; 0: any number */
	size_t used_offset; /* BYTES: where the size_t of how many of the @size are used stands */
	const struct memory_field *part; /* a struct with a table of its own, instead of a kind */
};

#define MEMORY_AT(type, field) .name = #field, .offset = offsetof(type, field)
#define MEMORY_OF(type, field) (((type *)NULL)->field)
#define MEMORY_KIND(value) \
	_Generic((value), bool        \
		 : MEMORY_FLAG, uint8_t \
		 : MEMORY_UNSIGNED, uint16_t \
		 : MEMORY_UNSIGNED, uint32_t \
		 : MEMORY_UNSIGNED, size_t \
		 : MEMORY_UNSIGNED, int8_t \
		 : MEMORY_SIGNED, int32_t \
		 : MEMORY_SIGNED, int64_t \
		 : MEMORY_SIGNED, double \
		 : MEMORY_REAL, double * \
		 : MEMORY_REAL, char * \
		 : MEMORY_TEXT)
/* A number, a flag or a text. */
#define MEMORY(type, field)                                                                \
	{                                                                                  \
		MEMORY_AT(type, field), .kind = MEMORY_KIND(MEMORY_OF(type, field)),       \
					.size = sizeof(MEMORY_OF(type, field)), .count = 1 \
	}
/* A number that is an index or a code. */
#define MEMORY_BELOW(type, field, most)                                                                     \
	{                                                                                                   \
		MEMORY_AT(type, field), .kind = MEMORY_KIND(MEMORY_OF(type, field)),                        \
					.size = sizeof(MEMORY_OF(type, field)), .count = 1, .below = (most) \
	}
#define MEMORY_REALS(type, field)                                                                \
	{                                                                                        \
		MEMORY_AT(type, field), .kind = MEMORY_REAL, .size = sizeof(double),             \
					.count = sizeof(MEMORY_OF(type, field)) / sizeof(double) \
	}
/* A pointer to @room bytes, of which @used are used. */
#define MEMORY_BUFFER(type, field, used, room)                                            \
	{                                                                                 \
		MEMORY_AT(type, field), .kind = MEMORY_BYTES, .size = (room), .count = 1, \
					.used_offset = offsetof(type, used)               \
	}
#define MEMORY_PART(type, field, table)                                                                     \
	{                                                                                                   \
		MEMORY_AT(type, field), .part = (table), .size = sizeof(MEMORY_OF(type, field)), .count = 1 \
	}
#define MEMORY_END           \
	{                    \
		.name = NULL \
	}

extern const struct memory_field memory_of_reading[];        /* struct reading */
extern const struct memory_field memory_of_furnace_report[]; /* the reports of device.h */
extern const struct memory_field memory_of_press_report[];
extern const struct memory_field memory_of_flow_report[];

/* " NAME=VALUE PART.NAME=VALUE ...", without a line's end. */
void memory_write(FILE *stream, const struct memory_field *fields, const void *state);
/* What became of the names in a text. */
struct memory_outcome {
	uint32_t taken, missing, unknown;
};
/* 0, or -EINVAL: a value is none of its field's (then @state is half taken). */
int memory_read(const char *text, const struct memory_field *fields, void *state,
		struct memory_outcome *ret_outcome);

#endif
