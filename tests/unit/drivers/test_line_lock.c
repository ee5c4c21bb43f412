/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One writer a line, whoever asks: densd's user, root with densctl probe, an operator. */
#include "tests/unit/drivers/cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/line_lock.h"

#define KEY "/dev/serial/by-id/usb-adapter"
#define NOBODY 65534

static char folder[] = "/tmp/densd-lock-XXXXXX";

/* What line_lock_take says in a process of @uid. */
static int take_as(uid_t uid)
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		int r = setuid(uid) < 0 ? -ECHILD : line_lock_take(KEY, folder);

		_exit(r < 0 ? -r : 0);
	}
	assert_true(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static void another_user_is_kept_out(void **state)
{
	mode_t before = umask(0077);
	int lock = line_lock_take(KEY, folder), another = take_as(geteuid() == 0 ? NOBODY : geteuid());

	(void)state;
	umask(before);
	assert_true(lock >= 0);
	assert_int_equal(another, -EWOULDBLOCK);
	close(lock);
	assert_int_equal(take_as(geteuid() == 0 ? NOBODY : geteuid()), 0);
}

/* As /run/lock is: for everybody, and sticky. */
static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) && chmod(folder, 01777) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(another_user_is_kept_out)};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
