/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/session.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "drivers/codec.h"

#define IDENTITY_PERIOD_S 60.0
#define MISMATCH_PERIOD_S 1.0
#define GOOD_CYCLES 3u
#define PROBE_ADDRESS 0x7FF0
#define PROBE_WORDS 10u
#define PROBE_ATTEMPTS 3u
#define PROBE_VERSION 1

static const struct memory_field memory_of_port[] = {
	MEMORY(struct modbus_port, transactions),
	MEMORY(struct modbus_port, errors),
	MEMORY(struct modbus_port, wear),
	MEMORY(struct modbus_port, wear_allowance),
	MEMORY(struct modbus_port, wear_always),
	MEMORY_BELOW(struct modbus_port, fault, CAUSE_MAX),
	MEMORY(struct modbus_port, t_request_ns),
	MEMORY(struct modbus_port, t_reply_ns),
	MEMORY_END,
};

const struct memory_field memory_of_session[] = {
	MEMORY_PART(struct session, port, memory_of_port),
	MEMORY(struct session, connects),
	MEMORY(struct session, desyncs),
	MEMORY(struct session, identity_ok),
	MEMORY(struct session, units_differ),
	MEMORY(struct session, order_proven),
	MEMORY(struct session, checked),
	MEMORY(struct session, probed),
	MEMORY(struct session, simulated),
	MEMORY(struct session, probe_attempts),
	MEMORY(struct session, good_cycles),
	MEMORY(struct session, good_since_desync),
	MEMORY(struct session, checked_lab_s),
	MEMORY(struct session, sim_scale),
	MEMORY(struct session, serial),
	MEMORY(struct session, identity),
	MEMORY_END,
};

void session_init_device(struct session *ret_session, const struct bus_device *device,
			 struct modbus_line *line, double scale)
{
	*ret_session = (struct session){.device = device};
	modbus_port_init(&ret_session->port, line, device, scale);
}

void session_init(struct session *ret_session, const struct driver_setup *setup)
{
	session_init_device(ret_session, &setup->config->devices[setup->device], setup->modbus,
			    setup->config->scale);
}

/* 0 = read; whether all of @expected was found is in *ret_ok. */
static int read_expected(struct session *session, const struct profile_value *expected, uint32_t count,
			 bool *ret_ok)
{
	*ret_ok = true;
	for (uint32_t i = 0; i < count && i < PROFILE_STEPS_MAX; i++) {
		const struct profile_register *reg = profile_find(&session->device->profile, expected[i].reg);
		uint16_t words[2] = {0};
		int r;

		if (!reg) {
			*ret_ok = false;
			return 0;
		}
		r = modbus_port_read_value(&session->port, reg, words);
		if (r != 0)
			return r;
		if (!codec_matches(&expected[i], reg, words))
			*ret_ok = false;
	}
	return 0;
}

/*
 * Units that differ may be the late answer to another question: a line that is one answer behind would now
 * give the units where the identity is asked for.
 */
static int read_units(struct session *session, bool *ret_ok)
{
	const struct profile *profile = &session->device->profile;
	bool known = true;
	int r = read_expected(session, profile->units, profile->unit_count, ret_ok);

	if (r != 0 || *ret_ok)
		return r;
	r = read_expected(session, profile->identity, profile->identity_count, &known);
	if (r != 0 || known)
		return r;
	session->checked = false;
	session->port.fault = CAUSE_MISMATCH;
	return CAUSE_MISMATCH;
}

int session_check_units(struct session *session)
{
	bool ok;
	int r = read_units(session, &ok);

	if (r == 0)
		session->units_differ = !ok;
	return r;
}

/* Real devices answer exception 2 here; one that does not answer at all is asked three times, then taken as
 * real. */
static void probe_simulated(struct session *session)
{
	uint16_t words[PROBE_WORDS];
	uint8_t fault = session->port.fault;
	uint32_t errors = session->port.errors;
	int r = modbus_port_read(&session->port, PROBE_ADDRESS, PROBE_WORDS, words);

	session->probe_attempts++;
	if (r == CAUSE_EXCEPTION || session->probe_attempts >= PROBE_ATTEMPTS)
		session->probed = true;
	if (r == CAUSE_EXCEPTION) {
		session->port.fault = fault;
		session->port.errors = errors;
	}
	if (r != 0)
		return;
	session->probed = true;
	session->simulated = words[0] == ('D' << 8 | 'E') && words[1] == ('N' << 8 | 'S') &&
			     words[2] == ('I' << 8 | 'M') && words[3] == PROBE_VERSION;
	session->sim_scale = session->simulated ? (double)codec_decode_f32(words + 4, true) : 0;
}

