/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/furnace_setpoint.h"

#include <math.h>

#include "drivers/codec.h"
#include "drivers/correction.h"

#define SAME_K 0.02
#define RETRY_S 1.0 /* what a device that ramps by itself did not take */
#define SAME_RATE 2e-3
#define S_PER_MIN 60.0

bool furnace_setpoint_ramps_itself(const struct furnace *furnace)
{
	return furnace->profile->ramp == RAMP_DEVICE;
}

static int write_kelvin(struct furnace *furnace, const struct profile_register *reg, double value_k)
{
	uint16_t words[2];

	if (!reg->writable || codec_encode(reg, value_k, words) < 0) {
		furnace->session.port.fault = CAUSE_RANGE;
		return CAUSE_RANGE;
	}
	return modbus_port_write(&furnace->session.port, reg->address,
				 (uint16_t)codec_words((enum register_type)reg->type), words);
}

static bool is_due(const struct furnace *furnace, double setpoint_k, double t_lab_s)
{
	double change_k = fabs(setpoint_k - furnace->written_k);

	if (isnan(furnace->written_k))
		return true;
	if (change_k <= SAME_K / 10)
		return false;
	return t_lab_s - furnace->written_lab_s >= furnace->profile->setpoint_period_s ||
	       (furnace->profile->setpoint_step > 0 && change_k >= furnace->profile->setpoint_step);
}

double furnace_setpoint_find_same_k(const struct profile_register *reg)
{
	return codec_is_float((enum register_type)reg->type) ? SAME_K : fmax(SAME_K, fabs(reg->scale) * 0.51);
}

/* The setpoint is a true temperature; the controller regulates what its thermocouple reads. */
static int write_setpoint(struct furnace *furnace, double setpoint_k, double t_lab_s)
{
	double reading_k = correction_undo(&furnace->config->thermocouple, setpoint_k);
	const struct profile_register *reg = furnace->fast[ROLE_SETPOINT];
	int r;

	if (!codec_allows_setpoint(furnace->profile, reading_k) || furnace->session.units_differ) {
		furnace->session.port.fault = CAUSE_RANGE;
		return CAUSE_RANGE;
	}
	/* Less heat is worth the memory, as heater off is. */
	furnace->session.port.wear_always = setpoint_k < furnace->held_k;
	r = write_kelvin(furnace, reg, reading_k);
	furnace->session.port.wear_always = false;
	if (r == CAUSE_RANGE)
		return r;
	furnace->report.writes++;
	/* Lost on the way, or only its answer was: nobody knows what it holds, and it is written again. */
	if (r != 0 && r != CAUSE_EXCEPTION) {
		furnace->written_k = NAN;
		return r;
	}
	/* Acknowledged, or refused: only the read-back will tell. */
	furnace->before_write_k = furnace->held_k;
	furnace->written_k = setpoint_k;
	furnace->written_lab_s = t_lab_s;
	return r;
}

/* A rate that is rounded to 0 would be no limit at all. */
static int write_rate(struct furnace *furnace, double k_per_min)
{
	const struct profile_register *reg = profile_find(furnace->profile, "ramp_rate");
	double same = fmax(SAME_RATE * k_per_min,
			   codec_is_float((enum register_type)reg->type) ? 0 : fabs(reg->scale) * 0.51);
	uint16_t words[2];
	double held;
	int r = CAUSE_RANGE;

	if (codec_encode_own_unit(reg, k_per_min, words) == 0 && codec_decode(reg, words) > 0)
		r = modbus_port_write_value(&furnace->session.port, reg, k_per_min);
	if (r == 0)
		r = modbus_port_read_value(&furnace->session.port, reg, words);
	if (r != 0)
		return r;
	held = codec_decode(reg, words);
	if (fabs(held - k_per_min) <= same) {
		furnace->rate_differs = 0;
		return 0;
	}
	furnace->rate_differs++;
	return CAUSE_MISMATCH;
}

static int write_and_check(struct furnace *furnace, const struct profile_register *reg, double value)
{
	uint16_t words[2];
	int r = modbus_port_write_value(&furnace->session.port, reg, value);

	if (r == 0)
		r = modbus_port_read_value(&furnace->session.port, reg, words);
	if (r != 0)
		return r;
	return fabs(codec_decode(reg, words) - value) <= SAME_RATE ? 0 : CAUSE_MISMATCH;
}

