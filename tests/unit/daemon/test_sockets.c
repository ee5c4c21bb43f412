/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gateway's sockets with real clients in this process: a subscriber that does not read, a flood of peers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <zmq.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/gateway/load.h"
#include "daemon/gateway/sockets.h"

#define MESSAGES 6000
#define MESSAGE_BYTES 1000
#define PEERS 40

struct bench {
	char folder[32];
	struct site site;
	struct sockets sockets;
	void *clients; /* their context */
};

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	log_open("test", LOG_LEVEL_ERROR);
	strcpy(bench->folder, "/tmp/densd-sockets-XXXXXX");
	assert_non_null(mkdtemp(bench->folder));
	snprintf(bench->site.telemetry, SITE_PATH, "ipc://%s/telemetry", bench->folder);
	snprintf(bench->site.commands, SITE_PATH, "ipc://%s/commands", bench->folder);
	assert_int_equal(sockets_open(&bench->sockets, &bench->site), 0);
	bench->clients = zmq_ctx_new();
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;
	char path[64];

	zmq_ctx_term(bench->clients);
	sockets_close(&bench->sockets);
	snprintf(path, sizeof(path), "%s/telemetry", bench->folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/commands", bench->folder);
	unlink(path);
	rmdir(bench->folder);
	free(bench);
	return 0;
}

/* Subscribed means: the gateway has seen the subscription. */
static void *subscribe(struct bench *bench, int most_waiting)
{
	void *socket = zmq_socket(bench->clients, ZMQ_SUB);
	char prefix[32];
	int none = 0;

	zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof(none));
	zmq_setsockopt(socket, ZMQ_RCVHWM, &most_waiting, sizeof(most_waiting));
	zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "sample", 6);
	assert_int_equal(zmq_connect(socket, bench->site.telemetry), 0);
	for (int64_t end_ns = clock_mono_ns() + 5 * CLOCK_NS_PER_S; clock_mono_ns() < end_ns;) {
		zmq_pollitem_t item = {.socket = bench->sockets.telemetry, .events = ZMQ_POLLIN};

		zmq_poll(&item, 1, 100);
		if (sockets_receive_subscription(&bench->sockets, prefix) == 1)
			return socket;
	}
	fail_msg("the subscription did not come");
	return NULL;
}

/* The number of the next message, at the latest after @wait_ms; -1: none came. */
static int next_number(void *socket, int wait_ms)
{
	char text[MESSAGE_BYTES + 1];
	zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};
	int n;

	if (zmq_poll(&item, 1, wait_ms) <= 0)
		return -1;
	zmq_recv(socket, text, sizeof(text), 0);
	n = zmq_recv(socket, text, sizeof(text) - 1, 0);
	assert_int_equal(n, MESSAGE_BYTES);
	text[n] = '\0';
	return atoi(text);
}

static void publish(struct bench *bench, int number)
{
	char text[MESSAGE_BYTES + 1];

	snprintf(text, sizeof(text), "%0*d", MESSAGE_BYTES, number);
	sockets_publish(&bench->sockets, "sample", text);
}

/* Hazard 34: who does not read loses messages and sees by their numbers that he did; who reads gets them all.
 */
static void a_slow_subscriber_loses_and_nobody_else(void **state)
{
	struct bench *bench = *state;
	void *fast = subscribe(bench, 0), *slow = subscribe(bench, 1);
	int received = 0, before = 0, number;
	bool gap = false;

	for (int i = 1; i <= MESSAGES; i++) {
		publish(bench, i);
		number = next_number(fast, 1000);
		assert_int_equal(number, i);
	}
	while ((number = next_number(slow, 200)) > 0) {
		gap = gap || number != before + 1;
		before = number;
		received++;
	}
	assert_true(received > 0);
	assert_true(received < MESSAGES);
	publish(bench, MESSAGES + 1);
	number = next_number(slow, 1000);
	assert_int_equal(number, MESSAGES + 1);
	assert_true(gap || number != before + 1);
	zmq_close(fast);
	zmq_close(slow);
}

/* Hazard 33: what the gateway tells control follows the peers, and comes down again. */
static void descriptors_are_counted(void **state)
{
	struct bench *bench = *state;
	struct link_gateway_load before, load;
	int fds[PEERS];

	(void)bench;
	assert_int_equal(load_measure(&before), 0);
	assert_true(before.descriptors > 5 && before.descriptors < before.descriptors_most);
	for (int i = 0; i < PEERS; i++) {
		fds[i] = dup(STDERR_FILENO);
		assert_true(fds[i] >= 0);
	}
	assert_int_equal(load_measure(&load), 0);
	assert_int_equal(load.descriptors, before.descriptors + PEERS);
	for (int i = 0; i < PEERS; i++)
		close(fds[i]);
	assert_int_equal(load_measure(&load), 0);
	assert_int_equal(load.descriptors, before.descriptors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_slow_subscriber_loses_and_nobody_else, set_up, tear_down),
		cmocka_unit_test_setup_teardown(descriptors_are_counted, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
