/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the chip controller sends: trace blocks, status lines, programs, errors. */
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_block(const uint8_t *data, size_t size)
{
	const uint8_t *payload;
	struct trace_row *rows;
	size_t length;

	if (block_parse(data, size, &payload, &length) != BLOCK_COMPLETE)
		return;
	assert(payload + length <= data + size);
	rows = malloc((length / BLOCK_ROW_BYTES + 1) * sizeof(*rows));
	if (rows)
		block_decode_rows(payload, length, rows);
	free(rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct block_segment segments[BLOCK_SEGMENTS_MAX];
	struct block_status status;
	char line[512];
	int code;

	try_block(data, size);
	if (size >= sizeof(line))
		return 0;
	memcpy(line, data, size);
	line[size] = '\0';
	block_parse_status(line, &status);
	block_parse_program(line, segments);
	block_parse_error(line, &code);
	return 0;
}
