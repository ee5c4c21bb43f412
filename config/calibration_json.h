/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A calibration as it stands in the record of a run (daemon/WIRE.md, run) and as densctl shows it. */
#ifndef DENSD_CONFIG_CALIBRATION_JSON_H
#define DENSD_CONFIG_CALIBRATION_JSON_H

#include <json-c/json.h>

#include "config/calibration.h"

/* Head and tables of @calibration. One shape for all kinds: what a kind has not is an empty table or null. */
void calibration_json_add(json_object *object, const struct calibration *calibration);

#endif
