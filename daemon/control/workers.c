/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/workers.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/control/control.h"

#define RESTART_FIRST_US 100000u
#define RESTART_LAST_US 5000000u
#define GOOD_NS (10 * CLOCK_NS_PER_S)
#define READ_BATCH 64u

extern char **environ;
static _Alignas(16) uint8_t receive_buffer[LINK_MESSAGE_MAX + sizeof(struct link_header)];

int worker_find_program(const char *search, const char *program, char *ret_path, size_t size)
{
	for (const char *at = search; *at;) {
		size_t length = strcspn(at, ":");
		char path[PATH_MAX];

		if (length > 0 &&
		    (size_t)snprintf(path, sizeof(path), "%.*s/%s", (int)length, at, program) < size &&
		    access(path, X_OK) == 0) {
			strcpy(ret_path, path);
			return 0;
		}
		at += length;
		if (*at == ':')
			at++;
	}
	return -ENOENT;
}

static void append(char *text, size_t size, const char *folder, const char *below)
{
	size_t used = strlen(text);

	if (folder && *folder)
		snprintf(text + used, size - used, "%s%s%s", used > 0 ? ":" : "", folder, below);
}

void worker_build_search(const char *given, const char *site, char *ret_search, size_t size)
{
	/* Installed: bin/ and libexec/densd/. In the build tree every program is in the folder of its source.
	 */
	static const char *const beside[] = {
		"/../libexec/densd", "", "/../bus", "/../recorder", "/../gateway", "/../../config"};
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	ret_search[0] = '\0';
	append(ret_search, size, given, "");
	append(ret_search, size, getenv("DENSD_LIBEXEC"), "");
	append(ret_search, size, site, "");
	if (n <= 0)
		return;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
		append(ret_search, size, self, beside[i]);
}

/* Default dispositions and an empty mask in the child: densd itself blocks what it reads from the loop. */
static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setpgroup(attributes, 0);
	return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
							    POSIX_SPAWN_SETPGROUP);
}

/*
 * What posix_spawn needs, made once: its file actions are a list on the heap. The child's end of a pair is
 * moved to one descriptor that stays reserved, so that the same actions serve every start.
 */
static struct spawner {
	bool made;
	int slot, empty; /* reserved number; what it holds in between */
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
} spawner;

static int make_spawner(void)
{
	int r;

	if (spawner.made)
		return 0;
	spawner.empty = open("/dev/null", O_RDONLY | O_CLOEXEC);
	spawner.slot = spawner.empty < 0 ? -1 : fcntl(spawner.empty, F_DUPFD_CLOEXEC, LINK_WORKER_FD + 1);
	if (spawner.slot < 0)
		return -errno;
	r = posix_spawn_file_actions_init(&spawner.actions);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&spawner.actions, spawner.slot, LINK_WORKER_FD);
	if (r == 0)
		r = posix_spawnattr_init(&spawner.attributes);
	if (r == 0)
		r = set_attributes(&spawner.attributes);
	spawner.made = r == 0;
	return -r;
}

int worker_spawn(const char *search, const char *program, const char *argument, pid_t *ret_pid,
		 int *ret_socket)
{
	char path[PATH_MAX];
	char *const arguments[] = {path, (char *)argument, NULL};
	int pair[2], r;
	pid_t pid;

	r = make_spawner();
	if (r == 0)
		r = worker_find_program(search, program, path, sizeof(path));
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	dup3(pair[1], spawner.slot, O_CLOEXEC);
	close(pair[1]);
	r = posix_spawn(&pid, path, &spawner.actions, &spawner.attributes, arguments, environ);
	dup3(spawner.empty, spawner.slot, O_CLOEXEC);
	if (r != 0) {
		close(pair[0]);
		return -r;
	}
	*ret_pid = pid;
	*ret_socket = pair[0];
	return 0;
}

/* One place where a link ends: the handler learns it once, the restart follows the process's end. */
static void drop_link(struct worker *worker)
{
	if (worker->socket < 0)
		return;
	sd_event_source_set_enabled(worker->io, SD_EVENT_OFF);
	close(worker->socket);
	worker->socket = -1;
	worker->ready = worker->asked = false;
	worker->lost_ns = clock_mono_ns();
	if (worker->lost)
		worker->lost(worker);
}

static int on_restart(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct worker *worker = userdata;
	int r;

	(void)source;
	(void)usec;
	r = worker_start(worker);
	if (r < 0)
		log_error("%s: cannot start %s: %s", worker->name, worker->program, strerror(-r));
	return 0;
}

static void schedule_restart(struct worker *worker)
{
	uint64_t delay = 0;
	int r;

	if (clock_mono_ns() - worker->started_ns > GOOD_NS)
		worker->failures = 0;
	if (worker->failures > 0)
		delay = RESTART_FIRST_US << (worker->failures < 7 ? worker->failures - 1 : 6);
	if (delay > RESTART_LAST_US)
		delay = RESTART_LAST_US;
	worker->failures++;
	r = sd_event_source_set_time_relative(worker->restart, delay);
	if (r >= 0)
		r = sd_event_source_set_enabled(worker->restart, SD_EVENT_ONESHOT);
	if (r < 0)
		log_error("%s: no restart: %s", worker->name, strerror(-r));
}

static void forget_child(struct worker *worker)
{
	sd_event_source_set_enabled(worker->child, SD_EVENT_OFF);
	if (worker->pidfd >= 0)
		close(worker->pidfd);
	worker->pidfd = -1;
	worker->pid = 0;
}

