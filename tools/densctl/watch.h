/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DENSCTL_WATCH_H
#define DENSCTL_WATCH_H

#include <json-c/json.h>

#include "tools/densctl/command.h"

/*
 * Follows the runs of @runs (a JSON array of ids) until none is in the queue any more, drawing as `watch`
 * does. DENSCTL_OK: all completed; DENSCTL_REFUSED: one ended otherwise; DENSCTL_NO_DAEMON: densd fell
 * silent.
 */
int watch_until_done(const struct options *options, json_object *runs);

#endif
