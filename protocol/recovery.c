/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The restart tables: R1..R21 as rows of predicate and action, in the order of hazards.md section 4; the
 * first that matches wins and the last matches always.
 */
#include "protocol/recovery.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef bool row_fn(const struct recovery_facts *facts);

/* In a 1 atm run AMBIENT is what the plan expects and counts as PRESSED in R12 to R19. */
static bool is_pressed(const struct recovery_facts *facts)
{
	return facts->pressure == RP_PRESSED || (facts->reference && facts->pressure == RP_AMBIENT);
}

static bool is_ambient(const struct recovery_facts *facts)
{
	return facts->pressure == RP_AMBIENT && !facts->reference;
}

static bool is_hot(const struct recovery_facts *facts)
{
	return facts->temperature == RT_HOT;
}

static bool is_cold(const struct recovery_facts *facts)
{
	return facts->temperature == RT_COLD;
}

static bool is_idle(const struct recovery_facts *facts)
{
	return facts->phase == PHASE_IDLE || facts->phase == PHASE_QUEUED || facts->phase == PHASE_DONE;
}

static bool is_held(const struct recovery_facts *facts)
{
	return facts->phase == PHASE_HOLD;
}

static bool is_heating(const struct recovery_facts *facts)
{
	return facts->phase == PHASE_HEAT || facts->phase == PHASE_ISOTHERM;
}

static bool gap_is_short(const struct recovery_facts *facts)
{
	return facts->gap_s >= 0 && facts->gap_s <= facts->gap_limit_s;
}

static bool pressure_kept(const struct recovery_facts *facts)
{
	return facts->reference || (isfinite(facts->moved_gpa) && facts->moved_gpa <= facts->moved_gpa_limit);
}

static bool temperature_kept(const struct recovery_facts *facts)
{
	return isfinite(facts->moved_k) && facts->moved_k <= facts->moved_k_limit;
}

static bool row_1(const struct recovery_facts *facts)
{
	return !facts->identity_ok;
}

static bool row_2(const struct recovery_facts *facts)
{
	return facts->latched;
}

static bool row_3(const struct recovery_facts *facts)
{
	return !facts->journal_ok && facts->pressure != RP_AMBIENT;
}

static bool row_4(const struct recovery_facts *facts)
{
	return !facts->journal_ok && facts->pressure == RP_AMBIENT && is_cold(facts);
}

static bool row_5(const struct recovery_facts *facts)
{
	return facts->journal_ok && is_idle(facts) && facts->pressure == RP_AMBIENT && is_cold(facts);
}

static bool row_6(const struct recovery_facts *facts)
{
	return facts->journal_ok && is_idle(facts) && facts->pressure == RP_PRESSED;
}

static bool row_7(const struct recovery_facts *facts)
{
	return facts->temperature == RT_UNKNOWN;
}

static bool row_8(const struct recovery_facts *facts)
{
	return facts->pressure == RP_UNKNOWN;
}

static bool row_9(const struct recovery_facts *facts)
{
	return facts->phase == PHASE_ABORTING && is_pressed(facts) && is_hot(facts);
}

static bool row_10(const struct recovery_facts *facts)
{
	return facts->phase == PHASE_ABORTING && is_pressed(facts) && is_cold(facts) && pressure_kept(facts);
}

static bool row_10_decompress(const struct recovery_facts *facts)
{
	return facts->phase == PHASE_DECOMPRESS && is_pressed(facts) && is_cold(facts) &&
	       pressure_kept(facts);
}

static bool row_11(const struct recovery_facts *facts)
{
	return facts->phase == PHASE_DECOMPRESS && is_pressed(facts) && is_hot(facts);
}

static bool row_12(const struct recovery_facts *facts)
{
	return facts->phase == PHASE_COMPRESS && is_pressed(facts) && is_cold(facts) && gap_is_short(facts) &&
	       pressure_kept(facts);
}

static bool row_13(const struct recovery_facts *facts)
{
	return facts->phase == PHASE_COMPRESS && is_ambient(facts) && is_cold(facts);
}

static bool row_14(const struct recovery_facts *facts)
{
	return is_heating(facts) && is_pressed(facts) && is_hot(facts) && gap_is_short(facts) &&
	       facts->same_boot && !facts->controller_reset && temperature_kept(facts) &&
	       pressure_kept(facts) && facts->policy_continue && facts->restarts_last_hour < 3;
}

static bool row_15(const struct recovery_facts *facts)
{
	return is_heating(facts) && is_pressed(facts) && is_hot(facts);
}

static bool row_16(const struct recovery_facts *facts)
{
	return is_heating(facts) && is_pressed(facts) && is_cold(facts);
}

static bool row_17(const struct recovery_facts *facts)
{
	return (is_heating(facts) || facts->phase == PHASE_COOL) && is_ambient(facts) && is_hot(facts);
}

static bool row_18(const struct recovery_facts *facts)
{
	return facts->phase == PHASE_COOL && is_pressed(facts) && is_hot(facts);
}

static bool row_19(const struct recovery_facts *facts)
{
	return facts->phase == PHASE_COOL && is_pressed(facts) && is_cold(facts);
}

/* R15's cooling, or the operator's: a restart does not turn it into the programme's. */
static bool row_18_stays(const struct recovery_facts *facts)
{
	return row_18(facts) && facts->stays;
}

