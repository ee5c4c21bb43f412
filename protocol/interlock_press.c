/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows 1 and 17 to 20: what the press can do wrong. Pressures are compared on the sample side of one
 * calibration. */
#include "protocol/interlock_rows.h"

#include <math.h>

static double pressure(const struct step *step)
{
	return step->in->pressure_gpa.value;
}

/* What lasts or changes is judged by this: a single read that lies apart is none. */
static double steady_gpa(const struct step *step)
{
	return interlock_middle(&step->p->reads_gpa);
}

static bool regulates(const struct step *step)
{
	return machine_press_mode(step, step->m) == PRESS_REGULATE;
}

/* The reaction is in machine_command.c: without a permit the press is locked. */
enum verdict check_release(struct step *step, char *ret_text)
{
	if (!step_is_decompressing(step) || step->p->waiting_intent != 0 || step_may_release(step))
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "Release stopped at %.3f GPa: %.1f K %s, limit %.1f K. Press locked; goes on by "
		      "itself after %.0f s of proven cold. Check the thermocouple if it does not.",
		      pressure(step), step->in->temperature_k.value,
		      step->t_fresh ? "measured" : "is not fresh", step->limits->release_temperature_k,
		      step->limits->release_dwell_s);
	return VERDICT_WARN;
}

/* Rows look at the window of stuck_time_s since the setpoint ran ahead. */
enum verdict check_stuck(struct step *step, char *ret_text)
{
	const struct limits *limits = step->limits;
	double error_gpa = step->m->setpoint_gpa - steady_gpa(step), moved_gpa;
	bool ahead = regulates(step) && fabs(error_gpa) >= limits->stuck_error_gpa;

	if (step->p->timer[TIMER_STUCK] <= 0)
		step->p->memory[MEMORY_STUCK_GPA] = steady_gpa(step);
	moved_gpa = fabs(steady_gpa(step) - step->p->memory[MEMORY_STUCK_GPA]);
	if (!interlock_held_while(step, TIMER_STUCK, step->p_fresh,
				  ahead && moved_gpa < limits->stuck_move_gpa, limits->stuck_time_s))
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "Setpoint %.3f GPa, pressure %.3f GPa, moved %.4f GPa in %.0f s: valve or pump stuck? "
		      "densd holds. Check pump and "
		      "valves, then resume or abort.",
		      step->m->setpoint_gpa, pressure(step), moved_gpa, limits->stuck_time_s);
	return VERDICT_FIRE;
}

static double commanded_fall(const struct step *step)
{
	return step_is_decompressing(step) ? step->plan->decompression_gpa_per_s : 0;
}

enum verdict check_loss(struct step *step, char *ret_text)
{
	const struct limits *limits = step->limits;
	double rate = step->p->reads_gpa.slope_per_s, below_gpa = step->m->setpoint_gpa - steady_gpa(step);
	bool falls = step->p_fresh && rate < -(limits->loss_rate_gpa_per_s + commanded_fall(step));
	bool low = interlock_held_while(step, TIMER_LOSS, step->p_fresh,
					regulates(step) && below_gpa > limits->loss_error_gpa,
					limits->loss_time_s);

	if (!falls && !low)
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "STAY CLEAR: pressure %.3f GPa, setpoint %.3f GPa, falling %.4f GPa/s (leak or "
		      "blow-out?). Heater off, press "
		      "locked, tripped. Inspect, ack, reset.",
		      pressure(step), step->m->setpoint_gpa, -rate);
	return VERDICT_FIRE;
}

enum verdict check_over_pressure(struct step *step, char *ret_text)
{
	double most_gpa = fmin(step->plan->pressure_gpa + step->limits->over_pressure_gpa,
			       step->limits->machine_pressure_gpa);

	if (!step->p_fresh || pressure(step) <= most_gpa)
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "Pressure %.3f GPa is above %.3f GPa. Pump stopped, press locked, heater off; nothing "
		      "is released by itself. Decide at the panel.",
		      pressure(step), most_gpa);
	return VERDICT_FIRE;
}

enum verdict check_stroke(struct step *step, char *ret_text)
{
	const struct measurement *stroke = &step->in->stroke_pct;

	if (!step_is_fresh(step, stroke) || stroke->value >= step->limits->stroke_reserve_pct)
		return VERDICT_CLEAR;
	interlock_say(ret_text,
		      "Pump has %.1f %% of its volume left (reserve %.1f %%) at %.3f GPa. densd holds. "
		      "Refill the pump, then resume or "
		      "abort.",
		      stroke->value, step->limits->stroke_reserve_pct, pressure(step));
	return VERDICT_FIRE;
}
