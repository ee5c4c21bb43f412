/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bus worker's own code (drivers/bus.h and all below it, libmodbus included) against instruments that
 * misbehave, on a simulated clock: does a value ever stand for another question than the one that was asked?
 * README.md.
 */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/profile_reader.h"
#include "daemon/base/clock.h"
#include "drivers/bus.h"
#include "tests/wires/judge.h"
#include "tests/wires/line.h"

#define QUESTIONS 20000u
#define QUANTUM_NS INT64_C(100000000)
#define BEGIN_NS INT64_C(1000000000000)
#define IDLE_CYCLES 100000u

static const struct lab_line {
	const char *name;
	enum bus_kind kind;
	uint32_t baud;
	const char *profiles[PEER_DEVICES];
} lab_lines[] = {
	{"rtu-densim", BUS_MODBUS_RTU, 19200, {"densim-furnace", "densim-nitrogen"}},
	{"tcp-press", BUS_MODBUS_TCP, 0, {"densim-press", NULL}},
	{"rtu-2400", BUS_MODBUS_RTU, 19200, {"eurotherm-2400", "bronkhorst-flow"}},
	{"pace", BUS_SERIAL, 9600, {"druck-pace", NULL}},
	{"rtu-3216", BUS_MODBUS_RTU, 9600, {"eurotherm-3216", "alicat-flow"}},
	{"tcp-pump", BUS_MODBUS_TCP, 0, {"eurotherm-nanodac", "isco-pump-modbus"}},
	{"dasnet", BUS_SERIAL, 9600, {"isco-pump-dasnet", NULL}},
	{"rtu-3504", BUS_MODBUS_RTU, 19200, {"eurotherm-3504", "bronkhorst-flow"}},
	{"rtu-press", BUS_MODBUS_RTU, 38400, {"densim-press", NULL}},
	{"alicat", BUS_SERIAL, 19200, {"alicat-flow-ascii", NULL}},
	{"rtu-omron", BUS_MODBUS_RTU, 9600, {"omron-e5cc", "densim-nitrogen"}},
	{"tcp-plc", BUS_MODBUS_TCP, 0, {"watlow-f4t", "generic-plc-press"}},
	{"chip", BUS_SERIAL, 115200, {"densim-chip", NULL}},
	{"rtu-generic", BUS_MODBUS_RTU, 19200, {"generic-controller", "alicat-flow"}},
	{"pace-tcp", BUS_TEXT_TCP, 0, {"druck-pace", NULL}},
	{"rtu-pump", BUS_MODBUS_RTU, 19200, {"isco-pump-modbus", NULL}},
};
#define LINES (sizeof(lab_lines) / sizeof(lab_lines[0]))

struct options {
	uint64_t first, last, questions;
	int only, line;
	bool json, trail, trace;
	const char *profiles;
};
struct totals {
	uint64_t questions, foreign, good, discarded, misattributed, false_words, accidents, previous,
		exchanged, misled, seeds;
	uint64_t met[MANNER_KINDS];
	double previous_most_s, lab_s;
};

static int read_profile(const struct options *options, const char *name, struct profile *ret_profile)
{
	static struct diagnostics diagnostics;
	char path[400];

	snprintf(path, sizeof(path), "%s/%s.yaml", options->profiles, name);
	if (profile_read(path, &diagnostics, ret_profile) == 0)
		return 0;
	diagnostics_print(&diagnostics, stderr);
	fprintf(stderr, "misbehave: %s cannot be read\n", path);
	return -1;
}

/* The path of a port; a connection's host is a number, and nobody goes there either. */
static const char *find_path(enum bus_kind kind)
{
	return profile_bus_is_tcp(kind) ? "127.0.0.1" : "simulated";
}

static int make_config(const struct options *options, const struct lab_line *lab_line,
		       struct bus_config *ret_config)
{
	*ret_config = (struct bus_config){
		.name = "line",
		.kind = (uint8_t)lab_line->kind,
		.port = 502,
		.baud = lab_line->baud,
		.parity = 'N',
		.stop_bits = 1,
		.scale = 1,
		.pressure_rate_gpa_per_s = 0.005,
		.calibration = {.id = "made",
				.loading_count = 2,
				.unloading_count = 3,
				.loading_bar = {0, 2400},
				.loading_gpa = {0, 7.2},
				.unloading_bar = {0, 1200, 2400},
				.unloading_gpa = {0, 4.5, 7.2}},
	};
	snprintf(ret_config->path, sizeof(ret_config->path), "%s", find_path(lab_line->kind));
	for (uint32_t i = 0; i < PEER_DEVICES && lab_line->profiles[i]; i++) {
		struct bus_device *device = &ret_config->devices[i];

		snprintf(device->name, sizeof(device->name), "%s", lab_line->profiles[i]);
		device->unit = (uint8_t)(1 + i);
		ret_config->device_count++;
		if (read_profile(options, lab_line->profiles[i], &device->profile) < 0)
			return -1;
	}
	return 0;
}

