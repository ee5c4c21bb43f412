/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A campaign: scans of glasses densified at several temperatures and pressures, as states with Tf and Ea, and
 * what follows from them: Tg(P), dTg/dP, regions, the master curve, the ratio of Tf. Definitions: README.md.
 * Pure: no I/O, no memory, no state.
 */
#ifndef DENSD_CALORIMETRY_SERIES_H
#define DENSD_CALORIMETRY_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/calorimetry/kissinger.h"
#include "daemon/calorimetry/refusal.h"

#define SERIES_ATM_GPA 0.001 /* up to here a pressure is 1 atm: the reference */

enum { SERIES_SCANS_MAX = 8192, SERIES_STATES_MAX = 128, SERIES_PRESSURES_MAX = 16 };

/* One section: a first scan with its reference scan. NAN: not known, or does not exist. */
struct series_scan {
	double pressure_gpa, temperature_k; /* of the densification: the state; NAN is a state of its own */
	double rate_k_per_s;
	bool refused; /* it gave no Tf; it is counted and nothing of it is used */
	double tf_k, tf_sd_k;
	double tf_common_sd_k; /* share of tf_sd_k that is common to all scans (lag, calibration) */
	double tp_k, onset_k;
	double tp_own_sd_k; /* of tp_k, without what is common to all scans */
};

/* Fill with series_options_default() first. */
struct series_options {
	double tg_k;           /* known Tg at 1 atm; NAN: taken from the bracket of the series */
	double tf_tolerance_k; /* Tf that differ by less may be one plateau; default 2 K */
	double tf_slope;       /* |dTf/dT_dens| of a plateau at most, K/K; default 0.08 */
	double ea_tolerance_rtg;
	double older_k_per_gpa, older_sd_k_per_gpa; /* dTg/dP of other work, carried along; NAN: none */
	double lag_sd_s,
		calibration_sd_k; /* that all peaks share, for the interval of Ea; default: a pair's */
};

/* A number with its standard deviation (NAN: not known); where it does not exist, why. */
struct series_value {
	double value, sd;
	char why[REFUSAL_WHY];
};

/* I: Tf as after compression at room temperature. III: Tf and Ea no longer depend on T_dens. II: between. */
enum series_region { SERIES_REGION_NONE, SERIES_REGION_I, SERIES_REGION_II, SERIES_REGION_III };

struct series_state {
	double pressure_gpa, temperature_k;
	uint32_t n, n_refused;          /* sections with a Tf; refused */
	double tf_k, tf_spread_k;       /* mean; standard deviation between sections, NAN below two */
	double tf_own_sd_k;             /* of the mean, without what is common to all scans */
	double tf_sd_k;                 /* of the mean, with it */
	struct kissinger_result energy; /* refused where there is no Ea, with the reason */
	enum series_region region;
};

struct series_pressure {
	double pressure_gpa;
	size_t first, count;      /* of the states, by ascending temperature */
	struct series_value tg_k; /* midpoint of the bracket; sd: of anywhere inside it */
	double tg_bracket_k[2];   /* highest state that is not equilibrated, lowest that is */
	double cold_k[2];         /* region I ends between these; NAN: no region I, see cold_why */
	char cold_why[REFUSAL_WHY];
	struct series_value onset_shift_k;     /* recovered glasses of region III against those of 1 atm */
	struct series_value crossover_k;       /* T_dens where Ea passes KISSINGER_ALPHA_RTG */
	struct series_value crossover_shift_k; /* against 1 atm */
};

/* Tf of one state over that of the 1 atm reference at the same temperature. */
struct series_ratio {
	double pressure_gpa, temperature_k, ratio, ratio_sd, delta_k, delta_sd_k;
};

struct series_result {
	enum refusal refusal;
	char why[REFUSAL_WHY];
	struct series_state states[SERIES_STATES_MAX]; /* by pressure, then temperature */
	size_t state_count;
	struct series_pressure pressures[SERIES_PRESSURES_MAX]; /* ascending */
	size_t pressure_count;
	struct series_ratio ratios[SERIES_STATES_MAX];
	size_t ratio_count;
	double tg_1atm_k, tg_1atm_sd_k; /* what 1 atm is scaled with; sd 0: as given */
	bool tg_1atm_given;
	struct series_value in_situ_k_per_gpa; /* of the Tg(P) where the glass equilibrates under pressure */
	struct series_value ex_situ_k_per_gpa; /* of the onset of the recovered glass */
	struct series_value older_k_per_gpa;   /* other work; not measured here */
	/* rms difference of Ea/(R Tg) between the curves of two pressures at equal abscissa */
	struct series_value collapse_rtg; /* against T_dens/Tg(P) */
	struct series_value unscaled_rtg; /* against T_dens */
	double expected_rtg;              /* what the standard errors of Ea alone would give */
};

void series_options_default(struct series_options *ret_options);
/*
 * 0, or enum refusal with @ret_result holding code and sentence; -EINVAL above SERIES_SCANS_MAX. More states
 * or pressures than fit are refused.
 */
int series_analyse(const struct series_scan *scans, size_t count, const struct series_options *options,
		   struct series_result *ret_result);
/* "I", "II", "III"; "" for NONE. */
const char *series_region_name(enum series_region region);
/* A glass of this pressure and temperature belongs to @state. */
bool series_is_of_state(double pressure_gpa, double temperature_k, const struct series_state *state);
/* Tg of the pressure of @state as the master curve uses it; NAN: not known. */
double series_tg_k(const struct series_result *result, double pressure_gpa);

#endif
