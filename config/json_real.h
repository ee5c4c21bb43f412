/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DENSD_CONFIG_JSON_REAL_H
#define DENSD_CONFIG_JSON_REAL_H

#include <json-c/json.h>

/* A number as densd and densctl write it: ten digits; NULL (JSON null) when it is not finite. */
json_object *json_real(double value);

#endif
