/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The properties of the levels: what the devices are told, against what was seen and what is durable. */
#include <math.h>
#include <string.h>

#include "protocol/machine_step.h"
#include "tests/search/press.h"

#define EPSILON 1e-6

static bool is_up(double to, double from)
{
	return to > from + EPSILON;
}

static bool regulates(const struct press_look *look)
{
	return look->act->press == PRESS_REGULATE;
}

static bool heats(const struct press_look *look)
{
	return look->act->heat == HEAT_CONTROL;
}

static double measured_gpa(const struct press_look *look)
{
	return look->event->inputs->pressure_gpa.value;
}

/* Row 1: nothing lowers the pressure while hot, with the temperature unknown or before the dwell. */
static void judge_release(const struct press_watch *watch, const struct press_look *look,
			  struct search_fault *fault)
{
	const struct permit *permit = &look->act->permit;
	const struct limits *limits = &look->plan->limits;
	const struct measurement *t = &look->event->inputs->temperature_k;
	double to = look->after->setpoint_gpa;
	bool lower = is_up(look->before->setpoint_gpa, to), begins = !watch->regulates;
	bool below = press_p_is_fresh(look) && is_up(measured_gpa(look), to);

	if (permit->granted && !press_is_cold(look))
		search_break(fault, "release", "a permit at %.1f K, hot or not known", t->value);
	if (permit->granted && look->event->t_lab_s - t->t_lab_s > limits->permit_age_s)
		search_break(fault, "release", "a permit that rests on a reading of %.1f s ago",
			     look->event->t_lab_s - t->t_lab_s);
	if (permit->granted && watch->cold_ticks * PRESS_TICK_S < limits->release_dwell_s)
		search_break(fault, "release", "a permit after %.0f s of %.0f s proven cold",
			     fmax(watch->cold_ticks, 0) * PRESS_TICK_S, limits->release_dwell_s);
	if (!regulates(look) || permit->granted)
		return;
	if (lower && (below || !press_p_is_fresh(look)))
		search_break(fault, "release", "the setpoint falls from %.3f to %.3f GPa without a permit",
			     look->before->setpoint_gpa, to);
	/* A segment adopted the measured pressure when it asked for its intent; a locked press gains none. */
	if (look->event->kind == EVENT_DURABLE && look->before->phase == look->after->phase)
		return;
	if (begins && below)
		search_break(fault, "release",
			     "regulates at %.3f GPa from now on, below the measured %.3f GPa, "
			     "without a permit",
			     to, measured_gpa(look));
}

/* The pressure first: no heating before it is within its band. */
static void judge_pressure_first(const struct press_watch *watch, const struct press_look *look,
				 struct search_fault *fault)
{
	uint8_t phase = look->after->phase;
	bool hot_phase = phase == PHASE_HEAT || phase == PHASE_ISOTHERM;
	bool begins = heats(look) && !watch->heats && hot_phase;

	if (look->reference)
		return;
	if (heats(look) && look->event->kind == EVENT_TICK &&
	    is_up(look->after->setpoint_k, look->before->setpoint_k) && !press_p_in_band(look))
		search_break(fault, "pressure-first", "the temperature setpoint rises at %.3f GPa",
			     measured_gpa(look));
	if (begins && !watch->reached && !press_p_in_band(look))
		search_break(fault, "pressure-first",
			     "the heater comes on at %.3f GPa, which was never in band", measured_gpa(look));
}

/* A trip takes everything away in that very step, and for as long as it is latched. */
static void judge_trip(const struct press_look *look, struct search_fault *fault)
{
	const struct machine *m = look->after;
	bool off = !heats(look) && !look->act->contactor && !regulates(look) && !look->act->permit.granted;

	if ((m->phase == PHASE_TRIPPED || m->latched) && !off)
		search_break(fault, "trip-levels", "tripped, and heater %d, contactor %d, press %d",
			     (int)look->act->heat, look->act->contactor, (int)look->act->press);
	if (m->phase == PHASE_TRIPPED && !look->act->chip_off)
		search_break(fault, "trip-levels", "tripped, and the chip's heater is not off");
	if (m->phase == PHASE_TRIPPED && look->event->inputs->press_identity_ok &&
	    m->private_state.wait_mode != WAIT_TRIPPED_OBSERVE && look->act->press != PRESS_LOCK)
		search_break(fault, "trip-levels", "tripped, and the press is not locked");
}

