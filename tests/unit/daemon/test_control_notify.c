/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What densd tells the service manager. A manager that does not read costs its messages, never a control
 * step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/control/control.h"
#include "daemon/control/notify.h"

#define MESSAGES 2000 /* more than any queue of datagrams holds (net.unix.max_dgram_qlen) */
#define STUCK_S 20
#define WATCHDOG_US "2000000"
#define NS_PER_S INT64_C(1000000000)

static struct control control;
static char folder[] = "/tmp/densd-notify-XXXXXX";

/* The manager's end, at an abstract name or in a folder. */
static int open_manager(bool abstract)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char path[64];

	snprintf(path, sizeof(path), "%s%s/notify", abstract ? "@" : "", folder);
	memcpy(address.sun_path, path, strlen(path));
	if (abstract)
		address.sun_path[0] = '\0';
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))),
			 0);
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static void expect(int manager, const char *text)
{
	char got[512];
	ssize_t n = recv(manager, got, sizeof(got) - 1, 0);

	assert_true(n > 0);
	got[n] = '\0';
	assert_non_null(strstr(got, text));
}

static void a_manager_is_told(void **state)
{
	(void)state;
	for (int abstract = 0; abstract < 2; abstract++) {
		int manager = open_manager(abstract != 0);

		notify_ready(&control);
		expect(manager, "READY=1");
		expect(manager, "STATUS=idle");
		notify_stopping();
		expect(manager, "STOPPING=1");
		close(manager);
	}
	unsetenv("NOTIFY_SOCKET");
	notify_status(&control);
}

/* The alarm ends the test, and with it a control process that would stand for ever. */
static void a_manager_that_does_not_read_holds_nothing_up(void **state)
{
	int manager = open_manager(true);

	(void)state;
	alarm(STUCK_S);
	for (int i = 1; i <= MESSAGES; i++) {
		notify_watchdog(1000 * NS_PER_S + i * 2 * NS_PER_S, 0, 100);
		notify_status(&control);
	}
	alarm(0);
	expect(manager, "WATCHDOG=1");
	close(manager);
}

static void drain(int manager)
{
	char got[512];

	while (recv(manager, got, sizeof(got), 0) > 0)
		;
}

/* With WatchdogSec 5 s a sign of life that is lost and told half of it later comes too late: densd is killed.
 */
static void a_sign_of_life_without_room_is_told_again_soon(void **state)
{
	int manager = open_manager(true);

	(void)state;
	for (int i = 0; i < MESSAGES; i++)
		notify_status(&control);
	notify_watchdog(10 * NS_PER_S, 0, 100);
	drain(manager);
	notify_watchdog(10 * NS_PER_S + NS_PER_S / 10, 0, 100);
	expect(manager, "WATCHDOG=1");
	/* What was told is not told with every step. */
	notify_watchdog(10 * NS_PER_S + NS_PER_S / 5, 0, 100);
	notify_status(&control);
	expect(manager, "STATUS=");
	close(manager);
}

static int make_folder(void **state)
{
	(void)state;
	setenv("WATCHDOG_USEC", WATCHDOG_US, 1);
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/notify", folder);
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manager_is_told),
		cmocka_unit_test(a_sign_of_life_without_room_is_told_again_soon),
		cmocka_unit_test(a_manager_that_does_not_read_holds_nothing_up),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
