/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/disk.h"
#include "tests/simulation/keeper.h"
#include "tests/simulation/world.h"

#define BOOK_BYTES (8u << 20)
#define LATER_NS INT64_C(200000000)
#define FREE_MIB 10000

static void name_store(struct book *book)
{
	snprintf(book->loaded.publisher, ULID_TEXT, "01STORE%019u", book->generation % 1000000u);
}

int book_init(struct book *book)
{
	uint8_t *bytes = book->bytes ? book->bytes : malloc(BOOK_BYTES);

	if (!bytes)
		return -ENOMEM;
	memset(book, 0, sizeof(*book));
	book->bytes = bytes;
	book->size = BOOK_BYTES;
	book->loaded.store_new = true;
	book->loaded.next_intent = 1;
	name_store(book);
	return 0;
}

void book_deinit(struct book *book)
{
	free(book->bytes);
	book->bytes = NULL;
}

static size_t whole(size_t length)
{
	return (length + 15) & ~(size_t)15;
}

/* ---- what becomes durable ---- */

static void keep_intent(struct book *book, const struct intent *intent)
{
	if (intent->number >= book->loaded.next_intent)
		book->loaded.next_intent = intent->number + 1;
	if (book->intent_count == BOOK_INTENTS_MAX) {
		checker_violate(&world.checker, "I9", "%u intents have no outcome", book->intent_count);
		return;
	}
	book->intents[book->intent_count++] = *intent;
	if (world.plant != PLANT_INTENT)
		checker_durable_intent(&world.checker, intent);
}

static void settle_intent(struct book *book, uint64_t number)
{
	if (world.plant == PLANT_OUTCOME)
		return;
	for (uint32_t i = 0; i < book->intent_count; i++)
		if (book->intents[i].number == number) {
			memmove(&book->intents[i], &book->intents[i + 1],
				(--book->intent_count - i) * sizeof(book->intents[0]));
			return;
		}
}

static void drop_ended(struct book *book)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < book->run_count; i++)
		if (book->runs[i].densification == OUTCOME_NONE || book->runs[i].calorimetry == OUTCOME_NONE)
			book->runs[kept++] = book->runs[i];
	book->run_count = kept;
}

static void update_run(struct book *book, const struct journal_run *run)
{
	for (uint32_t i = 0; i < book->run_count; i++) {
		struct link_queue_item *item = &book->runs[i];

		if (strcmp(item->run, run->run) != 0)
			continue;
		item->densification = run->densification;
		item->calorimetry = run->calorimetry;
		item->started = run->started;
		item->sections_done = run->sections_done;
		item->sections_lost = run->sections_lost;
	}
	drop_ended(book);
	checker_durable_run(&world.checker, run);
}

static void keep_command(struct book *book, const struct journal_command *command)
{
	if (book->command_count == BOOK_COMMANDS_MAX)
		memmove(book->commands, book->commands + 1,
			--book->command_count * sizeof(book->commands[0]));
	book->commands[book->command_count++] = *command;
}

static void keep_snapshot(struct book *book, const struct link_journal *entry)
{
	memcpy(&book->loaded.snapshot, entry->body, sizeof(book->loaded.snapshot));
	book->loaded.has_snapshot = true;
	book->loaded.last_wall_us = entry->t_wall_us;
	book->loaded.last_tick_lab_s = entry->t_lab_s;
	book->boot = world.boots;
}

static void keep_publication(struct book *book, const struct publication *publication)
{
	checker_durable_publication(&world.checker, publication, book->loaded.topic_seq[publication->topic]);
	book->loaded.topic_seq[publication->topic] = publication->seq;
}

