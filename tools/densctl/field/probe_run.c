/* SPDX-License-Identifier: GPL-3.0-or-later */
/* densctl probe: the site's lines, asked and told, as text or JSON. Nothing is ever written to a device. */
#include <dirent.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/profile_reader.h"
#include "drivers/codec.h"
#include "tools/densctl/field/probe.h"
#include "tools/densctl/json.h"
#include "tools/densctl/site_choice.h"

#define OBSERVE_S 5.0 /* flow controllers are asked once a second, and three good cycles count */
#define PROFILES_MAX 64
#define ZERO_CELSIUS_K 273.15

static const char *const type_names[REG_TYPE_MAX] = {"u16", "s16",           "f32", "f32-low-first",
						     "u32", "u32-low-first", "s32", "s32-low-first"};
static const char *const unit_names[UNIT_MAX] = {"", "K", "degC", "%", "bar", "ml/min", "s", "ohm", "K/min"};

struct probe {
	const struct options *options;
	json_object *list; /* NULL: text */
	json_object *device;
	bool doubtful; /* something is not as the profile says */
	bool silent;   /* a device did not answer */
	bool shut;     /* a line could not be opened */
};

static double own_unit(const struct profile_register *reg, double value)
{
	return reg->unit == UNIT_CELSIUS ? value - ZERO_CELSIUS_K : value;
}

static const char *fault_text(const struct probe_value *value, char text[64])
{
	if (value->fault == CAUSE_EXCEPTION) {
		snprintf(text, 64, "exception %u%s", value->exception,
			 value->exception == 2 ? ": the device has no such register" : "");
		return text;
	}
	return cause_name((enum cause)value->fault);
}

static json_object *register_json(const struct profile_register *reg, const struct probe_value *value)
{
	json_object *entry = json_object_new_object();
	char text[64];

	json_object_object_add(entry, "register", json_object_new_string(reg->name));
	json_object_object_add(entry, "address", json_object_new_int(reg->address));
	json_object_object_add(entry, "type", json_object_new_string(type_names[reg->type]));
	json_object_object_add(entry, "unit", json_object_new_string(unit_names[reg->unit]));
	json_object_object_add(entry, "value", json_real(own_unit(reg, value->value)));
	json_object_object_add(entry, "other_order", json_real(value->other));
	json_object_object_add(entry, "order_proven", json_object_new_boolean(value->proven));
	json_object_object_add(entry, "order_swapped", json_object_new_boolean(value->swapped));
	json_object_object_add(entry, "fault",
			       value->fault ? json_object_new_string(fault_text(value, text)) : NULL);
	return entry;
}

static void print_register(const struct profile_register *reg, const struct probe_value *value)
{
	unsigned words = codec_words((enum register_type)reg->type);
	char text[64], hex[16], bit[16] = "";

	printf("    %-20s %5u  %-13s ", reg->name, reg->address, type_names[reg->type]);
	if (value->fault) {
		printf("%s\n", fault_text(value, text));
		return;
	}
	if (reg->bit >= 0)
		snprintf(bit, sizeof(bit), " bit %d", reg->bit);
	snprintf(hex, sizeof(hex), words == 2 ? "%04X %04X" : "%04X", value->words[0], value->words[1]);
	printf("%-9s %12.*g %s%s", hex, codec_is_float((enum register_type)reg->type) ? 6 : 10,
	       own_unit(reg, value->value), unit_names[reg->unit], bit);
	if (reg->unit == UNIT_CELSIUS)
		printf(" = %.2f K", value->value);
	if (!isnan(value->other))
		printf("   (other word order: %.3g%s)", value->other,
		       value->proven ? ", senseless: the order is proven"
		       : value->swapped
			       ? ", and that makes sense, this does not: the words are the other way "
				 "round"
			       : "");
	putchar('\n');
}

static void read_registers(struct probe *probe, struct modbus_port *port, const struct profile *profile)
{
	json_object *list = json_object_new_array();

	for (uint32_t i = 0; i < profile->register_count; i++) {
		const struct profile_register *reg = &profile->registers[i];
		struct probe_value value;

		probe_read(port, reg, &value);
		if (value.fault == CAUSE_EXCEPTION || value.swapped)
			probe->doubtful = true;
		json_object_array_add(list, register_json(reg, &value));
		if (!probe->list)
			print_register(reg, &value);
	}
	json_object_object_add(probe->device, "registers", list);
}

