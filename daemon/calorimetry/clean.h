/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A raw scan made fit for analysis: finite, rising in T, equal temperatures merged; or a refusal. */
#ifndef DENSD_CALORIMETRY_CLEAN_H
#define DENSD_CALORIMETRY_CLEAN_H

#include "daemon/calorimetry/pair.h"

struct clean_scan {
	size_t count, room;
	double *temperature_k, *signal; /* double[room], owned by the workspace */
	double rate_k_per_s;            /* measured from the time column; NAN without one */
	double noise;                   /* white noise of one point, from second differences */
};

/* @name ("first scan") goes into the message. 0; 1 with *ret_refusal and @ret_why; -ENOMEM. */
int clean_scan(const struct scan_view *raw, const char *name, struct clean_scan *ret_scan,
	       enum refusal *ret_refusal, char ret_why[REFUSAL_WHY]);
void clean_scan_free(struct clean_scan *scan);

#endif
