/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mass flow controller on a line that belongs to the furnace: polled once a lab second, and when silent
 * asked again after 1, 2, 4 ... 30 s and never for more than a tenth of the line's time. Roles: flow (or
 * process_value), setpoint.
 */
#include <errno.h>
#include <math.h>

#include "drivers/codec.h"
#include "drivers/correction.h"
#include "drivers/flow_schedule.h"
#include "drivers/session.h"

#define SAME_ML_PER_MIN 0.05
#define REPEAT_S 5.0

struct flow {
	struct session session;
	const struct correction *correction;
	const struct profile_register *flow, *setpoint;
	struct flow_schedule schedule;
	double written_ml_per_min, written_lab_s;
	uint32_t connects;
	struct flow_report report;
};

static int flow_init(void *state, const struct driver_setup *setup)
{
	struct flow *flow = state;
	const struct profile *profile = &setup->config->devices[setup->device].profile;

	session_init(&flow->session, setup);
	flow->correction = &setup->config->flow;
	flow_schedule_init(&flow->schedule, setup->config->scale);
	flow->flow = profile_find(profile, "flow");
	if (!flow->flow)
		flow->flow = profile_find(profile, "process_value");
	flow->setpoint = profile_find(profile, "setpoint");
	flow->written_ml_per_min = NAN;
	return flow->flow && flow->setpoint && correction_check(flow->correction) == 0 ? 0 : -EINVAL;
}

static int read_value(struct flow *flow, const struct profile_register *reg, uint32_t seq,
		      struct reading *ret_reading)
{
	uint16_t words[2];
	int r = modbus_port_read_value(&flow->session.port, reg, words);

	if (r == 0)
		*ret_reading = session_make_reading(
			&flow->session, seq, correction_apply(flow->correction, codec_decode(reg, words)));
	return r;
}

/* Written when it is new, and again when the read-back says otherwise. */
static int obey(struct flow *flow, const struct flow_demand *demand, double t_lab_s)
{
	const struct reading *read = &flow->report.setpoint_ml_per_min;
	double wanted = demand->setpoint_ml_per_min, reading = correction_undo(flow->correction, wanted);
	bool differs = read->quality == QUALITY_GOOD && fabs(read->value - wanted) > SAME_ML_PER_MIN;
	bool due = isnan(flow->written_ml_per_min) || fabs(wanted - flow->written_ml_per_min) > 1e-9 ||
		   t_lab_s - flow->written_lab_s >= REPEAT_S;
	uint16_t words[2];

	if (!differs || !due || !isfinite(wanted) || !flow->setpoint->writable ||
	    !codec_allows_setpoint(&flow->session.device->profile, reading) ||
	    codec_encode(flow->setpoint, reading, words) < 0)
		return 0;
	flow->written_ml_per_min = wanted;
	flow->written_lab_s = t_lab_s;
	return modbus_port_write(&flow->session.port, flow->setpoint->address,
				 (uint16_t)codec_words((enum register_type)flow->setpoint->type), words);
}

static int poll_device(struct flow *flow, const struct driver_cycle *cycle, const struct flow_demand *demand)
{
	int r = session_begin(&flow->session, cycle);

	if (flow->connects != flow->session.connects) {
		flow->connects = flow->session.connects;
		flow->written_ml_per_min = NAN;
	}
	if (r == 0)
		r = read_value(flow, flow->setpoint, cycle->seq, &flow->report.setpoint_ml_per_min);
	if (r == 0 && demand->mode == MODE_CONTROL && session_may_write(&flow->session))
		r = obey(flow, demand, cycle->t_lab_s);
	if (r == 0)
		r = read_value(flow, flow->flow, cycle->seq, &flow->report.flow_ml_per_min);
	return r;
}

static void flow_cycle(void *state, const struct driver_cycle *cycle, const struct demand *demand,
		       struct report *report, int *ret_trace_fd)
{
	struct flow *flow = state;

	(void)ret_trace_fd;
	if (flow_schedule_is_due(&flow->schedule, cycle)) {
		int r = poll_device(flow, cycle, &demand->flow);

		flow_schedule_next(&flow->schedule, cycle, r);
		session_end(&flow->session, r == 0, report);
	} else {
		session_keep(&flow->session, report);
	}
	flow->report.identity_ok = flow->session.identity_ok;
	report->flow = flow->report;
}

static const struct memory_field memory_of_flow[] = {
	MEMORY_PART(struct flow, session, memory_of_session),
	MEMORY_PART(struct flow, schedule, memory_of_flow_schedule),
	MEMORY(struct flow, written_ml_per_min),
	MEMORY(struct flow, written_lab_s),
	MEMORY(struct flow, connects),
	MEMORY_PART(struct flow, report, memory_of_flow_report),
	MEMORY_END,
};

const struct driver_ops flow_driver = {
	.name = "flow",
	.kind = DEVICE_FLOW,
	.protocol = "modbus",
	.state_size = sizeof(struct flow),
	.memory = memory_of_flow,
	.init = flow_init,
	.cycle = flow_cycle,
};
