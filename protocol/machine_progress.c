/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far the run is and how long it still takes: the nominal rest of this segment and the segments after it.
 */
#include "protocol/machine_step.h"

#include <math.h>

static double time_compress_s(const struct step *step, double from_gpa)
{
	return step->plan->reference
		       ? 0
		       : fmax(step->plan->pressure_gpa - from_gpa, 0) / step->plan->compression_gpa_per_s;
}

static double time_heat_s(const struct step *step, double from_k)
{
	return step->m->cold_run ? 0
				 : fmax(step->plan->temperature_k - from_k, 0) / step->plan->heating_k_per_s;
}

static double time_cool_s(const struct step *step, double from_k)
{
	double span_k = fmax(from_k - plan_cooling_target_k(step->ambient_k), 0);

	return step->m->cold_run ? 0 : span_k / step->plan->cooling_k_per_s + step->limits->release_dwell_s;
}

static double time_release_s(const struct step *step, double from_gpa)
{
	double ramp_s = step->plan->reference ? 0 : from_gpa / step->plan->decompression_gpa_per_s;

	return ramp_s + step->limits->done_dwell_s;
}

static double remaining_s(const struct step *step, enum phase phase)
{
	const struct machine *m = step->m;
	const struct plan *plan = step->plan;
	double high_gpa = plan->reference ? 0 : plan->pressure_gpa,
	       soak_s = fmax(plan->isotherm_s - m->soak_s, 0);
	double after_soak_s = time_cool_s(step, plan->temperature_k) + time_release_s(step, high_gpa);

	if (phase <= PHASE_PREFLIGHT)
		return time_compress_s(step, 0) + time_heat_s(step, step->ambient_k) + soak_s + after_soak_s;
	if (phase == PHASE_COMPRESS)
		return time_compress_s(step, m->setpoint_gpa) + time_heat_s(step, m->setpoint_k) + soak_s +
		       after_soak_s;
	if (phase == PHASE_HEAT || phase == PHASE_ISOTHERM)
		return time_heat_s(step, m->setpoint_k) + soak_s + after_soak_s;
	if (phase == PHASE_COOL || (phase == PHASE_ABORTING && !step->p->decompressing))
		return time_cool_s(step, m->setpoint_k) + time_release_s(step, m->setpoint_gpa);
	return time_release_s(step, m->setpoint_gpa);
}

void machine_estimate(struct step *step)
{
	struct machine *m = step->m;
	enum phase phase = (enum phase)m->phase;
	double total_s;

	if (phase == PHASE_HOLD)
		phase = (enum phase)m->resume_phase;
	if (phase == PHASE_IDLE || phase == PHASE_DONE || phase == PHASE_TRIPPED ||
	    phase == PHASE_RECOVERY_WAIT || phase == PHASE_HANDED_OVER)
		return;
	total_s = remaining_s(step, PHASE_QUEUED) + step->m->soak_s;
	m->remaining_s = remaining_s(step, phase);
	m->progress = fmax(m->progress, fmin(fmax(1 - m->remaining_s / total_s, 0), 0.999));
}
