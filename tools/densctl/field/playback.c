/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/field/playback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/file.h"
#include "config/profile_reader.h"
#include "drivers/capture.h"
#include "drivers/capture_text.h"
#include "drivers/codec.h"

#define FILE_MOST (128u << 20)
#define PROBE_ADDRESS 0x7FF0
#define EXCEPTION_ADDRESS 2

struct recorded {
	unsigned unit, address, count, read_address, read_count;
	char op[16];
	int cause;
	unsigned exception, connects, desyncs;
	const char *words; /* behind the outcome */
};

static struct playback *of_modbus(struct modbus_line *line)
{
	return (struct playback *)((char *)line - offsetof(struct playback, modbus));
}

static struct playback *of_serial(struct text_line *line)
{
	return (struct playback *)((char *)line - offsetof(struct playback, serial));
}

static bool parse_modbus(const char *text, struct recorded *ret_recorded)
{
	struct recorded r = {0};
	const char *outcome = strstr(text, " > ");
	double took_s;
	int used = 0;

	if (!outcome || sscanf(text, "%u %15s %u %u %u %u", &r.unit, r.op, &r.address, &r.count,
			       &r.read_address, &r.read_count) != 6)
		return false;
	if (sscanf(outcome, " > %lf %d %u %u %u%n", &took_s, &r.cause, &r.exception, &r.connects, &r.desyncs,
		   &used) != 5)
		return false;
	r.words = outcome + used;
	*ret_recorded = r;
	return true;
}

static bool read_words(const char *text, unsigned count, uint16_t *ret_words)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned word;
		int used;

		if (sscanf(text, "%x%n", &word, &used) != 1)
			return false;
		ret_words[i] = (uint16_t)word;
		text += used;
	}
	return true;
}

/* What the recording does not hold: an identity or unit that the profile expects, else silence. */
static int assume_read(struct playback *playback, const struct modbus_peer *peer, bool bit, uint16_t address,
		       uint16_t count, uint16_t *ret_words)
{
	for (uint32_t d = 0; d < playback->config.device_count; d++) {
		const struct profile *profile = &playback->config.devices[d].profile;
		const struct profile_value *lists[] = {profile->identity, profile->units};
		const uint32_t counts[] = {profile->identity_count, profile->unit_count};

		if (playback->config.devices[d].unit != peer->unit)
			continue;
		for (int l = 0; l < 2; l++)
			for (uint32_t i = 0; i < counts[l]; i++) {
				const struct profile_register *reg = profile_find(profile, lists[l][i].reg);

				if (!reg || reg->address != address ||
				    bit != (reg->space == SPACE_COIL || reg->space == SPACE_DISCRETE) ||
				    codec_words((enum register_type)reg->type) != count)
					continue;
				playback->assumed++;
				return codec_encode_own_unit(
					       reg, lists[l][i].value * (reg->scale ? reg->scale : 1),
					       ret_words) < 0
					       ? CAUSE_RANGE
					       : CAUSE_NONE;
			}
	}
	playback->missing++;
	return CAUSE_TIMEOUT;
}

static bool is_asked(const struct playback_event *event, const struct modbus_peer *peer, enum capture_op op,
		     const struct recorded *asked, struct recorded *ret_recorded)
{
	return event->kind == PLAYBACK_MODBUS && parse_modbus(event->text, ret_recorded) &&
	       ret_recorded->unit == peer->unit && strcmp(ret_recorded->op, capture_op_names[op]) == 0 &&
	       ret_recorded->address == asked->address && ret_recorded->count == asked->count &&
	       ret_recorded->read_address == asked->read_address &&
	       ret_recorded->read_count == asked->read_count;
}

/* The same question in this cycle and not yet given; that is what was. */
static bool find_here(struct playback *playback, const struct modbus_peer *peer, enum capture_op op,
		      const struct recorded *asked, struct recorded *ret_recorded)
{
	for (size_t i = playback->first; i < playback->last; i++)
		if (!playback->events[i].used &&
		    is_asked(&playback->events[i], peer, op, asked, ret_recorded)) {
			playback->events[i].used = true;
			playback->modbus.exception = (uint8_t)ret_recorded->exception;
			playback->modbus.connects = ret_recorded->connects;
			playback->modbus.desyncs = ret_recorded->desyncs;
			return true;
		}
	return false;
}

/* What is asked once a second came in another cycle: the last answer before this one, else the first behind
 * it. */
