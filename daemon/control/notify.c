/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/notify.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "daemon/control/control.h"

#define NOTIFY_TEXT 320
#define READY_TRIES 100 /* 10 ms apart */

/* 0, or -errno: there is no manager. "@" stands for the NUL of an abstract name. */
static int find_manager(struct sockaddr_un *ret_address, socklen_t *ret_length)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path ? strlen(path) : 0;

	if (length < 2 || length >= sizeof(ret_address->sun_path) || (path[0] != '/' && path[0] != '@'))
		return -ENOENT;
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret_address->sun_path, path, length);
	if (path[0] == '@')
		ret_address->sun_path[0] = '\0';
	*ret_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	return 0;
}

/*
 * Not sd_notify: that waits for ever where the manager does not read (frozen, or stopped by a debugger), and
 * the furnace with it. Nothing is allocated.
 */
static int send_now(const char *text)
{
	static int fd = -1;
	struct sockaddr_un manager;
	socklen_t length;
	int r = find_manager(&manager, &length);

	if (r == 0 && fd < 0)
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r < 0 || fd < 0)
		return -ENOENT;
	return sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&manager, length) < 0 ? -errno
												     : 0;
}

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void tell(const char *format, ...)
{
	char text[NOTIFY_TEXT];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	send_now(text);
}

void notify_ready(const struct control *control)
{
	/* The one word that must arrive, and the loop has not begun yet. */
	for (int i = 0; i < READY_TRIES && send_now("READY=1") == -EAGAIN; i++)
		poll(NULL, 0, 10);
	tell("STATUS=%s, %u run(s) waiting", phase_name((enum phase)control->machine.phase),
	     queue_count_waiting(&control->queue));
}

void notify_status(const struct control *control)
{
	tell("STATUS=%s%s%s, %.1f K, %.3f GPa, %u run(s) waiting",
	     phase_name((enum phase)control->machine.phase), control->run[0] ? " " : "", control->run,
	     control->machine.last_good_k, control->machine.last_good_gpa,
	     queue_count_waiting(&control->queue));
}

void notify_stopping(void)
{
	send_now("STOPPING=1");
}

void notify_watchdog(int64_t now_ns, double late_ms, double late_ms_limit)
{
	static uint64_t period_us;
	static int enabled = -1;
	static int64_t fed_ns;

	if (enabled < 0)
		enabled = sd_watchdog_enabled(0, &period_us) > 0;
	if (!enabled || late_ms > late_ms_limit || (uint64_t)(now_ns - fed_ns) < period_us * 1000 / 2)
		return;
	/* What the manager had no room for is told again with the next step: half a period on is too late. */
	if (send_now("WATCHDOG=1") == 0)
		fed_ns = now_ns;
}
