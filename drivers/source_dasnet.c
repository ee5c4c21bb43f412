/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A Teledyne ISCO syringe pump in the role of the press, pump A over DASNET. REGULATE is RUN in constant
 * pressure mode, LOCK is STOP: the piston stands and holds its volume. Pressure is read each cycle, setpoint,
 * status and volume in turn. PRESSA and SETPRESSA are answered alike ("PRESSA=..."), so that a late answer
 * could be taken for the other's: after anything doubtful the line is left alone, drained, and nothing is
 * believed before IDENTIFY has been answered.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "drivers/dasnet.h"
#include "drivers/line_silence.h"
#include "drivers/source_text.h"

#define RESOLUTION_BAR 0.1
#define CONTROLLER '0' /* we */
#define BUSY_ASKS 4    /* "B": the message is sent again, for 280 ms in all */
enum { TURN_SETPOINT, TURN_STATUS, TURN_VOLUME, TURN_MAX };

struct pump {
	struct source_text text;
	unsigned unit;
	double full_ml; /* volume when full; 0: unknown */
	unsigned turn;
};

static int exchange(struct pump *pump, const char *frame, size_t length, struct dasnet_answer *ret_answer)
{
	char line[TEXT_SESSION_LINE];
	int r = text_session_ask(&pump->text.session, frame, length, line);
	size_t used, got = r == 0 ? strlen(line) : 0;

	if (r != 0)
		return r;
	line[got] = '\r';
	if (dasnet_parse(line, got + 1, &used, ret_answer) != DASNET_COMPLETE)
		return text_session_fail(&pump->text.session, CAUSE_CRC);
	return 0;
}

/* Its answer's text, in @ret_text; a refused command answers "PROBLEM=...". */
static int ask(struct pump *pump, const char *command, char ret_text[DASNET_TEXT])
{
	char frame[DASNET_FRAME];
	struct dasnet_answer answer = {.acknowledgement = 'B'};
	int length = dasnet_encode(pump->unit, CONTROLLER, command, frame), r = 0;

	if (length < 0)
		return text_session_fail(&pump->text.session, CAUSE_RANGE);
	for (int i = 0; i < BUSY_ASKS && r == 0 && answer.acknowledgement == 'B'; i++) {
		if (i > 0)
			line_busy_wait(pump->text.session.scale, i - 1);
		r = exchange(pump, frame, (size_t)length, &answer);
	}
	if (r != 0)
		return r;
	if (answer.acknowledgement != 'R' || strncmp(answer.text, "PROBLEM", 7) == 0) {
		pump->text.session.fault = CAUSE_EXCEPTION;
		return CAUSE_EXCEPTION;
	}
	if (answer.source != ' ' && answer.source != (char)('0' + pump->unit))
		return text_session_fail(&pump->text.session, CAUSE_MISMATCH);
	memcpy(ret_text, answer.text, DASNET_TEXT);
	return 0;
}

static int tell(struct pump *pump, const char *command)
{
	char text[DASNET_TEXT];

	return ask(pump, command, text);
}

static int pump_write_setpoint(void *driver, double bar, double limit_bar_per_s)
{
	char command[48];

	(void)limit_bar_per_s; /* it has no ramp of its own that is verified: the setpoint comes in small
				  steps */
	snprintf(command, sizeof(command), "PRESSA=%.1f", bar);
	return tell(driver, command);
}

static int pump_run(void *driver, bool on)
{
	return tell(driver, on ? "RUN" : "STOP");
}

/* REMOTE must have been sent once before a command that changes anything is taken. */
static int pump_start(void *driver)
{
	int r = tell(driver, "REMOTE");

	return r == 0 ? tell(driver, "CONST PRESS") : r;
}

static const struct source_ops pump_source = {
	.write_setpoint = pump_write_setpoint, .run = pump_run, .start = pump_start};

