/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A furnace controller on Modbus, driven by its profile. Roles of registers: process_value, setpoint, output
 * (mandatory); process_value2, mode (and mode_active where it is read elsewhere), sensor_break or status with
 * a bit (optional). The values that lie side by side come in one block read a cycle; mode and status take
 * turns, one a lab second. The controller makes the PID; densd streams its setpoint within the profile's
 * write budget, or lets the controller ramp by itself (furnace_ramp.h; then working_setpoint and ramp_rate
 * besides, ramp_disable where the device has it). Where the site hangs its heater on a coupler, its contactor
 * is served at the end of each cycle (furnace_contactor.h).
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "drivers/codec.h"
#include "drivers/correction.h"
#include "drivers/furnace_contactor.h"
#include "drivers/furnace_ramp.h"
#include "drivers/session.h"

#define SLOW_PERIOD_S 1.0
#define OFF_REPEAT_S 2.0
#define OFF_OUTPUT_PCT 0.05
#define SAME_K 0.02
#define JUMP_K 10.0 /* between two cycles; a furnace makes some 0.1 */
#define PLAUSIBLE_LOW_K 200.0
#define PLAUSIBLE_HIGH_K 3000.0
#define RAW_LOW (-73.0) /* PLAUSIBLE_LOW_K in degC; degC and K alike up to the highest */
#define RAW_HIGH PLAUSIBLE_HIGH_K
#define DIFFERS_TWICE 2u
#define REFUSED_S 2.0 /* between two refusals that count: an allowance on its way comes sooner */
#define RETRY_S 1.0   /* what a device that ramps by itself did not take */
#define SAME_RATE 2e-3
#define S_PER_MIN 60.0
#define SAME_OUTPUT_PCT 0.2
#define RELAY_DIFFERS 5u /* cycles */
#define SPAN_WORDS_MAX 32u

enum role { ROLE_VALUE, ROLE_SETPOINT, ROLE_OUTPUT, ROLE_VALUE2, ROLE_WORKING, ROLE_FAST_MAX };

struct furnace {
	struct session session;
	const struct bus_config *config;
	const struct profile *profile;
	const struct profile_register *fast[ROLE_FAST_MAX], *mode, *status;
	uint16_t span_address, span_words;
	bool span_input, spanned[ROLE_FAST_MAX];
	double auto_mode;  /* what the mode register holds in automatic */
	uint8_t last_mode; /* enum device_mode of the last demand */
	bool commanded_auto, seen_auto, manual, have_mode, mode_due, started;
	double slow_lab_s;
	bool slow_is_mode;
	double written_k, written_lab_s; /* NAN: nothing written since the connect */
	double before_write_k;
	double held_k, working_k; /* as last read: the setpoint register, and what is in force; NAN: not */
	struct furnace_ramp ramp;
	double ramp_retry_lab_s;
	uint32_t rate_differs;
	uint32_t refused; /* what control asked for and is not written, by range or by its wear */
	double refused_lab_s;
	double relay_pct; /* autotune: the output last written in manual; NAN: none */
	uint32_t relay_differs;
	double seen_k; /* last temperature read, whatever it was; NAN: none since the connect */
	uint32_t differs, foreign, mode_differs;
	double off_lab_s;
	struct furnace_report report;
	struct furnace_contactor contactor;
	uint32_t connects;
};

static void forget_device(struct furnace *furnace)
{
	furnace->written_k = NAN;
	furnace->written_lab_s = -INFINITY;
	furnace->before_write_k = furnace->seen_k = furnace->held_k = furnace->working_k = NAN;
	furnace_ramp_reset(&furnace->ramp, furnace->profile);
	furnace->ramp_retry_lab_s = -INFINITY;
	furnace->relay_pct = NAN;
	furnace->relay_differs = furnace->refused = 0;
	furnace->refused_lab_s = -INFINITY;
	furnace->off_lab_s = -INFINITY;
	furnace->slow_lab_s = -INFINITY;
	furnace->differs = furnace->foreign = furnace->mode_differs = furnace->rate_differs = 0;
	furnace->have_mode = furnace->started = furnace->commanded_auto = false;
	furnace->last_mode = MODE_OBSERVE;
}

