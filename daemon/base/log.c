/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *log_program = "densd";
static enum log_level log_max = LOG_LEVEL_INFO;
static unsigned log_lost; /* lines that nobody took */

void log_open(const char *program, enum log_level max)
{
	log_program = program;
	log_max = max;
}

/* Who reads the log may stand still (a pager, a stopped terminal, a journal that hangs): densd does not. */
static bool write_now(const char *line, size_t length)
{
	struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
	ssize_t n = send(STDERR_FILENO, line, length, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n >= 0 || errno != ENOTSOCK)
		return n >= 0;
	return poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) && write(STDERR_FILENO, line, length) >= 0;
}

static void tell_lost(void)
{
	char line[80];
	int n = snprintf(line, sizeof(line), "%s: %u line(s) of the log were lost: nobody read them\n",
			 log_program, log_lost);

	if (write_now(line, (size_t)n))
		log_lost = 0;
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
	if (log_lost > 0)
		tell_lost();
	/* One write a line, so that lines of several processes do not mix. */
	if (!write_now(line, (size_t)n))
		log_lost++;
}
