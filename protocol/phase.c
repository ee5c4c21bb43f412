/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/phase.h"

#include <string.h>

static const char *const phase_names[PHASE_MAX] = {
	[PHASE_IDLE] = "idle",
	[PHASE_QUEUED] = "queued",
	[PHASE_WAIT_CAPSULE] = "wait-capsule",
	[PHASE_PREFLIGHT] = "preflight",
	[PHASE_COMPRESS] = "compress",
	[PHASE_HEAT] = "heat",
	[PHASE_ISOTHERM] = "isotherm",
	[PHASE_COOL] = "cool",
	[PHASE_DECOMPRESS] = "decompress",
	[PHASE_DONE] = "done",
	[PHASE_HOLD] = "hold",
	[PHASE_ABORTING] = "aborting",
	[PHASE_TRIPPED] = "tripped",
	[PHASE_RECOVERY_WAIT] = "recovery-wait",
	[PHASE_HANDED_OVER] = "handed-over",
};

static const char *const outcome_names[OUTCOME_MAX] = {
	[OUTCOME_NONE] = "none",       [OUTCOME_COMPLETED] = "completed",
	[OUTCOME_ABORTED] = "aborted", [OUTCOME_TRIPPED] = "tripped",
	[OUTCOME_FAILED] = "failed",   [OUTCOME_HANDED_OVER] = "handed-over",
};

const char *phase_name(enum phase phase)
{
	return (unsigned)phase < PHASE_MAX ? phase_names[phase] : "invalid";
}

const char *outcome_name(enum outcome outcome)
{
	return (unsigned)outcome < OUTCOME_MAX ? outcome_names[outcome] : "invalid";
}

int phase_from_name(const char *name)
{
	for (int i = 0; i < PHASE_MAX; i++)
		if (strcmp(phase_names[i], name) == 0)
			return i;
	return -1;
}
