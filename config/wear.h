/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run costs an instrument whose setpoint lies in a memory that wears (hazard 40). Pure. */
#ifndef DENSD_CONFIG_WEAR_H
#define DENSD_CONFIG_WEAR_H

#include "config/site.h"

/* True when each write of the furnace's setpoint costs a part of the device's life. */
bool wear_counts(const struct profile *profile);
/* Writes into that memory that the run needs at most, both ramps and a tenth more for holdback; 0: none. */
uint32_t wear_plan_writes(const struct plan *plan, const struct profile *profile, double ambient_k);
/* The furnace of the site, or NULL. */
const struct bus_device *wear_find_furnace(const struct site *site);
/* 0, or -EINVAL with one sentence that names what to do instead: @need writes and @left are left. */
int wear_judge(const struct bus_device *device, uint64_t need, uint64_t left, char *ret_why, size_t size);

#endif
