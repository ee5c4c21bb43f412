/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why an analysis gives no number. The names are part of the command line's and the wire's contract: scripts
 * switch on them. Each comes with a sentence that says what was seen and what to do.
 */
#ifndef DENSD_CALORIMETRY_REFUSAL_H
#define DENSD_CALORIMETRY_REFUSAL_H

#include <stddef.h>

enum { REFUSAL_WHY = 192 }; /* bytes of a sentence with its NUL */

/* REFUSAL_NONE is 0; all others are positive, as returned by pair_analyse and kissinger_fit. */
#define REFUSALS(X)                                                                                         \
	X(NONE, "none")                                                                                     \
	X(BAD_HEADER, "bad_header")           /* a column is missing, twice there, or unknown */            \
	X(TOO_FEW_POINTS, "too_few_points")   /* less than 60 usable rows */                                \
	X(NAN_FRACTION, "nan_fraction")       /* more than 10 % of the rows are not numbers */              \
	X(CONSTANT_SIGNAL, "constant_signal") /* the signal does not vary */                                \
	X(COLUMNS_SWAPPED, "columns_swapped") /* the signal ramps, the temperature does not */              \
	X(NOT_MONOTONIC, "not_monotonic")     /* not a heating ramp */                                      \
	X(RANGE_MISMATCH, "range_mismatch")   /* the scans overlap by less than 70 % */                     \
	X(NO_STEP, "no_step")                 /* no step in Cp above the noise */                           \
	X(NO_LIQUID, "no_liquid")             /* no straight liquid line on which both scans merge */       \
	X(NO_GLASS, "no_glass")               /* no straight glass line */                                  \
	X(TOO_FEW_RATES, "too_few_rates")     /* fewer than three distinct rates */                         \
	X(RATE_SPAN, "rate_span")             /* the rates lie too close together to give a slope */        \
	X(BAD_VALUE, "bad_value")             /* a number that cannot be: text, Celsius, a negative rate */ \
	X(NO_PEAK, "no_peak")                 /* no row has a peak temperature */

enum refusal {
#define REFUSAL_ENUM(name, text) REFUSAL_##name,
	REFUSALS(REFUSAL_ENUM)
#undef REFUSAL_ENUM
		REFUSAL_MAX
};

/* The name in JSON; "none" for REFUSAL_NONE, "unknown" outside the enum. */
const char *refusal_name(enum refusal refusal);
/* Writes the sentence and returns @refusal, so that a check ends with `return refusal_say(...)`. */
enum refusal refusal_say(char ret_why[REFUSAL_WHY], enum refusal refusal, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
