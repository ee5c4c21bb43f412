/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/counters.h"

#include <stdbool.h>

#include "protocol/alarm.h"
#include "protocol/phase.h"
#include "tests/simulation/world.h"

static const char *const families[] = {
	[COUNTER_EDGE] = "edge",           [COUNTER_ALARM] = "alarm",
	[COUNTER_RESTART] = "restart row", [COUNTER_SCAN_RESTART] = "restart row",
	[COUNTER_TROUBLE] = "trouble",     [COUNTER_OUTCOME] = "outcome"};

void counters_hit(struct counters *counters, enum counter_family family, uint32_t which)
{
	if (which < COUNTERS_MAX)
		counters->hits[family][which]++;
}

static void print_name(FILE *stream, enum counter_family family, uint32_t which)
{
	fprintf(stream, "%s ", families[family]);
	if (family == COUNTER_EDGE)
		fprintf(stream, "%s -> %s", phase_name((enum phase)(which / PHASE_MAX)),
			phase_name((enum phase)(which % PHASE_MAX)));
	else if (family == COUNTER_ALARM)
		fputs(alarm_info((enum alarm)which)->name, stream);
	else if (family == COUNTER_TROUBLE)
		fputs(trouble_name((enum trouble_kind)which), stream);
	else if (family == COUNTER_OUTCOME)
		fputs(outcome_name((enum outcome)which), stream);
	else
		fprintf(stream, "%c%u", family == COUNTER_RESTART ? 'R' : 'F', which);
}

void counters_print(const struct counters *counters, FILE *stream)
{
	for (int family = 0; family < COUNTER_FAMILIES; family++)
		for (uint32_t i = 0; i < COUNTERS_MAX; i++) {
			if (counters->hits[family][i] == 0)
				continue;
			fprintf(stream, "%10llu  ", (unsigned long long)counters->hits[family][i]);
			print_name(stream, (enum counter_family)family, i);
			fputc('\n', stream);
		}
}

#define EDGE(from, to) (PHASE_##from * (uint32_t)PHASE_MAX + PHASE_##to)

/* What the tables of the design name and what can happen here, by how often 500 run-hours of values meet it.
 */
static const uint32_t edges_common[] = {
	EDGE(IDLE, PREFLIGHT), EDGE(PREFLIGHT, COMPRESS),  EDGE(PREFLIGHT, HEAT),
	EDGE(COMPRESS, HEAT),  EDGE(COMPRESS, ISOTHERM),   EDGE(HEAT, ISOTHERM),
	EDGE(ISOTHERM, COOL),  EDGE(ISOTHERM, DECOMPRESS), EDGE(COOL, DECOMPRESS),
	EDGE(COOL, DONE),      EDGE(DECOMPRESS, DONE),     EDGE(DONE, PREFLIGHT),
	EDGE(COMPRESS, HOLD),  EDGE(HEAT, HOLD),           EDGE(ISOTHERM, HOLD),
	EDGE(COOL, HOLD),      EDGE(COMPRESS, TRIPPED),    EDGE(HEAT, TRIPPED),
	EDGE(COOL, TRIPPED),   EDGE(HOLD, COMPRESS),       EDGE(HOLD, HEAT),
	EDGE(HOLD, COOL),      EDGE(HOLD, ABORTING),       EDGE(COOL, ABORTING),
	EDGE(ABORTING, DONE),  EDGE(TRIPPED, HOLD)};
static const uint32_t edges_rare[] = {
	EDGE(IDLE, WAIT_CAPSULE),  EDGE(DONE, WAIT_CAPSULE),      EDGE(WAIT_CAPSULE, PREFLIGHT),
	EDGE(DECOMPRESS, HOLD),    EDGE(DECOMPRESS, TRIPPED),     EDGE(DECOMPRESS, ABORTING),
	EDGE(ISOTHERM, TRIPPED),   EDGE(HOLD, TRIPPED),           EDGE(ABORTING, TRIPPED),
	EDGE(HOLD, ISOTHERM),      EDGE(HOLD, DECOMPRESS),        EDGE(COMPRESS, ABORTING),
	EDGE(HEAT, ABORTING),      EDGE(ISOTHERM, ABORTING),      EDGE(HEAT, COOL),
	EDGE(RECOVERY_WAIT, COOL), EDGE(RECOVERY_WAIT, ABORTING), EDGE(TRIPPED, HANDED_OVER),
	EDGE(HANDED_OVER, DONE)};
static const uint32_t alarms_common[] = {
	ALARM_RELEASE_REFUSED, ALARM_RUNAWAY,      ALARM_NOT_HEATING,   ALARM_SENSOR_BREAK,
	ALARM_SENSOR_SLIP,     ALARM_FROZEN,       ALARM_STALE,         ALARM_READBACK,
	ALARM_BUS_LOST,        ALARM_ADAPTER_LOST, ALARM_WORKER_LOST,   ALARM_STUCK,
	ALARM_PRESSURE_LOSS,   ALARM_STROKE,       ALARM_SECOND_MASTER, ALARM_MANUAL,
	ALARM_UNAUTHORISED,    ALARM_RESTARTED,    ALARM_POWER_CUT,     ALARM_STORE,
	ALARM_STORE_CORRUPT,   ALARM_CLOCK_JUMP,   ALARM_STEP_LATE};
