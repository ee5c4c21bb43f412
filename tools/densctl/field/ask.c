/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/field/ask.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

void ask_catch_signals(void)
{
	struct sigaction action = {.sa_handler = stop};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool ask_stopped(void)
{
	return stopped != 0;
}

bool ask(const char *question, char *ret_answer, size_t size)
{
	printf("    %s ", question);
	fflush(stdout);
	if (ask_stopped() || !fgets(ret_answer, (int)size, stdin)) {
		stopped = 1;
		return false;
	}
	ret_answer[strcspn(ret_answer, "\n")] = '\0';
	if (!isatty(STDIN_FILENO))
		printf("%s\n", ret_answer);
	return true;
}

bool ask_yes(const char *question)
{
	char answer[64];

	while (ask(question, answer, sizeof(answer))) {
		if (strcmp(answer, "yes") == 0 || strcmp(answer, "no") == 0)
			return answer[0] == 'y';
		puts("    'yes' or 'no' is wanted.");
	}
	return false;
}
