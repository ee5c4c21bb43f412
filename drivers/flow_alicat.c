/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An Alicat mass flow controller by its ASCII commands. Unit 1 is 'A'. Each answer is a whole line of data
 * that begins with the unit. That it is set to nitrogen is its identity: the gas is never changed from here.
 * A valve on hold is let go before a setpoint. On a real line nothing but the maker's commands is sent; only
 * a site at another clock scale, which is densim's alone, asks "*IDN?".
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "drivers/alicat.h"
#include "drivers/correction.h"
#include "drivers/flow_schedule.h"
#include "drivers/text_session.h"

#define SAME_ML_PER_MIN 0.05
#define REPEAT_S 5.0
#define UNITS 26

struct alicat {
	struct text_session session;
	struct flow_schedule schedule;
	const struct correction *correction;
	char unit;
	struct alicat_status status; /* as last read */
	double written_ml_per_min, written_lab_s;
	uint32_t connects;
	struct flow_report report;
};

static int alicat_init(void *state, const struct driver_setup *setup)
{
	struct alicat *alicat = state;
	uint8_t unit = setup->config->devices[setup->device].unit;

	text_session_init(&alicat->session, setup);
	flow_schedule_init(&alicat->schedule, setup->config->scale);
	alicat->correction = &setup->config->flow;
	alicat->unit = (char)('A' + unit - 1);
	alicat->written_ml_per_min = NAN;
	return unit >= 1 && unit <= UNITS && correction_check(alicat->correction) == 0 ? 0 : -EINVAL;
}

/* "A", "AS5.00", "A$$C": each is answered by a line of data. */
static int ask(struct alicat *alicat, const char *command)
{
	char question[32], line[TEXT_SESSION_LINE];
	int n = snprintf(question, sizeof(question), "%c%s\r", alicat->unit, command);
	int r = text_session_ask(&alicat->session, question, (size_t)n, line);

	if (r == 0 && alicat_parse(line, alicat->unit, &alicat->status) < 0)
		r = text_session_fail(&alicat->session, CAUSE_MISMATCH);
	return r;
}

static int identify(struct alicat *alicat, double t_lab_s)
{
	char line[TEXT_SESSION_LINE] = "";
	int r = ask(alicat, "");

	if (r == 0 && alicat->session.scale > 1)
		r = text_session_ask(&alicat->session, "*IDN?\r", 6, line);
	if (r != 0)
		return r;
	return text_session_identify(&alicat->session, t_lab_s, line, strcmp(alicat->status.gas, "N2") == 0,
				     true);
}

/* Written when it is new, and again when the read-back says otherwise. */
static int obey(struct alicat *alicat, double wanted, double t_lab_s)
{
	const struct profile *profile = &alicat->session.device->profile;
	bool differs = fabs(alicat->status.setpoint - wanted) > SAME_ML_PER_MIN;
	bool due = isnan(alicat->written_ml_per_min) || fabs(wanted - alicat->written_ml_per_min) > 1e-9 ||
		   t_lab_s - alicat->written_lab_s >= REPEAT_S;
	char command[24];
	int r = 0;

	if (!(differs || alicat->status.hold) || !due || !isfinite(wanted) ||
	    (profile->setpoint_high > profile->setpoint_low &&
	     (wanted < profile->setpoint_low || wanted > profile->setpoint_high)))
		return 0;
	alicat->written_ml_per_min = wanted;
	alicat->written_lab_s = t_lab_s;
	if (alicat->status.hold)
		r = ask(alicat, "$$C");
	snprintf(command, sizeof(command), "S%.2f", wanted);
	return r == 0 ? ask(alicat, command) : r;
}

static int poll_device(struct alicat *alicat, const struct driver_cycle *cycle,
		       const struct flow_demand *demand)
{
	struct text_session *session = &alicat->session;
	bool due;
	int r = text_session_begin(session, cycle->t_lab_s, &due);

	if (r == 0 && due)
		r = identify(alicat, cycle->t_lab_s);
	if (alicat->connects != session->connects) {
		alicat->connects = session->connects;
		alicat->written_ml_per_min = NAN;
	}
	if (r == 0)
		r = ask(alicat, "");
	if (r == 0 && demand->mode == MODE_CONTROL && text_session_may_write(session))
		r = obey(alicat, correction_undo(alicat->correction, demand->setpoint_ml_per_min),
			 cycle->t_lab_s);
	if (r != 0)
		return r;
	alicat->report.flow_ml_per_min = text_session_make_reading(
		session, cycle->seq, correction_apply(alicat->correction, alicat->status.mass_flow));
	alicat->report.setpoint_ml_per_min = text_session_make_reading(
		session, cycle->seq, correction_apply(alicat->correction, alicat->status.setpoint));
	return 0;
}

static void alicat_cycle(void *state, const struct driver_cycle *cycle, const struct demand *demand,
			 struct report *report, int *ret_trace_fd)
{
	struct alicat *alicat = state;

	(void)ret_trace_fd;
	if (flow_schedule_is_due(&alicat->schedule, cycle)) {
		int r = poll_device(alicat, cycle, &demand->flow);

		flow_schedule_next(&alicat->schedule, cycle, r);
		text_session_end(&alicat->session, r == 0, report);
	} else {
		text_session_keep(&alicat->session, report);
	}
	alicat->report.identity_ok = alicat->session.identity_ok;
	report->flow = alicat->report;
}

static const struct memory_field memory_of_status[] = {
	MEMORY(struct alicat_status, pressure),    MEMORY(struct alicat_status, temperature),
	MEMORY(struct alicat_status, volume_flow), MEMORY(struct alicat_status, mass_flow),
	MEMORY(struct alicat_status, setpoint),    MEMORY(struct alicat_status, gas),
	MEMORY(struct alicat_status, hold),        MEMORY_END,
};

static const struct memory_field memory_of_alicat[] = {
	MEMORY_PART(struct alicat, session, memory_of_text_session),
	MEMORY_PART(struct alicat, schedule, memory_of_flow_schedule),
	MEMORY_PART(struct alicat, status, memory_of_status),
	MEMORY(struct alicat, written_ml_per_min),
	MEMORY(struct alicat, written_lab_s),
	MEMORY(struct alicat, connects),
	MEMORY_PART(struct alicat, report, memory_of_flow_report),
	MEMORY_END,
};

const struct driver_ops alicat_driver = {
	.name = "alicat",
	.kind = DEVICE_FLOW,
	.protocol = "alicat",
	.state_size = sizeof(struct alicat),
	.memory = memory_of_alicat,
	.init = alicat_init,
	.cycle = alicat_cycle,
};
