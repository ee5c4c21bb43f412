/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A child that cannot be watched is not left alone for ever. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/control/control.h"

static struct control control;
static unsigned refusals;

/* In place of the C library's: the kernel has no memory for a descriptor of a process, so many times. */
long syscall(long number, ...)
{
	va_list arguments;
	pid_t pid;

	if (number != SYS_pidfd_open || refusals-- > 0) {
		errno = ENOMEM;
		return -1;
	}
	refusals = 0;
	va_start(arguments, number);
	pid = va_arg(arguments, pid_t);
	va_end(arguments);
	/* any descriptor will do: what matters is that there is one */
	return pid > 0 ? eventfd(0, EFD_CLOEXEC) : -1;
}

static void do_nothing(struct worker *worker)
{
	(void)worker;
}

static void a_child_without_a_descriptor_is_begun_anew(void **state)
{
	struct worker *worker = &control.recorder;
	int64_t end_ns = clock_mono_ns() + 10 * CLOCK_NS_PER_S;

	(void)state;
	log_open("test", LOG_LEVEL_ERROR);
	strcpy(control.search, "/bin:/usr/bin");
	assert_true(sd_event_new(&control.event) >= 0);
	*worker = (struct worker){.control = &control,
				  .name = "worker",
				  .program = "cat",
				  .started = do_nothing,
				  .pidfd = -1,
				  .socket = -1};
	refusals = 2;
	assert_true(worker_start(worker) < 0);
	while (worker->starts < 3 && clock_mono_ns() < end_ns)
		sd_event_run(control.event, 100000);
	assert_int_equal(worker->starts, 3);
	assert_true(worker->pid > 0 && worker->socket >= 0);
	worker_stop(worker);
	worker_reap(worker, 0);
	sd_event_unref(control.event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_child_without_a_descriptor_is_begun_anew)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