static bool row_19_stays(const struct recovery_facts *facts)
{
	return row_19(facts) && facts->stays;
}

static bool row_20(const struct recovery_facts *facts)
{
	return is_held(facts) && is_pressed(facts) && gap_is_short(facts);
}

static bool row_20_hot(const struct recovery_facts *facts)
{
	return is_held(facts) && is_pressed(facts) && is_hot(facts);
}

static bool row_20_cold(const struct recovery_facts *facts)
{
	return is_held(facts) && is_pressed(facts) && is_cold(facts);
}

static bool row_21(const struct recovery_facts *facts)
{
	(void)facts;
	return true;
}

static const struct row {
	uint8_t number;
	enum recovery_action action;
	row_fn *matches;
	const char *text;
} rows[] = {
	{1, RECOVER_NO_WRITES, row_1,
	 "a device is not the expected one: nothing is written; check it, then resume, abort or hand over"},
	{2, RECOVER_S_HOLD_LATCHED, row_2,
	 "a trip was latched and stays so: heater off, press locked; ack, remove the cause, reset"},
	{3, RECOVER_ADOPT_WAIT, row_3,
	 "no journal and the press is not at ambient: heater off, pressure kept; abort or hand over"},
	{4, RECOVER_IDLE_ALARM, row_4, "no journal, but the press is at ambient and cold: idle"},
	{5, RECOVER_IDLE, row_5, "no run was under way"},
	{6, RECOVER_S_HOLD_WAIT, row_6,
	 "no run was under way, yet the press is loaded: heater off, locked; abort or hand over"},
	{7, RECOVER_S_HOLD_WAIT, row_7,
	 "temperature unknown: heater off, locked, no release; repair the thermocouple or hand over"},
	{8, RECOVER_S_HOLD_WAIT, row_8,
	 "pressure unknown: heater off, locked; repair the press's link or hand over"},
	{9, RECOVER_COOL, row_9, "the abort goes on cooling"},
	{10, RECOVER_DWELL_RELEASE, row_10,
	 "the abort goes on: new release dwell, then decompress from the measured pressure"},
	{10, RECOVER_DWELL_RELEASE, row_10_decompress,
	 "the release goes on: new release dwell, then from the measured pressure"},
	{11, RECOVER_S_HOLD_LATCHED, row_11,
	 "was decompressing and is hot now: heater off, locked, latched; find out why, ack, reset"},
	{12, RECOVER_HOLD, row_12, "compression was interrupted: held; resume or abort"},
	{13, RECOVER_FAILED_DONE, row_13,
	 "compression was interrupted and the pressure is gone: the run has failed"},
	{14, RECOVER_CONTINUE, row_14,
	 "a short outage while hot: the run goes on from the measured temperature, marked interrupted"},
	{15, RECOVER_COOL_OFFER, row_15,
	 "an outage while hot: heater off, pressure kept, cooling; resume within its time, or abort"},
	{16, RECOVER_ADOPT_WAIT, row_16,
	 "the sample cooled during the outage: pressure kept; resume, abort or hand over"},
	{17, RECOVER_FAILED_LATCHED, row_17,
	 "hot without pressure: heater off, locked, latched, the run has failed; inspect, ack, reset"},
	{18, RECOVER_COOL, row_18_stays,
	 "goes on cooling, stays under pressure; resume if offered, or abort"},
	{18, RECOVER_COOL, row_18, "goes on cooling"},
	{19, RECOVER_COOL, row_19_stays, "cold, stays under pressure as before; resume if offered, or abort"},
	{19, RECOVER_DWELL_RELEASE, row_19, "cold: new release dwell, then as the protocol says"},
	{20, RECOVER_HOLD, row_20, "was held and is held again; resume or abort"},
	{20, RECOVER_COOL_OFFER, row_20_hot,
	 "was held, long outage while hot: heater off, pressure kept, cooling; resume soon, or abort"},
	{20, RECOVER_ADOPT_WAIT, row_20_cold,
	 "was held, long outage, cold: pressure kept; resume, abort or hand over"},
	{21, RECOVER_ADOPT_WAIT, row_21, "no other row fits: heater off, pressure kept; abort or hand over"},
};

void recovery_decide(const struct recovery_facts *facts, struct recovery_decision *ret_decision)
{
	const struct row *row = rows;
	enum recovery_action action;

	while (!row->matches(facts))
		row++;
	action = row->action;
	if (row->number == 12 && facts->policy_continue && facts->same_boot && facts->restarts_last_hour < 3)
		action = RECOVER_CONTINUE;
	memset(ret_decision, 0, sizeof(*ret_decision));
	ret_decision->row = row->number;
	ret_decision->action = (uint8_t)action;
	ret_decision->gap_s = facts->gap_s;
	snprintf(ret_decision->text, sizeof(ret_decision->text), "restart in %s after %.0f s (row R%u): %s",
		 phase_name((enum phase)facts->phase), facts->gap_s, row->number,
		 row->number == 12 && action == RECOVER_CONTINUE ? "compression goes on, marked interrupted"
								 : row->text);
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
	};

	return (unsigned)action < RECOVER_ACTION_MAX ? names[action] : "invalid";
}
