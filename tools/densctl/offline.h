/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a protocol here, before anything is sent: validate, plan and submit share it. */
#ifndef DENSCTL_OFFLINE_H
#define DENSCTL_OFFLINE_H

#include <json-c/json.h>

#include "config/protocol_reader.h"
#include "config/site_judge.h"
#include "tools/densctl/command.h"

struct offline {
	struct site site;
	struct diagnostics diagnostics;
	struct plan plans[PROTOCOL_PLANS_MAX];
	size_t plan_count;
	char text[PROTOCOL_TEXT_MAX + 1];
	size_t text_length;
};

/* The chosen site, read; NULL with *ret_code when it cannot be. Free with free(). */
struct offline *offline_new(const struct options *options, int *ret_code);
/* The text of @path, unchecked. DENSCTL_OK, or DENSCTL_INVALID with the reason on standard error. */
int offline_load(const char *command, const char *path, struct offline *offline);
/* Reads and checks @path into @offline. DENSCTL_OK, or DENSCTL_INVALID with the reasons in its diagnostics.
 */
int offline_read_text(const char *command, const char *path, struct offline *offline);
/* A list of {level, line, column, text}; the caller's. */
json_object *offline_diagnostics_json(const struct diagnostics *diagnostics);
/*
 * What densd would answer a submit of these plans now, beyond what is in the files: DENSCTL_OK, or
 * DENSCTL_REFUSED with all the reasons.
 */
int offline_judge(const struct offline *offline, struct site_reasons *ret_reasons);
/* On standard error, behind what the caller has said: how many there are, then one a line. */
void offline_print_reasons(const struct offline *offline, const struct site_reasons *reasons);

#endif
