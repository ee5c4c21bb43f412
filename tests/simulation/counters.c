/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/counters.h"

#include "protocol/alarm.h"
#include "protocol/phase.h"
#include "tests/simulation/world.h"

static const char *const families[] = {
	[COUNTER_EDGE] = "edge",           [COUNTER_ALARM] = "alarm",
	[COUNTER_RESTART] = "restart row", [COUNTER_SCAN_RESTART] = "restart row",
	[COUNTER_TROUBLE] = "trouble",     [COUNTER_OUTCOME] = "outcome",
	[COUNTER_SCAN_EDGE] = "scan edge", [COUNTER_HAZARD] = "hazard row",
	[COUNTER_CRASH] = "crash"};

static const char *const circumstances[CRASH_CIRCUMSTANCES] = {
	[CRASH_COMPRESSING] = "while compressing",
	[CRASH_RELEASING] = "while releasing",
	[CRASH_ABORTING] = "while aborting",
	[CRASH_HOT] = "with a hot cell",
	[CRASH_SCANNING] = "during a scan",
	[CRASH_LATCHED] = "with a latched trip",
	[CRASH_RECOVERING] = "again, before the restart was decided",
	[CRASH_UNSYNCED] = "with an unsynced journal",
	[CRASH_POWER] = "by a power cut",
	[CRASH_POWER_LATCHED] = "by a power cut with a latched trip",
	[CRASH_OTHER_SITE] = "followed by another site file",
	[CRASH_OTHER_CHIP] = "followed by another chip controller",
	[CRASH_DARK] = "followed by a start with a silent line"};

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
	else if (family == COUNTER_SCAN_EDGE)
		fprintf(stream, "%s -> %s", scan_phase_name((enum scan_phase)(which / SCAN_PHASE_MAX)),
			scan_phase_name((enum scan_phase)(which % SCAN_PHASE_MAX)));
	else if (family == COUNTER_HAZARD)
		fprintf(stream, "%u", which);
	else if (family == COUNTER_CRASH)
		fputs(circumstances[which], stream);
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
			    counters_can_happen((enum counter_family)family, i, level))
				tell_unmet(stream, "not met: ", (enum counter_family)family, i);
}

void counters_print_unexpected(const struct counters *counters, int level, FILE *stream)
{
	for (int family = 0; family < COUNTER_FAMILIES; family++)
		for (uint32_t i = 0; i < COUNTERS_MAX; i++)
			if (counters->hits[family][i] > 0 &&
			    !counters_can_happen((enum counter_family)family, i, level))
				tell_unmet(stream, "in no table: ", (enum counter_family)family, i);
}

uint32_t counters_missing(const struct counters *counters, int level, FILE *stream)
{
	uint32_t missing = 0;

	for (int family = 0; family < COUNTER_FAMILIES; family++)
		for (uint32_t i = 0; i < COUNTERS_MAX; i++) {
			if (counters->hits[family][i] > 0 ||
			    !counters_is_required((enum counter_family)family, i, level))
				continue;
			missing++;
			tell_unmet(stream, "never met: ", (enum counter_family)family, i);
		}
	return missing;
}

void counters_print_json(const struct counters *counters, int level, FILE *stream)
{
	const char *before = "";

	fputc('{', stream);
	for (int family = 0; family < COUNTER_FAMILIES; family++)
		for (uint32_t i = 0; i < COUNTERS_MAX; i++) {
			uint64_t hits = counters->hits[family][i];

			if (hits == 0 && !counters_can_happen((enum counter_family)family, i, level))
				continue;
			fprintf(stream, "%s\"", before);
			print_name(stream, (enum counter_family)family, i);
			fprintf(stream, "\":%llu", (unsigned long long)hits);
			before = ",";
		}
	fputc('}', stream);
}
