/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the chip controller says, parsed. Pure; the bytes come from outside and nothing about them is trusted.
 * IEEE 488.2 definite-length block: '#', one digit d (1..9), d digits of length, that many bytes.
 */
#ifndef DENSD_DRIVERS_BLOCK_H
#define DENSD_DRIVERS_BLOCK_H

#include <stddef.h>

#include "drivers/device.h"

#define BLOCK_ROW_BYTES 12u /* three big-endian float32 */
#define BLOCK_ROWS_MAX 65536u
#define BLOCK_BYTES_MAX (BLOCK_ROW_BYTES * BLOCK_ROWS_MAX)
#define BLOCK_HEADER_MAX 11u /* '#', the digit, nine digits */

enum block_result { BLOCK_COMPLETE = 0, BLOCK_INCOMPLETE, BLOCK_MALFORMED, BLOCK_TOO_LARGE };

/*
 * Looks at the @size bytes received so far. COMPLETE: *ret_payload (inside @bytes) and *ret_length.
 * INCOMPLETE: more must come. The LF after the block is not part of it.
 */
enum block_result block_parse(const uint8_t *bytes, size_t size, const uint8_t **ret_payload,
			      size_t *ret_length);
/*
 * Rows of a trace: time strictly upwards, everything finite. Writes length / 12 rows to @ret_rows.
 * 0, or -EBADMSG (not whole rows, none, time not monotonic, not finite).
 */
int block_decode_rows(const uint8_t *payload, size_t length, struct trace_row *ret_rows);

/* States as CHIP:STAT? names them; the numbers are those of a chip_report's state. */
enum block_chip_state {
	BLOCK_CHIP_UNKNOWN,
	BLOCK_CHIP_IDLE,
	BLOCK_CHIP_PROGRAMMED,
	BLOCK_CHIP_ARMED,
	BLOCK_CHIP_RUNNING,
	BLOCK_CHIP_DATA,
	BLOCK_CHIP_FAULT
};
struct block_status {
	uint8_t state; /* enum block_chip_state */
	uint32_t scan_counter, trace_counter, flags;
	double temperature_k, resistance_ohm, power_mw;
};
/* One line of CHIP:STAT?, without its LF. 0, or -EBADMSG. */
int block_parse_status(const char *line, struct block_status *ret_status);

struct block_segment {
	bool cool; /* COOL, else RAMP */
	double from_k, to_k, rate_k_per_s;
};
#define BLOCK_SEGMENTS_MAX 4u
/* The answer to PROG?. Number of segments (0 for an empty program), or -EBADMSG. */
int block_parse_program(const char *line, struct block_segment ret_segments[BLOCK_SEGMENTS_MAX]);
/* The answer to SYST:ERR?: its number, 0 = no error. 0, or -EBADMSG. */
int block_parse_error(const char *line, int *ret_code);

#endif
