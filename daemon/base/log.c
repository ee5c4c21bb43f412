/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_FREE_FD 10 /* below are those that a parent hands down by number */

static const char *log_program = "densd";
static enum log_level log_max = LOG_LEVEL_INFO;
static unsigned log_lost; /* lines that nobody took */
static int log_own = -1;  /* standard error once more, for this process alone and never blocking */

/*
 * O_NONBLOCK on standard error itself would be that of every process that shares it. Without it a pipe that
 * had room a moment ago may be full when the line is written, because another worker was quicker, and a
 * terminal takes part of a line and waits for the rest.
 */
static int open_own(void)
{
	struct stat status;
	int fd, own;

	if (fstat(STDERR_FILENO, &status) < 0 || !(S_ISFIFO(status.st_mode) || isatty(STDERR_FILENO)))
		return -1;
	fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	own = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	if (fd >= 0)
		close(fd);
	return own;
}

void log_open(const char *program, enum log_level max)
{
	log_program = program;
	log_max = max;
	if (log_own >= 0)
		close(log_own);
	log_own = open_own();
}

/* Who reads the log may stand still (a pager, a stopped terminal, a journal that hangs): densd does not. */
static bool write_now(const char *line, size_t length)
{
	struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
	ssize_t n;

	if (log_own >= 0)
		return write(log_own, line, length) >= 0;
	n = send(STDERR_FILENO, line, length, MSG_DONTWAIT | MSG_NOSIGNAL);
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
