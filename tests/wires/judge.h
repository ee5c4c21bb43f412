/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Judges what the worker publishes as good against what the far end wrote down: a value belongs to the very
 * question that its times name, or it is another's. It knows nothing of how densd came to it.
 */
#ifndef DENSD_TESTS_WIRES_JUDGE_H
#define DENSD_TESTS_WIRES_JUDGE_H

#include "tests/wires/peer.h"

enum judge_word { WORD_BROKEN, WORD_MANUAL, WORD_OFF, WORD_LOCKED, WORD_UNITS, JUDGE_WORDS };
struct judge {
	uint64_t good;      /* values that belong to their question */
	uint64_t discarded; /* cycles of a device that ended with a fault: nothing of them was published */
	uint64_t misattributed; /* violations: another register's, another unit's, an older question's */
	uint64_t false_words;   /* violations: verified, locked, broken, and the device never said so */
	uint64_t accidents;     /* damaged on the way, and the wire's own check passed */
	uint64_t previous;      /* the same question's previous answer, which no check of the wire can tell */
	uint64_t exchanged;     /* the previous answer to another question, of the same unit and shape */
	uint64_t misled;        /* cycles with words that rest on one of the last three */
	double previous_most_s; /* how old it was at most */
	int64_t judged_ns[PEER_DEVICES][PEER_ROLES]; /* time of the answer that was judged last */
	bool excused[PEER_DEVICES][JUDGE_WORDS];     /* said since something passed, and not taken back yet */
	char first[400];                             /* the first violation, in words */
};
extern struct judge judge;

void judge_reports(const struct report *reports);
/* A job that the chip's driver calls done was done. */
void judge_program(const struct chip_demand *wanted);
uint64_t judge_violations(void);

#endif
