/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A number as instruments write it. Pure. */
#ifndef DENSD_DRIVERS_TEXT_NUMBER_H
#define DENSD_DRIVERS_TEXT_NUMBER_H

/* One that begins with a digit, sign or point: no blank, no "inf". 0 and *at behind it; -EBADMSG: also
 * "1e999". */
int text_number_take(const char **at, double *ret_value);
/* The whole of @text but blanks behind it, likewise. 0 or -EBADMSG. */
int text_number_parse(const char *text, double *ret_value);

#endif
