/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densctl commission: the checklist of one device, step by step, and the record of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/densctl/field/ask.h"
#include "tools/densctl/field/commission_record.h"
#include "tools/densctl/field/probe.h"
#include "tools/densctl/field/steps.h"
#include "tools/densctl/site_choice.h"

#define REASON_LEAST 10
#define CAPTURE_S 3600
#define ZERO_CELSIUS_K 273.15

/* The limits that the profile declares as registers, read before the driver has the line. */
static void read_limits(struct commission *commission)
{
	const struct profile *profile = &commission->device->profile;
	const struct profile_register *low = profile_find(profile, "limit_low"),
				      *high = profile_find(profile, "limit_high");
	struct probe_value low_value, high_value;
	struct modbus_line *line;
	struct modbus_port port;
	double top_k = commission->site->limits.protocol_temperature_k;

	if (!low || !high || profile_bus_is_text(commission->config->kind) ||
	    probe_open(commission->config, &line) < 0)
		return;
	modbus_port_init(&port, line, commission->device, commission->config->scale);
	probe_read(&port, low, &low_value);
	probe_read(&port, high, &high_value);
	line->ops->free(line);
	snprintf(commission->limits, sizeof(commission->limits),
		 "the device takes %.1f to %.1f K; the site asks up to %g K", low_value.value,
		 high_value.value, top_k);
	commission->limits_hold = !low_value.fault && !high_value.fault && high_value.value >= top_k &&
				  low_value.value <= ZERO_CELSIUS_K + 20;
}

/* A reason is a sentence for the record, not a switch. */
static bool is_reason(const char *text)
{
	return strlen(text) >= REASON_LEAST && strchr(text, ' ');
}

static bool skip_step(const struct step *step, struct commissioning_step *ret_step)
{
	char reason[80];

	while (step->may_skip && ask("Enter to do it now, or why it is skipped:", reason, sizeof(reason))) {
		if (!reason[0])
			return false;
		if (is_reason(reason)) {
			ret_step->result = COMMISSIONING_SKIPPED;
			snprintf(ret_step->found, sizeof(ret_step->found), "%s", reason);
			return true;
		}
		printf("    A reason in words is wanted, at least %d characters.\n", REASON_LEAST);
	}
	return false;
}

/* False: interrupted, or a step failed behind which nothing makes sense. */
static bool do_step(struct commission *commission, const struct step *step, struct commissioning_entry *entry)
{
	struct commissioning_step *done = &entry->steps[entry->step_count];

	if (step->needed && !step->needed(commission))
		return true;
	printf("  %u. %s: %s\n", entry->step_count + 1, step->name, step->what);
	fflush(stdout);
	snprintf(done->name, sizeof(done->name), "%s", step->name);
	if (!skip_step(step, done) && !ask_stopped())
		done->result =
			step->run(commission, done->found) ? COMMISSIONING_PASSED : COMMISSIONING_FAILED;
	if (ask_stopped())
		return false;
	commissioning_clean(done->found);
	printf("     %s: %s\n", commission_record_mark(done->result), done->found);
	entry->step_count++;
	return done->result != COMMISSIONING_FAILED;
}

/* True when all steps that were done passed. */
static bool do_steps(struct commission *commission, struct commissioning_entry *entry)
{
	size_t count;
	const struct step *steps = steps_of(commission->device->profile.kind, &count);
	bool ok = true;

	for (size_t i = 0; ok && i < count && entry->step_count < COMMISSIONING_STEPS_MAX; i++)
		ok = do_step(commission, &steps[i], entry);
	if (steps_make_safe(commission))
		puts("  The device is left in its safe state.");
	else
		puts("  The device did NOT answer to its safe state: look at it, and switch it off at its "
		     "panel.");
	return ok;
}

static void begin_entry(const struct commission *commission, struct commissioning_entry *entry)
{
	time_t now = time(NULL);
	struct tm date;

	snprintf(entry->device, sizeof(entry->device), "%s", commission->device->name);
	snprintf(entry->profile, sizeof(entry->profile), "%s", commission->device->profile.name);
	memcpy(entry->profile_sha256, commission->device->profile.sha256, sizeof(entry->profile_sha256));
	strftime(entry->date, sizeof(entry->date), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &date));
}

/* The marks of the profile are for people: each is answered before the name is given, and stays in the
 * record. */
static bool confirm_marks(uint32_t count, const char (*marks)[PROFILE_TEXT],
			  struct commissioning_entry *entry)
{
	for (uint32_t i = 0; i < count && entry->step_count < COMMISSIONING_STEPS_MAX; i++) {
		struct commissioning_step *step = &entry->steps[entry->step_count++];
		char question[PROFILE_TEXT + 40];

		snprintf(question, sizeof(question), "Verified: %s? (yes or no)", marks[i]);
		if (!ask_yes(question))
			return false;
		*step = (struct commissioning_step){.name = "verified", .result = COMMISSIONING_PASSED};
		snprintf(step->found, sizeof(step->found), "%s", marks[i]);
		commissioning_clean(step->found);
	}
	return true;
}

