/* SPDX-License-Identifier: GPL-3.0-or-later */
/* devices: each instrument of the running densd; replaced: another one is in its place. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tools/densctl/client.h"
#include "tools/densctl/json.h"
#include "tools/densctl/list.h"

#define CELL 64
#define OLD_S 2.0

static const char *wear_text(json_object *device, char text[CELL])
{
	double budget = json_number(device, "writes_budget"), used = json_number(device, "writes_used");

	if (isnan(budget))
		return "none";
	if (isnan(used))
		return "not known yet";
	snprintf(text, CELL, "%.0f of %.0f (%.1f %%)", used, budget, 100 * used / budget);
	return text;
}

static const char *health_text(json_object *device, char text[CELL])
{
	double age_s = json_number(device, "age_s");
	const char *fault = json_text(device, "fault", "none");

	if (json_flag(device, "quarantined"))
		return "quarantined";
	if (!json_flag(device, "online"))
		snprintf(text, CELL, "not online%s%s", strcmp(fault, "none") ? ": " : "",
			 strcmp(fault, "none") ? fault : "");
	else if (json_flag(device, "units_differ"))
		return "UNITS DIFFER";
	else if (isnan(age_s))
		return "online, nothing read";
	else
		snprintf(text, CELL, age_s < OLD_S ? "good, %.1f s old" : "STALE, %.1f s old", age_s);
	return text;
}

static const char *days_text(double days, char text[CELL])
{
	if (isnan(days))
		return "-";
	snprintf(text, CELL, days > 0 ? "%.0f days left" : "EXPIRED %.0f days ago", fabs(days));
	return text;
}

static void print_causes(json_object *device)
{
	json_object *causes = json_field(device, "causes");

	printf("    errors         %.0f of %.0f transactions, %.0f reconnects, worker started %.0f times",
	       json_number(device, "errors"), json_number(device, "transactions"),
	       json_number(device, "reconnects"), json_number(device, "worker_starts"));
	if (json_object_is_type(causes, json_type_object)) {
		struct json_object_iterator at = json_object_iter_begin(causes),
					    end = json_object_iter_end(causes);

		for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
			printf("; %s %.0f", json_object_iter_peek_name(&at),
			       json_object_get_double(json_object_iter_peek_value(&at)));
	}
	putchar('\n');
}

static void print_commissioning(json_object *device)
{
	char days[CELL];
	const char *date = json_text(device, "commissioned", NULL);
	const char *asked =
		json_flag(device, "commissioning_required") ? "" : " (the site does not ask for it)";

	if (date)
		printf("    commissioned   %.10s, %s%s\n", date,
		       days_text(json_number(device, "commissioning_days_left"), days), asked);
	else
		printf("    commissioned   not with this profile%s\n", asked);
}

static void print_calibrations(json_object *device)
{
	json_object *list = json_field(device, "calibrations");
	char days[CELL];

	if (json_length(list) == 0)
		puts("    calibration    none: taken as read");
	for (size_t i = 0; i < json_length(list); i++) {
		json_object *entry = json_object_array_get_idx(list, i);

		printf("    calibration    %s %s %s of %s, %s\n", json_text(entry, "place", "-"),
		       json_text(entry, "id", "-"), json_text(entry, "version", ""),
		       json_text(entry, "date", "-"), days_text(json_number(entry, "days_left"), days));
	}
}

static void print_wear(json_object *device)
{
	char text[CELL];
	double per_day = json_number(device, "writes_per_day");
	const char *spent = json_text(device, "writes_spent_on", NULL);

	if (isnan(json_number(device, "writes_budget")))
		return;
	printf("    memory         %s writes used", wear_text(device, text));
	if (isfinite(per_day))
		printf(", %.0f a day, spent %.10s", per_day, spent ? spent : "in more than a century");
	putchar('\n');
}

static void print_device(json_object *device)
{
	char health[CELL];

	printf("%s (%s)  %s\n", json_text(device, "name", "-"), json_text(device, "kind", "-"),
	       health_text(device, health));
	printf("    profile        %s on %s, %s, unit %.0f\n", json_text(device, "profile", "-"),
	       json_text(device, "bus", "-"), json_text(device, "line", "-"), json_number(device, "unit"));
	printf("    identity       %s\n", json_text(device, "identity", "not read"));
	printf("    ramp           %s; %s watchdog of its own\n", json_text(device, "ramp", "-"),
	       json_flag(device, "watchdog") ? "a" : "NO");
	print_causes(device);
	print_commissioning(device);
	print_calibrations(device);
	print_wear(device);
}

/* The calibration that ends first. */
static const char *calibration_text(json_object *device, char text[CELL])
{
	json_object *list = json_field(device, "calibrations");
	double least = NAN;

	for (size_t i = 0; i < json_length(list); i++)
		least = fmin(least, json_number(json_object_array_get_idx(list, i), "days_left"));
	return json_length(list) ? days_text(least, text) : "none";
}

