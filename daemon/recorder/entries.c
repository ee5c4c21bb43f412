/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/entries.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "daemon/message.h"
#include "daemon/recorder/bind.h"
#include "daemon/recorder/pins.h"
#include "daemon/snapshot.h"

static void bind_head(sqlite3_stmt *statement, const struct link_journal *entry, int at)
{
	bind_text(statement, at, entry->run);
	bind_integer(statement, at + 1, entry->t_wall_us);
	bind_number(statement, at + 2, entry->t_lab_s);
}

static int store_intent(struct store *store, const struct link_journal *entry)
{
	const struct intent *intent = (const void *)entry->body;
	sqlite3_stmt *s =
		store_prepare(store, store->journal,
			      "INSERT OR REPLACE INTO intents(run, t_wall_us, t_lab_s, number, kind, before,"
			      " phase, text, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");

	bind_head(s, entry, 1);
	bind_integer(s, 4, (int64_t)intent->number);
	bind_integer(s, 5, intent->kind);
	bind_integer(s, 6, intent->before);
	bind_integer(s, 7, intent->phase);
	bind_text(s, 8, intent->text);
	bind_bytes(s, 9, intent, sizeof(*intent));
	return store_run(s);
}

static int store_outcome(struct store *store, const struct link_journal *entry)
{
	const struct journal_outcome *outcome = (const void *)entry->body;
	sqlite3_stmt *s = store_prepare(store, store->journal,
					"UPDATE intents SET outcome = ?, outcome_text = ? WHERE number = ?");

	bind_integer(s, 1, outcome->done);
	bind_text(s, 2, outcome->text);
	bind_integer(s, 3, (int64_t)outcome->number);
	return store_run(s);
}

static int store_note(struct store *store, const struct link_journal *entry)
{
	const struct note *note = (const void *)entry->body;
	sqlite3_stmt *s =
		store_prepare(store, store->journal,
			      "INSERT INTO transitions(run, t_wall_us, t_lab_s, kind, from_phase, to_phase,"
			      " alarm, text) VALUES(?, ?, ?, ?, ?, ?, ?, ?)");

	bind_head(s, entry, 1);
	bind_integer(s, 4, note->kind);
	bind_integer(s, 5, note->from);
	bind_integer(s, 6, note->to);
	bind_integer(s, 7, note->alarm);
	bind_text(s, 8, note->text);
	return store_run(s);
}

static int store_alarm(struct store *store, const struct link_journal *entry)
{
	const struct alarm_body *alarm = (const void *)entry->body;
	sqlite3_stmt *s =
		store_prepare(store, store->journal,
			      "INSERT INTO alarms(run, t_wall_us, t_lab_s, alarm, raised, acknowledged, text)"
			      " VALUES(?, ?, ?, ?, ?, ?, ?)");

	bind_head(s, entry, 1);
	bind_integer(s, 4, alarm->alarm);
	bind_integer(s, 5, alarm->raised);
	bind_integer(s, 6, alarm->acknowledged);
	bind_text(s, 7, alarm->text);
	return store_run(s);
}

