/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/list.h"

#include <stdio.h>

#include "tools/densctl/client.h"
#include "tools/densctl/json.h"

int list_show(const struct options *options, json_object *request, const char *list, const char *heading,
	      void (*row)(json_object *entry))
{
	json_object *reply = NULL, *entries;
	int r = client_ask(options, request, &reply);

	entries = json_field(reply, list);
	if (r == DENSCTL_OK && option_given(options, OPTION_JSON)) {
		json_print(entries, stdout);
	} else if (r == DENSCTL_OK) {
		if (heading || !json_length(entries))
			puts(json_length(entries) ? heading : "none");
		for (size_t i = 0; i < json_length(entries); i++)
			row(json_object_array_get_idx(entries, i));
	}
	json_object_put(reply);
	return r;
}