static void apply(struct book *book, const struct link_journal *entry)
{
	const void *body = entry->body;

	if (entry->start == book->loaded.last_start && entry->entry <= book->loaded.last_entry)
		return;
	book->loaded.last_start = entry->start;
	book->loaded.last_entry = entry->entry;
	if (entry->kind == JOURNAL_INTENT)
		keep_intent(book, body);
	else if (entry->kind == JOURNAL_INTENT_OUTCOME)
		settle_intent(book, ((const struct journal_outcome *)body)->number);
	else if (entry->kind == JOURNAL_RUN_QUEUED && book->run_count < BOOK_RUNS_MAX)
		book->runs[book->run_count++] = *(const struct link_queue_item *)body;
	else if (entry->kind == JOURNAL_RUN_UPDATED)
		update_run(book, body);
	else if (entry->kind == JOURNAL_COMMAND)
		keep_command(book, body);
	else if (entry->kind == JOURNAL_SNAPSHOT)
		keep_snapshot(book, entry);
	else if (entry->kind == JOURNAL_PUBLICATION)
		keep_publication(book, body);
	else if (entry->kind == JOURNAL_TRANSITION || entry->kind == JOURNAL_NOTE)
		checker_durable_note(&world.checker, body);
	else if (entry->kind == JOURNAL_ALARM)
		checker_durable_alarm(&world.checker, body);
}

/* An entry marked "more" is durable only with its successor: what lies behind the last whole one stays. */
static size_t find_whole(const struct book *book)
{
	size_t end = 0;

	for (size_t at = 0; at < book->used;) {
		const struct link_journal *entry = (const struct link_journal *)(book->bytes + at);

		at += whole(sizeof(*entry) + entry->body_length);
		if (!entry->more)
			end = at;
	}
	return end;
}

static void commit(struct book *book)
{
	size_t end = find_whole(book);

	for (size_t at = 0; at < end;) {
		const struct link_journal *entry = (const struct link_journal *)(book->bytes + at);

		apply(book, entry);
		at += whole(sizeof(*entry) + entry->body_length);
	}
	memmove(book->bytes, book->bytes + end, book->used - end);
	book->used -= end;
	book->now = false;
	book->commit_ns = 0;
	if (book->has_sample) {
		book->loaded.topic_seq[TOPIC_SAMPLE] = book->sample_seq;
		if (book->sample_wall_us > book->loaded.last_wall_us) {
			book->loaded.last_tick_lab_s = book->sample_lab_s;
			book->loaded.last_wall_us = book->sample_wall_us;
		}
	}
	book->has_sample = false;
}

/* ---- what control sends ---- */

static void due(struct book *book, bool now)
{
	int64_t in_ns = now ? WORLD_QUANTUM_NS : LATER_NS;

	if (book->commit_ns == 0)
		book->first_ns = world.now_ns;
	if (now && trouble_is_on(&world.trouble, TROUBLE_STORE_SLOW))
		in_ns = (int64_t)(chance_between(&world.chance, 0, 40) * 1e9);
	if (book->commit_ns == 0 || (now && !book->now))
		book->commit_ns = world.now_ns + in_ns;
	book->now = book->now || now;
}

static int take_entry(struct book *book, const struct link_journal *entry, size_t length)
{
	if (book->used + whole(length) > book->size)
		return -EAGAIN;
	memcpy(book->bytes + book->used, entry, length);
	book->used += whole(length);
	due(book, entry->now);
	return 0;
}

/* What control has sent and nobody has acknowledged yet. */
static int write_down(struct book *book, uint16_t type, const void *body, size_t length)
{
	if (type == LINK_SAMPLE)
		checker_sample(&world.checker, body);
	if (type != LINK_JOURNAL)
		return 0;
	if (book->used + whole(length) > book->size)
		return -EAGAIN;
	memcpy(book->bytes + book->used, body, length);
	book->used += whole(length);
	return 0;
}

int book_take(struct book *book, uint16_t type, const void *body, size_t length)
{
	const struct publication *sample = body;

	if (world.level == LEVEL_FRAMES)
		return write_down(book, type, body, length);
	switch (type) {
	case LINK_RECORDER_CONFIG:
		book->load_due = true;
		return 0;
	case LINK_JOURNAL:
		return take_entry(book, body, length);
	case LINK_SAMPLE:
		checker_sample(&world.checker, sample);
		book->has_sample = true;
		book->sample_seq = sample->seq;
		book->sample_lab_s = sample->t_lab_s;
		book->sample_wall_us = sample->t_wall_us;
		due(book, false);
		return 0;
	case LINK_TRACE:
		if (book->has_trace)
			return -EAGAIN;
		book->has_trace = true;
		book->trace = *(const struct link_trace *)body;
		due(book, true);
		return 0;
	default:
		return 0;
	}
}

