/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A Druck PACE5000 or PACE6000 in the role of the press: SCPI on a serial line. REGULATE is :OUTP:STAT 1,
 * LOCK :OUTP:STAT 0 (the controller's valves shut, the pressure stands). VENT is never sent. Pressure is read
 * each cycle, one of setpoint and output state in turn; after each order the error queue is asked. Before the
 * first setpoint its slew mode is made LIN and read back. Source: SCPI manual K0472.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "drivers/pace.h"
#include "drivers/source_text.h"

#define RESOLUTION_BAR 0.001
#define SAME_SLEW 0.01 /* share by which the rate limit may change before it is written again */

struct pace {
	struct source_text text;
	double slew_bar_per_s; /* last written; NAN: none */
	bool turn;
};

static int ask(struct pace *pace, const char *question, char ret_line[TEXT_SESSION_LINE])
{
	char bytes[96];
	int n = snprintf(bytes, sizeof(bytes), "%s\n", question);

	return text_session_ask(&pace->text.session, bytes, (size_t)n, ret_line);
}

static int ask_number(struct pace *pace, const char *header, double *ret_value)
{
	char question[64], line[TEXT_SESSION_LINE];
	int r;

	snprintf(question, sizeof(question), "%s?", header);
	r = ask(pace, question, line);
	if (r == 0 && pace_parse_number(line, header, ret_value) < 0)
		r = text_session_fail(&pace->text.session, CAUSE_MISMATCH);
	return r;
}

/* An order is done when the error queue says nothing about it; its effect is read back by others. */
static int tell(struct pace *pace, const char *order)
{
	char bytes[96], line[TEXT_SESSION_LINE];
	int n = snprintf(bytes, sizeof(bytes), "%s\n", order), code;
	int r = text_session_tell(&pace->text.session, bytes, (size_t)n);

	if (r == 0)
		r = ask(pace, ":SYST:ERR?", line);
	if (r != 0)
		return r;
	if (pace_parse_error(line, &code) < 0)
		return text_session_fail(&pace->text.session, CAUSE_MISMATCH);
	if (code == 0)
		return 0;
	pace->text.session.fault = CAUSE_EXCEPTION;
	return CAUSE_EXCEPTION;
}

/* At MAX the slew rate limits nothing, and a setpoint is a step. */
static int make_linear(struct pace *pace)
{
	static const char header[] = ":SOUR:PRES:SLEW:MODE";
	char line[TEXT_SESSION_LINE], mode[PACE_WORD];
	int r = tell(pace, ":SOUR:PRES:SLEW:MODE LIN");

	if (r == 0)
		r = ask(pace, ":SOUR:PRES:SLEW:MODE?", line);
	if (r != 0)
		return r;
	if (pace_parse_word(line, header, mode) < 0)
		return text_session_fail(&pace->text.session, CAUSE_MISMATCH);
	if (strncmp(mode, "LIN", 3) == 0)
		return 0;
	pace->text.session.fault = CAUSE_MISMATCH;
	return CAUSE_MISMATCH;
}

static int pace_write_setpoint(void *driver, double bar, double limit_bar_per_s)
{
	struct pace *pace = driver;
	char order[96];
	int r = 0;

	if (isnan(pace->slew_bar_per_s))
		r = make_linear(pace);
	if (r != 0)
		return r;
	if (isnan(pace->slew_bar_per_s) ||
	    fabs(limit_bar_per_s - pace->slew_bar_per_s) > SAME_SLEW * pace->slew_bar_per_s) {
		snprintf(order, sizeof(order), ":SOUR:PRES:SLEW %.4f", limit_bar_per_s);
		r = tell(pace, order);
		pace->slew_bar_per_s = r == 0 ? limit_bar_per_s : NAN;
	}
	if (r != 0)
		return r;
	snprintf(order, sizeof(order), ":SOUR:PRES %.3f", bar);
	return tell(pace, order);
}

static int pace_run(void *driver, bool on)
{
	return tell(driver, on ? ":OUTP:STAT 1" : ":OUTP:STAT 0");
}

static const struct source_ops pace_source = {.write_setpoint = pace_write_setpoint, .run = pace_run};

static int identify(void *driver, double t_lab_s)
{
	struct pace *pace = driver;
	char name[TEXT_SESSION_LINE], line[TEXT_SESSION_LINE], unit[PACE_WORD];
	int r = ask(pace, "*IDN?", name);

	if (r == 0)
		r = ask(pace, ":UNIT:PRES?", line);
	if (r == 0 && pace_parse_word(line, ":UNIT:PRES", unit) < 0)
		r = text_session_fail(&pace->text.session, CAUSE_MISMATCH);
	if (r != 0)
		return r;
	return text_session_identify(&pace->text.session, t_lab_s, name, strncmp(name, "*IDN ", 5) == 0,
				     strcmp(unit, "BAR") == 0);
}

static int read_bar(struct pace *pace, const char *header, uint32_t seq, struct reading *ret_reading)
{
	double bar;
	int r = ask_number(pace, header, &bar);

	if (r == 0)
		*ret_reading = text_session_make_reading(&pace->text.session, seq,
							 press_follow_is_plausible(bar) ? bar : NAN);
	return r;
}

static int read_state(struct pace *pace)
{
	struct source_state *state = &pace->text.source.state;
	char line[TEXT_SESSION_LINE];
	int r = ask(pace, ":OUTP:STAT?", line);

	if (r == 0 && pace_parse_flag(line, ":OUTP:STAT", &state->running) < 0)
		r = text_session_fail(&pace->text.session, CAUSE_MISMATCH);
	if (r != 0)
		return r;
	state->status_reads++;
	state->status_ns = pace->text.session.t_reply_ns;
	return 0;
}

static int read_pace(void *driver, uint32_t seq)
{
	struct pace *pace = driver;
	struct source_state *state = &pace->text.source.state;
	int r = read_bar(pace, ":SENS:PRES", seq, &state->pressure_bar);

	pace->turn = !pace->turn;
	if (r == 0 && pace->turn)
		return read_state(pace);
	if (r == 0) {
		r = read_bar(pace, ":SOUR:PRES", seq, &state->setpoint_bar);
		state->setpoint_reads += r == 0;
	}
	return r;
}

static void forget_pace(void *driver)
{
	struct pace *pace = driver;

	pace->slew_bar_per_s = NAN;
}

static const struct source_text_ops text_ops = {
	.identify = identify, .read = read_pace, .forget = forget_pace};

static int pace_init(void *state, const struct driver_setup *setup)
{
	struct pace *pace = state;

	pace->text.ops = &text_ops;
	pace->text.driver = pace;
	text_session_init(&pace->text.session, setup);
	pace->slew_bar_per_s = NAN;
	return source_init(&pace->text.source, &pace_source, pace, setup, RESOLUTION_BAR);
}

static void pace_cycle(void *state, const struct driver_cycle *cycle, const struct demand *demand,
		       struct report *report, int *ret_trace_fd)
{
	struct pace *pace = state;

	(void)ret_trace_fd;
	source_text_cycle(&pace->text, cycle, &demand->press, report);
}

static const struct memory_field memory_of_pace[] = {
	MEMORY_PART(struct pace, text, memory_of_source_text),
	MEMORY(struct pace, slew_bar_per_s),
	MEMORY(struct pace, turn),
	MEMORY_END,
};

const struct driver_ops pace_driver = {
	.name = "pace",
	.kind = DEVICE_PRESS,
	.protocol = "pace",
	.state_size = sizeof(struct pace),
	.memory = memory_of_pace,
	.init = pace_init,
	.cycle = pace_cycle,
};
