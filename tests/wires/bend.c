/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/wires/bend.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/codec.h"
#include "drivers/dasnet.h"
#include "tools/densim/modbus_server.h"

#define MS_NS 1e6
#define LATE_MS 3000.0
#define EXCEPTION_UNKNOWN 0x2A

struct bend bend_draw(struct manners *manners, struct chance *chance)
{
	struct bend bend = {.kind = manners_draw(manners, chance)};

	switch (bend.kind) {
	case MANNER_LATE:
		bend.late_ns = (int64_t)(chance_between(chance, 0, LATE_MS) * MS_NS);
		break;
	case MANNER_TRICKLE:
		bend.gap_ns = (int64_t)(chance_between(chance, 1, 300) * MS_NS);
		break;
	case MANNER_LOST:
		bend.undone = chance_is(chance, 0.5);
		break;
	case MANNER_EXCEPTION:
		bend.undone = true;
		bend.code = (uint8_t)(1 + chance_pick(chance, 7));
		if (bend.code > 6)
			bend.code = EXCEPTION_UNKNOWN;
		break;
	case MANNER_NOT_DONE:
		bend.false_ack = true;
		break;
	case MANNER_TWICE:
		bend.twice = true;
		break;
	case MANNER_CLOSED:
		bend.closes = true;
		break;
	default:
		break;
	}
	return bend;
}

static void seal_rtu(struct manner_frame *frame)
{
	uint16_t crc = modbus_server_crc(frame->bytes, frame->length - 2);

	frame->bytes[frame->length - 2] = (uint8_t)crc;
	frame->bytes[frame->length - 1] = (uint8_t)(crc >> 8);
}

static bool is_sealed_rtu(const struct manner_frame *frame)
{
	uint16_t crc = frame->length > 4 ? modbus_server_crc(frame->bytes, frame->length - 2) : 0;

	return frame->length > 4 && frame->bytes[frame->length - 2] == (uint8_t)crc &&
	       frame->bytes[frame->length - 1] == (uint8_t)(crc >> 8);
}

/* The sum of a DASNET frame and its two hexadecimal digits is 0; counted here and not by drivers/dasnet.c. */
static bool is_sealed_dasnet(const struct manner_frame *frame)
{
	size_t end = frame->length > 0 && frame->bytes[frame->length - 1] == '\r' ? frame->length - 1 : 0;
	char digits[3] = "";
	unsigned sum = 0;
	char *rest;

	if (end < 4 || memchr(frame->bytes, '\r', end))
		return false;
	for (size_t i = 0; i < end - 2; i++)
		sum += frame->bytes[i];
	memcpy(digits, frame->bytes + end - 2, 2);
	sum += (unsigned)strtoul(digits, &rest, 16);
	return rest == digits + 2 && sum % 256 == 0;
}

/* Text without a checksum: whatever parses is taken. */
static bool is_sealed_text(const struct bus_config *config, const struct manner_frame *frame)
{
	return strcmp(config->devices[0].profile.protocol, "dasnet") != 0 || is_sealed_dasnet(frame);
}

static void bend_unit(char line, const struct bus_config *config, struct chance *chance,
		      struct manner_frame *frame)
{
	uint32_t other = chance_pick(chance, config->device_count);

	if (line == 'M')
		frame->bytes[0] = config->devices[other].unit != frame->bytes[0]
					  ? config->devices[other].unit
					  : (uint8_t)(frame->bytes[0] + 1 + chance_pick(chance, 200));
	else if (frame->bytes[0] == 'A')
		frame->bytes[0] = 'B';
	else if (frame->length > 1 && isdigit(frame->bytes[1]))
		frame->bytes[1]++;
}

static void bend_function(size_t at, struct manner_frame *frame)
{
	frame->bytes[at] = frame->bytes[at] == 3 ? 4 : frame->bytes[at] == 16 ? 6 : 3;
}

/* Another number of registers than were asked for, the frame as long as it says or not. */
static void bend_length(size_t at, struct chance *chance, struct manner_frame *frame)
{
	uint8_t *count = &frame->bytes[at + 1];
	bool grows = chance_is(chance, 0.5), honest = chance_is(chance, 0.5);

	if (frame->bytes[at] > 4 && frame->bytes[at] != 23)
		return;
	if (!grows && *count < 4)
		grows = true;
	*count = (uint8_t)(grows ? *count + 2 : *count - 2);
	if (honest)
		frame->length = grows ? frame->length + 2 : frame->length - 2;
}

static void bend_echo(size_t at, struct chance *chance, struct manner_frame *frame)
{
	if (frame->bytes[at] == 5 || frame->bytes[at] == 6 || frame->bytes[at] == 16)
		frame->bytes[at + 1 + chance_pick(chance, 4)] ^= (uint8_t)(1 + chance_pick(chance, 255));
}

static void bend_modbus(struct bend *bend, char line, const struct bus_config *config, struct chance *chance,
			struct manner_frame *frame)
{
	size_t at = line == 'T' ? 7 : 1;

	switch (bend->kind) {
	case MANNER_UNIT:
		bend_unit(line, config, chance, frame);
		break;
	case MANNER_FUNCTION:
		bend_function(at, frame);
		break;
	case MANNER_LENGTH:
		bend_length(at, chance, frame);
		if (line == 'T' && frame->length >= 6)
			frame->bytes[5] = (uint8_t)(frame->length - 6);
		break;
	case MANNER_ECHO:
		bend_echo(at, chance, frame);
		break;
	case MANNER_NUMBER:
		frame->bytes[chance_pick(chance, 2)] ^= (uint8_t)(1 + chance_pick(chance, 255));
		return;
	default:
		return;
	}
	if (line == 'M')
		seal_rtu(frame);
}

