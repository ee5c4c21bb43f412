/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers of a Druck PACE5000 or PACE6000. Pure; what comes from outside is not trusted. An answer repeats
 * the header of its question, as ":SENS:PRES 12.34", so that a late one is recognised; a bare value, as other
 * SCPI instruments give it, is refused. Source: SCPI manual K0472.
 */
#ifndef DENSD_DRIVERS_PACE_H
#define DENSD_DRIVERS_PACE_H

#include <stdbool.h>

#define PACE_WORD 16

/* @header as in the question, without '?'; a module number in the answer's header is passed over. 0, or
 * -EBADMSG. */
int pace_parse_number(const char *line, const char *header, double *ret_value);
/* 0 or 1. */
int pace_parse_flag(const char *line, const char *header, bool *ret_on);
/* One word, upper case: a unit. */
int pace_parse_word(const char *line, const char *header, char ret_word[PACE_WORD]);
/* ":SYST:ERR 0,"No error"": its number. */
int pace_parse_error(const char *line, int *ret_code);

#endif
