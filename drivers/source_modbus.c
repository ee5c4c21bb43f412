/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A pressure source on Modbus in the role of the press, driven by its profile (Teledyne ISCO syringe pumps).
 * Roles: pressure, setpoint, run (mandatory); stroke, remote, local, transducer (0: the pressure is not to be
 * believed), over_pressure, motor_fault, limit_high (optional). Pressure, setpoint and run are read each
 * cycle, one of the others in turn. Steps: 'start' takes remote control, 'automatic' runs, 'off' stops. What
 * it lacks: source.h.
 */
#include <errno.h>
#include <math.h>

#include "drivers/codec.h"
#include "drivers/session.h"
#include "drivers/source.h"

enum role { STROKE, REMOTE, LOCAL, TRANSDUCER, OVER_PRESSURE, MOTOR_FAULT, LIMIT_HIGH, TURN_MAX };
static const char *const turn_names[TURN_MAX] = {"stroke",        "remote",      "local",     "transducer",
						 "over_pressure", "motor_fault", "limit_high"};

struct pump {
	struct session session;
	struct source source;
	const struct profile *profile;
	const struct profile_register *pressure, *setpoint, *run, *turns[TURN_MAX];
	double turn_values[TURN_MAX]; /* NAN: not read since the connect */
	unsigned turn;
	uint32_t connects;
};

static int run_steps(struct pump *pump, const struct profile_value *steps, uint32_t count)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < count && i < PROFILE_STEPS_MAX; i++)
		r = modbus_port_write_value(&pump->session.port, profile_find(pump->profile, steps[i].reg),
					    steps[i].value);
	return r;
}

static int pump_start(void *driver)
{
	struct pump *pump = driver;

	return run_steps(pump, pump->profile->start_steps, pump->profile->start_count);
}

static int pump_run(void *driver, bool on)
{
	struct pump *pump = driver;
	const struct profile *profile = pump->profile;
	int r;

	/* A stop is worth the memory that wears. */
	pump->session.port.wear_always = !on;
	r = on ? run_steps(pump, profile->auto_steps, profile->auto_count)
	       : run_steps(pump, profile->off_steps, profile->off_count);
	pump->session.port.wear_always = false;
	return r;
}

static int pump_write_setpoint(void *driver, double bar, double limit_bar_per_s)
{
	struct pump *pump = driver;

	(void)limit_bar_per_s; /* it has no ramp of its own that is verified: the setpoint comes in small
				  steps */
	return modbus_port_write_value(&pump->session.port, pump->setpoint, bar);
}

static const struct source_ops pump_source = {
	.write_setpoint = pump_write_setpoint, .run = pump_run, .start = pump_start};

static void forget_device(struct pump *pump)
{
	for (int i = 0; i < TURN_MAX; i++)
		pump->turn_values[i] = NAN;
	source_forget(&pump->source);
}

static int pump_init(void *state, const struct driver_setup *setup)
{
	struct pump *pump = state;
	const struct profile *profile = &setup->config->devices[setup->device].profile;

	session_init(&pump->session, setup);
	pump->profile = profile;
	pump->pressure = profile_find(profile, "pressure");
	pump->setpoint = profile_find(profile, "setpoint");
	pump->run = profile_find(profile, "run");
	for (int i = 0; i < TURN_MAX; i++)
		pump->turns[i] = profile_find(profile, turn_names[i]);
	if (!pump->pressure || !pump->setpoint || !pump->run || profile->off_count == 0 ||
	    profile->auto_count == 0)
		return -EINVAL;
	int r = source_init(&pump->source, &pump_source, pump, setup,
			    codec_is_float((enum register_type)pump->setpoint->type) ? 0
										     : pump->setpoint->scale);

	forget_device(pump);
	return r;
}

static bool is_set(const struct pump *pump, enum role role)
{
	return pump->turn_values[role] > 0;
}

/* Nothing is said while a flag has not been read; a pressure without its transducer is none. */
static void take_flags(struct pump *pump)
{
	struct source_state *state = &pump->source.state;

	state->local = is_set(pump, LOCAL) || pump->turn_values[REMOTE] == 0;
	state->failed = is_set(pump, OVER_PRESSURE) || is_set(pump, MOTOR_FAULT);
	if (pump->turn_values[TRANSDUCER] == 0) {
		state->pressure_bar.quality = QUALITY_BAD;
		state->pressure_bar.cause = CAUSE_SENSOR_BREAK;
	}
	pump->source.limit_high_bar = pump->turn_values[LIMIT_HIGH];
}

