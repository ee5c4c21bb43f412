/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/device.h"

#define NAME_MAX_CHARS 128

const struct memory_field memory_of_reading[] = {
	MEMORY(struct reading, value),
	MEMORY(struct reading, t_request_ns),
	MEMORY(struct reading, t_reply_ns),
	MEMORY(struct reading, seq),
	MEMORY_BELOW(struct reading, quality, QUALITY_MAX),
	MEMORY_BELOW(struct reading, cause, CAUSE_MAX),
	MEMORY_END,
};

const struct memory_field memory_of_furnace_report[] = {
	MEMORY_PART(struct furnace_report, temperature_k, memory_of_reading),
	MEMORY_PART(struct furnace_report, temperature2_k, memory_of_reading),
	MEMORY_PART(struct furnace_report, setpoint_k, memory_of_reading),
	MEMORY_PART(struct furnace_report, output_pct, memory_of_reading),
	MEMORY(struct furnace_report, margin_k),
	MEMORY(struct furnace_report, margin2_k),
	MEMORY(struct furnace_report, identity_ok),
	MEMORY(struct furnace_report, sensor_break),
	MEMORY(struct furnace_report, manual),
	MEMORY(struct furnace_report, readback_differs),
	MEMORY(struct furnace_report, second_master),
	MEMORY(struct furnace_report, verified_off),
	MEMORY(struct furnace_report, writes),
	MEMORY_BELOW(struct furnace_report, contactor, CONTACTOR_STATE_MAX),
	MEMORY(struct furnace_report, contactor_closed),
	MEMORY(struct furnace_report, contactor_heard),
	MEMORY(struct furnace_report, contactor_ns),
	MEMORY_END,
};

const struct memory_field memory_of_press_report[] = {
	MEMORY_PART(struct press_report, pressure_gpa, memory_of_reading),
	MEMORY_PART(struct press_report, setpoint_gpa, memory_of_reading),
	MEMORY_PART(struct press_report, oil_bar, memory_of_reading),
	MEMORY_PART(struct press_report, oil_setpoint_bar, memory_of_reading),
	MEMORY_PART(struct press_report, stroke_pct, memory_of_reading),
	MEMORY(struct press_report, oil_gpa_per_bar),
	MEMORY(struct press_report, identity_ok),
	MEMORY(struct press_report, locked),
	MEMORY(struct press_report, local),
	MEMORY(struct press_report, depressurised),
	MEMORY(struct press_report, contactor_closed),
	MEMORY(struct press_report, watchdog_armed),
	MEMORY(struct press_report, watchdog_tripped),
	MEMORY(struct press_report, power_failed),
	MEMORY(struct press_report, readback_differs),
	MEMORY(struct press_report, second_master),
	MEMORY(struct press_report, release_refused),
	MEMORY(struct press_report, switches_ns),
	MEMORY(struct press_report, writes),
	MEMORY_END,
};

const struct memory_field memory_of_flow_report[] = {
	MEMORY_PART(struct flow_report, flow_ml_per_min, memory_of_reading),
	MEMORY_PART(struct flow_report, setpoint_ml_per_min, memory_of_reading),
	MEMORY(struct flow_report, identity_ok),
	MEMORY_END,
};

static uint64_t get_unsigned(const void *at, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, at, size); /* little-endian, as every machine densd runs on */
	return value;
}

static int64_t get_signed(const void *at, size_t size)
{
	unsigned unused = (unsigned)(8 * (sizeof(uint64_t) - size));

	return (int64_t)(get_unsigned(at, size) << unused) >> unused;
}

static void put_text(FILE *stream, const char *text, size_t size)
{
	for (size_t i = 0; i < size && text[i]; i++)
		fprintf(stream,
			text[i] > ' ' && text[i] <= '~' && text[i] != '\\' && text[i] != '=' ? "%c"
											     : "\\%02X",
			(unsigned char)text[i]);
}

static void put_value(FILE *stream, const struct memory_field *field, const char *state)
{
	const char *at = state + field->offset;
	const unsigned char *bytes = NULL;
	double reals[1];

	switch ((enum memory_kind)field->kind) {
	case MEMORY_FLAG:
	case MEMORY_UNSIGNED:
		fprintf(stream, "%" PRIu64, get_unsigned(at, field->size));
		break;
	case MEMORY_SIGNED:
		fprintf(stream, "%" PRId64, get_signed(at, field->size));
		break;
	case MEMORY_REAL:
		for (size_t i = 0; i < field->count; i++) {
			memcpy(reals, at + i * sizeof(double), sizeof(double));
			fprintf(stream, "%s%.17g", i > 0 ? "," : "", reals[0]);
		}
		break;
	case MEMORY_TEXT:
		put_text(stream, at, field->size);
		break;
	case MEMORY_BYTES:
		memcpy(&bytes, at, sizeof(bytes));
		for (size_t i = 0; i < get_unsigned(state + field->used_offset, sizeof(size_t)); i++)
			fprintf(stream, "%02X", bytes[i]);
		break;
	}
}

