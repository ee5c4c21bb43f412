/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/text_session.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "drivers/line_silence.h"

#define IDENTITY_PERIOD_S 60.0
#define MISMATCH_PERIOD_S 5.0
#define GOOD_CYCLES 3u
#define LEAST_RESPONSE_MS 1000.0
#define LEAST_SCALED_MS 20.0
#define SIMULATOR "densim:"

const struct memory_field memory_of_text_session[] = {
	MEMORY(struct text_session, connects),
	MEMORY(struct text_session, transactions),
	MEMORY(struct text_session, errors),
	MEMORY(struct text_session, good_cycles),
	MEMORY(struct text_session, good_since_desync),
	MEMORY(struct text_session, identity_ok),
	MEMORY(struct text_session, units_differ),
	MEMORY(struct text_session, checked),
	MEMORY(struct text_session, simulated),
	MEMORY_BELOW(struct text_session, fault, CAUSE_MAX),
	MEMORY(struct text_session, checked_lab_s),
	MEMORY(struct text_session, sim_scale),
	MEMORY(struct text_session, identity),
	MEMORY(struct text_session, t_request_ns),
	MEMORY(struct text_session, t_reply_ns),
	MEMORY_END,
};

void text_session_init(struct text_session *ret_session, const struct driver_setup *setup)
{
	const struct bus_device *device = &setup->config->devices[setup->device];
	const struct profile *profile = &device->profile;
	double scale = fmax(setup->config->scale, 1);
	double response_ms =
		fmax(LEAST_RESPONSE_MS, fmax(2 * profile->worst_latency_ms, profile->response_timeout_ms));

	*ret_session =
		(struct text_session){.line = setup->text,
				      .device = device,
				      .scale = scale,
				      .response_ms = fmax(response_ms / scale, LEAST_SCALED_MS),
				      .latency_ms = fmax(profile->worst_latency_ms / scale, LEAST_SCALED_MS)};
	/* What a closed connection still carries reaches nobody. */
	ret_session->late_ms = profile_bus_is_tcp(setup->config->kind)
				       ? 0
				       : LINE_LATEST_MS / scale - ret_session->response_ms;
}

static void notice_line(struct text_session *session)
{
	if (session->connects == session->line->connects)
		return;
	session->connects = session->line->connects;
	session->checked = session->identity_ok = session->simulated = false;
	session->good_cycles = session->good_since_desync = 0;
}

/* An answer that is missing may come late, and would be taken for that to the same question of then. */
static double quarantine_ms(const struct text_session *session, int cause)
{
	return cause == CAUSE_TIMEOUT ? fmax(session->latency_ms, session->late_ms) : session->latency_ms;
}

int text_session_fail(struct text_session *session, int cause)
{
	session->errors++;
	session->fault = (uint8_t)cause;
	session->checked = false;
	session->good_since_desync = 0;
	if (cause != CAUSE_LINK && cause != CAUSE_QUARANTINE)
		session->line->ops->quarantine(session->line, quarantine_ms(session, cause));
	return cause;
}

int text_session_begin(struct text_session *session, double t_lab_s, bool *ret_identify)
{
	double period_s =
		session->identity_ok && !session->units_differ ? IDENTITY_PERIOD_S : MISMATCH_PERIOD_S;

	session->fault = CAUSE_NONE;
	notice_line(session);
	*ret_identify =
		!session->checked || session->connects == 0 || t_lab_s - session->checked_lab_s >= period_s;
	if (*ret_identify || session->identity_ok)
		return 0;
	session->fault = CAUSE_IDENTITY;
	return CAUSE_IDENTITY;
}

int text_session_tell(struct text_session *session, const char *bytes, size_t length)
{
	int r;

	session->transactions++;
	session->t_request_ns = clock_mono_ns();
	r = session->line->ops->send_bytes(session->line, bytes, length);
	return r != 0 ? text_session_fail(session, r) : 0;
}

static bool is_end(char byte)
{
	return byte == '\r' || byte == '\n';
}

