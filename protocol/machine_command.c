/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the state to the levels: what each device should do now, and the permit a release rests on. */
#include "protocol/machine_step.h"

#include <math.h>

static bool is_hot_phase(uint8_t phase)
{
	return phase == PHASE_HEAT || phase == PHASE_ISOTHERM || phase == PHASE_COOL;
}

static bool is_loaded_phase(uint8_t phase)
{
	return phase == PHASE_COMPRESS || is_hot_phase(phase);
}

static enum heat_mode control_unless(bool off)
{
	return off ? HEAT_OFF : HEAT_CONTROL;
}

static enum heat_mode heat_by_phase(const struct machine *m)
{
	const struct machine_private *p = &m->private_state;
	bool off = p->heater_off || m->cold_run;

	switch ((enum phase)m->phase) {
	case PHASE_IDLE:
	case PHASE_QUEUED:
	case PHASE_WAIT_CAPSULE:
		return HEAT_OBSERVE;
	case PHASE_HEAT:
		return control_unless(off || p->waiting_intent != 0);
	case PHASE_ISOTHERM:
		/* While an autotune waits for its intent the temperature is held as it was. */
		return control_unless(off || (p->waiting_intent != 0 && m->tune.stage != TUNE_ASKED));
	case PHASE_COOL:
		return control_unless(off);
	case PHASE_HOLD:
		return control_unless(off || !is_hot_phase(m->resume_phase));
	case PHASE_ABORTING:
		return control_unless(off || p->frozen || p->decompressing);
	case PHASE_RECOVERY_WAIT:
		return p->wait_mode == WAIT_OBSERVE ? HEAT_OBSERVE : HEAT_OFF;
	case PHASE_HANDED_OVER:
		return p->panel_has_press ? HEAT_OBSERVE : HEAT_OFF;
	case PHASE_PREFLIGHT:
	case PHASE_COMPRESS:
	case PHASE_DECOMPRESS:
	case PHASE_DONE:
	case PHASE_MAX:
		return HEAT_OFF;
	case PHASE_TRIPPED:
		return p->wait_mode == WAIT_TRIPPED_OBSERVE ? HEAT_OBSERVE : HEAT_OFF;
	}
	return HEAT_OFF;
}

static enum press_mode regulate_if(bool yes)
{
	return yes ? PRESS_REGULATE : PRESS_LOCK;
}

/* A release without its permit is locked: REGULATE would go on lowering towards a setpoint already ahead. */
static enum press_mode press_in_release(const struct step *step, const struct machine *m)
{
	const struct machine_private *p = &m->private_state;

	if (p->waiting_intent != 0)
		return regulate_if(m->phase == PHASE_DECOMPRESS && !p->safe_hold && !p->decompressing);
	return regulate_if(step_may_release(step));
}

static enum press_mode press_by_phase(const struct step *step, const struct machine *m)
{
	const struct machine_private *p = &m->private_state;

	switch ((enum phase)m->phase) {
	case PHASE_IDLE:
	case PHASE_QUEUED:
	case PHASE_WAIT_CAPSULE:
		return PRESS_OBSERVE;
	case PHASE_COMPRESS:
		return regulate_if(p->waiting_intent == 0 && !p->safe_hold);
	case PHASE_HEAT:
	case PHASE_ISOTHERM:
	case PHASE_COOL:
		return regulate_if(!p->safe_hold);
	case PHASE_DECOMPRESS:
		return press_in_release(step, m);
	case PHASE_HOLD:
		return regulate_if(!p->safe_hold && is_loaded_phase(m->resume_phase));
	case PHASE_ABORTING:
		if (p->decompressing && !p->frozen)
			return press_in_release(step, m);
		return regulate_if(!p->safe_hold && !p->frozen);
	case PHASE_RECOVERY_WAIT:
		if (p->wait_mode == WAIT_OBSERVE)
			return PRESS_OBSERVE;
		return regulate_if(p->wait_mode == WAIT_ADOPT);
	case PHASE_HANDED_OVER:
		return p->panel_has_press ? PRESS_OBSERVE : PRESS_LOCK;
	case PHASE_TRIPPED:
		return p->wait_mode == WAIT_TRIPPED_OBSERVE ? PRESS_OBSERVE : PRESS_LOCK;
	case PHASE_PREFLIGHT:
	case PHASE_DONE:
	case PHASE_MAX:
		return PRESS_LOCK;
	}
	return PRESS_LOCK;
}

