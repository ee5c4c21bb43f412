/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A campaign: the scans of several states with what they are called, and the series they make. Filled from
 * files (from_files.c) or from densd's store (from_store.c), then analysed once, then written in one of
 * several forms.
 */
#ifndef DENSCTL_CAMPAIGN_H
#define DENSCTL_CAMPAIGN_H

#include <json-c/json.h>
#include <stdio.h>

#include "daemon/calorimetry/pair.h"
#include "daemon/calorimetry/series.h"

#define CAMPAIGN_CURVE_RATE 200.0 /* K/s: the rate at which curves are shown */

enum { CAMPAIGN_NAME = 192, CAMPAIGN_CURVE_POINTS = 2000 };

/* A pair on z = (heat flow - glass line) / step; float[count] each, owned. */
struct campaign_curve {
	float *temperature_k, *first, *reference;
	size_t count;
};

/* One section. */
struct campaign_row {
	struct series_scan scan;
	char name[CAMPAIGN_NAME], second[CAMPAIGN_NAME]; /* section, or the two files */
	char code[24], why[REFUSAL_WHY];                 /* when refused */
	double tf_ref_k, tf_ref_sd_k, delta_tf_k, delta_tf_sd_k;
	double tp_sd_k, onset_sd_k, tp_sub_k, tp_sub_sd_k, midpoint_k,
		midpoint_sd_k;          /* sd: with lag and scale */
	double glass_k[2], liquid_k[2]; /* the windows used */
	bool extrapolated;
	struct campaign_curve curve; /* count 0: none */
};

struct campaign {
	char title[CAMPAIGN_NAME];
	struct campaign_row *rows; /* owned */
	size_t count, capacity;
	json_object *runs;  /* owned; the runs of the store, NULL: from files */
	const char *origin; /* where the scans came from, for the record */
	char version[32];   /* of densd; empty: not known */
	struct series_options options;
	struct series_result *result; /* owned; NULL before campaign_analyse() */
};

struct campaign *campaign_new(void); /* NULL: no memory */
void campaign_free(struct campaign *campaign);
/* A new row, all numbers NAN; NULL: no memory. Valid until the next one is added. */
struct campaign_row *campaign_add(struct campaign *campaign);
/* Everything of @pair that a row keeps. */
void campaign_fill_pair(struct campaign_row *row, const struct pair_result *pair);
/* The curves behind @pair, thinned. 0 or -ENOMEM. */
int campaign_fill_curve(struct campaign_row *row, const struct pair_curves *curves,
			const struct pair_result *pair);
/* As series_analyse(). */
int campaign_analyse(struct campaign *campaign);
/* Sections that densd has still to scan of the glasses of @state: until 0 its numbers are provisional. */
unsigned campaign_sections_to_come(const struct campaign *campaign, const struct series_state *state);
/* "7 GPa", "1 atm", "pressure not given". @text holds 32 bytes; returned. */
const char *campaign_pressure_text(double pressure_gpa, char text[32]);

json_object *campaign_json(const struct campaign *campaign); /* owned by the caller */
void campaign_write_csv(const struct campaign *campaign, FILE *stream);
void campaign_write_text(const struct campaign *campaign, FILE *stream);
/* One page without network access: pictures as inline SVG, tables, provenance. enum exit_code. */
int campaign_write_html(const struct campaign *campaign, FILE *stream);

#endif
