/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/interlock.h"
#include "tests/search/press.h"
#include "tests/search/scan.h"

static const char usage[] =
	"usage: search [--model NAME] [--deep] [--states N] [--json] [--list]\n"
	"\n"
	"Visits every state that the machines of protocol/ can reach, with every input that can come in "
	"there, and\n"
	"judges each step. A violation is printed with the shortest trail that leads to it.\n"
	"\n"
	"  --model NAME  one model instead of all (--list names them)\n"
	"  --deep        a larger alphabet: minutes to hours instead of seconds\n"
	"  --states N    stop at N states (default 20000000)\n"
	"  --json        one line of JSON a model\n"
	"\n"
	"Exit codes: 0 every state was visited and nothing was violated; 1 violated, not complete, or "
	"something that\n"
	"ought to be reached was not; 2 usage.\n";

struct options {
	const char *model;
	uint64_t states_most;
	bool json, list, deep;
};

static int parse(int argc, char **argv, struct options *ret_options)
{
	static const struct option table[] = {{"model", required_argument, NULL, 'm'},
					      {"states", required_argument, NULL, 's'},
					      {"json", no_argument, NULL, 'j'},
					      {"list", no_argument, NULL, 'l'},
					      {"deep", no_argument, NULL, 'd'},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	int c;

	*ret_options = (struct options){.states_most = 20000000};
	while ((c = getopt_long(argc, argv, "", table, NULL)) >= 0) {
		if (c == 'm')
			ret_options->model = optarg;
		else if (c == 's')
			ret_options->states_most = strtoull(optarg, NULL, 10);
		else if (c == 'j')
			ret_options->json = true;
		else if (c == 'd')
			ret_options->deep = true;
		else if (c == 'l')
			ret_options->list = true;
		else
			return -EINVAL;
	}
	return optind == argc ? 0 : -EINVAL;
}

static void print_result(const char *name, const struct search_result *result, const struct options *options)
{
	if (options->json)
		printf("{\"model\": \"%s\", \"states\": %lu, \"transitions\": %lu, \"depth\": %u, "
		       "\"seconds\": %.1f, \"complete\": %s, \"violated\": \"%s\"}\n",
		       name, result->states, result->transitions, result->depth, result->seconds,
		       result->complete ? "true" : "false",
		       result->fault.property ? result->fault.property : "");
	else
		printf("%-10s %8lu states %10lu transitions  depth %3u  %6.1f s  %s\n", name, result->states,
		       result->transitions, result->depth, result->seconds,
		       result->fault.property ? "VIOLATED"
		       : result->complete     ? "complete"
					      : "stopped at the limit");
	fflush(stdout);
}

static void add_seen(struct press_seen *seen, const struct press_seen *more)
{
	seen->phases |= more->phases;
	seen->rows_fired |= more->rows_fired;
	seen->restarts |= more->restarts;
	seen->outcomes |= more->outcomes;
	for (int i = 0; i < PHASE_MAX; i++)
		seen->edges[i] |= more->edges[i];
}

static bool run_press(const char *name, const struct options *options, struct press_seen *seen)
{
	static struct press press;
	struct search_model model;
	struct search_result result;

	press_init(&press, name, options->deep, &model);
	search_run(&model, options->states_most, &result);
	press_free(&press);
	print_result(name, &result, options);
	add_seen(seen, &press.seen);
	return result.complete;
}

static int count_bits(uint64_t bits)
{
	return __builtin_popcountll(bits);
}

/* Rows that only tell react in nothing that a step could show. */
static int count_reacting_rows(void)
{
	int count = 0;

	for (size_t i = 0; i < interlock_count; i++)
		count += interlock_table[i].reaction != REACT_ALARM;
	return count;
}

/* An empty walk proves nothing: with all models every phase but QUEUED, every row and every outcome is met.
 */
static bool is_met(const struct press_seen *seen, bool all)
{
	int phases = count_bits(seen->phases), rows = count_bits(seen->rows_fired), edges = 0;
	int restarts = count_bits(seen->restarts), outcomes = count_bits(seen->outcomes);

	for (int i = 0; i < PHASE_MAX; i++)
		edges += count_bits(seen->edges[i] & ~(UINT64_C(1) << i));
	fprintf(stderr,
		"met: %d of %d phases, %d edges between them, %d of %d interlock rows, %d of 22 restart "
		"rows, %d of %d outcomes\n",
		phases, PHASE_MAX - 1, edges, rows, count_reacting_rows(), restarts, outcomes, OUTCOME_MAX);
	return !all || (phases == PHASE_MAX - 1 && rows == count_reacting_rows() && restarts == 22 &&
			outcomes == OUTCOME_MAX);
}

static bool run_scan(const struct options *options)
{
	static struct scan_model scan;
	struct search_model model;
	struct search_result result;

	scan_model_init(&scan, &model);
	search_run(&model, options->states_most, &result);
	print_result(model.name, &result, options);
	return result.complete;
}

static void list(void)
{
	struct press_world world;

	printf("%-10s the calorimeter: one section after the other\n", "scan");

	for (size_t i = 0; i < press_world_count; i++) {
		press_world_make(press_world_names[i], &world);
		printf("%-10s %s\n", world.name, world.what);
	}
}

static bool is_model(const char *name)
{
	for (size_t i = 0; i < press_world_count; i++)
		if (strcmp(name, press_world_names[i]) == 0)
			return true;
	return strcmp(name, "scan") == 0;
}

int main(int argc, char **argv)
{
	struct press_seen seen = {0};
	struct options options;
	bool good = true;

	if (parse(argc, argv, &options) < 0) {
		fputs(usage, stderr);
		return 2;
	}
	if (options.model && !is_model(options.model)) {
		fprintf(stderr, "search: no model \"%s\"; --list names them\n", options.model);
		return 2;
	}
	if (options.list) {
		list();
		return 0;
	}
	if (!options.model || strcmp(options.model, "scan") == 0)
		good = run_scan(&options);
	for (size_t i = 0; i < press_world_count; i++)
		if (!options.model || strcmp(options.model, press_world_names[i]) == 0)
			good = run_press(press_world_names[i], &options, &seen) && good;
	if (seen.phases && good)
		good = is_met(&seen, !options.model);
	return good ? 0 : 1;
}
