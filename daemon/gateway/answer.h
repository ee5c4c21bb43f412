/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies as JSON text. Each returns text that the caller frees, or NULL when memory is short. */
#ifndef DENSD_GATEWAY_ANSWER_H
#define DENSD_GATEWAY_ANSWER_H

#include <stddef.h>

#include "config/diagnostic.h"
#include "daemon/link.h"

/* A refusal that the gateway gives by itself. @diagnostics may be NULL. */
char *answer_refusal(const char *id, enum reply_code code, const char *why,
		     const struct diagnostics *diagnostics);
char *answer_reply(const struct link_reply *reply);
/* @text: the recorder's JSON object or CSV, @length bytes. */
char *answer_query(const struct link_query_answer *answer, const char *text, size_t length);

#endif
