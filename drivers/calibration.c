/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/calibration.h"

#include <errno.h>
#include <math.h>

#define ADOPT_BAND_GPA 0.005
#define NOISE_BAND_GPA 1e-5
#define AMBIENT_GPA 1e-3

static double interpolate(const double *x, const double *y, uint32_t count, double at)
{
	uint32_t i = 1;

	if (at <= x[0])
		return y[0];
	while (i + 1 < count && at > x[i])
		i++;
	return y[i - 1] + (y[i] - y[i - 1]) * (at - x[i - 1]) / (x[i] - x[i - 1]);
}

static bool is_increasing(const double *x, const double *y, uint32_t count)
{
	if (count < 2 || count > CALIBRATION_POINTS_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!isfinite(x[i]) || !isfinite(y[i]))
			return false;
		if (i > 0 && !(x[i] > x[i - 1] && y[i] > y[i - 1]))
			return false;
	}
	return true;
}

double calibration_loading_gpa(const struct press_calibration *c, double oil_bar)
{
	return interpolate(c->loading_bar, c->loading_gpa, c->loading_count, oil_bar);
}

double calibration_unloading_gpa(const struct press_calibration *c, double oil_bar)
{
	return interpolate(c->unloading_bar, c->unloading_gpa, c->unloading_count, oil_bar);
}

double calibration_loading_bar(const struct press_calibration *c, double gpa)
{
	return interpolate(c->loading_gpa, c->loading_bar, c->loading_count, gpa);
}

double calibration_unloading_bar(const struct press_calibration *c, double gpa)
{
	return interpolate(c->unloading_gpa, c->unloading_bar, c->unloading_count, gpa);
}

/* Both are straight between their points, so comparing at every point of either is enough. */
int calibration_check(const struct press_calibration *c)
{
	const double slack_gpa = 1e-9;

	if (!is_increasing(c->loading_bar, c->loading_gpa, c->loading_count) ||
	    !is_increasing(c->unloading_bar, c->unloading_gpa, c->unloading_count))
		return -EINVAL;
	for (uint32_t i = 0; i < c->loading_count; i++)
		if (c->loading_gpa[i] > calibration_unloading_gpa(c, c->loading_bar[i]) + slack_gpa)
			return -EINVAL;
	for (uint32_t i = 0; i < c->unloading_count; i++)
		if (calibration_loading_gpa(c, c->unloading_bar[i]) > c->unloading_gpa[i] + slack_gpa)
			return -EINVAL;
	return 0;
}

double calibration_sample_gpa(const struct press_calibration *c, double before_gpa, double oil_bar)
{
	double load_gpa = calibration_loading_gpa(c, oil_bar);

	if (isnan(before_gpa))
		return load_gpa;
	return fmax(load_gpa, fmin(before_gpa, calibration_unloading_gpa(c, oil_bar)));
}

double calibration_slope_gpa_per_bar(const struct press_calibration *c, double oil_bar)
{
	uint32_t i = 1;

	while (i + 1 < c->loading_count && oil_bar > c->loading_bar[i])
		i++;
	return (c->loading_gpa[i] - c->loading_gpa[i - 1]) / (c->loading_bar[i] - c->loading_bar[i - 1]);
}

void calibration_adopt(struct calibration_follower *ret_follower, double oil_bar, double sample_gpa)
{
	*ret_follower = (struct calibration_follower){.oil_bar = oil_bar, .setpoint_gpa = sample_gpa};
}

/* The way down ends with no oil pressure at all, wherever the table begins. */
static double find_target_bar(const struct press_calibration *c, const struct calibration_follower *follower)
{
	if (follower->direction > 0)
		return calibration_loading_bar(c, follower->setpoint_gpa);
	if (follower->setpoint_gpa <= AMBIENT_GPA)
		return 0;
	return calibration_unloading_bar(c, follower->setpoint_gpa);
}

void calibration_follow(const struct press_calibration *c, struct calibration_follower *follower,
			double setpoint_gpa, double dt_s, double limit_bar_per_s)
{
	double change_gpa = setpoint_gpa - follower->setpoint_gpa;
	double target_bar, step_bar;

	if (fabs(change_gpa) > (follower->direction == 0 ? ADOPT_BAND_GPA : NOISE_BAND_GPA)) {
		follower->direction = change_gpa > 0 ? 1 : -1;
		follower->setpoint_gpa = setpoint_gpa;
	}
	if (follower->direction == 0)
		return;
	target_bar = find_target_bar(c, follower);
	/* A setpoint raised below where the oil already stands needs no oil: the branch is met from above. */
	if (follower->direction > 0 ? target_bar < follower->oil_bar : target_bar > follower->oil_bar)
		return;
	step_bar = fmax(limit_bar_per_s * dt_s, 0);
	follower->oil_bar += fmax(-step_bar, fmin(step_bar, target_bar - follower->oil_bar));
}
