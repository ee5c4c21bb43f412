/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim: simulated nights by seed, each judged by the checker. */
#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/site.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/night.h"

static const char usage[] =
	"usage: sim [--level values|frames] [--seeds A..B | --seed N [--trail]] [--hours H] [--twin] "
	"[--plant NAME] "
	"[--standard] [--json] "
	"[--counters]\n"
	"  --seeds A..B  these seeds, both included (default 1..10)\n"
	"  --seed N      one seed\n"
	"  --trail       tell on standard output what happens, line by line\n"
	"  --level L     values (default), or frames: bytes and CRC, libmodbus, the real recorder on a disk "
	"that "
	"fails\n"
	"  --twin        each night twice, the second without jumps of the wall clock: the same decisions "
	"(I15)\n"
	"  --hours H     lab hours of each night (default 10)\n"
	"  --standard    fail also when something a standard campaign must meet was never met\n"
	"  --counters    print how often what was met, and what was not\n"
	"  --plant NAME  spoil densd on purpose (release, ramp, intent, latch, heater, stranger, wall, "
	"lock, outcome, wear, halfway, leak, output, watchdog): must be "
	"found\n"
	"  --json        the summary as one line of JSON\n"
	"Exit status: 0, 1 after a violation, 2 usage, 3 something never met.\n";

struct order {
	uint64_t from, to;
	double hours;
	int plant; /* enum world_plant */
	int level; /* 0 values, 1 frames */
	char folder[32];
	bool twin, trail, standard, counters, json;
};
struct sum {
	double hours, busy_hours, seconds;
	uint64_t nights, bad_nights, violations, starts, runs, hash;
};

static double real_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int parse_seeds(const char *text, struct order *order)
{
	char *end;

	order->from = strtoull(text, &end, 10);
	if (strncmp(end, "..", 2) != 0)
		return -EINVAL;
	order->to = strtoull(end + 2, &end, 10);
	return *end == '\0' && order->from <= order->to ? 0 : -EINVAL;
}

/* enum world_plant, or -EINVAL. */
static int find_plant(const char *name)
{
	static const char *const names[] = {"release",  "ramp", "intent", "latch",   "heater",
					    "stranger", "wall", "lock",   "outcome", "wear",
					    "halfway",  "leak", "output", "watchdog"};

	for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
		if (strcmp(names[i], name) == 0)
			return i + 1;
	return -EINVAL;
}

static int find_level(const char *name)
{
	return strcmp(name, "values") == 0 ? 0 : strcmp(name, "frames") == 0 ? 1 : -EINVAL;
}

static int parse(int argc, char **argv, struct order *order)
{
	static const struct option known[] = {
		{"seeds", required_argument, NULL, 's'}, {"seed", required_argument, NULL, 'n'},
		{"hours", required_argument, NULL, 'h'}, {"plant", required_argument, NULL, 'p'},
		{"trail", no_argument, NULL, 't'},       {"standard", no_argument, NULL, 'd'},
		{"counters", no_argument, NULL, 'c'},    {"json", no_argument, NULL, 'j'},
		{"level", required_argument, NULL, 'l'}, {"twin", no_argument, NULL, 'w'},
		{"help", no_argument, NULL, '?'},        {NULL, 0, NULL, 0}};
	int c, r = 0;

	*order = (struct order){.from = 1, .to = 10, .hours = 10};
	while (r == 0 && (c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 's')
			r = parse_seeds(optarg, order);
		else if (c == 'n')
			order->from = order->to = strtoull(optarg, NULL, 10);
		else if (c == 'h')
			order->hours = strtod(optarg, NULL);
		else if (c == 'p')
			r = (order->plant = find_plant(optarg)) < 0 ? -EINVAL : 0;
		else if (c == 'l')
			r = (order->level = find_level(optarg)) < 0 ? -EINVAL : 0;
		else if (c == 'w')
			order->twin = true;
		else if (c == 't')
			order->trail = true;
		else if (c == 'd')
			order->standard = true;
		else if (c == 'c')
			order->counters = true;
		else if (c == 'j')
			order->json = true;
		else
			r = -EINVAL;
	}
	return r == 0 && optind == argc && order->hours > 0 && order->hours <= 1000 ? 0 : -EINVAL;
}

static int load_site(struct site *ret_site)
{
	struct diagnostics diagnostics = {0};
	int r = site_read(SIMULATION_SITE, NULL, &diagnostics, ret_site);

	/* Ages of calibrations are a matter of dates, which refuse a submit: here the wall clock jumps by
	 * years. */
	for (int place = 0; r == 0 && place < CALIBRATION_PLACE_MAX; place++) {
		snprintf(ret_site->calibrations[place].date, sizeof(ret_site->calibrations[place].date),
			 "1970-01-01");
		ret_site->calibrations[place].valid_days = 1e5;
	}
	if (r != 0)
		fprintf(stderr, "sim: %s cannot be used (%d)\n", SIMULATION_SITE, r);
	return r;
}

static char lock_folder[32];

static void unlink_all(const char *pattern)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		unlink(found.gl_pathv[i]);
	globfree(&found);
}

static void remove_locks(void)
{
	char command[64];

	snprintf(command, sizeof(command), "%s/densd-line-*.lock", lock_folder);
	unlink_all(command);
	rmdir(lock_folder);
}

