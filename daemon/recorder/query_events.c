/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happened in a run, in the order of time, and what the last start found. */
#include <errno.h>

#include "daemon/message.h"
#include "daemon/recorder/bind.h"
#include "daemon/recorder/query_parts.h"
#include "daemon/snapshot.h"

/* "uid-1000: resume refused: the thermocouple is broken", and the reason or section that was given with it.
 */
static void add_command(json_object *object, sqlite3_stmt *s)
{
	enum command_kind kind = (enum command_kind)sqlite3_column_int(s, 4);
	const char *given = column_text(s, 7), *why = column_text(s, 8);
	char text[2 * MACHINE_WHY + 2 * LINK_ID];

	snprintf(text, sizeof(text), "%s: %s%s%s %s%s%s", column_text(s, 3),
		 link_command_name(kind, (enum verb)sqlite3_column_int(s, 5)), given[0] ? " " : "", given,
		 sqlite3_column_int(s, 6) == REPLY_DONE ? "done" : "refused", why[0] ? ": " : "", why);
	message_add_text(object, "text", text);
}

static json_object *render_event(sqlite3_stmt *s)
{
	json_object *object = json_object_new_object();

	message_add_text(object, "what", column_text(s, 0));
	message_add_wall(object, "t_wall", sqlite3_column_int64(s, 1));
	message_add_number(object, "t_lab", sqlite3_column_double(s, 2));
	if (sqlite3_column_type(s, 4) == SQLITE_NULL)
		message_add_text(object, "text", column_text(s, 3));
	else
		add_command(object, s);
	return object;
}

/* Without a run: what belongs to none. The newest, when there are more than an answer holds. */
int query_events(const struct asked *asked)
{
	sqlite3_stmt *s = store_prepare(
		asked->store, asked->store->journal,
		"SELECT * FROM ("
		"SELECT 'note', t_wall_us, t_lab_s, text, NULL, NULL, NULL, NULL, NULL FROM transitions"
		" WHERE run = ?1 UNION ALL"
		" SELECT 'intent', t_wall_us, t_lab_s, text, NULL, NULL, NULL, NULL, NULL FROM intents"
		" WHERE run = ?1 UNION ALL"
		" SELECT CASE raised WHEN 1 THEN 'alarm' ELSE 'alarm-cleared' END, t_wall_us, t_lab_s, text,"
		" NULL, NULL, NULL, NULL, NULL FROM alarms WHERE run = ?1 UNION ALL"
		" SELECT 'command', t_wall_us, t_lab_s, client, kind, verb, code, text, why FROM commands"
		" WHERE run = ?1"
		" ORDER BY 2 DESC LIMIT ?2) ORDER BY 2");
	size_t count = 0;

	if (asked->query->run[0] && !query_find_run(asked))
		return -ENOENT;
	bind_text(s, 1, asked->query->run);
	bind_integer(s, 2, QUERY_EVENTS_MAX);
	fputs("{\"events\":[", asked->out);
	while (s && sqlite3_step(s) == SQLITE_ROW)
		query_write_element(asked->out, render_event(s), count++);
	fputs("]}", asked->out);
	sqlite3_reset(s);
	return 0;
}

static void add_facts(json_object *object, const struct recovery_facts *facts)
{
	static const char *const pressures[] = {"unknown", "ambient", "pressed"};
	static const char *const temperatures[] = {"unknown", "cold", "hot"};

	message_add_text(object, "phase", phase_name((enum phase)facts->phase));
	message_add_flag(object, "journal_ok", facts->journal_ok);
	message_add_flag(object, "latched", facts->latched);
	message_add_flag(object, "identity_ok", facts->identity_ok);
	message_add_text(object, "pressure", pressures[facts->pressure % 3]);
	message_add_text(object, "temperature", temperatures[facts->temperature % 3]);
	message_add_number(object, "gap_s", facts->gap_s);
	message_add_number(object, "moved_gpa", facts->moved_gpa);
	message_add_number(object, "moved_k", facts->moved_k);
	message_add_flag(object, "same_boot", facts->same_boot);
	message_add_flag(object, "controller_reset", facts->controller_reset);
	message_add_count(object, "restarts_last_hour", facts->restarts_last_hour);
	message_add_text(object, "policy", facts->policy_continue ? "continue" : "hold");
}

static json_object *render_recovery(sqlite3_stmt *s)
{
	json_object *object = json_object_new_object();
	struct journal_recovery recovery;
	char row[8];

	message_add_text(object, "run", column_text(s, 0));
	message_add_wall(object, "t_wall", sqlite3_column_int64(s, 1));
	if (column_copy(s, 2, &recovery, sizeof(recovery)) < 0)
		return object;
	snprintf(row, sizeof(row), "R%u", recovery.row);
	message_add_text(object, "row", row);
	message_add_text(object, "decision", recovery_action_name((enum recovery_action)recovery.action));
	message_add_text(object, "text", recovery.text);
	add_facts(object, &recovery.facts);
	message_add_number(object, "pressure_gpa", recovery.pressure_gpa);
	message_add_number(object, "temperature_k", recovery.temperature_k);
	message_add_count(object, "furnace_cycles", recovery.furnace_cycles);
	message_add_count(object, "press_cycles", recovery.press_cycles);
	message_add_count(object, "intents_in_doubt", recovery.intents_in_doubt);
	message_add_text(object, "scan_phase", scan_phase_name((enum scan_phase)recovery.scan_phase));
	return object;
}

int query_recovery(const struct asked *asked)
{
	sqlite3_stmt *s =
		store_prepare(asked->store, asked->store->journal,
			      "SELECT run, t_wall_us, body FROM recoveries ORDER BY id DESC LIMIT 1");

	fputs("{\"recovery\":", asked->out);
	query_write_element(asked->out, s && sqlite3_step(s) == SQLITE_ROW ? render_recovery(s) : NULL, 0);
	fputc('}', asked->out);
	sqlite3_reset(s);
	return 0;
}
