/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plan is a protocol after reading and checking: fixed size, SI-based units, no pointers, so that it can
 * cross a process border and be stored as it is. Control checks it again with plan_check.
 */
#ifndef DENSD_PROTOCOL_PLAN_H
#define DENSD_PROTOCOL_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/limits.h"
#include "protocol/tune.h"

#define PLAN_TEXT 96 /* bytes of a name, NUL included */
#define PLAN_RATES_MAX 16
#define PLAN_SECTIONS_MAX 8 /* sections a rate */
#define PLAN_QUEUE_MAX 32
#define PLAN_SERIES_MAX 32
#define PLAN_ATM_GPA 1.01325e-4
#define PLAN_AMBIENT_K 298.0

enum recovery_policy { RECOVERY_HOLD = 0, RECOVERY_CONTINUE };
enum loading_policy { LOADING_CONFIRM = 0, LOADING_AUTOMATIC /* simulated sites only */ };

struct plan_calorimetry {
	bool present;
	uint32_t rate_count;
	double rate_k_per_s[PLAN_RATES_MAX]; /* as written, 1 to 40000 */
	uint32_t sections_per_rate;
	double start_k, end_k;
	double reference_cooling_k_per_s;
	double purge_ml_per_min;
};

struct plan {
	char name[PLAN_TEXT];
	char material[PLAN_TEXT];
	char composition[PLAN_TEXT];
	char protocol_sha256[65]; /* of the submitted text, lower-case hex */
	char site_sha256[65], calibrations_sha256[65];
	double material_tg_k; /* 0: not given */
	bool reference;       /* 1 atm: the press stays idle and AMBIENT is what the plan expects */
	double pressure_gpa;  /* PLAN_ATM_GPA for a reference */
	double temperature_k;
	double isotherm_s;
	double compression_gpa_per_s, decompression_gpa_per_s;
	double heating_k_per_s, cooling_k_per_s;
	double soak_band_k;
	double holdback_temperature_k, holdback_pressure_gpa, holdback_limit_s;
	bool resume_after_trip;
	uint8_t recovery; /* enum recovery_policy */
	uint8_t loading;  /* enum loading_policy */
	struct plan_calorimetry calorimetry;
	struct plan_tune tune; /* a relay autotune at the end of the isotherm */
	struct limits limits;  /* the site's, tightened by the protocol */
};

/* Why a plan is refused; plan_check writes one sentence "what, why, what is allowed" for each. */
struct plan_fault {
	char field[48]; /* the protocol's path, e.g. "densification.temperature" */
	char text[200];
};

/*
 * Checks every limit and feasibility (hazard 35) of @plan at ambient @ambient_k. Returns the number of
 * faults; the first @max are written to @ret_faults. Writes warnings (not faults) likewise.
 */
size_t plan_check(const struct plan *plan, double ambient_k, struct plan_fault *ret_faults, size_t max);
size_t plan_warnings(const struct plan *plan, double ambient_k, struct plan_fault *ret_faults, size_t max);
/*
 * As plan_check, without comparing the limits with their table: control widens freshness and bus limits of
 * the pinned plan at scale > 1 (design.md section 5), and the machine checks that plan again at its start.
 */
size_t plan_check_feasible(const struct plan *plan, double ambient_k, struct plan_fault *ret_faults,
			   size_t max);
/* Where COOL goes: max(298 K, ambient). */
/* Fills what a protocol need not say: the paper's rates, soak band and holdback. */
void plan_fill_defaults(struct plan *plan);
double plan_cooling_target_k(double ambient_k);
/* T_dens within 10 K of ambient: HEAT and COOL are skipped and the heater stays 0. */
bool plan_is_cold(const struct plan *plan, double ambient_k);

/* The ideal programme at nominal rates: what `densctl plan` prints. Segments in order. */
enum segment_kind {
	SEGMENT_COMPRESS,
	SEGMENT_HEAT,
	SEGMENT_ISOTHERM,
	SEGMENT_COOL,
	SEGMENT_DWELL,
	SEGMENT_DECOMPRESS,
	SEGMENT_MAX
};
struct segment {
	enum segment_kind kind;
	double start_s, duration_s;
	double from_gpa, to_gpa, from_k, to_k;
};
/* Fills at most SEGMENT_MAX segments, returns how many. */
size_t plan_segments(const struct plan *plan, double ambient_k, struct segment ret_segments[SEGMENT_MAX]);
double plan_total_s(const struct plan *plan, double ambient_k);
const char *segment_name(enum segment_kind kind);

#endif
