/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/commissioning.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/file.h"
#include "config/schema.h"
#include "config/site_judge.h"
#include "config/yaml.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DAY_S 86400.0

static const char *const result_words[] = {"passed", "failed", "skipped", NULL};

struct record_draft {
	struct commissioning record;
	char version[24];
};
static const struct schema_field record_fields[] = {
	{"densd", SCHEMA_TEXT, true, offsetof(struct record_draft, version), 24},
	{"site", SCHEMA_TEXT, true, offsetof(struct record_draft, record.site), PLAN_TEXT},
	{"devices", SCHEMA_NODE, true},
};
#define ENTRY_AT(field) offsetof(struct commissioning_entry, field)
static const struct schema_field entry_fields[] = {
	{"device", SCHEMA_TEXT, true, ENTRY_AT(device), 32},
	{"profile", SCHEMA_TEXT, true, ENTRY_AT(profile), PROFILE_TEXT},
	{"profile_sha256", SCHEMA_TEXT, true, ENTRY_AT(profile_sha256), 65},
	{"date", SCHEMA_TEXT, true, ENTRY_AT(date), 24},
	{"by", SCHEMA_TEXT, true, ENTRY_AT(by), 64},
	{"steps", SCHEMA_NODE, true},
};
#define STEP_AT(field) offsetof(struct commissioning_step, field)
static const struct schema_field step_fields[] = {
	{"step", SCHEMA_TEXT, true, STEP_AT(name), 24},
	{"result", SCHEMA_CHOICE, true, STEP_AT(result), 1, DIM_NUMBER, 0, 0, result_words},
	{"found", SCHEMA_TEXT, true, STEP_AT(found), COMMISSIONING_TEXT},
};

int64_t commissioning_date_s(const struct commissioning_entry *entry)
{
	struct tm date = {0};
	const char *end = strptime(entry->date, "%Y-%m-%dT%H:%M:%SZ", &date);

	return end && !*end ? (int64_t)timegm(&date) : -1;
}

static bool is_list(const struct yaml_node *list, const char *what, size_t most,
		    struct diagnostics *diagnostics)
{
	if (!schema_is(list, YAML_SEQUENCE, what, diagnostics))
		return false;
	if (list->child_count <= most)
		return true;
	schema_error(diagnostics, list, "'%s' has %zu entries: at most %zu are allowed", what,
		     list->child_count, most);
	return false;
}

static void read_entry(const struct yaml_node *node, struct diagnostics *diagnostics,
		       struct commissioning_entry *entry)
{
	const struct yaml_node *steps = yaml_get(node, "steps");

	schema_read(node, "a device", entry_fields, COUNT(entry_fields), diagnostics, entry);
	if (entry->date[0] && commissioning_date_s(entry) < 0)
		schema_error(diagnostics, yaml_get(node, "date"),
			     "'date: %s' is no date: 2026-11-27T02:33:49Z is the form", entry->date);
	if (!steps || !is_list(steps, "steps", COMMISSIONING_STEPS_MAX, diagnostics))
		return;
	for (const struct yaml_node *step = steps->first_child; step; step = step->next)
		schema_read(step, "a step", step_fields, COUNT(step_fields), diagnostics,
			    &entry->steps[entry->step_count++]);
}

static void read_record(const struct yaml_node *root, struct diagnostics *diagnostics,
			struct record_draft *draft)
{
	const struct yaml_node *devices = yaml_get(root, "devices");

	schema_read(root, "the record of commissioning", record_fields, COUNT(record_fields), diagnostics,
		    draft);
	if (draft->version[0] && strcmp(draft->version, "commissioning/1") != 0)
		schema_error(diagnostics, yaml_get(root, "densd"),
			     "'densd: %.20s' is no record of this version: allowed is commissioning/1",
			     draft->version);
	if (!devices || !is_list(devices, "devices", COMMISSIONING_DEVICES_MAX, diagnostics))
		return;
	for (const struct yaml_node *node = devices->first_child; node; node = node->next)
		read_entry(node, diagnostics, &draft->record.entries[draft->record.count++]);
}

int commissioning_read(const char *path, struct diagnostics *diagnostics, struct commissioning *ret_record)
{
	struct record_draft *draft = calloc(1, sizeof(*draft));
	struct yaml_document *document = NULL;
	size_t length;
	char *text = NULL;
	int r = draft ? file_read(path, YAML_BYTES_MAX, &text, &length) : -ENOMEM;

	diagnostics_init(diagnostics, path);
	if (r == 0)
		document = yaml_read(text, length, diagnostics);
	if (document)
		read_record(yaml_root(document), diagnostics, draft);
	if (r == 0 && diagnostics->errors == 0)
		*ret_record = draft->record;
	else if (r == 0)
		r = 1;
	yaml_document_free(document);
	free(text);
	free(draft);
	return r;
}

void commissioning_clean(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			*text = '?';
}

