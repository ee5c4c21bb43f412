/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/field/playback.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/file.h"
#include "config/profile_reader.h"
#include "drivers/capture.h"
#include "drivers/contactor_rules.h"

#define FILE_MOST (128u << 20)

static int fault(const char *path, uint32_t line, const char *what)
{
	fprintf(stderr, "%s:%u: %s\n", path, line, what);
	return -1;
}

static int read_bus(const char *text, struct bus_config *config)
{
	static const char *const names[] = {"modbus-tcp", "modbus-rtu", "serial", "text-tcp"};
	char kind[16];

	if (sscanf(text, "bus %31s %15s %lf", config->name, kind, &config->scale) != 3 ||
	    !(config->scale > 0))
		return -EINVAL;
	for (uint8_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(kind, names[i]) == 0) {
			config->kind = i;
			return 0;
		}
	return -EINVAL;
}

/* The profile that a line of the header names; a warning when its text is another one by now. */
static int read_profile(const char *path, uint32_t line, const char *file, const char *sha256,
			struct profile *ret_profile)
{
	struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
	int r = diagnostics ? profile_read(file, diagnostics, ret_profile) : -ENOMEM;

	if (r > 0)
		diagnostics_print(diagnostics, stderr);
	free(diagnostics);
	if (r != 0) {
		fprintf(stderr,
			"%s:%u: the profile of this device cannot be read from %s: name in $DENSD_CONFIG "
			"the folder in whose devices/ it lies\n",
			path, line, file);
		return -1;
	}
	if (strcmp(ret_profile->sha256, sha256) != 0)
		fprintf(stderr,
			"%s:%u: warning: profile %s is another text than at the time of the capture\n", path,
			line, ret_profile->name);
	return 0;
}

static int read_device(const char *path, uint32_t line, const char *text, const char *folder,
		       struct bus_config *config)
{
	struct bus_device *device = &config->devices[config->device_count];
	char name[PROFILE_TEXT], sha256[65], file[2 * SITE_PATH];
	unsigned index, unit;

	if (config->device_count >= BUS_DEVICES_MAX ||
	    sscanf(text, "device %u %31s %u %95s %64s", &index, device->name, &unit, name, sha256) != 5 ||
	    index != config->device_count || unit > 247)
		return fault(path, line,
			     "not a device of a capture: 'device INDEX NAME UNIT PROFILE SHA256' is wanted");
	snprintf(file, sizeof(file), "%s/%s.yaml", folder, name);
	if (read_profile(path, line, file, sha256, &device->profile) < 0)
		return -1;
	device->unit = (uint8_t)unit;
	config->device_count++;
	return 0;
}

static int read_contactor(const char *path, uint32_t line, const char *text, const char *folder,
			  struct bus_contactor *contactor)
{
	struct profile *profile;
	char name[PROFILE_TEXT], sha256[65], file[2 * SITE_PATH];
	const char *lacks;
	unsigned unit, coil;
	double watchdog_s;
	int r;

	if (contactor->fitted ||
	    sscanf(text, "contactor %u %u %lf %95s %64s", &unit, &coil, &watchdog_s, name, sha256) != 5 ||
	    unit > 247 || coil > UINT16_MAX || !(watchdog_s > 0))
		return fault(path, line,
			     "not a contactor of a capture: one 'contactor UNIT COIL WATCHDOG_S PROFILE "
			     "SHA256' is wanted");
	profile = calloc(1, sizeof(*profile));
	snprintf(file, sizeof(file), "%s/%s.yaml", folder, name);
	r = profile ? read_profile(path, line, file, sha256, profile) : -1;
	if (r == 0 && contactor_rules_pack(profile, contactor, &lacks) < 0)
		r = fault(path, line, "the profile of this contactor cannot carry one");
	free(profile);
	contactor->unit = (uint8_t)unit;
	contactor->coil = (uint16_t)coil;
	contactor->watchdog_s = watchdog_s;
	return r;
}

