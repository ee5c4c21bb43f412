/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small fixed tables of control: answers given, runs and sections, the gateway's outbox. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/control/dedup.h"
#include "daemon/control/outbox.h"
#include "daemon/control/queue.h"
#include "daemon/link.h"

static void answers_are_found_and_the_oldest_forgotten(void **state)
{
	struct journal_command command = {.code = REPLY_DONE};
	struct dedup dedup;
	char id[LINK_ID];

	(void)state;
	assert_int_equal(dedup_init(&dedup), 0);
	strcpy(command.client, "alice");
	for (int i = 0; i < LINK_KNOWN_MAX + 100; i++) {
		snprintf(command.request_id, sizeof(command.request_id), "id-%d", i);
		command.run_count = (uint32_t)i;
		dedup_add(&dedup, &command);
	}
	for (int i = 0; i < LINK_KNOWN_MAX + 100; i++) {
		const struct dedup_answer *answer;

		snprintf(id, sizeof(id), "id-%d", i);
		answer = dedup_find(&dedup, "alice", id);
		if (i < 100) {
			assert_null(answer);
		} else {
			assert_non_null(answer);
			assert_int_equal(answer->run_count, i);
		}
	}
	assert_null(dedup_find(&dedup, "bob", "id-500"));
	assert_null(dedup_find(&dedup, "aliceid-", "500"));
	dedup_deinit(&dedup);
}

static struct link_queue_item make_item(const char *run, uint32_t position)
{
	struct link_queue_item item = {.position = position};

	strcpy(item.run, run);
	item.plan.calorimetry.present = true;
	item.plan.calorimetry.rate_count = 2;
	item.plan.calorimetry.sections_per_rate = 2;
	item.plan.calorimetry.rate_k_per_s[0] = 100;
	item.plan.calorimetry.rate_k_per_s[1] = 1000;
	return item;
}

static void runs_keep_their_order_and_leave_when_ended(void **state)
{
	static struct queue queue;
	struct link_queue_item b = make_item("01B00000000000000000000000", 2),
			       a = make_item("01A00000000000000000000000", 1);

	(void)state;
	assert_int_equal(queue_add(&queue, &b), 0);
	assert_int_equal(queue_add(&queue, &a), 0);
	assert_string_equal(queue_next_waiting(&queue)->run, a.run);
	assert_int_equal(queue_next_position(&queue), 3);
	queue_find(&queue, a.run)->started = true;
	assert_string_equal(queue_next_waiting(&queue)->run, b.run);
	assert_int_equal(queue_count_waiting(&queue), 1);
	assert_null(queue_next_scan(&queue));
	queue_find(&queue, a.run)->densification = OUTCOME_COMPLETED;
	assert_string_equal(queue_next_scan(&queue)->run, a.run);
	queue_drop_ended(&queue);
	assert_int_equal(queue.count, 2);
	queue_find(&queue, a.run)->calorimetry = OUTCOME_FAILED;
	queue_drop_ended(&queue);
	assert_int_equal(queue.count, 1);
	assert_null(queue_find(&queue, a.run));
	while (queue_add(&queue, &b) == 0)
		;
	assert_int_equal(queue.count, QUEUE_ITEMS_MAX);
}

static void sections_are_named_rate_by_rate(void **state)
{
	static const char *const expected[] = {
		"01A00000000000000000000000/r100/s1", "01A00000000000000000000000/r100/s2",
		"01A00000000000000000000000/r1000/s1", "01A00000000000000000000000/r1000/s2"};
	struct link_queue_item item = make_item("01A00000000000000000000000", 1);
	char text[QUEUE_SECTION_TEXT];

	(void)state;
	assert_int_equal(queue_count_sections(&item.plan), 4);
	for (uint32_t i = 0; i < 4; i++) {
		queue_format_section(&item, i, text);
		assert_string_equal(text, expected[i]);
	}
	item.plan.calorimetry.present = false;
	assert_int_equal(queue_count_sections(&item.plan), 0);
}

static void ulids_count_up(void **state)
{
	char next[ULID_TEXT];

	(void)state;
	assert_true(queue_next_ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV", next));
	assert_string_equal(next, "01ARZ3NDEKTSV4RRFFQ69G5FAW");
	assert_true(queue_next_ulid("01ARZ3NDEKTSV4RRFFQ69G5FZZ", next));
	assert_string_equal(next, "01ARZ3NDEKTSV4RRFFQ69G5G00");
	assert_false(queue_next_ulid("ZZZZZZZZZZZZZZZZZZZZZZZZZZ", next));
}

static void the_outbox_keeps_order_and_drops_the_oldest(void **state)
{
	static struct outbox outbox;
	static _Alignas(16) uint8_t buffer[OUTBOX_BODY + 64];
	const struct link_header *header;
	const void *body;
	uint32_t seq = 0, kept = 0, sent = 0;
	int pair[2], fd;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	outbox_init(&outbox);
	while (outbox_send(&outbox, pair[0], &seq, LINK_PUBLISH, &sent, sizeof(sent), -1, true) == 0)
		sent++;
	/* @sent itself was kept; a sample may not wait. */
	assert_int_equal(outbox_send(&outbox, pair[0], &seq, LINK_PUBLISH, &sent, sizeof(sent), -1, false),
			 -EAGAIN);
	assert_int_equal(outbox.count, 1);
	for (kept = 1; kept < OUTBOX_SLOTS + 3; kept++) {
		uint32_t value = sent + kept;

		outbox_send(&outbox, pair[0], &seq, LINK_PUBLISH, &value, sizeof(value), -1, true);
	}
	assert_int_equal(outbox.count, OUTBOX_SLOTS);
	assert_int_equal(outbox.dropped, 3);
	while (link_receive(pair[1], buffer, sizeof(buffer), &header, &body, &fd) == 1)
		;
	assert_int_equal(outbox_flush(&outbox, pair[0], &seq), 0);
	assert_int_equal(link_receive(pair[1], buffer, sizeof(buffer), &header, &body, &fd), 1);
	assert_int_equal(*(const uint32_t *)body, sent + 3);
	outbox_clear(&outbox);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_found_and_the_oldest_forgotten),
		cmocka_unit_test(runs_keep_their_order_and_leave_when_ended),
		cmocka_unit_test(sections_are_named_rate_by_rate),
		cmocka_unit_test(ulids_count_up),
		cmocka_unit_test(the_outbox_keeps_order_and_drops_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
