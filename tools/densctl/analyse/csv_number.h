/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A number of a table, the same in every locale. Pure. */
#ifndef DENSCTL_ANALYSE_CSV_NUMBER_H
#define DENSCTL_ANALYSE_CSV_NUMBER_H

#include <stddef.h>

/* Text of @length bytes as a number; a comma is a decimal point when @decimal_comma. 0; -EINVAL: neither a
 * number nor a sign for a missing one (csv.h), which is NAN. */
int csv_number(const char *text, size_t length, int decimal_comma, double *ret_value);

#endif
