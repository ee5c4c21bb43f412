/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/wires/judge.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/wires/line.h"

#define AS_WRITTEN 0.006 /* what is written and read back, in the coarsest of the texts */
#define STROKE_PCT 0.003
#define REMEMBERED_S 10
#define WORDS_S 12 /* units that differ are read again after 1 to 5 s, a mode after 2 */

struct judge judge;

static const char *const role_names[PEER_ROLES] = {
	"temperature",  "second temperature", "setpoint", "output",           "flow",      "flow setpoint",
	"oil pressure", "oil setpoint",       "stroke",   "chip temperature", "chip power"};

__attribute__((format(printf, 2, 3))) static void violate(uint64_t *counter, const char *format, ...)
{
	va_list list;

	(*counter)++;
	if (judge.first[0] != '\0')
		return;
	va_start(list, format);
	vsnprintf(judge.first, sizeof(judge.first), format, list);
	va_end(list);
}

static double tolerance(uint32_t device, int role)
{
	double step = peer.devices[device].step[role];

	if (role == PEER_STROKE)
		return STROKE_PCT;
	return step > 0 ? 0.45 * step : AS_WRITTEN;
}

/* NULL: before the first, or forgotten. One that reached nobody holds no values. */
static const struct peer_asked *asked_before(uint64_t back)
{
	uint64_t count = peer.questions + peer.foreign;

	return back < PEER_ASKED && back <= count ? &peer.asked[(count - back) % PEER_ASKED] : NULL;
}

static bool holds(const struct peer_asked *asked, uint32_t device, int role, double value)
{
	return asked->device == device && asked->shows & 1u << role &&
	       fabs(asked->values[role] - value) <= tolerance(device, role);
}

/* The question within the reading's own times that shows this value. */
static const struct peer_asked *find_question(const struct reading *reading, uint32_t device, int role)
{
	const struct peer_asked *asked;

	for (uint64_t back = 0; (asked = asked_before(back)) && back < PEER_ASKED; back++)
		if (asked->t_ns <= reading->t_reply_ns && asked->t_ns >= reading->t_request_ns &&
		    holds(asked, device, role, reading->value))
			return asked;
	return NULL;
}

/* What passed the wire's own check while that answer came. */
static const struct peer_passed *find_passed(const struct reading *reading)
{
	for (uint32_t i = 0; i < PEER_PASSED && i < peer.passed_count; i++) {
		const struct peer_passed *passed = &peer.passed[i];

		if (passed->from_ns <= reading->t_reply_ns && passed->to_ns >= reading->t_request_ns)
			return passed;
	}
	return NULL;
}

/* Whose value it is instead, for the words. */
static void explain(const struct reading *reading, uint32_t device, int role)
{
	const struct peer_asked *asked;
	double took_ms = (double)(reading->t_reply_ns - reading->t_request_ns) / 1e6;

	for (uint64_t back = 0; (asked = asked_before(back)); back++)
		for (int other = 0; other < PEER_ROLES; other++) {
			if (!holds(asked, asked->device, other, reading->value) ||
			    line.now_ns - asked->t_ns > REMEMBERED_S * INT64_C(1000000000))
				continue;
			violate(&judge.misattributed,
				"%s of %s %.6f, asked at %.6f s, answered after %.1f ms, is %s of %s asked "
				"%.3f s before",
				role_names[role], peer.config->devices[device].name, reading->value,
				(double)reading->t_request_ns / 1e9, took_ms, role_names[other],
				peer.config->devices[asked->device].name,
				(double)(reading->t_request_ns - asked->t_ns) / 1e9);
			return;
		}
	violate(&judge.misattributed,
		"%s of %s %.6f, asked at %.6f s, answered after %.1f ms, was never shown in the last %d s",
		role_names[role], peer.config->devices[device].name, reading->value,
		(double)reading->t_request_ns / 1e9, took_ms, REMEMBERED_S);
}

/* The previous answer to the same question, sent in its place: its age, or NAN. */
static double previous_age_s(const struct reading *reading, uint32_t device, int role)
{
	const struct peer_asked *asked;

	for (uint64_t back = 0; (asked = asked_before(back)); back++)
		if (asked->t_ns < reading->t_request_ns && holds(asked, device, role, reading->value))
			return (double)(reading->t_request_ns - asked->t_ns) / 1e9;
	return NAN;
}

