/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which calibrations each run stands on: identity, content and since when, pinned while the run goes on. A
 * run that outlives a restart with another calibration has both.
 */
#ifndef DENSD_RECORDER_PINS_H
#define DENSD_RECORDER_PINS_H

#include <json-c/json.h>

#include "daemon/recorder/store.h"
#include "daemon/snapshot.h"

/* Called with each snapshot, inside its transaction. 0 or -errno. */
int pins_keep(struct store *store, const struct control_snapshot *snapshot, int64_t t_wall_us);
/* The calibrations of @run, the order of the places; an empty array when it has none. */
json_object *pins_render(struct store *store, const char *run);

#endif
