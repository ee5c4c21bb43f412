/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often the 95 % intervals of Tf, Tp, onset and Ea hold the truth: --help and README.md. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/calorimetry/kissinger.h"
#include "tests/intervals/made.h"
#include "tests/intervals/tally.h"
#include "tools/densim/noise.h"

#define TG_K 596.0
#define PEAK_SD_K 1.0 /* scatter of a peak in tables that are drawn */
#define LOW 0.93
#define HIGH 0.97
#define MISSING_MAX 0.01

enum { SECTIONS = 2, SCANS = SECTIONS * LABORATORY_RATES };

static const char help[] =
	"usage: intervals KIND [--seeds A..B] [--by-rate] [--json] [--standard]\n"
	"\n"
	"How often the 95 % intervals of densd hold the truth. A seed is a laboratory: its chip's noise, and "
	"its\n"
	"errors of lag and temperature scale, drawn as large as the analysis takes them for. Six rates, two "
	"sections\n"
	"each.\n"
	"\n"
	"  made        pairs in closed form; Ea of their peaks, which lie on one Kissinger line\n"
	"  laboratory  glasses of densim, scanned on its chip; the truth is the glass's own state\n"
	"  tables      Kissinger tables with a scatter of 1 K; \"weighted\": peaks with errors of 0.1 to 2 "
	"K\n"
	"  table       Markdown: bias and scatter of Tf over noise, with and without the empty chip\n"
	"\n"
	"  --seeds A..B   which laboratories (default 1..40)\n"
	"  --by-rate      each heating rate by itself\n"
	"  --json         one object a quantity\n"
	"  --standard     exit 1 when a share lies outside 93 to 97 %, 3 standard deviations of so many "
	"draws allowed\n"
	"\n"
	"The column +- is half the 95 % interval of the share itself, from the scatter of the "
	"laboratories.\n";

struct choice {
	const char *kind;
	unsigned long first, last;
	bool json, standard, by_rate;
};

static struct laboratory_columns first, reference, empty;

/* A quantity of one scan: of all rates together, or of its own. */
static void add_scan(struct tally *tally, double rate_k_per_s, const char *quantity, double truth,
		     double value, double sd)
{
	char name[TALLY_NAME];

	if (tally->by_rate)
		snprintf(name, sizeof(name), "%s, %g K/s", quantity, rate_k_per_s);
	else
		snprintf(name, sizeof(name), "%s", quantity);
	tally_add_normal(tally, name, truth, value, sd);
}

static void add_pair(struct tally *tally, double rate, const struct made_truth *truth,
		     const struct pair_result *result)
{
	const struct pair_features *features = &result->first;

	add_scan(tally, rate, "Tf", truth->tf_k, result->tf_k, result->tf_sd_k);
	add_scan(tally, rate, "Tf_ref", truth->tf_ref_k, result->tf_ref_k, result->tf_ref_sd_k);
	add_scan(tally, rate, "Tf - Tf_ref", truth->tf_k - truth->tf_ref_k, result->delta_tf_k,
		 result->delta_tf_sd_k);
	if (isnan(truth->tp_k))
		return;
	add_scan(tally, rate, "Tp", truth->tp_k, features->tp_k, features->tp_sd_k);
	add_scan(tally, rate, "onset", truth->onset_k, features->onset_k, features->onset_sd_k);
}

static void add_energy(struct tally *tally, const char *name, double truth_kj_per_mol,
		       const struct kissinger_point *points, size_t count)
{
	struct kissinger_options options = {.tg_k = TG_K};
	struct kissinger_result result;
	struct pair_options pair;
	double sd;

	pair_options_default(&pair);
	options.lag_sd_s = pair.lag_sd_s;
	options.calibration_sd_k = pair.calibration_sd_k;
	kissinger_fit(points, count, &options, &result);
	sd = hypot(result.ea_se_kj_per_mol,
		   hypot(result.ea_lag_sd_kj_per_mol, result.ea_calibration_sd_kj_per_mol));
	tally_add(tally, name, truth_kj_per_mol, result.ea_kj_per_mol, sd, result.ea_ci95_kj_per_mol);
}

static struct pair_result analyse(const struct pair_options *options, bool with_empty,
				  struct pair_workspace *workspace)
{
	struct scan_view views[3] = {laboratory_view(&first), laboratory_view(&reference),
				     laboratory_view(&empty)};
	struct pair_result result;

	if (pair_analyse(&views[0], &views[1], with_empty ? &views[2] : NULL, options, workspace, &result) >
	    0)
		fprintf(stderr, "refused: %s\n", result.why);
	return result;
}

/* From a quiet chip to a noisy one, from a narrow step to a wide one, aged and rejuvenated. */
static struct made made_of(unsigned long seed)
{
	const double noises[] = {0.0005, 0.002, 0.005, 0.01}, widths[] = {8, 12, 18};