static const struct peer_asked *judge_reading(const struct reading *reading, uint32_t device, int role)
{
	const struct peer_asked *asked;
	const struct peer_passed *passed;
	double age_s;

	if (reading->quality != QUALITY_GOOD || reading->t_reply_ns == judge.judged_ns[device][role])
		return NULL;
	judge.judged_ns[device][role] = reading->t_reply_ns;
	asked = find_question(reading, device, role);
	if (asked) {
		judge.good++;
		return asked;
	}
	passed = find_passed(reading);
	if (!passed) {
		explain(reading, device, role);
		return NULL;
	}
	age_s = previous_age_s(reading, device, role);
	if (!passed->previous)
		judge.accidents++;
	else if (isnan(age_s))
		judge.exchanged++;
	else
		judge.previous++;
	if (passed->previous && !isnan(age_s))
		judge.previous_most_s = fmax(judge.previous_most_s, age_s);
	return NULL;
}

static bool passed_lately(void)
{
	for (uint32_t i = 0; i < PEER_PASSED && i < peer.passed_count; i++)
		if (peer.passed[i].from_ns <= line.now_ns &&
		    line.now_ns - peer.passed[i].to_ns < WORDS_S * INT64_C(1000000000))
			return true;
	return false;
}

/* A word that no device said is a violation, unless something passed that no check of the wire can tell. */
static void judge_word(uint32_t device, enum judge_word word, bool wrong, const char *what)
{
	bool *excused = &judge.excused[device][word];

	*excused = wrong && (*excused || passed_lately());
	judge.misled += *excused;
	if (wrong && !*excused)
		violate(&judge.false_words, "%s: %s", peer.config->devices[device].name, what);
}

static bool was_manual(void)
{
	const struct peer_asked *asked;

	for (uint64_t back = 0; back < 400 && (asked = asked_before(back)); back++)
		if (asked->manual)
			return true;
	return false;
}

static void judge_furnace(const struct furnace_report *report, uint32_t device, bool clean)
{
	const struct peer_asked *asked = judge_reading(&report->temperature_k, device, PEER_VALUE);

	judge_reading(&report->temperature2_k, device, PEER_VALUE2);
	judge_reading(&report->setpoint_k, device, PEER_SETPOINT);
	judge_reading(&report->output_pct, device, PEER_OUTPUT);
	judge_word(device, WORD_BROKEN, report->sensor_break, "a broken sensor that there is not");
	judge_word(device, WORD_MANUAL, clean && report->manual && !was_manual(), "manual, which it is not");
	judge_word(device, WORD_OFF, clean && asked && report->verified_off && !asked->manual,
		   "verified off, and it is in automatic");
}

static bool is_plc(uint32_t device)
{
	const struct profile *profile = &peer.config->devices[device].profile;

	return strcmp(profile->protocol, "modbus") == 0 && strcmp(profile->driver, "pump") != 0;
}

static void judge_press(const struct press_report *report, uint32_t device)
{
	const struct peer_asked *asked = judge_reading(&report->oil_bar, device, PEER_OIL);

	judge_reading(&report->oil_setpoint_bar, device, PEER_OIL_SETPOINT);
	judge_reading(&report->stroke_pct, device, PEER_STROKE);
	judge_word(device, WORD_LOCKED, asked && is_plc(device) && report->locked != asked->locked,
		   "locked or not, as it is not");
}

void judge_program(const struct chip_demand *wanted)
{
	const struct chip_segment *ramp = &peer.lab.chip.segments[0];

	if (!passed_lately() &&
	    (peer.lab.chip.segment_count < 1 || fabs(ramp->from_k - wanted->start_k) > 0.01 ||
	     fabs(ramp->to_k - wanted->end_k) > 0.01))
		violate(&judge.false_words,
			"chip: a program of %.3f to %.3f K is called done; it holds %.3f to %.3f K",
			wanted->start_k, wanted->end_k, ramp->from_k, ramp->to_k);
}

void judge_reports(const struct report *reports)
{
	for (uint32_t i = 0; i < peer.config->device_count; i++) {
		const struct report *report = &reports[i];
		bool clean = report->fault == CAUSE_NONE;

		judge.discarded += !clean;
		judge_word(i, WORD_UNITS, report->units_differ, "other units, which it never had");
		switch ((enum device_kind)report->kind) {
		case DEVICE_FURNACE:
			judge_furnace(&report->furnace, i, clean);
			break;
		case DEVICE_FLOW:
			judge_reading(&report->flow.flow_ml_per_min, i, PEER_FLOW);
			judge_reading(&report->flow.setpoint_ml_per_min, i, PEER_FLOW_SETPOINT);
			break;
		case DEVICE_PRESS:
			judge_press(&report->press, i);
			break;
		case DEVICE_CHIP:
			judge_reading(&report->chip.temperature_k, i, PEER_CHIP_K);
			judge_reading(&report->chip.power_mw, i, PEER_CHIP_MW);
			break;
		case DEVICE_KIND_MAX:
			break;
		}
	}
}

uint64_t judge_violations(void)
{
	return judge.misattributed + judge.false_words;
}
