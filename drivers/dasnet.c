/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/dasnet.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/text_number.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define COMMAND_MAX 64u
#define EMPTY_LENGTH 4u /* acknowledgement, ' ', checksum */
#define HEAD_LENGTH 4u  /* acknowledgement, source, length */
#define TAIL_LENGTH 2u

uint8_t dasnet_checksum(const char *bytes, size_t length)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + (uint8_t)bytes[i]);
	return (uint8_t)(0 - sum);
}

static bool is_printable(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] < ' ' || bytes[i] > '~')
			return false;
	return true;
}

int dasnet_encode(unsigned unit, char source, const char *command, char ret_frame[DASNET_FRAME])
{
	size_t length = strlen(command);
	int used;

	if (unit > 9 || length == 0 || length > COMMAND_MAX || !is_printable(command, length))
		return -EINVAL;
	/* The first CR ends whatever half a frame the controller may hold. */
	used = snprintf(ret_frame, DASNET_FRAME, "\r%uR%c%02zX%s", unit, source, length, command);
	return used + snprintf(ret_frame + used, DASNET_FRAME - (size_t)used, "%02X\r",
			       dasnet_checksum(ret_frame + 1, (size_t)used - 1));
}

/* Two hexadecimal digits, or -1. */
static int take_hex(const char *digits)
{
	int value = 0;

	for (int i = 0; i < 2; i++) {
		char digit = (char)toupper((unsigned char)digits[i]);

		if (!isxdigit((unsigned char)digit))
			return -1;
		value = value * 16 + (digit >= 'A' ? digit - 'A' + 10 : digit - '0');
	}
	return value;
}

static int decode(const char *frame, size_t length, struct dasnet_answer *ret_answer)
{
	struct dasnet_answer answer = {0};
	size_t text;

	/* A pump never says E: one that did not understand says nothing. */
	if (length < EMPTY_LENGTH || !is_printable(frame, length) || !strchr("RB", frame[0]))
		return -EBADMSG;
	if (take_hex(frame + length - TAIL_LENGTH) != dasnet_checksum(frame, length - TAIL_LENGTH))
		return -EBADMSG;
	answer.acknowledgement = frame[0];
	answer.source = frame[1];
	text = length - TAIL_LENGTH - HEAD_LENGTH;
	if (length > EMPTY_LENGTH) {
		if (length < HEAD_LENGTH + TAIL_LENGTH || text >= DASNET_TEXT ||
		    take_hex(frame + 2) != (int)text || !isalnum((unsigned char)frame[1]))
			return -EBADMSG;
		memcpy(answer.text, frame + HEAD_LENGTH, text);
	} else if (answer.source != ' ') {
		return -EBADMSG;
	}
	*ret_answer = answer;
	return 0;
}

enum dasnet_result dasnet_parse(const char *bytes, size_t length, size_t *ret_used,
				struct dasnet_answer *ret_answer)
{
	size_t begin = 0, end;

	while (begin < length && (bytes[begin] == '\r' || bytes[begin] == '\n'))
		begin++;
	for (end = begin; end < length && bytes[end] != '\r';)
		end++;
	if (end == length)
		return length - begin >= DASNET_FRAME ? DASNET_MALFORMED : DASNET_INCOMPLETE;
	*ret_used = end + 1;
	return decode(bytes + begin, end - begin, ret_answer) < 0 ? DASNET_MALFORMED : DASNET_COMPLETE;
}

/* Behind "NAME=", blanks passed over; NULL when another name stands there. */
static const char *find_payload(const char *text, const char *name)
{
	size_t length = strlen(name);

	text += strspn(text, " ");
	if (strncmp(text, name, length) != 0)
		return NULL;
	text += length;
	text += strspn(text, " ");
	if (*text != '=')
		return NULL;
	return text + 1 + strspn(text + 1, " ");
}

int dasnet_parse_value(const char *text, const char *name, double *ret_value)
{
	const char *at = find_payload(text, name);

	return at ? text_number_parse(at, ret_value) : -EBADMSG;
}

int dasnet_parse_word(const char *text, const char *name, char ret_word[16])
{
	const char *at = find_payload(text, name);
	size_t length = at ? strcspn(at, " ,") : 0;

	if (length == 0 || length >= 16)
		return -EBADMSG;
	for (size_t i = 0; i < length; i++)
		ret_word[i] = (char)toupper((unsigned char)at[i]);
	ret_word[length] = '\0';
	return 0;
}

enum meaning { RUNNING, STANDING, REMOTE, LOCAL, OVER_PRESSURE, MOTOR_FAULT, EMPTY, MEANINGS };
static const struct {
	const char *word;
	enum meaning meaning;
} words[] = {
	{"RUN", RUNNING},
	{"RUNNING", RUNNING},
	{"EQUILIBRATING", RUNNING},
	{"STOP", STANDING},
	{"STOPPED", STANDING},
	{"HOLD", STANDING},
	{"REFILL", STANDING},
	{"REMOTE", REMOTE},
	{"LOCAL", LOCAL},
	{"EXTERNAL", LOCAL},
	{"OVERPRESSURE", OVER_PRESSURE},
	{"OVER PRESSURE", OVER_PRESSURE},
	{"MOTOR FAILURE", MOTOR_FAULT},
	{"CYLINDER EMPTY", EMPTY},
};

static void take_word(const char *word, size_t length, bool found[MEANINGS])
{
	while (length > 0 && word[length - 1] == ' ')
		length--;
	for (size_t i = 0; i < COUNT(words); i++)
		if (strlen(words[i].word) == length && strncmp(words[i].word, word, length) == 0)
			found[words[i].meaning] = true;
}

int dasnet_parse_status(const char *text, struct dasnet_status *ret_status)
{
	bool found[MEANINGS] = {false};

	while (*text) {
		size_t blank = strspn(text, " =,;"), length = strcspn(text + blank, "=,;");

		take_word(text + blank, length, found);
		text += blank + length;
	}
	if (found[RUNNING] == found[STANDING])
		return -EBADMSG;
	*ret_status = (struct dasnet_status){.running = found[RUNNING],
					     .local = found[LOCAL] && !found[REMOTE],
					     .over_pressure = found[OVER_PRESSURE],
					     .motor_fault = found[MOTOR_FAULT],
					     .empty = found[EMPTY]};
	return 0;
}
