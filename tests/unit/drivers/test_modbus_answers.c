/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers that come late, twice or for somebody else, on a real pty: never the answer to another question. */
#include "tests/unit/drivers/modbus_bench.h"

#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "drivers/modbus_doubt.h"

/* The heart of it: after a late answer no later question may ever get it. */
static void a_late_answer_never_answers_another_question(void **state)
{
	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		struct bench *bench = modbus_bench_make(tcp, LATE);
		uint16_t value = 0;
		int good = 0;

		assert_int_equal(modbus_bench_ask(bench, 1, &value), CAUSE_TIMEOUT);
		assert_int_equal(bench->line->desyncs, 1);
		bench->peer.manner = HONEST;
		for (uint16_t i = 2; i < 60; i++) {
			int r = modbus_bench_ask(bench, i, &value);

			if (r == 0) {
				assert_int_equal(value, i);
				good++;
			}
			modbus_bench_pause_ms(10);
		}
		assert_true(good > 10);
		modbus_bench_free(bench);
	}
}

/* An answer that came twice must not be there for the next question. */
static void a_second_copy_never_answers_the_next_question(void **state)
{
	struct bench *bench = modbus_bench_make(false, TWICE);
	uint16_t value = 0;

	(void)state;
	assert_int_equal(modbus_bench_ask(bench, 1, &value), 0);
	assert_int_equal(value, 1);
	assert_int_equal(modbus_bench_ask(bench, 2, &value), CAUSE_MISMATCH);
	assert_int_equal(bench->line->desyncs, 1);
	bench->peer.manner = HONEST;
	modbus_bench_pause_ms(170);
	assert_int_equal(modbus_bench_ask(bench, 3, &value), 0);
	assert_int_equal(value, 3);
	modbus_bench_free(bench);
}

/* A quarantine of the worst latency ends before an answer that breaks the profile's word by far: that unit is
 * not asked again until three seconds after its question (here a tenth of them); the others on the line are.
 */
static void a_unit_whose_answer_is_missing_is_left_alone(void **state)
{
	struct bench *bench = modbus_bench_make(false, LATE);
	struct modbus_peer other;
	uint16_t value = 0;
	int good = 0;

	(void)state;
	bench->config.scale = 10;
	bench->peer.late_ms = 260;
	bench->address.worst_latency_ms = 20;
	other = bench->address;
	other.unit = 2;
	assert_int_equal(modbus_bench_ask(bench, 1, &value), CAUSE_TIMEOUT);
	modbus_bench_pause_ms(30);
	assert_int_equal(modbus_bench_ask(bench, 2, &value), CAUSE_QUARANTINE);
	/* Another unit's question is sent; what comes is the first one's late answer, and no answer to it. */
	assert_int_equal(bench->line->ops->read_registers(bench->line, &other, false, 3, 1, &value),
			 CAUSE_TIMEOUT);
	assert_int_equal(bench->peer.requests, 1);
	bench->peer.manner = HONEST;
	for (uint16_t i = 4; i < 60; i++) {
		if (modbus_bench_ask(bench, i, &value) == 0) {
			assert_int_equal(value, i);
			good++;
		}
		modbus_bench_pause_ms(10);
	}
	assert_true(good > 10);
	modbus_bench_free(bench);
}

/* One answer is lost: the same question may be asked again as soon as one of another length was answered, and
 * not only after three seconds. */
static void another_question_ends_the_wait_for_a_missing_answer(void **state)
{
	struct bench *bench = modbus_bench_make(false, HONEST);
	uint16_t values[3] = {0};
	unsigned before;

	(void)state;
	bench->config.scale = 1;
	bench->address.worst_latency_ms = 20;
	assert_int_equal(modbus_bench_ask_words(bench, 100, 3, values), 0);
	assert_int_equal(modbus_bench_ask_words(bench, 200, 1, values), 0);
	bench->peer.manner = SILENT;
	assert_int_equal(modbus_bench_ask_words(bench, 300, 3, values), CAUSE_TIMEOUT);
	bench->peer.manner = HONEST;
	modbus_bench_pause_ms(30);
	before = bench->peer.requests;
	assert_int_equal(modbus_bench_ask_words(bench, 300, 3, values), 0);
	assert_int_equal(values[0], 300);
	assert_int_equal(bench->peer.requests, before + 2);
	assert_int_equal(modbus_bench_ask_words(bench, 300, 3, values), 0);
	assert_int_equal(bench->peer.requests, before + 3);
	modbus_bench_free(bench);
}

