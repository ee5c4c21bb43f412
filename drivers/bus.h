/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One bus and the devices on it: what densd-bus runs. Blocking; one thread; one owner of the line.
 * Nothing happens by itself: each bus_cycle is asked for by control.
 */
#ifndef DENSD_DRIVERS_BUS_H
#define DENSD_DRIVERS_BUS_H

#include <stdio.h>

#include "drivers/profile.h"

struct bus;

/* Takes the line (lock, exclusive) lazily at the first cycle. 0, -ENOMEM, -EINVAL (config makes no sense). */
int bus_new(const struct bus_config *config, struct bus **ret_bus);
void bus_free(struct bus *bus); /* closes without writing anything; NULL is fine */
/*
 * One cycle: for each device in order, write what @demands asks that differs, read its block, fill
 * @ret_reports[i]. @demands and @ret_reports have config->device_count entries. Never fails as a whole:
 * trouble is in the reports. @ret_trace_fd: a sealed memfd when a chip READ finished in this cycle, else -1.
 * @tick_mono_ns: when control made the demand; the heartbeat is written only from one younger than 1 s.
 */
void bus_cycle(struct bus *bus, int64_t tick_mono_ns, const struct demand *demands,
	       struct report *ret_reports, int *ret_trace_fd);

/* Records what passes over the line for @seconds into @stream, which it takes over (drivers/capture.h). */
void bus_capture(struct bus *bus, FILE *stream, uint32_t seconds);

#endif