static int store_command(struct store *store, const struct link_journal *entry)
{
	const struct journal_command *command = (const void *)entry->body;
	sqlite3_stmt *s = store_prepare(
		store, store->journal,
		"INSERT INTO commands(run, t_wall_us, t_lab_s, client, request_id, kind, verb, role,"
		" code, text, why, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	bind_head(s, entry, 1);
	bind_text(s, 4, command->client);
	bind_text(s, 5, command->request_id);
	bind_integer(s, 6, command->kind);
	bind_integer(s, 7, command->verb);
	bind_integer(s, 8, command->role);
	bind_integer(s, 9, command->code);
	bind_text(s, 10, command->text);
	bind_text(s, 11, command->why);
	bind_bytes(s, 12, command, sizeof(*command));
	return store_run(s);
}

static int store_queued(struct store *store, const struct link_journal *entry, const char *text)
{
	const struct link_queue_item *item = (const void *)entry->body;
	sqlite3_stmt *s = store_prepare(
		store, store->journal,
		"INSERT OR REPLACE INTO runs(run, queued_us, name, material, densification, calorimetry,"
		" started, sections_done, sections_lost, item, protocol)"
		" VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	bind_text(s, 1, item->run);
	bind_integer(s, 2, entry->t_wall_us);
	bind_text(s, 3, item->plan.name);
	bind_text(s, 4, item->plan.material);
	bind_integer(s, 5, item->densification);
	bind_integer(s, 6, item->calorimetry);
	bind_integer(s, 7, item->started);
	bind_integer(s, 8, item->sections_done);
	bind_integer(s, 9, (int64_t)item->sections_lost);
	bind_bytes(s, 10, item, sizeof(*item));
	if (text)
		bind_text(s, 11, text);
	return store_run(s);
}

/* What the run reached on the press, from its record as it is. */
static int keep_press(struct store *store, struct journal_run *run)
{
	sqlite3_stmt *s = store_prepare(store, store->journal, "SELECT record FROM runs WHERE run = ?");
	struct journal_run now = *run, kept;
	int r;

	bind_text(s, 1, run->run);
	r = store_step(s);
	if (r == 1 && column_copy(s, 0, &kept, sizeof(kept)) == 0) {
		*run = kept;
		run->densification = now.densification;
		run->calorimetry = now.calorimetry;
		run->started = now.started;
		run->sections_done = now.sections_done;
		run->sections_lost = now.sections_lost;
		run->clock_scale = now.clock_scale;
		run->limits = now.limits;
		if (now.cause[0] != '\0')
			memcpy(run->cause, now.cause, sizeof(run->cause));
	}
	sqlite3_reset(s);
	return r < 0 ? r : 0;
}

static int store_update(struct store *store, const struct link_journal *entry)
{
	struct journal_run copy = *(const struct journal_run *)(const void *)entry->body, *run = &copy;
	int r = run->of_press ? 0 : keep_press(store, run);
	sqlite3_stmt *s = store_prepare(
		store, store->journal,
		"UPDATE runs SET densification = ?, calorimetry = ?, started = ?, interrupted = ?,"
		" sections_done = ?, sections_lost = ?, cause = ?, record = ? WHERE run = ?");

	bind_integer(s, 1, run->densification);
	bind_integer(s, 2, run->calorimetry);
	bind_integer(s, 3, run->started);
	bind_integer(s, 4, run->interrupted);
	bind_integer(s, 5, run->sections_done);
	bind_integer(s, 6, (int64_t)run->sections_lost);
	bind_text(s, 7, run->cause);
	bind_bytes(s, 8, run, sizeof(*run));
	bind_text(s, 9, run->run);
	return r < 0 ? r : store_run(s);
}

static int store_snapshot(struct store *store, const struct link_journal *entry)
{
	sqlite3_stmt *s =
		store_prepare(store, store->journal,
			      "INSERT OR REPLACE INTO snapshot(id, t_wall_us, t_lab_s, boot_id, body)"
			      " VALUES(1, ?, ?, ?, ?)");
	int r;

	bind_integer(s, 1, entry->t_wall_us);
	bind_number(s, 2, entry->t_lab_s);
	bind_text(s, 3, store->boot);
	bind_bytes(s, 4, entry->body, entry->body_length);
	r = store_run(s);
	return r < 0 ? r : pins_keep(store, (const void *)entry->body, entry->t_wall_us);
}

static int store_section(struct store *store, const struct link_journal *entry)
{
	const struct journal_section *section = (const void *)entry->body;
	sqlite3_stmt *s =
		store_prepare(store, store->journal,
			      "INSERT OR REPLACE INTO sections(run, t_wall_us, t_lab_s, section, number,"
			      " rate_k_per_s, outcome, text) VALUES(?, ?, ?, ?, ?, ?, ?, ?)");

	bind_head(s, entry, 1);
	bind_text(s, 1, section->run);
	bind_text(s, 4, section->section);
	bind_integer(s, 5, section->index);
	bind_number(s, 6, section->rate_k_per_s);
	bind_integer(s, 7, section->outcome);
	bind_text(s, 8, section->text);
	return store_run(s);
}

static int store_result(struct store *store, const struct publication *publication)
{
	const struct result_body *result = &publication->result;
	sqlite3_stmt *s = store_prepare(store, store->journal,
					"INSERT OR REPLACE INTO results(seq, run, section, kind, body)"
					" VALUES(?, ?, ?, ?, ?)");

	bind_integer(s, 1, (int64_t)publication->seq);
	bind_text(s, 2, result->run);
	bind_text(s, 3, result->section);
	bind_integer(s, 4, result->kind);
	bind_bytes(s, 5, result, sizeof(*result));
	return store_run(s);
}

static int store_event(struct store *store, const struct link_journal *entry,
		       const struct publication *publication)
{
	json_object *message = message_render(publication);
	sqlite3_stmt *s = store_prepare(store, store->journal,
					"INSERT OR REPLACE INTO events(topic, seq, run, t_wall_us, json)"
					" VALUES(?, ?, ?, ?, ?)");
	int r;

	if (!message)
		return -EBADMSG;
	bind_integer(s, 1, publication->topic);
	bind_integer(s, 2, (int64_t)publication->seq);
	bind_text(s, 3, entry->run);
	bind_integer(s, 4, publication->t_wall_us);
	bind_text(s, 5, message_text(message));
	r = store_run(s);
	json_object_put(message);
	return r;
}

static int store_publication(struct store *store, const struct link_journal *entry)
{
	const struct publication *publication = (const void *)entry->body;
	int r = store_event(store, entry, publication);

	if (r == 0 && publication->topic == TOPIC_RESULT)
		r = store_result(store, publication);
	return r;
}

static int store_recovery(struct store *store, const struct link_journal *entry)
{
	sqlite3_stmt *s =
		store_prepare(store, store->journal,
			      "INSERT INTO recoveries(run, t_wall_us, t_lab_s, body) VALUES(?, ?, ?, ?)");

	bind_head(s, entry, 1);
	bind_bytes(s, 4, entry->body, entry->body_length);
	return store_run(s);
}

static int store_wear(struct store *store, const struct link_journal *entry)
{
	const struct journal_wear *wear = (const void *)entry->body;
	sqlite3_stmt *s =
		store_prepare(store, store->journal,
			      "INSERT INTO wear(key, device, t_wall_us, used, reserved, reset, text)"
			      " VALUES(?, ?, ?, ?, ?, ?, ?)");

	bind_text(s, 1, wear->key);
	bind_text(s, 2, wear->device);
	bind_integer(s, 3, entry->t_wall_us);
	bind_integer(s, 4, (int64_t)wear->used);
	bind_integer(s, 5, (int64_t)wear->reserved);
	bind_integer(s, 6, wear->reset);
	bind_text(s, 7, wear->text);
	return store_run(s);
}

size_t entries_body_length(uint8_t kind)
{
	static const size_t lengths[JOURNAL_MAX] = {
		[JOURNAL_INTENT] = sizeof(struct intent),
		[JOURNAL_TRANSITION] = sizeof(struct note),
		[JOURNAL_ALARM] = sizeof(struct alarm_body),
		[JOURNAL_COMMAND] = sizeof(struct journal_command),
		[JOURNAL_RUN_QUEUED] = sizeof(struct link_queue_item),
		[JOURNAL_RUN_UPDATED] = sizeof(struct journal_run),
		[JOURNAL_SNAPSHOT] = sizeof(struct control_snapshot),
		[JOURNAL_PUBLICATION] = sizeof(struct publication),
		[JOURNAL_SECTION] = sizeof(struct journal_section),
		[JOURNAL_INTENT_OUTCOME] = sizeof(struct journal_outcome),
		[JOURNAL_NOTE] = sizeof(struct note),
		[JOURNAL_RECOVERY] = sizeof(struct journal_recovery),
		[JOURNAL_WEAR] = sizeof(struct journal_wear),
	};

	return kind < JOURNAL_MAX ? lengths[kind] : 0;
}

int entries_store(struct store *store, const struct link_journal *entry, const char *text)
{
	if (entry->kind >= JOURNAL_MAX || entry->body_length != entries_body_length(entry->kind))
		return -EBADMSG;
	switch ((enum journal_kind)entry->kind) {
	case JOURNAL_INTENT:
		return store_intent(store, entry);
	case JOURNAL_INTENT_OUTCOME:
		return store_outcome(store, entry);
	case JOURNAL_TRANSITION:
	case JOURNAL_NOTE:
		return store_note(store, entry);
	case JOURNAL_ALARM:
		return store_alarm(store, entry);
	case JOURNAL_COMMAND:
		return store_command(store, entry);
	case JOURNAL_RUN_QUEUED:
		return store_queued(store, entry, text);
	case JOURNAL_RUN_UPDATED:
		return store_update(store, entry);
	case JOURNAL_SNAPSHOT:
		return store_snapshot(store, entry);
	case JOURNAL_PUBLICATION:
		return store_publication(store, entry);
	case JOURNAL_SECTION:
		return store_section(store, entry);
	case JOURNAL_RECOVERY:
		return store_recovery(store, entry);
	case JOURNAL_WEAR:
		return store_wear(store, entry);
	case JOURNAL_MAX:
		break;
	}
	return -EBADMSG;
}
