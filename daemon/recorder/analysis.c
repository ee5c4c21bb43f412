/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/analysis.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/calorimetry/kissinger.h"
#include "daemon/calorimetry/pair.h"
#include "daemon/recorder/bind.h"
#include "daemon/recorder/rates.h"
#include "daemon/recorder/traces.h"
#include "daemon/snapshot.h"

#define RATES_LEAST 3

/* What stores of before do not hold. */
static void blank_later_fields(struct result_body *result)
{
	result->tf_common_sd_k = result->tf_ref_sd_k = NAN;
	result->tp_sd_k = result->tp_own_sd_k = result->tp_sub_sd_k = NAN;
	result->tg_onset_sd_k = result->t_mid_sd_k = NAN;
	result->ea_ols_kj_per_mol = result->ea_ols_se_kj_per_mol = NAN;
	result->weighted = false;
	result->n_rates_planned = result->n_rates_to_come = 0;
}

int analysis_read_body(sqlite3_stmt *statement, int at, struct result_body *ret_result)
{
	struct result_body result;

	blank_later_fields(&result);
	if (column_copy(statement, at, &result, sizeof(result)) < 0 &&
	    column_copy(statement, at, &result, RESULT_BODY_MIDDLE) < 0 &&
	    column_copy(statement, at, &result, RESULT_BODY_SHORT) < 0)
		return -EBADMSG;
	*ret_result = result;
	return 0;
}

struct result_body analysis_empty_result(enum result_kind kind, const char *run)
{
	struct result_body result = {.kind = (uint8_t)kind,
				     .rate_k_per_s = NAN,
				     .tf_k = NAN,
				     .tf_sd_k = NAN,
				     .tf_ref_k = NAN,
				     .delta_tf_k = NAN,
				     .delta_tf_sd_k = NAN,
				     .tp_k = NAN,
				     .tp_sub_k = NAN,
				     .tg_onset_k = NAN,
				     .t_mid_k = NAN,
				     .glass_k = {NAN, NAN},
				     .liquid_k = {NAN, NAN},
				     .align_k = NAN,
				     .ea_kj_per_mol = NAN,
				     .ea_se_kj_per_mol = NAN,
				     .ea_ci95_kj_per_mol = {NAN, NAN},
				     .ea_over_rtg = NAN,
				     .r2 = NAN,
				     .pressure_gpa = NAN,
				     .temperature_k = NAN,
				     .tf_spread_k = NAN};

	blank_later_fields(&result);
	snprintf(result.run, sizeof(result.run), "%.26s", run);
	return result;
}

static void fill_features(struct result_body *result, const struct pair_features *features)
{
	result->tp_k = features->tp_k;
	result->tp_sd_k = features->tp_sd_k;
	result->tp_own_sd_k = features->tp_own_sd_k;
	result->tp_sub_k = features->tp_sub_k;
	result->tp_sub_sd_k = features->tp_sub_sd_k;
	result->tg_onset_k = features->onset_k;
	result->tg_onset_sd_k = features->onset_sd_k;
	result->t_mid_k = features->midpoint_k;
	result->t_mid_sd_k = features->midpoint_sd_k;
}

static void fill_pair(struct result_body *result, const struct pair_result *pair)
{
	result->refused = pair->refusal != REFUSAL_NONE;
	if (result->refused) {
		snprintf(result->code, sizeof(result->code), "%s", refusal_name(pair->refusal));
		snprintf(result->why, sizeof(result->why), "%s", pair->why);
	}
	result->rate_k_per_s = pair->rate_k_per_s;
	result->tf_k = pair->tf_k;
	result->tf_sd_k = pair->tf_sd_k;
	result->tf_common_sd_k = hypot(pair->tf_shares.lag_k, pair->tf_shares.calibration_k);
	result->tf_ref_k = pair->tf_ref_k;
	result->tf_ref_sd_k = pair->tf_ref_sd_k;
	result->delta_tf_k = pair->delta_tf_k;
	result->delta_tf_sd_k = pair->delta_tf_sd_k;
	fill_features(result, &pair->first);
	memcpy(result->glass_k, pair->glass_k, sizeof(result->glass_k));
	memcpy(result->liquid_k, pair->liquid_k, sizeof(result->liquid_k));
	result->align_k = pair->align_k;
	result->extrapolated = pair->extrapolated;
}

