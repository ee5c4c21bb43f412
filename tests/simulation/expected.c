/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a campaign can meet, and what 500 run-hours of values must meet: the tables of "met / never met". */
#include <stdbool.h>

#include "protocol/alarm.h"
#include "protocol/phase.h"
#include "tests/simulation/world.h"

/* SURE: met ten times and more in 500 run-hours of values. RARE: it can be met here. 0: not at all. */
enum { RARE = 1, SURE };

static const uint8_t edges[PHASE_MAX][PHASE_MAX] = {
	[PHASE_IDLE] = {[PHASE_PREFLIGHT] = SURE, [PHASE_WAIT_CAPSULE] = RARE, [PHASE_RECOVERY_WAIT] = RARE},
	[PHASE_WAIT_CAPSULE] = {[PHASE_PREFLIGHT] = SURE, [PHASE_RECOVERY_WAIT] = RARE},
	[PHASE_PREFLIGHT] = {[PHASE_COMPRESS] = SURE,
			     [PHASE_HEAT] = SURE,
			     [PHASE_DONE] = RARE,
			     [PHASE_HOLD] = RARE,
			     [PHASE_ABORTING] = RARE,
			     [PHASE_RECOVERY_WAIT] = RARE},
	[PHASE_COMPRESS] = {[PHASE_HEAT] = SURE,
			    [PHASE_ISOTHERM] = SURE,
			    [PHASE_HOLD] = SURE,
			    [PHASE_ABORTING] = SURE,
			    [PHASE_COOL] = SURE,
			    [PHASE_COMPRESS] = RARE,
			    [PHASE_DONE] = RARE,
			    [PHASE_TRIPPED] = RARE,
			    [PHASE_RECOVERY_WAIT] = RARE,
			    [PHASE_HANDED_OVER] = RARE},
	[PHASE_HEAT] = {[PHASE_ISOTHERM] = SURE,
			[PHASE_HOLD] = SURE,
			[PHASE_ABORTING] = SURE,
			[PHASE_COOL] = SURE,
			[PHASE_HEAT] = RARE,
			[PHASE_TRIPPED] = RARE,
			[PHASE_RECOVERY_WAIT] = RARE,
			[PHASE_HANDED_OVER] = RARE},
	[PHASE_ISOTHERM] = {[PHASE_COOL] = SURE,
			    [PHASE_DECOMPRESS] = SURE,
			    [PHASE_HOLD] = SURE,
			    [PHASE_ABORTING] = SURE,
			    [PHASE_ISOTHERM] = RARE,
			    [PHASE_TRIPPED] = RARE,
			    [PHASE_RECOVERY_WAIT] = RARE,
			    [PHASE_HANDED_OVER] = RARE},
	[PHASE_COOL] = {[PHASE_DECOMPRESS] = SURE,
			[PHASE_ABORTING] = SURE,
			[PHASE_COOL] = SURE,
			[PHASE_HOLD] = SURE,
			[PHASE_COMPRESS] = RARE,
			[PHASE_HEAT] = RARE,
			[PHASE_ISOTHERM] = RARE,
			[PHASE_DONE] = RARE,
			[PHASE_TRIPPED] = RARE,
			[PHASE_RECOVERY_WAIT] = RARE,
			[PHASE_HANDED_OVER] = RARE},
	[PHASE_DECOMPRESS] = {[PHASE_DONE] = SURE,
			      [PHASE_COOL] = RARE,
			      [PHASE_HOLD] = RARE,
			      [PHASE_ABORTING] = RARE,
			      [PHASE_TRIPPED] = RARE,
			      [PHASE_RECOVERY_WAIT] = RARE,
			      [PHASE_HANDED_OVER] = RARE},
	[PHASE_DONE] = {[PHASE_WAIT_CAPSULE] = SURE,
			[PHASE_PREFLIGHT] = SURE,
			[PHASE_TRIPPED] = RARE,
			[PHASE_RECOVERY_WAIT] = RARE},
	[PHASE_HOLD] = {[PHASE_COMPRESS] = SURE,
			[PHASE_HEAT] = SURE,
			[PHASE_ISOTHERM] = SURE,
			[PHASE_COOL] = SURE,
			[PHASE_ABORTING] = SURE,
			[PHASE_PREFLIGHT] = RARE,
			[PHASE_DECOMPRESS] = RARE,
			[PHASE_HOLD] = RARE,
			[PHASE_TRIPPED] = RARE,
			[PHASE_RECOVERY_WAIT] = RARE,
			[PHASE_HANDED_OVER] = RARE},
	[PHASE_ABORTING] = {[PHASE_DONE] = SURE,
			    [PHASE_ABORTING] = RARE,
			    [PHASE_TRIPPED] = RARE,
			    [PHASE_RECOVERY_WAIT] = RARE,
			    [PHASE_HANDED_OVER] = RARE},
	[PHASE_TRIPPED] = {[PHASE_HOLD] = SURE, [PHASE_TRIPPED] = RARE, [PHASE_HANDED_OVER] = RARE},
	[PHASE_RECOVERY_WAIT] = {[PHASE_COOL] = SURE,
				 [PHASE_ABORTING] = SURE,
				 [PHASE_RECOVERY_WAIT] = SURE,
				 [PHASE_COMPRESS] = RARE,
				 [PHASE_HEAT] = RARE,
				 [PHASE_ISOTHERM] = RARE,
				 [PHASE_TRIPPED] = RARE,
				 [PHASE_HANDED_OVER] = RARE},
	[PHASE_HANDED_OVER] = {[PHASE_DONE] = RARE, [PHASE_HANDED_OVER] = RARE},
};
static const uint8_t scan_edges[SCAN_PHASE_MAX][SCAN_PHASE_MAX] = {
	[SCAN_IDLE] = {[SCAN_COOL] = RARE,
		       [SCAN_PURGE] = SURE,
		       [SCAN_FIRE] = SURE,
		       [SCAN_REFERENCE] = SURE,
		       [SCAN_WAIT_LOAD] = RARE,
		       [SCAN_CHIP_FAULT] = RARE},
	[SCAN_WAIT_LOAD] = {[SCAN_PURGE] = SURE},
	[SCAN_PURGE] = {[SCAN_ARM] = SURE, [SCAN_REFERENCE] = RARE, [SCAN_CHIP_FAULT] = RARE},
	[SCAN_ARM] = {[SCAN_FIRE] = SURE, [SCAN_CHIP_FAULT] = RARE},
	[SCAN_FIRE] = {[SCAN_READ] = SURE,
		       [SCAN_PURGE] = RARE,
		       [SCAN_SECTION_DONE] = RARE,
		       [SCAN_CHIP_FAULT] = RARE},
	[SCAN_READ] = {[SCAN_COOL] = SURE},
	[SCAN_COOL] = {[SCAN_REFERENCE] = SURE, [SCAN_PURGE] = RARE},
	[SCAN_REFERENCE] = {[SCAN_SECTION_DONE] = SURE, [SCAN_PURGE] = RARE, [SCAN_CHIP_FAULT] = RARE},
	[SCAN_SECTION_DONE] = {[SCAN_IDLE] = SURE, [SCAN_PURGE] = SURE, [SCAN_WAIT_LOAD] = RARE},
};
static const uint8_t alarms[ALARM_MAX] = {
	[ALARM_RUNAWAY] = SURE,       [ALARM_SENSOR_BREAK] = SURE,    [ALARM_STALE] = SURE,
	[ALARM_READBACK] = SURE,      [ALARM_IDENTITY] = SURE,        [ALARM_UNITS] = SURE,
	[ALARM_BUS_LOST] = SURE,      [ALARM_ADAPTER_LOST] = SURE,    [ALARM_WORKER_LOST] = SURE,
	[ALARM_STUCK] = SURE,         [ALARM_PRESSURE_LOSS] = SURE,   [ALARM_STROKE] = SURE,
	[ALARM_SECOND_MASTER] = SURE, [ALARM_MANUAL] = SURE,          [ALARM_UNAUTHORISED] = SURE,
	[ALARM_RESTARTED] = SURE,     [ALARM_POWER_CUT] = SURE,       [ALARM_STORE] = SURE,
	[ALARM_STORE_CORRUPT] = SURE, [ALARM_CLOCK_JUMP] = SURE,      [ALARM_STEP_LATE] = SURE,
	[ALARM_FLOOD] = SURE,         [ALARM_CONFIG_CHANGED] = SURE,  [ALARM_GATEWAY_LOST] = SURE,
	[ALARM_RECORDER_LOST] = SURE, [ALARM_RELEASE_REFUSED] = RARE, [ALARM_DESYNC] = RARE,
	[ALARM_WELDED_RELAY] = RARE,  [ALARM_NOT_HEATING] = RARE,     [ALARM_SENSOR_SLIP] = RARE,
	[ALARM_FROZEN] = RARE,        [ALARM_OVER_PRESSURE] = RARE,   [ALARM_CHIP] = RARE,
	[ALARM_PURGE] = RARE,         [ALARM_HOLDBACK] = RARE,        [ALARM_SPENT] = RARE,
	[ALARM_PREFLIGHT] = RARE,     [ALARM_HOLD_HOT] = RARE,        [ALARM_FOREIGN_PRESSURE] = RARE};
