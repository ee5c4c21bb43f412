/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/counters.h"

#include <stdbool.h>

#include "protocol/alarm.h"
#include "protocol/phase.h"
#include "tests/simulation/trouble.h"

static const char *const families[] = {[COUNTER_EDGE] = "edge",
				       [COUNTER_ALARM] = "alarm",
				       [COUNTER_RESTART] = "restart row",
				       [COUNTER_TROUBLE] = "trouble",
				       [COUNTER_OUTCOME] = "outcome"};

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
		fprintf(stream, "R%u", which);
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

/* What every standard campaign must have met. */
static bool is_required(enum counter_family family, uint32_t which)
{
	static const uint8_t edges[][2] = {{PHASE_IDLE, PHASE_PREFLIGHT}, {PHASE_PREFLIGHT, PHASE_COMPRESS},
					   {PHASE_COMPRESS, PHASE_HEAT},  {PHASE_HEAT, PHASE_ISOTHERM},
					   {PHASE_ISOTHERM, PHASE_COOL},  {PHASE_COOL, PHASE_DECOMPRESS},
					   {PHASE_DECOMPRESS, PHASE_DONE}};

	if (family == COUNTER_TROUBLE)
		return which < TROUBLE_COUNT;
	if (family == COUNTER_OUTCOME)
		return which == OUTCOME_COMPLETED || which == OUTCOME_ABORTED || which == OUTCOME_TRIPPED;
	for (size_t i = 0; family == COUNTER_EDGE && i < sizeof(edges) / sizeof(edges[0]); i++)
		if (which == edges[i][0] * (uint32_t)PHASE_MAX + edges[i][1])
			return true;
	return false;
}

uint32_t counters_missing(const struct counters *counters, FILE *stream)
{
	uint32_t missing = 0;

	for (int family = 0; family < COUNTER_FAMILIES; family++)
		for (uint32_t i = 0; i < COUNTERS_MAX; i++) {
			if (counters->hits[family][i] > 0 || !is_required((enum counter_family)family, i))
				continue;
			missing++;
			fputs("never met: ", stream);
			print_name(stream, (enum counter_family)family, i);
			fputc('\n', stream);
		}
	return missing;
}
