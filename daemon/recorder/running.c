/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/running.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/recorder/analysis.h"
#include "daemon/recorder/bind.h"
#include "daemon/recorder/rates.h"
#include "daemon/snapshot.h"

/* What the sections of a state add up to. */
struct tally {
	struct analysis_peaks peaks;
	struct rates rates;
	double sum_k, squares_k2; /* of Tf, about the first one */
	double origin_k;
	uint32_t runs, sections, refused;
};

bool running_find(struct store *store, int64_t after, struct running_pair *ret_pair)
{
	sqlite3_stmt *s = store_prepare(
		store, store->journal,
		"SELECT p.seq, p.run, p.section FROM results p WHERE p.kind = ?2 AND p.seq > ?1 AND NOT "
		"EXISTS"
		" (SELECT 1 FROM results q WHERE q.run = p.run AND q.kind = ?3 AND q.section = p.section AND"
		" q.seq > p.seq) ORDER BY p.seq LIMIT 1");
	bool found;

	bind_integer(s, 1, after);
	bind_integer(s, 2, RESULT_PAIR);
	bind_integer(s, 3, RESULT_RUNNING);
	found = s && sqlite3_step(s) == SQLITE_ROW;
	if (found) {
		ret_pair->seq = sqlite3_column_int64(s, 0);
		snprintf(ret_pair->run, sizeof(ret_pair->run), "%.26s", column_text(s, 1));
		snprintf(ret_pair->section, sizeof(ret_pair->section), "%.79s", column_text(s, 2));
	}
	sqlite3_reset(s);
	return found;
}

static bool is_same_state(const struct plan *a, const struct plan *b)
{
	return a->reference == b->reference && strcmp(a->material, b->material) == 0 &&
	       a->pressure_gpa == b->pressure_gpa && a->temperature_k == b->temperature_k &&
	       a->isotherm_s == b->isotherm_s && a->heating_k_per_s == b->heating_k_per_s &&
	       a->cooling_k_per_s == b->cooling_k_per_s &&
	       a->compression_gpa_per_s == b->compression_gpa_per_s &&
	       a->decompression_gpa_per_s == b->decompression_gpa_per_s;
}

static void take_pair(void *userdata, const struct result_body *pair, double tg_k)
{
	struct tally *tally = userdata;
	double off;

	analysis_add_peak(&tally->peaks, pair, tg_k);
	if (pair->refused || isnan(pair->tf_k)) {
		tally->refused++;
		return;
	}
	if (tally->sections == 0)
		tally->origin_k = pair->tf_k;
	off = pair->tf_k - tally->origin_k;
	tally->sections++;
	tally->sum_k += off;
	tally->squares_k2 += off * off;
}

/* The pair's own run counts whatever became of it: its sections are what is being measured now. */
static void tally_runs(struct store *store, const struct running_pair *pair, const struct plan *plan,
		       struct tally *tally)
{
	sqlite3_stmt *s = store_prepare(store, store->journal,
					"SELECT run, item, densification FROM runs ORDER BY position");

	while (s && sqlite3_step(s) == SQLITE_ROW) {
		struct link_queue_item item;
		uint32_t before = tally->sections + tally->refused;
		bool own = strcmp(column_text(s, 0), pair->run) == 0;

		if (column_copy(s, 1, &item, sizeof(item)) < 0 || !is_same_state(&item.plan, plan) ||
		    (!own && sqlite3_column_int(s, 2) != OUTCOME_COMPLETED))
			continue;
		analysis_each_pair(store, item.run, pair->seq, take_pair, tally);
		rates_add_run(store, item.run, &item.plan, pair->seq, &tally->rates);
		tally->runs += tally->sections + tally->refused > before;
	}
	sqlite3_reset(s);
}

static void fill(const struct store *store, const struct tally *tally, const struct plan *plan,
		 struct result_body *result)
{
	struct kissinger_options options = analysis_energy_options(store, tally->peaks.tg_k);
	struct kissinger_result fit;
	double n = tally->sections;

	kissinger_fit(tally->peaks.points, tally->peaks.count, &options, &fit);
	analysis_fill_energy(result, &fit);
	rates_fill(&tally->rates, &tally->peaks, result);
	if (fit.class != KISSINGER_CLASS_ALPHA && fit.class != KISSINGER_CLASS_BETA)
		snprintf(result->class_name, sizeof(result->class_name), "%s",
			 kissinger_class_name(KISSINGER_CLASS_UNDECIDED));
	result->reference = plan->reference;
	result->pressure_gpa = plan->pressure_gpa;
	result->temperature_k = plan->temperature_k;
	result->n_runs = tally->runs;
	result->n_sections = tally->sections;
	result->n_refused = tally->refused;
	if (n > 0)
		result->tf_k = tally->origin_k + tally->sum_k / n;
	if (n > 1)
		result->tf_spread_k =
			sqrt(fmax(0, tally->squares_k2 - tally->sum_k * tally->sum_k / n) / (n - 1));
}

int running_compute(struct store *store, const struct running_pair *pair, struct result_body *ret_result)
{
	struct tally *tally = calloc(1, sizeof(*tally));
	struct plan plan;
	int r = tally ? analysis_load_plan(store, pair->run, &plan) : -ENOMEM;

	if (r == 0) {
		tally->peaks.tg_k = NAN;
		tally_runs(store, pair, &plan, tally);
		*ret_result = analysis_empty_result(RESULT_RUNNING, pair->run);
		snprintf(ret_result->section, sizeof(ret_result->section), "%.79s", pair->section);
		fill(store, tally, &plan, ret_result);
	}
	free(tally);
	return r;
}
