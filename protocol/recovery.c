/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The restart tables: R1..R22 as rows of what the journal says, P, T and a further condition, in the order of
 * hazards.md section 4; the first that matches wins and the last matches always.
 */
#include "protocol/recovery.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define RESTARTS_MOST 3 /* in an hour: then nothing goes on by itself */
#define IN(phase) (UINT32_C(1) << (phase))
#define LOST IN(PHASE_MAX) /* no journal, or a corrupt one */
#define NO_RUN (IN(PHASE_IDLE) | IN(PHASE_QUEUED) | IN(PHASE_DONE))
#define HEATING (IN(PHASE_HEAT) | IN(PHASE_ISOTHERM))
#define UNKNOWN IN(RP_UNKNOWN)
#define AMBIENT IN(RP_AMBIENT)
#define PRESSED IN(RP_PRESSED)
#define T_UNKNOWN IN(RT_UNKNOWN)
#define COLD IN(RT_COLD)
#define HOT IN(RT_HOT)
#define ANY UINT32_MAX

static bool is_another_device(const struct recovery_facts *facts)
{
	return !facts->identity_ok;
}

static bool is_latched(const struct recovery_facts *facts)
{
	return facts->latched;
}

static bool gap_is_short(const struct recovery_facts *facts)
{
	return facts->gap_s >= 0 && facts->gap_s <= facts->gap_limit_s;
}

/* NAN, as of a pressure that was never read, has not been kept. */
static bool pressure_kept(const struct recovery_facts *facts)
{
	return facts->reference || facts->moved_gpa <= facts->moved_gpa_limit;
}

static bool was_brief(const struct recovery_facts *facts)
{
	return gap_is_short(facts) && pressure_kept(facts);
}

static bool may_compress_on(const struct recovery_facts *facts)
{
	return was_brief(facts) && facts->policy_continue && facts->same_boot &&
	       facts->restarts_last_hour < RESTARTS_MOST;
}

static bool may_heat_on(const struct recovery_facts *facts)
{
	return may_compress_on(facts) && !facts->controller_reset && facts->moved_k <= facts->moved_k_limit;
}

/* R15's cooling, or the operator's: a restart does not turn it into the programme's. */
static bool stays(const struct recovery_facts *facts)
{
	return facts->stays;
}

/* A cell reads ANY also where the rows above it leave one value only. */
static const struct row {
	uint8_t number;
	enum recovery_action action;
	uint32_t journal, pressure, temperature;               /* sets */
	bool (*condition)(const struct recovery_facts *facts); /* NULL: none */
	const char *text;
} rows[] = {
	{22, RECOVER_HANDED_OVER, IN(PHASE_HANDED_OVER), ANY, ANY, NULL,
	 "the press was handed over to its panel and stays there, a latched trip stays latched; densd only "
	 "watches: release at the panel"},
	{1, RECOVER_NO_WRITES, ANY, ANY, ANY, is_another_device,
	 "a device is not the expected one: nothing is written; check it, then resume, abort or hand over"},
	{2, RECOVER_S_HOLD_LATCHED, ANY, ANY, ANY, is_latched,
	 "a trip was latched and stays so: heater off, press locked; ack, remove the cause, reset"},
	{3, RECOVER_ADOPT_WAIT, LOST, PRESSED | UNKNOWN, ANY, NULL,
	 "no journal and the press is not at ambient: heater off, pressure kept; abort or hand over"},
	{4, RECOVER_IDLE_ALARM, LOST, ANY, COLD, NULL,
	 "no journal, but the press is at ambient and cold: idle"},
	{5, RECOVER_IDLE, NO_RUN, AMBIENT, COLD, NULL, "no run was under way"},
	{6, RECOVER_S_HOLD_WAIT, NO_RUN, PRESSED, ANY, NULL,
	 "no run was under way, yet the press is loaded: heater off, locked; abort or hand over"},
	{7, RECOVER_S_HOLD_WAIT, ANY, ANY, T_UNKNOWN, NULL,
	 "temperature unknown: heater off, locked, no release; repair the thermocouple or hand over"},
	{8, RECOVER_S_HOLD_WAIT, ANY, UNKNOWN, ANY, NULL,
	 "pressure unknown: heater off, locked; repair the press's link or hand over"},
	{9, RECOVER_COOL, IN(PHASE_ABORTING), PRESSED, HOT, NULL, "the abort goes on cooling"},
	{10, RECOVER_DWELL_RELEASE, IN(PHASE_ABORTING), PRESSED, ANY, pressure_kept,
	 "the abort goes on: new release dwell, then decompress from the measured pressure"},
	{10, RECOVER_DWELL_RELEASE, IN(PHASE_DECOMPRESS), PRESSED, COLD, pressure_kept,
	 "the release goes on: new release dwell, then from the measured pressure"},
	{11, RECOVER_S_HOLD_LATCHED, IN(PHASE_DECOMPRESS), PRESSED, HOT, NULL,
	 "was decompressing and is hot now: heater off, locked, latched; find out why, ack, reset"},
	{12, RECOVER_CONTINUE, IN(PHASE_COMPRESS), PRESSED, COLD, may_compress_on,
	 "compression goes on, marked interrupted"},
	{12, RECOVER_HOLD, IN(PHASE_COMPRESS), PRESSED, COLD, was_brief,
	 "compression was interrupted: held; resume or abort"},
	{13, RECOVER_FAILED_DONE, IN(PHASE_COMPRESS), AMBIENT, COLD, NULL,
	 "compression was interrupted and the pressure is gone: the run has failed"},
	{14, RECOVER_CONTINUE, HEATING, PRESSED, HOT, may_heat_on,
	 "a short outage while hot: the run goes on from the measured temperature, marked interrupted"},
	{15, RECOVER_COOL_OFFER, HEATING, PRESSED, HOT, NULL,
	 "an outage while hot: heater off, pressure kept, cooling; resume within its time, or abort"},
	{16, RECOVER_ADOPT_WAIT, HEATING, PRESSED, ANY, NULL,
	 "the sample cooled during the outage: pressure kept; resume, abort or hand over"},
	{17, RECOVER_FAILED_LATCHED, HEATING | IN(PHASE_COOL), AMBIENT, HOT, NULL,
	 "hot without pressure: heater off, locked, latched, the run has failed; inspect, ack, reset"},
	{18, RECOVER_COOL, IN(PHASE_COOL), ANY, HOT, stays,
	 "goes on cooling, stays under pressure; resume if offered, or abort"},
	{18, RECOVER_COOL, IN(PHASE_COOL), ANY, HOT, NULL, "goes on cooling"},
	{19, RECOVER_COOL, IN(PHASE_COOL), PRESSED, ANY, stays,
	 "cold, stays under pressure as before; resume if offered, or abort"},
	{19, RECOVER_DWELL_RELEASE, IN(PHASE_COOL), PRESSED, ANY, NULL,
	 "cold: new release dwell, then as the protocol says"},
	{20, RECOVER_HOLD, IN(PHASE_HOLD), PRESSED, ANY, gap_is_short,
	 "was held and is held again; resume or abort"},
	{20, RECOVER_COOL_OFFER, IN(PHASE_HOLD), PRESSED, HOT, NULL,
	 "was held, long outage while hot: heater off, pressure kept, cooling; resume soon, or abort"},
	{20, RECOVER_ADOPT_WAIT, IN(PHASE_HOLD), PRESSED, ANY, NULL,
	 "was held, long outage, cold: pressure kept; resume, abort or hand over"},
	{21, RECOVER_ADOPT_WAIT, ANY, ANY, ANY, NULL,
	 "no other row fits: heater off, pressure kept; abort or hand over"},
};

