/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The instruments at the far end: densim's emulators, each number they show a new one at every question, so
 * that a number says which question it answers. Every question is written down with what was true then. The
 * seed's misbehaviour comes between an answer and the line.
 */
#ifndef DENSD_TESTS_WIRES_PEER_H
#define DENSD_TESTS_WIRES_PEER_H

#include <stdio.h>

#include "drivers/profile.h"
#include "tests/simulation/chance.h"
#include "tests/wires/manners.h"
#include "tools/densim/emulator.h"
#include "tools/densim/emulator_text.h"
#include "tools/densim/scpi.h"

#define PEER_DEVICES 2u
#define PEER_ASKED 4096u /* questions remembered: more than what is late by three seconds */

/* The numbers that densd publishes, each under the name of its register. */
enum peer_role {
	PEER_VALUE,
	PEER_VALUE2,
	PEER_SETPOINT,
	PEER_OUTPUT,
	PEER_FLOW,
	PEER_FLOW_SETPOINT,
	PEER_OIL,
	PEER_OIL_SETPOINT,
	PEER_STROKE,
	PEER_CHIP_K,
	PEER_CHIP_MW,
	PEER_ROLES
};
/* What was asked, when, and what was true then. */
struct peer_asked {
	int64_t t_ns;
	uint32_t device, shows; /* bits of enum peer_role: what the right answer holds */
	double values[PEER_ROLES];
	bool locked, manual;
	bool foreign; /* another master's */
};
/* An answer that does not prove that it is one: it has passed whatever check the wire has. */
struct peer_passed {
	int64_t from_ns, to_ns;
	bool previous; /* the previous answer once more; else damaged, with a good check by accident */
};
#define PEER_PASSED 256u
struct peer_device {
	const struct bus_device *means;
	struct emulator modbus;
	struct emulator_text text;
	struct scpi scpi;
	double step[PEER_ROLES], span[PEER_ROLES]; /* how its numbers move from question to question */
	int registers[PEER_ROLES];                 /* of the profile; -1: none */
	int64_t late_until_ns;                     /* its last late answer ends; 0: none */
};
struct peer {
	const struct bus_config *config;
	struct chance *chance;
	struct manners manners;
	struct laboratory lab;
	struct peer_device devices[PEER_DEVICES];
	struct peer_asked asked[PEER_ASKED];
	struct peer_passed passed[PEER_PASSED];
	uint64_t questions, foreign, lost; /* of densd; of the other master; that reached nobody */
	uint32_t passed_count;
	int64_t latency_ns; /* of an honest answer */
	struct manner_frame previous[PEER_DEVICES];
	FILE *trace;             /* NULL: quiet */
	int64_t silent_until_ns; /* half open: it takes and does not answer */
};
extern struct peer peer;

/* The far end of @config's line, on the line of line.h. 0 or -errno. */
int peer_init(const struct bus_config *config, struct chance *chance, double latency_ms);
/* What happens to the line by itself, before a cycle: pulled, closed, another master. */
void peer_before_cycle(void);

#endif
