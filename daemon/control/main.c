/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * densd: the control process. It decides, and it is the only one that does. Nothing it links can block,
 * abort or parse untrusted bytes: sd-event, the pure machines of protocol/, the links to its workers.
 */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/control/control.h"
#include "daemon/control/links.h"
#include "daemon/control/notify.h"
#include "daemon/control/publish.h"
#include "daemon/control/site_load.h"
#include "daemon/control/start.h"
#include "daemon/control/step.h"

#define DRAIN_MS 2000
#define REAL_TIME_PRIORITY 10
#define REAL_TIME_SCALE_MAX 10.0

struct options {
	const char *site, *libexec;
	enum log_level level;
	bool check;
};

static const char usage[] =
	"usage: densd --site FILE [--libexec FOLDERS] [--log-level "
	"error|warning|notice|info|debug] [--check]\n"
	"  --site FILE       the site file (config/sites/)\n"
	"  --libexec FOLDERS colon-separated folders of the workers\n"
	"  --check           read and check the site file, then exit\n"
	"Drives what the site file names until SIGTERM, which leaves the instruments holding: it is\n"
	"no abort. To try it without instruments: tools/demo --keep, or tools/densim/README.md.\n"
	"What it does now: densctl status. Exit code 0: ended by a signal, or --check found no\n"
	"error; 1: it could not start, the last line says why; 2: usage.\n";

static int parse_level(const char *text, enum log_level *ret_level)
{
	static const char *const names[] = {[LOG_LEVEL_ERROR] = "error",
					    [LOG_LEVEL_WARNING] = "warning",
					    [LOG_LEVEL_NOTICE] = "notice",
					    [LOG_LEVEL_INFO] = "info",
					    [LOG_LEVEL_DEBUG] = "debug"};

	for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++)
		if (strcmp(text, names[i]) == 0) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	return -EINVAL;
}

/* 0; 1: done already (help); -EINVAL with the usage on standard error. */
static int parse_options(int argc, char **argv, struct options *ret_options)
{
	static const struct option known[] = {{"site", required_argument, NULL, 's'},
					      {"libexec", required_argument, NULL, 'x'},
					      {"log-level", required_argument, NULL, 'l'},
					      {"check", no_argument, NULL, 'c'},
					      {"help", no_argument, NULL, 'h'},
					      {"version", no_argument, NULL, 'v'},
					      {NULL, 0, NULL, 0}};
	struct options options = {.level = LOG_LEVEL_INFO};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 's')
			options.site = optarg;
		else if (c == 'x')
			options.libexec = optarg;
		else if (c == 'c')
			options.check = true;
		else if (c == 'h' || c == 'v')
			return fputs(c == 'h' ? usage : "densd " DENSD_VERSION "\n", stdout), 1;
		else if (c != 'l' || parse_level(optarg, &options.level) < 0)
			return fputs(usage, stderr), -EINVAL;
	}
	if (!options.site || optind != argc)
		return fputs(usage, stderr), -EINVAL;
	*ret_options = options;
	return 0;
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)source;
	(void)info;
	(void)userdata;
	log_notice("SIGHUP: the site file is read at start only; a run keeps the one it began with");
	return 0;
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct control *control = userdata;

	(void)source;
	control->stopping = true;
	log_notice("%s: stopping", info->ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
	return sd_event_exit(control->event, 0);
}

static int open_signals(struct control *control)
{
	int r = sd_event_add_signal(control->event, NULL, SIGTERM, on_stop, control);

	if (r >= 0)
		r = sd_event_add_signal(control->event, NULL, SIGINT, on_stop, control);
	if (r >= 0)
		r = sd_event_add_signal(control->event, NULL, SIGHUP, on_hangup, control);
	return r < 0 ? r : 0;
}

/* Everything that control will ever need is allocated here. */
static int open_control(struct control *control, const struct options *options)
{
	int r;

	worker_build_search(options->libexec, NULL, control->search, sizeof(control->search));
	r = site_load(control->search, options->site, &control->site);
	if (r < 0)
		return r;
	worker_build_search(options->libexec, control->site.libexec, control->search,
			    sizeof(control->search));
	control->limits = control->site.limits;
	cycle_widen_limits(&control->limits, control->site.clock_scale);
	cycle_find_devices(&control->site, &control->map);
	control->free_mib = -1;
	outbox_init(&control->outbox);
	links_init(control);
	wear_init(control);
	r = journal_init(&control->journal, JOURNAL_RING_BYTES, (uint64_t)clock_wall_us());
	if (r == 0)
		r = dedup_init(&control->dedup);
	if (r == 0)
		r = sd_event_new(&control->event);
	if (r < 0)
		return r;
	recommission_open(control, options->site);
	return open_signals(control);
}

/*
 * Real time where the unit allows it (LimitRTPRIO); the step is on time without it, too, only less surely.
 * Not in fast laboratory time, where the step has no pause and the workers must get their share.
 */
static void ask_real_time(const struct control *control)
{
	const struct sched_param priority = {.sched_priority = REAL_TIME_PRIORITY};

	if (control->site.clock_scale > REAL_TIME_SCALE_MAX)
		return;
	if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &priority) < 0)
		log_info("no real-time priority (%s): steps may be some milliseconds late", strerror(errno));
}

static int run_control(struct control *control)
{
	int r = links_load_store(control);

	if (r < 0) {
		log_error("recorder: no word of the store: %s", strerror(-r));
		return r;
	}
	start_restore(control);
	r = links_start(control);
	if (r == 0)
		r = step_start(control);
	if (r < 0)
		return r;
	ask_real_time(control);
	publish_state(control, true);
	notify_ready(control);
	log_notice("ready: site %s, clock scale %g, %u bus(es), %u run(s) waiting", control->site.name,
		   control->site.clock_scale, control->site.bus_count, queue_count_waiting(&control->queue));
	return sd_event_loop(control->event);
}

/* SIGTERM is not ABORT: nothing is written to a device, they hold, and their own watchdogs stand behind that.
 */
static void stop_control(struct control *control)
{
	control->stopping = true;
	notify_stopping();
	if (control->loaded) {
		publish_note(control,
			     "densd stops in phase %s; the instruments are left holding and guard themselves",
			     phase_name((enum phase)control->machine.phase));
		publish_snapshot(control);
		wear_stop(control);
		links_drain_store(control, DRAIN_MS);
	}
	links_stop(control);
}

int main(int argc, char **argv)
{
	static struct control control; /* large, and there is one */
	struct options options;
	sigset_t blocked;
	int r = parse_options(argc, argv, &options);

	if (r != 0)
		return r < 0 ? 2 : 0;
	log_open("densd", options.level);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_IGN);
	r = open_control(&control, &options);
	if (r < 0) {
		log_error("%s: %s", options.site,
			  r == -ENOENT   ? "densd-config was not found: --libexec"
			  : r == -EINVAL ? "not started: the site file cannot be used as it is, see above"
					 : strerror(-r));
		return 1;
	}
	if (options.check) {
		printf("%s: site %s, clock scale %g, %u bus(es)\n", options.site, control.site.name,
		       control.site.clock_scale, control.site.bus_count);
		return 0;
	}
	r = run_control(&control);
	stop_control(&control);
	if (r < 0)
		log_error("stopped: %s", strerror(-r));
	return r < 0 ? 1 : 0;
}
