/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registers that a driver needs of a profile: their names, and the units in which they may count. */
#ifndef DENSD_CONFIG_PROFILE_ROLES_H
#define DENSD_CONFIG_PROFILE_ROLES_H

#include "config/diagnostic.h"
#include "config/yaml.h"
#include "drivers/profile.h"

/* Each role that is missing, cannot be written or counts in another unit becomes one error at its place. */
void profile_roles_check(const struct yaml_node *root, struct diagnostics *diagnostics,
			 const struct profile *profile);

#endif
