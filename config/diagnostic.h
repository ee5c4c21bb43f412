/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "file:line:column: error: what, why, what is allowed": collected, all in one go. */
#ifndef DENSD_CONFIG_DIAGNOSTIC_H
#define DENSD_CONFIG_DIAGNOSTIC_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define DIAGNOSTICS_MAX 64
#define DIAGNOSTIC_TEXT 640

enum diagnostic_level { DIAGNOSTIC_ERROR, DIAGNOSTIC_WARNING };
struct diagnostic {
	uint8_t level;
	uint32_t line, column; /* 1-based; 0: the whole file */
	char text[DIAGNOSTIC_TEXT];
};
struct diagnostics {
	char file[256];
	size_t count, errors, dropped; /* dropped: beyond DIAGNOSTICS_MAX */
	struct diagnostic list[DIAGNOSTICS_MAX];
};
void diagnostics_init(struct diagnostics *ret_diagnostics, const char *file);
void diagnostics_add(struct diagnostics *diagnostics, enum diagnostic_level level, uint32_t line,
		     uint32_t column, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* One line each to @stream, sorted by place, then "N errors". */
void diagnostics_print(const struct diagnostics *diagnostics, FILE *stream);

#endif
