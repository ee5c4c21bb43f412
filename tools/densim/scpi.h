/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chip controller's text protocol (drivers/chip-protocol.md). Pure: one line in, an answer or none out.
 */
#ifndef DENSD_DENSIM_SCPI_H
#define DENSD_DENSIM_SCPI_H

#include <stddef.h>

#include "tools/densim/laboratory.h"

enum { SCPI_ERRORS = 16, SCPI_LINE = 256, SCPI_ANSWER = 16 + CHIP_ROWS * 12 };
struct scpi {
	struct laboratory *lab; /* borrowed */
	int errors[SCPI_ERRORS];
	int error_count;
};
/*
 * Acts on @line (no LF, NUL at its end). Writes the answer with its LF into @ret_answer[SCPI_ANSWER] and
 * returns its length; 0 for a command.
 */
size_t scpi_line(struct scpi *scpi, const char *line, char *ret_answer);

#endif