/* The disk under SQLite, a folder for the lines' locks, and a write to a dead line that is only an error. */
static int prepare_frames(struct order *order)
{
	signal(SIGPIPE, SIG_IGN);
	snprintf(order->folder, sizeof(order->folder), "/tmp/densd-sim-XXXXXX");
	if (!mkdtemp(order->folder))
		return -errno;
	memcpy(lock_folder, order->folder, sizeof(lock_folder));
	atexit(remove_locks);
	return disk_register();
}

static void show_progress(const struct order *order, const struct sum *sum)
{
	double done = (double)sum->nights, all = (double)(order->to - order->from + 1);

	fprintf(stderr, "\r%.0f of %.0f nights, %.0f run-hours, %.1f h/s, %llu violation(s), %.0f s left  ",
		done, all, sum->hours, sum->hours / sum->seconds, (unsigned long long)sum->violations,
		sum->seconds / done * (all - done));
}

static void add(const struct order *order, uint64_t seed, const struct night_result *result, struct sum *sum)
{
	sum->nights++;
	sum->hours += result->hours;
	sum->busy_hours += result->busy_hours;
	sum->violations += result->violations;
	sum->starts += result->starts;
	sum->runs += result->runs_ended;
	sum->hash = (sum->hash ^ result->hash) * UINT64_C(0x100000001b3);
	if (result->violations == 0)
		return;
	sum->bad_nights++;
	printf("seed %llu: %u violation(s), first %s\n  replay: sim%s%s --seed %llu --hours %g --trail\n",
	       (unsigned long long)seed, result->violations, result->first,
	       order->level == 1 ? " --level frames" : "", order->twin ? " --twin" : "",
	       (unsigned long long)seed, order->hours);
}

static void summarise_json(const struct order *order, const struct sum *sum, const struct counters *counters)
{
	printf("{\"seeds\":\"%llu..%llu\",\"nights\":%llu,\"hours\":%.1f,\"busy_hours\":%.1f,\"hours_per_s\":"
	       "%.2f,"
	       "\"starts\":%llu,\"runs\":%llu,\"bad_nights\":%llu,\"violations\":%llu,\"hash\":\"%016llx\","
	       "\"counters\":",
	       (unsigned long long)order->from, (unsigned long long)order->to,
	       (unsigned long long)sum->nights, sum->hours, sum->busy_hours, sum->hours / sum->seconds,
	       (unsigned long long)sum->starts, (unsigned long long)sum->runs,
	       (unsigned long long)sum->bad_nights, (unsigned long long)sum->violations,
	       (unsigned long long)sum->hash);
	counters_print_json(counters, order->level, stdout);
	puts("}");
}

static void summarise(const struct order *order, const struct sum *sum)
{
	printf("seeds %llu..%llu: %llu nights, %.1f simulated hours, %.1f of them with a run, %.2f h/s; "
	       "%llu starts of densd, %llu runs ended; %llu bad nights, %llu violations; hash %016llx\n",
	       (unsigned long long)order->from, (unsigned long long)order->to,
	       (unsigned long long)sum->nights, sum->hours, sum->busy_hours, sum->hours / sum->seconds,
	       (unsigned long long)sum->starts, (unsigned long long)sum->runs,
	       (unsigned long long)sum->bad_nights, (unsigned long long)sum->violations,
	       (unsigned long long)sum->hash);
}

/* I15: the same night, but the wall clock stands steady in it. */
static int compare_twin(const struct night_order *order, struct night_result *result)
{
	static struct counters unused;
	struct night_order twin = *order;
	struct night_result other;
	int r;

	twin.steady_wall = true;
	twin.trail = NULL;
	r = night_run(&twin, &unused, &other);
	if (r < 0 || other.decisions == result->decisions)
		return r;
	if (result->violations++ == 0)
		snprintf(result->first, sizeof(result->first),
			 "I15: without the jumps of the wall clock other things are decided");
	return 0;
}

int main(int argc, char **argv)
{
	static struct counters counters;
	static struct site site;
	struct order order;
	struct sum sum = {.hash = UINT64_C(0xcbf29ce484222325)};
	double began_s = real_s();

	if (parse(argc, argv, &order) < 0)
		return fputs(usage, stderr), 2;
	if (load_site(&site) != 0)
		return 2;
	if (order.level == 1 && prepare_frames(&order) < 0)
		return fputs("sim: no folder for locks in /tmp, or no SQLite\n", stderr), 2;
	for (uint64_t seed = order.from; seed <= order.to; seed++) {
		struct night_order night = {.site = &site,
					    .seed = seed,
					    .hours = order.hours,
					    .plant = order.plant,
					    .no_crashes = order.twin,
					    .level = order.level,
					    .folder = order.folder,
					    .trail = order.trail ? stdout : NULL};
		struct night_result result;
		int r = night_run(&night, &counters, &result);

		if (r == 0 && order.twin)
			r = compare_twin(&night, &result);
		if (r < 0)
			return fprintf(stderr, "sim: seed %llu: %s\n", (unsigned long long)seed,
				       strerror(-r)),
			       2;
		sum.seconds = real_s() - began_s;
		add(&order, seed, &result, &sum);
		if (!order.json && !order.trail)
			show_progress(&order, &sum);
	}
	if (!order.json && !order.trail)
		fputc('\n', stderr);
	if (order.counters) {
		counters_print(&counters, stdout);
		counters_print_unmet(&counters, order.level, stdout);
		counters_print_unexpected(&counters, order.level, stdout);
	}
	if (order.json)
		summarise_json(&order, &sum, &counters);
	else
		summarise(&order, &sum);
	if (sum.violations > 0)
		return 1;
	return order.standard && counters_missing(&counters, order.level, stdout) > 0 ? 3 : 0;
}