/* Joins a register to the span when it touches it. What the profile does not declare is never read. */
static bool join_span(struct furnace *furnace, enum role role)
{
	const struct profile_register *reg = furnace->fast[role];
	uint32_t words, end;

	if (!reg || furnace->spanned[role] || (reg->space == SPACE_INPUT) != furnace->span_input)
		return false;
	words = codec_words((enum register_type)reg->type);
	end = furnace->span_address + furnace->span_words;
	if ((reg->address != end && reg->address + words != furnace->span_address) ||
	    furnace->span_words + words > SPAN_WORDS_MAX)
		return false;
	if (reg->address != end)
		furnace->span_address = reg->address;
	furnace->span_words = (uint16_t)(furnace->span_words + words);
	furnace->spanned[role] = true;
	return true;
}

/* The span that holds as many of the fast values as lie side by side. */
static void plan_span(struct furnace *furnace)
{
	const struct profile_register *value = furnace->fast[ROLE_VALUE];

	furnace->span_input = value->space == SPACE_INPUT;
	furnace->span_address = value->address;
	furnace->span_words = (uint16_t)codec_words((enum register_type)value->type);
	furnace->spanned[ROLE_VALUE] = true;
	for (int pass = 0; pass < ROLE_FAST_MAX; pass++)
		for (int role = 0; role < ROLE_FAST_MAX; role++)
			join_span(furnace, (enum role)role);
}

static bool ramps_itself(const struct furnace *furnace)
{
	return furnace->profile->ramp == RAMP_DEVICE;
}

static double find_auto_mode(const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->auto_count && i < PROFILE_STEPS_MAX; i++)
		if (strcmp(profile->auto_steps[i].reg, "mode") == 0)
			return profile->auto_steps[i].value;
	return 0;
}

