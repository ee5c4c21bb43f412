/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A publication as JSON: the one renderer. The gateway sends what it makes, the recorder stores what it
 * makes, so live and replay agree to the byte. Every measurement is {value, age_s, quality, cause}, the age
 * as of the publication; what does not exist or is not finite is null. WIRE.md documents each message.
 */
#ifndef DENSD_DAEMON_MESSAGE_H
#define DENSD_DAEMON_MESSAGE_H

#include <json-c/json.h>

#include "daemon/link.h"

/* The whole message, to be put by the caller; NULL when memory is short or the topic is none. */
json_object *message_render(const struct publication *publication);
/* The body of a `state` alone, as replies carry it. */
json_object *message_render_state(const struct state_body *state);
/* One line, the text is the object's own. */
const char *message_text(json_object *message);

/* For those who build other messages by the same rules. A number is as of json_real (config/json_real.h). */
void message_add_number(json_object *object, const char *key, double value);
void message_add_text(json_object *object, const char *key, const char *text);
void message_add_count(json_object *object, const char *key, uint64_t value);
void message_add_flag(json_object *object, const char *key, bool value);
/* UTC ISO 8601; null for 0. */
void message_add_wall(json_object *object, const char *key, int64_t wall_us);

#endif