static void tell_committed(struct book *book)
{
	struct link_committed committed = {.start = book->loaded.last_start,
					   .entry = book->loaded.last_entry,
					   .error = book->error,
					   .commit_ms = 2,
					   .free_mib = FREE_MIB,
					   .sample_seq = book->loaded.topic_seq[TOPIC_SAMPLE]};
	struct worker *recorder = &world.control->recorder;

	recorder->message(recorder, LINK_COMMITTED, &committed, sizeof(committed), -1);
	if (book->has_trace && book->error == 0 && recorder->socket >= 0) {
		book->has_trace = false;
		recorder->message(recorder, LINK_TRACE_COMMITTED, &book->trace, sizeof(book->trace), -1);
	}
}

/* Enters what is durable into the book; what follows stays in doubt. */
static void enter(struct book *book, uint64_t start, uint64_t last)
{
	size_t at = 0;

	while (at < book->used) {
		const struct link_journal *entry = (const struct link_journal *)(book->bytes + at);

		if ((start != 0 && entry->start != start) || entry->entry > last)
			break;
		apply(book, entry);
		at += whole(sizeof(*entry) + entry->body_length);
	}
	memmove(book->bytes, book->bytes + at, book->used - at);
	book->used -= at;
}

void book_acknowledge(struct book *book, const struct link_committed *committed)
{
	enter(book, committed->start, committed->entry);
	book->error = committed->error;
	if (committed->sample_seq > book->loaded.topic_seq[TOPIC_SAMPLE])
		book->loaded.topic_seq[TOPIC_SAMPLE] = committed->sample_seq;
}

void book_step(struct book *book)
{
	const struct trouble *trouble = &world.trouble;
	int32_t error = trouble_is_on(trouble, TROUBLE_STORE_FULL)    ? -ENOSPC
			: trouble_is_on(trouble, TROUBLE_STORE_ERROR) ? -EIO
								      : 0;
	bool changed = error != book->error;

	if (!world.up || world.control->recorder.socket < 0 || !world.control->loaded ||
	    world.level == LEVEL_FRAMES)
		return;
	if (book->load_due) {
		book_tell(book);
		return;
	}
	if (book->commit_ns == 0 || (world.now_ns < book->commit_ns && !(changed && error)))
		return;
	book->error = error;
	if (error == 0)
		commit(book);
	else
		book->commit_ns = world.now_ns + LATER_NS;
	if (error == 0 || changed)
		tell_committed(book);
}

/* ---- crash and start ---- */

static void set_aside(struct book *book)
{
	uint32_t generation = book->generation + 1, boot = book->boot;

	book_init(book);
	book->generation = generation;
	book->boot = boot;
	name_store(book);
	book->loaded.store_corrupt = true;
	checker_new_store(&world.checker);
}

