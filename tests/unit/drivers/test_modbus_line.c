/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines and connections that break, on a real pty and on real TCP: what the transport makes of them, and how
 * long it takes. */
#include "tests/unit/drivers/modbus_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "drivers/modbus_doubt.h"

static void honest_peers_are_read(void **state)
{
	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		struct bench *bench = modbus_bench_make(tcp, HONEST);
		uint16_t value = 0;

		for (uint16_t i = 1; i < 50; i++) {
			assert_int_equal(modbus_bench_ask(bench, i, &value), 0);
			assert_int_equal(value, i);
		}
		assert_int_equal(bench->line->connects, 1);
		assert_int_equal(bench->line->desyncs, 0);
		modbus_bench_free(bench);
	}
}

static void a_trickle_does_not_stretch_the_timeout(void **state)
{
	struct bench *bench = modbus_bench_make(false, TRICKLE);
	int64_t began_ns = clock_mono_ns();
	uint16_t value;

	(void)state;
	assert_int_equal(modbus_bench_ask(bench, 1, &value), CAUSE_TIMEOUT);
	assert_true(clock_mono_ns() - began_ns < 180 * INT64_C(1000000));
	assert_int_equal(modbus_bench_ask(bench, 1, &value), CAUSE_QUARANTINE);
	modbus_bench_free(bench);
}