static const uint32_t alarms_rare[] = {ALARM_IDENTITY, ALARM_CHIP,         ALARM_PURGE,
				       ALARM_HOLDBACK, ALARM_WELDED_RELAY, ALARM_OVER_PRESSURE,
				       ALARM_HOLD_HOT, ALARM_PREFLIGHT,    ALARM_SPENT,
				       ALARM_DESYNC,   ALARM_GATEWAY_LOST, ALARM_RECORDER_LOST};
static const uint32_t rows_common[] = {1, 2, 5, 7, 12, 15, 20};
static const uint32_t rows_rare[] = {3, 4, 6, 8, 9, 10, 11, 13, 14, 16, 17, 18, 19, 21, 22};
static const uint32_t scan_rows_rare[] = {1, 2, 3, 4};

struct expected {
	enum counter_family family;
	const uint32_t *which;
	size_t count;
	bool common;
};
#define EXPECT(family, list, common)                                   \
	{                                                              \
		family, list, sizeof(list) / sizeof((list)[0]), common \
	}
static const struct expected expectations[] = {
	EXPECT(COUNTER_EDGE, edges_common, true),           EXPECT(COUNTER_EDGE, edges_rare, false),
	EXPECT(COUNTER_ALARM, alarms_common, true),         EXPECT(COUNTER_ALARM, alarms_rare, false),
	EXPECT(COUNTER_RESTART, rows_common, true),         EXPECT(COUNTER_RESTART, rows_rare, false),
	EXPECT(COUNTER_SCAN_RESTART, scan_rows_rare, false)};

/* Twenty hours of frames meet no more for certain than that the press is loaded, lines break, and runs end.
 * The way of a run, edge by edge, is asked of the 500 hours of values. */
static bool is_required_of_frames(enum counter_family family, uint32_t which)
{
	if (family == COUNTER_EDGE)
		return which == EDGE(PREFLIGHT, COMPRESS) || which == EDGE(COMPRESS, HEAT);
	if (family == COUNTER_ALARM)
		return which == ALARM_DESYNC || which == ALARM_STALE;
	return family == COUNTER_OUTCOME && which == OUTCOME_ABORTED;
}

static bool is_expected(enum counter_family family, uint32_t which, bool rare_too)
{
	for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
		const struct expected *expected = &expectations[i];

		for (size_t k = 0;
		     expected->family == family && (expected->common || rare_too) && k < expected->count; k++)
			if (expected->which[k] == which)
				return true;
	}
	if (family == COUNTER_OUTCOME)
		return which == OUTCOME_COMPLETED || which == OUTCOME_ABORTED || which == OUTCOME_TRIPPED ||
		       (rare_too && (which == OUTCOME_FAILED || which == OUTCOME_HANDED_OVER));
	return false;
}

static bool can_happen(enum counter_family family, uint32_t which, int level)
{
	if (family == COUNTER_TROUBLE)
		return which <
		       (level == LEVEL_FRAMES ? (uint32_t)TROUBLE_COUNT : (uint32_t)TROUBLE_FRAME_FIRST);
	return is_expected(family, which, true);
}

static bool is_required(enum counter_family family, uint32_t which, int level)
{
	if (level == LEVEL_FRAMES)
		return is_required_of_frames(family, which);
	return family == COUNTER_TROUBLE ? which < TROUBLE_FRAME_FIRST : is_expected(family, which, false);
}

static void tell_unmet(FILE *stream, const char *how, enum counter_family family, uint32_t which)
{
	fputs(how, stream);
	print_name(stream, family, which);
	fputc('\n', stream);
}

void counters_print_unmet(const struct counters *counters, int level, FILE *stream)
{
	for (int family = 0; family < COUNTER_FAMILIES; family++)
		for (uint32_t i = 0; i < COUNTERS_MAX; i++)
			if (counters->hits[family][i] == 0 &&
			    can_happen((enum counter_family)family, i, level))
				tell_unmet(stream, "not met: ", (enum counter_family)family, i);
}

uint32_t counters_missing(const struct counters *counters, int level, FILE *stream)
{
	uint32_t missing = 0;

	for (int family = 0; family < COUNTER_FAMILIES; family++)
		for (uint32_t i = 0; i < COUNTERS_MAX; i++) {
			if (counters->hits[family][i] > 0 ||
			    !is_required((enum counter_family)family, i, level))
				continue;
			missing++;
			tell_unmet(stream, "never met: ", (enum counter_family)family, i);
		}
	return missing;
}