/* ---- what control asks for ---- */

struct wishes {
	struct demand demands[BUS_DEVICES_MAX];
	uint32_t job_id;
};

static void wish(struct wishes *wishes, uint32_t index, uint8_t kind, struct chance *chance)
{
	struct demand *demand = &wishes->demands[index];
	uint8_t mode = (uint8_t)(chance_is(chance, 0.15)  ? MODE_OBSERVE
				 : chance_is(chance, 0.2) ? MODE_OFF
							  : MODE_CONTROL);

	demand->kind = kind;
	switch ((enum device_kind)kind) {
	case DEVICE_FURNACE:
		demand->furnace.mode = mode;
		demand->furnace.setpoint_k = 300 + 0.1 * chance_pick(chance, 3500);
		break;
	case DEVICE_FLOW:
		demand->flow.mode = mode == MODE_OFF ? MODE_OBSERVE : mode;
		demand->flow.setpoint_ml_per_min = 0.2 * chance_pick(chance, 450);
		break;
	case DEVICE_PRESS:
		demand->press = (struct press_demand){.mode = mode,
						      .setpoint_gpa = chance_between(chance, 0.1, 0.5),
						      .heater_enable = chance_is(chance, 0.5),
						      .watchdog_s = 10,
						      .prior_gpa = 0.2};
		break;
	case DEVICE_CHIP:
		demand->chip =
			(struct chip_demand){.off = mode == MODE_OFF,
					     .job = mode == MODE_CONTROL ? CHIP_JOB_PROGRAM : CHIP_JOB_NONE,
					     .job_id = ++wishes->job_id,
					     .start_k = 300 + chance_pick(chance, 50),
					     .end_k = 700 + chance_pick(chance, 100),
					     .rate_k_per_s = 200,
					     .cooling_k_per_s = 100};
		break;
	case DEVICE_KIND_MAX:
		break;
	}
}

static void refresh(struct wishes *wishes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct press_demand *press = &wishes->demands[i].press;

		if (wishes->demands[i].kind != DEVICE_PRESS)
			continue;
		press->heartbeat = true;
		press->permit = (struct press_permit){.granted = true,
						      .temperature_k = 300,
						      .release_temperature_k = 308,
						      .t_reply_ns = line.now_ns};
	}
}

static void judge_job(const struct demand *demand, const struct report *report, uint32_t *judged)
{
	if (report->kind != DEVICE_CHIP || report->chip.job_id != demand->chip.job_id ||
	    *judged == report->chip.job_id)
		return;
	*judged = report->chip.job_id;
	if (report->chip.job_ok && demand->chip.job == CHIP_JOB_PROGRAM)
		judge_program(&demand->chip);
}

/* ---- one seed ---- */

static void cycle(struct bus *bus, const struct bus_config *config, struct wishes *wishes,
		  struct chance *chance, uint32_t *judged_job)
{
	struct report reports[BUS_DEVICES_MAX];
	int trace;

	peer_before_cycle();
	for (uint32_t i = 0; i < config->device_count; i++)
		if (wishes->demands[i].kind != config->devices[i].profile.kind || chance_is(chance, 0.03))
			wish(wishes, i, config->devices[i].profile.kind, chance);
	refresh(wishes, config->device_count);
	bus_cycle(bus, line.now_ns, wishes->demands, reports, &trace);
	if (trace >= 0)
		close(trace);
	judge_reports(reports);
	judge_job(&wishes->demands[0], &reports[0], judged_job);
}

