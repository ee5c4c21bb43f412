/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validate, and what plan and submit share of it: no daemon, the same reader, checks and judge. */
#include "tools/densctl/offline.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "tools/densctl/json.h"
#include "tools/densctl/site_choice.h"

static int file_fault(const char *command, const char *path, const char *why)
{
	fprintf(stderr, "densctl %s: %s: %s\n", command, path, why);
	return DENSCTL_INVALID;
}

int offline_load(const char *command, const char *path, struct offline *offline)
{
	FILE *file = fopen(path, "re");
	size_t n;
	int failed;

	if (!file)
		return file_fault(command, path, strerror(errno));
	n = fread(offline->text, 1, sizeof(offline->text), file);
	failed = ferror(file) ? errno : 0;
	fclose(file);
	if (failed)
		return file_fault(command, path, strerror(failed));
	if (n == sizeof(offline->text))
		return file_fault(command, path, "larger than 64 KiB; a protocol is a page or two of text");
	offline->text_length = n;
	diagnostics_init(&offline->diagnostics, path);
	offline->plan_count = 0;
	return DENSCTL_OK;
}

int offline_read_text(const char *command, const char *path, struct offline *offline)
{
	int r = offline_load(command, path, offline);

	if (r)
		return r;
	if (protocol_read(offline->text, offline->text_length, &offline->site, &offline->diagnostics,
			  offline->plans, &offline->plan_count))
		return DENSCTL_INVALID;
	return DENSCTL_OK;
}

struct offline *offline_new(const struct options *options, int *ret_code)
{
	struct offline *offline = calloc(1, sizeof(*offline));

	*ret_code = offline ? site_choose(options, &offline->site) : DENSCTL_INVALID;
	if (*ret_code == DENSCTL_OK)
		return offline;
	free(offline);
	return NULL;
}

json_object *offline_diagnostics_json(const struct diagnostics *diagnostics)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *diagnostic = &diagnostics->list[i];
		json_object *entry = json_object_new_object();

		json_object_object_add(
			entry, "level",
			json_object_new_string(diagnostic->level == DIAGNOSTIC_ERROR ? "error" : "warning"));
		json_object_object_add(entry, "line", json_object_new_int64(diagnostic->line));
		json_object_object_add(entry, "column", json_object_new_int64(diagnostic->column));
		json_object_object_add(entry, "text", json_object_new_string(diagnostic->text));
		json_object_array_add(list, entry);
	}
	return list;
}

int offline_judge(const struct offline *offline, struct site_reasons *ret_reasons)
{
	site_judge_all(&offline->site, clock_wall_us() / 1000000, offline->plans, offline->plan_count,
		       ret_reasons);
	return ret_reasons->count > 0 ? DENSCTL_REFUSED : DENSCTL_OK;
}

void offline_print_reasons(const struct offline *offline, const struct site_reasons *reasons)
{
	uint32_t all = reasons->count + reasons->dropped;

	fprintf(stderr, "well formed, but densd would not take it at site '%s' now, for %u reason%s:\n",
		offline->site.name, all, all == 1 ? "" : "s");
	for (uint32_t i = 0; i < reasons->count; i++) {
		const struct site_reason *reason = &reasons->list[i];

		fprintf(stderr, "  %s, %s: %s; allowed: %s\n", reason->what, reason->where, reason->why,
			reason->allowed);
	}
	if (reasons->dropped > 0)
		fprintf(stderr, "  and %u more\n", reasons->dropped);
}

static json_object *reasons_json(const struct site_reasons *reasons)
{
	json_object *list = json_object_new_array();

	for (uint32_t i = 0; i < reasons->count; i++) {
		const struct site_reason *reason = &reasons->list[i];
		json_object *entry = json_object_new_object();

		json_add_text(entry, "what", reason->what);
		json_add_text(entry, "where", reason->where);
		json_add_text(entry, "why", reason->why);
		json_add_text(entry, "allowed", reason->allowed);
		json_object_array_add(list, entry);
	}
	return list;
}

static void validate_report(const struct offline *offline, const char *path, int r,
			    const struct site_reasons *reasons, json_object *list)
{
	bool read = offline->diagnostics.file[0] != '\0';

	if (list) {
		json_object *entry = json_object_new_object();

		json_object_object_add(entry, "file", json_object_new_string(path));
		json_object_object_add(entry, "ok", json_object_new_boolean(r == DENSCTL_OK));
		json_object_object_add(entry, "why",
				       json_object_new_string(reasons->count ? reasons->list[0].why : ""));
		json_object_object_add(entry, "reasons", reasons_json(reasons));
		json_object_object_add(entry, "runs", json_object_new_int64((int64_t)offline->plan_count));
		json_object_object_add(entry, "diagnostics", offline_diagnostics_json(&offline->diagnostics));
		json_object_array_add(list, entry);
		return;
	}
	if (read && offline->diagnostics.count)
		diagnostics_print(&offline->diagnostics, stderr);
	if (r == DENSCTL_OK)
		printf("%s: good, %zu run%s\n", path, offline->plan_count,
		       offline->plan_count == 1 ? "" : "s");
	if (r == DENSCTL_REFUSED) {
		fprintf(stderr, "%s: ", path);
		offline_print_reasons(offline, reasons);
	}
}

int validate_run(const struct options *options)
{
	json_object *list = option_given(options, OPTION_JSON) ? json_object_new_array() : NULL;
	int result, r;
	struct offline *offline = offline_new(options, &result);

	for (int i = 0; offline && i < options->count; i++) {
		struct site_reasons reasons = {0};

		memset(&offline->diagnostics, 0, sizeof(offline->diagnostics));
		r = offline_read_text(options->command, options->arguments[i], offline);
		if (r == DENSCTL_OK)
			r = offline_judge(offline, &reasons);
		validate_report(offline, options->arguments[i], r, &reasons, list);
		if (r > result)
			result = r;
	}
	if (offline && list)
		json_print(list, stdout);
	json_object_put(list);
	free(offline);
	return result;
}