/* The answers of both kinds come late, now one, now the other: none is taken for another question's. */
static void late_answers_are_told_by_their_length(void **state)
{
	struct bench *bench = modbus_bench_make(false, HONEST);
	uint16_t values[3] = {0};
	unsigned good = 0;

	(void)state;
	bench->config.scale = 5;
	bench->address.response_timeout_ms = 40;
	bench->address.worst_latency_ms = 20;
	for (uint16_t i = 1; i < 2000 && good < 20; i++) {
		uint16_t count = i % 3 == 0 ? 1 : 3;

		bench->peer.manner = i % 16 == 0 ? LATE : HONEST;
		bench->peer.late_ms = 45 + i % 7 * 30;
		if (modbus_bench_ask_words(bench, (uint16_t)(10 * i), count, values) == 0) {
			for (uint16_t at = 0; at < count; at++)
				assert_int_equal(values[at], 10 * i + at);
			good++;
		}
		modbus_bench_pause_ms(10);
	}
	assert_true(good == 20);
	modbus_bench_free(bench);
}

/* A refusal bears no length, so that it may be the missing answer's: it ends no wait, and is nobody's. */
static void a_refusal_after_a_missing_answer_is_nobodys(void **state)
{
	struct bench *bench = modbus_bench_make(false, HONEST);
	uint16_t values[3] = {0};

	(void)state;
	bench->config.scale = 1;
	bench->address.worst_latency_ms = 20;
	assert_int_equal(modbus_bench_ask_words(bench, 100, 3, values), 0);
	bench->peer.manner = SILENT;
	assert_int_equal(modbus_bench_ask_words(bench, 300, 3, values), CAUSE_TIMEOUT);
	bench->peer.manner = REFUSES;
	modbus_bench_pause_ms(30);
	assert_int_equal(modbus_bench_ask_words(bench, 200, 1, values), CAUSE_MISMATCH);
	bench->peer.manner = HONEST;
	modbus_bench_pause_ms(30);
	assert_int_equal(modbus_bench_ask_words(bench, 300, 3, values),
			 CAUSE_QUARANTINE); /* nothing else is left to ask */
	assert_int_equal(modbus_bench_ask_words(bench, 200, 2, values), 0);
	assert_int_equal(modbus_bench_ask_words(bench, 300, 3, values), 0);
	modbus_bench_free(bench);
}

/* More missing answers than there is room for: nothing is told from anything until they are over. */
static void missing_answers_without_room_are_all_answers(void **state)
{
	struct modbus_doubt doubt = {0};

	(void)state;
	for (uint16_t i = 1; i <= 4; i++)
		modbus_doubt_remember(&doubt, &(struct modbus_read){.function = 3, .count = i});
	assert_int_equal(modbus_doubt_find_read(&doubt, 0)->count, 1);
	for (uint16_t i = 1; i <= MODBUS_DOUBT_MISSING; i++)
		modbus_doubt_miss(&doubt, modbus_doubt_shape(3, 2 * i), 100 + i, 0);
	assert_true(modbus_doubt_is_missing(&doubt, modbus_doubt_shape(3, 2), 0));
	assert_false(modbus_doubt_is_missing(&doubt, modbus_doubt_shape(4, 2), 0));
	assert_false(modbus_doubt_is_missing(&doubt, modbus_doubt_shape(3, 2), 101));
	assert_null(modbus_doubt_find_read(&doubt, 0));
	modbus_doubt_miss(&doubt, modbus_doubt_shape(16, 0), 200, 0);
	assert_true(modbus_doubt_is_missing(&doubt, modbus_doubt_shape(4, 2), 199));
	assert_false(modbus_doubt_is_any_missing(&doubt, 200));
	modbus_doubt_end(&doubt);
	assert_false(modbus_doubt_is_any_missing(&doubt, 0));
}

/* What another master asks and is told on the same pair of wires is seen, and is nobody's answer. */
static void another_masters_talk_answers_nothing(void **state)
{
	static const uint8_t talk[] = {1, 3, 0, 0, 0, 1, 0x84, 0x0A, 1, 3, 2, 0, 7, 0xF9, 0x86};
	struct bench *bench = modbus_bench_make(false, HONEST);
	uint16_t value = 0;

	(void)state;
	assert_int_equal(modbus_bench_ask(bench, 1, &value), 0);
	modbus_bench_put(bench->peer.fd, talk, sizeof(talk));
	modbus_bench_pause_ms(5);
	assert_int_equal(modbus_bench_ask(bench, 2, &value), CAUSE_MISMATCH);
	assert_int_equal(value, 1);
	assert_int_equal(modbus_bench_ask(bench, 3, &value), CAUSE_QUARANTINE);
	modbus_bench_pause_ms(170);
	assert_int_equal(modbus_bench_ask(bench, 4, &value), 0);
	assert_int_equal(value, 4);
	modbus_bench_free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_masters_talk_answers_nothing),
		cmocka_unit_test(a_late_answer_never_answers_another_question),
		cmocka_unit_test(a_second_copy_never_answers_the_next_question),
		cmocka_unit_test(a_unit_whose_answer_is_missing_is_left_alone),
		cmocka_unit_test(another_question_ends_the_wait_for_a_missing_answer),
		cmocka_unit_test(late_answers_are_told_by_their_length),
		cmocka_unit_test(a_refusal_after_a_missing_answer_is_nobodys),
		cmocka_unit_test(missing_answers_without_room_are_all_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