static int run_seed(const struct options *options, uint64_t seed, struct totals *totals)
{
	const struct lab_line *lab_line =
		&lab_lines[options->line >= 0 ? (size_t)options->line : seed % LINES];
	struct wishes wishes = {0};
	struct bus_config config;
	struct chance chance;
	struct bus *bus;
	uint32_t judged_job = 0;
	uint64_t cycles = 0;
	bool steady;

	chance_init(&chance, seed);
	if (make_config(options, lab_line, &config) < 0)
		return -1;
	line_reset();
	line.now_ns = BEGIN_NS;
	memset(&judge, 0, sizeof(judge));
	if (peer_init(&config, &chance, chance_between(&chance, 1, 40)) < 0 || bus_new(&config, &bus) < 0) {
		fprintf(stderr, "misbehave: %s cannot be set up\n", lab_line->name);
		return -1;
	}
	manners_init(&peer.manners,
		     profile_bus_is_text(config.kind) ? 'S'
		     : line.tcp                       ? 'T'
						      : 'M',
		     &chance, options->only);
	peer.trace = options->trace ? stdout : NULL;
	steady = chance_is(&chance, 0.5); /* ten times a second, or whenever */
	while (peer.questions < options->questions && !(options->trace && judge_violations() > 0)) {
		int64_t began_ns = line.now_ns;

		if (++cycles > IDLE_CYCLES * (1 + peer.questions)) {
			fprintf(stderr, "misbehave: seed %" PRIu64 ": nothing is asked on line %s\n", seed,
				lab_line->name);
			return -1;
		}
		cycle(bus, &config, &wishes, &chance, &judged_job);
		line.now_ns = steady && line.now_ns < began_ns + QUANTUM_NS
				      ? began_ns + QUANTUM_NS
				      : line.now_ns + (int64_t)(chance_unit(&chance) * (double)QUANTUM_NS);
	}
	bus_free(bus);
	totals->seeds++;
	totals->lab_s += (double)(line.now_ns - BEGIN_NS) / 1e9;
	totals->questions += peer.questions;
	totals->foreign += peer.foreign;
	totals->good += judge.good;
	totals->discarded += judge.discarded;
	totals->misattributed += judge.misattributed;
	totals->false_words += judge.false_words;
	totals->accidents += judge.accidents;
	totals->previous += judge.previous;
	totals->exchanged += judge.exchanged;
	totals->misled += judge.misled;
	totals->previous_most_s = fmax(totals->previous_most_s, judge.previous_most_s);
	for (int kind = 0; kind < MANNER_KINDS; kind++)
		totals->met[kind] += peer.manners.met[kind];
	if (judge_violations() > 0 || options->trail)
		printf("seed %" PRIu64 " (%s): %" PRIu64 " questions, %" PRIu64 " values good, %" PRIu64
		       " violation(s)%s%s\n",
		       seed, lab_line->name, peer.questions, judge.good, judge_violations(),
		       judge.first[0] ? ": " : "", judge.first);
	if (judge_violations() > 0)
		printf("  replay: misbehave --seed %" PRIu64 " --questions %" PRIu64 "%s%s%s%s\n", seed,
		       options->questions, options->line >= 0 ? " --line " : "",
		       options->line >= 0 ? lab_line->name : "",
		       options->only < MANNER_KINDS ? " --only " : "",
		       options->only < MANNER_KINDS ? manner_table[options->only].name : "");
	return 0;
}

/* ---- the program ---- */

static void print_json(const struct options *options, const struct totals *totals, double took_s)
{
	const struct {
		const char *name;
		uint64_t value;
	} fields[] = {{"first", options->first},
		      {"last", options->last},
		      {"seeds", totals->seeds},
		      {"questions", totals->questions},
		      {"foreign", totals->foreign},
		      {"good", totals->good},
		      {"discarded", totals->discarded},
		      {"misattributed", totals->misattributed},
		      {"false_words", totals->false_words},
		      {"accidents", totals->accidents},
		      {"previous", totals->previous},
		      {"exchanged", totals->exchanged},
		      {"misled", totals->misled}};

	printf("{");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		printf("\"%s\": %" PRIu64 ", ", fields[i].name, fields[i].value);
	printf("\"previous_most_s\": %.3f, \"lab_s\": %.0f, \"took_s\": %.2f, \"met\": {",
	       totals->previous_most_s, totals->lab_s, took_s);
	for (int kind = 0; kind < MANNER_KINDS; kind++)
		printf("%s\"%s\": %" PRIu64, kind > 0 ? ", " : "", manner_table[kind].name,
		       totals->met[kind]);
	printf("}}\n");
}

static void print_totals(const struct options *options, const struct totals *totals, double took_s)
{
	uint64_t met = 0;

	for (int kind = 0; kind < MANNER_KINDS; kind++)
		met += totals->met[kind];
	printf("seeds %" PRIu64 "..%" PRIu64 ": %" PRIu64
	       " questions in %.0f h of laboratory time, %.0f a second; %" PRIu64 " faults\n",
	       options->first, options->last, totals->questions, totals->lab_s / 3600,
	       (double)totals->questions / took_s, met);
	printf("published as good, and of their question: %" PRIu64 " values; flagged or discarded: %" PRIu64
	       " device cycles\n",
	       totals->good, totals->discarded);
	printf("misattributed values: %" PRIu64 "; words that no device said: %" PRIu64 "\n",
	       totals->misattributed, totals->false_words);
	printf("what no check of the wire can tell: %" PRIu64 " values damaged with a good check, %" PRIu64
	       " of the previous answer to the same question (%.1f s old at most), %" PRIu64
	       " to another of the same shape; %" PRIu64 " cycles with words from them\n",
	       totals->accidents, totals->previous, totals->previous_most_s, totals->exchanged,
	       totals->misled);
}

