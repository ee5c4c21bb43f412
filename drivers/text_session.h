/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every driver of a text instrument must know before it writes, as session.h for Modbus: that it is the
 * one the profile means, that three good cycles have passed since the last (re)connect or doubtful answer,
 * and whether it is densim. One question, one line; after anything doubtful the line is left alone, drained,
 * and identity is read first.
 */
#ifndef DENSD_DRIVERS_TEXT_SESSION_H
#define DENSD_DRIVERS_TEXT_SESSION_H

#include "drivers/driver.h"

#define TEXT_SESSION_LINE 512

struct text_session {
	struct text_line *line;
	const struct bus_device *device;
	double response_ms, latency_ms, scale;
	double late_ms; /* how long after its timeout an answer may still come */
	uint32_t connects, transactions, errors, good_cycles, good_since_desync;
	bool identity_ok, units_differ, checked, simulated;
	uint8_t fault; /* enum cause of the last failure in this cycle */
	double checked_lab_s, sim_scale;
	char identity[DEVICE_IDENTITY];
	int64_t t_request_ns, t_reply_ns;
};

extern const struct memory_field memory_of_text_session[];

void text_session_init(struct text_session *ret_session, const struct driver_setup *setup);
/*
 * Begins a cycle. *ret_identify: identity and units have to be read now (after a reconnect, after a doubtful
 * answer, every 60 s of lab time, every 5 s while they are wrong), and text_session_identify called with
 * them. Returns 0, or CAUSE_IDENTITY while another instrument answers and nothing has to be read.
 */
int text_session_begin(struct text_session *session, double t_lab_s, bool *ret_identify);
/* Sends @length bytes and takes one line, ended by CR or LF, without them. 0 or a positive enum cause. */
int text_session_ask(struct text_session *session, const char *question, size_t length,
		     char ret_line[TEXT_SESSION_LINE]);
int text_session_tell(struct text_session *session, const char *bytes, size_t length);
/* The last answer is not one to the question: as after a timeout. Returns @cause. */
int text_session_fail(struct text_session *session, int cause);
/*
 * @answer: what the instrument calls itself; right when @known and the profile's identity_text stands in it.
 * densim says "densim:SCALE" in it. 0, or CAUSE_IDENTITY.
 */
int text_session_identify(struct text_session *session, double t_lab_s, const char *answer, bool known,
			  bool units_ok);
bool text_session_may_write(const struct text_session *session);
/* As session_may_obey: MODE_OFF waits for no good cycles since a doubtful answer. */
bool text_session_may_obey(const struct text_session *session, uint8_t mode);
void text_session_end(struct text_session *session, bool good, struct report *report);
/* Fills the report's common fields in a cycle without traffic of this device. */
void text_session_keep(const struct text_session *session, struct report *report);
/* A good reading, timed by the last question and answer; BAD when @value is not finite. */
struct reading text_session_make_reading(const struct text_session *session, uint32_t seq, double value);

#endif
