/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an operator may ask, of whom it is allowed, and what it does in each phase: one table, in verb.c. */
#ifndef DENSD_PROTOCOL_VERB_H
#define DENSD_PROTOCOL_VERB_H

#include "protocol/phase.h"

enum verb {
	VERB_HOLD,
	VERB_PAUSE,
	VERB_RESUME,
	VERB_ABORT,
	VERB_COOL,
	VERB_HANDOVER, /* supervisor, with a typed reason */
	VERB_ACK,      /* acknowledge alarms and a trip */
	VERB_RESET,    /* after ack and with the cause gone: leaves TRIPPED for HOLD-like COOL/ABORT choice */
	VERB_CONFIRM_CAPSULE,
	VERB_MAX
};
enum role { ROLE_NONE, ROLE_OBSERVER, ROLE_OPERATOR, ROLE_SUPERVISOR, ROLE_MAX };

enum verb_effect {
	EFFECT_REFUSE,  /* not here: verb_why() says why and what is allowed */
	EFFECT_NOTHING, /* already so: idempotent success */
	EFFECT_ACT
};
struct verb_rule {
	enum verb_effect effect;
	const char *why; /* for REFUSE and NOTHING */
};

/* The verb x phase table. Never NULL. */
const struct verb_rule *verb_rule(enum verb verb, enum phase phase);
/* Least role that may use @verb: stopping needs less authority than starting. */
enum role verb_role(enum verb verb);
/* True for the verbs that act first and are journaled after (they make things safer). */
bool verb_is_stopping(enum verb verb);
const char *verb_name(enum verb verb);
/* enum verb, or -1 */
int verb_from_name(const char *name);
const char *role_name(enum role role);
int role_from_name(const char *name);

#endif
