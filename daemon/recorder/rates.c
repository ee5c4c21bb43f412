/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/recorder/rates.h"

#include <math.h>

#include "daemon/recorder/bind.h"

/* Of the run's sections @first to @last: how many are over, and whether one was scanned and waits for its Tf.
 */
static bool count_over(struct store *store, const char *run, uint32_t first, uint32_t last, int64_t last_seq,
		       uint32_t *ret_over)
{
	sqlite3_stmt *s = store_prepare(
		store, store->journal,
		"SELECT count(*), total(outcome = ?5 AND NOT analysed) FROM (SELECT outcome, EXISTS(SELECT 1 "
		"FROM"
		" results r WHERE r.run = s.run AND r.kind = ?6 AND r.section = s.section AND r.seq <= ?4) AS"
		" analysed FROM sections s WHERE run = ?1 AND number BETWEEN ?2 AND ?3) WHERE outcome <> ?7 "
		"OR"
		" analysed");
	bool waits = false;

	bind_text(s, 1, run);
	bind_integer(s, 2, first);
	bind_integer(s, 3, last);
	bind_integer(s, 4, last_seq);
	bind_integer(s, 5, SECTION_SCANNED);
	bind_integer(s, 6, RESULT_PAIR);
	bind_integer(s, 7, SECTION_NONE);
	*ret_over = 0;
	if (s && sqlite3_step(s) == SQLITE_ROW) {
		*ret_over = (uint32_t)sqlite3_column_int64(s, 0);
		waits = sqlite3_column_double(s, 1) > 0;
	}
	sqlite3_reset(s);
	return waits;
}

static bool is_ended(struct store *store, const char *run)
{
	sqlite3_stmt *s = store_prepare(store, store->journal, "SELECT calorimetry FROM runs WHERE run = ?");
	bool ended;

	bind_text(s, 1, run);
	ended = s && sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int(s, 0) != OUTCOME_NONE;
	sqlite3_reset(s);
	return ended;
}

static uint32_t find_rate(struct rates *rates, double rate_k_per_s)
{
	uint32_t i = 0;

	while (i < rates->count && rates->rate_k_per_s[i] != rate_k_per_s)
		i++;
	if (i == rates->count && i < RATES_MAX)
		rates->rate_k_per_s[rates->count++] = rate_k_per_s;
	return i;
}

void rates_add_run(struct store *store, const char *run, const struct plan *plan, int64_t last_seq,
		   struct rates *rates)
{
	const struct plan_calorimetry *scans = &plan->calorimetry;
	bool ended = is_ended(store, run);

	for (uint32_t i = 0; scans->present && i < scans->rate_count && i < PLAN_RATES_MAX; i++) {
		uint32_t at = find_rate(rates, scans->rate_k_per_s[i]), first = i * scans->sections_per_rate,
			 over;
		bool waits =
			count_over(store, run, first, first + scans->sections_per_rate - 1, last_seq, &over);

		if (at < RATES_MAX)
			rates->to_come[at] |= waits || (!ended && over < scans->sections_per_rate);
	}
}

static bool has_peak(const struct analysis_peaks *peaks, double rate_k_per_s)
{
	for (size_t i = 0; i < peaks->count; i++)
		if (isfinite(peaks->points[i].tp_k) &&
		    fabs(peaks->points[i].rate_k_per_s - rate_k_per_s) < RATES_SAME * rate_k_per_s)
			return true;
	return false;
}

void rates_fill(const struct rates *rates, const struct analysis_peaks *peaks, struct result_body *result)
{
	result->n_rates_planned = rates->count;
	result->n_rates_to_come = 0;
	for (uint32_t i = 0; i < rates->count; i++)
		result->n_rates_to_come += rates->to_come[i] && !has_peak(peaks, rates->rate_k_per_s[i]);
}
