/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The link: whole messages, checked heads, descriptors that are handed over and never leaked. */
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

#include "daemon/link.h"

static int pair[2];
static _Alignas(16) uint8_t buffer[LINK_MESSAGE_MAX + sizeof(struct link_header)];

static int open_pair(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair);
}

static int close_pair(void **state)
{
	(void)state;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static void a_message_arrives_whole(void **state)
{
	const struct link_header *header;
	const void *body;
	int fd;

	(void)state;
	assert_int_equal(link_send(pair[0], LINK_BUS_CYCLE, 7, "abc", 4, -1), 0);
	assert_int_equal(link_receive(pair[1], buffer, sizeof(buffer), &header, &body, &fd), 1);
	assert_int_equal(header->type, LINK_BUS_CYCLE);
	assert_int_equal(header->seq, 7);
	assert_int_equal(header->length, 4);
	assert_string_equal(body, "abc");
	assert_int_equal(fd, -1);
	assert_int_equal(link_receive(pair[1], buffer, sizeof(buffer), &header, &body, &fd), -EAGAIN);
}

static void a_descriptor_travels(void **state)
{
	const struct link_header *header;
	const void *body;
	int sent = memfd_create("trace", MFD_CLOEXEC), fd;
	char text[4] = "";

	(void)state;
	assert_int_equal(write(sent, "xyz", 4), 4);
	assert_int_equal(link_send(pair[0], LINK_TRACE, 1, "", 1, sent), 0);
	close(sent);
	assert_int_equal(link_receive(pair[1], buffer, sizeof(buffer), &header, &body, &fd), 1);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, text, sizeof(text), 0), 4);
	assert_string_equal(text, "xyz");
	close(fd);
}

static void a_bad_head_is_refused(void **state)
{
	static const struct link_header bad[] = {
		{.magic = 1, .version = LINK_VERSION, .type = LINK_BUS_CYCLE},
		{.magic = LINK_MAGIC, .version = LINK_VERSION + 1, .type = LINK_BUS_CYCLE},
		{.magic = LINK_MAGIC, .version = LINK_VERSION, .type = 0},
		{.magic = LINK_MAGIC, .version = LINK_VERSION, .type = LINK_TYPE_MAX},
		{.magic = LINK_MAGIC, .version = LINK_VERSION, .type = LINK_BUS_CYCLE, .length = 1},
	};
	const struct link_header *header;
	const void *body;
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(send(pair[0], &bad[i], sizeof(bad[i]), 0), sizeof(bad[i]));
		assert_int_equal(link_receive(pair[1], buffer, sizeof(buffer), &header, &body, &fd),
				 -EBADMSG);
	}
	assert_int_equal(send(pair[0], "x", 1, 0), 1);
	assert_int_equal(link_receive(pair[1], buffer, sizeof(buffer), &header, &body, &fd), -EBADMSG);
}

static void ends_and_limits(void **state)
{
	const struct link_header *header;
	const void *body;
	int fd, r = 0;

	(void)state;
	assert_int_equal(link_send(pair[0], LINK_JOURNAL, 0, buffer, LINK_MESSAGE_MAX + 1, -1), -EMSGSIZE);
	for (int i = 0; i < 100000 && r == 0; i++)
		r = link_send(pair[0], LINK_JOURNAL, 0, buffer, 1000, -1);
	assert_int_equal(r, -EAGAIN);
	while (link_receive(pair[1], buffer, sizeof(buffer), &header, &body, &fd) == 1)
		;
	shutdown(pair[0], SHUT_RDWR);
	assert_int_equal(link_receive(pair[1], buffer, sizeof(buffer), &header, &body, &fd), 0);
	assert_int_equal(link_send(pair[1], LINK_JOURNAL, 0, "", 1, -1), -EPIPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_message_arrives_whole, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(a_descriptor_travels, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(a_bad_head_is_refused, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(ends_and_limits, open_pair, close_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