	return (struct made){
		.width_k = widths[seed / 4 % 3],
		.overshoot = 1.5,
		.exotherm = seed % 5 < 2 ? 0 : 2.5,
		.noise = noises[seed % 4],
		.row_k = seed % 2 ? 0.5 : 0.2,
	};
}

static void run_made(unsigned long seed, struct pair_workspace *workspace, struct tally *tally)
{
	struct laboratory_errors errors = laboratory_draw(seed);
	struct kissinger_point points[SCANS];
	struct made made = made_of(seed);

	for (size_t i = 0; i < SCANS; i++) {
		double rate = laboratory_rates_k_per_s[i / SECTIONS];
		struct made_truth truth =
			made_scan(&made, rate, seed * 100 + i, &errors, &first, &reference, NULL);
		struct pair_options options = made_options(rate, &errors);
		struct pair_result result = analyse(&options, false, workspace);

		add_pair(tally, rate, &truth, &result);
		points[i] = (struct kissinger_point){result.rate_k_per_s, result.first.tp_k,
						     result.first.tp_own_sd_k};
	}
	add_energy(tally, "Ea", MADE_EA_KJ_PER_MOL, points, SCANS);
}

static const struct laboratory_state states[] = {{7, 643}, {0, 643}, {7, 583}, {0, 540}, {7, 400}};
enum { STATES = sizeof(states) / sizeof(states[0]) };

/* A glass of low Tm has no endotherm of its own to speak of before the liquid: Tf only. */
static struct made_truth truth_of(const struct truth *truth, size_t rate, bool peaks)
{
	return (struct made_truth){truth->tf_k, truth->tf_reference_k, peaks ? truth->rates[rate].tp_k : NAN,
				   truth->rates[rate].onset_k};
}

static void run_laboratory(unsigned long seed, struct pair_workspace *workspace, struct tally *tally)
{
	static struct glass glasses[STATES];
	static struct truth truths[STATES];
	struct laboratory_errors errors = laboratory_draw(seed);
	size_t state = seed % STATES;

	if (truths[state].rate_count == 0) {
		glasses[state] = laboratory_glass(&states[state]);
		truth_compute(&glasses[state], laboratory_rates_k_per_s, LABORATORY_RATES, &truths[state]);
	}
	for (size_t i = 0; i < SCANS; i++) {
		double rate = laboratory_rates_k_per_s[i / SECTIONS];
		struct made_truth truth =
			truth_of(&truths[state], i / SECTIONS, states[state].temperature_k > 500);
		struct pair_options options = laboratory_options(rate, &errors);
		struct pair_result result;

		laboratory_scan(&glasses[state], rate, seed * 100 + i, &errors, &first, &reference);
		result = analyse(&options, false, workspace);
		add_pair(tally, rate, &truth, &result);
	}
}

/* Peaks of the Kissinger line, with scatter, lag and scale off. */
static double table_peak_k(unsigned long seed, double rate, double off_k)
{
	struct laboratory_errors errors = laboratory_draw(seed);

	return made_peak_k(rate) + errors.calibration_k - errors.lag_s * rate + off_k;
}

static void run_tables(unsigned long seed, struct pair_workspace *workspace, struct tally *tally)
{
	struct kissinger_point points[SCANS];
	size_t sections = 1 + seed % SECTIONS;

	(void)workspace;
	for (size_t i = 0; i < sections * LABORATORY_RATES; i++) {
		double rate = laboratory_rates_k_per_s[i / sections];
		double off_k = PEAK_SD_K * noise_normal(seed, NOISE_SCAN, i);

		points[i] = (struct kissinger_point){rate, table_peak_k(seed, rate, off_k), NAN};
	}
	add_energy(tally, "Ea", MADE_EA_KJ_PER_MOL, points, sections * LABORATORY_RATES);
}

/* Peaks with known errors, from sharp to vague; sections differ by nothing, by less, by more than those. */
static void run_weighted(unsigned long seed, struct pair_workspace *workspace, struct tally *tally)
{
	static const double scatters_k[] = {0, 0.3, 1, 2};
	struct kissinger_point points[SCANS];
	double scatter_k = scatters_k[seed % 4];
	size_t sections = 1 + seed / 4 % SECTIONS;
	char name[TALLY_NAME];

	(void)workspace;
	for (size_t i = 0; i < sections * LABORATORY_RATES; i++) {
		double rate = laboratory_rates_k_per_s[i / sections];
		double own_k = 0.1 * pow(20, (double)((seed * 7 + i * 5) % LABORATORY_RATES) /
						     (LABORATORY_RATES - 1));
		double off_k = own_k * noise_normal(seed, NOISE_SCAN, i) +
			       scatter_k * noise_normal(seed, NOISE_MASS, i);

		points[i] = (struct kissinger_point){rate, table_peak_k(seed, rate, off_k), own_k};
	}
	snprintf(name, sizeof(name), "Ea, scatter %g K", scatter_k);
	add_energy(tally, name, MADE_EA_KJ_PER_MOL, points, sections * LABORATORY_RATES);
}

