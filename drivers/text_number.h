/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A number as instruments write it. Pure. */
#ifndef DENSD_DRIVERS_TEXT_NUMBER_H
#define DENSD_DRIVERS_TEXT_NUMBER_H

/* The whole of @text but blanks behind it; it begins with a digit, sign or point. 0, or -EBADMSG: also "inf",
 * "1e999". */
int text_number_parse(const char *text, double *ret_value);

#endif
