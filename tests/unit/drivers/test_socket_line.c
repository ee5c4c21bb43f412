/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A text line on TCP against a listener of our own: refused, late, closed, and never two masters. */
#include "tests/unit/drivers/cmocka_all.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "drivers/socket_line.h"

struct bench {
	struct bus_config config;
	struct text_line *line;
	int listener, peer;
};

static void listen_on(struct bench *bench)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(bench->config.port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int yes = 1;

	bench->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(bench->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	assert_int_equal(bind(bench->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(bench->listener, 4), 0);
	assert_int_equal(getsockname(bench->listener, (struct sockaddr *)&address, &size), 0);
	bench->config.port = ntohs(address.sin_port);
}

static struct bench make_bench(void)
{
	struct bench bench = {.config = {.kind = BUS_TEXT_TCP, .path = "127.0.0.1", .scale = 100},
			      .peer = -1};

	listen_on(&bench);
	return bench;
}

static void free_bench(struct bench *bench)
{
	bench->line->ops->free(bench->line);
	close(bench->listener);
	if (bench->peer >= 0)
		close(bench->peer);
}

static void wait_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static void accept_peer(struct bench *bench)
{
	if (bench->peer >= 0)
		close(bench->peer);
	bench->peer = accept(bench->listener, NULL, NULL);
	assert_true(bench->peer >= 0);
}

static size_t receive(struct bench *bench, char text[64], int *ret_cause)
{
	size_t count = 0;

	*ret_cause = bench->line->ops->receive(bench->line, (uint8_t *)text, 63, 200, &count);
	text[*ret_cause == 0 ? count : 0] = '\0';
	return count;
}

static void a_question_is_answered(void **state)
{
	struct bench bench = make_bench();
	char text[64] = "";
	int cause;

	(void)state;
	assert_int_equal(socket_line_new(&bench.config, &bench.line), 0);
	assert_int_equal(bench.line->connects, 0); /* nothing yet */
	assert_int_equal(bench.line->ops->send(bench.line, "*IDN?"), 0);
	assert_int_equal(bench.line->connects, 1);
	accept_peer(&bench);
	assert_int_equal(read(bench.peer, text, sizeof(text)), 6);
	assert_string_equal(text, "*IDN?\n");
	assert_int_equal(write(bench.peer, "*IDN PACE\r", 10), 10);
	assert_int_equal(receive(&bench, text, &cause), 10);
	assert_string_equal(text, "*IDN PACE\r");
	assert_int_equal(receive(&bench, text, &cause), 0); /* silence is no end */
	assert_int_equal(cause, 0);
	free_bench(&bench);
}

/* Rule 2: what was late on the old connection reaches nobody on the new one. */
static void after_a_doubt_it_is_connected_anew(void **state)
{
	struct bench bench = make_bench();
	char text[64];
	int cause, old;

	(void)state;
	assert_int_equal(socket_line_new(&bench.config, &bench.line), 0);
	assert_int_equal(bench.line->ops->send(bench.line, ":SENS:PRES?"), 0);
	accept_peer(&bench);
	bench.line->ops->quarantine(bench.line, 50);
	assert_int_equal(bench.line->ops->send(bench.line, ":SOUR:PRES?"), CAUSE_QUARANTINE);
	old = bench.peer;
	bench.peer = -1;
	assert_true(send(old, ":SENS:PRES 1.0\r", 15, MSG_NOSIGNAL) != 0);
	wait_ms(60);
	assert_int_equal(bench.line->ops->send(bench.line, ":SOUR:PRES?"), 0);
	assert_int_equal(bench.line->connects, 2);
	accept_peer(&bench);
	assert_int_equal(receive(&bench, text, &cause), 0);
	assert_int_equal(write(bench.peer, ":SOUR:PRES 2.0\r", 15), 15);
	assert_int_equal(receive(&bench, text, &cause), 15);
	assert_string_equal(text, ":SOUR:PRES 2.0\r");
	close(old);
	free_bench(&bench);
}

static void a_refused_and_a_closed_connection_are_lost_lines(void **state)
{
	struct bench bench = make_bench();
	char text[64];
	int cause;

	(void)state;
	assert_int_equal(socket_line_new(&bench.config, &bench.line), 0);
	close(bench.listener);
	assert_int_equal(bench.line->ops->send(bench.line, "*IDN?"), CAUSE_LINK);
	assert_int_equal(bench.line->ops->send(bench.line, "*IDN?"), CAUSE_LINK); /* not at once again */
	assert_int_equal(bench.line->connects, 0);
	listen_on(&bench);
	wait_ms(30);
	assert_int_equal(bench.line->ops->send(bench.line, "*IDN?"), 0);
	accept_peer(&bench);
	close(bench.peer);
	bench.peer = -1;
	receive(&bench, text, &cause);
	assert_int_equal(cause, CAUSE_LINK);
	free_bench(&bench);
}

/* A peer that sends line ends and nothing else must not keep the worker. */
static void line_ends_without_end_are_a_mismatch(void **state)
{
	struct bench bench = make_bench();
	char ends[4096];

	(void)state;
	memset(ends, '\n', sizeof(ends));
	assert_int_equal(socket_line_new(&bench.config, &bench.line), 0);
	assert_int_equal(bench.line->ops->send(bench.line, "*IDN?"), 0);
	accept_peer(&bench);
	assert_int_equal(write(bench.peer, "\r\n", 2), 2);
	wait_ms(5);
	assert_int_equal(bench.line->ops->send(bench.line, "*IDN?"), 0);
	assert_int_equal(write(bench.peer, ends, sizeof(ends)), sizeof(ends));
	wait_ms(5);
	assert_int_equal(bench.line->ops->send(bench.line, "*IDN?"), CAUSE_MISMATCH);
	free_bench(&bench);
}

static void two_masters_are_refused(void **state)
{
	struct bench bench = make_bench();
	struct text_line *second;

	(void)state;
	assert_int_equal(socket_line_new(&bench.config, &bench.line), 0);
	assert_int_equal(socket_line_new(&bench.config, &second), 0);
	assert_int_equal(bench.line->ops->send(bench.line, "*IDN?"), 0);
	assert_int_equal(second->ops->send(second, "*IDN?"), CAUSE_LINK);
	second->ops->free(second);
	free_bench(&bench);
}

static void a_name_is_no_address(void **state)
{
	struct bench bench = make_bench();

	(void)state;
	snprintf(bench.config.path, sizeof(bench.config.path), "localhost");
	assert_int_equal(socket_line_new(&bench.config, &bench.line), 0);
	assert_int_equal(bench.line->ops->send(bench.line, "*IDN?"), CAUSE_LINK);
	free_bench(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_is_answered),
		cmocka_unit_test(after_a_doubt_it_is_connected_anew),
		cmocka_unit_test(a_refused_and_a_closed_connection_are_lost_lines),
		cmocka_unit_test(line_ends_without_end_are_a_mismatch),
		cmocka_unit_test(two_masters_are_refused),
		cmocka_unit_test(a_name_is_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