static bool find_near(const struct playback *playback, const struct modbus_peer *peer, enum capture_op op,
		      const struct recorded *asked, struct recorded *ret_recorded)
{
	for (size_t i = playback->first; i-- > 0;)
		if (is_asked(&playback->events[i], peer, op, asked, ret_recorded) &&
		    ret_recorded->cause == CAUSE_NONE)
			return true;
	for (size_t i = playback->last; i < playback->count; i++)
		if (is_asked(&playback->events[i], peer, op, asked, ret_recorded) &&
		    ret_recorded->cause == CAUSE_NONE)
			return true;
	return false;
}

static int answer(struct playback *playback, const struct modbus_peer *peer, enum capture_op op,
		  const struct recorded *asked, uint16_t *ret_words)
{
	struct recorded r;

	playback->modbus.exception = 0;
	if (find_here(playback, peer, op, asked, &r) ||
	    (ret_words && find_near(playback, peer, op, asked, &r))) {
		if (r.cause == CAUSE_NONE && ret_words && !read_words(r.words, r.read_count, ret_words))
			return CAUSE_MISMATCH;
		return r.cause;
	}
	if (!ret_words) { /* a write that the recorded driver had made before */
		playback->assumed++;
		return CAUSE_NONE;
	}
	if (asked->read_address == PROBE_ADDRESS) {
		playback->assumed++;
		playback->modbus.exception = EXCEPTION_ADDRESS;
		return CAUSE_EXCEPTION;
	}
	return assume_read(playback, peer, op == CAPTURE_READ_COIL || op == CAPTURE_READ_DISCRETE,
			   (uint16_t)asked->read_address, (uint16_t)asked->read_count, ret_words);
}

static int play_read(struct modbus_line *line, const struct modbus_peer *peer, bool input, uint16_t address,
		     uint16_t count, uint16_t *ret_words)
{
	return answer(of_modbus(line), peer, input ? CAPTURE_READ_INPUT : CAPTURE_READ,
		      &(struct recorded){.read_address = address, .read_count = count}, ret_words);
}

static int play_write(struct modbus_line *line, const struct modbus_peer *peer, uint16_t address,
		      uint16_t count, const uint16_t *words)
{
	(void)words;
	return answer(of_modbus(line), peer, CAPTURE_WRITE,
		      &(struct recorded){.address = address, .count = count}, NULL);
}

static int play_write_read(struct modbus_line *line, const struct modbus_peer *peer, uint16_t write_address,
			   uint16_t write_count, const uint16_t *words, uint16_t read_address,
			   uint16_t read_count, uint16_t *ret_words)
{
	(void)words;
	return answer(of_modbus(line), peer, CAPTURE_WRITE_READ,
		      &(struct recorded){.address = write_address,
					 .count = write_count,
					 .read_address = read_address,
					 .read_count = read_count},
		      ret_words);
}

static int play_coil(struct modbus_line *line, const struct modbus_peer *peer, uint16_t address, bool on)
{
	(void)on;
	return answer(of_modbus(line), peer, CAPTURE_COIL, &(struct recorded){.address = address, .count = 1},
		      NULL);
}

static int play_bit(struct modbus_line *line, const struct modbus_peer *peer, bool discrete, uint16_t address,
		    uint16_t *ret_bit)
{
	return answer(of_modbus(line), peer, discrete ? CAPTURE_READ_DISCRETE : CAPTURE_READ_COIL,
		      &(struct recorded){.read_address = address, .read_count = 1}, ret_bit);
}

static void play_free(struct modbus_line *line)
{
	(void)line; /* part of the playback */
}

static const struct modbus_ops play_ops = {
	.read_registers = play_read,
	.write_registers = play_write,
	.write_read = play_write_read,
	.write_coil = play_coil,
	.read_bit = play_bit,
	.free = play_free,
};

static bool is_sent(const struct playback_event *event, const char *text)
{
	size_t length = strlen(text);

	return event->kind == PLAYBACK_SENT && strncmp(event->text, text, length) == 0 &&
	       strncmp(event->text + length, " > ", 3) == 0;
}

/* The same text sent in this cycle, or near it: what came behind it is the answer. */
static struct playback_event *find_sent(struct playback *playback, const char *text)
{
	for (size_t i = playback->first; i < playback->last; i++)
		if (!playback->events[i].used && is_sent(&playback->events[i], text))
			return &playback->events[i];
	for (size_t i = playback->last; i < playback->count; i++)
		if (is_sent(&playback->events[i], text))
			return &playback->events[i];
	for (size_t i = playback->first; i-- > 0;)
		if (is_sent(&playback->events[i], text))
			return &playback->events[i];
	return NULL;
}

