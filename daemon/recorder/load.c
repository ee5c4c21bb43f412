/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/recorder/bind.h"

#define MONTH_US (INT64_C(30) * 86400 * 1000000)
#define NOT_ENDED "(densification = 0 OR calorimetry = 0)"

static int load_snapshot(struct store *store, struct link_loaded *loaded)
{
	sqlite3_stmt *s = store_prepare(
		store, store->journal, "SELECT body, t_wall_us, t_lab_s, boot_id FROM snapshot WHERE id = 1");
	int r = store_step(s);

	if (r == 1) {
		/* One of another layout is no usable one: control takes the journal for lost, not for new. */
		loaded->has_snapshot = true;
		column_copy(s, 0, &loaded->snapshot, sizeof(loaded->snapshot));
		loaded->last_wall_us = sqlite3_column_int64(s, 1);
		loaded->last_tick_lab_s = sqlite3_column_double(s, 2);
		snprintf(loaded->boot_id, sizeof(loaded->boot_id), "%.39s", column_text(s, 3));
		loaded->same_boot = store->boot[0] != '\0' && strcmp(store->boot, loaded->boot_id) == 0;
	}
	sqlite3_reset(s);
	return r < 0 ? r : 0;
}

/* A sample may be younger than the last snapshot. */
static int load_last_sample(struct store *store, struct link_loaded *loaded)
{
	sqlite3_stmt *s =
		store_prepare(store, store->samples,
			      "SELECT seq, t_wall_us, t_lab_s FROM samples ORDER BY seq DESC LIMIT 1");
	int r = store_step(s);

	if (r == 1) {
		loaded->topic_seq[TOPIC_SAMPLE] = (uint64_t)sqlite3_column_int64(s, 0);
		if (sqlite3_column_int64(s, 1) > loaded->last_wall_us) {
			loaded->last_wall_us = sqlite3_column_int64(s, 1);
			loaded->last_tick_lab_s = sqlite3_column_double(s, 2);
		}
	}
	sqlite3_reset(s);
	return r < 0 ? r : 0;
}

static int load_sequences(struct store *store, struct link_loaded *loaded)
{
	sqlite3_stmt *s =
		store_prepare(store, store->journal, "SELECT topic, max(seq) FROM events GROUP BY topic");
	int r;

	while ((r = store_step(s)) == 1) {
		int topic = sqlite3_column_int(s, 0);

		if (topic >= 0 && topic < TOPIC_MAX)
			loaded->topic_seq[topic] = (uint64_t)sqlite3_column_int64(s, 1);
	}
	sqlite3_reset(s);
	return r;
}

static int load_in_doubt(struct store *store, struct link_loaded *loaded)
{
	sqlite3_stmt *s =
		store_prepare(store, store->journal,
			      "SELECT body FROM intents WHERE outcome IS NULL ORDER BY number DESC LIMIT ?");
	uint32_t count = 0;
	int r = 0;

	bind_integer(s, 1, LINK_IN_DOUBT_MAX);
	while (count < LINK_IN_DOUBT_MAX && (r = store_step(s)) == 1) {
		struct intent intent = {0};

		column_copy(s, 0, &intent, sizeof(intent));
		if (count == 0)
			loaded->last_intent = intent;
		loaded->in_doubt[count++] = intent.number;
	}
	sqlite3_reset(s);
	return r < 0 ? r : 0;
}

static int load_numbers(struct store *store, struct link_loaded *loaded)
{
	int64_t next = 1, open = 0, waiting = 0, commands = 0, wears = 0;
	const struct {
		const char *text;
		int64_t *number;
	} wanted[] = {{"SELECT max(number) + 1 FROM intents", &next},
		      {"SELECT count(*) FROM intents WHERE outcome IS NULL", &open},
		      {"SELECT count(*) FROM runs WHERE " NOT_ENDED, &waiting},
		      {"SELECT count(*) FROM commands", &commands},
		      {"SELECT count(DISTINCT key) FROM wear", &wears}};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(wanted) / sizeof(wanted[0]); i++)
		r = store_read_number(store->journal, wanted[i].text, wanted[i].number);
	loaded->next_intent = (uint64_t)next;
	loaded->intents_in_doubt = (uint32_t)open;
	loaded->queue_items = (uint32_t)waiting;
	loaded->wear_items = (uint32_t)(wears < LINK_WEAR_MAX ? wears : LINK_WEAR_MAX);
	loaded->known_commands = (uint32_t)(commands < LINK_KNOWN_MAX ? commands : LINK_KNOWN_MAX);
	return r;
}

static int load_ends(struct store *store, struct link_loaded *loaded)
{
	char start[32], entry[32];
	int r = store_get_meta(store, "last_start", start, sizeof(start));

	if (r == 0)
		r = store_get_meta(store, "last_entry", entry, sizeof(entry));
	if (r < 0)
		return r;
	loaded->last_start = strtoull(start, NULL, 10);
	loaded->last_entry = strtoull(entry, NULL, 10);
	return 0;
}