/* Nothing is written to a device that is not the expected one (row 12). */
enum heat_mode machine_heat_mode(const struct step *step, const struct machine *m)
{
	return step->in->furnace_identity_ok ? heat_by_phase(m) : HEAT_OBSERVE;
}

enum press_mode machine_press_mode(const struct step *step, const struct machine *m)
{
	enum press_mode mode = press_by_phase(step, m);

	if (!step->in->press_identity_ok)
		return PRESS_OBSERVE;
	return mode == PRESS_REGULATE && step->plan->reference ? PRESS_LOCK : mode;
}

static bool is_releasing(const struct step *step)
{
	return step->p->waiting_intent == 0 && !step->p->frozen && step_is_decompressing(step);
}

static void grant_permit(struct step *step)
{
	struct permit *permit = &step->act->permit;

	if (!is_releasing(step) || !step_may_release(step))
		return;
	permit->granted = true;
	permit->temperature_k = step_hottest_k(step);
	if (step->in->temperature2_k.quality != QUALITY_NONE)
		permit->temperature_k = fmax(permit->temperature_k, step_hottest2_k(step));
	permit->t_lab_s = step->in->temperature_k.t_lab_s;
	permit->release_temperature_k = step->limits->release_temperature_k;
}

/* Row 1 in the last place it can be: a setpoint that went down without a permit goes back up. */
static void guard_release(struct step *step)
{
	bool lower = step->m->setpoint_gpa < step->old->setpoint_gpa - 1e-12;

	if (!lower || step->act->permit.granted || step->act->press != PRESS_REGULATE)
		return;
	if (step->p_fresh && step->m->setpoint_gpa >= step->in->pressure_gpa.value)
		return;
	step->m->setpoint_gpa = step->old->setpoint_gpa;
	step_raise(step, ALARM_RELEASE_REFUSED,
		   "A lower pressure was asked for without proof of cold; densd kept the pressure.");
}

/* For a controller that ramps by itself. A setpoint that jumped (start, resume) is no ramp. */
static void describe_ramp(struct step *step)
{
	const struct machine *m = step->m;
	struct actions *act = step->act;
	double moved_k = m->setpoint_k - step->old->setpoint_k;
	bool up = m->phase == PHASE_HEAT || m->phase == PHASE_ISOTHERM;
	bool down = m->phase == PHASE_COOL || m->phase == PHASE_ABORTING;

	act->target_k = m->setpoint_k;
	if (act->heat != HEAT_CONTROL || m->phase != step->old->phase)
		return;
	if (up && moved_k > 0) {
		act->ramp_k_per_s = step->plan->heating_k_per_s;
		act->target_k = fmax(step->plan->temperature_k, m->setpoint_k);
	} else if (down && moved_k < 0) {
		act->ramp_k_per_s = -step->plan->cooling_k_per_s;
		act->target_k = fmin(plan_cooling_target_k(step->ambient_k), m->setpoint_k);
	}
}

/* Autotune: the controller in manual. Blind, the relay stays low. */
static void describe_relay(struct step *step)
{
	const struct tune *tune = &step->m->tune;

	step->act->relay = step->act->heat == HEAT_CONTROL && step->m->phase == PHASE_ISOTHERM &&
			   tune->stage == TUNE_RUNNING;
	if (!step->act->relay)
		return;
	step->act->output_pct = step->t_fresh ? tune_output_pct(tune) : tune->bias_pct - tune->amplitude_pct;
}

void machine_command(struct step *step)
{
	struct actions *act = step->act;
	const struct machine *m = step->m;

	act->heat = machine_heat_mode(step, m);
	act->press = machine_press_mode(step, m);
	grant_permit(step);
	guard_release(step);
	act->setpoint_k = m->setpoint_k;
	act->setpoint_gpa = m->setpoint_gpa;
	describe_ramp(step);
	describe_relay(step);
	if (step->dt > 0 && act->press == PRESS_REGULATE)
		act->ramp_gpa_per_s = (m->setpoint_gpa - step->old->setpoint_gpa) / step->dt;
	act->contactor = act->heat == HEAT_CONTROL;
	act->chip_off = m->phase == PHASE_TRIPPED;
	act->purge = m->phase == PHASE_TRIPPED || m->phase == PHASE_ABORTING ||
		     (m->phase == PHASE_HOLD && step->p->safe_hold);
}
