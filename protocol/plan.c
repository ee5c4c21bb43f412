/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ideal programme of a plan: segments at nominal rates. Checking a plan is plan_check.c. */
#include "protocol/plan.h"

#include <math.h>

#define COLD_BAND_K 10.0

void plan_fill_defaults(struct plan *plan)
{
	plan->compression_gpa_per_s = plan->decompression_gpa_per_s = 0.3 / 60;
	plan->heating_k_per_s = plan->cooling_k_per_s = 20.0 / 60;
	plan->soak_band_k = 2;
	plan->holdback_temperature_k = 5;
	plan->holdback_pressure_gpa = 0.05;
	plan->holdback_limit_s = 1800;
}

double plan_cooling_target_k(double ambient_k)
{
	return fmax(PLAN_AMBIENT_K, ambient_k);
}

bool plan_is_cold(const struct plan *plan, double ambient_k)
{
	return fabs(plan->temperature_k - ambient_k) <= COLD_BAND_K;
}

struct programme {
	struct segment *segments;
	size_t count;
	double time_s, pressure_gpa, temperature_k;
};

static void programme_add(struct programme *programme, enum segment_kind kind, double duration_s,
			  double to_gpa, double to_k)
{
	programme->segments[programme->count++] = (struct segment){
		.kind = kind,
		.start_s = programme->time_s,
		.duration_s = duration_s,
		.from_gpa = programme->pressure_gpa,
		.to_gpa = to_gpa,
		.from_k = programme->temperature_k,
		.to_k = to_k,
	};
	programme->time_s += duration_s;
	programme->pressure_gpa = to_gpa;
	programme->temperature_k = to_k;
}

size_t plan_segments(const struct plan *plan, double ambient_k, struct segment ret_segments[SEGMENT_MAX])
{
	double target_k = plan_cooling_target_k(ambient_k);
	double low_gpa = plan->reference ? PLAN_ATM_GPA : 0;
	double high_gpa = plan->pressure_gpa;
	bool cold = plan_is_cold(plan, ambient_k);
	double hot_k = cold ? ambient_k : plan->temperature_k;
	struct programme programme = {
		.segments = ret_segments, .pressure_gpa = low_gpa, .temperature_k = ambient_k};

	if (!plan->reference)
		programme_add(&programme, SEGMENT_COMPRESS, high_gpa / plan->compression_gpa_per_s, high_gpa,
			      ambient_k);
	if (!cold)
		programme_add(&programme, SEGMENT_HEAT, fabs(hot_k - ambient_k) / plan->heating_k_per_s,
			      high_gpa, hot_k);
	programme_add(&programme, SEGMENT_ISOTHERM, plan->isotherm_s, high_gpa, hot_k);
	if (!cold) {
		double span_k = fmax(hot_k - target_k, 0);

		programme_add(&programme, SEGMENT_COOL, span_k / plan->cooling_k_per_s, high_gpa, target_k);
		programme_add(&programme, SEGMENT_DWELL, plan->limits.release_dwell_s, high_gpa, target_k);
	}
	if (!plan->reference)
		programme_add(&programme, SEGMENT_DECOMPRESS, high_gpa / plan->decompression_gpa_per_s,
			      low_gpa, programme.temperature_k);
	return programme.count;
}

double plan_total_s(const struct plan *plan, double ambient_k)
{
	struct segment segments[SEGMENT_MAX];
	size_t count = plan_segments(plan, ambient_k, segments);
	double total_s = 0;

	for (size_t i = 0; i < count; i++)
		total_s += segments[i].duration_s;
	return total_s;
}

const char *segment_name(enum segment_kind kind)
{
	static const char *const names[SEGMENT_MAX] = {
		[SEGMENT_COMPRESS] = "compress", [SEGMENT_HEAT] = "heat",
		[SEGMENT_ISOTHERM] = "isotherm", [SEGMENT_COOL] = "cool",
		[SEGMENT_DWELL] = "dwell",       [SEGMENT_DECOMPRESS] = "decompress",
	};

	return (unsigned)kind < SEGMENT_MAX ? names[kind] : "invalid";
}
