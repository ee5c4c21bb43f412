/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often intervals hold the truth, quantity by quantity. */
#ifndef DENSD_TESTS_INTERVALS_TALLY_H
#define DENSD_TESTS_INTERVALS_TALLY_H

#include <stdbool.h>
#include <stddef.h>

enum { TALLY_ROWS = 64, TALLY_NAME = 48 };

struct tally_row {
	char name[TALLY_NAME];
	unsigned long drawn, missing, inside; /* missing: refused, or no value */
	double off, off2, sd, sd2;            /* sums of error, of stated sd, and of their squares */
	/* of the laboratory that is drawn: whose numbers share its errors, so that they are not so many draws
	 */
	unsigned long laboratory, its_inside, its_valued;
	double inside2, inside_valued, valued2; /* sums over the laboratories before it */
};

struct tally {
	struct tally_row rows[TALLY_ROWS];
	size_t count;
	bool by_rate;             /* a name says of which rate it is */
	unsigned long laboratory; /* the one that is drawn */
};

/* One value of the quantity @name with its stated interval against the truth; @value NAN: none came out. */
void tally_add(struct tally *tally, const char *name, double truth, double value, double sd,
	       const double interval[2]);
/* The interval value +- 1.96 sd. */
void tally_add_normal(struct tally *tally, const char *name, double truth, double value, double sd);
/* A table, or one JSON object a line. */
void tally_print(const struct tally *tally, bool json);
/*
 * Are the shares of Tf, Tf - Tf_ref, Tp, onset and Ea within @low..@high, those of all others above @low,
 * beyond 3 standard deviations of that many draws, and less than @missing_max of the draws without a value?
 * Says which are not.
 */
bool tally_check(const struct tally *tally, double low, double high, double missing_max);

#endif
