/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Processor time of the analysis of one scan pair of 10,000 points: Tf, Tp, onset; and the same with the
 * bootstrap that gives the uncertainty of a result. The pair is the model glass of the virtual laboratory
 * after 7 GPa and 643 K, with noise of 1 % of the step.
 *
 * usage: pair [FOLDER]   prints lines "name: value unit (goal ...)"; the pair as first.csv and reference.csv
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/calorimetry/pair.h"
#include "tools/densim/glass.h"
#include "tools/densim/noise.h"

enum { POINTS = 10000, REPEATS = 101 };
#define RATE_K_PER_S 200.0
#define FROM_K 300.0
#define TO_K 850.0
#define NOISE_J_PER_MOL_K 0.16

static double coarse_k[GLASS_SCAN_MAX], coarse_cp[GLASS_SCAN_MAX];
static double kelvin[POINTS], signals[2][POINTS];

static void densify(struct glass *ret_glass)
{
	glass_init_as_spun(ret_glass);
	glass_press(ret_glass, 298, 0, 7, 0.3 / 60);
	glass_ramp(ret_glass, 298, 643, 20.0 / 60, 7, 1);
	glass_hold(ret_glass, 643, 7, 600);
	glass_ramp(ret_glass, 643, 298, 20.0 / 60, 7, 1);
	glass_press(ret_glass, 298, 7, 0, 0.3 / 60);
}

/* Heats @glass and fills @signal with POINTS values; -1: the model refused. */
static int scan(struct glass *glass, uint64_t seed, double *signal)
{
	int count = glass_scan(glass, RATE_K_PER_S, FROM_K, TO_K, GLASS_SCAN_MAX, coarse_k, coarse_cp);

	if (count < 2)
		return -1;
	for (int i = 0, at = 0; i < POINTS; i++) {
		kelvin[i] = coarse_k[0] + (coarse_k[count - 1] - coarse_k[0]) * i / (POINTS - 1);
		while (at < count - 2 && coarse_k[at + 1] < kelvin[i])
			at++;
		double share = (kelvin[i] - coarse_k[at]) / (coarse_k[at + 1] - coarse_k[at]);
		signal[i] = coarse_cp[at] + share * (coarse_cp[at + 1] - coarse_cp[at]) +
			    NOISE_J_PER_MOL_K * noise_normal(seed, NOISE_SCAN, (uint64_t)i);
	}
	return 0;
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Processor time of this thread: on a busy machine the wall clock measures the others. */
static double processor_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Median of REPEATS in milliseconds; negative: refused. */
static double time_ms(const struct pair_options *options, struct pair_workspace *workspace,
		      struct pair_result *ret_result)
{
	const struct scan_view first = {.temperature_k = kelvin, .signal = signals[0], .count = POINTS};
	const struct scan_view reference = {.temperature_k = kelvin, .signal = signals[1], .count = POINTS};
	double taken_ms[REPEATS];

	for (int i = 0; i < REPEATS; i++) {
		double begun_ms = processor_ms();

		if (pair_analyse(&first, &reference, NULL, options, workspace, ret_result) != 0)
			return -1;
		taken_ms[i] = processor_ms() - begun_ms;
	}
	qsort(taken_ms, REPEATS, sizeof(taken_ms[0]), by_size);
	return taken_ms[REPEATS / 2];
}

static int write_scan(const char *folder, const char *name, const double *signal)
{
	char path[4096];
	FILE *stream;

	snprintf(path, sizeof(path), "%s/%s.csv", folder, name);
	stream = fopen(path, "w");
	if (!stream)
		return -1;
	fprintf(stream, "T_K,hf\n");
	for (int i = 0; i < POINTS; i++)
		fprintf(stream, "%.9g,%.9g\n", kelvin[i], signal[i]);
	return fclose(stream);
}

int main(int argc, char **argv)
{
	struct pair_workspace *workspace = pair_workspace_new();
	struct pair_options options;
	struct pair_result result = {0};
	struct glass glass;
	double plain_ms, whole_ms;

	densify(&glass);
	if (!workspace || scan(&glass, 1, signals[0]) < 0)
		return 1;
	glass_ramp(&glass, TO_K, FROM_K, RATE_K_PER_S, 0, 1);
	if (scan(&glass, 2, signals[1]) < 0)
		return 1;
	if (argc > 1 && (write_scan(argv[1], "first", signals[0]) != 0 ||
			 write_scan(argv[1], "reference", signals[1]) != 0)) {
		perror(argv[1]);
		return 1;
	}
	pair_options_default(&options);
	whole_ms = time_ms(&options, workspace, &result);
	options.bootstrap_count = 0;
	plain_ms = time_ms(&options, workspace, &result);
	pair_workspace_free(workspace);
	if (plain_ms < 0 || whole_ms < 0) {
		fprintf(stderr, "pair: refused: %s\n", result.why);
		return 1;
	}
	printf("Tf, Tp and onset of a pair of 10,000 points, median processor time: %.3g ms (goal <= 0.5, "
	       "and <= 1 at the outside)\n",
	       plain_ms);
	printf("the same with its uncertainty by bootstrap, 200 replicates: %.3g ms (goal <= 20)\n",
	       whole_ms);
	printf("what it found: Tf %.3f K, Tp %.2f K, onset %.2f K, glass %.2f to %.2f K, liquid %.2f to %.2f "
	       "K\n",
	       result.tf_k, result.first.tp_k, result.first.onset_k, result.glass_k[0], result.glass_k[1],
	       result.liquid_k[0], result.liquid_k[1]);
	return 0;
}
