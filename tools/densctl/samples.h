/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stored samples of a run, page by page: densd holds no more than one page of them at a time. */
#ifndef DENSCTL_SAMPLES_H
#define DENSCTL_SAMPLES_H

#include "tools/densctl/client.h"

/* One reply to "samples"; borrowed. */
typedef void samples_take(void *userdata, json_object *page);
/* Gives each page of @run to @take, in order; @format is "csv" or "json". As client_ask. */
int samples_each(const struct options *options, const char *run, const char *format, samples_take *take,
		 void *userdata);

#endif