/* What each verdict means for who stands before the instrument. */
static const struct {
	const char *name, *words;
} verdicts[] = {
	[PROBE_FITS] = {"fits", ""},
	[PROBE_STRANGER] = {"stranger", ": it answers, but is another device, has other settings, or another "
					"address; densd would write nothing"},
	[PROBE_REFUSES] = {"refuses",
			   ": it answers, and refuses each of these registers: not the device of this "
			   "profile, or its communication is set up otherwise; densd would write "
			   "nothing"},
	[PROBE_GARBLED] = {"garbled",
			   ": something comes, and it is no answer: are speed and parity right, and "
			   "has no other device this unit number?"},
	[PROBE_SILENT] = {"silent",
			  ": nothing answers on this open line: are the cable, speed, parity and unit "
			  "right, and is it on?"},
};

/* Silence is told apart from an answer that is not the right one: another exit code, other words. */
static void take_verdict(struct probe *probe, enum probe_verdict verdict)
{
	json_object_object_add(probe->device, "verdict", json_object_new_string(verdicts[verdict].name));
	probe->silent = probe->silent || verdict == PROBE_SILENT;
	probe->doubtful = probe->doubtful || verdict != PROBE_FITS;
}

static void tell_identity(struct probe *probe, struct modbus_port *port, const struct bus_device *device)
{
	struct probe_tally tally;
	bool ok = probe_identity(port, &device->profile, &tally);
	enum probe_verdict verdict = ok ? PROBE_FITS : probe_judge(&tally);

	json_object_object_add(probe->device, "identity_ok", json_object_new_boolean(ok));
	json_object_object_add(probe->device, "transactions", json_object_new_int64(port->transactions));
	json_object_object_add(probe->device, "errors", json_object_new_int64(port->errors));
	take_verdict(probe, verdict);
	if (!probe->list)
		printf("  unit %u: %s, profile %s (%s)\n    identity: %u of %u as the profile says%s\n",
		       device->unit, device->name, device->profile.name, device->profile.maker, tally.found,
		       device->profile.identity_count, verdicts[verdict].words);
}

static void tell_reading(struct probe *probe, const char *what, const struct reading *reading,
			 const char *unit)
{
	probe->doubtful = probe->doubtful || reading->quality == QUALITY_BAD;
	if (!probe->list && reading->quality != QUALITY_NONE)
		printf("    %-20s %12.6g %s   %s%s%s\n", what, reading->value, unit,
		       quality_name((enum quality)reading->quality), reading->cause ? ", " : "",
		       reading->cause ? cause_name((enum cause)reading->cause) : "");
}

/* What the driver that densd runs makes of the device, over a few seconds of watching. */
static void tell_readings(struct probe *probe, const struct report *report)
{
	static const struct {
		uint8_t kind;
		size_t offset;
		const char *what, *unit;
	} readings[] = {
		{DEVICE_FURNACE, offsetof(struct report, furnace.temperature_k), "temperature", "K"},
		{DEVICE_FURNACE, offsetof(struct report, furnace.temperature2_k), "second temperature", "K"},
		{DEVICE_FURNACE, offsetof(struct report, furnace.setpoint_k), "setpoint", "K"},
		{DEVICE_FURNACE, offsetof(struct report, furnace.output_pct), "output", "%"},
		{DEVICE_PRESS, offsetof(struct report, press.pressure_gpa), "sample pressure", "GPa"},
		{DEVICE_PRESS, offsetof(struct report, press.oil_bar), "oil pressure", "bar"},
		{DEVICE_PRESS, offsetof(struct report, press.oil_setpoint_bar), "oil setpoint", "bar"},
		{DEVICE_PRESS, offsetof(struct report, press.stroke_pct), "pump volume left", "%"},
		{DEVICE_FLOW, offsetof(struct report, flow.flow_ml_per_min), "flow", "ml/min"},
		{DEVICE_FLOW, offsetof(struct report, flow.setpoint_ml_per_min), "flow setpoint", "ml/min"},
		{DEVICE_CHIP, offsetof(struct report, chip.temperature_k), "chip temperature", "K"},
		{DEVICE_CHIP, offsetof(struct report, chip.resistance_ohm), "heater resistance", "ohm"},
	};

	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++)
		if (readings[i].kind == report->kind)
			tell_reading(probe, readings[i].what,
				     (const struct reading *)((const char *)report + readings[i].offset),
				     readings[i].unit);
}

/* Of a device that is asked by its driver alone: what troubles there were. */
static enum probe_verdict judge_report(const struct report *report, uint32_t faults)
{
	struct probe_tally tally = {.silent = 1};

