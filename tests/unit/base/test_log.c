/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/base/log.h"

/* What one log line puts on standard error; @ret_text holds @size bytes. */
static void captured(enum log_level max, enum log_level level, const char *text, char *ret_text, size_t size)
{
	int pipes[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe(pipes), 0);
	dup2(pipes[1], STDERR_FILENO);
	close(pipes[1]);
	log_open("test", max);
	log_line(level, "%s", text);
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(pipes[0], ret_text, size - 1);
	close(pipes[0]);
	ret_text[n > 0 ? n : 0] = '\0';
}

static void a_line_is_one_line(void **state)
{
	char text[2048];

	(void)state;
	unsetenv("JOURNAL_STREAM");
	captured(LOG_LEVEL_INFO, LOG_LEVEL_ERROR, "press: no answer", text, sizeof(text));
	assert_string_equal(text, "test: press: no answer\n");
}

static void the_journal_gets_a_priority(void **state)
{
	char text[2048];

	(void)state;
	setenv("JOURNAL_STREAM", "1:2", 1);
	captured(LOG_LEVEL_INFO, LOG_LEVEL_WARNING, "late", text, sizeof(text));
	unsetenv("JOURNAL_STREAM");
	assert_string_equal(text, "<4>test: late\n");
}

static void lines_above_the_level_are_dropped(void **state)
{
	char text[64];

	(void)state;
	captured(LOG_LEVEL_NOTICE, LOG_LEVEL_DEBUG, "chatter", text, sizeof(text));
	assert_string_equal(text, "");
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
	char text[4096], large[3000];

	(void)state;
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	captured(LOG_LEVEL_INFO, LOG_LEVEL_INFO, large, text, sizeof(text));
	assert_true(strlen(text) < 1024);
	assert_int_equal(text[strlen(text) - 1], '\n');
}

/* The terminal is stopped, the pager waits, the journal hangs: the alarm would end the test. */
static void who_does_not_read_the_log_holds_nothing_up(void **state)
{
	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		static char text[1 << 20];
		int ends[2], kept = dup(STDERR_FILENO);
		ssize_t n;

		assert_int_equal(kind == 0 ? pipe(ends) : socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		dup2(ends[1], STDERR_FILENO);
		log_open("test", LOG_LEVEL_INFO);
		alarm(20);
		for (int i = 0; i < 20000; i++)
			log_info("line %d", i);
		alarm(0);
		n = read(ends[0], text, sizeof(text) - 1);
		assert_true(n > 0);
		log_info("the last");
		n = read(ends[0], text, sizeof(text) - 1);
		dup2(kept, STDERR_FILENO);
		for (int i = 0; i < 2; i++)
			close(ends[i]);
		close(kept);
		assert_true(n > 0);
		text[n] = '\0';
		assert_non_null(strstr(text, "of the log were lost: nobody read them\ntest: the last\n"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_one_line),
		cmocka_unit_test(the_journal_gets_a_priority),
		cmocka_unit_test(lines_above_the_level_are_dropped),
		cmocka_unit_test(a_long_line_is_cut_and_still_ends),
		cmocka_unit_test(who_does_not_read_the_log_holds_nothing_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