static int identify(void *driver, double t_lab_s)
{
	struct pump *pump = driver;
	char name[DASNET_TEXT], text[DASNET_TEXT], unit[16];
	int r = ask(pump, "IDENTIFY", name);

	if (r == 0)
		r = ask(pump, "UNITSA", text);
	if (r == 0 && dasnet_parse_word(text, "UNITSA", unit) < 0)
		r = text_session_fail(&pump->text.session, CAUSE_MISMATCH);
	if (r != 0)
		return r;
	return text_session_identify(&pump->text.session, t_lab_s, name, name[0] != '\0',
				     strcmp(unit, "BAR") == 0);
}

static int ask_value(struct pump *pump, const char *command, const char *name, double *ret_value)
{
	char text[DASNET_TEXT];
	int r = ask(pump, command, text);

	if (r == 0 && dasnet_parse_value(text, name, ret_value) < 0)
		r = text_session_fail(&pump->text.session, CAUSE_MISMATCH);
	return r;
}

static int read_bar(struct pump *pump, const char *command, uint32_t seq, struct reading *ret_reading)
{
	double bar;
	int r = ask_value(pump, command, "PRESSA", &bar);

	if (r == 0)
		*ret_reading = text_session_make_reading(&pump->text.session, seq,
							 press_follow_is_plausible(bar) ? bar : NAN);
	return r;
}

static int read_status(struct pump *pump)
{
	struct source_state *state = &pump->text.source.state;
	struct dasnet_status status;
	char text[DASNET_TEXT];
	int r = ask(pump, "STATUSA", text);

	if (r == 0 && dasnet_parse_status(text, &status) < 0)
		r = text_session_fail(&pump->text.session, CAUSE_MISMATCH);
	if (r != 0)
		return r;
	state->running = status.running;
	state->local = status.local;
	state->failed = status.over_pressure || status.motor_fault || status.empty;
	state->status_reads++;
	state->status_ns = pump->text.session.t_reply_ns;
	return 0;
}

static int read_turn(struct pump *pump, uint32_t seq)
{
	struct source_state *state = &pump->text.source.state;
	double volume_ml;
	int r;

	pump->turn = (pump->turn + 1) % TURN_MAX;
	if (pump->turn == TURN_STATUS)
		return read_status(pump);
	if (pump->turn == TURN_SETPOINT) {
		r = read_bar(pump, "SETPRESSA", seq, &state->setpoint_bar);
		state->setpoint_reads += r == 0;
		return r;
	}
	r = ask_value(pump, "VOLA", "VOLA", &volume_ml);
	if (r == 0 && pump->full_ml > 0)
		state->stroke_pct =
			text_session_make_reading(&pump->text.session, seq, 100 * volume_ml / pump->full_ml);
	return r;
}

static int read_pump(void *driver, uint32_t seq)
{
	struct pump *pump = driver;
	int r = read_bar(pump, "PRESSA", seq, &pump->text.source.state.pressure_bar);

	return r == 0 ? read_turn(pump, seq) : r;
}

static const struct source_text_ops text_ops = {.identify = identify, .read = read_pump};

static int pump_init(void *state, const struct driver_setup *setup)
{
	struct pump *pump = state;
	const struct bus_device *device = &setup->config->devices[setup->device];

	pump->text.ops = &text_ops;
	pump->text.driver = pump;
	text_session_init(&pump->text.session, setup);
	pump->unit = device->unit;
	pump->full_ml = device->profile.stroke_full;
	if (device->unit > 9)
		return -EINVAL;
	return source_init(&pump->text.source, &pump_source, pump, setup, RESOLUTION_BAR);
}

static void pump_cycle(void *state, const struct driver_cycle *cycle, const struct demand *demand,
		       struct report *report, int *ret_trace_fd)
{
	struct pump *pump = state;

	(void)ret_trace_fd;
	source_text_cycle(&pump->text, cycle, &demand->press, report);
}

static const struct memory_field memory_of_pump[] = {
	MEMORY_PART(struct pump, text, memory_of_source_text),
	MEMORY(struct pump, full_ml),
	MEMORY(struct pump, turn),
	MEMORY_END,
};

const struct driver_ops dasnet_driver = {
	.name = "dasnet",
	.kind = DEVICE_PRESS,
	.protocol = "dasnet",
	.state_size = sizeof(struct pump),
	.memory = memory_of_pump,
	.init = pump_init,
	.cycle = pump_cycle,
};
