/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A furnace controller on Modbus, driven by its profile. Roles of registers: process_value, setpoint, output
 * (mandatory); process_value2 and its sensor_break2, mode (and mode_active where it is read elsewhere),
 * sensor_break or status with a bit (optional). The controller makes the PID; densd streams its setpoint
 * within the profile's write budget, or lets the controller ramp by itself (furnace_ramp.h; then
 * working_setpoint and ramp_rate besides, ramp_disable where the device has it). Where the site hangs its
 * heater on a coupler, its contactor is served at the end of each cycle (furnace_contactor.h).
 *
 * Here is the cycle: what is begun and ended in which order. What is written of the setpoint stands in
 * furnace_setpoint.c, what is read in furnace_values.c, the output of an autotune in furnace_relay.c.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "drivers/correction.h"
#include "drivers/furnace_relay.h"
#include "drivers/furnace_setpoint.h"
#include "drivers/furnace_state.h"
#include "drivers/furnace_values.h"

#define OFF_REPEAT_S 2.0
#define OFF_OUTPUT_PCT 0.05
#define DIFFERS_TWICE 2u
#define REFUSED_S 2.0    /* between two refusals that count: an allowance on its way comes sooner */
#define RELAY_DIFFERS 5u /* cycles */

static void forget_device(struct furnace *furnace)
{
	furnace->written_k = NAN;
	furnace->written_lab_s = -INFINITY;
	furnace->before_write_k = furnace->seen_k = furnace->seen2_k = furnace->held_k = furnace->working_k =
		NAN;
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

static double find_auto_mode(const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->auto_count && i < PROFILE_STEPS_MAX; i++)
		if (strcmp(profile->auto_steps[i].reg, "mode") == 0)
			return profile->auto_steps[i].value;
	return 0;
}

/* Off is by the mode register, so one that reads automatic afterwards is not off. */
static bool is_off_by_mode(const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->off_count && i < PROFILE_STEPS_MAX; i++)
		if (strcmp(profile->off_steps[i].reg, "mode") == 0)
			return true;
	return false;
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
	if (!furnace_setpoint_ramps_itself(furnace))
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
	furnace->status2 = profile_find(furnace->profile, "sensor_break2");
	if (furnace->status2 && furnace->status2->bit < 0)
		furnace->status2 = NULL;
	if (!furnace->fast[ROLE_VALUE] || !furnace->fast[ROLE_SETPOINT] || !furnace->fast[ROLE_OUTPUT] ||
	    furnace->profile->off_count == 0 || correction_check(&furnace->config->thermocouple) < 0 ||
	    correction_check(&furnace->config->thermocouple2) < 0)
		return -EINVAL;
	furnace_contactor_init(&furnace->contactor, setup);
	furnace->auto_mode = find_auto_mode(furnace->profile);
	furnace->off_by_mode = is_off_by_mode(furnace->profile);
	furnace_values_plan_span(furnace);
	forget_device(furnace);
	return 0;
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
	if (!furnace_setpoint_follow(furnace, demand, t_lab_s))
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
			furnace_relay_play(furnace, demand->output_pct);
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

/*
 * Manual at no output is what densd itself leaves behind: only what it did not command is reported. A
 * controller that began anew in automatic has no output either while its setpoint is low: off is what heats
 * at no reading.
 */
static void conclude(struct furnace *furnace, uint8_t mode)
{
	struct furnace_report *report = &furnace->report;
	bool zero = report->output_pct.quality == QUALITY_GOOD && report->output_pct.value <= OFF_OUTPUT_PCT;

	bool automatic = furnace->off_by_mode && furnace->have_mode && !furnace->manual;

	report->verified_off = mode == MODE_OFF && furnace->last_mode == MODE_OFF && zero && !automatic;
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
		r = furnace_values_read_fast(furnace, cycle->seq);
	if (r == 0)
		r = furnace_values_explain_jump(furnace);
	if (r == 0)
		r = furnace_values_read_slow(furnace, cycle->t_lab_s);
	if (r == 0)
		conclude(furnace, demand->furnace.mode);
	session_end(session, r == 0, report);
	/* Last, so that a silent coupler costs the temperature nothing; heater off is first the controller's.
	 */
	furnace->contactor.inherited = demand->furnace.contactor_ours;
	furnace_contactor_cycle(&furnace->contactor, cycle, demand->furnace.mode,
				furnace->commanded_auto || !isnan(furnace->relay_pct), &furnace->report);
	furnace->report.identity_ok = session->identity_ok;
	report->furnace = furnace->report;
}

static const struct memory_field memory_of_furnace[] = {
	MEMORY_PART(struct furnace, session, memory_of_session),
	MEMORY(struct furnace, auto_mode),
	MEMORY(struct furnace, last_mode),
	MEMORY(struct furnace, commanded_auto),
	MEMORY(struct furnace, seen_auto),
	MEMORY(struct furnace, manual),
	MEMORY(struct furnace, have_mode),
	MEMORY(struct furnace, mode_due),
	MEMORY(struct furnace, started),
	MEMORY(struct furnace, slow_lab_s),
	MEMORY(struct furnace, slow_is_mode),
	MEMORY(struct furnace, written_k),
	MEMORY(struct furnace, written_lab_s),
	MEMORY(struct furnace, before_write_k),
	MEMORY(struct furnace, held_k),
	MEMORY(struct furnace, working_k),
	MEMORY_PART(struct furnace, ramp, memory_of_furnace_ramp),
	MEMORY(struct furnace, ramp_retry_lab_s),
	MEMORY(struct furnace, rate_differs),
	MEMORY(struct furnace, refused),
	MEMORY(struct furnace, refused_lab_s),
	MEMORY(struct furnace, relay_pct),
	MEMORY(struct furnace, relay_differs),
	MEMORY(struct furnace, seen_k),
	MEMORY(struct furnace, differs),
	MEMORY(struct furnace, foreign),
	MEMORY(struct furnace, mode_differs),
	MEMORY(struct furnace, off_lab_s),
	MEMORY_PART(struct furnace, report, memory_of_furnace_report),
	MEMORY_PART(struct furnace, contactor, memory_of_furnace_contactor),
	MEMORY(struct furnace, connects),
	MEMORY_END,
};

const struct driver_ops furnace_driver = {
	.name = "furnace",
	.kind = DEVICE_FURNACE,
	.protocol = "modbus",
	.state_size = sizeof(struct furnace),
	.memory = memory_of_furnace,
	.init = furnace_init,
	.cycle = furnace_cycle,
};
