/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/recorder/bind.h"

#define NOT_ENDED "(densification = 0 OR calorimetry = 0)"

static void load_snapshot(struct store *store, struct link_loaded *loaded)
{
	sqlite3_stmt *s = store_prepare(
		store, store->journal, "SELECT body, t_wall_us, t_lab_s, boot_id FROM snapshot WHERE id = 1");

	if (!s || sqlite3_step(s) != SQLITE_ROW) {
		sqlite3_reset(s);
		return;
	}
	loaded->has_snapshot = column_copy(s, 0, &loaded->snapshot, sizeof(loaded->snapshot)) == 0;
	loaded->last_wall_us = sqlite3_column_int64(s, 1);
	loaded->last_tick_lab_s = sqlite3_column_double(s, 2);
	snprintf(loaded->boot_id, sizeof(loaded->boot_id), "%.39s", column_text(s, 3));
	loaded->same_boot = store->boot[0] != '\0' && strcmp(store->boot, loaded->boot_id) == 0;
	sqlite3_reset(s);
}

/* A sample may be younger than the last snapshot. */
static void load_last_sample(struct store *store, struct link_loaded *loaded)
{
	sqlite3_stmt *s =
		store_prepare(store, store->samples,
			      "SELECT seq, t_wall_us, t_lab_s FROM samples ORDER BY seq DESC LIMIT 1");

	if (s && sqlite3_step(s) == SQLITE_ROW) {
		loaded->topic_seq[TOPIC_SAMPLE] = (uint64_t)sqlite3_column_int64(s, 0);
		if (sqlite3_column_int64(s, 1) > loaded->last_wall_us) {
			loaded->last_wall_us = sqlite3_column_int64(s, 1);
			loaded->last_tick_lab_s = sqlite3_column_double(s, 2);
		}
	}
	sqlite3_reset(s);
}

static void load_sequences(struct store *store, struct link_loaded *loaded)
{
	sqlite3_stmt *s =
		store_prepare(store, store->journal, "SELECT topic, max(seq) FROM events GROUP BY topic");

	while (s && sqlite3_step(s) == SQLITE_ROW) {
		int topic = sqlite3_column_int(s, 0);

		if (topic >= 0 && topic < TOPIC_MAX)
			loaded->topic_seq[topic] = (uint64_t)sqlite3_column_int64(s, 1);
	}
	sqlite3_reset(s);
}

static void load_intents(struct store *store, struct link_loaded *loaded)
{
	sqlite3_stmt *s =
		store_prepare(store, store->journal,
			      "SELECT body FROM intents WHERE outcome IS NULL ORDER BY number DESC LIMIT ?");
	uint32_t count = 0;

	loaded->next_intent =
		(uint64_t)store_get_number(store->journal, "SELECT max(number) + 1 FROM intents", 1);
	loaded->intents_in_doubt = (uint32_t)store_get_number(
		store->journal, "SELECT count(*) FROM intents WHERE outcome IS NULL", 0);
	bind_integer(s, 1, LINK_IN_DOUBT_MAX);
	while (s && count < LINK_IN_DOUBT_MAX && sqlite3_step(s) == SQLITE_ROW) {
		struct intent intent = {0};

		column_copy(s, 0, &intent, sizeof(intent));
		if (count == 0)
			loaded->last_intent = intent;
		loaded->in_doubt[count++] = intent.number;
	}
	sqlite3_reset(s);
}

static uint64_t meta_number(struct store *store, const char *key)
{
	char text[32];

	store_get_meta(store, key, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

int load_summary(struct store *store, struct link_loaded *ret_loaded)
{
	struct link_loaded *loaded = ret_loaded;
	int64_t commands = store_get_number(store->journal, "SELECT count(*) FROM commands", 0);

	*loaded = (struct link_loaded){.store_new = store->is_new, .store_corrupt = store->was_corrupt};
	memcpy(loaded->publisher, store->id, ULID_TEXT);
	load_snapshot(store, loaded);
	load_last_sample(store, loaded);
	load_sequences(store, loaded);
	load_intents(store, loaded);
	loaded->queue_items =
		(uint32_t)store_get_number(store->journal, "SELECT count(*) FROM runs WHERE " NOT_ENDED, 0);
	loaded->known_commands = (uint32_t)(commands < LINK_KNOWN_MAX ? commands : LINK_KNOWN_MAX);
	loaded->last_start = meta_number(store, "last_start");
	loaded->last_entry = meta_number(store, "last_entry");
	return 0;
}

int load_queue(struct store *store, int (*take)(void *userdata, const struct link_queue_item *item),
	       void *userdata)
{
	sqlite3_stmt *s =
		store_prepare(store, store->journal,
			      "SELECT item, densification, calorimetry, started, sections_done, sections_lost"
			      " FROM runs WHERE " NOT_ENDED " ORDER BY position");
	int r = 0;

	while (s && r == 0 && sqlite3_step(s) == SQLITE_ROW) {
		struct link_queue_item item = {0};

		column_copy(s, 0, &item, sizeof(item));
		item.densification = (uint8_t)sqlite3_column_int(s, 1);
		item.calorimetry = (uint8_t)sqlite3_column_int(s, 2);
		item.started = sqlite3_column_int(s, 3) != 0;
		item.sections_done = (uint32_t)sqlite3_column_int64(s, 4);
		item.sections_lost = (uint64_t)sqlite3_column_int64(s, 5);
		r = take(userdata, &item);
	}
	sqlite3_reset(s);
	return r;
}

int load_commands(struct store *store, int (*take)(void *userdata, const struct journal_command *command),
		  void *userdata)
{
	sqlite3_stmt *s =
		store_prepare(store, store->journal,
			      "SELECT body FROM (SELECT id, body FROM commands ORDER BY id DESC LIMIT ?)"
			      " ORDER BY id");
	int r = 0;

	bind_integer(s, 1, LINK_KNOWN_MAX);
	while (s && r == 0 && sqlite3_step(s) == SQLITE_ROW) {
		struct journal_command command = {0};

		column_copy(s, 0, &command, sizeof(command));
		r = take(userdata, &command);
	}
	sqlite3_reset(s);
	return r;
}