static const uint8_t rows[] = {[1] = RARE,  [2] = RARE,  [3] = SURE,  [4] = RARE,  [5] = SURE,  [6] = RARE,
			       [7] = RARE,  [8] = RARE,  [9] = RARE,  [10] = SURE, [11] = RARE, [12] = SURE,
			       [13] = RARE, [14] = RARE, [15] = RARE, [16] = RARE, [17] = RARE, [18] = RARE,
			       [19] = RARE, [20] = SURE, [21] = SURE, [22] = RARE};
static const uint8_t scan_rows[] = {[1] = SURE, [2] = SURE, [3] = RARE, [4] = RARE};
static const uint8_t outcomes[] = {[OUTCOME_COMPLETED] = SURE,
				   [OUTCOME_ABORTED] = SURE,
				   [OUTCOME_TRIPPED] = SURE,
				   [OUTCOME_FAILED] = RARE,
				   [OUTCOME_HANDED_OVER] = RARE};
/* Rows without an alarm of their own. */
static const uint8_t hazards[] = {[24] = SURE, [27] = SURE, [35] = SURE};
static const uint8_t crashes[] = {
	[CRASH_COMPRESSING] = SURE,   [CRASH_ABORTING] = SURE,   [CRASH_HOT] = SURE,
	[CRASH_SCANNING] = SURE,      [CRASH_UNSYNCED] = SURE,   [CRASH_POWER] = SURE,
	[CRASH_RELEASING] = RARE,     [CRASH_LATCHED] = RARE,    [CRASH_RECOVERING] = RARE,
	[CRASH_POWER_LATCHED] = RARE, [CRASH_OTHER_SITE] = RARE, [CRASH_OTHER_CHIP] = RARE,
	[CRASH_DARK] = RARE};

