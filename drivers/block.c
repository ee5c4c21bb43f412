/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/block.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/codec.h"
#include "drivers/text_number.h"

enum block_result block_parse(const uint8_t *bytes, size_t size, const uint8_t **ret_payload,
			      size_t *ret_length)
{
	size_t digits, length = 0;

	if (size < 1)
		return BLOCK_INCOMPLETE;
	if (bytes[0] != '#')
		return BLOCK_MALFORMED;
	if (size < 2)
		return BLOCK_INCOMPLETE;
	if (bytes[1] < '1' || bytes[1] > '9')
		return BLOCK_MALFORMED;
	digits = (size_t)(bytes[1] - '0');
	for (size_t i = 0; i < digits; i++) {
		if (size <= 2 + i)
			return BLOCK_INCOMPLETE;
		if (bytes[2 + i] < '0' || bytes[2 + i] > '9')
			return BLOCK_MALFORMED;
		length = length * 10 + (size_t)(bytes[2 + i] - '0');
	}
	if (length > BLOCK_BYTES_MAX)
		return BLOCK_TOO_LARGE;
	if (size < 2 + digits + length)
		return BLOCK_INCOMPLETE;
	*ret_payload = bytes + 2 + digits;
	*ret_length = length;
	return BLOCK_COMPLETE;
}

int block_decode_rows(const uint8_t *payload, size_t length, struct trace_row *ret_rows)
{
	size_t rows = length / BLOCK_ROW_BYTES;

	if (rows == 0 || length % BLOCK_ROW_BYTES != 0)
		return -EBADMSG;
	for (size_t i = 0; i < rows; i++) {
		const uint8_t *at = payload + i * BLOCK_ROW_BYTES;
		struct trace_row row = {.t_s = (double)codec_decode_f32_bytes(at),
					.temperature_k = (double)codec_decode_f32_bytes(at + 4),
					.heat_flow_mw = (double)codec_decode_f32_bytes(at + 8)};

		if (!isfinite(row.t_s) || !isfinite(row.temperature_k) || !isfinite(row.heat_flow_mw))
			return -EBADMSG;
		if (i > 0 && row.t_s <= ret_rows[i - 1].t_s)
			return -EBADMSG;
		ret_rows[i] = row;
	}
	return 0;
}

static const struct {
	const char *name;
	uint8_t state;
} chip_states[] = {
	{"IDLE", BLOCK_CHIP_IDLE},   {"PROGRAMMED", BLOCK_CHIP_PROGRAMMED},
	{"ARMED", BLOCK_CHIP_ARMED}, {"RUNNING", BLOCK_CHIP_RUNNING},
	{"DATA", BLOCK_CHIP_DATA},   {"FAULT", BLOCK_CHIP_FAULT},
};

static int take_comma(const char **at)
{
	if (**at != ',')
		return -EBADMSG;
	(*at)++;
	return 0;
}

static int take_field(const char **at, double *ret_value)
{
	int r = take_comma(at);

	return r < 0 ? r : text_number_take(at, ret_value);
}

static bool is_count(double value)
{
	return value >= 0 && value <= 4294967295.0 && value == floor(value);
}

int block_parse_status(const char *line, struct block_status *ret_status)
{
	struct block_status status = {0};
	size_t length = strcspn(line, ",");
	const char *at = line + length;
	double field[6];

	for (size_t i = 0; i < sizeof(chip_states) / sizeof(chip_states[0]); i++)
		if (strlen(chip_states[i].name) == length && memcmp(chip_states[i].name, line, length) == 0)
			status.state = chip_states[i].state;
	if (status.state == BLOCK_CHIP_UNKNOWN)
		return -EBADMSG;
	for (size_t i = 0; i < 6; i++)
		if (take_field(&at, &field[i]) < 0)
			return -EBADMSG;
	if (*at != '\0' || !is_count(field[0]) || !is_count(field[1]) || !is_count(field[5]))
		return -EBADMSG;
	status.scan_counter = (uint32_t)field[0];
	status.trace_counter = (uint32_t)field[1];
	status.temperature_k = field[2];
	status.resistance_ohm = field[3];
	status.power_mw = field[4];
	status.flags = (uint32_t)field[5];
	*ret_status = status;
	return 0;
}

static int take_segment(const char **at, struct block_segment *ret_segment)
{
	struct block_segment segment = {0};

	if (strncmp(*at, "PROG:", 5) == 0)
		*at += 5;
	if (strncmp(*at, "RAMP ", 5) != 0 && strncmp(*at, "COOL ", 5) != 0)
		return -EBADMSG;
	segment.cool = **at == 'C';
	*at += 5;
	if (text_number_take(at, &segment.from_k) < 0 || take_field(at, &segment.to_k) < 0 ||
	    take_field(at, &segment.rate_k_per_s) < 0)
		return -EBADMSG;
	*ret_segment = segment;
	return 0;
}

int block_parse_program(const char *line, struct block_segment ret_segments[BLOCK_SEGMENTS_MAX])
{
	unsigned count = 0;

	if (*line == '\0')
		return 0;
	for (;;) {
		if (count >= BLOCK_SEGMENTS_MAX || take_segment(&line, &ret_segments[count]) < 0)
			return -EBADMSG;
		count++;
		if (*line == '\0' || (line[0] == ';' && line[1] == '\0'))
			return (int)count;
		if (*line != ';')
			return -EBADMSG;
		line++;
		if (*line == ' ')
			line++;
	}
}

int block_parse_error(const char *line, int *ret_code)
{
	char *end;
	long code;

	if (strspn(line, "+-0123456789") == 0)
		return -EBADMSG;
	code = strtol(line, &end, 10);
	if (end == line || (*end != ',' && *end != '\0') || code < -100000 || code > 100000)
		return -EBADMSG;
	*ret_code = (int)code;
	return 0;
}
