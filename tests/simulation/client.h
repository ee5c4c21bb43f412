/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operators at the other side of the gateway: keep runs in the queue, answer what densd asks, and, when
 * trouble says so, use verbs at the wrong moment, repeat commands and ask for what they may not.
 */
#ifndef DENSD_TESTS_SIMULATION_CLIENT_H
#define DENSD_TESTS_SIMULATION_CLIENT_H

#include "daemon/link.h"
#include "tests/simulation/trouble.h"

#define CLIENT_ANSWERS 64u
struct client_answer {
	bool used, answered;
	struct link_command command;
	bool impossible; /* a submit that must be refused */
	uint8_t code;
	char run[ULID_TEXT];
};
struct client {
	uint32_t numbers;
	struct client_answer answers[CLIENT_ANSWERS]; /* the last commands, by number */
	struct state_body state;
	uint64_t state_seq;
	bool has_state;
	double next_look_s;
	double next_load_s; /* the gateway's own report */
};
void client_init(struct client *ret_client);
/* One quantum. */
void client_step(struct client *client, double t_s);
void client_strike(struct client *client, enum trouble_kind kind);
/* What the gateway gets. */
void client_take(struct client *client, uint16_t type, const void *body, size_t length);
/* The plan of one more run, drawn from all that the site allows. */
void client_draw_plan(struct plan *ret_plan);

#endif
