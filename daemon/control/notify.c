/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/notify.h"

#include <systemd/sd-daemon.h>

#include "daemon/control/control.h"

void notify_ready(const struct control *control)
{
	sd_notifyf(0, "READY=1\nSTATUS=%s, %u run(s) waiting", phase_name((enum phase)control->machine.phase),
		   queue_count_waiting(&control->queue));
}

void notify_status(const struct control *control)
{
	sd_notifyf(0, "STATUS=%s%s%s, %.1f K, %.3f GPa, %u run(s) waiting",
		   phase_name((enum phase)control->machine.phase), control->run[0] ? " " : "", control->run,
		   control->machine.last_good_k, control->machine.last_good_gpa,
		   queue_count_waiting(&control->queue));
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
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
	fed_ns = now_ns;
	sd_notify(0, "WATCHDOG=1");
}
