/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded into a program: allocation FAIL_AT of the program named FAIL_PROGRAM returns NULL, once, and says
 * so on standard error; at its end the program says how many it made. Programs of other names are left alone,
 * so that densd can be started with it as a whole.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static long fail_at; /* 0: never */
static atomic_long count;

__attribute__((constructor)) static void begin(void)
{
	const char *program = getenv("FAIL_PROGRAM"), *at = getenv("FAIL_AT");

	if (program && at && strcmp(program, program_invocation_short_name) == 0)
		fail_at = strtol(at, NULL, 10);
}

__attribute__((destructor)) static void end(void)
{
	if (fail_at > 0)
		dprintf(STDERR_FILENO, "allocations of %s: %ld\n", program_invocation_short_name,
			(long)atomic_load(&count));
}

static int fails(void)
{
	char text[128];
	int length;

	if (fail_at == 0 || atomic_fetch_add(&count, 1) + 1 != fail_at)
		return 0;
	length = snprintf(text, sizeof(text), "allocation %ld of %s fails\n", fail_at,
			  program_invocation_short_name);
	if (write(STDERR_FILENO, text, (size_t)length) < 0)
		_exit(97);
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t members, size_t size)
{
	return fails() ? NULL : __libc_calloc(members, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}