static int play_send(struct text_line *line, const char *text)
{
	struct playback *playback = of_serial(line);
	struct playback_event *event = find_sent(playback, text);
	int cause;
	unsigned connects;

	playback->came = playback->count;
	if (!event && !strchr(text, '?')) { /* an order that the recorded driver had given before */
		playback->assumed++;
		return CAUSE_NONE;
	}
	if (!event || sscanf(event->text + strlen(text), " > %d %u", &cause, &connects) != 2) {
		playback->missing++;
		return CAUSE_TIMEOUT;
	}
	event->used = true;
	playback->came = (size_t)(event - playback->events) + 1;
	line->connects = connects;
	return cause;
}

static int play_send_bytes(struct text_line *line, const char *bytes, size_t length)
{
	char text[CAPTURE_SENT];

	capture_text_sent(bytes, length, text);
	return play_send(line, text);
}

static int play_receive(struct text_line *line, uint8_t *ret_bytes, size_t size, double wait_ms,
			size_t *ret_count)
{
	struct playback *playback = of_serial(line);
	const struct playback_event *event = &playback->events[playback->came];
	size_t count = 0;
	double took_s;
	int cause, used;
	unsigned byte;

	(void)wait_ms;
	if (playback->came >= playback->count || event->kind != PLAYBACK_CAME ||
	    sscanf(event->text, "%lf %d %n", &took_s, &cause, &used) != 2) {
		playback->missing++;
		return CAUSE_TIMEOUT;
	}
	playback->came++;
	for (const char *at = event->text + used; count < size && sscanf(at, "%2x", &byte) == 1; at += 2)
		ret_bytes[count++] = (uint8_t)byte;
	*ret_count = count;
	return cause;
}

static void play_quarantine(struct text_line *line, double wait_ms)
{
	(void)line;
	(void)wait_ms;
}

static void play_text_free(struct text_line *line)
{
	(void)line;
}

static const struct text_ops play_text_ops = {
	.send = play_send,
	.send_bytes = play_send_bytes,
	.receive = play_receive,
	.quarantine = play_quarantine,
	.free = play_text_free,
};

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

static int read_device(const char *path, uint32_t line, const char *text, const char *folder,
		       struct bus_config *config)
{
	struct bus_device *device = &config->devices[config->device_count];
	char name[PROFILE_TEXT], sha256[65], file[2 * SITE_PATH];
	struct diagnostics *diagnostics;
	unsigned index, unit;
	int r;

	if (config->device_count >= BUS_DEVICES_MAX ||
	    sscanf(text, "device %u %31s %u %95s %64s", &index, device->name, &unit, name, sha256) != 5 ||
	    index != config->device_count || unit > 247)
		return fault(path, line,
			     "not a device of a capture: 'device INDEX NAME UNIT PROFILE SHA256' is wanted");
	diagnostics = calloc(1, sizeof(*diagnostics));
	snprintf(file, sizeof(file), "%s/%s.yaml", folder, name);
	r = diagnostics ? profile_read(file, diagnostics, &device->profile) : -ENOMEM;
	if (r > 0)
		diagnostics_print(diagnostics, stderr);
	free(diagnostics);
	if (r != 0)
		return fault(path, line,
			     "the profile of this device is not there: name its folder in $DENSD_CONFIG");
	if (strcmp(device->profile.sha256, sha256) != 0)
		fprintf(stderr,
			"%s:%u: warning: profile %s is another text than at the time of the capture\n", path,
			line, name);
	device->unit = (uint8_t)unit;
	config->device_count++;
	return 0;
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
		     "thermocouple, "
		     "thermocouple2 or flow, at most 16 of each");
}

static int read_event(const char *path, uint32_t line, const char *text, struct playback *playback)
{
	static const char letters[] = "CDMSAR";
	const char *at = strchr(letters, text[0]);

	if (text[0] == 'Q' || text[0] == 'E' || text[0] == '\0')
		return 0;
	if (!at || text[1] != ' ')
		return fault(path, line, "not a line of a capture: C D M S A Q R or E and a blank begin one");
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
		else if (strncmp(line, "calibration ", 12) == 0 || strncmp(line, "loading ", 8) == 0 ||
			 strncmp(line, "unloading ", 10) == 0)
			r = read_calibration(path, number, line, &playback->config.calibration);
		else if (strncmp(line, "correction ", 11) == 0)
			r = read_correction(path, number, line, &playback->config);
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

int playback_open(const char *path, const char *folder, struct playback **ret_playback)
{
	struct playback *playback = calloc(1, sizeof(*playback));
	int r;

	if (!playback)
		return -1;
	playback->modbus.ops = &play_ops;
	playback->serial.ops = &play_text_ops;
	playback->modbus.connects = playback->serial.connects = 1;
	playback->events = calloc(PLAYBACK_EVENTS_MAX, sizeof(*playback->events));
	r = playback->events ? read_text(path, &playback->text) : -ENOMEM;
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
