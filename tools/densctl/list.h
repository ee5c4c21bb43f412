/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question whose answer is a list, printed a row an entry, or as JSON. */
#ifndef DENSCTL_LIST_H
#define DENSCTL_LIST_H

#include <json-c/json.h>

#include "tools/densctl/command.h"

/* Asks @request (taken) and prints the list named @list of the reply with @row, behind @heading unless that
 * is NULL; as JSON with --json. enum exit_code. */
int list_show(const struct options *options, json_object *request, const char *list, const char *heading,
	      void (*row)(json_object *entry));

#endif