/* Takes the ends before and behind a line away. True when exactly one whole line is there. */
static bool take_line(char *bytes, size_t *length, bool *ret_broken)
{
	size_t begin = 0, end;

	while (begin < *length && is_end(bytes[begin]))
		begin++;
	memmove(bytes, bytes + begin, *length - begin);
	*length -= begin;
	for (end = 0; end < *length && !is_end(bytes[end]);)
		end++;
	if (end == *length)
		return false;
	for (size_t i = end; i < *length; i++)
		*ret_broken |= !is_end(bytes[i]);
	*ret_broken |= memchr(bytes, '\0', end) != NULL;
	bytes[end] = '\0';
	return true;
}

int text_session_ask(struct text_session *session, const char *question, size_t length,
		     char ret_line[TEXT_SESSION_LINE])
{
	int64_t end_ns;
	size_t have = 0, count;
	bool broken = false;
	int r = text_session_tell(session, question, length);

	end_ns = clock_mono_ns() + (int64_t)(session->response_ms * 1e6);
	while (r == 0 && !take_line(ret_line, &have, &broken)) {
		double left_ms = (double)(end_ns - clock_mono_ns()) / 1e6;

		if (left_ms <= 0)
			return text_session_fail(session, CAUSE_TIMEOUT);
		if (have >= TEXT_SESSION_LINE - 1)
			return text_session_fail(session, CAUSE_MISMATCH);
		r = session->line->ops->receive(session->line, (uint8_t *)ret_line + have,
						TEXT_SESSION_LINE - 1 - have, left_ms, &count);
		if (r != 0)
			return text_session_fail(session, r);
		have += count;
	}
	/* More than one line is not the answer to one question. */
	if (r == 0 && broken)
		return text_session_fail(session, CAUSE_MISMATCH);
	session->t_reply_ns = clock_mono_ns();
	return r;
}

int text_session_identify(struct text_session *session, double t_lab_s, const char *answer, bool known,
			  bool units_ok)
{
	const char *simulator = strstr(answer, SIMULATOR);

	notice_line(session);
	session->checked = true;
	session->checked_lab_s = t_lab_s;
	session->identity_ok = known && strcasestr(answer, session->device->profile.identity_text) != NULL;
	session->units_differ = !units_ok;
	session->simulated = simulator != NULL;
	session->sim_scale = simulator ? strtod(simulator + strlen(SIMULATOR), NULL) : 0;
	snprintf(session->identity, sizeof(session->identity), "%.*s", DEVICE_IDENTITY - 1,
		 session->identity_ok ? answer : "");
	for (char *at = session->identity; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	if (session->identity_ok)
		return 0;
	session->good_cycles = session->good_since_desync = 0;
	session->fault = CAUSE_IDENTITY;
	return CAUSE_IDENTITY;
}

static bool is_known(const struct text_session *session)
{
	return session->identity_ok && session->checked && session->good_cycles >= GOOD_CYCLES &&
	       session->connects == session->line->connects;
}

bool text_session_may_write(const struct text_session *session)
{
	return is_known(session) && session->good_since_desync >= GOOD_CYCLES;
}

bool text_session_may_obey(const struct text_session *session, uint8_t mode)
{
	return mode == MODE_OFF ? is_known(session) : text_session_may_write(session);
}

void text_session_keep(const struct text_session *session, struct report *report)
{
	report->online = session->identity_ok && session->good_cycles >= GOOD_CYCLES &&
			 session->connects == session->line->connects;
	report->fault = session->fault;
	report->errors = session->errors;
	report->transactions = session->transactions;
	report->connects = session->connects;
	memcpy(report->identity, session->identity, sizeof(report->identity));
	report->units_differ = session->units_differ;
	report->order_proven = true; /* text has no word order */
	report->simulated = session->simulated;
	report->sim_scale = session->sim_scale;
}

void text_session_end(struct text_session *session, bool good, struct report *report)
{
	bool clean = good && session->checked && session->identity_ok;

	if (clean && session->good_cycles < GOOD_CYCLES)
		session->good_cycles++;
	if (clean && session->good_since_desync < GOOD_CYCLES)
		session->good_since_desync++;
	text_session_keep(session, report);
}

struct reading text_session_make_reading(const struct text_session *session, uint32_t seq, double value)
{
	return (struct reading){.value = value,
				.t_request_ns = session->t_request_ns,
				.t_reply_ns = session->t_reply_ns,
				.seq = seq,
				.quality = isfinite(value) ? QUALITY_GOOD : QUALITY_BAD,
				.cause = isfinite(value) ? CAUSE_NONE : CAUSE_RANGE};
}