static void table_row(const struct choice *choice, struct made made, bool with_empty,
		      struct pair_workspace *workspace)
{
	struct tally tally = {.count = 0};
	const struct tally_row *row = tally.rows;
	double n, bias, hidden_k = 0;

	for (unsigned long seed = choice->first; seed <= choice->last; seed++) {
		const struct laboratory_errors none = {0, 0};
		struct pair_options options = made_options(200, &none);
		struct made_truth truth = made_scan(&made, 200, seed, &none, &first, &reference, &empty);
		struct pair_result result = analyse(&options, with_empty, workspace);

		tally_add_normal(&tally, "Tf", truth.tf_k, result.tf_k, result.tf_sd_k);
		tally_add_normal(&tally, "delta", truth.tf_k - truth.tf_ref_k, result.delta_tf_k,
				 result.delta_tf_sd_k);
		hidden_k += result.curvature_hidden_k / (double)(choice->last - choice->first + 1);
	}
	printf("| %g %% | %s | %s |", 100 * made.noise, made.curvature > 0 ? "yes" : "no",
	       with_empty ? "yes" : "no");
	for (int i = 0; i < 2; i++, row++) {
		n = (double)(row->drawn - row->missing);
		bias = row->off / n;
		printf(" %+.2f | %.2f | %.2f | %.0f %% |", bias, sqrt(fmax(0, row->off2 / n - bias * bias)),
		       sqrt(row->sd2 / n), 100 * (double)row->inside / n);
	}
	printf(" %.1f | %lu |\n", hidden_k, tally.rows[0].missing);
}

/* The parabola is what heat loss makes: 6e-8 mW/K^2 beside a step of 0.06 mW. */
static int print_table(const struct choice *choice, struct pair_workspace *workspace)
{
	const double noises[] = {0, 0.01, 0.02, 0.05};

	puts("| noise of a point, of the step | heat-loss parabola | empty chip subtracted | Tf bias/K | "
	     "scatter/K "
	     "| sd stated/K | in 95 % | Tf - Tf_ref bias/K | scatter/K | sd stated/K | in 95 % | Tf hidden "
	     "by noise/K | refused |\n"
	     "|---|---|---|---|---|---|---|---|---|---|---|---|---|");
	for (int world = 0; world < 3; world++)
		for (int i = 0; i < 4; i++) {
			struct made made = {.width_k = 12,
					    .overshoot = 1.5,
					    .exotherm = 2.5,
					    .noise = noises[i],
					    .curvature = world > 0 ? 1e-6 : 0,
					    .row_k = 0.5};

			table_row(choice, made, world == 2, workspace);
		}
	return 0;
}

static const struct {
	const char *name;
	void (*run)(unsigned long seed, struct pair_workspace *workspace, struct tally *tally);
} kinds[] = {{"made", run_made},
	     {"laboratory", run_laboratory},
	     {"tables", run_tables},
	     {"weighted", run_weighted}};

static int run_kind(const struct choice *choice, struct pair_workspace *workspace)
{
	static struct tally tally;
	bool known = false;

	tally.by_rate = choice->by_rate;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (unsigned long seed = choice->first;
		     strcmp(kinds[i].name, choice->kind) == 0 && seed <= choice->last; seed++) {
			tally.laboratory = seed;
			kinds[i].run(seed, workspace, &tally);
			known = true;
		}
	if (!known) {
		fputs(help, stderr);
		return 2;
	}
	tally_print(&tally, choice->json);
	return choice->standard && !tally_check(&tally, LOW, HIGH, MISSING_MAX) ? 1 : 0;
}

static int choice_read(int argc, char **argv, struct choice *ret_choice)
{
	struct choice choice = {.first = 1, .last = 40};

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			choice.json = true;
		else if (strcmp(argv[i], "--by-rate") == 0)
			choice.by_rate = true;
		else if (strcmp(argv[i], "--standard") == 0)
			choice.standard = true;
		else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc &&
			 sscanf(argv[i + 1], "%lu..%lu", &choice.first, &choice.last) == 2)
			i++;
		else if (!choice.kind && argv[i][0] != '-')
			choice.kind = argv[i];
		else
			return -1;
	}
	*ret_choice = choice;
	return choice.kind && choice.first <= choice.last ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct pair_workspace *workspace;
	struct choice choice;
	int r;

	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		fputs(help, stdout);
		return 0;
	}
	if (choice_read(argc, argv, &choice) < 0) {
		fputs(help, stderr);
		return 2;
	}
	workspace = pair_workspace_new();
	if (!workspace)
		return 1;
	r = strcmp(choice.kind, "table") == 0 ? print_table(&choice, workspace)
					      : run_kind(&choice, workspace);
	pair_workspace_free(workspace);
	return r;
}
