/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tools/densctl/field/probe.h"

#include <math.h>
#include <time.h>

#include "drivers/codec.h"
#include "drivers/modbus_line.h"

#define SENSIBLE 1e6
#define LEAST_SENSIBLE 1e-4

int probe_open(const struct bus_config *config, struct modbus_line **ret_line)
{
	return modbus_line_new(config, ret_line);
}

static bool is_sensible(double value)
{
	return fabs(value) >= LEAST_SENSIBLE && fabs(value) <= SENSIBLE; /* false for NAN */
}

/* After a silence the line is left alone until its quarantine is over: that is no answer of this register. */
static int read_value(struct modbus_port *port, const struct profile_register *reg, uint16_t ret_words[2])
{
	struct timespec pause = {.tv_nsec = 20000000};
	int r;

	while ((r = modbus_port_read_value(port, reg, ret_words)) == CAUSE_QUARANTINE)
		nanosleep(&pause, NULL);
	return r;
}

void probe_read(struct modbus_port *port, const struct profile_register *reg, struct probe_value *ret_value)
{
	enum register_type type = (enum register_type)reg->type;
	struct probe_value value = {.fault = CAUSE_RANGE, .raw = NAN, .value = NAN, .other = NAN};

	value.fault = read_value(port, reg, value.words);
	value.exception = port->line->exception;
	if (value.fault == CAUSE_NONE) {
		value.raw = codec_decode_raw(reg, value.words);
		value.value = codec_decode(reg, value.words);
		if (codec_is_float(type)) {
			value.other = (double)codec_decode_f32(value.words, type != REG_F32_HIGH_FIRST);
			value.proven = value.raw != 0 && fabs(value.raw) >= LEAST_SENSIBLE &&
				       codec_proves_order(type, value.words, -SENSIBLE, SENSIBLE);
			value.swapped = value.raw != 0 && is_sensible(value.other) && !is_sensible(value.raw);
		}
	}
	*ret_value = value;
}

void probe_count(struct probe_tally *tally, int cause, bool right)
{
	if (cause == CAUSE_NONE)
		*(right ? &tally->found : &tally->other) += 1;
	else if (cause == CAUSE_EXCEPTION)
		tally->refused++;
	else if (cause == CAUSE_CRC || cause == CAUSE_MISMATCH)
		tally->garbled++;
	else
		tally->silent++;
}

enum probe_verdict probe_judge(const struct probe_tally *tally)
{
	if (tally->found + tally->other > 0)
		return tally->other + tally->refused + tally->garbled + tally->silent > 0 ? PROBE_STRANGER
											  : PROBE_FITS;
	if (tally->refused > 0)
		return PROBE_REFUSES;
	return tally->garbled > 0 ? PROBE_GARBLED : PROBE_SILENT;
}

bool probe_identity(struct modbus_port *port, const struct profile *profile, struct probe_tally *ret_tally)
{
	struct probe_tally tally = {0};

	for (uint32_t i = 0; i < profile->identity_count && i < PROFILE_STEPS_MAX; i++) {
		const struct profile_register *reg = profile_find(profile, profile->identity[i].reg);
		struct probe_value value;

		if (!reg)
			continue;
		probe_read(port, reg, &value);
		probe_count(&tally, value.fault, codec_matches(&profile->identity[i], reg, value.words));
	}
	*ret_tally = tally;
	return profile->identity_count > 0 && tally.found == profile->identity_count;
}

bool probe_answers(struct modbus_line *line, const struct bus_config *config, uint8_t unit)
{
	struct bus_device device = {.unit = unit};
	struct modbus_port port;
	const struct profile_register first = {.name = "0", .bit = -1};
	uint16_t words[2];
	int r;

	modbus_port_init(&port, line, &device, config->scale);
	r = read_value(&port, &first, words);
	return r == CAUSE_NONE || r == CAUSE_EXCEPTION;
}