/* In a 1 atm run AMBIENT is what the plan expects: from R9 on, where P is known and a run goes on or ends, it
 * counts as PRESSED. */
static uint32_t pressure_of(const struct recovery_facts *facts, uint8_t number)
{
	return number >= 9 && facts->reference ? PRESSED : IN(facts->pressure);
}

static bool matches(const struct row *row, const struct recovery_facts *facts)
{
	uint32_t journal = facts->journal_ok ? IN(facts->phase) : LOST;

	return (row->journal & journal) && (row->pressure & pressure_of(facts, row->number)) &&
	       (row->temperature & IN(facts->temperature)) && (!row->condition || row->condition(facts));
}

void recovery_decide(const struct recovery_facts *facts, struct recovery_decision *ret_decision)
{
	const struct row *row = rows;

	while (!matches(row, facts))
		row++;
	memset(ret_decision, 0, sizeof(*ret_decision));
	ret_decision->row = row->number;
	ret_decision->action = (uint8_t)row->action;
	ret_decision->gap_s = facts->gap_s;
	snprintf(ret_decision->text, sizeof(ret_decision->text), "restart in %s after %.0f s (row R%u): %s",
		 phase_name((enum phase)facts->phase), facts->gap_s, row->number, row->text);
}

/* F1..F4. */
enum scan_recovery recovery_decide_scan(bool counters_known, uint32_t intent_counter, uint32_t chip_counter,
					bool trace_available)
{
	if (!counters_known)
		return SCAN_RECOVER_ALARM;
	if (chip_counter == intent_counter)
		return SCAN_RECOVER_FIRE_AGAIN;
	if (chip_counter == intent_counter + 1)
		return trace_available ? SCAN_RECOVER_READ_TRACE : SCAN_RECOVER_LOST;
	return SCAN_RECOVER_ALARM;
}

const char *recovery_action_name(enum recovery_action action)
{
	static const char *const names[RECOVER_ACTION_MAX] = {
		[RECOVER_NO_WRITES] = "no-writes",
		[RECOVER_S_HOLD_LATCHED] = "safe-hold-latched",
		[RECOVER_S_HOLD_WAIT] = "safe-hold-wait",
		[RECOVER_ADOPT_WAIT] = "adopt-wait",
		[RECOVER_IDLE] = "idle",
		[RECOVER_IDLE_ALARM] = "idle-alarm",
		[RECOVER_COOL] = "cool",
		[RECOVER_DWELL_RELEASE] = "dwell-release",
		[RECOVER_HOLD] = "hold",
		[RECOVER_CONTINUE] = "continue",
		[RECOVER_COOL_OFFER] = "cool-offer",
		[RECOVER_FAILED_DONE] = "failed-done",
		[RECOVER_FAILED_LATCHED] = "failed-latched",
		[RECOVER_HANDED_OVER] = "handed-over",
	};

	return (unsigned)action < RECOVER_ACTION_MAX ? names[action] : "invalid";
}