	if (report->online)
		return PROBE_FITS;
	for (int cause = CAUSE_TIMEOUT; cause < CAUSE_MAX; cause++)
		if (faults >> cause & 1)
			probe_count(&tally, cause, false);
	/* Some questions were answered, or by another. */
	tally.other = report->transactions > report->errors || (faults >> CAUSE_IDENTITY & 1);
	return probe_judge(&tally);
}

static void tell_report(struct probe *probe, const struct bus_device *device, const struct report *report,
			uint32_t faults, bool is_text)
{
	enum probe_verdict verdict = judge_report(report, faults);
	json_object *entry = json_object_new_object();

	if (is_text)
		take_verdict(probe, verdict);
	probe->doubtful = probe->doubtful || !report->online || report->units_differ;
	json_object_object_add(entry, "online", json_object_new_boolean(report->online));
	json_object_object_add(entry, "units_differ", json_object_new_boolean(report->units_differ));
	json_object_object_add(entry, "order_proven", json_object_new_boolean(report->order_proven));
	json_object_object_add(entry, "simulated", json_object_new_boolean(report->simulated));
	json_object_object_add(entry, "errors", json_object_new_int64(report->errors));
	json_object_object_add(probe->device, "driver", entry);
	if (probe->list) {
		tell_readings(probe, report);
		return;
	}
	printf("    as the driver sees it: %s%s%s%s%s\n", report->online ? "online" : "NOT online: ",
	       report->online ? "" : cause_name((enum cause)report->fault),
	       is_text ? verdicts[verdict].words : "",
	       report->units_differ ? ", UNITS OR DECIMALS DIFFER from the profile" : "",
	       report->simulated ? ", simulated (densim)" : "");
	tell_readings(probe, report);
	for (uint32_t i = 0; i < device->profile.mark_count; i++)
		printf("    verify at commissioning: %s\n", device->profile.marks[i]);
}

static void begin_device(struct probe *probe, const struct bus_config *config,
			 const struct bus_device *device)
{
	probe->device = json_object_new_object();
	json_object_object_add(probe->device, "bus", json_object_new_string(config->name));
	json_object_object_add(probe->device, "device", json_object_new_string(device->name));
	json_object_object_add(probe->device, "unit", json_object_new_int(device->unit));
	json_object_object_add(probe->device, "profile", json_object_new_string(device->profile.name));
}

/* Tells why the line is shut, once and in the entry of each of its devices (NULL: they have none). */
static bool tell_shut(struct probe *probe, const struct bus_config *config, json_object *devices[])
{
	char why[FIELD_WHY];

	if (field_try_line(config, why) == 0)
		return false;
	probe->shut = true;
	fprintf(stderr, "densctl probe: bus '%s' cannot be opened: %s\n", config->name, why);
	for (uint32_t i = 0; devices && i < config->device_count; i++) {
		json_object_object_add(devices[i], "line_open", json_object_new_boolean(false));
		json_object_object_add(devices[i], "line_why", json_object_new_string(why));
	}
	return true;
}

/* The first question opens the line; whatever is answered. */
static bool does_open(struct modbus_line *line, const struct bus_config *config)
{
	struct modbus_port port;
	struct probe_tally tally;

	modbus_port_init(&port, line, &config->devices[0], config->scale);
	probe_identity(&port, &config->devices[0].profile, &tally);
	return line->connects > 0;
}

/* False: nobody could be asked, since the line cannot be opened. */
static bool probe_registers(struct probe *probe, const struct bus_config *config, json_object *devices[])
{
	struct modbus_line *line;
	bool shut;

	if (probe_open(config, &line) < 0)
		return true;
	shut = !does_open(line, config) && tell_shut(probe, config, devices);
	for (uint32_t i = 0; !shut && i < config->device_count; i++) {
		struct modbus_port port;

		probe->device = devices[i];
		modbus_port_init(&port, line, &config->devices[i], config->scale);
		tell_identity(probe, &port, &config->devices[i]);
		read_registers(probe, &port, &config->devices[i].profile);
	}
	line->ops->free(line);
	return !shut;
}

static bool was_opened(const struct field *field)
{
	for (uint32_t i = 0; i < field->config->device_count; i++)
		if (field->reports[i].connects > 0)
			return true;
	return false;
}

