/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is the heater off, and is the press locked? Lock and contactors of a sample in words, each with its age. */
#ifndef DENSCTL_SWITCHES_H
#define DENSCTL_SWITCHES_H

#include <json-c/json.h>

#define SWITCHES_TEXT 160
/* @since_s: how long ago the sample was taken. Each returns @text. */
/* "open, read 0.1 s ago"; with a coupler "press: open, read 0.1 s ago; coupler: not known, never read". */
const char *switches_contactors(json_object *sample, double since_s, char text[SWITCHES_TEXT]);
/* "LOCKED, read 0.1 s ago" */
const char *switches_lock(json_object *sample, double since_s, char text[SWITCHES_TEXT]);
/* Without ages, for a line: "contactor open  press LOCKED"; of two the press's comes first. */
const char *switches_brief(json_object *sample, char text[SWITCHES_TEXT]);

#endif
