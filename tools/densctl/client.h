/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Talking to densd: requests with an id that is repeated, and the telemetry stream. */
#ifndef DENSCTL_CLIENT_H
#define DENSCTL_CLIENT_H

#include <json-c/json.h>

#include "tools/densctl/command.h"

/*
 * Sends @request (an object; its "id" is set here) and waits for the reply with that id: 5 s, then the same
 * id again, until --timeout. densd does a repeated id once. *ret_reply is the caller's. Returns DENSCTL_OK
 * when there is a reply, whatever it says; DENSCTL_NO_DAEMON, DENSCTL_USAGE or DENSCTL_INVALID otherwise,
 * with the reason on standard error.
 */
int client_request(const struct options *options, json_object *request, json_object **ret_reply);
/*
 * As client_request; consumes @request, prints a refusal, and turns it into DENSCTL_REFUSED, or
 * DENSCTL_INVALID when it is the text of a protocol that is refused.
 */
int client_ask(const struct options *options, json_object *request, json_object **ret_reply);

struct telemetry;
/* Says that densd is there and silent, and what to look at. DENSCTL_NO_DAEMON. */
int client_silent(const struct options *options, const char *endpoint);
/* Subscribes to @topics (a NULL-terminated list; densd sends the last value of each at once). */
int telemetry_open(const struct options *options, const char *const *topics,
		   struct telemetry **ret_telemetry);
/*
 * The next message within @timeout_ms: 1 with *ret_topic (a static name) and *ret_message (the caller's);
 * 0: none in that time; -EINTR.
 */
int telemetry_receive(struct telemetry *telemetry, int timeout_ms, char ret_topic[16],
		      json_object **ret_message);
void telemetry_close(struct telemetry *telemetry);

#endif
