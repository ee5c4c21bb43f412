/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Teledyne ISCO D series controller with one pump, A, unit 1: DASNET. A frame with a wrong checksum is not
 * answered at all (the manual: E is the network controller's word only), one that comes while it is busy with
 * B; what changes the pump is refused until REMOTE has been said; an order answers a frame without a text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/densim/emulator_text.h"

#define FULL_BAR 517.0
#define FULL_ML 266.0
#define FAST_BAR_PER_S 50.0 /* its own speed at a step of the setpoint */
#define UNIT '1'

static unsigned sum_of(const char *text, size_t length)
{
	unsigned sum = 0;

	for (size_t i = 0; i < length; i++)
		sum += (unsigned char)text[i];
	return sum & 0xFF;
}

static size_t seal(char *frame, int length)
{
	return (size_t)(length +
			snprintf(frame + length, 8, "%02X\r", (256 - sum_of(frame, (size_t)length)) & 0xFF));
}

static size_t acknowledge(char kind, char *ret_answer)
{
	return seal(ret_answer, snprintf(ret_answer, EMULATOR_TEXT_ANSWER - 8, "%c ", kind));
}

static size_t say(const char *text, char *ret_answer)
{
	return seal(ret_answer,
		    snprintf(ret_answer, EMULATOR_TEXT_ANSWER - 8, "R%c%02zX%s", UNIT, strlen(text), text));
}

static size_t say_value(const char *name, double value, char *ret_answer)
{
	char text[48];

	snprintf(text, sizeof(text), "%s=%.2f", name, value);
	return say(text, ret_answer);
}

static size_t answer(struct emulator_text *emulator, const char *question, char *ret_answer)
{
	const struct press_plant *press = &emulator->lab->press;
	char text[80];

	if (strcmp(question, "PRESSA") == 0)
		return say_value("PRESSA", press->measured_bar, ret_answer);
	if (strcmp(question, "SETPRESSA") == 0)
		return say_value("PRESSA", (double)press->setpoint_bar, ret_answer);
	if (strcmp(question, "VOLA") == 0)
		return say_value("VOLA", FULL_ML * press_plant_stroke_pct(press) / 100, ret_answer);
	if (strcmp(question, "FLOWA") == 0)
		return say_value("FLOWA", 0, ret_answer);
	if (strcmp(question, "IDENTIFY") == 0)
		snprintf(text, sizeof(text), "densim:%g 260D", emulator->lab->scale);
	else if (strcmp(question, "UNITSA") == 0)
		snprintf(text, sizeof(text), "UNITSA=%s", emulator->unit);
	else if (strcmp(question, "STATUSA") == 0)
		snprintf(text, sizeof(text), "STATUSA=%s,%s,%s",
			 emulator_text_runs(emulator) ? "RUN" : "STOP",
			 emulator->remote && !press->local ? "REMOTE" : "LOCAL",
			 press->oil_bar > FULL_BAR ? "OVERPRESSURE" : "NONE");
	else
		return say("PROBLEM=INVALID COMMAND", ret_answer);
	return say(text, ret_answer);
}

static bool is_setting(const char *command, double *ret_bar)
{
	const char *value = strchr(command, '=');

	if (!value || (strncmp(command, "PRESSA=", 7) != 0 && strncmp(command, "PRESS=", 6) != 0))
		return false;
	*ret_bar = strtod(value + 1, NULL);
	return true;
}

/* 1: an order, obeyed; 0: none of the orders; -1: refused. */
static int obey(struct emulator_text *emulator, const char *command)
{
	const struct press_plant *press = &emulator->lab->press;
	bool run = emulator_text_runs(emulator), may = emulator->remote && !press->local;
	double bar = (double)press->setpoint_bar;
	bool setting = is_setting(command, &bar);

	if (strcmp(command, "REMOTE") == 0 || strcmp(command, "LOCAL") == 0) {
		emulator->remote = command[0] == 'R';
		return 1;
	}
	if (strcmp(command, "CONST PRESS") == 0) {
		emulator->constant_pressure |= may;
		return may ? 1 : -1;
	}
	if (strcmp(command, "RUN") == 0 || strcmp(command, "STOP") == 0)
		run = command[0] == 'R' && emulator->constant_pressure;
	else if (!setting)
		return 0;
	if (!may || bar < 0 || bar > FULL_BAR)
		return -1;
	emulator_text_press(emulator, run, bar, FAST_BAR_PER_S);
	return 1;
}

static int take_hex(const char *digits, size_t count)
{
	char text[3] = "";
	char *end;
	long value;

	memcpy(text, digits, count);
	value = strtol(text, &end, 16);
	return *end == '\0' ? (int)value : -1;
}

/* unit, 'R', source, length, command, checksum */
size_t emulator_dasnet_line(struct emulator_text *emulator, const char *line, char *ret_answer)
{
	char command[80] = "";
	size_t length = strlen(line);
	int size;

	if (length < 7 || line[0] != UNIT)
		return 0;
	size = take_hex(line + 3, 2);
	if ((sum_of(line, length - 2) + (unsigned)take_hex(line + length - 2, 2)) % 256 != 0 ||
	    size != (int)length - 7 || size >= (int)sizeof(command))
		return 0;
	if (emulator->busy > 0) {
		emulator->busy--;
		return acknowledge('B', ret_answer);
	}
	memcpy(command, line + 5, (size_t)size);
	if (emulator->lab->press.power_failed)
		emulator->remote = emulator->constant_pressure = false;
	switch (obey(emulator, command)) {
	case 1:
		return acknowledge('R', ret_answer);
	case -1:
		return say(emulator->remote ? "PROBLEM=OUT OF RANGE" : "PROBLEM=LOCAL MODE", ret_answer);
	default:
		return answer(emulator, command, ret_answer);
	}
}