static int probe_drivers(struct probe *probe, const struct bus_config *config, json_object *devices[])
{
	struct field field;

	if (field_open(config, &field) < 0)
		return DENSCTL_INVALID;
	field_wait(&field, 0, fmax(OBSERVE_S, 0.5 * config->scale), NULL);
	if (was_opened(&field) || !tell_shut(probe, config, devices))
		for (uint32_t i = 0; i < config->device_count; i++) {
			probe->device = devices[i];
			if (!probe->list)
				printf("  %s:\n", config->devices[i].name);
			tell_report(probe, &config->devices[i], &field.reports[i], field.faults[i],
				    profile_bus_is_text(config->kind));
		}
	field_close(&field);
	return DENSCTL_OK;
}

static int probe_bus(struct probe *probe, const struct bus_config *config)
{
	bool is_text = profile_bus_is_text(config->kind), shut;
	json_object *devices[BUS_DEVICES_MAX];
	char text[FIELD_TEXT];
	int r = DENSCTL_OK;

	if (!field_is_free(probe->options->command, config))
		return DENSCTL_REFUSED;
	if (!probe->list)
		printf("bus %s: %s\n", config->name, field_line_text(config, text));
	for (uint32_t i = 0; i < config->device_count; i++) {
		begin_device(probe, config, &config->devices[i]);
		devices[i] = probe->device;
	}
	shut = config->kind == BUS_SERIAL ? tell_shut(probe, config, devices)
					  : !is_text && !probe_registers(probe, config, devices);
	if (!shut)
		r = probe_drivers(probe, config, devices);
	for (uint32_t i = 0; i < config->device_count; i++)
		if (probe->list)
			json_object_array_add(probe->list, devices[i]);
		else
			json_object_put(devices[i]);
	return r;
}

