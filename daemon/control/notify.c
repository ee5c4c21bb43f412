/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/notify.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "daemon/control/control.h"
#include "daemon/control/manager.h"

#define NOTIFY_TEXT 320
#define READY_TRIES 100 /* 10 ms apart */

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void tell(const char *format, ...)
{
	char text[NOTIFY_TEXT];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	manager_tell(text);
}

void notify_ready(const struct control *control)
{
	/* The one word that must arrive, and the loop has not begun yet. */
	for (int i = 0; i < READY_TRIES && manager_tell("READY=1") == -EAGAIN; i++)
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
	manager_tell("STOPPING=1");
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
	if (manager_tell("WATCHDOG=1") == 0)
		fed_ns = now_ns;
}
