/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/query.h"

#include <errno.h>

#include "daemon/message.h"
#include "daemon/recorder/bind.h"
#include "daemon/recorder/pins.h"
#include "daemon/recorder/query_parts.h"

bool query_find_run(const struct asked *asked)
{
	sqlite3_stmt *s =
		store_prepare(asked->store, asked->store->journal, "SELECT 1 FROM runs WHERE run = ?");
	bool known;

	bind_text(s, 1, asked->query->run);
	known = s && sqlite3_step(s) == SQLITE_ROW;
	sqlite3_reset(s);
	if (!known)
		snprintf(asked->why, MACHINE_WHY, "there is no run %.26s in the store (densctl runs)",
			 asked->query->run[0] ? asked->query->run : "without a name");
	return known;
}

void query_write_element(FILE *out, json_object *object, size_t at)
{
	fprintf(out, "%s%s", at ? "," : "", object ? message_text(object) : "null");
	json_object_put(object);
}

void query_write_calibrations(const struct asked *asked, const char *run)
{
	json_object *list = pins_render(asked->store, run);

	fprintf(asked->out, "],\"calibrations\":%s}", message_text(list));
	json_object_put(list);
}

int query_answer(struct store *store, const struct link_query *query, FILE *out, char ret_why[MACHINE_WHY],
		 uint64_t *ret_next)
{
	static int (*const answers[QUERY_MAX])(const struct asked *asked) = {
		[QUERY_REPLAY] = query_replay,   [QUERY_QUEUE] = query_queue,
		[QUERY_RUNS] = query_runs,       [QUERY_RESULTS] = query_results,
		[QUERY_SAMPLES] = query_samples, [QUERY_TRACE] = query_trace,
		[QUERY_EVENTS] = query_events,   [QUERY_RECOVERY] = query_recovery};
	struct asked asked = {.store = store, .query = query, .out = out, .why = ret_why, .next = ret_next};

	ret_why[0] = '\0';
	*ret_next = 0;
	if (query->kind >= QUERY_MAX) {
		snprintf(ret_why, MACHINE_WHY, "the recorder does not know that question");
		return -EINVAL;
	}
	return answers[query->kind](&asked);
}
