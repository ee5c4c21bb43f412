/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DENSD_CONFIG_LIMITS_READER_H
#define DENSD_CONFIG_LIMITS_READER_H

#include <stdbool.h>

#include "config/diagnostic.h"
#include "config/yaml.h"
#include "protocol/limits.h"

/*
 * Reads a `limits:` map: each key a name of protocol/limits.h, each value with the unit of its dimension,
 * inside [minimum, maximum]. @only_safer: a protocol may move a number towards safer only.
 */
void limits_read(const struct yaml_node *map, bool only_safer, struct diagnostics *diagnostics,
		 struct limits *limits);

#endif
