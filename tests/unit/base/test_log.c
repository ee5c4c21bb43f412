/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
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
	log_open("test", max);
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
		log_open("test", LOG_LEVEL_INFO);
		for (int i = 0; i < 2; i++)
			close(ends[i]);
		close(kept);
		assert_true(n > 0);
		text[n] = '\0';
		assert_non_null(strstr(text, "of the log were lost: nobody read them\ntest: the last\n"));
	}
}

/* A terminal takes a part of the line and waits for the rest, where a pipe takes all of it or says no. */
static void a_stopped_terminal_holds_nothing_up(void **state)
{
	int master, slave, kept = dup(STDERR_FILENO);

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	dup2(slave, STDERR_FILENO);
	log_open("test", LOG_LEVEL_INFO);
	alarm(20);
	for (int i = 0; i < 20000; i++)
		log_info("line %d of a log whose terminal nobody reads", i);
	alarm(0);
	dup2(kept, STDERR_FILENO);
	log_open("test", LOG_LEVEL_INFO);
	close(kept);
	close(master);
	close(slave);
}

/* All workers share one standard error: what had room when one of them looked is full when it writes. */
static void a_pipe_of_several_writers_holds_none_up(void **state)
{
	enum { WRITERS = 6 };
	int ends[2], kept = dup(STDERR_FILENO), status, ended = 0;
	pid_t writers[WRITERS];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	for (int i = 0; i < WRITERS; i++) {
		writers[i] = fork();
		if (writers[i] == 0) {
			log_open("test", LOG_LEVEL_INFO);
			alarm(20);
			for (int line = 0; line < 20000; line++)
				log_info("line %d of one of several", line);
			_exit(0);
		}
	}
	for (int i = 0; i < WRITERS; i++)
		ended += waitpid(writers[i], &status, 0) == writers[i] && WIFEXITED(status);
	/* What this process's standard error may do is as it was. */
	assert_false(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK);
	dup2(kept, STDERR_FILENO);
	log_open("test", LOG_LEVEL_INFO);
	close(kept);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(ended, WRITERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_one_line),
		cmocka_unit_test(the_journal_gets_a_priority),
		cmocka_unit_test(lines_above_the_level_are_dropped),
		cmocka_unit_test(a_long_line_is_cut_and_still_ends),
		cmocka_unit_test(who_does_not_read_the_log_holds_nothing_up),
		cmocka_unit_test(a_stopped_terminal_holds_nothing_up),
		cmocka_unit_test(a_pipe_of_several_writers_holds_none_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
