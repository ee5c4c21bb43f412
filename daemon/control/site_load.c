/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/site_load.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/control/workers.h"
#include "daemon/link.h"

extern char **environ;

static struct site incoming; /* too large for the stack; read once */

/* Reads exactly one struct and then the end. */
static int read_site(int fd)
{
	size_t got = 0;
	char more;

	while (got < sizeof(incoming)) {
		ssize_t n = read(fd, (char *)&incoming + got, sizeof(incoming) - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EINVAL;
		got += (size_t)n;
	}
	return read(fd, &more, 1) == 0 ? 0 : -EINVAL;
}

static int spawn_reader(const char *program, const char *path, int write_end, pid_t *ret_pid)
{
	char *const arguments[] = {(char *)program, (char *)path, NULL};
	posix_spawn_file_actions_t actions;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, write_end, LINK_WORKER_FD);
	r = posix_spawn(ret_pid, program, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static bool is_plausible(const struct site *site)
{
	if (site->bus_count > SITE_BUSES_MAX || site->role_count > SITE_ROLES_MAX ||
	    !(site->clock_scale >= 1))
		return false;
	for (uint32_t i = 0; i < site->bus_count; i++)
		if (site->buses[i].device_count > BUS_DEVICES_MAX)
			return false;
	return true;
}

int site_load(const char *search, const char *path, struct site *ret_site)
{
	char program[PATH_MAX];
	int pipe_ends[2], status = 0, r;
	pid_t pid;

	r = worker_find_program(search, "densd-config", program, sizeof(program));
	if (r < 0)
		return r;
	if (pipe2(pipe_ends, O_CLOEXEC) < 0)
		return -errno;
	r = spawn_reader(program, path, pipe_ends[1], &pid);
	close(pipe_ends[1]);
	if (r == 0) {
		r = read_site(pipe_ends[0]);
		waitpid(pid, &status, 0);
	}
	close(pipe_ends[0]);
	if (r == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !is_plausible(&incoming)))
		r = -EINVAL;
	if (r == 0)
		*ret_site = incoming;
	return r;
}
