/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The analyses of `densctl analyse`; analyse_main() itself is declared in command.h. */
#ifndef DENSCTL_ANALYSE_H
#define DENSCTL_ANALYSE_H

#include <json-c/json.h>

#include "tools/densctl/analyse/arguments.h"
#include "tools/densctl/analyse/input.h"

/* enum exit_code each */
int analyse_pair_run(const struct analyse_arguments *arguments);
int analyse_kissinger_run(const struct analyse_arguments *arguments);
int analyse_lag_run(const struct analyse_arguments *arguments);
int analyse_fsdp_run(const struct analyse_arguments *arguments);
int analyse_eos_run(const struct analyse_arguments *arguments);
int analyse_mass_run(const struct analyse_arguments *arguments);
int analyse_series_run(const struct analyse_arguments *arguments);

/*
 * Says why there is no result: a sentence on standard error, and with @json {"refused": {"code", "why"}} on
 * standard output. DENSCTL_ANALYSIS for what was refused, DENSCTL_INVALID for what could not be read.
 */
int analyse_refuse(const char *name, bool json, const struct input_failure *failure);
/* The same for `densctl series`, which takes stored runs. */
int analyse_refuse_series(bool json, const struct input_failure *failure);
/* The same for a library that returned @r (an enum refusal with its sentence @why, or a negative errno). */
int analyse_refuse_result(const char *name, const struct analyse_arguments *arguments, int r,
			  const char *why);
/*
 * Lag, scale and their errors into arguments->pair: from --indium, and what the command line says on top. 0,
 * or negative with @failure.
 */
int analyse_take_lag(struct analyse_arguments *arguments, struct input_failure *failure);
/* {"low", "high"} as a list of two; each null when not finite. Owned by the caller. */
json_object *analyse_json_span(const double span[2]);
/* Adds to the list of warnings that columns of @path were not looked at, if there are some. */
void analyse_json_ignored(json_object *warnings, const char *path, const char *ignored);

#endif