/* "calibration ID", "loading BAR GPA", "unloading BAR GPA". */
static int read_calibration(const char *path, uint32_t line, const char *text,
			    struct press_calibration *calibration)
{
	bool loading = text[0] == 'l';
	uint32_t *count = loading ? &calibration->loading_count : &calibration->unloading_count;
	double *bar = loading ? calibration->loading_bar : calibration->unloading_bar;
	double *gpa = loading ? calibration->loading_gpa : calibration->unloading_gpa;

	if (text[0] == 'c')
		return sscanf(text, "calibration %95s", calibration->id) == 1
			       ? 0
			       : fault(path, line,
				       "not a calibration of a capture: 'calibration ID' is wanted");
	if (*count >= CALIBRATION_POINTS_MAX ||
	    sscanf(strchr(text, ' '), "%lf %lf", &bar[*count], &gpa[*count]) != 2)
		return fault(path, line,
			     "not a point of a calibration: 'loading BAR GPA', at most 16, is wanted");
	++*count;
	return 0;
}

/* "correction NAME READING TRUTH SD". */
static int read_correction(const char *path, uint32_t line, const char *text, struct bus_config *config)
{
	static const char *const names[] = {"thermocouple", "thermocouple2", "flow"};
	struct correction *const tables[] = {&config->thermocouple, &config->thermocouple2, &config->flow};
	char name[16];
	double point[3];
	int used = 0;

	if (sscanf(text, "correction %15s %lf %lf %lf%n", name, &point[0], &point[1], &point[2], &used) ==
		    4 &&
	    text[used] == '\0')
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			struct correction *table = tables[i];

			if (strcmp(name, names[i]) != 0 || table->count >= CALIBRATION_POINTS_MAX)
				continue;
			table->reading[table->count] = point[0];
			table->truth[table->count] = point[1];
			table->sd[table->count++] = point[2];
			return 0;
		}
	return fault(path, line,
		     "not a correction of a capture: 'correction NAME READING TRUTH SD' is wanted, of "
		     "thermocouple, thermocouple2 or flow, at most 16 of each");
}

static int read_rate(const char *path, uint32_t line, const char *text, struct bus_config *config)
{
	double *rate = &config->pressure_rate_gpa_per_s;

	return sscanf(text, "pressure-rate %lf", rate) == 1 && *rate > 0
		       ? 0
		       : fault(path, line, "not a rate of a capture: 'pressure-rate GPA_PER_S' is wanted");
}

static int read_start(const char *path, uint32_t line, const char *text, struct playback *playback)
{
	static const char letters[] = {CAPTURE_LINE_DEVICES, CAPTURE_LINE_CONTACTOR, CAPTURE_LINE_TEXT};
	struct playback_start *const starts[] = {&playback->modbus_start, &playback->contactor_start,
						 &playback->serial_start};
	struct playback_start start = {.told = true};
	char letter;

	if (sscanf(text, "line %c %u %u", &letter, &start.connects, &start.desyncs) == 3)
		for (size_t i = 0; i < sizeof(letters); i++)
			if (letters[i] == letter) {
				*starts[i] = start;
				return 0;
			}
	return fault(path, line,
		     "not a line of a capture: 'line LETTER CONNECTS DESYNCS' is wanted, of M, K or S");
}

static int read_memory(const char *path, uint32_t line, const char *text, struct playback *playback)
{
	unsigned index;
	int used;

	if (sscanf(text, "W %u%n", &index, &used) != 1 || index >= playback->config.device_count ||
	    playback->memory[index].text)
		return fault(path, line,
			     "not a memory of a capture: one 'W INDEX NAME=VALUE...' a device is wanted");
	playback->memory[index] = (struct playback_memory){.text = text + used, .line = line};
	return 0;
}

static int read_event(const char *path, uint32_t line, const char *text, struct playback *playback)
{
	static const char letters[] = "CDMKSAR";
	const char *at = strchr(letters, text[0]);

	if (text[0] == 'Q' || text[0] == 'E' || text[0] == '\0')
		return 0;
	if (!at || text[1] != ' ')
		return fault(path, line,
			     "not a line of a capture: C D M K S A Q R W or E and a blank begin one");
	if (playback->count == PLAYBACK_EVENTS_MAX)
		return fault(path, line,
			     "more events than a playback holds (400,000): cut the file behind a cycle");
	playback->events[playback->count++] =
		(struct playback_event){.kind = (uint8_t)(at - letters), .line = line, .text = text + 2};
	return 0;
}