static void print_record(const struct commissioning *record, FILE *stream)
{
	fprintf(stream,
		"# Written by densctl commission. densd reads it where the site file requires it.\n"
		"densd: commissioning/1\nsite: \"%s\"\ndevices:\n",
		record->site);
	for (uint32_t i = 0; i < record->count; i++) {
		const struct commissioning_entry *entry = &record->entries[i];

		fprintf(stream,
			"  - device: \"%s\"\n    profile: \"%s\"\n    profile_sha256: \"%s\"\n    date: "
			"\"%s\"\n"
			"    by: \"%s\"\n    steps:\n",
			entry->device, entry->profile, entry->profile_sha256, entry->date, entry->by);
		for (uint32_t s = 0; s < entry->step_count; s++)
			fprintf(stream, "      - {step: \"%s\", result: %s, found: \"%s\"}\n",
				entry->steps[s].name, result_words[entry->steps[s].result],
				entry->steps[s].found);
	}
}

int commissioning_write(const char *path, const struct commissioning *record)
{
	char new_path[SITE_PATH + 8];
	FILE *stream;
	int r = 0;

	if ((size_t)snprintf(new_path, sizeof(new_path), "%s.new", path) >= sizeof(new_path))
		return -ENAMETOOLONG;
	stream = fopen(new_path, "we");
	if (!stream)
		return -errno;
	print_record(record, stream);
	if (fflush(stream) != 0 || fsync(fileno(stream)) != 0)
		r = -errno;
	if (fclose(stream) != 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(new_path, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(new_path);
	return r;
}

const struct commissioning_entry *commissioning_find(const struct commissioning *record, const char *device)
{
	for (uint32_t i = 0; i < record->count; i++)
		if (strcmp(record->entries[i].device, device) == 0)
			return &record->entries[i];
	return NULL;
}

bool commissioning_put(struct commissioning *record, const struct commissioning_entry *entry)
{
	const struct commissioning_entry *old = commissioning_find(record, entry->device);
	size_t at = old ? (size_t)(old - record->entries) : record->count;

	if (at >= COMMISSIONING_DEVICES_MAX)
		return false;
	record->entries[at] = *entry;
	if (!old)
		record->count++;
	return true;
}

bool commissioning_passed(const struct commissioning_entry *entry)
{
	for (uint32_t i = 0; i < entry->step_count; i++)
		if (entry->steps[i].result == COMMISSIONING_FAILED)
			return false;
	return entry->step_count > 0;
}

static void complain(struct site_commissioning *judged, const char *device, uint8_t *complaints,
		     enum site_complaint complaint)
{
	*complaints = (uint8_t)(*complaints | 1u << complaint);
	if (!judged->fault[0])
		snprintf(judged->fault, sizeof(judged->fault),
			 "device '%.31s' %.100s: densctl commission %.31s", device,
			 site_judge_complaint_text(complaint), device);
}

static bool has_passed(const struct commissioning_entry *entry, const char *step)
{
	for (uint32_t i = 0; i < entry->step_count; i++)
		if (strcmp(entry->steps[i].name, step) == 0)
			return entry->steps[i].result == COMMISSIONING_PASSED;
	return false;
}

static void judge_device(const struct commissioning *record, const struct bus_device *device, bool coupled,
			 struct site_commissioning *judged, uint8_t *complaints, int64_t *ret_date_s)
{
	const struct commissioning_entry *entry = commissioning_find(record, device->name);
	int64_t until_s;

	if (!entry) {
		complain(judged, device->name, complaints, COMPLAINT_MISSING);
		return;
	}
	if (strcmp(entry->profile_sha256, device->profile.sha256) != 0)
		complain(judged, device->name, complaints, COMPLAINT_PROFILE);
	if (!commissioning_passed(entry))
		complain(judged, device->name, complaints, COMPLAINT_FAILED);
	if (coupled && device->profile.kind == DEVICE_FURNACE && !has_passed(entry, COMMISSIONING_CONTACTOR))
		complain(judged, device->name, complaints, COMPLAINT_CONTACTOR);
	if (strcmp(entry->profile_sha256, device->profile.sha256) == 0 && commissioning_passed(entry))
		*ret_date_s = commissioning_date_s(entry);
	until_s = commissioning_date_s(entry) + (int64_t)(judged->valid_days * DAY_S);
	if (judged->until_wall_s == 0 || until_s < judged->until_wall_s) {
		judged->until_wall_s = until_s;
		snprintf(judged->device, sizeof(judged->device), "%s", device->name);
	}
}

void commissioning_judge(const struct commissioning *record, struct site *site)
{
	struct site_commissioning *judged = &site->commissioning;

	judged->of_record = strcmp(record->site, site->name) != 0;
	if (judged->of_record)
		snprintf(judged->fault, sizeof(judged->fault),
			 "the record of commissioning is of the site '%.60s', not of '%.60s'", record->site,
			 site->name);
	for (uint32_t b = 0; b < site->bus_count; b++)
		for (uint32_t d = 0; d < site->buses[b].device_count; d++)
			judge_device(record, &site->buses[b].devices[d], site->buses[b].contactor.fitted,
				     judged, &judged->complaints[b][d], &judged->date_s[b][d]);
}
