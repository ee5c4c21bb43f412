/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/gateway/answer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/message.h"

static const char *const code_names[] = {[REPLY_DONE] = "done",
					 [REPLY_REFUSED] = "refused",
					 [REPLY_INVALID] = "invalid",
					 [REPLY_BUSY] = "busy"};

static json_object *make_head(const char *id, enum reply_code code, const char *why)
{
	json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	message_add_text(object, "id", id);
	message_add_flag(object, "ok", code == REPLY_DONE);
	message_add_text(object, "code", code <= REPLY_BUSY ? code_names[code] : "refused");
	message_add_text(object, "why", why);
	return object;
}

static char *to_text(json_object *object)
{
	char *text = object ? strdup(message_text(object)) : NULL;

	json_object_put(object);
	return text;
}

static json_object *render_diagnostics(const struct diagnostics *diagnostics)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *entry = &diagnostics->list[i];
		json_object *object = json_object_new_object();

		message_add_text(object, "level", entry->level == DIAGNOSTIC_ERROR ? "error" : "warning");
		message_add_count(object, "line", entry->line);
		message_add_count(object, "column", entry->column);
		message_add_text(object, "text", entry->text);
		json_object_array_add(array, object);
	}
	return array;
}

char *answer_refusal(const char *id, enum reply_code code, const char *why,
		     const struct diagnostics *diagnostics)
{
	json_object *object = make_head(id, code, why);

	if (object && diagnostics)
		json_object_object_add(object, "diagnostics", render_diagnostics(diagnostics));
	return to_text(object);
}

char *answer_reply(const struct link_reply *reply)
{
	json_object *object = make_head(reply->request_id, (enum reply_code)reply->code, reply->why);

	if (!object)
		return NULL;
	message_add_flag(object, "repeated", reply->repeated);
	if (reply->run[0])
		message_add_text(object, "run", reply->run);
	if (reply->run_count > 0) {
		json_object *runs = json_object_new_array();

		for (uint32_t i = 0; i < reply->run_count && i < PLAN_QUEUE_MAX; i++)
			json_object_array_add(runs, json_object_new_string(reply->runs[i]));
		json_object_object_add(object, "runs", runs);
	}
	json_object_object_add(object, "state", message_render_state(&reply->state));
	return to_text(object);
}

/* The recorder's object is put behind the head as it is: what replay gives is what was published, to the
 * byte. */
static char *splice(char *head, const char *text, size_t length)
{
	size_t head_length = head ? strlen(head) : 0;
	char *whole = head && length > 2 ? malloc(head_length + length + 1) : NULL;

	if (!whole)
		return head;
	memcpy(whole, head, head_length - 1);
	whole[head_length - 1] = ',';
	memcpy(whole + head_length, text + 1, length - 1);
	whole[head_length + length - 1] = '\0';
	free(head);
	return whole;
}

char *answer_query(const struct link_query_answer *answer, const char *text, size_t length)
{
	enum reply_code code = answer->error == 0         ? REPLY_DONE
			       : answer->error == -EAGAIN ? REPLY_BUSY
			       : answer->error == -EINVAL ? REPLY_INVALID
							  : REPLY_REFUSED;
	json_object *object = make_head(answer->request_id, code, answer->why);

	if (answer->error != 0 || !object)
		return to_text(object);
	if (answer->next != 0)
		message_add_count(object, "next", answer->next);
	if (answer->format != 1)
		return splice(to_text(object), text, length);
	json_object_object_add(object, "csv", json_object_new_string_len(text, (int)length));
	return to_text(object);
}
