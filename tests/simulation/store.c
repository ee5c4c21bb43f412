/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/world.h"

#define STORE_BYTES (8u << 20)
#define LATER_NS INT64_C(200000000)
#define FREE_MIB 10000

static void name_store(struct store *store)
{
	snprintf(store->loaded.publisher, ULID_TEXT, "01STORE%019u", store->generation % 1000000u);
}

int store_init(struct store *store)
{
	uint8_t *bytes = store->bytes ? store->bytes : malloc(STORE_BYTES);

	if (!bytes)
		return -ENOMEM;
	memset(store, 0, sizeof(*store));
	store->bytes = bytes;
	store->size = STORE_BYTES;
	store->loaded.store_new = true;
	store->loaded.next_intent = 1;
	name_store(store);
	return 0;
}

void store_deinit(struct store *store)
{
	free(store->bytes);
	store->bytes = NULL;
}

static size_t whole(size_t length)
{
	return (length + 15) & ~(size_t)15;
}

/* ---- what becomes durable ---- */

static void keep_intent(struct store *store, const struct intent *intent)
{
	if (intent->number >= store->loaded.next_intent)
		store->loaded.next_intent = intent->number + 1;
	if (store->intent_count == STORE_INTENTS_MAX) {
		checker_violate(&world.checker, "I9", "%u intents have no outcome", store->intent_count);
		return;
	}
	store->intents[store->intent_count++] = *intent;
	if (world.plant != PLANT_INTENT)
		checker_durable_intent(&world.checker, intent);
}

static void settle_intent(struct store *store, uint64_t number)
{
	for (uint32_t i = 0; i < store->intent_count; i++)
		if (store->intents[i].number == number) {
			memmove(&store->intents[i], &store->intents[i + 1],
				(--store->intent_count - i) * sizeof(store->intents[0]));
			return;
		}
}

static void drop_ended(struct store *store)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < store->run_count; i++)
		if (store->runs[i].densification == OUTCOME_NONE ||
		    store->runs[i].calorimetry == OUTCOME_NONE)
			store->runs[kept++] = store->runs[i];
	store->run_count = kept;
}

static void update_run(struct store *store, const struct journal_run *run)
{
	for (uint32_t i = 0; i < store->run_count; i++) {
		struct link_queue_item *item = &store->runs[i];

		if (strcmp(item->run, run->run) != 0)
			continue;
		item->densification = run->densification;
		item->calorimetry = run->calorimetry;
		item->started = run->started;
		item->sections_done = run->sections_done;
		item->sections_lost = run->sections_lost;
	}
	drop_ended(store);
	checker_durable_run(&world.checker, run);
}

static void keep_command(struct store *store, const struct journal_command *command)
{
	if (store->command_count == STORE_COMMANDS_MAX)
		memmove(store->commands, store->commands + 1,
			--store->command_count * sizeof(store->commands[0]));
	store->commands[store->command_count++] = *command;
}

static void keep_snapshot(struct store *store, const struct link_journal *entry)
{
	memcpy(&store->loaded.snapshot, entry->body, sizeof(store->loaded.snapshot));
	store->loaded.has_snapshot = true;
	store->loaded.last_wall_us = entry->t_wall_us;
	store->loaded.last_tick_lab_s = entry->t_lab_s;
	store->boot = world.boots;
}

static void keep_publication(struct store *store, const struct publication *publication)
{
	checker_durable_publication(&world.checker, publication, store->loaded.topic_seq[publication->topic]);
	store->loaded.topic_seq[publication->topic] = publication->seq;
}

static void apply(struct store *store, const struct link_journal *entry)
{
	const void *body = entry->body;

	if (entry->start == store->loaded.last_start && entry->entry <= store->loaded.last_entry)
		return;
	store->loaded.last_start = entry->start;
	store->loaded.last_entry = entry->entry;
	if (entry->kind == JOURNAL_INTENT)
		keep_intent(store, body);
	else if (entry->kind == JOURNAL_INTENT_OUTCOME)
		settle_intent(store, ((const struct journal_outcome *)body)->number);
	else if (entry->kind == JOURNAL_RUN_QUEUED && store->run_count < STORE_RUNS_MAX)
		store->runs[store->run_count++] = *(const struct link_queue_item *)body;
	else if (entry->kind == JOURNAL_RUN_UPDATED)
		update_run(store, body);
	else if (entry->kind == JOURNAL_COMMAND)
		keep_command(store, body);
	else if (entry->kind == JOURNAL_SNAPSHOT)
		keep_snapshot(store, entry);
	else if (entry->kind == JOURNAL_PUBLICATION)
		keep_publication(store, body);
	else if (entry->kind == JOURNAL_TRANSITION || entry->kind == JOURNAL_NOTE)
		checker_durable_note(&world.checker, body);
	else if (entry->kind == JOURNAL_ALARM)
		checker_durable_alarm(&world.checker, body);
}

/* An entry marked "more" is durable only with its successor: what lies behind the last whole one stays. */
static size_t find_whole(const struct store *store)
{
	size_t end = 0;

	for (size_t at = 0; at < store->used;) {
		const struct link_journal *entry = (const struct link_journal *)(store->bytes + at);

		at += whole(sizeof(*entry) + entry->body_length);
		if (!entry->more)
			end = at;
	}
	return end;
}

static void commit(struct store *store)
{
	size_t end = find_whole(store);

	for (size_t at = 0; at < end;) {
		const struct link_journal *entry = (const struct link_journal *)(store->bytes + at);

		apply(store, entry);
		at += whole(sizeof(*entry) + entry->body_length);
	}
	memmove(store->bytes, store->bytes + end, store->used - end);
	store->used -= end;
	store->now = false;
	store->commit_ns = 0;
	if (store->has_sample) {
		store->loaded.topic_seq[TOPIC_SAMPLE] = store->sample_seq;
		if (store->sample_wall_us > store->loaded.last_wall_us) {
			store->loaded.last_tick_lab_s = store->sample_lab_s;
			store->loaded.last_wall_us = store->sample_wall_us;
		}
	}
	store->has_sample = false;
}

