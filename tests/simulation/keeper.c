/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/simulation/keeper.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/recorder/recorder.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/world.h"

static struct recorder *recorder;
static int control_end = -1, recorder_end_fd = -1;
static int64_t busy_until_ns; /* a slow disk: world time */

int __real_link_send(int socket, uint16_t type, uint32_t seq, const void *body, size_t length, int fd);

int keeper_start(void)
{
	int ends[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return -errno;
	recorder = calloc(1, sizeof(*recorder));
	r = recorder ? recorder_init(recorder, ends[1]) : -ENOMEM;
	if (r < 0) {
		free(recorder);
		recorder = NULL;
		close(ends[0]);
		close(ends[1]);
		return r;
	}
	control_end = ends[0];
	recorder_end_fd = ends[1];
	busy_until_ns = 0;
	return 0;
}

static void drop_ends(void)
{
	if (control_end >= 0)
		close(control_end);
	if (recorder_end_fd >= 0)
		close(recorder_end_fd);
	control_end = recorder_end_fd = -1;
}

void keeper_kill(bool all)
{
	int r = 1;

	if (!recorder)
		return;
	close(control_end);
	control_end = -1;
	while (all && r > 0)
		r = recorder_turn(recorder);
	if (all)
		recorder_end(recorder, r);
	else
		disk_freeze();
	recorder_deinit(recorder);
	disk_thaw();
	free(recorder);
	recorder = NULL;
	drop_ends();
}

/* The process ends by itself: control sees the end of its link. */
static void end(int r)
{
	world_tell("the recorder ends: %d", r);
	recorder_end(recorder, r);
	keeper_kill(false);
	world_kill_worker(&world.control->recorder, "ended");
}

void keeper_step(void)
{
	int r = 1;

	if (!recorder || world.now_ns < busy_until_ns)
		return;
	if (trouble_is_on(&world.trouble, TROUBLE_STORE_SLOW) && recorder->batch.due_ns != 0 &&
	    chance_is(&world.chance, 0.2)) {
		busy_until_ns = world.now_ns + (int64_t)(chance_between(&world.chance, 0, 40) * 1e9);
		return;
	}
	r = recorder_turn(recorder);
	if (recorder && r <= 0)
		end(r);
	if (recorder && world.recorder_waits) {
		world.recorder_waits = false;
		world.in_control = true;
		world.control->recorder.writable(&world.control->recorder);
		world.in_control = false;
	}
}

int keeper_take(uint16_t type, uint32_t seq, const void *body, size_t length, int fd)
{
	return control_end < 0 ? -EPIPE : __real_link_send(control_end, type, seq, body, length, fd);
}

bool keeper_owns(int socket)
{
	return recorder && socket == recorder_end_fd;
}

/* A planted lapse of memory. */
static const struct link_loaded *spoil(const struct link_loaded *loaded, struct link_loaded *ret_copy)
{
	if (world.plant != PLANT_LATCH)
		return loaded;
	*ret_copy = *loaded;
	ret_copy->snapshot.machine.latched = false;
	ret_copy->snapshot.machine.phase = PHASE_HOLD;
	return ret_copy;
}

int keeper_tell(uint16_t type, const void *body, size_t length, int fd)
{
	struct worker *worker = &world.control->recorder;
	struct link_loaded loaded;

	if (control_end < 0 || world.dead || worker->socket < 0)
		return -EPIPE;
	if (type == LINK_LOADED) {
		book_reload(&world.book, body);
		body = spoil(body, &loaded);
	}
	if (type == LINK_COMMITTED)
		book_acknowledge(&world.book, body);
	world.in_control = true;
	worker->message(worker, type, body, length, fd >= 0 ? dup(fd) : -1);
	world.in_control = false;
	return worker->socket < 0 ? -EPIPE : 0;
}
