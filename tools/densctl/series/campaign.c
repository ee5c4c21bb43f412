/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/series/campaign.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/densctl/json.h"

struct campaign *campaign_new(void)
{
	struct campaign *campaign = calloc(1, sizeof(*campaign));

	if (campaign)
		series_options_default(&campaign->options);
	return campaign;
}

static void free_curve(struct campaign_curve *curve)
{
	free(curve->temperature_k);
	free(curve->first);
	free(curve->reference);
	*curve = (struct campaign_curve){.count = 0};
}

void campaign_free(struct campaign *campaign)
{
	if (!campaign)
		return;
	for (size_t i = 0; i < campaign->count; i++)
		free_curve(&campaign->rows[i].curve);
	json_object_put(campaign->runs);
	free(campaign->rows);
	free(campaign->result);
	free(campaign);
}

static int grow(struct campaign *campaign)
{
	size_t capacity = campaign->capacity ? 2 * campaign->capacity : 64;
	struct campaign_row *rows = realloc(campaign->rows, capacity * sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	campaign->rows = rows;
	campaign->capacity = capacity;
	return 0;
}

struct campaign_row *campaign_add(struct campaign *campaign)
{
	struct campaign_row *row;

	if (campaign->count == campaign->capacity && grow(campaign) < 0)
		return NULL;
	row = &campaign->rows[campaign->count++];
	*row = (struct campaign_row){.scan = {.pressure_gpa = NAN,
					      .temperature_k = NAN,
					      .rate_k_per_s = NAN,
					      .tf_k = NAN,
					      .tf_sd_k = NAN,
					      .tf_common_sd_k = NAN,
					      .tp_k = NAN,
					      .tp_own_sd_k = NAN,
					      .onset_k = NAN},
				     .tf_ref_k = NAN,
				     .tf_ref_sd_k = NAN,
				     .delta_tf_k = NAN,
				     .delta_tf_sd_k = NAN,
				     .tp_sd_k = NAN,
				     .onset_sd_k = NAN,
				     .tp_sub_k = NAN,
				     .tp_sub_sd_k = NAN,
				     .midpoint_k = NAN,
				     .midpoint_sd_k = NAN,
				     .glass_k = {NAN, NAN},
				     .liquid_k = {NAN, NAN}};
	return row;
}

void campaign_fill_pair(struct campaign_row *row, const struct pair_result *pair)
{
	struct series_scan *scan = &row->scan;

	scan->refused = pair->refusal != REFUSAL_NONE;
	snprintf(row->code, sizeof(row->code), "%s", scan->refused ? refusal_name(pair->refusal) : "");
	snprintf(row->why, sizeof(row->why), "%s", pair->why);
	if (!isnan(pair->rate_k_per_s))
		scan->rate_k_per_s = pair->rate_k_per_s;
	scan->tf_k = pair->tf_k;
	scan->tf_sd_k = pair->tf_sd_k;
	scan->tf_common_sd_k = hypot(pair->tf_shares.lag_k, pair->tf_shares.calibration_k);
	scan->tp_k = pair->first.tp_k;
	scan->tp_own_sd_k = pair->first.tp_own_sd_k;
	scan->onset_k = pair->first.onset_k;
	row->tf_ref_k = pair->tf_ref_k;
	row->tf_ref_sd_k = pair->tf_ref_sd_k;
	row->delta_tf_k = pair->delta_tf_k;
	row->delta_tf_sd_k = pair->delta_tf_sd_k;
	row->tp_sd_k = pair->first.tp_sd_k;
	row->onset_sd_k = pair->first.onset_sd_k;
	row->tp_sub_k = pair->first.tp_sub_k;
	row->tp_sub_sd_k = pair->first.tp_sub_sd_k;
	row->midpoint_k = pair->first.midpoint_k;
	row->midpoint_sd_k = pair->first.midpoint_sd_k;
	memcpy(row->glass_k, pair->glass_k, sizeof(row->glass_k));
	memcpy(row->liquid_k, pair->liquid_k, sizeof(row->liquid_k));
	row->extrapolated = pair->extrapolated;
}

int campaign_fill_curve(struct campaign_row *row, const struct pair_curves *curves,
			const struct pair_result *pair)
{
	size_t stride = curves->count / CAMPAIGN_CURVE_POINTS + 1, room = curves->count / stride + 1;
	struct campaign_curve curve = {.temperature_k = calloc(room, sizeof(float)),
				       .first = calloc(room, sizeof(float)),
				       .reference = calloc(room, sizeof(float))};

	if (!curve.temperature_k || !curve.first || !curve.reference) {
		free_curve(&curve);
		return -ENOMEM;
	}
	for (size_t i = 0; i < curves->count; i += stride) {
		double temperature_k = curves->temperature_k[i];
		double glass = pair->glass_line[0] + pair->glass_line[1] * temperature_k;

		curve.temperature_k[curve.count] = (float)temperature_k;
		curve.first[curve.count] = (float)((curves->first[i] - glass) / pair->step);
		curve.reference[curve.count++] = (float)((curves->reference[i] - glass) / pair->step);
	}
	free_curve(&row->curve);
	row->curve = curve;
	return 0;
}

int campaign_analyse(struct campaign *campaign)
{
	struct series_scan *scans = calloc(campaign->count + 1, sizeof(*scans));
	int r = -ENOMEM;

	free(campaign->result);
	campaign->result = calloc(1, sizeof(*campaign->result));
	for (size_t i = 0; scans && i < campaign->count; i++)
		scans[i] = campaign->rows[i].scan;
	if (scans && campaign->result)
		r = series_analyse(scans, campaign->count, &campaign->options, campaign->result);
	free(scans);
	return r;
}

const char *campaign_pressure_text(double pressure_gpa, char text[32])
{
	if (isnan(pressure_gpa))
		snprintf(text, 32, "pressure not given");
	else if (pressure_gpa <= SERIES_ATM_GPA)
		snprintf(text, 32, "1 atm");
	else
		snprintf(text, 32, "%.3g GPa", pressure_gpa);
	return text;
}

static unsigned run_sections_to_come(json_object *run)
{
	double to_come = json_number(run, "sections_total") - json_number(run, "sections_done") -
			 json_number(run, "sections_lost");

	if (strcmp(json_text(run, "calorimetry", ""), "none") != 0 ||
	    strcmp(json_text(run, "densification", ""), "completed") != 0)
		return 0;
	return to_come > 0 ? (unsigned)to_come : 0;
}

unsigned campaign_sections_to_come(const struct campaign *campaign, const struct series_state *state)
{
	size_t runs = campaign->runs ? json_object_array_length(campaign->runs) : 0;
	unsigned sum = 0;

	for (size_t i = 0; i < runs; i++) {
		json_object *run = json_object_array_get_idx(campaign->runs, i);

		if (series_is_of_state(json_number(run, "pressure_gpa"), json_number(run, "temperature_k"),
				       state))
			sum += run_sections_to_come(run);
	}
	return sum;
}
