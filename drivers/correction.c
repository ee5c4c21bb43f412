/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/correction.h"

#include <errno.h>
#include <math.h>

int correction_check(const struct correction *correction)
{
	if (correction->count == 0)
		return 0;
	if (correction->count < 2 || correction->count > CALIBRATION_POINTS_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < correction->count; i++) {
		if (!isfinite(correction->reading[i]) || !isfinite(correction->truth[i]) ||
		    !(correction->sd[i] >= 0))
			return -EINVAL;
		if (i > 0 && !(correction->reading[i] > correction->reading[i - 1] &&
			       correction->truth[i] > correction->truth[i - 1]))
			return -EINVAL;
	}
	return 0;
}

/* @y at @at, both columns of @count >= 2 points; beyond an end y - x stays what it is there. */
static double look_up(const double *x, const double *y, uint32_t count, double at)
{
	uint32_t i = 1, last = count - 1;

	if (at <= x[0])
		return at + (y[0] - x[0]);
	if (at >= x[last])
		return at + (y[last] - x[last]);
	while (at > x[i])
		i++;
	return y[i - 1] + (y[i] - y[i - 1]) * (at - x[i - 1]) / (x[i] - x[i - 1]);
}

double correction_apply(const struct correction *c, double reading)
{
	return c->count < 2 || isnan(reading) ? reading : look_up(c->reading, c->truth, c->count, reading);
}

double correction_undo(const struct correction *c, double truth)
{
	return c->count < 2 || isnan(truth) ? truth : look_up(c->truth, c->reading, c->count, truth);
}

double correction_sd(const struct correction *c, double reading)
{
	uint32_t i = 1, last = c->count - 1;

	if (c->count < 2)
		return 0;
	if (!(reading > c->reading[0]))
		return c->sd[0];
	if (reading >= c->reading[last])
		return c->sd[last];
	while (reading > c->reading[i])
		i++;
	return c->sd[i - 1] + (c->sd[i] - c->sd[i - 1]) * (reading - c->reading[i - 1]) /
				      (c->reading[i] - c->reading[i - 1]);
}

bool correction_covers(const struct correction *c, double reading)
{
	return c->count < 2 || (reading >= c->reading[0] && reading <= c->reading[c->count - 1]);
}