static void bend_text(struct bend *bend, const struct bus_config *config, struct chance *chance,
		      struct manner_frame *frame)
{
	size_t at = frame->length > 3 ? 1 + chance_pick(chance, (uint32_t)frame->length - 3) : 0;

	if (bend->kind == MANNER_UNIT)
		bend_unit('S', config, chance, frame);
	if (bend->kind != MANNER_LENGTH || at == 0)
		return;
	/* A character is lost: in a text without checksum what is left may be a number all the same. */
	memmove(frame->bytes + at, frame->bytes + at + 1, frame->length - at - 1);
	frame->length--;
	bend->passes = is_sealed_text(config, frame);
}

static void flip(struct bend *bend, char line, const struct bus_config *config, struct chance *chance,
		 struct manner_frame *frame)
{
	manners_flip(chance, frame);
	bend->passes = line == 'M' ? is_sealed_rtu(frame) : is_sealed_text(config, frame);
}

void bend_frame(struct bend *bend, char line, const struct bus_config *config, struct chance *chance,
		const uint8_t *asked, struct manner_frame *frame)
{
	(void)asked;
	if (frame->length == 0)
		return;
	switch (bend->kind) {
	case MANNER_LOST:
		frame->length = 0;
		break;
	case MANNER_CLOSED:
		frame->length = 0;
		break;
	case MANNER_CUT:
		frame->length = chance_pick(chance, (uint32_t)frame->length);
		break;
	case MANNER_STRAY:
		manners_stray(chance, frame, chance_is(chance, 0.5));
		break;
	case MANNER_BITS:
		flip(bend, line, config, chance, frame);
		break;
	case MANNER_PREVIOUS:
		bend->passes = true;
		break;
	default:
		if (line == 'S')
			bend_text(bend, config, chance, frame);
		else
			bend_modbus(bend, line, config, chance, frame);
		break;
	}
}

void bend_except(const struct bend *bend, char line, const uint8_t *asked, struct manner_frame *ret_frame)
{
	size_t head = line == 'T' ? 7 : 1;

	(void)bend;
	memcpy(ret_frame->bytes, asked, head);
	ret_frame->bytes[head] = asked[head] | 0x80;
	ret_frame->bytes[head + 1] = bend->code;
	ret_frame->length = head + 2;
	if (line == 'T') {
		ret_frame->bytes[4] = 0;
		ret_frame->bytes[5] = 3;
		return;
	}
	ret_frame->length += 2;
	seal_rtu(ret_frame);
}

void bend_refuse(const char *protocol, struct manner_frame *ret_frame)
{
	static const struct {
		const char *protocol, *answer;
	} refusals[] = {{"dasnet", "B 9E\r"}, {"alicat", "?\r"}};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (strcmp(refusals[i].protocol, protocol) == 0) {
			ret_frame->length = strlen(refusals[i].answer);
			memcpy(ret_frame->bytes, refusals[i].answer, ret_frame->length);
		}
}

static const struct {
	const char *protocol, *question;
} questions[] = {
	{"pace", ":SENS:PRES?\n"}, {"pace", ":SOUR:PRES?\n"}, {"pace", ":OUTP:STAT?\n"},
	{"pace", ":UNIT:PRES?\n"}, {"pace", "*IDN?\n"},       {"pace", ":SYST:ERR?\n"},
	{"scpi", "CHIP:STAT?\n"},  {"scpi", "*IDN?\n"},       {"scpi", "SYST:ERR?\n"},
	{"scpi", "PROG?\n"},       {"alicat", "A\r"},         {"dasnet", "1R006XPRESSA"},
};

const char *bend_question(const char *protocol, struct chance *chance)
{
	static const char *const commands[] = {"PRESSA",  "SETPRESSA", "VOLA",
					       "STATUSA", "UNITSA",    "IDENTIFY"};
	static char frame[DASNET_FRAME];
	uint32_t first = chance_pick(chance, sizeof(questions) / sizeof(questions[0]));

	if (strcmp(protocol, "dasnet") == 0) {
		int length = dasnet_encode(1, '0', commands[chance_pick(chance, 6)], frame);

		frame[length] = '\0';
		return frame + 1; /* without the CR before it */
	}
	for (size_t i = first;; i = (i + 1) % (sizeof(questions) / sizeof(questions[0])))
		if (strcmp(questions[i].protocol, protocol) == 0)
			return questions[i].question;
}

void bend_read_of(const struct profile *profile, struct chance *chance, uint8_t unit,
		  struct manner_frame *ret_frame)
{
	const struct profile_register *reg =
		&profile->registers[chance_pick(chance, profile->register_count)];
	uint16_t words = (uint16_t)codec_words((enum register_type)reg->type);
	uint8_t *bytes = ret_frame->bytes;

	bytes[0] = unit;
	bytes[1] = reg->space == SPACE_INPUT ? 4 : reg->space == SPACE_HOLDING ? 3 : 1;
	bytes[2] = (uint8_t)(reg->address >> 8);
	bytes[3] = (uint8_t)reg->address;
	bytes[4] = 0;
	bytes[5] = (uint8_t)(words * (1 + chance_pick(chance, 3)));
	ret_frame->length = 8;
	seal_rtu(ret_frame);
}