/* ---- what control sends ---- */

static void due(struct store *store, bool now)
{
	int64_t in_ns = now ? WORLD_QUANTUM_NS : LATER_NS;

	if (store->commit_ns == 0)
		store->first_ns = world.now_ns;
	if (now && trouble_is_on(&world.trouble, TROUBLE_STORE_SLOW))
		in_ns = (int64_t)(chance_between(&world.chance, 0, 20) * 1e9);
	if (store->commit_ns == 0 || (now && !store->now))
		store->commit_ns = world.now_ns + in_ns;
	store->now = store->now || now;
}

static int take_entry(struct store *store, const struct link_journal *entry, size_t length)
{
	if (store->used + whole(length) > store->size)
		return -EAGAIN;
	memcpy(store->bytes + store->used, entry, length);
	store->used += whole(length);
	due(store, entry->now);
	return 0;
}

int store_take(struct store *store, uint16_t type, const void *body, size_t length)
{
	const struct publication *sample = body;

	switch (type) {
	case LINK_RECORDER_CONFIG:
		store->load_due = true;
		return 0;
	case LINK_JOURNAL:
		return take_entry(store, body, length);
	case LINK_SAMPLE:
		checker_sample(&world.checker, sample);
		store->has_sample = true;
		store->sample_seq = sample->seq;
		store->sample_lab_s = sample->t_lab_s;
		store->sample_wall_us = sample->t_wall_us;
		due(store, false);
		return 0;
	case LINK_TRACE:
		if (store->has_trace)
			return -EAGAIN;
		store->has_trace = true;
		store->trace = *(const struct link_trace *)body;
		due(store, true);
		return 0;
	default:
		return 0;
	}
}

static void tell_committed(struct store *store)
{
	struct link_committed committed = {.entry = store->loaded.last_entry,
					   .error = store->error,
					   .commit_ms = 2,
					   .free_mib = FREE_MIB,
					   .sample_seq = store->loaded.topic_seq[TOPIC_SAMPLE]};
	struct worker *recorder = &world.control->recorder;

	recorder->message(recorder, LINK_COMMITTED, &committed, sizeof(committed), -1);
	if (store->has_trace && store->error == 0 && recorder->socket >= 0) {
		store->has_trace = false;
		recorder->message(recorder, LINK_TRACE_COMMITTED, &store->trace, sizeof(store->trace), -1);
	}
}

void store_step(struct store *store)
{
	const struct trouble *trouble = &world.trouble;
	int32_t error = trouble_is_on(trouble, TROUBLE_STORE_FULL)    ? -ENOSPC
			: trouble_is_on(trouble, TROUBLE_STORE_ERROR) ? -EIO
								      : 0;
	bool changed = error != store->error;

	if (!world.up || world.control->recorder.socket < 0 || !world.control->loaded)
		return;
	if (store->load_due) {
		store_tell(store);
		return;
	}
	if (store->commit_ns == 0 || (world.now_ns < store->commit_ns && !(changed && error)))
		return;
	store->error = error;
	if (error == 0)
		commit(store);
	else
		store->commit_ns = world.now_ns + LATER_NS;
	if (error == 0 || changed)
		tell_committed(store);
}

/* ---- crash and start ---- */

static void set_aside(struct store *store)
{
	uint32_t generation = store->generation + 1, boot = store->boot;

	store_init(store);
	store->generation = generation;
	store->boot = boot;
	name_store(store);
	store->loaded.store_corrupt = true;
	checker_new_store(&world.checker);
}

void store_crash(struct store *store, bool all)
{
	if (all && store->error == 0)
		commit(store);
	store->used = 0;
	store->commit_ns = 0;
	store->now = store->has_sample = store->has_trace = store->load_due = false;
	store->error = 0;
	if (store->corrupt) {
		set_aside(store);
		world_tell("the store is found damaged and set aside");
	}
}

void store_tell(struct store *store)
{
	struct worker *recorder = &world.control->recorder;
	struct link_loaded loaded = store->loaded;
	bool first = !world.control->loaded;

	store->load_due = false;
	loaded.same_boot = loaded.has_snapshot && store->boot == world.boots;
	loaded.queue_items = store->run_count;
	loaded.known_commands = store->command_count;
	loaded.intents_in_doubt = store->intent_count;
	if (store->intent_count > 0)
		loaded.last_intent = store->intents[store->intent_count - 1];
	for (uint32_t i = 0; i < store->intent_count && i < LINK_IN_DOUBT_MAX; i++)
		loaded.in_doubt[i] = store->intents[store->intent_count - 1 - i].number;
	if (first) {
		store->loaded.store_new = store->loaded.store_corrupt = false;
		checker_started(&world.checker, &loaded);
	}
	if (world.plant == PLANT_LATCH) {
		loaded.snapshot.machine.latched = false;
		loaded.snapshot.machine.phase = PHASE_HOLD;
	}
	recorder->message(recorder, LINK_LOADED, &loaded, sizeof(loaded), -1);
	for (uint32_t i = 0; i < store->run_count; i++)
		recorder->message(recorder, LINK_QUEUE_ITEM, &store->runs[i], sizeof(store->runs[i]), -1);
	for (uint32_t i = 0; i < store->command_count; i++)
		recorder->message(recorder, LINK_KNOWN_COMMAND, &store->commands[i],
				  sizeof(store->commands[i]), -1);
}