/* A coupler's are confirmed with the furnace whose contactor it carries. */
static bool confirm_all_marks(const struct commission *commission, struct commissioning_entry *entry)
{
	const struct profile *profile = &commission->device->profile;
	const struct bus_contactor *contactor = &commission->config->contactor;

	return confirm_marks(profile->mark_count, profile->marks, entry) &&
	       (profile->kind != DEVICE_FURNACE ||
		confirm_marks(contactor->mark_count, contactor->marks, entry));
}

static const char *record_path(const struct options *options, const struct site *site)
{
	if (options->value[OPTION_OUT])
		return options->value[OPTION_OUT];
	return site->commissioning.record[0] ? site->commissioning.record : NULL;
}

/* False, and the reason is said: the line cannot be opened. */
static bool try_line(const struct bus_config *config)
{
	char why[FIELD_WHY];

	if (field_try_line(config, why) >= 0)
		return true;
	fprintf(stderr, "densctl commission: bus '%s' cannot be opened: %s\n", config->name, why);
	return false;
}

static bool begin_capture(const struct options *options, struct field *field)
{
	const char *path = options->value[OPTION_CAPTURE];
	FILE *stream = path ? fopen(path, "wxe") : NULL;

	if (stream)
		bus_capture(field->bus, stream, CAPTURE_S);
	else if (path)
		fprintf(stderr, "densctl commission: %s: %s; a capture never overwrites a file\n", path,
			strerror(errno));
	return stream || !path;
}

/* DENSCTL_OK: @ret_commission stands on an open line, to be closed with field_close. */
static int open_device(const struct options *options, const struct site *site,
		       struct commission *ret_commission)
{
	struct commission commission = {.site = site};
	uint32_t bus;

	if (!field_find_device(site, options->command, options->arguments[0], &bus, &commission.index))
		return DENSCTL_USAGE;
	commission.config = &site->buses[bus];
	commission.device = &commission.config->devices[commission.index];
	if (!field_is_free(options->command, commission.config))
		return DENSCTL_REFUSED;
	if (!profile_bus_is_tcp(commission.config->kind) && !try_line(commission.config))
		return DENSCTL_INVALID;
	setvbuf(stdout, NULL, _IOLBF, 0);
	read_limits(&commission);
	if (field_open(commission.config, &commission.field) < 0)
		return DENSCTL_INVALID;
	if (!begin_capture(options, &commission.field)) {
		field_close(&commission.field);
		return DENSCTL_INVALID;
	}
	*ret_commission = commission;
	return DENSCTL_OK;
}

static void print_beginning(const struct commission *commission)
{
	char text[FIELD_TEXT];

	printf("Commissioning '%s', profile %s, unit %u on %s.\n", commission->device->name,
	       commission->device->profile.name, commission->device->unit,
	       field_line_text(commission->config, text));
	puts("No step heats and none raises pressure. Ctrl-C stops: the device is made safe and nothing is "
	     "recorded.");
}

static int commission_device(const struct options *options, const struct site *site, const char *path)
{
	struct commissioning_entry entry = {0};
	struct commission commission;
	int r = open_device(options, site, &commission);
	bool ok;

	if (r != DENSCTL_OK)
		return r;
	print_beginning(&commission);
	begin_entry(&commission, &entry);
	ok = do_steps(&commission, &entry);
	if (commission.field.reports[commission.index].connects == 0)
		try_line(commission.config);
	field_close(&commission.field);
	if (!ask_stopped() && ok)
		ok = confirm_all_marks(&commission, &entry);
	if (!ask_stopped() && ok)
		return commission_record_sign(path, site, &entry);
	fprintf(stderr, "densctl commission: %s nothing is recorded\n",
		ask_stopped() ? "stopped:" : "a step failed: put right what it names and begin again;");
	return DENSCTL_REFUSED;
}

int commission_run(const struct options *options)
{
	struct site *site = calloc(1, sizeof(*site));
	int r = site ? site_choose(options, site) : DENSCTL_INVALID;
	const char *path = r == DENSCTL_OK ? record_path(options, site) : NULL;

	if (r == DENSCTL_OK && !path)
		r = usage_error(options->command,
				"the site '%s' names no record: add 'commissioning: {record: FILE}' to "
				"it, or give --out FILE",
				site->name);
	if (r == DENSCTL_OK) {
		ask_catch_signals();
		r = options->count > 0 ? commission_device(options, site, path)
				       : commission_record_show(options, site, path);
	}
	free(site);
	return r;
}
