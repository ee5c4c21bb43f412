/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/press_follow.h"

#include <math.h>

#include "daemon/base/clock.h"

#define PERMIT_AGE_S 2.0
#define SCALED_AGE_S 0.25    /* real seconds: at scale N nothing is fresher than 250 ms x N of lab time */
#define RELEASE_MOST_K 323.0 /* no site may set T_release higher, so a permit that does is a slip */
#define NOISE_BAR 1e-6
#define RAMP_HEADROOM 2.0
#define LONGEST_STEP_S 1.0
#define DEFAULT_RATE_GPA_PER_S 0.005

static const struct memory_field memory_of_follower[] = {
	MEMORY(struct calibration_follower, oil_bar),
	MEMORY(struct calibration_follower, setpoint_gpa),
	MEMORY(struct calibration_follower, direction),
	MEMORY_END,
};

const struct memory_field memory_of_press_follow[] = {
	MEMORY_PART(struct press_follow, follower, memory_of_follower),
	MEMORY(struct press_follow, following),
	MEMORY(struct press_follow, refused),
	MEMORY(struct press_follow, sample_gpa),
	MEMORY(struct press_follow, previous_lab_s),
	MEMORY_END,
};

void press_follow_init(struct press_follow *ret_follow, const struct bus_config *config)
{
	*ret_follow = (struct press_follow){.config = config, .sample_gpa = NAN, .previous_lab_s = NAN};
}

bool press_follow_is_plausible(double oil_bar)
{
	return isfinite(oil_bar) && oil_bar > PRESS_FOLLOW_LOW_BAR && oil_bar < PRESS_FOLLOW_HIGH_BAR;
}

double press_follow_limit_bar_per_s(const struct press_follow *follow, double oil_bar)
{
	double rate = follow->config->pressure_rate_gpa_per_s > 0 ? follow->config->pressure_rate_gpa_per_s
								  : DEFAULT_RATE_GPA_PER_S;

	return RAMP_HEADROOM * rate / calibration_slope_gpa_per_bar(&follow->config->calibration, oil_bar);
}

bool press_follow_may_release(const struct bus_config *config, const struct press_permit *permit)
{
	double scale = fmax(config->scale, 1);
	double age_s = (double)(clock_mono_ns() - permit->t_reply_ns) / (double)CLOCK_NS_PER_S * scale;

	return permit->granted && permit->t_reply_ns > 0 && age_s >= 0 &&
	       age_s <= fmax(PERMIT_AGE_S, SCALED_AGE_S * scale) && isfinite(permit->temperature_k) &&
	       !isnan(permit->release_temperature_k) &&
	       permit->temperature_k <= fmin(permit->release_temperature_k, RELEASE_MOST_K);
}

void press_follow_adopt(struct press_follow *follow, double oil_bar)
{
	/* Noise around zero is no setpoint. */
	calibration_adopt(&follow->follower, fmax(oil_bar, 0), follow->sample_gpa);
	follow->following = true;
}

void press_follow_step(struct press_follow *follow, const struct press_demand *demand, double t_lab_s,
		       double oil_bar)
{
	struct calibration_follower next = follow->follower;
	double dt_s = isnan(follow->previous_lab_s) ? 0 : t_lab_s - follow->previous_lab_s;

	calibration_follow(&follow->config->calibration, &next, demand->setpoint_gpa,
			   fmin(fmax(dt_s, 0), LONGEST_STEP_S),
			   press_follow_limit_bar_per_s(follow, oil_bar));
	follow->refused = next.oil_bar < follow->follower.oil_bar - NOISE_BAR &&
			  !press_follow_may_release(follow->config, &demand->permit);
	if (!follow->refused)
		follow->follower = next;
}

void press_follow_tick(struct press_follow *follow, double t_lab_s)
{
	follow->previous_lab_s = t_lab_s;
}

void press_follow_measure(struct press_follow *follow, double oil_bar, bool depressurised, double prior_gpa)
{
	const struct press_calibration *calibration = &follow->config->calibration;

	if (isnan(follow->sample_gpa))
		follow->sample_gpa = prior_gpa;
	if (press_follow_is_plausible(oil_bar))
		follow->sample_gpa = calibration_sample_gpa(calibration, follow->sample_gpa, oil_bar);
	/* At rest the friction branch means nothing: without oil the sample is at 1 atm. */
	if (depressurised)
		follow->sample_gpa = calibration_loading_gpa(calibration, oil_bar);
}

double press_follow_setpoint_gpa(const struct press_follow *follow, double setpoint_bar)
{
	return calibration_sample_gpa(&follow->config->calibration, follow->sample_gpa, setpoint_bar);
}
