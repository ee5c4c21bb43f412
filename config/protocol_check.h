/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan_check and plan_warnings of a plan that came from text: each fault with its place. */
#ifndef DENSD_CONFIG_PROTOCOL_CHECK_H
#define DENSD_CONFIG_PROTOCOL_CHECK_H

#include "config/diagnostic.h"
#include "config/yaml.h"
#include "protocol/plan.h"

/* Which value of the series the plan came from. */
struct protocol_axis {
	const struct yaml_node *values; /* the list; NULL: no series */
	bool is_pressure;
	size_t index;
};

/* A fault at the value's own place, or at the nearest thing above it that was written; each said once. */
void protocol_check(const struct plan *plan, double ambient_k, const struct yaml_node *root,
		    const struct protocol_axis *axis, struct diagnostics *diagnostics);

#endif
