/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Teledyne ISCO's DASNET as the D series pump controllers speak it. Pure; what comes from outside is not
 * trusted. A question is CR, unit, 'R', source, length, command, checksum, CR; an answer is acknowledgement,
 * source, length, text, checksum, CR, or without text acknowledgement, ' ', checksum, CR. Length and checksum
 * are two hexadecimal digits; with the checksum the sum of all characters is 0 modulo 256. Source: D series
 * manual, section 6 (serial interface), and public drivers; what an answer's text looks like is from the
 * drivers alone.
 */
#ifndef DENSD_DRIVERS_DASNET_H
#define DENSD_DRIVERS_DASNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DASNET_TEXT 256 /* an answer's text and its NUL: the length has two digits */
#define DASNET_FRAME (DASNET_TEXT + 8)

enum dasnet_result { DASNET_COMPLETE = 0, DASNET_INCOMPLETE, DASNET_MALFORMED };
struct dasnet_answer {
	char acknowledgement; /* 'R' received, 'B' busy, 'E' error */
	char source;          /* '0' to '9' and 'A' to 'Z'; ' ' without a text */
	char text[DASNET_TEXT];
};
struct dasnet_status {
	bool running, local, over_pressure, motor_fault, empty;
};

/* The number that makes the sum of @length bytes 0 modulo 256. */
uint8_t dasnet_checksum(const char *bytes, size_t length);
/* Unit 0 to 9. Bytes written to @ret_frame, or -EINVAL: a command of other than 1 to 64 printable characters.
 */
int dasnet_encode(unsigned unit, char source, const char *command, char ret_frame[DASNET_FRAME]);
/* The first frame of @bytes; leading CR and LF are passed over. *ret_used: how far to the end of the frame.
 */
enum dasnet_result dasnet_parse(const char *bytes, size_t length, size_t *ret_used,
				struct dasnet_answer *ret_answer);
/* "NAME=12.5", blanks allowed around both; only @name may answer. 0, or -EBADMSG. */
int dasnet_parse_value(const char *text, const char *name, double *ret_value);
/* The word after "NAME=", up to a comma or blank, upper case. 0, or -EBADMSG. */
int dasnet_parse_word(const char *text, const char *name, char ret_word[16]);
/* The words of STATUSx, whatever their order. 0, or -EBADMSG: neither running nor standing is said. */
int dasnet_parse_status(const char *text, struct dasnet_status *ret_status);

#endif
