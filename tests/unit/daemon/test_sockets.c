/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gateway's sockets with real clients in this process: a subscriber that does not read, a flood of peers.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
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
#define FLOOD 200 /* connections, at a limit of PEERS more descriptors */
#define PATIENCE_S 20

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

/* Another process, so that its descriptors are not counted here: silent peers, as many as are let in. */
static pid_t start_flood(const char *path, const struct rlimit *limit)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_NOFILE, limit);
	for (int i = 0; i < FLOOD; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
			break;
	}
	pause();
	_exit(EXIT_SUCCESS);
}

static bool peer_is_served(struct bench *bench)
{
	void *client = zmq_socket(bench->clients, ZMQ_DEALER);
	int linger = 0, wait_ms = 200;
	bool served = false;

	zmq_setsockopt(client, ZMQ_LINGER, &linger, sizeof(linger));
	zmq_connect(client, bench->site.commands);
	zmq_send(client, "", 0, ZMQ_SNDMORE);
	zmq_send(client, "{}", 2, 0);
	for (int64_t end_ns = clock_mono_ns() + PATIENCE_S * CLOCK_NS_PER_S;
	     !served && clock_mono_ns() < end_ns;) {
		zmq_pollitem_t item = {.socket = bench->sockets.commands, .events = ZMQ_POLLIN};
		static struct received received;

		zmq_poll(&item, 1, wait_ms);
		served = sockets_receive(&bench->sockets, &received) == 1;
	}
	zmq_close(client);
	return served;
}

/* Without the door of load.c libzmq ends this very process. */
static void a_flood_leaves_descriptors_and_the_process(void **state)
{
	struct bench *bench = *state;
	struct link_gateway_load before, load;
	struct rlimit whole, low;
	int64_t end_ns = clock_mono_ns() + PATIENCE_S * CLOCK_NS_PER_S;
	pid_t flood;
	int spare;

	assert_int_equal(load_measure(&before), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &whole), 0);
	low = (struct rlimit){.rlim_cur = before.descriptors + PEERS, .rlim_max = whole.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	flood = start_flood(bench->site.commands + strlen("ipc://"), &whole);
	assert_true(flood > 0);
	do
		assert_int_equal(load_measure(&load), 0);
	while (load.turned_away == 0 && clock_mono_ns() < end_ns);
	assert_true(load.turned_away > 0);
	assert_true(load.descriptors > before.descriptors);
	spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(spare >= 0);
	close(spare);
	kill(flood, SIGKILL);
	waitpid(flood, NULL, 0);
	setrlimit(RLIMIT_NOFILE, &whole);
	assert_true(peer_is_served(bench));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_slow_subscriber_loses_and_nobody_else, set_up, tear_down),
		cmocka_unit_test_setup_teardown(descriptors_are_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_flood_leaves_descriptors_and_the_process, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
