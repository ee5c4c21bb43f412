/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading densd's JSON without trusting its shape: a field that is missing or of another kind is absent. */
#ifndef DENSCTL_JSON_H
#define DENSCTL_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "config/json_real.h"

/* @path is "field" or "field.inner". Borrowed; NULL when absent. */
json_object *json_field(json_object *message, const char *path);
double json_number(json_object *message, const char *path); /* NAN when absent or null */
const char *json_text(json_object *message, const char *path, const char *fallback);
/* 0 for what is no list. */
size_t json_length(json_object *list);
bool json_flag(json_object *message, const char *path);
/* {"command": @command}; the caller owns it and adds to it. */
json_object *json_request(const char *command);
void json_add_text(json_object *message, const char *field, const char *text); /* NULL: nothing is added */
void json_print(json_object *message, FILE *stream);                           /* pretty, one document */

/* "0:43:12"; "-" for what is not finite. @text holds DURATION_TEXT bytes; returned. */
#define DURATION_TEXT 32
const char *duration_text(double seconds, char text[DURATION_TEXT]);
/* "%.*f" or "-". @text holds NUMBER_TEXT bytes; returned. */
#define NUMBER_TEXT 32
const char *number_text(double value, int decimals, char text[NUMBER_TEXT]);

#endif