int load_summary(struct store *store, struct link_loaded *ret_loaded)
{
	static int (*const parts[])(struct store *, struct link_loaded *) = {
		load_snapshot, load_last_sample, load_sequences, load_in_doubt, load_numbers, load_ends};
	struct link_loaded loaded = {.store_new = store->is_new, .store_corrupt = store->was_corrupt};
	int r = 0;

	memcpy(loaded.publisher, store->id, ULID_TEXT);
	for (size_t i = 0; r == 0 && i < sizeof(parts) / sizeof(parts[0]); i++)
		r = parts[i](store, &loaded);
	if (r < 0)
		log_error("the store in %s cannot be read: %s", store->folder, strerror(-r));
	else
		*ret_loaded = loaded;
	return r;
}

int load_queue(struct store *store, int (*take)(void *userdata, const struct link_queue_item *item),
	       void *userdata)
{
	sqlite3_stmt *s =
		store_prepare(store, store->journal,
			      "SELECT item, densification, calorimetry, started, sections_done, sections_lost"
			      " FROM runs WHERE " NOT_ENDED " ORDER BY position");
	int r;

	while ((r = store_step(s)) == 1) {
		struct link_queue_item item = {0};

		column_copy(s, 0, &item, sizeof(item));
		item.densification = (uint8_t)sqlite3_column_int(s, 1);
		item.calorimetry = (uint8_t)sqlite3_column_int(s, 2);
		item.started = sqlite3_column_int(s, 3) != 0;
		item.sections_done = (uint32_t)sqlite3_column_int64(s, 4);
		item.sections_lost = (uint64_t)sqlite3_column_int64(s, 5);
		r = take(userdata, &item);
		if (r != 0)
			break;
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
	int r;

	bind_integer(s, 1, LINK_KNOWN_MAX);
	while ((r = store_step(s)) == 1) {
		struct journal_command command = {0};

		column_copy(s, 0, &command, sizeof(command));
		r = take(userdata, &command);
		if (r != 0)
			break;
	}
	sqlite3_reset(s);
	return r;
}

/* Since the device was new, or newly counted: its first row after the last reset, or that one. */
static int fill_past(struct store *store, int64_t since_us, int64_t *ret_wall_us, const char *key,
		     uint64_t *ret_used)
{
	sqlite3_stmt *s = store_prepare(
		store, store->journal,
		"SELECT t_wall_us, used FROM wear WHERE key = ?1 AND t_wall_us >= ?2 AND id >= (SELECT"
		" coalesce(max(id), 0) FROM wear WHERE key = ?1 AND reset = 1) ORDER BY id LIMIT 1");
	int r;

	bind_text(s, 1, key);
	bind_integer(s, 2, since_us);
	r = store_step(s);
	if (r == 1) {
		*ret_wall_us = sqlite3_column_int64(s, 0);
		*ret_used = (uint64_t)sqlite3_column_int64(s, 1);
	}
	sqlite3_reset(s);
	return r < 0 ? r : 0;
}

int load_wear(struct store *store, int64_t now_us, int (*take)(void *userdata, const struct link_wear *wear),
	      void *userdata)
{
	struct link_wear found[LINK_WEAR_MAX] = {0};
	uint64_t first_used;
	uint32_t count = 0;
	sqlite3_stmt *s =
		store_prepare(store, store->journal,
			      "SELECT key, device, reserved, t_wall_us FROM wear WHERE id IN (SELECT max(id)"
			      " FROM wear GROUP BY key) ORDER BY id DESC LIMIT ?");
	int r = 0;

	bind_integer(s, 1, LINK_WEAR_MAX);
	while (count < LINK_WEAR_MAX && (r = store_step(s)) == 1) {
		struct link_wear *wear = &found[count++];

		snprintf(wear->key, sizeof(wear->key), "%.63s", column_text(s, 0));
		snprintf(wear->device, sizeof(wear->device), "%.31s", column_text(s, 1));
		wear->used = wear->month_used = (uint64_t)sqlite3_column_int64(s, 2);
		wear->since_wall_us = wear->month_wall_us = sqlite3_column_int64(s, 3);
	}
	sqlite3_reset(s);
	for (uint32_t i = 0; r >= 0 && i < count; i++) {
		r = fill_past(store, 0, &found[i].since_wall_us, found[i].key, &first_used);
		if (r == 0)
			r = fill_past(store, now_us - MONTH_US, &found[i].month_wall_us, found[i].key,
				      &found[i].month_used);
		if (r == 0)
			r = take(userdata, &found[i]);
	}
	return r < 0 ? r : 0;
}
