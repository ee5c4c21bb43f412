/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/furnace_values.h"

#include <math.h>

#include "drivers/codec.h"
#include "drivers/correction.h"
#include "drivers/furnace_relay.h"
#include "drivers/furnace_setpoint.h"

#define SLOW_PERIOD_S 1.0
#define JUMP_K 10.0 /* between two cycles; a furnace makes some 0.1 */
#define PLAUSIBLE_LOW_K 200.0
#define PLAUSIBLE_HIGH_K 3000.0
#define RAW_LOW (-73.0) /* PLAUSIBLE_LOW_K in degC; degC and K alike up to the highest */
#define RAW_HIGH PLAUSIBLE_HIGH_K
#define SPAN_WORDS_MAX 32u

/* Joins a register to the span when it touches it. What the profile does not declare is never read. */
static bool join_span(struct furnace *furnace, enum furnace_role role)
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

void furnace_values_plan_span(struct furnace *furnace)
{
	const struct profile_register *value = furnace->fast[ROLE_VALUE];

	furnace->span_input = value->space == SPACE_INPUT;
	furnace->span_address = value->address;
	furnace->span_words = (uint16_t)codec_words((enum register_type)value->type);
	furnace->spanned[ROLE_VALUE] = true;
	for (int pass = 0; pass < ROLE_FAST_MAX; pass++)
		for (int role = 0; role < ROLE_FAST_MAX; role++)
			join_span(furnace, (enum furnace_role)role);
}

/* On the controller's own scale, where its resolution is what it is. */
static void judge_setpoint(struct furnace *furnace, double read_k)
{
	const struct correction *correction = &furnace->config->thermocouple;
	double written_k = correction_undo(correction, furnace->written_k);
	double before_k = correction_undo(correction, furnace->before_write_k);
	double same_k = furnace_setpoint_find_same_k(furnace->fast[ROLE_SETPOINT]);

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

static const struct correction *find_correction(const struct furnace *furnace, enum furnace_role role)
{
	return role == ROLE_VALUE2 ? &furnace->config->thermocouple2 : &furnace->config->thermocouple;
}

/* How much hotter the junction may be than the corrected value says: what a rule must add to be safe. */
static double find_margin_k(const struct furnace *furnace, enum furnace_role role, double reading_k,
			    double true_k)
{
	return fmax(reading_k - true_k, 0) + correction_sd(find_correction(furnace, role), reading_k);
}

/* A broken sensor's value is none; one in other units is none in kelvin. */
static void distrust(const struct furnace *furnace, bool broken, struct reading *reading)
{
	if (!broken && !furnace->session.units_differ)
		return;
	reading->quality = QUALITY_BAD;
	reading->cause = broken ? CAUSE_SENSOR_BREAK : CAUSE_RANGE;
}

static void take_value(struct furnace *furnace, enum furnace_role role, const uint16_t *words, uint32_t seq)
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
	if (role == ROLE_VALUE || role == ROLE_VALUE2)
		distrust(furnace, role == ROLE_VALUE ? report->sensor_break : furnace->broken2, &reading);
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
		if (!furnace_setpoint_ramps_itself(furnace))
			report->setpoint_k = reading;
		judge_setpoint(furnace, raw);
		break;
	case ROLE_WORKING:
		furnace->working_k = reading.quality == QUALITY_GOOD ? value : NAN;
		report->setpoint_k = reading;
		break;
	case ROLE_OUTPUT:
		report->output_pct = reading;
		furnace_relay_judge(furnace);
		break;
	case ROLE_FAST_MAX:
		break;
	}
}

int furnace_values_read_fast(struct furnace *furnace, uint32_t seq)
{
	struct modbus_port *port = &furnace->session.port;
	uint16_t words[SPAN_WORDS_MAX];
	int r = modbus_port_read_space(port, furnace->span_input, furnace->span_address, furnace->span_words,
				       words);

	if (r != 0)
		return r;
	for (int role = 0; role < ROLE_FAST_MAX; role++)
		if (furnace->fast[role] && furnace->spanned[role])
			take_value(furnace, (enum furnace_role)role,
				   words + (furnace->fast[role]->address - furnace->span_address), seq);
	for (int role = 0; role < ROLE_FAST_MAX; role++) {
		const struct profile_register *reg = furnace->fast[role];

		if (!reg || furnace->spanned[role])
			continue;
		r = modbus_port_read_value(port, reg, words);
		if (r != 0)
			return r;
		take_value(furnace, (enum furnace_role)role, words, seq);
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

int furnace_values_read_slow(struct furnace *furnace, double t_lab_s)
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
	if (furnace->status2 && !(ask_mode && furnace->slow_is_mode)) {
		r = read_register(furnace, furnace->status2, &raw);
		if (r != 0)
			return r;
		furnace->broken2 = raw != 0;
	}
	furnace->slow_is_mode = !furnace->slow_is_mode;
	return 0;
}

/* One thermocouple's value that jumped: its status and the units are asked before the value goes out. */
static int explain(struct furnace *furnace, const struct profile_register *status, double *seen_k,
		   struct reading *reading, bool *ret_broken)
{
	bool jumped = fabs(reading->value - *seen_k) > JUMP_K;
	double raw = 0;
	int r = 0;

	if (jumped && status)
		r = read_register(furnace, status, &raw);
	if (jumped && r == 0)
		r = session_check_units(&furnace->session);
	if (r != 0) {
		reading->quality = QUALITY_BAD;
		reading->cause = CAUSE_JUMP;
		return r;
	}
	*seen_k = reading->value;
	if (!jumped)
		return 0;
	*ret_broken = raw != 0;
	distrust(furnace, *ret_broken, reading);
	return 0;
}

int furnace_values_explain_jump(struct furnace *furnace)
{
	struct furnace_report *report = &furnace->report;
	int r = explain(furnace, furnace->status, &furnace->seen_k, &report->temperature_k,
			&report->sensor_break);

	if (r != 0 || !furnace->fast[ROLE_VALUE2])
		return r;
	return explain(furnace, furnace->status2, &furnace->seen2_k, &report->temperature2_k,
		       &furnace->broken2);
}
