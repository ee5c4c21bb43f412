/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/flow_schedule.h"

#include <math.h>

#include "daemon/base/clock.h"

#define PERIOD_S 1.0
#define BACKOFF_FIRST_S 1.0
#define BACKOFF_LAST_S 30.0
#define LINE_SHARE 10.0

const struct memory_field memory_of_flow_schedule[] = {
	MEMORY(struct flow_schedule, next_lab_s),
	MEMORY(struct flow_schedule, backoff_s),
	MEMORY_END,
};

void flow_schedule_init(struct flow_schedule *ret_schedule, double scale)
{
	*ret_schedule = (struct flow_schedule){.next_lab_s = -INFINITY, .scale = fmax(scale, 1)};
}

bool flow_schedule_is_due(const struct flow_schedule *schedule, const struct driver_cycle *cycle)
{
	return cycle->t_lab_s >= schedule->next_lab_s;
}

void flow_schedule_next(struct flow_schedule *schedule, const struct driver_cycle *cycle, int r)
{
	double took_s = (double)(clock_mono_ns() - cycle->now_ns) / (double)CLOCK_NS_PER_S * schedule->scale;

	/* A line that is quiet, or gone, is not this device's silence, nor the end of it. */
	if (r == CAUSE_QUARANTINE)
		return;
	if (r == 0 || r == CAUSE_LINK) {
		schedule->backoff_s = 0;
		schedule->next_lab_s = cycle->t_lab_s + PERIOD_S;
		return;
	}
	schedule->backoff_s =
		fmin(schedule->backoff_s > 0 ? 2 * schedule->backoff_s : BACKOFF_FIRST_S, BACKOFF_LAST_S);
	schedule->next_lab_s = cycle->t_lab_s + fmax(schedule->backoff_s, LINE_SHARE * took_s);
}