static const char *commissioned_text(json_object *device, char text[CELL])
{
	if (!json_text(device, "commissioned", NULL))
		return json_flag(device, "commissioning_required") ? "NOT" : "-";
	return days_text(json_number(device, "commissioning_days_left"), text);
}

static const char *line_text(json_object *device, char text[CELL])
{
	snprintf(text, CELL, "%.20s unit %.0f", json_text(device, "bus", "-"), json_number(device, "unit"));
	return text;
}

static const char heading[] =
	"name        profile             line            health             errors   commissioned   "
	"calibration    memory used";

static void device_row(json_object *device)
{
	char line[CELL], health[CELL], commissioned[CELL], calibration[CELL], wear[CELL];

	printf("%-10s  %-18s  %-14s  %-17s  %6.0f   %-13s  %-13s  %s\n", json_text(device, "name", "-"),
	       json_text(device, "profile", "-"), line_text(device, line), health_text(device, health),
	       json_number(device, "errors"), commissioned_text(device, commissioned),
	       calibration_text(device, calibration), wear_text(device, wear));
}

/* Everything of the one that was named. */
static int show_one(const struct options *options, json_object *devices, const char *name)
{
	for (size_t i = 0; i < json_length(devices); i++) {
		json_object *device = json_object_array_get_idx(devices, i);

		if (strcmp(json_text(device, "name", ""), name) != 0)
			continue;
		if (option_given(options, OPTION_JSON))
			json_print(device, stdout);
		else
			print_device(device);
		return DENSCTL_OK;
	}
	fprintf(stderr, "densctl devices: there is no device '%s'; there are:", name);
	for (size_t i = 0; i < json_length(devices); i++)
		fprintf(stderr, " %s", json_text(json_object_array_get_idx(devices, i), "name", "-"));
	fputc('\n', stderr);
	return DENSCTL_REFUSED;
}

int devices_run(const struct options *options)
{
	json_object *reply = NULL;
	int r;

	if (options->count == 0)
		return list_show(options, json_request("devices"), "devices", heading, device_row);
	r = client_ask(options, json_request("devices"), &reply);
	if (r == DENSCTL_OK)
		r = show_one(options, json_field(reply, "devices"), options->arguments[0]);
	json_object_put(reply);
	return r;
}

/* Typed, not given as an option: a count that begins again cannot be brought back. */
static bool is_confirmed(const char *device)
{
	char line[CELL] = "";

	fprintf(stderr,
		"The count of writes into the memory of '%s' begins again at 0. Type its name if another "
		"instrument is in its place: ",
		device);
	if (!fgets(line, sizeof(line), stdin)) {
		fputc('\n', stderr);
		return false;
	}
	line[strcspn(line, "\n")] = '\0';
	return strcmp(line, device) == 0;
}

int replaced_run(const struct options *options)
{
	json_object *request, *reply = NULL;
	int r;

	if (strspn(options->arguments[1], " ") == strlen(options->arguments[1]))
		return usage_error(options->command, "the reason is empty: it stays in the record");
	if (!is_confirmed(options->arguments[0])) {
		fprintf(stderr, "densctl replaced: not confirmed, nothing was changed\n");
		return DENSCTL_REFUSED;
	}
	request = json_request("replaced");
	json_add_text(request, "device", options->arguments[0]);
	json_add_text(request, "reason", options->arguments[1]);
	r = client_ask(options, request, &reply);
	if (r == DENSCTL_OK && option_given(options, OPTION_JSON))
		json_print(reply, stdout);
	else if (r == DENSCTL_OK)
		printf("%s\n", json_text(reply, "why", "done"));
	json_object_put(reply);
	return r;
}
