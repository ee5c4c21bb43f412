/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hazard 32, the other half: a worker that dies is started again without an allocation. The program is its
 * own worker: started with WORKER_WORD in its environment it says nothing and exits at its first message.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/control/control.h"
#include "tests/unit/daemon/allocations.h"

#define WORKER_WORD "DENSD_TEST_WORKER"
#define RESTARTS 5u
#define PATIENCE_NS (60 * CLOCK_NS_PER_S)

static struct control control;

static int act_as_worker(void)
{
	char byte;

	return read(LINK_WORKER_FD, &byte, 1) >= 0 ? 3 : 4;
}

static void started(struct worker *worker)
{
	link_send(worker->socket, LINK_BUS_CYCLE, 0, "", 1, -1);
}

static void take_message(struct worker *worker, uint16_t type, const void *body, size_t length, int fd)
{
	(void)worker;
	(void)type;
	(void)body;
	(void)length;
	if (fd >= 0)
		close(fd);
}

/* Runs the loop until @starts processes were started. False when it takes for ever. */
static bool run_until(struct worker *worker, uint32_t starts)
{
	int64_t end_ns = clock_mono_ns() + PATIENCE_NS;

	while (worker->starts < starts && clock_mono_ns() < end_ns)
		if (sd_event_run(control.event, 100000) < 0)
			return false;
	return worker->starts >= starts;
}

static int count_restarts(const char *folder, const char *program)
{
	struct worker *worker = &control.gateway;
	unsigned long before, counting = allocations;
	void *volatile probe = malloc(16);

	free(probe);
	if (allocations != counting + 1)
		return fputs("the counter does not count\n", stderr), 1;
	*worker = (struct worker){.control = &control,
				  .program = program,
				  .name = "test",
				  .socket = -1,
				  .pidfd = -1,
				  .started = started,
				  .message = take_message};
	strcpy(control.search, folder); /* as long at most: see main */
	/* The first round is the start: the loop grows its own tables then. */
	if (sd_event_new(&control.event) < 0 || worker_start(worker) < 0 || !run_until(worker, 2))
		return fputs("the worker does not start again\n", stderr), 1;
	before = allocations;
	if (!run_until(worker, 2 + RESTARTS))
		return fputs("the worker is not started again\n", stderr), 1;
	counting = allocations - before; /* before printf takes its buffer */
	printf("%u restarts, %lu allocations\n", RESTARTS, counting);
	worker_stop(worker);
	worker_reap(worker, 2000);
	return counting == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	char self[sizeof(control.search)], *slash;
	ssize_t n;

	(void)argc;
	(void)argv;
	if (getenv(WORKER_WORD))
		return act_as_worker();
	if (!ALLOCATIONS_COUNTED)
		return fputs("a sanitizer has its own malloc: not counted\n", stderr), 77;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return 1;
	self[n] = '\0';
	slash = strrchr(self, '/');
	*slash = '\0';
	log_open("test", LOG_LEVEL_ERROR);
	setenv(WORKER_WORD, "1", 1);
	return count_restarts(self, slash + 1);
}