/* Off is 1 in the register that disables the limit, or a rate of 0 where there is none. */
static int lift_limit(struct furnace *furnace)
{
	const struct profile_register *disable = profile_find(furnace->profile, "ramp_disable");

	return disable ? write_and_check(furnace, disable, 1)
		       : write_and_check(furnace, profile_find(furnace->profile, "ramp_rate"), 0);
}

/* What a rate of the true temperature is on the controller's scale, where it is now. */
static double scale_rate(const struct furnace *furnace, double k_per_s)
{
	const struct correction *correction = &furnace->config->thermocouple;
	double at_k = furnace->working_k;

	if (isnan(at_k))
		return k_per_s;
	return k_per_s * (correction_undo(correction, at_k + 0.5) - correction_undo(correction, at_k - 0.5));
}

static int limit_rate(struct furnace *furnace, double k_per_s)
{
	const struct profile_register *disable = profile_find(furnace->profile, "ramp_disable");
	int r = write_rate(furnace, scale_rate(furnace, k_per_s) * S_PER_MIN);

	return r == 0 && disable ? write_and_check(furnace, disable, 0) : r;
}

/* A write that is acknowledged and not done would let the old target loose with the limit. */
static int check_setpoint(struct furnace *furnace)
{
	const struct profile_register *reg = furnace->fast[ROLE_SETPOINT];
	double wanted_k = correction_undo(&furnace->config->thermocouple, furnace->written_k);
	uint16_t words[2];
	int r = modbus_port_read_value(&furnace->session.port, reg, words);

	if (r != 0)
		return r;
	return fabs(codec_decode(reg, words) - wanted_k) <= furnace_setpoint_find_same_k(reg)
		       ? 0
		       : CAUSE_MISMATCH;
}

/* The setpoint goes while the limit is on: what is lost on the way leaves a ramp, never a jump. */
static int adopt(struct furnace *furnace, double setpoint_k, double t_lab_s)
{
	int r = write_setpoint(furnace, setpoint_k, t_lab_s);

	if (r == 0)
		r = check_setpoint(furnace);
	return r == 0 ? lift_limit(furnace) : r;
}

static int carry_out(struct furnace *furnace, const struct furnace_ramp_order *order, double t_lab_s)
{
	if (order->kind == RAMP_ORDER_RATE)
		return limit_rate(furnace, order->rate_k_per_s);
	if (order->kind == RAMP_ORDER_ADOPT)
		return adopt(furnace, order->target_k, t_lab_s);
	return write_setpoint(furnace, order->target_k, t_lab_s);
}

/* True when the setpoint is in force, so that the controller may go to automatic. */
static bool let_ramp(struct furnace *furnace, const struct furnace_demand *demand, double t_lab_s)
{
	struct furnace_ramp_look look = {.t_lab_s = t_lab_s,
					 .setpoint_k = demand->setpoint_k,
					 .target_k = demand->target_k,
					 .ramp_k_per_s = demand->ramp_k_per_s,
					 .working_k = furnace->working_k};
	struct furnace_ramp_order order;

	furnace_ramp_see(&furnace->ramp, &look);
	for (int i = 0; i < FURNACE_RAMP_ORDERS_MAX && t_lab_s >= furnace->ramp_retry_lab_s; i++) {
		order = furnace_ramp_next(&furnace->ramp, &look);
		if (order.kind == RAMP_ORDER_NONE)
			break;
		if (carry_out(furnace, &order, t_lab_s) != 0)
			furnace->ramp_retry_lab_s = t_lab_s + RETRY_S;
		else
			furnace_ramp_done(&furnace->ramp, &order, &look);
	}
	return furnace->ramp.adopted;
}

static bool stream_setpoint(struct furnace *furnace, const struct furnace_demand *demand, double t_lab_s)
{
	return !is_due(furnace, demand->setpoint_k, t_lab_s) ||
	       write_setpoint(furnace, demand->setpoint_k, t_lab_s) == 0;
}

bool furnace_setpoint_follow(struct furnace *furnace, const struct furnace_demand *demand, double t_lab_s)
{
	return furnace_setpoint_ramps_itself(furnace) ? let_ramp(furnace, demand, t_lab_s)
						      : stream_setpoint(furnace, demand, t_lab_s);
}
