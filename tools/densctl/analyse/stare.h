/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text export of Mettler STARe: for each curve a line "Index t Ts Tr Value", a line of units such as
 * "[s] [degC] [degC] [mW]", and rows of numbers, with prose before, between and after. Heat flow is
 * exothermic up. Each such block is a segment, numbered from 1. Pure, like csv.h.
 */
#ifndef DENSCTL_ANALYSE_STARE_H
#define DENSCTL_ANALYSE_STARE_H

#include <stdbool.h>

#include "tools/densctl/analyse/csv.h"

enum stare_column { STARE_TIME, STARE_TEMPERATURE, STARE_SIGNAL, STARE_COLUMNS };

/* True when one of the lines is a STARe header. */
bool stare_detect(const char *bytes, size_t size);
/*
 * Segment @segment (0: the only one) as columns of enum stare_column: t in s, Ts in K, heat flow endothermic
 * up. 0; REFUSAL_BAD_HEADER (no such segment, several and none chosen, another unit), REFUSAL_BAD_VALUE;
 * -ENOMEM.
 */
int stare_read(const char *bytes, size_t size, unsigned segment, struct csv_numbers *ret_numbers,
	       struct csv_error *ret_error);

#endif
