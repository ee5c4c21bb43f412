/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table: what each operator verb does in each phase. Precedence: ABORT > COOL > HOLD > PAUSE > run. */
#include "protocol/verb.h"

#include <string.h>

#define ACT                    \
	{                      \
		EFFECT_ACT, "" \
	}
#define NOTHING(text)                \
	{                            \
		EFFECT_NOTHING, text \
	}
#define REFUSE(text)                \
	{                           \
		EFFECT_REFUSE, text \
	}

#define NO_RUN "no run is on the press"
#define ENDED "the run has ended"
#define HANDED "the press was handed over to its panel; densd only watches until it is at ambient pressure"
#define TRIP_FIRST \
	"a trip is latched: acknowledge it, remove its cause, then reset; after that cool, abort or resume"
#define ONE_WAY "an abort goes on to its end: cool, release, done; only handover takes the press out of it"

static const struct verb_rule rules[VERB_MAX][PHASE_MAX] = {
	[VERB_HOLD] =
		{
			[PHASE_IDLE] = NOTHING(NO_RUN),
			[PHASE_QUEUED] = NOTHING("the run has not started"),
			[PHASE_WAIT_CAPSULE] =
				NOTHING("nothing moves before the capsule is confirmed; abort drops the run"),
			[PHASE_PREFLIGHT] = ACT,
			[PHASE_COMPRESS] = ACT,
			[PHASE_HEAT] = ACT,
			[PHASE_ISOTHERM] = ACT,
			[PHASE_COOL] = ACT,
			[PHASE_DECOMPRESS] = ACT,
			[PHASE_DONE] = NOTHING(ENDED),
			[PHASE_HOLD] = NOTHING("already held"),
			[PHASE_ABORTING] = REFUSE(ONE_WAY),
			[PHASE_TRIPPED] = NOTHING("tripped: heater off and press locked already"),
			[PHASE_RECOVERY_WAIT] = NOTHING("densd already waits after a restart"),
			[PHASE_HANDED_OVER] = REFUSE(HANDED),
		},
	[VERB_PAUSE] =
		{
			[PHASE_IDLE] = NOTHING(NO_RUN),
			[PHASE_QUEUED] = NOTHING("the run has not started"),
			[PHASE_WAIT_CAPSULE] = NOTHING("nothing moves before the capsule is confirmed"),
			[PHASE_PREFLIGHT] = ACT,
			[PHASE_COMPRESS] = ACT,
			[PHASE_HEAT] = ACT,
			[PHASE_ISOTHERM] = ACT,
			[PHASE_COOL] = ACT,
			[PHASE_DECOMPRESS] = REFUSE("decompress is the last segment; hold stops it at once"),
			[PHASE_DONE] = NOTHING(ENDED),
			[PHASE_HOLD] = NOTHING("already held"),
			[PHASE_ABORTING] = REFUSE(ONE_WAY),
			[PHASE_TRIPPED] = NOTHING("tripped: heater off and press locked already"),
			[PHASE_RECOVERY_WAIT] = NOTHING("densd already waits after a restart"),
			[PHASE_HANDED_OVER] = REFUSE(HANDED),
		},
	[VERB_RESUME] =
		{
			[PHASE_IDLE] = REFUSE(NO_RUN),
			[PHASE_QUEUED] = REFUSE("the run has not started"),
			[PHASE_WAIT_CAPSULE] = REFUSE("waits for the capsule: confirm it"),
			[PHASE_PREFLIGHT] = ACT,
			[PHASE_COMPRESS] = ACT,
			[PHASE_HEAT] = ACT,
			[PHASE_ISOTHERM] = ACT,
			[PHASE_COOL] = ACT,
			[PHASE_DECOMPRESS] = NOTHING("the run goes on already"),
			[PHASE_DONE] = REFUSE(ENDED),
			[PHASE_HOLD] = ACT,
			[PHASE_ABORTING] = REFUSE(ONE_WAY),
			[PHASE_TRIPPED] = REFUSE(TRIP_FIRST),
			[PHASE_RECOVERY_WAIT] = ACT,
			[PHASE_HANDED_OVER] = REFUSE(HANDED),
		},
	[VERB_ABORT] =
		{
			[PHASE_IDLE] = NOTHING(NO_RUN),
			[PHASE_QUEUED] = NOTHING("the run has not started; cancel takes it out of the queue"),
			[PHASE_WAIT_CAPSULE] = ACT,
			[PHASE_PREFLIGHT] = ACT,
			[PHASE_COMPRESS] = ACT,
			[PHASE_HEAT] = ACT,
			[PHASE_ISOTHERM] = ACT,
			[PHASE_COOL] = ACT,
			[PHASE_DECOMPRESS] = ACT,
			[PHASE_DONE] = NOTHING(ENDED),
			[PHASE_HOLD] = ACT,
			[PHASE_ABORTING] = NOTHING("already aborting"),
			[PHASE_TRIPPED] = REFUSE(TRIP_FIRST),
			[PHASE_RECOVERY_WAIT] = ACT,
			[PHASE_HANDED_OVER] = REFUSE(HANDED),
		},
	[VERB_COOL] =
		{
			[PHASE_IDLE] = NOTHING(NO_RUN),
			[PHASE_QUEUED] = NOTHING("the run has not started"),
			[PHASE_WAIT_CAPSULE] = NOTHING("the heater is off"),
			[PHASE_PREFLIGHT] = NOTHING("the heater is off"),
			[PHASE_COMPRESS] = ACT,
			[PHASE_HEAT] = ACT,
			[PHASE_ISOTHERM] = ACT,
			[PHASE_COOL] = ACT,
			[PHASE_DECOMPRESS] = REFUSE("the run is cold and releasing; hold or abort it"),
			[PHASE_DONE] = NOTHING(ENDED),
			[PHASE_HOLD] = ACT,
			[PHASE_ABORTING] = NOTHING("the abort cools already"),
			[PHASE_TRIPPED] = NOTHING("tripped: the heater is off and stays off"),
			[PHASE_RECOVERY_WAIT] = ACT,
			[PHASE_HANDED_OVER] = REFUSE(HANDED),
		},
	[VERB_HANDOVER] =
		{
			[PHASE_IDLE] = REFUSE(NO_RUN),
			[PHASE_QUEUED] = REFUSE("the run has not started"),
			[PHASE_WAIT_CAPSULE] = REFUSE("nothing was started: abort drops the run"),
			[PHASE_PREFLIGHT] = REFUSE("nothing was started: abort drops the run"),
			[PHASE_COMPRESS] = ACT,
			[PHASE_HEAT] = ACT,
			[PHASE_ISOTHERM] = ACT,
			[PHASE_COOL] = ACT,
			[PHASE_DECOMPRESS] = ACT,
			[PHASE_DONE] = REFUSE(ENDED),
			[PHASE_HOLD] = ACT,
			[PHASE_ABORTING] = ACT,
			[PHASE_TRIPPED] = ACT,
			[PHASE_RECOVERY_WAIT] = ACT,
			[PHASE_HANDED_OVER] = NOTHING("already handed over"),
		},
	[VERB_ACK] =
		{
			[PHASE_IDLE] = ACT,
			[PHASE_QUEUED] = ACT,
			[PHASE_WAIT_CAPSULE] = ACT,
			[PHASE_PREFLIGHT] = ACT,
			[PHASE_COMPRESS] = ACT,
			[PHASE_HEAT] = ACT,
			[PHASE_ISOTHERM] = ACT,
			[PHASE_COOL] = ACT,
			[PHASE_DECOMPRESS] = ACT,
			[PHASE_DONE] = ACT,
			[PHASE_HOLD] = ACT,
			[PHASE_ABORTING] = ACT,
			[PHASE_TRIPPED] = ACT,
			[PHASE_RECOVERY_WAIT] = ACT,
			[PHASE_HANDED_OVER] = ACT,
		},
	[VERB_RESET] =
		{
			[PHASE_IDLE] = NOTHING("no trip is latched"),
			[PHASE_QUEUED] = NOTHING("no trip is latched"),
			[PHASE_WAIT_CAPSULE] = NOTHING("no trip is latched"),
			[PHASE_PREFLIGHT] = NOTHING("no trip is latched"),
			[PHASE_COMPRESS] = NOTHING("no trip is latched"),
			[PHASE_HEAT] = NOTHING("no trip is latched"),
			[PHASE_ISOTHERM] = NOTHING("no trip is latched"),
			[PHASE_COOL] = NOTHING("no trip is latched"),
			[PHASE_DECOMPRESS] = NOTHING("no trip is latched"),
			[PHASE_DONE] = ACT, /* a tripped run that was handed over */
			[PHASE_HOLD] = NOTHING("no trip is latched"),
			[PHASE_ABORTING] = NOTHING("no trip is latched"),
			[PHASE_TRIPPED] = ACT,
			[PHASE_RECOVERY_WAIT] = NOTHING("no trip is latched"),
			[PHASE_HANDED_OVER] = REFUSE(HANDED),
		},
	[VERB_CONFIRM_CAPSULE] =
		{
			[PHASE_IDLE] = REFUSE(NO_RUN),
			[PHASE_QUEUED] = REFUSE("the run has not started"),
			[PHASE_WAIT_CAPSULE] = ACT,
			[PHASE_PREFLIGHT] = NOTHING("the capsule is confirmed already"),
			[PHASE_COMPRESS] = NOTHING("the capsule is confirmed already"),
			[PHASE_HEAT] = NOTHING("the capsule is confirmed already"),
			[PHASE_ISOTHERM] = NOTHING("the capsule is confirmed already"),
			[PHASE_COOL] = NOTHING("the capsule is confirmed already"),
			[PHASE_DECOMPRESS] = NOTHING("the capsule is confirmed already"),
			[PHASE_DONE] = REFUSE(ENDED),
			[PHASE_HOLD] = NOTHING("the capsule is confirmed already"),
			[PHASE_ABORTING] = REFUSE("the run is being aborted"),
			[PHASE_TRIPPED] = REFUSE(TRIP_FIRST),
			[PHASE_RECOVERY_WAIT] =
				REFUSE("densd waits after a restart: resume, cool, abort or hand over"),
			[PHASE_HANDED_OVER] = REFUSE(HANDED),
		},
};