/* R1 wrote nothing. Among the expected instruments for long a trip is commanded, or a heater that nobody told
 * anything would go on. */
static void judge_assertion(const struct press_look *look, struct search_fault *fault)
{
	const struct press_trouble *trouble = look->input->trouble;

	if (look->event->kind != EVENT_TICK || !trouble || !trouble->asserts ||
	    look->before->phase != PHASE_TRIPPED || look->after->phase != PHASE_TRIPPED)
		return;
	if (look->act->heat != HEAT_OFF || look->act->press != PRESS_LOCK)
		search_break(fault, "assertion",
			     "tripped among the expected instruments, and heater %d, press %d",
			     (int)look->act->heat, (int)look->act->press);
}

static bool is_guarded(uint8_t phase)
{
	return (phase >= PHASE_COMPRESS && phase <= PHASE_DECOMPRESS) || phase == PHASE_HOLD ||
	       phase == PHASE_ABORTING || phase == PHASE_RECOVERY_WAIT;
}

/* What an interlock has to do with a hazard it cannot miss. */
static void judge_reaction(const struct press_look *look, struct search_fault *fault)
{
	const struct press_trouble *trouble = look->input->trouble;
	bool sound = press_t_is_fresh(look) && press_p_is_fresh(look);
	/* The first one may be above the limit by itself: in a cold run's plan it soon is. */
	bool hot = look->event->inputs->temperature_k.value > look->plan->temperature_k;

	if (look->event->kind != EVENT_TICK || !trouble || !is_guarded(look->before->phase))
		return;
	if (trouble->pressure && look->reference)
		return;
	if (trouble->heater_off && heats(look))
		search_break(fault, "reaction", "%s, and the heater is on in that step", trouble->name);
	if (trouble->trips && sound && look->after->phase != PHASE_TRIPPED)
		search_break(fault, "reaction", "%s, and no trip in that step", trouble->name);
	if (trouble->no_trip && sound && !hot && look->after->phase == PHASE_TRIPPED)
		search_break(fault, "reaction", "%s, and it is taken for a runaway", trouble->name);
}

static bool adopts_heat(const struct press_look *look)
{
	uint8_t phase = look->after->phase;

	return phase == PHASE_COOL || phase == PHASE_ABORTING;
}

/* What adds energy waits until its intent is durable. */
static void judge_heat_right(const struct press_watch *watch, const struct press_look *look,
			     struct search_fault *fault)
{
	bool rises = is_up(look->after->setpoint_k, look->before->setpoint_k);
	bool on_measured = !is_up(look->after->setpoint_k, look->event->inputs->temperature_k.value);

	if (!heats(look) || watch->authority & (RIGHT_HEAT | RIGHT_RESUME))
		return;
	/* The way down may be taken up again at the measured temperature: that adds nothing. */
	if (adopts_heat(look) && (!rises || on_measured))
		return;
	if (rises || !watch->heats)
		search_break(fault, "durable", "%s without a durable intent",
			     rises ? "the temperature setpoint rises" : "the heater comes on");
}

static void judge_press_right(const struct press_watch *watch, const struct press_look *look,
			      struct search_fault *fault)
{
	double from = look->before->setpoint_gpa, to = look->after->setpoint_gpa;
	double device = look->event->inputs->pressure_setpoint_gpa.value;
	bool stands = press_p_is_fresh(look) && (!is_up(to, measured_gpa(look)) || !is_up(to, device));

	if (!regulates(look))
		return;
	if (is_up(from, to) && !stands && !(watch->authority & (RIGHT_RELEASE | RIGHT_RESUME)))
		search_break(fault, "durable", "the pressure setpoint falls without a durable intent");
	if (is_up(to, from) && !stands && !(watch->authority & (RIGHT_COMPRESS | RIGHT_RESUME)))
		search_break(fault, "durable", "the pressure setpoint rises without a durable intent");
	/* An abort that a hazard froze goes on by itself: its own intent stands. */
	if (look->before->phase == PHASE_ABORTING && look->after->phase == PHASE_ABORTING)
		return;
	if (!watch->regulates && look->event->kind != EVENT_RECOVER && !watch->authority)
		search_break(fault, "durable", "the press regulates from now on without a durable intent");
}