static void notice_line(struct session *session)
{
	const struct modbus_line *line = session->port.line;

	if (session->connects != line->connects) {
		session->good_cycles = 0;
		session->probed = session->simulated = session->order_proven = false;
		session->probe_attempts = 0;
	}
	if (session->connects != line->connects || session->desyncs != line->desyncs) {
		session->checked = false;
		session->good_since_desync = 0;
	}
	session->connects = line->connects;
	session->desyncs = line->desyncs;
}

/* Another instrument answers: its values are nobody's. */
static int refuse_device(struct session *session)
{
	session->good_cycles = session->good_since_desync = 0;
	session->port.fault = CAUSE_IDENTITY;
	return CAUSE_IDENTITY;
}

/* The number on the instrument tells it from another of its model; an old one is not kept for a new one. */
static int read_serial(struct session *session)
{
	const struct profile *profile = &session->device->profile;
	const struct profile_register *reg = profile_find(profile, "serial");
	uint16_t words[2] = {0};
	int r = reg ? modbus_port_read_value(&session->port, reg, words) : 0;

	if (r != 0)
		return r;
	session->serial = reg ? (uint32_t)codec_decode_raw(reg, words) : 0;
	if (reg)
		snprintf(session->identity, sizeof(session->identity), "serial %u", session->serial);
	else
		snprintf(session->identity, sizeof(session->identity), "%u of %u registers are right",
			 profile->identity_count, profile->identity_count);
	return 0;
}

int session_begin(struct session *session, const struct driver_cycle *cycle)
{
	const struct profile *profile = &session->device->profile;
	double t_lab_s = cycle->t_lab_s;
	double period_s =
		session->identity_ok && !session->units_differ ? IDENTITY_PERIOD_S : MISMATCH_PERIOD_S;
	bool ok, units_ok;
	int r;

	session->port.wear_allowance = cycle->wear_allowance;
	modbus_port_begin(&session->port);
	notice_line(session);
	if (session->checked && session->connects > 0 && t_lab_s - session->checked_lab_s < period_s)
		return session->identity_ok ? 0 : refuse_device(session);
	r = read_expected(session, profile->identity, profile->identity_count, &ok);
	if (r == 0)
		r = read_units(session, &units_ok);
	if (r == 0 && ok)
		r = read_serial(session);
	if (r != 0)
		return r;
	/* The first transaction may just have connected the line. */
	notice_line(session);
	session->checked = true;
	session->checked_lab_s = t_lab_s;
	session->identity_ok = ok;
	session->units_differ = !units_ok;
	if (!ok) {
		session->identity[0] = '\0';
		session->serial = 0;
		return refuse_device(session);
	}
	if (!session->probed)
		probe_simulated(session);
	return 0;
}

static bool is_known(const struct session *session)
{
	return session->identity_ok && session->checked && session->good_cycles >= GOOD_CYCLES &&
	       session->port.line->desyncs == session->desyncs &&
	       session->port.line->connects == session->connects;
}

bool session_may_write(const struct session *session)
{
	return is_known(session) && session->good_since_desync >= GOOD_CYCLES;
}

bool session_may_obey(const struct session *session, uint8_t mode)
{
	return mode == MODE_OFF ? is_known(session) : session_may_write(session);
}

void session_keep(const struct session *session, struct report *report)
{
	report->online = session->identity_ok && session->good_cycles >= GOOD_CYCLES &&
			 session->connects == session->port.line->connects;
	report->fault = session->port.fault;
	report->errors = session->port.errors;
	report->transactions = session->port.transactions;
	report->connects = session->connects;
	report->wear = session->port.wear;
	report->serial = session->identity_ok ? session->serial : 0;
	if (session->identity_ok)
		memcpy(report->identity, session->identity, sizeof(report->identity));
	report->units_differ = session->units_differ;
	report->order_proven = session->order_proven;
	report->simulated = session->simulated;
	report->sim_scale = session->sim_scale;
}

void session_end(struct session *session, bool good, struct report *report)
{
	bool clean = good && session->checked && session->identity_ok;

	if (clean && session->good_cycles < GOOD_CYCLES)
		session->good_cycles++;
	if (clean && session->good_since_desync < GOOD_CYCLES)
		session->good_since_desync++;
	if (!session->probed && good)
		probe_simulated(session);
	session_keep(session, report);
}

struct reading session_make_reading(const struct session *session, uint32_t seq, double value)
{
	return (struct reading){.value = value,
				.t_request_ns = session->port.t_request_ns,
				.t_reply_ns = session->port.t_reply_ns,
				.seq = seq,
				.quality = isfinite(value) ? QUALITY_GOOD : QUALITY_BAD,
				.cause = isfinite(value) ? CAUSE_NONE : CAUSE_RANGE};
}

void session_prove_order(struct session *session, bool proven)
{
	session->order_proven = session->order_proven || proven;
}

void session_distrust(struct session *session)
{
	session->checked = session->identity_ok = false;
	refuse_device(session);
}
