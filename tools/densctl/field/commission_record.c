/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/field/commission_record.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "tools/densctl/field/ask.h"
#include "tools/densctl/json.h"

#define DAY_S 86400.0

const char *commission_record_mark(uint8_t result)
{
	static const char *const marks[] = {"passed", "FAILED", "skipped"};

	return marks[result];
}

/* What was typed for a question too many is nobody's name. */
static bool is_name(const char *text)
{
	static const char *const answers[] = {"", "y", "n", "yes", "no"};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (strcasecmp(text, answers[i]) == 0)
			return false;
	return true;
}

static void load_record(const char *path, const struct site *site, struct commissioning *ret_record)
{
	struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
	int r = diagnostics ? commissioning_read(path, diagnostics, ret_record) : -ENOMEM;

	if (r > 0)
		diagnostics_print(diagnostics, stderr);
	if (r != 0)
		*ret_record = (struct commissioning){0};
	snprintf(ret_record->site, sizeof(ret_record->site), "%s", site->name);
	free(diagnostics);
}

int commission_record_sign(const char *path, const struct site *site, struct commissioning_entry *entry)
{
	struct commissioning *record = calloc(1, sizeof(*record));
	int r = record ? 0 : -ENOMEM;

	while (r == 0 && !is_name(entry->by))
		if (!ask("Your name, to sign this:", entry->by, sizeof(entry->by)))
			r = -EINTR;
	if (r == 0) {
		commissioning_clean(entry->by);
		load_record(path, site, record);
		r = commissioning_put(record, entry) ? commissioning_write(path, record) : -ENOSPC;
	}
	free(record);
	if (r == -EINTR)
		fputs("densctl commission: not signed: nothing is recorded\n", stderr);
	else if (r < 0)
		fprintf(stderr, "densctl commission: %s was not written: %s\n", path, strerror(-r));
	else
		printf("Recorded in %s. densd takes it within a second, or when it starts, where the site "
		       "names this file.\n",
		       path);
	if (r == -EINTR)
		return DENSCTL_REFUSED;
	return r < 0 ? DENSCTL_INVALID : DENSCTL_OK;
}

static json_object *entry_json(const struct commissioning_entry *entry)
{
	json_object *object = json_object_new_object(), *steps = json_object_new_array();

	json_add_text(object, "device", entry->device);
	json_add_text(object, "profile", entry->profile);
	json_add_text(object, "profile_sha256", entry->profile_sha256);
	json_add_text(object, "date", entry->date);
	json_add_text(object, "by", entry->by);
	for (uint32_t i = 0; i < entry->step_count; i++) {
		json_object *step = json_object_new_object();

		json_add_text(step, "step", entry->steps[i].name);
		json_add_text(step, "result", commission_record_mark(entry->steps[i].result));
		json_add_text(step, "found", entry->steps[i].found);
		json_object_array_add(steps, step);
	}
	json_object_object_add(object, "steps", steps);
	return object;
}

static void print_entry(const struct commissioning_entry *entry)
{
	printf("%s: profile %s, %s, by %s\n", entry->device, entry->profile, entry->date, entry->by);
	for (uint32_t i = 0; i < entry->step_count; i++)
		printf("  %-12s %-8s %s\n", entry->steps[i].name,
		       commission_record_mark(entry->steps[i].result), entry->steps[i].found);
}

static void print_verdict(const struct site *site)
{
	const struct site_commissioning *judged = &site->commissioning;
	double left_days = (double)(judged->until_wall_s - (int64_t)time(NULL)) / DAY_S;

	if (!judged->required)
		puts("The site file does not require it.");
	else if (judged->fault[0])
		printf("No run is accepted: %s\n", judged->fault);
	else if (left_days <= 0)
		printf("No run is accepted: '%s' is %.0f days over the site's %g\n", judged->device,
		       -left_days, judged->valid_days);
	else
		printf("Good for %.0f more days ('%s' is the oldest).\n", left_days, judged->device);
}

int commission_record_show(const struct options *options, const struct site *site, const char *path)
{
	struct commissioning *record = calloc(1, sizeof(*record));
	json_object *list = json_object_new_array();

	if (!record)
		return DENSCTL_INVALID;
	load_record(path, site, record);
	for (uint32_t i = 0; i < record->count; i++) {
		json_object_array_add(list, entry_json(&record->entries[i]));
		if (!option_given(options, OPTION_JSON))
			print_entry(&record->entries[i]);
	}
	if (option_given(options, OPTION_JSON))
		json_print(list, stdout);
	else
		print_verdict(site);
	json_object_put(list);
	free(record);
	return DENSCTL_OK;
}