/* Setpoints move in ticks, at most at the programmed rate; a phase that begins adopts what is measured. */
static void judge_ramp(const struct press_look *look, struct search_fault *fault)
{
	double dt_s = fmin(look->dt_s, PRESS_MOVE_S);
	double step_k = fabs(look->after->setpoint_k - look->before->setpoint_k);
	double step_gpa = fabs(look->after->setpoint_gpa - look->before->setpoint_gpa);

	if (look->event->kind != EVENT_TICK || look->before->phase != look->after->phase)
		return;
	if (heats(look) && look->before->phase != PHASE_ABORTING &&
	    step_k > look->plan->heating_k_per_s * dt_s + EPSILON)
		search_break(fault, "ramp", "the temperature setpoint moved by %.1f K in %.0f s", step_k,
			     dt_s);
	if (regulates(look) && step_gpa > look->plan->compression_gpa_per_s * dt_s + EPSILON &&
	    look->before->phase != PHASE_ABORTING)
		search_break(fault, "ramp", "the pressure setpoint moved by %.3f GPa in %.0f s", step_gpa,
			     dt_s);
}

/* What a controller that ramps by itself is told ends inside the programme, and stands when the setpoint
 * stands. */
static void judge_own_ramp(const struct press_look *look, struct search_fault *fault)
{
	const struct actions *act = look->act;
	double low_k = fmin(look->after->setpoint_k, plan_cooling_target_k(PLAN_AMBIENT_K));
	double high_k = fmax(look->after->setpoint_k, look->plan->temperature_k);

	if (act->ramp_k_per_s != 0 &&
	    (!heats(look) ||
	     (act->ramp_k_per_s > 0) != is_up(look->after->setpoint_k, look->before->setpoint_k)))
		search_break(fault, "ramp",
			     "told to ramp at %.2f K/s with the setpoint standing or the heater off",
			     act->ramp_k_per_s);
	if (act->ramp_k_per_s == 0 && fabs(act->target_k - look->after->setpoint_k) > EPSILON)
		search_break(fault, "ramp", "the setpoint stands at %.1f K, and its target is %.1f K",
			     look->after->setpoint_k, act->target_k);
	if (act->target_k > high_k + EPSILON || act->target_k < low_k - EPSILON)
		search_break(fault, "ramp", "a target of %.1f K is outside the programme", act->target_k);
}

/* Row 12: nothing is written to a device that is not the expected one. */
static void judge_identity(const struct press_look *look, struct search_fault *fault)
{
	const struct inputs *in = look->event->inputs;

	if (!in->furnace_identity_ok && look->act->heat != HEAT_OBSERVE)
		search_break(fault, "identity", "writes to a furnace that is not identified");
	if (!in->press_identity_ok && look->act->press != PRESS_OBSERVE)
		search_break(fault, "identity", "writes to a press that is not identified");
}

static void judge_role(const struct press_look *look, struct search_fault *fault)
{
	const struct event *event = look->event;

	if (event->kind == EVENT_VERB && event->role < ROLE_OPERATOR &&
	    (look->act->answer.code != ANSWER_REFUSED || look->before->phase != look->after->phase))
		search_break(fault, "role", "%s by an observer did something", verb_name(event->verb));
}

void press_judge_levels(const struct press_watch *watch, const struct press_look *look,
			struct search_fault *fault)
{
	judge_release(watch, look, fault);
	judge_pressure_first(watch, look, fault);
	judge_trip(look, fault);
	judge_assertion(look, fault);
	judge_reaction(look, fault);
	judge_heat_right(watch, look, fault);
	judge_press_right(watch, look, fault);
	judge_ramp(look, fault);
	judge_own_ramp(look, fault);
	judge_identity(look, fault);
	judge_role(look, fault);
	if (look->act->contactor != heats(look))
		search_break(fault, "contactor", "the contactor is not where the heater is");
}