static const struct {
	const char *name;
	enum role role;
	bool stopping;
} verbs[VERB_MAX] = {
	[VERB_HOLD] = {"hold", ROLE_OPERATOR, true},
	[VERB_PAUSE] = {"pause", ROLE_OPERATOR, true},
	[VERB_RESUME] = {"resume", ROLE_OPERATOR, false},
	[VERB_ABORT] = {"abort", ROLE_OPERATOR, true},
	[VERB_COOL] = {"cool", ROLE_OPERATOR, true},
	[VERB_HANDOVER] = {"handover", ROLE_SUPERVISOR, true},
	[VERB_ACK] = {"ack", ROLE_OPERATOR, false},
	[VERB_RESET] = {"reset", ROLE_SUPERVISOR, false},
	[VERB_CONFIRM_CAPSULE] = {"confirm-capsule", ROLE_OPERATOR, false},
};

static const char *const role_names[ROLE_MAX] = {
	[ROLE_NONE] = "none",
	[ROLE_OBSERVER] = "observer",
	[ROLE_OPERATOR] = "operator",
	[ROLE_SUPERVISOR] = "supervisor",
};

const struct verb_rule *verb_rule(enum verb verb, enum phase phase)
{
	static const struct verb_rule unknown = REFUSE("no such verb or phase");

	if ((unsigned)verb >= VERB_MAX || (unsigned)phase >= PHASE_MAX)
		return &unknown;
	return &rules[verb][phase];
}

enum role verb_role(enum verb verb)
{
	return (unsigned)verb < VERB_MAX ? verbs[verb].role : ROLE_MAX;
}

bool verb_is_stopping(enum verb verb)
{
	return (unsigned)verb < VERB_MAX && verbs[verb].stopping;
}

const char *verb_name(enum verb verb)
{
	return (unsigned)verb < VERB_MAX ? verbs[verb].name : "invalid";
}

int verb_from_name(const char *name)
{
	for (int i = 0; i < VERB_MAX; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return i;
	return -1;
}

const char *role_name(enum role role)
{
	return (unsigned)role < ROLE_MAX ? role_names[role] : "invalid";
}

int role_from_name(const char *name)
{
	for (int i = 0; i < ROLE_MAX; i++)
		if (strcmp(role_names[i], name) == 0)
			return i;
	return -1;
}
