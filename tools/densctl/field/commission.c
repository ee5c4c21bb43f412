/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densctl commission: the checklist of one device, step by step, and the record of it. */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "tools/densctl/field/probe.h"
#include "tools/densctl/field/steps.h"
#include "tools/densctl/json.h"
#include "tools/densctl/site_choice.h"

#define REASON_LEAST 10
#define CAPTURE_S 3600
#define DAY_S 86400.0
#define ZERO_CELSIUS_K 273.15

static const char *const result_marks[] = {"passed", "FAILED", "skipped"};
static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

bool ask_stopped(void)
{
	return stopped != 0;
}

bool ask(const char *question, char *ret_answer, size_t size)
{
	printf("    %s ", question);
	fflush(stdout);
	if (ask_stopped() || !fgets(ret_answer, (int)size, stdin)) {
		stopped = 1;
		return false;
	}
	ret_answer[strcspn(ret_answer, "\n")] = '\0';
	if (!isatty(STDIN_FILENO))
		printf("%s\n", ret_answer);
	return true;
}

bool ask_yes(const char *question)
{
	char answer[64];

	while (ask(question, answer, sizeof(answer))) {
		if (strcmp(answer, "yes") == 0 || strcmp(answer, "no") == 0)
			return answer[0] == 'y';
		puts("    'yes' or 'no' is wanted.");
	}
	return false;
}

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
	printf("     %s: %s\n", result_marks[done->result], done->found);
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

static int sign_and_store(const char *path, const struct site *site, struct commissioning_entry *entry)
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

static const char *record_path(const struct options *options, const struct site *site)
{
	if (options->value[OPTION_OUT])
		return options->value[OPTION_OUT];
	return site->commissioning.record[0] ? site->commissioning.record : NULL;
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

static int commission_device(const struct options *options, const struct site *site, const char *path)
{
	struct commissioning_entry entry = {0};
	struct commission commission = {.site = site};
	char text[FIELD_TEXT], why[FIELD_WHY];
	uint32_t bus;
	bool ok;

	if (!field_find_device(site, options->command, options->arguments[0], &bus, &commission.index))
		return DENSCTL_USAGE;
	commission.config = &site->buses[bus];
	commission.device = &commission.config->devices[commission.index];
	if (!field_is_free(options->command, commission.config))
		return DENSCTL_REFUSED;
	if (!profile_bus_is_tcp(commission.config->kind) && field_try_line(commission.config, why) < 0) {
		fprintf(stderr, "densctl commission: bus '%s' cannot be opened: %s\n",
			commission.config->name, why);
		return DENSCTL_INVALID;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	read_limits(&commission);
	if (field_open(commission.config, &commission.field) < 0)
		return DENSCTL_INVALID;
	if (!begin_capture(options, &commission.field)) {
		field_close(&commission.field);
		return DENSCTL_INVALID;
	}
	printf("Commissioning '%s', profile %s, unit %u on %s.\nNo step heats and none raises pressure. "
	       "Ctrl-C stops: "
	       "the device is made safe and nothing is recorded.\n",
	       commission.device->name, commission.device->profile.name, commission.device->unit,
	       field_line_text(commission.config, text));
	begin_entry(&commission, &entry);
	ok = do_steps(&commission, &entry);
	if (commission.field.reports[commission.index].connects == 0 &&
	    field_try_line(commission.config, why) < 0)
		fprintf(stderr, "densctl commission: bus '%s' cannot be opened: %s\n",
			commission.config->name, why);
	field_close(&commission.field);
	if (!ask_stopped() && ok)
		ok = confirm_all_marks(&commission, &entry);
	if (ask_stopped()) {
		fputs("densctl commission: stopped: nothing is recorded\n", stderr);
		return DENSCTL_REFUSED;
	}
	if (!ok) {
		fputs("densctl commission: a step failed: put right what it names and begin again; nothing "
		      "is recorded\n",
		      stderr);
		return DENSCTL_REFUSED;
	}
	return sign_and_store(path, site, &entry);
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
		json_add_text(step, "result", result_marks[entry->steps[i].result]);
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
		printf("  %-12s %-8s %s\n", entry->steps[i].name, result_marks[entry->steps[i].result],
		       entry->steps[i].found);
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

static int show_record(const struct options *options, const struct site *site, const char *path)
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
		struct sigaction action = {.sa_handler = stop};

		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
		r = options->count > 0 ? commission_device(options, site, path)
				       : show_record(options, site, path);
	}
	free(site);
	return r;
}
