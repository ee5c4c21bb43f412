/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the drivers and lines of a recording knew at its beginning, taken and, for a part of it, given. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "drivers/capture.h"
#include "drivers/capture_text.h"
#include "drivers/memory.h"
#include "tools/densctl/field/playback.h"

void playback_lines_stand(struct playback *playback)
{
	struct playback_line *const lines[] = {&playback->modbus, &playback->contactor};
	const struct playback_start *const starts[] = {&playback->modbus_start, &playback->contactor_start};

	for (int i = 0; i < 2; i++)
		if (starts[i]->told) {
			lines[i]->modbus.connects = starts[i]->connects;
			lines[i]->modbus.desyncs = starts[i]->desyncs;
		}
	if (playback->serial_start.told)
		playback->serial.connects = playback->serial_start.connects;
}

int playback_restore(const struct playback *playback, uint32_t device, const struct driver_ops *driver,
		     void *state)
{
	const struct playback_memory *memory = &playback->memory[device];
	struct memory_outcome outcome = {0};

	if (!memory->text || !driver->memory)
		return 0;
	if (memory_read(memory->text, driver->memory, state, &outcome) < 0) {
		fprintf(stderr, "%s:%u: a value of this memory is none that the driver %s can have\n",
			playback->path, memory->line, driver->name);
		return -1;
	}
	if (outcome.missing > 0 || outcome.unknown > 0)
		fprintf(stderr,
			"%s:%u: warning: this memory is of another version of the driver %s (%u values are "
			"not there, %u are unknown): its first reports may differ\n",
			playback->path, memory->line, driver->name, outcome.missing, outcome.unknown);
	return 1;
}

/* The head of the recording as it stands, but for what is of its beginning: lines end with the NUL that cut
 * them. */
static void put_head(const struct playback *playback, FILE *stream)
{
	const char *end = playback->events[0].text - 2;

	for (const char *line = playback->text; line < end; line += strlen(line) + 1)
		if (line[0] != '\0' && strncmp(line, "mono ", 5) != 0 && strncmp(line, "line ", 5) != 0 &&
		    strncmp(line, "W ", 2) != 0)
			fprintf(stream, "%s\n", line);
}

static void put_starts(const struct playback *playback, FILE *stream)
{
	fprintf(stream, "mono %" PRId64 "\n", clock_mono_ns());
	if (profile_bus_is_text(playback->config.kind))
		fprintf(stream, "line %c %u 0\n", CAPTURE_LINE_TEXT, playback->serial.connects);
	else
		fprintf(stream, "line %c %u %u\n", CAPTURE_LINE_DEVICES, playback->modbus.modbus.connects,
			playback->modbus.modbus.desyncs);
	if (playback->config.contactor.fitted)
		fprintf(stream, "line %c %u %u\n", CAPTURE_LINE_CONTACTOR,
			playback->contactor.modbus.connects, playback->contactor.modbus.desyncs);
}

static void put_memory(const struct playback *playback, const struct driver_ops *const *drivers,
		       void *const *states, FILE *stream)
{
	for (uint32_t i = 0; i < playback->config.device_count; i++) {
		if (!drivers[i]->memory)
			continue;
		fprintf(stream, "W %u", i);
		memory_write(stream, drivers[i]->memory, states[i]);
		fputc('\n', stream);
	}
}

static bool is_told(const struct playback *playback, uint32_t device)
{
	unsigned found;

	for (size_t i = playback->first; i < playback->last; i++)
		if (playback->events[i].kind == PLAYBACK_DEMAND &&
		    sscanf(playback->events[i].text, "%u", &found) == 1 && found == device)
			return true;
	return false;
}

/* A cycle says only what changed: the first one says each demand that holds. */
static void put_demands(const struct playback *playback, const struct demand *demands, FILE *stream)
{
	char text[CAPTURE_LINE];

	for (uint32_t i = 0; i < playback->config.device_count; i++) {
		if (is_told(playback, i))
			continue;
		capture_text_demand(&demands[i], clock_mono_ns(), text);
		fprintf(stream, "D %u %s\n", i, text);
	}
}

/* The times of cycles are since the beginning, which is now another. */
static void put_cycle(const char *text, double began_s, FILE *stream)
{
	unsigned seq;
	double t_s, age_s = 0;

	if (sscanf(text, "%u %lf %lf", &seq, &t_s, &age_s) >= 2)
		fprintf(stream, "C %u %.9f %.9f\n", seq, t_s - began_s, age_s);
}

void playback_cut(const struct playback *playback, const struct driver_ops *const *drivers,
		  void *const *states, const struct demand *demands, FILE *stream)
{
	const struct playback_event *first = &playback->events[playback->first];
	double began_s = 0;

	put_head(playback, stream);
	put_starts(playback, stream);
	put_memory(playback, drivers, states, stream);
	sscanf(first->text, "%*u %lf", &began_s);
	for (size_t i = playback->first; i < playback->count; i++) {
		const struct playback_event *event = &playback->events[i];

		if (event->kind == PLAYBACK_CYCLE)
			put_cycle(event->text, began_s, stream);
		else
			fprintf(stream, "%s\n", event->text - 2);
		if (i == playback->first)
			put_demands(playback, demands, stream);
	}
	fprintf(stream, "E cut off behind\n");
}
