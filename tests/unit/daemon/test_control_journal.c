/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is not yet durable: kept in order, sent once to each recorder, released by the commit, never overrun.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/control/journal.h"

#define SMALL_RING 8192
static int pair[2];
static uint32_t seq;
static struct journal journal;
static const char publisher[ULID_TEXT] = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
static _Alignas(16) uint8_t buffer[LINK_MESSAGE_MAX + sizeof(struct link_header)];

static int open_all(void **state)
{
	(void)state;
	seq = 0;
	if (journal_init(&journal, SMALL_RING, 42) < 0)
		return -1;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair);
}

static int close_all(void **state)
{
	(void)state;
	journal_deinit(&journal);
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static int add(uint8_t kind, size_t length, bool now, uint64_t *ret_entry)
{
	static uint8_t body[4096];
	struct journal_entry entry = {
		.kind = kind, .now = now, .run = "R", .body = body, .length = length, .fd = -1};

	return journal_add(&journal, &entry, ret_entry);
}

/* The entry of the next journal message, 0 when there is none; *ret_fd as received. */
static uint64_t next_entry(int *ret_fd)
{
	const struct link_header *header;
	const void *body;
	int fd;

	do {
		if (link_receive(pair[1], buffer, sizeof(buffer), &header, &body, &fd) != 1)
			return 0;
	} while (header->type != LINK_JOURNAL);
	assert_int_equal(header->length,
			 sizeof(struct link_journal) + ((const struct link_journal *)body)->body_length);
	assert_int_equal(((const struct link_journal *)body)->start, 42);
	*ret_fd = fd;
	return ((const struct link_journal *)body)->entry;
}

/* Where it says there is room, all of them fit and so does the command; wherever the ring stands. */
static void room_is_there_when_it_says_so(void **state)
{
	uint64_t entry;
	int said = 0;

	(void)state;
	for (size_t offset = 0; offset < 6000; offset += 40) {
		journal_deinit(&journal);
		assert_int_equal(journal_init(&journal, SMALL_RING, 42), 0);
		assert_int_equal(add(JOURNAL_INTENT, offset % 3000, true, &entry), 0);
		assert_int_equal(add(JOURNAL_INTENT, offset / 2, true, &entry), 0);
		journal_commit(&journal, 1);
		if (!journal_has_room(&journal, 3, 700))
			continue;
		said++;
		for (int i = 0; i < 3; i++)
			assert_int_equal(add(JOURNAL_RUN_QUEUED, 700, true, &entry), 0);
		assert_int_equal(add(JOURNAL_COMMAND, sizeof(struct journal_command), true, &entry), 0);
	}
	assert_true(said > 10);
	assert_false(journal_has_room(&journal, 11, 700));
}

static void entries_wrap_and_stay_in_order(void **state)
{
	uint64_t entry = 0, sent = 0, seen = 0;
	int fd;

	(void)state;
	for (int round = 0; round < 500; round++) {
		assert_int_equal(add(JOURNAL_INTENT, 100 + (size_t)round % 700, true, &entry), 0);
		assert_int_equal(entry, ++sent);
		assert_int_equal(journal_flush(&journal, pair[0], &seq, publisher), 0);
		while ((entry = next_entry(&fd)) != 0)
			assert_int_equal(entry, ++seen);
		journal_commit(&journal, seen);
	}
	assert_int_equal(seen, 500);
	assert_int_equal(journal.used, 0);
	assert_int_equal(journal_oldest_ns(&journal), 0);
}

static void a_new_recorder_gets_the_rest_again(void **state)
{
	uint64_t entry;
	int fd;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(add(JOURNAL_INTENT, 64, true, &entry), 0);
	assert_int_equal(journal_flush(&journal, pair[0], &seq, publisher), 0);
	for (uint64_t i = 1; i <= 5; i++)
		assert_int_equal(next_entry(&fd), i);
	journal_commit(&journal, 1);
	/* It had committed up to 3 before it died and could not say so. */
	journal_rewind(&journal, 42, 3, 0);
	assert_int_equal(journal_flush(&journal, pair[0], &seq, publisher), 0);
	assert_int_equal(next_entry(&fd), 4);
	assert_int_equal(next_entry(&fd), 5);
	assert_int_equal(next_entry(&fd), 0);
	/* Another start's numbers say nothing about ours. */
	journal_rewind(&journal, 41, 5, 0);
	assert_int_equal(journal_flush(&journal, pair[0], &seq, publisher), 0);
	assert_int_equal(next_entry(&fd), 4);
}

static void room_is_kept_for_what_matters(void **state)
{
	uint64_t entry, dropped;
	int publications = 0, intents = 0;

	(void)state;
	while (add(JOURNAL_PUBLICATION, 400, false, &entry) == 0)
		publications++;
	assert_in_range(publications, 8, 13);
	assert_int_equal(add(JOURNAL_SNAPSHOT, 400, false, &entry), -ENOSPC);
	while (add(JOURNAL_INTENT, 400, true, &entry) == 0)
		intents++;
	assert_true(intents >= 2);
	dropped = journal.dropped;
	assert_true(dropped >= 3);
	journal_commit(&journal, entry);
	assert_int_equal(journal.used, 0);
	assert_int_equal(add(JOURNAL_PUBLICATION, 400, false, &entry), 0);
	assert_int_equal(add(JOURNAL_INTENT, LINK_MESSAGE_MAX, true, &entry), -EMSGSIZE);
}

static void a_descriptor_is_kept_until_the_commit(void **state)
{
	int text = memfd_create("text", MFD_CLOEXEC), fd = -1;
	struct journal_entry entry = {
		.kind = JOURNAL_RUN_QUEUED, .now = true, .body = "x", .length = 1, .fd = text};
	uint64_t number;

	(void)state;
	assert_int_equal(journal_add(&journal, &entry, &number), 0);
	close(text);
	assert_int_equal(journal_flush(&journal, pair[0], &seq, publisher), 0);
	assert_int_equal(next_entry(&fd), number);
	assert_true(fd >= 0);
	close(fd);
	journal_rewind(&journal, 42, 0, 0);
	assert_int_equal(journal_flush(&journal, pair[0], &seq, publisher), 0);
	assert_int_equal(next_entry(&fd), number);
	assert_true(fd >= 0);
	close(fd);
	journal_commit(&journal, number);
}

static uint64_t next_sample(void)
{
	const struct link_header *header;
	const void *body;
	int fd;

	if (link_receive(pair[1], buffer, sizeof(buffer), &header, &body, &fd) != 1)
		return 0;
	assert_int_equal(header->type, LINK_SAMPLE);
	return ((const struct publication *)body)->seq;
}

static void samples_are_sent_again_and_the_oldest_gives_way(void **state)
{
	struct journal_sample sample = {.seq = 100};

	(void)state;
	for (; sample.seq < 110; sample.seq++)
		journal_add_sample(&journal, &sample);
	assert_int_equal(journal_flush(&journal, pair[0], &seq, publisher), 0);
	for (uint64_t i = 100; i < 110; i++)
		assert_int_equal(next_sample(), i);
	journal_commit_samples(&journal, 104);
	journal_rewind(&journal, 42, 0, 106);
	assert_int_equal(journal_flush(&journal, pair[0], &seq, publisher), 0);
	for (uint64_t i = 107; i < 110; i++)
		assert_int_equal(next_sample(), i);
	assert_int_equal(next_sample(), 0);
	journal_commit_samples(&journal, 109);
	for (; sample.seq < 110 + JOURNAL_SAMPLES + 5; sample.seq++)
		journal_add_sample(&journal, &sample);
	assert_int_equal(journal.samples_dropped, 5);
	assert_int_equal(journal.sample_first, 115);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(room_is_there_when_it_says_so, open_all, close_all),
		cmocka_unit_test_setup_teardown(entries_wrap_and_stay_in_order, open_all, close_all),
		cmocka_unit_test_setup_teardown(a_new_recorder_gets_the_rest_again, open_all, close_all),
		cmocka_unit_test_setup_teardown(room_is_kept_for_what_matters, open_all, close_all),
		cmocka_unit_test_setup_teardown(a_descriptor_is_kept_until_the_commit, open_all, close_all),
		cmocka_unit_test_setup_teardown(samples_are_sent_again_and_the_oldest_gives_way, open_all,
						close_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
