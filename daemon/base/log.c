/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *log_program = "densd";
static enum log_level log_max = LOG_LEVEL_INFO;

void log_open(const char *program, enum log_level max)
{
	log_program = program;
	log_max = max;
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[1024];
	va_list arguments;
	int n;

	if (level > log_max)
		return;
	n = getenv("JOURNAL_STREAM") ? snprintf(line, sizeof(line), "<%d>%s: ", (int)level, log_program)
				     : snprintf(line, sizeof(line), "%s: ", log_program);
	va_start(arguments, format);
	n += vsnprintf(line + n, sizeof(line) - (size_t)n, format, arguments);
	va_end(arguments);
	if ((size_t)n > sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	line[n++] = '\n';
	/* One write a line, so that lines of several processes do not mix. A failed log has nowhere to go. */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}