static void prove_order(struct pump *pump, const struct profile_register *reg, const uint16_t words[2])
{
	bool proven = codec_is_float((enum register_type)reg->type) &&
		      codec_proves_order((enum register_type)reg->type, words, PRESS_FOLLOW_LOW_BAR,
					 PRESS_FOLLOW_HIGH_BAR);

	session_prove_order(&pump->session,
			    proven || !codec_is_float((enum register_type)pump->pressure->type));
}

static int read_turn(struct pump *pump, uint32_t seq)
{
	const struct profile_register *reg;
	uint16_t words[2];
	int r;

	for (int tries = 0; tries < TURN_MAX; tries++) {
		pump->turn = (pump->turn + 1) % TURN_MAX;
		if (pump->turns[pump->turn])
			break;
	}
	reg = pump->turns[pump->turn];
	if (!reg)
		return 0;
	r = modbus_port_read_value(&pump->session.port, reg, words);
	if (r != 0)
		return r;
	pump->turn_values[pump->turn] = codec_decode(reg, words);
	/* At rest the pressure may read 0, which any order shows; its limit and what is left do not. */
	prove_order(pump, reg, words);
	if (pump->turn == STROKE)
		pump->source.state.stroke_pct =
			session_make_reading(&pump->session, seq, pump->turn_values[STROKE]);
	return 0;
}

static int read_bar(struct pump *pump, const struct profile_register *reg, uint32_t seq,
		    struct reading *ret_reading)
{
	uint16_t words[2];
	int r = modbus_port_read_value(&pump->session.port, reg, words);
	double bar;

	if (r != 0)
		return r;
	bar = codec_decode(reg, words);
	prove_order(pump, reg, words);
	*ret_reading = session_make_reading(&pump->session, seq, press_follow_is_plausible(bar) ? bar : NAN);
	return 0;
}

static int read_pump(struct pump *pump, uint32_t seq)
{
	struct source_state *state = &pump->source.state;
	uint16_t words[2];
	int r = read_bar(pump, pump->pressure, seq, &state->pressure_bar);

	if (r == 0)
		r = read_bar(pump, pump->setpoint, seq, &state->setpoint_bar);
	if (r != 0)
		return r;
	state->setpoint_reads++;
	r = modbus_port_read_value(&pump->session.port, pump->run, words);
	if (r != 0)
		return r;
	state->running = codec_decode_raw(pump->run, words) != 0;
	state->status_reads++;
	state->status_ns = pump->session.port.t_reply_ns;
	r = read_turn(pump, seq);
	take_flags(pump);
	return r;
}

static void pump_cycle(void *state, const struct driver_cycle *cycle, const struct demand *demand,
		       struct report *report, int *ret_trace_fd)
{
	struct pump *pump = state;
	struct session *session = &pump->session;
	int r = session_begin(session, cycle), obeyed = 0;

	(void)ret_trace_fd;
	if (pump->connects != session->connects) {
		pump->connects = session->connects;
		forget_device(pump);
	}
	if (r == 0)
		obeyed = source_obey(&pump->source, cycle, &demand->press,
				     session_may_obey(session, demand->press.mode), session->units_differ);
	if (obeyed != CAUSE_RANGE)
		r = r != 0 ? r : obeyed;
	if (r == 0)
		r = read_pump(pump, cycle->seq);
	if (obeyed == CAUSE_RANGE)
		session->port.fault = CAUSE_RANGE;
	session_end(session, r == 0, report);
	source_conclude(&pump->source, cycle, &demand->press, session->identity_ok, report);
}

static const struct memory_field memory_of_pump[] = {
	MEMORY_PART(struct pump, session, memory_of_session),
	MEMORY_PART(struct pump, source, memory_of_source),
	MEMORY_REALS(struct pump, turn_values),
	MEMORY_BELOW(struct pump, turn, TURN_MAX),
	MEMORY(struct pump, connects),
	MEMORY_END,
};

const struct driver_ops pump_driver = {
	.name = "pump",
	.kind = DEVICE_PRESS,
	.protocol = "modbus",
	.state_size = sizeof(struct pump),
	.memory = memory_of_pump,
	.init = pump_init,
	.cycle = pump_cycle,
};
