/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of `densctl analyse`: one table of options; what an analysis does not take is refused. */
#ifndef DENSCTL_ANALYSE_ARGUMENTS_H
#define DENSCTL_ANALYSE_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/calorimetry/pair.h"

enum { ANALYSE_FILES_MAX = 2 };

/* Every number is NAN and every path NULL when not given. */
struct analyse_arguments {
	const char *files[ANALYSE_FILES_MAX];
	int file_count;
	bool help, json;
	const char *empty, *svg, *png;
	struct pair_options pair;
	double tg_k;
	const char *indium;                /* melting onsets, from which lag and scale are taken */
	double lag_sd_s, calibration_sd_k; /* NAN: what the analysis takes by itself */
	double melting_k;                  /* of the standard; indium's when not given */
	const char *history;               /* of the glass, to be printed with the number */
	double older_k_per_gpa;            /* dTg/dP of other work */
	const char *picture;               /* which one; NULL: the default */
	double range[2];                   /* 1/Angstrom */
	double delta_cp_j_per_gk, delta_cp_sd_j_per_gk, at_k;
	double k_prime;        /* NAN: fitted */
	const char *reference; /* curve of another state, to compare with */
	unsigned segments[2];  /* of the first and the reference file; 0: the only one */
};

enum analyse_kind {
	ANALYSE_PAIR,
	ANALYSE_KISSINGER,
	ANALYSE_FSDP,
	ANALYSE_EOS,
	ANALYSE_MASS,
	ANALYSE_LAG,
	ANALYSE_SERIES,
	ANALYSE_KINDS
};

/* "pair"; "FIRST.csv REFERENCE.csv" */
const char *analyse_kind_name(enum analyse_kind kind);
const char *analyse_kind_files(enum analyse_kind kind);

/* argv[0] is the name of the analysis. DENSCTL_OK, or DENSCTL_USAGE with the reason on standard error. */
int analyse_arguments_parse(enum analyse_kind kind, int argc, char **argv,
			    struct analyse_arguments *ret_arguments);

#endif