static void put_fields(FILE *stream, const char *prefix, const struct memory_field *fields, const char *state)
{
	char name[NAME_MAX_CHARS];

	for (; fields->name; fields++) {
		if (fields->part) {
			snprintf(name, sizeof(name), "%s%s.", prefix, fields->name);
			put_fields(stream, name, fields->part, state + fields->offset);
			continue;
		}
		fprintf(stream, " %s%s=", prefix, fields->name);
		put_value(stream, fields, state);
	}
}

void memory_write(FILE *stream, const struct memory_field *fields, const void *state)
{
	put_fields(stream, "", fields, state);
}

/* The value behind " @prefix@name="; NULL: it is not there. */
static const char *find_value(const char *text, const char *prefix, const char *name)
{
	char key[NAME_MAX_CHARS];
	const char *at;
	int length = snprintf(key, sizeof(key), " %s%s=", prefix, name);

	at = strstr(text, key);
	return at ? at + length : NULL;
}

static bool ends(const char *at)
{
	return *at == ' ' || *at == '\0';
}

static int take_unsigned(const struct memory_field *field, const char *text, void *at)
{
	char *end;
	uint64_t value, most = field->kind == MEMORY_FLAG ? 1 : UINT64_MAX >> (64 - 8 * field->size);

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || end == text || !ends(end) || *text == '-' || value > most ||
	    (field->below > 0 && value >= field->below))
		return -EINVAL;
	memcpy(at, &value, field->size);
	return 0;
}

static int take_signed(const struct memory_field *field, const char *text, void *at)
{
	char *end;
	int64_t value, most = INT64_MAX >> (64 - 8 * field->size);

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || end == text || !ends(end) || value > most || value < -most - 1)
		return -EINVAL;
	memcpy(at, &value, field->size);
	return 0;
}

static int take_reals(const struct memory_field *field, const char *text, char *at)
{
	for (size_t i = 0; i < field->count; i++) {
		char *end;
		double value = strtod(text, &end);

		if (end == text || (i + 1 < field->count ? *end != ',' : !ends(end)))
			return -EINVAL;
		memcpy(at + i * sizeof(double), &value, sizeof(double));
		text = end + 1;
	}
	return 0;
}

static int take_text(const struct memory_field *field, const char *text, char *at)
{
	size_t used = 0;
	unsigned byte;

	memset(at, 0, field->size);
	for (; !ends(text); text++) {
		if (used + 1 >= field->size)
			return -EINVAL;
		byte = (unsigned char)*text;
		if (*text == '\\') {
			if (ends(text + 1) || ends(text + 2) || sscanf(text + 1, "%2x", &byte) != 1)
				return -EINVAL;
			text += 2;
		}
		at[used++] = (char)byte;
	}
	return 0;
}

static int take_bytes(const struct memory_field *field, const char *text, char *state)
{
	unsigned char *bytes;
	size_t used = 0;
	unsigned byte;

	memcpy(&bytes, state + field->offset, sizeof(bytes));
	for (; !ends(text); text += 2) {
		if (used == field->size || sscanf(text, "%2x", &byte) != 1 || ends(text + 1))
			return -EINVAL;
		bytes[used++] = (unsigned char)byte;
	}
	memcpy(state + field->used_offset, &used, sizeof(used));
	return 0;
}

static int take_value(const struct memory_field *field, const char *text, char *state)
{
	char *at = state + field->offset;

	switch ((enum memory_kind)field->kind) {
	case MEMORY_FLAG:
	case MEMORY_UNSIGNED:
		return take_unsigned(field, text, at);
	case MEMORY_SIGNED:
		return take_signed(field, text, at);
	case MEMORY_REAL:
		return take_reals(field, text, at);
	case MEMORY_TEXT:
		return take_text(field, text, at);
	case MEMORY_BYTES:
		return take_bytes(field, text, state);
	}
	return -EINVAL;
}

static int take_fields(const char *text, const char *prefix, const struct memory_field *fields, char *state,
		       struct memory_outcome *outcome)
{
	char name[NAME_MAX_CHARS];
	int r = 0;

	for (; fields->name && r == 0; fields++) {
		const char *value;

		if (fields->part) {
			snprintf(name, sizeof(name), "%s%s.", prefix, fields->name);
			r = take_fields(text, name, fields->part, state + fields->offset, outcome);
			continue;
		}
		value = find_value(text, prefix, fields->name);
		*(value ? &outcome->taken : &outcome->missing) += 1;
		if (value)
			r = take_value(fields, value, state);
	}
	return r;
}

int memory_read(const char *text, const struct memory_field *fields, void *state,
		struct memory_outcome *ret_outcome)
{
	struct memory_outcome outcome = {0};
	uint32_t names = 0;
	int r = take_fields(text, "", fields, state, &outcome);

	for (const char *at = text; *at; at++)
		names += *at == '=' ? 1 : 0;
	if (r != 0)
		return r;
	outcome.unknown = names > outcome.taken ? names - outcome.taken : 0;
	*ret_outcome = outcome;
	return 0;
}
