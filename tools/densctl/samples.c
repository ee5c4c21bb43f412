/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/samples.h"

#include "tools/densctl/json.h"

int samples_each(const struct options *options, const char *run, const char *format, samples_take *take,
		 void *userdata)
{
	int64_t from = 0, next = 0;
	int r;

	do {
		json_object *request = json_request("samples"), *reply = NULL;

		from = next;
		json_add_text(request, "run", run);
		json_add_text(request, "format", format);
		if (from > 0)
			json_object_object_add(request, "from", json_object_new_int64(from));
		r = client_ask(options, request, &reply);
		next = r == DENSCTL_OK ? json_object_get_int64(json_field(reply, "next")) : 0;
		if (r == DENSCTL_OK)
			take(userdata, reply);
		json_object_put(reply);
	} while (next > from);
	return r;
}
