/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a device profile must have as a whole, once each of its parts is well formed. */
#ifndef DENSD_CONFIG_PROFILE_CHECK_H
#define DENSD_CONFIG_PROFILE_CHECK_H

#include "config/diagnostic.h"
#include "config/yaml.h"
#include "drivers/profile.h"

/* Each fault becomes one error at its place in @root, the document that @profile was read from. */
void profile_check(const struct yaml_node *root, struct diagnostics *diagnostics,
		   const struct profile *profile);

/* One error when no driver serves this kind of device over its protocol, or there is no driver of that name.
 */
void profile_check_protocol(const struct yaml_node *root, struct diagnostics *diagnostics,
			    const struct profile *profile);

#endif
