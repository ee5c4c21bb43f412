/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts of a start, and the row that decides on them. */
#ifndef DENSD_TESTS_RECOVERY_FIXTURE_H
#define DENSD_TESTS_RECOVERY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plant.h"
#include "protocol/recovery.h"

#define LOST PHASE_MAX /* instead of a phase: no journal */

/* A short outage of a pressed run, nothing moved, `recovery: hold`. */
static const struct recovery_facts brief = {
	.journal_ok = true,
	.identity_ok = true,
	.gap_s = 10,
	.gap_limit_s = 60,
	.moved_gpa = 0.01,
	.moved_gpa_limit = 0.05,
	.moved_k = 1,
	.moved_k_limit = 5,
	.same_boot = true,
};

static inline struct recovery_facts facts_of(int journal, enum recovery_pressure p,
					     enum recovery_temperature t)
{
	struct recovery_facts facts = brief;

	facts.journal_ok = journal != LOST;
	facts.phase = (uint8_t)(journal == LOST ? PHASE_IDLE : journal);
	facts.pressure = p;
	facts.temperature = t;
	return facts;
}

static inline void expect(const struct recovery_facts *facts, uint8_t row, enum recovery_action action)
{
	struct recovery_decision decision;

	recovery_decide(facts, &decision);
	if (decision.row != row || decision.action != (uint8_t)action)
		fail_msg("R%u %s, not R%u %s: %s", decision.row,
			 recovery_action_name((enum recovery_action)decision.action), row,
			 recovery_action_name(action), decision.text);
}

static inline void recover(struct plant *plant, const struct recovery_facts *facts)
{
	struct recovery_decision decision;
	struct event event = {.kind = EVENT_RECOVER, .recovery = &decision};

	recovery_decide(facts, &decision);
	decision.pressure_gpa = plant->pressure_gpa;
	decision.temperature_k = plant->temperature_k;
	plant_event(plant, &event);
}

#endif
