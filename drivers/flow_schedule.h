/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a flow controller is asked: once a lab second, and when silent after 1, 2, 4 ... 30 s and never for
 * more than a tenth of the line's time, which belongs to others.
 */
#ifndef DENSD_DRIVERS_FLOW_SCHEDULE_H
#define DENSD_DRIVERS_FLOW_SCHEDULE_H

#include "drivers/driver.h"

struct flow_schedule {
	double next_lab_s, backoff_s, scale;
};
extern const struct memory_field memory_of_flow_schedule[];
void flow_schedule_init(struct flow_schedule *ret_schedule, double scale);
bool flow_schedule_is_due(const struct flow_schedule *schedule, const struct driver_cycle *cycle);
/* @r: 0, or the enum cause this cycle's questions ended with. */
void flow_schedule_next(struct flow_schedule *schedule, const struct driver_cycle *cycle, int r);

#endif