/* Rows to columns: double[3 * rows] in one allocation, NULL when memory is short. */
static double *to_columns(const struct trace *trace, struct scan_view *ret_view)
{
	size_t rows = trace->header.rows;
	double *columns = malloc(3 * rows * sizeof(double));

	if (!columns)
		return NULL;
	for (size_t i = 0; i < rows; i++) {
		columns[i] = trace->rows[i].t_s;
		columns[rows + i] = trace->rows[i].temperature_k;
		columns[2 * rows + i] = trace->rows[i].heat_flow_mw;
	}
	*ret_view = (struct scan_view){
		.t_s = columns, .temperature_k = columns + rows, .signal = columns + 2 * rows, .count = rows};
	return columns;
}

static int analyse(struct pair_workspace *workspace, const struct trace *first, const struct trace *reference,
		   struct pair_result *ret_pair)
{
	struct scan_view views[2];
	double *a = to_columns(first, &views[0]), *b = to_columns(reference, &views[1]);
	struct pair_options options;
	int r = -ENOMEM;

	pair_options_default(&options);
	options.rate_k_per_s = first->header.ordered_rate_k_per_s;
	options.lag_s = first->header.chip.lag_s;
	options.cell_s = first->header.chip.cell_s;
	options.calibration_k = first->header.chip.offset_k;
	if (isfinite(first->header.chip.lag_sd_s))
		options.lag_sd_s = first->header.chip.lag_sd_s;
	if (isfinite(first->header.chip.offset_sd_k))
		options.calibration_sd_k = first->header.chip.offset_sd_k;
	if (a && b)
		r = pair_analyse(&views[0], &views[1], NULL, &options, workspace, ret_pair);
	free(a);
	free(b);
	return r < 0 ? r : 0;
}

int analysis_pair(struct store *store, struct pair_workspace *workspace, const char *section,
		  struct result_body *ret_result)
{
	struct trace first = {0}, reference = {0};
	struct pair_result pair;
	int r = traces_load(store, section, false, &first);

	if (r == 0)
		r = traces_load(store, section, true, &reference);
	if (r == 0)
		r = analyse(workspace, &first, &reference, &pair);
	if (r == 0) {
		*ret_result = analysis_empty_result(RESULT_PAIR, first.header.run);
		snprintf(ret_result->section, sizeof(ret_result->section), "%.79s", section);
		fill_pair(ret_result, &pair);
	}
	traces_free(&first);
	traces_free(&reference);
	return r;
}

int analysis_each_pair(struct store *store, const char *run, int64_t last_seq, analysis_take *take,
		       void *userdata)
{
	sqlite3_stmt *s = store_prepare(store, store->journal,
					"SELECT r.body, c.header, max(r.seq) FROM results r LEFT JOIN scans c"
					" ON c.section = r.section AND c.reference = 0"
					" WHERE r.run = ? AND r.kind = 0 AND r.seq <= ? GROUP BY r.section");

	bind_text(s, 1, run);
	bind_integer(s, 2, last_seq);
	while (s && sqlite3_step(s) == SQLITE_ROW) {
		struct result_body result;
		struct link_trace header;

		if (analysis_read_body(s, 0, &result) == 0)
			take(userdata, &result,
			     column_copy(s, 1, &header, sizeof(header)) == 0 ? header.material_tg_k : NAN);
	}
	sqlite3_reset(s);
	return s ? 0 : -EIO;
}

void analysis_add_peak(struct analysis_peaks *peaks, const struct result_body *pair, double tg_k)
{
	if (isfinite(tg_k) && tg_k > 0)
		peaks->tg_k = tg_k;
	if (!pair->refused && peaks->count < KISSINGER_POINTS_MAX)
		peaks->points[peaks->count++] = (struct kissinger_point){
			.rate_k_per_s = pair->rate_k_per_s, .tp_k = pair->tp_k, .tp_sd_k = pair->tp_own_sd_k};
}

static void take_peak(void *userdata, const struct result_body *pair, double tg_k)
{
	analysis_add_peak(userdata, pair, tg_k);
}

static size_t count_rates(const struct kissinger_point *points, size_t count)
{
	size_t rates = 0;

	for (size_t i = 0; i < count; i++) {
		bool seen = false;

		for (size_t k = 0; k < i; k++)
			seen |= fabs(points[k].rate_k_per_s - points[i].rate_k_per_s) <
				RATES_SAME * points[i].rate_k_per_s;
		rates += !seen;
	}
	return rates;
}

