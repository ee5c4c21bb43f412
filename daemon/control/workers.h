/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The children: one process each, one inherited socketpair (descriptor 3) each. A worker that dies or
 * closes its end is started again, at once the first time, then after 0.1, 0.2, 0.4 ... 5 s (mono); ten good
 * seconds clear the count. Each is its own process group, so that a terminal's Ctrl-C reaches densd alone.
 */
#ifndef DENSD_DAEMON_CONTROL_WORKERS_H
#define DENSD_DAEMON_CONTROL_WORKERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "daemon/link.h"

struct control;
struct worker;
/* @fd is -1 or a descriptor the handler now owns. */
typedef void worker_message_fn(struct worker *worker, uint16_t type, const void *body, size_t length, int fd);
typedef void worker_event_fn(struct worker *worker);

struct worker {
	struct control *control;
	char name[48];             /* for the log: "bus rtu" */
	const char *program;       /* "densd-bus" */
	uint32_t index;            /* of the bus */
	worker_event_fn *started;  /* send the first message here */
	worker_event_fn *lost;     /* the socket is already closed */
	worker_event_fn *writable; /* after worker_wait_writable */
	worker_message_fn *message;
	pid_t pid;  /* 0: not running */
	int pidfd;  /* -1: not running */
	int socket; /* -1: no link */
	uint32_t seq;
	bool ready; /* the first exchange is done (recorder: loaded) */
	bool stopping;
	sd_event_source *io, *child, *restart; /* made once, used by every process of this slot */
	int64_t started_ns, lost_ns;
	uint32_t failures, starts;
	bool asked; /* bus: a cycle is in flight since asked_ns */
	int64_t asked_ns;
	int64_t heard_ns; /* gateway, recorder: its last message, or its start */
};

/*
 * Finds @program in the colon-separated folders of @search. 0 and the path, or -ENOENT.
 */
int worker_find_program(const char *search, const char *program, char *ret_path, size_t size);
/* The default search list: @given (may be NULL or empty), $DENSD_LIBEXEC, @site, and folders beside this
 * program. */
void worker_build_search(const char *given, const char *site, char *ret_search, size_t size);
/* Starts the program with @argument (NULL: none) and descriptor 3. 0 and its pid and our end, or -errno. */
int worker_spawn(const char *search, const char *program, const char *argument, pid_t *ret_pid,
		 int *ret_socket);
/* Makes the event sources: what a restart needs is allocated here, once. 0 or -errno. */
int worker_open(struct worker *worker);
/* Starts it inside the event loop; allocates nothing after worker_open. 0 or -errno. */
int worker_start(struct worker *worker);
/* Kills it, as if it had died: it is restarted with back-off. */
void worker_kill(struct worker *worker, const char *why);
/* Reads what has come, at most @most messages; 0, or the socket's error. Used by the loop and at start. */
int worker_read(struct worker *worker, unsigned most);
/* Calls @writable when the socket has room again. */
void worker_wait_writable(struct worker *worker);
/* No restart any more; closes the link, which tells the worker to exit. */
void worker_stop(struct worker *worker);
/* Waits at most @timeout_ms for the process to be gone, then kills it. */
void worker_reap(struct worker *worker, int timeout_ms);

#endif