#define TABLE(list)                                   \
	{                                             \
		(const uint8_t *)(list), sizeof(list) \
	}
static const struct {
	const uint8_t *list;
	size_t count;
} tables[COUNTER_FAMILIES] = {[COUNTER_EDGE] = TABLE(edges),       [COUNTER_ALARM] = TABLE(alarms),
			      [COUNTER_RESTART] = TABLE(rows),     [COUNTER_SCAN_RESTART] = TABLE(scan_rows),
			      [COUNTER_OUTCOME] = TABLE(outcomes), [COUNTER_SCAN_EDGE] = TABLE(scan_edges),
			      [COUNTER_HAZARD] = TABLE(hazards),   [COUNTER_CRASH] = TABLE(crashes)};

bool counters_can_happen(enum counter_family family, uint32_t which, int level)
{
	if (family == COUNTER_TROUBLE)
		return which <
		       (level == LEVEL_FRAMES ? (uint32_t)TROUBLE_COUNT : (uint32_t)TROUBLE_FRAME_FIRST);
	return which < tables[family].count && tables[family].list[which] != 0;
}

/* Twenty hours of frames meet no more for certain than that the press is loaded, lines break, and runs end.
 * The way of a run, edge by edge, is asked of the 500 hours of values. */
static bool is_required_of_frames(enum counter_family family, uint32_t which)
{
	if (family == COUNTER_EDGE)
		return which == PHASE_PREFLIGHT * (uint32_t)PHASE_MAX + PHASE_COMPRESS;
	if (family == COUNTER_ALARM)
		return which == ALARM_DESYNC || which == ALARM_STALE;
	return family == COUNTER_OUTCOME && which == OUTCOME_ABORTED;
}

bool counters_is_required(enum counter_family family, uint32_t which, int level)
{
	if (level == LEVEL_FRAMES)
		return is_required_of_frames(family, which);
	if (family == COUNTER_TROUBLE)
		return which < TROUBLE_FRAME_FIRST;
	return which < tables[family].count && tables[family].list[which] == SURE;
}