/* The shipped and installed profiles, so that an unknown unit can be told by its identity. */
static uint32_t load_profiles(const char *folder, struct profile *ret_profiles)
{
	struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
	DIR *entries = diagnostics ? opendir(folder) : NULL;
	const struct dirent *entry;
	uint32_t count = 0;

	while (entries && count < PROFILES_MAX && (entry = readdir(entries))) {
		const char *dot = strrchr(entry->d_name, '.');
		char path[2 * SITE_PATH];

		if (!dot || strcmp(dot, ".yaml") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (profile_read(path, diagnostics, &ret_profiles[count]) == 0 &&
		    ret_profiles[count].identity_count > 0)
			count++;
	}
	if (entries)
		closedir(entries);
	free(diagnostics);
	return count;
}

static void tell_unit(struct probe *probe, struct modbus_line *line, const struct bus_config *config,
		      uint8_t unit, const struct profile *profiles, uint32_t count)
{
	json_object *entry = json_object_new_object(), *fits = json_object_new_array();

	json_object_object_add(entry, "bus", json_object_new_string(config->name));
	json_object_object_add(entry, "unit", json_object_new_int(unit));
	if (!probe->list)
		printf("  unit %u answers; identity fits:", unit);
	for (uint32_t i = 0; i < count; i++) {
		struct bus_device device = {.unit = unit, .profile = profiles[i]};
		struct modbus_port port;
		struct probe_tally tally;

		modbus_port_init(&port, line, &device, config->scale);
		if (!probe_identity(&port, &device.profile, &tally))
			continue;
		json_object_array_add(fits, json_object_new_string(profiles[i].name));
		if (!probe->list)
			printf(" %s", profiles[i].name);
	}
	if (!probe->list)
		puts(json_object_array_length(fits) ? "" : " no profile here");
	json_object_object_add(entry, "profiles", fits);
	if (probe->list)
		json_object_array_add(probe->list, entry);
	else
		json_object_put(entry);
}

/* "A:B" or "A". */
static int read_units(const struct options *options, unsigned *ret_first, unsigned *ret_last)
{
	const char *text = options->value[OPTION_UNITS];
	char rest;
	int fields = sscanf(text, "%u:%u%c", ret_first, ret_last, &rest);

	if (fields == 1 && sscanf(text, "%u%c", ret_first, &rest) == 1)
		*ret_last = *ret_first;
	else if (fields != 2)
		*ret_first = 0;
	if (*ret_first < 1 || *ret_last > 247 || *ret_first > *ret_last)
		return usage_error(options->command,
				   "--units is '%s'; A or A:B with 1 <= A <= B <= 247 is wanted", text);
	return DENSCTL_OK;
}

/* The profiles that the site names are known as well: a lab's own need not lie among the shipped ones. */
static uint32_t add_of_site(const struct site *site, uint32_t count, struct profile *ret_profiles)
{
	for (uint32_t bus = 0; bus < site->bus_count; bus++)
		for (uint32_t i = 0; i < site->buses[bus].device_count && count < PROFILES_MAX; i++) {
			const struct profile *profile = &site->buses[bus].devices[i].profile;
			uint32_t known = 0;

			while (known < count && strcmp(ret_profiles[known].name, profile->name) != 0)
				known++;
			if (known == count && strcmp(profile->protocol, "modbus") == 0)
				ret_profiles[count++] = *profile;
		}
	return count;
}

static int scan_units(struct probe *probe, const struct site *site, const struct bus_config *config,
		      const char *folder)
{
	struct profile *profiles = calloc(PROFILES_MAX, sizeof(*profiles));
	struct modbus_line *line = NULL;
	unsigned first, last, answered = 0;
	bool on_terminal = isatty(STDERR_FILENO);
	char text[FIELD_TEXT];
	uint32_t count;
	int r = read_units(probe->options, &first, &last);

	if (r == DENSCTL_OK && profile_bus_is_text(config->kind))
		r = usage_error(probe->options->command, "--units is for Modbus; bus '%s' carries text",
				config->name);
	if (r == DENSCTL_OK && !field_is_free(probe->options->command, config))
		r = DENSCTL_REFUSED;
	if (r == DENSCTL_OK && (!profiles || probe_open(config, &line) < 0))
		r = DENSCTL_INVALID;
	if (r == DENSCTL_OK && !probe->list)
		printf("bus %s: %s\n", config->name, field_line_text(config, text));
	count = r == DENSCTL_OK ? add_of_site(site, load_profiles(folder, profiles), profiles) : 0;
	for (unsigned unit = first; r == DENSCTL_OK && unit <= last; unit++) {
		bool answers;

		if (on_terminal)
			fprintf(stderr, "\rdensctl probe: unit %u of %u to %u ", unit, first, last);
		answers = probe_answers(line, config, (uint8_t)unit);
		if (on_terminal)
			fputs("\r\033[K", stderr);
		if (line->connects == 0 && tell_shut(probe, config, NULL))
			break;
		if (!answers)
			continue;
		answered++;
		tell_unit(probe, line, config, (uint8_t)unit, profiles, count);
	}
	if (r == DENSCTL_OK && !answered && !probe->shut) {
		fprintf(stderr,
			"densctl probe: no unit from %u to %u answers on bus '%s': look at the wiring, the "
			"speed and the parity\n",
			first, last, config->name);
		probe->silent = true;
	}
	if (line)
		line->ops->free(line);
	free(profiles);
	return r;
}

static int probe_all(struct probe *probe, const struct site *site)
{
	const struct options *options = probe->options;
	const struct bus_config *one = NULL;
	char folder[SITE_PATH];
	int r = DENSCTL_OK;

	if (options->count > 0 && !(one = field_find_bus(site, options->command, options->arguments[0])))
		return DENSCTL_USAGE;
	if (option_given(options, OPTION_UNITS)) {
		if (!one)
			return usage_error(options->command, "--units needs the BUS whose units are asked");
		site_profile_folder(folder);
		return scan_units(probe, site, one, folder);
	}
	for (uint32_t i = 0; r == DENSCTL_OK && i < site->bus_count; i++)
		if (!one || one == &site->buses[i])
			r = probe_bus(probe, &site->buses[i]);
	return r;
}

int probe_run(const struct options *options)
{
	struct probe probe = {.options = options};
	struct site *site = calloc(1, sizeof(*site));
	int r = site ? site_choose(options, site) : DENSCTL_INVALID;

	setvbuf(stdout, NULL, _IOLBF, 0); /* in the order in which it happens, errors among it */
	if (option_given(options, OPTION_JSON))
		probe.list = json_object_new_array();
	if (r == DENSCTL_OK && !probe.list && !site_named(options))
		puts("site densim: the virtual laboratory as shipped; name your own with --site FILE or "
		     "$DENSD_SITE");
	if (r == DENSCTL_OK)
		r = probe_all(&probe, site);
	if (r == DENSCTL_OK && probe.list)
		json_print(probe.list, stdout);
	json_object_put(probe.list);
	free(site);
	if (r != DENSCTL_OK)
		return r;
	if (probe.shut)
		return DENSCTL_INVALID;
	return probe.silent ? DENSCTL_NO_DAEMON : probe.doubtful ? DENSCTL_REFUSED : DENSCTL_OK;
}
