/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Druck PACE5000: SCPI as in manual K0472. Answers repeat the header; orders answer nothing and fill the
 * error queue. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/densim/emulator_text.h"

#define RANGE_BAR 210.0
enum { UNDEFINED_HEADER = -113, OUT_OF_RANGE = -222, NO_PARAMETER = -109 };

static void complain(struct emulator_text *emulator, int error)
{
	if (emulator->error_count < EMULATOR_TEXT_ERRORS)
		emulator->errors[emulator->error_count++] = error;
}

static double setpoint(const struct emulator_text *emulator)
{
	return (double)emulator->lab->press.setpoint_bar;
}

static size_t say_error(struct emulator_text *emulator, char *ret_answer)
{
	int error = emulator->error_count > 0 ? emulator->errors[0] : 0;

	if (emulator->error_count > 0) {
		emulator->error_count--;
		memmove(emulator->errors, emulator->errors + 1,
			(size_t)emulator->error_count * sizeof(error));
	}
	return (size_t)snprintf(ret_answer, EMULATOR_TEXT_ANSWER, ":SYST:ERR %d,\"%s\"\r", error,
				error == 0 ? "No error" : "Error");
}

/* Where it stands is the panel's display; the answer has the resolution of the 210 bar range. */
static size_t answer(struct emulator_text *emulator, const char *question, char *ret_answer)
{
	const struct laboratory *lab = emulator->lab;

	if (strcasecmp(question, "*IDN?") == 0)
		return (size_t)snprintf(ret_answer, EMULATOR_TEXT_ANSWER,
					"*IDN densim:%g,PACE5000,1,02.00.07\r", lab->scale);
	if (strcasecmp(question, ":SENS:PRES?") == 0)
		return (size_t)snprintf(ret_answer, EMULATOR_TEXT_ANSWER, ":SENS:PRES %.4f\r",
					lab->press.measured_bar);
	if (strcasecmp(question, ":SOUR:PRES?") == 0)
		return (size_t)snprintf(ret_answer, EMULATOR_TEXT_ANSWER, ":SOUR:PRES %.4f\r",
					setpoint(emulator));
	if (strcasecmp(question, ":OUTP:STAT?") == 0)
		return (size_t)snprintf(ret_answer, EMULATOR_TEXT_ANSWER, ":OUTP:STAT %d\r",
					emulator_text_runs(emulator));
	if (strcasecmp(question, ":OUTP:ISOL:STAT?") == 0)
		return (size_t)snprintf(ret_answer, EMULATOR_TEXT_ANSWER, ":OUTP:ISOL:STAT %d\r",
					emulator_text_runs(emulator));
	if (strcasecmp(question, ":UNIT:PRES?") == 0)
		return (size_t)snprintf(ret_answer, EMULATOR_TEXT_ANSWER, ":UNIT:PRES %s\r", emulator->unit);
	if (strcasecmp(question, ":SOUR:PRES:SLEW:MODE?") == 0)
		return (size_t)snprintf(ret_answer, EMULATOR_TEXT_ANSWER, ":SOUR:PRES:SLEW:MODE %s\r",
					emulator->linear ? "LIN" : "MAX");
	if (strcasecmp(question, ":SYST:ERR?") == 0)
		return say_error(emulator, ret_answer);
	complain(emulator, UNDEFINED_HEADER);
	return 0;
}

static bool is_order(const char *line, const char *header, double *ret_value)
{
	size_t length = strlen(header);

	if (strncasecmp(line, header, length) != 0 || line[length] != ' ')
		return false;
	*ret_value = strtod(line + length + 1, NULL);
	return true;
}

/* At its maximum rate it asks nobody how fast: from the panel, or as it comes. */
static double slew_bar_per_s(const struct emulator_text *emulator)
{
	return emulator->linear ? emulator->slew_bar_per_s : RANGE_BAR;
}

static bool obey_mode(struct emulator_text *emulator, const char *line)
{
	static const char header[] = ":SOUR:PRES:SLEW:MODE ";
	const char *mode = line + sizeof(header) - 1;

	if (strncasecmp(line, header, sizeof(header) - 1) != 0)
		return false;
	if (strncasecmp(mode, "LIN", 3) == 0)
		emulator->linear = !emulator->keeps_maximum;
	else if (strncasecmp(mode, "MAX", 3) == 0)
		emulator->linear = false;
	else
		complain(emulator, NO_PARAMETER);
	return true;
}

static void vent(struct emulator_text *emulator)
{
	emulator->vents++;
	emulator_text_press(emulator, true, 0, RANGE_BAR);
}

static void obey(struct emulator_text *emulator, const char *line)
{
	bool run = emulator_text_runs(emulator);
	double value;

	if (obey_mode(emulator, line))
		return;
	if (is_order(line, ":SOUR:PRES:LEV:IMM:AMPL:VENT", &value)) {
		if (value == 1)
			vent(emulator);
	} else if (is_order(line, ":SOUR:PRES:SLEW", &value)) {
		emulator->slew_bar_per_s = value;
	} else if (is_order(line, ":SOUR:PRES", &value)) {
		if (value < 0 || value > RANGE_BAR)
			complain(emulator, OUT_OF_RANGE);
		else
			emulator_text_press(emulator, run, value, slew_bar_per_s(emulator));
	} else if (is_order(line, ":OUTP:STAT", &value)) {
		emulator_text_press(emulator, value == 1, setpoint(emulator), slew_bar_per_s(emulator));
	} else {
		complain(emulator, strchr(line, ' ') ? UNDEFINED_HEADER : NO_PARAMETER);
	}
}

size_t emulator_pace_line(struct emulator_text *emulator, const char *line, char *ret_answer)
{
	if (strchr(line, '?'))
		return answer(emulator, line, ret_answer);
	obey(emulator, line);
	return 0;
}
