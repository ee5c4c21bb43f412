/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a run is, and how it ended. */
#ifndef DENSD_PROTOCOL_PHASE_H
#define DENSD_PROTOCOL_PHASE_H

#include <stdbool.h>

enum phase {
	PHASE_IDLE,
	PHASE_QUEUED,
	PHASE_WAIT_CAPSULE,
	PHASE_PREFLIGHT,
	PHASE_COMPRESS,
	PHASE_HEAT,
	PHASE_ISOTHERM,
	PHASE_COOL,
	PHASE_DECOMPRESS,
	PHASE_DONE,
	PHASE_HOLD,
	PHASE_ABORTING,
	PHASE_TRIPPED,
	PHASE_RECOVERY_WAIT,
	PHASE_HANDED_OVER,
	PHASE_MAX
};
enum outcome {
	OUTCOME_NONE,
	OUTCOME_COMPLETED,
	OUTCOME_ABORTED,
	OUTCOME_TRIPPED,
	OUTCOME_FAILED,
	OUTCOME_HANDED_OVER,
	OUTCOME_MAX
};

const char *phase_name(enum phase phase);       /* "wait-capsule" */
const char *outcome_name(enum outcome outcome); /* "handed-over"; "none" while it runs */
int phase_from_name(const char *name);

#endif
