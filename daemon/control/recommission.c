/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control/recommission.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/control/control.h"
#include "daemon/control/publish.h"

#define SETTLE_NS (CLOCK_NS_PER_S / 5) /* one change is several events */

static struct site fresh; /* too large for the stack */

static int on_change(sd_event_source *source, const struct inotify_event *change, void *userdata)
{
	struct control *control = userdata;

	(void)source;
	if (change->len == 0 || strcmp(change->name, control->recommission.record) == 0)
		control->recommission.due_ns = clock_mono_ns() + SETTLE_NS;
	return 0;
}

/* The first difference that makes the record one of other instruments; NULL: none. */
static const char *find_other(const struct site *now, const struct site *before)
{
	if (strcmp(now->sha256, before->sha256) != 0)
		return "the site file";
	for (uint32_t b = 0; b < before->bus_count; b++)
		for (uint32_t d = 0; d < before->buses[b].device_count; d++)
			if (strcmp(now->buses[b].devices[d].profile.sha256,
				   before->buses[b].devices[d].profile.sha256) != 0)
				return before->buses[b].devices[d].name;
	return NULL;
}

bool recommission_take(struct control *control, const struct site *now)
{
	const struct site_commissioning *judged = &now->commissioning;
	const char *other = find_other(now, &control->site);
	time_t until = (time_t)judged->until_wall_s;
	char text[16] = "?";
	struct tm parts;

	if (other) {
		publish_note(control,
			     "commissioning: a new record is there, but %.31s (or its profile) is not as at "
			     "densd's start: restart densd",
			     other);
		return false;
	}
	control->site.commissioning = *judged;
	if (gmtime_r(&until, &parts))
		strftime(text, sizeof(text), "%Y-%m-%d", &parts);
	if (judged->fault[0])
		publish_note(control, "commissioning: the record was read again: %.140s", judged->fault);
	else
		publish_note(control,
			     "commissioning: the record was read again: every device is signed off until %s",
			     text);
	return true;
}

static int on_answer(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct control *control = userdata;
	ssize_t n = recv(fd, &fresh, sizeof(fresh), MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n == (ssize_t)sizeof(fresh))
		recommission_take(control, &fresh);
	else
		publish_note(control, "commissioning: a new record is there, and the site cannot be read "
				      "(see the log): the old one stands");
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	close(control->recommission.socket);
	control->recommission.socket = -1;
	return 0;
}

/* Sources that exist and are off, so that nothing is allocated later. */
static int open_sources(struct control *control, const char *folder)
{
	struct recommission *it = &control->recommission;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	r = sd_event_add_io(control->event, &it->answer, pair[0], EPOLLIN, on_answer, control);
	if (r >= 0)
		r = sd_event_source_set_enabled(it->answer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_inotify(control->event, &it->watch, folder,
					 IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE, on_change, control);
	close(pair[0]);
	close(pair[1]);
	return r;
}

void recommission_open(struct control *control, const char *site_path)
{
	struct recommission *it = &control->recommission;
	const char *record = control->site.commissioning.record, *slash = strrchr(record, '/');
	char folder[SITE_PATH];
	int r;

	it->socket = -1;
	if (!control->site.commissioning.required)
		return;
	snprintf(it->site_path, sizeof(it->site_path), "%s", site_path);
	it->record = slash ? slash + 1 : record;
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - record) + 1 : 1, slash ? record : ".");
	r = open_sources(control, folder);
	if (r < 0)
		log_warning("%s cannot be watched (%s): a new record of commissioning counts after a restart",
			    folder, strerror(-r));
}

static void start_reader(struct control *control)
{
	struct recommission *it = &control->recommission;
	int r = worker_spawn(control->search, "densd-config", it->site_path, &it->pid, &it->socket);

	if (r == 0)
		r = sd_event_source_set_io_fd(it->answer, it->socket);
	if (r >= 0)
		r = sd_event_source_set_enabled(it->answer, SD_EVENT_ON);
	if (r >= 0)
		return;
	log_warning("a new record of commissioning cannot be read: %s", strerror(-r));
	if (it->socket >= 0)
		close(it->socket);
	it->socket = -1;
}

void recommission_step(struct control *control, int64_t now_ns)
{
	struct recommission *it = &control->recommission;

	if (it->pid > 0 && waitpid(it->pid, NULL, WNOHANG) != 0)
		it->pid = 0;
	if (it->due_ns == 0 || now_ns < it->due_ns || it->socket >= 0 || it->pid > 0)
		return;
	it->due_ns = 0;
	start_reader(control);
}