static int read_lines(const char *path, const char *folder, struct playback *playback)
{
	uint32_t number = 0;
	char *save = NULL;
	int r = 0;

	for (char *line = strtok_r(playback->text, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save)) {
		number++;
		if (number == 1)
			r = strcmp(line, "densd-capture/1") == 0
				    ? 0
				    : fault(path, 1, "not a capture: densd-capture/1 is the first line");
		else if (number == 2)
			r = read_bus(line, &playback->config) == 0
				    ? 0
				    : fault(path, 2,
					    "not a bus of a capture: 'bus NAME KIND SCALE' is wanted");
		else if (strncmp(line, "device ", 7) == 0)
			r = read_device(path, number, line, folder, &playback->config);
		else if (strncmp(line, "contactor ", 10) == 0)
			r = read_contactor(path, number, line, folder, &playback->config.contactor);
		else if (strncmp(line, "calibration ", 12) == 0 || strncmp(line, "loading ", 8) == 0 ||
			 strncmp(line, "unloading ", 10) == 0)
			r = read_calibration(path, number, line, &playback->config.calibration);
		else if (strncmp(line, "correction ", 11) == 0)
			r = read_correction(path, number, line, &playback->config);
		else if (strncmp(line, "pressure-rate ", 14) == 0)
			r = read_rate(path, number, line, &playback->config);
		else if (strncmp(line, "mono ", 5) == 0)
			r = sscanf(line, "mono %" SCNd64, &playback->mono_ns) == 1 && playback->mono_ns > 0
				    ? 0
				    : fault(path, number,
					    "not the clock of a capture: 'mono NS' is wanted, above 0");
		else if (strncmp(line, "line ", 5) == 0)
			r = read_start(path, number, line, playback);
		else if (strncmp(line, "W ", 2) == 0)
			r = read_memory(path, number, line, playback);
		else
			r = read_event(path, number, line, playback);
	}
	if (r == 0 && (number < 3 || playback->config.device_count == 0))
		return fault(path, number, "the capture ends before its first cycle");
	return r;
}

/* The whole file, terminated. */
static int read_text(const char *path, char **ret_text)
{
	char *bytes, *text;
	size_t length;
	int r = file_read(path, FILE_MOST, &bytes, &length);

	if (r < 0)
		return r;
	text = realloc(bytes, length + 1);
	if (!text) {
		free(bytes);
		return -ENOMEM;
	}
	text[length] = '\0';
	*ret_text = text;
	return 0;
}

/* At most as many events are there, and at most PLAYBACK_EVENTS_MAX are taken. */
static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

int playback_open(const char *path, const char *folder, struct playback **ret_playback)
{
	struct playback *playback = calloc(1, sizeof(*playback));
	int r;

	if (!playback)
		return -1;
	playback->path = path;
	playback_modbus_init(playback);
	playback_text_init(playback);
	r = read_text(path, &playback->text);
	if (r == 0) {
		playback->events = calloc(count_lines(playback->text), sizeof(*playback->events));
		r = playback->events ? 0 : -ENOMEM;
	}
	if (r < 0) {
		fprintf(stderr, "densctl playback: %s: %s\n", path, strerror(-r));
		playback_free(playback);
		return -1;
	}
	if (read_lines(path, folder, playback) < 0) {
		playback_free(playback);
		return -1;
	}
	*ret_playback = playback;
	return 0;
}

void playback_free(struct playback *playback)
{
	if (!playback)
		return;
	free(playback->events);
	free(playback->text);
	free(playback);
}

uint32_t playback_cycles(const struct playback *playback)
{
	uint32_t cycles = 0;

	for (size_t i = 0; i < playback->count; i++)
		cycles += playback->events[i].kind == PLAYBACK_CYCLE;
	return cycles;
}