static int find_line(const char *name)
{
	for (size_t i = 0; i < LINES; i++)
		if (strcmp(lab_lines[i].name, name) == 0)
			return (int)i;
	fprintf(stderr, "misbehave: no line %s; there are:", name);
	for (size_t i = 0; i < LINES; i++)
		fprintf(stderr, " %s", lab_lines[i].name);
	fprintf(stderr, "\n");
	return -1;
}

static int find_kind(const char *name)
{
	for (int i = 0; i < MANNER_KINDS; i++)
		if (strcmp(manner_table[i].name, name) == 0)
			return i;
	fprintf(stderr, "misbehave: no fault %s; there are:\n", name);
	for (int i = 0; i < MANNER_KINDS; i++)
		fprintf(stderr, "  %-10s %s\n", manner_table[i].name, manner_table[i].what);
	return -1;
}

static const char help[] =
	"usage: misbehave [--seed N | --seeds A..B] [--questions N] [--line NAME] [--only FAULT] [--json] "
	"[--trail]\n"
	"\n"
	"The bus worker's code against misbehaving instruments on a simulated clock. Each seed is one line "
	"with its\n"
	"instruments and a random half of the faults. Same seed, same bytes.\n"
	"\n"
	"  --questions N   of each seed (default 20000)\n"
	"  --line NAME     this line in every seed (a wrong name lists them)\n"
	"  --only FAULT    this fault alone, in one answer of twenty (a wrong name lists them)\n"
	"  --trail         one line a seed, violated or not\n"
	"  --trace         every question and answer up to the first violation\n"
	"\n"
	"Exit code 0: nothing violated; 1: something was, with the command that replays it; 2: usage.\n";

static int parse(int argc, char **argv, struct options *ret_options)
{
	static const struct option names[] = {{"seed", required_argument, NULL, 's'},
					      {"seeds", required_argument, NULL, 'S'},
					      {"questions", required_argument, NULL, 'q'},
					      {"line", required_argument, NULL, 'l'},
					      {"only", required_argument, NULL, 'o'},
					      {"json", no_argument, NULL, 'j'},
					      {"trail", no_argument, NULL, 't'},
					      {"trace", no_argument, NULL, 'T'},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	int c;

	*ret_options = (struct options){.first = 1,
					.last = LINES,
					.questions = QUESTIONS,
					.only = MANNER_KINDS,
					.line = -1,
					.profiles = WIRES_PROFILES};
	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 's':
			ret_options->first = ret_options->last = strtoull(optarg, NULL, 10);
			break;
		case 'S':
			if (sscanf(optarg, "%" SCNu64 "..%" SCNu64, &ret_options->first,
				   &ret_options->last) != 2)
				return -1;
			break;
		case 'q':
			ret_options->questions = strtoull(optarg, NULL, 10);
			break;
		case 'l':
			ret_options->line = find_line(optarg);
			if (ret_options->line < 0)
				return -1;
			break;
		case 'o':
			ret_options->only = find_kind(optarg);
			if (ret_options->only < 0)
				return -1;
			break;
		case 'j':
			ret_options->json = true;
			break;
		case 't':
			ret_options->trail = true;
			break;
		case 'T':
			ret_options->trace = true;
			break;
		case 'h':
			fputs(help, stdout);
			exit(0);
		default:
			return -1;
		}
	}
	return optind == argc && ret_options->questions > 0 && ret_options->first <= ret_options->last ? 0
												       : -1;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct options options;
	struct totals totals = {0};
	double began_s = seconds();

	if (parse(argc, argv, &options) < 0) {
		fputs(help, stderr);
		return 2;
	}
	for (uint64_t seed = options.first; seed <= options.last; seed++)
		if (run_seed(&options, seed, &totals) < 0)
			return 2;
	if (options.json)
		print_json(&options, &totals, seconds() - began_s);
	else
		print_totals(&options, &totals, seconds() - began_s);
	return totals.misattributed + totals.false_words > 0 ? 1 : 0;
}