void analysis_fill_energy(struct result_body *result, const struct kissinger_result *fit)
{
	result->refused = fit->refusal != REFUSAL_NONE;
	if (result->refused) {
		snprintf(result->code, sizeof(result->code), "%s", refusal_name(fit->refusal));
		snprintf(result->why, sizeof(result->why), "%s", fit->why);
	} else {
		result->ea_kj_per_mol = fit->ea_kj_per_mol;
		result->ea_se_kj_per_mol = fit->ea_se_kj_per_mol;
		memcpy(result->ea_ci95_kj_per_mol, fit->ea_ci95_kj_per_mol,
		       sizeof(result->ea_ci95_kj_per_mol));
		result->ea_over_rtg = fit->ea_over_rtg;
		result->r2 = fit->r2;
		result->weighted = fit->weighted;
		result->ea_ols_kj_per_mol = fit->ols_kj_per_mol;
		result->ea_ols_se_kj_per_mol = fit->ols_se_kj_per_mol;
	}
	result->n = fit->n;
	result->n_rates = fit->n_rates;
	snprintf(result->class_name, sizeof(result->class_name), "%s", kissinger_class_name(fit->class));
}

struct kissinger_options analysis_energy_options(const struct store *store, double tg_k)
{
	struct pair_options pair;

	pair_options_default(&pair);
	if (store->site && isfinite(store->site->chip.lag_sd_s))
		pair.lag_sd_s = store->site->chip.lag_sd_s;
	if (store->site && isfinite(store->site->chip.offset_sd_k))
		pair.calibration_sd_k = store->site->chip.offset_sd_k;
	return (struct kissinger_options){
		.tg_k = tg_k, .lag_sd_s = pair.lag_sd_s, .calibration_sd_k = pair.calibration_sd_k};
}

int analysis_load_plan(struct store *store, const char *run, struct plan *ret_plan)
{
	sqlite3_stmt *s = store_prepare(store, store->journal, "SELECT item FROM runs WHERE run = ?");
	struct link_queue_item item;
	int r = -ENOENT;

	bind_text(s, 1, run);
	if (s && sqlite3_step(s) == SQLITE_ROW && column_copy(s, 0, &item, sizeof(item)) == 0)
		r = 0;
	sqlite3_reset(s);
	if (r == 0)
		*ret_plan = item.plan;
	return r;
}

static void fill_rates(struct store *store, const char *run, const struct analysis_peaks *peaks,
		       struct result_body *result)
{
	struct rates rates = {0};
	struct plan plan;

	if (analysis_load_plan(store, run, &plan) == 0)
		rates_add_run(store, run, &plan, INT64_MAX, &rates);
	rates_fill(&rates, peaks, result);
}

int analysis_kissinger(struct store *store, const char *run, struct result_body *ret_result)
{
	struct analysis_peaks peaks = {.tg_k = NAN};
	struct kissinger_result fit;
	struct kissinger_options options;

	analysis_each_pair(store, run, INT64_MAX, take_peak, &peaks);
	if (count_rates(peaks.points, peaks.count) < RATES_LEAST)
		return -ENOENT;
	options = analysis_energy_options(store, peaks.tg_k);
	if (kissinger_fit(peaks.points, peaks.count, &options, &fit) < 0)
		return -EINVAL;
	*ret_result = analysis_empty_result(RESULT_KISSINGER, run);
	analysis_fill_energy(ret_result, &fit);
	fill_rates(store, run, &peaks, ret_result);
	return 0;
}

void analysis_find_section(struct store *store, const char *after, char ret_section[80])
{
	sqlite3_stmt *s = store_prepare(
		store, store->journal,
		"SELECT a.section FROM scans a JOIN scans b ON b.section = a.section AND b.reference = 1"
		" WHERE a.reference = 0 AND a.section NOT IN (SELECT section FROM results WHERE kind = 0)"
		" AND a.section > ? ORDER BY a.section LIMIT 1");

	bind_text(s, 1, after);
	ret_section[0] = '\0';
	if (s && sqlite3_step(s) == SQLITE_ROW)
		snprintf(ret_section, 80, "%.79s", column_text(s, 0));
	sqlite3_reset(s);
}

void analysis_find_run(struct store *store, char ret_run[ULID_TEXT])
{
	sqlite3_stmt *s = store_prepare(
		store, store->journal,
		"SELECT run FROM results GROUP BY run HAVING"
		" max(CASE kind WHEN 0 THEN seq ELSE 0 END) > max(CASE kind WHEN 1 THEN seq ELSE 0 END)"
		" ORDER BY max(seq) DESC LIMIT 1");

	ret_run[0] = '\0';
	if (s && sqlite3_step(s) == SQLITE_ROW)
		snprintf(ret_run, ULID_TEXT, "%.26s", column_text(s, 0));
	sqlite3_reset(s);
}
