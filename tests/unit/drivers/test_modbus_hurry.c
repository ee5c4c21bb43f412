/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line for an owner that cannot wait, against peers on TCP that answer late, never, or take no connection.
 */
#include "tests/unit/drivers/modbus_bench.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/clock.h"

/* For an owner that cannot wait: no answer is waited for beyond its instant, and then nothing is begun. */
static void what_is_left_of_a_cycle_is_all_that_is_waited(void **state)
{
	struct bench *bench = modbus_bench_make(true, DEAF);
	int64_t began_ns = clock_mono_ns();
	unsigned requests;
	uint16_t value = 0;

	(void)state;
	bench->address.response_timeout_ms = 5000;
	bench->line->until_ns = began_ns + 100 * INT64_C(1000000);
	assert_int_equal(modbus_bench_ask(bench, 1, &value), CAUSE_TIMEOUT);
	assert_true(clock_mono_ns() >= bench->line->until_ns);
	assert_true(clock_mono_ns() - began_ns < 2 * CLOCK_NS_PER_S);
	requests = bench->peer.requests;
	assert_int_equal(modbus_bench_ask(bench, 2, &value), CAUSE_TIMEOUT);
	assert_int_equal(bench->peer.requests, requests);
	bench->peer.manner = HONEST;
	bench->line->until_ns = clock_mono_ns() + 4 * CLOCK_NS_PER_S;
	assert_int_equal(modbus_bench_ask(bench, 3, &value), 0);
	assert_int_equal(value, 3);
	modbus_bench_free(bench);
}

static void listen_without_room(struct bench *bench)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	bench->peer.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(bench->peer.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(bench->peer.fd, 0), 0);
	assert_int_equal(getsockname(bench->peer.fd, (struct sockaddr *)&address, &length), 0);
	bench->config.kind = BUS_MODBUS_TCP;
	strcpy(bench->config.path, "127.0.0.1");
	bench->config.port = ntohs(address.sin_port);
}

/* A listener whose queue is full takes no more connections: what knocks is not answered at all. */
static int fill_queue(const struct bench *bench, int *ret_fds, int most)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				      .sin_port = htons(bench->config.port)};
	struct pollfd wait = {.events = POLLOUT};
	int count = 0;

	for (bool full = false; !full && count < most; count++) {
		ret_fds[count] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		assert_true(ret_fds[count] >= 0);
		(void)!connect(ret_fds[count], (struct sockaddr *)&address, sizeof(address));
		wait.fd = ret_fds[count];
		full = poll(&wait, 1, 100) == 0;
	}
	return count;
}

static void a_connection_that_nobody_answers_is_not_waited_for(void **state)
{
	struct bench bench = {.config.scale = 50,
			      .address = {.unit = 1, .response_timeout_ms = 5000, .worst_latency_ms = 150}};
	int fds[16], count;
	int64_t began_ns;
	uint16_t value = 0;

	(void)state;
	listen_without_room(&bench);
	count = fill_queue(&bench, fds, 16);
	assert_true(count < 16);
	assert_int_equal(modbus_line_new(&bench.config, &bench.line), 0);
	began_ns = clock_mono_ns();
	for (int i = 0; i < 10; i++) {
		bench.line->until_ns = clock_mono_ns() + CLOCK_NS_PER_S / 2;
		assert_int_equal(modbus_bench_ask(&bench, 1, &value), CAUSE_LINK);
	}
	/* One that waits for its answer, or for its cycle's end, needs 5 s. */
	assert_true(clock_mono_ns() - began_ns < 3 * CLOCK_NS_PER_S);
	assert_int_equal(bench.line->connects, 0);
	bench.line->ops->free(bench.line);
	while (count > 0)
		close(fds[--count]);
	close(bench.peer.fd);
}

/* A name server that does not answer holds nobody up: names are not looked up, in a hurry or not. */
static void nobody_takes_names(void **state)
{
	struct bench *bench = modbus_bench_make(true, HONEST);
	uint16_t value = 0;

	(void)state;
	strcpy(bench->config.path, "localhost");
	assert_int_equal(modbus_bench_ask(bench, 1, &value), CAUSE_LINK);
	bench->line->until_ns = clock_mono_ns() + CLOCK_NS_PER_S;
	assert_int_equal(modbus_bench_ask(bench, 1, &value), CAUSE_LINK);
	assert_int_equal(bench->line->connects, 0);
	modbus_bench_free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_of_a_cycle_is_all_that_is_waited),
		cmocka_unit_test(a_connection_that_nobody_answers_is_not_waited_for),
		cmocka_unit_test(nobody_takes_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