static void compare(struct book *book, const struct link_loaded *loaded)
{
	struct checker *checker = &world.checker;
	const struct link_loaded *kept = &book->loaded;

	if (loaded->last_start != kept->last_start || loaded->last_entry != kept->last_entry)
		checker_violate(checker, "STORE",
				"entry %llu of start %llu was acknowledged, the store ends with %llu of %llu",
				(unsigned long long)kept->last_entry, (unsigned long long)kept->last_start,
				(unsigned long long)loaded->last_entry,
				(unsigned long long)loaded->last_start);
	if (loaded->has_snapshot != kept->has_snapshot ||
	    (kept->has_snapshot && memcmp(&loaded->snapshot, &kept->snapshot, sizeof(kept->snapshot)) != 0))
		checker_violate(checker, "STORE", "the snapshot is not the last that was acknowledged");
	if (loaded->queue_items != book->run_count || loaded->intents_in_doubt != book->intent_count)
		checker_violate(checker, "STORE", "%u runs and %u open intents, acknowledged were %u and %u",
				loaded->queue_items, loaded->intents_in_doubt, book->run_count,
				book->intent_count);
	for (int topic = 0; topic < TOPIC_MAX; topic++)
		if (topic != TOPIC_SAMPLE && loaded->topic_seq[topic] != kept->topic_seq[topic])
			checker_violate(checker, "STORE", "topic %s ends with %llu, acknowledged was %llu",
					topic_name((enum topic)topic),
					(unsigned long long)loaded->topic_seq[topic],
					(unsigned long long)kept->topic_seq[topic]);
	/* samples.db is not synced at each commit: a power cut takes the last of them. */
	if (!book->was_cut && loaded->topic_seq[TOPIC_SAMPLE] < kept->topic_seq[TOPIC_SAMPLE])
		checker_violate(checker, "STORE", "samples end with %llu, acknowledged was %llu",
				(unsigned long long)loaded->topic_seq[TOPIC_SAMPLE],
				(unsigned long long)kept->topic_seq[TOPIC_SAMPLE]);
}

void book_reload(struct book *book, const struct link_loaded *loaded)
{
	bool first = !world.control->loaded;

	if (loaded->store_corrupt && !book->corrupt)
		checker_violate(&world.checker, "STORE", "a store that nobody damaged is found corrupt");
	if (loaded->store_corrupt) {
		set_aside(book);
		world_tell("the store is found damaged and set aside");
	} else {
		enter(book, loaded->last_start, loaded->last_entry);
		compare(book, loaded);
	}
	book->used = 0;
	book->corrupt = book->was_cut = false;
	book->loaded.topic_seq[TOPIC_SAMPLE] = loaded->topic_seq[TOPIC_SAMPLE];
	if (first)
		checker_started(&world.checker, loaded);
}

static void crash_real(struct book *book, bool all)
{
	keeper_kill(all);
	if (world.power_cut_now) {
		disk_cut();
		book->was_cut = true;
	}
	if (book->corrupt)
		book->corrupt = disk_damage();
}

void book_crash(struct book *book, bool all)
{
	if (world.level == LEVEL_FRAMES) {
		crash_real(book, all);
		return;
	}
	if (all && book->error == 0)
		commit(book);
	book->used = 0;
	book->commit_ns = 0;
	book->now = book->has_sample = book->has_trace = book->load_due = false;
	book->error = 0;
	if (book->corrupt) {
		set_aside(book);
		world_tell("the store is found damaged and set aside");
	}
}

void book_tell(struct book *book)
{
	struct worker *recorder = &world.control->recorder;
	struct link_loaded loaded = book->loaded;
	bool first = !world.control->loaded;

	book->load_due = false;
	loaded.same_boot = loaded.has_snapshot && book->boot == world.boots;
	loaded.queue_items = book->run_count;
	loaded.known_commands = book->command_count;
	loaded.intents_in_doubt = book->intent_count;
	if (book->intent_count > 0)
		loaded.last_intent = book->intents[book->intent_count - 1];
	for (uint32_t i = 0; i < book->intent_count && i < LINK_IN_DOUBT_MAX; i++)
		loaded.in_doubt[i] = book->intents[book->intent_count - 1 - i].number;
	if (first) {
		book->loaded.store_new = book->loaded.store_corrupt = false;
		checker_started(&world.checker, &loaded);
	}
	if (world.plant == PLANT_LATCH) {
		loaded.snapshot.machine.latched = false;
		loaded.snapshot.machine.phase = PHASE_HOLD;
	}
	recorder->message(recorder, LINK_LOADED, &loaded, sizeof(loaded), -1);
	for (uint32_t i = 0; i < book->run_count; i++)
		recorder->message(recorder, LINK_QUEUE_ITEM, &book->runs[i], sizeof(book->runs[i]), -1);
	for (uint32_t i = 0; i < book->command_count; i++)
		recorder->message(recorder, LINK_KNOWN_COMMAND, &book->commands[i], sizeof(book->commands[i]),
				  -1);
}