static int furnace_init(void *state, const struct driver_setup *setup)
{
	static const char *const names[ROLE_FAST_MAX] = {"process_value", "setpoint", "output",
							 "process_value2", "working_setpoint"};
	struct furnace *furnace = state;

	session_init(&furnace->session, setup);
	furnace->config = setup->config;
	furnace->profile = &furnace->session.device->profile;
	for (int role = 0; role < ROLE_FAST_MAX; role++)
		furnace->fast[role] = profile_find(furnace->profile, names[role]);
	if (!ramps_itself(furnace))
		furnace->fast[ROLE_WORKING] = NULL;
	else if (!furnace->fast[ROLE_WORKING] || !profile_find(furnace->profile, "ramp_rate"))
		return -EINVAL;
	furnace->mode = profile_find(furnace->profile, "mode_active");
	if (!furnace->mode)
		furnace->mode = profile_find(furnace->profile, "mode");
	furnace->status = profile_find(furnace->profile, "sensor_break");
	if (!furnace->status)
		furnace->status = profile_find(furnace->profile, "status");
	if (furnace->status && furnace->status->bit < 0)
		furnace->status = NULL;
	if (!furnace->fast[ROLE_VALUE] || !furnace->fast[ROLE_SETPOINT] || !furnace->fast[ROLE_OUTPUT] ||
	    furnace->profile->off_count == 0 || correction_check(&furnace->config->thermocouple) < 0 ||
	    correction_check(&furnace->config->thermocouple2) < 0)
		return -EINVAL;
	furnace_contactor_init(&furnace->contactor, setup);
	furnace->auto_mode = find_auto_mode(furnace->profile);
	plan_span(furnace);
	forget_device(furnace);
	return 0;
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

static int run_steps(struct furnace *furnace, const struct profile_value *steps, uint32_t count)
{
	int first = 0;

	/* A step that fails does not keep the later ones from being tried: each makes it safer. */
	for (uint32_t i = 0; i < count && i < PROFILE_STEPS_MAX; i++) {
		int r = modbus_port_write_value(&furnace->session.port,
						profile_find(furnace->profile, steps[i].reg), steps[i].value);

		if (r != 0 && first == 0)
			first = r;
	}
	return first;
}

static void turn_off(struct furnace *furnace, double t_lab_s)
{
	bool entered = furnace->last_mode != MODE_OFF;

	furnace->written_k = furnace->relay_pct = NAN;
	furnace_ramp_reset(&furnace->ramp, furnace->profile);
	furnace->commanded_auto = furnace->seen_auto = false;
	if (!entered && (furnace->report.verified_off || t_lab_s - furnace->off_lab_s < OFF_REPEAT_S))
		return;
	furnace->off_lab_s = t_lab_s;
	furnace->report.verified_off = false;
	furnace->mode_due = true;
	furnace->session.port.wear_always = true;
	run_steps(furnace, furnace->profile->off_steps, furnace->profile->off_count);
	furnace->session.port.wear_always = false;
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

/* A register holds what is written to it within half a step of it. */
static double find_same_k(const struct profile_register *reg)
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
	return fabs(codec_decode(reg, words) - wanted_k) <= find_same_k(reg) ? 0 : CAUSE_MISMATCH;
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

/* The setpoint first: a controller that goes to automatic with an old setpoint would heat to it. */
static void take_control(struct furnace *furnace, const struct furnace_demand *demand, double t_lab_s)
{
	bool entered = furnace->last_mode != MODE_CONTROL;

	if (!isfinite(demand->setpoint_k))
		return;
	furnace->report.verified_off = false;
	if (!furnace->started &&
	    run_steps(furnace, furnace->profile->start_steps, furnace->profile->start_count) != 0)
		return;
	furnace->started = true;
	if (!(ramps_itself(furnace) ? let_ramp : stream_setpoint)(furnace, demand, t_lab_s))
		return;
	if (!entered && furnace->commanded_auto)
		return;
	furnace->commanded_auto = true;
	furnace->seen_auto = false;
	furnace->mode_differs = 0;
	furnace->mode_due = true;
	if (furnace->have_mode && !furnace->manual)
		return;
	if (run_steps(furnace, furnace->profile->auto_steps, furnace->profile->auto_count) != 0)
		furnace->commanded_auto = false;
}

/*
 * Autotune: manual, as the off sequence has it, and the output. It goes to and fro a few times a minute and
 * is written when it changes. Nothing of the setpoint is believed to stand afterwards.
 */
static void play_relay(struct furnace *furnace, double output_pct)
{
	const struct profile *profile = furnace->profile;
	const struct profile_register *output = profile_find(profile, "output");
	int r = 0;

	if (!profile_can_relay(profile) || !isfinite(output_pct)) {
		furnace->session.port.fault = CAUSE_RANGE;
		return;
	}
	if (fabs(output_pct - furnace->relay_pct) <= SAME_OUTPUT_PCT)
		return;
	if (isnan(furnace->relay_pct)) {
		r = modbus_port_write_value(&furnace->session.port, profile_find(profile, "mode"),
					    profile_off_value(profile, "mode"));
		furnace->manual = furnace->have_mode = true;
		furnace->commanded_auto = furnace->seen_auto = furnace->report.verified_off = false;
		furnace->written_k = NAN;
		furnace_ramp_reset(&furnace->ramp, profile);
	}
	furnace->session.port.wear_always = output_pct <= 0 || output_pct < furnace->relay_pct;
	if (r == 0)
		r = modbus_port_write_value(&furnace->session.port, output, output_pct);
	furnace->session.port.wear_always = false;
	if (r == 0) {
		furnace->relay_pct = output_pct;
		furnace->relay_differs = 0;
	}
}

/* Somebody's hand at the panel, or an output that does not obey. */
static void judge_relay(struct furnace *furnace)
{
	const struct reading *output = &furnace->report.output_pct;

	if (isnan(furnace->relay_pct) || output->quality != QUALITY_GOOD)
		return;
	if (fabs(output->value - furnace->relay_pct) <= SAME_OUTPUT_PCT)
		furnace->relay_differs = 0;
	else
		furnace->relay_differs++;
}

/* On the controller's own scale, where its resolution is what it is. */
static void judge_setpoint(struct furnace *furnace, double read_k)
{
	const struct correction *correction = &furnace->config->thermocouple;
	double written_k = correction_undo(correction, furnace->written_k);
	double before_k = correction_undo(correction, furnace->before_write_k);
	double same_k = find_same_k(furnace->fast[ROLE_SETPOINT]);

	if (isnan(written_k) || fabs(read_k - written_k) <= same_k) {
		furnace->differs = furnace->foreign = 0;
	} else if (fabs(read_k - before_k) <= same_k) {
		furnace->differs++;
		furnace->foreign = 0;
	} else {
		furnace->foreign++;
		furnace->differs = 0;
	}
}

static const struct correction *find_correction(const struct furnace *furnace, enum role role)
{
	return role == ROLE_VALUE2 ? &furnace->config->thermocouple2 : &furnace->config->thermocouple;
}

/* How much hotter the junction may be than the corrected value says: what a rule must add to be safe. */
static double find_margin_k(const struct furnace *furnace, enum role role, double reading_k, double true_k)
{
	return fmax(reading_k - true_k, 0) + correction_sd(find_correction(furnace, role), reading_k);
}

/* A broken sensor's value is none; one in other units is none in kelvin. */
static void distrust(const struct furnace *furnace, struct reading *reading)
{
	if (!furnace->report.sensor_break && !furnace->session.units_differ)
		return;
	reading->quality = QUALITY_BAD;
	reading->cause = furnace->report.sensor_break ? CAUSE_SENSOR_BREAK : CAUSE_RANGE;
}

static void take_value(struct furnace *furnace, enum role role, const uint16_t *words, uint32_t seq)
{
	struct furnace_report *report = &furnace->report;
	bool temperature = role != ROLE_OUTPUT;
	double raw = codec_decode(furnace->fast[role], words);
	double value = temperature ? correction_apply(find_correction(furnace, role), raw) : raw;
	struct reading reading = session_make_reading(&furnace->session, seq, value);

	if (role == ROLE_VALUE)
		session_prove_order(&furnace->session,
				    codec_proves_order((enum register_type)furnace->fast[role]->type, words,
						       RAW_LOW, RAW_HIGH));
	/* In another float order, or as another register, a furnace's temperature is not a temperature. */
	if (role != ROLE_SETPOINT && temperature && reading.quality == QUALITY_GOOD &&
	    (value < PLAUSIBLE_LOW_K || value > PLAUSIBLE_HIGH_K)) {
		reading.quality = QUALITY_BAD;
		reading.cause = CAUSE_RANGE;
	}
	if (role == ROLE_VALUE)
		distrust(furnace, &reading);
	switch (role) {
	case ROLE_VALUE:
		report->temperature_k = reading;
		report->margin_k = find_margin_k(furnace, role, raw, value);
		break;
	case ROLE_VALUE2:
		report->temperature2_k = reading;
		report->margin2_k = find_margin_k(furnace, role, raw, value);
		break;
	case ROLE_SETPOINT:
		furnace->held_k = reading.quality == QUALITY_GOOD ? value : NAN;
		if (!ramps_itself(furnace))
			report->setpoint_k = reading;
		judge_setpoint(furnace, raw);
		break;
	case ROLE_WORKING:
		furnace->working_k = reading.quality == QUALITY_GOOD ? value : NAN;
		report->setpoint_k = reading;
		break;
	case ROLE_OUTPUT:
		report->output_pct = reading;
		judge_relay(furnace);
		break;
	case ROLE_FAST_MAX:
		break;
	}
}

static int read_fast(struct furnace *furnace, uint32_t seq)
{
	struct modbus_port *port = &furnace->session.port;
	uint16_t words[SPAN_WORDS_MAX];
	int r = modbus_port_read_space(port, furnace->span_input, furnace->span_address, furnace->span_words,
				       words);

	if (r != 0)
		return r;
	for (int role = 0; role < ROLE_FAST_MAX; role++)
		if (furnace->fast[role] && furnace->spanned[role])
			take_value(furnace, (enum role)role,
				   words + (furnace->fast[role]->address - furnace->span_address), seq);
	for (int role = 0; role < ROLE_FAST_MAX; role++) {
		const struct profile_register *reg = furnace->fast[role];

		if (!reg || furnace->spanned[role])
			continue;
		r = modbus_port_read_value(port, reg, words);
		if (r != 0)
			return r;
		take_value(furnace, (enum role)role, words, seq);
	}
	return 0;
}

static void judge_mode(struct furnace *furnace, double raw)
{
	furnace->manual = raw != furnace->auto_mode;
	furnace->have_mode = true;
	if (!furnace->commanded_auto)
		return;
	if (!furnace->manual) {
		furnace->seen_auto = true;
		furnace->mode_differs = 0;
	} else if (!furnace->seen_auto) {
		furnace->mode_differs++;
		furnace->mode_due = true;
	}
}

static int read_register(struct furnace *furnace, const struct profile_register *reg, double *ret_raw)
{
	uint16_t words[2];
	int r = modbus_port_read_value(&furnace->session.port, reg, words);

	if (r == 0)
		*ret_raw = codec_decode_raw(reg, words);
	return r;
}

/* Mode and status are far from the values on most controllers: one of them a lab second, in turn. */
static int read_slow(struct furnace *furnace, double t_lab_s)
{
	bool due = t_lab_s - furnace->slow_lab_s >= SLOW_PERIOD_S;
	bool ask_mode = furnace->mode && (furnace->mode_due || !furnace->have_mode ||
					  (due && (furnace->slow_is_mode || !furnace->status)));
	double raw;
	int r;

	if (ask_mode) {
		furnace->mode_due = false;
		r = read_register(furnace, furnace->mode, &raw);
		if (r != 0)
			return r;
		judge_mode(furnace, raw);
	}
	if (!due)
		return 0;
	furnace->slow_lab_s = t_lab_s;
	if (furnace->status && !(ask_mode && furnace->slow_is_mode)) {
		r = read_register(furnace, furnace->status, &raw);
		if (r != 0)
			return r;
		furnace->report.sensor_break = raw != 0;
	}
	furnace->slow_is_mode = !furnace->slow_is_mode;
	return 0;
}

/*
 * A step that no cell makes: what explains it, a broken sensor or other units, is read before the value goes
 * out, and not a lab second later in its turn.
 */
static int explain_jump(struct furnace *furnace)
{
	struct reading *reading = &furnace->report.temperature_k;
	bool jumped = fabs(reading->value - furnace->seen_k) > JUMP_K;
	double raw = 0;
	int r = 0;

	if (jumped && furnace->status)
		r = read_register(furnace, furnace->status, &raw);
	if (jumped && r == 0)
		r = session_check_units(&furnace->session);
	if (r != 0) {
		reading->quality = QUALITY_BAD;
		reading->cause = CAUSE_JUMP;
		return r;
	}
	furnace->seen_k = reading->value;
	if (!jumped)
		return 0;
	furnace->report.sensor_break = raw != 0;
	distrust(furnace, reading);
	return 0;
}

/*
 * Nothing was sent, so no read-back will ever differ: the device stays where it is, control goes on. Units
 * that differ have a row of their own.
 */
static void judge_refusal(struct furnace *furnace, const struct furnace_demand *demand, double t_lab_s)
{
	bool refused = demand->mode == MODE_CONTROL && furnace->session.port.fault == CAUSE_RANGE &&
		       !furnace->session.units_differ;

	if (refused && t_lab_s - furnace->refused_lab_s >= REFUSED_S) {
		furnace->refused++;
		furnace->refused_lab_s = t_lab_s;
	} else if (!refused && t_lab_s >= furnace->ramp_retry_lab_s) {
		furnace->refused = 0;
	}
}

static void obey(struct furnace *furnace, const struct furnace_demand *demand, double t_lab_s)
{
	switch ((enum device_mode)demand->mode) {
	case MODE_OFF:
		turn_off(furnace, t_lab_s);
		break;
	case MODE_CONTROL:
		if (demand->relay) {
			play_relay(furnace, demand->output_pct);
			break;
		}
		furnace->relay_pct = NAN;
		furnace->relay_differs = 0;
		take_control(furnace, demand, t_lab_s);
		break;
	case MODE_OBSERVE:
		furnace->written_k = furnace->relay_pct = NAN;
		furnace_ramp_reset(&furnace->ramp, furnace->profile);
		furnace->commanded_auto = false;
		break;
	}
	furnace->last_mode = demand->mode;
	judge_refusal(furnace, demand, t_lab_s);
}

/* Manual at no output is what densd itself leaves behind: only what it did not command is reported. */
static void conclude(struct furnace *furnace, uint8_t mode)
{
	struct furnace_report *report = &furnace->report;
	bool zero = report->output_pct.quality == QUALITY_GOOD && report->output_pct.value <= OFF_OUTPUT_PCT;

	report->verified_off = mode == MODE_OFF && furnace->last_mode == MODE_OFF && zero;
	report->manual = furnace->have_mode && furnace->manual &&
			 (mode == MODE_CONTROL ? furnace->seen_auto || furnace->mode_differs >= DIFFERS_TWICE
					       : mode == MODE_OBSERVE && !zero);
	report->readback_differs = furnace->differs >= DIFFERS_TWICE ||
				   furnace->rate_differs >= DIFFERS_TWICE || furnace->ramp.off_track ||
				   furnace->relay_differs >= RELAY_DIFFERS ||
				   furnace->refused >= DIFFERS_TWICE;
	report->second_master = furnace->foreign >= DIFFERS_TWICE;
}

static void furnace_cycle(void *state, const struct driver_cycle *cycle, const struct demand *demand,
			  struct report *report, int *ret_trace_fd)
{
	struct furnace *furnace = state;
	struct session *session = &furnace->session;
	int r = session_begin(session, cycle);

	(void)ret_trace_fd;
	if (furnace->connects != session->connects) {
		furnace->connects = session->connects;
		forget_device(furnace);
	}
	if (r == 0 && session_may_obey(session, demand->furnace.mode))
		obey(furnace, &demand->furnace, cycle->t_lab_s);
	if (r == 0)
		r = read_fast(furnace, cycle->seq);
	if (r == 0)
		r = explain_jump(furnace);
	if (r == 0)
		r = read_slow(furnace, cycle->t_lab_s);
	if (r == 0)
		conclude(furnace, demand->furnace.mode);
	session_end(session, r == 0, report);
	/* Last, so that a silent coupler costs the temperature nothing; heater off is first the controller's.
	 */
	furnace_contactor_cycle(&furnace->contactor, cycle, demand->furnace.mode,
				furnace->commanded_auto || !isnan(furnace->relay_pct), &furnace->report);
	furnace->report.identity_ok = session->identity_ok;
	report->furnace = furnace->report;
}

const struct driver_ops furnace_driver = {
	.name = "furnace",
	.kind = DEVICE_FURNACE,
	.protocol = "modbus",
	.state_size = sizeof(struct furnace),
	.init = furnace_init,
	.cycle = furnace_cycle,
};