/* The pidfd became readable: the process is gone. */
static int on_child(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct worker *worker = userdata;
	siginfo_t info = {0};

	(void)source;
	(void)fd;
	(void)events;
	if (waitid(P_PID, (id_t)worker->pid, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0)
		return 0;
	/* What it still managed to say counts: commits, answers. */
	while (worker->socket >= 0 && worker_read(worker, READ_BATCH) == 0)
		;
	drop_link(worker);
	forget_child(worker);
	if (worker->stopping)
		return 0;
	log_warning("%s: %s %s %d, starting it again", worker->name, worker->program,
		    info.si_code == CLD_EXITED ? "exited with" : "died by signal", info.si_status);
	schedule_restart(worker);
	return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct worker *worker = userdata;

	(void)fd;
	if (events & EPOLLOUT) {
		sd_event_source_set_io_events(source, EPOLLIN);
		if (worker->writable)
			worker->writable(worker);
	}
	if (worker->socket >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) {
		int r = worker_read(worker, READ_BATCH);

		if (r < 0 && r != -EAGAIN)
			worker_kill(worker, r == -EPIPE ? "closed its link" : strerror(-r));
	}
	return 0;
}

int worker_read(struct worker *worker, unsigned most)
{
	for (unsigned i = 0; i < most; i++) {
		const struct link_header *header;
		const void *body;
		int fd, r;

		if (worker->socket < 0)
			return -EPIPE;
		r = link_receive(worker->socket, receive_buffer, sizeof(receive_buffer), &header, &body, &fd);
		if (r <= 0)
			return r == 0 ? -EPIPE : r;
		worker->message(worker, header->type, body, header->length, fd);
	}
	return 0;
}

/* A source that exists and is off; @fd only has to be one that can be polled. */
static int add_io(struct worker *worker, sd_event_source **ret_source, int fd, sd_event_io_handler_t handler)
{
	int r = sd_event_add_io(worker->control->event, ret_source, fd, EPOLLIN, handler, worker);

	return r < 0 ? r : sd_event_source_set_enabled(*ret_source, SD_EVENT_OFF);
}

int worker_open(struct worker *worker)
{
	int pair[2], r;

	if (worker->io)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	r = make_spawner();
	if (r == 0)
		r = add_io(worker, &worker->io, pair[0], on_io);
	if (r >= 0)
		r = add_io(worker, &worker->child, pair[1], on_child);
	if (r >= 0)
		r = sd_event_add_time(worker->control->event, &worker->restart, CLOCK_BOOTTIME, UINT64_MAX, 1,
				      on_restart, worker);
	if (r >= 0)
		r = sd_event_source_set_enabled(worker->restart, SD_EVENT_OFF);
	close(pair[0]);
	close(pair[1]);
	return r < 0 ? r : 0;
}

static int watch(sd_event_source *source, int fd)
{
	int r = sd_event_source_set_io_fd(source, fd);

	if (r >= 0)
		r = sd_event_source_set_io_events(source, EPOLLIN);
	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ON);
}

static int watch_process(struct worker *worker)
{
	int r;

	worker->pidfd = (int)syscall(SYS_pidfd_open, worker->pid, 0);
	if (worker->pidfd < 0)
		return -errno;
	r = watch(worker->io, worker->socket);
	return r < 0 ? r : watch(worker->child, worker->pidfd);
}

/* Nothing will say that it is gone: it is waited for here, where it has only just been begun. */
static void give_up(struct worker *worker, const char *why)
{
	worker_kill(worker, why);
	waitpid(worker->pid, NULL, 0);
	forget_child(worker);
	schedule_restart(worker);
}

int worker_start(struct worker *worker)
{
	int r = worker_open(worker);

	if (r == 0)
		r = worker_spawn(worker->control->search, worker->program, NULL, &worker->pid,
				 &worker->socket);
	worker->started_ns = clock_mono_ns();
	if (r < 0) {
		worker->pid = 0;
		worker->socket = -1;
		schedule_restart(worker);
		return r;
	}
	worker->seq = 0;
	worker->ready = worker->asked = false;
	worker->starts++;
	r = watch_process(worker);
	if (r < 0) {
		give_up(worker, strerror(-r));
		return r;
	}
	log_info("%s: %s started, pid %d", worker->name, worker->program, (int)worker->pid);
	worker->started(worker);
	return 0;
}

void worker_kill(struct worker *worker, const char *why)
{
	if (worker->pid > 0) {
		log_warning("%s: pid %d %s", worker->name, (int)worker->pid, why);
		kill(worker->pid, SIGKILL);
	}
	drop_link(worker);
}

void worker_wait_writable(struct worker *worker)
{
	if (worker->io && worker->socket >= 0)
		sd_event_source_set_io_events(worker->io, EPOLLIN | EPOLLOUT);
}

void worker_stop(struct worker *worker)
{
	worker->stopping = true;
	if (worker->restart)
		sd_event_source_set_enabled(worker->restart, SD_EVENT_OFF);
	drop_link(worker);
}

void worker_reap(struct worker *worker, int timeout_ms)
{
	if (worker->pid <= 0)
		return;
	sd_event_source_set_enabled(worker->child, SD_EVENT_OFF);
	for (; timeout_ms > 0; timeout_ms -= 5) {
		if (waitpid(worker->pid, NULL, WNOHANG) != 0) {
			forget_child(worker);
			return;
		}
		poll(NULL, 0, 5);
	}
	log_warning("%s: pid %d does not exit, killing it", worker->name, (int)worker->pid);
	kill(worker->pid, SIGKILL);
	waitpid(worker->pid, NULL, 0);
	forget_child(worker);
}