static void broken_answers_have_their_cause(void **state)
{
	static const struct {
		enum manner manner;
		int first, second;
	} cases[] = {
		{WRONG_SLAVE, CAUSE_MISMATCH, CAUSE_TIMEOUT},
		{BAD_CRC, CAUSE_CRC, CAUSE_CRC},
		{HALF_FRAME, CAUSE_TIMEOUT, CAUSE_TIMEOUT},
		{SILENT, CAUSE_TIMEOUT, CAUSE_TIMEOUT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench *bench = modbus_bench_make(false, cases[i].manner);
		uint16_t value = 0;
		int r = modbus_bench_ask(bench, 1, &value);

		assert_true(r == cases[i].first || r == cases[i].second);
		assert_int_equal(modbus_bench_ask(bench, 2, &value), CAUSE_QUARANTINE);
		bench->peer.manner = HONEST;
		modbus_bench_pause_ms(170);
		assert_int_equal(modbus_bench_ask(bench, 3, &value), 0);
		assert_int_equal(value, 3);
		modbus_bench_free(bench);
	}
}

static void busy_is_asked_again_and_a_refusal_is_not(void **state)
{
	struct bench *bench = modbus_bench_make(false, BUSY_TWICE);
	uint16_t value;

	(void)state;
	assert_int_equal(modbus_bench_ask(bench, 7, &value), 0);
	assert_int_equal(bench->peer.requests, 3);
	bench->peer.manner = REFUSES;
	assert_int_equal(modbus_bench_ask(bench, 7, &value), CAUSE_EXCEPTION);
	assert_int_equal(bench->line->exception, 2);
	assert_int_equal(bench->peer.requests, 4);
	assert_int_equal(bench->line->desyncs, 0);
	modbus_bench_free(bench);
}

static void two_processes_cannot_share_a_line(void **state)
{
	struct bench *bench = modbus_bench_make(false, HONEST);
	struct modbus_line *second;
	uint16_t value;

	(void)state;
	assert_int_equal(modbus_bench_ask(bench, 1, &value), 0);
	assert_int_equal(modbus_line_new(&bench->config, &second), 0);
	assert_int_equal(second->ops->read_registers(second, &bench->address, false, 1, 1, &value),
			 CAUSE_LINK);
	second->ops->free(second);
	modbus_bench_free(bench);
}

/* The connection stands, and nobody is there: each question ends with its timeout and a new connection. */
static void a_half_open_connection_is_given_up(void **state)
{
	struct bench *bench = modbus_bench_make(true, DEAF);
	int64_t began_ns = clock_mono_ns();
	uint16_t value = 0;

	(void)state;
	assert_int_equal(modbus_bench_ask(bench, 1, &value), CAUSE_TIMEOUT);
	assert_int_equal(modbus_bench_ask(bench, 2, &value), CAUSE_TIMEOUT);
	assert_int_equal(bench->line->connects, 2);
	assert_true(clock_mono_ns() - began_ns < 400 * INT64_C(1000000));
	bench->peer.manner = HONEST;
	for (uint16_t i = 3; i < 40; i++) {
		int r = modbus_bench_ask(bench, i, &value);

		assert_true(r != 0 || value == i);
	}
	assert_int_equal(modbus_bench_ask(bench, 40, &value), 0);
	modbus_bench_free(bench);
}

static void a_refused_connection_is_tried_again(void **state)
{
	struct bench *bench = modbus_bench_make(true, HONEST);
	uint16_t value = 0, port = bench->config.port;

	(void)state;
	bench->config.port = 1; /* nobody listens there */
	bench->line->ops->free(bench->line);
	assert_int_equal(modbus_line_new(&bench->config, &bench->line), 0);
	assert_int_equal(modbus_bench_ask(bench, 1, &value), CAUSE_LINK);
	assert_int_equal(modbus_bench_ask(bench, 1, &value), CAUSE_LINK); /* at once: not tried */
	assert_int_equal(bench->line->connects, 0);
	bench->line->ops->free(bench->line);
	bench->config.port = port;
	assert_int_equal(modbus_line_new(&bench->config, &bench->line), 0);
	assert_int_equal(modbus_bench_ask(bench, 2, &value), 0);
	assert_int_equal(value, 2);
	modbus_bench_free(bench);
}

/* A USB adapter that is pulled and comes back as another port under the same name: hazard 15. */
static void a_pulled_adapter_is_found_again_by_its_name(void **state)
{
	struct bench *bench = modbus_bench_make(false, HONEST), *again = modbus_bench_make(false, HONEST);
	char folder[] = "/tmp/densd-line-XXXXXX", name[64];
	uint16_t value = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(name, sizeof(name), "%s/by-id", folder);
	assert_int_equal(symlink(bench->config.path, name), 0);
	bench->line->ops->free(bench->line);
	strcpy(bench->config.path, name);
	assert_int_equal(modbus_line_new(&bench->config, &bench->line), 0);
	assert_int_equal(modbus_bench_ask(bench, 1, &value), 0);
	bench->peer.stop = true;
	pthread_join(bench->peer.thread, NULL);
	close(bench->peer.fd);
	unlink(name);
	assert_int_equal(modbus_bench_ask(bench, 2, &value), CAUSE_LINK);
	modbus_bench_pause_ms(30);
	assert_int_equal(modbus_bench_ask(bench, 3, &value), CAUSE_LINK);
	assert_int_equal(symlink(again->config.path, name), 0);
	modbus_bench_pause_ms(70);
	assert_int_equal(modbus_bench_ask(bench, 4, &value), 0);
	assert_int_equal(value, 4);
	assert_int_equal(bench->line->connects, 2);
	unlink(name);
	rmdir(folder);
	bench->line->ops->free(bench->line);
	free(bench);
	modbus_bench_free(again);
}

/* Less than any frame: hiss of the line, and not an answer. */
static void a_stray_byte_before_a_question_is_nothing(void **state)
{
	static const uint8_t strays[] = {0xFF, 0, 1};
	struct bench *bench = modbus_bench_make(false, HONEST);
	uint16_t value = 0;

	(void)state;
	assert_int_equal(modbus_bench_ask(bench, 1, &value), 0);
	for (size_t i = 1; i <= sizeof(strays); i++) {
		modbus_bench_put(bench->peer.fd, strays, i);
		modbus_bench_pause_ms(5);
		assert_int_equal(modbus_bench_ask(bench, (uint16_t)(1 + i), &value), 0);
		assert_int_equal(value, 1 + i);
	}
	assert_int_equal(bench->line->desyncs, 0);
	modbus_bench_free(bench);
}

/* Bytes that come closer together than the worst latency must not keep a line from being asked: single ones
 * are no answer, more of them begin the quarantine again until three seconds after the failure (here a fifth
 * of them). */
static void strays_do_not_keep_a_line_from_being_asked(void **state)
{
	static const uint8_t strays[8] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

	(void)state;
	for (size_t count = 1; count <= sizeof(strays); count += sizeof(strays) - 1) {
		struct bench *bench = modbus_bench_make(false, BAD_CRC);
		uint16_t value = 0;
		int r = CAUSE_CRC;

		bench->config.scale = 5;
		assert_true(modbus_bench_ask(bench, 1, &value) != 0);
		bench->peer.manner = HONEST;
		for (int i = 0; i < 60 && r != 0; i++) {
			modbus_bench_pause_ms(20);
			r = modbus_bench_ask(bench, 2, &value);
			if (r != 0)
				modbus_bench_put(bench->peer.fd, strays, count);
		}
		assert_int_equal(r, 0);
		assert_int_equal(value, 2);
		modbus_bench_free(bench);
	}
}

/* max(1 s, twice the worst latency); at a scale an N-th of it, but a process gets its turn. */
static void timeouts_follow_the_profile(void **state)
{
	static const struct {
		double latency_ms, timeout_ms, scale, response_ms, quarantine_ms;
	} cases[] = {{200, 0, 1, 1000, 200},
		     {700, 0, 1, 1400, 700},
		     {200, 2000, 1, 2000, 200},
		     {500, 0, 5, 200, 100},
		     {500, 0, 100, 100, 50}};
	struct modbus_port port;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bus_device device = {.unit = 7,
					    .profile = {.worst_latency_ms = cases[i].latency_ms,
							.response_timeout_ms = cases[i].timeout_ms}};

		modbus_port_init(&port, NULL, &device, cases[i].scale);
		assert_true(port.peer.unit == 7 && port.peer.response_timeout_ms == cases[i].response_ms &&
			    port.peer.worst_latency_ms == cases[i].quarantine_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timeouts_follow_the_profile),
		cmocka_unit_test(a_half_open_connection_is_given_up),
		cmocka_unit_test(a_refused_connection_is_tried_again),
		cmocka_unit_test(a_pulled_adapter_is_found_again_by_its_name),
		cmocka_unit_test(a_stray_byte_before_a_question_is_nothing),
		cmocka_unit_test(strays_do_not_keep_a_line_from_being_asked),
		cmocka_unit_test(honest_peers_are_read),
		cmocka_unit_test(a_trickle_does_not_stretch_the_timeout),
		cmocka_unit_test(broken_answers_have_their_cause),
		cmocka_unit_test(busy_is_asked_again_and_a_refusal_is_not),
		cmocka_unit_test(two_processes_cannot_share_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
