/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A client's JSON request to the fixed structs that control understands. Strict: at most 64 KiB, nesting of
 * at most COMMAND_DEPTH, valid UTF-8, known fields only, each of its own type and length; one sentence says
 * what is wrong, where, and what is allowed. Nothing of a refused request is used but its id.
 */
#ifndef DENSD_GATEWAY_COMMAND_H
#define DENSD_GATEWAY_COMMAND_H

#include "daemon/link.h"

#define COMMAND_BYTES_MAX 65536
#define COMMAND_DEPTH 4
#define COMMAND_CLIENT 40 /* bytes of a client's own name */

struct command_request {
	bool is_query;
	char id[LINK_ID];            /* also set when the rest is refused, if it could be read */
	char client[COMMAND_CLIENT]; /* empty: not given */
	struct link_command command; /* !is_query; role, route and client are the gateway's to fill */
	struct link_query query;     /* is_query */
	char *text;                  /* SUBMIT: the protocol's YAML, owned by the request */
	size_t text_length;
	char file[96]; /* SUBMIT: what the client calls it, for the diagnostics */
};

/* 0, or -EINVAL with @ret_why. Always initialises *ret_request; command_free it in both cases. */
int command_decode(const char *text, size_t length, struct command_request *ret_request,
		   char ret_why[MACHINE_WHY]);
void command_free(struct command_request *request);

#endif
