/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Run identifiers: ULID, 26 characters of Crockford base 32, 48 bits of wall milliseconds and 80 random bits.
 */
#ifndef DENSD_BASE_ULID_H
#define DENSD_BASE_ULID_H

#include <stdbool.h>
#include <stdint.h>

#define ULID_TEXT 27 /* 26 characters and the NUL */

void ulid_format(int64_t wall_us, const uint8_t random[10], char ret_text[ULID_TEXT]);
/* Fresh identifier from the wall clock and getrandom(2). 0, or -errno. */
int ulid_make(char ret_text[ULID_TEXT]);
bool ulid_is_valid(const char *text);

#endif
