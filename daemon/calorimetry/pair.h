/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fictive temperature of a glass from a pair of heating scans: the first (single-shot) scan and the second,
 * reference scan of the same piece after cooling at a known rate. Definitions and formulas: README.md.
 *
 * Pure: no I/O, no clock, no global state; memory only inside the workspace. The same input, options and seed
 * give the same result to the last bit on one machine.
 */
#ifndef DENSD_CALORIMETRY_PAIR_H
#define DENSD_CALORIMETRY_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/calorimetry/refusal.h"

enum { PAIR_POINTS_MIN = 60, PAIR_POINTS_MAX = 4 * 1000 * 1000 };

/* One recorded scan; double[count] each, borrowed. Rows may be unsorted and may hold NAN. */
struct scan_view {
	const double *t_s;           /* lab time of each row; NULL: unknown */
	const double *temperature_k; /* programme temperature */
	const double *signal;        /* heat flow or heat capacity, any unit, endothermic up */
	size_t count;
};

/* How the first scan is laid on the reference, y' = k y + b + c T. */
enum pair_align {
	PAIR_ALIGN_TILT,   /* b and c; k = 1: the contact is the same. The default. */
	PAIR_ALIGN_SCALE,  /* k from the two Cp steps, then b and c: the contact changed, or other masses */
	PAIR_ALIGN_OFFSET, /* b alone */
	PAIR_ALIGN_NONE,   /* nothing: the scans are absolute */
	PAIR_ALIGN_MAX
};

/* Fill with pair_options_default() first. */
struct pair_options {
	enum pair_align align;
	double glass_k[2],
		liquid_k[2];      /* windows {low, high} in sample temperature; NAN: found automatically */
	double rate_k_per_s;      /* as ordered; NAN: from the time column, or unknown */
	double lag_s;             /* tau_lag: T_sample = T_programme - tau_lag * rate; default 0 */
	double lag_sd_s;          /* its standard deviation; default 0.5 ms */
	double cell_s;            /* first-order time constant of the cell, undone when > 0; default 0 */
	double calibration_k;     /* what the temperature scale reads too high, taken off; default 0 */
	double calibration_sd_k;  /* its standard deviation; default 0.3 K */
	uint32_t bootstrap_count; /* replicates; 0: none, the bootstrap part of the sd is then NAN; default
				     200 */
	uint64_t seed;            /* of the bootstrap; default 1 */
};

/* Peak, onset and midpoint of one scan on z = (y' - g)/(l - g). NAN: does not exist. */
struct pair_features {
	double tp_k;       /* main endothermic peak */
	double tp_sub_k;   /* peak below the main one, or below the half step */
	double onset_k;    /* steepest tangent of the last rise, cut with the glass line */
	double midpoint_k; /* z = 1/2 on the last rise */
	double peak_z;     /* height of the main peak */
	double tp_sd_k, tp_sub_sd_k, onset_sd_k, midpoint_sd_k; /* with lag and scale; the last two NAN
								   without bootstrap */
	double tp_own_sd_k; /* of tp_k without lag and scale, which all scans of a chip share */
};

/* What a standard deviation is made of, as a sum of squares. */
struct pair_shares {
	double windows_k;     /* where the window edges lie, and relaxation that fades into the windows */
	double noise_k;       /* white noise of both scans */
	double curvature_k;   /* significant curvature of the base line; 0 with an empty-chip scan */
	double lag_k;         /* the lag's own error times the rate; common to all scans of a chip */
	double calibration_k; /* of the temperature scale; common to all scans of a chip */
};

/* Every double is NAN when it does not exist. Temperatures are sample temperatures (lag removed). */
struct pair_result {
	enum refusal refusal;
	char why[REFUSAL_WHY]; /* empty when nothing was refused */
	double rate_k_per_s;   /* measured if there is a time column, else as ordered */
	double tf_k, tf_sd_k;
	double tf_ref_k, tf_ref_sd_k;
	double delta_tf_k, delta_tf_sd_k; /* Tf - Tf_ref; the lines' errors mostly cancel */
	bool extrapolated;                /* Tf lies outside (area_from_k, area_to_k); never clipped */
	double enthalpy, enthalpy_sd;     /* H_first - H_reference of the glass, signal unit x K */
	struct pair_features first, reference;
	double glass_k[2], liquid_k[2]; /* windows used */
	bool glass_found, liquid_found; /* automatic */
	double area_from_k, area_to_k;  /* T2 and T1 of the area matching */
	enum pair_align align;
	double align_k, align_b, align_c; /* y' = k y + b + c T */
	double gain, gain_sd; /* step of the reference over that of the first scan, whatever k was taken; sd
				 by noise */
	double glass_line[2], liquid_line[2]; /* {value at 0 K, slope per K} of the reference */
	double step;                          /* l - g at Tf_ref */
	double tail_k; /* what the overshoot that fades in the liquid would have made Tf too high, taken off
			*/
	double noise_first, noise_ref; /* sd of one point, from second differences */
	double curvature_sd_k;     /* share of tf_sd_k from curvature of the base line; 0: not significant */
	double curvature_hidden_k; /* what a curvature that noise just hides would move Tf by; not in the sd.
				      0 with an empty-chip scan, which rules it out */
	double ambiguity_k;        /* windows as good move Tf or Tf - Tf_ref by this, more than the sd said
				      before it was widened; 0: they do not */
	uint32_t bootstrap_used;   /* replicates that gave a number */
	struct pair_shares tf_shares, tf_ref_shares, delta_tf_shares; /* of the three sds above */
};

/* The aligned curves behind a result, for pictures: double[count] each, valid until the next pair_analyse. */
struct pair_curves {
	const double *temperature_k, *first, *reference; /* first is aligned */
	size_t count;
};

struct pair_workspace;

void pair_options_default(struct pair_options *ret_options);
/* A workspace serves any number of analyses, one at a time; it grows to the largest scan seen. NULL: no
 * memory. */
struct pair_workspace *pair_workspace_new(void);
void pair_workspace_free(struct pair_workspace *workspace);
/*
 * @empty: scan of the empty chip at the same rate, subtracted from both; NULL: none.
 * 0: @ret_result holds the numbers. Positive: enum refusal; @ret_result is filled all the same, with the
 * code, the sentence and what was known by then, the rest NAN. -ENOMEM, -EINVAL (a NULL array): untouched.
 * 10,000 points take below 1 ms without bootstrap; the bootstrap takes bootstrap_count times about 1 us.
 */
int pair_analyse(const struct scan_view *first, const struct scan_view *reference,
		 const struct scan_view *empty, const struct pair_options *options,
		 struct pair_workspace *workspace, struct pair_result *ret_result);
/* Of the last pair_analyse of @workspace that returned 0; count 0 otherwise. */
struct pair_curves pair_workspace_curves(const struct pair_workspace *workspace);
/* "tilt", "scale", "offset", "none"; NULL outside the enum. */
const char *pair_align_name(enum pair_align align);
/* 0, or -EINVAL. */
int pair_align_from_name(const char *name, enum pair_align *ret_align);

#endif
